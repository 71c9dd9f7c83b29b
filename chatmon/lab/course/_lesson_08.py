"""The exercises of lesson 8: a rule's blind spot, a comparison like for like, and a choice that pays for itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._reading import as_number, judge_number

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from chatmon.lab.traffic import Simulation
    from chatmon.optimizer import Recommendations

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
FEWEST_TIMES: Final = 100
TERRIBLE: Final = 30.0
"""Seconds."""


def judge_silent(answer: Any) -> str:
    """Judge exercise 8.1: terrible response times none of which is above their 90th percentile."""
    import pandas as pd

    if isinstance(answer, str | bytes | Mapping) or not hasattr(answer, "__iter__"):
        raise WrongError(f"A {type(answer).__name__} could not be read as response times: give a list of numbers.")
    if type(answer).__name__ == "DataFrame":
        raise WrongError("That is a whole table: give its column of response times.")
    seconds = pd.Series([float(as_number(one, "One of the response times: ")) for one in answer], dtype=float)
    if not (seconds >= 0).all():
        raise WrongError("A reply takes some number of seconds, and no negative one.")
    if len(seconds) < FEWEST_TIMES:
        raise WrongError(f"{len(seconds)} response times: give at least {FEWEST_TIMES}.")
    above, limit = int((seconds > seconds.quantile(0.9)).sum()), seconds.quantile(0.9)
    if above:
        alike = "they are all different, so some must be above it" if seconds.is_unique else "some are above it"
        raise WrongError(
            f"{above} of {len(seconds)} are above the 90th percentile, {limit:g} s ({alike}): what must the slowest "
            "tenth be for that not to happen?"
        )
    if seconds.mean() < TERRIBLE:
        raise WrongError(
            f"The mean is {seconds.mean():.1f} s: users would not call that terrible; make it {TERRIBLE:g}."
        )
    return f"A mean of {seconds.mean():.0f} seconds, and no slow turn: the rule compares the week with itself only."


class Weeks(NamedTuple):
    """Two weeks in which the mix of questions shifts.

    Attributes:
        what: What happened.
        before: For each intent of the first week, its turns, and how many in a hundred were completed.
        after: Those of the second.
    """

    what: str
    before: Mix
    after: Mix


Mix = Mapping[str, tuple[int, int]]
WEEKS: Final = (
    Weeks(
        "most intents a little better, and more people with router questions",
        {"account": (400, 80), "billing": (300, 70), "router": (100, 40), "outage": (40, 75)},
        {"account": (200, 85), "billing": (250, 74), "router": (500, 45), "outage": (40, 35)},
    ),
    Weeks(
        "nothing but other questions",
        {"account": (200, 80), "billing": (200, 65), "router": (400, 45)},
        {"account": (500, 80), "billing": (200, 65), "router": (100, 45)},
    ),
    Weeks(
        "every intent worse, one that is gone, and a new one that is easy",
        {"account": (300, 80), "billing": (300, 60), "router": (200, 50), "contract": (300, 20)},
        {"account": (300, 75), "billing": (200, 55), "router": (400, 45), "e-sim": (300, 95)},
    ),
)
NEAR: Final = 0.005
"""How far weights of another kind than the two weeks' own may lead."""


def _frame(mix: Mix) -> pd.DataFrame:
    """Return a turn a row, in an order that has no meaning."""
    import pandas as pd

    rows = [(intent, at * 100 < share * n) for intent, (n, share) in mix.items() for at in range(n)]
    return pd.DataFrame(rows, columns=["intent", "completed"]).sample(frac=1, random_state=7, ignore_index=True)


def _traffic(seed: int, *problems: str, turns_per_day: float = 700) -> Simulation:
    from chatmon.lab.traffic import Problem, simulate

    planted = [Problem.parse(text) for text in problems]
    return simulate(seed, start=START, days=14, problems=planted, turns_per_day=turns_per_day)


def judge_change(change: Callable[[pd.DataFrame, pd.DataFrame], Any]) -> str:
    """Judge exercise 8.2: how completion changed like for like, in weeks whose questions shift, come and go."""
    for weeks in WEEKS:
        before, after = _frame(weeks.before), _frame(weeks.after)
        number = as_number(change(before, after), f"With {weeks.what}: ")
        common = weeks.before.keys() & weeks.after.keys()
        differences = {one: (weeks.after[one][1] - weeks.before[one][1]) / 100 for one in common}
        held = [_weighed(differences, mix) for mix in (weeks.before, weeks.after)]
        least, most = min(held), max(held)
        if least - NEAR <= number <= most + NEAR:
            continue
        true = f"{least:+.1%}" if least == most else f"{least:+.1%} to {most:+.1%}"
        judge_number(
            number,
            held,
            _mistaken_changes(weeks, before, after, differences, number, true),
            f"With {weeks.what} it said {number:+.1%} where the truth is {true}: give each intent that both weeks have "
            "the weight that it has in one of them, the same one for both, with weights that add up to 1.",
        )
    return "The mix shifted each time, intents came and went, and only what really changed counted."


def _weighed(values: Mapping[str, float], mix: Mix) -> float:
    """Return the mean of the intents' values, each with the weight that its turns have in a week."""
    return sum(value * mix[one][0] for one, value in values.items()) / sum(mix[one][0] for one in values)


