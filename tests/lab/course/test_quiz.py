"""The quizzes of the lessons, as a terminal asks them."""

from collections import Counter
from pathlib import Path

import nbformat
import pytest

from chatmon._tools.paths import NOTEBOOKS
from chatmon.lab.course._lessons import lessons
from chatmon.lab.course._quiz import questions

QUIZ = r"""## Quiz

<!-- free: 5 -->

1. From [lesson 3](03_cost_math.ipynb): is <span>\$5</span> too much
   for `one` reply?
   - (a) yes
   - (b) no,
     never
   - (c) it depends

<details>
<summary>Answer</summary>

(c): ask first. Not (a): why? Not (b): why not?
</details>

## Going further
"""
WITH_QUIZ = [NOTEBOOKS / f"{lesson.stem}.ipynb" for lesson in lessons()[1:]]


def test_a_question_is_read_as_it_is_shown() -> None:
    (one,) = questions(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(QUIZ)]))
    assert one.text == "From lesson 3: is $5 too much for `one` reply?"
    assert one.choices == {"a": "yes", "b": "no, never", "c": "it depends"}
    assert one.right == "c"
    assert one.reasons == "(c): ask first. Not (a): why? Not (b): why not?"


def test_what_has_no_quiz_has_no_questions() -> None:
    assert questions(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Start")])) == []


@pytest.mark.parametrize("lesson", WITH_QUIZ, ids=lambda path: path.stem)
def test_a_lesson_asks_five_questions_two_of_them_about_earlier_lessons(lesson: Path) -> None:
    notebook = nbformat.read(lesson, as_version=4)
    asked = questions(notebook)
    folded = "\n".join(cell.source for cell in notebook.cells).count("<details>")
    assert len(asked) == folded == 5, "each of them in the one layout"
    assert sum(one.text.startswith("From lesson ") for one in asked) == 2
    for one in asked:
        assert all(f"({letter})" in one.reasons for letter in "abc"), f"a reason for every choice: {one.text}"


def test_no_letter_is_right_much_more_often_than_another() -> None:
    right = Counter(one.right for path in WITH_QUIZ for one in questions(nbformat.read(path, as_version=4)))
    assert max(right.values()) - min(right.values()) <= 3, right


def test_the_longest_choice_is_no_clue() -> None:
    asked = [one for path in WITH_QUIZ for one in questions(nbformat.read(path, as_version=4))]
    longest = sum(max(one.choices, key=lambda letter: len(one.choices[letter])) == one.right for one in asked)
    assert longest <= len(asked) / 2, f"the longest choice is right in {longest} of {len(asked)}"
