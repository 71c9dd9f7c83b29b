"""Which checks each learner of a class has passed, read from the notebooks that they handed in."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatmon.lab.course._notebook import nbformat
from chatmon.lab.course._progress import outcomes
from chatmon.lab.course._workbook import BEFORE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from chatmon.lab.course._progress import State

NAMED = re.compile(r"\d\d_\w+\.ipynb")
"""How a copy of a lesson is named."""


@dataclass(frozen=True, slots=True)
class LearnerResults:
    """A learner's checks.

    Attributes:
        learner: The name of the folder.
        states: Of each check, by the number of its exercise, as it was saved.
        unread: Notebooks that could not be read, with the reason.
    """

    learner: str
    states: Mapping[str, State]
    unread: tuple[str, ...]


def results(folder: Path) -> list[LearnerResults]:
    """Return what each learner's copies say: of a folder of learners' folders, or of one learner's.

    Args:
        folder: Where they are.

    Raises:
        FileNotFoundError: There are no copies of lessons.
    """
    if any(NAMED.fullmatch(path.name) for path in folder.glob("*.ipynb")):
        return [_of(folder)]
    learners = [one for one in sorted(folder.iterdir()) if one.is_dir() and _copies(one)] if folder.is_dir() else []
    if not learners:
        raise FileNotFoundError(f"no copies of lessons in {folder}: it wants a folder for each learner")
    return [_of(learner) for learner in learners]


def _copies(folder: Path) -> list[Path]:
    """Return the copies of a learner; what was set aside, or saved by JupyterLab for itself, is none."""
    aside = {BEFORE, ".ipynb_checkpoints", "solutions"}
    return [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if NAMED.fullmatch(path.name) and not aside & set(path.relative_to(folder).parts[:-1])
    ]


def _of(folder: Path) -> LearnerResults:
    states: dict[str, State] = {}
    unread = []
    for path in _copies(folder):
        try:
            found = outcomes(nbformat.read(path, as_version=4))
        except Exception as error:  # noqa: BLE001 - a file that somebody handed in may be broken in any way
            unread.append(f"{path}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
            continue
        # Of two copies of one lesson, a check that was passed in either is passed.
        states |= {number: state for number, state in found.items() if states.get(number) != "right"}
    return LearnerResults(folder.resolve().name, states, tuple(unread))


def as_csv(rows: Sequence[LearnerResults], numbers: Sequence[str]) -> str:
    """Return a row for each learner: how many checks were passed, and the outcome of each.

    Args:
        rows: What ``results`` returned.
        numbers: The exercises, in their order.

    Example:
        >>> print(as_csv([LearnerResults("ada", {"1.1": "right"}, ())], ["1.1", "1.2"]), end="")
        learner,passed,1.1,1.2,unread
        ada,1,right,not run,0
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["learner", "passed", *numbers, "unread"])
    for row in rows:
        states = [row.states.get(number, "not run") for number in numbers]
        # A folder may have any name; a spreadsheet shall not take it for a formula.
        learner = f"'{row.learner}" if row.learner.startswith(("=", "+", "-", "@")) else row.learner
        writer.writerow([learner, passed(row, numbers), *states, len(row.unread)])
    return text.getvalue()


def passed(row: LearnerResults, numbers: Sequence[str]) -> int:
    """Return how many of some exercises a learner has passed."""
    return sum(row.states.get(number) == "right" for number in numbers)
