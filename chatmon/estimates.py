"""Means, rates and percentiles with their 95 % intervals: a number from few turns says how little it knows.

A user's turns are alike, so that many turns of few users say less than their number. Given whose each value is, an
interval counts users; without that, it takes each value for one that knows nothing of the others.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon._tools.units import Units

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

CONFIDENCE = 0.95
_SKEWED: Final = 10.0
"""Values for each unit of squared skewness below which a mean has no far end: it hangs on what few samples have."""


class Estimate(NamedTuple):
    """A number, how sure it is, and from how many values it comes.

    Attributes:
        value: The estimate; None without any values.
        low: Lower end of the 95 % interval; None where ``n`` is too small to have one.
        high: Upper end of the 95 % interval; None where ``n`` is too small to have one.
        n: Number of values.
        effective: How many values that know nothing of each other are worth as much; None where nobody said whose they
            are.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    effective: float | None = None

    def text(self, unit: str = "", digits: int = 2) -> str:
        """Return the estimate as text, with its interval and n.

        Example:
            >>> Estimate(0.81, 0.7, None, 20).text("s")
            '0.81 s (0.70 to ?, n = 20)'
            >>> Estimate(0.05, 0.02, 0.09, 2000, 310.4).text()
            '0.05 (0.02 to 0.09, n = 2000, worth 310)'
        """
        if self.value is None:
            return f"unknown (n = {self.n})"
        low, high = ("?" if end is None else f"{end:.{digits}f}" for end in (self.low, self.high))
        value = f"{self.value:.{digits}f}{' ' if unit else ''}{unit}"
        worth = self.n if self.effective is None else round(self.effective)
        return f"{value} ({low} to {high}, n = {self.n}{'' if worth == self.n else f', worth {worth}'})"


def mean(values: Sequence[float], units: Sequence[Hashable] | None = None) -> Estimate:
    """Return the mean with its interval (two or more values): see ``mean_of``.

    Args:
        values: Finite numbers.
        units: Whose each value is, such as its user; without it, each value is independent of the others.

    Example:
        >>> mean([1.0, 2.0, 3.0]).text()
        '2.00 (-0.48 to 4.48, n = 3)'
        >>> mean([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], ["a", "a", "b", "b", "c", "c"]).text()
        '2.00 (-0.48 to 4.48, n = 6, worth 2)'
    """
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, 0)
    centre = math.fsum(values) / n
    found = mean_of(n, centre, math.fsum((value - centre) ** 2 for value in values) / max(1, n - 1),
                    Units.of(values, centre, units))  # fmt: skip
    return found._replace(effective=None) if units is None else found


def mean_of(n: int, centre: float | None, variance: float | None, units: Units | None = None) -> Estimate:
    """Return the mean with its interval, from what a database adds up.

    Student's t interval, with the variance between units and, for skewed values, Hall's transformation (On the removal
    of skewness by transformation, JRSS B 54, 1992). Where units are fewer than ten times the squared skewness, there is
    no upper end: it would hang on values that few samples have.

    Args:
        n: Number of values.
        centre: Their mean.
        variance: Their sample variance, with n - 1 below the line; not read for fewer than two values.
        units: Whose they are, from ``centre``; without it, each value is independent of the others and not skewed.

    Example:
        >>> mean_of(3, 2.0, 1.0).text()
        '2.00 (-0.48 to 4.48, n = 3)'
        >>> mean_of(2000, 2.0, 1.0, Units(100, 40_000, 10_000, 0)).text()
        '2.00 (1.90 to 2.10, n = 2000, worth 396)'
    """
    if n == 0 or centre is None:
        return Estimate(None, None, None, 0)
    if n == 1 or variance is None or (units is not None and units.number < 2):
        return Estimate(centre, None, None, n, None if units is None else float(units.number))
    from scipy.special import stdtrit

    error = variance / n if units is None else units.variance(n)
    reach = float(stdtrit(n - 1 if units is None else units.freedom(n), (1 + CONFIDENCE) / 2))
    if units is None:
        half = reach * math.sqrt(error)
        return Estimate(centre, centre - half, centre + half, n)
    skewness = _skewness(units)
    low = centre - math.sqrt(error) * _unskewed(reach, skewness, units.number)
    high = centre - math.sqrt(error) * _unskewed(-reach, skewness, units.number)
    worth = min(float(n), variance / error) if error else n**2 / units.squares
    few = units.number < _SKEWED * skewness**2
    return Estimate(centre, None if few and skewness < 0 else low, None if few and skewness > 0 else high, n, worth)


def _skewness(units: Units) -> float:
    spread = units.errors / units.number
    return units.cubes / units.number / spread**1.5 if spread > 0 else 0.0


def _unskewed(t: float, skewness: float, n: int) -> float:
    """Return where Hall's transformation of a skewed t is as large as one that is not."""
    b = skewness / math.sqrt(n)
    if abs(b) < 1e-6:  # its limit
        return t
    return 3 / b * (math.cbrt(1 + b * (t - b / 6)) - 1)


