"""Langfuse's exports: observations from the blob storage, the UI, a trace's download and the public API.

Facts that decide the numbers: a latency is in seconds or in milliseconds depending on the door, so it is taken from
the times; missing texts are empty; the map of token counts says by its own sums whether ``input`` includes the cache.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from chatmon.cost.shapes import SHAPES
from chatmon.importers._dialect import Dialect
from chatmon.importers._spans import SCORED, TOKENS, readings, unread_scores, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FREE: Final = (
    "intent", "prompt_version", "variant", "experiment", "region", "channel", "context_relevance",
    "user_satisfaction", "task_completed",
)  # fmt: skip
_TEXT: Final = (
    "id", "trace", "parent", "kind", "start", "end", "first", "provided_model", "level", "message",
    "conversation", "user", "cost", "prompt", "question", "answer", *FREE, "said", "strangers", *TOKENS,
)  # fmt: skip


CLIENT_METHOD: Final = re.compile(r"\w*OpenAI\.(?P<of>\w+)")
"""Names of Langfuse's observations that are a method of OpenAI's client."""


def tokens(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map of token counts in the convention of turns, with a note where one had to be assumed.

    Its own sums say whether input includes the cache; nested counts are OpenAI's.

    Args:
        usage: Counts by Langfuse's or the provider's names.

    Example:
        >>> tokens({"input": 10, "input_cached_tokens": 40, "output": 5, "total": 55})["input_tokens"]
        50
        >>> tokens({"input": 50, "input_cached_tokens": 40, "output": 5, "total": 55})["input_tokens"]
        50
    """
    nested = any(isinstance(value, dict) for value in usage.values())
    names = ("openai chat", "openai responses") if nested else ("langfuse",)
    shape = next((SHAPES[name] for name in names if SHAPES[name].is_named(usage)), SHAPES["langfuse"])
    negative = [value for value in usage.values() if str(value).startswith("-") and number_of(value) is not None]
    return {"input_tokens": negative[0]} if negative else shape.counts(usage, whole_of)


def whole_of(value: Any) -> int | None:
    """Return a whole number from 0 on, also one written as text, or None.

    Example:
        >>> whole_of("5"), whole_of(5.0), whole_of(5.5), whole_of({})
        (5, 5, None, None)
    """
    if type(value) is int:
        return value if value >= 0 else None
    number = number_of(value)
    return int(number) if number is not None and number.is_integer() and number >= 0 else None


