"""The proof of an erasure: every byte of a folder searched, what is compressed also as it reads."""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from chatmon.store.privacy._databases import database_texts
from chatmon.store.privacy._stored import opened, stored_files
from chatmon.store.privacy._subject import holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chatmon.store.privacy._stored import StoredFile
    from chatmon.store.privacy._subject import Pattern

_CHUNK: Final = 8_000_000


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found.

    Attributes:
        files: How many files were searched.
        size: Their bytes, as they lie on the disk.
        found: The files in which something is, or whose names say it.
    """

    files: int
    size: int
    found: tuple[Path, ...]


def search(folder: Path, patterns: Sequence[Pattern]) -> Searched:
    """Look for bytes in every file of a folder, backups left out.

    Args:
        folder: Where.
        patterns: What.
    """
    # A short name is a word of its own only where there are words: in the bytes of what is compressed it may be chance.
    exact = [one for one in patterns if isinstance(one, bytes)]
    longest = max((len(one if isinstance(one, bytes) else one.pattern) for one in patterns), default=0)
    files = size = 0
    found: list[Path] = []
    for stored in stored_files(folder):
        if stored.form == "backup":
            continue
        for path in (stored.path, *_companions(stored.path)):
            files += 1
            size += path.stat().st_size
        name = str(stored.path.relative_to(folder)).encode("utf-8", "surrogateescape")
        if (
            holds(name, patterns)
            or any(holds(part, exact) for part in _as_stored(stored, longest))
            or any(holds(part, patterns) for part in _as_read(stored, longest))
        ):
            found.append(stored.path)
    return Searched(files, size, tuple(found))


def _companions(path: Path) -> list[Path]:
    """Return what SQLite keeps beside a database: its log holds what the file does not yet."""
    beside = [path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal")]
    return [one for one in beside if one.exists()]


def _as_stored(stored: StoredFile, overlap: int) -> Iterator[bytes]:
    for path in (stored.path, *_companions(stored.path)):
        with path.open("rb") as file:
            yield from _chunks(file, overlap)


def _as_read(stored: StoredFile, overlap: int) -> Iterator[bytes]:
    if stored.form == "sqlite":
        for text in database_texts(stored.path):
            yield text.encode("utf-8", "surrogatepass")
    elif stored.form == "parquet":
        yield from _cells(stored.path)
    else:
        try:
            with opened(stored.path) as file:
                yield from _chunks(file, overlap)
        except (EOFError, OSError, lzma.LZMAError):
            return  # it only begins like something compressed: its bytes were searched as they are


def _chunks(file: IO[bytes], overlap: int) -> Iterator[bytes]:
    kept = b""
    while chunk := file.read(_CHUNK):
        yield kept + chunk
        kept = (kept + chunk)[-overlap - 2 :]


def _cells(path: Path) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
        for batch in file.iter_batches(columns=names):
            for column in batch.columns:
                texts = [text for text in column.unique().to_pylist() if text is not None]
                yield "\n".join(texts).encode("utf-8", "surrogatepass")
