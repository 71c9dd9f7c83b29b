"""A lesson's page, from a lesson small enough to be read: what is folded, what is linked, what a figure is called."""

import json
import re

from website.lesson_pages import boxes, needs, readable

HEAD = "# Ducks\n\n**What you do**: count.\n\n**What you need**: [Key](01_key_terms.ipynb), and a\npond.\n\nBye."
BOX = "> **Duck**: a bird\n> that swims.\n>\n> **Drake** (male): a duck too.\n\nHow many?"


def markdown(text):
    return {"cell_type": "markdown", "id": "m", "metadata": {}, "source": text}


def code(text, *outputs, tags=()):
    return {"cell_type": "code", "id": "c", "metadata": {"tags": list(tags)}, "source": text, "outputs": list(outputs)}


def shown(**data):
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {kind.replace("_", "/"): said for kind, said in data.items()},
    }


UNTRIED = shown(text_plain="Exercise 1.1: not attempted yet.")
RIGHT = shown(text_plain="Exercise 1.1: right. Two * ducks <are> a `pair`.")
FIGURE = shown(image_png="iVBOR", text_html="<img alt='Two ducks.'>", text_plain="Two ducks on\na pond.")
LESSON = {
    "cells": [
        markdown(HEAD),
        markdown(BOX),
        code("draw()", FIGURE),
        code("answer = ...  # your turn", tags=["stub"]),
        code('check("1.1", answer)', UNTRIED),
    ]
}
SOLVED = {"cells": [code("answer = 1 + 1", tags=["solution"]), code('check("1.1", answer)', RIGHT)]}
PAGE = readable(LESSON, SOLVED, {"1.1": ("Count [them].", "One and one.")}, "**Here** is the head.")


def test_a_term_is_what_its_box_says_of_it():
    assert boxes(LESSON) == {"Duck": "a bird that swims.", "Drake": "Drake (male): a duck too."}


def test_every_term_leads_to_the_glossary_and_can_be_led_to():
    said = PAGE["cells"][1]["source"]
    for term in ("duck", "drake"):
        assert f"(box-{term})=" in said
        assert f"](#term-{term})**" in said
    assert said.endswith("How many?")


def test_what_a_lesson_needs_is_on_one_line():
    assert needs(LESSON) == "[Key](01_key_terms.ipynb), and a pond."
    assert needs({"cells": [markdown("# Ducks")]}) == ""


def test_the_head_stands_below_the_title():
    assert PAGE["cells"][0]["source"].startswith("# Ducks\n\n**Here** is the head.\n")


def test_a_figure_is_called_what_the_lesson_says_it_shows_and_is_there_once():
    (output,) = PAGE["cells"][2]["outputs"]
    assert list(output["data"]) == ["image/png"]
    assert PAGE["cells"][2]["metadata"]["mystnb"]["image"]["alt"] == "Two ducks on a pond."


def test_an_exercise_is_not_said_to_be_untried_and_has_its_hints_and_its_solution_folded():
    *_, check, answer = PAGE["cells"]
    assert check["outputs"] == []
    folds = re.findall(r"<details>\n<summary>(.*?)</summary>\n\n(.*?)\n\n</details>", answer["source"], re.DOTALL)
    assert [summary for summary, _ in folds] == [
        "Hint 1 for exercise 1.1",
        "Hint 2 for exercise 1.1",
        "Solution of exercise 1.1",
    ]
    assert folds[0][1] == r"Count \[them\]."
    assert folds[2][1] == "```python\nanswer = 1 + 1\n```\n\nTwo \\* ducks &lt;are&gt; a `pair`."


def test_the_lesson_itself_is_left_as_it_is():
    before = json.dumps(LESSON)
    readable(LESSON, SOLVED, {}, "")
    assert json.dumps(LESSON) == before


def test_a_lesson_without_solutions_is_shown_as_it_is():
    page = readable(LESSON, None, {}, "")
    assert page["cells"][-1]["outputs"] == [UNTRIED]
    assert len(page["cells"]) == len(LESSON["cells"])
