"""Where and when turns differ from the rest of the log: every slice and window, and what survives so much looking."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chatmon.analysis.search._sums import Cut, HourlySums, sums_of
from chatmon.analysis.search.cells import DIMENSIONS, MIX, SCAN_MEASURES, Cells, read
from chatmon.analysis.search.part import MOST, part_of
from chatmon.analysis.search.windows import Found, HourlySeries, refine, search, surest
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
        turns: Turns that were looked at.
        part: Which these are, in words; empty where they are all.
    """

    shifts: tuple[Shift, ...]
    clients: tuple[Client, ...]
    looked_at: int
    turns: int
    part: str = ""


def scan(turns: Turns, most: int = MOST) -> Scan:
    """Find the windows in which a measure of a slice differs from the rest of the log.

    A window is held against the rest of its slice within the same kind of hour (see ``windows``) and less what is usual
    for each turn's intent, with conversations as what was drawn, and hours and days that differ as those outside the
    window do. As far as that is all that moves a quiet log, it shows nothing in 95 of 100 cases, however much is looked
    at (Bonferroni); where days differ by much, for long, or in few of them, more is claimed. What was found is taken
    out before looking again, so a shift is claimed once, for the slice that shows it best.

    Args:
        turns: Any holder of turns.
        most: About how many turns are looked at; of more, those of conversations drawn by chance.

    Example:
        >>> scan([]).shifts
        ()
    """
    part = part_of(turns, most)
    cells = read(part.turns)
    return Scan((), (), 0, 0) if cells is None else scan_cells(cells)._replace(part=part.said)


def scan_cells(cells: Cells, measures: Sequence[str] = tuple(SCAN_MEASURES), *, steady: bool = False) -> Scan:
    """Do what ``scan`` does with turns that are added up already, for some of the measures.

    Args:
        cells: The turns.
        measures: Which are looked at.
        steady: Whether of what hours and days do not explain that is taken first which conversations explain worst, and
            not that which both do: this blurs less which slice it is.
    """
    shown = _Shown(cells)
    slices = {name: shown.slices(SCAN_MEASURES[name].by) for name in measures}
    series = sum(len(found) for found in slices.values())
    most = math.log(ALPHA / max(series, 1))
    shifts: list[Shift] = []
    clients: dict[str, Client] = {}
    looked_at = 0
    for measure, chosen in slices.items():
        left = _Left(cells, measure, shown.cuts)
        found: list[Shift] = []
        for _ in range(MOST_SHIFTS):
            best, windows = _best(left, chosen, most, steady=steady)
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
                found += filter(_shows, [shown.shift(measure, best, p)])
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


class _Slice(NamedTuple):
    cut: Cut
    place: int

    @property
    def dimension(self) -> str | None:
        return self.cut.dimension

    @property
    def value(self) -> str | None:
        return self.cut.values[self.place]

    def rows(self, cells: Cells, start: int = 0, end: int | None = None) -> Bools:
        rows: Bools = np.zeros(len(cells.hour), dtype=bool)
        rows[self.cut.rows(self.place, start, end)] = True
        return rows


class _FoundWindow(NamedTuple):
    slice: _Slice
    start: int
    end: int
    log_p: float


