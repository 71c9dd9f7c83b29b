"""Files into the table ``spans``, counting on the way: what was read, what was rejected, what nobody reads.

Clean JSON lines and Parquet are read by DuckDB, file by file, without the rows ever passing through Python. A file in
which DuckDB or a check stumbles is read again record by record, so that each reject has its line.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools import sql
from chatmon.importers import _records as records
from chatmon.importers import _spans as spans
from chatmon.importers import files
from chatmon.importers._dialect import Dialect, recognise
from chatmon.importers._records import Rejected
from chatmon.importers._strangers import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import duckdb

SAMPLE: Final = 20
"""Records looked at before a file of JSON lines is left to DuckDB."""
LONGEST_RECORD: Final = 16 * 2**20
"""Characters of one record, of the keys that are read."""
SHORTEST_OBJECT: Final = 2**20
"""Bytes that DuckDB makes room for by the record, several times over: more than it needs is memory lost."""
MOST_REJECTS_KEPT: Final = 10_000
"""Rejects kept with file and line; the others are counted."""
OTHERS: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What unpacking a record raises where a part of it is not what its shape says."""
BROKEN: Final = (
    "cannot be read:", "no Parquet that can be read:", "the Parquet file breaks", "the compressed file breaks",
)  # fmt: skip
"""How the reasons begin for which the rest of a file, and nobody knows how much that is, was not read."""


@dataclass(slots=True)
class FileRecords:
    """What a file held.

    Attributes:
        file: Its name.
        dialects: Records by the name of their dialect.
        rejected: Records, lines or whole files rejected before any dialect had them.
        why: What gave the first dialect away.
        refusal: Why its records of no known shape were rejected, all in the words of the first.
    """

    file: str
    dialects: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    why: str = ""
    refusal: str = ""


