"""The sum of days to come, from days that grow, hang together and follow the week: its mean and its interval.

A day costs what days like it cost, times growth, with errors in proportion to it that hang together from day to day
(first-order autoregression). Neither the growth nor the tie between days is known from a few weeks, so that none is
chosen: each is held possible, and weighed by how well it explains the days seen. That is Zellner and Tiao, Bayesian
analysis of the regression model with autocorrelated errors, JASA 59 (1964), over a grid. What is believed beforehand:

- growth a week: Student's t with 2 degrees of freedom and a scale of 2 %, within 30 % to either side;
- the tie between two days, from -0.3 to 0.99: the reference prior of Berger and Yang, Noninformative priors and
  Bayesian testing for the AR(1) model, Econometric Theory 10 (1994), in which the arcsine of the tie is even;
- the level of each kind of day, and the logarithm of the scatter: flat, but no day repeats another to better than 1 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

_TIES: Final = np.sin(np.linspace(np.arcsin(-0.3), np.arcsin(0.99), 14))
_GROWTH: Final = np.sinh(4 * np.linspace(-1, 1, 31)) / np.sinh(4) * 0.3
"""A week's growth, as a logarithm: close together around 0."""
_BELIEF: Final = np.log(np.gradient(_GROWTH)) - 1.5 * np.log1p((_GROWTH / 0.02) ** 2 / 2)
_LEAST_SCATTER: Final = 0.01
"""Of a day's cost: what is believed of the scatter before any day, and weighs as much as one day."""
_LEAST_LEVEL: Final = 0.05
"""Of the mean day's cost: a kind of day that cost less scatters as one that cost so much."""
_NEGLIGIBLE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class _Possible:
    """What the sum may be: Student's t distributions, each with its weight."""

    weights: Floats
    means: Floats
    scales: Floats
    freedom: float

    def quantile(self, q: float) -> float:
        from scipy.special import stdtr

        low, high = float((self.means - 100 * self.scales).min()), float((self.means + 100 * self.scales).max())
        for _ in range(50):
            middle = (low + high) / 2
            below = float(self.weights @ stdtr(self.freedom, (middle - self.means) / self.scales))
            low, high = (middle, high) if below < q else (low, middle)
        return high


def sum_ahead(
    costs: Floats, kinds: list[int], kinds_ahead: list[int], shares: Floats, level: float, scatter: float = 0.0
) -> tuple[float, float, float]:
    """Return what the days to come add up to, and the ends of its interval.

    Args:
        costs: US dollars of each day seen, one after the other; not all of them 0.
        kinds: The kind of each of those days; every kind of the days ahead is among them.
        kinds_ahead: The kind of each day after the last one seen, without a gap.
        shares: How much of each of those days counts, from 0 to 1.
        level: How sure the interval is to be.
        scatter: US dollars: a standard deviation that the sum has besides, from parts of days.

    Example:
        >>> value, low, high = sum_ahead(np.full(14, 10.0), [0] * 14, [0, 0], np.ones(2), 0.95)
        >>> round(value, 1), low < 20 < high
        (20.0, True)
    """
    names = sorted({*kinds})
    indicators = np.array([[float(kind == name) for name in names] for kind in [*kinds, *kinds_ahead]])
    days = len(costs)
    levels = np.maximum(costs @ indicators[:days] / indicators[:days].sum(axis=0), _LEAST_LEVEL * costs.mean())
    usual = indicators @ levels
    weeks = (np.arange(len(usual)) - (days - 1) / 2) / 7
    grown = usual[:, None] * np.exp(np.outer(weeks, _GROWTH))
    design = indicators / usual[:, None] * costs.mean()
    found = _possible(costs[:, None] / grown[:days], design, shares[:, None] * grown[days:], scatter)
    return float(found.weights @ found.means), found.quantile((1 - level) / 2), found.quantile((1 + level) / 2)


def _possible(relative: Floats, design: Floats, ahead: Floats, scatter: float) -> _Possible:
    """Return the sum's distributions, one for each tie and growth.

    Args:
        relative: Each day's cost by what was usual, a column for each growth.
        design: What the kinds of day explain of it, days ahead too.
        ahead: What is usual of the days ahead, a column for each growth.
        scatter: As for ``sum_ahead``.
    """
    days, kinds = len(relative), design.shape[1]
    freedom = days - kinds + 1.0
    logs, means, variances = [], [], []
    for tie in _TIES:
        past, seen = _untied(design[:days], tie), _untied(relative, tie)
        spread = np.linalg.inv(past.T @ past)
        fitted = spread @ (past.T @ seen)
        left = ((seen - past @ fitted) ** 2).sum(axis=0)
        variance = (left + (_LEAST_SCATTER * relative.mean(axis=0)) ** 2) / freedom
        fades = tie ** np.arange(1, len(ahead) + 1)
        # The last day's error lives on in the days ahead; each new error lives on in those after it.
        carried = fades @ ahead
        away = ahead.T @ design[days:] - carried[:, None] * design[days - 1]
        new = (_lasting(ahead, tie) ** 2).sum(axis=0)
        means.append((away * fitted.T).sum(axis=1) + relative[-1] * carried)
        variances.append(variance * (new + ((away @ spread) * away).sum(axis=1)))
        determinants = np.log1p(-tie * tie) + np.linalg.slogdet(spread)[1]
        logs.append((determinants - freedom * np.log(variance)) / 2 + _BELIEF)
    weights = np.exp(np.ravel(logs) - np.max(logs))
    kept = weights > _NEGLIGIBLE
    scales = np.sqrt(np.ravel(variances)[kept] + scatter**2)
    return _Possible(weights[kept] / weights[kept].sum(), np.ravel(means)[kept], scales, freedom)


def _untied(columns: Floats, tie: float) -> Floats:
    """Return the columns less what hangs over from the day before, so that errors are alike and apart."""
    found = columns.copy()
    found[1:] -= tie * columns[:-1]
    found[0] *= np.sqrt(1 - tie * tie)
    return found


def _lasting(ahead: Floats, tie: float) -> Floats:
    """Return what one new error of each day ahead adds to the sum, by itself and in the days after."""
    found = ahead.copy()
    for day in range(len(ahead) - 2, -1, -1):
        found[day] += tie * found[day + 1]
    return found
