"""What the findings claim in worlds that they were not written for: of quiet logs, and of logs with a change in them.

    python benchmarks/claims.py --only quiet --seeds 60
    python benchmarks/claims.py --only planted --seeds 20 --worlds plain "all at once"

A claim is true where something happened that moves its measure, in at least a third of its window. A planted change is
found where one of its measures is claimed in its window and slice, or in one that it is a part of; it is found exactly
where the slice is the right one and the windows have 0.7 of what both cover in common. Seeds count from 3000: none was
used to choose a threshold.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from worlds import WORLDS, Change, Log, made

from chatmon.analysis.search.scan import Shift, scan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from worlds import Event

FIRST_SEED: Final = 3000
MOVES: Final[dict[str, tuple[str, ...]]] = {
    "incident": ("errors", "repeats", "response_time", "slow", "completion", "satisfaction", "error types", "cost"),
    "campaign": ("mix",),
    "latency": ("response_time", "slow"),
    "tail": ("slow", "response_time"),
    "drift": ("response_time", "slow"),
    "errors": ("errors", "repeats"),
    "error types": ("error types",),
    "output": ("cost", "response_time"),
    "context": ("input_tokens", "cost"),
    "dearer": ("cost", "response_time"),
    "completion": ("completion",),
    "rating": ("satisfaction",),
    "mix": ("mix",),
    "duplicates": ("duplicates",),
}
"""What happened to the measures that it moves."""
PLANTS: Final = {
    "latency": Change(kind="latency", where={"intent": "billing"}, size=0.4),
    "latency, three days": Change(kind="latency", where={"channel": "app"}, ends=17.375, size=0.4),
    "latency, a pair": Change(kind="latency", where={"channel": "app", "intent": "billing"}, size=0.6),
    "tail": Change(kind="tail", size=1.0),
    "drift": Change(kind="drift", begins=0.0, size=0.01),
    "errors": Change(kind="errors", where={"channel": "app"}, ends=17.375, size=0.06),
    "errors, two hours": Change(kind="errors", ends=14.375 + 2 / 24, size=0.4),
    "error types": Change(kind="error types", size=0.8),
    "longer answers": Change(kind="output", where={"intent": "returns"}, size=0.5),
    "longer prompts": Change(kind="context", where={"channel": "app"}, size=0.4),
    "dearer model": Change(kind="dearer", where={"intent": "returns"}),
    "completion": Change(kind="completion", where={"intent": "delivery"}, size=0.8),
    "ratings": Change(kind="rating", size=0.7),
    "mix": Change(kind="mix", where={"intent": "technical"}, size=0.1),
    "repeated turns": Change(kind="duplicates", size=0.05),
}
"""Changes of middle size, for logs of 20,000 turns in four weeks."""


class Found(NamedTuple):
    """How a planted change was met."""

    found: bool
    exact: bool
    false: int


def own(name: str, seed: int) -> int:
    """Return a seed that no other world has: worlds that share draws would share their luck."""
    return seed * 100 + list(WORLDS).index(name)


def claims(log: Log) -> list[Shift]:
    """Return the shifts that are claimed of a log."""
    return list(scan(log.turns).shifts)


def shared(one: Shift, begins: datetime, ends: datetime) -> float:
    """Return the seconds that a shift's window has in common with another."""
    return max(0.0, (min(one.end, ends) - max(one.start, begins)).total_seconds())


def is_true(claim: Shift, log: Log) -> bool:
    """Return whether something happened that the claim may mean."""
    length = (claim.end - claim.start).total_seconds()
    return any(
        claim.measure in MOVES.get(event.kind, ()) and shared(claim, event.begins, event.ends) >= length / 3
        for event in log.events
    )


def quiet(name: str, seed: int) -> list[str]:
    """Return what is claimed of a quiet log of a world without being true."""
    log = made(WORLDS[name], own(name, seed))
    return [f"{one.measure} {one.dimension}={one.value} {one.start:%d %H}-{one.end:%d %H} p={one.p:.1g}"
            for one in claims(log) if not is_true(one, log)]  # fmt: skip


def planted(name: str, plant: str, seed: int) -> Found:
    """Return how a planted change is met in a world."""
    log = made(WORLDS[name], own(name, seed), PLANTS[plant])
    event, said = log.events[-1], claims(log)
    fitting = [one for one in said if one.measure in MOVES[event.kind] and _covers(one, event) > 0.3]
    here = [one for one in fitting if one.dimension is None or event.where.get(one.dimension) == one.value]
    exact = [one for one in here if _covers(one, event) >= 0.7 and _same(one, event)]
    return Found(bool(here), bool(exact), sum(not is_true(one, log) for one in said))


def _covers(one: Shift, event: Event) -> float:
    both = shared(one, event.begins, event.ends)
    whole = (max(one.end, event.ends) - min(one.start, event.begins)).total_seconds()
    return float(both / whole)


def _same(one: Shift, event: Event) -> bool:
    return bool(event.where == {} if one.dimension is None else event.where.get(one.dimension) == one.value)


def _run(task: tuple[Any, ...]) -> Any:
    return (quiet if len(task) == 2 else planted)(*task)


def arguments(
    description: str | None, plants: Iterable[str], *, seeds: int, first: int, verbose: str
) -> argparse.Namespace:
    """Return what a benchmark over worlds is asked for on the command line."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["quiet", "planted"])
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--first", type=int, default=first)
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--plants", nargs="+", default=list(plants), choices=list(plants))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help=verbose)
    return parser.parse_args()


def main() -> None:
    """Print a row for each world."""
    asked = arguments(__doc__, PLANTS, seeds=6, first=FIRST_SEED, verbose="print what is claimed of quiet logs")
    seeds = range(asked.first, asked.first + asked.seeds)
    with ProcessPoolExecutor(asked.processes) as pool:
        if asked.only != "planted":
            _print_quiet(pool, asked.worlds, seeds, verbose=asked.verbose)
        if asked.only != "quiet":
            _print_planted(pool, asked.worlds, asked.plants, seeds)


def _print_quiet(pool: ProcessPoolExecutor, worlds: list[str], seeds: range, *, verbose: bool) -> None:
    for name in worlds:
        said = list(pool.map(_run, [(name, seed) for seed in seeds]))
        print(f"{name:<32}claimed in {sum(map(bool, said))} of {len(said)}", flush=True)
        for line in (line for one in said for line in one if verbose):
            print(f"    {line}")


def _print_planted(pool: ProcessPoolExecutor, worlds: list[str], plants: list[str], seeds: range) -> None:
    for plant in plants:
        for name in worlds:
            logs = list(pool.map(_run, [(name, plant, seed) for seed in seeds]))
            found, exact, false = (sum(map(bool, column)) for column in zip(*logs, strict=True))
            counts = f"found {found}, exactly {exact} of {len(logs)}; something else claimed in {false}"
            print(f"{plant:<24}{name:<32}{counts}", flush=True)


if __name__ == "__main__":
    main()
