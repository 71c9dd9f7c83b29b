"""Rows of Logfire's table ``records``, as its SQL gives them: the answers of its API, and their CSV.

A row is a span with its attributes, or a log, of which a streamed reply's has what the reply used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _otlp as otlp
from chatmon.importers._dialect import Dialect
from chatmon.importers.attributes import flat, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_READ: Final = (
    "trace_id", "span_id", "parent_span_id", "kind", "span_name", "start_timestamp", "end_timestamp", "attributes",
    "otel_status_code", "otel_status_message", "otel_scope_name", "is_exception", "exception_type",
    "exception_message", "service_name", "deployment_environment",
)  # fmt: skip


def _of_row(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if row.get("kind") == "pending_span":  # what a span had when it began: its own row has it too
        return
    told = {"exception.type": row.get("exception_type"), "exception.message": row.get("exception_message")}
    common = {"service.name": row.get("service_name"), "deployment.environment": row.get("deployment_environment")}
    log = {"logfire.span_type": "log"} if row.get("kind") == "log" else {}
    yield flat(
        {
            "span_id": row.get("span_id"),
            "trace_id": row.get("trace_id"),
            "parent_id": row.get("parent_span_id") or None,
            "start": row.get("start_timestamp"),
            "end": row.get("end_timestamp"),
            "status": row.get("otel_status_code"),
            "message": row.get("otel_status_message"),
            "name": row.get("span_name"),
            "scope": row.get("otel_scope_name"),
            "events": [{"name": "exception", "time": None, "attributes": told}] if any(told.values()) else [],
        },
        common | otlp.dotted(object_of(row.get("attributes"))) | log,
    )


def _of_answer(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in _rows(answer):
        yield from _of_row(row)


def _rows(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an answer's rows, which come one by one, or as the values of each column."""
    if isinstance(answer.get("rows"), list):
        return [dict(row) for row in answer["rows"]]
    columns = {column["name"]: column["values"] for column in answer["columns"]}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _row(record: Mapping[str, Any]) -> str | None:
    known = {"trace_id", "span_id", "start_timestamp", "attributes"} <= record.keys()
    return "has trace_id, span_id, start_timestamp and attributes" if known and "span_name" in record else None


def _answer(record: Mapping[str, Any]) -> str | None:
    columns = record.get("columns")
    named = isinstance(columns, list) and all(isinstance(one, dict) for one in columns)
    names = {str(one.get("name")) for one in columns or ()} if named else set()
    known = {"trace_id", "span_id", "start_timestamp", "span_name"} <= names
    return "an answer of Logfire's API: columns of records" if known else None


def _dialect(shape: str, recognise: Any, unpack: Any, reads: tuple[str, ...]) -> Dialect:
    return Dialect(
        name=f"logfire: {shape}",
        tool="logfire",
        recognise=recognise,
        columns=otlp.COLUMNS,
        select=otlp.SELECT,
        ends_well=True,
        unpack=unpack,
        reads=frozenset(reads),
        assumptions=(
            "times without a zone are UTC, unless tz says otherwise; durations are end minus start, in seconds",
            "input tokens count cached ones in, but where more are cached than went in",
        ),
    )


DIALECTS: Final = (
    _dialect("answers of its SQL", _answer, _of_answer, ("columns", "rows")),
    _dialect("records", _row, _of_row, _READ),
)
