"""The exercises of lesson 7: a rule's blind spot, a comparison like for like, and a choice that pays for itself."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon.course.exercises import Exercise, Wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from chatmon.optimizer import Recommendations
    from chatmon.traffic import Simulation

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
SECOND_WEEK: Final = START + timedelta(days=7)
FEWEST: Final = 100
TERRIBLE: Final = 30.0
"""Seconds."""


def judge_silent(answer: Any) -> str:
    """Judge exercise 7.1: terrible response times none of which is above their 90th percentile."""
    import pandas as pd

    try:
        seconds = pd.Series([float(one) for one in answer], dtype=float)
    except (TypeError, ValueError):
        raise Wrong(f"A {type(answer).__name__} could not be read as response times: give a list of numbers.") from None
    if not all(math.isfinite(one) and one >= 0 for one in seconds):
        raise Wrong("A reply takes some finite number of seconds, and no negative one.")
    if len(seconds) < FEWEST:
        raise Wrong(f"{len(seconds)} response times: give at least {FEWEST}.")
    above = int((seconds > seconds.quantile(0.9)).sum())
    if above:
        raise Wrong(
            f"{above} of {len(seconds)} are above the 90th percentile, {seconds.quantile(0.9):g} s: what must the "
            "slowest tenth be for that not to happen?"
        )
    if seconds.mean() < TERRIBLE:
        raise Wrong(f"The mean is {seconds.mean():.1f} s: users would not call that terrible; make it {TERRIBLE:g}.")
    return f"A mean of {seconds.mean():.0f} seconds, and no slow turn: the rule compares the week with itself only."


class Weeks(NamedTuple):
    """Two weeks in which the mix of questions shifts.

    Attributes:
        before: The turns of the first.
        after: Those of the second.
        least: The lower of what truly became dearer with the mix of the one week and of the other.
        most: The higher.
        shifted: Intent that was asked for more often.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    least: float
    most: float
    shifted: str


MIXES: Final = (
    ("router", "overpowered_model:intent=billing:severe@2026-03-09"),
    ("installation", None),
    ("installation", "price_change:model={strong}:severe@2026-03-09"),
)
"""The intent asked for more often, and what became dearer besides."""
NEAR: Final = 0.03
"""How far from the truth a comparison of weeks with so many turns may be by chance."""


@cache
def _weeks() -> list[Weeks]:
    from chatmon import config

    found = []
    for seed, (intent, dearer) in enumerate(MIXES, 721):
        shift = f"mix_shift:intent={intent}:severe@2026-03-09"
        mended = [] if dearer is None else [dearer.format(strong=config.models().desk.strong)]
        with_it = _costs(seed, shift, *mended)
        truths = [_cost_of_second(seed, *mix, *mended) / _cost_of_second(seed, *mix) - 1 for mix in ([], [shift])]
        later = with_it["timestamp"] >= SECOND_WEEK
        found.append(Weeks(with_it[~later], with_it[later], min(truths), max(truths), intent))
    return found


@cache
def _costs(seed: int, *problems: str) -> pd.DataFrame:
    from chatmon.turns import as_frame

    frame = as_frame(_traffic(seed, *problems, turns_per_day=2100).turns)[["timestamp", "intent", "cost"]]
    return frame.assign(intent=frame["intent"].astype(str), cost=frame["cost"].astype(float))


def _cost_of_second(seed: int, *problems: str) -> float:
    frame = _costs(seed, *problems)
    return float(frame.loc[frame["timestamp"] >= SECOND_WEEK, "cost"].sum())


def _traffic(seed: int, *problems: str, turns_per_day: float = 700) -> Simulation:
    from chatmon.traffic import Problem, simulate

    planted = [Problem.parse(text) for text in problems]
    return simulate(seed, start=START, days=14, problems=planted, turns_per_day=turns_per_day)


def judge_change(change: Callable[[pd.DataFrame, pd.DataFrame], Any]) -> str:
    """Judge exercise 7.2: what became dearer like for like, in weeks whose questions shift."""
    for weeks in _weeks():
        said = change(weeks.before.copy(), weeks.after.copy())
        if isinstance(said, bool) or not isinstance(said, int | float):
            raise Wrong(f"It returned a {type(said).__name__}: return one number, such as 0.1 for 10 % more.")
        if weeks.least - NEAR <= said <= weeks.most + NEAR:
            continue
        plain = weeks.after["cost"].mean() / weeks.before["cost"].mean() - 1
        true = f"{weeks.least:+.1%}" if weeks.least == weeks.most else f"{weeks.least:+.1%} to {weeks.most:+.1%}"
        if abs(said - plain) < 0.005:
            raise Wrong(
                f"{said:+.1%} is the plain change. More people asked about {weeks.shifted} in that week; what became "
                f"dearer is {true}."
            )
        if any(weeks.least - NEAR <= one <= weeks.most + NEAR for one in (said / 100, said - 1)):
            raise Wrong(f"{said:g}: return a share, 0.1 for 10 % more, and neither per cent nor a factor.")
        raise Wrong(
            f"It said {said:+.1%} where the truth is {true}: give each intent the weight that it has in one of the "
            "weeks, the same one for both."
        )
    return "The mix shifted each time, and only what became dearer counted."


