"""The numbers of a dashboard: turns added up by hour or day, so that a million of them draw as quickly as a hundred."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from chatmon import estimates
from chatmon._tools.outcomes import FAILED
from chatmon.analysis._errors import error_class
from chatmon.analysis._percentiles import percentiles
from chatmon.analysis.source import IN_PART, asked, frame, on_the_clock
from chatmon.turns import COLUMNS

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb
    import pandas as pd

    from chatmon.analysis.source import Turns

DAYS: Final = 4
"""A log of fewer days is drawn by the hour."""


@dataclass(frozen=True, slots=True)
class DashboardData:
    """What a dashboard shows; every frame is empty where the log does not know.

    Attributes:
        since: The first turn's start.
        until: The last one's.
        turns: Turns in all.
        telling: Those that say whether they failed.
        unpriced: Those without a cost, or with one that leaves something out: where not 0, costs are lower bounds.
        every: ``hour`` or ``day``: how long a period is. Each frame's ``period`` is the start of one; periods without
            turns are left out.
        zone: The zone whose clock all these times are read from; they are called UTC in any case.
        response_time: ``period``, ``median`` and ``p95`` in seconds, ``low`` and ``high`` of the 95 % interval of
            ``p95`` (NaN where the turns are too few for it), ``n``.
        errors: ``period``, ``error_class``, ``turns`` that failed so, ``share`` of the
            period's turns that say (0 to 1).
        volume: ``period``, ``turns``, ``conversations``, ``input_tokens`` (all, cached included), ``cached_tokens``,
            ``output_tokens``.
        cost: ``period``, ``model``, ``cost`` in US dollars, exact.
        satisfaction: ``period``, ``mean``, ``low``, ``high`` (95 %, Student), ``rated`` turns, ``share`` rated.
        conversations: ``period`` in which they began, ``conversations``, ``length`` in turns on average.
    """

    since: datetime
    until: datetime
    turns: int
    telling: int
    unpriced: int
    every: str
    zone: str
    response_time: pd.DataFrame
    errors: pd.DataFrame
    volume: pd.DataFrame
    cost: pd.DataFrame
    satisfaction: pd.DataFrame
    conversations: pd.DataFrame


def prepare_dashboard_data(turns: Turns, tz: str = "UTC") -> DashboardData:
    """Add turns up for a dashboard.

    Args:
        turns: Any holder of turns.
        tz: The zone whose hours and days they are added up by, such as ``Europe/Berlin``.

    Raises:
        ValueError: There are no turns, or no such zone.

    Example:
        >>> prepare_dashboard_data([])
        Traceback (most recent call last):
        ValueError: there are 0 turns: a dashboard shows at least one
    """
    source = on_the_clock(turns, tz)
    span = frame(
        source,
        f"""SELECT count(*) AS turns, count({FAILED}) AS telling, min(timestamp) AS since, max(timestamp) AS until,
            count(*) FILTER (WHERE cost IS NULL OR {IN_PART}) AS unpriced FROM turns""",  # noqa: S608 - our own
    ).iloc[0]
    if not span["turns"]:
        raise ValueError("there are 0 turns: a dashboard shows at least one")
    since, until = span["since"].to_pydatetime(), span["until"].to_pydatetime()
    every = "hour" if until - since < timedelta(days=DAYS) else "day"
    period = f"date_trunc('{every}', timestamp) AS period"
    return DashboardData(
        since=since,
        until=until,
        turns=int(span["turns"]),
        telling=int(span["telling"]),
        unpriced=int(span["unpriced"]),
        every=every,
        zone=tz,
        response_time=_response_time(source, every),
        errors=frame(
            source,
            f"""SELECT period, error_class, count(*) AS turns, count(*) / CAST(max(number) AS DOUBLE) AS share
            FROM (SELECT {period}, {error_class()} AS error_class,
                count({FAILED}) OVER (PARTITION BY date_trunc('{every}', timestamp)) AS number FROM turns) AS classed
            WHERE error_class IS NOT NULL GROUP BY period, error_class ORDER BY period, error_class""",  # noqa: S608 - our own
        ),
        volume=frame(
            source,
            f"""SELECT {period}, count(*) AS turns, count(DISTINCT conversation_id) AS conversations,
                CAST(sum(input_tokens) AS BIGINT) AS input_tokens, CAST(sum(cached_tokens) AS BIGINT) AS cached_tokens,
                CAST(sum(output_tokens) AS BIGINT) AS output_tokens
            FROM turns GROUP BY 1 ORDER BY 1""",  # noqa: S608 - our own
        ),
        cost=frame(
            source,
            f"""SELECT {period}, coalesce(model, 'unknown') AS model, sum(cost) AS cost FROM turns
            WHERE cost IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2""",  # noqa: S608 - our own
        ),
        satisfaction=_satisfaction(source, period),
        conversations=frame(
            source,
            f"""SELECT date_trunc('{every}', start) AS period, count(*) AS conversations,
                avg(CAST(number AS DOUBLE)) AS length
            FROM (SELECT min(timestamp) AS start, count(*) AS number FROM turns GROUP BY conversation_id) AS grouped
            GROUP BY 1 ORDER BY 1""",  # noqa: S608 - our own
        ),
    )


def _response_time(source: duckdb.DuckDBPyRelation, every: str) -> pd.DataFrame:
    import pandas as pd

    # A period is a dimension like any other: it stands in the place of one that is not needed here.
    columns = dict.fromkeys(COLUMNS, "") | {"channel": f"CAST(date_trunc('{every}', timestamp) AS STRING) AS "}
    dated = asked(source, f"SELECT {', '.join(f'{sql}{name}' for name, sql in columns.items())} FROM turns")  # noqa: S608
    found = percentiles(dated, qs=(0.5, 0.95), by="channel")
    if found.empty:
        return pd.DataFrame(columns=["period", "median", "p95", "low", "high", "n"])
    median, p95 = (found[found["q"] == q].set_index("channel") for q in (0.5, 0.95))
    result = p95[["low", "high", "n"]].astype({"low": float, "high": float})
    result.insert(0, "median", median["value"])
    result.insert(1, "p95", p95["value"])
    result.insert(0, "period", pd.to_datetime(result.index, utc=True).as_unit("us"))
    return result.reset_index(drop=True)


def _satisfaction(source: duckdb.DuckDBPyRelation, period: str) -> pd.DataFrame:
    found = frame(
        source,
        f"""SELECT {period}, avg(user_satisfaction) AS mean, var_samp(user_satisfaction) AS variance,
            count(user_satisfaction) AS rated, count(user_satisfaction) / CAST(count(*) AS DOUBLE) AS share
        FROM turns GROUP BY 1 ORDER BY 1""",  # noqa: S608 - our own
    )
    means = [
        estimates.mean_of(int(n), mean, None if n < 2 else variance)
        for n, mean, variance in zip(found["rated"], found["mean"], found.pop("variance"), strict=True)
    ]
    found.insert(2, "low", [float("nan") if one.low is None else max(1.0, one.low) for one in means])
    found.insert(3, "high", [float("nan") if one.high is None else min(5.0, one.high) for one in means])
    return found[found["rated"] > 0].reset_index(drop=True)
