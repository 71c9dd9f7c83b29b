"""``open_logs``: any tool's export becomes turns, and a report says what was found, assumed and left out.

Clean JSON lines and Parquet are read by DuckDB, file by file, without the rows ever passing through Python. A file in
which DuckDB or a check stumbles is read again record by record, so that each reject has its line.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import weakref
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chatmon import turns
from chatmon.importers import files, records, spans
from chatmon.importers.dialect import Dialect, recognise
from chatmon.importers.records import Rejected
from chatmon.importers.report import NEEDED, FileReport, ImportReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import duckdb
    import pandas as pd

MEMORY: Final = "600MB"
"""What DuckDB may hold before it spills to disk."""
SAMPLE: Final = 20
"""Records looked at before a file of JSON lines is left to DuckDB."""
LONGEST: Final = 16 * 2**20
"""Characters of one record, of the keys that are read."""
EXAMPLES: Final = 20
MOMENT: Final = 2.0
"""Seconds after which progress is shown."""
KEPT: Final = 10_000
"""Rejects kept with file and line; the others are counted."""


class Logs:
    """Imported logs: ``turns`` in DuckDB, and the ``report`` of how they came about.

    Attributes:
        report: What was found, assumed and left out.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, report: ImportReport, folder: Path) -> None:
        self.report = report
        self._connection = connection
        self._finalizer = weakref.finalize(self, _remove, connection, folder)

    @property
    def turns(self) -> duckdb.DuckDBPyRelation:
        """The turns as a DuckDB relation, in no order, with the columns of ``turns.schema()``."""
        return self._connection.table("turns")

    @property
    def rejected(self) -> duckdb.DuckDBPyRelation:
        """Up to 10,000 rejected records: ``file``, ``line``, ``reason``."""
        return self._connection.table("rejects")

    def frame(self) -> pd.DataFrame:
        """Return the turns as a pandas frame, in order of time."""
        return turns.as_frame(self.turns.order("timestamp, turn_id").to_arrow_table().cast(turns.schema()))

    def write_parquet(self, path: Path) -> None:
        """Write the turns to a Parquet file, in order of time, whatever their number."""
        unfinished = path.with_name(path.name + ".part")
        try:
            self.turns.order("timestamp, turn_id").write_parquet(str(unfinished), compression="zstd")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the turns and the disk they are on; forgetting the object does the same."""
        self._finalizer()

    def __enter__(self) -> Logs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _repr_html_(self) -> str:
        return self.report._repr_html_()


def _remove(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    connection.close()
    shutil.rmtree(folder, ignore_errors=True)


def open_logs(
    paths: str | Path | Iterable[str | Path],
    format: str | None = None,  # noqa: A002 - what a reader expects it to be called
    tz: str | None = None,
    *,
    content: bool = False,
) -> Logs:
    """Read exported logs of any known tool into turns.

    Args:
        paths: A file, a glob, a folder, or several of them; compressed files too.
        format: A tool's name, such as ``langsmith``, to look for its dialects only.
        tz: The zone of times that name none, such as ``Europe/Berlin``; without it UTC, which all known tools write.
        content: Whether to read the texts of questions and answers.

    Raises:
        FileNotFoundError: Nothing is there; the message names what was looked for and where.
        ValueError: ``format`` or ``tz`` is unknown; the message has the known ones.

    What cannot be read in a file raises nothing: it is rejected, with its reason, in the report.
    """
    import duckdb

    dialects = _dialects(format)
    try:
        zone = ZoneInfo(tz or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"tz ({tz!r}) is no time zone: name one such as 'Europe/Berlin'") from error
    chosen, others = files.expand(paths)
    folder = Path(tempfile.mkdtemp(prefix="chatmon-logs-"))
    connection = duckdb.connect(folder / "logs.duckdb")
    try:
        connection.execute(f"SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = false")
        connection.execute(f"SET temp_directory = '{folder.as_posix()}'; SET TimeZone = '{zone.key}'")
        spans.prepare(connection)
        reader = _Reader(connection, dialects, folder, content=content)
        with _progress(len(chosen)) as reading:
            found = []
            for path in chosen:
                reading(path.name)
                found.append(reader.read(path))
            reading("what was unpacked")
            reader.finish()
        duplicates = spans.drop_duplicates(connection)
        reader.reject_without_start()
        notes = _notes_of_rows(connection)
        connection.execute("SET TimeZone = 'UTC'")
        spans.to_turns(connection)
        report = _report(connection, reader, found, others, duplicates, notes, zone=tz, content=content)
        connection.execute("DROP TABLE spans")
    except BaseException:
        _remove(connection, folder)
        raise
    return Logs(connection, report, folder)


@contextmanager
def _progress(number: int) -> Iterator[Callable[[str], None]]:
    """Show on a terminal which file is being read, once that takes longer than a moment."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True)
    task = progress.add_task("reading", total=number)
    begun = 0

    def reading(name: str) -> None:
        nonlocal begun
        progress.update(task, completed=begun, description=f"reading {name}")
        begun += 1

    timer = threading.Timer(MOMENT, progress.start)
    timer.daemon = True
    if console.is_terminal:
        timer.start()
    try:
        yield reading
    finally:
        timer.cancel()
        progress.stop()


