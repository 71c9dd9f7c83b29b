"""What a table says that can be read in two ways: refused with what to write, before a number comes out wrong."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from chatmon import turns
from chatmon.importers._cells import NO_NUMBER, NULLS, currency_in, is_serial_day, unit_in
from chatmon.importers._map_options import FINE, NUMBERS, SCALES, UNITS
from chatmon.importers._messages import ASSISTANTS, OTHERS, USERS
from chatmon.importers._messages import roles as roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chatmon.importers._map import ColumnMap, Source
    from chatmon.importers._sample import Sample

SPOKEN: Final[dict[str, dict[str, str]]] = {
    "cost": {"cents": "cents", "cent": "cents"},
    "context_relevance": {"percent": "percent", "pct": "percent", "%": "percent"},
}
"""Units that the names of columns speak of."""
ENOUGH: Final = 5
"""Cells from which on they are taken to show what a column is."""
STRAY: Final = 0.01
"""The share of a column's grades that may be outside of its scale: strays, and no other scale."""
THREE_DIGITS: Final = re.compile(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+")
ERROR: Final = re.compile(
    r"err|fail|exce|time.?out|timed|limit|denied|refus|invalid|abort|cancel|unavail|overload|quota|reject|crash|fault|"
    r"problem|forbid|unauth|broken|bad|filter|\b[45]\d\d\b",
    re.IGNORECASE,
)
"""What a word for an error has in it, in most tools."""


def doubts(found: ColumnMap, samples: Sequence[Sample]) -> tuple[str, ...]:
    """Return what should be known about a table before trusting its numbers, a sentence each.

    Args:
        found: The map.
        samples: The first rows of the files.

    Raises:
        ValueError: A column can be read in two ways, and the map does not say which; the message has what to write.
    """
    said: list[str] = []
    for name, source in found.columns.items():
        said += _doubtful_unit(found, name, source)
        if len(source.columns) != 1 or source.options.keys() & {"path", "pattern", "values", "file"}:
            continue
        cells = [cell for one in samples for cell in one.cells(source.columns[0]) if cell]
        written = [row[source.columns[0]] for one in samples for row in one.written if source.columns[0] in row]
        if turns.KINDS[name] in NUMBERS:
            _refuse_thousands(found, name, source, written)
        if name == "timestamp":
            said += _doubtful_times(found, source, cells)
        if name in SCALES and not source.get("range"):
            _refuse_other_scale(found, name, source, cells)
        if name == "error_type":
            said += _doubtful_errors(found, source, cells, sum(len(one.rows) for one in samples))
    if found.messages:
        _refuse_roles(found, samples)
    else:
        _refuse_messages(found, samples)
    return tuple(said)


def _doubtful_unit(found: ColumnMap, name: str, source: Source) -> list[str]:
    """Say where a column's name speaks of another unit than the map; refuse another currency."""
    if len(source.columns) != 1 or name not in UNITS or name == "timestamp":
        return []
    column, unit = source.columns[0], source.get("unit") or next(iter(UNITS[name]))
    currency = currency_in(column) if name == "cost" and not source.options.keys() & {"unit", "currency"} else None
    if currency:
        raise ValueError(
            f"{found.name}: cost = {column!r}: its name speaks of {currency}, and a cost is in US dollars: write "
            f'{{ column = "{column}", currency = "{currency}", rate = ..., on = ... }}, or keep it as it is in '
            '[attributes]; unit = "usd" says that it is dollars'
        )
    words = re.split(r"[^a-z%]+", column.lower())
    spoken = SPOKEN.get(name)
    said = [unit_in(column)] if spoken is None else [spoken.get(word) for word in words]
    others = [one for one in said if one not in (None, unit)]
    if not others or "unit" in source.options:
        return []
    return [
        f"{name}: {column!r} speaks of {others[0]}, and the map has it in {unit}: say which, as unit = {others[0]!r}"
    ]


def _refuse_thousands(found: ColumnMap, name: str, source: Source, cells: Sequence[str]) -> None:
    """Refuse numbers such as 1.422 where nothing says whether the mark stands before decimals or thousands."""
    if any(source.get(mark) or found.file.get(mark) for mark in ("decimal", "thousands")):
        return
    marked = [cell for cell in cells if "." in cell or "," in cell]
    if not marked or not all(THREE_DIGITS.fullmatch(re.sub(r"[^\d.,+-]", "", cell)) for cell in marked):
        return
    mark = "," if "," in marked[0] else "."
    other = "." if mark == "," else ","
    raise ValueError(
        f"{found.name}: {name} = {source.said!r}: {marked[0]} may be {marked[0].replace(mark, '')} or "
        f'{marked[0].replace(mark, ".")}: write {{ column = "{source.said}", thousands = "{mark}" }} for the first, '
        f'decimal = "{mark}" for the second, or once for all columns in [file] (with thousands = "{mark}", decimal is '
        f'"{other}")'
    )


def _doubtful_times(found: ColumnMap, source: Source, cells: Sequence[str]) -> list[str]:
    """Say where a sheet has some times as dates and others as texts; refuse days counted since 1899."""
    if "unit" not in source.options and cells and all(is_serial_day(cell) for cell in cells):
        raise ValueError(
            f"{found.name}: timestamp = {source.said!r}: {cells[0]} is the day that a spreadsheet counts from 1899 on: "
            f'write {{ column = "{source.said}", unit = "days" }}, with the zone of its clock'
        )
    dates = sum("T" in cell[10:11] for cell in cells)
    if not source.get("format") or not 0 < dates < len(cells):
        return []
    texts = len(cells) - dates
    return [
        (
            f"timestamp: of the cells of {source.said!r} {dates:,} are dates and {texts:,} are texts, as where a sheet "
            "was opened in another country, which takes days up to 12 for months: look at a few, or export it anew"
        )
    ]


def _refuse_other_scale(found: ColumnMap, name: str, source: Source, cells: Sequence[str]) -> None:
    """Refuse grades that are on another scale than the turns', as far as they show it."""
    grades = [number for cell in cells if (number := _number(cell)) is not None]
    low, high = SCALES[name]
    if name == "context_relevance" and source.get("unit"):
        return
    told = f"{found.name}: {name} = {source.said!r}: "
    column = f'{{ column = "{source.said}", '
    if (
        name == "user_satisfaction"
        and grades
        and set(grades) <= {-1, 0, 1}
        and (min(grades) < 1 or len(grades) >= ENOUGH)
    ):
        worst = f"{min(grades):g}"
        raise ValueError(
            f"{told}all {len(grades):,} grades are {_listed(grades)}, as thumbs are, and turns have 1 to 5: write "
            f'{column}values = {{ "1" = 5, "{worst if min(grades) < 1 else 0}" = 1 }} }}, or range = [1, 5] if they '
            "are grades"
        )
    outside = [grade for grade in grades if not low <= grade <= high]
    if len(outside) > STRAY * len(grades):
        ends = f"{min(*grades, low):g}, {max(*grades, high):g}"
        raise ValueError(
            f"{told}{len(outside):,} of {len(grades):,} grades are outside {low} to {high}, such as {outside[0]:g}: "
            f"write {column}range = [{ends}] }}, the worst and the best grade that can be given (range = "
            f"[{low}, {high}] leaves the others out)"
        )
    words = Counter(cell for cell in cells if _number(cell) is None and len(cell) < 20)
    if not grades and len(words) > 1:
        pairs = ", ".join(f'"{word}" = ...' for word, _ in words.most_common(4))
        raise ValueError(
            f"{told}its grades are words: write {column}values = {{ {pairs} }} }}, each with its "
            "grade; a word that is none goes into null = [...]"
        )


def _doubtful_errors(found: ColumnMap, source: Source, cells: Sequence[str], rows: int) -> list[str]:
    """Say which words of a status may be no error; refuse where most rows have one."""
    if source.get("ok") is not None or not rows:
        return []
    nothing = {word.lower() for word in (*FINE, *NULLS, *NO_NUMBER)}
    words = Counter(cell for cell in cells if cell.lower() not in nothing and not ERROR.search(cell))
    strange = {word: count for word, count in words.most_common(4) if count >= 0.1 * rows}
    if not strange:
        return []
    total = sum(strange.values())
    shown = (
        f"{found.name}: error_type = {source.said!r}: {total:,} of {rows:,} rows say {' or '.join(map(repr, strange))}"
    )
    way = f'error_type = {{ column = "{source.said}", ok = ["{next(iter(strange))}"] }}'
    if total > 0.5 * rows and rows >= ENOUGH:
        raise ValueError(f"{shown}: name those that are no error, as in {way}")
    return [f"{shown}, which counts as an error: if it is none, write {way}"]


def _refuse_roles(found: ColumnMap, samples: Iterable[Sample]) -> None:
    """Refuse words for who wrote a message that nothing says the meaning of."""
    column = found.messages["role"]
    known = {*roles_of(found)["message"], *roles_of(found)["reply"], *OTHERS}
    words = Counter(cell for one in samples for cell in one.cells(column))
    strange = [word for word, _ in words.most_common() if word.lower() not in known]
    if strange:
        raise ValueError(
            f"{found.name}: role = {column!r} in [messages]: {strange[0]!r} is neither the user nor the bot: write "
            f"user = [...] and assistant = [...] with the words of the file, {', '.join(list(words)[:8])}"
        )


def _refuse_messages(found: ColumnMap, samples: Iterable[Sample]) -> None:
    """Refuse rows that are messages where the map takes them for turns."""
    for one in samples:
        for column in one.header:
            if column in found.read() or column in found.attributes:
                continue
            words = {cell.lower() for row in one.rows if (cell := row.get(column))}
            if words & set(USERS) and words & set(ASSISTANTS) and words <= {*USERS, *ASSISTANTS, *OTHERS}:
                raise ValueError(
                    f"{found.name}: {column!r} of {one.file} says {' and '.join(sorted(words)[:3])}: its rows are "
                    f'messages, and a message is half a turn. Add [messages] with role = "{column}"; where rows are '
                    "turns all the same, name the column in [attributes]"
                )


def _number(cell: str) -> float | None:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None


def _listed(grades: Iterable[float]) -> str:
    return ", ".join(f"{grade:g}" for grade in sorted(set(grades)))
