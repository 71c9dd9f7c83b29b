"""Axes whose x is time by the hour or day: their dates, their gaps, and bars stacked on them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from chatmon.plots.figure import HATCHES, INK, PALETTE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd
    from matplotlib.axes import Axes

    from chatmon.analysis.dashboard import DashboardData

MOST_PARTS: Final = 5
"""Parts of a stack; the smaller ones are added up."""
TICKS: Final = 7
LONGEST_NAME: Final = 24
"""Characters of a name in a legend."""


def dated(axes: Axes, data: DashboardData) -> None:
    """Give axes a time axis over all of the log, with few dates on it."""
    from matplotlib.dates import date2num, num2date
    from matplotlib.ticker import FixedLocator, FuncFormatter

    hourly = data.every == "hour"

    def said(value: float, _: int | None) -> str:
        moment = cast("datetime", num2date(value))  # type: ignore[no-untyped-call]  # not annotated
        day = f"{moment.day} {moment:%b}"
        return f"{moment:%H:%M}\n{day}" if hourly else day

    ends = (_begin(moment, data) for moment in (data.since, data.until))
    first, last = (float(date2num(moment)) for moment in ends)  # type: ignore[no-untyped-call]  # not annotated
    steps = [hours / 24 for hours in (1, 2, 3, 6, 12, 24)] if hourly else [1, 2, 3, 7, 14, 28, 56, 91, 182, 364]
    step = next((one for one in steps if (last - first) / one < TICKS), steps[-1])
    axes.set_xlim(first - 0.6 * _period(data) / timedelta(days=1), last + 0.6 * _period(data) / timedelta(days=1))
    axes.xaxis.set_major_locator(
        FixedLocator([first + place * step for place in range(int((last - first) / step + 0.01) + 1)])
    )
    axes.xaxis.set_major_formatter(FuncFormatter(said))
    axes.set_xlabel(f"{data.every.capitalize()} ({data.zone})")


def _begin(moment: datetime, data: DashboardData) -> datetime:
    start = moment.replace(minute=0, second=0, microsecond=0, tzinfo=None)
    return start if data.every == "hour" else start.replace(hour=0)


def _period(data: DashboardData) -> timedelta:
    return timedelta(hours=1 if data.every == "hour" else 24)


def stack(
    axes: Axes, found: pd.DataFrame, part: str, value: str, data: DashboardData, order: Sequence[str] | None = None
) -> None:
    """Draw bars of parts on each other, each with a colour and a hatch of its own, the largest part at the bottom.

    Args:
        axes: Where to draw.
        found: A row for each ``period`` and part.
        part: The column that names the part.
        value: The column of heights.
        data: What says how long a period is.
        order: The parts from the bottom up, where that is not by size.
    """
    import numpy as np

    table = found.pivot_table(index="period", columns=part, values=value, aggfunc="sum", observed=True).fillna(0.0)
    names = list(order or table.sum().sort_values(ascending=False, kind="stable").index)
    names = [name for name in names if name in table]
    if len(names) > MOST_PARTS:
        rest = names[MOST_PARTS - 1 :]
        names = [*names[: MOST_PARTS - 1], f"{len(rest)} others"]
        table[names[-1]] = table[rest].sum(axis=1)
    times, bottom = times_of(table.index.to_series()), np.zeros(len(table))
    width = cast("float", 0.84 * _period(data))
    for place, name in enumerate(names):
        heights = table[name].to_numpy(dtype=float)
        axes.bar(
            times, heights, width=width, bottom=bottom, color=PALETTE[place % len(PALETTE)],
            hatch=HATCHES[place % len(HATCHES)], edgecolor=INK, linewidth=0.4, label=_short(name),
        )  # fmt: skip
        bottom = bottom + heights
    if len(names) > 1:
        legend(axes)


def _short(name: str) -> str:
    # A legend leaves out names that begin with an underscore.
    name = f" {name}" if name.startswith("_") else name
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def legend(axes: Axes) -> None:
    """Show the names of what is drawn above the axes."""
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 0.98),
        ncols=3,
        fontsize="small",
        frameon=False,
        columnspacing=1.0,
        handlelength=1.6,
        handletextpad=0.5,
    )


def filled(found: pd.DataFrame, data: DashboardData) -> pd.DataFrame:
    """Return the frame with its gaps: a line across a night would say that it was measured."""
    import pandas as pd

    whole = pd.date_range(found["period"].iloc[0], found["period"].iloc[-1], freq="h" if data.every == "hour" else "D")
    return found.set_index("period").reindex(whole.as_unit("us")).rename_axis("period").reset_index()


def times_of(periods: pd.Series[Any]) -> Any:
    """Return periods as what matplotlib draws: UTC without saying so."""
    import pandas as pd

    return pd.DatetimeIndex(periods).tz_convert(None).to_numpy()
