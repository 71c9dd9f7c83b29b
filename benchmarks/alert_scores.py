"""How good the course's alert rules are on traffic that nobody tuned them on: what they catch, how often they cry wolf.

Four weeks of the simulated desk for each seed, with three problems of middle severity that the seed picks. The rules in
``data/alert_rules.toml`` were tuned on the seeds 1000 to 1029 and 5000 to 5049; these are others.

    python benchmarks/alert_scores.py [--seeds 50]
"""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from chatmon._tools.paths import data_file
from chatmon.alerts import replay
from chatmon.alerts.rules_file import load_rules
from chatmon.lab.traffic import simulate, surprise
from chatmon.lab.truth.alerts import score

FIRST_SEED = 9000
START, DAYS, PROBLEMS = datetime(2026, 10, 5, tzinfo=UTC), 28, 3
LEAST_RECALL = 0.9
MOST_FALSE_PER_WEEK = 0.2


class Sums(NamedTuple):
    """What the seeds add up to.

    Attributes:
        caught: Incidents caught, by kind.
        planted: Incidents planted, by kind.
        false: False alarms.
        length: How long the histories are.
    """

    caught: Counter[str]
    planted: Counter[str]
    false: int
    length: timedelta

    @property
    def recall(self) -> float:
        """The share of the incidents that was caught."""
        return self.caught.total() / self.planted.total()

    @property
    def false_per_week(self) -> float:
        """False alarms a week."""
        return self.false / (self.length / timedelta(days=7))


def scored(seeds: range) -> Sums:
    """Return what the rules do on these seeds."""
    rules = load_rules(data_file("alert_rules.toml"))
    caught: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    false, length = 0, timedelta(0)
    for seed in seeds:
        problems = surprise(seed, PROBLEMS, start=START, days=DAYS)
        made = simulate(seed, start=START, days=DAYS, problems=problems)
        found = score(replay(rules, made.turns), made.truth)
        planted.update(one.plant.problem.kind for one in found.incidents)
        planted.update(one.problem.kind for one in found.unseen)
        caught.update(one.plant.problem.kind for one in found.caught)
        false += len(found.wrong)
        length += found.length
    return Sums(caught, planted, false, length)


def main() -> int:
    """Print the figures; the exit status is 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    sums = scored(range(FIRST_SEED, FIRST_SEED + parser.parse_args().seeds))
    for kind, number in sorted(sums.planted.items()):
        print(f"{kind:<20} {sums.caught[kind]:>3} of {number:>3} caught")
    print(f"recall {sums.recall:.2f}, promised at least {LEAST_RECALL}")
    print(f"false alarms a week {sums.false_per_week:.2f}, promised at most {MOST_FALSE_PER_WEEK}")
    kept = sums.recall >= LEAST_RECALL and sums.false_per_week <= MOST_FALSE_PER_WEEK
    print("kept" if kept else "BROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
