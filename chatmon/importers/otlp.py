"""OpenTelemetry spans as JSON, in five layouts, and what Phoenix exports, which is the same spans flattened.

Layouts differ in how ids, times and attributes are written, so each span is first made flat: attributes by name. What
the attributes mean is the same for all, and stands in ``names``.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any, Final

from chatmon.importers.dialect import Dialect
from chatmon.importers.names import DIMENSIONS, FIRST_TOKEN_EVENTS, MODEL_CALLS, OWN, SAYS_OK, attributes_of
from chatmon.importers.spans import TOKENS, readings, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FREE: Final = (
    "intent", "prompt_version", "variant", "experiment", "region", "channel", "context_relevance",
    "user_satisfaction", "task_completed",
)  # fmt: skip
"""Dimensions without a name in the standard: ``chatmon.<name>`` on a span, or ``<name>`` in OpenInference metadata."""
LONGEST_DIMENSION: Final = 200
"""Characters of a free dimension: what is longer is a text."""
RAISED: Final = re.compile(r"(?P<kind>[A-Za-z_]\w*(?:Error|Exception))\(")
"""How a message begins that is an exception as Python shows it."""
SCRUBBED: Final = "conversation ids that Logfire's scrubbing took away: such turns count as conversations of their own"
UNSET: Final = ("None", "", "0", "UNSET", "STATUS_CODE_UNSET")
"""Spellings of a status that says nothing."""
_COLUMNS: Final = (
    "provider", "model", *TOKENS, "cost", "first_chunk", "finish_reason", "error_type", "conversation_id", "user_id",
    "question", "answer", "operation",
)  # fmt: skip


def flat(span: Mapping[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Return a span's parts under the names that the SELECT reads, each by the first of its aliases.

    Args:
        span: Ids, times, status, ``name``, ``scope`` and ``events`` (name, time and attributes of each).
        attributes: By name, those of the resource among them.
    """
    found: dict[str, Any] = {}
    attributes = attributes | _counted_elsewhere(attributes)
    for column in _COLUMNS:
        values = (attributes.get(name) for name in attributes_of(column))
        found[column] = next((value for value in values if value not in (None, "")), None)
    metadata = _object(attributes.get("metadata"))
    found["user_id"] = found["user_id"] or metadata.get("user_id")
    found["said"] = SCRUBBED if str(found["conversation_id"]).startswith("[Scrubbed") else None
    if found["said"]:
        found["conversation_id"] = None
    if str(found["input_tokens"]) == str(found["output_tokens"]) == "0":  # a stream whose usage nobody asked for
        found["input_tokens"] = found["output_tokens"] = None
    for name in FREE:
        named = (f"chatmon.{name}", f"metadata.{name}", f"langfuse.trace.metadata.{name}")
        said = (metadata.get(name), *map(attributes.get, named))
        found[name] = next((_unquoted(value) for value in said if value is not None), None)
    found["finish_reason"] = _finish_reason(found["finish_reason"])
    known = {name for column in _COLUMNS for name in attributes_of(column)}
    known |= {f"{prefix}.{name}" for name in FREE for prefix in ("chatmon", "metadata", "langfuse.trace.metadata")}
    rest = {
        name.removeprefix(OWN): value
        for name, value in attributes.items()
        if name.startswith(OWN) or (name not in known and _is_dimension(name, value))
    }
    found["rest"] = rest or None
    found["first_chunk"] = _seconds_to_first(span, attributes, found["first_chunk"])
    return {**span, **found, **_failure(span, found, attributes), **_first_token(span, attributes)}


def _is_dimension(name: str, value: Any) -> bool:
    short = isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) < LONGEST_DIMENSION)
    return short and name.startswith(DIMENSIONS)


