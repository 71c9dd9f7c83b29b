"""Where the server keeps its data: one SQLite file, written by one thread at a time and read by many.

What is filtered and added up stands in columns with an index; what is only shown stands in ``payloads`` as the JSON
text that came in. A transaction is committed before its request is answered, so what was acknowledged survives a kill.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from chatmon._tools.paths import private_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TENANT: Final = UUID("00000000-0000-4000-8000-000000000001")
"""The one workspace there is."""
AMONG: Final = "IN (SELECT value FROM json_each(?))"
"""One of the values of a JSON list, which is one parameter however many they are."""
_CHUNK: Final = 500
"""Values in one ``IN``; SQLite takes more, but remembers each distinct statement."""

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS projects (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, start_time INTEGER NOT NULL,
    end_time INTEGER, description TEXT, extra TEXT, reference_dataset_id TEXT);
CREATE TABLE IF NOT EXISTS runs (
    n INTEGER PRIMARY KEY, project INTEGER NOT NULL, start_time INTEGER NOT NULL, latency REAL, total_tokens INTEGER,
    dollars REAL, run_type TEXT NOT NULL, status TEXT NOT NULL, name TEXT NOT NULL, parent_id TEXT, thread_id TEXT,
    id TEXT NOT NULL UNIQUE, trace_id TEXT NOT NULL, trace INTEGER NOT NULL, end_time INTEGER, first_token_time INTEGER,
    prompt_tokens INTEGER, completion_tokens INTEGER, prompt_cost TEXT, completion_cost TEXT, total_cost TEXT,
    reference_example_id TEXT, dotted_order TEXT NOT NULL,
    prompt_token_details TEXT, completion_token_details TEXT, own_prompt_tokens INTEGER, own_completion_tokens INTEGER,
    own_total_tokens INTEGER, own_prompt_cost TEXT, own_completion_cost TEXT, own_total_cost TEXT,
    own_first_token_time INTEGER);
-- A trace's number: filters on a whole trace compare many, and ids take three times as long.
CREATE TABLE IF NOT EXISTS traces (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
-- Beyond the order of pages these hold what filters ask for most, so that runs passed over are not looked up.
CREATE INDEX IF NOT EXISTS runs_by_time ON runs
    (project, start_time, n, trace, latency, total_tokens, dollars, run_type, status, name);
CREATE INDEX IF NOT EXISTS roots_by_time ON runs
    (project, start_time, n, trace, latency, total_tokens, dollars, run_type, status, name) WHERE parent_id IS NULL;
CREATE INDEX IF NOT EXISTS runs_by_trace ON runs (trace_id, start_time, n);
CREATE INDEX IF NOT EXISTS runs_by_thread ON runs (project, thread_id, start_time, n) WHERE thread_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS runs_by_parent ON runs (parent_id, start_time, n) WHERE parent_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS runs_by_example ON runs (reference_example_id, start_time, n)
    WHERE reference_example_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS payloads (
    n INTEGER PRIMARY KEY, inputs TEXT, outputs TEXT, extra TEXT, events TEXT, serialized TEXT, tags TEXT, error TEXT);
CREATE TABLE IF NOT EXISTS pairs (
    run INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (run, kind, key, value)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pairs_by_value ON pairs (kind, key, value, run);
-- Row 2n holds the name and inputs of run n, row 2n + 1 its outputs and error.
CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5 (text);
CREATE TABLE IF NOT EXISTS attachments (
    secret TEXT PRIMARY KEY, run_id TEXT NOT NULL, name TEXT NOT NULL, mime_type TEXT NOT NULL, data BLOB NOT NULL,
    UNIQUE (run_id, name));
CREATE TABLE IF NOT EXISTS feedback (
    id TEXT PRIMARY KEY, run INTEGER, run_id TEXT, trace_id TEXT, project_id TEXT, key TEXT NOT NULL, score REAL,
    value TEXT, comment TEXT, failed INTEGER NOT NULL, source TEXT, created_at INTEGER NOT NULL,
    document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS feedback_by_run ON feedback (run_id, key, score);
CREATE INDEX IF NOT EXISTS feedback_by_key ON feedback (key, score, run, source);
CREATE INDEX IF NOT EXISTS feedback_by_project ON feedback (project_id, run_id);
CREATE TABLE IF NOT EXISTS datasets (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS examples (
    id TEXT NOT NULL, dataset_id TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER, created_at INTEGER NOT NULL,
    place INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (id, since));
CREATE INDEX IF NOT EXISTS examples_by_dataset ON examples (dataset_id, place);
-- A version of an example says which attachments it has, so that an earlier one keeps its own.
CREATE TABLE IF NOT EXISTS example_attachments (
    secret TEXT PRIMARY KEY, example_id TEXT NOT NULL, mime_type TEXT NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS attachments_by_example ON example_attachments (example_id);
CREATE TABLE IF NOT EXISTS dataset_tags (
    dataset_id TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (dataset_id, name));
CREATE TABLE IF NOT EXISTS comparisons (
    id TEXT PRIMARY KEY, dataset_id TEXT NOT NULL, created_at INTEGER NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS annotation_queues (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS queue_runs (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, queue TEXT NOT NULL, run_id TEXT NOT NULL,
    added_at INTEGER NOT NULL, UNIQUE (queue, run_id));
CREATE TABLE IF NOT EXISTS feedback_configs (
    key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, modified_at INTEGER NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS prompts (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    document TEXT NOT NULL, liked INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS commits (
    id TEXT PRIMARY KEY, prompt TEXT NOT NULL, place INTEGER NOT NULL, hash TEXT NOT NULL, parent TEXT,
    created_at INTEGER NOT NULL, manifest TEXT NOT NULL, description TEXT, UNIQUE (prompt, place));
CREATE TABLE IF NOT EXISTS prompt_tags (
    prompt TEXT NOT NULL, name TEXT NOT NULL, commit_id TEXT NOT NULL, PRIMARY KEY (prompt, name));
CREATE TABLE IF NOT EXISTS feedback_tokens (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL, key TEXT NOT NULL, expires_at INTEGER NOT NULL);
"""


