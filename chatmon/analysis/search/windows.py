"""Windows of a log held against the rest of it: a measure's values by hour, and the window chance explains worst.

Chance is conversations that happen to be as they are, and hours and days that are better or worse without anything
having changed. How much hours and days differ, and for how long, a log's own hours tell.
"""

from __future__ import annotations

import copy
import math
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from chatmon.analysis.search._sums import HourlySums, sums_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chatmon.analysis.search.cells import Bools, Cells, Floats, Ints

KINDS: Final = 8
"""Kinds of hours: quarters of a day, of working days and of weekends. Hours are held against hours of their kind."""
LOCAL_KINDS: Final = 40
"""Kinds of hours for what follows the clocks of several regions."""
SATURDAY: Final = 5
FEWEST_CONVERSATIONS: Final = 20
"""Conversations in a window, and outside, below which a mean is not judged."""
STRUCK: Final = 3
"""Conversations that must have been struck by something rare: two are bad luck."""
REACH: Final = 48
"""Hours by which the ends of a window are moved to where it shows most."""

MEMORY: Final = 120
"""Hours over which what moves a measure is taken to last, at most."""
ROUNDS: Final = 3
"""How often a window is looked for anew with what the hours outside the last one tell."""
ONGOING_EVIDENCE: Final = 0.9
"""Part of the best window's evidence that one up to the log's end must have to be preferred."""


