"""What the attributes and events of a span mean, whichever library put them there: one flat record a span.

The names are in ``names``. A value that cannot be read is unknown and no reason to lose the span, or its neighbours.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from chatmon.cost.shapes import SHAPES
from chatmon.importers._evaluations import columns_of, scores_on
from chatmon.importers._langfuse import amount_of, kind_of, number_of, tokens, whole_of
from chatmon.importers._python_text import value_of
from chatmon.importers._spans import LONGEST_DIMENSION, TOKENS, UNREAD_SCORES
from chatmon.importers.names import (
    DIMENSIONS,
    FIRST_TOKEN_EVENTS,
    MODEL_CALLS,
    OWN,
    RAW,
    RAW_EMBEDDING,
    SAYS_OK,
    STREAM,
    attributes_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FREE: Final = (
    "intent", "prompt_version", "variant", "experiment", "region", "channel", "context_relevance",
    "user_satisfaction", "task_completed",
)  # fmt: skip
"""Dimensions without a name in the standard: ``chatmon.<name>`` on a span, or ``<name>`` in its metadata."""
NAMES: Final = {
    column: attributes_of(column)
    for column in (
        "provider", "model", *TOKENS, "cost", "first_chunk", "finish_reason", "error_type", "conversation_id",
        "user_id", "question", "answer", "operation",
    )
}  # fmt: skip
"""Columns of the flat record, and the attributes that fill each."""
_FREE_NAMES: Final = {
    name: tuple(f"{prefix}.{name}" for prefix in ("chatmon", "metadata", "langfuse.trace.metadata")) for name in FREE
}
_KNOWN: Final = {
    name
    for names in (*NAMES.values(), *_FREE_NAMES.values(), *SHAPES["opentelemetry"].paths.values())
    for name in names
}
RAISED: Final = re.compile(r"(?P<kind>[A-Za-z_]\w*(?:Error|Exception))\(")
"""How a message begins that is an exception as Python shows it."""
CLASS: Final = re.compile(r"(?:<class ')?(?:[A-Za-z_]\w*\.)*(?P<name>[A-Za-z_]\w*)(?:'>)?")
"""A class by its full name, or as Python shows it."""
SCRUBBED: Final = "conversation ids that Logfire's scrubbing took away: such turns count as conversations of their own"
TWICE: Final = "output of Google's ADK that had reasoning twice for a model that is not Google's: counted once"
GUESSED: Final = "tokens as a library itself counts the texts, because the model's server said none: estimated"
OF_A_REQUEST: Final = re.compile(r"llm\.[^.]+\.(?P<name>usage|model|messages|stream)")
"""Names on LiteLLM's span of a request, which have its provider's."""
PARTS: Final = ("cached_tokens", "cache_write_tokens", "reasoning_tokens")
UNSET: Final = (None, "", 0, "0", "UNSET", "STATUS_CODE_UNSET")
OK: Final = (1, "1", "OK", "STATUS_CODE_OK")


def flat(span: Mapping[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Return a span's parts under the names that the SELECT reads, each by the first of its aliases.

    Args:
        span: Ids, times, status, ``name``, ``scope`` and ``events`` (name, time and attributes of each).
        attributes: By name, those of the resource among them.
    """
    counted, details, note = _counted_elsewhere(attributes)
    attributes = attributes | counted
    found = {column: _first(attributes, names) for column, names in NAMES.items()}
    found["operation"] = kind_of(found["operation"], span["name"])
    metadata = object_of(attributes.get("metadata"))
    found["user_id"] = found["user_id"] or metadata.get("user_id")
    if str(found["conversation_id"]).startswith("[Scrubbed"):
        found["conversation_id"], note = None, SCRUBBED
    if str(found["input_tokens"]) == str(found["output_tokens"]) == "0":  # a stream whose usage nobody asked for
        found["input_tokens"] = found["output_tokens"] = None
        found["operation"] = found["operation"] or "chat"
    if _counts_reasoning_twice(span, found):
        found["output_tokens"] = int(found["output_tokens"]) - int(found["reasoning_tokens"])
        note = TWICE
    if found["input_tokens"] is not None or found["output_tokens"] is not None:
        details |= SHAPES["opentelemetry"].details(attributes, whole_of)
    found["usage_details"] = details or None
    found["duration"] = None
    if attributes.get("logfire.span_type") == "log" and str(found["operation"]).lower() in MODEL_CALLS:
        found |= {"operation": STREAM, "duration": attributes.get("duration")}
    if raw := _request_of_litellm(span, attributes):
        found |= raw
    if estimated := _counts_itself(span, attributes, found):
        found |= dict.fromkeys(PARTS)
        note = GUESSED
    found["estimated"] = estimated
    for name, names in _FREE_NAMES.items():
        said = (metadata.get(name), *map(attributes.get, names))
        found[name] = next((_unquoted(value) for value in said if value is not None), None)
    choices = [one["attributes"].get("finish_reason") for one in span["events"] if one["name"] == "gen_ai.choice"]
    found["finish_reason"] = _finish_reason(found["finish_reason"] or choices)
    found["first_chunk"] = _seconds_to_first(span, attributes, found["first_chunk"])
    found["scores"] = scores_on(attributes, span["events"]) or None
    if found["scores"]:
        told = columns_of(found["scores"])
        if strangers := told.pop("strangers"):
            note = note or strangers[:80].join(UNREAD_SCORES)
        found |= {name: value for name, value in told.items() if found[name] is None}
    found |= {"said": note, "first_time": _first_token(span, attributes), "rest": _dimensions(attributes)}
    return {**span, **found, **_failure(span, found["error_type"], attributes)}


