"""``open_logs``: any tool's export becomes turns, and a report says what was found, assumed and left out."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chatmon import turns
from chatmon._tools.paths import whole_file
from chatmon.importers import _calls as calls
from chatmon.importers import _mapped as mapped
from chatmon.importers import _scores as scored
from chatmon.importers import _spans as spans
from chatmon.importers import _traces as traces
from chatmon.importers import files
from chatmon.importers._became import what_became
from chatmon.importers._choice import choose, chosen_rows
from chatmon.importers._findings import report_of
from chatmon.importers._priced import price_turns
from chatmon.importers._progress import progress
from chatmon.importers._reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    import duckdb
    import pandas as pd

    from chatmon.cost import PriceTable
    from chatmon.importers._dialect import Dialect
    from chatmon.importers.report import ImportReport

MEMORY: Final = "600MB"
"""What DuckDB may hold before it spills to disk."""


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
        """The turns as a DuckDB relation, in no order, with the columns of ``turns.schema()``.

        Take them out by ``frame()``, ``df()`` or Arrow: DuckDB's own ``fetchall`` wants ``pytz`` for the times.
        """
        return self._connection.view("turns")

    @property
    def rejected(self) -> duckdb.DuckDBPyRelation:
        """Up to 10,000 rejected records: ``file``, ``line``, ``reason``."""
        return self._connection.table("rejects")

    def columns(self) -> pd.DataFrame:
        """Return what each column became: in how many turns it says something, its range or most frequent values.

        Columns ``column``, ``known`` (turns), ``lost`` (cells that could not be read), ``values``.
        """
        return what_became(self._connection, self.report.lost)

    def frame(self) -> pd.DataFrame:
        """Return the turns as a pandas frame, in order of time.

        ``cost`` is exact, and adds up exactly. pandas divides and multiplies no decimals of this size: to compute with
        it, take it as floats, which lose no cent of a billion dollars, ``logs.frame().astype({"cost": float})``.
        """
        return turns.as_frame(self.turns.order("timestamp, turn_id").to_arrow_table().cast(turns.schema()))

    def write_parquet(self, path: Path) -> None:
        """Write the turns to a Parquet file of its owner's only, in order of time, whatever their number.

        Raises:
            FileNotFoundError: There is no such folder.
        """
        with whole_file(path) as unfinished:
            self.turns.order("timestamp, turn_id").write_parquet(
                str(unfinished), compression="zstd", use_tmp_file=False
            )

    def close(self) -> None:
        """Let go of the turns and the disk they spilled to; forgetting the object does the same."""
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
    columns: str | Path | Mapping[str, Any] | None = None,
    scores: str | Path | Mapping[str, Any] | Sequence[str | Path | Mapping[str, Any]] | None = None,
    content: bool = False,
    where: str | None = None,
    since: datetime | date | None = None,
    until: datetime | date | None = None,
    price: bool | PriceTable = False,
) -> Logs:
    """Read exported logs of any known tool, or a flat table with a map of its columns, into turns.

    Args:
        paths: A file, a glob, a folder, or several of them; compressed files too.
        format: A tool's name, such as ``langsmith``, to look for its dialects only.
        tz: The zone of times that name none, such as ``Europe/Berlin``; without it UTC, which all known tools write.
        columns: For a table that no known tool writes: a TOML file, or the same as a mapping, that says which of its
            columns is which of turns; see ``mapped.from_map``.
        scores: Verdicts and labels to have in the attributes of turns, as ``verdict_NAME`` and ``label_NAME``: a map
            of the scores of tools, as a TOML file or a mapping such as
            ``{"verdicts": {"solves": {"score": "correctness", "at_least": 0.7}}}``, a CSV as ``chatmon judge`` and
            ``chatmon label`` write it, or several of these.
        content: Whether to read the texts of questions and answers.
        where: Which turns count, as SQL over columns of turns and dimensions of ``attributes``, such as
            ``channel = 'app' AND team = 'EU'``.
        since: The first moment of a turn that counts, aware; a date, or a moment without a zone, is one of ``tz``.
        until: The first moment that no longer counts, in the same way.
        price: Whether turns with tokens and a model but no cost are given what these cost at the time of the turn, by
            the public prices, or by a table of one's own before them; ``price_source`` tells them apart.

    Raises:
        FileNotFoundError: Nothing is there; the message names what was looked for and where.
        ValueError: ``format``, ``tz``, ``columns``, ``scores``, ``where``, ``since`` or ``until`` says something
            unknown, or what is read can be read in two ways; the message has what is known.

    What cannot be read in a file raises nothing: it is rejected, with its reason, in the report.
    """
    import duckdb

    chosen, others = files.expand(paths)
    dialects = _dialects(format) if columns is None else (mapped.from_map(columns, chosen),)
    zone = _zone(tz, dialects[0])
    kept, wanted = chosen_rows(where, since, until, zone), scored.wanted_scores(scores)
    folder = Path(tempfile.mkdtemp(prefix="chatmon-logs-"))
    connection = duckdb.connect()
    try:
        connection.execute(f"SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = false")
        connection.execute(f"SET temp_directory = '{folder.as_posix()}'")
        spans.prepare(connection, zone.key)
        reader = Reader(connection, dialects, folder, content=content, scores=bool(wanted.named))
        with progress(connection, len(chosen) + 2) as reading:
            found = []
            for path in chosen:
                reading(path.name)
                found.append(reader.read(path))
            reading("what was unpacked")
            reader.finish()
            reading("spans into turns")
            duplicates, halves = spans.drop_duplicates(connection)
            reader.set_aside(without_start=True)
            if dialects[0].settle is not None:
                halves += dialects[0].settle(connection)
                reader.set_aside()
            traces.join_feedback(connection)
            apart = calls.settle(connection)
            traces.leave_out_other_traces(connection)
            reader.set_aside()
            connection.execute("SET TimeZone = 'UTC'")
            traces.to_turns(connection, reader.silent(found))
            priced = price_turns(connection, None if price is True else price) if price else []
            judged = scored.join(connection, wanted)
            left_out = choose(connection, kept)
        report = report_of(
            connection,
            reader,
            found,
            others,
            apart,
            duplicates=duplicates,
            halves=halves,
            zone=tz,
            content=content,
            left_out=left_out,
            priced=priced,
            judged=judged,
            read_scores=wanted.names,
        )
        connection.execute("DROP TABLE spans")
    except BaseException:
        _remove(connection, folder)
        raise
    return Logs(connection, report, folder)


def _zone(tz: str | None, dialect: Dialect) -> ZoneInfo:
    if tz and dialect.zone and tz != dialect.zone:
        raise ValueError(f"tz ({tz!r}) is not the zone of the map ({dialect.zone!r}): name it in one of the two")
    try:
        return ZoneInfo(tz or dialect.zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"tz ({tz!r}) is no time zone: name one such as 'Europe/Berlin'") from error


def _dialects(tool: str | None) -> tuple[Dialect, ...]:
    from chatmon.importers import ALL

    if tool is None:
        return ALL
    chosen = tuple(dialect for dialect in ALL if dialect.tool == tool)
    if not chosen:
        raise ValueError(f"format ({tool!r}) is unknown: it is one of {', '.join(sorted({d.tool for d in ALL}))}")
    return chosen
