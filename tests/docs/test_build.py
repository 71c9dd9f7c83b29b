"""The pages before Sphinx has them: complete, from the one place where each is written."""

import json
import re
from xml.etree import ElementTree

import pytest
from website import build, contents, lesson_map, reference

from chatmon._tools.paths import REPO
from chatmon.lab.course._lessons import Lesson, lessons, terms


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    build.lay_out(folder)
    return folder


def test_every_page_of_the_lists_is_there_and_every_page_is_in_a_list(source):
    (first, *rest) = [
        path.relative_to(source).with_suffix("")
        for path in sorted(source.rglob("*"))
        if path.suffix in (".md", ".ipynb", ".rst")
    ]
    listed = set()
    for path in source.rglob("*.md"):
        for tree in re.findall(r"```\{toctree\}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            entries = [
                re.sub(r".*<(.*)>", r"\1", line) for line in tree.splitlines() if line and not line.startswith(":")
            ]
            listed |= {str((path.parent / entry).relative_to(source)) for entry in entries}
    assert listed == {str(page) for page in (first, *rest)} - {"index"}


def test_the_glossary_has_every_term_that_a_lesson_defines_once(source):
    heads = re.findall(r"^## (.+)$", (source / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = [term for lesson in lessons() for term in terms(lesson)]
    assert sorted(heads) == sorted(set(wanted))


def test_every_exercise_of_every_lesson_has_its_solution_and_its_hints(source):
    for lesson in lessons():
        page = json.loads((source / "notebooks" / f"{lesson.stem}.ipynb").read_text(encoding="utf-8"))
        said = "\n".join(cell["source"] for cell in page["cells"])
        stubs = [cell for cell in page["cells"] if "stub" in cell["metadata"].get("tags", [])]
        assert said.count("<summary>Solution of exercise") == len(stubs)
        assert said.count("<summary>Hint 2 for exercise") == len(stubs)
        assert f"Lesson {lesson.number}: {lesson.minutes} minutes." in said


def test_every_command_has_a_part_of_its_page():
    said = reference.command_line()
    for command in ("report", "erase", "keys backup", "serve llm", "course status", "doctor"):
        assert f"\n## `chatmon {command}`\n" in said
    assert "| `--since DATE` | The first day or moment that counts. |" in said
    assert "| `--output OUTPUT`, `-o` | The HTML page to write. Otherwise `report.html`. |" in said


def test_what_begins_with_an_underscore_has_no_part_and_each_name_has_one():
    names = re.findall(r"^\.\. auto(?:class|function):: (\S+)", "\n".join(reference.api_pages().values()), re.MULTILINE)
    assert len(names) == len(set(names))
    assert not [name for name in names if re.search(r"\._", name)]
    assert {
        "chatmon.cost.Budget",
        "chatmon.turns.Turn",
        "chatmon.importers.open_logs",
        "chatmon.live.ChatMonitor",
    } <= set(names)


COURSE = [Lesson(0, "a", "A", "x", 5, 5), Lesson(1, "b", "B & co", "x", 5, 5), Lesson(2, "c", "C", "x", 5, 15)]
NEEDED = {"00_a": [], "01_b": [0], "02_c": [0, 1]}


def test_the_map_is_a_picture_with_words_in_which_each_lesson_is_a_link():
    root = ElementTree.fromstring(lesson_map.drawn(COURSE, NEEDED))
    links = [element.get("href") for element in root.iter() if element.tag.endswith("}a")]
    assert links == ["../notebooks/00_a.html", "../notebooks/01_b.html", "../notebooks/02_c.html"]
    (svg,) = root
    assert svg.get("aria-label") == (
        "Map of the 3 lessons: 0 A, 10 minutes; 1 B & co, 10 minutes, after 0; 2 C, 20 minutes, after 0 and 1."
    )


def test_a_line_that_two_others_make_is_left_out_of_the_map():
    root = ElementTree.fromstring(lesson_map.drawn(COURSE, NEEDED))
    assert len([element for element in root.iter() if element.tag.endswith("}path")]) == 2


def test_a_lesson_stands_below_all_that_it_needs():
    root = ElementTree.fromstring(lesson_map.drawn(COURSE, NEEDED))
    tops = [float(element.get("y")) for element in root.iter() if element.tag.endswith("}rect")]
    assert tops == sorted(set(tops))


def test_a_page_in_docs_that_no_list_names_ends_the_reference_and_one_for_teachers_is_theirs():
    named = contents.lists(["x"], ["docs/learner", "docs/teaching/plan", "docs/news"])
    assert (named["Teach"], named["Reference"][-1]) == (["docs/teaching/plan"], "docs/news")
    assert sum(pages.count("docs/learner") for pages in named.values()) == 1


def test_the_map_is_in_the_learner_s_page_and_the_readme_is_the_first_page(source):
    assert "<svg" in (source / "docs" / "learner.md").read_text(encoding="utf-8")
    first = (source / "index.md").read_text(encoding="utf-8")
    assert first.startswith((REPO / "README.md").read_text(encoding="utf-8").splitlines()[0])
    assert "README.md" not in re.sub(r"data/README\.md", "", first)
