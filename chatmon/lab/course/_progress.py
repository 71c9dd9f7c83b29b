"""What a reader has solved, read from the saved outputs of the checks in a copy: nothing else keeps a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from chatmon.lab.course._exercises import Kind
from chatmon.lab.course._workbook import CHECKS

if TYPE_CHECKING:
    from chatmon.lab.course._notebook import Notebook

State = Kind | Literal["not run"]
OUTCOMES: dict[str, Kind] = {
    "not attempted yet": "not attempted",
    "right.": "right",
    "not right yet.": "wrong",
    "your code stopped": "error",
}
"""How a check's outcome begins, after the number of its exercise."""


def outcomes(notebook: Notebook) -> dict[str, State]:
    """Return the outcome of each check of a notebook, as it was saved, by the number of the exercise.

    Args:
        notebook: A lesson, its solutions, or a reader's copy.

    Example:
        >>> from chatmon.lab.course._notebook import nbformat
        >>> from chatmon._tools.paths import NOTEBOOKS
        >>> outcomes(nbformat.read(NOTEBOOKS / "solutions" / "00_start_here.ipynb", as_version=4))
        {'0.1': 'right'}
    """
    found: dict[str, State] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and (check := CHECKS.search(cell.source)):
            number = check["number"]
            said = (output.get("data", {}).get("text/plain", "") for output in cell.outputs)
            found[number] = next((state for text in said if (state := _state(text, number))), "not run")
    return found


def _state(text: str, number: str) -> Kind | None:
    told = text.removeprefix(f"Exercise {number}: ")
    return next((kind for beginning, kind in OUTCOMES.items() if told != text and told.startswith(beginning)), None)
