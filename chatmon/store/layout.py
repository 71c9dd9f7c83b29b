"""Where a store keeps what: lines of running processes under ``live/``, one Parquet file a day under ``turns/``.

    live/2026-10-05/<host>-<pid>-<start>.jsonl    one process's turns of a day; locked while it may write
    turns/day=2026-10-05/part-0.parquet           what was compacted of the day

The day is the one in which a turn began, in UTC. Files are 0600, folders 0700.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from chatmon._tools.locks import Hold
from chatmon._tools.shown import as_html, as_text

if TYPE_CHECKING:
    from pathlib import Path

LIVE: Final = "live"
TURNS: Final = "turns"
PART: Final = "part-0.parquet"
ASIDE: Final = ".unreadable"
"""What the name of a day's file ends with once it was found to be no Parquet."""
_DATE: Final = re.compile(r"(?:day=)?(\d{4}-\d\d-\d\d)")


def live_files(folder: Path) -> dict[date, list[Path]]:
    """Return the files of lines by day, the oldest first."""
    return _by_day(folder / LIVE, "*.jsonl")


def parts(folder: Path) -> dict[date, Path]:
    """Return the compacted file of each day that has one, the oldest first."""
    return {day: files[0] for day, files in _by_day(folder / TURNS, PART).items() if files}


def _is_whole(part: Path) -> bool:
    """Say whether a day's file is Parquet by its beginning, its end and what that says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.read_metadata(part)
    except pa.ArrowException:
        return False
    return True


def _part_of(folder: Path, day: date) -> Path:
    """Return where a day is compacted to."""
    return folder / TURNS / f"day={day.isoformat()}" / PART


def _by_day(folder: Path, pattern: str) -> dict[date, list[Path]]:
    found = {}
    for one in sorted(folder.iterdir()) if folder.is_dir() else ():
        named = _DATE.fullmatch(one.name)
        if named and one.is_dir():
            found[date.fromisoformat(named[1])] = sorted(one.glob(pattern))
    return found


def torn(path: Path) -> int:
    """Return how many bytes of a file of lines follow its last whole one; more than 0 where its writer was killed."""
    with path.open("rb") as file:
        end = at = file.seek(0, os.SEEK_END)
        while at:
            start = max(0, at - 65_536)
            file.seek(start)
            found = file.read(at - start).rfind(b"\n")
            if found >= 0:
                return end - (start + found + 1)
            at = start
    return end


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store's folder holds.

    Attributes:
        folder: The folder.
        live: Files of lines, and their bytes.
        written_to: How many of these a running process holds.
        torn: How many end in half a line.
        days: Days that are compacted, and the bytes of their Parquet files.
        compacted: Turns in them.
        first: The oldest day; None where there is none.
        last: The newest day.
        unreadable: Days whose file is no Parquet, or was set aside for that.
    """

    folder: str
    live: tuple[int, int]
    written_to: int
    torn: int
    days: tuple[int, int]
    compacted: int
    first: date | None
    last: date | None
    unreadable: tuple[date, ...] = ()

    def rows(self) -> list[tuple[str, str]]:
        """Return it as pairs of a name and a text."""
        period = "empty" if self.first is None else f"{self.first} to {self.last}"
        return [
            ("store", f"{self.folder}: {period}"),
            ("live", f"{self.live[0]:,} files, {self.live[1]:,} bytes; {self.written_to:,} of them are written to"),
            ("torn", f"{self.torn:,} of these files end in half a line"),
            ("compacted", f"{self.compacted:,} turns of {self.days[0]:,} days, {self.days[1]:,} bytes"),
            *(
                ("unreadable", f"{day}: its Parquet is damaged; mend it, or take it from a backup")
                for day in self.unreadable
            ),
        ]

    def __str__(self) -> str:
        return as_text(self.rows())

    def _repr_html_(self) -> str:
        return as_html("What the store holds.", self.rows())


def contents(folder: Path) -> Contents:
    """Return what a folder holds.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    import pyarrow.parquet as pq

    if not folder.is_dir():
        raise FileNotFoundError(f"no store at {folder}: a bot makes it with Store(folder).attach(monitor)")
    lines, held = live_files(folder), parts(folder)
    tables = {day: part for day, part in held.items() if _is_whole(part)}
    aside = {day for day, files in _by_day(folder / TURNS, f"{PART}{ASIDE}").items() if files}
    files = [file for of_day in lines.values() for file in of_day]
    written_to = 0
    for file in files:
        with Hold(file) as hold:
            written_to += not hold.held
    days = sorted(set(tables) | {day for day, of_day in lines.items() if of_day})
    return Contents(
        folder=str(folder),
        live=(len(files), sum(file.stat().st_size for file in files)),
        written_to=written_to,
        torn=sum(torn(file) > 0 for file in files),
        days=(len(tables), sum(part.stat().st_size for part in tables.values())),
        compacted=sum(pq.read_metadata(part).num_rows for part in tables.values()),
        first=days[0] if days else None,
        last=days[-1] if days else None,
        unreadable=tuple(sorted(aside | (held.keys() - tables.keys()))),
    )
