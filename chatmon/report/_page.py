"""The page: what to know first, then figures, tables, how the log was read, and what each number means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatmon.plots.panels import money
from chatmon.report._definitions import DEFINITIONS
from chatmon.report._html import Html, folded, pairs, table, tag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chatmon.analysis.findings import Finding
    from chatmon.estimates import Estimate
    from chatmon.importers import ImportReport
    from chatmon.live.summary import Summary
    from chatmon.optimizer import Recommendation, Recommendations
    from chatmon.plots.panels import Panel
    from chatmon.report._html import Table

STYLE: Final = Path(__file__).with_name("page.css")
FIRST: Final = 3
"""Findings that the page begins with."""


def page(
    *,
    summary: Summary,
    found: Sequence[Finding],
    advice: Recommendations,
    figures: Sequence[tuple[Panel, Html]],
    tables: Sequence[Table],
    imported: ImportReport | None,
    made_at: datetime,
    at_logs_end: bool,
) -> str:
    """Return the page as a whole.

    Args:
        summary: What the turns add up to.
        found: The findings, the weightiest first.
        advice: What to do about them.
        figures: Each panel with its drawing.
        tables: The tables.
        imported: How the log was read; None where it was read already.
        made_at: When the page was made.
        at_logs_end: Whether that stands for the log's end.
    """
    title = f"{summary.turns:,} turn{'' if summary.turns == 1 else 's'}, {_days(summary.since, summary.until)}"
    made = f"{made_at:%Y-%m-%d %H:%M} UTC" + (", when the log ends" if at_logs_end else "")
    sections = [
        ("know", "Three things to know", _know(found)),
        ("do", "What to do", _do(advice)),
        ("numbers", "In numbers", _numbers(summary)),
        ("time", "In time", tag("div", *(_figure(panel, drawing) for panel, drawing in figures), class_="figures")),
        ("tables", "In tables", Html("".join(table(one, f"table-{place}") for place, one in enumerate(tables, 1)))),
        ("read", "How the log was read", _read(imported)),
        ("meaning", "What each number means", pairs(DEFINITIONS.items())),
    ]
    links = [tag("li", tag("a", name, href=f"#{key}")) for key, name, _ in sections]
    body = tag(
        "body",
        tag("a", "Skip to what to know", href="#know", class_="skip"),
        tag(
            "header",
            tag("h1", title),
            tag("p", f"A report on a chatbot's log. As of {made}.", class_="soft"),
            tag("nav", tag("ul", *links), aria_label="Sections"),
        ),
        tag("main", *(tag("section", tag("h2", name, id=key), inside, aria_labelledby=key)
                      for key, name, inside in sections)),
        tag("footer", tag("p", "Made by chatmon. This page is whole in itself: it asks the network for nothing.")),
    )  # fmt: skip
    head = tag(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", title),
        tag("style", Html(STYLE.read_text(encoding="utf-8"))),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _know(found: Sequence[Finding]) -> Html:
    first = tag(
        "ol", *(tag("li", tag("div", _finding(one), class_="finding")) for one in found[:FIRST]), class_="first"
    )
    if len(found) <= FIRST:
        return first
    rest = tag("ul", *(tag("li", _finding(one), class_="finding") for one in found[FIRST:]), class_="rest")
    return Html(first + folded(f"{len(found) - FIRST} more findings", rest))


def _finding(one: Finding) -> Html:
    rows = [(name[:1].upper() + name[1:], value) for name, value in one.evidence]
    if one.kind not in ("state", "gap"):
        rows += [("Where and when", f"{one.where}, {one.when}"), ("How sure", one.sure)]
    query = folded("The query that shows it again", tag("pre", tag("code", one.query)), class_="query")
    return Html(tag("h3", one.title) + pairs(rows) + query)


def _do(advice: Recommendations) -> Html:
    said = tag("p", "Nothing: as far as this log can tell, there is nothing to save." if not len(advice) else
               "What would save money, waiting or failures, and how that is known; the weightiest first.")  # fmt: skip
    told = tag("ol", *(tag("li", tag("div", _recommendation(one), class_="finding")) for one in advice), class_="first")
    unable = pairs((f"Not looked for: {name.replace('_', ' ')}", why) for name, why in advice.unable.items())
    return Html(said + (told if len(advice) else "") + (unable if advice.unable else ""))


def _recommendation(one: Recommendation) -> Html:
    _, *rows, (_, query) = one.rows()
    named = [(name[:1].upper() + name[1:], value) for name, value in rows]
    first = 1 + len(one.saving)
    known = folded("How that is known, what could go wrong, how to test it", pairs(named[first:]))
    shown = folded("The query that shows it again", tag("pre", tag("code", query)), class_="query")
    return Html(tag("h3", one.title) + pairs([*named[:first], ("Priority", one.priority)]) + known + shown)


def _numbers(summary: Summary) -> Html:
    unpriced = f"{summary.unpriced_turns:,} turns without a price" if summary.unpriced_turns else "every turn priced"
    rows = [
        ("Turns", f"{summary.turns:,}", f"in {summary.conversations:,} conversations"),
        ("Users", f"{summary.users:,}" if summary.users else "unknown", "by their pseudonyms"),
        ("Cost", "unknown" if summary.cost is None else money(summary.cost), unpriced),
        ("Failed turns", *_share(summary.error_rate)),
        ("Median response time", *_seconds(summary.response_time.median)),
        ("95th percentile of response time", *_seconds(summary.response_time.p95)),
        ("Rating, 1 to 5", *_estimate(summary.satisfaction, 2)),
        ("Rated turns", *_share(summary.response_rate)),
    ]
    return tag(
        "dl", *(tag("div", tag("dt", name), tag("dd", value), tag("dd", more)) for name, value, more in rows),
        class_="numbers",
    )  # fmt: skip


def _share(estimate: Estimate) -> tuple[str, str]:
    return _estimate(estimate, 1, 100.0, " %")


def _seconds(estimate: Estimate) -> tuple[str, str]:
    return _estimate(estimate, 2, 1.0, " s")


def _estimate(estimate: Estimate, digits: int, scale: float = 1.0, unit: str = "") -> tuple[str, str]:
    if estimate.value is None:
        return "unknown", "the log does not say"
    low, high = ("?" if end is None else f"{scale * end:.{digits}f}" for end in (estimate.low, estimate.high))
    return f"{scale * estimate.value:.{digits}f}{unit}", f"{low} to {high}{unit}, n = {estimate.n:,}"


def _figure(panel: Panel, drawing: Html) -> Html:
    return tag("figure", tag("figcaption", tag("p", panel.name), tag("h3", panel.title)), drawing)


def _read(imported: ImportReport | None) -> Html:
    if imported is None:
        return tag("p", "These turns were handed over as turns: nothing was assumed in reading them.")
    return pairs(imported.rows())


def _days(since: datetime, until: datetime) -> str:
    first, last = (f"{day.day} {day:%B} {day:%Y}" for day in (since, until))
    if first == last:
        return first
    if since.year == until.year:
        first = f"{since.day} {since:%B}" if since.month != until.month else f"{since.day}"
    return f"{first} to {last}"
