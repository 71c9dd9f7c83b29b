"""How the answers that every exercise is tried with are written down, and how they are found.

``test_lesson_03.py`` holds nothing but its table::

    from cases import Cases

    CASES = {
        "3.2": Cases(
            right=Decimal("0.30"),
            other_right=0.3,
            wrong=[(Decimal("300000"), "per million"), ("0.30", "a number")],
        ),
    }

``test_exercises.py`` collects the tables and tries every exercise of every lesson.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cases:
    """The answers that one exercise is tried with.

    Attributes:
        right: An answer that is right.
        other_right: One found another way, or of another type or form.
        wrong: Typical wrong answers, each with a part of the reason that the learner must be given.
        stub: The answer as the lesson leaves it: ``...``, or a function that is still to be written.
    """

    right: Any
    other_right: Any
    wrong: Sequence[tuple[Any, str]]
    stub: Any = ...


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
    if type(cases.right) is type(cases.other_right) and repr(cases.right) == repr(cases.other_right):
        found.append("other_right is the same answer as right")
    for name, answer in (("right", cases.right), ("other_right", cases.other_right)):
        message = grade(exercise, answer)
        if message.kind != "right":
            found.append(f"{name} is judged: {message}")
        elif len(str(message).partition("right. ")[2].split()) < 4:
            found.append(f"{name} is not told why it matters: {message}")
    if not cases.wrong:
        found.append("no wrong answer is tried")
    for answer, reason in cases.wrong:
        message = grade(exercise, answer)
        if message.kind != "wrong" or reason not in str(message) or not reason:
            found.append(f"the wrong answer {answer!r} should be told {reason!r}, and is judged: {message}")
    if (untouched := grade(exercise, cases.stub)).kind != "not attempted":
        found.append(f"the untouched stub is judged: {untouched}")
    if len(exercise.hints) < 2 or len(set(exercise.hints)) < len(exercise.hints):
        found.append(f"hints are {exercise.hints}: two or more, each saying more")
    return found
