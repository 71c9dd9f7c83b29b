"""What the page says: what to know first, then figures, tables, how the log was read, and what each number means."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from chatmon.analysis.source import query
from chatmon.plots.panels import money
from chatmon.report._definitions import DEFINITIONS
from chatmon.report._html import HERE, Column, Table, sentence, template
from chatmon.report._marks import beside, letters
from chatmon.report._quality import told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    import duckdb
    from markupsafe import Markup

    from chatmon.analysis import QualityRate
    from chatmon.analysis.findings import Finding
    from chatmon.estimates import Estimate
    from chatmon.importers import ImportReport
    from chatmon.live.summary import Summary
    from chatmon.optimizer import Recommendation, Recommendations
    from chatmon.plots.panels import Panel
    from chatmon.report._marks import Mark

FIRST: Final = 3
"""Findings that the page begins with."""
EXAMPLES_OF: Final = 6
"""Findings for which conversations to read are looked up."""
LONGEST_TEXT: Final = 240
"""Characters of a question or an answer that are shown."""
LOST: Final = 0.01
"""Share of what was read from which on the page begins with what was lost."""
LOGOS: Final = {".png": "png", ".svg": "svg+xml", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
SECTIONS: Final = {
    "know": "Three things to know",
    "do": "What to do",
    "good": "Was it any good?",
    "numbers": "In numbers",
    "time": "In time",
    "tables": "In tables",
    "read": "How the log was read",
    "meaning": "What each number means",
}


def page(
    *,
    source: duckdb.DuckDBPyRelation,
    summary: Summary,
    found: Sequence[Finding],
    advice: Recommendations,
    good: Sequence[QualityRate],
    figures: Sequence[tuple[Panel, Markup]],
    tables: Sequence[Table],
    marks: Sequence[Mark],
    imported: ImportReport | None,
    made: str,
    zone: ZoneInfo,
    title: str | None,
    logo: Path | None,
) -> str:
    """Return the page as a whole.

    Args:
        source: The turns, of which conversations to read are shown.
        summary: What they add up to.
        found: The findings, the weightiest first.
        advice: What to do about them.
        good: How good the replies are, by each rubric.
        figures: Each panel with its drawing.
        tables: The tables.
        marks: The releases.
        imported: How the log was read; None where it was read already.
        made: When the page was made, in words.
        zone: The zone of all times.
        title: What to call the page; None for its turns and days.
        logo: A picture for its top.
    """
    turns = f"{summary.turns:,} turn{'' if summary.turns == 1 else 's'}"
    days = _days(summary.since.astimezone(zone), summary.until.astimezone(zone))
    return template().render(
        title=title or f"{turns}, {days}",
        logo=None if logo is None else _logo(logo),
        lede=f"{f'{turns}, {days}. ' if title else ''}A report on a chatbot's log. As of {made}.",
        losses=[] if imported is None else _losses(imported),
        style=_style(),
        sections=[(key, name) for key, name in SECTIONS.items() if good or key != "good"],
        good=[told(one) for one in good],
        first=FIRST,
        found=[_finding(one, source, list(marks), place) for place, one in enumerate(found)],
        advice=[_recommendation(one) for one in advice],
        unable=[(f"not looked for: {name.replace('_', ' ')}", why) for name, why in advice.unable.items()],
        numbers=_numbers(summary),
        marks=letters(list(marks), zone),
        figures=figures,
        tables=tables,
        read=None if imported is None else imported.rows(),
        meaning=DEFINITIONS.items(),
    )


def _style() -> Markup:
    from markupsafe import Markup

    return Markup((HERE / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - the page's own


def _logo(path: Path) -> str:
    kind = LOGOS.get(path.suffix.lower())
    if kind is None:
        raise ValueError(f"the logo is {path.name}: a page shows {', '.join(LOGOS)}")
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _losses(imported: ImportReport) -> list[str]:
    """Return what reading the log lost, in sentences, where it is more than a reader would expect."""
    rejected = sum(imported.rejected.values())
    said = {
        "were rejected: this page is about the rest": rejected,
        "were dropped, as another record had their id": imported.duplicates,
    }
    losses = [
        f"{count:,} of {imported.read:,} records ({100 * count / imported.read:.0f} %) {why}."
        for why, count in said.items()
        if count > LOST * imported.read
    ]
    return losses + [text for text in imported.warnings if "records were left out" not in text]


def _finding(one: Finding, source: duckdb.DuckDBPyRelation, marks: list[Mark], place: int) -> dict[str, Any]:
    evidence = [row for row in one.evidence if row[0] != "weight"]
    rows = [*evidence, *beside(one, marks)]
    if one.kind not in ("state", "gap"):
        rows += [("where and when", f"{one.where}, {one.when}"), ("how sure", one.sure)]
    weight = dict(one.evidence).get("weight")
    return {
        "title": one.title,
        "plain": f"It makes up {weight}." if weight else "",
        "rows": rows,
        "query": one.query,
        "examples": _examples(one, source, place) if place < EXAMPLES_OF else None,
        "key": f"examples-{place}",
    }


def _examples(one: Finding, source: duckdb.DuckDBPyRelation, place: int) -> Table | None:
    """Return the conversations in which a change shows best, with the texts that the log has."""
    if not one.examples:
        return None
    rows = query(source, one.examples)
    if not rows:
        return None
    columns: list[tuple[Column, list[str | None]]] = [
        (Column("Conversation", number=False), [str(row[0]) for row in rows]),
        (Column("Turns then (count)"), [f"{row[1]:,}" for row in rows]),
        (Column(sentence(one.evidence[0][0])), [_value(float(row[2])) for row in rows]),
        (Column("Question", number=False), [_cut(row[3]) for row in rows]),
        (Column("Answer", number=False), [_cut(row[4]) for row in rows]),
    ]
    told = [(column, cells) for column, cells in columns if any(cell is not None for cell in cells)]
    return Table(
        f"Where finding {place + 1} shows most",
        [column for column, _ in told],
        list(zip(*(c for _, c in told), strict=True)),
    )


def _value(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() or abs(value) >= 1000 else f"{value:.3g}"


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _recommendation(one: Recommendation) -> dict[str, Any]:
    _, *rows, (_, sql) = one.rows()
    first = 1 + len(one.saving)
    return {
        "title": one.title, "first": [*rows[:first], ("priority", one.priority)], "rest": rows[first:], "query": sql,
    }  # fmt: skip


def _numbers(summary: Summary) -> list[tuple[str, str, str]]:
    gaps = {"without a price": summary.unpriced_turns, "priced in part": summary.lower_bound_turns}
    unpriced = ", ".join(f"{count:,} turns {what}" for what, count in gaps.items() if count) or "every turn priced"
    least = "at least " if any(gaps.values()) else ""
    return [
        ("Turns", f"{summary.turns:,}", f"in {summary.conversations:,} conversations"),
        ("Users", f"{summary.users:,}" if summary.users else "unknown", "by their pseudonyms"),
        ("Cost", "unknown" if summary.cost is None else least + money(summary.cost), unpriced),
        ("Failed turns", *_share(summary.error_rate)),
        ("Median response time", *_seconds(summary.response_time.median)),
        ("95th percentile of response time", *_seconds(summary.response_time.p95)),
        ("Rating, 1 to 5", *_estimate(summary.satisfaction, 2, within=(1, 5))),
        ("Rated turns", *_share(summary.response_rate)),
    ]


def _share(estimate: Estimate) -> tuple[str, str]:
    return _estimate(estimate, 1, 100.0, " %", within=(0, 1))


def _seconds(estimate: Estimate) -> tuple[str, str]:
    return _estimate(estimate, 2, 1.0, " s", within=(0, float("inf")))


def _estimate(
    estimate: Estimate, digits: int, scale: float = 1.0, unit: str = "", *, within: tuple[float, float]
) -> tuple[str, str]:
    if estimate.value is None:
        return "unknown", "the log does not say"
    least, most = within
    low, high = (
        "?" if end is None else f"{scale * min(max(end, least), most):.{digits}f}"
        for end in (estimate.low, estimate.high)
    )
    return f"{scale * estimate.value:.{digits}f}{unit}", f"{low} to {high}{unit}, n = {estimate.n:,}"


def _days(since: datetime, until: datetime) -> str:
    first, last = (f"{day.day} {day:%B} {day:%Y}" for day in (since, until))
    if first == last:
        return first
    if since.year == until.year:
        first = f"{since.day} {since:%B}" if since.month != until.month else f"{since.day}"
    return f"{first} to {last}"
