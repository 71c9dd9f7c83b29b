"""A user erased from SQLite files: the local LangSmith's traces, Langtail's threads and calls, and mentions in any.

A trace keeps its runs, with their times, tokens and cost, and loses what was said, its attachments, and comments on it;
so do a call and a message of Langtail.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chatmon.privacy.subject import Subject

USER_KEYS: Final = ("user_id", "user", "userId", "user.id", "enduser.id", "gen_ai.user.id", "langfuse_user_id")
"""Keys of a run's metadata that name its user."""
BUSY_SECONDS: Final = 10.0
"""How long a database that another program writes to is waited for."""
_KEPT: Final = (
    "intent", "prompt_version", "variant", "experiment", "region", "channel", "attempts", "finish_reason",
    "context_relevance", "task_completed", "usage_metadata", "gen_ai.operation.name", "gen_ai.provider.name",
    "gen_ai.request.model", "ls_provider", "ls_model_name", "ls_model_type", "ls_temperature", "ls_max_tokens",
)  # fmt: skip
"""What of a run's metadata says nothing about a person."""
ERASED: Final = "[erased]"
_FEEDBACK: Final = ("id", "run_id", "trace_id", "session_id", "key", "score", "created_at", "modified_at")
_LANGSMITH: Final = {"runs", "payloads", "pairs", "feedback"}
_LANGTAIL: Final = {"threads", "messages", "logs"}
_MEASURED: Final = ("id", "object", "created", "model", "usage")
"""What of a model's reply says nothing about a person."""


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
    """Return a LangSmith's traces that name a user, the conversations of these, and the conversations of others.

    Args:
        path: The SQLite file; of any other kind it says nothing.
        names: What stands for the user.
    """
    with _connected(path) as connection:
        if not _is_langsmith(connection):
            return set(), set(), set()
        rows = connection.execute(
            "SELECT pairs.value, trace_id, thread_id FROM pairs JOIN runs ON runs.n = pairs.run "
            "WHERE kind = 'metadata' AND key IN (SELECT value FROM json_each(?))",
            [json.dumps(USER_KEYS)],
        ).fetchall()
    theirs = {trace for value, trace, _ in rows if value in names}
    conversations = {thread for value, _, thread in rows if value in names and thread}
    return theirs, conversations, {thread for value, _, thread in rows if value not in names and thread}


def texts_of(path: Path, subject: Subject) -> tuple[set[str], set[str]]:
    """Return the texts in a LangSmith or Langtail that are a user's, and the other texts in it."""
    theirs: set[str] = set()
    others: set[str] = set()
    with _connected(path) as connection:
        if _is_langsmith(connection):
            runs = _runs_of(connection, subject)
            for n, inputs, outputs in connection.execute("SELECT n, inputs, outputs FROM payloads"):
                into = theirs if n in runs else others
                for payload in (inputs, outputs):
                    into.update(_strings(json.loads(payload) if payload else None))
        if _is_langtail(connection):
            messages, calls = _said_in_langtail(connection, subject)
            for table, column, numbers in (
                ("messages", "content", messages), ("logs", "request", calls), ("logs", "reply", calls)
            ):  # fmt: skip
                for n, said in connection.execute(f"SELECT n, {column} FROM {table}"):  # noqa: S608 - names of its own
                    (theirs if n in numbers else others).update(_strings(json.loads(said)))
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
        connection.create_function("without_traces", 1, subject.without_traces, deterministic=True)
        connection.execute("PRAGMA secure_delete = on")
        connection.execute("BEGIN IMMEDIATE")
        try:
            changed = _erase_traces(connection, subject) if _is_langsmith(connection) else 0
            changed += _erase_calls(connection, subject) if _is_langtail(connection) else 0
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


def database_texts(path: Path) -> Iterator[str]:
    """Yield every text in an SQLite file's tables."""
    with _connected(path) as connection:
        for table, column in _columns(connection):
            for (value,) in connection.execute(f'SELECT "{column}" FROM "{table}"'):  # noqa: S608 - names of its own
                if isinstance(value, str):
                    yield value


