"""How often a forecast's 95 % interval holds the month, over simulated histories of each kind.

A history is 14, 28 or 56 days before 11 October and the 21 days to come. Nothing of how they are drawn comes from the
forecast: growth is compound, scatter is lognormal, ties between days are of the logarithms.

    python benchmarks/forecast.py [--histories 500]
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from chatmon.cost._forecast import sum_of_days_to_come

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

TODAY: Final = date(2026, 10, 11)
AHEAD: Final = 21
DAYS: Final = (14, 28, 56)
SEVEN: Final = (1.0, 1.15, 1.1, 1.05, 0.9, 0.45, 0.3)
"""The days of the week where each is another; otherwise a weekend's day costs 0.4 of a working day."""


class Kind(NamedTuple):
    """A kind of history.

    Attributes:
        growth: A week.
        tie: Correlation of the logarithms of two days, one after the other.
        scatter: Standard deviation of the logarithm.
        week: Each day of the week's cost.
    """

    growth: float = 0.0
    tie: float = 0.0
    scatter: float = 0.2
    week: tuple[float, ...] = (1.0,) * 5 + (0.4,) * 2


KINDS: Final = {
    "like days": Kind(),
    "each day of the week another": Kind(scatter=0.1, week=SEVEN),
    "growth of 2 % a week": Kind(growth=0.02, scatter=0.05),
    "growth of 5 % a week": Kind(growth=0.05, scatter=0.1),
    "falling by 3 % a week": Kind(growth=-0.03, scatter=0.05),
    "days tied by 0.5": Kind(tie=0.5),
    "days tied by 0.7": Kind(tie=0.7),
    "growth, ties and the week": Kind(growth=0.02, tie=0.5, scatter=0.15, week=SEVEN),
}


def history(kind: Kind, days: int, rng: np.random.Generator) -> Floats:
    """Return the cost of each day seen and of each to come."""
    n = days + AHEAD
    errors = rng.standard_normal(n)
    for day in range(1, n):
        errors[day] = kind.tie * errors[day - 1] + np.sqrt(1 - kind.tie**2) * errors[day]
    usual = np.array([kind.week[(TODAY + timedelta(days=day - days)).weekday()] for day in range(n)])
    costs: Floats = 100 * usual * (1 + kind.growth) ** (np.arange(n) / 7) * np.exp(kind.scatter * errors)
    return costs


def holds(costs: Floats, days: int) -> tuple[bool, float]:
    """Return whether the interval holds what the days to come cost, and its width as a share of that."""
    seen = {TODAY + timedelta(days=day - days): float(cost) for day, cost in enumerate(costs[:days])}
    ahead = {TODAY + timedelta(days=day): 1.0 for day in range(AHEAD)}
    amounts, _ = sum_of_days_to_come(seen, ahead, Decimal(0), 0.95)
    assert amounts is not None  # there are at least seven days
    truth = float(costs[days:].sum())
    return float(amounts[1]) <= truth <= float(amounts[2]), float(amounts[2] - amounts[1]) / truth


def coverage(name: str, days: int, histories: int) -> tuple[float, float]:
    """Return how often the interval holds, and its mean width."""
    seed = [20261011, list(KINDS).index(name), days]
    found = [holds(history(KINDS[name], days, np.random.default_rng([*seed, n])), days) for n in range(histories)]
    return float(np.mean([held for held, _ in found])), float(np.mean([width for _, width in found]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=500)
    histories = parser.parse_args().histories
    print(f"held by the 95 % interval, of {histories} histories (mean width as a share of the truth)")
    print(f"{'':30}", *(f"{days:>10} days" for days in DAYS))
    for name in KINDS:
        cells = (coverage(name, days, histories) for days in DAYS)
        print(f"{name:30}", *(f"{held:>8.1%} ({width:.2f})" for held, width in cells), flush=True)


if __name__ == "__main__":
    main()
