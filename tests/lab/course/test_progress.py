"""What is solved is read from the saved outputs of the checks."""

import nbformat
import pytest

from chatmon.lab.course._exercises import Exercise, WrongError, grade
from chatmon.lab.course._progress import outcomes


def refuse(_answer: object) -> str:
    raise WrongError("No.")


def broken() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("answer", "judge", "state"),
    [
        (..., str, "not attempted"),
        (1, lambda answer: "Because.", "right"),
        (1, refuse, "wrong"),
        (broken, lambda answer: answer(), "error"),
    ],
)
def test_each_outcome_of_a_check_is_recognised(answer: object, judge: object, state: str) -> None:
    said = str(grade(Exercise("3.1", ("a", "b"), judge), answer))  # type: ignore[arg-type]  # any judge will do
    cell = nbformat.v4.new_code_cell('check("3.1", answer)')
    cell.outputs = [nbformat.v4.new_output("display_data", data={"text/plain": said})]
    assert outcomes(nbformat.v4.new_notebook(cells=[cell])) == {"3.1": state}


def test_a_check_that_was_not_run_or_says_something_else_is_not_solved() -> None:
    silent, other = (nbformat.v4.new_code_cell(f'check("3.{n}", answer)') for n in (1, 2))
    other.outputs = [nbformat.v4.new_output("display_data", data={"text/plain": "Exercise 3.1: right. Yes."})]
    found = outcomes(nbformat.v4.new_notebook(cells=[silent, other, nbformat.v4.new_code_cell("x = 1")]))
    assert found == {"3.1": "not run", "3.2": "not run"}
