"""Students' incidents on the command line."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from chatmon.lab.cli._commands import register
from chatmon.lab.incident import Assigned, ClassKey, read

app = typer.Typer()
register(app)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})
    return done.exit_code, done.output + (str(done.exception) if done.exception else "")


def made(folder: Path, student: str, *more: object) -> tuple[int, str]:
    return run("simulate", "--surprise", 2, "--days", 10, "--student", student, "-o", folder / student, *more)


def test_a_teacher_keeps_the_key_and_a_student_gets_a_log(tmp_path):
    status, said = made(tmp_path, "ada", "--class", tmp_path / "class.key")
    again = made(tmp_path, "bo", "--class", tmp_path / "class.key")

    assert (status, again[0]) == (0, 0)
    assert "is a new class key" in said
    assert "is a new class key" not in again[1]
    assert "seed" not in said
    assert sorted(one.name for one in (tmp_path / "ada").iterdir()) == ["diagnosis.toml", "turns.parquet"]
    assert read(tmp_path / "ada").seal == Assigned("ada", 2, 10).seal(ClassKey.read(tmp_path / "class.key"))


def test_without_a_teacher_the_key_lies_in_the_folder_sealed(tmp_path):
    status, said = made(tmp_path, "me")
    assert status == 0
    assert "key is sealed in it" in said
    assert (tmp_path / "me" / "key.sealed").exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--seed", 3], "--seed: does not go with --student"),
        (["--turns-per-day", 900], "--turns-per-day: does not go with --student"),
        (["--surprise", 0], "--surprise 3"),
        (["--days", 3], r"less than 10"),
        (["--class", "{folder}/ada/class.key"], "keep it elsewhere"),
    ],
)
def test_what_does_not_go_with_a_student_is_refused_and_leaves_nothing(tmp_path, more, says):
    status, said = made(tmp_path, "ada", *(str(one).format(folder=tmp_path) for one in more))
    assert status
    assert says in said
    assert not (tmp_path / "ada").exists()


def test_a_class_key_without_a_student_is_refused(tmp_path):
    status, said = run("simulate", "--surprise", 2, "-o", tmp_path / "x", "--class", tmp_path / "class.key")
    assert status
    assert "goes with --student" in said
    assert not (tmp_path / "class.key").exists()


def test_hints_are_told_on_request(tmp_path):
    made(tmp_path, "me")
    status, said = run("course", "hint", tmp_path / "me")
    assert status == 0
    assert said.startswith("Hint 1 of ")


WHOLE = """[[problem]]
what = "price_change"
where = { everywhere = true }
from = 2026-10-07
to = 2026-10-08
usd = [1, 2]
seconds = [0, 1]
failures = [0, 1]
unhelped = [0, 1]
do = "ask_the_provider"
experiment = "invoice"
ruled_out = ["weekend"]
"""


def fill(folder: Path, text: str) -> None:
    file = folder / "diagnosis.toml"
    file.write_text(file.read_text(encoding="utf-8").partition("[[problem]]")[0] + text, encoding="utf-8")


def test_a_class_is_graded_into_a_table_and_a_page(tmp_path):
    key = tmp_path / "class.key"
    for name in ("ada", "bo"):
        made(tmp_path / "class", name, "--class", key)
    status, said = run(
        "grade", tmp_path / "class", "--class", key, "--csv", tmp_path / "t.csv", "-o", tmp_path / "c.html"
    )

    assert status == 0
    assert "ada: 0 of 100\nbo: 0 of 100\n" in said
    assert len((tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert "2 of 2 diagnoses are graded" in (tmp_path / "c.html").read_text(encoding="utf-8")


def test_one_diagnosis_is_told_with_its_reasons_and_one_that_cannot_be_read_fails(tmp_path):
    made(tmp_path, "ada", "--class", tmp_path / "class.key")
    graded = run("grade", tmp_path / "ada", "--class", tmp_path / "class.key")
    fill(tmp_path / "ada", "x")
    broken = run("grade", tmp_path / "ada", "--class", tmp_path / "class.key")

    assert graded[0] == 0
    assert graded[1].count("You said nothing.") > 5
    assert broken[0] == 1
    assert "it is no TOML" in broken[1]
    assert "1 of 1 not graded." in broken[1]


def test_a_learner_alone_is_graded_once_the_diagnosis_is_whole_and_by_the_first_one(tmp_path):
    made(tmp_path, "me")
    early = run("grade", tmp_path / "me")
    fill(tmp_path / "me", 2 * WHOLE)
    first = run("grade", tmp_path / "me")
    fill(tmp_path / "me", WHOLE + WHOLE.replace("price_change", "quality_drop"))
    second = run("grade", tmp_path / "me" / "diagnosis.toml")

    assert early[0] == 1
    assert "is not whole" in early[1]
    assert first[0] == 0
    assert "It was " in first[1]
    assert first[1].splitlines()[1:] == second[1].splitlines()[1:]