def number_of(value: Any) -> float | None:
    """Return a number, also one written as text, or None.

    Example:
        >>> number_of("0.5"), number_of("soon"), number_of("nan")
        (0.5, None, None)
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def amount_of(costs: Mapping[str, Any]) -> Any:
    """Return what a map of costs adds up to: its total where it has one, else the sum; None where one is no number.

    Example:
        >>> amount_of({"input": 0.25, "output": 0.5}), amount_of({"input": 0.25, "total": 0.5}), amount_of({})
        ('0.75', 0.5, None)
    """
    if costs.get("total") is not None:
        return costs["total"]
    parts = [str(value) for value in costs.values() if value is not None]
    return str(sum(map(Decimal, parts))) if parts and None not in map(number_of, parts) else None


def kind_of(said: Any, name: Any) -> Any:
    """Return what an observation is: Langfuse's wrapper calls each method of OpenAI's client a generation.

    Example:
        >>> kind_of("generation", "OpenAI.embeddings"), kind_of("GENERATION", "OpenAI.chat")
        ('embeddings', 'GENERATION')
    """
    method = CLIENT_METHOD.fullmatch(str(name)) if str(said).lower() == "generation" else None
    if method is None or method["of"] in ("chat", "responses", "completions", "beta"):
        return said
    return "embeddings" if method["of"] == "embeddings" else "other call"


def _observation(row: Mapping[str, Any], trace: Mapping[str, Any]) -> dict[str, Any]:
    """Return an observation under one set of names, whichever of snake and camel it was written in."""

    def get(*names: str) -> Any:
        return next((row[name] for name in names if row.get(name) not in (None, "")), None)

    usage = get("usage_details", "usageDetails", "usage") or {}
    costs = get("cost_details", "costDetails") or {}
    cost = get("total_cost", "totalCost", "calculatedTotalCost", "calculated_total_cost")
    if isinstance(costs, dict) and costs and cost is None:
        cost = amount_of(costs)
    elif not costs and number_of(cost) == 0:
        cost = None  # Langfuse writes a total of 0 where it has no price; a model that is free has its zeros in the map
    metadata = {**_mapping(trace.get("metadata")), **_mapping(get("metadata", "traceMetadata"))}
    found = {
        "id": get("id"), "trace": get("trace_id", "traceId"), "kind": kind_of(get("type"), get("name")),
        "parent": get("parent_observation_id", "parentObservationId"), "start": get("start_time", "startTime"),
        "end": get("end_time", "endTime"), "first": get("completion_start_time", "completionStartTime"),
        "provided_model": get("provided_model_name", "providedModelName", "model", "internalModel"),
        "level": get("level"), "message": get("status_message", "statusMessage"), "cost": cost,
        "conversation": get("session_id", "sessionId") or trace.get("sessionId"),
        "user": get("user_id", "userId") or trace.get("userId"), "prompt": get("prompt_version", "promptVersion"),
        "question": get("input"), "answer": get("output"),
    }  # fmt: skip
    given = trace.get("scores") or get("scores")
    scores = _scores(given)
    strangers = sorted(name for name in scores if name not in FREE)
    for name in FREE:
        found[name] = metadata.pop(name, None) if name not in row else row[name]
        if found[name] is None:
            found[name] = scores.get(name)
    found |= {"rest": metadata, "scores": _entries(given) if found["parent"] is None else None}
    used = tokens(usage) if isinstance(usage, dict) else {}
    found |= {name: used.pop(name) for name in (*TOKENS, "said") if name in used} | {"usage_details": used or None}
    found["strangers"] = ", ".join(strangers) if strangers and found["parent"] is None else None
    return found


def _scores(given: Any) -> dict[str, Any]:
    """Return scores by name, of the API's list or of the user interface's mapping; the last of several counts."""
    if isinstance(given, dict):
        return {name: value[-1] if isinstance(value, list) and value else value for name, value in given.items()}
    return {str(one.get("name")): one.get("value") for one in given or [] if isinstance(one, dict)}


def _entries(given: Any) -> list[dict[str, Any]]:
    """Return all scores as ``spans.scores`` has them, whatever their names."""
    if isinstance(given, dict):
        pairs = [
            (name, one) for name, value in given.items() for one in (value if isinstance(value, list) else [value])
        ]
        return [{"name": name, "number": value} for name, value in pairs]
    return [_entry(one) for one in given or [] if isinstance(one, dict)]


def _entry(score: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": score.get("name"), "number": score.get("value"), "source": score.get("source"),
        "word": score.get("string_value", score.get("stringValue")),
        "span": score.get("observation_id", score.get("observationId")),
    }  # fmt: skip


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _alone(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield _observation(row, {})


def _download(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    trace = _mapping(document.get("trace"))
    for row in document.get("observations") or []:
        yield _observation({"traceId": trace.get("id"), **row}, trace)


def _page(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in page["data"]:
        if _score_alone(row):
            yield from _score(row)
        elif "timestamp" in row:
            yield from _one_trace(row)
        else:
            yield _observation(row, {})


def _one_trace(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A trace as the API gives it: around its observations, or their ids, which say nothing of them."""
    observations = row.get("observations")
    if isinstance(observations, list) and observations and isinstance(observations[0], dict):
        return _download({"trace": row, "observations": observations})
    return _trace(row)


