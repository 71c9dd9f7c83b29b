"""How much comes in a minute, at the worst of times, and how much room a limit leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from chatmon.analysis.source import MICROSECONDS, query, relation

if TYPE_CHECKING:
    from chatmon.analysis.source import Turns

MINUTE: Final = 60_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Load:
    """What comes in a minute, over all minutes of the log, empty ones included.

    Attributes:
        mean: On average.
        p95: In all but the busiest twentieth of the minutes.
        peak: In the busiest minute.
        at: When that minute began, in UTC; the first one of several.
        minutes: Minutes of the log.
    """

    mean: float
    p95: float
    peak: int
    at: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the bot had to serve.

    Attributes:
        turns: Turns in a minute; None without turns.
        tokens: Input and output tokens in a minute, counted when the request starts; None where none were reported.
        concurrent: Most turns in progress at once, by start and response time; None where no response time is known.
    """

    turns: Load | None
    tokens: Load | None
    concurrent: int | None


def capacity(turns: Turns) -> Capacity:
    """Return how many turns and tokens came in a minute, and how many turns were in progress at once.

    Args:
        turns: Any holder of turns.

    Example:
        >>> capacity([]).turns is None
        True
    """
    source = relation(turns)
    minutes = query(
        source,
        f"""SELECT {MICROSECONDS}(date_trunc('minute', timestamp)), count(*),
            CAST(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) AS BIGINT)
        FROM turns GROUP BY 1 ORDER BY 1""",  # noqa: S608 - our own
    )
    if not minutes:
        return Capacity(None, None, None)
    reported = query(source, "SELECT count(input_tokens) + count(output_tokens) FROM turns")[0][0]
    in_progress = query(
        source,
        f"""SELECT max(going) FROM (
            SELECT sum(step) OVER (ORDER BY moment, step ROWS UNBOUNDED PRECEDING) AS going FROM (
            SELECT {MICROSECONDS}(timestamp) AS moment, 1 AS step FROM turns WHERE response_time IS NOT NULL
            UNION ALL SELECT {MICROSECONDS}(timestamp) + CAST(round(response_time * 1e6) AS BIGINT), -1 FROM turns
            WHERE response_time IS NOT NULL) AS steps) AS walk""",  # noqa: S608 - our own
    )[0][0]
    return Capacity(
        turns=_load([(moment // MINUTE, came) for moment, came, _ in minutes]),
        tokens=_load([(moment // MINUTE, came) for moment, _, came in minutes]) if reported else None,
        concurrent=None if in_progress is None else int(in_progress),
    )


def _load(minutes: list[tuple[int, int]]) -> Load:
    number = minutes[-1][0] - minutes[0][0] + 1
    by_size = sorted((came, -minute) for minute, came in minutes)
    peak, minute = by_size[-1]
    place = int(0.95 * (number - 1)) - (number - len(minutes))
    return Load(
        mean=sum(came for _, came in minutes) / number,
        p95=by_size[place][0] if place >= 0 else 0,
        peak=peak,
        at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=-minute),
        minutes=number,
    )
