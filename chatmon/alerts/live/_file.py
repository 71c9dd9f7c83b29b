"""The SQLite file in which live alerts are kept: one connection, one lock, transactions that nest."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chatmon._tools.paths import private_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class File:
    """A file that is safe to use from many threads; for one process at a time.

    Args:
        path: Where it is; made where there is none.

    Attributes:
        path: Where it is.
        changed: Its lock guards the file, and it wakes who waits for a change.
        undone: Called, with the lock held, when a transaction is rolled back: who keeps in memory what was written
            in it reads it anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.changed = threading.Condition()
        self.undone: list[Callable[[], object]] = []
        self._depth = 0
        self._closed = False
        private_file(path)
        # Autocommit: `transaction` says where one begins and ends.
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")  # a commit is on the disk, not on its way there

    def script(self, statements: str) -> None:
        """Run statements that make tables."""
        with self.changed:
            self._db.executescript(statements)

    def read(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.changed:
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock and a transaction, and wake all who wait when it is done; within another one, be part of it."""
        with self.changed:
            if self._closed and not self._depth:
                raise sqlite3.ProgrammingError(f"{self.path.name} is closed")
            outermost, name = self._depth == 0, f"level_{self._depth}"
            self._db.execute("begin immediate" if outermost else f"savepoint {name}")
            self._depth += 1
            try:
                yield self._db
                self._db.execute("commit" if outermost else f"release {name}")
            except BaseException:
                if self._db.in_transaction:  # SQLite ends it by itself where the disk is full
                    self._db.execute("rollback" if outermost else f"rollback to {name}")
                self._depth -= 1
                if outermost:
                    for read_anew in self.undone:
                        read_anew()
                raise
            self._depth -= 1
            self.changed.notify_all()

    def close(self, timeout: float = -1) -> None:
        """Close the file; what another thread does in it for longer than so many seconds is the last of it.

        Args:
            timeout: Seconds; below 0 for as long as it takes.
        """
        self._closed = True
        if self.changed.acquire(timeout=timeout):
            self._db.close()
            self.changed.release()
