"""The pages to look at: projects, their traces, a trace as a tree with timing bars, and a dataset's experiments.

They are links, tables and one form, made here: no script, nothing fetched from elsewhere, every text escaped.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith import _datasets as datasets
from chatmon.lab.services.langsmith import _feedback as feedback
from chatmon.lab.services.langsmith import _projects as projects
from chatmon.lab.services.langsmith import _queries as queries
from chatmon.lab.services.langsmith._call import ApiAnswer, ApiCall
from chatmon.lab.services.langsmith._conditions import Sql
from chatmon.lab.services.langsmith._stats import of_project
from chatmon.lab.services.langsmith._values import RefusalError, aware

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

_TRACES: Final = 50  # on one page
_LONGEST_PAYLOAD: Final = 20_000  # characters of one payload
_TENANT: Final = "/o/{tenant}"
_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; color: #1a1a1a;
  background: #fff; overflow-wrap: break-word; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; padding: .25rem 0; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #ccc; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
a { color: #0b57d0; } a:focus-visible, input:focus-visible, button:focus-visible,
  [tabindex]:focus-visible { outline: 3px solid #b45309; }
tr.chosen { background: #eef3fb; } .error { color: #a40000; } pre { white-space: pre-wrap; overflow-wrap: anywhere;
  background: #f6f6f6; padding: .5rem; max-height: 30rem; overflow: auto; }
input { font: inherit; width: 32rem; max-width: 100%; } button { font: inherit; } svg { display: block; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; background: #fff; }
"""


def login(refused: RefusalError) -> ApiAnswer:
    """Return the page that asks for the key."""
    body = (
        "<p>This page shows what was traced, so it asks for the server's key. The link that the notebook shows has it; "
        "so has the line that <code>chatmon serve langsmith</code> prints.</p>"
        '<form method="get"><label>Key <input name="key" type="password" autocomplete="off" required></label> '
        "<button>Open</button></form>"
    )
    return _page("Key needed", body, status=refused.status)


def refusal(refused: RefusalError) -> ApiAnswer:
    """Return the page that says why there is none."""
    return _page("Nothing here", f"<p>{escape(refused.detail)}</p>", status=refused.status)


def open_style(call: ApiCall) -> ApiAnswer:
    """Give the pages their look."""
    return ApiAnswer(_STYLE, mime_type="text/css")


def all_projects(call: ApiCall) -> ApiAnswer:
    """Show the projects, the latest first."""
    connection = call.store.reading()
    rows = []
    for project in projects.found(connection, {}, 200, 0):
        found = of_project(connection, project)
        rows.append([
            _link(call.addresses.project_path(project["id"]), project["name"]),
            escape("experiment" if project["reference_dataset_id"] else "traces"),
            _number(found["run_count"], ",d"), _share(found["error_rate"]), _number(found["latency_p50"], ".2f"),
            _number(found["latency_p99"], ".2f"), _number(found["total_tokens"], ",d"), _money(found["total_cost"]),
        ])  # fmt: skip
    head = ("Project", "Kind", "Traces", "Errors", "Median, s", "p99, s", "Tokens", "Cost, $")
    return _page("Projects", _table("What was traced here.", head, rows) if rows else "<p>Nothing was traced yet.</p>")


def one_project(call: ApiCall) -> ApiAnswer:
    """Show a project's traces, the latest first, perhaps filtered."""
    connection = call.store.reading()
    project = projects.read(connection, call.id())
    asked, refusal = call.value("filter") or "", ""
    body: dict[str, Any] = {
        "session": [project["id"]],
        "is_root": True,
        "limit": _TRACES,
        "cursor": call.value("cursor"),
    }
    try:
        found, cursor = queries.page(connection, queries.from_v1(body | {"filter": asked}))
    except RefusalError as error:
        found, cursor, refusal = [], None, f'<p class="error" role="alert">{escape(error.detail)}</p>'
    scores = feedback.stats_of(connection, [row["id"] for row in found])
    rows = [
        [
            _link(call.addresses.run_path(project["id"], row["id"], row["trace_id"]), row["name"] or "(no name)"),
            _time(row["start_time"]), _status(row["status"]), _number(row["latency"], ".2f"),
            _number(row["total_tokens"], ",d"), _money(row["total_cost"]), escape(row["thread_id"] or ""),
            _scores(scores.get(row["id"], {})),
        ]
        for row in found
    ]  # fmt: skip
    form = (
        '<form method="get"><label>Filter, such as <code>and(gt(latency, "2s"), eq(status, "error"))</code><br>'
        f'<input name="filter" value="{escape(asked)}" maxlength="2000"></label> <button>Show</button></form>'
    )
    head = ("Trace", "Start (UTC)", "Status", "Seconds", "Tokens", "Cost, $", "Conversation", "Feedback")
    shown = _table(f"Up to {_TRACES} traces, the latest first.", head, rows) if rows else "<p>No traces.</p>"
    older = ""
    if cursor is not None:
        from urllib.parse import urlencode

        older = f"<p>{_link('?' + urlencode({'filter': asked, 'cursor': cursor}), 'Older traces')}</p>"
    return _page(project["name"], form + refusal + shown + older)


