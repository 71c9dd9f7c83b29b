"""How well recommendations meet planted problems: precision, recall, slices, savings, and what quiet logs get.

    python benchmarks/optimizer.py --seeds 50 --severities mild middle severe
    python benchmarks/optimizer.py --turns 1000000     # time and memory of all finders

Seeds count from 7000: none of them was used to choose a threshold.
"""

from __future__ import annotations

import argparse
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from chatmon.lab.traffic import Problem, simulate
from chatmon.lab.traffic._problems import KINDS, SEVERITIES

START = datetime(2026, 10, 5, tzinfo=UTC)
DAYS = 28
FIRST_SEED = 7000
QUIET = ("clean", "mix_shift")


class Log(NamedTuple):
    """What one log gave: planted problems, those found, with the exact slice, savings within 25 %, false ones."""

    planted: int
    found: int
    exact: int
    near: int
    false: int


def judge(kind: str, severity: str, seed: int, turns_per_day: float) -> Log:
    """Return how recommendations about one log meet its truth."""
    from chatmon.lab.truth.advice import score
    from chatmon.optimizer import recommend

    problems = [] if kind == "clean" else [planted(name, severity, seed) for name in kind.split("+")]
    made = simulate(seed, start=START, days=DAYS, problems=problems, turns_per_day=turns_per_day)
    held = score(recommend(made.turns), made.truth)
    return Log(
        len(held.hits),
        held.found,
        sum(one.exact for one in held.hits),
        sum(one.off is not None and abs(one.off) <= 0.25 for one in held.hits),
        len(held.false),
    )


def planted(kind: str, severity: str, seed: int) -> Problem:
    """Return a problem that begins in the second half of the log, where and when its seed says."""
    slices = KINDS[kind].slices
    begins = START + timedelta(days=14 + seed % 6, hours=8 + seed * 7 % 11)
    return Problem(kind=kind, slice=slices[seed % len(slices)], start=begins, severity=severity)


def table(kinds: list[str], severities: list[str], seeds: int, turns_per_day: float, processes: int) -> None:
    """Print a row for each kind and severity."""
    print(f"{seeds} seeds from {FIRST_SEED}, {DAYS} days, {turns_per_day:,.0f} turns a day")
    print(f"{'problem':<34}{'severity':<10}{'recall':>8}{'precision':>11}{'slice':>7}{'saving':>8}{'false':>7}")
    with ProcessPoolExecutor(processes) as pool:
        for kind in kinds:
            for severity in ["-"] if kind == "clean" else severities:
                logs = list(
                    pool.map(
                        judge,
                        *zip(*[(kind, severity, FIRST_SEED + n, turns_per_day) for n in range(seeds)], strict=True),
                    )
                )
                sums = Log(*map(sum, zip(*logs, strict=True)))
                share = [f"{part / whole:.2f}" if whole else "-" for part, whole in (
                    (sums.found, sums.planted), (sums.found, sums.found + sums.false), (sums.exact, sums.planted),
                    (sums.near, sums.planted))]  # fmt: skip
                fooled = sum(log.false > 0 for log in logs) / len(logs)
                print(
                    f"{kind:<34}{severity:<10}{share[0]:>8}{share[1]:>11}{share[2]:>7}{share[3]:>8}{fooled:>7.2f}",
                    flush=True,
                )


def speed(turns: int) -> None:
    """Print what all finders take on so many turns."""
    from chatmon.optimizer import recommend

    problems = [planted("latency_step", "middle", 1)]
    made = simulate(1, start=START, days=DAYS, problems=problems, turns_per_day=turns / DAYS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun, used = time.perf_counter(), time.process_time()
    found = recommend(made.turns)
    took, used = time.perf_counter() - begun, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{made.turns.num_rows:,} turns: {took:.1f} s ({used:.1f} s of processor), {len(found)} recommendations")
    print(f"memory: {peak:,.0f} MB at most, {before:,.0f} MB of them before, with the turns themselves")


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = [name for name in KINDS if name != "mix_shift"]
    pairs = ["latency_step+quality_drop", "uncached_prefix+overpowered_model"]
    parser.add_argument("--kinds", nargs="+", default=[*kinds, *pairs, *QUIET])
    parser.add_argument("--severities", nargs="+", default=list(SEVERITIES), choices=SEVERITIES)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--turns-per-day", type=float, default=4000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--turns", type=int, help="measure time and memory on so many turns instead")
    asked = parser.parse_args()
    if asked.turns:
        speed(asked.turns)
    else:
        table(asked.kinds, asked.severities, asked.seeds, asked.turns_per_day, asked.processes)


if __name__ == "__main__":
    main()