class _Cuts:
    """Cells cut by each dimension, once."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._made: dict[str | None, Cut] = {}

    def by(self, dimension: str | None) -> Cut:
        if dimension not in self._made:
            self._made[dimension] = Cut(self._cells, dimension)
        return self._made[dimension]


class _Left:
    """A measure's values, less what was found in them already."""

    def __init__(self, cells: Cells, measure: str, cuts: _Cuts | None = None) -> None:
        self.cells, self.measure, self.cuts = cells, measure, cuts or _Cuts(cells)
        self.event = None if measure == MIX else SCAN_MEASURES[measure].event
        n, total = cells.tested[measure]
        self.n = n.copy()
        self.total = total.copy() if measure == MIX or self.event is not None else cells.less_usual(n, total)
        self.untouched: Bools = np.ones(len(n), dtype=bool)
        self._sums: dict[str | None, HourlySums] = {}
        self._made: dict[tuple[_Slice, float], HourlySeries] = {}

    def by_hour(self, one: _Slice, times: float = 1.0) -> HourlySeries:
        """Return a slice's values by hour; shares times a factor."""
        if (one, times) not in self._made:
            self._made[one, times] = self._of(self._all(one.dimension).at(one.place).times(times))
        return self._made[one, times]

    def series(self, rows: Bools, among: Bools | None = None) -> HourlySeries:
        """Return the values of a slice's rows by hour, as far as they are among some."""
        among = np.ones(len(rows), dtype=bool) if among is None else among
        if self.measure != MIX:
            return HourlySeries.of(self.cells, self.n, self.total, rows & among, event=self.event)
        return self._of(sums_of(self.cells, self.n, np.where(rows, self.total, 0.0), among, None))

    def alike(self, one: _Slice) -> list[HourlySeries]:
        """Return values by hour that are as restless as a slice's.

        What all turns live through, a slice does too, and of all turns it is better known. Shares of conversations move
        as the other shares of their dimension do, in proportion to p (1 - p).
        """
        if self.measure != MIX:
            return [self.by_hour(_Slice(self.cuts.by(None), 0))]
        others = [_Slice(one.cut, place) for place in range(len(one.cut.values))]
        shares = [_share(self._all(one.dimension).at(other.place)) for other in others]
        spreads = [share * (1 - share) for share in shares]
        own = spreads[one.place]
        return [self.by_hour(other, own / spread) for other, spread in zip(others, spreads, strict=True) if spread > 0]

    def take_out(self, found: _FoundWindow) -> None:
        """Take out a window: a mean's change is subtracted, so that what stays is comparable; rare events leave."""
        if self.measure == MIX:  # one slice's more is the others' less: all of them leave
            found = found._replace(slice=_Slice(self.cuts.by(None), 0))
        inside = found.slice.cut.rows(found.slice.place, found.start, found.end)
        self.untouched[inside] = False
        if self.measure == MIX or self.event is not None:
            self.n[inside] = self.total[inside] = 0
        else:
            change, _ = self.by_hour(found.slice).difference(np.array([found.start]), np.array([found.end]))
            self.total[inside] -= float(change[0]) * self.n[inside]
        self._made.clear()
        for dimension, sums in self._sums.items():
            sums.put(found.start, self._added(dimension, found.start, found.end))

    def stands_alone(self, found: _FoundWindow) -> bool:
        """Return whether a window shows in turns that nothing was found in before."""
        return self._p(found, self.untouched) < math.log(P_OF_A_REMAINDER)

    def forget(self, user: int) -> None:
        """Leave a user out."""
        own = self.cells.user == user
        self.n[own] = self.total[own] = 0
        self._made.clear()
        self._sums.clear()

    def culprit(self, found: _FoundWindow) -> int | None:
        """Return the user without whom nothing would be found; None where it stands without any one user."""
        rows = found.slice.rows(self.cells)
        inside = rows & _within(self.cells, found.start, found.end) & (self.cells.user >= 0) & (self.n > 0)
        if not inside.any():
            return None
        usual = 0 if self.measure == MIX else float(self.total[rows].sum() / self.n[rows].sum())
        above = np.bincount(self.cells.user[inside], (self.total - usual * self.n)[inside])
        worst = int(np.abs(above).argmax())
        without = self._p(found, self.cells.user != worst)
        return worst if without > math.log(WITHOUT_ONE) else None

    def _p(self, found: _FoundWindow, among: Bools) -> float:
        series = self.series(found.slice.rows(self.cells), among)
        return series.worst(np.array([found.start]), np.array([found.end]))[1]

    def _of(self, sums: HourlySums) -> HourlySeries:
        if self.measure != MIX:
            return HourlySeries(self.cells.begin, sums, rare=self.event is not None)
        weeks = self.cells.hours >= 2 * 7 * 24  # before that, no Sunday can be held against another
        return HourlySeries(self.cells.begin, sums.less(_rhythm(self.cells, sums)), rare=False, local=weeks)

    def _all(self, dimension: str | None) -> HourlySums:
        if dimension not in self._sums:
            self._sums[dimension] = self._added(dimension)
        return self._sums[dimension]

    def _added(self, dimension: str | None, start: int = 0, end: int | None = None) -> HourlySums:
        if self.measure == MIX:
            return _shares(self.cells, self.cuts, dimension, self.n, self.total, start, end)
        return self.cuts.by(dimension).sums(self.n, self.total, event=self.event, start=start, end=end)


def _best(left: _Left, slices: list[_Slice], most: float, *, steady: bool) -> tuple[_FoundWindow | None, int]:
    """Return the window that chance explains worst, over all slices, and the number of windows looked at."""
    searched = [(search(left.by_hour(one)), one) for one in slices]
    best: tuple[Found, _Slice] | None = None
    for found, one in sorted(searched, key=lambda pair: pair[0][2]):
        if best is not None and found[2] >= best[0][2]:
            break  # hours and days that differ make nothing more certain
        again = surest(left.by_hour(one), found, most, partial(left.alike, one))
        if best is None or again[2] < best[0][2]:
            best = (again, one)
        if steady and again[2] <= most:
            break
    looked_at = sum(found[3] for found, _ in searched)
    if best is None or best[0][2] == 0:
        return None, looked_at
    (start, end, log_p, _), one = best
    return _FoundWindow(one, *refine(left.by_hour(one), start, end), log_p), looked_at


