"""What lies in a data folder: turns in one of their forms, databases, backups, and what is none of these."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, Literal, cast

from chatmon._tools.extras import wanted
from chatmon.store.privacy._databases import can_be_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Form = Literal["lines", "csv", "parquet", "sqlite", "backup", "other"]
_COMPRESSED: Final[dict[bytes, Callable[..., Any]]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
LONGEST_CELL: Final = 2**31 - 1
"""Characters of a cell: no text is too long to be erased."""
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_BACKUP: Final = re.compile(r"backups?|.*\.(?:bak|backup|old|orig|zip|tar|tgz|tar\.\w+)|.*~", re.IGNORECASE)
_NEEDED: Final = {"turn_id", "conversation_id"}
_RATING: Final = {"turn_id", "rated_at"}
TURNS: Final = ("lines", "csv", "parquet")
"""Forms of turns."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the folder.

    Attributes:
        path: Where it lies.
        form: Turns as ``lines``, ``csv`` or ``parquet``; an ``sqlite`` database; a ``backup``; or ``other``.
    """

    path: Path
    form: Form


def stored_files(folder: Path) -> list[StoredFile]:
    """Return the files of a folder and those within it, hidden ones too; links are not followed.

    Raises:
        NotADirectoryError: There is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"no folder {folder}: give the one that turns are stored in")
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.endswith(("-wal", "-shm", "-journal")):
            kept = any(_BACKUP.fullmatch(part) for part in path.relative_to(folder).parts)
            found.append(StoredFile(path, "backup" if kept else _form(path)))
    return found


def opened(path: Path, mode: Literal["rb", "wb"] = "rb", file: IO[bytes] | None = None) -> IO[bytes]:
    """Open a file's content, compressed as the file at the path is.

    Args:
        path: What tells the compression.
        mode: To read or to write.
        file: What to read or write in its place.
    """
    with path.open("rb") as looked_at:
        opener = _opener(looked_at.read(6), path.name)
    return file or path.open(mode) if opener is None else cast("IO[bytes]", opener(file or path, mode))


def unpacked(file: IO[bytes]) -> IO[bytes] | None:
    """Return what is compressed in a file as it reads, from its beginning; None where it is not compressed."""
    head = file.read(6)
    file.seek(0)
    opener = _opener(head, "another file")
    return None if opener is None else cast("IO[bytes]", opener(file, "rb"))


def _opener(head: bytes, where: str) -> Callable[..., Any] | None:
    """Return what opens a file that begins so; None where it is not compressed."""
    if head.startswith(_ZSTD):
        zstandard: Any = wanted("zstandard", "privacy", f"what is stored in {where}")
        return cast("Callable[..., Any]", zstandard.open)
    return next((read for magic, read in _COMPRESSED.items() if head.startswith(magic)), None)


def rows_of(stored: StoredFile) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of turns; what is no row is passed over."""
    if stored.form == "parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(stored.path) as file:
            for batch in file.iter_batches():
                yield from batch.to_pylist()
        return
    if stored.form == "csv":
        with as_text(opened(stored.path)) as text:
            yield from csv.DictReader(text)
        return
    with opened(stored.path) as file:
        for line in file:
            row = as_row(line)
            if row is not None:
                yield row


def as_text(content: IO[bytes]) -> io.TextIOWrapper:
    """Return a file's text as the module csv wants it; closing it closes the file."""
    csv.field_size_limit(LONGEST_CELL)
    return io.TextIOWrapper(content, encoding="utf-8-sig", newline="")


def as_row(line: bytes) -> dict[str, Any] | None:
    """Return a line's row; None where it has none."""
    try:
        row = json.loads(line)
    except (RecursionError, ValueError):
        return None
    return row if isinstance(row, dict) else None


def _form(path: Path) -> Form:
    with path.open("rb") as file:
        head = file.read(16)
    if head == b"SQLite format 3\0":
        return "sqlite" if can_be_read(path) else "other"
    if head.startswith(b"PAR1"):
        return "parquet" if _has_turns(path) else "other"
    try:
        with opened(path) as file:
            first = file.readline(10_000_000)
    except (EOFError, OSError, lzma.LZMAError):
        return "other"
    row = as_row(first)
    # A process that was killed, or has only rated, may have left no whole turn at all.
    torn = row is None and path.suffix == ".jsonl" and first.startswith(b'{"turn_id"')
    if torn or (row is not None and (row.keys() >= _NEEDED or row.keys() >= _RATING)):
        return "lines"
    names = first.decode("utf-8-sig", "replace").strip().replace('"', "").split(",")
    return "csv" if set(names) >= _NEEDED else "other"


def _has_turns(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return set(pq.read_schema(path).names) >= _NEEDED
    except pa.ArrowInvalid:
        return False
