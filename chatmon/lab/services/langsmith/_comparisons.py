"""Experiments over one dataset side by side, and what was said of one against another."""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from chatmon.lab.services.langsmith import _datasets as datasets
from chatmon.lab.services.langsmith import _projects as projects
from chatmon.lab.services.langsmith import _versions as versions
from chatmon.lab.services.langsmith._conditions import Sql, to_sql
from chatmon.lab.services.langsmith._feedback import COLUMNS, summed
from chatmon.lab.services.langsmith._filters import parse_filter
from chatmon.lab.services.langsmith._queries import all_of
from chatmon.lab.services.langsmith._store import AMONG, TENANT, rows_in
from chatmon.lab.services.langsmith._values import (
    RefusalError,
    aware,
    dump,
    microseconds,
    now,
    parse,
    uuid,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

_STORED_FIELDS: Final = ("name", "description", "extra", "experiment_ids")
_MOST_EXPERIMENTS: Final = 20


def create(connection: sqlite3.Connection, body: Mapping[str, Any]) -> dict[str, Any]:
    """Make a comparison of experiments.

    Raises:
        RefusalError: They are not experiments over this dataset, or there is one with its id.
    """
    comparison_id = str(uuid4()) if body.get("id") is None else uuid(body["id"], "id")
    if connection.execute("SELECT 1 FROM comparisons WHERE id = ?", [comparison_id]).fetchone():
        raise RefusalError(409, f"comparative experiment {comparison_id} is there already")
    dataset_id = datasets.read(connection, uuid(body.get("reference_dataset_id"), "reference_dataset_id"))["id"]
    chosen = [row["id"] for row in experiments(connection, dataset_id, body.get("experiment_ids"))]
    created = now() if body.get("created_at") is None else microseconds(body["created_at"], "created_at")
    document = {name: body.get(name) for name in _STORED_FIELDS} | {"experiment_ids": chosen}
    connection.execute(
        "INSERT INTO comparisons VALUES (?, ?, ?, ?)", [comparison_id, dataset_id, created, dump(document)]
    )
    return read(connection, comparison_id)


def read(connection: sqlite3.Connection, comparison_id: str) -> dict[str, Any]:
    """Return a comparison as the API writes it.

    Raises:
        RefusalError: There is none with this id.
    """
    row = connection.execute("SELECT * FROM comparisons WHERE id = ?", [comparison_id]).fetchone()
    if row is None:
        raise RefusalError(404, f"no comparative experiment {comparison_id}")
    document: dict[str, Any] = parse(row["document"])
    kept = rows_in(connection, "SELECT id, name FROM projects WHERE id", document.pop("experiment_ids"))
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM feedback WHERE json_extract(document, '$.comparative_experiment_id') = ? "
        "ORDER BY created_at",
        [comparison_id],
    )
    return document | {
        "id": row["id"], "tenant_id": str(TENANT), "created_at": aware(row["created_at"]),
        "modified_at": aware(row["created_at"]), "reference_dataset_id": row["dataset_id"],
        "experiments_info": [{"id": one["id"], "name": one["name"]} for one in kept],
        "feedback_stats": summed(rows),
    }  # fmt: skip


def experiments(connection: sqlite3.Connection, dataset_id: str, given: object) -> list[sqlite3.Row]:
    """Return experiments over a dataset, in the order in which they are asked for.

    Raises:
        RefusalError: There are none, too many, or one is over something else.
    """
    if not isinstance(given, list) or not 1 <= len(given) <= _MOST_EXPERIMENTS:
        raise RefusalError(422, f"the experiments must be a list of 1 to {_MOST_EXPERIMENTS} ids")
    rows = [projects.read(connection, uuid(one, "an experiment's id")) for one in dict.fromkeys(given)]
    for row in rows:
        if row["reference_dataset_id"] != dataset_id:
            raise RefusalError(422, f"project {row['name']!r} is no experiment over dataset {dataset_id}")
    return rows


def examples_with_runs(
    connection: sqlite3.Connection,
    dataset_id: str,
    chosen: Sequence[sqlite3.Row],
    *,
    filters: Mapping[str, Any],
    ids: Sequence[str] = (),
    limit: int,
    offset: int,
) -> list[tuple[sqlite3.Row, list[sqlite3.Row]]]:
    """Return examples that experiments have a run of, each with these runs, in the order of the experiments.

    An example is shown as it was in the version of its dataset that the latest of these experiments ran over.

    Args:
        connection: The database.
        dataset_id: The dataset.
        chosen: Rows of the experiments.
        filters: Filters on the runs of an experiment, by its id.
        ids: The examples that are asked for; all if none.
        limit: How many examples at most.
        offset: How many to pass over.
    """
    runs = _runs_of(chosen, filters)
    holds = versions.valid(_version_of(connection, dataset_id, chosen))
    where = [Sql("dataset_id = ?", (dataset_id,)), holds]
    where.append(Sql(f"id IN (SELECT reference_example_id FROM runs WHERE {runs.text})", runs.values))
    if ids:
        where.append(Sql(f"id {AMONG}", (dump(list(ids)),)))
    examples = connection.execute(
        f"SELECT * FROM examples WHERE {all_of(where)} ORDER BY place LIMIT ? OFFSET ?",
        [*(value for part in where for value in part.values), limit, offset],
    ).fetchall()
    found = connection.execute(
        f"SELECT * FROM runs WHERE {runs.text} AND reference_example_id {AMONG} ORDER BY start_time, n",
        [*runs.values, dump([row["id"] for row in examples])],
    )
    order = {row["n"]: place for place, row in enumerate(chosen)}
    of_example: dict[str, list[sqlite3.Row]] = {row["id"]: [] for row in examples}
    for run in sorted(found, key=lambda run: order[run["project"]]):
        of_example[run["reference_example_id"]].append(run)
    return [(example, of_example[example["id"]]) for example in examples]


def _runs_of(chosen: Sequence[sqlite3.Row], filters: Mapping[str, Any]) -> Sql:
    """Return the condition that a run is one of some experiments, and meets what is asked of this experiment's."""
    parts = []
    for row in chosen:
        given = filters.get(row["id"]) or []
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise RefusalError(422, f"filters of {row['id']} are no list of texts")
        asked = [Sql("project = ?", (row["n"],)), *(to_sql(parse_filter(one)) for one in given)]
        parts.append(Sql(f"({all_of(asked)})", tuple(value for part in asked for value in part.values)))
    text = " OR ".join(part.text for part in parts)
    return Sql(
        f"reference_example_id IS NOT NULL AND parent_id IS NULL AND ({text})",
        tuple(value for part in parts for value in part.values),
    )


def _version_of(connection: sqlite3.Connection, dataset_id: str, chosen: Sequence[sqlite3.Row]) -> int | None:
    """Return the latest version of the dataset that experiments say they ran over; None where one does not say."""
    said = [(parse(row["extra"] or "{}").get("metadata") or {}).get("dataset_version") for row in chosen]
    known = [versions.moment(connection, str(one), [dataset_id]) for one in said if one]
    moments = [one for one in known if one is not None]
    return max(moments) if len(moments) == len(chosen) else None
