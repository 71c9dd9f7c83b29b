"""Eleven diagnoses of one invented incident, and the marks that a person gave them, set down before there was a grader.

The person had the rubric of docs/teaching/capstone.md before them: of 100 for each problem, 20 for what, where, when
and cost, 10 for what to do, 5 for the experiment and for what was ruled out; the mark is the mean over the problems.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from chatmon._tools.models import course_models
from chatmon.lab.incident._diagnosis import Claim
from chatmon.lab.traffic import Plant, Problem, Saving, Truth

START = datetime(2026, 10, 5, tzinfo=UTC)
STRONG = course_models().desk.strong


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


def log() -> pa.Table:
    """Return 1,200 turns of ten days: a third in each region, four in ten by the app, a quarter on the strong model."""
    rows = range(1200)
    return pa.table(
        {
            "timestamp": [START + timedelta(minutes=12 * n) for n in rows],
            "region": [("uk", "france", "germany")[n % 3] for n in rows],
            "channel": ["app" if n // 3 % 5 < 2 else "web" for n in rows],
            "intent": [("billing", "router", "account")[n // 15 % 3] for n in rows],
            "prompt_version": ["v2"] * 1200,
            "model": [STRONG if n // 45 % 4 == 0 else course_models().desk.usual for n in rows],
            "cost": [Decimal("0.025")] * 1200,
            "response_time": [2.5] * 1200,
            "error_type": [None if n % 12 else "APITimeoutError" for n in rows],
            "conversation_id": [f"c{n // 2}" for n in rows],
            "task_completed": [n % 10 != 0 for n in rows],
        }
    )


def _plant(kind: str, where: dict[str, str], start: datetime, end: datetime, *saving: Any) -> Plant:
    usd, *others = saving
    return Plant(Problem(kind=kind, slice=where, start=start, end=end), start, end, 100, Saving(Decimal(usd), *others))


PLANTS = (
    _plant("latency_step", {"region": "france"}, at(10), at(12), "0", 1000.0, 0, 10),
    _plant("price_change", {"model": STRONG}, at(9, 12), at(12, 12), "4", 0.0, 0, 0),
    _plant("error_burst", {"region": "uk"}, at(13, 10), at(13, 14), "-0.10", -50.0, 90, 20),
)
TRUTH = Truth(1, START, 10, 120.0, 1200, PLANTS, Saving(Decimal("3.9"), 950.0, 90, 30), {})


def amounts(usd: Any = None, seconds: Any = None, failures: Any = None, unhelped: Any = None) -> dict[str, Any]:
    said = {"usd": usd, "seconds": seconds, "failures": failures, "unhelped": unhelped}
    return {name: (Decimal(str(two[0])), Decimal(str(two[1]))) for name, two in said.items() if two}


SLOW: dict[str, Any] = {
    "what": "latency_step", "where": {"region": "france"}, "start": at(10), "end": at(12),
    "amounts": amounts((0, 0), (800, 1200), (0, 0), (8, 12)),
    "do": "fall_back", "experiment": "users_waiting", "ruled_out": ("long_answers",),
}  # fmt: skip
DEAR: dict[str, Any] = {
    "what": "price_change", "where": {"model": STRONG}, "start": at(9, 12), "end": at(12, 12),
    "amounts": amounts((3.5, 4.5), (0, 0), (0, 0), (0, 0)),
    "do": "ask_the_provider", "experiment": "invoice", "ruled_out": ("weekend",),
}  # fmt: skip
FAILING: dict[str, Any] = {
    "what": "error_burst", "where": {"region": "uk"}, "start": at(13, 10), "end": at(13, 14),
    "amounts": amounts((-0.2, 0), (-60, -40), (80, 100), (15, 25)),
    "do": "fall_back", "experiment": "users_failures", "ruled_out": ("broken_client",),
}  # fmt: skip
WHOLE_TIME = {"where": {}, "start": START, "end": at(15)}


def claims(*said: dict[str, Any]) -> tuple[Claim, ...]:
    return tuple(Claim(**one) for one in said)


def without(said: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in names}


EVERY_KIND = ("latency_step", "retry_storm", "prompt_bloat", "uncached_prefix", "overpowered_model", "error_burst",
              "abandonment", "quality_drop", "price_change")  # fmt: skip
QUEUED = SLOW | {"what": "abandonment", "do": "more_capacity", "ruled_out": ("short_by_nature",)}
WIDE = (
    SLOW | {"amounts": amounts((0, 0), (200, 3000), (0, 0), (2, 30))},
    DEAR | {"amounts": amounts((0.8, 12), (0, 0), (0, 0), (0, 0))},
    FAILING | {"amounts": amounts((-0.3, 0.3), (-150, 50), (20, 270), (4, 60))},
)
UNPROVED = [
    without(one, "amounts", "ruled_out") | {"experiment": wrong}
    for one, wrong in ((SLOW, "week_by_week"), (DEAR, "turns_cost"), (FAILING, "week_by_week"))
]
PARTLY = SLOW | {
    "where": {"region": "france", "channel": "app"}, "amounts": amounts((0, 0), (350, 450), (0, 0), (3, 5)),
}  # fmt: skip

DIAGNOSES: dict[str, tuple[tuple[Claim, ...], float]] = {
    "all of it, as it was": (claims(SLOW, DEAR, FAILING), 100),
    "something is slow, everywhere and always": (claims({"what": "latency_step", **WHOLE_TIME}), 3),
    "one problem of three, and that one whole": (claims(SLOW), 33),
    "a window that goes on for a day too long": (claims(SLOW | {"end": at(13)}, DEAR, FAILING), 95),
    "what and where, and never when": (
        claims(*(without(one, "start", "end", "amounts") for one in (SLOW, DEAR, FAILING))), 25,
    ),
    "a queue taken for the slow model it is not": (claims(QUEUED, DEAR, FAILING), 82),
    "all of it, and two problems that are not there": (
        claims(SLOW, DEAR, FAILING, {"what": "prompt_bloat"}, {"what": "quality_drop", "where": {"region": "uk"}}), 86,
    ),
    "every kind, everywhere, always, at any cost": (
        claims(*({"what": kind, **WHOLE_TIME, "amounts": amounts(*[(0, 1_000_000)] * 4)} for kind in EVERY_KIND)), 0,
    ),
    "found, and neither counted nor proved": (claims(*UNPROVED), 70),
    "amounts so wide that they say little": (claims(*WIDE), 88),
    "a part of one slice, and nothing else": (claims(PARTLY), 20),
}  # fmt: skip
