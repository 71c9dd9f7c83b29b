"""Numbers quoted in prose appear in an output of the same lesson: what counts as a number, and what as appearing.

**What counts.** Decimals, percentages, amounts of money, and whole numbers of two digits or more, with or without
separators of thousands; ISO dates, times of day and dotted versions count as wholes. A single digit ("3 models") does
not. Neither do: inline and fenced code, addresses, names with digits (p95, UTF-8, SHA-256), the numbers of lists and
headings, "exercise 3.2" and "lesson 12", and in the header the lines of minutes and cost.

**What appearing means.** The same value, as a whole number of an output: 1,200 and 1200 and $1,200.00 are one value,
1.2 and 1.23 are two. Signs and units are not compared. Dates, times and versions appear literally. The outputs of cells
tagged ``nbval-ignore-output`` are no evidence: they differ from machine to machine.

**The marker.** A number that no output can show (a definition, a date, a wrong choice of a quiz) is listed, as it is
written, in a comment in its own cell: ``<!-- free: 95 %, 2024, $20 -->``. In the header cell it holds for the whole
lesson. So a changed digit in such a number is seen too, and a listed number that is not used is a complaint.
"""

import re
from decimal import Decimal
from typing import Any

from rules import code_cells, header_position, output_texts, prose

from chatmon.course.notebook import tags

MARKER = re.compile(r"<!--\s*free:(.*?)-->", re.DOTALL)
TOKEN = re.compile(
    r"(?P<name>[^\W\d_]\w*(?:[-.]\w+)*|_\w+)"
    r"|(?P<literal>\d{4}-\d{2}-\d{2}(?![\d-])|\d{1,2}:\d{2}(?::\d{2})?(?![\d:])|\d+(?:\.\d+){2,})"
    r"|(?P<money>[$€£])?(?P<number>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<rest>(?:\s?%|[^\W\d_]+)?)"
)
NOT_QUOTED = (
    r"`[^`\n]+`",
    r"^\s*(?:>\s*)*\d+[.)]\s",
    r"^#+\s+\d[\d.]*\s",
    r"\b(?:exercises?|lessons?|chapters?|hint)\s+\d[\d.]*\d(?:(?:,| and| to)\s+\d+\.\d+)*",
)
HEADER_LINE = re.compile(r"^.*\bminutes\b.*$|^.*\bcost:.*$", re.MULTILINE | re.IGNORECASE)


def quoted(text: str) -> list[str]:
    """Return the numbers that a markdown cell quotes, as they are written."""
    text = prose(text.replace("\\$", "$").replace("\u00a0", " "))
    for form in NOT_QUOTED:
        text = re.sub(form, " ", text, flags=re.MULTILINE | re.IGNORECASE)
    return [match[0].strip() for match in TOKEN.finditer(text) if _counts(match)]


def _counts(match: re.Match[str]) -> bool:
    if match["name"]:
        return False
    if match["literal"]:
        return True
    digits = re.sub(r"\D", "", match["number"])
    return bool(match["money"]) or "%" in match["rest"] or "." in match["number"] or len(digits) > 1


def value(written: str) -> Decimal | str:
    """Return what a written number is compared by: its value, or for a date, a time or a version, itself."""
    match = TOKEN.fullmatch(written)
    if match is None or match["literal"]:
        return written
    return Decimal(match["number"].replace(",", ""))


def shown(notebook: Any) -> set[Decimal | str]:
    """Return the values in a notebook's compared outputs."""
    cells = [cell for cell in code_cells(notebook) if "nbval-ignore-output" not in tags(cell)]
    text = "\n".join(part for cell in cells for part in output_texts(cell))
    matches = [match for match in TOKEN.finditer(re.sub(r"\x1b\[[\d;]*m", "", text)) if not match["name"]]
    return {value(match[0].strip()) for match in matches}


def prose_numbers(notebook: Any) -> list[str]:
    """Every number quoted in prose appears in an output, or is listed as free; every free number is used."""
    evidence = shown(notebook)
    complaints = []
    top = header_position(notebook)
    everywhere = _free(notebook.cells[top].source)
    unused = set(everywhere)
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        text = HEADER_LINE.sub(" ", cell.source) if position == top else cell.source
        here = [] if position == top else _free(cell.source)
        numbers = quoted(text)
        complaints += [
            f"{number!r} in the prose of cell {position + 1} is in no compared output"
            for number in numbers
            if value(number) not in evidence and number not in here and number not in everywhere
        ]
        complaints += [
            f"{number!r} is listed as free in cell {position + 1} and not used"
            for number in here
            if number not in numbers
        ]
        unused -= set(numbers)
    return complaints + [f"{number!r} is listed as free in the header and not used" for number in sorted(unused)]


def _free(text: str) -> list[str]:
    """Return the numbers that a cell lists as free. A separator of thousands has no space after it; the list has."""
    listed = [part for match in MARKER.finditer(text) for part in re.split(r",\s+", match[1].replace("\\$", "$"))]
    found = [TOKEN.search(part) for part in listed]
    return [token[0].strip() if token else part.strip() for token, part in zip(found, listed, strict=True)]
