"""Every exercise is tried with right answers of many forms, typical wrong ones, and its untouched stub."""

from typing import Any

import pytest
from cases import FEWEST_WRONG, Cases, collect, complaints, forms

from chatmon.lab.course import _exercises as exercises
from chatmon.lab.course._exercises import Exercise, WrongError, grade

CASES = collect()
EXERCISES = [exercise for lesson in exercises.lessons() for exercise in exercises.of_lesson(lesson)]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_an_exercise_judges_every_kind_of_answer_as_it_should(exercise: Exercise) -> None:
    assert complaints(exercise, CASES.get(exercise.number), grade) == []


@pytest.mark.parametrize(
    "exercise", [one for one in EXERCISES if callable(CASES[one.number].stub)], ids=lambda exercise: exercise.number
)
def test_what_a_function_returned_is_not_taken_for_the_function(exercise: Exercise) -> None:
    message = grade(exercise, "what it returned")
    assert message.kind == "wrong"
    assert "Give the function itself, without calling it." in str(message)


def test_an_exercise_is_numbered_by_its_lesson_and_place() -> None:
    for lesson in exercises.lessons():
        numbers = [exercise.number for exercise in exercises.of_lesson(lesson)]
        assert numbers == [f"{lesson}.{place}" for place in range(1, len(numbers) + 1)]


def test_every_case_belongs_to_an_exercise() -> None:
    assert set(CASES) <= {exercise.number for exercise in EXERCISES}


# The check of the checks is itself checked.


def judge(answer: Any) -> str:
    if answer != 2:
        raise WrongError(f"count both ends, not {answer}")
    return "Fence posts are everywhere."


GOOD = Exercise("9.1", ("Draw it.", "Count the posts."), judge)
RIGHT = [2, 2.0, 2 + 0j, *forms("2")[:5]]
WRONG = [(number, "both ends") for number in range(3, 3 + FEWEST_WRONG)]


def test_an_exercise_with_all_its_cases_has_no_complaint() -> None:
    assert complaints(GOOD, Cases(RIGHT, WRONG), grade) == []


@pytest.mark.parametrize(
    ("exercise", "change", "complaint"),
    [
        (GOOD, {"right": [*RIGHT, 3]}, "the right answer 3 is judged"),
        (GOOD, {"right": RIGHT[:-1]}, "7 right answers are tried, 8 are the least"),
        (GOOD, {"right": [*RIGHT, 2]}, "the same right answer twice: <class 'int'> 2"),
        (GOOD, {"wrong": WRONG[:-1]}, "11 wrong answers are tried, 12 are the least"),
        (GOOD, {"wrong": [*WRONG, (3, "both ends")]}, "the same wrong answer twice: <class 'int'> 3"),
        (GOOD, {"wrong": [*WRONG, (2, "both ends")]}, "the wrong answer 2 should be told"),
        (GOOD, {"wrong": [*WRONG, (1, "something else")]}, "should be told 'something else'"),
        (GOOD, {"wrong": [*WRONG, (1, "")]}, "the wrong answer 1 should be told ''"),
        (GOOD, {"stub": 1}, "the untouched stub is judged"),
        (Exercise("9.1", ("Draw it.",), judge), {}, "hints"),
        (Exercise("9.1", ("Draw it.", "Draw it."), judge), {}, "hints"),
        (Exercise("9.1", GOOD.hints, lambda answer: judge(answer) and ""), {}, "why it matters"),
    ],
)
def test_a_missing_kind_of_answer_is_found(exercise: Exercise, change: dict[str, Any], complaint: str) -> None:
    cases = Cases(**{"right": RIGHT, "wrong": WRONG} | change)
    assert any(complaint in found for found in complaints(exercise, cases, grade))


def test_an_exercise_without_cases_is_found() -> None:
    assert complaints(GOOD, None, grade) == ["exercise 9.1 is not tried: add it to CASES of its lesson"]
