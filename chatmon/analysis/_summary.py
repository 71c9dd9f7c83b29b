"""What turns add up to: the numbers of ``summary.summarise``, asked of a database instead of a list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chatmon import estimates
from chatmon._tools.outcomes import FAILED
from chatmon._tools.units import Units
from chatmon.analysis import _units
from chatmon.analysis._satisfaction import satisfaction
from chatmon.analysis.source import IN_PART, query, relation
from chatmon.estimates import Estimate
from chatmon.live.summary import Spread, Summary, Tokens

if TYPE_CHECKING:
    import duckdb

    from chatmon.analysis.source import Turns

_TOTALS = f"""
    SELECT count(*), count(DISTINCT user_id),
        sum(input_tokens), sum(cached_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens),
        count(*) FILTER (WHERE input_tokens IS NULL AND output_tokens IS NULL),
        sum(cost), count(*) FILTER (WHERE cost IS NULL), count(*) FILTER (WHERE {IN_PART}),
        epoch_us(min(timestamp)), epoch_us(max(timestamp))
    FROM turns"""  # noqa: S608 - our own
_LENGTHS = """
    SELECT count(*), avg(length), var_samp(length), sum(length * length), sum(length * length * length)
    FROM (SELECT CAST(count(*) AS DOUBLE) AS length FROM turns GROUP BY conversation_id) AS conversations"""
_ERRORS = """
    SELECT error_type, count(*) AS number FROM turns WHERE error_type IS NOT NULL
    GROUP BY error_type ORDER BY number DESC, error_type"""


def summary(turns: Turns) -> Summary:
    """Return what turns add up to, from the first to the last of them; intervals count users, not turns.

    What the turns do not speak of at all, failures or ratings, is unknown, and not a rate of 0.

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
    cost, unpriced, in_part, first, last = row[8:]
    length = _length(source)
    rated = satisfaction(source)
    return Summary(
        since=_moment(first),
        until=_moment(last),
        turns=number,
        conversations=length.n,
        users=users,
        response_time=_spread(source, "response_time"),
        time_to_first_token=_spread(source, "time_to_first_token"),
        tokens=Tokens(read, cached, written, output, reasoning, unreported_turns=row[7]),
        cost=cost,
        unpriced_turns=unpriced,
        lower_bound_turns=in_part,
        error_rate=_units.rate(source, FAILED),
        errors=dict(query(source, _ERRORS)),
        satisfaction=rated.score,
        response_rate=rated.response_rate,
        conversation_length=length,
        evicted=0,
        rejected={},
        health=None,
    )


def _spread(source: duckdb.DuckDBPyRelation, column: str) -> Spread:
    return Spread(_units.mean(source, column), *_units.percentiles(source, column, (0.5, 0.95, 0.99))[None])


def _length(source: duckdb.DuckDBPyRelation) -> Estimate:
    """Return how long conversations are: each is one for itself."""
    ((n, centre, variance, squares, cubes),) = query(source, _LENGTHS)
    if not n:
        return Estimate(None, None, None, 0)
    errors, third = squares - n * centre**2, cubes - 3 * centre * squares + 2 * n * centre**3
    found = estimates.mean_of(n, centre, variance, Units(n, n, max(0.0, errors), third))
    return found._replace(effective=None)


def _moment(microseconds: int | None) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds or 0)
