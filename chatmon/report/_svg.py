"""A panel as an SVG that stands in the page itself: its colours are the page's, in light and in dark."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from chatmon.plots.figure import BLUE, INK, LOOK, PALETTE, RED, canvas, look
from chatmon.plots.time_axis import dated
from chatmon.report._marks import draw as draw_marks

if TYPE_CHECKING:
    from markupsafe import Markup

    from chatmon.analysis.dashboard import DashboardData
    from chatmon.plots.panels import Panel
    from chatmon.report._marks import Mark

SIZE: Final = (4.7, 2.7)
"""Inches: some 500 pixels in the page, and still to be read on a phone at 340."""
LINES: Final = {INK: "--ink", str(LOOK["grid.color"]): "--grid", BLUE: "--blue", RED: "--red"}
AREAS: Final = LINES | {colour: f"--part-{place}" for place, colour in enumerate(PALETTE)}
"""Colour of a drawing to the page's name for it; an area is paler than a line, and its hatching can be seen."""
UNSEEN: Final = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL
)


def svg(panel: Panel, data: DashboardData, name: str, marks: list[Mark]) -> Markup:
    """Return a panel drawn for the page.

    Args:
        panel: What to draw.
        data: What it was made of.
        name: The drawing's id, once in the page; the ids of its parts begin with it.
        marks: The releases to mark.
    """
    import matplotlib as mpl
    from markupsafe import Markup

    with look():
        mpl.rcParams.update(
            {
                "svg.fonttype": "none", "svg.hashsalt": name, "font.size": 10, "lines.linewidth": 1.6,
                "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK,
                "ytick.color": INK, "hatch.color": INK, "hatch.linewidth": 0.5,
            }
        )  # fmt: skip
        fig = canvas("", SIZE)
        axes = fig.add_subplot()
        axes.set_ylabel(panel.axis)
        panel.draw(axes)
        dated(axes, data)
        draw_marks(axes, marks, ZoneInfo(data.zone))
        drawn = io.StringIO()
        fig.savefig(drawn, format="svg", transparent=True)
    dotted = f" Dotted lines mark {len(marks)} release{'s' * (len(marks) > 1)}." if marks else ""
    return Markup(_fitted(drawn.getvalue(), name, panel.alt + dotted))  # noqa: S704 - matplotlib escapes what it draws


def _fitted(drawing: str, name: str, alt: str) -> str:
    """Return a drawing without what only a file needs, with ids of its own, the page's colours and a description."""
    from html import escape

    drawing = UNSEEN.sub("", drawing).strip()
    drawing = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', drawing)
    drawing = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", drawing)
    drawing = drawing.replace("font-family: 'DejaVu Sans'; ", "")
    drawing = re.sub(r'fill="(#\w+)"', r'style="fill: \1"', drawing)
    for part, variables in (("stroke", LINES), ("fill", AREAS)):
        for colour, variable in variables.items():
            drawing = re.sub(f"{part}: {colour}", f"{part}: var({variable})", drawing, flags=re.IGNORECASE)
    drawing = re.sub(r"\s+", " ", drawing).replace("> <", "><")
    width, height = (round(72 * inches, 2) for inches in SIZE)
    opening = f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {width:g} {height:g}" role="img" '
    opening += f'aria-label="{escape(alt)}">'
    return re.sub(r"<svg\b.*?>", lambda _: opening, drawing, count=1, flags=re.DOTALL)
