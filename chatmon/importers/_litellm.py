"""LiteLLM's records of calls: the spend log of its proxy, and the payload that its callbacks get.

One record is one call, and one turn. Tokens of a failed call are written as 0 and mean nothing; a cost of 0 with tokens
means that LiteLLM knows no price, unless its cache has answered; ``response_time`` of a payload is the time to the
first chunk where the reply was streamed, so the duration comes from the two times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.cost.shapes import SHAPES
from chatmon.importers._dialect import Dialect
from chatmon.importers._langfuse import whole_of
from chatmon.importers._spans import TOKENS, readings, unreadable
from chatmon.importers.attributes import has_details, object_of
from chatmon.importers.names import OF_LITELLM, OTHER_CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COUNTS: Final = dict.fromkeys(TOKENS, "whole") | {"paid": "dollars"}
_READ_AS: Final = SHAPES["openai chat"]
_INPUT, _OUTPUT = _READ_AS.names("input_tokens")[0], _READ_AS.names("output_tokens")[0]
_READ: Final = (
    "request_id", "id", "call_type", "startTime", "endTime", "completionStartTime", "custom_llm_provider", "model",
    "session_id", "trace_id", "end_user", "model_parameters", _INPUT, _OUTPUT, "spend",
    "response_cost", "response_cost_failure_debug_info", "cache_hit", "status", "stream", "metadata",
    "error_information", "error_str", "response",
)  # fmt: skip


def _flat(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    metadata = object_of(record.get("metadata"))
    usage = object_of(metadata.get("usage_object"))
    failed = record.get("status") == "failure"
    counted = {} if failed else _READ_AS.counts({**usage, **_stated(record)}, whole_of)
    tokens = {name: counted.pop(name, None) for name in TOKENS}
    for name, key in (("input_tokens", _INPUT), ("output_tokens", _OUTPUT)):
        if not failed and whole_of(record.get(key)) is None:
            tokens[name] = record.get(key) or tokens[name]  # what is no count is refused by its own text
    details = _READ_AS.details(usage, whole_of) if usage else {}
    error = object_of(record.get("error_information") or metadata.get("error_information"))
    call = str(record.get("call_type") or "")
    kind = call if call in OTHER_CALLS else "llm" if call in OF_LITELLM else "other call"
    choices = object_of(record.get("response")).get("choices") or ()
    cached_reply = str(record.get("cache_hit")).lower() == "true"
    cost = record.get("spend") if "spend" in record else record.get("response_cost")
    unpriced = bool(record.get("response_cost_failure_debug_info")) or (
        _is_zero(cost) and not cached_reply and not failed and not _is_zero(record.get(_INPUT))
    )
    yield {
        "id": record.get("request_id") or record.get("id"),
        "kind": kind,
        "call": call,
        "begun": record.get("startTime"),
        "ended": record.get("endTime"),
        "first": record.get("completionStartTime"),
        "provider": record.get("custom_llm_provider"),
        "model": record.get("model"),
        "conversation": _conversation(record) if kind == "llm" else None,
        "user": _user(record, metadata) if kind == "llm" else None,
        **tokens,
        "usage_details": details or None,
        "paid": None if unpriced else cost,
        "failed": failed,
        "error_type": error.get("error_class") or error.get("error_code"),
        "message": error.get("error_message") or record.get("error_str"),
        "finish": next((object_of(one).get("finish_reason") for one in choices), None),
        "guessed": record.get("stream") is True and bool(usage) and not has_details(usage) and not failed,
        "unpriced": unpriced,
    }


def _stated(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts that stand beside the usage, which it may lack."""
    return {name: record[name] for name in (_INPUT, _OUTPUT) if record.get(name) is not None}


def _conversation(record: Mapping[str, Any]) -> Any:
    return record.get("session_id") or (None if "request_id" in record else record.get("trace_id"))


def _user(record: Mapping[str, Any], metadata: Mapping[str, Any]) -> Any:
    """Return whom a call is for; ``user`` of a spend log is whose key it was."""
    told = record.get("end_user") or metadata.get("user_api_key_end_user_id")
    return told or object_of(record.get("model_parameters")).get("user")


def _is_zero(value: Any) -> bool:
    try:
        return float(value) == 0
    except (TypeError, ValueError):
        return False


_SELECT: Final = f"""
    SELECT _file AS file, _line AS line, id AS span_id, id AS trace_id, kind, call AS name,
        lower(filled(provider)) AS provider, filled(model) AS model,
        utc(begun) AS start_time, utc(ended) AS end_time,
        CASE WHEN utc(first) < utc(ended) THEN utc(first) END AS first_token_time,
        {", ".join(f"{name}_read AS {name}" for name in TOKENS)}, usage_details, flag(guessed) AS estimated,
        paid_read AS cost,
        flag(failed) AS failed, filled(error_type) AS error_type, filled(message) AS error_message,
        filled(finish) AS finish_reason, filled(conversation) AS conversation_id, filled("user") AS user_id,
        filled(concat_ws('; ',
            CASE WHEN flag(unpriced) THEN 'a cost of 0 where LiteLLM knows no price: unknown' END,
            CASE WHEN flag(guessed) THEN 'tokens as LiteLLM''s own tokenizer counts them: the stream said none' END
            )) AS note,
        {unreadable(**_COUNTS)} AS reject
    FROM (SELECT *, {readings(**_COUNTS)} FROM records)"""


def _recognise(record: Mapping[str, Any]) -> str | None:
    if not {"call_type", "startTime", "endTime"} <= record.keys():
        return None
    return next((f"has call_type and {name}" for name in ("spend", "response_cost") if name in record), None)


DIALECTS: Final = (
    Dialect(
        name="litellm: calls",
        tool="litellm",
        recognise=_recognise,
        columns=dict.fromkeys(
            (
                *_COUNTS, "id", "kind", "call", "begun", "ended", "first", "provider", "model", "conversation", "user",
                "failed", "error_type", "message", "finish", "guessed", "unpriced",
            ),
            "VARCHAR",
        ) | {"usage_details": "JSON"},
        select=_SELECT,
        unpack=_flat,
        reads=frozenset(_READ),
        assumptions=(
            "times without a zone are UTC, unless tz says otherwise",
            "durations are the seconds between startTime and endTime",
            "prompt_tokens counts cached tokens in; those of a failed call are unknown",
            "a cost of 0 is one only where nothing was used or a cache answered",
        ),
    ),
)  # fmt: skip
