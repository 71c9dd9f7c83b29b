"""Versions of a dataset: every moment at which one of its examples changed is one, and a tag is the name of one."""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith._conditions import Sql
from chatmon.lab.services.langsmith._store import AMONG
from chatmon.lab.services.langsmith._values import RefusalError, aware, clean, dump, microseconds, shortened, uuid

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

LATEST: Final = "latest"
"""The name of the version that holds now."""
_VERSIONS: Final = """
    SELECT since AS at FROM examples WHERE dataset_id = :dataset
    UNION SELECT until FROM examples WHERE dataset_id = :dataset AND until IS NOT NULL
    UNION SELECT created_at FROM datasets WHERE id = :dataset
        AND NOT EXISTS (SELECT 1 FROM examples WHERE dataset_id = :dataset)"""


def moment(connection: sqlite3.Connection, as_of: str | None, datasets: Sequence[str]) -> int | None:
    """Return the moment that a version is of, in microseconds since 1970; None of the latest.

    Args:
        connection: The database.
        as_of: A time, or the name of a version.
        datasets: Those whose names count.

    Raises:
        RefusalError: It is no time, and no version of one of these datasets is called so.
    """
    if as_of in (None, LATEST):
        return None
    rows = connection.execute(
        f"SELECT at FROM dataset_tags WHERE name = ? AND dataset_id {AMONG}", [as_of, dump(list(datasets))]
    ).fetchall()
    if len(rows) == 1:
        return int(rows[0]["at"])
    try:
        return microseconds(as_of, "as_of")
    except RefusalError:
        raise RefusalError(
            404, f"as_of ({shortened(as_of)}) is no time, and {len(rows)} of the datasets asked for have a version "
            "called so: give ISO 8601, or the tag of one dataset's version"
        ) from None  # fmt: skip


def valid(at: int | None) -> Sql:
    """Return the condition that an example's version holds at a moment."""
    return Sql("until IS NULL") if at is None else Sql("since <= ? AND (until IS NULL OR until > ?)", (at, at))


def found(connection: sqlite3.Connection, dataset_id: str, limit: int, offset: int) -> list[dict[str, Any]]:
    """Return a dataset's versions, the latest first."""
    rows = connection.execute(
        f"SELECT at FROM ({_VERSIONS}) ORDER BY at DESC LIMIT :limit OFFSET :offset",
        {"dataset": dataset_id, "limit": limit, "offset": offset},
    )
    return [_shown(connection, dataset_id, row["at"]) for row in rows.fetchall()]


def read(connection: sqlite3.Connection, dataset_id: str, as_of: str | None, tag: str | None) -> dict[str, Any]:
    """Return the version that held at a time, or that has a tag.

    Raises:
        RefusalError: There is none.
    """
    at = moment(connection, as_of if tag is None else tag, [dataset_id])
    row = connection.execute(
        f"SELECT max(at) AS at FROM ({_VERSIONS}) WHERE :at IS NULL OR at <= :at", {"dataset": dataset_id, "at": at}
    ).fetchone()
    if row["at"] is None:
        raise RefusalError(404, f"dataset {dataset_id} has no version as early as {aware(at)}")
    return _shown(connection, dataset_id, row["at"])


def tag(connection: sqlite3.Connection, dataset_id: str, as_of: object, name: object) -> dict[str, Any]:
    """Give a version a name, which no other version of the dataset has then.

    Raises:
        RefusalError: There is no such version, or it is no name for one.
    """
    at = microseconds(as_of, "as_of")
    if not isinstance(name, str) or not name or name == LATEST:
        raise RefusalError(422, f"tag ({shortened(name)}) is no name for a version: {LATEST!r} is always the last one")
    exact = connection.execute(f"SELECT 1 FROM ({_VERSIONS}) WHERE at = :at", {"dataset": dataset_id, "at": at})
    if exact.fetchone() is None:
        raise RefusalError(
            404, f"dataset {dataset_id} has no version of exactly {aware(at)}: ask which one held then"
        )  # fmt: skip
    connection.execute("INSERT OR REPLACE INTO dataset_tags VALUES (?, ?, ?)", [dataset_id, clean(name), at])
    return _shown(connection, dataset_id, at)


def difference(
    connection: sqlite3.Connection, dataset_id: str, before: str | None, after: str | None
) -> dict[str, Any]:
    """Return which examples a later version has, an earlier one had, and which differ between the two."""
    old, new = (_held(connection, dataset_id, moment(connection, one, [dataset_id])) for one in (before, after))
    return {
        "examples_modified": [one for one, since in new.items() if one in old and old[one] != since],
        "examples_added": [one for one in new if one not in old],
        "examples_removed": [one for one in old if one not in new],
    }


def _held(connection: sqlite3.Connection, dataset_id: str, at: int | None) -> dict[str, int]:
    """Return the examples of a version, each with when its own version began."""
    holds = valid(at)
    rows = connection.execute(
        f"SELECT id, since FROM examples WHERE dataset_id = ? AND {holds.text} ORDER BY place",
        [uuid(dataset_id, "dataset_id"), *holds.values],
    )
    return {row["id"]: row["since"] for row in rows}


def _shown(connection: sqlite3.Connection, dataset_id: str, at: int) -> dict[str, Any]:
    select = "SELECT name FROM dataset_tags WHERE dataset_id = ? AND at = ? ORDER BY name"
    tags = [row["name"] for row in connection.execute(select, [dataset_id, at])]
    last = connection.execute(f"SELECT max(at) FROM ({_VERSIONS})", {"dataset": dataset_id}).fetchone()[0]
    return {"as_of": aware(at), "tags": [LATEST] * (at == last) + tags}
