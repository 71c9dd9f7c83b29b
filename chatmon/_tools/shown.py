"""What objects show of themselves: pairs of a name and a text, printed and as HTML, any text as HTML, long lines."""

from __future__ import annotations

import html
import re
import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_OBEYED: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def escape(text: str, *, quote: bool = True) -> str:
    """Return text as HTML of a notebook, where it stays text: of two amounts each `$` is in an element of its own.

    JupyterLab sets as mathematics what stands between two of them in one.

    Args:
        text: Any text.
        quote: Whether quotation marks are written as entities, as in an attribute they must be.

    Example:
        >>> escape("$1 < $2"), escape("& $1")
        ('<span>$</span>1 &lt; <span>$</span>2', '&amp; $1')
    """
    safe = html.escape(text, quote=quote)
    return safe.replace("$", "<span>$</span>") if safe.count("$") > 1 else safe


def printable(text: str) -> str:
    r"""Return text without what a terminal obeys: control characters, but for tabs and ends of lines, as escapes.

    What comes from a log may hold them: they move the cursor, set the clipboard, or hide what was written.

    Example:
        >>> printable("\x1b[2Jgone")
        '\\x1b[2Jgone'
    """
    return _OBEYED.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def as_text(rows: Sequence[tuple[str, str]]) -> str:
    """Return pairs as lines, the texts below each other.

    Example:
        >>> print(as_text([("turns", "2"), ("cost", "$0.10")]))
        turns  2
        cost   $0.10
    """
    width = max(len(name) for name, _ in rows)
    return printable("\n".join(f"{name:<{width}}  {text}" for name, text in rows))


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


def wrapped(text: object, width: int = 90) -> str:
    """Return a text whose lines are as wide as a page of JupyterLab: what goes on in the next line is indented.

    Args:
        text: What to print; its own lines stay lines.
        width: Characters in a line.

    Example:
        >>> print(wrapped("verify by: an experiment", 20))
        verify by: an
          experiment
    """
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        for line in str(text).splitlines()
    )
