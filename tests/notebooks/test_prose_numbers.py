"""What counts as a number in prose, what as its evidence, and how many changed digits the rule sees."""

import copy
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import sample
from course_files import LESSONS, number_of, read
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from prose_numbers import claims, pieces, prose_numbers, quoted, shown
from rules import Notebook

SEEN = 0.97
"""The share of changed digits that the rule must see: some changes make another number that is shown."""


def said(text: str, *tags: str) -> Notebook:
    return new_code_cell("show()", outputs=[new_output("stream", text=text)], metadata={"tags": list(tags)})


def notebook_of(*parts: str | Notebook) -> Notebook:
    """Return a lesson of a title, and of markdown (texts) and code (cells)."""
    cells = [new_markdown_cell(part) if isinstance(part, str) else part for part in parts]
    return new_notebook(cells=[new_markdown_cell("# T"), *cells])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It took 3 tries and 12 minutes.", ["12minutes"]),
        ("A mean of 1,234.50 and $5, so 7 % of €0.30.", ["1,234.50", "$5", "7 %", "€0.30"]),
        ("The 95th percentile was 120ms.", ["95th", "120ms"]),
        ("Escaped: \\$20.", ["$20"]),
        ("On 2026-10-05 at 09:15 with 3.11.2.", ["2026-10-05", "09:15", "3.11.2"]),
        ("Names: p95, UTF-8, SHA-256, x86, v2.10.", []),
        ("Code: `0.95` and\n```\n42\n```\n", []),
        ("See exercise 3.2, lesson 12, exercises 1.10 and 2.10, lessons 1 to 3, [here](12_x.ipynb).", []),
        ("## 12 Costs\n10. ten\n11) eleven\n", []),
        ("From 10 to 20, 10-20, 30–40.", ["10", "20", "30", "40"]),
        ("If p < 0.05 and n > 30.", ["0.05", "30"]),
        ("<b>40</b> of <img width='50'>", ["40"]),
        ("[17 turns](https://a.b/99)", ["17"]),
    ],
)
def test_what_counts_as_a_quoted_number(text: str, numbers: list[str]) -> None:
    assert quoted(text) == [number.removesuffix("minutes") for number in numbers]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It moves by 2 points, in 9 turns, 3 times.", ["2", "9", "3"]),
        ("There were 5 bad turns and 1\nrequest; 4 failed.", ["5", "1", "4"]),
        ("There are 3 models, 5 more on 2 machines.", []),
        ("Turn 1 of three. Three turns.", []),
    ],
)
def test_a_single_digit_counts_before_what_is_read_from_an_output(text: str, numbers: list[str]) -> None:
    assert quoted(text) == numbers


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("11 of 30 turns failed", ("11", "30")),
        ("only 3 out of 4 came", ("3", "4")),
        ("8 of the 9 days", ("8", "9")),
        ("broke it, with 5 against 1.8", ("5", "1.8")),
        ("took 1.59 s to come, against 0.26 s", ("1.59", "0.26")),
        ("18 % of them were hit, against 4 % before", ("18 %", "4 %")),
        ("went from 1.76 s to 4.01 s", ("1.76", "4.01")),
        ("between \\$4.87\nand \\$7.03", ("$4.87", "$7.03")),
        ("an error rate of 0 % over 30 turns", ("0 %", "30")),
        ("30 turns with 10 apologies", ("30", "10")),
    ],
)
def test_two_numbers_that_are_said_of_each_other_are_a_pair(text: str, pair: tuple[str, str]) -> None:
    assert [tuple(number.removesuffix(" s") for number in claim) for claim in claims(text)] == [pair]


@pytest.mark.parametrize("text", ["12 turns. Of 30 nothing.", "12 and 30", "12 users came; against 30", "12, 30"])
def test_two_numbers_beside_each_other_are_no_pair(text: str) -> None:
    assert claims(text) == (("12",), ("30",))


def test_a_number_may_be_in_two_pairs() -> None:
    assert claims("0.49 to 0.35 against 0.20") == (("0.49", "0.35"), ("0.35", "0.20"))


@pytest.mark.parametrize(
    ("text", "output", "holds"),
    [
        ("It cost $1,200.", "cost 1200", True),
        ("It cost $1,201.", "cost 1200", False),
        ("It cost $1,200.00.", "cost 1200", False),
        ("It fell by 3.2.", "change -3.2", True),
        ("It is 3.2.", "it is 13.2 and 3.25", False),
        ("It is 3.20.", "it is 3.2", False),
        ("It is 32.", "it is 132, 3.2, a32 and 32.5", False),
        ("At 09:15.", "at 09:15:00", False),
        ("At 09:15.", "at 09:15", True),
        ("In 2026.", "on 2026-10-05", False),
        ("It is 10 %.", "10%", True),
        ("It is 10 %.", "10", False),
        ("It is 10.", "10%", False),
    ],
)
def test_a_quoted_number_must_be_a_whole_number_of_an_output(text: str, output: str, holds: bool) -> None:
    assert (prose_numbers(notebook_of(said(output), text)) == []) is holds


def test_an_output_that_is_not_compared_is_no_evidence() -> None:
    assert prose_numbers(notebook_of(said("120 ms", "nbval-ignore-output"), "It took 120 ms.")) != []


