"""Where and when turns differ from the rest of the log: every slice and window, and what survives so much looking."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chatmon.analysis.search.cells import MIX, SCAN_MEASURES, Cells, Slice, read
from chatmon.analysis.search.windows import HourlySeries, refine, surest
from chatmon.estimates import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from chatmon.analysis.search.cells import Bools, Floats
    from chatmon.analysis.source import Turns

ALPHA: Final = 0.05
"""The chance that a quiet log has any shift claimed in it, over all measures, slices and windows, as far as
conversations, and hours and days that differ as they did before, are all that moves it."""
WITHOUT_ONE: Final = 0.001
"""What p must stay below when the user who contributes most is left out: one broken client is not the bot's failure."""
P_OF_A_REMAINDER: Final = 1e-5
"""What p must stay below in the turns in which nothing was found before: taking a shift out leaves remainders."""
LEAST: Final = 0.005
"""The relative change that is one: a smaller one is 0 % as it is shown, and rounding costs to cents may make it."""
MOST_SHIFTS: Final = 8
"""Shifts of one measure after which looking stops."""


class ShiftEffect(NamedTuple):
    """How one measure differs in a slice and window.

    Attributes:
        n: Turns of the slice in the window whose value is known; for ``mix``, conversations in the window.
        inside: Their mean.
        outside: The slice's mean in the rest of the log.
        change: Inside less outside, like for like: hours held against hours of their kind, less what is usual for
            the intent.
        low: Lower end of its 95 % interval, which does not know that the window was searched for.
        high: Upper end.
        share: How much of what the whole log is short of the ideal (its waiting, cost, failures, tasks not completed)
            this change makes up; negative where it is an improvement.
    """

    n: int
    inside: float
    outside: float
    change: float
    low: float
    high: float
    share: float


@dataclass(frozen=True, slots=True)
class Shift:
    """A slice that differs from the rest of itself, in one window.

    Attributes:
        measure: The one of ``cells.SCAN_MEASURES`` by which it was found.
        dimension: The column that the slice is cut by; None for all turns.
        value: The slice's value in it.
        start: When the window begins, UTC, to the hour.
        end: When it ends, excluded.
        ongoing: Whether the log ends with it.
        conversations: Conversations of the slice in the window.
        p: Of a quiet log showing this anywhere, corrected for everything looked at.
        effects: By measure, as far as it is known there.
    """

    measure: str
    dimension: str | None
    value: str | None
    start: datetime
    end: datetime
    ongoing: bool
    conversations: int
    p: float
    effects: Mapping[str, ShiftEffect]


class Client(NamedTuple):
    """A user whose own failures would have passed for the bot's.

    Attributes:
        user_id: Who.
        turns: Turns in all.
        errors: Failed ones.
    """

    user_id: str
    turns: int
    errors: int


class Scan(NamedTuple):
    """What was found, and how much was looked at.

    Attributes:
        shifts: Measure by measure, the most certain first.
        clients: Users with a broken client.
        looked_at: Windows of slices of measures that were looked at.
        turns: Turns of the log.
    """

    shifts: tuple[Shift, ...]
    clients: tuple[Client, ...]
    looked_at: int
    turns: int


def scan(turns: Turns) -> Scan:
    """Find the windows in which a measure of a slice differs from the rest of the log.

    A window is held against the rest of its slice within the same kind of hour (see ``windows``) and less what is usual
    for each turn's intent, with conversations as what was drawn, and hours and days that differ as those outside the
    window do. As far as that is all that moves a quiet log, it shows nothing in 95 of 100 cases, however much is looked
    at (Bonferroni); where days differ by much, for long, or in few of them, more is claimed. What was found is taken
    out before looking again, so a shift is claimed once, for the slice that shows it best.

    Args:
        turns: Any holder of turns.

    Example:
        >>> scan([]).shifts
        ()
    """
    cells = read(turns)
    return Scan((), (), 0, 0) if cells is None else scan_cells(cells)


def scan_cells(cells: Cells, measures: Sequence[str] = tuple(SCAN_MEASURES), *, steady: bool = False) -> Scan:
    """Do what ``scan`` does with turns that are added up already, for some of the measures.

    Args:
        cells: The turns.
        measures: Which are looked at.
        steady: Whether hours and days of a kind are taken to be alike where nothing has changed.
    """
    slices = {name: cells.slices(SCAN_MEASURES[name].by) for name in measures}
    series = sum(len(found) for found in slices.values())
    most = -math.inf if steady else math.log(ALPHA / max(series, 1))
    shifts: list[Shift] = []
    clients: dict[str, Client] = {}
    looked_at = 0
    for measure, chosen in slices.items():
        left = _Left(cells, measure)
        found: list[Shift] = []
        for _ in range(MOST_SHIFTS):
            best, windows = _best(left, chosen, most)
            looked_at += windows if not found else 0
            p = 1.0 if best is None else min(1.0, math.exp(best.log_p) * series)
            if best is None or p > ALPHA:
                break
            culprit = left.culprit(best)
            if culprit is not None:
                client = _client(cells, culprit)
                if measure in ("errors", "repeats"):
                    clients[client.user_id] = client
                left.forget(culprit)
                continue
            if left.stands_alone(best):
                found += filter(_shows, [_shift(cells, measure, best, p)])
            left.take_out(best)
        shifts += [one for one in found if not _said_already(one, shifts)]
    return Scan(tuple(shifts), tuple(clients.values()), looked_at, cells.turns)


