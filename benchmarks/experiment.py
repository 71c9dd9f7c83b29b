"""What the experiments promise: how often they are wrong, how often they find what is there, and how fast they are.

The first part simulates whole experiments of three variants, 7 days and 120 users a variant and day, all at once in
numpy: what a rule finds where nothing is, and where something is. The second analyses 10 million turns from a Parquet
file, in a process of its own.

    python benchmarks/experiment.py [--replications 1000] [--turns 10000000]
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from scipy.special import ndtr, ndtri

from chatmon.experiment import GO_ON, SHIP, STOP, Effect, Experiment, analyse
from chatmon.experiment import _sequential as sequential
from chatmon.experiment._decision import bounds_of, decide
from chatmon.experiment._reading import Look

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

VARIANTS: Final = ("a", "b", "c")
DAYS, A_DAY, PER_LOOK = 7, 6, 20
"""Six moments a day, and 20 new users of each variant between two."""
START: Final = datetime(2026, 10, 5, tzinfo=UTC)
MOST_SECONDS, MOST_MEGABYTES = 10.0, 1000.0
PLAN: Final = Experiment(
    name="prompts",
    hypothesis="b completes more tasks with fewer tokens, c does not.",
    variants={"a": 1, "b": 1, "c": 1},
    primary="task_completion",
    effect=0.08,
    users=3 * DAYS * A_DAY * PER_LOOK,
    start=START,
    days=DAYS,
    looks=DAYS,
    secondaries=("response_time", "tokens_per_turn", "satisfaction"),
    guardrails={"error_rate": 1.0, "response_time": 0.1},
)


class World(NamedTuple):
    """Users of many experiments: replication, variant, moment, user.

    Attributes:
        values: Metric to what is added up for each user.
        turns: Of each user, which only tokens are divided by.
        before: Each user's response time before the experiment.
        squares: Each user's sum of squared tokens over turns, for the test that takes turns for units.
    """

    values: dict[str, Floats]
    turns: Floats
    before: Floats
    squares: Floats


def world(seed: int, replications: int, *, effects: bool) -> World:
    """Return simulated users; with ``effects``, variant b is better and variant c fails twice as often.

    Args:
        seed: Of the random numbers.
        replications: How many experiments.
        effects: Whether there is anything to find.
    """
    random = np.random.default_rng(seed)
    shape = (replications, len(VARIANTS), DAYS * A_DAY, PER_LOOK)

    def by_variant(a: float, b: float, c: float) -> Floats:
        return np.array([a, b, c] if effects else [a, a, a]).reshape(1, 3, 1, 1)

    person = random.standard_normal(shape)
    seconds = np.exp(0.6 * person + 0.39 * random.standard_normal(shape)) * by_variant(1.0, 0.9, 1.0)
    before = np.exp(0.6 * person + 0.39 * random.standard_normal(shape))
    turns = (1.0 + random.poisson(2.0 * np.exp(0.5 * random.standard_normal(shape)), shape)).astype(np.float64)
    talkative = np.exp(0.45 * random.standard_normal(shape)) * 400 * by_variant(1.0, 0.92, 1.10)
    # A sum of lognormal turns by its first two moments; the squares are what a test of turns would see.
    noise = 0.5
    tokens = np.maximum(1.0, talkative * (turns + noise * np.sqrt(turns) * random.standard_normal(shape)))
    squares = talkative**2 * turns * (1 + noise**2)
    rated = np.clip(np.round(3.6 + by_variant(0.0, 0.2, 0.0) + 1.05 * random.standard_normal(shape)), 1, 5)
    return World(
        values={
            "task_completion": (random.random(shape) < by_variant(0.70, 0.76, 0.70)).astype(float),
            "response_time": seconds,
            "tokens_per_turn": tokens,
            "satisfaction": rated,
            "error_rate": (random.random(shape) < by_variant(0.03, 0.03, 0.06)).astype(float),
        },
        turns=turns,
        before=before,
        squares=squares,
    )


class Looks(NamedTuple):
    """A metric of many experiments at many looks: replication, treatment, look."""

    control: Floats
    treatment: Floats
    error: Floats
    log_error: Floats
    z: Floats


def looks(made: World, metric: str, *, every: int = A_DAY, cuped: bool = False, unit: str = "user") -> Looks:
    """Return a metric at every so many moments, added up from the first on.

    Args:
        made: The users.
        metric: Its name.
        every: Moments from look to look; 6 is once a day.
        cuped: Take out what the response time before explains.
        unit: ``user``, or ``turn`` for the test that is wrong.
    """
    value, count = made.values[metric], made.turns if metric == "tokens_per_turn" else np.ones_like(made.turns)
    before = made.before if cuped else np.zeros(1)
    columns = [np.ones_like(value), value, count, value**2, count**2, value * count]
    columns += [made.squares] if unit == "turn" else [before * np.ones_like(value), before**2, before * value] * cuped
    sums = np.stack([column.sum(axis=3).cumsum(axis=2)[:, :, every - 1 :: every] for column in columns], axis=-1)
    if unit == "turn":
        n, total, turns, squares = sums[..., 0], sums[..., 1], sums[..., 2], sums[..., 6]
        mean = total / turns
        variance = (squares / turns - mean**2) / turns
    elif cuped:
        mean, variance = _cuped(sums)
    else:
        n, total, known, of_value, of_known, together = np.moveaxis(sums, -1, 0)
        mean = total / known
        variance = (of_value - 2 * mean * together + mean**2 * of_known) * n / (n - 1) / known**2
    error = np.sqrt(variance[:, :1] + variance[:, 1:])
    relative = variance / np.maximum(mean, 1e-12) ** 2
    return Looks(
        np.broadcast_to(mean[:, :1], error.shape),
        mean[:, 1:],
        error,
        np.sqrt(relative[:, :1] + relative[:, 1:]),
        np.divide(mean[:, 1:] - mean[:, :1], error, out=np.zeros_like(error), where=error > 0),
    )


def _cuped(sums: Floats) -> tuple[Floats, Floats]:
    """Return means and their variances, less what the days before explain, with one slope for all variants."""
    n, total, _, squares, _, _, before, before_squares, products = np.moveaxis(sums, -1, 0)
    spread = before_squares - before**2 / n
    together = products - total * before / n
    slope = together.sum(axis=1, keepdims=True) / spread.sum(axis=1, keepdims=True)
    centre = before.sum(axis=1, keepdims=True) / n.sum(axis=1, keepdims=True)
    mean = total / n - slope * (before / n - centre)
    return mean, (squares - total**2 / n - 2 * slope * together + slope**2 * spread) / (n - 1) / n


def rules(found: Looks, treatment: int = 0) -> dict[str, float]:
    """Return how often each rule says that there is a difference, at daily looks.

    Args:
        found: A metric at seven daily looks.
        treatment: Place of the treatment.
    """
    z = np.abs(found.z[:, treatment])
    number = z.shape[1]
    shares = [look / number for look in range(1, number + 1)]
    users = np.arange(1, number + 1) * 2.0 * DAYS * A_DAY * PER_LOOK / number
    p = np.vectorize(sequential.always_valid_p)(z, users, users[-1])
    return {
        "one look at the end": float((z[:, -1] > _critical(0.05)).mean()),
        "p < 0.05 at any look": float((z > _critical(0.05)).any(axis=1).mean()),
        "O'Brien-Fleming": float((z > sequential.bounds(shares, 0.05)).any(axis=1).mean()),
        "Pocock": float((z > sequential.bounds(shares, 0.05, spending=sequential.pocock)).any(axis=1).mean()),
        "always valid": float((p < 0.05).any(axis=1).mean()),
    }


def _critical(alpha: float) -> float:
    return float(-ndtri(alpha / 2))


def whole_plan(made: World) -> dict[str, float]:
    """Return how often the whole plan ends in a false or a right word, over all experiments.

    Args:
        made: Their users.

    Returns:
        ``win``: any treatment won, or a secondary is claimed for one. ``b won``: b did. ``c stopped``: a guardrail
        stopped c, at any look.
    """
    names = dict.fromkeys((PLAN.primary, *PLAN.guardrails, *PLAN.secondaries))
    found = {name: looks(made, name, cuped=name == "response_time") for name in names}
    turns = [3 * A_DAY * PER_LOOK * day for day in range(1, DAYS + 1)]
    limits = bounds_of(PLAN, turns)
    users = dict.fromkeys(VARIANTS, DAYS * A_DAY * PER_LOOK)
    replications = len(made.before)
    wins = won = stopped = 0
    for at in range(replications):
        seen = [
            {
                variant: {name: _effect(name, variant, own, at, place, day) for name, own in found.items()}
                for place, variant in enumerate(PLAN.treatments)
            }
            for day in range(DAYS)
        ]
        # An experiment ends where a bound is passed: what comes after is not looked at.
        decisions = {}
        for variant in PLAN.treatments:
            for day in range(DAYS):
                limit = type(limits)(limits.primary[: day + 1], limits.guardrail[: day + 1])
                decisions[variant] = decide(PLAN, limit, [one[variant] for one in seen[: day + 1]])
                if decisions[variant].verdict != GO_ON:
                    break
        lines = Look(PLAN, DAYS, users, limits, decisions).lines(seen[-1])
        claimed = any(line.role == "secondary" and line.reading.endswith("beyond chance") for line in lines)
        wins += claimed or any(decision.won or decision.verdict == SHIP for decision in decisions.values())
        won += decisions["b"].won
        stopped += decisions["c"].verdict == STOP and "guardrail" in decisions["c"].reasons[0]
    return {"win": wins / replications, "b won": won / replications, "c stopped": stopped / replications}


def _effect(name: str, variant: str, own: Looks, at: int, place: int, day: int) -> Effect:
    control, treatment, error, log_error, z = (float(part[at, place, day]) for part in own)
    users = 2 * (day + 1) * A_DAY * PER_LOOK
    return Effect(name, variant, users, control, treatment, error, log_error, z)


LARGE: Final = Experiment(
    name="prompts",
    hypothesis="b completes more tasks.",
    variants={"a": 1, "b": 1, "c": 1},
    primary="task_completion",
    effect=0.01,
    users=1_000_000,
    start=START,
    days=DAYS,
    looks=DAYS,
    secondaries=("tokens_per_turn", "cost_per_turn", "satisfaction"),
    guardrails={"error_rate": 0.05, "response_time": 0.02},
    pre_days=7,
)


def write_turns(path: Path, number: int) -> None:
    """Write turns of two weeks, the second with an experiment in it, of a tenth as many users; b is better by 0.01.

    Args:
        path: Of the Parquet file.
        number: How many turns.
    """
    import duckdb

    connection = duckdb.connect()
    connection.execute("SELECT setseed(0.5)")
    begin, microseconds = START - timedelta(days=DAYS), 2 * DAYS * 86400 * 10**6
    connection.execute(
        f"""COPY (
            SELECT 'turn-' || i AS turn_id, 'conversation-' || (i // 3) AS conversation_id, 'user-' || u AS user_id,
                came AS timestamp, exp(0.5 + random()) AS response_time,
                CAST(500 + random() * 2000 AS BIGINT) AS input_tokens,
                CAST(50 + random() * 500 AS BIGINT) AS output_tokens, CAST(random() / 100 AS DECIMAL(38, 18)) AS cost,
                CASE WHEN random() < 0.03 THEN 'APITimeoutError' END AS error_type,
                random() < 0.7 + CASE WHEN running AND arm = 1 THEN 0.01 ELSE 0 END AS task_completed,
                CASE WHEN random() < 0.2 THEN 1 + floor(random() * 5) END AS user_satisfaction,
                CASE WHEN running THEN 'prompts' END AS experiment,
                CASE WHEN running THEN ['a', 'b', 'c'][1 + arm] END AS variant
            FROM (
                SELECT i, u, came, came >= TIMESTAMPTZ '{START.isoformat()}' AS running,
                    CAST(hash(u) % 3 AS BIGINT) AS arm
                FROM (
                    SELECT i, CAST(floor(random() * {number / 10}) AS BIGINT) AS u,
                        TIMESTAMPTZ '{begin.isoformat()}' + to_microseconds(i * {microseconds // number}) AS came
                    FROM range({number}) numbers(i)
                )
            )
        ) TO '{path}' (FORMAT parquet)"""
    )


def peak_megabytes() -> float:
    """Return the most memory that this program has had."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux counts the memory of the process that started a program as the program's own, too
        return int(re.findall(r"VmHWM:\s*(\d+)", status.read_text(encoding="utf-8"))[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def measure(path: Path) -> dict[str, Any]:
    """Return the seconds that the last look of ``LARGE`` takes, the process's largest memory, and the decision.

    A busy machine shows in ``seconds`` far above ``processor_seconds``, which add up those of all cores.
    """
    begin, worked = time.perf_counter(), time.process_time()
    result = analyse(path, LARGE, look=DAYS)
    seconds, worked = time.perf_counter() - begin, time.process_time() - worked
    return {
        "seconds": seconds,
        "processor_seconds": worked,
        "megabytes": peak_megabytes(),
        "users": dict(result.users),
        "decision": str(result.decision),
    }


def measure_apart(number: int) -> dict[str, Any]:
    """Return ``measure`` of so many turns from a process of its own, whose memory is all for it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turns.parquet"
        write_turns(path, number)
        done = subprocess.run(
            [sys.executable, __file__, "--measure", str(path)], check=True, capture_output=True, text=True
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def table(replications: int) -> list[tuple[str, str, float, float]]:
    """Return how often each rule finds a difference: metric, rule, where there is none, where there is one."""
    nothing, something = world(1, replications, effects=False), world(2, replications, effects=True)
    rows = []
    for metric in ("task_completion", "response_time", "tokens_per_turn", "satisfaction"):
        cuped = metric == "response_time"
        wrong, right = (rules(looks(made, metric, cuped=cuped)) for made in (nothing, something))
        rows += [(metric, rule, wrong[rule], right[rule]) for rule in wrong]
    by_turn, errors = [], []
    for made in (nothing, something):
        by_turn.append(
            float((np.abs(looks(made, "tokens_per_turn", unit="turn").z[:, 0, -1]) > _critical(0.05)).mean())
        )
        errors.append(float((ndtr(-looks(made, "error_rate").z[:, 1, -1]) < 0.05).mean()))
    rows.append(("tokens_per_turn", "one look, turns for units", by_turn[0], by_turn[1]))
    rows.append(("error_rate of c", "one look, one-sided", errors[0], errors[1]))
    return rows


def main() -> int:
    """Print the tables; the exit status is 1 where a promise of the README is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=10_000_000)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return 0
    print(f"{datetime.now(UTC):%Y-%m-%d}: {options.replications} experiments, 840 users a variant, 7 daily looks\n")
    print(f"{'metric':<18} {'rule':<28} {'nothing there':>14} {'b is better':>14}")
    for metric, rule, wrong, right in table(options.replications):
        print(f"{metric:<18} {rule:<28} {wrong:>14.1%} {right:>14.1%}")
    nothing = whole_plan(world(3, options.replications, effects=False))
    something = whole_plan(world(4, options.replications, effects=True))
    print(f"\nwhole plan: a false win in {nothing['win']:.1%}, c stopped for nothing in {nothing['c stopped']:.1%};")
    print(f"b wins in {something['b won']:.1%}, c with twice the errors is stopped in {something['c stopped']:.1%}")
    large = measure_apart(options.turns)
    kept = large["seconds"] <= MOST_SECONDS and large["megabytes"] <= MOST_MEGABYTES
    print(
        f"\n{options.turns:,} turns, 3 variants, 6 metrics, 7 looks: {large['seconds']:.1f} s "
        f"({large['processor_seconds']:.1f} s of processors) and "
        f"{large['megabytes']:.0f} MB, promised at most {MOST_SECONDS:.0f} s and {MOST_MEGABYTES:.0f} MB: "
        f"{'kept' if kept else 'BROKEN'}\n{large['decision']}"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
