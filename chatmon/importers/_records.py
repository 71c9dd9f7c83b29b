"""Records one by one out of a file that nothing may be assumed of, each with its line; what is no record is rejected.

This is the slow and patient way in. DuckDB reads clean JSON lines and Parquet by itself; everything else comes through
here: arrays, envelopes over many lines, CSV, byte-order marks, cut files, broken lines.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zlib
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final

from chatmon.importers import _frames as frames
from chatmon.importers import _python_text as python_text
from chatmon.importers import _workbook as workbook
from chatmon.importers.files import LogFile, open_text

if TYPE_CHECKING:
    from collections.abc import Iterator

BIGGEST: Final = 128 * 2**20
"""Characters of one document that spans lines: more is refused, because it has to fit into memory."""
CHUNK: Final = 2**20
"""Bytes of a line of an array that are read at once: an array of any size may be a single line."""
GOING_ON: Final = tuple('",:{}[]-0123456789tfn')
"""What a line may begin with that goes on with a document."""
BETWEEN: Final = re.compile(r"[ \t\r\n,\]]*")
TRAILING: Final = re.compile(r'(?P<text>"(?:[^"\\]|\\.)*")|,(?=\s*(?:[}\]]|$))')
"""A text, or a comma that nothing follows before the end of an object, an array or the line."""
UNDECODED: Final = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8, as ``surrogateescape`` leaves them: no text that was decoded holds these."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """What was not imported.

    Attributes:
        file: The file's name.
        line: The line it starts on, from 1; None where the whole file is meant.
        reason: Why.
    """

    file: str
    line: int | None
    reason: str


def read(file: LogFile) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    """Yield each record with the line it starts on, or why there is none; never raises for what the file holds."""
    name = file.path.name
    if file.kind == "empty":
        yield Rejected(name, None, "the file is empty")
        return
    if file.kind == "workbook":
        try:
            yield from workbook.rows(file.path, file.sheet, file.header)
        except ValueError as error:
            yield Rejected(name, None, str(error))
        return
    with open_text(file) as raw:
        lines = _Lines(raw, name, CHUNK if file.kind == "array" else -1)
        found = False
        for one in _of_kind(file, lines):
            found = True
            yield from [one] if isinstance(one, Rejected) else _rows(*one, name)
        if lines.broken is not None:
            yield lines.broken
        elif not found:
            yield Rejected(name, None, "the file holds no records")


def _rows(number: int, record: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    """The rows of a table that is one document; any other record is one."""
    try:
        rows = frames.rows_of(record)
    except (TypeError, ValueError) as error:
        yield Rejected(name, number, f"no table: {error}")
        return
    for row in rows:
        yield _checked(row, number, name, None)


def _of_kind(file: LogFile, lines: _Lines) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    name = file.path.name
    if file.kind == "csv":
        return _from_csv(islice(lines, file.before, None), name, file.delimiter)
    return _from_documents(_inside_array(lines), name) if file.kind == "array" else _from_lines(lines, name)


class _Lines:
    """The lines of a file as text, long ones in pieces; where the bytes break off, they end and ``broken`` says so."""

    def __init__(self, raw: IO[bytes], name: str, longest: int) -> None:
        self.broken: Rejected | None = None
        self.number = 0
        self._raw, self._name, self._longest = raw, name, longest

    def __iter__(self) -> Iterator[tuple[int, str]]:
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        at_start = first = True
        while True:
            try:
                piece = self._raw.readline(self._longest)
            except (EOFError, OSError, zlib.error) as error:
                self.broken = Rejected(
                    self._name, self.number + 1, f"the compressed file breaks off after line {self.number}: {error}"
                )
                return
            if at_start and piece:
                self.number += 1
            if first:
                piece, first = piece.removeprefix(codecs.BOM_UTF8), False
            at_start = piece.endswith(b"\n")
            # A piece may end inside a character: the decoder keeps those bytes until the rest of it comes.
            text = decoder.decode(piece, final=not piece)
            if text:
                yield self.number, text
            if not piece:
                return


def _from_lines(lines: _Lines, name: str) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    """JSON lines; a document that spans lines is put together until it is whole."""
    numbered = _Ahead(iter(lines))
    for number, line in numbered:
        text = line.strip()
        if not text:
            continue
        try:
            value = _value(text)
        except (ValueError, RecursionError) as error:
            if text in ("{", "[") or (text.startswith("{") and not text.endswith("}") and _looks_open(line)):
                yield from _from_documents(_from_here(number, line, numbered), name)
                return
            if _breaks_off(text, error) and _goes_on(numbered.peek()):
                yield from _from_documents(_from_here(number, line, numbered), name)
                return
            if _another_follows(text, error):
                yield from _at_the_end(text, number, name)
                continue
            yield Rejected(name, number, f"no JSON: {error}")
            continue
        yield _checked(value, number, name, _not_utf8(text))


def _value(text: str) -> Any:
    """Return the value of a line of JSON; commas before an end are read over, as DuckDB does where it reads the file.

    Raises:
        ValueError: The line is no JSON, for the reason that stands in it as it is.
    """
    try:
        return json.loads(text)
    except ValueError:
        spared = TRAILING.sub(lambda found: found["text"] or "", text)
        if spared == text:
            raise
        try:
            return json.loads(spared)
        except ValueError:
            pass
        raise


class _Ahead:
    """Lines of which the next that is not blank can be looked at before it is taken."""

    def __init__(self, numbered: Iterator[tuple[int, str]]) -> None:
        self._numbered = numbered
        self._next: tuple[int, str] | None = None

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self

    def __next__(self) -> tuple[int, str]:
        one, self._next = self._next, None
        return next(self._numbered) if one is None else one

    def peek(self) -> str:
        if self._next is None:
            self._next = next((one for one in self._numbered if one[1].strip()), None)
        return "" if self._next is None else self._next[1]


def _breaks_off(text: str, error: Exception) -> bool:
    return text.startswith("{") and isinstance(error, json.JSONDecodeError) and error.pos >= len(text)


def _another_follows(text: str, error: Exception) -> bool:
    """Say whether a line is objects one after another, as Amazon's Firehose writes them."""
    return isinstance(error, json.JSONDecodeError) and error.msg == "Extra data" and text[error.pos :].startswith("{")


