"""The exercises of lesson 9: what a buffer loses, and which day was not as usual."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._reading import as_number, judge_number, the_only

SLOW: Final = date(2026, 10, 22)
KNOWN: Final = date(2026, 11, 2)


def judge_lost(answer: Any) -> str:
    """Judge exercise 9.1: what six processes lose in twenty kills."""
    number = as_number(answer)
    judge_number(
        number,
        49.5 * 6 * 20,
        [
            (
                50 * 6 * 20,
                "A list that reaches 100 is written and is empty then: it holds 0 to 99, so what is the mean?",
            ),
            (100 * 6 * 20, "That is as if each kill found a full list: it finds any number from 0 to 99."),
            (99 * 6 * 20, "That is the worst case: it finds any number from 0 to 99, each as likely."),
            (49 * 6 * 20, "The mean of the whole numbers from 0 to 99 is not 49: it is half of 0 and 99."),
            (49.5 * 20, "That is one process: each deployment ends 6 of them."),
            (49.5 * 6, "That is one deployment: there are 20."),
            (49.5, "That is one kill of one process: there are 20 deployments of 6."),
            (6 * 20, "Those are the kills: how many turns does one of them lose?"),
            (49.5 * (6 + 20), "6 and 20 are added up: each of 20 deployments ends 6 processes."),
            (49.5 * 6 * 20 * 12, "That is a year: a month is asked for."),
            (49.5 * 6 * 20 * 30, "20 deployments are those of a month, not of a day."),
            (4950 * 6 * 20, "That is the sum of 0 to 99 for each kill: take the mean."),
        ],
        f"{number:g} is not it: what does one kill of one process lose on average, and how many are there?",
        within=0.5,
    )
    return "Thousands of turns a month, none of them in any error count: what is lost cannot be seen in the log."


def judge_day(answer: Any) -> str:
    """Judge exercise 9.2: the day that was slow."""
    answer = the_only(answer, "day")
    try:
        day = date.fromisoformat(str(answer).strip()[:10])
    except ValueError:
        raise WrongError(f'{answer!r} is no day: give a text such as "2026-10-05".') from None
    if day == KNOWN:
        raise WrongError("That is the Monday we know: look at other measures.")
    if day != SLOW:
        raise WrongError(
            f"On {day} all measures are in their bands: `outside` is True on one other day, for one of them."
        )
    return "For a day the app was slow. It ended by itself, so only history has it."


EXERCISES = [
    Exercise(
        "9.1",
        hints=(
            "The mean of the numbers from 0 to 99 is what one kill of one process loses.",
            "49.5 a kill, 6 kills a deployment, 20 deployments.",
        ),
        judge=judge_lost,
    ),
    Exercise(
        "9.2",
        hints=(
            "Not how many and not how much: how long did people wait?",
            '`days = analysis.trend(logs, "day", "p95")`, and the row in which `outside` is True.',
        ),
        judge=judge_day,
    ),
]
