"""Turns by hour or day: every one from the first to the last, also those in which nothing came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon.analysis.source import frame

if TYPE_CHECKING:
    import pandas as pd

    from chatmon.analysis.source import Turns

LENGTHS: Final = {"hour": "h", "day": "D"}
WHOLE: Final = 0.9
"""The part of a period that turns must cover for its sums to be held against others'."""


def periods(turns: Turns, every: str, columns: str, rows: str = "turns") -> pd.DataFrame:
    """Return some aggregates of each hour or day, in order.

    Args:
        turns: Any holder of turns.
        every: ``hour`` or ``day``, of UTC.
        columns: The aggregates, as SQL with names.
        rows: What is aggregated, as SQL: it has ``timestamp``.

    Returns:
        ``period`` (its start in UTC), the aggregates (missing where nothing came), and ``covered``: which part of the
        period lies between the first and the last turn.

    Raises:
        ValueError: ``every`` is neither.

    Example:
        >>> periods([], "day", "count(*) AS n").columns.tolist()
        ['period', 'n', 'covered']
    """
    import pandas as pd

    if every not in LENGTHS:
        raise ValueError(f"every ({every!r}) is unknown: it is one of {', '.join(LENGTHS)}")
    found = frame(
        turns,
        f"SELECT date_trunc('{every}', timestamp) AS period, {columns} FROM {rows} GROUP BY 1 ORDER BY 1",  # noqa: S608
    )
    if not len(found):
        return found.assign(covered=pd.Series(dtype="float64"))
    first, last = frame(turns, "SELECT min(timestamp) AS first, max(timestamp) AS last FROM turns").iloc[0]
    whole = pd.date_range(found["period"].iloc[0], found["period"].iloc[-1], freq=LENGTHS[every], unit="us")
    filled = found.set_index("period").reindex(whole).rename_axis("period")
    length = whole[0] + pd.tseries.frequencies.to_offset(LENGTHS[every]) - whole[0]
    filled["covered"] = 1.0
    filled.iloc[0, -1] -= (first - whole[0]) / length
    filled.iloc[-1, -1] -= (whole[-1] + length - last) / length
    return filled.reset_index()