def _counts_reasoning_twice(span: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Say whether Google's ADK has added reasoning to an output of LiteLLM's, which counts it already."""
    others = found["provider"] and not str(found["provider"]).startswith(("gcp", "vertex", "gemini", "google"))
    output, reasoning = (number_of(found[name]) or 0 for name in ("output_tokens", "reasoning_tokens"))
    return bool(span["scope"] == "gcp.vertex.agent" and others and reasoning and output >= 2 * reasoning)


def _request_of_litellm(span: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what LiteLLM's span of one request to a provider says: kind, model and counts; nothing for another span.

    LiteLLM writes what it knows of a call on the span that is active, over what the call before it wrote there.
    """
    if span["scope"] != "litellm" or any(name in attributes for name in NAMES["operation"]):
        return {}
    said = {match["name"]: value for name, value in attributes.items() if (match := OF_A_REQUEST.fullmatch(name))}
    if not said:
        return {}
    usage = object_of(said.get("usage"))
    chat, responses = (SHAPES[name] for name in ("openai chat", "openai responses"))
    embeds = bool(usage) and not usage.keys() & {*chat.names("output_tokens"), *responses.names("output_tokens")}
    counts = {"input_tokens": usage.get(chat.names("input_tokens")[0])} if embeds else _as_openai_says(usage)
    kind = RAW_EMBEDDING if embeds else RAW
    return {"operation": kind, "model": said.get("model")} | {unit: counts.get(unit) for unit in TOKENS}


def _as_openai_says(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a usage of OpenAI's chat completions or responses says; nothing of another one."""
    shape = next((SHAPES[name] for name in ("openai chat", "openai responses") if SHAPES[name].is_named(usage)), None)
    return {} if shape is None else shape.counts(usage, whole_of)


def _counts_itself(span: Mapping[str, Any], attributes: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Say whether tokens are a library's own count of the texts, as of a stream whose usage nobody asked for."""
    counts = found["input_tokens"] is not None or found["output_tokens"] is not None
    if not counts or str(found["operation"]).lower() not in MODEL_CALLS:
        return False
    scope, told_by_litellm = str(span["scope"]), object_of(attributes.get("metadata.usage_object"))
    # OpenLIT writes what was cached, if only 0, beside what a model's server has counted.
    return (scope.startswith("openlit.instrumentation.") and found["cached_tokens"] is None) or (
        _streamed(attributes)
        and (
            scope.startswith("@traceloop/instrumentation-openai")
            or (bool(told_by_litellm) and not has_details(told_by_litellm))
        )
    )


def _streamed(attributes: Mapping[str, Any]) -> bool:
    asked = ("gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming")
    return str(_first(attributes, asked)).lower() == "true"


def _first(attributes: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) not in (None, "")), None)


def _dimensions(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the free dimensions: what our own exporter wrote, and short values under names known to be such."""
    kept = {name.removeprefix(OWN): value for name, value in attributes.items() if name.startswith(OWN)}
    for name, value in attributes.items():
        short = isinstance(value, bool | int | float) or (isinstance(value, str) and 0 < len(value) < LONGEST_DIMENSION)
        if short and name not in _KNOWN and name.startswith(DIMENSIONS) and not name.startswith(OWN):
            kept[name] = _unquoted(value)
    return kept or None


def _failure(span: Mapping[str, Any], kind: Any, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a span's status, and the type and message of its error, wherever they stand.

    An exception event says what went wrong where the span does not. It makes a failure of a span without a status, and
    of one whose library is known to say OK of what failed.
    """
    raised: Mapping[str, Any] = next((one["attributes"] for one in span["events"] if one["name"] == "exception"), {})
    status, message = span["status"], span["message"]
    if attributes.get("langfuse.observation.level") == "ERROR":
        status, message = "ERROR", message or attributes.get("langfuse.observation.status_message")
    doubtful = str(span["scope"]).startswith(SAYS_OK) or "langsmith.span.kind" in attributes
    if doubtful and status in OK:
        status = None
    if raised and status in UNSET:
        status = "ERROR"
    kind = kind or raised.get("exception.type")
    message = message or raised.get("exception.message")
    if kind in (None, "Exception") and (told := RAISED.match(str(message))):
        kind = told["kind"]
    named = CLASS.fullmatch(str(kind))
    return {"status": status, "message": message, "error_type": named["name"] if kind and named else kind}


def _seconds_to_first(span: Mapping[str, Any], attributes: Mapping[str, Any], seconds: Any) -> Any:
    """Return the seconds to the first piece of a reply that was streamed, whatever unit a tool tells them in."""
    milliseconds = attributes.get("ai.response.msToFirstChunk")
    told = attributes.get("gen_ai.server.time_to_first_token")
    if told is not None and str(span["scope"]).startswith("strands."):
        milliseconds, told = told, None
    if (number := number_of(milliseconds)) is not None:
        return number / 1000
    return told if seconds is None and _streamed(attributes) else seconds


def _first_token(span: Mapping[str, Any], attributes: Mapping[str, Any]) -> Any:
    """Return when the first piece of the reply came, where an event or a time says so and not a duration."""
    times = [one["time"] for one in span["events"] if one["name"] in FIRST_TOKEN_EVENTS and one["time"] is not None]
    told = _first(attributes, ["langfuse.observation.completion_start_time", "mastra.completion_start_time"])
    return _unquoted(told) or min(times, key=str, default=None)


def _counted_elsewhere(attributes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], str | None]:
    """Return what a tool keeps in a map or under names of its own: counts and costs, details, and a note."""
    read: dict[str, Any] = {}
    if usage := object_of(attributes.get("langfuse.observation.usage_details")):
        read = tokens(usage)
    if told_by_langchain := object_of(attributes.get("langsmith.metadata.usage_metadata")):
        read |= SHAPES["langchain"].counts(told_by_langchain, whole_of)
    agent = SHAPES["claude agent sdk"]
    if NAMES["input_tokens"][0] not in attributes and agent.names("input_tokens")[0] in attributes:
        read |= agent.counts(attributes, whole_of)
    # What the provider said, as it said it: kept by Logfire, and by LiteLLM as Python shows it.
    for raw in filter(None, map(object_of, map(attributes.get, ("gen_ai.usage.raw", "metadata.usage_object")))):
        told = _as_openai_says(raw)
        read |= {unit: one for unit, one in told.items() if unit in PARTS and NAMES[unit][0] not in attributes}
    note = read.pop("said", None)
    found = {NAMES[name][0]: read.pop(name, None) for name in TOKENS}
    # Costs of 0 are what Langfuse's SDK writes of a call that failed.
    cost = amount_of(object_of(attributes.get("langfuse.observation.cost_details")))
    found[NAMES["cost"][0]] = cost if number_of(cost) else None
    told = {name: value for name, value in found.items() if value is not None}
    if attributes.get("telemetry.sdk.name") == "openlit" and number_of(attributes.get(NAMES["cost"][0])) == 0:
        told[NAMES["cost"][0]] = None  # it writes 0 where it knows no price
    return told, {name: value for name, value in read.items() if value is not None}, note


def has_details(usage: Mapping[str, Any]) -> bool:
    """Return whether a usage has the details that a provider's has, and LiteLLM's own count of a stream has not.

    Example:
        >>> has_details({"prompt_tokens": 12, "prompt_tokens_details": None})
        False
    """
    return any(isinstance(value, dict) and value for name, value in usage.items() if name.startswith("prompt"))


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
    said = _unquoted(said)
    if isinstance(said, str) and said.startswith("FinishReason."):
        said = said.partition(".")[2].lower()
    return said


def object_of(value: Any) -> dict[str, Any]:
    """Return an object, also one written as JSON or as Python shows it, or an empty one.

    Example:
        >>> object_of('{"a": 1}'), object_of("{'a': None}"), object_of("no JSON"), object_of(None)
        ({'a': 1}, {'a': None}, {}, {})
    """
    value = _json(value) if isinstance(value, str) else value
    if isinstance(value, str) and value.startswith("{"):
        with suppress(ValueError):
            value = value_of(value)
    return value if isinstance(value, dict) else {}


def _unquoted(value: Any) -> Any:
    """Return a text that was written as JSON, in its quotes, without them."""
    return _json(value) if isinstance(value, str) and value.startswith('"') else value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
