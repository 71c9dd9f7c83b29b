"""The quizzes of the lessons, out of their notebooks: for a terminal, ten at random."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatmon.lab.course._notebook import Notebook

SECTION = re.compile(r"^## Quiz\s*$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
QUESTION = re.compile(
    r"^\d+\. (?P<text>.*?)\n\s+- \(a\) (?P<choices>.*?)\n\s*<details>\s*<summary>.*?</summary>\s*\((?P<right>[a-c])\)"
    r"(?P<reasons>.*?)</details>",
    re.MULTILINE | re.DOTALL,
)
CHOICE = re.compile(r"\n\s+- \([bc]\) ")
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a quiz.

    Attributes:
        text: What is asked.
        choices: What there is to choose from, by letter.
        right: The letter of the right one.
        reasons: Why it is right and the others are not.
    """

    text: str
    choices: dict[str, str]
    right: str
    reasons: str


def questions(lesson: Notebook) -> list[Question]:
    """Return the questions of a lesson's quiz, as markdown without links; a lesson without a quiz has none.

    Args:
        lesson: The notebook.
    """
    text = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    section = SECTION.search(text)
    return [_question(found) for found in QUESTION.finditer(section[1])] if section else []


def _question(found: re.Match[str]) -> Question:
    choices = [_plain(choice) for choice in CHOICE.split(found["choices"])]
    return Question(
        text=_plain(found["text"]),
        choices=dict(zip("abc", choices, strict=True)),
        right=found["right"],
        reasons=_plain(f"({found['right']}){found['reasons']}"),
    )


def _plain(markdown: str) -> str:
    r"""Return markdown on one line, without links, comments and elements, its dollars as they are read.

    Example:
        >>> _plain("From [lesson 3](03.ipynb):\n  <span>\\$5</span> or less? <!-- free: 5 -->")
        'From lesson 3: $5 or less?'
    """
    text = re.sub(r"<!--.*?-->|</?\w+>", "", LINK.sub(r"\1", markdown), flags=re.DOTALL)
    return " ".join(text.replace("\\$", "$").split())