def _dialects(tool: str | None) -> tuple[Dialect, ...]:
    from chatmon.importers import ALL

    if tool is None:
        return ALL
    chosen = tuple(dialect for dialect in ALL if dialect.tool == tool)
    if not chosen:
        raise ValueError(f"format ({tool!r}) is unknown: it is one of {', '.join(sorted({d.tool for d in ALL}))}")
    return chosen


@dataclass(slots=True)
class _Found:
    file: str
    dialects: Counter[str]
    why: str


class _Reader:
    """Fills ``spans`` and ``rejects`` file by file."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, dialects: tuple[Dialect, ...], folder: Path, *, content: bool
    ) -> None:
        self.connection, self.dialects, self.folder, self.content = connection, dialects, folder, content
        self.used: dict[str, Dialect] = {}
        self.rejected: Counter[str] = Counter()
        self._waiting: dict[str, Any] = {}

    def read(self, path: Path) -> _Found:
        """Read one file the fast way if it is clean, else record by record."""
        found = _Found(path.name, Counter(), "")
        try:
            file = files.look(path)
            if file.kind == "parquet":
                self._parquet(path, found)
            elif not self._at_once(file, found):
                self._one_by_one(file, found)
        except OSError as error:
            self.reject(Rejected(path.name, None, f"cannot be read: {error}"))
        return found

    def reject(self, rejected: Rejected) -> None:
        """Count what was rejected, and keep it while there is room."""
        self.rejected[_without_numbers(rejected.reason)] += 1
        if self.rejected.total() <= KEPT:
            self.connection.execute(
                "INSERT INTO rejects VALUES (?, ?, ?)", [rejected.file, rejected.line, rejected.reason]
            )

    def _at_once(self, file: files.LogFile, found: _Found) -> bool:
        """Let DuckDB read a file of JSON lines in one dialect; False, and nothing done, where it is anything else."""
        import duckdb

        if file.kind != "jsonl" or file.compression not in (None, "gzip", "zstd"):
            return False
        seen: list[tuple[Dialect, str]] = []
        for one in records.read(file):
            known = None if isinstance(one, Rejected) else recognise(one[1], self.dialects)
            if known is None or known[0].unpack is not None or (seen and known[0] is not seen[0][0]):
                return False
            seen.append(known)
            if len(seen) == SAMPLE:
                break
        if not seen:
            return False
        dialect, why = seen[0]
        source = (
            f"SELECT *, {_text(file.path.name)} AS _file, NULL::BIGINT AS _line "
            f"FROM read_ndjson({_text(str(file.path))}, records = true, columns = {_columns(dialect)}, "
            f"compression = {_text(file.compression or 'none')})"
        )
        before = self._size()
        self.connection.execute("BEGIN")
        try:
            self._insert(dialect, source)
            bad = self.connection.execute("SELECT count(*) FROM spans WHERE reject IS NOT NULL").fetchall()[0][0]
        except duckdb.Error:
            self.connection.execute("ROLLBACK")
            return False
        if bad:
            self.connection.execute("ROLLBACK")
            return False
        self.connection.execute("COMMIT")
        self._note(dialect, why, found, self._size() - before)
        return True

    def _one_by_one(self, file: files.LogFile, found: _Found) -> None:
        for one in records.read(file):
            if isinstance(one, Rejected):
                self.reject(one)
                continue
            line, record = one
            known = recognise(record, self.dialects)
            if known is None and file.kind == "csv":
                record = records.decode_cells(record)
                known = recognise(record, self.dialects)
            if known is None:
                keys = ", ".join(list(record)[:6])
                self.reject(Rejected(found.file, line, f"no known shape: its keys are {keys}"))
                continue
            dialect, why = known
            if file.kind == "csv" and dialect.parse_csv_json:
                record = records.decode_cells(record)
            self._unpack(dialect, why, record, line, found)

    def _unpack(self, dialect: Dialect, why: str, record: dict[str, Any], line: int, found: _Found) -> None:
        flat: Iterator[dict[str, Any]] = iter([record]) if dialect.unpack is None else iter(dialect.unpack(record))
        unpacked = 0
        try:
            for row in flat:
                unpacked += 1
                needed = {name: row.get(name) for name in dialect.columns if row.get(name) is not None}
                for name, value in needed.items():
                    if dialect.columns[name] == "JSON" and isinstance(value, str):
                        needed[name] = records.decode_cells({name: value})[name]
                text = records.as_line({**needed, "_file": found.file, "_line": line})
                if len(text) > LONGEST:
                    reason = f"a record of {len(text):,} characters, {LONGEST:,} are read"
                    self.reject(Rejected(found.file, line, reason))
                    continue
                self._file_of(dialect).write(text + "\n")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self.reject(Rejected(found.file, line, f"not as {dialect.name} has it: {error!r}"))
        self._note(dialect, why, found, unpacked)

    def _parquet(self, path: Path, found: _Found) -> None:
        import duckdb

        try:
            described = self.connection.execute(
                f"DESCRIBE SELECT * FROM read_parquet({_text(str(path))}, hive_partitioning = false)"
            ).fetchall()
        except duckdb.Error as error:
            self.reject(Rejected(path.name, None, f"no Parquet that can be read: {_first_line(error)}"))
            return
        kinds = {row[0]: row[1] for row in described}
        known = recognise({**dict.fromkeys(kinds), "__parquet__": True}, self.dialects)
        if known is None:
            self.reject(Rejected(path.name, None, f"no known shape: its columns are {', '.join(list(kinds)[:8])}"))
            return
        dialect, why = known
        if dialect.unpack is not None:
            self._row_by_row(path, dialect, why, found)
            return
        chosen = ", ".join(
            f"{_cell(name, kinds.get(name), wanted)} AS {_name(name)}" for name, wanted in dialect.columns.items()
        )
        source = (
            f"SELECT {chosen}, {_text(path.name)} AS _file, file_row_number + 1 AS _line "
            f"FROM read_parquet({_text(str(path))}, file_row_number = true, hive_partitioning = false)"
        )
        before = self._size()
        try:
            self._insert(dialect, source)
        except duckdb.Error as error:
            self.reject(Rejected(path.name, None, f"not as {dialect.name} has it: {_first_line(error)}"))
            return
        self._note(dialect, why, found, self._size() - before)

    def _row_by_row(self, path: Path, dialect: Dialect, why: str, found: _Found) -> None:
        """Unpack a Parquet file's rows in Python, some thousands at a time."""
        import pyarrow.parquet as pq

        line = 0
        for batch in pq.ParquetFile(path).iter_batches(batch_size=4096):
            for row in batch.to_pylist():
                line += 1
                record = {name: _plain(value) for name, value in row.items()}
                self._unpack(dialect, why, records.decode_cells(record), line, found)

    def finish(self) -> None:
        """Read what was unpacked record by record, and set aside the rows that no span can be."""
        for name, file in self._waiting.items():
            file.close()
            dialect = self.used[name]
            columns = _columns(dialect, "_file VARCHAR", "_line BIGINT")
            self._insert(
                dialect,
                f"SELECT * FROM read_ndjson({_text(file.name)}, records = true, columns = {columns}, "
                f"maximum_object_size = {8 * LONGEST})",
            )
        rows = self.connection.execute(
            "SELECT reject, count(*) FROM spans WHERE reject IS NOT NULL GROUP BY reject"
        ).fetchall()
        for reason, count in rows:
            self.rejected[_without_numbers(reason)] += count
        spans.set_rejects_aside(self.connection, KEPT)

    def reject_without_start(self) -> None:
        """Reject the spans that have only an end, now that the halves of a span are one row."""
        without = "start_time IS NULL AND kind IS DISTINCT FROM 'score'"
        count = self.connection.execute(f"SELECT count(*) FROM spans WHERE {without}").fetchall()[0][0]
        if count:
            self.rejected[spans.NO_START] += count
            self.connection.execute(f"UPDATE spans SET reject = '{spans.NO_START}' WHERE {without}")
            spans.set_rejects_aside(self.connection, KEPT)

    def _file_of(self, dialect: Dialect) -> Any:
        self.used[dialect.name] = dialect
        if dialect.name not in self._waiting:
            path = self.folder / f"records-{len(self._waiting)}.jsonl"
            self._waiting[dialect.name] = path.open("w", encoding="utf-8", newline="\n")
        return self._waiting[dialect.name]

    def _insert(self, dialect: Dialect, source: str) -> None:
        select = spans.checked(dialect.select, content=self.content)
        self.connection.execute(f"INSERT INTO spans BY NAME WITH records AS ({source}) {select}")

    def _size(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM spans").fetchall()[0][0])

    def _note(self, dialect: Dialect, why: str, found: _Found, count: int) -> None:
        self.used[dialect.name] = dialect
        found.dialects[dialect.name] += count
        found.why = found.why or why


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _columns(dialect: Dialect, *more: str) -> str:
    pairs = [*dialect.columns.items(), *(one.split() for one in more)]
    return "{" + ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in pairs) + "}"