class HourlySeries:
    """A measure's values by hour, added up so that any window can be held against the rest.

    Attributes:
        hours: Hours of the log.

    Args:
        begin: The hour in which the log begins, UTC.
        sums: The sums of each of its hours.
        rare: Whether values are conversations that were struck or not.
        local: Whether they follow the clocks of several regions.
    """

    def __init__(self, begin: datetime, sums: HourlySums, *, rare: bool, local: bool = False) -> None:
        self.hours, self._rare = len(sums.n), rare
        hours = np.arange(self.hours)
        kinds = LOCAL_KINDS if local else KINDS
        self._kind = (local_kind_of if local else kind_of)(begin, hours)
        self._weight = np.bincount(self._kind, sums.n, minlength=kinds)[:, None]
        self._mean = np.bincount(self._kind, sums.total, minlength=kinds)[:, None] / np.maximum(self._weight, 1)
        above = sums.less(self._mean[self._kind, 0])
        self._restless: _Restlessness | None = None

        def cumulated(values: Floats) -> Floats:
            by_kind = np.zeros((kinds, self.hours + 1))
            by_kind[self._kind, hours + 1] = values
            return by_kind.cumsum(axis=1)

        self._n, self._above = cumulated(sums.n), cumulated(above.total)
        self._squares = cumulated(above.squares), cumulated(above.products), cumulated(sums.weights)
        self._hourly = sums.n, above
        self._struck, self._clusters = (np.pad(one.cumsum(), (1, 0)) for one in (sums.total, sums.conversations))

    @classmethod
    def of(
        cls, cells: Cells, n: Floats, total: Floats, rows: Bools, *, event: int | None = None, local: bool = False
    ) -> HourlySeries:
        """Return the series of some rows.

        Args:
            cells: The rows.
            n: Each one's number of values.
            total: Their sum.
            rows: Which are added up.
            event: For something rare: how much of it in a conversation makes the conversation count.
            local: Whether it follows the clocks of several regions.
        """
        return cls(cells.begin, sums_of(cells, n, total, rows, event), rare=event is not None, local=local)

    def difference(self, start: Ints, end: Ints) -> tuple[Floats, Floats]:
        """Return the mean of each window less that of the rest, within kinds of hours, and its standard error.

        Kinds are weighed as Mantel and Haenszel do (JNCI 22, 1959); the error is that of sums over conversations.
        """
        n = self._n[:, end] - self._n[:, start]
        part = n / np.maximum(self._weight, 1)
        held = (n * (1 - part)).sum(axis=0)
        above = (self._above[:, end] - self._above[:, start]).sum(axis=0)
        change = np.divide(above, held, out=np.zeros_like(above), where=held > 0)
        # The squares of what is left of each conversation once its side's own mean is taken from it.
        inner = [one[:, end] - one[:, start] for one in self._squares]
        outer = [one[:, -1:] - inside for one, inside in zip(self._squares, inner, strict=True)]
        within, without = (
            np.maximum(square - 2 * moved * product + moved**2 * weight, 0)
            for (square, product, weight), moved in ((inner, change * (1 - part)), (outer, -change * part))
        )
        own = ((1 - part) ** 2 * within + part**2 * without).sum(axis=0)
        # A small window may by chance show hardly any variance: then that of the whole is the better guess.
        pooled = held * (within + without).sum(axis=0) / max(self._weight.sum(), 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.sqrt(np.maximum(own, pooled)) / held  # not a number where nothing can be held against it
        return change, error if self._restless is None else np.sqrt(error**2 + self._restless.variance(start, end))

    def allowing(self, found: _Restlessness) -> HourlySeries:
        """Return the series with errors that know how much hours and days differ."""
        made = copy.copy(self)
        made._restless = found
        return made

    def restlessness(self, start: int, end: int) -> _Restlessness:
        """Return how much hours and days differ apart from one window's change.

        The covariance of hours so far apart is that of what they have above the mean of their kind; in the window, less
        its change. Conversations' own scatter is left out: it is known. Weights fall with distance, so that a variance
        is never negative (Newey and West, Econometrica 55, 1987).

        Args:
            start: The window's first hour.
            end: The hour after its last.
        """
        n, (_, above, squares, products, weights, _) = self._hourly
        n_inside = (self._n[:, end] - self._n[:, start])[:, None]
        part = (n_inside / np.maximum(self._weight, 1))[self._kind, 0]
        held = float((n * (1 - part))[start:end].sum())
        change = float(above[start:end].sum()) / held if held > 0 else 0.0
        inside = np.arange(self.hours)
        moved = change * (((inside >= start) & (inside < end)) - part)
        own = squares - 2 * moved * products + moved**2 * weights
        return _Restlessness(n, self._pairs, _level(n, above - moved * n, self._kind), own)

    @cached_property
    def _pairs(self) -> Floats:
        """For each distance in hours, the products of the numbers of hours so far apart, added up."""
        return _products(self._hourly[0], _memory(self.hours))

    def worst(self, start: Ints, end: Ints) -> tuple[int, float]:
        """Return the place of the window that chance explains worst, and the logarithm of its two-sided p.

        Where too little is known of every window, that is 0.
        """
        from scipy.stats import binom, nbinom

        inside = self._clusters[end] - self._clusters[start]
        if self._rare:
            struck = self._struck[end] - self._struck[start]
            expected = ((self._n[:, end] - self._n[:, start]) * self._mean).sum(axis=0)
            enough = (struck >= STRUCK) & (struck > expected)
            tail = binom.logsf(struck - 1, inside, np.minimum(expected / np.maximum(inside, 1), 1))
            if self._restless is not None:
                # Of a rate that itself differs, as a gamma does, the count is a negative binomial, as wide as both.
                spread = self._restless.variance(start, end) * inside**2 - expected**2 / np.maximum(inside, 1)
                shape = np.maximum(expected, 1e-9) ** 2 / np.maximum(spread, 1e-12)
                wide = nbinom.logsf(struck - 1, shape, shape / (shape + expected))
                tail = np.where(spread > 0, np.maximum(tail, wide), tail)
            place = int(np.where(enough, tail, 0.0).argmin())
            return place, min(0.0, float(tail[place]) + math.log(2)) if enough[place] else 0.0
        change, error = self.difference(start, end)
        freedom = self._freedom(start, end, error)
        enough = (
            (inside >= FEWEST_CONVERSATIONS) & (self._clusters[-1] - inside >= FEWEST_CONVERSATIONS) & (change != 0)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            errors_away = np.where(enough, np.abs(change) / error, 0.0)
        if self._restless is None:
            place = int(errors_away.argmax())
            return place, min(0.0, float(_log_tail(errors_away[[place]], freedom[[place]])[0]) + math.log(2))
        tail = _log_tail(errors_away, freedom)
        place = int(tail.argmin())
        return place, min(0.0, float(tail[place]) + math.log(2))

    def _freedom(self, start: Ints, end: Ints, error: Floats) -> Floats:
        """Return degrees of freedom, of conversations and of hours by what each adds to the error (Satterthwaite)."""
        freedom = np.full(len(start), max(1.0, float(self._clusters[-1] - len(self._weight) - 1)))
        if self._restless is None:
            return freedom
        hours, of_hours = self._restless.variance(start, end), self._restless.freedom(start, end)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.nan_to_num(hours / error**2)
        return np.asarray(1 / ((1 - part) ** 2 / freedom + part**2 / of_hours))


def _level(n: Floats, above: Floats, kind: Ints) -> Floats:
    """Return sums by hour less what rises or falls steadily, which is a change too; hours are those of their kind."""
    time = np.arange(len(n), dtype=float)
    time -= (np.bincount(kind, n * time) / np.maximum(np.bincount(kind, n), 1))[kind]
    spread = float((n * time**2).sum())
    return np.asarray(above - n * time * float((above * time).sum()) / spread) if spread > 0 else above


def _log_tail(away: Floats, freedom: Floats) -> Floats:
    """Return the logarithm of the chance that Student's t is above some values.

    Where the chance is too small for a float, the logarithm is that of the normal which Wallace gives (Annals of
    Mathematical Statistics 30, 1959): of two windows that are both beyond doubt, the better one is still known.
    """
    from scipy.special import log_ndtr, stdtr

    with np.errstate(divide="ignore"):
        tail = np.log(stdtr(freedom, -away))
    normal = (8 * freedom + 1) / (8 * freedom + 3) * np.sqrt(freedom * np.log1p(away**2 / freedom))
    return np.where(np.isfinite(tail), tail, log_ndtr(-normal))


class _Restlessness:
    """How much hours and days differ without anything having changed, and for how long.

    Attributes:
        whole: The variance that this gives the mean of the whole log.

    Args:
        n: Each hour's number of values.
        pairs: For each distance, the sum of the products of the numbers of hours so far apart.
        above: What they have above what is expected of them.
        own: The part of the square of that which their own scatter explains.
    """

    def __init__(self, n: Floats, pairs: Floats, above: Floats, own: Floats) -> None:
        memory = len(pairs)
        lags = np.arange(memory)
        alike = _products(above, memory)
        alike[0] -= float(own.sum())
        # Where hours so far apart are hardly ever both known, nothing is.
        covariance = np.divide(alike, pairs, out=np.zeros(memory), where=pairs > 0.05 * pairs[0])
        weights = (1 - lags / memory) * np.where(lags == 0, 1.0, 2.0) * covariance
        self._hourly, self._n, self._memory, self._weights = n, np.pad(n.cumsum(), (1, 0)), memory, weights
        self.whole = max(0.0, float(weights @ pairs)) / max(float(n.sum()), 1.0) ** 2

    @cached_property
    def _pairs(self) -> Floats:
        """For each distance, the weighed products of the numbers of hours so far apart, added up from the first on."""
        n = self._hourly
        apart = np.zeros((self._memory, len(n) + 1))
        for lag, weight in enumerate(self._weights):
            apart[lag, 1 : len(n) + 1 - lag] = weight * n[: len(n) - lag] * n[lag:]
        return apart.cumsum(axis=1)

    def variance(self, start: Ints, end: Ints) -> Floats:
        """Return the variance of each window's mean less that of the rest, as far as hours and days make it."""
        inside = self._n[end] - self._n[start]
        rest = np.maximum(self._n[-1] - inside, 1)
        of_rest = self.whole * self._n[-1] / rest
        return np.asarray(np.maximum(self._of_sums(start, end), 0) / np.maximum(inside, 1) ** 2 + of_rest)

    def freedom(self, start: Ints, end: Ints) -> Floats:
        """Return the degrees of freedom of each window's variance: the longer it is, the fewer like it there are."""
        return np.asarray(1.5 * (len(self._n) - 1) / np.minimum(end - start, self._memory))

    def _of_sums(self, start: Ints, end: Ints) -> Floats:
        lags = np.arange(min(self._memory, int((end - start).max(initial=1))))[:, None]  # none lies further apart
        pairs = self._pairs[: len(lags)]
        return np.asarray((pairs[lags, np.maximum(end - lags, start)] - pairs[:, start]).sum(axis=0))


def _memory(hours: int) -> int:
    return max(1, min(MEMORY, hours // 5))


def _products(values: Floats, memory: int) -> Floats:
    """Return, for each distance, the sum of the products of values so far apart."""
    return np.correlate(values, values, "full")[len(values) - 1 : len(values) - 1 + memory]


Found: TypeAlias = tuple[int, int, float, int]
"""A window's ends, the logarithm of its p, and how many were looked at."""


def surest(series: HourlySeries, found: Found, most: float, alike: Callable[[], list[HourlySeries]]) -> Found:
    """Return the window that ``search`` found, or a better one, with hours and days that differ allowed for.

    Only a window that conversations alone do not explain is held against hours and days too: how much these differ is
    told by the hours, less the window's own change. A log of a few days does not tell it. If what they explain worst
    lies in the window, it is as sure as that; if not, that is the next window. The most restless of the values that
    are alike counts.

    Args:
        series: The values.
        found: What ``search`` finds in them.
        most: The logarithm of p above which nothing is claimed.
        alike: Gives other values that hours and days move as much.
    """
    if series.hours <= MEMORY:  # too short to tell how hours and days differ: then conversations are all there is
        return found
    for _ in range(ROUNDS):
        if found[2] > most:
            break
        start, end = _own_window(series, *found[:2])
        known = [one.restlessness(start, end) for one in (series, *alike())]
        again = search(series.allowing(max(known, key=lambda one: one.whole)))
        if min(end, again[1]) - max(start, again[0]) > (again[1] - again[0]) / 2:
            return *found[:2], again[2], found[3]
        found = again
    return found


def search(series: HourlySeries) -> Found:
    """Return the window that chance explains worst: its ends, the logarithm of p, and how many were looked at.

    Windows of 1, 2, 4, ... hours that overlap by three quarters, and everything from some hour on. Each length has the
    same claim to a finding, whatever the number of its windows, so p is multiplied by both (Bonferroni).
    """
    best, looked_at = (0.0, 0, series.hours), 0
    lengths = _lengths(series.hours)
    for starts, ends in lengths:
        looked_at += len(starts)
        place, log_p = series.worst(starts, ends)
        best = min(best, (log_p + math.log(len(starts) * len(lengths)), int(starts[place]), int(ends[place])))
    log_p, start, end = best
    return start, end, log_p, looked_at


def refine(series: HourlySeries, start: int, end: int) -> tuple[int, int]:
    """Return the ends near a window's ends that chance explains worst; what holds at first alone changes at its end."""
    start, end, log_p = _sharpest(series, start, end)
    # Where the log's end does nearly as well as a day near it, what began has not ended.
    if series.worst(np.array([start]), np.array([series.hours]))[1] <= ONGOING_EVIDENCE * log_p:
        end = series.hours
    return (end, series.hours) if start == 0 and end < series.hours else (start, end)


def _own_window(series: HourlySeries, start: int, end: int) -> tuple[int, int]:
    """Return the ends of what changed; what was found to last up to the log's end may have ended before."""
    start, end, _ = _sharpest(series, start, end)
    if end < series.hours:
        return start, end
    ends = np.arange(start + 1, series.hours + 1)
    place, _ = series.worst(np.full(len(ends), start), ends)
    return start, int(ends[place])


def _sharpest(series: HourlySeries, start: int, end: int) -> tuple[int, int, float]:
    """Return the ends near a window's ends that chance explains worst, and the logarithm of p."""
    reach = min(max(1, (end - start) // 2), REACH)
    starts = np.arange(max(0, start - reach), min(series.hours, start + reach + 1))
    ends = (
        np.array([end]) if end == series.hours else np.arange(max(1, end - reach), min(series.hours, end + reach) + 1)
    )
    first, last = (one.ravel() for one in np.meshgrid(starts, ends))
    first, last = first[first < last], last[first < last]
    place, log_p = series.worst(first, last)
    return int(first[place]), int(last[place]), log_p


def kind_of(begin: datetime, hour: Ints) -> Ints:
    """Return which of the ``KINDS`` each hour is, counted from the one in which the log begins."""
    since = hour + begin.hour
    weekend = (since // 24 + begin.weekday()) % 7 >= SATURDAY
    return np.asarray(weekend * 4 + since % 24 // 6)


def local_kind_of(begin: datetime, hour: Ints) -> Ints:
    """Return which of the ``LOCAL_KINDS`` each hour is: where clocks differ, so do the hours at which weekends begin.

    Eighths of a day, of Monday, of the days up to Thursday, of Friday, of Saturday and of Sunday.
    """
    since = hour + begin.hour
    day = np.array([0, 1, 1, 1, 2, 3, 4])[(since // 24 + begin.weekday()) % 7]
    return np.asarray(day * 8 + since % 24 // 3)


def _lengths(hours: int) -> list[tuple[Ints, Ints]]:
    found, length = [], 1
    while length <= hours // 2:
        starts = np.arange(0, hours - length + 1, max(1, length // 4))
        found.append((starts, starts + length))
        length *= 2
    since = np.arange(max(1, hours // 84), hours, max(1, hours // 84))
    return [*found, (since, np.full(len(since), hours))] if len(since) else found
