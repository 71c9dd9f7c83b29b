"""The map of the lessons as a picture: which needs which, and how long each takes."""

from __future__ import annotations

from html import escape
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chatmon.lab.course._lessons import Lesson

WIDE, HIGH, BESIDE, BELOW, EDGE = 172, 66, 14, 36, 2
"""Of a box, of the gaps between boxes, and around them all; in pixels of the picture."""
LETTERS = 19
"""That a line of a title may have."""


class Box(NamedTuple):
    """Where a lesson stands: its left and its top."""

    left: float
    top: float


def words(lessons: Sequence[Lesson], needed: Mapping[str, Sequence[int]]) -> str:
    """Return what the map shows, in words: its alternative text."""
    told = [
        f"{lesson.number} {lesson.title}, {lesson.minutes} minutes"
        + (f", after {' and '.join(map(str, needed[lesson.stem]))}" if needed.get(lesson.stem) else "")
        for lesson in lessons
    ]
    return f"Map of the {len(lessons)} lessons: {'; '.join(told)}."


def drawn(lessons: Sequence[Lesson], needed: Mapping[str, Sequence[int]]) -> str:
    """Return the map as SVG whose colours follow the page's; a box is a link to its lesson.

    Args:
        lessons: In their order.
        needed: Of each lesson, by its stem, the numbers of those that it needs, all before it.
    """
    rows = _rows(lessons, needed)
    across = max(map(len, rows))
    width, height = _length(across, WIDE, BESIDE), _length(len(rows), HIGH, BELOW)
    places = {lesson.number: box for lesson, box in _placed(rows, width)}
    lines = [
        _line(places[one], places[lesson.number]) for lesson in lessons for one in _next_above(lesson, lessons, needed)
    ]
    boxes = [_box(lesson, needed.get(lesson.stem, ()), places[lesson.number]) for lesson in lessons]
    return (
        '<div class="lesson-map" tabindex="0" role="region" aria-label="Map of the lessons">'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="group" '
        f'aria-label="{escape(words(lessons, needed))}">{"".join([*lines, *boxes])}</svg></div>'
    )


def _rows(lessons: Sequence[Lesson], needed: Mapping[str, Sequence[int]]) -> list[list[Lesson]]:
    """Return the lessons in rows: each stands below all that it needs, and not far from them."""
    depth: dict[int, int] = {}
    for lesson in lessons:
        depth[lesson.number] = 1 + max((depth[one] for one in needed.get(lesson.stem, ())), default=-1)
    across: dict[int, float] = {}
    rows = []
    for down in range(max(depth.values()) + 1):
        row = [lesson for lesson in lessons if depth[lesson.number] == down]
        row.sort(key=lambda lesson: mean([across[one] for one in _next_above(lesson, lessons, needed)] or [0]))
        across |= {lesson.number: place - len(row) / 2 for place, lesson in enumerate(row)}
        rows.append(row)
    return rows


def _next_above(lesson: Lesson, lessons: Sequence[Lesson], needed: Mapping[str, Sequence[int]]) -> list[int]:
    """Return of what a lesson needs what it does not need for the sake of another."""

    def above(number: int) -> set[int]:
        direct = needed.get(lessons[number].stem, ())
        return set(direct).union(*map(above, direct))

    direct = needed.get(lesson.stem, ())
    return [one for one in direct if not any(one in above(other) for other in direct)]


def _placed(rows: Sequence[Sequence[Lesson]], width: float) -> Iterable[tuple[Lesson, Box]]:
    for down, row in enumerate(rows):
        begin = (width - _length(len(row), WIDE, BESIDE)) / 2 + EDGE
        for across, lesson in enumerate(row):
            yield lesson, Box(begin + across * (WIDE + BESIDE), EDGE + down * (HIGH + BELOW))


def _length(count: int, size: int, gap: int) -> float:
    return count * (size + gap) - gap + 2 * EDGE


def _line(above: Box, below: Box) -> str:
    x, y, to_x, to_y = above.left + WIDE / 2, above.top + HIGH, below.left + WIDE / 2, below.top
    middle = to_y - BELOW / 2
    return f'<path d="M{x:g} {y:g} C{x:g} {y + BELOW:g} {to_x:g} {middle - BELOW / 2:g} {to_x:g} {to_y:g}"/>'


def _box(lesson: Lesson, needed: Sequence[int], box: Box) -> str:
    after = f", after {', '.join(map(str, needed))}" if needed else ""
    lines = _cut(f"{lesson.number} {lesson.title}")
    first = box.top + (25 if len(lines) == 1 else 19)
    title = "".join(
        f'<text class="title" x="{box.left + 10:g}" y="{first + 17 * place:g}">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    return (
        f'<a href="../notebooks/{lesson.stem}.html">'
        f'<rect x="{box.left:g}" y="{box.top:g}" width="{WIDE}" height="{HIGH}" rx="8"/>{title}'
        f'<text x="{box.left + 10:g}" y="{box.top + HIGH - 9:g}">{lesson.minutes} min{after}</text></a>'
    )


def _cut(title: str) -> list[str]:
    """Return a title in one line or two.

    Example:
        >>> _cut("8 Recommendations with proof")
        ['8 Recommendations', 'with proof']
    """
    if len(title) <= LETTERS:
        return [title]
    cut = title.rfind(" ", 0, LETTERS + 1)
    return [title[:cut], title[cut + 1 :]]
