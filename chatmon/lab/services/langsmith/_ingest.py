"""Runs as they come in: parts put together, merged with what is there, measured, and written.

A run is posted at its start and patched at its end, by threads that may overtake each other. So each operation only
adds to what is known: null never overwrites, and ``extra`` and its metadata are merged key by key.
"""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith import _feedback as feedback
from chatmon.lab.services.langsmith import _projects as projects
from chatmon.lab.services.langsmith._pairs import pairs_of, text_of, thread_of
from chatmon.lab.services.langsmith._store import rows_in
from chatmon.lab.services.langsmith._usage import RunUsage, subtree, usage
from chatmon.lab.services.langsmith._values import (
    RefusalError,
    clean,
    dump,
    microseconds,
    parse,
    parse_object,
    uuid,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from chatmon.lab.services.langsmith._bodies import Part

LARGE: Final = ("inputs", "outputs", "extra", "events", "serialized", "error")
"""What a run's part of a multipart body leaves to parts of their own."""
_OBJECTS: Final = ("inputs", "outputs", "extra", "serialized")
_WRAPPED: Final = {"inputs": "input", "outputs": "output"}
_SIMULTANEOUS: Final = 1_000
"""Microseconds that a run may end before it starts: its client rounds, or counts its runs up in them."""
_IDS: Final = ("id", "trace_id", "parent_run_id", "reference_example_id", "session_id")
_TIMES: Final = ("start_time", "end_time")
_TEXTS: Final = ("name", "run_type", "dotted_order", "session_name", "error")
_DEEPEST: Final = 200  # levels of a trace's tree
_USED: Final = tuple(one.name for one in fields(RunUsage))
_TOTALS: Final = _USED[:7]
"""What a run has of its own, and again with the runs below it."""


@dataclass(slots=True)
class RunBatch:
    """What one request brings.

    Attributes:
        runs: What is said about each run, by id; checked.
        feedback: Feedback as it came.
        attachments: Run, name, type and bytes of each.
        refused: Runs that cannot be taken, with the reason; the others are.
    """

    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    refused: dict[str, RefusalError] = field(default_factory=dict)

    def add(self, run: Mapping[str, Any]) -> None:
        """Add what an operation says about a run, or note why it cannot be true of one."""
        try:
            said = _checked(run)
        except RefusalError as error:
            self.refused[str(run.get("id"))] = error
            return
        known = self.runs.setdefault(said["id"], {})
        _merge(known, said)


def from_json(body: Mapping[str, Any]) -> RunBatch:
    """Return the batch of ``{"post": [...], "patch": [...]}``."""
    batch = RunBatch()
    for side in ("post", "patch"):
        runs = [] if body.get(side) is None else body[side]
        if not isinstance(runs, list):
            raise RefusalError(422, f"{side} is {type(runs).__name__}, not a list of runs")
        for place, run in enumerate(runs):
            if isinstance(run, dict):
                batch.add(run)
            else:
                reason = f"{side} holds {type(run).__name__}, not a run"
                batch.refused[f"{side} {place}"] = RefusalError(422, reason)
    return batch


def from_parts(parts: Iterable[Part]) -> RunBatch:
    """Return the batch of a multipart body.

    Raises:
        RefusalError: A part is none that runs are made of, or belongs to no run.
    """
    batch = RunBatch()
    runs: dict[tuple[str, str], dict[str, Any]] = {}
    for part in parts:
        kind, _, rest = part.name.partition(".")
        run_id, _, name = rest.partition(".")
        if kind in ("post", "patch") and (not name or name in LARGE):
            try:
                _of_run(runs, (kind, run_id), name, part)
            except RefusalError as error:
                batch.refused[run_id] = error
        elif kind == "feedback":
            batch.feedback.append(parse_object(part.data, part.name))
        elif kind == "attachment" and name:
            batch.attachments.append((uuid(run_id, "a run's id"), clean(name), clean(part.mime_type), part.data))
        else:
            raise RefusalError(422, f"part {part.name[:80]!r} is none of post, patch, feedback, attachment")
    for (_, run_id), run in runs.items():
        if run_id not in batch.refused:
            batch.add(run)
    return batch


def _of_run(runs: dict[tuple[str, str], dict[str, Any]], which: tuple[str, str], name: str, part: Part) -> None:
    """Add one part to the run that it belongs to."""
    if not name:
        runs[which] = {**parse_object(part.data, part.name), "id": which[1]}
    elif which in runs:
        runs[which][name] = parse(part.data, part.name)
    else:
        raise RefusalError(422, f"part {part.name} comes before {'.'.join(which)}, which it belongs to")


def write(connection: sqlite3.Connection, batch: RunBatch) -> None:
    """Store a batch within the transaction of a connection; its feedback is the caller's."""
    known = _known(connection, batch.runs)
    unseen = [run for run in batch.runs if run not in known]
    place = connection.execute("SELECT coalesce(max(n), 0) FROM runs").fetchone()[0]
    numbers = {run: place + count for count, run in enumerate(unseen, start=1)}
    rows, payloads, texts = [], [], []
    pairs: list[tuple[int, str, str, str]] = []
    stale: list[tuple[int]] = []
    of_project: dict[Any, int] = {}
    for run_id, said in batch.runs.items():
        before = known.get(run_id)
        run = dict(before or {})
        _merge(run, said)
        n = run["n"] = run.get("n") or numbers[run_id]
        where = (said.get("session_id"), said.get("session_name"))
        try:
            if before is None or where != (None, None):
                if where not in of_project:
                    of_project[where] = projects.number(connection, *where)
                run["project"] = of_project[where]
            rows.append(_row(run))
        except RefusalError as error:
            batch.refused[run_id] = error
            continue
        payloads.append({"n": n, "error": run.get("error")} | {name: _json(run.get(name)) for name in _SHOWN})
        if said.keys() & _FOUND_BY:
            stale += [] if before is None else [(n,)]
            pairs += [(n, *pair) for pair in pairs_of(run)]
        if said.keys() & {"inputs", "name"}:
            texts.append((2 * n, text_of(run.get("inputs"), run.get("name"))))
        if said.keys() & {"outputs", "error"}:
            texts.append((2 * n + 1, text_of(run.get("outputs"), run.get("error"))))
    numbers_of = _traces(connection, {row["trace_id"] for row in rows})
    connection.executemany(_PUT_RUN, [row | {"trace": numbers_of[row["trace_id"]]} for row in rows])
    connection.executemany(_PUT_PAYLOAD, payloads)
    connection.executemany("DELETE FROM pairs WHERE run = ?", stale)
    connection.executemany("INSERT OR IGNORE INTO pairs VALUES (?, ?, ?, ?)", pairs)
    connection.executemany("INSERT OR REPLACE INTO texts (rowid, text) VALUES (?, ?)", texts)
    connection.executemany(
        "INSERT OR REPLACE INTO attachments VALUES (?, ?, ?, ?, ?)",
        [(secrets.token_urlsafe(24), *one) for one in batch.attachments if one[0] not in batch.refused],
    )
    feedback.meet(connection, {run: n for run, n in numbers.items() if run not in batch.refused})
    _roll_up(connection, {row["trace_id"] for row in rows})


_FOUND_BY: Final = {"inputs", "outputs", "extra", "tags"}
_SHOWN: Final = ("inputs", "outputs", "extra", "events", "serialized", "tags")
_COLUMNS: Final = (
    "n", "id", "project", "trace_id", "trace", "parent_id", "dotted_order", "name", "run_type", "start_time",
    "end_time", "latency", "status", "reference_example_id", "thread_id", *(f"own_{one}" for one in _TOTALS),
    *_TOTALS, "dollars", "prompt_token_details", "completion_token_details",
)  # fmt: skip
_PUT_RUN: Final = (
    f"INSERT INTO runs ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) "
    f"ON CONFLICT (n) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS[2:])}"
)
_PUT_PAYLOAD: Final = (
    f"INSERT OR REPLACE INTO payloads (n, {', '.join(_SHOWN)}, error) "
    f"VALUES (:n, {', '.join(f':{name}' for name in _SHOWN)}, :error)"
)


def _checked(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an operation says, in the types that a run has; what is null is not said."""
    said: dict[str, Any] = {"id": uuid(run.get("id"), "a run's id")}
    which = f"run {said['id']}: "
    for name in _IDS[1:]:
        if run.get(name) is not None:
            said[name] = uuid(run[name], which + name)
    for name in _TIMES:
        if run.get(name) is not None:
            said[name] = microseconds(run[name], which + name)
    for name in _TEXTS:
        if run.get(name) is not None:
            said[name] = clean(run[name] if isinstance(run[name], str) else dump(run[name]))
    for name in _OBJECTS:
        if run.get(name) is not None:
            if isinstance(run[name], dict):
                said[name] = run[name]
            elif name in _WRAPPED:  # a list or a text is what a call was given, and that is worth keeping
                said[name] = {_WRAPPED[name]: run[name]}
            else:
                raise RefusalError(422, f"{which}{name} is {type(run[name]).__name__}, not a JSON object")
    for name in ("events", "tags"):
        if run.get(name) is not None:
            if not isinstance(run[name], list):
                raise RefusalError(422, f"{which}{name} is {type(run[name]).__name__}, not a list")
            said[name] = run[name]
    if said.get("dotted_order", "").count(".") >= _DEEPEST:
        raise RefusalError(422, f"{which}dotted_order goes deeper than {_DEEPEST} levels")
    return said


def _merge(known: dict[str, Any], said: Mapping[str, Any]) -> None:
    for name, value in said.items():
        if name == "extra" and known.get("extra"):
            both = {**known["extra"], **value}
            old, new = known["extra"].get("metadata"), value.get("metadata")
            if isinstance(old, dict) and isinstance(new, dict):
                both["metadata"] = {**old, **new}
            known["extra"] = both
        elif name in ("events", "outputs") and not value and known.get(name):
            continue
        else:
            known[name] = value


def _traces(connection: sqlite3.Connection, ids: set[str]) -> dict[str, int]:
    """Return the numbers of some traces, new ones for those that have none."""
    connection.executemany("INSERT OR IGNORE INTO traces (id) VALUES (?)", [(one,) for one in ids])
    return {row["id"]: row["n"] for row in rows_in(connection, "SELECT n, id FROM traces WHERE id", ids)}


def _known(connection: sqlite3.Connection, runs: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the runs that are there already, as operations would have said them."""
    select = "SELECT runs.*, payloads.* FROM runs JOIN payloads USING (n) WHERE runs.id"
    found = {}
    for row in rows_in(connection, select, runs):
        run = {name: row[name] for name in ("n", "project", *_STORED_FIELDS) if row[name] is not None}
        run["parent_run_id"] = row["parent_id"]
        found[row["id"]] = run | {name: parse(row[name], name) for name in _SHOWN if row[name] is not None}
    return found


_STORED_FIELDS: Final = (
    "id", "trace_id", "dotted_order", "name", "run_type", "start_time", "end_time", "reference_example_id", "error",
)  # fmt: skip


def _row(run: dict[str, Any]) -> dict[str, Any]:
    """Return a run's row of ``runs``: everything that is worked out is worked out here."""
    extra = run.get("extra") or {}
    given = extra.get("metadata")
    metadata = given if isinstance(given, dict) else {}
    dotted = run.get("dotted_order", "")
    start, end = run.get("start_time"), run.get("end_time")
    if start is None:
        start = _start_in(dotted)  # a patch that came first: its post will say
    if start is None:
        raise RefusalError(422, f"run {run['id']} has neither start_time nor dotted_order: a run needs a start")
    latency = None if end is None or end < start - _SIMULTANEOUS else max(0, end - start) / 1e6
    run_type = run.get("run_type", "chain")
    used = usage(run_type, run.get("outputs"), run.get("events"), metadata, start)
    status = "error" if run.get("error") else "pending" if end is None else "success"
    row = {
        "n": run["n"], "id": run["id"], "project": run["project"], "trace_id": run.get("trace_id", run["id"]),
        "parent_id": run.get("parent_run_id") or _parent_in(dotted), "dotted_order": dotted,
        "name": run.get("name", ""), "run_type": run_type, "start_time": start, "end_time": end,
        "latency": latency, "status": status,
        "reference_example_id": run.get("reference_example_id"), "thread_id": thread_of(metadata),
        "dollars": None if used.total_cost is None else float(used.total_cost),
    }  # fmt: skip
    for name in _USED:
        value = getattr(used, name)
        row[name] = f"{value:f}" if isinstance(value, Decimal) else value
    return row | {f"own_{name}": row[name] for name in _TOTALS}


def _start_in(dotted: str) -> int | None:
    last = dotted.rpartition(".")[2]
    stamp, mark, _ = last.partition("Z")
    if not mark or len(stamp) != len("20261005T012429008517"):
        return None
    return microseconds(f"{stamp[:15]}.{stamp[15:]}", "dotted_order")


def _parent_in(dotted: str) -> str | None:
    above = dotted.rpartition(".")[0].rpartition(".")[2].partition("Z")[2]
    return uuid(above, "dotted_order") if above else None


def _json(value: Any) -> str | None:
    return None if value is None else dump(value)


def _roll_up(connection: sqlite3.Connection, traces: Iterable[str]) -> None:
    """Give every run of some traces the sum of what the runs below it used."""
    totals = ", ".join(f"own_{one}, {one}" for one in _TOTALS)
    select = f"SELECT n, id, trace_id, parent_id, {totals} FROM runs WHERE trace_id"
    of_trace: dict[str, list[sqlite3.Row]] = {}
    for row in rows_in(connection, select, traces):
        of_trace.setdefault(row["trace_id"], []).append(row)
    changed = []
    for rows in of_trace.values():
        if len(rows) == 1 or not any(row[f"own_{name}"] is not None for row in rows for name in _TOTALS):
            continue
        sums = subtree([(row["id"], row["parent_id"], _own(row)) for row in rows])
        for row in rows:
            used = sums.get(row["id"])
            if used is None:  # a ring of parents: nothing is above it to be asked
                continue
            values = [getattr(used, name) for name in _TOTALS]
            written = [f"{value:f}" if isinstance(value, Decimal) else value for value in values]
            if written != [row[name] for name in _TOTALS]:
                changed.append((*written, None if values[5] is None else float(values[5]), row["n"]))
    connection.executemany(
        f"UPDATE runs SET {', '.join(f'{one} = ?' for one in _TOTALS)}, dollars = ? WHERE n = ?", changed
    )


def _own(row: sqlite3.Row) -> RunUsage:
    found = {name: row[f"own_{name}"] for name in _TOTALS}
    amounts = {name: Decimal(found[name]) for name in _TOTALS if name.endswith("_cost") and found[name] is not None}
    return RunUsage(**found | amounts)