def rows_of(cells: Cells, shift: Shift) -> Bools:
    """Return which rows are of a shift's slice, at any time."""
    return cells.where({} if shift.dimension is None or shift.value is None else {shift.dimension: shift.value})


def hours_of(cells: Cells, shift: Shift) -> tuple[int, int]:
    """Return a shift's window in hours of some cells, which may begin and end at other hours than those it is from."""
    start, end = (round((moment - cells.begin).total_seconds() / 3600) for moment in (shift.start, shift.end))
    return max(0, start), cells.hours if shift.ongoing else min(cells.hours, end)


def log_p(cells: Cells, shift: Shift, among: Bools) -> float:
    """Return the logarithm of p of a shift's slice and window, seen in some of the rows alone."""
    start, end = hours_of(cells, shift)
    left = _Left(cells, shift.measure)
    return left.series(rows_of(cells, shift), among).worst(np.array([start]), np.array([end]))[1]


def sharpened(cells: Cells, shift: Shift) -> Shift:
    """Return a shift with its window's ends where they show most in these cells."""
    series = _Left(cells, shift.measure).series(rows_of(cells, shift))
    start, end = refine(series, *hours_of(cells, shift))
    begin, last = (cells.begin + timedelta(hours=hour) for hour in (start, end))
    return replace(shift, start=begin, end=last, ongoing=end == cells.hours)


class _FoundWindow(NamedTuple):
    slice: Slice
    start: int
    end: int
    log_p: float
    inside: Bools


class _Left:
    """A measure's values, less what was found in them already."""

    def __init__(self, cells: Cells, measure: str) -> None:
        self.cells, self.measure = cells, measure
        n, total = cells.tested[measure]
        self.n, self.total = n, total.copy() if self._as_it_is else cells.less_usual(n, total)
        self.kept: Bools = np.ones(len(n), dtype=bool)
        self.untouched: Bools = self.kept.copy()

    @property
    def _as_it_is(self) -> bool:
        return self.measure == MIX or SCAN_MEASURES[self.measure].event is not None

    def series(self, rows: Bools, among: Bools | None = None, times: float = 1.0) -> HourlySeries:
        """Return the values of a slice's rows by hour, as far as they are among some; shares times a factor."""
        among = self.kept if among is None else self.kept & among
        if self.measure == MIX:
            weeks = self.cells.hours >= 2 * 7 * 24  # before that, no Sunday can be held against another
            share = self.cells.less_rhythm(self.n, np.where(rows, times * self.total, 0.0))
            return HourlySeries(self.cells, self.n, share, among, event=None, local=weeks)
        return HourlySeries(self.cells, self.n, self.total, rows & among, event=SCAN_MEASURES[self.measure].event)

    def alike(self, one: Slice) -> list[HourlySeries]:
        """Return values by hour that are as restless as a slice's.

        What all turns live through, a slice does too, and of all turns it is better known. Shares of conversations move
        as the other shares of their dimension do, in proportion to p (1 - p).
        """
        if self.measure != MIX:
            return [self.series(np.ones(len(self.n), dtype=bool))]
        others = self.cells.slices((str(one.dimension),))
        shares = [_mean(self.n, np.where(other.rows, self.total, 0.0), self.kept) for other in (one, *others)]
        own, *spreads = [share * (1 - share) for share in shares]
        return [self.series(other.rows, times=own / spread) for other, spread in zip(others, spreads, strict=True)
                if spread > 0]  # fmt: skip

    def take_out(self, found: _FoundWindow) -> None:
        """Take out a window: a mean's change is subtracted, so that what stays is comparable; rare events leave."""
        if self.measure == MIX:  # one slice's more is the others' less: all of them leave
            self.untouched = self.kept = self.kept & ~_within(self.cells, found.start, found.end)
            return
        self.untouched = self.untouched & ~found.inside
        if SCAN_MEASURES[self.measure].event is not None:
            self.kept = self.kept & ~found.inside
            return
        change, _ = self.series(found.slice.rows).difference(np.array([found.start]), np.array([found.end]))
        self.total[found.inside] -= float(change[0]) * self.n[found.inside]

    def stands_alone(self, found: _FoundWindow) -> bool:
        """Return whether a window shows in turns that nothing was found in before."""
        return self._p(found, self.untouched) < math.log(P_OF_A_REMAINDER)

    def forget(self, user: int) -> None:
        """Leave a user out."""
        self.kept = self.kept & (self.cells.user != user)

    def culprit(self, found: _FoundWindow) -> int | None:
        """Return the user without whom nothing would be found; None where it stands without any one user."""
        inside = found.inside & self.kept & (self.cells.user >= 0)
        if not inside.any():
            return None
        rows = found.slice.rows & (self.n > 0)
        usual = 0 if self.measure == MIX else _mean(self.n, self.total, rows)
        above = np.bincount(self.cells.user[inside], (self.total - usual * self.n)[inside])
        worst = int(np.abs(above).argmax())
        without = self._p(found, self.cells.user != worst)
        return worst if without > math.log(WITHOUT_ONE) else None

    def _p(self, found: _FoundWindow, among: Bools) -> float:
        return self.series(found.slice.rows, among).worst(np.array([found.start]), np.array([found.end]))[1]


