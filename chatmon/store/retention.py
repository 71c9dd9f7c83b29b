"""How long turns are kept: whole days go, the oldest first, by age and by size; never today's.

A day that goes is written down first, so that the next call ends what a killed one began, whatever it is asked to keep.
"""

from __future__ import annotations

import errno
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from chatmon._tools.locks import Hold
from chatmon._tools.paths import private_file, sync_folder
from chatmon.store.layout import LIVE, TURNS, live_files, parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_GOING: Final = ".removing-"


@dataclass(frozen=True, slots=True)
class Retained:
    """What a retention did.

    Attributes:
        removed: The days that went, with their bytes, the oldest first.
        kept: Days that are left.
        kept_bytes: Their bytes.
    """

    removed: tuple[tuple[date, int], ...]
    kept: int
    kept_bytes: int

    def __str__(self) -> str:
        lines = [f"removed {day}: {size:,} bytes" for day, size in self.removed] or ["nothing to remove"]
        return "\n".join([*lines, f"kept {self.kept:,} days, {self.kept_bytes:,} bytes"])


def too_many(sizes: dict[date, int], *, today: date, days: int | None, limit: float | None) -> list[date]:
    """Return the days that have to go, the oldest first.

    Args:
        sizes: Bytes of each day.
        today: The day that stays, with all after it.
        days: How many days to keep, today among them; None for any number.
        limit: Bytes to keep at most; None for any number.

    Example:
        >>> sizes = {date(2026, 10, day): 100 for day in (3, 4, 5)}
        >>> too_many(sizes, today=date(2026, 10, 5), days=2, limit=None)
        [datetime.date(2026, 10, 3)]
        >>> len(too_many(sizes, today=date(2026, 10, 5), days=None, limit=10))
        2
    """
    left = sum(sizes.values())
    gone = []
    for day in sorted(sizes):
        if day >= today:
            break
        old = days is not None and (today - day).days >= days
        big = limit is not None and left > limit
        if old or big:
            gone.append(day)
            left -= sizes[day]
    return gone


def retain(
    folder: Path, *, days: int | None = None, gigabytes: float | None = None, clock: Callable[[], float] = time.time
) -> Retained:
    """Remove days that are too old or too much, and say which.

    Args:
        folder: The store's.
        days: How many days to keep, today among them.
        gigabytes: 10^9 bytes to keep at most.
        clock: Seconds since 1970.

    Raises:
        BlockingIOError: A compaction is under way.
        FileNotFoundError: There is no such folder.
        ValueError: Neither is given, or one keeps nothing.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no store at {folder}: a bot makes it with Store(folder).attach(monitor)")
    if days is None and gigabytes is None:
        raise ValueError("nothing says what to keep: give days, gigabytes or both")
    if (days is not None and days < 1) or (gigabytes is not None and gigabytes <= 0):
        raise ValueError(f"days ({days}) and gigabytes ({gigabytes}) must be above 0: today is always kept")
    with Hold(folder / ".compaction", make=True) as hold:
        if not hold.held:
            raise BlockingIOError(f"a compaction of {folder} is under way: wait for it to end")
        begun = [date.fromisoformat(one.name.removeprefix(_GOING)) for one in folder.glob(f"{_GOING}*")]
        sizes = _sizes(folder)
        today = datetime.fromtimestamp(clock(), UTC).date()
        limit = None if gigabytes is None else gigabytes * 1e9
        left = {day: size for day, size in sizes.items() if day not in begun}
        gone = sorted({*begun, *too_many(left, today=today, days=days, limit=limit)})
        for day in gone:
            private_file(folder / f"{_GOING}{day}")
        sync_folder(folder)
        for day in gone:
            for place in (folder / LIVE / day.isoformat(), folder / TURNS / f"day={day.isoformat()}"):
                if place.exists():
                    _remove(place)
            (folder / f"{_GOING}{day}").unlink()
    kept = [size for day, size in sizes.items() if day not in gone]
    return Retained(tuple((day, sizes.get(day, 0)) for day in gone), len(kept), sum(kept))


def _remove(place: Path) -> None:
    """Remove a folder; where a bot has begun a file of that day meanwhile, the file stays until the next time."""
    try:
        shutil.rmtree(place)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise


def _sizes(folder: Path) -> dict[date, int]:
    """Return the bytes of each day, lines and Parquet together."""
    sizes: dict[date, int] = {}
    for found in (live_files(folder), {day: [part] for day, part in parts(folder).items()}):
        for day, files in found.items():
            sizes[day] = sizes.get(day, 0) + sum(file.stat().st_size for file in files)
    return sizes