def _within(cells: Cells, start: int, end: int) -> Bools:
    return (cells.hour >= start) & (cells.hour < end)


def _share(sums: HourlySums) -> float:
    return float(sums.total.sum() / sums.n.sum())


def _rhythm(cells: Cells, sums: HourlySums) -> Floats:
    """Return what is usual at each hour's hour of the day: each region's day begins at another one."""
    at = (np.arange(cells.hours) + cells.begin.hour) % 24
    usual = np.bincount(at, sums.total, 24) / np.maximum(np.bincount(at, sums.n, 24), 1e-9)
    return np.asarray(usual[at])


def _shares(
    cells: Cells, cuts: _Cuts, dimension: str | None, n: Floats, part: Floats, start: int = 0, end: int | None = None
) -> HourlySums:
    """Return the sums of all conversations by their part in each slice of a dimension."""
    cut, whole = cuts.by(dimension), cuts.by(None).sums(n, n, start=start, end=end)
    found = cut.shares(part, np.bincount(cells.cluster, n).astype(float), start, end)
    every = {
        name: np.repeat(getattr(whole, name), len(cut.values), axis=0) for name in ("n", "weights", "conversations")
    }
    return found._replace(**every)


def _client(cells: Cells, user: int) -> Client:
    own = cells.user == user
    n, failed = cells.tested["errors"]
    return Client(cells.users[user], int(n[own].sum()), int(failed[own].sum()))


class _Shown:
    """What is told of a window: the values that are shown, by hour, of every slice."""

    def __init__(self, cells: Cells) -> None:
        self.cells, self.cuts = cells, _Cuts(cells)
        self._sums: dict[tuple[str, str | None], tuple[HourlySums, HourlySums]] = {}

    def slices(self, by: Sequence[str]) -> list[_Slice]:
        """Return each value of dimensions that have more than one; of all, and all rows, if none is named."""
        cuts = [self.cuts.by(name) for name in by or (None, *DIMENSIONS)]
        return [_Slice(cut, place) for cut in cuts for place in range(len(cut.values))]

    def shift(self, measure: str, found: _FoundWindow, p: float) -> Shift:
        """Return a window with what it did to every measure."""
        cells = self.cells
        effects = {name: self._effect(name, found) for name in SCAN_MEASURES if name != "repeats"}
        return Shift(
            measure=measure,
            dimension=found.slice.dimension,
            value=found.slice.value,
            start=cells.begin + timedelta(hours=found.start),
            end=cells.begin + timedelta(hours=found.end),
            ongoing=found.end == cells.hours,
            conversations=found.slice.cut.conversations(found.slice.place, found.start, found.end),
            p=p,
            effects={name: effect for name, effect in effects.items() if effect is not None},
        )

    def _effect(self, measure: str, found: _FoundWindow) -> ShiftEffect | None:
        from scipy.special import ndtri

        cells = self.cells
        sums, compared = (one.at(found.slice.place) for one in self._of(measure, found.slice.dimension))
        number, total = (float(one[found.start : found.end].sum()) for one in (sums.n, sums.total))
        others, rest = float(sums.n.sum()) - number, float(sums.total.sum()) - total
        if round(number) < 1 or round(others) < 1:
            return None
        series = HourlySeries(cells.begin, compared, rare=False)
        change, error = (float(one[0]) for one in series.difference(np.array([found.start]), np.array([found.end])))
        reach = float(ndtri((1 + CONFIDENCE) / 2)) * error
        mean, whole = total / number, cells.short_of_ideal(measure)
        if measure in ("errors", "completion"):  # to a user, a turn that failed and one that did not help are alike
            whole = cells.short_of_ideal("errors") + cells.short_of_ideal("completion")
        more = SCAN_MEASURES[measure].worse * change * number
        if measure == "price":  # in dollars
            cost = self._of("cost", found.slice.dimension)[0].at(found.slice.place).total[found.start : found.end].sum()
            more, whole = cost * change / mean, cells.short_of_ideal("cost")
        share = float(more / whole) if whole else 0.0
        return ShiftEffect(round(number), mean, rest / others, change, change - reach, change + reach, share)

    def _of(self, measure: str, dimension: str | None) -> tuple[HourlySums, HourlySums]:
        """Return a measure's sums in every slice, and the same less what is usual for the intent."""
        if (measure, dimension) not in self._sums:
            n, total = self.cells.shown[measure]
            if measure == MIX:
                sums = _shares(self.cells, self.cuts, dimension, n, total)
                self._sums[measure, dimension] = sums, sums
            else:
                cut = self.cuts.by(dimension)
                self._sums[measure, dimension] = cut.sums(n, total), cut.sums(n, self.cells.less_usual(n, total))
        return self._sums[measure, dimension]


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
