"""The pages to look at: projects, their traces, a trace as a tree with timing bars, and experiments side by side.

They are links, tables and forms, made of the templates here: no script, nothing fetched from elsewhere, every text
escaped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode

from chatmon._tools.templates import templates
from chatmon.lab.services.langsmith import _comparisons as comparisons
from chatmon.lab.services.langsmith import _datasets as datasets
from chatmon.lab.services.langsmith import _examples as examples
from chatmon.lab.services.langsmith import _feedback as feedback
from chatmon.lab.services.langsmith import _projects as projects
from chatmon.lab.services.langsmith import _queries as queries
from chatmon.lab.services.langsmith._call import ApiAnswer, ApiCall
from chatmon.lab.services.langsmith._conditions import Sql
from chatmon.lab.services.langsmith._stats import of_project
from chatmon.lab.services.langsmith._store import rows_in
from chatmon.lab.services.langsmith._values import RefusalError, aware

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

_PROJECTS: Final = 100  # on one page
_TRACES: Final = 100
_EXAMPLES: Final = 20
_LONGEST_PAYLOAD: Final = 20_000  # characters of one payload
_LONGEST_CELL: Final = 400  # characters of one side of an example
_DEEPEST: Final = 6
"""Levels that are indented; a deeper run says its level, so that the columns stay in sight."""
_TENANT: Final = "/o/{tenant}"
_FOLDER: Final = Path(__file__).parent / "templates"


class Cell(NamedTuple):
    """What stands in a table.

    Attributes:
        lines: Its text, line by line.
        href: Where its last line leads.
        mark: How it looks.
    """

    lines: Sequence[str]
    href: str = ""
    mark: str = ""

    @property
    def numeric(self) -> bool:
        """Whether it is a number, which stands right."""
        text = self.lines[0] if len(self.lines) == 1 and not self.href else ""
        return text.lstrip("-").replace(",", "").replace(".", "").rstrip(" %").isdigit()


def login(refused: RefusalError) -> ApiAnswer:
    """Return the page that asks for the key."""
    return _page("login", "Key needed", status=refused.status)


def refusal(refused: RefusalError) -> ApiAnswer:
    """Return the page that says why there is none."""
    return _page("message", "Nothing here", status=refused.status, text=refused.detail)


def open_style(call: ApiCall) -> ApiAnswer:
    """Give the pages their look."""
    return ApiAnswer((_FOLDER / "style.css").read_text(encoding="utf-8"), mime_type="text/css")


def all_projects(call: ApiCall) -> ApiAnswer:
    """Show the projects, the latest first."""
    connection = call.store.reading()
    _, offset = call.window()
    rows = []
    found = projects.found(connection, {}, _PROJECTS + 1, offset)
    for project in found[:_PROJECTS]:
        stats = of_project(connection, project)
        rows.append([
            _link(call.addresses.project_path(project["id"]), project["name"]),
            _text("experiment" if project["reference_dataset_id"] else "traces"),
            _number(stats["run_count"], ",d"), _number(stats["error_rate"], ".1%"),
            _number(stats["latency_p50"], ".2f"), _number(stats["latency_p99"], ".2f"),
            _number(stats["total_tokens"], ",d"), _money(stats["total_cost"]),
        ])  # fmt: skip
    head = ("Project", "Kind", "Traces", "Errors", "Median, s", "p99, s", "Tokens", "Cost, $")
    later = f"?offset={offset + _PROJECTS}" if len(found) > _PROJECTS else ""
    return _page("projects", "Projects", rows=rows, head=head, later=later)


def one_project(call: ApiCall) -> ApiAnswer:
    """Show a project's traces, or all its runs, the latest first, perhaps those with some words, or filtered."""
    connection = call.store.reading()
    project = projects.read(connection, call.id())
    asked, words, every = call.value("filter") or "", call.value("words") or "", call.flag("every")
    what = "runs" if every else "traces"
    told = ""
    try:
        found, cursor = queries.page(connection, queries.from_v1(_question(call, project["id"])))
    except RefusalError as error:
        found, cursor, told = [], None, error.detail
    scores = feedback.stats_of(connection, [row["id"] for row in found])
    rows = [
        [
            _link(call.addresses.run_path(project["id"], row["id"], row["trace_id"]), row["name"] or "(no name)"),
            _time(row["start_time"]), _status(row["status"]), _number(row["latency"], ".2f"),
            _number(row["total_tokens"], ",d"), _money(row["total_cost"]), _text(row["thread_id"] or ""),
            Cell(_scores(scores.get(row["id"], {}))),
        ]
        for row in found
    ]  # fmt: skip
    older = {"words": words, "filter": asked} | ({"every": "true"} if every else {}) | {"cursor": cursor}
    return _page(
        "traces", project["name"], words=words, asked=asked, every=every, refusal=told, rows=rows, what=what,
        caption=f"Up to {_TRACES} {what}, the latest first.",
        head=("Trace", "Start (UTC)", "Status", "Seconds", "Tokens", "Cost, $", "Conversation", "Feedback"),
        older="?" + urlencode(older) if cursor else "",
    )  # fmt: skip


