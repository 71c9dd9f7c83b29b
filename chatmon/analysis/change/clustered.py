"""How sure a difference between two periods is where turns come in conversations, which are alike within themselves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from chatmon.estimates import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
    Places: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

ALPHA: Final = 0.05
"""The chance of claiming anything where nothing changed."""
ENOUGH: Final = 30
"""Turns below which a mean's distribution is too uncertain to claim that it changed."""


class Difference(NamedTuple):
    """A difference, how sure it is, and whether it could be chance.

    Attributes:
        value: The second less the first.
        low: Lower end of its 95 % interval; None where there is too little to tell.
        high: Upper end.
        p: Two-sided, of there being no difference; None where there is too little to tell.
        corrected: ``p`` after Holm's correction for everything that was looked at with it.
    """

    value: float
    low: float | None
    high: float | None
    p: float | None
    corrected: float | None = None

    @property
    def changed(self) -> bool:
        """Whether it is more than chance, among everything that was looked at with it."""
        return self.corrected is not None and self.corrected < ALPHA


class Side(NamedTuple):
    """One side of a difference.

    Attributes:
        variance: Of its estimate.
        weight: How much data it has: turns, or days.
        clusters: Conversations, or days.
    """

    variance: float
    weight: float
    clusters: int


class ConversationTotals(NamedTuple):
    """One period's values of a measure, a row for each conversation in each segment that has any.

    Attributes:
        segment: Place of the segment.
        conversation: Place of the conversation.
        turns: Turns whose value is known.
        total: What they add up to.
    """

    segment: Places
    conversation: Places
    turns: Floats
    total: Floats


def difference(value: float, before: Side, after: Side, *, scale: float = 0.0) -> Difference:
    """Return a difference with its t interval and two-sided p.

    The variance is the larger of Welch's and of the pooled one. Pooling guards a small side that by chance shows
    hardly any variance (no error in 40 turns), Welch's a small side that varies more than the large one.

    Args:
        value: The second less the first.
        before: The first.
        after: The second.
        scale: How large the values are: a difference below the rounding of numbers of this size is none.
    """
    from scipy.special import stdtr, stdtrit

    if min(before.clusters, after.clusters) < 2:
        return Difference(value, None, None, None)
    welch = before.variance + after.variance
    pooled = (before.variance * before.weight**2 + after.variance * after.weight**2) / (before.weight * after.weight)
    if pooled > welch * (1 + 1e-9):
        variance, freedom = pooled, float(before.clusters + after.clusters - 2)
    else:
        below = sum(side.variance**2 / (side.clusters - 1) for side in (before, after))
        variance, freedom = welch, welch**2 / below if below else math.inf
    error = math.sqrt(variance)
    if abs(value) <= 1e-12 * scale:
        p = 1.0
    elif error <= 1e-12 * scale or error == 0:
        p = 0.0
    else:
        p = 2 * float(stdtr(freedom, -abs(value) / error))
    half = error * float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
    return Difference(value, value - half, value + half, p)


def by_day(before: Floats, after: Floats) -> Difference:
    """Return the difference of what a day brings: the days' own scatter is the measure, so busy and quiet days count.

    Args:
        before: A value for each day of the first period, at least one.
        after: A value for each day of the second, at least one.
    """
    sides = [
        Side(float(days.var(ddof=1)) / len(days) if len(days) > 1 else 0.0, float(len(days)), len(days))
        for days in (before, after)
    ]
    scale = max(float(abs(days).mean()) for days in (before, after))
    return difference(float(after.mean() - before.mean()), *sides, scale=scale)


class Effects(NamedTuple):
    """What the change of a mean is made of: it is ``mix`` and ``rate`` together.

    Attributes:
        mix: By turns having moved between segments.
        rate: By turns of the same segment having changed.
        segments: The change of each segment's own mean; None where one period has fewer than ``ENOUGH`` of its turns.
    """

    mix: Difference
    rate: Difference
    segments: list[Difference | None]


