"""Releases: moments from which something of the bot was new, told by the caller or found in the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon.analysis.source import MICROSECONDS, instant, query

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    import duckdb
    from matplotlib.axes import Axes

    from chatmon.analysis.findings import Finding

RELEASED: Final = {"prompt_version": "prompt", "model": "model", "variant": "variant"}
"""Columns of which a new value is a release, and what it is a release of."""
MISSED: Final = 30
"""Turns that a value would have had among those before its first, at its later share of them: with fewer, it may have
been rare rather than new, for the turns of a conversation or an hour come together."""
BESIDE: Final = timedelta(hours=2)
"""How far a change's start, an estimate to the hour, may be from a release that it is told with."""
MOST_MARKS: Final = 12
"""Releases that are marked; those that are told are in any case."""
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Mark(NamedTuple):
    """A release.

    Attributes:
        at: When, UTC.
        name: What was released.
    """

    at: datetime
    name: str


def releases(turns: duckdb.DuckDBPyRelation, told: Mapping[datetime, str]) -> list[Mark]:
    """Return the releases of a log in time: those told, and each value of ``RELEASED`` that was new.

    A value is new where ``MISSED`` turns or more before its first would have had it, at its later share of turns.

    Args:
        turns: At least one.
        told: Moments, aware, with what was released at each.

    Raises:
        ValueError: A moment has no time zone, or there are more of them than letters.
    """
    for at, name in told.items():
        if at.tzinfo is None:
            raise ValueError(f"the mark {name!r} is at {at}, which has no time zone: add tzinfo=datetime.UTC")
    marks = [Mark(at.astimezone(UTC), name) for at, name in told.items()]
    if len(marks) > len(LETTERS):
        raise ValueError(f"{len(marks)} marks are told, a figure has letters for {len(LETTERS)}: tell the weightiest")
    found = sorted(mark for column, what in RELEASED.items() for mark in _new(turns, column, what))
    return sorted([*marks, *found[: max(0, MOST_MARKS - len(marks))]])


def _new(turns: duckdb.DuckDBPyRelation, column: str, what: str) -> list[Mark]:
    rows = query(
        turns,
        f"""SELECT {column}, min(moment), min(place) - 1 AS before, count(*) AS n, max(turns) AS turns
        FROM (SELECT {column}, {MICROSECONDS}(timestamp) AS moment, count(*) OVER () AS turns,
            row_number() OVER (ORDER BY timestamp, turn_id) AS place FROM turns) AS placed
        WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY before""",  # noqa: S608 - our own names
    )
    return [
        Mark(at, f"{what} {value} is new")
        for value, first, before, n, turns_in_all in rows
        if n * before >= MISSED * (turns_in_all - before) and (at := instant(first)) is not None
    ]


def letters(marks: list[Mark], zone: ZoneInfo) -> list[tuple[str, str]]:
    """Return each release's letter in the figures, and when and what it was."""
    return [
        (letter, f"{mark.at.astimezone(zone):%Y-%m-%d %H:%M}: {mark.name}")
        for letter, mark in zip(LETTERS, marks, strict=False)
    ]


def draw(axes: Axes, marks: list[Mark], zone: ZoneInfo) -> None:
    """Draw a dotted line with its letter at each release, on axes whose time is that of a zone."""
    from chatmon.plots.figure import INK

    for letter, mark in zip(LETTERS, marks, strict=False):
        at: Any = mark.at.astimezone(zone).replace(tzinfo=None)
        axes.axvline(at, color=INK, ls=":", lw=1.2)
        axes.text(
            at, 0.99, f" {letter}", transform=axes.get_xaxis_transform(), va="top", ha="left", fontsize="small"
        )  # fmt: skip


def beside(one: Finding, marks: list[Mark]) -> list[tuple[str, str]]:
    """Return, as rows of a finding, the releases beside which a change begins."""
    if one.start is None:
        return []
    return [
        ("beside a release", f"{letter}, {mark.name}, {_apart(mark.at - one.start)}. That proves no cause.")
        for letter, mark in zip(LETTERS, marks, strict=False)
        if abs(mark.at - one.start) <= BESIDE
    ]


def _apart(late: timedelta) -> str:
    minutes = round(abs(late) / timedelta(minutes=1))
    if not minutes:
        return "at the same minute"
    return f"{minutes} minutes {'later' if late > timedelta(0) else 'earlier'}; a change's start is known to the hour"
