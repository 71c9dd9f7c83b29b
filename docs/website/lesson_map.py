"""The map of the lessons as a picture: their order, minutes, and which needs which."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatmon.lab.course._lessons import Lesson

ACROSS = 3
"""Boxes in a row."""
WIDE, HIGH, BESIDE, BELOW = 220, 64, 20, 34


def words(lessons: Sequence[Lesson], needed: Mapping[str, Sequence[int]]) -> str:
    """Return what the map shows, in words: its alternative text."""
    told = [
        f"{lesson.number} {lesson.title}, {lesson.minutes} minutes"
        + (f", after {' and '.join(map(str, needed[lesson.stem]))}" if needed.get(lesson.stem) else "")
        for lesson in lessons
    ]
    return f"Map of the {len(lessons)} lessons: " + "; ".join(told) + "."


def drawn(lessons: Sequence[Lesson], needed: Mapping[str, Sequence[int]]) -> str:
    """Return the map as SVG whose colours follow the page's.

    Args:
        lessons: In their order.
        needed: Of each lesson, by its stem, the numbers of those that it needs.
    """
    rows = -(-len(lessons) // ACROSS)
    width, height = ACROSS * (WIDE + BESIDE) - BESIDE, rows * (HIGH + BELOW) - BELOW
    parts = [box(lesson, needed.get(lesson.stem, ())) for lesson in lessons]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lesson-map" viewBox="0 0 {width} {height}" role="group" '
        f'aria-label="{escape(words(lessons, needed))}">{"".join(parts)}</svg>'
    )


def box(lesson: Lesson, needed: Sequence[int]) -> str:
    """Return one lesson's box, a link to its page."""
    left = lesson.number % ACROSS * (WIDE + BESIDE)
    top = lesson.number // ACROSS * (HIGH + BELOW)
    after = f" · after {', '.join(map(str, needed))}" if needed else ""
    lines = _lines(f"{lesson.number} {lesson.title}")
    first = top + (24 if len(lines) == 1 else 18)
    title = "".join(
        f'<text class="title" x="{left + 12}" y="{first + 17 * place}">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    return (
        f'<a href="notebooks/{lesson.stem}.html"><rect x="{left}" y="{top}" width="{WIDE}" height="{HIGH}" rx="8"/>'
        f'{title}<text x="{left + 12}" y="{top + HIGH - 9}">{lesson.minutes} min{after}</text></a>'
    )


def _lines(title: str, longest: int = 24) -> list[str]:
    """Return a title in one line or two."""
    if len(title) <= longest:
        return [title]
    cut = title.rfind(" ", 0, longest + 1)
    return [title[:cut], title[cut + 1 :]]
