"""A reader's copies of the lessons: made where they are missing, never overwritten, brought up to date."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon._tools.paths import NOTEBOOKS
from chatmon.lab.course._lessons import lessons
from chatmon.lab.course._notebook import cell_id
from chatmon.lab.course._workbook import Copy, add_missing, answers, copies, digest, reset, unsolved, update, updated

STUB = "answer = ...  # your turn"
LIST = '[[lesson]]\nname = "terms"\ntitle = "Terms"\nyou_will = "learn"\nread = 5\nexercises = 5\n'


def cell(source: str, *tags: str, kind: str = "code", name: str = "") -> Any:
    new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    made = new(source, metadata={"tags": list(tags)} if tags else {})
    made.id = name or cell_id(kind, source)
    return made


def text(source: str) -> Any:
    return cell(source, kind="markdown")


def own(source: str) -> Any:
    return cell(source, name="0c9a4f6e-5f2c-4b8e-9a64-3a1d3f0e7b55")


def lesson(*cells: Any) -> Any:
    return nbformat.v4.new_notebook(cells=list(cells))


def standard() -> Any:
    """A lesson with two exercises, whose stubs are the same and told apart by their ids."""
    first, second = cell(STUB, "stub"), cell(STUB, "stub", name=f"{cell_id('code', STUB)}-2")
    return lesson(
        text("# Terms\nSee [more](solutions/00_terms.ipynb), [next](01_next.ipynb), [docs](../docs/a.md)."),
        cell("x = 1"),
        first,
        cell('check("0.1", answer)'),
        text("And now?"),
        second,
        cell('check("0.2", answer)'),
    )


def sources(notebook: Any) -> list[str]:
    return [one.source for one in notebook.cells]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course of one lesson, and room for copies beside it."""
    (tmp_path / "notebooks" / "source").mkdir(parents=True)
    (tmp_path / "notebooks" / "source" / "lessons.toml").write_text(LIST, encoding="utf-8")
    nbformat.write(standard(), tmp_path / "notebooks" / "00_terms.ipynb")
    return tmp_path


def only_copy(course: Path) -> Copy:
    (copy,) = copies(course / "work", course / "notebooks")
    return copy


def solve(copy: Copy, source: str = "answer = 42") -> None:
    notebook = nbformat.read(copy.path, as_version=4)
    answers(notebook)["0.2"].source = source
    nbformat.write(notebook, copy.path)


def test_a_copy_has_neither_outputs_nor_counts_and_its_links_lead_from_its_folder() -> None:
    ran = standard()
    ran.cells[1].update(execution_count=3, outputs=[nbformat.v4.new_output("stream", text="1")])
    made = unsolved(ran)
    assert [(one.outputs, one.execution_count) for one in made.cells if one.cell_type == "code"] == [([], None)] * 5
    assert (
        "(../notebooks/solutions/00_terms.ipynb), [next](01_next.ipynb), [docs](../docs/a.md)" in made.cells[0].source
    )
    assert ran.cells[1].execution_count == 3, "the lesson stays as it is"


