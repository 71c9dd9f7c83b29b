"""The pages for teachers are made from the lessons, the plans fit their hours, and the test is a fair one."""

import importlib.util
import re
import subprocess
import sys
import tomllib

import pytest

from chatmon._tools.paths import REPO
from chatmon.lab.course._lessons import lessons

FOLDER = REPO / "docs" / "teaching"
PAGES = sorted(FOLDER.glob("*.md"))
TEST = tomllib.loads((FOLDER / "final_test.toml").read_text(encoding="utf-8"))["question"]


def made():
    spec = importlib.util.spec_from_file_location("make_teaching", FOLDER / "make_teaching.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_pages_are_those_that_are_made_from_the_lessons():
    done = subprocess.run(
        [sys.executable, FOLDER / "make_teaching.py", "--check"], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr[-500:]


def test_every_lesson_has_its_notes_and_is_in_a_plan():
    notes = (FOLDER / "lessons.md").read_text(encoding="utf-8")
    plans = (FOLDER / "plans.md").read_text(encoding="utf-8")
    for lesson in lessons():
        assert f"## {lesson.number}. [{lesson.title}]" in notes
        assert lesson.stem in plans
    assert notes.count("**Objectives**") == len(lessons())
    assert " at 0x" not in notes


def test_the_test_has_twenty_questions_with_one_right_choice_of_three_and_a_reason():
    assert len(TEST) == 20
    for question in TEST:
        choices = [question["right"], *question["wrong"]]
        assert len(choices) == len(set(choices)) == 3
        assert len(question["why"].split()) >= 12
        assert len(question.get("names", [])) == len(question.get("A", [])) == len(question.get("B", []))


def test_the_variants_ask_the_same_in_other_numbers_and_another_order():
    teaching = made()
    a, b = (teaching._varied(TEST, variant) for variant in "AB")

    assert sum(one[2] != other[2] for one, other in zip(a, b, strict=True)) >= 8
    assert sum(one[0] != other[0] for one, other in zip(a, b, strict=True)) >= 12
    for sheet in (a, b):
        places = [right for _, _, right in sheet]
        assert all(places.count(letter) >= 3 for letter in "abc")
        assert all(len(set(choices.values())) == 3 for _, choices, _ in sheet)
        assert not [text for text, choices, _ in sheet if "{" in text + "".join(choices.values())]


def test_a_plan_that_does_not_fit_its_hours_is_refused():
    teaching = made()
    plan = {"title": "P", "for": "x", "session": [
        {"title": "s", "minutes": 5, "part": [{"what": "talk", "minutes": 6}]},
    ]}  # fmt: skip
    with pytest.raises(ValueError, match="6 minutes of 5"):
        teaching._plan(plan)
