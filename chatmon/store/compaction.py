"""Lines of processes that are gone into one Parquet file a day: no turn lost or doubled wherever it is interrupted.

A day's new file is the old one and its lines together, each turn once. It is written under a hidden name, synced, and
renamed over the old one: that is the moment at which all of it counts. It names the files of lines it holds. These go
an hour later (``grace``), with the next compaction: who began to read the folder before that moment finds them still,
and sees a turn twice at most, which ``open_logs`` knows by its ``turn_id``.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatmon import turns
from chatmon._tools import sql
from chatmon._tools.locks import Hold
from chatmon._tools.paths import private_file, sync_folder
from chatmon.store.layout import ASIDE, PART, _is_whole, _part_of, live_files, parts
from chatmon.store.lines import from_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date
    from pathlib import Path

    import duckdb

GRACE_SECONDS: Final = 3_600.0
MEMORY: Final = "1GB"
_SOURCES: Final = "chatmon.sources"
_COLUMNS: Final = {name: turns.DUCKDB_TYPES[kind] for name, kind in turns.KINDS.items()} | dict.fromkeys(
    ("attributes", "usage_details"), "JSON"
)
_AS_TEXT: Final = {
    "attributes": "coalesce(CAST(attributes AS VARCHAR), '{}')", "usage_details": "CAST(usage_details AS VARCHAR)",
}  # fmt: skip
_NAMES: Final = ", ".join(sql.name(name) for name in _COLUMNS)
_LINE: Final = _COLUMNS | {"rated_at": "TIMESTAMPTZ"}


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did.

    Attributes:
        days: Days that were written anew.
        files: Files of lines that were taken in.
        turns: Turns in the files of these days.
        unreadable: Lines that are no turn, most of them the last of a killed process; they are left out.
        removed: Files of lines removed, because an earlier compaction holds them.
        living: Files left alone, because a running process writes to them.
        aside: Days whose Parquet could not be read: it lies beside the new one, named ``part-0.parquet.unreadable``.
    """

    days: tuple[date, ...]
    files: int
    turns: int
    unreadable: int
    removed: int
    living: int
    aside: tuple[date, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.files:,} files of lines compacted: {len(self.days)} days now hold {self.turns:,} turns; "
            f"{self.unreadable:,} unreadable lines left out, {self.removed:,} files of earlier compactions removed, "
            f"{self.living:,} are still written to"
        ) + "".join(f"; the Parquet of {day} cannot be read and was set aside as {PART}{ASIDE}" for day in self.aside)


def compact(folder: Path, *, grace: float = GRACE_SECONDS, clock: Callable[[], float] = time.time) -> Compacted:
    """Take the lines of processes that are gone into the days' Parquet files.

    Args:
        folder: The store's.
        grace: Seconds that a file of lines stays after it was taken in.
        clock: Seconds since 1970.

    Raises:
        BlockingIOError: Another compaction is under way.
        FileNotFoundError: There is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no store at {folder}: a bot makes it with Store(folder).attach(monitor)")
    with Hold(folder / ".compaction", make=True) as hold:
        if not hold.held:
            raise BlockingIOError(f"another compaction of {folder} is under way: wait for it to end")
        written: list[date] = []
        files = count = unreadable = removed = living = 0
        aside = _set_aside(parts(folder))
        held = parts(folder)
        for day, lines in live_files(folder).items():
            taken_in = sources_of(held[day]) if day in held else {}
            with ExitStack() as holds:
                new, held_by_others = [], 0
                for path in lines:
                    if path.name in taken_in:
                        if clock() - taken_in[path.name] >= grace:
                            path.unlink()
                            removed += 1
                    elif holds.enter_context(Hold(path)).held:
                        new.append(path)
                    else:
                        held_by_others += 1
                living += held_by_others
                if not new:
                    continue
                there = {path.name for path in lines if path.exists()}
                sources = {name: at for name, at in taken_in.items() if name in there}
                sources |= {path.name: clock() for path in new}
                done = _write_day(_part_of(folder, day), new, sources, alone=not held_by_others)
            if done is None:
                continue
            rows, wrong = done
            written.append(day)
            files, count, unreadable = files + len(new), count + rows, unreadable + wrong
            if grace <= 0:
                for path in new:
                    path.unlink()
                    removed += 1
    return Compacted(tuple(written), files, count, unreadable, removed, living, aside)


def _set_aside(held: Mapping[date, Path]) -> tuple[date, ...]:
    """Rename the days' files that are no Parquet, so that they keep no other day waiting, and return whose they are."""
    found = []
    for day, part in held.items():
        if not _is_whole(part):
            part.replace(part.with_name(f"{PART}{ASIDE}"))
            found.append(day)
    return tuple(found)


def sources_of(part: Path) -> dict[str, float]:
    """Return the files of lines that a day's file holds, and when they were taken in."""
    import pyarrow.parquet as pq

    said = (pq.read_metadata(part).metadata or {}).get(_SOURCES.encode(), b"{}")
    sources: dict[str, float] = json.loads(said)
    return sources