def effects(before: ConversationTotals, after: ConversationTotals, segments: int) -> Effects:
    """Return what changed a mean, as ``decompose.decompose`` splits it, and how sure that is.

    With one segment, the rate's part is all of the change.

    Conversations are what was drawn, independently of each other; whatever is alike within one (its turns, in whichever
    segment) is allowed for by linearisation: each estimate is replaced by the sum of what each conversation
    contributes to it to first order (Cochran, Sampling Techniques, 3rd ed., 1977, sections 6.3 and 9A.2 for the ratio
    of two sums over clusters). Where both shares and means hardly differ, the interval of ``mix`` is too wide
    rather than too narrow.

    Args:
        before: The first period, with at least one turn.
        after: The second, with at least one turn.
        segments: How many segments there are.
    """
    import numpy as np

    periods = [_Period(cells, segments) for cells in (before, after)]
    both = (periods[0].turns > 0) & (periods[1].turns > 0)
    rates = [np.where(own.turns > 0, own.rate, other.rate) for own, other in zip(periods, periods[::-1], strict=True)]
    shares = [period.share for period in periods]
    rate_moved, share_moved = rates[1] - rates[0], shares[1] - shares[0]
    rate_mean, share_mean = (rates[0] + rates[1]) / 2, (shares[0] + shares[1]) / 2
    scale = float(max(abs(period.mean) for period in periods))
    # The derivatives of each effect by a segment's mean and by its share; of a segment that one period lacks, the mean
    # stands for both periods'.
    by_rate = np.where(both, share_moved / 2, share_moved)
    mix = [period.side(by_rate, sign * rate_mean) for sign, period in zip((-1, 1), periods, strict=True)]
    rate = [
        period.side(sign * np.where(both, share_mean, 0.0), rate_moved / 2)
        for sign, period in zip((-1, 1), periods, strict=True)
    ]
    alone = [period.segment_sides() for period in periods]
    return Effects(
        mix=difference(float((share_moved * rate_mean).sum()), *mix, scale=scale),
        rate=difference(float((rate_moved * share_mean).sum()), *rate, scale=scale),
        segments=[
            difference(float(rate_moved[place]), alone[0][place], alone[1][place], scale=float(abs(rate_mean[place])))
            if both[place] and min(period.turns[place] for period in periods) >= ENOUGH
            else None
            for place in range(segments)
        ],
    )


class _Period:
    """One period's numbers by segment, and what its conversations contribute to an estimate."""

    def __init__(self, cells: ConversationTotals, segments: int) -> None:
        import numpy as np

        self.cells = cells
        self.turns = np.bincount(cells.segment, weights=cells.turns, minlength=segments)
        self.clusters = np.bincount(cells.segment, minlength=segments)
        totals = np.bincount(cells.segment, weights=cells.total, minlength=segments)
        self.rate = totals / np.maximum(self.turns, 1)
        self.all_turns = float(self.turns.sum())
        self.share = self.turns / self.all_turns
        self.conversations = int(np.count_nonzero(np.bincount(cells.conversation)))
        self.mean = float(totals.sum()) / self.all_turns
        # What a conversation has above what its turns would have at the segment's mean.
        self.above = cells.total - self.rate[cells.segment] * cells.turns

    def side(self, by_rate: Floats, by_share: Floats) -> Side:
        """Return the variance of an estimate, from its derivatives by each segment's mean and share."""
        import numpy as np

        by_turn = by_rate / np.maximum(self.turns, 1)
        moved = (by_share - float((by_share * self.share).sum())) / self.all_turns
        row = by_turn[self.cells.segment] * self.above + moved[self.cells.segment] * self.cells.turns
        of_conversation = np.bincount(self.cells.conversation, weights=row)
        squares = float((of_conversation**2).sum())
        return Side(_corrected(squares, self.conversations), self.all_turns, self.conversations)

    def segment_sides(self) -> list[Side]:
        """Return the variance of each segment's mean."""
        import numpy as np

        squares = np.bincount(self.cells.segment, weights=self.above**2, minlength=len(self.turns))
        return [
            Side(_corrected(float(square), int(number)) / max(float(turns), 1.0) ** 2, float(turns), int(number))
            for square, number, turns in zip(squares, self.clusters, self.turns, strict=True)
        ]


def _corrected(squares: float, clusters: int) -> float:
    return squares * clusters / (clusters - 1) if clusters > 1 else 0.0


def holm(ps: Sequence[float]) -> list[float]:
    """Return p-values corrected for there being several, in the order given.

    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979): the
    chance of one or more false claims stays below the level, however the tests depend on each other.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    corrected, largest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda place: ps[place])):
        largest = max(largest, min(1.0, ps[place] * (len(ps) - rank)))
        corrected[place] = largest
    return corrected
