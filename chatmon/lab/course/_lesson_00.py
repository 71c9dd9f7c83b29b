"""The one exercise of lesson 0, which shows how exercises work."""

from __future__ import annotations

from typing import Any

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._reading import as_number, judge_number
from chatmon.turns import COLUMNS

TURNS = 5
"""How many rows the lesson's table has."""


def judge_0_1(answer: Any) -> str:
    """Judge the number of columns of the table of turns."""
    right = len(COLUMNS)
    if type(answer).__name__ == "DataFrame":
        raise WrongError("That is the table itself: we want how many columns it has. `turns.columns` lists them.")
    if callable(answer):
        raise WrongError("That is a function, which is still to be called: `len(turns.columns)`.")
    if isinstance(answer, tuple) and len(answer) == 2 and answer[1] == right:
        raise WrongError("Those are two numbers, rows and columns: give the second one, `turns.shape[1]`.")
    listed = hasattr(answer, "__iter__") and not isinstance(answer, str) and getattr(answer, "ndim", 1) == 1
    if listed and len(list(answer)) == right:
        raise WrongError("Those are the columns themselves: we want how many there are. `len(...)` counts.")
    number = as_number(answer)
    judge_number(
        number,
        right,
        [
            (right + 1, "That is one too many: the numbers on the left are pandas' index, not a column."),
            (right - 1, "That is one too few: Python's places begin at 0, and a count begins at 1."),
            (
                TURNS,
                "So many rows there are, and so many columns were displayed: `turns.columns` lists them all.",
            ),
            (TURNS * right, "Those are the cells, rows times columns: `turns.columns` lists the columns alone."),
        ],
        f"{number:g} is not it. Count the columns: `turns.columns` lists them, the ones that are not displayed too.",
    )
    return "Every later lesson reads this one table, whatever the turns come from."


EXERCISES = [
    Exercise("0.1", hints=("`turns.columns` lists them.", "`len(...)` counts what is in a list."), judge=judge_0_1)
]
