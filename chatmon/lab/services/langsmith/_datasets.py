"""Datasets and their examples, with every version that an example had: an experiment can be read as of its time."""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import uuid4

from chatmon.lab.services.langsmith._conditions import in_document
from chatmon.lab.services.langsmith._store import AMONG, TENANT
from chatmon.lab.services.langsmith._values import (  # fmt: skip
    RefusalError,
    aware,
    clean,
    dump,
    microseconds,
    now,
    parse,
    parse_object,
    shortened,
    uuid,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from chatmon.lab.services.langsmith._bodies import Part

_OBJECTS: Final = ("inputs", "outputs", "metadata")
_STORED_FIELDS: Final = (
    "name",
    "description",
    "data_type",
    "inputs_schema_definition",
    "outputs_schema_definition",
    "extra",
    "metadata",
)


def create(connection: sqlite3.Connection, body: Mapping[str, Any]) -> dict[str, Any]:
    """Make a dataset.

    Raises:
        RefusalError: There is one of this name.
    """
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise RefusalError(422, f"name ({shortened(name)}) is no name of a dataset")
    if connection.execute("SELECT 1 FROM datasets WHERE name = ?", [clean(name)]).fetchone():
        raise RefusalError(409, f"Dataset with name {name!r} already exists")
    dataset_id = str(uuid4()) if body.get("id") is None else uuid(body["id"], "id")
    if connection.execute("SELECT 1 FROM datasets WHERE id = ?", [dataset_id]).fetchone():
        raise RefusalError(409, f"Dataset with id {dataset_id} already exists")
    created = now() if body.get("created_at") is None else microseconds(body["created_at"], "created_at")
    document = {"data_type": "kv"} | {key: body[key] for key in _STORED_FIELDS if body.get(key) is not None}
    connection.execute("INSERT INTO datasets VALUES (?, ?, ?, ?)", [dataset_id, clean(name), created, dump(document)])
    return read(connection, dataset_id)


def read(connection: sqlite3.Connection, dataset_id: str) -> dict[str, Any]:
    """Return a dataset as the API writes it.

    Raises:
        RefusalError: There is none with this id.
    """
    found = _shown(connection, connection.execute("SELECT * FROM datasets WHERE id = ?", [dataset_id]).fetchall())
    if not found:
        raise RefusalError(404, f"no dataset {dataset_id}")
    return found[0]


def found(
    connection: sqlite3.Connection,
    *,
    name: str | None,
    contains: str | None,
    ids: Sequence[str],
    metadata: str | None = None,
    data_type: str | None = None,
    limit: int,
    offset: int,
) -> list[dict[str, Any]]:
    """Return the datasets that a query asks for, the latest first; ``metadata`` is JSON that they must hold."""
    where, values = ["1"], list[Any]()
    if name is not None:
        where.append("name = ?")
        values.append(name)
    if contains is not None:
        where.append("instr(lower(name), lower(?)) > 0")
        values.append(contains)
    if ids:
        where.append(f"id {AMONG}")
        values.append(dump([uuid(one, "id") for one in ids]))
    for held in in_document(metadata, "document") if metadata else ():
        where.append(held.text)
        values += held.values
    if data_type is not None:
        where.append("json_extract(document, '$.data_type') = ?")
        values.append(data_type)
    rows = connection.execute(
        f"SELECT * FROM datasets WHERE {' AND '.join(where)} ORDER BY created_at DESC, id LIMIT ? OFFSET ?",
        [*values, limit, offset],
    )
    return _shown(connection, rows.fetchall())


def delete(connection: sqlite3.Connection, dataset_id: str) -> None:
    """Delete a dataset with its examples."""
    read(connection, dataset_id)
    connection.execute("DELETE FROM examples WHERE dataset_id = ?", [dataset_id])
    connection.execute("DELETE FROM datasets WHERE id = ?", [dataset_id])


def from_parts(parts: Iterable[Part], dataset_id: str) -> list[dict[str, Any]]:
    """Return the examples of a multipart body: one part with what is said of each, further ones for its payloads.

    Raises:
        RefusalError: A part is none that examples are made of.
    """
    examples: dict[str, dict[str, Any]] = {}
    for part in parts:
        example_id, _, name = part.name.partition(".")
        if not name:
            examples[example_id] = parse_object(part.data, part.name) | {"id": example_id, "dataset_id": dataset_id}
        elif name in ("inputs", "outputs") and example_id in examples:
            examples[example_id][name] = parse_object(part.data, part.name)
        elif name == "attachments_operations" and example_id in examples:
            continue
        elif name.startswith("attachment."):
            raise RefusalError(501, f"{part.name[:80]}: attachments of examples are not kept here, those of runs are")
        else:
            raise RefusalError(422, f"part {part.name[:80]!r} is none that examples are made of")
    return list(examples.values())


class DatasetFile(NamedTuple):
    """A dataset as a file has it.

    Attributes:
        dataset: Its name and what is said of it.
        examples: Inputs and outputs of each.
    """

    dataset: dict[str, Any]
    examples: list[dict[str, Any]]


def from_csv(parts: Iterable[Part]) -> DatasetFile:
    """Return the dataset of a form with a CSV file; a column that is named as neither is left out.

    Raises:
        RefusalError: There is no file, no input, or a column that is not there.
    """
    said: dict[str, list[str]] = {}
    for part in parts:
        said.setdefault(part.name, []).append(part.data.decode("utf-8-sig", "replace"))
    if len(said.get("file", ())) != 1 or not said.get("input_keys"):
        raise RefusalError(422, "the form needs one file and input_keys, the columns that are inputs")
    reader = csv.DictReader(io.StringIO(said["file"][0], newline=""), strict=True)
    inputs, outputs = said["input_keys"], said.get("output_keys", [])
    missing = [name for name in (*inputs, *outputs) if name not in (reader.fieldnames or ())]
    if missing:
        raise RefusalError(422, f"no column {', '.join(missing)}: the file has {', '.join(reader.fieldnames or ())}")
    try:
        examples = [
            {"inputs": {name: row[name] for name in inputs}, "outputs": {name: row[name] for name in outputs}}
            for row in reader
        ]
    except csv.Error as error:
        raise RefusalError(422, f"line {reader.line_num} of the file is no CSV: {error}") from None
    told = ("id", "name", "description", "data_type")
    dataset: dict[str, Any] = {name: said[name][-1] for name in told if said.get(name)}
    return DatasetFile({"name": "data.csv", **dataset}, examples)


def write_examples(connection: sqlite3.Connection, given: Iterable[Mapping[str, Any]], at: int) -> list[str]:
    """Add examples and return their ids.

    Args:
        connection: The database.
        given: Examples as they came.
        at: Since when they hold, in microseconds since 1970.

    Raises:
        RefusalError: One belongs to no dataset, is there already, or holds what no example does.
    """
    place = connection.execute("SELECT coalesce(max(place), 0) FROM examples").fetchone()[0]
    ids = []
    for offset, example in enumerate(given, start=1):
        example_id = str(uuid4()) if example.get("id") is None else uuid(example["id"], "an example's id")
        dataset_id = uuid(example.get("dataset_id"), "dataset_id")
        read(connection, dataset_id)
        if connection.execute("SELECT 1 FROM examples WHERE id = ? AND until IS NULL", [example_id]).fetchone():
            raise RefusalError(409, f"example {example_id} is there already: update it")
        created = at if example.get("created_at") is None else microseconds(example["created_at"], "created_at")
        document = _document(connection, example)
        connection.execute(
            "INSERT INTO examples VALUES (?, ?, ?, NULL, ?, ?, ?)",
            [example_id, dataset_id, at, created, place + offset, dump(document)],
        )
        ids.append(example_id)
    return ids


def update_examples(connection: sqlite3.Connection, given: Iterable[Mapping[str, Any]], at: int) -> list[str]:
    """Give examples a new version and return their ids; what is null is left as it was.

    Raises:
        RefusalError: One is not there.
    """
    ids = []
    for changes in given:
        example_id = uuid(changes.get("id"), "an example's id")
        row = _current(connection, example_id)
        connection.execute("UPDATE examples SET until = ? WHERE id = ? AND until IS NULL", [at, example_id])
        document = parse(row["document"]) | _document(connection, changes)
        connection.execute(
            "INSERT OR REPLACE INTO examples VALUES (?, ?, ?, NULL, ?, ?, ?)",
            [example_id, row["dataset_id"], at, row["created_at"], row["place"], dump(document)],
        )
        ids.append(example_id)
    return ids


def delete_example(connection: sqlite3.Connection, example_id: str, at: int) -> None:
    """End an example; versions of its dataset before that keep it."""
    _current(connection, example_id)
    connection.execute("UPDATE examples SET until = ? WHERE id = ? AND until IS NULL", [at, example_id])


def examples(
    connection: sqlite3.Connection, wanted: Mapping[str, Any], limit: int, offset: int
) -> list[dict[str, Any]]:
    """Return the examples that a query asks for, the first added first.

    Args:
        connection: The database.
        wanted: ``dataset`` and ``id`` (lists), ``as_of``, ``splits`` (a list), ``metadata`` (JSON); None is not asked.
        limit: How many at most.
        offset: How many to pass over.
    """
    as_of = wanted.get("as_of")
    at = None if as_of in (None, "latest") else microseconds(as_of, "as_of")
    where = ["until IS NULL"] if at is None else ["since <= ? AND (until IS NULL OR until > ?)"]
    values: list[Any] = [] if at is None else [at, at]
    for column, given in (("dataset_id", wanted.get("dataset")), ("id", wanted.get("id"))):
        if given:
            where.append(f"{column} {AMONG}")
            values.append(dump([uuid(one, column) for one in given]))
    if wanted.get("splits"):
        where.append(f"EXISTS (SELECT 1 FROM json_each(document, '$.split') AS split WHERE split.value {AMONG})")
        values.append(dump(wanted["splits"]))
    for held in in_document(wanted["metadata"], "document") if wanted.get("metadata") else ():
        where.append(held.text)
        values += held.values
    rows = connection.execute(
        f"SELECT * FROM examples WHERE {' AND '.join(where)} ORDER BY place LIMIT ? OFFSET ?", [*values, limit, offset]
    )
    return [shown(row) for row in rows]


def read_example(connection: sqlite3.Connection, example_id: str, as_of: str | None) -> dict[str, Any]:
    """Return an example as the API writes it.

    Raises:
        RefusalError: It is not there, or was not at that time.
    """
    rows = examples(connection, {"id": [example_id], "as_of": as_of}, 1, 0)
    if not rows:
        raise RefusalError(404, f"no example {example_id}")
    return rows[0]


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """Return an example as the API writes it."""
    document = parse(row["document"])
    metadata = dict(document.get("metadata") or {})
    if document.get("split"):
        metadata["dataset_split"] = document["split"]
    return {
        "id": row["id"], "dataset_id": row["dataset_id"], "created_at": aware(row["created_at"]),
        "modified_at": aware(row["since"]), "inputs": document.get("inputs") or {}, "outputs": document.get("outputs"),
        "metadata": metadata, "source_run_id": document.get("source_run_id"), "attachment_urls": None,
    }  # fmt: skip


def _current(connection: sqlite3.Connection, example_id: str) -> sqlite3.Row:
    select = "SELECT * FROM examples WHERE id = ? AND until IS NULL"
    row: sqlite3.Row | None = connection.execute(select, [example_id]).fetchone()
    if row is None:
        raise RefusalError(404, f"no example {example_id}")
    return row


def _document(connection: sqlite3.Connection, example: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name in _OBJECTS:
        if example.get(name) is not None:
            if not isinstance(example[name], dict):
                raise RefusalError(422, f"{name} of an example is {type(example[name]).__name__}, not a JSON object")
            document[name] = example[name]
    split = example.get("split")
    if split is not None:
        document["split"] = split if isinstance(split, list) else [split]
    elif isinstance(document.get("metadata"), dict) and document["metadata"].get("dataset_split"):
        found = document["metadata"]["dataset_split"]
        document["split"] = found if isinstance(found, list) else [found]
    source = example.get("source_run_id")
    if source is not None:
        document["source_run_id"] = uuid(source, "source_run_id")
        if example.get("use_source_run_io"):
            select = "SELECT inputs, outputs FROM runs JOIN payloads USING (n) WHERE id = ?"
            row = connection.execute(select, [document["source_run_id"]]).fetchone()
            if row is None:
                raise RefusalError(404, f"no run {source} to take inputs and outputs from")
            document |= {name: parse(row[name]) for name in ("inputs", "outputs") if row[name]}
    return document


def _shown(connection: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> list[dict[str, Any]]:
    shown_rows = []
    for row in rows:
        count, last = connection.execute(
            "SELECT count(*) FILTER (WHERE until IS NULL), max(max(since, coalesce(until, 0))) FROM examples "
            "WHERE dataset_id = ?",
            [row["id"]],
        ).fetchone()
        sessions, latest = connection.execute(
            "SELECT count(*), max(start_time) FROM projects WHERE reference_dataset_id = ?", [row["id"]]
        ).fetchone()
        shown_rows.append(
            {"description": None, **parse(row["document"]), "id": row["id"], "name": row["name"],
             "tenant_id": str(TENANT), "created_at": aware(row["created_at"]),
             "modified_at": aware(last or row["created_at"]), "example_count": count, "session_count": sessions,
             "last_session_start_time": aware(latest)}
        )  # fmt: skip
    return shown_rows
