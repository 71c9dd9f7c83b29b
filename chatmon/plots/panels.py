"""The panels of a dashboard: each draws one thing in time, states what it found, and says it in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chatmon.plots.figure import BLUE, RED
from chatmon.plots.time_axis import filled, legend, stack, times_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import pandas as pd
    from matplotlib.axes import Axes

    from chatmon.analysis.dashboard import DashboardData


class Panel(NamedTuple):
    """One panel of a dashboard.

    Attributes:
        name: What it shows, such as ``response time``.
        title: What it found, as a sentence with its numbers.
        axis: What the y axis shows, with its unit.
        alt: The panel in words, for those who do not see it.
        draw: Draws it.
    """

    name: str
    title: str
    axis: str
    alt: str
    draw: Callable[[Axes], None]


def panels(data: DashboardData) -> list[Panel]:
    """Return the panels that the data has something for.

    Args:
        data: What ``analysis.prepare_dashboard_data`` returned.
    """
    made = (_response_time, _errors, _tokens, _cost, _satisfaction, _rated, _conversations, _length)
    return [panel for panel in (make(data) for make in made) if panel is not None]


def _response_time(data: DashboardData) -> Panel | None:
    found = data.response_time
    if found.empty:
        return None
    usual = float(found["median"].median())
    worst = float(found["p95"].max())
    title = f"The median reply took about {usual:.1f} s; 95 % came within {worst:.1f} s on the worst {data.every}"
    ends = f"from {found['p95'].min():.1f} to {found['p95'].max():.1f} s"

    def draw(axes: Axes) -> None:
        whole = filled(found, data)
        times = times_of(whole["period"])
        axes.fill_between(times, whole["low"].to_numpy(), whole["high"].to_numpy(), color=RED, alpha=0.2, linewidth=0)
        axes.plot(times, whole["p95"].to_numpy(), color=RED, ls="--", marker="s", markersize=3, label="95th percentile")
        axes.plot(times, whole["median"].to_numpy(), color=BLUE, marker="o", markersize=3, label="median")
        axes.set_ylim(bottom=0)
        legend(axes)

    alt = (
        f"Two lines by {data.every}: the median lies between {found['median'].min():.1f} and "
        f"{found['median'].max():.1f} s, the 95th percentile {ends}, "
        f"highest on {_peak(found, found['p95'], data)}; a band shows its 95 % interval."
    )
    return Panel("Response time", title, "Response time (s)", alt, draw)


def _errors(data: DashboardData) -> Panel | None:
    if not data.telling:
        return None
    failed = int(data.errors["turns"].sum()) if len(data.errors) else 0
    shares = data.errors.assign(share=100 * data.errors["share"])
    total = shares.groupby("period")["share"].sum().reset_index()
    highest = float(total["share"].max()) if failed else 0.0
    whose = f"{data.telling:,} turns{'' if data.telling == data.turns else ' that say'}"
    title = f"{failed:,} of {whose} failed"
    alt = f"No bars: 0 of {whose} failed."
    if failed:
        worst = _peak(total, total["share"], data)
        classes = data.errors.groupby("error_class")["turns"].sum().sort_values(ascending=False, kind="stable")
        title += f"; on the worst {data.every}, {worst}, {highest:.1f} %"
        named = ", ".join(f"{name} {int(number):,}" for name, number in classes.items())
        alt = (
            f"Stacked bars by {data.every}: the share of turns that failed, highest on {worst} with {highest:.1f} %. "
            f"In all: {named} turns."
        )

    def draw(axes: Axes) -> None:
        stack(axes, shares, "error_class", "share", data)
        axes.set_ylim(0, max(1.0, 1.1 * highest))

    return Panel("Errors", title, "Failed turns (% of all)", alt, draw)


def _tokens(data: DashboardData) -> Panel | None:
    import pandas as pd

    found = data.volume.dropna(subset=["input_tokens", "output_tokens"], how="all")
    if found.empty:
        return None
    whole = {name: found[name].fillna(0).astype(float) for name in ("input_tokens", "cached_tokens", "output_tokens")}
    read, cached, written = (int(values.sum()) for values in whole.values())
    parts = {
        "input, not cached": whole["input_tokens"] - whole["cached_tokens"],
        "input, cached": whole["cached_tokens"],
        "output": whole["output_tokens"],
    }
    both = whole["input_tokens"] + whole["output_tokens"]
    unit, per = ("million", 1e6) if both.max() >= 1e6 else ("thousand", 1e3)
    title = f"{_short(read)} tokens went in and {_short(written)} came out"
    if read and found["cached_tokens"].notna().any():
        title += f"; {100 * cached / read:.0f} % of input came from the cache"
    stacked = pd.concat(
        [
            pd.DataFrame({"period": found["period"], "part": name, "value": values / per})
            for name, values in parts.items()
            if values.sum() > 0
        ]
    )
    alt = (
        f"Stacked bars by {data.every}: {read:,} input tokens, of them {cached:,} cached, and {written:,} output "
        f"tokens in all; most on {_peak(found, both, data)}."
    )
    return Panel(
        "Tokens", title, f"Tokens ({unit})", alt,
        lambda axes: stack(axes, stacked, "part", "value", data, order=list(parts)),
    )  # fmt: skip


def _cost(data: DashboardData) -> Panel | None:
    found = data.cost
    if found.empty:
        return None
    by_model = found.groupby("model")["cost"].sum().sort_values(ascending=False, kind="stable")
    total = by_model.sum()
    share = float(by_model.iloc[0] / total) if total else 0.0
    least = "at least " if data.unpriced else ""
    whose = "all" if len(by_model) == 1 else f"{100 * share:.0f} %"
    title = f"Turns cost {least}{money(total)}, {whose} of it {by_model.index[0]}"
    by_period = found.groupby("period")["cost"].sum().reset_index()
    named = ", ".join(f"{name} {money(cost)}" for name, cost in by_model.items())
    alt = (
        f"Stacked bars by {data.every}, from {money(by_period['cost'].min())} to {money(by_period['cost'].max())}, "
        f"most on {_peak(by_period, by_period['cost'], data)}. By model: {named}."
    )
    drawn = found.assign(cost=found["cost"].astype(float))
    return Panel("Cost", title, "Cost (USD)", alt, lambda axes: stack(axes, drawn, "model", "cost", data))


def _satisfaction(data: DashboardData) -> Panel | None:
    found = data.satisfaction
    if found.empty:
        return None
    mean = float((found["mean"] * found["rated"]).sum() / found["rated"].sum())
    rated = int(found["rated"].sum())
    title = f"Rated turns average {mean:.1f} of 5, from {rated:,} ratings"

    def draw(axes: Axes) -> None:
        whole = filled(found, data)
        times = times_of(whole["period"])
        axes.fill_between(times, whole["low"].to_numpy(), whole["high"].to_numpy(), color=BLUE, alpha=0.2, linewidth=0)
        axes.plot(times, whole["mean"].to_numpy(dtype=float), color=BLUE, marker="o", markersize=3)
        axes.set_ylim(1, 5)
        axes.set_yticks(range(1, 6))

    alt = (
        f"Line by {data.every}: the mean rating lies between {found['mean'].min():.1f} and {found['mean'].max():.1f}, "
        f"lowest on {_peak(found, -found['mean'], data)}; a band shows its 95 % interval."
    )
    return Panel("Satisfaction", title, "Mean rating (1 to 5)", alt, draw)


def _rated(data: DashboardData) -> Panel | None:
    found = data.satisfaction
    if found.empty:
        return None
    share = 100 * float(found["rated"].sum()) / data.turns
    title = f"{share:.0f} % of turns were rated: the others say nothing"
    least, most = 100 * found["share"].min(), 100 * found["share"].max()
    alt = f"Bars by {data.every}: between {least:.0f} and {most:.0f} % were rated."
    drawn = found.assign(part="rated", value=100 * found["share"])

    def draw(axes: Axes) -> None:
        stack(axes, drawn, "part", "value", data)
        axes.set_ylim(0, 100)

    return Panel("Response rate", title, "Rated turns (% of all)", alt, draw)


def _conversations(data: DashboardData) -> Panel | None:
    found = data.conversations
    number, usual = int(found["conversations"].sum()), float(found["conversations"].median())
    title = f"{number:,} conversations, about {usual:,.0f} {'an hour' if data.every == 'hour' else 'a day'}"
    alt = (
        f"Bars by {data.every} in which they began: from {int(found['conversations'].min()):,} to "
        f"{int(found['conversations'].max()):,}, most on {_peak(found, found['conversations'], data)}."
    )
    drawn = found.assign(part="conversations", value=found["conversations"].astype(float))
    return Panel(
        "Conversations", title, "Conversations (count)", alt, lambda axes: stack(axes, drawn, "part", "value", data)
    )


def _length(data: DashboardData) -> Panel | None:
    found = data.conversations
    mean = float((found["length"] * found["conversations"]).sum() / found["conversations"].sum())
    title = f"A conversation has {mean:.1f} turns on average"

    def draw(axes: Axes) -> None:
        whole = filled(found, data)
        axes.plot(
            times_of(whole["period"]), whole["length"].to_numpy(dtype=float), color=BLUE, marker="o", markersize=3
        )
        axes.set_ylim(0, 1.15 * float(found["length"].max()))

    alt = f"Line by {data.every}: from {found['length'].min():.1f} to {found['length'].max():.1f} turns."
    return Panel("Length", title, "Length (turns)", alt, draw)


def _peak(found: pd.DataFrame, values: pd.Series[Any], data: DashboardData) -> str:
    """Return, in words, the period whose value is the largest; the first of several."""
    return _when(found["period"].iloc[int(values.astype(float).to_numpy().argmax())], data)


def _when(period: datetime, data: DashboardData) -> str:
    day = f"{period.day} {period:%B}"
    return f"{day} {period:%H:%M}" if data.every == "hour" else day


def money(amount: Any) -> str:
    """Return US dollars: with cents, or with three digits where they are less than that.

    Example:
        >>> money(55.182), money(0.00123), money(0)
        ('$55.18', '$0.00123', '$0.00')
    """
    value = float(amount)
    return f"${value:,.2f}" if value >= 0.1 or value == 0 else f"${value:.3g}"


def _short(number: int) -> str:
    for size, name in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            return f"{number / size:.1f} {name}"
    return f"{number:,}"
