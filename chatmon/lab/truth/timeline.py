"""The timeline of a replay: what was planted, and when which rule fired."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from chatmon.plots.figure import BLUE, HATCHES, RED, figure, show

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from matplotlib.figure import Figure

    from chatmon.alerts import Replay
    from chatmon.lab.traffic import Problem, Truth


class Bar(NamedTuple):
    """One stretch of the timeline.

    Attributes:
        row: What it belongs to: a rule, or a planted problem.
        start: When it begins.
        end: When it ends.
        planted: Whether it is the truth rather than an alert.
    """

    row: str
    start: datetime
    end: datetime
    planted: bool


def timeline_data(replay: Replay, truth: Truth | None = None) -> list[Bar]:
    """Return what ``timeline`` draws: the planted problems first, then the alerts by rule."""
    planted = [] if truth is None else [Bar(_what(one.problem), one.start, one.end, True) for one in truth.plants]
    order = [rule.name for rule in replay.rules]
    alerts = [Bar(one.rule, one.start, one.end or replay.end, False) for one in replay.firings]
    return planted + sorted(alerts, key=lambda bar: (order.index(bar.row), bar.start))


def timeline(replay: Replay, truth: Truth | None = None, *, title: str | None = None) -> None:
    """Show when each rule fired, under what was planted where the truth is known.

    Args:
        replay: What the rules said.
        truth: Of the same turns.
        title: The finding; without it, the number of alerts is stated.
    """
    fig, alt = drawn(replay, truth, title)
    show(fig, alt)


def drawn(replay: Replay, truth: Truth | None = None, title: str | None = None) -> tuple[Figure, str]:
    """Return the figure of ``timeline`` and its description."""
    from matplotlib import dates

    place = cast("Callable[[datetime], float]", dates.date2num)
    bars = timeline_data(replay, truth)
    rows = list(dict.fromkeys(bar.row for bar in bars))
    alerts = len(replay.firings)
    title = (
        title or f"{alerts} alerts of {len({one.rule for one in replay.firings})} rules over {replay.length.days} days"
    )
    with figure(title, "Time (UTC)", "") as (fig, axes):
        fig.set_figheight(max(2.4, 0.9 + 0.26 * len(rows)))
        for bar in bars:
            colour, hatch, edge = (BLUE, HATCHES[1], "white") if bar.planted else (RED, HATCHES[0], RED)
            # An alert of a minute must still be seen.
            days = max(bar.end - bar.start, replay.length / 250) / timedelta(days=1)
            axes.barh(rows.index(bar.row), days, left=place(bar.start), color=colour, hatch=hatch, edgecolor=edge, lw=0)
        axes.set_yticks(range(len(rows)), rows)
        axes.invert_yaxis()
        axes.set_xlim(place(replay.start), place(replay.end))
        axes.xaxis_date("UTC")
        weeks = replay.length.days // 7
        if weeks:
            axes.xaxis.set_major_locator(dates.WeekdayLocator(byweekday=0, interval=1 + weeks // 8))  # type: ignore[no-untyped-call]
            axes.xaxis.set_major_formatter(dates.DateFormatter("%d %b"))  # type: ignore[no-untyped-call]
        else:
            axes.xaxis.get_major_locator().maxticks = dict.fromkeys(range(8), 5)  # type: ignore[attr-defined]
    planted = sum(bar.planted for bar in bars)
    named = "; ".join(f"{row}: {sum(bar.row == row for bar in bars if not bar.planted)}" for row in rows[planted:])
    alt = f"A timeline of {replay.length.days} days with {planted} planted problems and {alerts} alerts. {named}"
    return fig, alt


def _what(problem: Problem) -> str:
    kind, where = problem.kind.replace("_", " "), ", ".join(problem.slice.values())
    return f"{kind} ({where})" if where else kind
