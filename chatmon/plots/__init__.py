"""The figures of the course, in one look: each title states what was found, and each figure is also said in words.

A figure function displays one figure and returns nothing. The numbers in it come from the function of the same name
with ``_data``, so that a lesson can print them and a test can hold them. Colour is never the only signal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from chatmon.plots._dashboard import dashboard
from chatmon.plots._told import told
from chatmon.plots.figure import BLUE, HATCHES, RED, SIZE, figure, show

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pandas as pd

__all__ = [
    "ResponseTimes",
    "bars",
    "compare_models",
    "conversation_growth",
    "conversation_growth_data",
    "dashboard",
    "figure",
    "forecast_band",
    "response_times",
    "response_times_data",
    "show",
    "timeline",
    "timeline_data",
    "told",
]


HOW = {"sum": "total", "count": "number of", "max": "highest"}
EVERY = {"1D": "day", "D": "day", "1h": "hour", "h": "hour", "30min": "30 min"}


class ResponseTimes(NamedTuple):
    """What ``response_times`` draws: the n times, and their median and 95th percentile, in seconds."""

    n: int
    median: float
    p95: float
    seconds: tuple[float, ...]


def response_times_data(turns: pd.DataFrame) -> ResponseTimes:
    """Return the response times of turns, in order of size, with their median and 95th percentile.

    Raises:
        ValueError: There are no turns.

    Example:
        >>> import pandas as pd
        >>> response_times_data(pd.DataFrame({"response_time": [0.5, 0.3, 0.4]}))
        ResponseTimes(n=3, median=0.4, p95=0.49, seconds=(0.3, 0.4, 0.5))
    """
    times = turns["response_time"].astype(float)
    if times.empty:
        raise ValueError("there are 0 turns to plot: record some first")
    seconds = tuple(sorted(times.tolist()))
    return ResponseTimes(len(seconds), float(times.median()), float(times.quantile(0.95)), seconds)


def response_times(turns: pd.DataFrame, *, title: str | None = None) -> None:
    """Show how response times are distributed, with their median and 95th percentile marked.

    Args:
        turns: The table of turns.
        title: The finding; without it, the median and the 95th percentile are stated.
    """
    import seaborn

    n, median, p95, seconds = response_times_data(turns)
    title = title or f"Half of {n:,} replies took {median:.2f} s or less, one in twenty over {p95:.2f} s"
    with figure(title, "Response time (s)", "Turns (count)") as (fig, axes):
        bins = min(40, max(5, round(n**0.5 * 2)))
        seaborn.histplot(x=list(seconds), bins=bins, color=BLUE, alpha=0.65, edgecolor="white", ax=axes)
        axes.set(xlabel="Response time (s)", ylabel="Turns (count)")
        axes.axvline(median, color="black", label=f"median {median:.2f} s")
        axes.axvline(p95, color=RED, linestyle="--", label=f"95th percentile {p95:.2f} s")
        axes.legend()
        spread = f"median {median:.2f} s, 95th percentile {p95:.2f} s, slowest {seconds[-1]:.2f} s"
        show(fig, f"{title}. Histogram of the response times of {n:,} turns: {spread}.")


def timeline_data(turns: pd.DataFrame, column: str, *, every: str | None = None, how: str = "mean") -> pd.Series[float]:
    """Return a column's values in time: one per turn, or one per interval.

    Args:
        turns: The table of turns.
        column: Any column of numbers.
        every: An interval such as ``5min`` or ``1D``; intervals without a value are left out.
        how: What to do with an interval's values: ``mean``, ``median``, ``sum``, ``count`` or ``max``.

    Raises:
        ValueError: No turn has a value in this column.
    """
    values = turns.set_index("timestamp")[column].sort_index(kind="stable").dropna().astype(float)
    if values.empty:
        raise ValueError(f"none of {len(turns)} turns has a {column}: nothing to plot")
    if every is None:
        return values
    grouped = values.resample(every)
    result: pd.Series[float] = grouped.agg(how)[grouped.count() > 0].astype(float)
    return result


def timeline(
    turns: pd.DataFrame,
    column: str,
    *,
    title: str,
    unit: str,
    every: str | None = None,
    how: str = "mean",
    limit: float | None = None,
) -> None:
    """Show a column of turns in time, with a limit to hold it against.

    Args:
        turns: The table of turns.
        column: Any column of numbers.
        title: The finding.
        unit: The column's unit, such as ``s``.
        every: An interval such as ``5min``; without it, one point a turn.
        how: What to do with an interval's values, as in ``timeline_data``.
        limit: A value to draw as a dashed line.
    """
    import pandas as pd

    values = timeline_data(turns, column, every=every, how=how)
    what = column.replace("_", " ")
    label = (
        f"{what} ({unit})" if every is None else f"{HOW.get(how, how)} {what} per {EVERY.get(every, every)} ({unit})"
    )
    # An interval without turns is a gap: a line across a night would say that it was measured.
    drawn = values if every is None else values.asfreq(every)
    times = pd.DatetimeIndex(drawn.index).tz_convert(None).to_numpy()
    with figure(title, "Time (UTC)", _sentence(label)) as (fig, axes):
        axes.plot(times, drawn.to_numpy(), color=BLUE, marker="o", markersize=4, linewidth=1.2)
        if limit is not None:
            axes.axhline(limit, color=RED, linestyle="--", label=f"limit {limit:g} {unit}")
            axes.legend()
        axes.margins(x=0.02)
        axes.set_ylim(bottom=min(0.0, float(values.min())))
        against = "" if limit is None else f", against a limit of {limit:g} {unit}"
        span = f"{len(values):,} points from {values.min():.2f} to {values.max():.2f} {unit}{against}"
        show(fig, f"{title}. Line of {label.removesuffix(f' ({unit})')} in time: {span}.")


def conversation_growth_data(turns: pd.DataFrame) -> pd.DataFrame:
    """Return, for each position in a conversation, how many turns stand there and their median input tokens.

    Turns whose input tokens are unknown keep their position and are left out of the median.

    Returns:
        A frame indexed by ``position`` (1 is a conversation's first turn) with ``turns`` and ``input_tokens``.

    Example:
        >>> import pandas as pd
        >>> turns = pd.DataFrame({"conversation_id": ["a", "a"], "timestamp": [2, 1], "input_tokens": [90, 40]})
        >>> conversation_growth_data(turns).to_dict("index")
        {1: {'turns': 1, 'input_tokens': 40.0}, 2: {'turns': 1, 'input_tokens': 90.0}}
    """
    ordered = turns.sort_values("timestamp", kind="stable")
    position = (ordered.groupby("conversation_id").cumcount() + 1).rename("position")
    tokens = ordered["input_tokens"].astype("Float64").dropna().groupby(position)
    return tokens.agg(["count", "median"]).set_axis(["turns", "input_tokens"], axis=1).astype({"input_tokens": float})


def conversation_growth(turns: pd.DataFrame, *, title: str | None = None) -> None:
    """Show how many tokens go in at each position of a conversation.

    Args:
        turns: The table of turns.
        title: The finding; without it, the first and the last position are compared.

    Raises:
        ValueError: No turn has input tokens.
    """
    growth = conversation_growth_data(turns)
    if growth.empty:
        raise ValueError(f"none of {len(turns)} turns has input_tokens: nothing to plot")
    first, last, end = growth["input_tokens"].iloc[0], growth["input_tokens"].iloc[-1], growth.index[-1]
    title = title or f"Turn {growth.index[0]} sends {first:,.0f} tokens, turn {end} sends {last:,.0f}"
    with figure(title, "Position in the conversation (turn)", "Median input tokens (count)") as (fig, axes):
        axes.plot(growth.index.to_numpy(), growth["input_tokens"].to_numpy(), color=BLUE, marker="o")
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="x", integer=True)
        alt = f"{title}. Line of the median input tokens by position: {first:,.0f} at first, {last:,.0f} at turn {end}."
        show(fig, alt)


def bars(
    values: Mapping[str, float],
    *,
    title: str,
    unit: str,
    what: str,
    intervals: Mapping[str, tuple[float, float]] | None = None,
    digits: int = 2,
) -> None:
    """Show named values as bars, each with its number, such as a cost for each model.

    Args:
        values: Name to value, drawn from top to bottom; Decimal is welcome.
        title: The finding.
        unit: The values' unit; ``USD`` is written as a dollar sign.
        what: What the values are, such as ``Cost of a month``.
        intervals: Name to the ends of its 95 % interval.
        digits: Decimal places shown.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("there are 0 values to plot: give at least one")
    heights = {name: float(value) for name, value in values.items()}
    texts = [_amount(value, unit, digits) for value in heights.values()]
    with figure(title, f"{what} ({unit})", "") as (fig, axes):
        fig.set_size_inches(SIZE[0], max(2.2, 1.3 + 0.55 * len(heights)))
        drawn = axes.barh(list(heights), list(heights.values()), color=BLUE, alpha=0.75, edgecolor="black", height=0.6)
        for position, bar in enumerate(drawn):
            bar.set_hatch(HATCHES[position % len(HATCHES)])
        ends = list(heights.values())
        for position, name in enumerate(heights):
            if intervals and name in intervals:
                low, high = (float(end) for end in intervals[name])
                axes.plot([low, high], [position, position], color="black", marker="|", markersize=10)
                ends[position] = max(ends[position], high)
        for position, (end, text) in enumerate(zip(ends, texts, strict=True)):
            axes.annotate(text, (max(end, 0.0), position), xytext=(6, 0), textcoords="offset points", va="center")
        axes.margins(x=0.22)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        named = ", ".join(f"{name} {text}" for name, text in zip(heights, texts, strict=True))
        sure = " The lines are 95 % intervals." if intervals else ""
        show(fig, f"{title}. Bars: {what}, {named}.{sure}")


def compare_models(costs: Mapping[str, Any], *, title: str | None = None, what: str = "Cost of the same turns") -> None:
    """Show what the same traffic costs on each model, the cheapest first.

    Args:
        costs: Model to US dollars.
        title: The finding; without it, the dearest is stated as a multiple of the cheapest.
        what: What was priced.

    Raises:
        ValueError: There are no costs.
    """
    ordered = dict(sorted(costs.items(), key=lambda item: (item[1], item[0])))
    names = list(ordered)
    if title is None and len(names) > 1 and ordered[names[0]] > 0:
        title = f"{names[-1]} costs {float(ordered[names[-1]] / ordered[names[0]]):.1f} times as much as {names[0]}"
    bars(ordered, title=title or what, unit="USD", what=what)


def forecast_band(
    spent: Mapping[date, Any] | pd.Series[Any],
    *,
    projected: tuple[float, float, float],
    end: date,
    budget: float | None = None,
    title: str | None = None,
) -> None:
    """Show what was spent so far and where the month will end, against the budget.

    Args:
        spent: Day to US dollars spent in all up to and with that day, in order.
        projected: The forecast of the total at ``end`` in US dollars: value, and the ends of its 95 % interval.
        end: The last day of the forecast.
        budget: US dollars; drawn as a dashed line.
        title: The finding; without it, the forecast and its interval are stated.

    Raises:
        ValueError: Nothing was spent yet, or ``end`` lies before the last day.
    """
    points: list[tuple[Any, Any]] = list(spent.items())
    days, totals = [day for day, _ in points], [float(total) for _, total in points]
    if not days:
        raise ValueError("there are 0 days of spending: nothing to draw a forecast from")
    if end < days[-1]:
        raise ValueError(f"end ({end}) lies before the last day spent ({days[-1]})")
    value, low, high = (float(number) for number in projected)
    title = title or f"The forecast is ${value:,.2f}, between ${low:,.2f} and ${high:,.2f}"
    with figure(title, "Day (UTC)", "Spent in all (USD)") as (fig, axes):
        axes.plot(days, totals, color=BLUE, label="spent")
        axes.plot([days[-1], end], [totals[-1], value], color=BLUE, linestyle=":", label="forecast")
        axes.fill_between(
            [days[-1], end],
            [totals[-1], low],
            [totals[-1], high],
            color=BLUE,
            alpha=0.25,
            hatch="//",
            label="95 % interval",
        )
        against = ""
        if budget is not None:
            axes.axhline(float(budget), color=RED, linestyle="--", label=f"budget ${float(budget):,.2f}")
            against = f", against a budget of ${float(budget):,.2f}"
        axes.set_xlim(
            cast("Any", days[0]), cast("Any", end)
        )  # a margin would reach into the next month, and the axis name it
        axes.set_ylim(bottom=0)
        axes.legend(loc="lower right")
        so_far = f"${totals[-1]:,.2f} spent by {days[-1]}, ${value:,.2f} expected by {end}"
        show(fig, f"{title}. Line with a band: {so_far}, 95 % interval ${low:,.2f} to ${high:,.2f}{against}.")


def _amount(value: float, unit: str, digits: int) -> str:
    """Return a value with its unit; money with its sign before the dollar."""
    if unit == "USD":
        return f"{'-' if value < 0 else ''}${abs(value):,.{digits}f}"
    return f"{value:,.{digits}f} {unit}"


def _sentence(text: str) -> str:
    """Return the text with a capital first letter and the rest as it was: units keep their case."""
    return text[:1].upper() + text[1:]
