"""The files a process writes: one a day, opened at its first turn, locked while it may write, never opened again."""

from __future__ import annotations

import os
import socket
import time
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from chatmon._tools.locks import lock
from chatmon._tools.paths import private_folder
from chatmon.store.layout import LIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chatmon.store.lines import Line

IDLE_SECONDS: Final = 60.0
"""How long the file of a day that is over stays open after its last turn."""
_FIRST: Final = date(1970, 1, 1)


class LiveFile:
    """A file of one day, this process's own.

    Args:
        folder: The store's.
        day: The day, counted from 1970-01-01.

    Attributes:
        size: Bytes of whole lines that were written.
        synced: Bytes of these that are on the disk, whatever becomes of the machine.
        used: When it was last written to, on the monotonic clock.
    """

    def __init__(self, folder: Path, day: int) -> None:
        within = folder / LIVE / (_FIRST + timedelta(days=day)).isoformat()
        private_folder(within)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        while True:
            self.path = within / f"{socket.gethostname()}-{os.getpid()}-{time.time_ns()}.jsonl"
            try:
                self._descriptor = os.open(self.path, flags, 0o600)
            except FileExistsError:
                continue
            if lock(self._descriptor):
                break
            os.close(self._descriptor)  # a compaction was quicker, and takes the empty file for a dead process's
        self.size = self.synced = 0
        self.used = time.monotonic()

    def write(self, text: bytes) -> None:
        """Append whole lines.

        Raises:
            OSError: The disk does not take them, or not all: `back_to` takes back what it took.
        """
        left = memoryview(text)
        while left:
            left = left[os.write(self._descriptor, left) :]
        self.size += len(text)
        self.used = time.monotonic()

    def sync(self) -> None:
        """Bring what was written onto the disk."""
        if self.synced < self.size:
            os.fsync(self._descriptor)
            self.synced = self.size

    def back_to(self, size: int) -> None:
        """Take back what was written after so many bytes."""
        os.ftruncate(self._descriptor, size)
        self.size = size

    @property
    def gone(self) -> bool:
        """Whether somebody has removed or replaced the file."""
        return os.fstat(self._descriptor).st_nlink == 0

    def close(self) -> None:
        """Let go of the file and its lock."""
        os.close(self._descriptor)


class LiveFiles:
    """The files of this process, by day.

    Args:
        folder: The store's.
        clock: Seconds since 1970.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._files: dict[int, LiveFile] = {}

    def put(self, lines: Sequence[Line]) -> None:
        """Write lines to the files of their days: all of them, or none.

        Raises:
            OSError: The disk does not take them.
        """
        by_day = defaultdict(list)
        for day, text in lines:
            by_day[day].append(text)
        before: list[tuple[LiveFile, int]] = []
        try:
            for day, texts in by_day.items():
                file = self._of(day)
                before.append((file, file.size))
                file.write(b"".join(texts))
        except OSError:
            self._take_back(before)
            raise
        if any(file.gone for file, _ in before):
            self.put(lines)

    def sync(self) -> None:
        """Bring all that was written onto the disk.

        Raises:
            OSError: The disk does not take it; what was not on it is taken back, and must be put again.
        """
        try:
            for file in self._files.values():
                file.sync()
        except OSError:
            self._take_back([(file, file.synced) for file in self._files.values()])
            raise
        today = int(self._clock() // 86_400)
        for day, file in list(self._files.items()):
            if day < today and time.monotonic() - file.used > IDLE_SECONDS:
                self._files.pop(day).close()

    def close(self) -> None:
        """Let go of all files, in a forked child without a trace: the locks stay with the parent."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _take_back(self, sizes: Sequence[tuple[LiveFile, int]]) -> None:
        """Cut files to their sizes; one that cannot be cut may end in half a line, so nothing may follow it there."""
        for file, size in sizes:
            try:
                file.back_to(size)
            except OSError:
                self._files = {day: other for day, other in self._files.items() if other is not file}
                file.close()

    def _of(self, day: int) -> LiveFile:
        file = self._files.get(day)
        if file is not None and file.gone:
            self._files.pop(day).close()
            file = None
        if file is None:
            file = self._files[day] = LiveFile(self._folder, day)
        return file