def _mistaken_changes(
    weeks: Weeks, before: pd.DataFrame, after: pd.DataFrame, differences: Mapping[str, float], said: float, true: str
) -> list[tuple[float, str]]:
    """Return what each mistake says of two weeks, and its reason."""
    first = {one: share / 100 for one, (_, share) in weeks.before.items()}
    common = differences.keys()
    plain = after["completed"].mean() - before["completed"].mean()
    of_common = [week.loc[week["intent"].isin(common), "completed"].mean() for week in (before, after)]
    told = f"With {weeks.what} it said {said:+.1%}, and the truth is {true}"
    held = _weighed(differences, weeks.before)
    then = _weighed({one: first[one] for one in common}, weeks.before)
    gone = sum(first[one] * weeks.before[one][0] for one in first.keys() - common) / len(before)
    unscaled = sum(differences[one] * weeks.before[one][0] for one in common) / len(before)
    return [
        (plain, f"{told}: that is the plain change. Other questions were asked; compare like with like."),
        (
            of_common[1] - of_common[0],
            f"{told}: the same intents, and still their plain change. Weigh them alike.",
        ),
        (-held, f"{told}: first the second week, then the first, so that better is above 0."),
        (
            sum(differences.values()) / len(differences),
            f"{told}: give each intent the weight of its turns.",
        ),
        (held / then, f"{told}: that is a relative change. Return the difference of the two shares."),
        (1 + held / then, f"{told}: that is a factor. Return the difference of the two shares."),
        (100 * held, f"{said:g}: return a share, 0.05 for 5 points, and not points."),
        (
            unscaled - gone,
            f"{told}: an intent that is gone counts as never completed. Leave it out on both sides.",
        ),
        (unscaled, f"{told}: where an intent is left out, the weights of the others have to add up to 1 again."),
    ]


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
    Case(STORM, 701, 1.5, worth=True),
    Case(SLOW, 701, 10.0, worth=True),
    Case(SLOW, 701, 30.0, worth=False),
    Case(DEAR, 701, 8.6, worth=False),
    Case(DEAR, 701, 5.0, worth=True),
    Case((), 705, 0.5, worth=False),
)
"""What the weightiest recommendation is about, what saves the most money, and what may not be enough, differ."""


class JudgedIncident(NamedTuple):
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
def _incident(problems: tuple[str, ...], seed: int) -> JudgedIncident:
    from chatmon._tools.models import course_models
    from chatmon.optimizer import recommend
    from chatmon.optimizer.recommendation import MONTH

    strong = course_models().desk.strong
    made = _traffic(seed, *(text.format(strong=strong) for text in problems))
    if not made.truth.plants:
        return JudgedIncident(recommend(made.turns), {}, 0.0)
    first = made.truth.plants[0]
    days = (first.end - first.start) / timedelta(days=1)
    return JudgedIncident(recommend(made.turns), dict(first.problem.slice), float(first.saving.usd) * MONTH / days)


def judge_choice(choose: Callable[[Recommendations, float], Any]) -> str:
    """Judge exercise 8.3: the recommendation that surely saves enough, held against what mending it truly saved."""
    from chatmon.optimizer import Recommendation, Recommendations

    for case in CASES:
        found, where, true = _incident(case.problems, case.seed)
        chosen = choose(found, case.usd)
        if isinstance(chosen, list | tuple | Recommendations):
            raise WrongError(f"It returned {len(chosen)} of them: return one, the largest, or `None`.")
        if chosen is not None and not isinstance(chosen, Recommendation):
            raise WrongError(f"It returned a {type(chosen).__name__}: return one of the recommendations, or `None`.")
        asked = f"At least ${case.usd:.2f} a month was asked for"
        if not case.worth:
            if chosen is None:
                continue
            said = chosen.monthly.get("usd")
            amount = "no money" if said is None else f"${said.value:.2f} ({said.low:.2f} to {said.high:.2f})"
            raise WrongError(
                f"{asked}. You chose {chosen.kind}, said to save {amount}; the best truly saves ${true:.2f}."
            )
        if chosen is None:
            raise WrongError(f"{asked}, and you chose none: mending {_named(where)} truly saves ${true:.2f}.")
        if dict(chosen.slice) != where:
            saved = chosen.monthly.get("usd")
            if saved is not None and saved.low >= case.usd:
                raise WrongError(
                    f"{asked}. {chosen.kind} of {chosen.where} is surely enough, and not the largest: mending "
                    f"{_named(where)} truly saves ${true:.2f}."
                )
            raise WrongError(
                f"{asked}. You chose {chosen.kind} of {chosen.where}; mending {_named(where)} truly saves more money, "
                f"${true:.2f}."
            )
    return f"{len(CASES)} decisions about incidents that you have not seen, and the truth agrees with each."


def _named(where: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in where.items())


EXERCISES = [
    Exercise(
        "8.1",
        hints=(
            "A percentile is taken from the list itself: what if the slowest replies are all alike?",
            "Let every reply take a minute.",
        ),
        judge=judge_silent,
    ),
    Exercise(
        "8.2",
        hints=(
            "The share of each intent and week first, then a mean with the same weights for both weeks. Which intents?",
            "Keep the intents of both weeks, weigh them by their turns in `before`, divide by the sum of the weights.",
        ),
        judge=judge_change,
    ),
    Exercise(
        "8.3",
        hints=(
            "Surely enough: not `value` has to pass, but the end of the interval that is worse for you.",
            'Keep those with `"usd" in one.monthly` and `one.monthly["usd"].low >= usd`; `max(..., default=None)`.',
        ),
        judge=judge_choice,
    ),
]
