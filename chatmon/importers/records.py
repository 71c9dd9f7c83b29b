"""Records one by one out of a file that nothing may be assumed of, each with its line; what is no record is rejected.

This is the slow and patient way in. DuckDB reads clean JSON lines and Parquet by itself; everything else comes through
here: arrays, envelopes over many lines, CSV, byte-order marks, cut files, broken lines.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from chatmon.importers.files import LogFile, open_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

BIGGEST: Final = 128 * 2**20
"""Characters of one document that spans lines: more is refused, because it has to fit into memory."""
CHUNK: Final = 2**20


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
    with open_bytes(file.path, file.compression) as raw:
        lines = _Lines(raw, name)
        found = False
        for one in _of_kind(file.kind, lines, name):
            found = True
            yield one
        if lines.broken is not None:
            yield lines.broken
        elif not found:
            yield Rejected(name, None, "the file holds no records")


def _of_kind(kind: str, lines: _Lines, name: str) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    if kind == "csv":
        return _from_csv(lines, name)
    return _from_documents(_inside_array(lines), name) if kind == "array" else _from_lines(lines, name)


class _Lines:
    """The lines of a file as text; where the bytes break off, the lines end and ``broken`` says so."""

    def __init__(self, raw: IO[bytes], name: str) -> None:
        self.broken: Rejected | None = None
        self.number = 0
        self._raw, self._name = raw, name

    def __iter__(self) -> Iterator[tuple[int, str]]:
        while True:
            try:
                line = self._raw.readline()
            except (EOFError, OSError, zlib.error) as error:
                self.broken = Rejected(
                    self._name, self.number + 1, f"the compressed file breaks off after line {self.number}: {error}"
                )
                return
            if not line:
                return
            self.number += 1
            if self.number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            yield self.number, line.decode("utf-8", errors="surrogateescape")


def _from_lines(lines: _Lines, name: str) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    """JSON lines; a document that spans lines is put together until it is whole."""
    numbered = iter(lines)
    for number, line in numbered:
        text = line.strip()
        if not text:
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            if text in ("{", "[") or (text.startswith("{") and not text.endswith("}") and _looks_open(line)):
                yield from _from_documents(_from_here(number, line, numbered), name)
                return
            yield Rejected(name, number, f"no JSON: {error}")
            continue
        yield _checked(value, number, name)


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
    decoder = json.JSONDecoder()
    buffer, start, indent = "", 1, 0
    for number, line in lines:
        if not buffer.strip():
            start, indent = number, _indent(line)
        elif line[:1] == "{" and _is_object(line):
            # A whole object at the margin cannot be inside another: what came before it was cut.
            yield Rejected(name, start, _not_whole(buffer))
            buffer, start, indent = "", number, 0
        buffer += line
        if len(buffer) > BIGGEST:
            yield Rejected(name, start, f"one document has over {BIGGEST:,} characters: export it as JSON lines")
            return
        # A document ends at its own indentation: trying at every bracket would take quadratic time.
        if _indent(line) > indent or not line.rstrip().rstrip(",").endswith(("}", "]")):
            continue
        while True:
            buffer = buffer.lstrip(" \t\r\n,]")
            if not buffer:
                break
            try:
                value, end = decoder.raw_decode(buffer)
            except (ValueError, RecursionError):
                break
            yield _checked(value, start, name)
            buffer, start = buffer[end:], number
    if buffer.strip(" \t\r\n,]"):
        yield Rejected(name, start, _not_whole(buffer))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line.strip().rstrip(",")), dict)
    except (ValueError, RecursionError):
        return False


def _not_whole(buffer: str) -> str:
    return f"no JSON: a document starts here and is not whole: {buffer.strip()[:40]!r}"


def _checked(value: Any, number: int, name: str) -> tuple[int, dict[str, Any]] | Rejected:
    if isinstance(value, dict):
        return number, value
    return Rejected(name, number, f"no object: a record is a JSON object, this is {json.dumps(value)[:40]}")


def _from_csv(lines: _Lines, name: str) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    csv.field_size_limit(BIGGEST)
    reader = csv.reader((line for _, line in lines), strict=False)
    header: list[str] | None = None
    started = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(name, started, f"no CSV: {error}")
            started = reader.line_num + 1
            continue
        line, started = started, reader.line_num + 1
        if not cells:
            continue
        if header is None:
            header = cells
        elif len(cells) != len(header):
            yield Rejected(name, line, f"{len(cells)} cells, the header has {len(header)}")
        else:
            yield line, dict(zip(header, cells, strict=True))


def decode_cells(record: dict[str, Any]) -> dict[str, Any]:
    """Return a CSV's record with the cells decoded that hold a JSON object or array, and empty cells unknown.

    Example:
        >>> decode_cells({"metadata": '{"intent": "parcel"}', "name": "support", "user_id": ""})
        {'metadata': {'intent': 'parcel'}, 'name': 'support', 'user_id': None}
    """
    return {key: _decoded(value) for key, value in record.items()}


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not value:
        return None
    if value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
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
