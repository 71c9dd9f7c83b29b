"""Turns added up by tick and group: what windows are read from, live and in history.

A tick is the time between two evaluations. Its cell holds how many turns had the measure, their exact sum, and, where a
percentile is asked for, a histogram. Cells keep running totals, so a window costs two look-ups whatever its length.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from chatmon._tools.histogram import bins_of, merged, percentile
from chatmon.alerts._batch import EPOCH
from chatmon.alerts._judged import is_judged
from chatmon.alerts._measures import MICRO, measure_of

if TYPE_CHECKING:
    from datetime import datetime

    from chatmon.alerts._batch import Batch
    from chatmon.alerts._measures import Ints

Group: TypeAlias = tuple[str, ...]


class CellSeries(NamedTuple):
    """What is added up; rules that look at the same share it.

    Attributes:
        measure: One of ``_measures.RULE_MEASURES``.
        by: The columns whose values make the groups.
        binned: Whether there are histograms: of a judge's words by whose they are, of other measures by their size.
    """

    measure: str
    by: tuple[str, ...]
    binned: bool


class Ticks(NamedTuple):
    """Time in ticks, counted from 1970.

    Attributes:
        seconds: Length of a tick.
    """

    seconds: int

    def holding(self, moment: datetime) -> int:
        """Return the tick that a moment lies in."""
        return (moment - EPOCH) // timedelta(seconds=self.seconds)

    def end(self, tick: int) -> datetime:
        """Return when a tick is over, which is when it is evaluated."""
        return EPOCH + timedelta(seconds=(tick + 1) * self.seconds)

    def evaluates(self, moment: datetime) -> int:
        """Return the first tick that is evaluated at a moment or later."""
        return -((EPOCH - moment) // timedelta(seconds=self.seconds)) - 1

    def span(self, length: timedelta) -> int:
        """Return how many ticks are nearest to a length, at least one."""
        return max(1, round(length.total_seconds() / self.seconds))


class GroupCells:
    """The cells of one group, in order of ticks.

    Attributes:
        born: The tick from which on the group is watched.
        ticks: The ticks that have a cell.
        counts: Turns up to each of them, from a start that does not matter.
        totals: The sum up to each of them, in small units.
        squares: The sum of squares up to each of them, in the root of a small unit, squared: for how sure a mean is.
        histograms: Turns by bin of each; empty where none are kept.
    """

    __slots__ = ("born", "counts", "histograms", "squares", "ticks", "totals")

    def __init__(self, born: int) -> None:
        self.born = born
        self.ticks: list[int] = []
        self.counts: list[int] = [0]
        self.totals: list[int] = [0]
        self.squares: list[int] = [0]
        self.histograms: list[Counter[int]] = []

    def add(self, tick: int, n: int, total: int, squares: int, histogram: Counter[int] | None) -> None:
        """Add to the cell of a tick, which is the newest one or later."""
        if self.ticks and self.ticks[-1] == tick:
            self.counts[-1] += n
            self.totals[-1] += total
            self.squares[-1] += squares
            if histogram is not None:
                self.histograms[-1].update(histogram)
            return
        self.ticks.append(tick)
        self.counts.append(self.counts[-1] + n)
        self.totals.append(self.totals[-1] + total)
        self.squares.append(self.squares[-1] + squares)
        if histogram is not None:
            self.histograms.append(Counter(histogram))

    def newest(self) -> tuple[int, int, int, Counter[int] | None]:
        """Return the number, the sum, the squares and the histogram of the newest cell."""
        n, total, squares = (sums[-1] - sums[-2] for sums in (self.counts, self.totals, self.squares))
        return n, total, squares, self.histograms[-1] if self.histograms else None

    def sums(self, tick: int, length: int) -> tuple[int, int, int]:
        """Return the number, the sum and the squares over the ``length`` ticks that end with ``tick``."""
        first, last = bisect_right(self.ticks, tick - length), bisect_right(self.ticks, tick)
        counts, totals, squares = self.counts, self.totals, self.squares
        return counts[last] - counts[first], totals[last] - totals[first], squares[last] - squares[first]

    def binned(self, tick: int, length: int) -> Counter[int]:
        """Return that window's turns by bin."""
        first, last = bisect_right(self.ticks, tick - length), bisect_right(self.ticks, tick)
        return merged(self.histograms[first:last])

    def percentile(self, tick: int, length: int, q: float) -> float | None:
        """Return the ``q``-quantile of that window's turns, within 1 %; None without turns."""
        return percentile(self.binned(tick, length), q)

    def date_back(self, ticks: int) -> None:
        """Move all cells so many ticks into the past."""
        self.born -= ticks
        self.ticks = [tick - ticks for tick in self.ticks]

    def forget(self, before: int) -> None:
        """Drop the cells of ticks before this one."""
        first = bisect_left(self.ticks, before)
        del self.ticks[:first], self.counts[:first], self.totals[:first], self.squares[:first], self.histograms[:first]


