"""``simulate``: seeded traffic with planted problems, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from chatmon.lab.traffic._draws import Draws
from chatmon.lab.traffic._problems import KINDS, Effects
from chatmon.lab.traffic._table import PLACES, cost_units, to_arrow
from chatmon.lab.traffic._world import ANSWERED, build
from chatmon.lab.traffic.truth import Plant, Saving, Truth

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from chatmon.lab.traffic._problems import Problem
    from chatmon.lab.traffic._world import World


@dataclass(frozen=True, slots=True)
class Simulation:
    """Traffic, and the truth about it.

    Attributes:
        turns: An Arrow table with ``turns.schema()``, in order of time; every analysis takes it.
        truth: What was planted, and exactly what each plant cost.
    """

    turns: pa.Table
    truth: Truth

    def write(self, folder: Path) -> None:
        """Write ``turns.parquet`` and ``truth.json`` into a folder."""
        import pyarrow.parquet as pq

        pq.write_table(self.turns, folder / "turns.parquet", compression="zstd")
        (folder / "truth.json").write_text(self.truth.to_json(), encoding="utf-8")


def simulate(
    seed: int, *, start: datetime, days: int, problems: Sequence[Problem] = (), turns_per_day: float = 700
) -> Simulation:
    """Return support-desk traffic with planted problems, and the exact saving of mending each.

    The draws of every conversation depend only on the seed, the conversation and their purpose. So the log without a
    problem is the same log but for the problem, and what mending it saves is a difference, not an estimate.

    Args:
        seed: Any whole number: the same one gives the same traffic.
        start: Midnight, or any other full hour, with a time zone.
        days: How long.
        problems: What to plant.
        turns_per_day: About how many, averaged over a week.

    Raises:
        ValueError: ``start`` is naive or no full hour, a number is not positive, or a problem is outside the traffic.

    Example:
        >>> from datetime import UTC
        >>> calm = simulate(7, start=datetime(2026, 10, 5, tzinfo=UTC), days=1)
        >>> calm.truth.plants
        ()
    """
    if start.tzinfo is None or (start.minute, start.second, start.microsecond) != (0, 0, 0):
        raise ValueError(f"start ({start}) is no full hour with a time zone: write datetime(2026, 10, 5, tzinfo=UTC)")
    if days < 1 or turns_per_day <= 0:
        raise ValueError(f"days ({days}) and turns_per_day ({turns_per_day}) must be positive")
    draws, end = Draws(seed), start + timedelta(days=days)

    def world_of(planted: Sequence[Problem]) -> World:
        return build(draws, Effects(planted, start, end), turns_per_day)

    world = world_of(problems)
    plants = []
    for at, problem in enumerate(problems):
        without = world_of([*problems[:at], *problems[at + 1 :]])
        begins, stops = problem.window(start, end)
        plants.append(
            Plant(problem, begins, stops, _struck(world, problem, begins - start, stops - start),
                  _difference(world, without, start))
        )  # fmt: skip
    whole = _difference(world, world_of([]), start)
    decoys = {name: kind.decoy for name, kind in KINDS.items()}
    truth = Truth(seed, start, days, turns_per_day, len(world.columns["key"]), tuple(plants), whole, decoys)
    return Simulation(to_arrow(world, draws, start), truth)


def _difference(world: World, without: World, start: datetime) -> Saving:
    """Return what one world costs more than the other."""

    def sums(one: World) -> tuple[int, int, int, int]:
        columns = one.columns
        microseconds = np.round(columns["response_time"] * 1e6).astype(np.int64).sum()
        return (
            int(cost_units(one, start).sum()),
            int(microseconds),
            int((columns["failure"] != ANSWERED).sum()),
            one.abandoned,
        )

    units, microseconds, errors, abandoned = (a - b for a, b in zip(sums(world), sums(without), strict=True))
    return Saving(Decimal(units).scaleb(-PLACES).normalize(), microseconds / 1e6, errors, abandoned)


def _struck(world: World, problem: Problem, begins: timedelta, stops: timedelta) -> int:
    """Return how many turns are in a problem's slice and window."""
    seconds, place = world.columns["seconds"], world.columns["conversation"]
    struck = (seconds >= begins.total_seconds()) & (seconds < stops.total_seconds())
    for name, value in problem.slice.items():
        struck &= world.arrivals.dimensions[name][place] == value
    return int(struck.sum())
