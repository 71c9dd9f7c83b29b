"""Looking more than once: bounds for planned looks, and p-values that hold at any moment."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

FARTHEST: Final = 8.0
"""A bound is never farther out: chance passes it once in 10 to the power of 15 looks."""
_LEAST_STEP: Final = 1e-3


def obrien_fleming(share: float, alpha: float) -> float:
    """Return how much of ``alpha`` may be spent by a share of the experiment: hardly any early, most at the end.

    One-sided, after Lan and DeMets, Discrete sequential boundaries for clinical trials, Biometrika 70 (1983).

    Example:
        >>> round(obrien_fleming(0.5, 0.025), 5), round(obrien_fleming(1, 0.025), 5)
        (0.00153, 0.025)
    """
    from scipy.special import ndtr, ndtri

    return 2 * float(ndtr(ndtri(alpha / 2) / math.sqrt(share)))


def pocock(share: float, alpha: float) -> float:
    """Return how much of ``alpha`` may be spent by a share of the experiment: about the same at every look.

    Example:
        >>> round(pocock(0.5, 0.025), 5), round(pocock(1, 0.025), 5)
        (0.0155, 0.025)
    """
    return alpha * math.log(1 + (math.e - 1) * share)


def bounds(
    shares: Sequence[float],
    alpha: float,
    *,
    spending: Callable[[float, float], float] = obrien_fleming,
    two_sided: bool = True,
    information: Sequence[float] | None = None,
) -> list[float]:
    """Return the z that each planned look has to pass, such that chance alone passes any with ``alpha``.

    Shares say how much may have been spent by each look; information says how much of one look's data the next one
    shares. Where they are not the same (planned by the calendar, and traffic came unevenly), the bounds hold still: Lan
    and DeMets, Group sequential procedures: calendar versus information time, Statistics in Medicine 8 (1989).

    Args:
        shares: Of the experiment, by each look: rising, the last at most 1.
        alpha: The chance of a false alarm over all looks, both sides together where ``two_sided``.
        spending: How alpha is spent.
        two_sided: Whether a difference in either direction counts.
        information: How much data each look has, in any unit, rising; the shares themselves without it.

    Raises:
        ValueError: The shares or the information do not rise, or a number is outside its range.

    Example:
        >>> [round(bound, 2) for bound in bounds([0.2, 0.4, 0.6, 0.8, 1.0], 0.05)]
        [4.88, 3.36, 2.68, 2.29, 2.03]
    """
    from scipy.optimize import brentq

    times = _times(shares if information is None else information)
    _times(shares)
    if not 0 < alpha < 1 or len(times) != len(shares) or shares[-1] > 1 + 1e-12:
        raise ValueError(
            f"alpha ({alpha}) must lie between 0 and 1, the last share ({shares[-1]}) be at most 1, and the "
            f"{len(shares)} shares have as many amounts of information ({len(times)})"
        )
    sides = 2 if two_sided else 1
    walk, found, spent = _Walk(two_sided=two_sided), list[float](), 0.0
    for share, time in zip(shares, times, strict=True):
        allowed = sides * spending(min(share, 1.0), alpha / sides)
        wanted = allowed - spent

        def excess(bound: float, time: float = time, wanted: float = wanted) -> float:
            return walk.crossing(bound, time) - wanted

        bound = FARTHEST if wanted <= 0 or excess(FARTHEST) >= 0 else float(brentq(excess, -FARTHEST, FARTHEST))
        walk.step(bound, time)
        found.append(bound)
        spent = allowed
    return found


def crossings(
    limits: Sequence[float], information: Sequence[float], *, drift: float = 0.0, two_sided: bool = True
) -> list[float]:
    """Return the probability of having passed a bound by each look.

    Args:
        limits: The z to pass at each look.
        information: How much data each look has, in any unit, rising.
        drift: The mean of z at the last look, where there is an effect.
        two_sided: Whether a z below minus the bound counts too.

    Raises:
        ValueError: The information does not rise.

    Example:
        Seven looks at p < 0.05, and no effect at all:

        >>> round(crossings([1.96] * 7, range(1, 8))[-1], 3)
        0.166
    """
    times = _times(information)
    walk = _Walk(two_sided=two_sided, drift=drift)
    found, passed = [], 0.0
    for limit, time in zip(limits, times, strict=True):
        passed += walk.crossing(limit, time)
        walk.step(limit, time)
        found.append(passed)
    return found


def inflation(shares: Sequence[float], alpha: float, power: float) -> float:
    """Return how many times the users of a single look are needed for the same power at these O'Brien-Fleming looks.

    Example:
        >>> round(inflation([0.2, 0.4, 0.6, 0.8, 1.0], 0.05, 0.8), 3)
        1.025
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    limits = bounds(shares, alpha)
    once = float(-ndtri(alpha / 2) + ndtri(power))
    drift = brentq(lambda drift: crossings(limits, shares, drift=drift)[-1] - power, once / 2, once * 2)
    return float(drift / once) ** 2