def _cell(name: str, found: str | None, wanted: str) -> str:
    """Return the SQL that reads a Parquet column as the dialect declares it."""
    quoted = _name(name)
    if found is None:
        return f"CAST(NULL AS {wanted})"
    if found.startswith("TIMESTAMP"):
        aware = "TIME ZONE" in found
        utc = f"CAST({quoted} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'" if aware else f"CAST({quoted} AS TIMESTAMP)"
        return f"strftime({utc}, '%Y-%m-%dT%H:%M:%S.%f{'Z' if aware else ''}')"
    nested = found.startswith(("STRUCT", "MAP", "UNION")) or found.endswith("]")
    if wanted == "JSON":
        return (
            f"to_json({quoted})"
            if nested
            else f"CASE WHEN json_valid(CAST({quoted} AS VARCHAR)) THEN CAST(CAST({quoted} AS VARCHAR) AS JSON) END"
        )
    return f"CAST({f'to_json({quoted})' if nested else quoted} AS VARCHAR)"


def _plain(value: Any) -> Any:
    """Return a Parquet value as JSON has it; a map comes as its pairs, a time without a zone stays without."""
    if isinstance(value, datetime):
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


def _without_numbers(reason: str) -> str:
    """Return a reason without what differs from row to row, so that equal faults count as one."""
    return re.sub(
        r"\d[\d.,e+-]*", "#", reason.partition(": ")[0] if reason.startswith(("no JSON", "no CSV")) else reason
    )


