"""How often the 95 % interval of a corrected rate holds the truth, and how wide it is beside that of labels alone.

Replies of which a known share is right, judged by judges from useless to nearly perfect, some labelled at random. Also
a judge that loves long replies, conversations whose replies are alike, and labels from elsewhere (Rogan and Gladen).

    python benchmarks/judge.py [--seeds 2000]
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chatmon.quality import agreement, corrected_difference, corrected_rate, rogan_gladen

if TYPE_CHECKING:
    from chatmon.estimates import Estimate

RATES = (0.05, 0.2, 0.5, 0.8, 0.95)
LABELS = (30, 100, 400)
REPLIES = 2000


class Judge(NamedTuple):
    """How a judge errs.

    Attributes:
        name: What it is called in the table.
        finds: Its share of yes where yes is true.
        rejects: Its share of no where no is true.
        long: By how much more often it says yes to a long reply, whatever is true.
    """

    name: str
    finds: float
    rejects: float
    long: float = 0.0


JUDGES = (
    Judge("useless", 0.5, 0.5),
    Judge("weak", 0.7, 0.6),
    Judge("opposite", 0.3, 0.3),
    Judge("good", 0.9, 0.8),
    Judge("loves length", 0.7, 0.8, 0.25),
    Judge("very good", 0.95, 0.95),
)


class World(NamedTuple):
    """Replies, what is true of them, what the judge says, and whose they are."""

    truth: np.ndarray
    verdicts: np.ndarray
    units: np.ndarray | None


def world(rng: np.random.Generator, rate: float, judge: Judge, *, alike: float = 0.0) -> World:
    """Return replies and verdicts; with ``alike``, the intra-class correlation within conversations of four."""
    if alike:
        units = np.repeat(np.arange(REPLIES // 4), 4)
        own = rng.beta(rate * (1 / alike - 1), (1 - rate) * (1 / alike - 1), REPLIES // 4)
        truth = rng.random(REPLIES) < own[units]
    else:
        units, truth = None, rng.random(REPLIES) < rate
    is_long = rng.random(REPLIES) < np.where(truth, 0.6, 0.4)
    says = np.where(truth, judge.finds, 1 - judge.rejects) + judge.long * is_long
    return World(truth, rng.random(REPLIES) < says, units)


def labelled(rng: np.random.Generator, made: World, n: int) -> list[bool | None]:
    """Return labels of ``n`` replies: drawn at random, by whole conversations where they are alike."""
    if made.units is None:
        drawn = set(rng.choice(REPLIES, n, replace=False))
    else:
        chosen = set(rng.choice(REPLIES // 4, n // 4, replace=False))
        drawn = {place for place, unit in enumerate(made.units) if unit in chosen}
    return [bool(true) if place in drawn else None for place, true in enumerate(made.truth)]


def held(low: float | None, value: float, high: float | None) -> bool:
    """Return whether an interval holds a value."""
    return low is not None and high is not None and low <= value <= high


def width(estimate: Estimate) -> float:
    """Return how wide an interval is; NaN where there is none."""
    return np.nan if estimate.low is None or estimate.high is None else estimate.high - estimate.low


def cell(rate: float, judge: Judge, n: int, seeds: int, *, alike: float = 0.0) -> tuple[float, float, float]:
    """Return how often the interval holds, how wide it is beside that of labels alone; how often the judge's holds."""
    holds = judged = 0
    widths = []
    for seed in range(seeds):
        rng = np.random.default_rng([seed, n, int(rate * 100)])
        made = world(rng, rate, judge, alike=alike)
        found = corrected_rate(made.verdicts, labelled(rng, made, n), made.units)
        holds += held(found.rate.low, rate, found.rate.high)
        judged += held(found.judged.low, rate, found.judged.high)
        widths.append(width(found.rate) / width(found.labelled))
    return holds / seeds, float(np.nanmean(widths)), judged / seeds


def difference(first: float, second: float, n: int, seeds: int) -> float:
    """Return how often the interval of a difference holds, for a judge that loves the second prompt's long replies."""
    holds = 0
    for seed in range(seeds):
        rng = np.random.default_rng([seed, n, 7])
        found = []
        for rate, judge in ((first, Judge("before", 0.8, 0.8)), (second, Judge("after", 0.8, 0.6, 0.15))):
            made = world(rng, rate, judge)
            found.append(corrected_rate(made.verdicts, labelled(rng, made, n)))
        apart = corrected_difference(*found)
        holds += held(apart.low, second - first, apart.high)
    return holds / seeds


def elsewhere(rate: float, judge: Judge, n: int, seeds: int) -> tuple[float, float]:
    """Return how often Rogan and Gladen's interval is given, and how often it is given and wrong."""
    wrong = given = 0
    for seed in range(seeds):
        rng = np.random.default_rng([seed, n, 11])
        measured, made = world(rng, 0.5, judge), world(rng, rate, judge)
        known = agreement(measured.truth[:n], measured.verdicts[:n])
        try:
            found = rogan_gladen(made.verdicts, known)
        except ValueError:
            continue
        given += 1
        wrong += not held(found.low, rate, found.high)
    return given / seeds, wrong / seeds


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2000, help="worlds for each cell of the tables")
    seeds = parser.parse_args().seeds
    print(
        f"{seeds} worlds a cell, {REPLIES} replies: the interval holds / width beside labels alone / judge's own holds"
    )
    print(f"{'judge':14}{'labels':>7}  " + "".join(f"{f'rate {rate:g}':>21}" for rate in RATES))
    for judge in JUDGES:
        for n in LABELS:
            cells = [cell(rate, judge, n, seeds) for rate in RATES]
            print(f"{judge.name:14}{n:>7}  " + "".join(f"{f'{a:.3f} / {b:.2f} / {c:.2f}':>21}" for a, b, c in cells))
    print("\nconversations of four whose replies are alike (intra-class correlation), rate 0.7, the good judge")
    for alike in (0.1, 0.3, 0.6):
        found = [cell(0.7, JUDGES[3], n, seeds, alike=alike) for n in LABELS]
        print(
            f"{alike:g}: "
            + ", ".join(f"{n} labels {a:.3f} / {b:.2f}" for n, (a, b, _) in zip(LABELS, found, strict=True))
        )
    print("\ndifference of two prompts of which the judge loves the second's length, 0.6 and 0.7")
    print(", ".join(f"{n} labels each: {difference(0.6, 0.7, n, seeds):.3f}" for n in LABELS))
    print("\nlabels from elsewhere (Rogan and Gladen): how often an interval is given, and how often a wrong one")
    for judge in JUDGES:
        print(f"{judge.name:14}" + "".join(
            f"{n:>5} labels " + " ".join("{:.2f} / {:.3f}".format(*elsewhere(r, judge, n, seeds)) for r in (0.2, 0.8))
            for n in LABELS
        ))  # fmt: skip


if __name__ == "__main__":
    main()