@pytest.mark.parametrize(
    ("parts", "holds"),
    [
        (["## A\nIt took 12 s.", said("12")], True),
        (["## A", said("12"), "Then.\n## B\nIt took 12 s."], True),
        (["## A", said("12"), "## B", "It took 12 s."], True),
        (["## A", said("12"), "## B", "### C\nIt took 12 s."], True),
        (["## A", said("12"), "## B", said("no number"), "It took 12 s."], True),
        (["## A", said("12"), "## B", said("13"), "It took 12 s."], False),
        (["## A", said("13"), "It took 12 s.", said("12")], False),
        (["## A", said("12"), "## B", "## C\nIt took 12 s."], False),
        (["## A", "It took 12 s.", "## B", said("12")], False),
        (["## A", said("12"), "## B\nText.\n## C\nText.\n## D\nIt took 12 s."], False),
        (["## A", said("12"), "## B", "## C", "## Summary\nIt took 12 s.\n## Quiz\n12?"], True),
        (["## A", said("12"), "## B", "## C", "## Going further\n12.\n## More\n12."], False),
    ],
)
def test_evidence_stands_in_the_section_or_the_one_before_or_for_the_end_anywhere(
    parts: list[str | Notebook], holds: bool
) -> None:
    assert (prose_numbers(notebook_of(*parts)) == []) is holds


@pytest.mark.parametrize(
    ("parts", "holds"),
    [
        ([said("11 of 30"), said("12"), "11 of 30 turns failed."], True),
        ([said("11 of 30"), said("12"), "12 of 30 turns failed."], False),
        ([said("11"), said("30"), "11 of 30 turns failed."], False),
        ([said("24 of 24"), "It was 24 of 24."], True),
        ([said("23 of 24"), "It was 24 of 24."], False),
        ([said("11 and 30"), "It was 11, where the others were 30."], True),
        ([said("11"), said("30"), "11 turns failed, and 30 came."], True),
        ([said("11"), "11 of 30 turns failed.\n<!-- free: 30 -->"], True),
        (["11 of 30 turns failed.\n<!-- free: 11, 30 -->"], True),
        ([said("12"), "11 of 30 turns failed.\n<!-- free: 30 -->"], False),
        (["## A", said("5, 1.8"), said("8"), "## B", "## Summary\nIt was 5 against 1.8."], True),
        (["## A", said("5, 1.8"), said("8"), "## B", "## Summary\nIt was 8 against 1.8."], False),
    ],
)
def test_both_numbers_of_a_pair_stand_in_one_cells_outputs(parts: list[str | Notebook], holds: bool) -> None:
    assert (prose_numbers(notebook_of(*parts)) == []) is holds


def test_a_free_number_holds_in_its_cell_and_is_used() -> None:
    assert prose_numbers(notebook_of("At most 20 s.\n<!-- free: 20 -->")) == []
    assert len(prose_numbers(notebook_of("At most 20 s.\n<!-- free: 20 -->", "In 20 s."))) == 1
    assert prose_numbers(notebook_of("<!-- free: 20 -->")) == ["'20' is listed as free in cell 2 and not used"]


def one_digit_changed(notebook: Notebook) -> Iterator[tuple[str, Notebook]]:
    """Yield the notebook with each digit of each number counted in prose changed to each other digit, in turn.

    It is one notebook, changed in place and changed back. With each comes the text around the change.
    """
    notebook = copy.deepcopy(notebook)
    counted = [claims(piece.text) for piece in pieces(notebook)]
    for cell in (cell for cell in notebook.cells if cell.cell_type == "markdown"):
        text = cell.source
        for place in (place for place, old in enumerate(text) if old in "0123456789"):
            for new in "0123456789".replace(text[place], ""):
                cell.source = text[:place] + new + text[place + 1 :]
                if [claims(piece.text) for piece in pieces(notebook)] == counted:
                    break
                yield f"{cell.source[max(0, place - 20) : place + 10]!r} (was {text[place]})", notebook
        cell.source = text


def unseen(notebook: Notebook) -> tuple[list[str], int]:
    """Return the changes that the rule does not see, and how many there were."""
    evidence = shown(notebook)
    changes = [(what, bool(prose_numbers(changed, evidence))) for what, changed in one_digit_changed(notebook)]
    return [what for what, complained in changes if not complained], len(changes)


@pytest.mark.parametrize("path", [path for path in LESSONS if number_of(path) > 0], ids=lambda path: path.stem)
def test_a_changed_digit_in_a_lessons_prose_is_seen(path: Path) -> None:
    missed, tried = unseen(read(path))
    assert tried > 500
    assert len(missed) <= tried * (1 - SEEN), f"{1 - len(missed) / tried:.1%} of {tried} seen; not: {missed}"


def test_a_changed_digit_in_the_samples_prose_is_seen(sample_course: Path) -> None:
    missed, tried = unseen(nbformat.read(sample_course / f"{sample.NAME}.ipynb", as_version=4))
    assert tried > 100
    assert len(missed) <= tried * (1 - SEEN), missed


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        (1, "11 of 30 turns failed", "12 of 30 turns failed"),
        (1, "11 of 30 turns failed in one hour", "18 of 30 turns failed in one hour"),
        (1, "the mean is 1.18 s", "the mean is 1.76 s"),
        (1, "3.13 s where it is otherwise 0.57 s", "3.13 s where it is otherwise 0.54 s"),
    ],
)
def test_a_wrong_reading_is_seen_though_the_lesson_shows_the_number_elsewhere(number: int, old: str, new: str) -> None:
    notebook = copy.deepcopy(read(LESSONS[number]))
    cell = next(cell for cell in notebook.cells if cell.cell_type == "markdown" and old in cell.source)
    cell.source = cell.source.replace(old, new)
    assert prose_numbers(notebook) != []