class Reader:
    """Fills ``spans`` and ``rejects`` file by file.

    Attributes:
        used: The dialects met, by name.
        rejected: Rejected records by their reason without its numbers.
        looked: Records that were looked at key by key, by tool.
        unread: How many of them had a key that nothing reads, by tool and key.
        lost: How many rows have something in place of an object, by tool and key.
        filtered: How many records a dialect's filter left out.
        broken: Files of which the rest was not read, each with its folder and why.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        dialects: tuple[Dialect, ...],
        folder: Path,
        *,
        content: bool,
        scores: bool = False,
    ) -> None:
        self.used: dict[str, Dialect] = {}
        self.rejected: Counter[str] = Counter()
        self.looked: Counter[str] = Counter()
        self.unread: Counter[tuple[str, str]] = Counter()
        self.lost: Counter[tuple[str, str]] = Counter()
        self.filtered = 0
        self.broken: dict[str, str] = {}
        self._path: Path | None = None
        self._connection, self._dialects, self._folder, self._content = connection, dialects, folder, content
        self._scores = scores
        self._longest = 0
        self._waiting: dict[str, Any] = {}
        self._number = 0

    def read(self, path: Path) -> FileRecords:
        """Read one file the fast way if it is clean, else record by record."""
        found = FileRecords(path.name)
        self._number, self._path = self._number + 1, path
        self._connection.execute("INSERT INTO files VALUES (?, ?, ?)", [self._number, path.name, path.as_posix()])
        try:
            written = path.stat().st_mtime
            self._connection.execute("INSERT INTO file_times VALUES (?, to_timestamp(?))", [self._number, written])
            said = self._dialects[0]
            file = files.look(path, **said.file)
            if file.kind == "parquet":
                self._parquet(path, found)
            elif not self._at_once(file, found):
                self._one_by_one(file, found)
        except OSError as error:
            self._reject(found, None, f"cannot be read: {error}")
        return found

    def finish(self) -> None:
        """Read what was unpacked record by record, and set aside the rows that no span can be."""
        for name, file in self._waiting.items():
            file.close()
            dialect = self.used[name]
            columns = sql.declared({**dialect.columns, "_file": "INTEGER", "_line": "BIGINT"})
            self._insert(
                dialect,
                f"SELECT * FROM read_ndjson({sql.file(file.name)}, records = true, columns = {columns}, "
                f"maximum_object_size = {max(SHORTEST_OBJECT, 8 * self._longest)})",
            )
        self.set_aside()

    def set_aside(self, *, without_start: bool = False) -> None:
        """Move rows that no span can be to ``rejects``.

        Args:
            without_start: Whether a span that has only an end is one of them by now.
        """
        take = spans.reject_without_start if without_start else spans.set_rejects_aside
        for reason, count in take(self._connection, MOST_REJECTS_KEPT).items():
            self.rejected[without_numbers(reason)] += count

    def silent(self, found: Sequence[FileRecords]) -> list[int]:
        """Return the numbers of the files that say nothing of failures: none of their shapes does in any file."""
        told = self._connection.execute("SELECT DISTINCT file FROM spans WHERE failed IS NOT NULL").fetchall()
        telling = {name for (number,) in told for name in found[number - 1].dialects}
        telling |= {name for name, dialect in self.used.items() if dialect.ends_well}
        return [number for number, one in enumerate(found, 1) if one.dialects and not telling & one.dialects.keys()]

    def _reject(self, found: FileRecords, line: int | None, reason: str) -> None:
        found.rejected += 1
        self.rejected[without_numbers(reason)] += 1
        if reason.startswith(BROKEN) and self._path is not None:
            self.broken[f"{self._path.parent.name}/{self._path.name}"] = _printable(reason)
        if self.rejected.total() <= MOST_REJECTS_KEPT:
            self._connection.execute("INSERT INTO rejects VALUES (?, ?, ?)", [found.file, line, _printable(reason)])

    def _at_once(self, file: files.LogFile, found: FileRecords) -> bool:
        """Let DuckDB read a file of one dialect; False, and nothing done, where it is not as clean as that needs."""
        import duckdb

        if file.kind not in ("jsonl", "csv") or file.compression not in (None, "gzip", "zstd"):
            return False
        if file.before:  # where the lines that are skipped end otherwise than the rest, DuckDB finds no rows
            return False
        seen = self._first_records(file)
        known = self._only_dialect(seen)
        if known is None or (file.kind == "csv" and known[0].parse_csv_json):
            return False
        dialect = known[0]
        if file.kind != "csv" and (dialect.by_line or dialect.decimals):
            return False
        filtered = self.filtered
        source = self._of_csv(dialect, file) if file.kind == "csv" else self._of_lines(dialect, file)
        self._connection.execute("BEGIN")
        try:
            count = self._insert(dialect, source)
            clean = not self._connection.execute("SELECT count(reject) FROM spans").fetchall()[0][0]
        except duckdb.Error:
            clean = False
        if not clean:
            self._connection.execute("ROLLBACK")
            self.filtered = filtered
            return False
        self._connection.execute("COMMIT")
        for record in seen:
            self._look(dialect, record)
        self._note(*known, found, count)
        return True

    def _first_records(self, file: files.LogFile) -> list[dict[str, Any]]:
        """Return the first records of a file; none where one of them is broken."""
        first = list(islice(records.read(file), SAMPLE))
        return [] if any(isinstance(one, Rejected) for one in first) else [one[1] for one in first]  # type: ignore[index]

    def _only_dialect(self, seen: Iterable[dict[str, Any]]) -> tuple[Dialect, str] | None:
        """Return the one dialect that all records have, if they are rows of it as they stand."""
        known: tuple[Dialect, str] | None = None
        for record in seen:
            this = recognise(record, self._dialects)
            if this is None or this[0].unpack is not None or (known and this[0] is not known[0]):
                return None
            known = known or this
        return known

    def _of_lines(self, dialect: Dialect, file: files.LogFile) -> str:
        marks = [mark for mark in dialect.marks if mark not in dialect.columns]
        columns = {**dialect.columns, **dict.fromkeys(marks, "JSON")}
        return (
            f"SELECT *, {self._number} AS _file, NULL::BIGINT AS _line FROM read_ndjson({sql.file(file.path)}, "
            f"records = true, columns = {sql.declared(columns)}, "
            f"compression = {sql.text(file.compression or 'none')}){sql.refusing(marks)}"
        )

    def _of_csv(self, dialect: Dialect, file: files.LogFile) -> str:
        path = file.path if file.encoding == "utf-8" else self._recoded(file)
        compression = file.compression if file.encoding == "utf-8" else None
        columns = dict.fromkeys(records.header(file), "VARCHAR")
        line = "row_number() OVER () + 1" if dialect.by_line else "NULL::BIGINT"
        return (
            f"SELECT *, {self._number} AS _file, {line} AS _line FROM read_csv({sql.file(path)}, "
            f"columns = {sql.declared(columns)}, delim = {sql.text(file.delimiter)}, quote = '\"', escape = '\"', "
            f"header = true, auto_detect = false, strict_mode = true, null_padding = false, "
            f"compression = {sql.text(compression or 'none')})"
        )

    def _recoded(self, file: files.LogFile) -> Path:
        """Return a copy of a file in UTF-8."""
        path = self._folder / f"recoded-{self._number}"
        with files.open_text(file) as text, path.open("wb") as copy:
            shutil.copyfileobj(text, copy)
        return path

    def _one_by_one(self, file: files.LogFile, found: FileRecords) -> None:
        for one in records.read(file):
            if isinstance(one, Rejected):
                self._reject(found, one.line, one.reason)
                continue
            line, record = one
            known = recognise(record, self._dialects)
            if file.is_table and (known is None or known[0].parse_csv_json):
                record = records.decode_cells(record)
                known = known or recognise(record, self._dialects)
            if known is None:
                found.refusal = found.refusal or refusal(record, self._dialects)
                self._reject(found, line, found.refusal)
                continue
            self._unpack(*known, record, line, found)

    def _unpack(self, dialect: Dialect, why: str, record: dict[str, Any], line: int, found: FileRecords) -> None:
        self._note(dialect, why, found, 0)
        if dialect.reads:
            self._look(dialect, record)
        rows: Iterable[Any] = [record] if dialect.unpack is None else dialect.unpack(record)
        try:
            for row in rows:
                if not isinstance(row, dict):
                    self._reject(found, line, f"no object: {dialect.name} holds {str(row)[:40]!r} in its place")
                    continue
                if not dialect.reads:
                    self._look(dialect, row)
                text = records.as_line(self._fitting(row, dialect) | {"_file": self._number, "_line": line})
                if len(text) > LONGEST_RECORD:
                    self._reject(found, line, f"a record of {len(text):,} characters, {LONGEST_RECORD:,} are read")
                    continue
                self._longest = max(self._longest, len(text))
                self._file_of(dialect).write(text + "\n")
                found.dialects[dialect.name] += 1
        except OTHERS as error:
            self._reject(found, line, f"not as {dialect.name} has it: {type(error).__name__}: {str(error)[:80]}")

    def _parquet(self, path: Path, found: FileRecords) -> None:
        import duckdb

        try:
            described = self._connection.execute(
                f"DESCRIBE SELECT * FROM read_parquet({sql.file(path)}, hive_partitioning = false)"
            ).fetchall()
        except duckdb.Error as error:
            self._reject(found, None, f"no Parquet that can be read: {_first_line(error)}")
            return
        kinds = {row[0]: row[1] for row in described}
        known = recognise({**dict.fromkeys(kinds), "__parquet__": True}, self._dialects)
        if known is None:
            self._reject(found, None, refusal(kinds, self._dialects, "columns"))
            return
        dialect, why = known
        if dialect.unpack is not None:
            self._row_by_row(path, dialect, why, found)
            return
        chosen = ", ".join(
            f"{sql.cell(name, kinds.get(name), wanted, dialect.decimals.get(name, '.'))} AS {sql.name(name)}"
            for name, wanted in dialect.columns.items()
        )
        source = (
            f"SELECT {chosen}, {self._number} AS _file, file_row_number + 1 AS _line "
            f"FROM read_parquet({sql.file(path)}, file_row_number = true, hive_partitioning = false)"
        )
        try:
            count = self._insert(dialect, source)
        except duckdb.Error:
            self._row_by_row(path, dialect, why, found)
            return
        self._note(dialect, why, found, count)
        self._look(dialect, kinds, count)

    def _row_by_row(self, path: Path, dialect: Dialect, why: str, found: FileRecords) -> None:
        """Unpack a Parquet file's rows in Python, some thousands at a time."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        line = 0
        try:
            for batch in pq.ParquetFile(path).iter_batches(batch_size=4096):
                for row in batch.to_pylist():
                    line += 1
                    record = {name: _plain(value) for name, value in row.items()}
                    self._unpack(dialect, why, records.decode_cells(record), line, found)
        except pa.ArrowException as error:
            self._reject(found, line + 1, f"the Parquet file breaks off after row {line}: {_first_line(error)}")

    def _look(self, dialect: Dialect, record: Mapping[str, Any], times: int = 1) -> None:
        self.looked[dialect.tool] += times
        for key in record:
            if key not in dialect.columns and key not in dialect.reads:
                self.unread[dialect.tool, key] += times

    def _fitting(self, row: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
        """Return what a dialect reads of a row, without values that DuckDB would refuse the whole file for."""
        fitting: dict[str, Any] = {}
        for name, kind in dialect.columns.items():
            value = row.get(name)
            if value is None:
                continue
            if name in dialect.decimals and isinstance(value, int | float):
                value = f"{Decimal(str(value)):f}".replace(".", dialect.decimals[name])
            if kind != "VARCHAR" and isinstance(value, str):
                value = records.decode_cells({name: value})[name]
            if isinstance(value, dict) or not kind.startswith("STRUCT"):
                fitting[name] = value
            elif value:
                self.lost[dialect.tool, name] += 1
        return fitting

    def _file_of(self, dialect: Dialect) -> Any:
        if dialect.name not in self._waiting:
            path = self._folder / f"records-{len(self._waiting)}.jsonl"
            self._waiting[dialect.name] = path.open("w", encoding="utf-8", newline="\n")
        return self._waiting[dialect.name]

    def _insert(self, dialect: Dialect, source: str) -> int:
        """Make spans of a source's records; return how many records it has."""
        select = spans.checked(dialect.select, content=self._content, scores=self._scores)
        before = self._size()
        self._connection.execute(f"SET preserve_insertion_order = {dialect.by_line}")
        self._connection.execute(f"INSERT INTO spans WITH records AS ({source}) {select}")
        made = self._size() - before
        if not dialect.filtered:
            return made
        rows = int(self._connection.execute(f"SELECT count(*) FROM ({source})").fetchall()[0][0])
        self.filtered += rows - made
        return rows

    def _size(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM spans").fetchall()[0][0])

    def _note(self, dialect: Dialect, why: str, found: FileRecords, count: int) -> None:
        self.used[dialect.name] = dialect
        found.dialects[dialect.name] += count
        found.why = found.why or why


def without_numbers(reason: str) -> str:
    """Return a reason without what differs from row to row, so that equal faults count as one.

    Example:
        >>> without_numbers("cached_tokens (40) exceed input_tokens (10)")
        'cached_tokens (#) exceed input_tokens (#)'
    """
    kind = reason.partition(": ")[0] if reason.startswith(("no JSON", "no CSV", "no object", "not as")) else reason
    return re.sub(r"\d[\d.,e+-]*", "#", _printable(re.sub(r"\(.*\) is no", "(#) is no", kind)))


def _printable(reason: str) -> str:
    return reason.encode("utf-8", errors="replace").decode("utf-8")


def _plain(value: Any) -> Any:
    """Return a Parquet value as JSON has it; a map comes as its pairs, a time without a zone stays without."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(one, tuple) and len(one) == 2 for one in value):
            return {str(name): _plain(inner) for name, inner in value}
        return [_plain(one) for one in value]
    return value


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
