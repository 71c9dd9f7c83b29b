"""Pairs of a name and a text, as what is printed and as what a notebook shows."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_text(rows: Sequence[tuple[str, str]]) -> str:
    """Return pairs as lines, the texts below each other.

    Example:
        >>> print(as_text([("turns", "2"), ("cost", "$0.10")]))
        turns  2
        cost   $0.10
    """
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def as_html(caption: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return pairs as a table of HTML.

    Example:
        >>> as_html("n < 3", [])
        '<table><caption>n &lt; 3</caption></table>'
    """
    cells = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(name)}</th>'
        f'<td style="text-align:left">{escape(text)}</td></tr>'
        for name, text in rows
    )
    return f"<table><caption>{escape(caption)}</caption>{cells}</table>"
