"""The exercises of lesson 8: what a buffer loses, what to mask, whose hash it is, and which day was not as usual."""

from __future__ import annotations

import re
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from chatmon.course.exercises import Exercise, Wrong
from chatmon.course.reading import as_number, judge_number, the_only

if TYPE_CHECKING:
    from collections.abc import Callable

SALT: Final = "october"
DIGEST: Final = "078cb7d9f20dbef610434fceb9f6585b4a1b4da8ddae79dedf762e0308919d9c"
MASKED: Final = (
    ("I am K-774120-1, and I never got a bill.", "I am [customer], and I never got a bill."),
    ("Does K-774120-2 fit a cable?", "Does K-774120-2 fit a cable?"),
    ("(K-000000-0/K-999999-4)", "([customer]/[customer])"),
    ("K-250610-4 writes from ada@example.org", "[customer] writes from [email]"),
    ("customer K-905318-6, card 4111 1111 1111 1111", "customer [customer], card [card]"),
    ("order K-905318-61 and TK-905318-6 are older forms", "order K-905318-61 and TK-905318-6 are older forms"),
    ("nothing to hide", "nothing to hide"),
)
"""What the lesson does not show, and what becomes of it: numbers of customers, of parts, and of neither."""
SLOW: Final = date(2026, 10, 22)
KNOWN: Final = date(2026, 11, 2)


def judge_lost(answer: Any) -> str:
    """Judge exercise 8.1: what six processes lose in twenty kills."""
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


def judge_mask(mask: Callable[[str], Any]) -> str:
    """Judge exercise 8.2: numbers of customers by their check digit, beside all that is masked anyway."""
    for text, wanted in MASKED:
        found = mask(text)
        if not isinstance(found, str):
            raise Wrong(f"It returned {found!r} for {text!r}: return the text.")
        if found == wanted:
            continue
        told = f"{text!r} became {found!r}"
        if "@" in found or "4111" in found:
            raise Wrong(f"{told}: what `redact` finds has to go as before.")
        if found.count("[customer]") > wanted.count("[customer]"):
            raise Wrong(f"{told}: a number counts as a customer's only where it stands alone and its digit is right.")
        if any(number in found and number not in wanted for number in re.findall(r"K-\d{6}-\d", text)):
            raise Wrong(f"{told}: a customer's number is still in it.")
        raise Wrong(f"{told}, and should be {wanted!r}.")
    return "With a check digit a rule is precise: part numbers stay, and no customer is left."


def judge_whose(answer: Any) -> str:
    """Judge exercise 8.3: the user behind a salted hash."""
    answer = the_only(answer, "id")
    if not isinstance(answer, str):
        raise Wrong(f"A {type(answer).__name__} is no id: give a text such as `user-0000`.")
    answer = answer.strip()
    if answer == DIGEST:
        raise Wrong("That is the digest: hash every id with the salt until this comes out.")
    if answer == SALT:
        raise Wrong("That is the salt: whose digest is it?")
    if not re.fullmatch(r"user-\d{4}", answer):
        raise Wrong(f"{answer!r} is no id: one is a text such as `user-0000`.")
    if sha256(f"{SALT}:{answer}".encode()).hexdigest() != DIGEST:
        raise Wrong(f"The hash of {answer} with this salt is another one: make the dictionary again, with the salt.")
    return "A salt that lies in the log slows nobody down: what protects is a key that does not."


def judge_day(answer: Any) -> str:
    """Judge exercise 8.4: the day that was slow."""
    answer = the_only(answer, "day")
    try:
        day = date.fromisoformat(str(answer).strip()[:10])
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
            "`re.sub` takes a function: it gets the match, and returns what stands in its place.",
            r"Match `\bK-(\d{6})-(\d)\b`, add up the digits of the first group, compare; then `redact` the text.",
        ),
        judge=judge_mask,
    ),
    Exercise(
        "8.3",
        hints=(
            "There are only ten thousand ids, and the salt is known: hash them all.",
            "Go through `dictionary.values()`, hash each with the salt before it, and compare with `digest`.",
        ),
        judge=judge_whose,
    ),
    Exercise(
        "8.4",
        hints=(
            "Not how many and not how much: how long did people wait?",
            '`days = analysis.trend(logs, "day", "p95")`, and the row in which `outside` is True.',
        ),
        judge=judge_day,
    ),
]
