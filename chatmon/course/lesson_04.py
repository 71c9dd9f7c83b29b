"""The exercises of lesson 4: a minimum of turns, a burn rate, a rule for errors, and a budget burnt."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chatmon.course.exercises import Exercise, Wrong, as_number
from chatmon.estimates import Estimate

if TYPE_CHECKING:
    from chatmon.traffic import Simulation

SEEDS: Final = (401, 403, 406)
"""Weeks of the desk that the lesson does not show; the last one is quiet."""
MOST_FALSE: Final = 1


def judge_minimum(answer: Any) -> str:
    """Judge exercise 4.1: the smallest minimum with which one failed turn is not above 5 %."""
    number = as_number(answer)
    if number != int(number):
        raise Wrong(f"{number:g} turns: a minimum is a whole number.")
    if number == 21:
        raise Wrong("One of 20 is 5 % exactly, and the rule breaches above 5 %: one less will do.")
    if number == 19:
        raise Wrong("One of 19 is 5.3 %, which is above 5 %.")
    if number > 21:
        raise Wrong(f"With {number:g} a single failure cannot breach, but a smaller minimum does it too.")
    if number != 20:
        raise Wrong(f"One of {number:g} is {100 / max(number, 1):.1f} %: above 5 %.")
    return "One of 20 is 5 %, and not above. Fewer turns, and every single failure is an alarm."


def judge_burn_rate(answer: Any) -> str:
    """Judge exercise 4.2: the burn rate of lesson 1's hour with an objective of 95 %."""
    number, bad = as_number(answer.value if isinstance(answer, Estimate) else answer), 27 / 30
    for wrong, reason in (
        (bad / 0.01, "That is the burn rate for 99 %: with 95 % the budget is five times as large."),
        (bad / 0.95, "You divided by the objective: divide by the budget, which is what it leaves."),
        (bad, "That is the share of bad turns: divide it by the share that the objective allows."),
        (bad / 5, "The budget is a share: 0.05, not 5."),
        ((1 - bad) / 0.05, "Those are the good turns: the budget is spent by the others."),
        (27 / 0.05, "Those are 27 turns: take their share of the 30."),
    ):
        if abs(number - wrong) <= 0.006:
            raise Wrong(reason)
    if abs(number - bad / 0.05) > 0.006:
        raise Wrong(f"{number:g} is not it: the share of bad turns, divided by the share that may be bad.")
    return "Above 14.4: it would have. A looser objective makes the same hour less alarming, so choose it beforehand."


@cache
def _weeks() -> list[Simulation]:
    from chatmon.traffic import Problem, simulate

    start = datetime(2026, 3, 2, tzinfo=UTC)
    bursts = ("error_burst:region=uk:severe@2026-03-05T11:00", "error_burst:region=france:severe@2026-03-03T14:00")
    problems = [[Problem.parse(bursts[0])], [Problem.parse(bursts[1])], []]
    return [
        simulate(seed, start=start, days=7, problems=planted) for seed, planted in zip(SEEDS, problems, strict=True)
    ]


def judge_rule(answer: Any) -> str:
    """Judge exercise 4.3: rules that catch a burst of errors in weeks that the lesson does not show."""
    from chatmon.alerts.replay import replay
    from chatmon.alerts.rules import RuleError
    from chatmon.alerts.rules_file import parse_rules
    from chatmon.alerts.score import score

    if not isinstance(answer, str):
        raise Wrong(f"A {type(answer).__name__} is no text: give TOML, as a text in quotes.")
    try:
        rules = parse_rules(answer)
    except RuleError as error:
        raise Wrong(f"These are no rules: {error}") from None
    if not any(rule.measure in ("error", "first_error", "incomplete") for rule in rules):
        watched = ", ".join(rule.measure for rule in rules)
        raise Wrong(f"Your rules watch {watched}: a burst of errors shows in `error` or `first_error`.")
    scores = [score(replay(rules, week.turns), week.truth) for week in _weeks()]
    caught = sum(len(one.caught) for one in scores)
    false = sum(len(one.wrong) for one in scores)
    if false > MOST_FALSE:
        raise Wrong(
            f"{caught} of 2 bursts caught, with {false} false alarms in three weeks, {len(scores[-1].wrong)} in the "
            "quiet one: ask for more turns, or count conversations with first_error."
        )
    if caught < 2:
        raise Wrong(f"{caught} of 2 bursts caught, {false} false alarms: look by region, or at a shorter window.")
    return f"2 of 2 bursts caught with {false} false alarms, in weeks that you have never seen."


def judge_budget(answer: Any) -> str:
    """Judge exercise 4.4: the share of a month's budget that burns in 6 hours at a rate of 6."""
    number, right = as_number(answer), 6 * 6 / (30 * 24)
    for wrong, reason in (
        (100 * right, "That is in per cent: give a share between 0 and 1."),
        (6 / (30 * 24), "That is the share of the time: it burns six times as fast as that."),
        (right * 0.02, "The objective is in the burn rate already: a rate of 1 spends the whole budget in 30 days."),
        (6 * 6 * 0.02, "That is the share of bad turns times the hours: of which budget is it a part?"),
        (6 * 6 / 30, "The window is in hours, the budget in days."),
    ):
        if abs(number - wrong) <= 1e-6:
            raise Wrong(reason)
    if abs(number - right) > 5e-4:
        raise Wrong(f"{number:g} is not it: at a rate of 1 the budget lasts the 30 days, so what does an hour take?")
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
            "The lesson's last rule for errors is a good start: which of its keys are its strength?",
            'measure = "first_error", statistic = "sum", window = "30m", above = 2, by = ["region"], one key a line.',
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
