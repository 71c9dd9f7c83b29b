"""The exercises of lesson 6: assign users, count the price of looking, and refuse a broken split."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from chatmon.course.exercises import Exercise, Wrong

if TYPE_CHECKING:
    from collections.abc import Callable

EXPERIMENTS: Final = ("shorter-greeting", "cite-the-page")
USERS: Final = 4000
SPLITS: Final = (
    ({"a": 840, "b": 840, "c": 760}, {"a": 1, "b": 1, "c": 1}),
    ({"a": 28, "b": 17}, {"a": 1, "b": 1}),
    ({"a": 51_000, "b": 49_000}, {"a": 1, "b": 1}),
    ({"a": 1400, "b": 640}, {"a": 2, "b": 1}),
    ({"a": 1000, "b": 1000}, {"a": 2, "b": 1}),
    ({"a": 1000, "b": 1010, "c": 850}, {"a": 1, "b": 1, "c": 1}),
    ({"a": 1000, "b": 880}, {"a": 1, "b": 1}),
    ({"a": 1000, "b": 900}, {"a": 1, "b": 1}),
)
"""Users and weights that the lesson does not show: chance, and what is beyond it, where the eye errs."""


def judge_assign(assign: Callable[[str, str], Any]) -> str:
    """Judge exercise 6.1: an assignment that is sticky, uniform, and independent between experiments."""
    users = [f"customer-{number}" for number in range(USERS)]
    with mock.patch("builtins.hash", wraps=hash) as hashed:
        halves = {name: [assign(name, user) for user in users] for name in EXPERIMENTS}
    for name, seen in halves.items():
        if strange := {str(one) for one in seen} - {"control", "treatment"}:
            raise Wrong(f'It returned {min(strange)!r}: a user is in `"control"` or in `"treatment"`.')
        if seen != [assign(name, user) for user in users]:
            raise Wrong("The same users were asked twice, and some changed sides: nothing in it may be random.")
    if hashed.called:
        raise Wrong(
            "`hash` of a text differs each time Python starts, so users would change sides tomorrow: take one from "
            "`hashlib`, or `position`."
        )
    for seen in halves.values():
        share = seen.count("treatment") / USERS
        if abs(share - 0.5) > 0.04:
            raise Wrong(f"{share:.0%} of {USERS:,} users are in the treatment: half of them should be.")
    one, other = halves.values()
    alike = sum(a == b for a, b in zip(one, other, strict=True)) / USERS
    if abs(alike - 0.5) > 0.04:
        raise Wrong(
            f"{alike:.0%} of users are on the same side in two experiments, where half should be: hash the "
            "experiment's name with the user's, or one experiment will show the other's effect."
        )
    return "Sticky, half and half, and blind to every other experiment, without a table to keep."


def _share(answer: Any) -> float:
    if isinstance(answer, bool | str):
        raise Wrong(f"{answer!r} is no number: give the share itself.")
    try:
        share = float(answer)
    except (TypeError, ValueError):
        raise Wrong(f"A {type(answer).__name__} is no number: give one share.") from None
    if not math.isfinite(share):
        raise Wrong(f"{share} is no share.")
    return share


def judge_looks(answer: Any) -> str:
    """Judge exercise 6.2: how often fourteen looks beyond 2.576 find what is not there."""
    from chatmon.experiment import crossings

    def of(limit: float, looks: int) -> float:
        return crossings([limit] * looks, range(1, looks + 1))[-1]

    share, right, within = _share(answer), of(2.576, 14), 0.005
    if abs(share - right) <= within:
        return "Stricter than usual, looked at often, and wrong more often than the usual single look."
    mistakes = {
        0.01: "That is the error of a single look.",
        1 - 0.99**14: "That takes the looks for separate coins: each evening's data has the evenings before in it.",
        0.14: "Adding up counts the same false alarm several times: the looks share their data.",
        of(1.96, 14): "That is for p < 0.05: she stops beyond 2.576.",
        of(2.576, 7): "That is for 7 looks: she looks 14 times.",
        100 * right: "That is in per cent: give a share between 0 and 1.",
    }
    wrong = min(mistakes, key=lambda one: abs(one - share))
    if abs(share - wrong) <= (0.3 if share > 1 else 0.003):
        raise Wrong(mistakes[wrong])
    raise Wrong(f"{share:g} is not it: `crossings` takes what each look has to pass, and how much data each has.")


def judge_may_be_read(may_be_read: Callable[[dict[str, int], dict[str, float]], Any]) -> str:
    """Judge exercise 6.3: a test of the sample ratio, on splits that the lesson does not show."""
    from chatmon.experiment import sample_ratio

    for users, weights in SPLITS:
        found = may_be_read(dict(users), dict(weights))
        p = sample_ratio(users, weights)
        if not isinstance(found, bool) and type(found).__name__ != "bool":
            raise Wrong(f"It returned {found!r}: return `True` or `False`.")
        if bool(found) != (p >= 0.001):
            shown = ", ".join(f"{name} {number:,}" for name, number in users.items())
            planned = " : ".join(f"{weight:g}" for weight in weights.values())
            may = "this is chance, and may be read" if p >= 0.001 else "this is beyond chance, and may not be read"
            raise Wrong(f"{shown} users, planned {planned}: p = {p:.2g}, so {may}. Yours said {bool(found)}.")
    return "A difference of 2 % of 100,000 users is a leak, and one of a quarter of 45 users is chance."


EXERCISES = [
    Exercise(
        "6.1",
        hints=(
            "The same names must always give the same number, and `position(name, user_id)` gives one between 0 and 1.",
            'Return `"treatment"` where `position(experiment, user_id)` is below 0.5.',
        ),
        judge=judge_assign,
    ),
    Exercise(
        "6.2",
        hints=(
            "The cell that counted seven looks did it with 1.96: what changes?",
            "`crossings` takes a list of 14 limits and `range(1, 15)`; its last number is the answer.",
        ),
        judge=judge_looks,
    ),
    Exercise(
        "6.3",
        hints=(
            "A chi-square test of the users against the planned shares: `sample_ratio` in `chatmon.experiment` is one.",
            "Compare `sample_ratio(users, weights)`, which is a p-value, with 0.001.",
        ),
        judge=judge_may_be_read,
    ),
]