def percentile(values: Sequence[float], q: float, units: Sequence[Hashable] | None = None) -> Estimate:
    """Return the ``q``-quantile, linearly interpolated, with its distribution-free interval from order statistics.

    The interval's ends are two of the values themselves, chosen so that the binomial number of values below the true
    quantile lies between them (Conover, Practical Nonparametric Statistics, 3rd ed., 1999, section 3.2). Few values
    have no upper value for a high quantile: then ``high`` is None, which is the honest answer. Where a unit's values
    are alike, they count for fewer, by how unlike the units' shares below the quantile are (Woodruff, Confidence
    intervals for medians and other position measures, JASA 47, 1952).

    Args:
        values: Finite numbers, in any order.
        q: Between 0 and 1, such as 0.95.
        units: Whose each value is, such as its user; without it, each value is independent of the others.

    Raises:
        ValueError: ``q`` is not between 0 and 1.

    Example:
        >>> percentile([float(x) for x in range(1, 101)], 0.95).text()
        '95.05 (90.00 to 100.00, n = 100)'
        >>> percentile([1.0, 2.0, 3.0], 0.95).text()
        '2.90 (2.00 to ?, n = 3)'
    """
    ordered = sorted(values)
    n = len(ordered)
    found = percentile_of(n, q, {place: ordered[place] for place in places_of(n, q)})
    if units is None or found.value is None:
        return found
    below = [float(value <= found.value) for value in values]
    shared = Units.of(below, math.fsum(below) / n, units)
    return percentile_of(n, q, {place: ordered[place] for place in places_of(n, q, shared)}, shared)


def places_of(n: int, q: float, units: Units | None = None) -> tuple[int, ...]:
    """Return the places, from 0 and in order of size, of the values that ``percentile_of`` needs to know.

    Example:
        >>> places_of(100, 0.95)
        (89, 94, 95, 99)
    """
    below, above, low, high = _shared_places(n, q, units)
    return tuple(sorted({place for place in (below, above, low, high) if place is not None}))


def percentile_of(n: int, q: float, values: Mapping[int, float], units: Units | None = None) -> Estimate:
    """Return the ``q``-quantile of ``n`` values from the few that matter, by their places: see ``percentile``.

    Args:
        n: Number of values.
        q: Between 0 and 1.
        values: Place to value, for the places of ``places_of``.
        units: Whose they are, by which of their values are at most the quantile.
    """
    below, above, low, high = _shared_places(n, q, units)
    if below is None or above is None:
        return Estimate(None, None, None, 0)
    value = values[below] + (q * (n - 1) - below) * (values[above] - values[below])
    least, most = (None if end is None else values[end] for end in (low, high))
    return Estimate(value, least, most, n, None if units is None else units.worth(n, q))


def _shared_places(n: int, q: float, units: Units | None) -> tuple[int | None, int | None, int | None, int | None]:
    """Return what ``_places`` does, for values that are worth fewer: the places that lie as far up among all."""
    below, above, low, high = _places(n, q)
    if units is None or not n or units.number == n:
        return below, above, low, high
    if units.number < 2:
        return below, above, None, None
    worth = max(1, math.floor(for_normal(units.worth(n, q), units.freedom(n))))
    *_, low, high = _places(worth, q)
    return (
        below,
        above,
        None if low is None else low * n // worth,
        None if high is None else -(-(high + 1) * n // worth) - 1,
    )


def for_normal(worth: float, freedom: float) -> float:
    """Return how many values leave, with a normal distribution, an interval as wide as so many do with Student's t."""
    from scipy.special import ndtri, stdtrit

    side = (1 + CONFIDENCE) / 2
    return worth * float(ndtri(side) / stdtrit(freedom, side)) ** 2


@lru_cache  # nearly all of a percentile's time, and the same for any values
def _places(n: int, q: float) -> tuple[int | None, int | None, int | None, int | None]:
    """Return the places of the quantile's two neighbours and of the ends of its interval."""
    if not 0 < q < 1:
        raise ValueError(f"q ({q}) is not between 0 and 1: the 95th percentile is 0.95")
    if n == 0:
        return None, None, None, None
    from scipy.special import bdtr, bdtrc  # scipy.stats takes half a second to import

    below = math.floor(q * (n - 1))
    side = (1 - CONFIDENCE) / 2
    # The ends of scipy.stats.quantile_test: the quantiles of the binomial number of values below the true quantile.
    low = bisect_left(range(n + 1), side, key=lambda number: float(bdtr(number, n, q))) - 1
    high = bisect_left(range(n + 1), -side, key=lambda number: -float(bdtrc(number, n, q)))
    return below, min(below + 1, n - 1), None if low < 0 else low, None if high >= n else high


def rate(successes: int, n: int, units: Units | None = None) -> Estimate:
    """Return a share with Wilson's interval, which stays inside 0 to 1 and is right even for 0 of n.

    Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927). Where whose each is is
    known, it is that of as many independent ones as they are worth (Korn and Graubard, Survey Methodology 24, 1998).

    Args:
        successes: How many of the ``n`` had the property.
        n: How many there were.
        units: Whose they are; without it, each is independent of the others.

    Raises:
        ValueError: ``successes`` is not between 0 and ``n``.

    Example:
        >>> rate(0, 20).text()
        '0.00 (0.00 to 0.16, n = 20)'
    """
    if not 0 <= successes <= n:
        raise ValueError(f"successes ({successes}) is not between 0 and n ({n})")
    if n == 0:
        return Estimate(None, None, None, 0)
    value = successes / n
    if units is None or units.number == n:
        return Estimate(value, *_wilson(value, n), n, None if units is None else float(n))
    if units.number < 2:
        return Estimate(value, None, None, n, units.worth(n, value))
    return share(value, n, units.worth(n, value), units.freedom(n))


def share(value: float, n: int, worth: float, freedom: float = math.inf) -> Estimate:
    """Return a share that is known as well as from so many independent values, with Wilson's interval.

    Args:
        value: The share.
        n: How many values it comes from.
        worth: How many independent values tell as much.
        freedom: Degrees of freedom with which that is known, as for Student's t.

    Example:
        >>> share(0.2, 40, 80.0).text()
        '0.20 (0.13 to 0.30, n = 40, worth 80)'
    """
    return Estimate(value, *_wilson(value, for_normal(worth, freedom)), n, worth)


def _wilson(share: float, n: float) -> tuple[float, float]:
    from scipy.special import ndtri

    z = float(ndtri((1 + CONFIDENCE) / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
