"""Amazon Bedrock's log of model invocations, as it lies in S3 or CloudWatch: one call a record.

The counts of the log leave out what was read from the cache or written to it. How long a call took stands in the body
of its reply, which is not there where bodies are not logged, or lie in a file of their own because they are long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _plain as plain
from chatmon.importers.attributes import FREE, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

METRICS: Final = "amazon-bedrock-invocationMetrics"
"""The key of a streamed reply's last piece that says how long it took."""
_AROUND: Final = (
    "events", "searchedLogStreams", "nextToken", "messageType", "owner", "logGroup", "logStream", "subscriptionFilters",
    "logEvents",
)  # fmt: skip
_WHOSE: Final = ("conversation_id", "session_id", "user_id")
_READ: Final = (
    "schemaType", "schemaVersion", "timestamp", "accountId", "identity", "region", "requestId", "operation", "modelId",
    "input", "output", "errorCode", "requestMetadata", "inferenceRegion",
)  # fmt: skip


def _of_record(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    body = object_of(record.get("output")).get("outputBodyJson")
    pieces = [object_of(one) for one in (body if isinstance(body, list) else [body])]
    took, first = _times(pieces)
    said = object_of(record.get("requestMetadata"))
    yield {
        "span_id": record.get("requestId"),
        "kind": _kind(record),
        "name": record.get("operation"),
        "start_time": record.get("timestamp"),
        "response_time": took,
        "first_token_after": first,
        "provider": "aws.bedrock",
        "model": str(record.get("modelId") or "").rpartition("/")[2],
        **_used(record, pieces),
        "failed": bool(record.get("errorCode")),
        "error_type": record.get("errorCode"),
        "finish_reason": next(
            (end for one in pieces if (end := one.get("stopReason") or one.get("stop_reason"))), None
        ),
        "conversation_id": said.get("conversation_id") or said.get("session_id"),
        "user_id": said.get("user_id"),
        "region": said.get("region") or record.get("region"),
        **{name: said.get(name) for name in FREE if name != "region"},
        "attributes": {name: value for name, value in said.items() if name not in (*FREE, *_WHOSE)} or None,
        "note": "no body with its latency: the response time is unknown" if took is None else None,
    }


def _used(record: Mapping[str, Any], pieces: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a call used; older records say what the cache had in the usage of the reply's body only."""
    told = [object_of(one.get("message")).get("usage") or one.get("usage") for one in pieces]
    usage = next((object_of(one) for one in told if one), {})
    return plain.counted("bedrock log", {**record, "usage": usage})


def _times(pieces: list[dict[str, Any]]) -> tuple[float | None, float | None]:
    """Return the seconds a reply took, and those to its first byte where it was streamed."""
    for piece in reversed(pieces):
        streamed = object_of(piece.get(METRICS))
        whole = object_of(piece.get("metrics")) or object_of(object_of(piece.get("metadata")).get("metrics"))
        took = plain.seconds(streamed.get("invocationLatency", whole.get("latencyMs")))
        if took is not None:
            return took, plain.seconds(streamed.get("firstByteLatency", whole.get("timeToFirstByteMs")))
    return None, None


def _kind(record: Mapping[str, Any]) -> str:
    model = str(record.get("modelId") or "").lower()
    return "embedding" if "embed" in model else "rerank" if "rerank" in model else "llm"


def _of_events(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What ``aws logs filter-log-events`` prints, or a subscription delivers: each event's message is a record."""
    if page.get("messageType") == "CONTROL_MESSAGE":
        return  # it asks whether the receiver is there
    for event in page.get("events") or page["logEvents"]:
        record = object_of(object_of(event).get("message"))
        yield from _of_record(record) if _record(record) else [{"reject": "its message is no invocation log"}]


def _record(record: Mapping[str, Any]) -> str | None:
    return "schemaType is ModelInvocationLog" if record.get("schemaType") == "ModelInvocationLog" else None


def _events(record: Mapping[str, Any]) -> str | None:
    if record.get("messageType") == "CONTROL_MESSAGE" and "logEvents" in record:
        return "a control message of a subscription of CloudWatch"
    events = record.get("events") or record.get("logEvents")
    messages = [object_of(event).get("message") for event in events] if isinstance(events, list) else []
    known = any(isinstance(message, str) and _record(object_of(message)) for message in messages)
    return "events of CloudWatch, whose messages are invocation logs" if known else None


_ASSUMED: Final = (
    "timestamp is when a call began; times without a zone are UTC, unless tz says otherwise",
    "latencies are milliseconds; a time to the first byte is there for streamed replies only",
    "inputTokenCount leaves out cached tokens, read and written, which are added to the input",
    "the role that called is no user: user_id and conversation_id are read from requestMetadata",
)
DIALECTS: Final = (
    plain.dialect("bedrock", "invocation log", _record, _of_record, _READ, _ASSUMED),
    plain.dialect("bedrock", "events of CloudWatch", _events, _of_events, _AROUND, _ASSUMED),
)