def _write_day(part: Path, lines: list[Path], sources: Mapping[str, float], *, alone: bool) -> tuple[int, int] | None:
    """Write a day's file anew, and return its turns and the lines that are none.

    Where another process may hold the turn of a rating (not ``alone``), the day waits, and None is returned.
    """
    import duckdb

    unfinished = part.with_name(".unfinished")
    cleaned = part.with_name(".cleaned")
    spilled = part.with_name(".spilled")
    if spilled.exists():  # of a compaction that was killed
        shutil.rmtree(spilled)
    for one in (unfinished, cleaned):
        private_file(one)
    connection = duckdb.connect()
    try:
        connection.execute(f"SET memory_limit = '{MEMORY}'; SET TimeZone = 'UTC'")
        connection.execute(f"SET temp_directory = {sql.text(str(spilled))}")
        declared = ", ".join(f"{sql.name(name)} {kind}" for name, kind in _LINE.items())
        whole = " AND ".join(f"{sql.name(name)} IS NOT NULL" for name in turns.REQUIRED)
        rating = "turn_id IS NOT NULL AND rated_at IS NOT NULL AND coalesce(user_satisfaction BETWEEN 1 AND 5, false)"
        connection.execute(f"CREATE TABLE found ({declared}, CHECK (({whole} AND rated_at IS NULL) OR ({rating})))")
        if part.exists():
            of_part = f"read_parquet({sql.file(part)}, hive_partitioning = false)"
            held = {name for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {of_part}").fetchall()}  # noqa: S608
            # A file that was written before a column was there has the others.
            names = ", ".join(sql.name(name) for name in _COLUMNS if name in held)
            connection.execute(f"INSERT INTO found BY NAME SELECT {names} FROM {of_part}")  # noqa: S608
        unreadable = sum(_take_in(connection, path, cleaned) for path in lines)
        astray = _set_ratings_aside(connection)
        if astray and not alone:
            unfinished.unlink()
            return None
        rows = _write(connection, unfinished, sources)
    finally:
        connection.close()
        cleaned.unlink()
    with unfinished.open("rb+") as file:
        os.fsync(file.fileno())
    unfinished.replace(part)
    sync_folder(part.parent)
    return rows, unreadable


def _take_in(connection: duckdb.DuckDBPyConnection, path: Path, cleaned: Path) -> int:
    """Add a file's turns, and return how many of its lines are none."""
    import duckdb

    try:
        _insert(connection, path)
    except duckdb.Error:
        wrong = _clean(path, cleaned)
        if cleaned.stat().st_size:
            _insert(connection, cleaned)
        return wrong
    return 0


def _insert(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    source = f"read_ndjson({sql.file(path)}, records = true, columns = {sql.declared(_LINE)})"
    connection.execute(f"INSERT INTO found SELECT {_NAMES}, rated_at FROM {source}")  # noqa: S608 - names of our own columns


def _clean(path: Path, cleaned: Path) -> int:
    """Write the lines that are turns to another file, and return how many are none."""
    wrong = 0
    with path.open("rb") as lines, cleaned.open("wb") as kept:
        for line in lines:
            if _is_turn(line):
                kept.write(line)
            else:
                wrong += 1
    return wrong


def _is_turn(line: bytes) -> bool:
    try:
        from_line(line)
    except ValueError:
        return False
    return True


def _set_ratings_aside(connection: duckdb.DuckDBPyConnection) -> int:
    """Make the table ``rated`` of the last rating of each turn, and return how many have no turn here."""
    connection.execute(
        """CREATE TABLE rated AS SELECT turn_id, arg_max(user_satisfaction, (rated_at, rowid)) AS last FROM found
        WHERE rated_at IS NOT NULL GROUP BY turn_id"""
    )
    connection.execute("DELETE FROM found WHERE rated_at IS NOT NULL")
    return _count(connection.execute("SELECT count(*) FROM rated ANTI JOIN found USING (turn_id)").fetchall())


def _write(connection: duckdb.DuckDBPyConnection, path: Path, sources: Mapping[str, float]) -> int:
    """Write each turn once, the last line of it, in order of time."""
    connection.execute("CREATE TABLE twice AS SELECT turn_id FROM found GROUP BY turn_id HAVING count(*) > 1")
    connection.execute(
        """DELETE FROM found WHERE turn_id IN (FROM twice) AND rowid NOT IN (
            SELECT max(rowid) FROM found WHERE turn_id IN (FROM twice) GROUP BY turn_id)"""
    )
    columns = ", ".join(
        f"{_AS_TEXT[name]} AS {name}" if kind == "JSON" else sql.name(name) for name, kind in _COLUMNS.items()
    ).replace(sql.name("user_satisfaction"), "coalesce(last, user_satisfaction) AS user_satisfaction")
    noted = f"{{{sql.text(_SOURCES)}: {sql.text(json.dumps(dict(sources)))}}}"
    connection.execute(
        f"COPY (SELECT {columns} FROM found LEFT JOIN rated USING (turn_id) "  # noqa: S608
        f"ORDER BY timestamp, turn_id) TO {sql.text(str(path))} "
        f"(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, KV_METADATA {noted})"
    )
    return _count(connection.execute("SELECT count(*) FROM found").fetchall())


def _count(rows: Iterable[tuple[int]]) -> int:
    return next(iter(rows))[0]
