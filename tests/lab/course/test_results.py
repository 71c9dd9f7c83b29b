"""A class's checks, from the notebooks that were handed in."""

import csv
import io
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from chatmon._tools.paths import NOTEBOOKS
from chatmon.lab.course._results import as_csv, results
from chatmon.lab.course.commands import course


def handed_in(path: Path, **said: str) -> None:
    """Write a notebook in which checks have said something."""
    cells = []
    for name, text in said.items():
        number = name.removeprefix("n").replace("_", ".")
        cell = nbformat.v4.new_code_cell(f'check("{number}", answer)')
        cell.outputs = [nbformat.v4.new_output("display_data", data={"text/plain": f"Exercise {number}: {text}"})]
        cells.append(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    handed_in(tmp_path / "ada" / "03_cost_math.ipynb", n3_1="right. Yes.", n3_2="not right yet. No.")
    handed_in(tmp_path / "ada" / "before" / "03_cost_math_1.ipynb", n3_2="right. Yes.")
    handed_in(tmp_path / "bo" / "work" / "03_cost_math.ipynb", n3_2="your code stopped with X")
    handed_in(tmp_path / "bo" / "mine.ipynb", n3_1="right. Yes.")
    (tmp_path / "=cy").mkdir()
    (tmp_path / "=cy" / "03_cost_math.ipynb").write_text("{", encoding="utf-8")
    (tmp_path / "notes").mkdir()
    return tmp_path


def test_each_learner_has_the_outcomes_that_were_saved(room: Path) -> None:
    by = {row.learner: row for row in results(room)}

    assert by["ada"].states == {"3.1": "right", "3.2": "wrong"}
    assert by["bo"].states == {"3.2": "error"}
    assert by["=cy"].states == {}
    assert len(by["=cy"].unread) == 1
    assert "notes" not in by


def test_the_table_has_a_row_for_each_and_no_formulas(room: Path) -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(results(room), ["3.1", "3.2"]))))
    assert [line["learner"] for line in lines] == ["'=cy", "ada", "bo"]
    assert [line["passed"] for line in lines] == ["0", "1", "0"]
    assert [line["unread"] for line in lines] == ["1", "0", "0"]


def test_a_check_passed_in_one_of_two_copies_is_passed(tmp_path: Path) -> None:
    handed_in(tmp_path / "ada" / "a" / "03_cost_math.ipynb", n3_1="right. Yes.")
    handed_in(tmp_path / "ada" / "b" / "03_cost_math.ipynb", n3_1="not right yet. No.")
    assert results(tmp_path)[0].states == {"3.1": "right"}


def test_one_learners_folder_is_a_class_of_one() -> None:
    (one,) = results(NOTEBOOKS / "solutions")
    assert set(one.states.values()) == {"right"}
    assert len(one.states) > 20


def test_a_folder_without_copies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="wants a folder for each learner"):
        results(tmp_path)


def test_the_command_says_who_passed_what_and_what_a_class_found_hard(room: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(course, ["results", str(room), "--csv", str(tmp_path / "r.csv")])

    assert done.exit_code == 0, done.output
    assert "ada: 1 of " in done.output
    assert "  3.1  1 of 3 passed" in done.output
    assert "3.2 ✗" in done.output
    assert "not read: " in done.output
    assert (tmp_path / "r.csv").exists()
