"""Projects, which the API calls sessions: made when a run names one, read with what their runs add up to."""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from chatmon.lab.services.langsmith._conditions import in_document
from chatmon.lab.services.langsmith._store import AMONG, TENANT
from chatmon.lab.services.langsmith._values import (
    RefusalError,
    aware,
    clean,
    dump,
    microseconds,
    now,
    parse,
    shortened,
    uuid,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

DEFAULT = "default"
"""The project of runs that name none."""


def number(connection: sqlite3.Connection, project_id: str | None, name: str | None) -> int:
    """Return a project's number, making the project where only its name is known.

    Raises:
        RefusalError: There is no project with this id.
    """
    if project_id is not None:
        row = connection.execute("SELECT n FROM projects WHERE id = ?", [project_id]).fetchone()
        if row is None:
            raise RefusalError(404, f"no project {project_id}")
        return int(row["n"])
    row = connection.execute("SELECT n FROM projects WHERE name = ?", [name or DEFAULT]).fetchone()
    if row is not None:
        return int(row["n"])
    made = connection.execute(
        "INSERT INTO projects (id, name, start_time) VALUES (?, ?, ?)", [str(uuid4()), name or DEFAULT, now()]
    )
    return int(made.lastrowid or 0)


def create(connection: sqlite3.Connection, body: Mapping[str, Any], *, upsert: bool) -> sqlite3.Row:
    """Make a project.

    Raises:
        RefusalError: There is one of this name, and ``upsert`` is not set.
    """
    name, extra = _said(body)
    if name is None:
        raise RefusalError(422, "name is missing: a project needs one")
    found = connection.execute("SELECT * FROM projects WHERE name = ?", [name]).fetchone()
    if found is not None:
        if not upsert:
            raise RefusalError(409, f"Session with name {name!r} already exists")
        return update(connection, found["id"], body)
    project_id = str(uuid4()) if body.get("id") is None else uuid(body["id"], "id")
    if connection.execute("SELECT 1 FROM projects WHERE id = ?", [project_id]).fetchone():
        raise RefusalError(409, f"Session with id {project_id} already exists")
    dataset = body.get("reference_dataset_id")
    start = now() if body.get("start_time") is None else microseconds(body["start_time"], "start_time")
    connection.execute(
        "INSERT INTO projects (id, name, start_time, description, extra, reference_dataset_id) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            project_id, name, start, _text(body.get("description")), dump(extra or {}),
            None if dataset is None else uuid(dataset, "reference_dataset_id"),
        ],
    )  # fmt: skip
    return read(connection, project_id)


def read(connection: sqlite3.Connection, project_id: str) -> sqlite3.Row:
    """Return a project's row.

    Raises:
        RefusalError: There is none with this id.
    """
    row: sqlite3.Row | None = connection.execute("SELECT * FROM projects WHERE id = ?", [project_id]).fetchone()
    if row is None:
        raise RefusalError(404, f"no project {project_id}")
    return row


def update(connection: sqlite3.Connection, project_id: str, changes: Mapping[str, Any]) -> sqlite3.Row:
    """Change a project; what is null is left as it was."""
    read(connection, project_id)
    end, (name, extra) = changes.get("end_time"), _said(changes)
    taken = "SELECT 1 FROM projects WHERE name = ? AND id <> ?"
    if name is not None and connection.execute(taken, [name, project_id]).fetchone():
        raise RefusalError(409, f"Session with name {name!r} already exists")
    connection.execute(
        "UPDATE projects SET name = coalesce(?, name), description = coalesce(?, description), "
        "extra = coalesce(?, extra), end_time = coalesce(?, end_time) WHERE id = ?",
        [
            name, _text(changes.get("description")), None if extra is None else dump(extra),
            None if end is None else microseconds(end, "end_time"), project_id,
        ],
    )  # fmt: skip
    return read(connection, project_id)