def _question(call: ApiCall, project: str) -> dict[str, Any]:
    """Return the question for runs that a page's form asks."""
    asked, words = call.value("filter") or "", call.value("words") or ""
    found = f"search({json.dumps(words)})" if words else ""
    both = f"and({found}, {asked})" if found and asked else found or asked
    roots = {} if call.flag("every") else {"is_root": True}
    return {"session": [project], "limit": _TRACES, "cursor": call.value("cursor"), "filter": both} | roots


def one_run(call: ApiCall) -> ApiAnswer:
    """Show a run in the tree of its trace."""
    connection = call.store.reading()
    project = projects.read(connection, call.id("project"))
    chosen = connection.execute("SELECT * FROM runs WHERE id = ? AND project = ?", [call.id(), project["n"]]).fetchone()
    if chosen is None:
        raise RefusalError(404, f"no run {call.id()} in project {project['id']}")
    where = (Sql("trace_id = ?", (chosen["trace_id"],)),)
    found, more = queries.page(connection, queries.RunQuery(where, queries.MOST_V2, ascending=True))
    names = [
        _link(call.addresses.run_path(project["id"], row["id"], row["trace_id"]), row["name"] or "(no name)")
        for _, row in _tree(found)
    ]
    return _page(
        "run", f"{chosen['name']}: trace", project=_link(call.addresses.project_path(project["id"]), project["name"]),
        caption="Each run under the one that called it; bars show when it ran.",
        head=("Run", "Type", "Status", "After, s", "Seconds", "When", "Tokens", "Cost, $"),
        tree=_bars(_tree(found), names, chosen["id"]),
        cut=f"The trace has more than {queries.MOST_V2:,} runs; the first are shown." if more else "",
        name=chosen["name"] or "(no name)", run_type=chosen["run_type"], ended=_status(chosen["status"]),
        id=chosen["id"], texts=_texts(connection, chosen), scores=_scores_of(connection, chosen),
    )  # fmt: skip


def one_dataset(call: ApiCall) -> ApiAnswer:
    """Show a dataset's experiments, by the mean of each score; those that are chosen, side by side."""
    connection = call.store.reading()
    dataset = datasets.read(connection, call.id())
    chosen = [one for value in call.values("selectedSessions") for one in value.split(",") if one]
    if len(chosen) > 1:
        return _compared(call, connection, dataset, comparisons.experiments(connection, dataset["id"], chosen))
    found = projects.found(connection, {"reference_dataset": [dataset["id"]]}, 200, 0)
    head, rows = _means(call, connection, found)
    return _page(
        "dataset", f"Dataset {dataset['name']}", head=head,
        caption=f"{dataset['example_count']} examples. Mean scores of each experiment.",
        rows=[{"id": row["id"], "cells": cells} for row, cells in zip(found, rows, strict=True)],
        compare=f"{_here(call, dataset['id'])}/compare",
    )  # fmt: skip


