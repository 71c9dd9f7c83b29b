"""A class of folders, graded: a row for each, what could not be graded, and what was hard."""

import csv
import io
import re
import shutil

import pytest

from chatmon.lab.incident import (
    Assigned,
    ClassKey,
    DiagnosisError,
    found,
    graded,
    incident,
    make_folder,
    page,
    read,
    table,
    twice,
)
from chatmon.lab.incident._points import key_claims

KEY = ClassKey(bytes(range(32)))


def toml_of(claim):
    """Return a claim as a student would write it."""
    amounts = "\n".join(f"{name} = [{low:f}, {high:f}]" for name, (low, high) in claim.amounts.items())
    where = ", ".join(f'{name} = "{value}"' for name, value in claim.where.items())
    return f"""[[problem]]
what = "{claim.what}"
where = {{ {where} }}
from = {claim.start.isoformat()}
to = {claim.end.isoformat()}
{amounts}
do = "{claim.do}"
experiment = "{claim.experiment}"
ruled_out = {list(claim.ruled_out)}
"""


def fill(folder, claims):
    head, _, _ = (folder / "diagnosis.toml").read_text(encoding="utf-8").partition("[[problem]]")
    (folder / "diagnosis.toml").write_text(head + "".join(map(toml_of, claims)), encoding="utf-8")


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Return the folders of a class: one all right, one empty, one that cannot be read, one with a stranger's seal."""
    folder = tmp_path_factory.mktemp("class")
    for name in ("ada", "bo", "=cy", "<b>di</b>"):
        make_folder(folder / re.sub(r"\W", "", name), KEY, Assigned(name, problems=2, days=10))
    fill(folder / "ada", key_claims(incident(KEY, Assigned("ada", problems=2, days=10)).truth))
    with (folder / "cy" / "diagnosis.toml").open("a", encoding="utf-8") as file:
        file.write('[[problem]]\nwhat = "slow"\n')
    diagnosis = folder / "bdib" / "diagnosis.toml"
    diagnosis.write_text(diagnosis.read_text(encoding="utf-8").replace("days = 10", "days = 11"), encoding="utf-8")
    (folder / "ada" / "hints.txt").write_text("a\nb\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def rows(room):
    return [graded(file, KEY) for file in found(room)]


def test_what_was_written_is_what_is_graded(rows):
    marks = {row.file.parent.name: row.grade.mark if row.grade else None for row in rows}
    assert marks == {"ada": 100, "bo": 0, "cy": None, "bdib": None}


def test_what_cannot_be_graded_says_why_and_is_no_zero(rows):
    refused = {row.file.parent.name: row.refused for row in rows if row.refused}
    assert "what is 'slow'" in refused["cy"]
    assert "its seal is not that of <b>di</b> in this class" in refused["bdib"]


def test_another_classs_key_grades_nothing(room):
    row = graded(room / "ada" / "diagnosis.toml", ClassKey(bytes(32)))
    assert row.grade is None
    assert "another class key" in row.refused


def test_the_table_has_a_row_for_each_and_no_formulas(rows):
    lines = list(csv.DictReader(io.StringIO(table(rows))))
    by = {line["file"].split("/")[-2]: line for line in lines}

    assert len(lines) == 4
    assert (by["ada"]["mark"], by["ada"]["where"], by["ada"]["hints"]) == ("100.0", "1.000", "2")
    assert (by["bo"]["mark"], by["bo"]["what"]) == ("0.0", "0.000")
    assert (by["cy"]["mark"], by["cy"]["where"]) == ("", "")
    assert not [cell for line in lines for cell in line.values() if cell.startswith("=")]


def test_the_page_says_what_was_hard_and_leaves_names_as_text(rows):
    said = page(rows)

    assert "2 of 4 diagnoses are graded" in said
    assert "Marks go from 0 to 100" in said
    assert re.search(r'what</th><td class="n">50 %</td>', said)
    assert "<b>di</b>" not in said
    assert "&lt;b&gt;di&lt;/b&gt;" in said
    assert said.count("not graded</td>") == 2


def test_a_page_of_nothing_graded_says_so(rows):
    assert "0 of 1 diagnoses are graded" in page([row for row in rows if not row.grade][:1])


def test_two_diagnoses_of_one_student_are_pointed_at(room, rows, tmp_path):
    shutil.copytree(room / "ada", tmp_path / "bo")
    copied = graded(tmp_path / "bo" / "diagnosis.toml", KEY)

    assert not twice(rows)
    assert "2 diagnoses are of ada" in twice([*rows, copied])[0]
    assert "2 diagnoses are of ada" in page([*rows, copied])


def test_diagnoses_are_found_as_files_folders_and_folders_of_folders(room, tmp_path):
    file = room / "ada" / "diagnosis.toml"
    shutil.copy(file, tmp_path / "ada.toml")

    assert found(file) == found(room / "ada") == [file]
    assert len(found(room)) == 4
    assert found(tmp_path) == [tmp_path / "ada.toml"]
    with pytest.raises(DiagnosisError, match="no diagnosis at"):
        found(tmp_path / "nothing")


def test_a_claim_is_read_as_it_was_written(room):
    truth = incident(KEY, Assigned("ada", problems=2, days=10)).truth
    assert list(read(room / "ada").claims) == key_claims(truth)
