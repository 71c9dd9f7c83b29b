"""Sentry's transactions: an event with its spans, alone, or as a line of the envelope that the SDKs send.

Their attributes are OpenTelemetry's, in ``data``; times are seconds since 1970; the transaction's own span stands in
``contexts.trace``. A status that is neither there nor ``ok`` is what went wrong. Newer SDKs send spans by themselves,
each attribute with its type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _otlp as otlp
from chatmon.importers._dialect import Dialect
from chatmon.importers.attributes import flat, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_READ: Final = (
    "type", "transaction", "contexts", "spans", "start_timestamp", "timestamp", "user", "environment", "release",
    "event_id", "sent_at", "dsn", "length", "item_count", "content_type", "trace", "sdk", "version", "items",
    "ingest_settings",
)  # fmt: skip
_PREFIX: Final = "gen_ai."


def _of_event(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for span in event.get("items") or []:
        yield _span(*_streamed(span))
    top = object_of(object_of(event.get("contexts")).get("trace"))
    if not top:
        return  # spans by themselves, or a line of the envelope around an event
    whose = {"user.id": object_of(event.get("user")).get("id"), "service.version": event.get("release")}
    times = {name: event.get(name) for name in ("start_timestamp", "timestamp")}
    yield _span(top | times | {"description": event.get("transaction")}, whose)
    for span in event.get("spans") or []:
        yield _span({"trace_id": top.get("trace_id"), **span}, {})


def _streamed(span: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a span that was sent by itself as a transaction has it, and what is said beside."""
    said = {name: object_of(typed).get("value") for name, typed in object_of(span.get("attributes")).items()}
    status = said.get("sentry.status.message") or "error" if span.get("status") == "error" else span.get("status")
    own = {"op": said.get("sentry.op"), "origin": said.get("sentry.origin"), "timestamp": span.get("end_timestamp")}
    return {**span, **own, "status": status, "description": span.get("name"), "data": said}, {}


def _span(span: Mapping[str, Any], whose: Mapping[str, Any]) -> dict[str, Any]:
    op, status = str(span.get("op") or ""), span.get("status")
    asked = {"gen_ai.operation.name": op.removeprefix(_PREFIX)} if op.startswith(_PREFIX) else {}
    attributes = asked | otlp.dotted(object_of(span.get("data")))
    failed = status not in (None, "", "ok", "unset")
    return flat(
        {
            "span_id": span.get("span_id"),
            "trace_id": span.get("trace_id"),
            "parent_id": span.get("parent_span_id"),
            "start": span.get("start_timestamp"),
            "end": span.get("timestamp"),
            "status": "ERROR" if failed else "OK" if status == "ok" else None,
            "message": None,
            "name": span.get("description"),
            "scope": span.get("origin"),
            "events": [],
        },
        ({"error.type": status} if failed else {}) | dict(whose) | attributes,
    )


def _event(record: Mapping[str, Any]) -> str | None:
    traced = object_of(object_of(record.get("contexts")).get("trace"))
    if record.get("type") == "transaction" and {"trace_id", "span_id"} <= traced.keys():
        return "type is transaction, with contexts.trace"
    items = record.get("items")
    if isinstance(items, list) and items and {"span_id", "trace_id", "is_segment", "attributes"} <= items[0].keys():
        return "items are spans with is_segment and attributes"
    around = ("sent_at" in record and ({"event_id", "sdk"} & record.keys()) and "trace_id" not in record) or (
        record.get("type") in ("transaction", "span")
        and record.keys() <= {"type", "length", "content_type", "item_count"}
    )
    return "a line of an envelope of Sentry" if around else None


DIALECTS: Final = (
    Dialect(
        name="sentry: transactions",
        tool="sentry",
        recognise=_event,
        columns=otlp.COLUMNS,
        select=otlp.SELECT,
        ends_well=True,
        unpack=_of_event,
        reads=frozenset(_READ),
        assumptions=(
            "times are seconds since 1970; durations are end minus start, the time to the first token is in seconds",
            "input tokens count cached ones in, but where more are cached than went in",
        ),
    ),
)
