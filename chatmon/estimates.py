"""Means, rates and percentiles with their 95 % intervals: a number from few turns says how little it knows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    if n == 1:
        return Estimate(centre, None, None, 1)
    from scipy.special import stdtrit

    variance = math.fsum((value - centre) ** 2 for value in values) / (n - 1)
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
    if not 0 < q < 1:
        raise ValueError(f"q ({q}) is not between 0 and 1: the 95th percentile is 0.95")
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, 0)
    ordered = sorted(values)
    below = math.floor(q * (n - 1))
    above = min(below + 1, n - 1)
    value = ordered[below] + (q * (n - 1) - below) * (ordered[above] - ordered[below])
    from scipy.stats import quantile_test

    interval: Any = quantile_test(ordered, q=0, p=q).confidence_interval(CONFIDENCE)
    low, high = (None if math.isnan(end) else float(end) for end in (interval.low, interval.high))
    return Estimate(value, low, high, n)


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