def _trace(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A trace without its observations: who, when and how it was liked, and nothing of tokens or durations."""
    found = _observation(row | {"type": "trace"}, {"scores": row.get("scores")})
    yield found | {
        "id": f"trace-{row.get('id')}",
        "trace": row.get("id"),
        "start": row.get("timestamp"),
        "parent": None,
    }


def _score(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A score's row, for a trace or an observation in it."""
    name = row.get("name")
    value = row.get("value") if row.get("value") not in (None, "") else row.get("string_value", row.get("stringValue"))
    yield {
        "id": f"score-{row.get('id')}", "trace": row.get("trace_id", row.get("traceId")), "kind": "score",
        "parent": row.get("observation_id", row.get("observationId")),
        "strangers": None if name in SCORED else str(name), "scores": [_entry(row)],
    } | ({str(name): value} if name in SCORED else {})  # fmt: skip


_READERS: Final = dict.fromkeys(TOKENS, "whole") | {"cost": "dollars"}
_SELECT: Final = f"""
    SELECT _file AS file, _line AS line, id AS span_id, trace AS trace_id, filled(parent) AS parent_id,
        CASE WHEN upper(kind) = 'GENERATION' THEN 'llm' ELSE lower(kind) END AS kind,
        utc("start") AS start_time, utc("end") AS end_time, utc("first") AS first_token_time, provided_model AS model,
        {", ".join(f"{name}_read AS {name}" for name in TOKENS)}, usage_details, cost_read AS cost,
        level = 'ERROR' AS failed,
        CASE WHEN level = 'ERROR' THEN coalesce(nullif(regexp_extract(message,
            '^([A-Za-z_.]*?)([A-Za-z_]+)[(:]', 2), ''), 'unknown') END AS error_type,
        CASE WHEN level = 'ERROR' THEN message END AS error_message,
        conversation AS conversation_id, "user" AS user_id, coalesce(prompt_version, prompt) AS prompt_version,
        {", ".join(name for name in FREE[:6] if name != "prompt_version")},
        number(context_relevance) AS context_relevance, number(user_satisfaction) AS user_satisfaction,
        coalesce(flag(task_completed), number(task_completed) >= 0.5) AS task_completed,
        CASE WHEN filled(parent) IS NULL THEN dimensions(rest) END AS attributes,
        CASE WHEN filled(parent) IS NULL THEN question END AS question,
        CASE WHEN filled(parent) IS NULL THEN answer END AS answer,
        scores, filled(concat_ws('; ', said, {unread_scores("strangers")})) AS note,
        {unreadable(**_READERS)} AS reject
    FROM (SELECT *, {readings(**_READERS)} FROM records)"""
COLUMNS: Final = dict.fromkeys(_TEXT, "VARCHAR") | {"rest": "JSON", "usage_details": "JSON", "scores": "JSON"}


def _snake(record: Mapping[str, Any]) -> str | None:
    known = "trace_id" in record and "parent_observation_id" in record and "start_time" in record
    return "has trace_id and parent_observation_id" if known else None


def _camel(record: Mapping[str, Any]) -> str | None:
    known = "traceId" in record and "startTime" in record and ("usageDetails" in record or "level" in record)
    return "has traceId and startTime" if known and not isinstance(record["startTime"], list) else None


def _trace_alone(record: Mapping[str, Any]) -> str | None:
    named = "sessionId" in record or "session_id" in record or "userId" in record or "user_id" in record
    known = {"id", "timestamp", "tags"} <= record.keys() and named and "observations" not in record
    return "has timestamp, tags and a session or user: traces without observations" if known else None


def _score_alone(record: Mapping[str, Any]) -> str | None:
    known = ("trace_id" in record or "traceId" in record) and {"id", "name", "value"} <= record.keys()
    typed = "data_type" in record or "dataType" in record
    return "has trace_id, name, value and data_type: scores" if known and typed else None


def _trace_download(record: Mapping[str, Any]) -> str | None:
    known = isinstance(record.get("trace"), dict) and isinstance(record.get("observations"), list)
    return "has trace and observations" if known else None


def _around(record: Mapping[str, Any]) -> str | None:
    known = {"id", "timestamp"} <= record.keys() and isinstance(record.get("observations"), list)
    return "has id, timestamp and observations: one trace of the API" if known else None


def _api(record: Mapping[str, Any]) -> str | None:
    rows = record.get("data")
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        return None
    if _camel(rows[0]) or _score_alone(rows[0]) or _trace_alone(rows[0]) or _around(rows[0]):
        return "a page of the API: data holds observations or traces"
    return None


_READS: Final = (
    "id trace_id traceId type parent_observation_id parentObservationId start_time startTime end_time endTime "
    "completion_start_time completionStartTime provided_model_name providedModelName model internalModel level "
    "status_message statusMessage usage_details usageDetails usage cost_details costDetails total_cost totalCost "
    "calculatedTotalCost calculated_total_cost metadata traceMetadata session_id sessionId user_id userId "
    "prompt_version promptVersion input output scores " + " ".join(FREE)
)


def _dialect(shape: str, recognise: Any, unpack: Any, reads: str) -> Dialect:
    return Dialect(
        name=f"langfuse: {shape}",
        tool="langfuse",
        recognise=recognise,
        columns=COLUMNS,
        select=_SELECT,
        unpack=unpack,
        reads=frozenset(reads.split()),
        assumptions=(
            "times without a zone are UTC, which Langfuse writes, unless tz says otherwise",
            "response times are end minus start: a latency column is seconds or milliseconds depending on its door",
            "input counts cached tokens in or not, as the sum of the counts says",
        ),
    )


DIALECTS: Final[tuple[Dialect, ...]] = (
    _dialect("trace download", _trace_download, _download, "trace observations"),
    _dialect("API page", _api, _page, "data meta"),
    _dialect("API trace", _around, _one_trace, f"timestamp observations {_READS}"),
    _dialect("observations of the blob storage", _snake, _alone, _READS),
    _dialect("observations of the UI or API", _camel, _alone, _READS),
    _dialect(
        "scores",
        _score_alone,
        _score,
        "id trace_id traceId observation_id observationId name value string_value stringValue source",
    ),
    _dialect("traces without observations", _trace_alone, _trace, f"timestamp {_READS}"),
)
