"""One look for every figure of the course, and one way to show it: with a description for those who cannot see it."""

from __future__ import annotations

import base64
import io
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, RED = "#0072B2", "#D55E00"
"""From the palette of Okabe and Ito (Color Universal Design, 2008), which colour-blind readers can tell apart."""
PALETTE = (BLUE, "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
INK = "#111111"
"""Of text, axes and edges."""
SIZE = (6.4, 3.8)
"""Inches; this is 960 pixels shown 640 wide: sharp on a laptop, and its text still readable on a phone."""
DPI = 150
SHOWN_DPI = 100
LOOK: dict[Any, Any] = {
    "figure.figsize": SIZE,
    "figure.dpi": DPI,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.12,
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "lines.linewidth": 2.0,
    "hatch.linewidth": 0.6,
    "legend.edgecolor": "white",
    "legend.framealpha": 0.9,
    "date.autoformatter.month": "%b %Y",
    "date.autoformatter.day": "%d %b",
    "date.autoformatter.hour": "%H:%M\n%d %b",
    "date.autoformatter.minute": "%H:%M\n%d %b",
    "text.parse_math": False,
}
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++")


@contextmanager
def figure(title: str, x: str, y: str) -> Iterator[tuple[Figure, Axes]]:
    """Give a figure with one pair of axes in the course's look, which ends with the block.

    Args:
        title: The finding, as a short sentence; long ones are wrapped.
        x: What the x axis shows, with its unit.
        y: What the y axis shows, with its unit.

    Example:
        >>> with figure("Replies got slower", "Time (UTC)", "Response time (s)") as (fig, axes):
        ...     axes.get_xlabel()
        'Time (UTC)'
    """
    import textwrap

    with look():
        fig = canvas(title, SIZE)
        axes = fig.add_subplot()
        axes.set(xlabel=x, ylabel=textwrap.fill(y, 30))
        yield fig, axes


@contextmanager
def look() -> Iterator[None]:
    """Draw in the course's look, whatever the reader's own settings are; they come back with the block's end."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(LOOK)
        yield


def canvas(title: str, size: tuple[float, float]) -> Figure:
    """Return an empty figure with its title, to be drawn within ``look()``.

    Args:
        title: The finding, as a short sentence; long ones are wrapped.
        size: In inches.
    """
    import textwrap

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    fig = Figure(figsize=size)
    FigureCanvasAgg(fig)
    if title:
        # A title of the axes would begin right of the labels, and be cut off where these are long.
        fig.suptitle(textwrap.fill(title, round(62 * size[0] / SIZE[0])), x=0.01, horizontalalignment="left")
    return fig


def show(fig: Figure, alt: str) -> None:
    """Display a figure once, with its description, and close it.

    It is given three times: as an element of HTML with the description as its ``alt``, which JupyterLab takes from
    nowhere else; as a PNG, for what cannot show HTML; and as the description alone, which a terminal shows.

    Args:
        fig: Any matplotlib figure.
        alt: What the figure shows, as one or two sentences with its main numbers.

    Raises:
        ValueError: ``alt`` is too short to describe a figure.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    if len(alt.split()) < 4:
        raise ValueError(f"alt ({alt!r}) does not describe the figure: say in a sentence what it shows")
    alt = alt.replace("?. ", "? ")  # a title that asks has its own mark
    png = io.BytesIO()
    fig.savefig(png, format="png", dpi=DPI, metadata={"Software": None})
    plt.close(fig)
    encoded = base64.b64encode(png.getvalue()).decode("ascii")
    width = round(SHOWN_DPI * fig.get_figwidth())
    html = f'<img alt="{escape(alt)}" width="{width}" src="data:image/png;base64,{encoded}">'
    data = {"text/html": html, "image/png": encoded, "text/plain": alt}
    metadata = {"image/png": {"alt": alt, "width": width}}
    display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]  # IPython's display is not annotated
