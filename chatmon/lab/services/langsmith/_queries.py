"""Which runs a query asks for: the bodies of both APIs become one question, and that becomes SQL.

Where the hosted service is strict, so is this: a page of the first API holds at most 100 runs, the second asks for a
project, looks back one day unless told otherwise, and names its fields in upper case.
"""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith._conditions import Sql, to_sql
from chatmon.lab.services.langsmith._filters import parse_filter
from chatmon.lab.services.langsmith._store import AMONG
from chatmon.lab.services.langsmith._values import (
    RefusalError,
    clean,
    dump,
    microseconds,
    now,
    parse,
    shortened,
    uuid,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

MOST_V1: Final = 100
MOST_V2: Final = 1000
_DAY: Final = 86_400_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class RunQuery:
    """A question for runs.

    Attributes:
        where: Conditions, all of which must hold.
        limit: Runs of a page.
        ascending: Whether the earliest come first.
        after: Start and number of the last run of the page before.
    """

    where: tuple[Sql, ...]
    limit: int = MOST_V1
    ascending: bool = False
    after: tuple[int, int] | None = None


@dataclass(slots=True)
class _Where:
    """Conditions as they gather."""

    parts: list[Sql] = field(default_factory=list)

    def add(self, text: str, *values: Any) -> None:
        self.parts.append(Sql(text, values))

    def one_of(self, column: str, given: object, name: str) -> None:
        """Add that a column is one of some ids."""
        if given is None:
            return
        ids = [uuid(one, name) for one in (given if isinstance(given, list) else [given])]
        one = len(ids) == 1
        self.add(f"{column} = ?" if one else f"{column} {AMONG}", ids[0] if one else dump(ids))

    def projects(self, given: object, name: str) -> None:
        """Add that the project is one of some."""
        ids = [uuid(one, name) for one in (given if isinstance(given, list) else [given])]
        self.add(f"project {'=' if len(ids) == 1 else 'IN'} (SELECT n FROM projects WHERE id {AMONG})", dump(ids))

    def filters(self, body: Mapping[str, Any]) -> None:
        """Add the three filters: on the run, on the root of its trace, on any run of its trace."""
        scopes = {"filter": "{}", "trace_filter": "parent_id IS NULL AND {}", "tree_filter": "{}"}
        near = [part for part in self.parts if part.text.startswith("project ")]
        for name, scope in scopes.items():
            text = body.get(name)
            if text is None or text == "":
                continue
            if not isinstance(text, str):
                raise RefusalError(422, f"{name} is {type(text).__name__}, not a text")
            found = to_sql(parse_filter(text))
            if name == "filter":
                self.parts.append(found)
            else:
                condition = " AND ".join([scope.format(found.text), *(part.text for part in near)])
                values = (*found.values, *(value for part in near for value in part.values))
                self.parts.append(Sql(f"trace IN (SELECT trace FROM runs WHERE {condition})", values))


def from_v1(body: Mapping[str, Any]) -> RunQuery:
    """Return the question that a body of ``POST /runs/query`` asks.

    Raises:
        RefusalError: It is none, or asks for too much.
    """
    limit = body.get("limit", MOST_V1)
    if type(limit) is not int or limit < 1:
        raise RefusalError(422, f"limit ({limit!r}) is no number from 1 to {MOST_V1}")
    if limit > MOST_V1:
        raise RefusalError(400, f"Limit exceeds maximum allowed value of {MOST_V1}")
    return RunQuery(where_v1(body), limit, body.get("order") == "asc", _cursor(body.get("cursor")))


def where_v1(body: Mapping[str, Any]) -> tuple[Sql, ...]:
    """Return the conditions in a body of the first API; ids of runs set all others aside."""
    where = _Where()
    if body.get("id"):
        where.one_of("id", body["id"], "id")
        return tuple(where.parts)
    scopes = ("session", "trace", "parent_run", "reference_example")
    if not any(body.get(name) for name in scopes):
        raise RefusalError(400, f"At least one of {', '.join(scopes)}, id must be specified")
    if body.get("query") is not None:
        raise RefusalError(501, "query (natural language) needs a language model: write a filter")
    if body.get("session"):
        where.projects(body["session"], "session")
    where.one_of("trace_id", body.get("trace"), "trace")
    where.one_of("parent_id", body.get("parent_run"), "parent_run")
    where.one_of("reference_example_id", body.get("reference_example"), "reference_example")
    _of_kind(where, body.get("run_type"), body.get("is_root"), body.get("error"))
    order = body.get("execution_order")
    if order not in (None, 1):
        raise RefusalError(
            501, f"execution_order ({shortened(order)}) is no longer kept: 1 asks for roots, else filter"
        )
    if order == 1:
        where.add("parent_id IS NULL")
    if body.get("start_time") is not None:
        where.add("start_time >= ?", microseconds(body["start_time"], "start_time"))
    if body.get("end_time") is not None:
        where.add("start_time <= ?", microseconds(body["end_time"], "end_time"))
    where.filters(body)
    return tuple(where.parts)


def from_v2(body: Mapping[str, Any], connection: sqlite3.Connection) -> RunQuery:
    """Return the question that a body of ``POST /api/v2/runs/query`` asks.

    Args:
        body: The body.
        connection: Where the projects of a dataset are looked up.

    Raises:
        RefusalError: It is none, or asks for too much.
    """
    projects, dataset = body.get("project_ids"), body.get("reference_dataset_id")
    if bool(projects) == bool(dataset):
        raise RefusalError(422, "exactly one of project_ids and reference_dataset_id must be set")
    size = body.get("page_size", 100)
    if type(size) is not int or not 1 <= size <= MOST_V2:
        raise RefusalError(422, f"page_size ({size!r}) must be from 1 to {MOST_V2}")
    for name in ("ai_search", "sem_filter"):
        if body.get(name) is not None:
            raise RefusalError(501, f"{name} needs a language model: write a filter")
    since = None if body.get("min_start_time") is None else microseconds(body["min_start_time"], "min_start_time")
    where = _Where()
    if dataset:
        rows = connection.execute(
            "SELECT n, start_time FROM projects WHERE reference_dataset_id = ?", [uuid(dataset, "reference_dataset_id")]
        )
        experiments = rows.fetchall()
        where.add(f"project IN ({', '.join(str(row['n']) for row in experiments)})")
        since = min((row["start_time"] for row in experiments), default=0) - _DAY if since is None else since
    else:
        where.projects(projects, "project_ids")
    where.add("start_time >= ?", now() - _DAY if since is None else since)
    if body.get("max_start_time") is not None:
        where.add("start_time <= ?", microseconds(body["max_start_time"], "max_start_time"))
    where.one_of("id", body.get("ids") or None, "ids")
    where.one_of("trace_id", body.get("trace_id"), "trace_id")
    where.one_of("reference_example_id", body.get("reference_examples") or None, "reference_examples")
    kind = body.get("run_type")
    if kind is not None and kind not in RUN_TYPES_V2:
        raise RefusalError(422, f"run_type ({kind!r}) is none of {', '.join(RUN_TYPES_V2)}")
    _of_kind(where, kind and kind.lower(), body.get("is_root"), body.get("has_error"))
    where.filters(body)
    return RunQuery(tuple(where.parts), size, after=_cursor(body.get("cursor")))


RUN_TYPES_V2: Final = ("TOOL", "CHAIN", "LLM", "RETRIEVER", "EMBEDDING", "PROMPT", "PARSER")


def page(connection: sqlite3.Connection, query: RunQuery, columns: str = "*") -> tuple[list[sqlite3.Row], str | None]:
    """Return one page of runs, and the cursor that the next one is asked for with; None after the last.

    Args:
        connection: The database.
        query: The question.
        columns: Of the table ``runs``; ``start_time`` and ``n`` must be among them.
    """
    parts = list(query.where)
    if query.after is not None:
        parts.append(Sql(f"(start_time, n) {'>' if query.ascending else '<'} (?, ?)", query.after))
    order = "ASC" if query.ascending else "DESC"
    found = connection.execute(
        f"SELECT {columns} FROM runs WHERE {all_of(parts)} ORDER BY start_time {order}, n {order} LIMIT ?",
        [*(value for part in parts for value in part.values), query.limit + 1],
    ).fetchall()
    if len(found) <= query.limit:
        return found, None
    last = found[query.limit - 1]
    cursor = base64.urlsafe_b64encode(dump([last["start_time"], last["n"]]).encode()).decode()
    return found[: query.limit], cursor


def all_of(parts: Sequence[Sql]) -> str:
    """Return conditions joined so that all must hold."""
    return " AND ".join(part.text for part in parts) or "1"


def _of_kind(where: _Where, run_type: object, is_root: object, failed: object) -> None:
    for name, value in (("is_root", is_root), ("error", failed)):
        if value is not None and not isinstance(value, bool):
            raise RefusalError(422, f"{name} ({shortened(value)}) is neither true nor false")
    if run_type is not None:
        where.add("run_type = ?", clean(str(run_type)))
    if is_root is not None:
        where.add("parent_id IS NULL" if is_root else "parent_id IS NOT NULL")
    if failed is not None:
        where.add("status = 'error'" if failed else "status <> 'error'")


def _cursor(given: object) -> tuple[int, int] | None:
    if given is None:
        return None
    try:
        found = parse(base64.urlsafe_b64decode(str(given).encode("ascii")), "the cursor")
    except (binascii.Error, UnicodeEncodeError, ValueError, RefusalError):
        found = None
    if not isinstance(found, list) or [type(one) for one in found] != [int, int] or max(map(abs, found)) >= 2**63:
        raise RefusalError(400, "the cursor is none that this server gave: pass it back unchanged")
    return found[0], found[1]
