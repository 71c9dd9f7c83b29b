"""Which files an import reads, and what each one is: text or Parquet, plain or compressed, lines or one document."""

from __future__ import annotations

import bz2
import codecs
import csv
import glob
import gzip
import io
import lzma
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

SUFFIXES: Final = (
    ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".xlsx", ".xls", ".ods", ".gz", ".zst", ".log",
)  # fmt: skip
"""What is read from a folder; a file named outright is read whatever its name."""
MAGIC: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What .xlsx and .ods, and what .xls begin with, and other files too."""
MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""Byte-order marks that a file begins with, and the encoding each gives away."""
DELIMITERS: Final = (",", ";", "\t", "|")
CHUNK: Final = 2**16


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file to import.

    Attributes:
        path: Where it lies.
        size: Bytes.
        compression: ``gzip``, ``zstd``, ``bzip2``, ``xz`` or None.
        kind: ``parquet``, ``jsonl``, ``array`` (one JSON array), ``csv``, ``workbook`` or ``empty``.
        encoding: Of its text.
        delimiter: What stands between the cells of a CSV.
        before: Lines before the header of a CSV, such as the ``sep=`` that Excel writes.
        sheet: Of a workbook, where somebody has named it.
        header: The row of the names in a workbook, from 1, where somebody has said it.
    """

    path: Path
    size: int
    compression: str | None
    kind: str
    encoding: str = "utf-8"
    delimiter: str = ","
    before: int = 0
    sheet: str | None = None
    header: int | None = None

    @property
    def is_table(self) -> bool:
        """Whether it has rows below the names of columns."""
        return self.kind in ("csv", "workbook")


def expand(paths: str | Path | Iterable[str | Path]) -> tuple[list[Path], list[Path]]:
    """Return the files that paths, globs and folders stand for, and the files of the folders that are left alone.

    Args:
        paths: One or several; a folder stands for all its files, in its folders too, whose names end as logs do.

    Raises:
        FileNotFoundError: A path or glob matches nothing; the message names it and the folder it was looked for in.
    """
    chosen: dict[Path, None] = {}
    others: list[Path] = []
    for given in [paths] if isinstance(paths, str | Path) else list(paths):
        path = Path(given).expanduser()
        if path.is_file():
            chosen[path] = None
            continue
        if path.is_dir():
            found = sorted(file for file in path.rglob("*") if file.is_file())
        else:
            found = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file())  # noqa: PTH207 - an absolute pattern
        logs = [file for file in found if file.name.lower().endswith(SUFFIXES) and not file.name.startswith(".")]
        if not logs:
            raise FileNotFoundError(
                f"no logs at {given}: looked in {Path.cwd()}, found {len(found)} files, none of them ending in "
                f"{', '.join(SUFFIXES)}"
            )
        chosen.update(dict.fromkeys(logs))
        others += [file for file in found if file not in chosen]
    return list(chosen), others


def look(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: int | None = None,
    sheet: str | None = None,
) -> LogFile:
    """Return what a file is, from its first bytes rather than its name, and from what somebody has said of it.

    Args:
        path: The file.
        encoding: Of its text; else it is UTF-8, or UTF-16 where its first bytes say so.
        delimiter: Of its cells: then it is a CSV.
        header: The line, or the row of a sheet, that names the columns, from 1: then a text is a CSV.
        sheet: Of a workbook.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(6)
    size = path.stat().st_size
    compression = next((name for magic, name in MAGIC.items() if head.startswith(magic)), None)
    if head[:4] == b"PAR1":
        return LogFile(path, size, None, "parquet")
    if head[:4] in WORKBOOKS:
        return LogFile(path, size, None, "workbook", sheet=sheet, header=header)
    try:
        with _open_bytes(path, compression) as file:
            start = file.read(CHUNK)
    except (EOFError, OSError, zlib.error):
        start = b"{"  # the reader will say where it breaks off
    marked = encoding or MARKS.get(start[:2], "utf-8")
    text = start.decode(marked, errors="replace").removeprefix("\ufeff").lstrip()
    kind = _kind(text)
    if kind == "empty" or (kind != "csv" and delimiter is None and header is None):
        return LogFile(path, size, compression, kind, marked)
    said = re.match(r"sep=(.)\r?\n", text)
    before = header - 1 if header else 1 if said else 0
    found = delimiter or (said[1] if said else _delimiter(text, before))
    return LogFile(path, size, compression, "csv", marked, found, before)


def _open_bytes(path: Path, compression: str | None) -> IO[bytes]:
    """Open a file for reading, decompressed."""
    if compression == "zstd":
        import pyarrow as pa

        return io.BufferedReader(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if compression == "bzip2":
        return bz2.open(path, "rb")
    if compression == "xz":
        return lzma.open(path, "rb")
    return path.open("rb")


def open_text(file: LogFile) -> IO[bytes]:
    """Open a file for reading as UTF-8, decompressed, whatever its encoding."""
    raw = _open_bytes(file.path, file.compression)
    return raw if file.encoding == "utf-8" else io.BufferedReader(_Recoded(raw, file.encoding))


class _Recoded(io.RawIOBase):
    """Bytes of another encoding as UTF-8."""

    def __init__(self, raw: IO[bytes], encoding: str) -> None:
        self._raw, self._encoding, self._ready = raw, encoding, b""
        self._decoder = codecs.getincrementaldecoder(encoding)()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        ended = False
        while not self._ready and not ended:
            piece = self._raw.read(CHUNK)
            ended = not piece
            try:
                self._ready = self._decoder.decode(piece, final=ended).encode()
            except UnicodeError as error:
                raise OSError(f"it is not {self._encoding}: {error}") from error
        taken, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _kind(text: str) -> str:
    if not text:
        return "empty"
    if text[0] == "[":
        return "array"
    if text[0] == "{":
        return "jsonl"
    first = text.splitlines()[0]
    return "csv" if any(mark in first for mark in DELIMITERS) and '":' not in first else "jsonl"


def _delimiter(text: str, before: int) -> str:
    """Return what cuts the header, below so many lines, into most cells."""
    line = next(iter(text.splitlines()[before:]), "")

    def cells(mark: str) -> int:
        return len(next(csv.reader([line], delimiter=mark), []))

    return max(DELIMITERS, key=cells)
