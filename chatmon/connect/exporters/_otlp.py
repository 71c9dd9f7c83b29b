"""Turns as OpenTelemetry spans in OTLP JSON, under the conventions for generative AI: a span a turn.

A line is one request that a receiver takes at ``/v1/traces``. What the conventions have no name for is
``chatmon.<column>``. OTLP has no decimals: a cost is the nearest float, which is exact up to 15 digits. How often a
turn was attempted and who said what its usage and price were is left out.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from chatmon.connect.exporters._history import in_order, nanoseconds, text_file
from chatmon.cost.shapes import OWN_DETAIL, SHAPES
from chatmon.cost.usage import TOKENS
from chatmon.importers.attributes import FREE
from chatmon.importers.names import DIMENSIONS, OWN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chatmon.analysis.source import Turns
    from chatmon.turns import Turn

SPANS: Final = 500
"""Spans of a request: about 0.5 MB, where receivers refuse more than a few."""
ATTRIBUTES: Final = {
    "conversation_id": "gen_ai.conversation.id",
    "user_id": "user.id",
    "provider": "gen_ai.provider.name",
    "model": "gen_ai.response.model",
    **{unit: SHAPES["opentelemetry"].names(unit)[0] for unit in TOKENS},
    "cost": "gen_ai.usage.cost",
    "time_to_first_token": "gen_ai.response.time_to_first_chunk",
    "error_type": "error.type",
    "question": "input.value",
    "answer": "output.value",
} | {name: f"chatmon.{name}" for name in FREE}
"""A turn's columns to the names of their attributes; ``importers.names`` reads the same ones."""


def write_otlp(turns: Turns, path: Path) -> int:
    """Write turns as lines of OTLP JSON and return how many turns.

    Args:
        turns: Any holder of turns; questions and answers are written where they are in it.
        path: The file.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    written = 0
    ordered = in_order(turns)
    with text_file(path) as file:
        while some := list(islice(ordered, SPANS)):
            file.write(json.dumps(request(some), ensure_ascii=False, separators=(",", ":")) + "\n")
            written += len(some)
    return written


def request(turns: Iterable[Turn]) -> dict[str, Any]:
    """Return an ExportTraceServiceRequest in protobuf's JSON, with ids in hexadecimal as OTLP has them.

    Example:
        >>> request([])["resourceSpans"][0]["scopeSpans"]
        [{'scope': {'name': 'chatmon'}, 'spans': []}]
    """
    spans = [span(turn) for turn in turns]
    return {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "chatmon"}, "spans": spans}]}]}


def span(turn: Turn) -> dict[str, Any]:
    """Return a turn as a span of its own trace, whose id is the turn's.

    An id that is no UUID does not fit: the trace's is then made of it, and ``chatmon.turn_id`` keeps it.

    Example:
        >>> from datetime import UTC, datetime
        >>> from chatmon.turns import Turn
        >>> turn = Turn(turn_id="0" * 31 + "7", conversation_id="c1", timestamp=datetime(2026, 10, 5, tzinfo=UTC))
        >>> span(turn)["traceId"], span(turn)["attributes"][0]
        ('00000000000000000000000000000007', {'key': 'gen_ai.operation.name', 'value': {'stringValue': 'chat'}})
    """
    start = nanoseconds(turn.timestamp)
    trace_id, known = _trace_id(turn.turn_id)
    free = {name if name.startswith(DIMENSIONS) else OWN + name: value for name, value in turn.attributes.items()}
    attributes: dict[str, Any] = {"gen_ai.operation.name": "chat"} | free
    attributes |= {} if known else {"chatmon.turn_id": turn.turn_id}
    attributes |= {OWN_DETAIL + name: value for name, value in (turn.usage_details or {}).items()}
    for column, name in ATTRIBUTES.items():
        value = getattr(turn, column)
        if value is not None:
            attributes[name] = float(value) if column == "cost" else value
    if turn.finish_reason is not None:
        attributes["gen_ai.response.finish_reasons"] = [turn.finish_reason]
    made: dict[str, Any] = {
        "traceId": trace_id,
        "spanId": hashlib.sha256(turn.turn_id.encode()).hexdigest()[:16],
        "name": "chat" if turn.model is None else f"chat {turn.model}",
        "kind": 3,  # a client's
        "startTimeUnixNano": str(start),
        "attributes": [_pair(name, value) for name, value in attributes.items() if value is not None],
    }
    if turn.response_time is not None:
        made["endTimeUnixNano"] = str(start + round(turn.response_time * 1e9))
    if turn.error_type is not None:
        made["status"] = {"code": 2, **({} if turn.error_message is None else {"message": turn.error_message})}
    return made


def _trace_id(turn_id: str) -> tuple[str, bool]:
    try:
        return uuid.UUID(turn_id).hex, True
    except ValueError:
        return hashlib.sha256(turn_id.encode()).hexdigest()[:32], False


def _pair(name: str, value: Any) -> dict[str, Any]:
    return {"key": name, "value": _value(value)}


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return {"intValue": str(value)}
    if isinstance(value, int | float):
        return {"doubleValue": float(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(one) for one in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [_pair(name, one) for name, one in value.items()]}}
    return {}
