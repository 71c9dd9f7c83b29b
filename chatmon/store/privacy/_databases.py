"""A user erased from SQLite files: by whose database it is, and mentions in any."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.sql import text
from chatmon.store.privacy.keepers import keepers_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chatmon.store.privacy._subject import Subject


BUSY_SECONDS: Final = 10.0
"""How long a database that another program writes to is waited for."""


def can_be_read(path: Path) -> bool:
    """Return whether a file that begins as SQLite's do is a whole database; one that is in use is."""
    try:
        with _connected(path) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:
        return False
    return True


def traces_of(path: Path, names: frozenset[str]) -> tuple[set[str], set[str], set[str]]:
    """Return a database's traces that name a user, the conversations of these, and the conversations of others.

    Args:
        path: The SQLite file; one that no keeper knows says nothing.
        names: What stands for the user.
    """
    found: tuple[set[str], set[str], set[str]] = (set(), set(), set())
    with _connected(path) as connection:
        for keeper in keepers_of(connection):
            for into, some in zip(found, keeper.traces_of(connection, names), strict=True):
                into.update(some)
    return found


def texts_of(path: Path, subject: Subject) -> tuple[set[str], set[str]]:
    """Return the texts in a database that are a user's, and the other texts in it."""
    theirs: set[str] = set()
    others: set[str] = set()
    with _connected(path) as connection:
        for keeper in keepers_of(connection):
            own, of_others = keeper.texts_of(connection, subject)
            theirs |= own
            others |= of_others
    return theirs, others


def erase_from_database(path: Path, subject: Subject, *, scrub: bool) -> int:
    """Erase a user from an SQLite file, with what its free pages and its log hold, and return how many rows changed.

    Args:
        path: The file.
        subject: Whom.
        scrub: Whether to write the file anew even where no row changes: an interrupted erasure may have left its bytes.

    Raises:
        sqlite3.OperationalError: Another program uses the file.
    """
    with _connected(path) as connection:
        connection.create_function("without_traces", 2, subject.without_traces, deterministic=True)
        connection.execute("PRAGMA secure_delete = on")
        connection.execute("BEGIN IMMEDIATE")
        try:
            changed = sum(keeper.erase(connection, subject) for keeper in keepers_of(connection))
            changed += _erase_mentions(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        if changed or scrub:
            for name in _search_indexes(connection):
                connection.execute(f'INSERT INTO "{name}"("{name}") VALUES (\'rebuild\')')  # noqa: S608 - a table's name
            connection.execute("VACUUM")
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise sqlite3.OperationalError(f"{path} is in use, so its log stays: stop its server, and erase again")
    return changed


def database_cells(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield every value in an SQLite file's tables with its column."""
    with _connected(path) as connection:
        for table, column in _columns(connection):
            for (value,) in connection.execute(f'SELECT "{column}" FROM "{table}"'):  # noqa: S608 - names of its own
                yield column, value


def user_rows(path: Path, subject: Subject) -> list[dict[str, Any]]:
    """Return what a database holds about a user, as JSON values."""
    with _connected(path) as connection:
        return [row for keeper in keepers_of(connection) for row in keeper.rows_of(connection, subject)]


def _connected(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS))


def _erase_mentions(connection: sqlite3.Connection) -> int:
    changed = 0
    for table, column in _columns(connection):
        changed += connection.execute(
            f'UPDATE OR REPLACE "{table}" SET "{column}" = without_traces("{column}", {text(column)}) '  # noqa: S608 - names of its own
            f'WHERE typeof("{column}") = \'text\' AND "{column}" <> without_traces("{column}", {text(column)})'
        ).rowcount
    return changed


def _columns(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return the tables that hold what was put in, not what a search index made of it, with their columns."""
    indexes = _search_indexes(connection)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    own = [
        name
        for name in tables
        if not name.startswith("sqlite_") and not any(name.startswith(f"{index}_") for index in indexes)
    ]
    return [(table, row[1]) for table in own for row in connection.execute(f'PRAGMA table_info("{table}")')]


def _search_indexes(connection: sqlite3.Connection) -> list[str]:
    return [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%' ORDER BY name"
        )
    ]
