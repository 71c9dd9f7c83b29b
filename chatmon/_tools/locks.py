"""Locks between processes: a file that one of them has, until it lets go or dies."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from chatmon._tools.forks import renew_after_fork

if TYPE_CHECKING:
    from pathlib import Path


def lock(descriptor: int) -> bool:
    """Lock an open file for this process, and return whether nobody else has it; the lock goes with the process."""
    if sys.platform == "win32":
        import msvcrt

        here = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, 2**40, os.SEEK_SET)  # far behind the lines, which stay readable
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, here, os.SEEK_SET)
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Hold:
    """A lock on a file while a block runs; ``held`` says whether we have it. Nobody waits.

    The system takes it from a process that dies, whatever its number is given to next, and a process that was forked
    from the one that has it, has it not.

    Args:
        path: The file; made where ``make`` says so.
        make: Make it where there is none.

    Attributes:
        held: False where another process has the lock, or there is no file.
    """

    def __init__(self, path: Path, *, make: bool = False) -> None:
        self.held = False
        self._descriptor: int | None = None
        try:
            flags = os.O_RDWR | (os.O_CREAT if make else 0)
            self._descriptor = os.open(path, flags, 0o600)
        except FileNotFoundError:
            if make:
                raise
            return
        self.held = lock(self._descriptor)
        renew_after_fork(self)

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the lock."""
        self.held = False
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def forked(self) -> None:
        """Let go of the copy that a fork makes, which would outlive the process that has the lock."""
        self.close()
