"""The exercises of lesson 7: assign users, count the price of looking, and refuse a broken split."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._fresh import World, results_in
from chatmon.lab.course._reading import as_number, judge_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXPERIMENTS: Final = ("shorter-greeting", "cite-the-page", "simpler-greeting", "warmer-tone")
USERS: Final = (
    *(f"customer-{number}" for number in range(1000, 8990)),
    *(f"größe {number}@web" for number in range(10)),
)
"""Most names are equally long, and so are two of the experiments': there a weak hash gives itself away."""
SIDES: Final = ("control", "treatment")
WORLD: Final = World()
NEXT_YEAR: Final = datetime(2027, 2, 9, 8, 30, 17, tzinfo=UTC)
DAYS: Final = (1, 3, 7, 14, 28)
"""On which days the colleague of exercise 7.2 looks."""
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
    """Judge exercise 7.1: an assignment that is sticky, uniform, and independent between experiments.

    Two fresh processes have to agree, one of them on another day, with other hashes, asked in another order. Only where
    they do not, further ones find out what it was that moved the users.
    """
    seen = _sides(assign, WORLD)
    for (name, user), one in seen.items():
        if not isinstance(one, str) or one not in SIDES:
            raise WrongError(
                f'It returned {one!r} for {user!r} in {name!r}: a user is in `"control"` or in `"treatment"`.'
            )
    if _sides(assign, World(2, NEXT_YEAR, 2), backwards=True) != seen:
        raise WrongError(_why_not_sticky(assign, seen))
    shares = {name: sum(seen[name, user] == "treatment" for user in USERS) / len(USERS) for name in EXPERIMENTS}
    mean = sum(shares.values()) / len(shares)
    name, share = max(shares.items(), key=lambda one: abs(one[1] - 0.5))
    if abs(share - 0.5) > _beyond_chance(len(USERS)) or abs(mean - 0.5) > _beyond_chance(len(seen)):
        raise WrongError(
            f"{mean:.1%} of {len(USERS):,} users are in the treatment, as a mean of {len(shares)} experiments, and "
            f"{share:.1%} in {name!r}: half of them should be. (If you took the rest of a division, does the divisor "
            "go into the number of values that your hash can have?)"
        )
    for one, other in combinations(EXPERIMENTS, 2):
        alike = sum(seen[one, user] == seen[other, user] for user in USERS) / len(USERS)
        if abs(alike - 0.5) > _beyond_chance(len(USERS)):
            raise WrongError(_why_dependent(seen, one, other, alike))
    return "Sticky, half and half, and blind to every other experiment, without a table to keep."


def _sides(assign: Callable[[str, str], Any], world: World, *, backwards: bool = False) -> dict[tuple[str, str], Any]:
    """Return where each user of each experiment is put in a fresh process."""
    from chatmon.experiment import assignment

    calls = [(name, user) for name in EXPERIMENTS for user in USERS]
    calls = calls[::-1] if backwards else calls
    found = dict(zip(calls, results_in(world, assign, calls, by_value=[assignment]), strict=True))
    return {call: found[call] for call in sorted(found)}


def _why_not_sticky(assign: Callable[[str, str], Any], seen: dict[tuple[str, str], Any]) -> str:
    if _sides(assign, WORLD) != seen:
        return (
            "In a second process that began just like the first, some users changed sides: something in it is left to "
            "chance, and what it remembers is gone when the process ends. Compute the side from the two names."
        )
    if _sides(assign, World(hash_seed=2)) != seen:
        return (
            "`hash` of a text differs each time Python starts, so users would change sides tomorrow: take one from "
            "`hashlib`, or `position`."
        )
    if _sides(assign, World(moment=NEXT_YEAR)) != seen:
        return "On another day some users are on the other side: leave the clock out of it."
    if _sides(assign, WORLD, backwards=True) != seen:
        return "Asked in another order, some users are on the other side: whoever comes first must not matter."
    return "In another process some users are on the other side: only the two names may matter."


def _beyond_chance(n: int) -> float:
    """Return how far the share of ``n`` fair coins is from a half in less than one of 100,000 cases."""
    return 4.5 * 0.5 / math.sqrt(n)


