"""What a user's erasure does to the traces in a local LangSmith's database.

A trace keeps its runs, with their times, tokens and cost, and loses what was said, its attachments, and comments on it.
An example that was made from one of its runs goes, in every version.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith._pairs import THREAD, pairs_of
from chatmon.store.privacy.keepers import strings

if TYPE_CHECKING:
    from chatmon.store.privacy.keepers import Whose

TABLES: Final = frozenset({"runs", "payloads", "pairs", "feedback"})
"""The tables by which its databases are known."""
USER_KEYS: Final = ("user_id", "user", "userId", "user.id", "enduser.id", "gen_ai.user.id", "langfuse_user_id")
"""Keys of a run's metadata that name its user."""
_IMPERSONAL_METADATA: Final = (
    "intent", "prompt_version", "variant", "experiment", "region", "channel", "attempts", "finish_reason",
    "context_relevance", "task_completed", "usage_metadata", "gen_ai.operation.name", "gen_ai.provider.name",
    "gen_ai.request.model", "ls_provider", "ls_model_name", "ls_model_type", "ls_temperature", "ls_max_tokens",
)  # fmt: skip
"""What of a run's metadata says nothing about a person."""
_FEEDBACK: Final = ("id", "run_id", "trace_id", "session_id", "key", "score", "created_at", "modified_at")


def traces_of(connection: sqlite3.Connection, names: frozenset[str]) -> tuple[set[str], set[str], set[str]]:
    """Return the traces that name a user, the conversations of these, and the conversations of others.

    Args:
        connection: To the database.
        names: What stands for the user.
    """
    rows = connection.execute(
        "SELECT pairs.value, trace_id, thread_id FROM pairs JOIN runs ON runs.n = pairs.run "
        "WHERE kind = 'metadata' AND key IN (SELECT value FROM json_each(?))",
        [json.dumps(USER_KEYS)],
    ).fetchall()
    theirs = {trace for value, trace, _ in rows if value in names}
    conversations = {thread for value, _, thread in rows if value in names and thread}
    return theirs, conversations, {thread for value, _, thread in rows if value not in names and thread}


def texts_of(connection: sqlite3.Connection, subject: Whose) -> tuple[set[str], set[str]]:
    """Return the texts that are a user's, and the others."""
    theirs: set[str] = set()
    others: set[str] = set()
    runs = _runs_of(connection, subject)
    for n, inputs, outputs in connection.execute("SELECT n, inputs, outputs FROM payloads"):
        into = theirs if n in runs else others
        for payload in (inputs, outputs):
            into.update(strings(json.loads(payload) if payload else None))
    return theirs, others


def erase(connection: sqlite3.Connection, subject: Whose) -> int:
    """Take out of a user's traces what was said, and return how many rows changed."""
    changed = 0
    # A database that an earlier server wrote has no table of them.
    datasets = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'example_attachments'").fetchone()
    for n, run in _runs_of(connection, subject).items():
        thread, extra = connection.execute(
            "SELECT thread_id, extra FROM runs JOIN payloads USING (n) WHERE n = ?", [n]
        ).fetchone()
        given = (json.loads(extra) if extra else {}).get("metadata") or {}
        metadata = {name: given[name] for name in _IMPERSONAL_METADATA if name in given}
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
        changed += _forget_examples(connection, run) if datasets else 0
        for key, document in connection.execute("SELECT id, document FROM feedback WHERE run_id = ?", [run]).fetchall():
            told = json.loads(document)
            told = {name: told[name] if name in _FEEDBACK else None for name in told}
            connection.execute(
                "UPDATE feedback SET comment = NULL, value = NULL, document = ? WHERE id = ?", [json.dumps(told), key]
            )
    return changed


def _forget_examples(connection: sqlite3.Connection, run: str) -> int:
    """Delete the examples that were made from a run, and return how many."""
    made = connection.execute(
        "SELECT DISTINCT id FROM examples WHERE json_extract(document, '$.source_run_id') = ?", [run]
    ).fetchall()
    for (example,) in made:
        connection.execute("DELETE FROM example_attachments WHERE example_id = ?", [example])
        connection.execute("DELETE FROM examples WHERE id = ?", [example])
    return len(made)


def rows_of(connection: sqlite3.Connection, subject: Whose) -> list[dict[str, Any]]:
    """Return the runs of a user's traces, with their feedback."""
    connection.row_factory = sqlite3.Row
    runs = []
    for n in sorted(_runs_of(connection, subject)):
        row = dict(connection.execute("SELECT * FROM runs JOIN payloads USING (n) WHERE n = ?", [n]).fetchone())
        for name in ("inputs", "outputs", "extra", "events", "serialized", "tags"):
            row[name] = None if row[name] is None else json.loads(row[name])
        notes = connection.execute("SELECT document FROM feedback WHERE run_id = ?", [row["id"]]).fetchall()
        runs.append(row | {"feedback": [json.loads(document) for (document,) in notes]})
    return runs


def _runs_of(connection: sqlite3.Connection, subject: Whose) -> dict[int, str]:
    """Return the runs of a user's traces: their numbers, and the ids."""
    found = {}
    for n, run, trace, thread in connection.execute("SELECT n, id, trace_id, thread_id FROM runs"):
        if trace in subject.turns or thread in subject.conversations:
            found[n] = run
    return found
