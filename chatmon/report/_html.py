"""The few pieces of HTML that the report is made of: whatever comes from a log is escaped here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UNKNOWN: Final = "unknown"
LONG: Final = 20
"""Rows of a table above which it is folded."""


class Html(str):
    """Text that is HTML already: everything else is escaped before it goes into a page."""

    __slots__ = ()


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


def text(value: Any) -> Html:
    """Return anything as escaped text.

    Example:
        >>> text('<b title="x">')
        '&lt;b title=&quot;x&quot;&gt;'
    """
    return value if isinstance(value, Html) else Html(escape(str(value)))


def tag(name: str, *inside: Any, **attributes: str | None) -> Html:
    """Return an element; what is inside it and not yet HTML is escaped, and so are its attributes.

    Example:
        >>> tag("th", "a < b", scope="col", class_="number")
        '<th scope="col" class="number">a &lt; b</th>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{said}>{''.join(map(text, inside))}</{name}>")


def pairs(rows: Iterable[tuple[str, str]]) -> Html:
    """Return names and what they stand for as a description list."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows))


def folded(summary: str, *inside: Any, class_: str | None = None) -> Html:
    """Return something that opens when asked to."""
    return tag("details", tag("summary", summary), *inside, class_=class_)


def table(shown: Table, name: str) -> Html:
    """Return a table that scrolls by itself where it is wider than the page, and is folded where it is long.

    Args:
        shown: The table.
        name: Its id, once in the page.
    """
    head = [tag("th", column.name, scope="col", class_="n" if column.number else None) for column in shown.columns]
    body = []
    for first, *rest in shown.rows:
        cells = [
            tag("td", UNKNOWN if value is None else value, class_=_kind(column, value))
            for column, value in zip(shown.columns[1:], rest, strict=True)
        ]
        body.append(tag("tr", tag("th", UNKNOWN if first is None else first, scope="row"), *cells))
    whole = tag(
        "div",
        tag(
            "table",
            tag("caption", tag("span", shown.caption), id=name),
            tag("thead", tag("tr", *head)),
            tag("tbody", *body),
        ),
        class_="scroll", role="region", tabindex="0", aria_labelledby=name,
    )  # fmt: skip
    note = tag("p", shown.note, class_="note") if shown.note else Html("")
    if len(shown.rows) > LONG:
        return Html(folded(f"{shown.caption}: {len(shown.rows)} rows", whole) + note)
    return Html(whole + note)


def _kind(column: Column, value: str | None) -> str | None:
    kinds = [*(["n"] if column.number else []), *(["unknown"] if value is None else [])]
    return " ".join(kinds) or None