def _why_dependent(seen: dict[tuple[str, str], Any], one: str, other: str, alike: float) -> str:
    told = f"{alike:.0%} of users are on the same side in {one!r} and in {other!r}, where half should be"
    if all(seen[EXPERIMENTS[0], user] == seen[name, user] for name in EXPERIMENTS for user in USERS):
        return f"{told}: the experiment's name makes no difference. Hash it with the user's."
    return (
        f"{told}, so one experiment will show the other's effect. The experiment's name makes a difference, but the "
        "same for most users: a checksum such as `crc32`, or a sum, turns everybody's last bit alike, even with both "
        "names in it. Take a hash that mixes, such as `hashlib.sha256`, over both."
    )


def judge_looks(answer: Any) -> str:
    """Judge exercise 7.2: how often five looks of unequal weight, with two limits, find what is not there."""
    from chatmon.experiment import crossings

    def of(limits: list[float], days: Sequence[float] = DAYS) -> float:
        return crossings(limits, days)[-1]

    early, late = 2.576, 1.96
    number, right = as_number(answer), of([early] * 4 + [late])
    judge_number(
        number,
        right,
        [
            (0.05, "That is the error of the last look alone: the four before it can be wrong, too."),
            (0.01, "That is the error of one early look."),
            (0.04, "Adding up counts the same false alarm several times, and the last look is missing."),
            (0.09, "Adding up counts the same false alarm several times: the looks share their data."),
            (
                1 - 0.99**4 * 0.95,
                "That takes the looks for separate coins: each look's data has the data before in it.",
            ),
            (of([late] * 5), "That is for 1.96 at every look: before the last day she stops only beyond 2.576."),
            (of([early] * 5), "That is for 2.576 at every look: on the last day 1.96 is enough."),
            (of([late] + [early] * 4), "The limits are in the wrong order: 1.96 is for the last look."),
            (
                of([early] * 4 + [late], range(1, 6)),
                "That is for looks at equal distances: day 28 has twice the data of day 14.",
            ),
            (of([late] * 5, range(1, 6)), "That is for p < 0.05 at five equal distances: both differ here."),
            (of([early] * 4, DAYS[:4]), "That is for the four early looks: the last one is missing."),
            (of([early] * 27 + [late], range(1, 29)), "That is for a look on each of 28 days: she looks five times."),
            (1 - right, "That is how often she finds nothing: give the share of the others."),
            (100 * right, "That is in per cent: give a share between 0 and 1."),
        ],
        f"{number:g} is not it: `crossings` takes what each look has to pass, and how much data each has.",
        within=0.005,
    )
    return "Four early looks at a strict limit cost half as much again as the honest look at the end."


def judge_may_be_read(may_be_read: Callable[[dict[str, int], dict[str, float]], Any]) -> str:
    """Judge exercise 7.3: a test of the sample ratio, on splits that the lesson does not show."""
    from chatmon.experiment import sample_ratio

    for users, weights in SPLITS:
        found = may_be_read(dict(users), dict(weights))
        p = sample_ratio(users, weights)
        if isinstance(found, float) and math.isclose(found, p, rel_tol=0.01):
            raise WrongError(f"It returned {found!r}, which is the p-value: return `True` or `False`.")
        if type(found).__name__ not in ("bool", "bool_"):
            raise WrongError(f"It returned {found!r}: return `True` or `False`.")
        if bool(found) != (p >= 0.001):
            shown = ", ".join(f"{name} {number:,}" for name, number in users.items())
            planned = " : ".join(f"{weight:g}" for weight in weights.values())
            may = "this is chance, and may be read" if p >= 0.001 else "this is beyond chance, and may not be read"
            raise WrongError(f"{shown} users, planned {planned}: p = {p:.2g}, so {may}. Yours said {bool(found)}.")
    return "A difference of 2 % of 100,000 users is a leak, and one of a quarter of 45 users is chance."


EXERCISES = [
    Exercise(
        "7.1",
        hints=(
            "The same names must always give the same number, and `position(name, user_id)` gives one between 0 and 1.",
            'Return `"treatment"` where `position(experiment, user_id)` is below 0.5.',
        ),
        judge=judge_assign,
    ),
    Exercise(
        "7.2",
        hints=(
            "`crossings` takes two lists: what each look has to pass, and how much data it has, such as days.",
            "`[2.576] * 4 + [1.96]` are the limits, `[1, 3, 7, 14, 28]` the data; the last number is the answer.",
        ),
        judge=judge_looks,
    ),
    Exercise(
        "7.3",
        hints=(
            "A chi-square test of the users against the planned shares: `sample_ratio` in `chatmon.experiment` is one.",
            "Compare `sample_ratio(users, weights)`, which is a p-value, with 0.001.",
        ),
        judge=judge_may_be_read,
    ),
]