def one_run(call: ApiCall) -> ApiAnswer:
    """Show a run in the tree of its trace."""
    connection = call.store.reading()
    project = projects.read(connection, call.id("project"))
    chosen = connection.execute("SELECT * FROM runs WHERE id = ? AND project = ?", [call.id(), project["n"]]).fetchone()
    if chosen is None:
        raise RefusalError(404, f"no run {call.id()} in project {project['id']}")
    where = (Sql("trace_id = ?", (chosen["trace_id"],)),)
    found, more = queries.page(connection, queries.RunQuery(where, queries.MOST_V2, ascending=True))
    rows = [
        (
            depth,
            row,
            _link(call.addresses.run_path(project["id"], row["id"], row["trace_id"]), row["name"] or "(no name)"),
        )
        for depth, row in _tree(found)
    ]
    back = f"<p>{_link(call.addresses.project_path(project['id']), 'All traces of ' + project['name'])}</p>"
    cut = f"<p>The trace has more than {queries.MOST_V2:,} runs; the first are shown.</p>" if more else ""
    return _page(f"{chosen['name']}: trace", back + _bars(rows, chosen["id"]) + cut + _details(connection, chosen))


def one_dataset(call: ApiCall) -> ApiAnswer:
    """Show a dataset's experiments side by side, by the mean of each score."""
    connection = call.store.reading()
    dataset = datasets.read(connection, call.id())
    found = projects.found(connection, {"reference_dataset": [dataset["id"]]}, 200, 0)
    stats = {project["id"]: of_project(connection, project) for project in found}
    keys = sorted({key for one in stats.values() for key in one["feedback_stats"]})
    rows = [
        [
            _link(call.addresses.project_path(project["id"]), project["name"]),
            _number(stats[project["id"]]["run_count"], ",d"),
            *(_number(stats[project["id"]]["feedback_stats"].get(key, {}).get("avg"), ".3f") for key in keys),
        ]
        for project in found
    ]
    text = f"{dataset['example_count']} examples. Mean scores of each experiment."
    return _page(f"Dataset {dataset['name']}", _table(text, ("Experiment", "Runs", *keys), rows))


def _tree(rows: Sequence[sqlite3.Row]) -> list[tuple[int, sqlite3.Row]]:
    """Return runs, each under its parent and in order of time, with their depth."""
    known = {row["id"] for row in rows}
    children: dict[str | None, list[sqlite3.Row]] = {}
    for row in rows:
        children.setdefault(row["parent_id"] if row["parent_id"] in known else None, []).append(row)
    ordered = []
    waiting = [(0, row) for row in reversed(children.get(None, []))]
    while waiting:
        depth, row = waiting.pop()
        ordered.append((depth, row))
        waiting += [(depth + 1, child) for child in reversed(children.get(row["id"], []))]
    return ordered


def _bars(rows: Iterable[tuple[int, sqlite3.Row, str]], chosen: str) -> str:
    rows = list(rows)
    begin = min((row["start_time"] for _, row, _ in rows), default=0)
    end = max((row["end_time"] or row["start_time"] for _, row, _ in rows), default=0)
    length = max(end - begin, 1)
    lines = []
    for depth, row, link in rows:
        left = 300 * (row["start_time"] - begin) / length
        width = max(300 * ((row["end_time"] or end) - row["start_time"]) / length, 1)
        colour = "#a40000" if row["status"] == "error" else "#0b57d0" if row["end_time"] else "#777"
        bar = (
            '<svg width="302" height="14" aria-hidden="true">'
            f'<rect x="{left:.1f}" y="2" width="{width:.1f}" height="10" fill="{colour}"/></svg>'
        )
        name = f"{'&nbsp;' * (4 * depth)}{link}"
        cells = [
            name, escape(row["run_type"]), _status(row["status"]),
            _number((row["start_time"] - begin) / 1e6, ".3f"), _number(row["latency"], ".3f"), bar,
            _number(row["total_tokens"], ",d"), _money(row["total_cost"]),
        ]  # fmt: skip
        lines.append((' class="chosen"' if row["id"] == chosen else "", cells))
    head = ("Run", "Type", "Status", "After, s", "Seconds", "When", "Tokens", "Cost, $")
    table = "".join(f"<tr{mark}>{''.join(_cell(cell) for cell in cells)}</tr>" for mark, cells in lines)
    return _framed("Each run under the one that called it; bars show when it ran.", head, table)


