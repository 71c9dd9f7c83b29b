"""OpenTelemetry spans as JSON, in six layouts and pages of them, and what Phoenix exports: the same spans flattened.

Layouts differ in how ids, times and attributes are written, so each span is first made flat: attributes by name. What
the attributes mean is the same for all, and stands in ``attributes``.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from chatmon.importers._dialect import Dialect
from chatmon.importers._spans import TOKENS, readings, unreadable
from chatmon.importers.attributes import FREE, NAMES, flat, object_of
from chatmon.importers.names import AROUND, MODEL_CALLS, NO_TURN, STREAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def value_of(value: Any) -> Any:
    """Return the value of an OTLP attribute, whose 64-bit integers are text by the specification.

    Of several kinds, which some writers list all, the one that is not null counts.
    """
    if not isinstance(value, dict) or not value:
        return None
    kind, inner = next((one for one in value.items() if one[1] is not None), ("", None))
    if inner is None:
        return None
    kind = kind.replace("_", "").lower()
    if kind == "intvalue":
        return int(inner)
    if kind == "arrayvalue":
        return [value_of(one) for one in (inner or {}).get("values", [])]
    if kind == "kvlistvalue":
        return by_name((inner or {}).get("values"))
    return inner


def by_name(pairs: Any) -> dict[str, Any]:
    """Return OTLP's list of keys and values as a mapping."""
    return {
        pair["key"]: value_of(pair.get("value")) for pair in pairs or [] if isinstance(pair, dict) and "key" in pair
    }


def _of_envelope(envelope: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for span, common, scope in in_envelope(envelope):
        yield flat_span(span, common, scope)


def in_envelope(envelope: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any], Any]]:
    """Yield each span of an envelope with its resource's attributes and its scope's name.

    It is a collector's, or Tempo's, which calls the resources batches and may have a trace around them.
    """
    envelope = envelope["trace"] if isinstance(envelope.get("trace"), dict) else envelope
    for resource in _get(envelope, "resourceSpans") or envelope.get("batches") or []:
        common = by_name((resource.get("resource") or {}).get("attributes"))
        for scope in _get(resource, "scopeSpans") or _get(resource, "instrumentationLibrarySpans") or []:
            name = (scope.get("scope") or scope.get("instrumentationLibrary") or {}).get("name")
            for span in scope.get("spans") or []:
                yield span, common, name


def flat_span(span: Mapping[str, Any], common: Mapping[str, Any], scope: Any) -> dict[str, Any]:
    """A span as OTLP has it; its attributes are a list of pairs, or by name where it stands by itself."""
    status = span.get("status")
    status = status if isinstance(status, dict) else {"code": span.get("status_code", status)}
    return flat(
        {
            "span_id": hex_of(_get(span, "spanId")),
            "trace_id": hex_of(_get(span, "traceId")),
            "parent_id": hex_of(_get(span, "parentSpanId") or _get(span, "parentId")),
            "start": next(filter(None, (_get(span, name) for name in ("startTimeUnixNano", "startTime"))), None),
            "end": next(filter(None, (_get(span, name) for name in ("endTimeUnixNano", "endTime"))), None),
            "status": status.get("code"),
            "message": status.get("message") or span.get("status_message"),
            "name": span.get("name"),
            "scope": scope,
            "events": events_of(span, lambda event: _get(event, "timeUnixNano") or event.get("timestamp"), _named),
        },
        {**common, **_named(span.get("attributes")), **_kind(span)},
    )


def _named(attributes: Any) -> dict[str, Any]:
    return by_name(attributes) if isinstance(attributes, list) else dotted(object_of(attributes))


def _alone(span: dict[str, Any]) -> Iterator[dict[str, Any]]:
    scope = object_of(_get(span, "scope") or _get(span, "instrumentationScope")).get("name")
    yield flat_span(span, _named(object_of(span.get("resource")).get("attributes")), scope)


