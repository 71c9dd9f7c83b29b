"""A measure over time, with the band in which a period lies when nothing happened: what is outside is worth a look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from chatmon._tools.outcomes import FAILED
from chatmon.analysis._periods import LENGTHS, WHOLE, periods
from chatmon.analysis.source import frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

    from chatmon.analysis.source import Turns

    Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
    Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
    Bools: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

PERIODS: Final = (*LENGTHS, "weekday")
ALPHA: Final = 0.05
"""The chance that a quiet log has any period outside its band."""
COMPARABLE: Final = 4
"""Other periods of the same kind without which nothing is claimed."""
CALM: Final = 0.8
"""The part of the periods, the least unusual ones, that says how far periods scatter."""
ROUNDS: Final = 3
"""How often what is outside is left out of what is usual, and the band drawn again."""


@dataclass(frozen=True, slots=True)
class TrendMeasure:
    """How a measure is computed: as ``total`` (``volume``), ``total`` over ``known`` (``mean``) or a quantile.

    Attributes:
        family: ``volume``, ``mean`` or ``quantile``.
        total: What a user adds to a period, as SQL; of a quantile, the quantile.
        known: Turns of the user whose value is known, as SQL.
        least: Known turns of a period below which it is not judged.
        top: The mean is this less ``total`` over ``known``: what is best is counted down from.
        failure: Whether the total counts failures.
    """

    family: str
    total: str
    known: str = "count(*)"
    least: int = 1
    top: float | None = None
    failure: bool = False


TREND_MEASURES: Final[dict[str, TrendMeasure]] = {
    "turns": TrendMeasure("volume", "count(*)"),
    "conversations": TrendMeasure("volume", "count(DISTINCT conversation_id)"),
    "cost": TrendMeasure("volume", "sum(cost)", "count(cost)"),
    "tokens": TrendMeasure("volume", "sum(input_tokens + output_tokens)", "count(input_tokens + output_tokens)"),
    "error_rate": TrendMeasure("mean", "count(error_type)", f"count({FAILED})", failure=True),
    "completion": TrendMeasure(
        "mean", "count(*) FILTER (WHERE NOT task_completed)", "count(task_completed)", top=1, failure=True
    ),
    "median": TrendMeasure("quantile", "0.5", "count(response_time)", 10),
    "p95": TrendMeasure("quantile", "0.95", "count(response_time)", 200),
    "cost_per_turn": TrendMeasure("mean", "sum(cost)", "count(cost)", 30),
    "satisfaction": TrendMeasure("mean", "sum(5 - user_satisfaction)", "count(user_satisfaction)", 10, top=5),
}
"""The measures that have a trend; times are seconds, costs US dollars, shares 0 to 1."""


def trend(turns: Turns, every: str = "day", measure: str = "turns") -> pd.DataFrame:
    """Return a measure for each period, and the band in which it lies while nothing changes.

    A period is held against the others of its kind, working days and weekends apart: an hour's volume against the same
    hour of other days, its mean or quantile against the same quarter of the day. Chance moves a period as if it were
    made of as many independent events as its users are worth, and real periods scatter more than that. The
    band allows for both, and is so wide that a quiet log has a chance of 5 % to have any period outside. How much more
    periods scatter is told from the calmer ones, and what is outside is left out of what is usual, so that an incident
    does not hide itself.

    Args:
        turns: Any holder of turns.
        every: ``hour``, ``day``, or ``weekday``, which has no band.
        measure: One of ``TREND_MEASURES``.

    Returns:
        ``period`` (its start in UTC; for ``weekday`` 1 to 7 from Monday), ``value``, ``low`` and ``high`` of the band,
        ``n`` (turns), ``outside`` (True, False, or NA where too little is comparable to claim either).

    Raises:
        ValueError: ``every`` or ``measure`` is unknown.

    Example:
        >>> trend([]).columns.tolist()
        ['period', 'value', 'low', 'high', 'n', 'outside']
    """
    import numpy as np
    import pandas as pd

    if every not in PERIODS:
        raise ValueError(f"every ({every!r}) is unknown: it is one of {', '.join(PERIODS)}")
    if measure not in TREND_MEASURES:
        raise ValueError(f"measure ({measure!r}) is unknown: it is one of {', '.join(TREND_MEASURES)}")
    asked = TREND_MEASURES[measure]
    table = _read(turns, every, asked)
    found: dict[str, Floats] = {name: table[name].to_numpy(float, na_value=0.0) for name in table.columns[1:]}
    n, known, total = (found[name] for name in ("n", "known", "total"))
    exposure = np.ones(len(table)) if asked.family == "volume" else known
    value = np.where((known > 0) | ((n == 0) & (asked.family == "volume")), total / np.maximum(exposure, 1), np.nan)
    low, high = np.full((2, len(table)), np.nan)
    if every != "weekday":
        usable = ~np.isnan(value) & (found["covered"] >= WHOLE if asked.family == "volume" else known >= asked.least)
        weekend = (table["period"].dt.day_of_week >= 5).to_numpy(dtype=np.int64)
        hour = table["period"].dt.hour.to_numpy(dtype=np.int64)
        kind = 24 * weekend + (hour if asked.family == "volume" else hour // 6)
        low, high = _band(found, exposure, kind, usable, asked)
    judged = ~np.isnan(low) & ~np.isnan(value)
    # One user's broken client is no trend: its failures count as one.
    repeated = np.maximum(found["worst"] - 1, 0) / np.maximum(exposure, 1) if asked.failure else 0.0
    beyond = (value < low) | (value - repeated > high)
    outside = pd.array(beyond, dtype="boolean")
    outside[~judged] = pd.NA
    if asked.top is not None:
        value, low, high = asked.top - value, asked.top - high, asked.top - low
    return table[["period"]].assign(value=value, low=low, high=high, n=n.astype(np.int64), outside=outside)


def _read(turns: Turns, every: str, measure: TrendMeasure) -> pd.DataFrame:
    """Return each period's total and known turns, and what says how far chance moves the total.

    That is, of a quantile, the variance that one turn gives it (``squares``); else sums over users of the
    ``squares`` of their totals and of their known turns (``breadth``), and of the products of both (``cross``).
    """
    period = "1 + extract(DAY FROM date_trunc('day', timestamp) - date_trunc('week', timestamp))"
    if every != "weekday":
        period = f"date_trunc('{every}', timestamp)"
    if measure.family == "quantile":
        q = float(measure.total)
        near = (1 - q) / 4
        # A quantile scatters as far as the values around it lie apart (Siddiqui, 1960), here those of the whole log.
        columns = f"""count(*) AS n, count(response_time) AS known,
            count(response_time) * percentile_cont({q}) WITHIN GROUP (ORDER BY response_time) AS total,
            {q * (1 - q) / (2 * near) ** 2} * max(apart * apart) AS squares"""
        rows = f"""turns CROSS JOIN (
            SELECT percentile_cont({q + near}) WITHIN GROUP (ORDER BY response_time)
                - percentile_cont({q - near}) WITHIN GROUP (ORDER BY response_time) AS apart FROM turns) AS whole"""  # noqa: S608
    else:
        columns = """sum(n) AS n, sum(known) AS known, sum(total) AS total, max(total) AS worst,
            sum(total * total) AS squares, sum(total * known) AS cross, sum(known * known) AS breadth"""
        rows = f"""(SELECT {period} AS timestamp, coalesce(user_id, conversation_id) AS who,
            CAST(count(*) AS DOUBLE) AS n, CAST({measure.total} AS DOUBLE) AS total,
            CAST({measure.known} AS DOUBLE) AS known FROM turns GROUP BY 1, 2) AS parts"""  # noqa: S608 - our own
        period = "timestamp"
    if every == "weekday":
        return frame(turns, f"SELECT {period} AS period, {columns} FROM {rows} GROUP BY 1 ORDER BY 1")  # noqa: S608
    return periods(turns, every, columns, rows)


def _band(
    found: Mapping[str, Floats], exposure: Floats, kind: Ints, usable: Bools, measure: TrendMeasure
) -> tuple[Floats, Floats]:
    """Return the ends of each period's band, as totals over exposure; NaN where there is none."""
    import numpy as np
    from scipy.stats import gamma, nbinom, norm, t

    low, high = np.full((2, len(kind)), np.nan)
    total, kept = found["total"], usable
    for _ in range(ROUNDS):
        if not total[kept].sum() > 0:
            break
        # What is usual in the other periods of a kind; one event of the whole log's stands by where they have few.
        event = _event(found, total[kept].sum() / exposure[kept].sum(), kept, measure)
        if not event > 0:
            break
        others = _others(kind, kept, np.ones(len(kind)))
        known = _others(kind, kept, exposure) + event * exposure[kept].sum() / total[kept].sum()
        rate = (_others(kind, kept, total) + event) / known
        judged = usable & (others >= COMPARABLE)
        if judged.sum() <= COMPARABLE:
            break
        # From here on in events. The variance is that of chance, and a share of the mean's square.
        mean = (rate * exposure / event)[judged]
        chance = mean * (1 + (exposure / known)[judged])
        square = mean**2 * (1 + (_others(kind, kept, exposure**2) / known**2)[judged])
        residuals = (total[judged] / event - mean) ** 2
        freedom = max(3.0, judged.sum() - len(np.unique(kind[judged])))
        tail = ALPHA / 2 / judged.sum()
        wider = (t.isf(tail, freedom) / norm.isf(tail)) ** 2
        variance = wider * (chance + _scatter(residuals, chance, square) * square)
        # Where few events come, none may come; what they bring is skewer than their number.
        counted = nbinom(mean**2 / (variance - mean), mean / variance)
        brought = gamma(mean**2 / variance, scale=variance / mean)
        fewest, most = counted.ppf(tail), (counted if measure.failure else brought).isf(tail)
        low[judged], high[judged] = (end * event / exposure[judged] for end in (fewest, most))
        value = total / np.maximum(exposure, 1)
        inside = np.where(judged, (value >= low) & (value <= high), True)
        if (kept == (usable & inside)).all():
            break
        kept = usable & inside
    return low, np.minimum(high, 1) if measure.failure else high


