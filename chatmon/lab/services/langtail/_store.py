"""Threads, their messages, and the log of calls, in SQLite."""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.paths import private_file

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS threads (n INTEGER PRIMARY KEY, id TEXT UNIQUE, created TEXT, log TEXT, metadata TEXT);
    CREATE TABLE IF NOT EXISTS messages (n INTEGER PRIMARY KEY, id TEXT UNIQUE, thread TEXT, created TEXT,
        content TEXT, log TEXT, metadata TEXT);
    CREATE INDEX IF NOT EXISTS of_thread ON messages (thread, n);
    CREATE TABLE IF NOT EXISTS logs (n INTEGER PRIMARY KEY, id TEXT UNIQUE, created TEXT, prompt TEXT,
        environment TEXT, version TEXT, metadata TEXT, request TEXT, reply TEXT);
"""
PAGE: Final = 20
LARGEST_PAGE: Final = 100


class ThreadStore:
    """One connection, used by one thread at a time.

    Args:
        path: The file; None for memory.
    """

    def __init__(self, path: str | None) -> None:
        self._lock = threading.Lock()
        if path:
            private_file(Path(path))
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(_TABLES)

    def create_thread(self, metadata: Mapping[str, Any], log: Mapping[str, Any]) -> dict[str, Any]:
        """Make a thread and return it."""
        name = _new("thread")
        self._do(
            "INSERT INTO threads (id, created, log, metadata) VALUES (?, ?, ?, ?)",
            (name, _now(), json.dumps(log), json.dumps(metadata)),
        )
        return self.thread(name) or {}

    def thread(self, name: str) -> dict[str, Any] | None:
        """Return a thread, None where there is none."""
        rows = self._do("SELECT * FROM threads WHERE id = ?", (name,))
        return _thread(rows[0]) if rows else None

    def threads(self, limit: int, after: str | None) -> list[dict[str, Any]]:
        """Return a page of threads, the newest first."""
        return [_thread(row) for row in self._page("threads", "true", (), limit, after, newest=True)]

    def set_thread(self, name: str, metadata: Mapping[str, Any]) -> dict[str, Any] | None:
        """Add to a thread's metadata and return the thread."""
        found = self.thread(name)
        if found is None:
            return None
        self._do("UPDATE threads SET metadata = ? WHERE id = ?", (json.dumps(found["metadata"] | metadata), name))
        return self.thread(name)

    def delete_thread(self, name: str) -> bool:
        """Delete a thread and its messages; say whether there was one."""
        there = self.thread(name) is not None
        self._do("DELETE FROM messages WHERE thread = ?", (name,))
        self._do("DELETE FROM threads WHERE id = ?", (name,))
        return there

    def add_message(
        self, thread: str, content: Mapping[str, Any], metadata: Mapping[str, Any], log: str | None = None
    ) -> dict[str, Any]:
        """Add a message to a thread and return it."""
        name = _new("msg")
        self._do(
            "INSERT INTO messages (id, thread, created, content, log, metadata) VALUES (?, ?, ?, ?, ?, ?)",
            (name, thread, _now(), json.dumps(content), log, json.dumps(metadata)),
        )
        return self.message(thread, name) or {}

    def message(self, thread: str, name: str) -> dict[str, Any] | None:
        """Return a message of a thread, None where there is none."""
        rows = self._do("SELECT * FROM messages WHERE thread = ? AND id = ?", (thread, name))
        return _message(rows[0]) if rows else None

    def messages(self, thread: str, limit: int, after: str | None, *, newest: bool) -> list[dict[str, Any]]:
        """Return a page of a thread's messages."""
        return [_message(row) for row in self._page("messages", "thread = ?", (thread,), limit, after, newest=newest)]

    def history(self, thread: str) -> list[dict[str, Any]]:
        """Return what was said in a thread, the oldest first."""
        rows = self._do("SELECT content FROM messages WHERE thread = ? ORDER BY n", (thread,))
        return [json.loads(row["content"]) for row in rows]

    def set_message(self, thread: str, name: str, metadata: Mapping[str, Any]) -> dict[str, Any] | None:
        """Add to a message's metadata and return the message."""
        found = self.message(thread, name)
        if found is None:
            return None
        self._do("UPDATE messages SET metadata = ? WHERE id = ?", (json.dumps(found["metadata"] | metadata), name))
        return self.message(thread, name)

    def delete_message(self, thread: str, name: str) -> bool:
        """Delete a message; say whether there was one."""
        there = self.message(thread, name) is not None
        self._do("DELETE FROM messages WHERE thread = ? AND id = ?", (thread, name))
        return there

    def log(self, call: Mapping[str, Any]) -> str:
        """Keep a call and its reply, and return the log's id."""
        name = _new("log")
        self._do(
            "INSERT INTO logs (id, created, prompt, environment, version, metadata, request, reply) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name, _now(), call["prompt"], call["environment"], call["version"], json.dumps(call["metadata"]),
                json.dumps(call["request"]), json.dumps(call["reply"]),
            ),
        )  # fmt: skip
        return name

    def logs(self) -> list[dict[str, Any]]:
        """Return the log of calls, the oldest first."""
        return [
            {**dict(row), **{name: json.loads(row[name]) for name in ("metadata", "request", "reply")}}
            for row in self._do("SELECT * FROM logs ORDER BY n", ())
        ]

    def _page(
        self, table: str, condition: str, values: tuple[Any, ...], limit: int, after: str | None, *, newest: bool
    ) -> list[sqlite3.Row]:
        sign, order = ("<", "DESC") if newest else (">", "ASC")
        if after is not None:
            condition += f" AND n {sign} (SELECT n FROM {table} WHERE id = ?)"  # noqa: S608 - names of our own
            values = (*values, after)
        return self._do(
            f"SELECT * FROM {table} WHERE {condition} ORDER BY n {order} LIMIT ?",  # noqa: S608 - names of our own
            (*values, limit),
        )

    def _do(self, sql: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()


def _thread(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "createdAt": row["created"],
        "projectId": "local",
        "createLog": json.loads(row["log"]),
        "metadata": json.loads(row["metadata"]),
    }


def _message(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "threadId": row["thread"],
        "createdAt": row["created"],
        "content": json.loads(row["content"]),
        "requestLogId": row["log"],
        "metadata": json.loads(row["metadata"]),
    }


def _new(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
