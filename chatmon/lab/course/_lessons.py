"""The lessons in their order, and what is said of them: titles, minutes, links, terms, each from one place.

``notebooks/source/lessons.toml`` is that place. A lesson's source names what it wants in double brackets, and the
builder puts it there, so that nothing in one lesson grows stale when another one changes.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatmon._tools.paths import NOTEBOOKS

if TYPE_CHECKING:
    from pathlib import Path

WANTED = re.compile(r"(?P<code>```.*?```|(?<!`)`[^`\n]+`)|\[\[(?P<what>[a-z_ ]+)\]\]", re.DOTALL)
TERM = re.compile(r"^# > \*\*(?P<term>[^*]+)\*\*", re.MULTILINE)
"""A term where a source defines it: bold, at the beginning of a line in a box."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson of the course.

    Attributes:
        number: Its place, from 0.
        name: Of its file, without the number.
        title: Of its page.
        you_will: What the reader does in it, as the end of a sentence that begins "you will".
        read: Minutes to read it.
        exercises: Minutes for its exercises.
    """

    number: int
    name: str
    title: str
    you_will: str
    read: int
    exercises: int

    @property
    def stem(self) -> str:
        """The name of its files, such as ``03_cost_math``."""
        return f"{self.number:02d}_{self.name}"

    @property
    def minutes(self) -> int:
        """Minutes altogether."""
        return self.read + self.exercises

    @property
    def link(self) -> str:
        """A link to it from another lesson, with its title."""
        return f"[{self.title}]({self.stem}.ipynb)"


def lessons(folder: Path = NOTEBOOKS) -> list[Lesson]:
    """Return the lessons in their order.

    Args:
        folder: Where the notebooks lie.

    Example:
        >>> [lesson.stem for lesson in lessons()][:2]
        ['00_start_here', '01_key_terms']
    """
    path = folder / "source" / "lessons.toml"
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["lesson"] if path.exists() else []
    return [Lesson(number=number, **one) for number, one in enumerate(listed)]


def terms(lesson: Lesson, folder: Path = NOTEBOOKS) -> list[str]:
    """Return the terms that a lesson defines in its boxes, in their order.

    Args:
        lesson: One of ``lessons()``.
        folder: Where the notebooks lie.

    Example:
        >>> terms(lessons()[1])[:2]
        ['Conversation', 'Performance monitoring']
    """
    source = folder / "source" / f"{lesson.stem}.py"
    return TERM.findall(source.read_text(encoding="utf-8")) if source.exists() else []


def filled(markdown: str, here: str, folder: Path = NOTEBOOKS) -> str:
    """Return markdown with what stands in double brackets in place; code is left alone.

    Args:
        markdown: A cell of a lesson's source.
        here: The stem of the lesson's file.
        folder: Where the notebooks lie.

    Raises:
        LookupError: There is no such lesson; the message lists the names.

    Example:
        >>> filled("[[lesson alerting]] has `[[rule]]`.", "03_cost_math")
        '[lesson 4](04_alerting.ipynb) has `[[rule]]`.'
    """

    def put(found: re.Match[str]) -> str:
        return found["code"] or _said(found["what"], here, folder)

    return WANTED.sub(put, markdown)


def _said(what: str, here: str, folder: Path) -> str:
    """Return what a name in double brackets stands for."""
    course = lessons(folder)
    named = {lesson.name: lesson for lesson in course}
    own = next((lesson for lesson in course if lesson.stem == here), None)
    if (name := what.removeprefix("lesson ")) in named:
        lesson = named[name]
        return lesson.link if name == what else f"[lesson {lesson.number}]({lesson.stem}.ipynb)"
    if own and what == "title":
        return own.title
    if own and what == "minutes":
        return f"{own.read} minutes to read, {own.exercises} minutes of exercises"
    if own and what == "next" and own.number + 1 < len(course):
        following = course[own.number + 1]
        return f"Next: {following.link}, where you {following.you_will}."
    if own and what == "lessons":
        rows = [
            f"{lesson.number}. {lesson.link}: you {lesson.you_will}. {lesson.minutes} minutes."
            for lesson in course[own.number + 1 :]
        ]
        minutes = sorted({lesson.minutes for lesson in course[own.number + 1 :] if lesson.minutes >= 10})
        # No output shows these numbers, and the rule about numbers in prose wants to be told.
        return "\n".join([*rows, "", f"<!-- free: {', '.join(map(str, minutes))} -->"])
    if what == "terms":
        defined = [(lesson.link, ", ".join(terms(lesson, folder))) for lesson in course]
        return "\n".join(
            ["| lesson | terms |", "|---|---|", *(f"| {link} | {words} |" for link, words in defined if words)]
        )
    known = ", ".join(("title", "minutes", "next", "lessons", "terms", *named))
    raise LookupError(f"{here}: there is nothing to put in place of [[{what}]]: there are {known}")