@pytest.mark.parametrize("one", copies(), ids=lambda one: one.lesson.stem)
def test_every_link_of_a_real_copy_leads_somewhere(one: Copy) -> None:
    import re

    written = "\n".join(c.source for c in unsolved(nbformat.read(one.made_from, as_version=4)).cells)
    links = [path.partition("#")[0] for path in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", written))]
    known = {f"{lesson.stem}.ipynb" for lesson in lessons()}
    lost = [p for p in links if p and ":" not in p and p not in known and not (NOTEBOOKS.parent / "work" / p).exists()]
    # `work` itself need not be there: what climbs out of it is looked up from beside it.
    assert [p for p in lost if not (NOTEBOOKS / p).exists()] == []


def test_copies_are_made_where_they_are_missing_and_never_overwritten(course: Path) -> None:
    copy = only_copy(course)
    assert add_missing([copy]) == [copy.path]
    solve(copy)
    before = copy.path.read_bytes()
    assert add_missing([copy]) == []
    assert copy.path.read_bytes() == before


def test_a_reset_begins_anew_and_keeps_what_was_there(course: Path) -> None:
    copy = only_copy(course)
    assert reset(copy) is None
    for number in (1, 2):
        solve(copy, f"answer = {number}")
        kept = reset(copy)
        assert kept is not None
        assert answers(nbformat.read(kept, as_version=4))["0.2"].source == f"answer = {number}"
        assert answers(nbformat.read(copy.path, as_version=4))["0.2"].source == STUB


def test_a_copy_that_is_up_to_date_is_not_touched(course: Path) -> None:
    copy = only_copy(course)
    add_missing([copy])
    solve(copy)
    before = copy.path.read_bytes()
    assert not copy.lags
    assert update(copy) is None
    assert copy.path.read_bytes() == before


def test_after_a_pull_the_copy_has_the_new_text_and_the_old_answers(course: Path) -> None:
    copy = only_copy(course)
    add_missing([copy])
    solve(copy)
    new = standard()
    new.cells[4] = text("And now something else?")
    nbformat.write(new, copy.made_from)
    assert copy.lags
    kept = update(copy)
    now = nbformat.read(copy.path, as_version=4)
    assert "And now something else?" in sources(now)
    assert "And now?" not in sources(now)
    assert {number: one.source for number, one in answers(now).items()} == {"0.1": STUB, "0.2": "answer = 42"}
    assert not copy.lags
    assert kept is not None
    assert "And now?" in sources(nbformat.read(kept, as_version=4))


def test_an_answer_stays_with_its_exercise_when_one_is_put_before_it() -> None:
    copy = unsolved(standard())
    answers(copy)["0.1"].source = "answer = 1"
    new = standard()
    new.cells[2:2] = [cell("answer = ...  # your turn, first", "stub"), cell('check("0.3", answer)')]
    given = {number: one.source for number, one in answers(updated(copy, new)).items()}
    assert given == {"0.3": "answer = ...  # your turn, first", "0.1": "answer = 1", "0.2": STUB}


def test_cells_of_the_readers_own_stay_behind_what_they_followed() -> None:
    copy = unsolved(standard())
    copy.cells[6:6] = [own("print(x)")]
    copy.cells[0:0] = [own("# mine")]
    new = standard()
    new.cells[1] = cell("x = 2")
    found = sources(updated(copy, new))
    assert found[0] == "# mine"
    assert found.index("print(x)") == found.index("And now?") + 2, "behind the second answer"
    assert "x = 1" not in found


def test_an_edited_cell_keeps_the_edit_or_becomes_the_readers_own() -> None:
    copy = unsolved(standard())
    copy.cells[1].source = "x = 1000"
    assert "x = 1000" in sources(updated(copy, standard()))
    changed = standard()
    changed.cells[1] = cell("x = 2")
    found = updated(copy, changed)
    assert {"x = 1000", "x = 2"} <= set(sources(found))
    assert nbformat.validator.isvalid(found)
    assert "x = 1000" in sources(updated(found, standard())), "and stays so the next time"


def test_what_was_run_and_is_the_same_keeps_its_output() -> None:
    copy = unsolved(standard())
    copy.cells[3].outputs = [nbformat.v4.new_output("display_data", data={"text/plain": "Exercise 0.1: right. Yes."})]
    new = standard()
    new.cells[4] = text("Later?")
    now = updated(copy, new)
    assert next(one for one in now.cells if "0.1" in one.source).outputs == copy.cells[3].outputs


def test_an_exercise_that_is_gone_leaves_its_answer_in_the_old_copy(course: Path) -> None:
    copy = only_copy(course)
    add_missing([copy])
    solve(copy)
    shorter = lesson(*standard().cells[:4])
    nbformat.write(shorter, copy.made_from)
    kept = update(copy)
    assert "answer = 42" not in sources(nbformat.read(copy.path, as_version=4))
    assert kept is not None
    assert "answer = 42" in sources(nbformat.read(kept, as_version=4))


@examples(100)
@given(st.lists(st.tuples(st.integers(0, 7), st.text("abc =1", min_size=1, max_size=6)), max_size=5))
def test_no_cell_of_the_readers_own_is_ever_lost(added: list[tuple[int, str]]) -> None:
    copy = unsolved(standard())
    for number, (place, source) in enumerate(added):
        copy.cells.insert(place, cell(source, name=f"{number:08d}-0000-4000-8000-000000000000"))
    new = standard()
    new.cells[4] = text("Later?")
    now = updated(copy, new)
    assert sorted(s for _, s in added) == sorted(one.source for one in now.cells if one.id.endswith("-000000000000"))
    assert [one.source for one in now.cells if not one.id.endswith("-000000000000")] == sources(unsolved(new))


def test_the_digest_changes_with_any_cell_and_not_with_an_output() -> None:
    plain, ran, other = standard(), standard(), standard()
    ran.cells[1].outputs = [nbformat.v4.new_output("stream", text="1")]
    other.cells[1] = cell("x = 3")
    assert digest(plain) == digest(ran) != digest(other)


def test_a_lesson_is_named_by_its_number_or_the_beginning_of_its_file() -> None:
    for name in ("3", "03", "03_cost", "03_cost_math.ipynb"):
        assert [copy.lesson.stem for copy in copies(names=[name])] == ["03_cost_math"]
    with pytest.raises(ValueError, match="no lesson 'alerts': there are 00_start_here"):
        copies(names=["alerts"])


def test_without_a_clone_there_are_no_lessons(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run from a clone"):
        copies(tmp_path / "work", tmp_path)