def _of_page(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for span in page["data"]:
        yield from _of_console(span) if _console(span) else _alone(span)


def _of_console(span: dict[str, Any]) -> Iterator[dict[str, Any]]:
    context, status = span.get("context") or {}, span.get("status") or {}
    resource = (span.get("resource") or {}).get("attributes") or {}
    yield flat(
        {
            "span_id": hex_of(context.get("span_id")),
            "trace_id": hex_of(context.get("trace_id")),
            "parent_id": hex_of(span.get("parent_id")),
            "start": span.get("start_time"),
            "end": span.get("end_time"),
            "status": span.get("status_code", status.get("status_code") if isinstance(status, dict) else None),
            "message": span.get("status_message", status.get("description") if isinstance(status, dict) else None),
            "name": span.get("name"),
            "scope": None,  # it writes none
            "events": events_of(span, lambda event: event.get("timestamp"), lambda given: dotted(object_of(given))),
        },
        {**resource, **dotted(span.get("attributes") or {}), **_kind(span)},
    )


def _of_javascript(span: dict[str, Any]) -> Iterator[dict[str, Any]]:
    context = span.get("_spanContext") or span.get("spanContext") or {}
    parent = span.get("parentSpanContext") or {}
    status = span.get("status") or {}
    yield flat(
        {
            "span_id": span.get("id") or span.get("spanId") or context.get("spanId"),
            "trace_id": span.get("traceId") or context.get("traceId"),
            "parent_id": span.get("parentId") or span.get("parentSpanId") or parent.get("spanId"),
            "start": _nanoseconds(span.get("startTime")),
            "end": _nanoseconds(span.get("endTime")),
            "status": status.get("code"),
            "message": status.get("message"),
            "name": span.get("name"),
            "scope": object_of(span.get("instrumentationScope") or span.get("instrumentationLibrary")).get("name"),
            "events": events_of(span, lambda event: _nanoseconds(event.get("time")), object_of),
        },
        dict(span.get("attributes") or {}),
    )


def events_of(
    span: Mapping[str, Any], time: Callable[[Any], Any], attributes: Callable[[Any], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return a span's events, each with its name, time and attributes, as its layout writes the last two."""
    return [
        {"name": event.get("name"), "time": time(event), "attributes": attributes(event.get("attributes"))}
        for event in span.get("events") or []
        if isinstance(event, dict)
    ]


def _kind(span: Mapping[str, Any]) -> dict[str, Any]:
    return {"openinference.span.kind": span["span_kind"]} if span.get("span_kind") else {}


def dotted(attributes: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested attributes under dotted names; flat ones stay as they are."""
    result: dict[str, Any] = {}
    for name, value in attributes.items():
        if isinstance(value, dict):
            result |= dotted(value, f"{prefix}{name}.")
        else:
            result[prefix + name] = value
    return result


def _get(record: Mapping[str, Any], name: str) -> Any:
    """Return a key of OTLP JSON, which some writers spell with underscores."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return record[name] if name in record else record.get(snake)


def hex_of(given: Any) -> str | None:
    """Return an id in hexadecimal: protobuf's JSON writes base64, the console exporter puts 0x before."""
    text = str(given or "").removeprefix("0x")
    if len(text) in (12, 24):
        try:
            text = base64.b64decode(text, validate=True).hex()
        except binascii.Error:
            return text
    return text.lower() if text.strip("0") else None


def _nanoseconds(pair: Any) -> str | None:
    if isinstance(pair, list) and len(pair) == 2:
        return str(int(pair[0]) * 1_000_000_000 + int(pair[1]))
    return None if pair is None else str(pair)


_READERS: Final = dict.fromkeys(TOKENS, "whole") | {"cost": "dollars"}
SELECT: Final = f"""
    SELECT _file AS file, _line AS line, trace_id || '-' || span_id AS span_id, trace_id,
        trace_id || '-' || parent_id AS parent_id,
        CASE WHEN lower(operation) IN {MODEL_CALLS} OR (operation IS NULL AND input_tokens IS NOT NULL)
                OR (output_tokens IS NOT NULL AND lower(operation) NOT IN {(*AROUND, *NO_TURN, STREAM)}) THEN 'llm'
            ELSE coalesce(lower(operation), CASE WHEN question IS NOT NULL THEN 'question' END) END AS kind, name,
        scope, number(duration) AS response_time,
        utc("start") AS start_time, utc("end") AS end_time,
        coalesce(utc(first_time), later(utc("start"), number(first_chunk))) AS first_token_time, provider, model,
        input_tokens_read + CASE WHEN left_out THEN cached + written ELSE 0 END AS input_tokens,
        cached_tokens_read AS cached_tokens, cache_write_tokens_read AS cache_write_tokens,
        output_tokens_read AS output_tokens, reasoning_tokens_read AS reasoning_tokens, usage_details,
        flag(estimated) AS estimated, cost_read AS cost, failed,
        CASE WHEN failed THEN coalesce(error_type, 'unknown') END AS error_type,
        CASE WHEN failed THEN message END AS error_message, finish_reason, conversation_id, user_id,
        intent, prompt_version, variant, experiment, region, channel, number(context_relevance) AS context_relevance,
        number(user_satisfaction) AS user_satisfaction, flag(task_completed) AS task_completed,
        CASE WHEN parent_id IS NULL THEN rest END AS attributes, question, answer, scores,
        CASE WHEN left_out THEN 'more cached than input tokens: input was counted without cache, which is added'
            ELSE said END AS note, {unreadable(**_READERS)} AS reject
    FROM (SELECT *, cached + written > input_tokens_read AS left_out,
            CASE WHEN status IN ('2', 'ERROR', 'STATUS_CODE_ERROR') THEN true
                WHEN status IN ('1', 'OK', 'STATUS_CODE_OK') THEN false END AS failed
        FROM (SELECT *, coalesce(cached_tokens_read, 0) AS cached, coalesce(cache_write_tokens_read, 0) AS written
            FROM (SELECT *, {readings(**_READERS)} FROM records)))"""

COLUMNS: Final = dict.fromkeys(
    (
        "span_id", "trace_id", "parent_id", "name", "start", "end", "status", "message", "said", "first_time", "scope",
        "duration", "estimated", *NAMES, *FREE,
    ),
    "VARCHAR",
) | {"rest": "JSON", "usage_details": "JSON", "scores": "JSON"}  # fmt: skip


def _envelope(record: Mapping[str, Any]) -> str | None:
    inside = record["trace"] if isinstance(record.get("trace"), dict) else record
    for name in ("resourceSpans", "resource_spans", "batches"):
        rows = inside.get(name)
        if isinstance(rows, list) and (
            name != "batches" or (rows and isinstance(rows[0], dict) and "resource" in rows[0])
        ):
            return f"has {name}"
    return None


def _console(record: Mapping[str, Any]) -> str | None:
    context = record.get("context")
    if isinstance(context, dict) and "trace_id" in context and "attributes" in record:
        return "has context.trace_id and attributes"
    return None


def _javascript(record: Mapping[str, Any]) -> str | None:
    if isinstance(record.get("startTime"), list) and "attributes" in record:
        return "has startTime as [seconds, nanoseconds]"
    return None


def _line(record: Mapping[str, Any]) -> str | None:
    ids = _get(record, "traceId") is not None and _get(record, "spanId") is not None
    timed = _get(record, "startTimeUnixNano") is not None or isinstance(_get(record, "startTime"), str | int)
    return "has trace id, span id, start and attributes: a span" if ids and timed and "attributes" in record else None


def _page(record: Mapping[str, Any]) -> str | None:
    rows = record.get("data")
    if isinstance(rows, list) and rows and isinstance(rows[0], dict) and (_console(rows[0]) or _line(rows[0])):
        return "a page of the API: data holds spans"
    return None


_ASSUMPTIONS: Final = (
    "times are nanoseconds since 1970, or name their zone; where they do not they are UTC, unless tz says otherwise",
    "durations are end minus start, the time to the first chunk is in seconds",
    "input tokens count cached ones in, as OpenTelemetry says, but where more are cached than went in",
    "OpenTelemetry has no attribute for cost: it is read where a tool adds one",
    "attributes may hold texts: kept are those known as dimensions, such as chatmon.<name> and metadata.<name>",
)


def _dialect(shape: str, recognise: Any, unpack: Any, reads: str) -> Dialect:
    return Dialect(
        name=f"otlp: {shape}", tool="otlp", recognise=recognise, columns=COLUMNS, select=SELECT, unpack=unpack,
        reads=frozenset(reads.split()), assumptions=_ASSUMPTIONS, ends_well=True,
    )  # fmt: skip


DIALECTS: Final[tuple[Dialect, ...]] = (
    _dialect("envelopes", _envelope, _of_envelope, "resourceSpans resource_spans batches trace"),
    _dialect("pages of Phoenix's API", _page, _of_page, "data next_cursor"),
    _dialect(
        "console or Phoenix spans",
        _console,
        _of_console,
        "context parent_id start_time end_time status status_code status_message span_kind attributes resource events",
    ),
    _dialect(
        "JavaScript spans",
        _javascript,
        _of_javascript,
        "_spanContext spanContext parentSpanContext id spanId traceId parentId parentSpanId startTime endTime status "
        "attributes instrumentationScope instrumentationLibrary events kind type",
    ),
    _dialect(
        "span lines",
        _line,
        _alone,
        "traceId trace_id spanId span_id parentSpanId parent_span_id parentId parent_id startTimeUnixNano "
        "start_time_unix_nano startTime start_time endTimeUnixNano end_time_unix_nano endTime end_time status "
        "status_code status_message attributes events scope instrumentationScope resource span_kind kind",
    ),
)
