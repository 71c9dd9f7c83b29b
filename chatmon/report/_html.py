"""What the page is made of: the template, a table, and text that is HTML already."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from chatmon._tools.templates import templates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Template

HERE: Final = Path(__file__).parent
UNKNOWN: Final = "unknown"
LONG: Final = 20
"""Rows of a table above which it is folded."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its header, with its unit.
        number: Whether it holds numbers, which stand right.
    """

    name: str
    number: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report.

    Attributes:
        caption: What it shows.
        columns: The first one names the rows.
        rows: A text for each column; None where it is unknown.
        note: What to know when reading it.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str | None]]
    note: str = ""


@cache
def template(name: str = "page.html.jinja") -> Template:
    """Return a template, which escapes every value that is put into it."""
    pages = templates(HERE)
    pages.filters |= {"sentence": sentence, "csv": as_csv}
    pages.globals |= {"unknown": UNKNOWN, "long": LONG}
    return pages.get_template(name)


def sentence(text: str) -> str:
    """Return a text with a capital at its start.

    Example:
        >>> sentence("how sure")
        'How sure'
    """
    return text[:1].upper() + text[1:]


def as_csv(table: Table) -> str:
    """Return a table as the address of a CSV file that is in the address itself; what is unknown is empty.

    A cell that a spreadsheet would take for a formula begins with an apostrophe, which makes it text.

    Example:
        >>> as_csv(Table("", [Column("Region"), Column("Turns")], [["uk", "1,204"], ["=1+1", None]]))
        'data:text/csv;charset=utf-8,Region%2CTurns%0D%0Auk%2C%221%2C204%22%0D%0A%27%3D1%2B1%2C%0D%0A'
    """
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow([column.name for column in table.columns])
    rows.writerows([["" if cell is None else _no_formula(cell) for cell in row] for row in table.rows])
    return f"data:text/csv;charset=utf-8,{quote(file.getvalue(), safe='')}"


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
