"""What a batch of Anthropic's wrote: a line for each request, with its reply or why there is none.

No line says when it was asked or answered, so its file does: it was written when the batch had ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _plain as plain
from chatmon.importers.attributes import object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ENDS: Final = ("succeeded", "errored", "canceled", "expired")
UNDATED: Final = "replies of a batch, which say no time: dated by when their file was last written"


def _of_line(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    result = object_of(line.get("result"))
    message, outer = object_of(result.get("message")), object_of(result.get("error"))
    error = object_of(outer.get("error")) or outer
    end = result.get("type")
    answered = end == "succeeded"
    yield {
        # A custom_id is unique within its batch only.
        "span_id": message.get("id") or outer.get("request_id") or f"{line.get('custom_id')}-{end}",
        "kind": "llm",
        "provider": "anthropic",
        "model": message.get("model"),
        "finish_reason": message.get("stop_reason"),
        "failed": not answered,
        "error_type": None if answered else error.get("type") or end,
        "error_message": None if answered else error.get("message"),
        "attributes": {"custom_id": line.get("custom_id")},
        "answer": answer_of(message.get("content")),
        "note": UNDATED,
    } | _used(message)


def _used(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reply used, in the tier of batches; a request without a reply says nothing."""
    if not isinstance(message.get("usage"), dict):
        return {}
    used = plain.counted("anthropic", message["usage"])
    return used | {"usage_details": (used["usage_details"] or {}) | {"service_tier": "batch"}}


def answer_of(content: Any) -> str | None:
    """Return the texts of a message's blocks as one, or None where it has none.

    Example:
        >>> answer_of([{"type": "text", "text": "Near."}, {"type": "tool_use", "name": "look"}])
        'Near.'
    """
    blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
    texts = [one.get("text") for one in blocks if isinstance(one, dict) and one.get("type") == "text"]
    return "\n".join(text for text in texts if isinstance(text, str)) or None


def _recognise(record: Mapping[str, Any]) -> str | None:
    result = object_of(record.get("result"))
    return "has custom_id and result.type" if "custom_id" in record and result.get("type") in _ENDS else None


DIALECTS: Final = (
    plain.dialect(
        "anthropic",
        "batch",
        _recognise,
        _of_line,
        ("custom_id", "result"),
        (
            "the file says no times, with or without a zone: it is taken to be written when the batch ended",
            "it says no durations: response times, in seconds, stay unknown",
            "input_tokens leaves out cached tokens, read and written, which are added to the input",
            "a batch costs half of the usual price: no cost is stated, so none is read",
        ),
        select=f"""SELECT * REPLACE ((SELECT written FROM file_times WHERE number = file) AS start_time)
            FROM ({plain.SELECT})""",
    ),
)
