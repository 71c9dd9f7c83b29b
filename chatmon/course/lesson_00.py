"""The one exercise of lesson 0, which shows how exercises work."""

from __future__ import annotations

from chatmon.course.exercises import Exercise, Wrong
from chatmon.turns import COLUMNS


def judge_0_1(answer: object) -> str:
    """Judge the number of columns of the table of turns."""
    if answer == len(COLUMNS) + 1:
        raise Wrong("That is one too many: the numbers on the left are pandas' index, not a column.")
    if answer != len(COLUMNS):
        raise Wrong("Count the columns, not the rows: `turns.columns` lists them.")
    return "Every later lesson reads this one table, whatever the turns come from."


EXERCISES = [
    Exercise("0.1", hints=("`turns.columns` lists them.", "`len(...)` counts what is in a list."), judge=judge_0_1)
]
