"""The exercise machinery: find an exercise, judge an answer, show the outcome in words a learner can use.

A lesson's module holds its exercises as data::

    def judge_9_1(answer):
        if answer != Decimal("0.30"):
            raise WrongError("tokens are per call here; the price is per million")
        return "A price per million tokens is how every provider quotes it."

    EXERCISES = [Exercise("9.1", hints=("Divide by a million.", "price * tokens / 1_000_000"), judge=judge_9_1)]
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from chatmon._tools.errors import Error
from chatmon._tools.shown import escape
from chatmon.lab.course._answers import NotAttemptedError, error_text, guarded, is_untouched

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["not attempted", "right", "wrong", "error"]

SIGNS: dict[Kind, tuple[str, str]] = {
    "not attempted": ("…", "#56B4E9"),
    "right": ("✓", "#009E73"),
    "wrong": ("✗", "#D55E00"),
    "error": ("!", "#CC79A7"),
}
"""Of each outcome, its sign and its colour: the sign and the words carry the meaning, the colour only repeats it."""


LOOK_AGAIN = "Look again at what the task asks for."


class WrongError(Error):
    """Raised by a judge: the answer is wrong, and this is the reason, as a sentence for the learner."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of a lesson.

    Attributes:
        number: Lesson and place in it, such as ``3.2``.
        hints: Hints from gentle to nearly the solution; two or more.
        judge: Takes the answer; returns why a right one matters, or raises ``WrongError`` with the reason.
    """

    number: str
    hints: tuple[str, ...]
    judge: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class CheckMessage:
    """What the learner sees: plain text, and the same as simple HTML that a screen reader announces."""

    kind: Kind | Literal["hint"]
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        sign, colour = ("?", "#E69F00") if self.kind == "hint" else SIGNS[self.kind]
        body = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(self.text, quote=False)).replace("\n", "<br>")
        style = f"border-left: 4px solid {colour}; padding: 0.3em 0.8em"
        return f'<div role="status" style="{style}"><b aria-hidden="true">{sign}</b> {body}</div>'


def check(number: str, answer: object) -> None:
    """Judge an answer by its result and show the outcome: not attempted yet, right, wrong, or an error in its code.

    Args:
        number: The exercise, such as ``"3.2"``.
        answer: The answer: a value, or a function where the exercise asks for one.

    Raises:
        LookupError: There is no such exercise; the message lists those there are.

    Example:
        >>> check("nowhere", 42)
        Traceback (most recent call last):
        LookupError: no exercise 'nowhere': an exercise has a number such as "3.2"
    """
    _display(grade(find(number), answer))


def hint(number: str, n: int = 1) -> None:
    """Show the ``n``-th hint of an exercise; beyond the last one, say so.

    Args:
        number: The exercise, such as ``"3.2"``.
        n: Which hint, from 1.

    Raises:
        LookupError: There is no such exercise; the message lists those there are.
    """
    _display(hint_text(find(number), n))


def hint_text(exercise: Exercise, n: int) -> CheckMessage:
    """Return the ``n``-th hint, or a sentence that says how many there are.

    Example:
        >>> hint_text(Exercise("9.1", ("Divide.", "Multiply first."), str), 1)
        Hint 1 of 2 for exercise 9.1: Divide.
        Another one: `hint("9.1", 2)`
        >>> hint_text(Exercise("9.1", ("Divide.", "Multiply first."), str), 3)
        Exercise 9.1 has 2 hints, so there is no hint 3. Its solution is in the solutions notebook of lesson 9.
    """
    count, number = len(exercise.hints), exercise.number
    if not 1 <= n <= count:
        missing = f"Exercise {number} has {count} hints, so there is no hint {n}."
        lesson = number.partition(".")[0]
        return CheckMessage("hint", f"{missing} Its solution is in the solutions notebook of lesson {lesson}.")
    text = f"Hint {n} of {count} for exercise {number}: {exercise.hints[n - 1]}"
    return CheckMessage("hint", text if n == count else f'{text}\nAnother one: `hint("{number}", {n + 1})`')


def grade(exercise: Exercise, answer: object) -> CheckMessage:
    """Return the outcome of an answer, without showing it.

    Example:
        >>> grade(Exercise("9.1", ("Divide.", "Multiply."), lambda answer: "Because."), 0.3)
        Exercise 9.1: right. Because.
    """
    name = f"Exercise {exercise.number}"
    untried = f"{name}: not attempted yet. Replace the `...` on the line marked `# your turn`, run it, then run this."
    if is_untouched(answer):
        return CheckMessage("not attempted", untried)
    try:
        why = exercise.judge(guarded(answer))
    except WrongError as reason:
        return CheckMessage("wrong", f"{name}: not right yet. {reason}")
    except NotAttemptedError:
        return CheckMessage("not attempted", untried)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the answer is the learner's code: it may raise anything
        if callable(answer):
            return CheckMessage("error", f"{name}: your code stopped with {error_text(error, answer)}")
        unread = f"An answer of type {type(answer).__name__} could not be read here ({type(error).__name__}: {error})."
        wanted = "Give the function itself, without calling it." if "is not callable" in str(error) else LOOK_AGAIN
        return CheckMessage("wrong", f"{name}: not right yet. {unread} {wanted}")
    return CheckMessage("right", f"{name}: right. {why}")


def find(number: str) -> Exercise:
    """Return an exercise by its number, loading only its lesson.

    Raises:
        LookupError: There is no such exercise.
        TypeError: ``number`` is not text: 3.10 as a number is 3.1.
    """
    if not isinstance(number, str):
        raise TypeError(f'an exercise is named in quotes: "{number}", not {number!r}')
    if not re.fullmatch(r"\d{1,2}\.\d{1,2}", number):
        raise LookupError(f'no exercise {number!r}: an exercise has a number such as "3.2"')
    lesson = int(number.partition(".")[0])
    for exercise in of_lesson(lesson) if lesson in lessons() else ():
        if exercise.number == number:
            return exercise
    known = [exercise.number for lesson in lessons() for exercise in of_lesson(lesson)]
    raise LookupError(f"no exercise {number!r}: there are {', '.join(known) or 'none yet'}")


def lessons() -> list[int]:
    """Return the numbers of the lessons that have a module of exercises."""
    import chatmon.lab.course as package

    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(int(name.removeprefix("_lesson_")) for name in names if re.fullmatch(r"_lesson_\d\d", name))


def of_lesson(lesson: int) -> list[Exercise]:
    """Return the exercises of a lesson, in order."""
    exercises: list[Exercise] = importlib.import_module(f"chatmon.lab.course._lesson_{lesson:02d}").EXERCISES
    return exercises


def _display(message: CheckMessage) -> None:
    from IPython.display import display

    display(message)  # type: ignore[no-untyped-call]  # IPython's display has no annotations