class Case(NamedTuple):
    """Recommendations about an incident.

    Attributes:
        problems: What was planted, the one that truly saves the most money first.
        seed: Of the traffic.
        usd: What has to be saved a month.
        worth: Whether the first problem truly saves as much.
    """

    problems: tuple[str, ...]
    seed: int
    usd: float
    worth: bool


STORM: Final = ("prompt_bloat:prompt_version=v3:severe@2026-03-09", "retry_storm:channel=app:severe@2026-03-10T09:00")
DEAR: Final = ("overpowered_model:intent=billing:severe@2026-03-09", "error_burst:region=uk:severe@2026-03-06T11:00")
SLOW: Final = ("price_change:model={strong}:severe@2026-03-09", "latency_step:region=germany:severe@2026-03-08")
CASES: Final = (
    Case(STORM, 701, 5.0, worth=True),
    Case(SLOW, 701, 10.0, worth=True),
    Case(SLOW, 701, 30.0, worth=False),
    Case(DEAR, 701, 8.6, worth=False),
    Case(DEAR, 701, 5.0, worth=True),
    Case((), 705, 0.5, worth=False),
)
"""What the weightiest recommendation is about, what saves the most money, and what may not be enough, differ."""


class Incident(NamedTuple):
    """What was found about an incident, and the truth.

    Attributes:
        found: The recommendations.
        slice: The slice of the problem that truly saves the most money.
        monthly: What mending it truly saves a month.
    """

    found: Recommendations
    slice: dict[str, str]
    monthly: float


@cache
def _incident(problems: tuple[str, ...], seed: int) -> Incident:
    from chatmon import config
    from chatmon.optimizer import recommend
    from chatmon.optimizer.recommendation import MONTH

    strong = config.models().desk.strong
    made = _traffic(seed, *(text.format(strong=strong) for text in problems))
    if not made.truth.plants:
        return Incident(recommend(made.turns), {}, 0.0)
    first = made.truth.plants[0]
    days = (first.end - first.start) / timedelta(days=1)
    return Incident(recommend(made.turns), dict(first.problem.slice), float(first.saving.usd) * MONTH / days)


def judge_choice(choose: Callable[[Recommendations, float], Any]) -> str:
    """Judge exercise 7.3: the recommendation that surely saves enough, held against what mending it truly saved."""
    from chatmon.optimizer import Recommendation

    for case in CASES:
        found, where, true = _incident(case.problems, case.seed)
        chosen = choose(found, case.usd)
        if chosen is not None and not isinstance(chosen, Recommendation):
            raise Wrong(f"It returned a {type(chosen).__name__}: return one of the recommendations, or `None`.")
        asked = f"At least ${case.usd:.2f} a month was asked for"
        if not case.worth:
            if chosen is None:
                continue
            said = chosen.monthly.get("usd")
            amount = "no money" if said is None else f"${said.value:.2f} ({said.low:.2f} to {said.high:.2f})"
            raise Wrong(f"{asked}. You chose {chosen.kind}, said to save {amount}; the best truly saves ${true:.2f}.")
        if chosen is None:
            raise Wrong(f"{asked}, and you chose none: mending {_named(where)} truly saves ${true:.2f}.")
        if dict(chosen.slice) != where:
            raise Wrong(
                f"{asked}. You chose {chosen.kind} of {chosen.where}; mending {_named(where)} truly saves more money, "
                f"${true:.2f}."
            )
    return f"{len(CASES)} decisions about incidents that you have not seen, and the truth agrees with each."


def _named(where: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in where.items())


EXERCISES = [
    Exercise(
        "7.1",
        hints=(
            "A percentile is taken from the list itself: what if the slowest replies are all alike?",
            "Let every reply take a minute.",
        ),
        judge=judge_silent,
    ),
    Exercise(
        "7.2",
        hints=(
            "The lesson's cell with `at_old_mix` does it: the means of each intent, weighed by the shares of one week.",
            "Weigh both weeks' means by `before.intent.value_counts(normalize=True)`; divide one sum by the other.",
        ),
        judge=judge_change,
    ),
    Exercise(
        "7.3",
        hints=(
            "Surely enough: not `value` has to pass, but the end of the interval that is worse for you.",
            'Keep those with `"usd" in one.monthly` and `one.monthly["usd"].low >= usd`; `max(..., default=None)`.',
        ),
        judge=judge_choice,
    ),
]