def always_valid_p(z: float, n: float, planned: float, alpha: float = 0.05) -> float:
    """Return a two-sided p-value that may be looked at at any moment, as often as one likes.

    The chance that it is ever below ``alpha`` is at most ``alpha``, for samples that are not tiny (Waudby-Smith,
    Arbour, Sinha, Kennedy and Ramdas, Time-uniform central limit theory and asymptotic confidence sequences, Annals of
    Statistics 52, 2024). The price is power: planned looks find more.

    Args:
        z: The difference in standard errors.
        n: Users so far, of both variants.
        planned: Users of both variants at which it is to be sharpest.
        alpha: The level at which it is to be sharpest.

    Example:
        >>> round(always_valid_p(3.0, 1000, 2000), 4), round(always_valid_p(1.96, 2000, 2000), 4)
        (0.0613, 0.5429)
    """
    r = _tuned(n, planned, alpha)
    return min(1.0, math.sqrt(1 + r) * math.exp(-z * z * r / (2 * (1 + r))))


def always_valid_critical(n: float, planned: float, alpha: float = 0.05) -> float:
    """Return what to use in place of 1.96 in an interval that may be looked at at any moment: see ``always_valid_p``.

    Example:
        >>> round(always_valid_critical(2000, 2000), 2)
        3.04
    """
    r = _tuned(n, planned, alpha)
    return math.sqrt((1 + 1 / r) * math.log((1 + r) / alpha**2))


def _tuned(n: float, planned: float, alpha: float) -> float:
    if n <= 0 or planned <= 0:
        raise ValueError(f"n ({n}) and planned ({planned}) must be positive")
    return n / planned * (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha)))


def _times(information: Sequence[float]) -> list[float]:
    times = [float(amount) for amount in information]
    if not times or times[0] <= 0 or any(a >= b for a, b in pairwise(times)):
        raise ValueError(f"looks must have more and more data, these have {times}: leave out a look without new data")
    return [time / times[-1] for time in times]


@cache
def _grid(number: int) -> tuple[Floats, Floats]:
    """Return the places and weights of Gauss and Legendre between -1 and 1."""
    import numpy as np

    return np.polynomial.legendre.leggauss(number)


class _Walk:
    """A random walk seen at some moments, as far as it has not yet passed a bound.

    Its density is carried from look to look on a Gauss-Legendre grid: Armitage, McPherson and Rowe, Repeated
    significance tests on accumulating data, JRSS A 132 (1969). The walk at time t is z times the root of t.
    """

    def __init__(self, *, two_sided: bool, drift: float = 0.0) -> None:
        import numpy as np

        self.two_sided, self.drift, self.time = two_sided, drift, 0.0
        self.places, self.weights = np.zeros(1), np.ones(1)

    def _moved(self, time: float) -> tuple[float, float]:
        """Return the mean and the standard deviation of the step to a moment."""
        # Looks with hardly any new data between them are taken to have a little more: that errs on the safe side.
        step = max(time - self.time, _LEAST_STEP * time)
        return self.drift * (time - self.time), math.sqrt(step)

    def crossing(self, bound: float, time: float) -> float:
        """Return the probability of being beyond a bound at a moment, and within all bounds before."""
        from scipy.special import ndtr

        mean, deviation = self._moved(time)
        end, from_here = bound * math.sqrt(time), self.places + mean
        beyond = ndtr((from_here - end) / deviation)
        if self.two_sided:
            beyond = beyond + ndtr((-end - from_here) / deviation)
        return float(self.weights @ beyond)

    def step(self, bound: float, time: float) -> None:
        """Go on to a moment, without what is beyond its bound."""
        import numpy as np

        mean, deviation = self._moved(time)
        root = math.sqrt(time)
        high = bound * root
        low = -high if self.two_sided else -FARTHEST * root + min(0.0, self.drift * time)
        nodes, weights = _grid(min(2000, 100 * math.ceil((high - low) / deviation / 20)))
        places = (high - low) / 2 * nodes + (high + low) / 2
        distance = (places[:, None] - self.places[None, :] - mean) / deviation
        density = np.exp(-(distance**2) / 2) @ self.weights / (deviation * math.sqrt(2 * math.pi))
        self.places, self.weights, self.time = places, density * weights * (high - low) / 2, time
