"""Jaeger's download of traces: OpenTelemetry's spans with tags for attributes, logs for events, and microseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _otlp as otlp
from chatmon.importers._dialect import Dialect
from chatmon.importers.attributes import flat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def _of_page(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for trace in page.get("data") or [page]:
        services = {name: one.get("serviceName") for name, one in (trace.get("processes") or {}).items()}
        for span in trace.get("spans") or []:
            yield _span(span, services.get(span.get("processID")))


def _span(span: Mapping[str, Any], service: Any) -> dict[str, Any]:
    tags = _tags(span.get("tags"))
    above = [one.get("spanID") for one in span.get("references") or [] if one.get("refType") == "CHILD_OF"]
    start = span.get("startTime")
    status = tags.pop("otel.status_code", None) or ("ERROR" if str(tags.pop("error", "")).lower() == "true" else None)
    return flat(
        {
            "span_id": otlp.hex_of(span.get("spanID")),
            "trace_id": otlp.hex_of(span.get("traceID")),
            "parent_id": otlp.hex_of(above[0] if above else span.get("parentSpanID")),
            "start": start,
            "end": None if start is None or span.get("duration") is None else int(start) + int(span["duration"]),
            "status": status,
            "message": tags.get("otel.status_description"),
            "name": span.get("operationName"),
            "scope": tags.get("otel.scope.name", tags.get("otel.library.name")),
            "events": [_event(log) for log in span.get("logs") or []],
        },
        {"service.name": service} | tags,
    )


def _event(log: Mapping[str, Any]) -> dict[str, Any]:
    fields = _tags(log.get("fields"))
    return {"name": fields.get("event"), "time": log.get("timestamp"), "attributes": fields}


def _tags(pairs: Any) -> dict[str, Any]:
    return {pair["key"]: pair.get("value") for pair in pairs or []}


def _recognise(record: Mapping[str, Any]) -> str | None:
    rows = record.get("data")
    first = rows[0] if isinstance(rows, list) and rows else record
    known = isinstance(first, dict) and "traceID" in first and isinstance(first.get("spans"), list)
    return "has traceID and spans" if known else None


DIALECTS: Final = (
    Dialect(
        name="otlp: Jaeger",
        tool="otlp",
        recognise=_recognise,
        columns=otlp.COLUMNS,
        select=otlp.SELECT,
        ends_well=True,
        unpack=_of_page,
        reads=frozenset(("data", "traceID", "spans", "processes", "total", "limit", "offset", "errors")),
        assumptions=(
            "times and durations are microseconds, times since 1970; the time to the first chunk is in seconds",
            "input tokens count cached ones in, as OpenTelemetry says, but where more are cached than went in",
        ),
    ),
)
