"""``told``: who was told of an alert, and when."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, cast

from chatmon.plots.figure import INK, PALETTE, figure, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

_MARKERS = ("o", "s", "^", "D", "v", "P")


def told(messages: Iterable[tuple[datetime, str, str]], *, title: str | None = None) -> None:
    """Show who was told what, and when: a row for each of them, a marker of its own for each word.

    Args:
        messages: When each arrived, in UTC; who got it; and what it said, in a word or two.
        title: The finding; without it, the numbers of messages and receivers are stated.

    Raises:
        ValueError: There are no messages.
    """
    from matplotlib import dates

    rows = sorted(messages)
    if not rows:
        raise ValueError("there are no messages to show")
    place = cast("Callable[[datetime], float]", dates.date2num)
    names = list(dict.fromkeys(who for _, who, _ in rows))
    words = list(dict.fromkeys(what for *_, what in rows))
    title = title or f"{len(rows)} messages to {len(names)} receivers"
    with figure(title, "Time (UTC)", "") as (fig, axes):
        fig.set_figheight(1.8 + 0.45 * len(names))
        for word, colour, marker in zip(words, cycle(PALETTE), cycle(_MARKERS)):
            spots = [(place(at), names.index(who)) for at, who, what in rows if what == word]
            axes.plot(*zip(*spots, strict=True), marker, color=colour, markersize=10, markeredgecolor=INK, label=word)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.xaxis_date("UTC")
        axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M", tz="UTC"))  # type: ignore[no-untyped-call]
        fig.legend(loc="outside lower center", ncols=len(words))
    said = "; ".join(f"{at:%H:%M} {who}: {what}" for at, who, what in rows)
    show(fig, f"{title}. Who was told what, on {rows[0][0]:%d %B} (UTC): {said}")