def _goes_on(line: str) -> bool:
    """Say whether a line can go on with the document before it: a line that was cut is followed by a whole one."""
    return not line.startswith("{") and line.strip()[:1] in GOING_ON


def _looks_open(line: str) -> bool:
    """Say whether a line is the start of a pretty-printed object rather than a cut one: it holds at most one key."""
    return line.rstrip().endswith(("{", "[", ",")) and line.count('":') <= 1


def _from_here(number: int, line: str, rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield number, line
    yield from rest


def _inside_array(lines: _Lines) -> Iterator[tuple[int, str]]:
    """The lines of a JSON array without its opening bracket: its elements are documents one after another."""
    opened = False
    for number, line in lines:
        if not opened and line.lstrip().startswith("["):
            opened = True
            yield number, line.lstrip()[1:]
        else:
            yield number, line


def _from_documents(lines: Iterator[tuple[int, str]], name: str) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    """Documents over any number of lines, with commas between them or not."""
    buffer, start, indent = "", 1, 0
    current, depth, enough = 0, 0, 0
    for number, piece in lines:
        begins, current = number != current, number
        if begins:
            depth = _indent(piece)
        if begins and piece[:1] == "{" and buffer and _is_object(piece):
            # A whole object at the margin cannot be inside another: what came before it was cut.
            yield from _at_the_end(buffer, start, name)
            buffer = ""
        if not buffer or buffer.isspace():
            buffer, start, indent, enough = "", number, depth, 0
        buffer += piece
        if len(buffer) > BIGGEST:
            yield Rejected(name, start, f"one document has over {BIGGEST:,} characters: export it as JSON lines")
            return
        # A document ends at its own indentation, or inside a long line: trying at every bracket, or at every piece of
        # one long document, would take quadratic time.
        ends = depth <= indent and piece.rstrip().rstrip(",").endswith(("}", "]"))
        if ends or (not piece.endswith("\n") and len(buffer) >= enough):
            whole, buffer, start = _whole(buffer, start, name)
            enough = 2 * len(buffer)
            yield from whole
    yield from _at_the_end(buffer, start, name)


def _whole(buffer: str, start: int, name: str) -> tuple[list[tuple[int, dict[str, Any]] | Rejected], str, int]:
    """Take the whole documents off the start of a text, and return what is left with the line it starts on."""
    decoder, found, at = json.JSONDecoder(), list[tuple[int, dict[str, Any]] | Rejected](), 0
    while True:
        between = BETWEEN.match(buffer, at)
        begin = between.end() if between else at
        start += buffer.count("\n", at, begin)
        try:
            value, at = decoder.raw_decode(buffer, begin)
        except (ValueError, RecursionError):
            return found, buffer[begin:], start
        found.append(_checked(value, start, name, _not_utf8(buffer, begin, at)))
        start += buffer.count("\n", begin, at)


def _at_the_end(buffer: str, start: int, name: str) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    """The whole documents of a text that nothing follows; what is left of it is rejected."""
    whole, rest, start = _whole(buffer, start, name)
    yield from whole
    if rest:
        yield Rejected(name, start, _not_whole(rest))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line.strip().rstrip(",")), dict)
    except (ValueError, RecursionError):
        return False