def _others(kind: Ints, kept: Bools, values: Floats) -> Floats:
    """Return the sum over the other periods of each period's kind."""
    import numpy as np

    own = np.where(kept, values, 0.0)
    return np.asarray(np.bincount(kind, own)[kind] - own)


def _event(found: Mapping[str, Floats], rate: float, kept: Bools, measure: TrendMeasure) -> float:
    """Return the size of the independent events that scatter as much as chance lets the total: variance over mean."""
    if measure.family == "quantile":
        return float(found["squares"].max() / rate)
    squares, cross, breadth = (found[name][kept].sum() for name in ("squares", "cross", "breadth"))
    if measure.family == "mean":
        squares += rate**2 * breadth - 2 * rate * cross
    return float(squares / found["total"][kept].sum())


def _scatter(residuals: Floats, chance: Floats, square: Floats) -> float:
    """Return the share of the mean's square by which the calmer periods scatter as they do; 0 where chance does it."""
    import numpy as np
    from scipy.optimize import brentq
    from scipy.stats import chi2

    calm = max(1, int(CALM * len(residuals)))
    # The mean of the calm part of squares of normal numbers; that of skew ones is some tenth smaller.
    wanted = 0.9 * float(chi2.cdf(chi2.ppf(CALM, 1), 3) / CALM)

    def excess(share: float) -> float:
        return float(np.sort(residuals / (chance + share * square))[:calm].mean()) - wanted

    most = float((residuals / square).max()) / wanted + 1
    return 0.0 if excess(0.0) <= 0 else float(brentq(excess, 0.0, most))
