"""Examples of datasets, with every version that one had, and the attachments of each."""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from chatmon.lab.services.langsmith import _datasets as datasets
from chatmon.lab.services.langsmith import _versions as versions
from chatmon.lab.services.langsmith._conditions import in_document, on_metadata
from chatmon.lab.services.langsmith._filters import parse_filter
from chatmon.lab.services.langsmith._store import AMONG, rows_in
from chatmon.lab.services.langsmith._values import (
    RefusalError,
    aware,
    clean,
    dump,
    microseconds,
    parse,
    parse_object,
    shortened,
    uuid,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from chatmon.lab.services.langsmith._bodies import Part
    from chatmon.lab.services.langsmith._call import Addresses

_OBJECTS: Final = ("inputs", "outputs", "metadata")
_ALWAYS: Final = ("id", "created_at", "modified_at", "inputs", "name", "dataset_id")
"""Fields of an example beside those that are selected."""
_FIELDS: Final = (*_ALWAYS, "outputs", "metadata", "source_run_id", "attachment_urls")
_MOST_CHANGED: Final = 10_000
"""Examples whose metadata one request changes."""
SPLIT: Final = "dataset_split"
"""The key under which an example's metadata shows its splits."""


@dataclass(slots=True)
class GivenExample:
    """What a request says about an example.

    Attributes:
        said: Its fields.
        files: Its attachments that come with it, by name.
        operations: Which of its former attachments it keeps, and under which names; None where it is not said.
    """

    said: dict[str, Any]
    files: dict[str, Part] = field(default_factory=dict)
    operations: dict[str, Any] | None = None


def from_parts(parts: Iterable[Part], dataset_id: str) -> list[GivenExample]:
    """Return the examples of a multipart body: one part with what is said of each, further ones for its payloads.

    Raises:
        RefusalError: A part is none that examples are made of.
    """
    given: dict[str, GivenExample] = {}
    for part in parts:
        example_id, _, name = part.name.partition(".")
        if not name:
            said = parse_object(part.data, part.name) | {"id": example_id, "dataset_id": dataset_id}
            given[example_id] = GivenExample(said)
        elif example_id not in given:
            raise RefusalError(422, f"part {part.name[:80]!r} comes before {example_id[:40]!r}, which it belongs to")
        elif name in ("inputs", "outputs"):
            given[example_id].said[name] = parse_object(part.data, part.name)
        elif name == "attachments_operations":
            given[example_id].operations = parse_object(part.data, part.name)
        elif name.startswith("attachment."):
            given[example_id].files[clean(name.removeprefix("attachment."))] = part
        else:
            raise RefusalError(422, f"part {part.name[:80]!r} is none that examples are made of")
    return list(given.values())


def write(connection: sqlite3.Connection, given: Iterable[GivenExample], at: int) -> list[str]:
    """Add examples and return their ids.

    Args:
        connection: The database.
        given: Examples as they came.
        at: Since when they hold, in microseconds since 1970.

    Raises:
        RefusalError: One belongs to no dataset, is there already, or holds what no example of its dataset does.
    """
    place = connection.execute("SELECT coalesce(max(place), 0) FROM examples").fetchone()[0]
    schemas: dict[str, datasets.Schemas] = {}
    ids = []
    for offset, one in enumerate(given, start=1):
        example_id = str(uuid4()) if one.said.get("id") is None else uuid(one.said["id"], "an example's id")
        dataset_id = uuid(one.said.get("dataset_id"), "dataset_id")
        if dataset_id not in schemas:
            schemas[dataset_id] = datasets.schemas(connection, dataset_id)
        if connection.execute("SELECT 1 FROM examples WHERE id = ? AND until IS NULL", [example_id]).fetchone():
            raise RefusalError(409, f"example {example_id} is there already: update it")
        created = at if one.said.get("created_at") is None else microseconds(one.said["created_at"], "created_at")
        document = _document(connection, one.said)
        schemas[dataset_id].check(document, example_id)
        document |= {"attachments": _new_files(connection, example_id, one) | _of_run(connection, example_id, one.said)}
        connection.execute(
            "INSERT INTO examples VALUES (?, ?, ?, NULL, ?, ?, ?)",
            [example_id, dataset_id, at, created, place + offset, dump(document)],
        )
        ids.append(example_id)
    return ids


def update(connection: sqlite3.Connection, given: Iterable[GivenExample], at: int) -> list[str]:
    """Give examples a new version and return their ids; what is null is left as it was.

    Raises:
        RefusalError: One is not there, is another dataset's, or would hold what no example of its dataset does.
    """
    ids = []
    for one in given:
        example_id = uuid(one.said.get("id"), "an example's id")
        row = current(connection, example_id)
        dataset_id = one.said.get("dataset_id")
        if dataset_id is not None and uuid(dataset_id, "dataset_id") != row["dataset_id"]:
            raise RefusalError(409, f"example {example_id} is of dataset {row['dataset_id']}, not of {dataset_id}")
        before = parse(row["document"])
        document = before | _document(connection, one.said)
        datasets.schemas(connection, row["dataset_id"]).check(document, example_id)
        if one.files or one.operations is not None:
            kept = _kept(before.get("attachments") or {}, one.operations or {})
            document["attachments"] = kept | _new_files(connection, example_id, one)
        _put_version(connection, row, document, at)
        ids.append(example_id)
    return ids


def delete(connection: sqlite3.Connection, example_id: str, at: int) -> None:
    """End an example; versions of its dataset before that keep it."""
    current(connection, example_id)
    connection.execute("UPDATE examples SET until = ? WHERE id = ? AND until IS NULL", [at, example_id])


def erase(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Delete examples in every version, with their attachments.

    Raises:
        RefusalError: One never was there.
    """
    for example_id in ids:
        found = connection.execute("DELETE FROM examples WHERE id = ?", [example_id])
        if not found.rowcount:
            raise RefusalError(404, f"no example {example_id}")
        connection.execute("DELETE FROM example_attachments WHERE example_id = ?", [example_id])


def found(connection: sqlite3.Connection, wanted: Mapping[str, Any], limit: int, offset: int) -> list[sqlite3.Row]:
    """Return the examples that a query asks for, the first added first.

    Args:
        connection: The database.
        wanted: ``dataset`` and ``id`` (lists), ``as_of``, ``splits`` (a list), ``metadata`` (JSON), ``filter``;
            None is not asked.
        limit: How many at most.
        offset: How many to pass over.
    """
    asked = wanted.get("dataset") or []
    if not asked and wanted.get("id"):
        rows = rows_in(connection, "SELECT DISTINCT dataset_id FROM examples WHERE id", wanted["id"])
        asked = [row["dataset_id"] for row in rows]
    parts = [versions.valid(versions.moment(connection, wanted.get("as_of"), asked))]
    where = [part.text for part in parts]
    values: list[Any] = [value for part in parts for value in part.values]
    for column, given in (("dataset_id", wanted.get("dataset")), ("id", wanted.get("id"))):
        if given:
            where.append(f"{column} {AMONG}")
            values.append(dump([uuid(one, column) for one in given]))
    if wanted.get("splits"):
        where.append(f"EXISTS (SELECT 1 FROM json_each(document, '$.split') AS split WHERE split.value {AMONG})")
        values.append(dump(wanted["splits"]))
    held = in_document(wanted["metadata"], "document") if wanted.get("metadata") else []
    held += [on_metadata(parse_filter(wanted["filter"]), "document")] if wanted.get("filter") else []
    for part in held:
        where.append(part.text)
        values += part.values
    return connection.execute(
        f"SELECT * FROM examples WHERE {' AND '.join(where)} ORDER BY place LIMIT ? OFFSET ?", [*values, limit, offset]
    ).fetchall()


def read(connection: sqlite3.Connection, example_id: str, as_of: str | None) -> sqlite3.Row:
    """Return an example's row.

    Raises:
        RefusalError: It is not there, or was not at that time.
    """
    rows = found(connection, {"id": [example_id], "as_of": as_of}, 1, 0)
    if not rows:
        raise RefusalError(404, f"no example {example_id}")
    return rows[0]


def fields(select: Sequence[str], *, selected_alone: bool) -> list[str]:
    """Return the fields of an example that a query asks for.

    Args:
        select: Fields that it names.
        selected_alone: Whether those that an example always has are left out where they are not named.

    Raises:
        RefusalError: A name is none.
    """
    unknown = [name for name in select if name not in _FIELDS]
    if unknown:
        raise RefusalError(422, f"select: {', '.join(unknown)[:200]} is none of {', '.join(_FIELDS)}")
    if not select:
        return [name for name in _FIELDS if name != "attachment_urls"]
    return list(dict.fromkeys(["id", *(() if selected_alone else _ALWAYS), *select]))


def shown(
    connection: sqlite3.Connection, rows: Iterable[sqlite3.Row], addresses: Addresses, names: Sequence[str] = _FIELDS
) -> list[dict[str, Any]]:
    """Return examples as the API writes them, with some of their fields."""
    documents = [(row, parse(row["document"])) for row in rows]
    wanted = [
        secret for _, document in documents if "attachment_urls" in names for secret in _secrets(document).values()
    ]
    select = "SELECT secret, mime_type FROM example_attachments WHERE secret"
    types = {row["secret"]: row["mime_type"] for row in rows_in(connection, select, wanted)}
    examples = []
    for row, document in documents:
        example = {
            "id": row["id"], "dataset_id": row["dataset_id"], "created_at": aware(row["created_at"]), "name": None,
            "modified_at": aware(row["since"]), "inputs": document.get("inputs") or {},
            "outputs": document.get("outputs"), "metadata": metadata_of(document),
            "source_run_id": document.get("source_run_id"),
            "attachment_urls": {
                f"attachment.{name}": {"presigned_url": addresses.attachment(secret), "mime_type": types.get(secret)}
                for name, secret in _secrets(document).items()
            } or None,
        }  # fmt: skip
        examples.append({name: example[name] for name in names})
    return examples


def metadata_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an example's metadata as it is shown: with its splits."""
    metadata = dict(document.get("metadata") or {})
    if document.get("split"):
        metadata[SPLIT] = document["split"]
    return metadata


def splits(connection: sqlite3.Connection, dataset_id: str, as_of: str | None) -> list[str]:
    """Return the names of a dataset's splits."""
    holds = versions.valid(versions.moment(connection, as_of, [dataset_id]))
    rows = connection.execute(
        "SELECT DISTINCT split.value FROM examples, json_each(document, '$.split') AS split "
        f"WHERE dataset_id = ? AND {holds.text} ORDER BY 1",
        [dataset_id, *holds.values],
    )
    return [row["value"] for row in rows]


def change_metadata(
    connection: sqlite3.Connection, dataset_id: str, ids: object, operations: object, at: int
) -> list[dict[str, Any]]:
    """Change keys of examples' metadata, and say of each whether it was there.

    Raises:
        RefusalError: These are no ids or no changes.
    """
    if not isinstance(ids, list) or not isinstance(operations, list) or len(ids) > _MOST_CHANGED:
        raise RefusalError(422, f"example_ids and operations must be lists, of at most {_MOST_CHANGED:,} ids")
    statuses = []
    for one in ids:
        example_id = uuid(one, "example_ids")
        try:
            row = current(connection, example_id)
        except RefusalError:
            row = None
        if row is None or row["dataset_id"] != dataset_id:
            reason = f"not in dataset {dataset_id}"
            statuses.append({"id": example_id, "status": "NOT_FOUND", "description": reason})
            continue
        document = parse(row["document"])
        for operation in operations:
            _change(document, operation)
        _put_version(connection, row, document, at)
        statuses.append({"id": example_id, "status": "UPDATED"})
    return statuses


def current(connection: sqlite3.Connection, example_id: str) -> sqlite3.Row:
    """Return the row of an example's version that holds now.

    Raises:
        RefusalError: There is none.
    """
    select = "SELECT * FROM examples WHERE id = ? AND until IS NULL"
    row: sqlite3.Row | None = connection.execute(select, [example_id]).fetchone()
    if row is None:
        raise RefusalError(404, f"no example {example_id}")
    return row


def _put_version(connection: sqlite3.Connection, row: sqlite3.Row, document: Mapping[str, Any], at: int) -> None:
    connection.execute("UPDATE examples SET until = ? WHERE id = ? AND until IS NULL", [at, row["id"]])
    connection.execute(
        "INSERT OR REPLACE INTO examples VALUES (?, ?, ?, NULL, ?, ?, ?)",
        [row["id"], row["dataset_id"], at, row["created_at"], row["place"], dump(document)],
    )


def _change(document: dict[str, Any], operation: object) -> None:
    """Make one change of the metadata in an example's document."""
    said = operation if isinstance(operation, dict) else {}
    key, kind, values = said.get("key"), str(said.get("operation")).upper(), said.get("values")
    if not isinstance(key, str) or kind not in ("SET", "ARRAY_ADD", "ARRAY_REMOVE"):
        raise RefusalError(422, f"operation ({shortened(operation)}) needs a key, and SET, ARRAY_ADD or ARRAY_REMOVE")
    metadata = metadata_of(document)
    if kind == "SET":
        metadata[key] = said.get("value")
    elif isinstance(values, list) and all(isinstance(one, str) for one in values):
        known = metadata.get(key)
        before = known if isinstance(known, list) else []
        after = [*before, *values] if kind == "ARRAY_ADD" else [one for one in before if one not in values]
        metadata[key] = list(dict.fromkeys(after))
    else:
        raise RefusalError(422, f"values ({shortened(values)}) of {kind} {key!r} is no list of texts")
    document["split"] = _listed(metadata.pop(SPLIT, None))
    document["metadata"] = metadata


def _secrets(document: Mapping[str, Any]) -> dict[str, str]:
    return document.get("attachments") or {}


def _kept(before: Mapping[str, str], operations: Mapping[str, Any]) -> dict[str, str]:
    """Return what of an example's attachments stays, by its name from now on.

    Raises:
        RefusalError: One is named that it does not have.
    """
    rename, retain = operations.get("rename") or {}, operations.get("retain") or []
    if not isinstance(rename, dict) or not isinstance(retain, list):
        raise RefusalError(422, "attachments_operations: rename must be an object and retain a list")
    missing = [name for name in (*rename, *retain) if name not in before]
    if missing:
        raise RefusalError(
            422, f"attachments_operations: there is no attachment {shortened(missing[0])} among {', '.join(before)}"
        )
    return {name: before[name] for name in retain} | {str(new): before[old] for old, new in rename.items()}


def _new_files(connection: sqlite3.Connection, example_id: str, one: GivenExample) -> dict[str, str]:
    stored = {name: secrets.token_urlsafe(24) for name in one.files}
    connection.executemany(
        "INSERT INTO example_attachments VALUES (?, ?, ?, ?)",
        [(stored[name], example_id, clean(part.mime_type), part.data) for name, part in one.files.items()],
    )
    return stored


def _of_run(connection: sqlite3.Connection, example_id: str, said: Mapping[str, Any]) -> dict[str, str]:
    """Copy attachments of the run that an example is made from: all where its inputs are too, else those named."""
    names, run_id = said.get("use_source_run_attachments") or [], said.get("source_run_id")
    if run_id is None or not (names or said.get("use_source_run_io")):
        return {}
    select = "SELECT name, mime_type, data FROM attachments WHERE run_id = ?"
    rows = {row["name"]: row for row in connection.execute(select, [uuid(run_id, "source_run_id")])}
    missing = [name for name in names if name not in rows]
    if missing:
        raise RefusalError(404, f"run {run_id} has no attachment {shortened(missing[0])}")
    stored = {name: secrets.token_urlsafe(24) for name in names or rows}
    connection.executemany(
        "INSERT INTO example_attachments VALUES (?, ?, ?, ?)",
        [(secret, example_id, rows[name]["mime_type"], rows[name]["data"]) for name, secret in stored.items()],
    )
    return stored


def _listed(split: object) -> list[Any]:
    return split if isinstance(split, list) else [] if split is None else [split]


def _document(connection: sqlite3.Connection, example: Mapping[str, Any]) -> dict[str, Any]:
    if example.get("attachments") or example.get("attachments_operations"):
        raise RefusalError(501, "attachments of an example come in a multipart body: the SDK sends one unless told not")
    document: dict[str, Any] = {}
    for name in _OBJECTS:
        if example.get(name) is not None:
            if not isinstance(example[name], dict):
                raise RefusalError(422, f"{name} of an example is {type(example[name]).__name__}, not a JSON object")
            document[name] = example[name]
    split = example.get("split")
    if split is None and document.get("metadata"):
        split = document["metadata"].get(SPLIT)
    if split is not None:
        document["split"] = _listed(split)
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