def _compared(
    call: ApiCall, connection: sqlite3.Connection, dataset: Mapping[str, Any], chosen: Sequence[sqlite3.Row]
) -> ApiAnswer:
    """Show experiments over one dataset side by side, example by example."""
    _, offset = call.window()
    found = comparisons.examples_with_runs(
        connection, dataset["id"], chosen, filters={}, limit=_EXAMPLES + 1, offset=offset
    )
    rows = _side_by_side(call, connection, found[:_EXAMPLES], chosen)
    head, means = _means(call, connection, chosen)
    here = [("selectedSessions", ",".join(row["id"] for row in chosen)), ("offset", str(offset + _EXAMPLES))]
    return _page(
        "compare", f"Dataset {dataset['name']}", dataset=_here(call, dataset["id"]), head=head, rows=means,
        caption=f"Examples from {offset + 1} on, each with what every experiment made of it.",
        columns=("Inputs", "Reference", *(row["name"] for row in chosen)), examples=rows,
        further="?" + urlencode(here) if len(found) > _EXAMPLES else "",
    )  # fmt: skip


def _side_by_side(
    call: ApiCall,
    connection: sqlite3.Connection,
    found: Sequence[tuple[sqlite3.Row, list[sqlite3.Row]]],
    chosen: Sequence[sqlite3.Row],
) -> list[list[Cell]]:
    """Return a row for each example: what it is, and a cell for each experiment."""
    runs = [run for _, of_example in found for run in of_example]
    outputs = {
        row["n"]: row for row in rows_in(connection, "SELECT * FROM payloads WHERE n", [run["n"] for run in runs])
    }
    scores = feedback.stats_of(connection, [run["id"] for run in runs])
    shown = examples.shown(connection, [example for example, _ in found], call.addresses)
    ids = {row["n"]: row["id"] for row in chosen}
    rows = []
    for example, (_, of_example) in zip(shown, found, strict=True):
        row = [Cell([_cut(json.dumps(example[side], ensure_ascii=False))]) for side in ("inputs", "outputs")]
        for project in chosen:
            mine = [run for run in of_example if run["project"] == project["n"]]
            lines = [line for run in mine for line in _answered(outputs[run["n"]], scores.get(run["id"], {}))]
            first = mine[0] if len(mine) == 1 else None
            path = call.addresses.run_path(ids[project["n"]], first["id"], first["trace_id"]) if first else ""
            row.append(Cell([*lines, *(["the run"] if path else [])] or ["no run"], path))
        rows.append(row)
    return rows


def _answered(payload: sqlite3.Row, scores: dict[str, dict[str, Any]]) -> list[str]:
    """Return what a run came to: its outputs or its error, and its scores."""
    return [_cut(payload["error"] or payload["outputs"] or "nothing"), *_scores(scores)]


def _means(
    call: ApiCall, connection: sqlite3.Connection, found: Sequence[sqlite3.Row]
) -> tuple[tuple[str, ...], list[list[Cell]]]:
    """Return the head and a row for each experiment: its runs, and the mean of each score."""
    stats = {project["id"]: of_project(connection, project) for project in found}
    keys = sorted({key for one in stats.values() for key in one["feedback_stats"]})
    rows = [
        [
            _link(call.addresses.project_path(project["id"]), project["name"]),
            _number(stats[project["id"]]["run_count"], ",d"), _number(stats[project["id"]]["error_rate"], ".1%"),
            _number(stats[project["id"]]["latency_p50"], ".2f"),
            *(_number(stats[project["id"]]["feedback_stats"].get(key, {}).get("avg"), ".3f") for key in keys),
        ]
        for project in found
    ]  # fmt: skip
    return ("Experiment", "Runs", "Errors", "Median, s", *keys), rows


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