def _notes_of_rows(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "SELECT note, count(*) FROM spans WHERE note IS NOT NULL GROUP BY note ORDER BY note"
    ).fetchall()
    return [f"{note} ({count:,} rows)" for note, count in rows]


def _report(
    connection: duckdb.DuckDBPyConnection,
    reader: _Reader,
    found: list[_Found],
    others: list[Path],
    duplicates: int,
    notes: list[str],
    *,
    zone: str | None,
    content: bool,
) -> ImportReport:
    names = [name for name in turns.COLUMNS if name != "attributes"]
    counts = ", ".join(f"count({name})" for name in names)
    counted = connection.execute(
        f"SELECT count(*), count(*) FILTER (conversation_id = turn_id), {counts} FROM turns"
    ).fetchall()[0]
    made, alone, values = counted[0], counted[1], dict(zip(names, counted[2:], strict=True))
    missing = tuple(name for name, count in values.items() if not count)
    assumptions = list(dict.fromkeys(text for dialect in reader.used.values() for text in dialect.assumptions))
    if zone is not None:
        assumptions.append(f"times without a zone are read as {zone}, as you said")
    said = []
    if made and alone == made:
        said.append("no conversation ids: each turn counts as a conversation of its own")
    if made and 0 < values["cost"] < made:
        said.append(f"{made - values['cost']:,} of {made:,} turns state no cost: sums of cost are lower bounds")
    if made and 0 < values["input_tokens"] < made:
        said.append(f"{made - values['input_tokens']:,} of {made:,} turns state no input tokens")
    if not content:
        said.append("texts of questions and answers were not read: content=True reads them")
    rejected = connection.execute("SELECT file, line, reason FROM rejects ORDER BY file, line LIMIT ?", [EXAMPLES])
    examples = tuple(Rejected(*row) for row in rejected.fetchall())
    orphans = connection.execute("SELECT count(*) FROM rejects WHERE reason LIKE 'feedback for a trace%'").fetchall()
    if orphans[0][0]:
        reader.rejected["feedback for a trace that is not in the export"] = orphans[0][0]
    return ImportReport(
        files=tuple(
            FileReport(
                one.file,
                ", ".join(name for name, _ in one.dialects.most_common()) or "none",
                one.why or "nothing known",
                one.dialects.total(),
            )
            for one in found
        ),
        left_alone=tuple(str(path.name) for path in others),
        assumptions=tuple(assumptions + notes),
        read=sum(one.dialects.total() for one in found),
        duplicates=duplicates,
        turns=made,
        rejected=dict(reader.rejected.most_common()),
        examples=examples,
        missing=missing,
        cannot={
            name: columns for name, columns in NEEDED.items() if made and all(column in missing for column in columns)
        },
        notes=tuple(said),
    )