@dataclass(frozen=True, slots=True)
class Flat:
    """The cells of all groups of a series, in order of group and tick: one value of each array for each cell.

    Attributes:
        groups: The groups.
        group: Each cell's place among them.
        tick: Its tick.
        n: Turns in it.
        total: Their sum in small units.
        squares: Their squares, as ``GroupCells`` has them.
        bin_cell: For each cell and bin that has turns: the cell's place; empty where there are no histograms.
        bin: The bin.
        bin_n: Turns in it.
    """

    groups: list[Group]
    group: Ints
    tick: Ints
    n: Ints
    total: Ints
    squares: Ints
    bin_cell: Ints
    bin: Ints
    bin_n: Ints

    def histograms(self, begin: int, end: int) -> list[Counter[int]]:
        """Return the histograms of the cells from one place to before another."""
        made: list[Counter[int]] = [Counter() for _ in range(end - begin)]
        part = slice(*np.searchsorted(self.bin_cell, (begin, end)))
        columns = (self.bin_cell[part].tolist(), self.bin[part].tolist(), self.bin_n[part].tolist())
        for cell, place, n in zip(*columns, strict=True):
            made[cell - begin][place] = n
        return made


def add_up(batch: Batch, series: CellSeries, tick: Ints) -> Flat:
    """Return a batch's cells.

    Args:
        batch: The turns.
        series: What to add up.
        tick: The tick that each turn counts in.
    """
    measure = measure_of(series.measure)
    amounts, known = measure.counted(batch.numbers)
    code = np.zeros(len(tick), dtype=np.int64)
    for name in series.by:
        codes, values = batch.texts[name]
        known = known & (codes >= 0)
        code = code * len(values) + codes
    amounts, code, tick, units = amounts[known], code[known], tick[known], batch.units[known]
    if not len(tick):
        nothing = np.zeros(0, dtype=np.int64)
        # A rule for all turns is about them even while there are none.
        return Flat([] if series.by else [()], *[nothing] * 8)
    begin = int(tick.min())
    length = int(tick.max()) - begin + 1
    key = code * length + (tick - begin)
    order = np.argsort(key, kind="stable")
    sorted_key, sorted_amounts = key[order], amounts[order]
    starts = np.flatnonzero(np.diff(sorted_key, prepend=-1))
    cell_code = sorted_key[starts] // length
    group_starts = np.flatnonzero(np.diff(cell_code, prepend=-1))
    n = np.diff(starts, append=len(key))
    bins = [np.zeros(0, dtype=np.int64)] * 3
    if series.binned:
        judged = is_judged(series.measure)
        every = units[order] + sorted_amounts if judged else bins_of(sorted_amounts / measure.scale)
        there, place = np.unique(every, return_inverse=True)
        cell = np.repeat(np.arange(len(starts)), n)
        found, counts = np.unique(cell * len(there) + place, return_counts=True)
        bins = [found // len(there), there[found % len(there)], counts]
    return Flat(
        [_decoded(code, series, batch) for code in cell_code[group_starts].tolist()],
        np.repeat(np.arange(len(group_starts)), np.diff(group_starts, append=len(starts))),
        sorted_key[starts] % length + begin,
        n,
        np.add.reduceat(sorted_amounts, starts),
        np.add.reduceat(np.rint(sorted_amounts / math.isqrt(measure.scale)).astype(np.int64) ** 2, starts),
        *bins,
    )


def ticks_of(batch: Batch, ticks: Ticks) -> Ints:
    """Return the tick that each turn ended in."""
    found: Ints = batch.ends // (ticks.seconds * MICRO)
    return found


def _decoded(code: int, series: CellSeries, batch: Batch) -> Group:
    values = []
    for name in reversed(series.by):
        known = batch.texts[name][1]
        code, place = divmod(code, len(known))
        values.append(known[place])
    return tuple(reversed(values))
