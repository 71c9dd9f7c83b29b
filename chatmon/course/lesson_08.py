"""The exercises of lesson 8: what a buffer loses, and which day was not as usual."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from chatmon.course.exercises import Exercise, Wrong, as_number

SLOW: Final = date(2026, 10, 22)
KNOWN: Final = date(2026, 11, 2)


def judge_lost(answer: Any) -> str:
    """Judge exercise 8.1: what six processes lose in twenty kills."""
    number, right = as_number(answer), 49.5 * 6 * 20
    for wrong, reason in (
        (50 * 6 * 20, "A list that reaches 100 is written and is empty then: it holds 0 to 99, so what is the mean?"),
        (100 * 6 * 20, "That is as if each kill found a full list: it finds any number from 0 to 99."),
        (99 * 6 * 20, "That is the worst case: it finds any number from 0 to 99, each as likely."),
        (49.5 * 20, "That is one process: each deployment ends 6 of them."),
        (49.5 * 6, "That is one deployment: there are 20."),
        (49.5, "That is one kill of one process: there are 20 deployments of 6."),
    ):
        if abs(number - wrong) <= 1e-6:
            raise Wrong(reason)
    if abs(number - right) > 0.5:
        raise Wrong(f"{number:g} is not it: what does one kill of one process lose on average, and how many are there?")
    return "Thousands of turns a month, none of them in any error count: what is lost cannot be seen in the log."


def judge_day(answer: Any) -> str:
    """Judge exercise 8.2: the day that was slow."""
    try:
        day = date.fromisoformat(str(answer)[:10])
    except ValueError:
        raise Wrong(f'{answer!r} is no day: give a text such as "2026-10-05".') from None
    if day == KNOWN:
        raise Wrong("That is the Monday we know: look at other measures.")
    if day != SLOW:
        raise Wrong(f"On {day} all measures are in their bands: `outside` is True on one other day, for one of them.")
    return "For a day the app was slow. It ended by itself, so only history has it."


EXERCISES = [
    Exercise(
        "8.1",
        hints=(
            "The mean of the numbers from 0 to 99 is what one kill of one process loses.",
            "49.5 a kill, 6 kills a deployment, 20 deployments.",
        ),
        judge=judge_lost,
    ),
    Exercise(
        "8.2",
        hints=(
            "Not how many and not how much: how long did people wait?",
            '`days = analysis.trend(logs, "day", "p95")`, and the row in which `outside` is True.',
        ),
        judge=judge_day,
    ),
]
