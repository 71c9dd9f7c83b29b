"""``dashboard``: everything in time, as small multiples in one figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatmon.plots.figure import canvas, look, show
from chatmon.plots.panels import panels
from chatmon.plots.time_axis import dated

if TYPE_CHECKING:
    from chatmon.analysis.dashboard import DashboardData

COLUMNS = 2
ROW = 2.6
"""Inches."""
WIDTH = 10.4


def dashboard(data: DashboardData, *, title: str | None = None) -> None:
    """Show response times, errors, tokens, cost, satisfaction and conversations in time, each with what it found.

    Args:
        data: What ``analysis.prepare_dashboard_data`` returned.
        title: The finding; without it, the number of turns and their days are stated.
    """
    import textwrap

    drawn = panels(data)
    days = (data.until.date() - data.since.date()).days + 1
    title = (
        title or f"{data.turns:,} turns from {data.since:%Y-%m-%d} to {data.until:%Y-%m-%d} ({days} days, {data.zone})"
    )
    rows = -(-len(drawn) // COLUMNS)
    with look():
        fig = canvas(title, (WIDTH, 0.6 + ROW * rows))
        for place, panel in enumerate(drawn, 1):
            axes = fig.add_subplot(rows, COLUMNS, place)
            axes.set_title(textwrap.fill(panel.title, 58), loc="left", fontsize="small", pad=22)
            axes.set_ylabel(panel.axis, fontsize="small")
            axes.tick_params(labelsize="small")
            panel.draw(axes)
            dated(axes, data)
            axes.xaxis.label.set_fontsize("small")
        told = " ".join(f"{panel.name}: {panel.title}. {panel.alt}" for panel in drawn)
        show(fig, f"{title}. {len(drawn)} panels. {told}")
