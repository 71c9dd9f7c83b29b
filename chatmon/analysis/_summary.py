"""What turns add up to: the numbers of ``summary.summarise``, asked of a database instead of a list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chatmon import estimates
from chatmon.analysis.source import query, relation
from chatmon.live.summary import Spread, Summary, Tokens

if TYPE_CHECKING:
    import duckdb

    from chatmon.analysis.source import Turns

_TOTALS = """
    SELECT count(*), count(DISTINCT user_id),
        sum(input_tokens), sum(cached_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens),
        count(*) FILTER (WHERE input_tokens IS NULL AND output_tokens IS NULL),
        sum(cost), count(*) FILTER (WHERE cost IS NULL), count(error_type),
        count(user_satisfaction), avg(user_satisfaction), var_samp(user_satisfaction),
        epoch_us(min(timestamp)), epoch_us(max(timestamp)),
        count(response_time), avg(response_time), var_samp(response_time),
        count(time_to_first_token), avg(time_to_first_token), var_samp(time_to_first_token)
    FROM turns"""
_LENGTHS = """
    SELECT count(*), avg(length), var_samp(length)
    FROM (SELECT count(*) AS length FROM turns GROUP BY conversation_id) AS conversations"""
_ERRORS = """
    SELECT error_type, count(*) AS number FROM turns WHERE error_type IS NOT NULL
    GROUP BY error_type ORDER BY number DESC, error_type"""


def summary(turns: Turns) -> Summary:
    """Return what turns add up to, from the first to the last of them.

    What an import's files do not speak of at all, failures or ratings, is unknown, and not a rate of 0.

    Args:
        turns: Any holder of turns.

    Example:
        >>> summary([]).turns
        0
    """
    source = relation(turns)
    row = query(source, _TOTALS)[0]
    number, users = row[:2]
    read, cached, written, output, reasoning = (None if count is None else int(count) for count in row[2:7])
    cost, unpriced, failed, rated, rating, variance, first, last, *moments = row[8:]
    lengths = query(source, _LENGTHS)[0]
    imported = getattr(turns, "report", None)
    says_failures = getattr(imported, "says_failures", True)
    says_ratings = "user_satisfaction" not in getattr(imported, "missing", ())
    return Summary(
        since=_moment(first),
        until=_moment(last),
        turns=number,
        conversations=lengths[0],
        users=users,
        response_time=_spread(source, "response_time", *moments[:3]),
        time_to_first_token=_spread(source, "time_to_first_token", *moments[3:]),
        tokens=Tokens(read, cached, written, output, reasoning, unreported_turns=row[7]),
        cost=cost,
        unpriced_turns=unpriced,
        error_rate=estimates.rate(failed, number if says_failures else 0),
        errors=dict(query(source, _ERRORS)),
        satisfaction=estimates.mean_of(rated, rating, variance),
        response_rate=estimates.rate(rated, number if says_ratings else 0),
        conversation_length=estimates.mean_of(*lengths),
        evicted=0,
        rejected={},
        health=None,
    )


def _spread(
    source: duckdb.DuckDBPyRelation, column: str, n: int, centre: float | None, variance: float | None
) -> Spread:
    wanted = {q: estimates.places_of(n, q) for q in (0.5, 0.95, 0.99)}
    values = values_at(source, column, {place for places in wanted.values() for place in places})
    median, p95, p99 = (estimates.percentile_of(n, q, values) for q in wanted)
    return Spread(estimates.mean_of(n, centre, variance), median, p95, p99)


def values_at(source: duckdb.DuckDBPyRelation, column: str, places: set[int]) -> dict[int, float]:
    """Return a column's values at some places, from 0, in order of size."""
    if not places:
        return {}
    chosen = ", ".join(str(place + 1) for place in sorted(places))
    rows: list[tuple[Any, ...]] = query(
        source,
        f"""SELECT place - 1, {column} FROM (
            SELECT {column}, row_number() OVER (ORDER BY {column}) AS place FROM turns WHERE {column} IS NOT NULL
        ) AS ordered WHERE place IN ({chosen})""",  # noqa: S608 - our own names and numbers
    )
    return dict(rows)


def _moment(microseconds: int | None) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds or 0)
