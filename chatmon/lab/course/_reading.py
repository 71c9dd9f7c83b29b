"""Reads answers that are numbers or names, for all exercises alike, and finds the mistake that gives a wrong one."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from chatmon.estimates import Estimate
from chatmon.lab.course._exercises import WrongError

if TYPE_CHECKING:
    from collections.abc import Iterable

Value = int | float | Decimal | Fraction
FINEST = 2.0**-52
"""How finely a double tells values apart, in parts of the value."""
ROUNDED = 0.005
"""How far a number may be from what a mistake gives, in parts of it: people round to two or three digits."""


class Number(float):
    """An answer as a float, which also knows its exact value, and how finely its type can tell values apart.

    Example:
        >>> tenth = as_number(Decimal("0.1"))
        >>> tenth, tenth.exact, tenth.near(0.1), tenth.near(Fraction(1, 9)), tenth.near(0.11, within=0.02)
        (0.1, Fraction(1, 10), True, False, True)
    """

    __slots__ = ("exact", "grain")

    exact: Fraction
    grain: float

    @classmethod
    def of(cls, value: Any, grain: float) -> Number:
        """Return a finite value that says its own integer ratio, with the grain of its type in parts of the value."""
        top, bottom = value.as_integer_ratio()
        exact = Fraction(int(top), int(bottom))
        number = cls(exact)
        number.exact, number.grain = exact, grain
        return number

    def near(self, right: Value, within: Value = 0) -> bool:
        """Say whether it is this value, as well as its type can say so, or no further from it than ``within``."""
        wanted = Fraction(right)
        return abs(self.exact - wanted) <= max(Fraction(within), abs(wanted) * Fraction(self.grain))


def as_number(answer: Any, told: str = "") -> Number:
    """Return an answer as a number, whatever the type: Python's, numpy's, pandas', or an estimate, which has a value.

    Args:
        answer: What the learner gave, or a function of the learner returned.
        told: What to say before a reason, such as ``"For an empty week: "``.

    Raises:
        WrongError: It is text, a truth value, nothing, not finite, several numbers, or no number at all.

    Example:
        >>> import numpy as np
        >>> [as_number(one) for one in (3, Fraction(1, 4), np.float32(0.5), np.array([2]))]
        [3.0, 0.25, 0.5, 2.0]
    """
    value = _unpacked(answer, told)
    kind = type(value).__name__
    if value is None:
        raise WrongError(f"{told}`None` is no number: is something returned, and not only printed?")
    if isinstance(value, bool | str | bytes) or kind in ("bool_", "bool"):
        raise WrongError(f"{told}{value!r} is no number: give the number itself.")
    if isinstance(value, list | tuple) and len(value) == 1:
        raise WrongError(f"{told}A {kind} with a number in it is no number: take it out with `[0]`.")
    if kind in ("NAType", "NaTType", "MaskedConstant"):
        raise WrongError(f"{told}{value!r} is no number: a value is missing where you looked.")
    if hasattr(value, "total_seconds") or kind == "timedelta64":
        raise WrongError(f"{told}A {kind} is a time with its unit: give the number alone, such as `.total_seconds()`.")
    try:
        if not _is_finite(value):
            raise WrongError(
                f"{told}{value} is no number to work with: is the selection empty, a value missing, or a divisor 0?"
            )
        return Number.of(value, _grain(value)) if hasattr(value, "as_integer_ratio") else _counted(value)
    except (TypeError, ValueError):
        many = f" of {len(value)} values" if hasattr(value, "__len__") else ""
        raise WrongError(f"{told}A {kind}{many} is no number: give one number.") from None
    except OverflowError:
        raise WrongError(f"{told}That is a number of more than 300 digits: is a power too much in it?") from None


def _unpacked(answer: Any, told: str) -> Any:
    """Return the one value in an estimate, an array, a series, a frame, or a scalar of pyarrow."""
    if isinstance(answer, Estimate):
        if answer.value is None:
            raise WrongError(f"{told}The estimate has no value: it was made of {answer.n} values.")
        return answer.value
    if hasattr(answer, "as_py"):
        return answer.as_py()
    values = answer.to_numpy() if hasattr(answer, "to_numpy") else answer
    if type(values).__name__ in ("ndarray", "MaskedArray") and values.size == 1:
        return values.reshape(-1)[0]  # in its own width, which says how finely it was computed
    return answer


def _is_finite(value: Any) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def _grain(value: Any) -> float:
    """Return how far a number of this type may be from the right one, in parts of it, and still be meant as it."""
    if isinstance(value, int | Decimal | Fraction):
        return FINEST
    if isinstance(value, float):
        return 1e-9  # a long sum of doubles is as exact as this, in whatever order it was added up
    import numpy as np

    return max(1e-9, 4 * float(np.finfo(type(value)).eps))


def _counted(value: Any) -> Number:
    if isinstance(value, numbers.Integral):
        return Number.of(operator.index(value), FINEST)
    return Number.of(float(value), 1e-9)


def judge_number(
    number: Number,
    right: Value | Iterable[Value],
    mistakes: Iterable[tuple[Value, str]],
    otherwise: str,
    within: Value = 0,
) -> None:
    """Raise why a number is wrong, unless it is right: the reason of the mistake that gives it, if one does.

    Args:
        number: The answer.
        right: What it should be; several where there are several good definitions.
        mistakes: What each mistake gives, and what to say of it. Where two give the same number, both are said.
        otherwise: What to say of a number that no mistake gives.
        within: How far from ``right`` it may be.

    Raises:
        WrongError: It is not right.

    Example:
        >>> judge_number(as_number(2.5), 2.5, [(25, "Too often.")], "Count again.")
        >>> judge_number(as_number(25), 2.5, [(25, "Too often.")], "Count again.")
        Traceback (most recent call last):
        chatmon.lab.course._exercises.WrongError: Too often.
    """
    rights = [right] if isinstance(right, Value) else list(right)
    known = list(mistakes)
    if any(number.near(one) for one in rights):
        return
    exactly = [reason for wrong, reason in known if number.near(wrong, abs(Fraction(wrong)) * Fraction(1, 10**6))]
    if not exactly and any(number.near(one, within) for one in rights):
        return
    about = [reason for wrong, reason in known if number.near(wrong, abs(Fraction(wrong)) * Fraction(ROUNDED))]
    raise WrongError(" Or: ".join(dict.fromkeys(exactly or about)) or otherwise)


def the_only(answer: Any, what: str) -> Any:
    """Return what is in a list, an array or a series of one, and anything else as it is.

    Args:
        answer: What the learner gave.
        what: What one of it is, such as ``"day"``.

    Raises:
        WrongError: There are none, or several, in it.

    Example:
        >>> the_only(["2026-10-22"], "day"), the_only("2026-10-22", "day")
        ('2026-10-22', '2026-10-22')
    """
    if hasattr(answer, "as_py"):
        return answer.as_py()
    if isinstance(answer, str | bytes) or not hasattr(answer, "__len__") or getattr(answer, "shape", None) == ():
        return answer
    values = list(answer)
    if len(values) != 1:
        raise WrongError(f"A {type(answer).__name__} of {len(values)}: give one {what}.")
    return values[0]


def as_names(answer: Any, what: str) -> list[str]:
    """Return an answer as names: a list, a set, an array or an index of texts, or one text with commas.

    Args:
        answer: What the learner gave.
        what: What the names are of, such as ``"experiments"``.

    Raises:
        WrongError: It is a dictionary, or holds something else than texts, or nothing can be read from it.

    Example:
        >>> as_names("tone, greeting ", "experiments"), as_names({"tone"}, "experiments")
        (['tone', 'greeting'], ['tone'])
    """
    if isinstance(answer, str):
        answer = answer.split(",")
    if isinstance(answer, Mapping) or type(answer).__name__ == "DataFrame":
        raise WrongError(f"That is a {type(answer).__name__}: give the names of the {what} alone, as a list or a set.")
    try:
        names = list(answer)
    except TypeError:
        raise WrongError(f"A {type(answer).__name__} is no list: give names of {what}, as a list or a set.") from None
    for one in names:
        if not isinstance(one, str):
            raise WrongError(f"{one!r} in your answer is no name: give the names of the {what}, as texts.")
    return [name.strip() for name in names if name.strip()]
