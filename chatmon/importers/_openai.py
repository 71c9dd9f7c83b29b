"""OpenAI's own files: what a batch wrote, what failed in it, and the list of stored completions.

None of them says how long a reply took, so the response time stays unknown; the time is when the reply was created.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.cost.shapes import SHAPES
from chatmon.cost.usage import Usage
from chatmon.importers._dialect import Dialect
from chatmon.importers._spans import TOKENS, readings, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TEXT: Final = (
    "id", "created", "model", "failed", "error_type", "message", "finish_reason", "user", "answer", *TOKENS,
)  # fmt: skip


def _of_batch(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A batch's line: the reply's body with an HTTP status around it, or an error and no time at all."""
    response = line.get("response") or {}
    body = response.get("body") or {}
    error = line.get("error") or body.get("error") or {}
    found = _of_body(body)
    if "usage_details" in found:
        found["usage_details"] = {**(found["usage_details"] or {}), "service_tier": "batch"}
    failed = bool(error) or int(response.get("status_code") or 200) >= 400
    yield {
        **found,
        "id": line.get("id") or line.get("custom_id"),  # a custom_id is unique within its batch only
        "created": body.get("created") or body.get("created_at"),
        "failed": failed,
        "error_type": error.get("code") or error.get("type") or response.get("status_code"),
        "message": error.get("message"),
        "rest": {"custom_id": line.get("custom_id")},
    }


def _of_list(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for body in document["data"]:
        yield from _of_completion(body)


def _of_completion(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    created = body.get("created") or body.get("created_at")
    yield {**_of_body(body), "id": body.get("id"), "created": created, "failed": False, "rest": body.get("metadata")}


def _of_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the reply's model, tokens and end, of a chat completion or of a response."""
    usage = body.get("usage")
    found: dict[str, Any] = {"model": body.get("model"), "user": body.get("user") or body.get("input_user")}
    if isinstance(usage, dict):
        names = ("openai responses", "openai chat")
        shape = next((name for name in names if SHAPES[name].is_named(usage)), "openai chat")
        used = Usage.read(shape, {"service_tier": body.get("service_tier"), **usage} if usage else {})
        found |= {name: getattr(used, name) for name in TOKENS} | {"usage_details": used.details or None}
    choices = body.get("choices")
    if isinstance(choices, list) and choices:
        found["finish_reason"] = choices[0].get("finish_reason")
        found["answer"] = (choices[0].get("message") or {}).get("content")
    return found


_READERS: Final = dict.fromkeys(TOKENS, "whole")
_SELECT: Final = f"""
    SELECT _file AS file, _line AS line, id AS span_id, id AS trace_id, 'llm' AS kind, utc(created) AS start_time,
        'openai' AS provider, model, {", ".join(f"{name}_read AS {name}" for name in TOKENS)}, usage_details,
        flag(failed) AS failed,
        CASE WHEN flag(failed) THEN coalesce(error_type, 'unknown') END AS error_type,
        CASE WHEN flag(failed) THEN message END AS error_message, finish_reason, "user" AS user_id,
        dimensions(rest) AS attributes, answer, {unreadable(**_READERS)} AS reject
    FROM (SELECT *, {readings(**_READERS)} FROM records)"""


def _batch(record: Mapping[str, Any]) -> str | None:
    known = "custom_id" in record and "response" in record
    return "has custom_id and response: a batch's output or errors" if known else None


def _list(record: Mapping[str, Any]) -> str | None:
    rows = record.get("data")
    known = isinstance(rows, list) and bool(rows) and isinstance(rows[0], dict) and bool(_completion(rows[0]))
    return "a list of stored completions" if known else None


def _completion(record: Mapping[str, Any]) -> str | None:
    known = record.get("object") in ("chat.completion", "response") and "model" in record
    return f"object is {record['object']}" if known else None


def _dialect(shape: str, recognise: Any, unpack: Any, reads: str, *said: str) -> Dialect:
    return Dialect(
        name=f"openai: {shape}",
        tool="openai",
        recognise=recognise,
        columns=dict.fromkeys(_TEXT, "VARCHAR") | {"rest": "JSON", "usage_details": "JSON"},
        select=_SELECT,
        unpack=unpack,
        reads=frozenset(reads.split()),
        assumptions=(
            "created is in seconds since 1970, UTC",
            "input counts cached tokens in, output those of reasoning",
            "the file says nothing of durations: response times stay unknown",
            *said,
        ),
    )


DIALECTS: Final[tuple[Dialect, ...]] = (
    _dialect(
        "batch",
        _batch,
        _of_batch,
        "id custom_id response error",
        "a batch costs half of the usual price: no cost is stated, so none is read",
    ),
    _dialect("stored completions", _list, _of_list, "data"),
    _dialect(
        "completion",
        _completion,
        _of_completion,
        "id object created created_at model usage choices user input_user metadata",
    ),
)
