"""A turn as the line of JSON that is stored: money as text, times in UTC, what is unknown left out or null.

A rating that comes after its turn was written is a line of its own, of the same day: the last one counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import Any, Final, TypeAlias

from chatmon.live.turn import LiveTurn
from chatmon.turns import COLUMNS, Turn, check_columns

Line: TypeAlias = tuple[int, bytes]
"""The day a turn began, counted from 1970-01-01 in UTC, and its line of JSON with its end."""
SECOND_NS: Final = 1_000_000_000
DAY: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


@dataclass(frozen=True, slots=True)
class Rating:
    """What a user said of a turn after it had ended.

    Attributes:
        turn_id: The turn's id.
        timestamp: When the turn started: its day is the line's.
        rated_at: When it was rated.
        user_satisfaction: 1 to 5.
    """

    turn_id: str
    timestamp: datetime
    rated_at: datetime
    user_satisfaction: float


def to_line(turn: Turn | LiveTurn | Rating) -> Line:
    r"""Return a turn, or a rating of one, as it is stored.

    Args:
        turn: One that has ended.

    Example:
        >>> turn = Turn(turn_id="t1", conversation_id="c1", timestamp=datetime(2026, 10, 5, tzinfo=UTC))
        >>> to_line(turn)
        (20731, b'{"turn_id":"t1","conversation_id":"c1","timestamp":"2026-10-05T00:00:00+00:00"}\n')
    """
    if isinstance(turn, LiveTurn):
        day, text = _of_live(turn)
    elif isinstance(turn, Rating):
        day = (turn.timestamp - _EPOCH).days
        times = {"timestamp": turn.timestamp.isoformat(), "rated_at": turn.rated_at.isoformat()}
        text = _encode({"turn_id": turn.turn_id, **times, "user_satisfaction": turn.user_satisfaction})
    else:
        day = (turn.timestamp - _EPOCH).days
        row: dict[str, Any] = {
            name: value for name in COLUMNS if (value := getattr(turn, name)) is not None and value != {}
        }
        row["timestamp"] = turn.timestamp.isoformat()
        text = _encode(row)
    # What UTF-8 cannot hold, as in the name of an exception, becomes "?": a turn is never lost to a letter.
    return day, (text + "\n").encode("utf-8", "replace")


def from_line(text: bytes) -> Turn | Rating:
    """Return the turn of a line, or the rating.

    Raises:
        ValueError: It is none; the message says why.

    Example:
        >>> from_line(b'{"turn_id":"t1","conversation_id":"c1","timestamp":"2026-10-05T00:00:00+00:00"}').turn_id
        't1'
    """
    try:
        row = json.loads(text)
        row["timestamp"] = datetime.fromisoformat(row["timestamp"])
        if "rated_at" in row:
            row["rated_at"] = datetime.fromisoformat(row["rated_at"])
            row["user_satisfaction"] += 0.0  # of a rating it is a number, never unknown
            check_columns({"turn_id": row["turn_id"], "user_satisfaction": row["user_satisfaction"]})
            return Rating(**row)
        if row.get("cost") is not None:
            row["cost"] = Decimal(row["cost"])
        if row.get("attributes") is None:
            row.pop("attributes", None)
        return Turn(**row)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"no turn: {type(error).__name__}: {error}") from error


def _of_live(turn: LiveTurn) -> tuple[int, str]:
    """Put the line together by hand: made of one dict, it takes twice as long."""
    second, rest = divmod(turn.started_ns, SECOND_NS)
    user = "" if turn.user_id is None else f',"user_id":{quoted(turn.user_id)}'
    streamed = turn.time_to_first_token
    first = "" if streamed is None else f',"time_to_first_token":{streamed!r}'
    columns = "," + _encode(turn.columns)[1:] if turn.columns else "}"
    return second // DAY, (
        f'{{"turn_id":"{turn.turn_id}","conversation_id":{quoted(turn.conversation_id)}{user},'
        f'"timestamp":"{_whole_second(second)}.{rest // 1000:06}+00:00","response_time":{turn.response_time!r}'
        f"{first}{columns}"
    )


_seconds: Final[dict[int, str]] = {}


def _whole_second(second: int) -> str:
    """Return a time without its fraction, the newest from memory: thousands of turns share one."""
    known = _seconds.get(second)
    if known is None:
        _seconds.clear()
        known = _seconds[second] = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"
    return known
