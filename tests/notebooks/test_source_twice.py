"""A lesson run again in the same kernel says the same: nothing in it depends on being the first run."""

import copy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from comparison import compared
from course_files import read
from rules import code_cells, named

from chatmon.course.build import execute


def twice(notebook: Any) -> Any:
    """Return a notebook whose cells come twice, without outputs."""
    double = copy.deepcopy(notebook)
    double.cells += copy.deepcopy(notebook.cells)
    for position, cell in enumerate(double.cells):
        cell.id = f"cell-{position}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return double


def differences(notebook: Any, folder: Path, name: str) -> list[str]:
    """Run a notebook's cells twice in one kernel; return where a run's compared output is not the committed one."""
    committed = code_cells(notebook)
    ran = code_cells(execute(twice(notebook), folder, name))
    pairs = zip(ran, committed + committed, [1] * len(committed) + [2] * len(committed), strict=True)
    return [f"run {run}, {named(old)}" for new, old, run in pairs if compared(new) != compared(old)]


def test_every_lesson_runs_twice_in_one_kernel_and_says_the_same(lesson: Path) -> None:
    assert differences(read(lesson), lesson.parent, lesson.stem) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1\nprint(x)", []),
        ("try:\n    x += 1\nexcept NameError:\n    x = 1\nprint(x)", ["run 2, cell 'try:'"]),
    ],
)
def test_a_cell_that_remembers_its_first_run_is_found(tmp_path: Path, code: str, expected: list[str]) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    executed = execute(copy.deepcopy(notebook), tmp_path, "sample")
    assert differences(executed, tmp_path, "sample") == expected


def test_an_ignored_output_may_differ_from_run_to_run(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("import time; time.time_ns()", metadata={"tags": ["nbval-ignore-output"]})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    executed = execute(copy.deepcopy(notebook), tmp_path, "sample")
    assert differences(executed, tmp_path, "sample") == []