def _best(left: _Left, slices: list[Slice], most: float) -> tuple[_FoundWindow | None, int]:
    """Return the window that chance explains worst, over all slices, and the number of windows looked at."""
    best: tuple[float, int, int, Slice] | None = None
    looked_at = 0
    for one in slices:
        start, end, log_p, windows = surest(left.series(one.rows), most, partial(left.alike, one))
        looked_at += windows
        if best is None or log_p < best[0]:
            best = (log_p, start, end, one)
    if best is None or best[0] == 0:
        return None, looked_at
    log_p, start, end, one = best
    start, end = refine(left.series(one.rows), start, end)
    return _FoundWindow(one, start, end, log_p, one.rows & _within(left.cells, start, end)), looked_at


def _within(cells: Cells, start: int, end: int) -> Bools:
    return (cells.hour >= start) & (cells.hour < end)


def _client(cells: Cells, user: int) -> Client:
    own = cells.user == user
    n, failed = cells.tested["errors"]
    return Client(cells.users[user], int(n[own].sum()), int(failed[own].sum()))


def _shift(cells: Cells, measure: str, found: _FoundWindow, p: float) -> Shift:
    effects = {name: _effect(cells, name, found) for name in SCAN_MEASURES if name != "repeats"}
    return Shift(
        measure=measure,
        dimension=found.slice.dimension,
        value=found.slice.value,
        start=cells.begin + timedelta(hours=found.start),
        end=cells.begin + timedelta(hours=found.end),
        ongoing=found.end == cells.hours,
        conversations=len(np.unique(cells.cluster[found.inside])),
        p=p,
        effects={name: effect for name, effect in effects.items() if effect is not None},
    )


def _said_already(shift: Shift, others: Sequence[Shift]) -> bool:
    """Return whether slow replies are those of a time in which replies as a whole were longer or shorter."""
    return shift.measure == "slow" and any(
        one.measure == "response_time" and one.start < shift.end and shift.start < one.end for one in others
    )


def _shows(shift: Shift) -> bool:
    """Return whether a shift of a measure that is told in per cent is more than 0 %."""
    effect = shift.effects.get(shift.measure)
    if effect is None or SCAN_MEASURES[shift.measure].shown is None:
        return True
    return abs(effect.change) >= LEAST * abs(effect.outside)


def _effect(cells: Cells, measure: str, found: _FoundWindow) -> ShiftEffect | None:
    from scipy.special import ndtri

    n, total = cells.shown[measure]
    rows, inside = found.slice.rows, found.inside
    if measure == MIX:
        total, rows = np.where(rows, total, 0.0), np.ones(len(rows), dtype=bool)
        inside = _within(cells, found.start, found.end)
    outside = rows & ~inside
    if not n[inside].any() or not n[outside].any():
        return None
    compared = total if measure == MIX else cells.less_usual(n, total)
    series = HourlySeries(cells, n, compared, rows, event=None)
    change, error = (float(one[0]) for one in series.difference(np.array([found.start]), np.array([found.end])))
    reach = float(ndtri((1 + CONFIDENCE) / 2)) * error
    number, mean, whole = round(float(n[inside].sum())), _mean(n, total, inside), cells.short_of_ideal(measure)
    if measure in ("errors", "completion"):  # to a user, a turn that failed and one that did not help are alike
        whole = cells.short_of_ideal("errors") + cells.short_of_ideal("completion")
    more = SCAN_MEASURES[measure].worse * change * number
    if measure == "price":  # in dollars
        more, whole = cells.shown["cost"][1][inside].sum() * change / mean, cells.short_of_ideal("cost")
    share = float(more / whole) if whole else 0.0
    return ShiftEffect(number, mean, _mean(n, total, outside), change, change - reach, change + reach, share)


def _mean(n: Floats, total: Floats, rows: Bools) -> float:
    return float(total[rows].sum() / n[rows].sum())
