"""Numbers quoted in prose appear in an output near them: what counts as a number, what as appearing, what as near.

**What counts.** Decimals, percentages, amounts of money, and whole numbers of two digits or more, with or without
separators of thousands; ISO dates, times of day and dotted versions count as wholes. A single digit counts where it is
read from an output: before one of the words of ``QUANTITY`` ("5 bad turns") and in a pair. Not counted are: inline and
fenced code, addresses, names with digits (p95, UTF-8, SHA-256), the numbers of lists and headings, "exercise 3.2" and
"lesson 12", and in the header the lines of minutes and cost.

**Pairs.** "N of M", "N out of M", "N over M", "N to M", "N with M", "N against M", "N where M" and "between N and M"
say something about two numbers at once, so one cell's outputs must show both (twice, where they are the same).

**What appearing means.** The same digits, as a whole number of an output: 1,200 and 1200 and $1,200 are one number, 1.2
and 1.20 and 1.23 are three. A percentage appears as a percentage; other units, and signs, are not compared. Dates,
times and versions appear literally. The outputs of cells tagged ``nbval-ignore-output`` are no evidence: they differ
from machine to machine.

**What near means.** Above the prose in its own section (``## ``). Where this section has shown no number yet, the rest
of it is near and so is the section before: a reading often begins the next section. The closing sections (``CLOSING``)
look back on the whole lesson.

**The marker.** A number that no output can show (a definition, a date, a wrong choice of a quiz) is listed, as it is
written, in a comment in its own cell: ``<!-- free: 95 %, 2024, $20 -->``. In the header cell it holds for the whole
lesson. So a changed digit in such a number is seen too, and a listed number that is not used is a complaint.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from rules import header_position, output_texts, prose

from chatmon.lab.course._notebook import tags

Claim = tuple[str, ...]
"""Numbers, as they are written, that one cell's outputs must show: one, or the two of a pair."""
Values = Counter[str]

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
    r"\b(?:exercises?|lessons?|chapters?|hint)\s+\d(?:[\d.]*\d)?(?:(?:,| and| to)\s+\d+(?:\.\d+)*)*",
)
HEADER_LINE = re.compile(r"^.*\bminutes\b.*$|^.*\bcost:.*$", re.MULTILINE | re.IGNORECASE)
QUANTITY = re.compile(
    r"\s+(?:[^\W\d]+\s+)?(?:points?|turns?|times|users?|requests?|attempts?|errors?|failed|tokens?|conversations?)\b"
)
"""What makes a single digit count: one of these words after it, or after one more word."""
WORDS = r"(?:\s+[^\W\d]+){0,3}"
LINK = re.compile(
    rf"{WORDS}\s+(?:of|out\s+of|over|to|with){WORDS}\s+|[^.;:!?|\d]{{0,40}}\b(?:against|where){WORDS}\s+",
)
"""What stands between the two numbers of a pair."""
CLOSING = ("Summary", "In practice", "Quiz", "Going further")


class Piece(NamedTuple):
    """The part of a markdown cell that lies in one section."""

    cell: int
    section: int
    heading: str
    text: str


class Shown(NamedTuple):
    """What a code cell's outputs show."""

    cell: int
    section: int
    values: Values


def quoted(text: str) -> list[str]:
    """Return the numbers that a markdown text quotes, as they are written."""
    return list(dict.fromkeys(number for claim in claims(text) for number in claim))


@cache
def claims(text: str) -> tuple[Claim, ...]:
    """Return what a markdown text claims to have read: numbers on their own, and pairs."""
    text = prose(text.replace("\\$", "$").replace("\u00a0", " "))
    for form in NOT_QUOTED:
        text = re.sub(form, " ", text, flags=re.MULTILINE | re.IGNORECASE)
    numbers = [match for match in TOKEN.finditer(text) if not match["name"]]
    pairs = [(one, two) for one, two in pairwise(numbers) if _linked(text, one, two)]
    paired = {match.start() for pair in pairs for match in pair}
    alone = [match for match in numbers if match.start() not in paired and _counts(match, text[match.end() :])]
    found = [*pairs, *((match,) for match in alone)]
    return tuple(tuple(match[0].strip() for match in group) for group in sorted(found, key=lambda g: g[0].start()))


def _linked(text: str, one: re.Match[str], two: re.Match[str]) -> bool:
    between = text[one.end() : two.start()]
    if re.search(r"\bbetween\s+$", text[: one.start()], re.IGNORECASE):
        return re.fullmatch(rf"{WORDS}\s+and\s+", between) is not None
    return LINK.fullmatch(between) is not None


