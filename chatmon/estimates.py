"""Means, rates and percentiles with their 95 % intervals: a number from few turns says how little it knows."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A number, how sure it is, and from how many values it comes.

    Attributes:
        value: The estimate; None without any values.
        low: Lower end of the 95 % interval; None where ``n`` is too small to have one.
        high: Upper end of the 95 % interval; None where ``n`` is too small to have one.
        n: Number of values.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int

    def text(self, unit: str = "", digits: int = 2) -> str:
        """Return the estimate as text, with its interval and n.

        Example:
            >>> Estimate(0.81, 0.7, None, 20).text("s")
            '0.81 s (0.70 to ?, n = 20)'
        """
        if self.value is None:
            return f"unknown (n = {self.n})"
        low, high = ("?" if end is None else f"{end:.{digits}f}" for end in (self.low, self.high))
        value = f"{self.value:.{digits}f}{' ' if unit else ''}{unit}"
        return f"{value} ({low} to {high}, n = {self.n})"


def mean(values: Sequence[float]) -> Estimate:
    """Return the mean with Student's t interval (two or more values).

    Args:
        values: Finite numbers.

    Example:
        >>> mean([1.0, 2.0, 3.0]).text()
        '2.00 (-0.48 to 4.48, n = 3)'
    """
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, 0)
    centre = math.fsum(values) / n
    variance = math.fsum((value - centre) ** 2 for value in values) / (n - 1) if n > 1 else 0.0
    return mean_of(n, centre, variance)


def mean_of(n: int, centre: float | None, variance: float | None) -> Estimate:
    """Return the mean with Student's t interval from what a database adds up.

    Args:
        n: Number of values.
        centre: Their mean.
        variance: Their sample variance, with n - 1 below the line; not read for fewer than two values.

    Example:
        >>> mean_of(3, 2.0, 1.0).text()
        '2.00 (-0.48 to 4.48, n = 3)'
    """
    if n == 0 or centre is None:
        return Estimate(None, None, None, 0)
    if n == 1 or variance is None:
        return Estimate(centre, None, None, n)
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2)) * math.sqrt(variance / n)
    return Estimate(centre, centre - half, centre + half, n)


def percentile(values: Sequence[float], q: float) -> Estimate:
    """Return the ``q``-quantile, linearly interpolated, with its distribution-free interval from order statistics.

    The interval's ends are two of the values themselves, chosen so that the binomial number of values below the true
    quantile lies between them (Conover, Practical Nonparametric Statistics, 3rd ed., 1999, section 3.2). Few values
    have no upper value for a high quantile: then ``high`` is None, which is the honest answer.

    Args:
        values: Finite numbers, in any order.
        q: Between 0 and 1, such as 0.95.

    Raises:
        ValueError: ``q`` is not between 0 and 1.

    Example:
        >>> percentile([float(x) for x in range(1, 101)], 0.95).text()
        '95.05 (90.00 to 100.00, n = 100)'
        >>> percentile([1.0, 2.0, 3.0], 0.95).text()
        '2.90 (2.00 to ?, n = 3)'
    """
    ordered = sorted(values)
    places = places_of(len(ordered), q)
    return percentile_of(len(ordered), q, {place: ordered[place] for place in places})


def places_of(n: int, q: float) -> tuple[int, ...]:
    """Return the places, from 0 and in order of size, of the values that ``percentile_of`` needs to know.

    Example:
        >>> places_of(100, 0.95)
        (89, 94, 95, 99)
    """
    below, above, low, high = _places(n, q)
    return tuple(sorted({place for place in (below, above, low, high) if place is not None}))


def percentile_of(n: int, q: float, values: Mapping[int, float]) -> Estimate:
    """Return the ``q``-quantile of ``n`` values from the few that matter, by their places: see ``percentile``."""
    below, above, low, high = _places(n, q)
    if below is None or above is None:
        return Estimate(None, None, None, 0)
    value = values[below] + (q * (n - 1) - below) * (values[above] - values[below])
    return Estimate(value, None if low is None else values[low], None if high is None else values[high], n)


@lru_cache  # nearly all of a percentile's time, and the same for any values
def _places(n: int, q: float) -> tuple[int | None, int | None, int | None, int | None]:
    """Return the places of the quantile's two neighbours and of the ends of its interval."""
    if not 0 < q < 1:
        raise ValueError(f"q ({q}) is not between 0 and 1: the 95th percentile is 0.95")
    if n == 0:
        return None, None, None, None
    import numpy as np
    from scipy.stats import quantile_test

    below = math.floor(q * (n - 1))
    # The places themselves, tested as if they were the values, come out as the ends of the interval.
    interval: Any = quantile_test(np.arange(n, dtype=float), q=0, p=q).confidence_interval(CONFIDENCE)
    low, high = (None if math.isnan(end) else int(end) for end in (interval.low, interval.high))
    return below, min(below + 1, n - 1), low, high


def rate(successes: int, n: int) -> Estimate:
    """Return a share with Wilson's interval, which stays inside 0 to 1 and is right even for 0 of n.

    Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).

    Args:
        successes: How many of the ``n`` had the property.
        n: How many there were.

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
    from scipy.special import ndtri

    z = float(ndtri((1 + CONFIDENCE) / 2))
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Estimate(share, max(0.0, centre - half), min(1.0, centre + half), n)