def _bars(tree: Sequence[tuple[int, sqlite3.Row]], names: Sequence[Cell], chosen: str) -> list[dict[str, Any]]:
    """Return the rows of a trace's table, each with a bar that shows when its run ran."""
    begin = min((row["start_time"] for _, row in tree), default=0)
    end = max((row["end_time"] or row["start_time"] for _, row in tree), default=0)
    length = max(end - begin, 1)
    return [
        {
            "name": name, "indent": min(depth, _DEEPEST), "level": depth if depth > _DEEPEST else None,
            "chosen": row["id"] == chosen,
            "before": [
                _text(row["run_type"]), _status(row["status"]), _number((row["start_time"] - begin) / 1e6, ".3f"),
                _number(row["latency"], ".3f"),
            ],
            "left": f"{300 * (row['start_time'] - begin) / length:.1f}",
            "width": f"{max(300 * ((row['end_time'] or end) - row['start_time']) / length, 1):.1f}",
            "colour": "#a40000" if row["status"] == "error" else "#0b57d0" if row["end_time"] else "#777",
            "after": [_number(row["total_tokens"], ",d"), _money(row["total_cost"])],
        }
        for (depth, row), name in zip(tree, names, strict=True)
    ]  # fmt: skip


def _texts(connection: sqlite3.Connection, run: sqlite3.Row) -> list[dict[str, str]]:
    """Return what a run was given and gave, each with its title."""
    payload = connection.execute("SELECT * FROM payloads WHERE n = ?", [run["n"]]).fetchone()
    error = [{"title": "Error", "mark": "error", "shown": _long(payload["error"])}] if payload["error"] else []
    return error + [
        {"title": title, "mark": "", "shown": _long(_indented(json.loads(payload[name])))}
        for title, name in (("Inputs", "inputs"), ("Outputs", "outputs"), ("Metadata and more", "extra"))
        if payload[name] and payload[name] != "{}"
    ]


def _scores_of(connection: sqlite3.Connection, run: sqlite3.Row) -> list[list[Cell]]:
    return [
        [_text(key), _number(one["avg"], ".3f"), _number(one["n"], "d"), _text("; ".join(one["comments"]))]
        for key, one in feedback.stats_of(connection, [run["id"]]).get(run["id"], {}).items()
    ]


def _indented(value: object) -> str:
    """Return as much of a value in JSON as is shown: a deep one is many times larger with its indents."""
    found, size = [], 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        found.append(piece)
        size += len(piece)
        if size > _LONGEST_PAYLOAD:
            break
    return "".join(found)


def _page(kind: str, title: str, *, status: int = 200, **values: Any) -> ApiAnswer:
    text = templates(_FOLDER).get_template(f"{kind}.html.jinja").render(title=title, **values)
    return ApiAnswer(text.encode("utf-8", "replace"), status, "text/html")


def _here(call: ApiCall, dataset_id: str) -> str:
    return call.addresses.dataset_path(dataset_id)


def _long(text: str) -> str:
    return text if len(text) <= _LONGEST_PAYLOAD else f"{text[:_LONGEST_PAYLOAD]}\n… and more"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"


def _text(text: str) -> Cell:
    return Cell([text])


def _link(url: str, text: str) -> Cell:
    return Cell([text], url)


def _number(value: float | None, form: str) -> Cell:
    return _text("" if value is None else format(value, form))


def _money(amount: str | None) -> Cell:
    return _number(None if amount is None else float(amount), ".6f")


def _time(moment: int) -> Cell:
    return _text(str(aware(moment))[:19].replace("T", " "))


def _status(status: str) -> Cell:
    return Cell([status], mark="error" if status == "error" else "")


def _scores(stats: dict[str, dict[str, Any]]) -> list[str]:
    return [f"{key} {one['avg']:.3g}" for key, one in stats.items() if one["avg"] is not None]


PAGES: Final[tuple[tuple[str, Callable[[ApiCall], ApiAnswer]], ...]] = (
    ("/", all_projects),
    ("/style.css", open_style),
    (f"{_TENANT}/projects/p/{{id}}", one_project),
    (f"{_TENANT}/projects/p/{{project}}/r/{{id}}", one_run),
    (f"{_TENANT}/datasets/{{id}}", one_dataset),
    (f"{_TENANT}/datasets/{{id}}/compare", one_dataset),
)
"""Path and handler; a handler whose name begins with ``open_`` needs no key."""
