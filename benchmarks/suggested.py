"""What rules that a log's first half suggests say in the second: false pages a week in each world, and what they catch.

    python benchmarks/suggested.py [--seeds 3] [--worlds plain congestion]

Pages while a provider has an incident in a world are right. What is to be caught is
planted in the second half: an hour in which four of ten turns fail, and one in which replies take three times as long.
Seeds count from 4100: none was used to choose anything.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from worlds import WORLDS, Change, Log, made

from chatmon.alerts import Firing, replay, suggest
from chatmon.alerts.notification import Severity
from chatmon.analysis.source import between

FIRST_SEED: Final = 4100
HOUR: Final = 1 / 24
AT: Final = 17.6
"""The day of the hour that is planted, in the afternoon."""
PLANTS: Final = {
    "failures": Change(kind="errors", begins=AT, ends=AT + HOUR, size=0.4),
    "slow": Change(kind="latency", begins=AT, ends=AT + HOUR, size=2.0),
}
LATE: Final = timedelta(hours=4)
"""How long after its end a page may still be about what happened: the longest window but a day's."""


class Told(NamedTuple):
    """What the rules of one log did.

    Attributes:
        world: The world.
        weeks: How long the part is that they were tried on.
        false: Pages in it when nothing was happening.
        caught: Of the hours planted, those that rang.
        planted: The hours planted.
    """

    world: str
    weeks: float
    false: int
    caught: int
    planted: int


def told(world: str, seed: int) -> Told:
    """Return what suggested rules do in a world."""
    quiet = made(WORLDS[world], seed)
    found = suggest(quiet.turns)
    pages = [rule for rule in found.rules if rule.severity is Severity.PAGE]
    false = sum(not _happened(quiet, one) for one in replay(pages, between(quiet.turns, start=found.split)).firings)
    caught = 0
    for change in PLANTS.values():
        log = made(WORLDS[world], seed, change)
        event = next(one for one in log.events if one.kind == change.kind)
        firings = replay(pages, between(log.turns, start=found.split)).firings
        caught += any(event.begins <= one.start <= event.ends + LATE for one in firings)
    return Told(world, (found.end - found.split) / timedelta(days=7), false, caught, len(PLANTS))


def _happened(log: Log, alert: Firing) -> bool:
    return any(one.kind == "incident" and one.begins <= alert.start <= one.ends + LATE for one in log.events)


def main() -> None:
    """Print a row for each world."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="logs of each world")
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS), metavar="WORLD")
    given = parser.parse_args()
    asked = [(world, FIRST_SEED + seed) for world in given.worlds for seed in range(given.seeds)]
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(told, *zip(*asked, strict=True)))
    print(f"{'world':<26} {'false pages a week':>18} {'hours caught':>13}")
    for world in [*given.worlds, "all"]:
        own = [one for one in results if world in (one.world, "all")]
        rate = sum(one.false for one in own) / sum(one.weeks for one in own)
        caught, planted = sum(one.caught for one in own), sum(one.planted for one in own)
        print(f"{world:<26} {rate:>18.2f} {caught:>6} of {planted:<3}")


if __name__ == "__main__":
    main()
