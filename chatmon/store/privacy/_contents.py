"""What is in a file, whatever it is packed in: bytes as they read, and the cells of tables with their columns.

Archives, compressed files and tables are opened, one within the other. What cannot be opened is said, with the reason.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from chatmon._tools.errors import Error
from chatmon.store.privacy._databases import database_cells
from chatmon.store.privacy._stored import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK: Final = 8_000_000
_PACKED: Final = (b"PAR1", b"ARROW1", b"PK\x03\x04", b"%PDF", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
"""How what is more than its bytes begins."""
_DEEPEST: Final = 5
"""Packings within each other."""
_MOST: Final = 2**34
"""Bytes that a file may hold unpacked: what is more was made to exhaust whoever opens it."""
_MOST_HELD: Final = 2**30
"""Bytes of a packed table or archive within another file, which has to be held to be read from its end."""


class Cells(NamedTuple):
    """Values of a column.

    Attributes:
        column: Its name.
        values: Different ones, as texts, numbers and what JSON has.
    """

    column: str
    values: list[Any]


class UnreadableError(Error):
    """A file, or a part of it, cannot be opened, so what is in it is not known."""


def contents_of(path: Path, overlap: int) -> Iterator[bytes | Cells]:
    """Yield what is in a file: its bytes, those that it has unpacked, and the cells of its tables.

    Args:
        path: The file.
        overlap: Bytes of a piece that the next one begins with, so that nothing falls between two.

    Raises:
        UnreadableError: Something in it cannot be opened; what was before it has been yielded.
    """
    with path.open("rb") as file:
        yield from _chunks(file, overlap)
    with path.open("rb") as file:
        head = file.read(16)
    if head == b"SQLite format 3\0":
        yield from _of_sqlite(path)
    elif head[8:12] == b"DUCK":
        yield from _of_duckdb(path)
    else:
        with path.open("rb") as file:
            yield from _inside(file, overlap, 0)


def _inside(file: IO[bytes], overlap: int, depth: int) -> Iterator[bytes | Cells]:
    """Yield what a file holds beyond its own bytes."""
    head = file.read(16)
    file.seek(0)
    if depth > _DEEPEST:
        raise UnreadableError(f"more than {_DEEPEST} packings within each other")
    if head.startswith(b"PAR1"):
        yield from _of_parquet(file)
    elif head.startswith(b"ARROW1"):
        yield from _of_arrow(file)
    elif head.startswith(b"PK\x03\x04"):
        yield from _of_zip(file, overlap, depth)
    elif head.startswith(b"%PDF"):
        raise UnreadableError("a PDF packs its text in ways of its own")
    elif depth and (head == b"SQLite format 3\0" or head[8:12] == b"DUCK"):
        raise UnreadableError("a database within another file")
    elif (opened := unpacked(file)) is not None:
        yield from _unpacked(opened, overlap, depth)


def _unpacked(file: IO[bytes], overlap: int, depth: int) -> Iterator[bytes | Cells]:
    """Yield what is compressed as it reads, and what that holds."""
    try:
        with file:
            whole = io.BytesIO(file.read(16))
            if _holds_more(whole.getvalue()):  # a table or an archive is read from its end
                whole.seek(16)
                _copied(file, whole)
                whole.seek(0)
                yield from _inside(whole, overlap, depth + 1)
            else:
                yield from _chunks(file, overlap, whole.getvalue())
    except (EOFError, OSError, zlib.error, ValueError) as error:
        raise UnreadableError(f"it cannot be unpacked: {error}") from error


def _holds_more(head: bytes) -> bool:
    return head.startswith(_PACKED)


def _copied(file: IO[bytes], to: io.BytesIO) -> None:
    while chunk := file.read(_CHUNK):
        to.write(chunk)
        if to.tell() > _MOST_HELD:
            raise UnreadableError(f"what is packed in it has more than {_MOST_HELD:,} bytes: unpack it beside the file")


def _of_zip(file: IO[bytes], overlap: int, depth: int) -> Iterator[bytes | Cells]:
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                yield member.filename.encode("utf-8", "surrogatepass")
                if member.flag_bits & 1:
                    raise UnreadableError(f"{member.filename} in it is encrypted")
                with archive.open(member) as inner:
                    yield from _chunks(inner, overlap)
                with archive.open(member) as inner:
                    yield from _inside(inner, overlap, depth + 1)
    except (zipfile.BadZipFile, NotImplementedError, zlib.error) as error:
        raise UnreadableError(f"it is no whole archive: {error}") from error


def _of_parquet(file: IO[bytes]) -> Iterator[Cells]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches():
                yield from _of_batch(batch)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"it is no whole Parquet: {error}") from error


def _of_arrow(file: IO[bytes]) -> Iterator[Cells]:
    import pyarrow as pa

    try:
        with pa.ipc.open_file(file) as table:
            for place in range(table.num_record_batches):
                yield from _of_batch(table.get_batch(place))
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"it is no whole Arrow file: {error}") from error


def _of_batch(batch: Any) -> Iterator[Cells]:
    import pyarrow as pa

    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            values = column.unique()
        except pa.ArrowNotImplementedError:  # of what is nested there is no order
            values = column
        yield Cells(name, values.to_pylist())


def _of_sqlite(path: Path) -> Iterator[Cells]:
    import sqlite3

    try:
        for column, value in database_cells(path):
            yield Cells(column, [value])
    except sqlite3.Error as error:
        raise UnreadableError(f"it is no whole SQLite database: {error}") from error


def _of_duckdb(path: Path) -> Iterator[Cells]:
    import duckdb

    try:
        with duckdb.connect(path, read_only=True) as connection:
            for schema, table in connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL"
            ).fetchall():
                rows = connection.table(f'"{schema}"."{table}"').to_arrow_reader()
                for batch in rows:
                    yield from _of_batch(batch)
    except duckdb.Error as error:
        raise UnreadableError(f"DuckDB does not open it: {str(error).splitlines()[0]}") from error


def _chunks(file: IO[bytes], overlap: int, kept: bytes = b"") -> Iterator[bytes]:
    read = 0
    while chunk := file.read(_CHUNK):
        read += len(chunk)
        if read > _MOST:
            raise UnreadableError(f"it unpacks to more than {_MOST:,} bytes")
        yield kept + chunk
        kept = (kept + chunk)[-overlap - 2 :]
    if kept and not read:
        yield kept
