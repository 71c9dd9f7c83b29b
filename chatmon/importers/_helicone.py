"""Helicone's exports: JSON lines, a JSON array, and the command line's CSV with its two faults.

Faults of that CSV: ``latency`` is always empty, so the duration is the time between request and response; cells that
hold an object have their quotes doubled twice.

``prompt_tokens`` leaves out what was read from the cache or written to it, and, since rows have ``reasoning_tokens``,
``completion_tokens`` leaves those out: Helicone subtracts them where the provider counts them in. Its ``total_tokens``
is the sum of the three, which tells a row of an older kind, with reasoning inside.

``scores`` is an object of whole numbers: that of a yes or no has an ending to its name, and the thumb of a user a name
of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chatmon.cost.shapes import SHAPES
from chatmon.importers._dialect import Dialect
from chatmon.importers._langfuse import number_of, whole_of
from chatmon.importers._plain import scores_of
from chatmon.importers._spans import TOKENS, readings, unread_scores, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FREE: Final = (
    "intent", "prompt_version", "variant", "experiment", "region", "channel", "context_relevance",
    "user_satisfaction", "task_completed",
)  # fmt: skip
_COPIED: Final = (
    "request_created_at", "response_created_at", "response_status", "delay_ms", "time_to_first_token", "provider",
    "request_user_id",
)  # fmt: skip
_USAGE: Final = {unit: SHAPES["helicone"].names(unit)[0] for unit in (*TOKENS, "total_tokens")}
"""A count of turns, and the key that Helicone has for it."""
_YES_NO: Final = "-hcone-bool"
_THUMB: Final = "helicone-score-feedback"
_SATISFIED: Final[dict[float | None, int]] = {1.0: 5, 0.0: 1}
"""A thumb up and down, as satisfaction."""


def _flat(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    properties = {**_object(row.get("properties")), **_object(row.get("request_properties"))}
    found = {name: row.get(name) for name in _COPIED}
    found["uncounted"] = _USAGE["cached_tokens"] not in row and row.get(_USAGE["input_tokens"]) is not None
    found |= {unit: row.get(key) for unit, key in _USAGE.items()}
    if all(value in (None, "") or whole_of(value) is not None for value in map(found.get, TOKENS)):
        used = SHAPES["helicone"].counts(row, whole_of)
        found |= {name: used.pop(name, None) for name in TOKENS} | {"usage_details": used or None}
    found["id"] = row.get("request_id") or row.get("response_id")
    found["session"] = properties.pop("Helicone-Session-Id", None)
    found["model"] = row.get("model") or row.get("response_model") or row.get("request_model")
    found["cost"] = next((row[name] for name in ("costUSD", "cost") if row.get(name) not in (None, "")), None)
    found |= _scores(_object(row.get("scores"))) | {name: said for name in FREE if (said := properties.pop(name, None))}
    found["prompt_version"] = found.get("prompt_version") or row.get("prompt_version")
    found["rest"] = properties
    yield found


def _scores(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was said of a reply: as ``spans.scores`` has it, and by the columns of turns that are named so."""
    thumb = given.pop(_THUMB, None)
    named = {name.removesuffix(_YES_NO): value for name, value in given.items()}
    entries: list[dict[str, Any]] = [{"name": name, "number": value} for name, value in named.items()]
    if thumb is not None:
        entries.append({"name": _THUMB, "number": thumb, "source": "human"})
        named = {"user_satisfaction": _SATISFIED.get(number_of(thumb))} | named
    return scores_of(named) | {"scores": entries or None}


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


_READERS: Final = dict.fromkeys(TOKENS, "whole") | {"cost": "dollars"}
_SELECT: Final = f"""
    SELECT _file AS file, _line AS line, id AS span_id, id AS trace_id, 'llm' AS kind,
        lower(provider) AS provider, model,
        utc(request_created_at) AS start_time,
        CASE WHEN number(delay_ms) IS NULL THEN utc(response_created_at) END AS end_time,
        number(delay_ms) / 1000 AS response_time,
        later(utc(request_created_at), number(time_to_first_token) / 1000) AS first_token_time,
        {", ".join(f"{name}_read AS {name}" for name in TOKENS)}, usage_details,
        cost_read AS cost, whole(response_status) NOT BETWEEN 200 AND 299 AS failed,
        CASE WHEN whole(response_status) NOT BETWEEN 200 AND 299 THEN 'HTTP ' || response_status END AS error_type,
        session AS conversation_id, filled(request_user_id) AS user_id, {", ".join(FREE[:6])},
        number(context_relevance) AS context_relevance, number(user_satisfaction) AS user_satisfaction,
        flag(task_completed) AS task_completed, dimensions(rest) AS attributes,
        filled(concat_ws('; ',
            CASE WHEN number(delay_ms) IS NULL
                THEN 'no delay_ms: the response time is from request_created_at to response_created_at' END,
            CASE WHEN flag(uncounted)
                THEN 'no counts of cached tokens and of reasoning, which the others leave out: lower bounds' END,
            {unread_scores("strangers")})) AS note, scores,
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
        columns=dict.fromkeys(
            ("id", "session", "model", "cost", "uncounted", "strangers", *TOKENS, *_COPIED, *FREE), "VARCHAR"
        )
        | {"rest": "JSON", "usage_details": "JSON", "scores": "JSON"},
        select=_SELECT,
        unpack=_flat,
        reads=frozenset(
            (
                *_COPIED,
                *_USAGE.values(),
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
                "scores",
            )
        ),
        assumptions=(
            "times without a zone are UTC, unless tz says otherwise",
            "delay_ms and time_to_first_token are milliseconds",
            "prompt_tokens leaves out cached tokens, which are added to the input",
            "a thumb up is a satisfaction of 5, a thumb down of 1",
            "completion_tokens leaves out reasoning, which is added to the output, unless total_tokens says otherwise",
        ),
    ),
)
