"""What a user's erasure does to the calls and threads in a local Langtail's database: figures stay, texts go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chatmon.store.privacy.keepers import ERASED, strings

if TYPE_CHECKING:
    import sqlite3

    from chatmon.store.privacy.keepers import Whose

TABLES: Final = frozenset({"threads", "messages", "logs"})
"""The tables by which its databases are known."""
_MEASURED: Final = ("id", "object", "created", "model", "usage")
"""What of a model's reply says nothing about a person."""


def traces_of(_connection: sqlite3.Connection, _names: frozenset[str]) -> tuple[set[str], set[str], set[str]]:
    """Return no trace and no conversation: there are none."""
    return set(), set(), set()


def texts_of(connection: sqlite3.Connection, subject: Whose) -> tuple[set[str], set[str]]:
    """Return the texts that are a user's, and the others."""
    theirs: set[str] = set()
    others: set[str] = set()
    messages, calls = _said(connection, subject)
    for table, column, numbers in (
        ("messages", "content", messages), ("logs", "request", calls), ("logs", "reply", calls)
    ):  # fmt: skip
        for n, said in connection.execute(f"SELECT n, {column} FROM {table}"):  # noqa: S608 - names of its own
            (theirs if n in numbers else others).update(strings(json.loads(said)))
    return theirs, others


def erase(connection: sqlite3.Connection, subject: Whose) -> int:
    """Take the texts out of a user's messages and calls, and return how many rows changed."""
    changed = 0
    messages, calls = _said(connection, subject)
    for n, content in connection.execute("SELECT n, content FROM messages").fetchall():
        if n in messages:
            kept = {"role": json.loads(content).get("role"), "content": ERASED}
            changed += connection.execute(
                "UPDATE messages SET content = ?, metadata = '{}' WHERE n = ?", [json.dumps(kept), n]
            ).rowcount
    for n, reply in connection.execute("SELECT n, reply FROM logs").fetchall():
        if n in calls:
            said = json.loads(reply)
            kept = {name: said[name] for name in _MEASURED if name in said}
            changed += connection.execute(
                "UPDATE logs SET request = '{}', metadata = '{}', reply = ? WHERE n = ?", [json.dumps(kept), n]
            ).rowcount
    return changed


def rows_of(_connection: sqlite3.Connection, _subject: Whose) -> list[dict[str, Any]]:
    """Return no run: there are none."""
    return []


def _said(connection: sqlite3.Connection, subject: Whose) -> tuple[set[int], set[int]]:
    """Return the numbers of a user's messages and calls: those whose metadata, or whose thread's, names the user."""

    def named(select: str) -> list[tuple[Any, ...]]:
        rows = connection.execute(select).fetchall()
        return [row for row in rows if subject.names.intersection(strings(json.loads(row[-1])))]

    threads = {name for name, _ in named("SELECT id, metadata FROM threads")}
    messages = {n for n, _ in named("SELECT n, metadata FROM messages")}
    messages |= {n for n, thread in connection.execute("SELECT n, thread FROM messages") if thread in threads}
    calls = {n for n, _ in named("SELECT n, metadata FROM logs")}
    by_id = {name: n for n, name in connection.execute("SELECT n, id FROM logs")}
    calls |= {
        by_id[log] for n, log in connection.execute("SELECT n, log FROM messages") if n in messages and log in by_id
    }
    return messages, calls
