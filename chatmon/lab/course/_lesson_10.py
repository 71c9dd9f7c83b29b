"""The exercises of lesson 10: what to mask, and whose hash it is."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._reading import the_only

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


def judge_mask(mask: Callable[[str], Any]) -> str:
    """Judge exercise 10.1: numbers of customers by their check digit, beside all that is masked anyway."""
    for text, wanted in MASKED:
        found = mask(text)
        if not isinstance(found, str):
            raise WrongError(f"It returned {found!r} for {text!r}: return the text.")
        if found == wanted:
            continue
        told = f"{text!r} became {found!r}"
        if "@" in found or "4111" in found:
            raise WrongError(f"{told}: what `redact` finds has to go as before.")
        if found.count("[customer]") > wanted.count("[customer]"):
            raise WrongError(
                f"{told}: a number counts as a customer's only where it stands alone and its digit is right."
            )
        if any(number in found and number not in wanted for number in re.findall(r"K-\d{6}-\d", text)):
            raise WrongError(f"{told}: a customer's number is still in it.")
        raise WrongError(f"{told}, and should be {wanted!r}.")
    return "With a check digit a rule is precise: part numbers stay, and no customer is left."


def judge_whose(answer: Any) -> str:
    """Judge exercise 10.2: the user behind a salted hash."""
    answer = the_only(answer, "id")
    if not isinstance(answer, str):
        raise WrongError(f"A {type(answer).__name__} is no id: give a text such as `user-0000`.")
    answer = answer.strip()
    if answer == DIGEST:
        raise WrongError("That is the digest: hash every id with the salt until this comes out.")
    if answer == SALT:
        raise WrongError("That is the salt: whose digest is it?")
    if not re.fullmatch(r"user-\d{4}", answer):
        raise WrongError(f"{answer!r} is no id: one is a text such as `user-0000`.")
    if sha256(f"{SALT}:{answer}".encode()).hexdigest() != DIGEST:
        raise WrongError(
            f"The hash of {answer} with this salt is another one: make the dictionary again, with the salt."
        )
    return "A salt that lies in the log slows nobody down: what protects is a key that does not."


EXERCISES = [
    Exercise(
        "10.1",
        hints=(
            "`re.sub` takes a function: it gets the match, and returns what stands in its place.",
            r"Match `\bK-(\d{6})-(\d)\b`, add up the digits of the first group, compare; then `redact` the text.",
        ),
        judge=judge_mask,
    ),
    Exercise(
        "10.2",
        hints=(
            "There are only ten thousand ids, and the salt is known: hash them all.",
            "Go through `dictionary.values()`, hash each with the salt before it, and compare with `digest`.",
        ),
        judge=judge_whose,
    ),
]
