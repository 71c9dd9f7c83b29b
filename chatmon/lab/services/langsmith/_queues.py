"""Annotation queues: lists of runs for somebody to look at, with what to look for."""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from chatmon.lab.services.langsmith._store import AMONG, TENANT, rows_in
from chatmon.lab.services.langsmith._values import RefusalError, aware, clean, dump, now, parse, shortened, uuid

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

_STORED_FIELDS: Final = ("description", "rubric_instructions", "rubric_items")
_OF_QUEUE: Final = "SELECT * FROM queue_runs WHERE queue = ?"
_STATUSES: Final = ("needs_my_review", "needs_others_review", "completed", "archived")
_MOST_RUNS: Final = 10_000
"""Runs that one request adds."""


def create(connection: sqlite3.Connection, body: Mapping[str, Any]) -> dict[str, Any]:
    """Make a queue.

    Raises:
        RefusalError: It has no name, or there is one with its id.
    """
    queue_id = str(uuid4()) if body.get("id") is None else uuid(body["id"], "id")
    if connection.execute("SELECT 1 FROM annotation_queues WHERE id = ?", [queue_id]).fetchone():
        raise RefusalError(409, f"annotation queue {queue_id} is there already: update it")
    if body.get("name") is None:
        raise RefusalError(422, "name is missing: an annotation queue needs one")
    at = now()
    connection.execute(
        "INSERT INTO annotation_queues VALUES (?, ?, ?, ?, ?)", [queue_id, _name(body), at, at, dump(_said(body))]
    )
    return read(connection, queue_id)


def read(connection: sqlite3.Connection, queue_id: str) -> dict[str, Any]:
    """Return a queue as the API writes it.

    Raises:
        RefusalError: There is none with this id.
    """
    row = connection.execute("SELECT * FROM annotation_queues WHERE id = ?", [queue_id]).fetchone()
    if row is None:
        raise RefusalError(404, f"no annotation queue {queue_id}")
    return _shown(row)


def found(
    connection: sqlite3.Connection, *, ids: Sequence[str], name: str | None, contains: str | None, limit: int,
    offset: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the queues that a query asks for, the latest first."""
    where, values = ["1"], list[Any]()
    if ids:
        where.append(f"id {AMONG}")
        values.append(dump([uuid(one, "ids") for one in ids]))
    for condition, value in (("name = ?", name), ("instr(lower(name), lower(?)) > 0", contains)):
        if value is not None:
            where.append(condition)
            values.append(value)
    rows = connection.execute(
        f"SELECT * FROM annotation_queues WHERE {' AND '.join(where)} ORDER BY created_at DESC, id LIMIT ? OFFSET ?",
        [*values, limit, offset],
    )
    return [_shown(row) for row in rows]


def update(connection: sqlite3.Connection, queue_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change a queue; what is null is left as it was."""
    before = read(connection, queue_id)
    document = {name: before[name] for name in _STORED_FIELDS} | _said(body)
    connection.execute(
        "UPDATE annotation_queues SET name = ?, updated_at = ?, document = ? WHERE id = ?",
        [before["name"] if body.get("name") is None else _name(body), now(), dump(document), queue_id],
    )
    return read(connection, queue_id)


def delete(connection: sqlite3.Connection, queue_id: str) -> None:
    """Delete a queue; its runs stay where they were traced."""
    read(connection, queue_id)
    connection.execute("DELETE FROM queue_runs WHERE queue = ?", [queue_id])
    connection.execute("DELETE FROM annotation_queues WHERE id = ?", [queue_id])


def add(connection: sqlite3.Connection, queue_id: str, runs: Sequence[object]) -> list[dict[str, Any]]:
    """Add runs to the end of a queue, each once, and return their places in it.

    Raises:
        RefusalError: One is not there, or there are too many.
    """
    read(connection, queue_id)
    if len(runs) > _MOST_RUNS:
        raise RefusalError(422, f"{len(runs):,} runs at once, {_MOST_RUNS:,} are taken: add them in parts")
    ids = [uuid(one, "run_id") for one in runs]
    known = {row["id"] for row in rows_in(connection, "SELECT id FROM runs WHERE id", ids)}
    missing = [one for one in ids if one not in known]
    if missing:
        raise RefusalError(404, f"no run {missing[0]} to add: {len(missing)} of {len(ids)} are not here")
    at = now()
    connection.executemany(
        "INSERT OR IGNORE INTO queue_runs (id, queue, run_id, added_at) VALUES (?, ?, ?, ?)",
        [(str(uuid4()), queue_id, one, at) for one in ids],
    )
    rows = connection.execute(f"{_OF_QUEUE} AND run_id {AMONG} ORDER BY n", [queue_id, dump(ids)])
    return [entry(row) for row in rows]


def take_out(connection: sqlite3.Connection, queue_id: str, which: Iterable[object]) -> None:
    """Take runs out of a queue, by their own ids or by those of their places.

    Raises:
        RefusalError: One is not in it.
    """
    read(connection, queue_id)
    for one in which:
        run = uuid(one, "run_id")
        gone = connection.execute(
            "DELETE FROM queue_runs WHERE queue = ? AND (run_id = ? OR id = ?)", [queue_id, run, run]
        )
        if not gone.rowcount:
            raise RefusalError(404, f"run {run} is not in annotation queue {queue_id}")


def of_queue(
    connection: sqlite3.Connection, queue_id: str, status: str | None, limit: int, offset: int
) -> list[sqlite3.Row]:
    """Return places in a queue, the first added first.

    Args:
        connection: The database.
        queue_id: The queue.
        status: Where their review is; all wait for it, as nobody reviews here. None asks for all.
        limit: How many at most.
        offset: How many to pass over.

    Raises:
        RefusalError: There is no such queue, or no such status.
    """
    read(connection, queue_id)
    if status is not None and status not in _STATUSES:
        raise RefusalError(422, f"status ({shortened(status)}) is none of {', '.join(_STATUSES)}")
    if status not in (None, _STATUSES[0]):
        return []
    rows = connection.execute(f"{_OF_QUEUE} ORDER BY n LIMIT ? OFFSET ?", [queue_id, limit, offset])
    return rows.fetchall()


def size(connection: sqlite3.Connection, queue_id: str) -> int:
    """Return how many runs a queue has."""
    read(connection, queue_id)
    select = "SELECT count(*) FROM queue_runs WHERE queue = ?"
    return int(connection.execute(select, [queue_id]).fetchone()[0])


def entry(row: sqlite3.Row) -> dict[str, Any]:
    """Return a place in a queue as the API writes it."""
    return {
        "id": row["id"], "queue_id": row["queue"], "run_id": row["run_id"], "added_at": aware(row["added_at"]),
        "last_reviewed_time": None, "item_type": "RUN",
    }  # fmt: skip


def _name(body: Mapping[str, Any]) -> str:
    if not isinstance(body["name"], str) or not body["name"]:
        raise RefusalError(422, f"name ({shortened(body['name'])}) is no name of an annotation queue")
    return clean(body["name"])


def _said(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in _STORED_FIELDS if body.get(name) is not None}


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    document = parse(row["document"])
    return {name: document.get(name) for name in _STORED_FIELDS} | {
        "id": row["id"], "name": row["name"], "tenant_id": str(TENANT), "created_at": aware(row["created_at"]),
        "updated_at": aware(row["updated_at"]), "queue_type": "single", "source_rule_id": None,
    }  # fmt: skip
