"""OpenTelemetry's logs, of which evaluations are read: each is a score of the span that it names.

A collector writes envelopes of log records, an SDK's exporter to the console one record a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _otlp as otlp
from chatmon.importers import _plain as plain
from chatmon.importers._evaluations import EVENT, columns_of, score_of
from chatmon.importers.attributes import object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NO_EVALUATION: Final = "a log record that is no evaluation of a reply"
_EVENT_NAMES: Final = ("event.name", "microsoft.custom_event.name")
"""Attributes that name a record's event where the record does not, as older SDKs and Azure's write it."""


def _of_envelope(envelope: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number, log in enumerate(_in_envelope(envelope)):
        yield _row(log) if _is_evaluation(log) else {"span_id": f"log-{number}", "reject": _NO_EVALUATION}


def _of_line(log: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield _row(log)


def _in_envelope(envelope: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in _first(envelope, "resourceLogs", "resource_logs") or []:
        for scope in _first(resource, "scopeLogs", "scope_logs") or []:
            yield from _first(scope, "logRecords", "log_records") or []


def _row(log: Mapping[str, Any]) -> dict[str, Any]:
    score = score_of(_attributes(log))
    if score is None:
        return {"span_id": "evaluation", "reject": "an evaluation without a name: nothing says what it judges"}
    trace, span = (otlp.hex_of(_first(log, *names)) for names in (("traceId", "trace_id"), ("spanId", "span_id")))
    time = _first(log, "timeUnixNano", "time_unix_nano", "timestamp", "observedTimeUnixNano", "observed_timestamp")
    return {
        "span_id": "-".join(map(str, ("evaluation", trace, span, time, *score.values()))),
        "trace_id": trace,
        "parent_id": f"{trace}-{span}" if span else None,
        "kind": "score",
        "scores": [score],
    } | columns_of([score])


def _attributes(log: Mapping[str, Any]) -> dict[str, Any]:
    given = log.get("attributes")
    return otlp.by_name(given) if isinstance(given, list) else object_of(given)


def _is_evaluation(log: Mapping[str, Any]) -> bool:
    attributes = _attributes(log)
    names = (_first(log, "eventName", "event_name"), *map(attributes.get, _EVENT_NAMES), log.get("body"))
    return EVENT in names


def _first(record: Mapping[str, Any], *names: str) -> Any:
    return next((record[name] for name in names if record.get(name) not in (None, "")), None)


def _envelope(record: Mapping[str, Any]) -> str | None:
    return "has resourceLogs with evaluations" if any(map(_is_evaluation, _in_envelope(record))) else None


def _line(record: Mapping[str, Any]) -> str | None:
    known = "body" in record and _first(record, "traceId", "trace_id") and _is_evaluation(record)
    return f"a log record of the event {EVENT}" if known else None


_ASSUMPTIONS: Final = ("an evaluation is of the span that its record names, and so of that span's trace",)
DIALECTS: Final = (
    plain.dialect(
        "otlp", "envelopes of evaluations", _envelope, _of_envelope, ("resourceLogs", "resource_logs"), _ASSUMPTIONS
    ),
    plain.dialect(
        "otlp",
        "evaluation lines",
        _line,
        _of_line,
        (
            "attributes",
            "body",
            "traceId",
            "trace_id",
            "spanId",
            "span_id",
            "eventName",
            "event_name",
            "timestamp",
            "timeUnixNano",
            "time_unix_nano",
            "observedTimeUnixNano",
            "observed_timestamp",
            "severity_number",
            "severity_text",
            "severityNumber",
            "severityText",
            "resource",
            "dropped_attributes",
            "trace_flags",
        ),
        _ASSUMPTIONS,
    ),
)
