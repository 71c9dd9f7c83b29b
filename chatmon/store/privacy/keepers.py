"""Who keeps data about users in databases of their own, and how they let go of it.

A keeper is a module, named as an entry point of the group ``chatmon.keepers``: an erasure asks every one of them.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

GROUP: Final = "chatmon.keepers"
ERASED: Final = "[erased]"
"""What stands where something was erased."""


class Whose(Protocol):
    """Whom an erasure is about, as far as a keeper has to know."""

    names: frozenset[str]
    conversations: set[str]
    turns: set[str]

    def new_name(self, conversation: str) -> str:
        """Return what a conversation is called once it is nobody's."""
        ...


class Keeper(Protocol):
    """What a module gives that keeps data about users in SQLite.

    Attributes:
        TABLES: The tables by which its databases are known.
    """

    TABLES: frozenset[str]

    def traces_of(self, connection: sqlite3.Connection, names: frozenset[str]) -> tuple[set[str], set[str], set[str]]:
        """Return the traces that name a user, the conversations of these, and the conversations of others."""
        ...

    def texts_of(self, connection: sqlite3.Connection, subject: Whose) -> tuple[set[str], set[str]]:
        """Return the texts that are a user's, and the others."""
        ...

    def erase(self, connection: sqlite3.Connection, subject: Whose) -> int:
        """Erase what was said, and return how many rows changed."""
        ...

    def rows_of(self, connection: sqlite3.Connection, subject: Whose) -> list[dict[str, Any]]:
        """Return what is held about a user, as JSON values."""
        ...


@cache
def keepers() -> tuple[Keeper, ...]:
    """Return every keeper that is installed.

    Example:
        >>> sorted(sorted(keeper.TABLES)[0] for keeper in keepers())
        ['feedback', 'logs']
    """
    return tuple(one.load() for one in sorted(entry_points(group=GROUP), key=lambda one: one.name))


def keepers_of(connection: sqlite3.Connection) -> list[Keeper]:
    """Return the keepers whose database this is: one, or none."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return [keeper for keeper in keepers() if tables >= keeper.TABLES]


def strings(value: Any) -> Iterator[str]:
    """Yield the texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)
