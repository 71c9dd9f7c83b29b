"""Datasets: made, found and deleted, and what the schemas of one ask of its examples."""

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
    shortened,
    uuid,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from chatmon.lab.services.langsmith._bodies import Part

_KINDS: Final = ("kv", "llm", "chat")
_LONGEST_FAULT: Final = 200
_NOT_KEPT: Final = {
    "transformations": "examples are kept as they come: change them before they are sent",
    "tag_value_ids": "tags of a workspace are not kept here: give metadata",
}
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
        RefusalError: There is one of this name, or something is asked of it that none here can be.
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
    document = _checked({"data_type": "kv"} | {key: body[key] for key in _STORED_FIELDS if body.get(key) is not None})
    for field, instead in _NOT_KEPT.items():
        if body.get(field):
            raise RefusalError(501, f"{field}: {instead}")
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


class Schemas(NamedTuple):
    """What a dataset asks of its examples, in JSON Schema; None where it asks nothing.

    Attributes:
        inputs: Of their inputs.
        outputs: Of their outputs.
    """

    inputs: dict[str, Any] | None
    outputs: dict[str, Any] | None

    def check(self, document: Mapping[str, Any], example_id: str) -> None:
        """Refuse an example that is not as the dataset asks; one without outputs has none to be wrong."""
        for name, schema in (("inputs", self.inputs), ("outputs", self.outputs)):
            if schema is not None and (name == "inputs" or document.get(name) is not None):
                fault = _fault(schema, document.get(name) or {})
                if fault:
                    raise RefusalError(422, f"{name} of example {example_id} are not as the dataset's schema: {fault}")


def schemas(connection: sqlite3.Connection, dataset_id: str) -> Schemas:
    """Return what a dataset asks of its examples.

    Raises:
        RefusalError: There is no dataset with this id.
    """
    row = connection.execute("SELECT document FROM datasets WHERE id = ?", [dataset_id]).fetchone()
    if row is None:
        raise RefusalError(404, f"no dataset {dataset_id}")
    document = parse(row["document"])
    return Schemas(*(document.get(f"{name}_schema_definition") for name in ("inputs", "outputs")))


def delete(connection: sqlite3.Connection, dataset_id: str) -> None:
    """Delete a dataset with its examples and all that is said of them."""
    read(connection, dataset_id)
    examples = "SELECT id FROM examples WHERE dataset_id = ?"
    connection.execute(f"DELETE FROM example_attachments WHERE example_id IN ({examples})", [dataset_id])
    for table in ("examples", "dataset_tags", "comparisons"):
        connection.execute(f"DELETE FROM {table} WHERE dataset_id = ?", [dataset_id])
    connection.execute("DELETE FROM datasets WHERE id = ?", [dataset_id])


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
    called = "data.csv"
    for part in parts:
        called = part.filename or called
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
    return DatasetFile({"name": called, **dataset}, examples)


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a dataset: its metadata in one place, wherever a client puts it."""
    if document["data_type"] not in _KINDS:
        raise RefusalError(422, f"data_type ({shortened(document['data_type'])}) is none of {', '.join(_KINDS)}")
    extra = document.get("extra")
    metadata = document.get("metadata") or (extra.get("metadata") if isinstance(extra, dict) else None)
    if metadata is not None and not isinstance(metadata, dict):
        raise RefusalError(422, f"metadata of a dataset is {type(metadata).__name__}, not a JSON object")
    for name in ("inputs_schema_definition", "outputs_schema_definition"):
        if name in document:
            fault = _no_schema(document[name])
            if fault:
                raise RefusalError(422, f"{name} is no JSON Schema: {fault}")
    return document | ({"metadata": metadata} if metadata else {})


def _no_schema(schema: object) -> str | None:
    """Return why something is no JSON Schema."""
    from jsonschema.exceptions import SchemaError  # type: ignore[import-untyped]
    from jsonschema.validators import validator_for  # type: ignore[import-untyped]

    if not isinstance(schema, dict):
        return f"it is {type(schema).__name__}, not a JSON object"
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        return str(error.message)[:_LONGEST_FAULT]
    return None


def _fault(schema: dict[str, Any], value: object) -> str | None:
    """Return what of a value is not as a schema says; a part of the schema that lies elsewhere is never fetched."""
    from jsonschema.exceptions import best_match
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(validator_for(schema)(schema, registry=Registry()).iter_errors(value))
    except Unresolvable as missing:
        return f"it refers to {shortened(missing.ref)}, which it does not have"
    return None if error is None else f"{error.json_path}: {str(error.message)[:_LONGEST_FAULT]}"


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