def delete(connection: sqlite3.Connection, project_id: str) -> None:
    """Delete a project with its runs and their feedback."""
    project = read(connection, project_id)
    runs = "(SELECT {} FROM runs WHERE project = ?)"
    elsewhere = "SELECT 1 FROM runs WHERE trace_id = traces.id AND project <> ?"
    for statement in (
        f"DELETE FROM feedback WHERE run_id IN {runs.format('id')}",
        f"DELETE FROM attachments WHERE run_id IN {runs.format('id')}",
        f"DELETE FROM queue_runs WHERE run_id IN {runs.format('id')}",
        f"DELETE FROM pairs WHERE run IN {runs.format('n')}",
        f"DELETE FROM texts WHERE rowid IN {runs.format('2 * n')} OR rowid IN {runs.format('2 * n + 1')}",
        f"DELETE FROM payloads WHERE n IN {runs.format('n')}",
        f"DELETE FROM traces WHERE n IN {runs.format('trace')} AND NOT EXISTS ({elsewhere})",
        "DELETE FROM runs WHERE project = ?",
    ):
        connection.execute(statement, [project["n"]] * statement.count("?"))
    connection.execute("DELETE FROM feedback WHERE project_id = ?", [project_id])
    connection.execute("DELETE FROM projects WHERE n = ?", [project["n"]])


def found(connection: sqlite3.Connection, wanted: Mapping[str, Any], limit: int, offset: int) -> list[sqlite3.Row]:
    """Return the projects that a query asks for, the latest first.

    Args:
        connection: The database.
        wanted: ``name``, ``name_contains``, ``id`` (a list), ``reference_dataset`` (a list), ``reference_free``,
            ``metadata`` (JSON); None is not asked.
        limit: How many at most.
        offset: How many to pass over.
    """
    where: list[str] = []
    values: list[Any] = []
    for text, value in (
        ("name = ?", wanted.get("name")),
        ("instr(lower(name), lower(?)) > 0", wanted.get("name_contains")),
    ):
        if value is not None:
            where.append(text)
            values.append(value)
    for column, given in (("id", wanted.get("id")), ("reference_dataset_id", wanted.get("reference_dataset"))):
        if given:
            where.append(f"{column} {AMONG}")
            values.append(dump([uuid(one, column) for one in given]))
    if wanted.get("reference_free") is not None:
        free = str(wanted["reference_free"]).lower() == "true"
        where.append(f"reference_dataset_id IS {'' if free else 'NOT '}NULL")
    for held in in_document(wanted["metadata"], "extra") if wanted.get("metadata") else ():
        where.append(held.text)
        values += held.values
    return connection.execute(
        f"SELECT * FROM projects WHERE {' AND '.join(where) or '1'} ORDER BY start_time DESC, n DESC LIMIT ? OFFSET ?",
        [*values, limit, offset],
    ).fetchall()


def shown(project: sqlite3.Row) -> dict[str, Any]:
    """Return a project as the API writes it."""
    return {
        "id": project["id"], "tenant_id": str(TENANT), "name": project["name"], "description": project["description"],
        "start_time": aware(project["start_time"]), "end_time": aware(project["end_time"]),
        "extra": parse(project["extra"]) if project["extra"] else {},
        "reference_dataset_id": project["reference_dataset_id"], "trace_tier": "longlived",
    }  # fmt: skip


def _said(body: Mapping[str, Any]) -> tuple[str | None, dict[str, Any] | None]:
    """Return the name and the extra that a body gives a project."""
    name, extra = body.get("name"), body.get("extra")
    if name is not None and (not isinstance(name, str) or not name):
        raise RefusalError(422, f"name ({shortened(name)}) is no name of a project")
    if extra is not None and not isinstance(extra, dict):
        raise RefusalError(422, f"extra of a project is {type(extra).__name__}, not a JSON object")
    return None if name is None else clean(name), extra


def _text(value: object) -> str | None:
    return None if value is None else clean(str(value))