def _counts(match: re.Match[str], after: str) -> bool:
    if match["literal"]:
        return True
    digits = re.sub(r"\D", "", match["number"])
    plain = not match["money"] and "%" not in match["rest"] and "." not in match["number"] and len(digits) == 1
    return not plain or QUANTITY.match(after) is not None


def value(written: str) -> str:
    """Return what a written number is compared by: its digits and its %; a date, a time or a version as it is."""
    match = TOKEN.fullmatch(written)
    if match is None or not match["number"]:
        return written
    return match["number"].replace(",", "") + "%" * match["rest"].endswith("%")


@cache
def values(said: str) -> Values:
    """Return the values in what a cell's outputs say."""
    matches = [match for match in TOKEN.finditer(re.sub(r"\x1b\[[\d;]*m", "", said)) if not match["name"]]
    return Counter(value(match[0].strip()) for match in matches)


def shown(notebook: Any) -> list[Shown]:
    """Return what each cell shows whose outputs are compared: of two forms of an output the last, which is rendered."""
    found, section = [], 0
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            section += len(_split(cell.source)) - 1
        elif cell.cell_type == "code" and "nbval-ignore-output" not in tags(cell):
            seen = [text for output in cell.outputs for text in output_texts({"outputs": [output]})[-1:]]
            found.append(Shown(position, section, values("\n".join(seen))))
    return found


def pieces(notebook: Any) -> Iterator[Piece]:
    """Yield the prose, cut where a section begins; the header without its lines of minutes and cost."""
    section, heading, top = 0, "", header_position(notebook)
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        first, *others = _split(HEADER_LINE.sub(" ", cell.source) if position == top else cell.source)
        yield Piece(position, section, heading, first)
        for text in others:
            section, heading = section + 1, text.partition("\n")[0].removeprefix("## ").strip()
            yield Piece(position, section, heading, text)


@cache
def _split(text: str) -> tuple[str, ...]:
    """Cut a markdown text before each heading of a section; the first part is what comes before all of them."""
    return tuple(re.split(r"^(?=## )", prose(text), flags=re.MULTILINE))


def near(piece: Piece, evidence: list[Shown]) -> list[Values]:
    """Return what the cells show that a piece of prose may speak of."""
    if piece.heading in CLOSING:
        return [cell.values for cell in evidence]
    own = [cell.values for cell in evidence if cell.section == piece.section and cell.cell < piece.cell and cell.values]
    return own or [cell.values for cell in evidence if piece.section - 1 <= cell.section <= piece.section]


def supported(claim: Claim, free: list[str], evidence: list[Values]) -> bool:
    """Say whether the numbers of a claim that are not free stand in one cell's outputs."""
    wanted = Counter(value(number) for number in claim if number not in free)
    return not wanted or any(wanted <= found for found in evidence)


def prose_numbers(notebook: Any, evidence: list[Shown] | None = None) -> list[str]:
    """Every number quoted in prose appears in an output near it, or is listed as free; every free number is used.

    ``evidence`` is what ``shown(notebook)`` returned before only its prose was changed.
    """
    evidence = shown(notebook) if evidence is None else evidence
    top = header_position(notebook)
    listed = {n: _free(cell.source) for n, cell in enumerate(notebook.cells) if cell.cell_type == "markdown"}
    used: dict[int, set[str]] = {position: set() for position in listed}
    complaints = []
    for piece in pieces(notebook):
        free, found = listed[piece.cell] + listed[top], near(piece, evidence)
        for claim in claims(piece.text):
            used[piece.cell].update(claim)
            used[top].update(claim)
            if not supported(claim, free, found):
                numbers = " and ".join(map(repr, claim))
                where = "together in no compared output" if len(claim) > 1 else "in no compared output"
                complaints.append(f"{numbers} in the prose of cell {piece.cell + 1}: {where} of its sections")
    return complaints + [
        f"{number!r} is listed as free in cell {position + 1} and not used"
        for position, numbers in listed.items()
        for number in numbers
        if number not in used[position]
    ]


@cache
def _free(text: str) -> list[str]:
    """Return the numbers that a cell lists as free. A separator of thousands has no space after it; the list has."""
    listed = [part for match in MARKER.finditer(text) for part in re.split(r",\s+", match[1].replace("\\$", "$"))]
    found = [TOKEN.search(part) for part in listed]
    return [token[0].strip() if token else part.strip() for token, part in zip(found, listed, strict=True)]