def _failure(span: Mapping[str, Any], found: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a span's status, and the type and message of its error, wherever they stand.

    An exception event says what went wrong where the span does not. It makes a failure of a span without a status, and
    of one whose scope is known to say OK of what failed.
    """
    raised: Mapping[str, Any] = next(
        (event["attributes"] for event in span.get("events") or [] if event["name"] == "exception"), {}
    )
    status, message = span.get("status"), span.get("message")
    if attributes.get("langfuse.observation.level") == "ERROR":
        status, message = "ERROR", message or attributes.get("langfuse.observation.status_message")
    if str(span.get("scope")).startswith(SAYS_OK) and str(status) in ("1", "OK", "STATUS_CODE_OK"):
        status = None
    if raised and str(status) in UNSET:
        status = "ERROR"
    kind = found["error_type"] or raised.get("exception.type")
    message = message or raised.get("exception.message")
    if kind in (None, "Exception") and (told := RAISED.match(str(message))):
        kind = told["kind"]
    return {
        "status": status,
        "message": message,
        "error_type": kind and re.sub(r"^<class '|'>$", "", str(kind)).rpartition(".")[2],
    }


def _seconds_to_first(span: Mapping[str, Any], attributes: Mapping[str, Any], seconds: Any) -> Any:
    """Return the seconds to the first piece of a reply that was streamed, whatever unit a tool tells them in."""
    milliseconds = attributes.get("ai.response.msToFirstChunk")
    told = attributes.get("gen_ai.server.time_to_first_token")
    if told is not None and str(span.get("scope")).startswith("strands."):
        milliseconds, told = told, None
    if milliseconds is not None:
        return float(milliseconds) / 1000
    streamed = str(attributes.get("gen_ai.request.stream", attributes.get("gen_ai.is_streaming"))).lower() == "true"
    return told if seconds is None and streamed else seconds


def _first_token(span: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return when the first piece of the reply came, where an event or a time says so and not a duration."""
    told = _unquoted(attributes.get("langfuse.observation.completion_start_time"))
    times = [event["time"] for event in span.get("events") or [] if event["name"] in FIRST_TOKEN_EVENTS]
    return {"first_time": told or (min(times, key=str) if times else None)}


def _counted_elsewhere(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return token counts and costs that a tool keeps in a map of its own, under the standard's names."""
    from chatmon.importers.langfuse import tokens

    usage = _object(attributes.get("langfuse.observation.usage_details"))
    found = {} if not usage else _counts(tokens(_without_nesting(usage)))
    details = _object(attributes.get("langsmith.metadata.usage_metadata"))
    if details:
        read, written = (_object(details.get(f"{name}_token_details")) for name in ("input", "output"))
        found |= {
            "gen_ai.usage.cache_read.input_tokens": read.get("cache_read"),
            "gen_ai.usage.cache_write.input_tokens": read.get("cache_creation"),
            "gen_ai.usage.reasoning.output_tokens": written.get("reasoning"),
        }
    costs = _object(attributes.get("langfuse.observation.cost_details"))
    if any(costs.values()):
        found["gen_ai.usage.cost"] = costs.get("total") or sum(costs.values())
    if attributes.get("telemetry.sdk.name") == "openlit" and not float(attributes.get("gen_ai.usage.cost") or 0):
        found["gen_ai.usage.cost"] = None  # it writes 0 where it knows no price
    return {name: value for name, value in found.items() if value is not None or name == "gen_ai.usage.cost"}


def _counts(read: Mapping[str, Any]) -> dict[str, Any]:
    """Return token counts in the convention of turns under the standard's names."""
    return {attributes_of(name)[0]: read.get(name) for name in TOKENS}


def _without_nesting(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return OpenAI's nested counts as Langfuse's own flat ones, whose ``input`` and ``output`` hold their parts."""
    flat_counts = {name: value for name, value in usage.items() if not isinstance(value, dict)}
    for name, inner in usage.items():
        if isinstance(inner, dict):
            cached, reasoning = inner.get("cached_tokens"), inner.get("reasoning_tokens")
            flat_counts |= {"input_cached_tokens": cached} if "prompt" in name or "input" in name else {}
            flat_counts |= {"output_reasoning": reasoning} if "completion" in name or "output" in name else {}
    return flat_counts


def _finish_reason(said: Any) -> Any:
    """Return the last finish reason, as the provider spells it: lists, lists as text, and names of enumerations.

    Example:
        >>> _finish_reason(["stop", "length"]), _finish_reason('["length"]'), _finish_reason("FinishReason.LENGTH")
        ('length', 'length', 'length')
    """
    if isinstance(said, str) and said.startswith("["):
        said = _json(said)
    if isinstance(said, list):
        said = said[-1] if said else None
    if isinstance(said, str) and said.startswith("FinishReason."):
        said = said.partition(".")[2].lower()
    return said


def _unquoted(value: Any) -> Any:
    """Return a text that was written as JSON, in its quotes, without them."""
    return _json(value) if isinstance(value, str) and value.startswith('"') else value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def value_of(value: Any) -> Any:
    """Return the value of an OTLP attribute, whose 64-bit integers are text by the specification."""
    if not isinstance(value, dict) or not value:
        return None
    kind, inner = next(iter(value.items()))
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
    for resource in _get(envelope, "resourceSpans") or []:
        common = by_name((resource.get("resource") or {}).get("attributes"))
        for scope in _get(resource, "scopeSpans") or []:
            name = (scope.get("scope") or {}).get("name")
            for span in scope.get("spans") or []:
                status = span.get("status") or {}
                yield flat(
                    {
                        "span_id": _hex(_get(span, "spanId")),
                        "trace_id": _hex(_get(span, "traceId")),
                        "parent_id": _hex(_get(span, "parentSpanId")),
                        "start": _get(span, "startTimeUnixNano"),
                        "end": _get(span, "endTimeUnixNano"),
                        "status": status.get("code"),
                        "message": status.get("message"),
                        "name": span.get("name"),
                        "scope": name,
                        "events": [
                            {
                                "name": event.get("name"),
                                "time": _get(event, "timeUnixNano"),
                                "attributes": by_name(event.get("attributes")),
                            }
                            for event in span.get("events") or []
                        ],
                    },
                    common | by_name(span.get("attributes")),
                )


def _of_console(span: dict[str, Any]) -> Iterator[dict[str, Any]]:
    context, status = span.get("context") or {}, span.get("status") or {}
    resource = (span.get("resource") or {}).get("attributes") or {}
    yield flat(
        {
            "span_id": _hex(context.get("span_id")),
            "trace_id": _hex(context.get("trace_id")),
            "parent_id": _hex(span.get("parent_id")),
            "start": span.get("start_time"),
            "end": span.get("end_time"),
            "status": span.get("status_code", status.get("status_code") if isinstance(status, dict) else None),
            "message": span.get("status_message", status.get("description") if isinstance(status, dict) else None),
            "name": span.get("name"),
            "events": [
                {
                    "name": event.get("name"),
                    "time": event.get("timestamp"),
                    "attributes": dotted(_object(event.get("attributes"))),
                }
                for event in span.get("events") or []
                if isinstance(event, dict)
            ],
        },
        {**resource, **dotted(span.get("attributes") or {}), **_kind(span)},
    )


def _of_javascript(span: dict[str, Any]) -> Iterator[dict[str, Any]]:
    context = span.get("_spanContext") or span.get("spanContext") or {}
    parent = span.get("parentSpanContext") or {}
    status = span.get("status") or {}
    yield flat(
        {
            "span_id": span.get("id") or context.get("spanId"),
            "trace_id": span.get("traceId") or context.get("traceId"),
            "parent_id": span.get("parentId") or span.get("parentSpanId") or parent.get("spanId"),
            "start": _nanoseconds(span.get("startTime")),
            "end": _nanoseconds(span.get("endTime")),
            "status": status.get("code"),
            "message": status.get("message"),
            "name": span.get("name"),
            "events": [
                {
                    "name": event.get("name"),
                    "time": _nanoseconds(event.get("time")),
                    "attributes": _object(event.get("attributes")),
                }
                for event in span.get("events") or []
                if isinstance(event, dict)
            ],
        },
        dict(span.get("attributes") or {}),
    )


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


def _hex(given: Any) -> str | None:
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


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


_READERS: Final = dict.fromkeys(TOKENS, "whole") | {"cost": "dollars"}
_KINDS = ", ".join(f"'{name}'" for name in MODEL_CALLS)
SELECT: Final = f"""
    SELECT _file AS file, _line AS line, trace_id || '-' || span_id AS span_id, trace_id,
        trace_id || '-' || parent_id AS parent_id,
        CASE WHEN lower(operation) IN ({_KINDS}) OR (operation IS NULL AND input_tokens IS NOT NULL) THEN 'llm'
            ELSE lower(operation) END AS kind, name,
        utc("start") AS start_time, utc("end") AS end_time,
        coalesce(utc(first_time), later(utc("start"), number(first_chunk))) AS first_token_time, provider, model,
        input_tokens_read + CASE WHEN left_out THEN cached + written ELSE 0 END AS input_tokens,
        cached_tokens_read AS cached_tokens, cache_write_tokens_read AS cache_write_tokens,
        output_tokens_read AS output_tokens, reasoning_tokens_read AS reasoning_tokens, cost_read AS cost,
        failed, CASE WHEN failed THEN coalesce(error_type, 'unknown') END AS error_type,
        CASE WHEN failed THEN message END AS error_message, finish_reason, conversation_id, user_id,
        intent, prompt_version, variant, experiment, region, channel, number(context_relevance) AS context_relevance,
        number(user_satisfaction) AS user_satisfaction, flag(task_completed) AS task_completed,
        CASE WHEN parent_id IS NULL THEN rest END AS attributes, question, answer,
        CASE WHEN left_out THEN 'more cached than input tokens: input was counted without cache, which is added'
            ELSE said END AS note, {unreadable(**_READERS)} AS reject
    FROM (SELECT *, cached + written > input_tokens_read AS left_out,
            CASE WHEN status IN ('2', 'ERROR', 'STATUS_CODE_ERROR') THEN true
                WHEN status IN ('1', 'OK', 'STATUS_CODE_OK') THEN false END AS failed
        FROM (SELECT *, coalesce(cached_tokens_read, 0) AS cached, coalesce(cache_write_tokens_read, 0) AS written
            FROM (SELECT *, {readings(**_READERS)} FROM records)))"""

COLUMNS: Final = dict.fromkeys(
    (
        "span_id",
        "trace_id",
        "parent_id",
        "name",
        "start",
        "end",
        "status",
        "message",
        "said",
        "first_time",
        *_COLUMNS,
        *FREE,
    ),
    "VARCHAR",
) | {"rest": "JSON"}


def _envelope(record: Mapping[str, Any]) -> str | None:
    for name in ("resourceSpans", "resource_spans"):
        if isinstance(record.get(name), list):
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


_SAID: Final = (
    "times are nanoseconds since 1970, or name their zone; where they do not they are UTC, unless tz says otherwise",
    "durations are end minus start, the time to the first chunk is in seconds",
    "input tokens count cached ones in, as OpenTelemetry says, but where more are cached than went in",
    "OpenTelemetry has no attribute for cost: it is read where a tool adds one",
    "attributes may hold texts: kept are those known as dimensions, such as chatmon.<name> and metadata.<name>",
)


def _dialect(shape: str, recognise: Any, unpack: Any, reads: str) -> Dialect:
    return Dialect(
        name=f"otlp: {shape}", tool="otlp", recognise=recognise, columns=COLUMNS, select=SELECT, unpack=unpack,
        reads=frozenset(reads.split()), assumptions=_SAID,
    )  # fmt: skip


DIALECTS: Final[tuple[Dialect, ...]] = (
    _dialect("envelopes", _envelope, _of_envelope, "resourceSpans resource_spans"),
    _dialect(
        "console or Phoenix spans",
        _console,
        _of_console,
        "context parent_id start_time end_time status status_code status_message span_kind attributes resource",
    ),
    _dialect(
        "JavaScript spans",
        _javascript,
        _of_javascript,
        "_spanContext spanContext parentSpanContext id traceId parentId parentSpanId startTime endTime status "
        "attributes",
    ),
)