class _DecimalSum:
    """Adds up amounts of money exactly; the sum of nothing is unknown."""

    def __init__(self) -> None:
        self._sum: Decimal | None = None

    def step(self, amount: str | None) -> None:
        if amount is not None:
            self._sum = Decimal(amount) + (self._sum or 0)

    def finalize(self) -> str | None:
        return None if self._sum is None else f"{self._sum:f}"


class RunStore:
    """An open database.

    Args:
        path: The file; it is made if it is not there.

    Raises:
        sqlite3.Error: It is no database, or another version's.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        private_file(path)
        self._lock = threading.Lock()
        self._local = threading.local()
        self._writer = self._connect()
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION and self._writer.execute("SELECT 1 FROM sqlite_schema").fetchone():
            self._writer.close()
            raise sqlite3.DatabaseError(
                f"its tables are of version {version}, this chatmon's of version {_VERSION}: take another file"
            )
        self._writer.executescript(f"{_SCHEMA} PRAGMA user_version = {_VERSION};")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the writing connection for one transaction: committed at the end, or as if it had never been."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def reading(self) -> sqlite3.Connection:
        """Return this thread's own connection for reading: it sees what is committed."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            connection.execute("PRAGMA query_only = on")
        return connection

    def close(self) -> None:
        """Close the writing connection; the readers' go with their threads."""
        self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.row_factory = sqlite3.Row
        # In WAL mode NORMAL loses nothing when a process is killed; only a power cut could take the last moments.
        connection.executescript(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = normal; PRAGMA cache_size = -65536;"
            "PRAGMA temp_store = memory; PRAGMA mmap_size = 1073741824; PRAGMA wal_autocheckpoint = 16384;"
        )
        connection.create_aggregate("decimal_sum", 1, _DecimalSum)  # type: ignore[arg-type]  # typeshed wants int
        return connection


def rows_in(
    connection: sqlite3.Connection, select: str, values: Iterable[Any], *, after: str = ""
) -> Iterator[sqlite3.Row]:
    """Yield the rows of ``{select} IN (values) {after}``, asked for in parts however many values there are."""
    wanted = list(dict.fromkeys(values))
    for begin in range(0, len(wanted), _CHUNK):
        part = wanted[begin : begin + _CHUNK]
        with closing(connection.cursor()) as cursor:
            yield from cursor.execute(f"{select} IN ({', '.join('?' * len(part))}) {after}", part)
