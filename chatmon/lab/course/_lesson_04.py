"""The exercises of lesson 4: a minimum of turns, a burn rate, a rule for errors, and a budget burnt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._lesson_01 import recorded
from chatmon.lab.course._reading import as_number, judge_number

if TYPE_CHECKING:
    import pandas as pd

    from chatmon.lab.traffic import Simulation

SEEDS: Final = (401, 403, 406)
"""Weeks of the desk that the lesson does not show; the last one is quiet."""
TURNS_PER_DAY: Final = 5000
"""Seven times as many as in the lesson: a limit on a count does not travel."""
SOONEST: Final = timedelta(minutes=15)
"""How long after its beginning a burst has to be known at the latest."""


def judge_minimum(answer: Any) -> str:
    """Judge exercise 4.1: the smallest minimum with which one failed turn is not above 5 %."""
    number = float(as_number(answer))
    if number == 0.05:
        raise WrongError("That is the limit of the rate: how many turns must there be?")
    if number != int(number):
        raise WrongError(f"{number:g} turns: a minimum is a whole number.")
    if number < 1:
        raise WrongError(f"{number:g} turns: with no turns there is no rate.")
    if number == 21:
        raise WrongError("One of 20 is 5 % exactly, and the rule breaches above 5 %: one less will do.")
    if number == 100:
        raise WrongError("Of 100 turns, 5 may fail: for one failure fewer turns are enough.")
    if number > 21:
        raise WrongError(f"With {number:g} a single failure cannot breach, but a smaller minimum does it too.")
    if number != 20:
        raise WrongError(f"One of {number:g} is {100 / number:.1f} %: above 5 %.")
    return "One of 20 is 5 %, and not above. Fewer turns, and every single failure is an alarm."


def judge_burn_rate(answer: Any) -> str:
    """Judge exercise 4.2: the burn rate of lesson 1's hour with an objective of 95 %."""
    turns = recorded()
    tuesday = turns[turns["timestamp"].dt.day_name() == "Tuesday"]
    hour = tuesday[tuesday["timestamp"].dt.hour == 14]

    def bad(part: pd.DataFrame) -> float:
        return float((part["error_type"].notna() | (part["response_time"] > 2)).mean())

    number, share = as_number(answer), bad(hour)
    judge_number(
        number,
        share / 0.05,
        [
            (share / 0.01, "That is the burn rate for 99 %: with 95 % the budget is five times as large."),
            (share / 0.95, "You divided by the objective: divide by the budget, which is what it leaves."),
            (share, "That is the share of bad turns: divide it by the share that the objective allows."),
            (100 * share, "That is the share of bad turns in per cent: divide the share by what the objective allows."),
            (share / 5, "The budget is a share: 0.05, not 5."),
            (100 * share / 0.05, "The share of bad turns is between 0 and 1 too: 0.9, not 90."),
            (0.05 / share, "The fraction is upside down: what was spent over what was allowed."),
            (share * 0.05, "You multiplied: how many times does what is allowed go into what was spent?"),
            ((1 - share) / 0.05, "Those are the good turns: the budget is spent by the others."),
            (share * len(hour), "That is how many turns were bad: take their share."),
            (share * len(hour) / 0.05, "Those are bad turns, and not their share: divide by the turns of the hour."),
            (bad(tuesday) / 0.05, "That is all of Tuesday: take the hour from 14:00."),
            (bad(turns) / 0.05, "That is both days: take the hour from 14:00 on Tuesday."),
            (float(hour["error_type"].notna().mean()) / 0.05, "Those are failed turns: slow ones are bad, too."),
            (float((hour["response_time"] > 2).mean()) / 0.05, "Those are slow turns: failed ones are bad, too."),
        ],
        f"{number:g} is not it: the share of bad turns in the hour, over what an objective of 95 % allows.",
        within=0.006,
    )
    return "A looser objective makes the same hour less alarming: choose it before the incident, not after."


@cache
def _weeks() -> list[Simulation]:
    from chatmon.lab.traffic import Problem, simulate

    start = datetime(2026, 3, 2, tzinfo=UTC)
    bursts = ("error_burst:region=uk:severe@2026-03-05T11:00", "error_burst:region=france:severe@2026-03-03T14:00")
    problems = [[Problem.parse(bursts[0])], [Problem.parse(bursts[1])], []]
    return [
        simulate(seed, start=start, days=7, problems=planted, turns_per_day=TURNS_PER_DAY)
        for seed, planted in zip(SEEDS, problems, strict=True)
    ]


