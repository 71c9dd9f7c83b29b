"""`chatmon course` in a terminal: what is solved, a copy anew, copies up to date, a quiz."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner
from waits import PATIENCE

from chatmon._tools.paths import NOTEBOOKS
from chatmon.lab.course import _workbook as workbook
from chatmon.lab.course._workbook import answers, copies
from chatmon.lab.course.commands import course


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies in a folder of the test's own."""
    ours = copies(tmp_path / "work")
    chosen = {copy.lesson.stem: copy for copy in ours}
    monkeypatch.setattr(
        workbook,
        "copies",
        lambda *, names=(): [chosen[one.lesson.stem] for one in copies(names=names)],
    )
    return tmp_path / "work"


def run(*arguments: str, typed: str = "") -> str:
    done = CliRunner().invoke(course, [*arguments], input=typed)
    assert done.exit_code == 0, done.output
    return done.output


def test_status_counts_what_is_solved_in_the_copies(work: Path) -> None:
    assert "0 of " in run("status")
    run("update")
    done = nbformat.read(NOTEBOOKS / "solutions" / "00_start_here.ipynb", as_version=4)
    nbformat.write(done, work / "00_start_here.ipynb")
    said = run("status")
    assert "1 of " in said
    assert "0.1 ✓" in said
    assert "the lesson has changed: chatmon course update" in said


def test_reset_begins_a_copy_anew_and_says_where_the_old_one_is(work: Path) -> None:
    assert run("reset", "3") == "work/03_cost_math.ipynb is new.\n"
    said = run("reset", "03")
    assert said == "work/03_cost_math.ipynb is new; the one before is work/before/03_cost_math_1.ipynb.\n"
    assert (work / "before" / "03_cost_math_1.ipynb").exists()


def test_update_makes_what_is_missing_and_keeps_answers(work: Path) -> None:
    assert "work/03_cost_math.ipynb is new." in run("update")
    assert run("update") == "Your copies are up to date.\n"
    path = work / "03_cost_math.ipynb"
    notebook = nbformat.read(path, as_version=4)
    answers(notebook)["3.1"].source = "answer = 1"
    notebook.metadata["chatmon"] = "an older one"
    nbformat.write(notebook, path)
    assert "work/03_cost_math.ipynb is up to date, with your answers; the one before is" in run("update", "3")
    assert answers(nbformat.read(path, as_version=4))["3.1"].source == "answer = 1"


def test_a_quiz_asks_says_why_and_counts() -> None:
    said = run("quiz", "-n", "2", "--seed", "7", typed="a\nz\nb\n")
    assert said == run("quiz", "-n", "2", "--seed", "7", typed="a\nz\nb\n")
    assert "1 of 2, lesson " in said
    assert "Not (" in said
    assert " of 2 right." in said


def test_a_quiz_that_is_left_says_the_score_so_far() -> None:
    assert "0 of 0 right." in run("quiz", typed="")


def test_who_shares_a_clone_says_where_their_copies_are(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "chatmon", "course", "update", "00"]
    environ = os.environ | {"CHATMON_WORK": str(tmp_path / "ada" / "work")}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stdout == "work/00_start_here.ipynb is new.\n"
    assert [one.name for one in (tmp_path / "ada" / "work").iterdir()] == ["00_start_here.ipynb"]
