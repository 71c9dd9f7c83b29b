"""Helicone's exports: JSON lines, a JSON array, and the command line's CSV with its two faults.

Faults of that CSV: ``latency`` is always empty, so the duration is the time between request and response; cells that
hold an object have their quotes doubled twice.

``prompt_tokens`` leaves out what was read from the cache or written to it, and, since rows have ``reasoning_tokens``,
``completion_tokens`` leaves those out: Helicone subtracts them where the provider counts them in. Its ``total_tokens``
is the sum of the three, which tells a row of an older kind, with reasoning inside.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chatmon.importers._dialect import Dialect
from chatmon.importers._spans import readings, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FREE: Final = (
    "intent", "prompt_version", "variant", "experiment", "region", "channel", "context_relevance",
    "user_satisfaction", "task_completed",
)  # fmt: skip
_COPIED: Final = (
    "request_created_at", "response_created_at", "response_status", "delay_ms", "time_to_first_token", "provider",
    "prompt_tokens", "completion_tokens", "prompt_cache_read_tokens", "prompt_cache_write_tokens", "reasoning_tokens",
    "total_tokens", "request_user_id",
)  # fmt: skip


def _flat(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    properties = {**_object(row.get("properties")), **_object(row.get("request_properties"))}
    found = {name: row.get(name) for name in _COPIED}
    found["uncounted"] = "prompt_cache_read_tokens" not in row
    found["id"] = row.get("request_id") or row.get("response_id")
    found["session"] = properties.pop("Helicone-Session-Id", None)
    found["model"] = row.get("model") or row.get("response_model") or row.get("request_model")
    found["cost"] = next((row[name] for name in ("costUSD", "cost") if row.get(name) not in (None, "")), None)
    found |= {name: properties.pop(name, None) for name in FREE}
    found["prompt_version"] = found["prompt_version"] or row.get("prompt_version")
    found["rest"] = properties
    yield found


def _object(value: Any) -> dict[str, Any]:
    """Return an object, also one that was written as text with its quotes doubled once too often."""
    if isinstance(value, dict):
        return dict(value)
    for text in (value, value.replace('""', '"')) if isinstance(value, str) and value else ():
        try:
            decoded = json.loads(text)
        except ValueError:
            continue
        return decoded if isinstance(decoded, dict) else {}
    return {}


_READERS: Final = {
    "prompt_tokens": "whole", "prompt_cache_read_tokens": "whole", "prompt_cache_write_tokens": "whole",
    "completion_tokens": "whole", "reasoning_tokens": "whole", "cost": "dollars",
}  # fmt: skip
_SELECT: Final = f"""
    SELECT _file AS file, _line AS line, id AS span_id, id AS trace_id, 'llm' AS kind,
        lower(provider) AS provider, model,
        utc(request_created_at) AS start_time,
        CASE WHEN number(delay_ms) IS NULL THEN utc(response_created_at) END AS end_time,
        number(delay_ms) / 1000 AS response_time,
        later(utc(request_created_at), number(time_to_first_token) / 1000) AS first_token_time,
        prompt_tokens_read + coalesce(prompt_cache_read_tokens_read, 0) + coalesce(prompt_cache_write_tokens_read, 0)
            AS input_tokens,
        prompt_cache_read_tokens_read AS cached_tokens, prompt_cache_write_tokens_read AS cache_write_tokens,
        completion_tokens_read + CASE WHEN whole(total_tokens) = prompt_tokens_read + completion_tokens_read THEN 0
            ELSE coalesce(reasoning_tokens_read, 0) END AS output_tokens,
        reasoning_tokens_read AS reasoning_tokens,
        cost_read AS cost, whole(response_status) NOT BETWEEN 200 AND 299 AS failed,
        CASE WHEN whole(response_status) NOT BETWEEN 200 AND 299 THEN 'HTTP ' || response_status END AS error_type,
        session AS conversation_id, filled(request_user_id) AS user_id, {", ".join(FREE[:6])},
        number(context_relevance) AS context_relevance, number(user_satisfaction) AS user_satisfaction,
        flag(task_completed) AS task_completed, dimensions(rest) AS attributes,
        filled(concat_ws('; ',
            CASE WHEN number(delay_ms) IS NULL
                THEN 'no delay_ms: the response time is from request_created_at to response_created_at' END,
            CASE WHEN flag(uncounted) AND prompt_tokens IS NOT NULL
                THEN 'no counts of cached tokens and of reasoning, which the others leave out: lower bounds' END
            )) AS note,
        {unreadable(**_READERS)} AS reject
    FROM (SELECT *, {readings(**_READERS)} FROM records)"""


def _recognise(record: Mapping[str, Any]) -> str | None:
    known = "request_created_at" in record and "response_status" in record
    return "has request_created_at and response_status" if known else None


DIALECTS: Final = (
    Dialect(
        name="helicone: requests",
        tool="helicone",
        recognise=_recognise,
        columns=dict.fromkeys(("id", "session", "model", "cost", "uncounted", *_COPIED, *FREE), "VARCHAR")
        | {"rest": "JSON"},
        select=_SELECT,
        unpack=_flat,
        reads=frozenset(
            (
                *_COPIED,
                *FREE,
                "request_id",
                "response_id",
                "properties",
                "request_properties",
                "model",
                "response_model",
                "request_model",
                "costUSD",
                "cost",
            )
        ),
        assumptions=(
            "times without a zone are UTC, unless tz says otherwise",
            "delay_ms and time_to_first_token are milliseconds",
            "prompt_tokens leaves out cached tokens, which are added to the input",
            "completion_tokens leaves out reasoning, which is added to the output, unless total_tokens says otherwise",
        ),
    ),
)
