"""Turns by one or two dimensions: how many, how fast, how costly, how often they fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon import estimates
from chatmon._tools.outcomes import FAILED
from chatmon.analysis._units import UNIT, shared
from chatmon.analysis.source import cut, frame, query

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from chatmon.analysis.source import Turns
    from chatmon.estimates import Estimate

ENOUGH: Final = 30
"""Independent turns below which a segment's percentile and rate say little; it is shown, and marked."""


def segments(turns: Turns, by: str | Sequence[str] = "intent") -> pd.DataFrame:
    """Return the turns' numbers for each value of one or two dimensions, the dearest first.

    Args:
        turns: Any holder of turns.
        by: Text columns of turns, or dimensions of one's own, which are keys of ``attributes``.

    Returns:
        The dimensions; ``turns``, ``conversations``, ``errors``, ``error_rate`` with ``error_rate_low`` and
        ``error_rate_high`` (95 %, Wilson, by user) and ``effective``, the independent turns that they are
        worth; ``median`` and ``p95`` of the response time in seconds, ``tokens`` (input
        and output), ``cost`` in US dollars with ``unpriced`` turns, ``satisfaction`` with ``rated`` turns, ``enough``.

    Raises:
        ValueError: A dimension is neither.

    Example:
        >>> segments([], by=("intent", "region")).columns[:3].tolist()
        ['intent', 'region', 'turns']
    """
    source, names = cut(turns, by)
    columns = ", ".join(names)
    in_order = ", ".join(f"{name} NULLS LAST" for name in names)
    found = frame(
        source,
        f"""SELECT {columns}, count(*) AS turns, count(DISTINCT conversation_id) AS conversations,
            count(error_type) AS errors,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY response_time) AS median,
            percentile_cont(0.95) WITHIN GROUP (ORDER BY response_time) AS p95,
            CAST(sum(input_tokens) + sum(output_tokens) AS BIGINT) AS tokens, sum(cost) AS cost,
            count(*) - count(cost) AS unpriced, avg(user_satisfaction) AS satisfaction,
            count(user_satisfaction) AS rated
        FROM turns GROUP BY {columns} ORDER BY cost DESC NULLS LAST, turns DESC, {in_order}""",  # noqa: S608 - checked above
    )
    rates = _rates(source, names, found)
    place = found.columns.get_loc("errors")
    assert isinstance(place, int)  # noqa: S101 - the columns have different names
    found.insert(place + 1, "error_rate", [rate.value for rate in rates])
    found.insert(place + 2, "error_rate_low", [rate.low for rate in rates])
    found.insert(place + 3, "error_rate_high", [rate.high for rate in rates])
    found.insert(place + 4, "effective", [rate.effective for rate in rates])
    found["enough"] = found["effective"] >= ENOUGH
    return found


def _rates(turns: Turns, names: list[str], found: pd.DataFrame) -> list[Estimate]:
    """Return each segment's error rate, by user: its turns repeat each other."""
    import pandas as pd

    columns = ", ".join(names)
    rows = query(
        turns,
        f"""SELECT {columns}, count(CASE WHEN n > 0 THEN n END), sum(n * n), sum(n * failed), sum(failed * failed),
            CAST(sum(n) AS BIGINT) FROM (
            SELECT {columns}, CAST(count({FAILED}) AS DOUBLE) AS n, CAST(count(error_type) AS DOUBLE) AS failed
            FROM turns GROUP BY {columns}, {UNIT}) AS units GROUP BY {columns}""",  # noqa: S608 - checked above
    )
    sums = {row[: len(names)]: row[len(names) :] for row in rows}
    rates = []
    for *segment, failed in found[[*names, "errors"]].itertuples(index=False, name=None):
        key = tuple(None if pd.isna(one) else one for one in segment)
        units, squares, products, own, number = sums[key]
        whose = shared(units, squares, products, own, failed / number) if number else None
        rates.append(estimates.rate(int(failed), int(number), whose))
    return rates
