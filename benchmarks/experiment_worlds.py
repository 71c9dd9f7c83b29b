"""How often one look finds a difference where there is none, and where there is one, in worlds of unlike users.

Each replication draws two variants of users, adds them up as an experiment does, and asks for the effect. Nothing of
how users are drawn comes from the test: few have most of the turns, failures are rare, ratings are seldom, costs are
skewed.

    python benchmarks/experiment_worlds.py [--replications 2000]
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np

from chatmon.experiment._aggregate import Arm, columns
from chatmon.experiment._effects import Effect, effect
from chatmon.experiment._metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
ONE_LOOK: Final = 1.959963984540054


class World(NamedTuple):
    """Users of one kind.

    Attributes:
        metric: What is compared.
        users: Of each variant.
        draw: From a generator, a number of users and a relative change to each user's sum and number of values.
        change: A relative change that is found about four times in five, by the textbook's normal.
    """

    metric: str
    users: int
    draw: Callable[[np.random.Generator, int, float], tuple[Floats, Floats]]
    change: float


def _turns(rng: np.random.Generator, users: int) -> Floats:
    return rng.poisson(3, users).astype(np.float64) + 1.0


def _few_have_most(rng: np.random.Generator, users: int, change: float) -> tuple[Floats, Floats]:
    turns = np.minimum(900, np.ceil(rng.pareto(1.3, users) + 1e-9))
    share = np.minimum(1.0, rng.beta(0.8, 0.4, users) * (1 + change))
    return rng.binomial(turns.astype(int), share).astype(float), turns


def _completed(rng: np.random.Generator, users: int, change: float) -> tuple[Floats, Floats]:
    turns = _turns(rng, users)
    return rng.binomial(turns.astype(int), np.minimum(1.0, rng.beta(7, 3, users) * (1 + change))).astype(float), turns


def _failures(rate: float, alike: float) -> Callable[[np.random.Generator, int, float], tuple[Floats, Floats]]:
    def draw(rng: np.random.Generator, users: int, change: float) -> tuple[Floats, Floats]:
        turns, odds, p = _turns(rng, users), (1 - alike) / alike, rate * (1 + change)
        return rng.binomial(turns.astype(int), rng.beta(p * odds, (1 - p) * odds, users)).astype(float), turns

    return draw


def _rated(rng: np.random.Generator, users: int, change: float) -> tuple[Floats, Floats]:
    rated = rng.binomial(_turns(rng, users).astype(int), 0.05).astype(float)
    mood = rng.normal(3.6 * (1 + change), 0.8, users)
    return rated * mood + np.sqrt(rated) * rng.normal(0, 0.6, users), rated


def _skewed(rng: np.random.Generator, users: int, change: float) -> tuple[Floats, Floats]:
    turns = _turns(rng, users)
    return turns * rng.lognormal(0, 1.0, users) * (1 + change), turns


WORLDS: Final = {
    "tasks, users of like size": World("task_completion", 1000, _completed, 0.036),
    "tasks, few users have most turns": World("task_completion", 500, _few_have_most, 0.3),
    "failures, 5 %": World("error_rate", 500, _failures(0.05, 0.1), 0.5),
    "failures, 0.3 %": World("error_rate", 500, _failures(0.003, 0.1), 3.0),
    "failures, 0.1 %": World("error_rate", 1000, _failures(0.001, 0.1), 4.0),
    "ratings of 1 turn in 20": World("satisfaction", 1000, _rated, 0.067),
    "costs, lognormal": World("cost_per_turn", 1000, _skewed, 0.18),
}


def added_up(metric: str, values: Floats, counts: Floats) -> Arm:
    """Return users as an experiment adds them up."""
    table, names = np.stack([values, counts, *np.zeros((2, len(values)))]), columns(METRICS[metric])
    spread = np.cov(table)
    pairs = {(names[a], names[b]): float(spread[a, b]) for a in range(4) for b in range(a, 4)}
    means = dict(zip(names, table.mean(axis=1).tolist(), strict=True))
    return Arm(len(values), int(counts.sum()), {metric: int((counts > 0).sum())}, {metric: 0}, means, pairs)


def found(name: str, replication: int, change: float) -> Effect:
    """Return the effect in one replication."""
    world, rng = WORLDS[name], np.random.default_rng([2026, list(WORLDS).index(name), replication])
    control, treatment = (added_up(world.metric, *world.draw(rng, world.users, more)) for more in (0.0, change))
    seen = effect(METRICS[world.metric], "b", control, treatment)
    assert isinstance(seen, Effect)  # there are enough users
    return seen


def shares(name: str, replications: int) -> tuple[float, float]:
    """Return how often a difference is found where there is none, and where there is one."""
    return tuple(  # type: ignore[return-value]
        float(np.mean([abs(found(name, n, change).z) >= ONE_LOOK for n in range(replications)]))
        for change in (0.0, WORLDS[name].change)
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=2000)
    replications = parser.parse_args().replications
    print(f"{'':34}{'found where none':>18}{'found where some':>18}   of {replications}, at |z| > 1.96")
    for name in WORLDS:
        nothing, something = shares(name, replications)
        print(f"{name:34}{nothing:>18.1%}{something:>18.1%}   {WORLDS[name].change:+.1%} of {WORLDS[name].metric}")


if __name__ == "__main__":
    main()
