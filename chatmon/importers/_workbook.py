"""The rows of a sheet of a workbook, below the names of its columns, each cell as the number, text or date that it is.

A title over the names, empty rows and a second sheet are what sheets of people have; cells that are merged and formulas
that nobody has worked out say something else than they show, and are refused.
"""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.extras import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TOP: Final = 20
"""Rows among which the names of the columns are looked for."""
UNSOLVED: Final = re.compile(rb'<c (?![^>]*t="str")[^>]*>\s*<f[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>')
"""A cell with a formula and no value, as programs write it that do not work formulas out."""
UNSOLVED_IN_ODS: Final = re.compile(rb"<table:table-cell(?=[^>]*table:formula=)(?![^>]*office:value-type=)")
MERGED_IN_ODS: Final = re.compile(rb'table:number-rows-spanned="(?!1")')
"""What the reader of workbooks does not tell of an OpenDocument."""


def sheets(path: Path) -> dict[str, int]:
    """Return the sheets of a workbook that are shown and hold something, each with its number of rows.

    Raises:
        ValueError: It is no workbook that can be read.
        MissingPackageError: The package that reads workbooks is not installed.
    """
    book = _opened(path)
    shown = [one.name for one in book.sheets_metadata if str(one.visible).endswith(".Visible")]
    rows = {name: book.get_sheet_by_name(name).height for name in shown}
    return {name: count for name, count in rows.items() if count}


def rows(path: Path, sheet: str | None = None, header: int | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of a sheet below the names of its columns, each with its number, from 1; empty ones are left out.

    Args:
        path: The workbook.
        sheet: Its name, which a workbook of one sheet does not need.
        header: The row of the names; None for the one among the first with most different texts.

    Raises:
        ValueError: It is no such workbook, or what it says is not what it shows; the message has the way out.
    """
    cells, place = _table(path, sheet, header)
    names = _names(cells[place])
    for number, row in enumerate(cells[place + 1 :], place + 2):
        if any(cell != "" for cell in row):
            yield number, {name: _plain(cell) for name, cell in zip(names, row, strict=True) if name}


def names(path: Path, sheet: str | None = None, header: int | None = None) -> tuple[str, ...]:
    """Return the names above a sheet's columns, a name that stands there twice too.

    Raises:
        ValueError: As ``rows``.
    """
    cells, place = _table(path, sheet, header)
    return tuple(filter(None, _names(cells[place])))


def _opened(path: Path) -> Any:
    calamine = wanted("python_calamine", "xlsx", "A workbook")
    try:
        return calamine.CalamineWorkbook.from_path(str(path))
    except calamine.CalamineError as error:
        raise ValueError(f"no workbook that can be read: {error}") from error


def _table(path: Path, sheet: str | None, header: int | None) -> tuple[list[Sequence[Any]], int]:
    """Return a sheet's rows from the first on, and which of them has the names."""
    book = _opened(path)
    chosen = _only(sheets(path)) if sheet is None else _known(sheet, book.sheet_names)
    found = book.get_sheet_by_name(chosen)
    cells = found.to_python(skip_empty_area=False)
    place = _header(cells) if header is None else header - 1
    if place >= len(cells):
        raise ValueError(f"sheet {chosen!r} has {len(cells)} rows, none of them {place + 1}, which header names")
    _refuse_merged(found.merged_cell_ranges or (), place, chosen)
    _refuse_in_parts(path, chosen)
    return cells, place


def _known(sheet: str, known: Sequence[str]) -> str:
    if sheet not in known:
        raise ValueError(f"no sheet {sheet!r}: there are {', '.join(map(repr, known))}")
    return sheet


def _only(found: dict[str, int]) -> str:
    if len(found) != 1:
        listed = f"the sheets {', '.join(map(repr, found))}" if found else "no sheet that holds anything"
        raise ValueError(f'no known shape: a workbook with {listed}: name one in a map, sheet = "..." in [file]')
    return next(iter(found))


def _header(cells: Sequence[Sequence[Any]]) -> int:
    if not cells:
        return 0
    texts = [len({cell for cell in row if isinstance(cell, str) and cell.strip()}) for row in cells[:TOP]]
    return texts.index(max(texts))


def _names(row: Sequence[Any]) -> list[str]:
    return [str(_plain(cell)).strip() for cell in row]


def _refuse_merged(merged: Sequence[tuple[tuple[int, int], tuple[int, int]]], place: int, sheet: str) -> None:
    """Refuse rows that share a cell: whether it is of each of them or of all together, nothing says."""
    over_rows = [(first, last) for first, last in merged if last[0] > max(first[0], place)]
    if over_rows:
        (top, column), (bottom, _) = min(over_rows)
        raise ValueError(
            f"sheet {sheet!r} has {len(over_rows)} cells that are merged over rows, the first in column {column + 1} "
            f"over rows {top + 1} to {bottom + 1}: undo that, and write into each row what is its own"
        )


def _refuse_in_parts(path: Path, sheet: str) -> None:
    """Refuse what only the parts of a zipped workbook tell."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as parts:
        names = [name for name in parts.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
        unsolved = sum(len(UNSOLVED.findall(parts.read(name))) for name in names)
        content = parts.read("content.xml") if "content.xml" in parts.namelist() else b""
    if merged := len(MERGED_IN_ODS.findall(content)):
        raise ValueError(
            f"sheet {sheet!r} or another has {merged} cells that are merged over rows: undo that, and write into each "
            "row what is its own"
        )
    if unsolved := unsolved + len(UNSOLVED_IN_ODS.findall(content)):
        raise ValueError(
            f"{unsolved:,} formulas have no value, as a program wrote them that works none out: open the workbook in a "
            "spreadsheet and save it"
        )


def _plain(cell: Any) -> Any:
    """Return a cell as JSON has it; an empty one, and an error such as #N/A, is an empty text.

    Example:
        >>> [_plain(one) for one in (12.0, 1.5, datetime(2026, 9, 7, 8), timedelta(hours=25), " a ")]
        [12, 1.5, '2026-09-07T08:00:00', '25:00:00', ' a ']
    """
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else cell
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return f"{cell.isoformat()}T00:00:00"  # a moment at midnight is a date to the reader
    if isinstance(cell, datetime | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(cell.total_seconds(), 60)
        return f"{int(minutes // 60)}:{int(minutes % 60):02}:{f'{seconds:09.6f}'.rstrip('0').rstrip('.')}"
    return cell
