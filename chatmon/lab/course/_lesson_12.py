"""The exercises of lesson 12: how far two windows are the same, and what a prompt that grew has cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._reading import as_number, judge_number

if TYPE_CHECKING:
    from collections.abc import Callable

TRUE_COST: Final = 0.36
"""US dollars that the longer prompt cost, from the answer key of the lesson's log; a test holds it."""
WIDEST: Final = 1.5
"""How wide an interval may be, in parts of the true cost: from all tokens cached to none is 1.3."""
Window = tuple[datetime, datetime]


def _window(first: int, last: int) -> Window:
    start = datetime(2026, 10, 5, tzinfo=UTC)
    return start + timedelta(hours=first), start + timedelta(hours=last)


def judge_overlap(overlap: Callable[[Window, Window], Any]) -> str:
    """Judge exercise 12.1: the share of two windows' time that both have."""
    for (a, b), (c, d) in (
        ((0, 10), (0, 10)),
        ((0, 10), (5, 15)),
        ((5, 15), (0, 10)),
        ((2, 4), (0, 10)),
        ((0, 10), (2, 4)),
        ((0, 30), (24, 48)),
        ((0, 4), (6, 10)),
        ((6, 10), (0, 4)),
        ((0, 5), (5, 10)),
    ):
        told = f"For hours {a} to {b} and {c} to {d}"
        both, either = max(0, min(b, d) - max(a, c)), max(b, d) - min(a, c)
        answer = overlap(_window(a, b), _window(c, d))
        if isinstance(answer, timedelta):
            raise WrongError(f"{told} you return a time, {answer}: divide it by another one.")
        number = as_number(answer, f"{told}: ")
        mistakes: list[tuple[float, str]] = [
            ((min(b, d) - max(a, c)) / either, f"{told} they do not meet, and you return {number:g}: give 0 there."),
            (100 * both / either, f"{told} that is in percent: give the share."),
            (both, f"{told} those are the hours that both have: divide by the time that either has."),
            (both / (d - c), f"{told} you divide by the second window alone: then a longer first one loses nothing."),
            (both / (b - a), f"{told} you divide by the first window alone: then a longer second one loses nothing."),
            (both / (b - a + d - c), f"{told} the time that both have is counted twice below the line."),
            (2 * both / (b - a + d - c), f"{told} you divide by the mean of the two: take the time that either has."),
            (1 - both / either, f"{told} that is the share that is not in both."),
        ]
        if both == 0:
            mistakes.append((max(a, c) - min(b, d), f"{told} that is the time between them: they have none in common."))
        judge_number(
            number,
            both / either,
            mistakes,
            f"{told} you return {number:g}; {both} of {either} hours are in both.",
            within=1e-9,
        )
    return "By this your diagnosis is graded: too long a window loses as much as too short a one."


def judge_interval(answer: Any) -> str:
    """Judge exercise 12.2: an interval that holds what a prompt cost, and is narrow."""
    try:
        ends = [float(as_number(one)) for one in answer]
    except TypeError:
        raise WrongError(f"{answer!r} is one number, or none: give the least and the most, as a pair.") from None
    if len(ends) != 2:
        raise WrongError(f"You gave {len(ends)} numbers: give the least and the most, as a pair.")
    low, high = ends
    if low > high:
        raise WrongError(f"The least, {low:g}, is more than the most, {high:g}: turn them round.")
    if low <= 100 * TRUE_COST <= high and low > 1:
        raise WrongError("The truth is in it a hundredfold: those are cents, give US dollars.")
    if not low <= TRUE_COST <= high:
        side = "more" if high < TRUE_COST else "less"
        raise WrongError(
            f"It cost {side} than you say. Price 700 tokens a turn of `v3`, by its model: from the cache for the "
            "least, fresh for the most. (`v3` less `v2` is more than the prompt's cost: their questions differ.)"
        )
    if high - low > WIDEST * TRUE_COST:
        raise WrongError(f"The truth is in it, and so is much else: {low:g} to {high:g} is too wide to act on.")
    return "Narrow enough to act on: what you do not know, how much was cached, has a least and a most."


EXERCISES = [
    Exercise(
        "12.1",
        hints=(
            "Both: from the later beginning to the earlier end. Either: from the earlier beginning to the later end.",
            "Both is `min(said[1], true[1]) - max(said[0], true[0])`; where that is less than nothing, return 0.",
        ),
        judge=judge_overlap,
    ),
    Exercise(
        "12.2",
        hints=(
            "`price(Usage(700, 700, 0, 0, 0), model, provider=..., at=...).amount` is what 700 cached tokens cost.",
            "Add it up over the `model` of each turn of `v3` in that time, and again with `Usage(700, 0, 0, 0, 0)`.",
        ),
        judge=judge_interval,
    ),
]
