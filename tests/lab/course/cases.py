"""How the answers that every exercise is tried with are written down, and how they are found.

``test_lesson_03.py`` holds nothing but its table::

    from cases import Cases, forms

    CASES = {
        "3.2": Cases(
            right=[0.1 + 0.2, *forms("0.30")],
            wrong=[(Decimal("300000"), "per million"), ("0.30", "a number")],
        ),
    }

``test_exercises.py`` collects the tables and tries every exercise of every lesson.
"""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from chatmon.estimates import Estimate

FEWEST_RIGHT = 8
FEWEST_WRONG = 12


@dataclass(frozen=True)
class Cases:
    """The answers that one exercise is tried with.

    Attributes:
        right: Answers that are right, found in different ways, of different types or forms.
        wrong: Typical wrong answers, each with a part of the reason that the learner must be given.
        stub: The answer as the lesson leaves it: ``...``, or a function that is still to be written.
    """

    right: Sequence[Any]
    wrong: Sequence[tuple[Any, str]]
    stub: Any = ...


def forms(value: str) -> list[Any]:
    """Return a number in the forms in which people have it, from Python's exact types to a frame of one cell.

    >>> [type(form).__name__ for form in forms("0.5")[:4]]
    ['Decimal', 'Fraction', 'float32', 'longdouble']
    """
    number = float(value)
    return [
        Decimal(value),
        Fraction(value),
        np.float32(number),
        np.longdouble(value),
        np.array(number),
        np.array([number]),
        pd.Series([number], index=["value"]),
        pd.DataFrame({"value": [number]}),
        Estimate(number, None, None, 1),
        pa.scalar(number),
    ]


def returning(function: Callable[..., Any], made: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a function whose result comes in another form, such as ``returning(mean, Decimal)``; None stays None."""

    def changed(*arguments: Any) -> Any:
        found = function(*arguments)
        return None if found is None else made(found)

    return changed


def collect(folder: Path = Path(__file__).parent) -> dict[str, Cases]:
    """Return the cases of all lessons, by the number of the exercise."""
    found: dict[str, Cases] = {}
    for path in sorted(folder.glob("test_lesson_[0-9][0-9].py")):
        spec = importlib.util.spec_from_file_location(f"cases_of_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        lesson = int(path.stem[-2:])
        if strangers := [number for number in module.CASES if number.partition(".")[0] != str(lesson)]:
            raise ValueError(f"{path.name} holds cases of another lesson: {', '.join(strangers)}")
        found |= module.CASES
    return found


def complaints(exercise: Any, cases: Cases | None, grade: Any) -> list[str]:
    """Return what is wrong with an exercise: a missing kind of answer, an unexpected outcome, a missing hint."""
    if cases is None:
        return [f"exercise {exercise.number} is not tried: add it to CASES of its lesson"]
    found = []
    for kind, answers, fewest in (
        ("right", list(cases.right), FEWEST_RIGHT),
        ("wrong", [answer for answer, _ in cases.wrong], FEWEST_WRONG),
    ):
        if len(answers) < fewest:
            found.append(f"{len(answers)} {kind} answers are tried, {fewest} are the least")
        shown = [f"{type(answer)} {answer!r}" for answer in answers]
        found += [f"the same {kind} answer twice: {one}" for one in sorted(set(shown)) if shown.count(one) > 1]
    for answer in cases.right:
        message = grade(exercise, answer)
        if message.kind != "right":
            found.append(f"the right answer {answer!r} is judged: {message}")
        elif len(str(message).partition("right. ")[2].split()) < 4:
            found.append(f"the right answer {answer!r} is not told why it matters: {message}")
    for answer, reason in cases.wrong:
        message = grade(exercise, answer)
        if message.kind != "wrong" or reason not in str(message) or not reason:
            found.append(f"the wrong answer {answer!r} should be told {reason!r}, and is judged: {message}")
    if (untouched := grade(exercise, cases.stub)).kind != "not attempted":
        found.append(f"the untouched stub is judged: {untouched}")
    if len(exercise.hints) < 2 or len(set(exercise.hints)) < len(exercise.hints):
        found.append(f"hints are {exercise.hints}: two or more, each saying more")
    return found
