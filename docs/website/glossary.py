"""The glossary: what the lessons' boxes say of each term, in the order of the alphabet, with a link to the box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from website.lesson_pages import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chatmon.lab.course._lessons import Lesson

HEAD = "# Glossary\n\nEvery term of the course, as the lesson says it that brings it.\n"


def page(boxes: Iterable[tuple[Lesson, Mapping[str, str]]]) -> str:
    """Return the page, as markdown.

    Args:
        boxes: Of each lesson, what it says of its terms.

    Example:
        >>> from chatmon.lab.course._lessons import lessons
        >>> print(page([(lessons()[0], {"Turn": "a message and its reply."})]).splitlines()[-1])
        A message and its reply. ([lesson 0, Start here](#box-turn))
    """
    entries = sorted(
        (term.strip("`").lower(), entry(term, said, lesson)) for lesson, terms in boxes for term, said in terms.items()
    )
    return "\n".join([HEAD, *(text for _, text in entries)])


def entry(term: str, said: str, lesson: Lesson) -> str:
    """Return one term's part of the page."""
    begun = said[:1].upper() + said[1:]
    return f"(term-{slug(term)})=\n## {term}\n\n{begun} ([lesson {lesson.number}, {lesson.title}](#box-{slug(term)}))\n"