def _details(connection: sqlite3.Connection, run: sqlite3.Row) -> str:
    payload = connection.execute("SELECT * FROM payloads WHERE n = ?", [run["n"]]).fetchone()
    what = f"{escape(run['run_type'])}, {_status(run['status'])}, id {escape(run['id'])}"
    parts = [f"<h2>{escape(run['name'] or '(no name)')}</h2><p>{what}</p>"]
    if payload["error"]:
        parts.append(_text("Error", payload["error"], ' class="error"'))
    for title, name in (("Inputs", "inputs"), ("Outputs", "outputs"), ("Metadata and more", "extra")):
        if payload[name] and payload[name] != "{}":
            parts.append(_text(title, _indented(json.loads(payload[name]))))
    scores = feedback.stats_of(connection, [run["id"]]).get(run["id"], {})
    if scores:
        rows = [
            [escape(key), _number(one["avg"], ".3f"), _number(one["n"], "d"), escape("; ".join(one["comments"]))]
            for key, one in scores.items()
        ]
        parts.append(f"<h3>Feedback</h3>{_table('Mean of each score.', ('Key', 'Mean', 'Number', 'Comments'), rows)}")
    return "".join(parts)


def _indented(value: object) -> str:
    """Return as much of a value in JSON as is shown: a deep one is many times larger with its indents."""
    found, size = [], 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        found.append(piece)
        size += len(piece)
        if size > _LONGEST_PAYLOAD:
            break
    return "".join(found)


def _page(title: str, body: str, status: int = 200) -> ApiAnswer:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css">'
        f"<title>{escape(title)} - LangSmith, local</title></head><body>"
        '<a class="skip" href="#main">To the content</a><nav><a href="/">Projects</a></nav>'
        f'<main id="main"><h1>{escape(title)}</h1>{body}</main></body></html>'
    )
    return ApiAnswer(text.encode("utf-8", "replace"), status, "text/html")


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return _framed(caption, head, "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows))


def _framed(caption: str, head: Sequence[str], body: str) -> str:
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    table = f"<table><caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return _scrolled("div", caption, table, ' class="wide"')


def _text(title: str, text: str, mark: str = "") -> str:
    shown = text if len(text) <= _LONGEST_PAYLOAD else f"{text[:_LONGEST_PAYLOAD]}\n… and more"
    return f"<h3>{title}</h3>{_scrolled('pre', title, escape(shown), mark)}"


def _scrolled(tag: str, name: str, html: str, mark: str) -> str:
    """What may be larger than its place: keys reach it, so that they can scroll it."""
    return f'<{tag}{mark} tabindex="0" role="region" aria-label="{escape(name)}">{html}</{tag}>'


def _cell(html: str) -> str:
    numeric = html.lstrip("-").replace(",", "").replace(".", "").rstrip(" %").isdigit()
    return f'<td class="number">{html}</td>' if numeric else f"<td>{html}</td>"


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>'


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _money(amount: str | None) -> str:
    return "" if amount is None else f"{float(amount):.6f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _time(moment: int) -> str:
    return escape(str(aware(moment))[:19].replace("T", " "))


def _status(status: str) -> str:
    return f'<span class="error">{escape(status)}</span>' if status == "error" else escape(status)


def _scores(stats: dict[str, dict[str, Any]]) -> str:
    return "<br>".join(escape(f"{key} {one['avg']:.3g}") for key, one in stats.items() if one["avg"] is not None)


PAGES: Final[tuple[tuple[str, Callable[[ApiCall], ApiAnswer]], ...]] = (
    ("/", all_projects),
    ("/style.css", open_style),
    (f"{_TENANT}/projects/p/{{id}}", one_project),
    (f"{_TENANT}/projects/p/{{project}}/r/{{id}}", one_run),
    (f"{_TENANT}/datasets/{{id}}", one_dataset),
    (f"{_TENANT}/datasets/{{id}}/compare", one_dataset),
)
"""Path and handler; a handler whose name begins with ``open_`` needs no key."""
