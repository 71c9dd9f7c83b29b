"""The README and the pages beside it promise what is there: files, targets, and the lessons with their minutes."""

import base64
import re

import pytest
from make_picture import drawn

from chatmon._tools.paths import REPO
from chatmon.lab.course._lessons import lessons

README = (REPO / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")
LEARNER = (REPO / "docs" / "learner.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((REPO / "docs").glob("*.md"))}


@pytest.mark.parametrize("text", [README, CONTRIBUTING, (REPO / "data" / "README.md").read_text(encoding="utf-8")])
def test_every_link_to_a_file_leads_somewhere(text):
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (REPO / target).exists(), target


def test_the_table_of_lessons_says_what_their_list_says() -> None:
    rows = [
        f"| {one.number} | [{one.title}](../notebooks/{one.stem}.ipynb) | {one.you_will} | {one.minutes} |"
        for one in lessons()
    ]
    assert "\n".join(["| | lesson | you will | minutes |", "|---|---|---|---|", *rows]) in LEARNER


@pytest.mark.parametrize("text", [README, CONTRIBUTING, *PAGES.values()], ids=["README", "CONTRIBUTING", *PAGES])
def test_every_make_target_named_is_there(text):
    makefile = (REPO / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^    |`)make ([a-z-]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("text", [README, CONTRIBUTING, LEARNER], ids=["README", "CONTRIBUTING", "learner"])
def test_who_reads_it_learns_how_to_prove_that_it_works(text):
    assert re.search(r"^    make test\b", text, re.MULTILINE)


def test_the_map_names_only_modules_that_are_there():
    text = CONTRIBUTING.replace("NN_name", "00_start_here").replace("NN", "03").replace("_acme", "_own")
    for name in re.findall(r"`([\w/]+\.py)`", text):
        places = [REPO, REPO / "chatmon"]
        assert any((place / name).exists() for place in places), name


def test_the_readme_is_read_in_fifteen_seconds():
    above, _, _ = README.partition("## What it finds")
    assert len(re.findall(r"\w+", re.sub(r"!\[.*?\]|```.*?```", "", above, flags=re.DOTALL))) <= 200
    assert above.count("![") == 1
    assert len(re.findall(r"^    make ", above, re.MULTILINE)) == 2
    assert len(re.findall(r"^\| \w+ \w+", above, re.MULTILINE)) - 1 == 4  # readers, below the head of the table


def test_the_readme_s_picture_is_the_one_that_its_lines_draw(monkeypatch):
    monkeypatch.chdir(REPO)
    shown = drawn()
    (words, path) = re.search(r"!\[(.*?)\]\((.*?)\)", README).groups()
    assert words == shown["text/plain"]
    picture, committed = base64.b64decode(shown["image/png"]), (REPO / path).read_bytes()
    assert picture[:24] == committed[:24]  # a PNG of that size: fonts may be drawn otherwise elsewhere