def judge_rule(answer: Any) -> str:
    """Judge exercise 4.3: rules that catch bursts of errors in time, on a desk with many times the lesson's traffic."""
    from chatmon.alerts import replay
    from chatmon.alerts.rules import RuleError
    from chatmon.alerts.rules_file import parse_rules
    from chatmon.lab.truth.alerts import score

    if not isinstance(answer, str):
        raise WrongError(f"A {type(answer).__name__} is no text: give TOML, as a text in quotes.")
    try:
        rules = parse_rules(answer)
    except RuleError as error:
        raise WrongError(f"These are no rules: {error}") from None
    if not any(rule.measure in ("error", "first_error", "incomplete") for rule in rules):
        watched = ", ".join(rule.measure for rule in rules)
        raise WrongError(f"Your rules watch {watched}: a burst of errors shows in `error` or `first_error`.")
    scores = [score(replay(rules, week.turns), week.truth) for week in _weeks()]
    delays = [incident.delay for one in scores for incident in one.caught if incident.delay is not None]
    false = sum(len(one.wrong) for one in scores)
    late = f", the slower one after {max(delays) / timedelta(minutes=1):.0f} minutes" if delays else ""
    seen = f"{len(delays)} of 2 bursts caught{late}, with {_counted(false)} in three weeks"
    if false:
        way_out = "ask for more turns, for a higher rate, or for a longer window."
        if any(rule.statistic == "sum" for rule in rules):
            way_out = "a count grows with the traffic, so what was rare on the small desk is usual here."
        raise WrongError(f"{seen}, {len(scores[-1].wrong)} of them in the quiet one: {way_out}")
    if len(delays) < 2:
        raise WrongError(f"{seen}: look by region, at a shorter window, or for a lower limit.")
    if max(delays) > SOONEST:
        raise WrongError(f"{seen}. That is too late: a shorter window or `by` region sees it sooner, and `for` waits.")
    return f"{seen}: you chose the limit for the traffic, and did not carry it over."


def _counted(false: int) -> str:
    return f"{false or 'no'} false alarm{'s' * (false != 1)}"


def judge_budget(answer: Any) -> str:
    """Judge exercise 4.4: the share of a month's budget that burns in 6 hours at a rate of 6."""
    number, right = as_number(answer), 6 * 6 / (30 * 24)
    already = "The objective is in the burn rate already: a rate of 1 spends the whole budget in 30 days."
    judge_number(
        number,
        right,
        [
            (100 * right, "That is in per cent: give a share between 0 and 1."),
            (6 / (30 * 24), "That is the share of the time: it burns six times as fast as that."),
            (
                right * 0.02,
                already,
            ),
            (
                right / 0.02,
                already,
            ),
            (
                right * 0.98,
                already,
            ),
            (6 * 6 * 0.02, "That is the share of bad turns times the hours: of which budget is it a part?"),
            (6 * 0.02, "That is the share of bad turns in these hours: which part of the month's budget is that?"),
            (6 * 6 / 30, "The window is in hours, the budget in days."),
            (6 / 30, "That is the burn rate over the days: these are 6 hours of 24 in a day."),
            (1 - right, "That is what is left: which share is gone?"),
            (30 / 6, "That is how many days the budget would last at this rate: which share is gone after 6 hours?"),
            (6 * 6, "Those are hours of budget: of how many in 30 days?"),
            (1 / right, "The fraction is upside down: what is gone over what there is."),
            (6 / 24, "That is a quarter of a day at a burn rate of 1, of one day: take 30 days, and a rate of 6."),
        ],
        f"{number:g} is not it: at a rate of 1 the budget lasts the 30 days, so what does an hour take?",
        within=5e-4,
    )
    return "A twentieth of the month in a morning: worth a look today, though perhaps not at night."


EXERCISES = [
    Exercise(
        "4.1",
        hints=(
            "One failed turn of n is a rate of 1 / n.",
            "The rule breaches where 1 / n is above 0.05: from which n on is it not?",
        ),
        judge=judge_minimum,
    ),
    Exercise(
        "4.2",
        hints=(
            "Only the budget changes: what does an objective of 95 % allow?",
            "The share of bad turns in the hour, divided by 0.05.",
        ),
        judge=judge_burn_rate,
    ),
    Exercise(
        "4.3",
        hints=(
            "How many conversations begin to fail in a usual half hour, among seven times as many? Or take a rate.",
            'measure = "first_error", window = "30m", by = ["region"], statistic = "rate", above = 0.1, min_n = 30.',
        ),
        judge=judge_rule,
    ),
    Exercise(
        "4.4",
        hints=(
            "At a burn rate of 1 the budget of 30 days lasts 30 days, whatever the objective is.",
            "An hour at rate 1 takes 1 / (30 * 24) of it; these are 6 hours at rate 6.",
        ),
        judge=judge_budget,
    ),
]