def _not_whole(buffer: str) -> str:
    return f"no JSON: a document starts here and is not whole: {buffer.strip()[:40]!r}"


def _not_utf8(text: str, begin: int = 0, end: int | None = None) -> str | None:
    """Say which byte between two places of a text is not UTF-8; None where all are."""
    if text.isascii() or not (found := UNDECODED.search(text, begin, len(text) if end is None else end)):
        return None
    return f"not UTF-8: byte 0x{ord(found[0]) - 0xDC00:02x} at character {found.start() - begin + 1}"


def _checked(value: Any, number: int, name: str, undecoded: str | None) -> tuple[int, dict[str, Any]] | Rejected:
    if undecoded is not None:
        return Rejected(name, number, f"no JSON: {undecoded}")
    if isinstance(value, dict):
        return number, value
    return Rejected(name, number, f"no object: a record is a JSON object, this is {json.dumps(value)[:40]}")


def _from_csv(
    lines: Iterator[tuple[int, str]], name: str, delimiter: str
) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    """Rows below a header; where several lines make no row, the first is rejected and the others are read again."""
    csv.field_size_limit(BIGGEST)
    numbered, again = lines, deque[tuple[int, str]]()
    header: list[str] | None = None
    while True:
        taken: list[tuple[int, str]] = []
        row = _row(_taking(taken, again, numbered), delimiter)
        if not taken:
            return
        if not row:
            continue
        line, last = taken[0][0], taken[-1][0]
        over = f" in lines {line} to {last}" if last > line else ""
        if isinstance(row, str):
            yield Rejected(name, line, f"no CSV: {row}{over}")
            if header is None:
                return
            again.extendleft(reversed(taken[1:]))
        elif header is None:
            header = row
        elif len(row) != len(header):
            yield Rejected(name, line, f"{len(row)} cells{over}, the header has {len(header)}")
            again.extendleft(reversed(taken[1:]))
        elif undecoded := _not_utf8("".join(text for _, text in taken)):
            yield Rejected(name, line, f"no CSV: {undecoded}")
        else:
            yield line, dict(zip(header, row, strict=True))


def _taking(
    taken: list[tuple[int, str]], again: deque[tuple[int, str]], numbered: Iterator[tuple[int, str]]
) -> Iterator[str]:
    """The lines to read again, then those of the file; each is noted in ``taken``."""
    while (one := again.popleft() if again else next(numbered, None)) is not None:
        taken.append(one)
        yield one[1]


def _row(lines: Iterator[str], delimiter: str) -> list[str] | str | None:
    """Return the cells of the next row, or why there are none; None at the end."""
    try:
        # Not strict, a stray quote would join rows, or cells, without a word.
        return next(csv.reader(lines, strict=True, delimiter=delimiter), None)
    except csv.Error as error:
        return str(error)


def decode_cells(record: dict[str, Any]) -> dict[str, Any]:
    """Return a CSV's record with the cells decoded that hold an object or array, and empty cells unknown.

    Example:
        >>> decode_cells({"metadata": '{"intent": "parcel"}', "extra": "{'a': None}", "user_id": ""})
        {'metadata': {'intent': 'parcel'}, 'extra': {'a': None}, 'user_id': None}
    """
    return {key: _decoded(value) for key, value in record.items()}


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not value:
        return None
    if value[:1] in ("{", "["):
        for read in (json.loads, python_text.value_of):
            try:
                return read(value)
            except (ValueError, RecursionError):
                continue
    return value


def as_line(record: dict[str, Any]) -> str:
    """Return a record as one line of JSON that DuckDB reads: lone surrogates replaced, NaN unknown."""
    buffer = io.StringIO()
    json.dump(_finite(record), buffer, ensure_ascii=False, separators=(",", ":"))
    return buffer.getvalue().encode("utf-8", errors="replace").decode("utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value


def header(file: LogFile) -> tuple[str, ...]:
    """Return the names above a table's columns, a name that stands there twice too; none where there is no header."""
    if file.kind == "workbook":
        return workbook.names(file.path, file.sheet, file.header)
    with open_text(file) as raw:
        lines = islice(_Lines(raw, file.path.name, -1), file.before, None)
        row = _row((text for _, text in lines if text.strip()), file.delimiter)
    return tuple(row) if isinstance(row, list) else ()
