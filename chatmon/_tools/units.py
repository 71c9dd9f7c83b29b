"""Whose values are: what an interval needs to know of users whose turns are alike."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

_NOTHING: Final = 1e-12


class Units(NamedTuple):
    """How values are shared out among those who are independent of each other, such as users.

    Attributes:
        number: How many there are.
        squares: The sum of the squares of how many values each has.
        errors: The sum of the squares of what each one's sum is above what the mean makes of its number.
        cubes: The sum of the cubes of that.
    """

    number: int
    squares: float
    errors: float
    cubes: float = 0.0

    @classmethod
    def of(cls, values: Sequence[float], centre: float, units: Sequence[Hashable] | None) -> Units:
        """Return whose values are how far from their mean; without ``units``, each value is one for itself."""
        counts: defaultdict[Hashable, int] = defaultdict(int)
        errors: defaultdict[Hashable, list[float]] = defaultdict(list)
        for unit, value in zip(range(len(values)) if units is None else units, values, strict=True):
            counts[unit] += 1
            errors[unit].append(value - centre)
        sums = [math.fsum(own) for own in errors.values()]
        return cls(
            len(counts),
            math.fsum(count**2 for count in counts.values()),
            math.fsum(one**2 for one in sums),
            math.fsum(one**3 for one in sums),
        )

    def variance(self, n: int) -> float:
        """Return the variance of a mean of ``n`` values: that of a ratio of two sums over units."""
        return self.errors * self.number / (self.number - 1) / n**2 if self.number > 1 else math.inf

    def freedom(self, n: int) -> float:
        """Return the degrees of freedom: one less than the units of like size that they count as (Kish, 1965)."""
        return max(1.0, n**2 / self.squares - 1)

    def worth(self, n: int, share: float) -> float:
        """Return how many independent values a share of ``n`` is worth, at most ``n``.

        Where nothing differs there is nothing to tell by, and a unit counts as one value.
        """
        if self.number == n:
            return float(n)
        binomial = share * (1 - share) / n
        if binomial <= _NOTHING or self.number < 2:
            return n**2 / self.squares
        return max(1.0, n * min(1.0, binomial / max(self.variance(n), binomial * _NOTHING)))