def user_rows(path: Path, subject: Subject) -> list[dict[str, Any]]:
    """Return the runs of a user's traces in a LangSmith, with their feedback."""
    with _connected(path) as connection:
        connection.row_factory = sqlite3.Row
        if not _is_langsmith(connection):
            return []
        runs = []
        for n in sorted(_runs_of(connection, subject)):
            row = dict(connection.execute("SELECT * FROM runs JOIN payloads USING (n) WHERE n = ?", [n]).fetchone())
            for name in ("inputs", "outputs", "extra", "events", "serialized", "tags"):
                row[name] = None if row[name] is None else json.loads(row[name])
            notes = connection.execute("SELECT document FROM feedback WHERE run_id = ?", [row["id"]]).fetchall()
            runs.append(row | {"feedback": [json.loads(document) for (document,) in notes]})
    return runs


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def _connected(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS))


def _is_langsmith(connection: sqlite3.Connection) -> bool:
    return _tables(connection) >= _LANGSMITH


def _is_langtail(connection: sqlite3.Connection) -> bool:
    return _tables(connection) >= _LANGTAIL


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _runs_of(connection: sqlite3.Connection, subject: Subject) -> dict[int, str]:
    """Return the runs of a user's traces: their numbers, and the ids."""
    found = {}
    for n, run, trace, thread in connection.execute("SELECT n, id, trace_id, thread_id FROM runs"):
        if trace in subject.turns or thread in subject.conversations:
            found[n] = run
    return found


def _erase_traces(connection: sqlite3.Connection, subject: Subject) -> int:
    from chatmon.local.langsmith.pairs import THREAD, pairs_of

    changed = 0
    for n, run in _runs_of(connection, subject).items():
        thread, extra = connection.execute(
            "SELECT thread_id, extra FROM runs JOIN payloads USING (n) WHERE n = ?", [n]
        ).fetchone()
        given = (json.loads(extra) if extra else {}).get("metadata") or {}
        metadata = {name: given[name] for name in _KEPT if name in given}
        if thread in subject.conversations:
            thread = subject.new_name(thread)
        if thread:
            metadata[THREAD[1]] = thread
        changed += connection.execute(
            "UPDATE payloads SET inputs = NULL, outputs = NULL, events = NULL, serialized = NULL, tags = NULL, "
            "error = NULL, extra = ? WHERE n = ?",
            [json.dumps({"metadata": metadata}), n],
        ).rowcount
        connection.execute("UPDATE runs SET thread_id = ? WHERE n = ?", [thread, n])
        connection.execute("DELETE FROM pairs WHERE run = ?", [n])
        pairs = [(n, *pair) for pair in pairs_of({"extra": {"metadata": metadata}})]
        connection.executemany("INSERT INTO pairs VALUES (?, ?, ?, ?)", pairs)
        connection.execute("DELETE FROM texts WHERE rowid IN (?, ?)", [2 * n, 2 * n + 1])
        connection.execute("DELETE FROM attachments WHERE run_id = ?", [run])
        for key, document in connection.execute("SELECT id, document FROM feedback WHERE run_id = ?", [run]).fetchall():
            told = json.loads(document)
            told = {name: told[name] if name in _FEEDBACK else None for name in told}
            connection.execute(
                "UPDATE feedback SET comment = NULL, value = NULL, document = ? WHERE id = ?", [json.dumps(told), key]
            )
    return changed


def _said_in_langtail(connection: sqlite3.Connection, subject: Subject) -> tuple[set[int], set[int]]:
    """Return the numbers of a user's messages and calls: those whose metadata, or whose thread's, names the user."""

    def named(select: str) -> list[tuple[Any, ...]]:
        rows = connection.execute(select).fetchall()
        return [row for row in rows if subject.names.intersection(_strings(json.loads(row[-1])))]

    threads = {name for name, _ in named("SELECT id, metadata FROM threads")}
    messages = {n for n, _ in named("SELECT n, metadata FROM messages")}
    messages |= {n for n, thread in connection.execute("SELECT n, thread FROM messages") if thread in threads}
    calls = {n for n, _ in named("SELECT n, metadata FROM logs")}
    by_id = {name: n for n, name in connection.execute("SELECT n, id FROM logs")}
    calls |= {
        by_id[log] for n, log in connection.execute("SELECT n, log FROM messages") if n in messages and log in by_id
    }
    return messages, calls


def _erase_calls(connection: sqlite3.Connection, subject: Subject) -> int:
    changed = 0
    messages, calls = _said_in_langtail(connection, subject)
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


def _erase_mentions(connection: sqlite3.Connection) -> int:
    changed = 0
    for table, column in _columns(connection):
        changed += connection.execute(
            f'UPDATE OR REPLACE "{table}" SET "{column}" = without_traces("{column}") '  # noqa: S608 - names of its own
            f'WHERE typeof("{column}") = \'text\' AND "{column}" <> without_traces("{column}")'
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
