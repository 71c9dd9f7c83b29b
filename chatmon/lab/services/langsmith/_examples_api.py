"""The endpoints for datasets and their examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from chatmon.lab.services.langsmith import _bodies as bodies
from chatmon.lab.services.langsmith import _comparisons as comparisons
from chatmon.lab.services.langsmith import _datasets as datasets
from chatmon.lab.services.langsmith import _examples as examples
from chatmon.lab.services.langsmith import _shapes as shapes
from chatmon.lab.services.langsmith import _versions as versions
from chatmon.lab.services.langsmith._call import ApiAnswer, ApiCall, answered
from chatmon.lab.services.langsmith._examples import GivenExample
from chatmon.lab.services.langsmith._values import RefusalError, aware, dump, now, uuid

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence


_MOST_EXAMPLES = 100  # of a page


def create_dataset(call: ApiCall) -> ApiAnswer:
    """Make a dataset."""
    with call.store.writing() as connection:
        return answered(datasets.create(connection, call.object()))


def list_datasets(call: ApiCall) -> ApiAnswer:
    """Give a page of datasets."""
    limit, offset = call.window()
    found = datasets.found(
        call.store.reading(), name=call.value("name"), contains=call.value("name_contains"), ids=call.values("id"),
        metadata=call.value("metadata"), data_type=call.value("data_type"), limit=limit, offset=offset,
    )  # fmt: skip
    return answered(found)


def read_dataset(call: ApiCall) -> ApiAnswer:
    """Give one dataset."""
    return answered(datasets.read(call.store.reading(), call.id()))


def delete_dataset(call: ApiCall) -> ApiAnswer:
    """Delete a dataset and its examples."""
    with call.store.writing() as connection:
        datasets.delete(connection, call.id())
    return answered({})


def upload_csv(call: ApiCall) -> ApiAnswer:
    """Make a dataset of a CSV file, whose columns are inputs and outputs by their names."""
    given, at = datasets.from_csv(bodies.parts(call.body, call.content_type)), now()
    with call.store.writing() as connection:
        made = datasets.create(connection, given.dataset)
        examples.write(connection, [GivenExample({**one, "dataset_id": made["id"]}) for one in given.examples], at)
        return answered(datasets.read(connection, made["id"]))


def list_versions(call: ApiCall) -> ApiAnswer:
    """Give a page of a dataset's versions."""
    if call.value("search"):
        raise RefusalError(501, "search of versions is not spoken here: list all of them")
    limit, offset = call.window()
    connection = call.store.reading()
    return answered(versions.found(connection, _dataset_id(call, connection), limit, offset))


def read_version(call: ApiCall) -> ApiAnswer:
    """Give the version that held at a time, or that has a tag."""
    connection = call.store.reading()
    found = versions.read(connection, _dataset_id(call, connection), call.value("as_of"), call.value("tag"))
    return answered(found)


def tag_version(call: ApiCall) -> ApiAnswer:
    """Give a version a tag."""
    body = call.object()
    with call.store.writing() as connection:
        dataset_id = _dataset_id(call, connection)
        return answered(versions.tag(connection, dataset_id, body.get("as_of"), body.get("tag")))


def diff_versions(call: ApiCall) -> ApiAnswer:
    """Say which examples differ between two versions."""
    connection = call.store.reading()
    sides = (call.value("from_version"), call.value("to_version"))
    return answered(versions.difference(connection, _dataset_id(call, connection), *sides))


def list_splits(call: ApiCall) -> ApiAnswer:
    """Give the names of a dataset's splits."""
    connection = call.store.reading()
    return answered(examples.splits(connection, _dataset_id(call, connection), call.value("as_of")))


def update_splits(call: ApiCall) -> ApiAnswer:
    """Put examples into a split, or take them out of it."""
    body = call.object()
    kind = "ARRAY_REMOVE" if body.get("remove") else "ARRAY_ADD"
    change = {"key": examples.SPLIT, "operation": kind, "values": [body.get("split_name")]}
    with call.store.writing() as connection:
        dataset_id = _dataset_id(call, connection)
        statuses = examples.change_metadata(connection, dataset_id, body.get("examples"), [change], now())
    missing = [one["id"] for one in statuses if one["status"] != "UPDATED"]
    if missing:
        raise RefusalError(404, f"example {missing[0]} is not in dataset {dataset_id}")
    return answered([body.get("split_name")])


def change_metadata(call: ApiCall) -> ApiAnswer:
    """Change keys of the metadata of examples."""
    body = call.object()
    with call.store.writing() as connection:
        dataset_id = _dataset_id(call, connection)
        given = (body.get("example_ids"), body.get("operations"))
        return answered({"statuses": examples.change_metadata(connection, dataset_id, *given, now())})


def create_comparison(call: ApiCall) -> ApiAnswer:
    """Make a comparison of experiments."""
    with call.store.writing() as connection:
        return answered(comparisons.create(connection, call.object()))


def examples_with_runs(call: ApiCall) -> ApiAnswer:
    """Give a page of examples, each with the runs of experiments over it."""
    body, connection = call.object(), call.store.reading()
    dataset_id, limit, offset = _dataset_id(call, connection), body.get("limit", 100), body.get("offset", 0)
    if not (type(limit) is int and type(offset) is int and 1 <= limit <= _MOST_EXAMPLES and offset >= 0):
        raise RefusalError(422, f"limit ({limit!r}) must be from 1 to {_MOST_EXAMPLES}, offset ({offset!r}) from 0")
    found = comparisons.examples_with_runs(
        connection, dataset_id, comparisons.experiments(connection, dataset_id, body.get("session_ids")),
        filters=body.get("filters") or {}, limit=limit, offset=offset,
    )  # fmt: skip
    return ApiAnswer(f"[{','.join(_with_runs(call, connection, found, shapes.v1))}]")


def query_experiment_runs(call: ApiCall) -> ApiAnswer:
    """Give a page of examples, each with the runs of experiments over it, in the second API."""
    body, connection = call.object(), call.store.reading()
    for name in ("sort", "comparative_experiment_id"):
        if body.get(name):
            raise RefusalError(501, f"{name} is not spoken here: leave it out")
    size, cursor = body.get("page_size", 20), str(body.get("cursor") or "0")
    if type(size) is not int or not 1 <= size <= _MOST_EXAMPLES or not cursor.isdigit() or len(cursor) > 9:
        raise RefusalError(422, f"page_size ({size!r}) or cursor ({cursor[:40]!r}) is none of this server's")
    dataset_id = _dataset_id(call, connection)
    found = comparisons.examples_with_runs(
        connection, dataset_id, comparisons.experiments(connection, dataset_id, body.get("experiment_ids")),
        filters=body.get("filters") or {}, ids=[uuid(one, "example_ids") for one in body.get("example_ids") or []],
        limit=size + 1, offset=int(cursor),
    )  # fmt: skip

    def runs(connection: sqlite3.Connection, rows: Sequence[sqlite3.Row], addresses: Any) -> list[str]:
        return shapes.v2(connection, rows, addresses, body.get("selects"), rolled_up=True)

    items = _with_runs(call, connection, found[:size], runs)
    more = dump(str(int(cursor) + size) if len(found) > size else None)
    return ApiAnswer(f'{{"items":[{",".join(items)}],"next_cursor":{more}}}')


def upload_examples(call: ApiCall) -> ApiAnswer:
    """Add examples from a multipart body."""
    given, at = examples.from_parts(bodies.parts(call.body, call.content_type), call.id()), now()
    with call.store.writing() as connection:
        ids = examples.write(connection, given, at)
    return answered({"count": len(ids), "example_ids": ids, "as_of": aware(at)}, 201)


def patch_examples(call: ApiCall) -> ApiAnswer:
    """Change examples from a multipart body."""
    given, at = examples.from_parts(bodies.parts(call.body, call.content_type), call.id()), now()
    with call.store.writing() as connection:
        ids = examples.update(connection, given, at)
    return answered({"count": len(ids), "example_ids": ids, "as_of": aware(at)}, 201)


def create_examples(call: ApiCall) -> ApiAnswer:
    """Add examples from a list."""
    with call.store.writing() as connection:
        ids = examples.write(connection, [GivenExample(one) for one in call.objects()], now())
        rows = [examples.read(connection, one, None) for one in ids]
        return answered(examples.shown(connection, rows, call.addresses))


def update_examples(call: ApiCall) -> ApiAnswer:
    """Change examples from a list."""
    with call.store.writing() as connection:
        ids = examples.update(connection, [GivenExample(one) for one in call.objects()], now())
    return answered({"message": f"{len(ids)} examples updated", "count": len(ids), "example_ids": ids})


def create_example(call: ApiCall) -> ApiAnswer:
    """Add one example."""
    given = call.object() | {"id": call.object().get("id") or str(uuid4())}
    with call.store.writing() as connection:
        examples.write(connection, [GivenExample(given)], now())
        row = examples.read(connection, given["id"], None)
        return answered(examples.shown(connection, [row], call.addresses)[0])


def list_examples(call: ApiCall) -> ApiAnswer:
    """Give a page of examples."""
    limit, offset = call.window()
    wanted: dict[str, Any] = {name: call.values(name) for name in ("dataset", "id", "splits")}
    wanted |= {name: call.value(name) for name in ("as_of", "metadata", "filter")}
    fields = examples.fields(call.values("select"), selected_alone=call.flag("exclude_default_fields"))
    connection = call.store.reading()
    rows = examples.found(connection, wanted, limit, offset)
    return answered(examples.shown(connection, rows, call.addresses, fields))


def read_example(call: ApiCall) -> ApiAnswer:
    """Give one example."""
    connection = call.store.reading()
    row = examples.read(connection, call.id(), call.value("as_of"))
    return answered(examples.shown(connection, [row], call.addresses)[0])


def update_example(call: ApiCall) -> ApiAnswer:
    """Change one example."""
    with call.store.writing() as connection:
        examples.update(connection, [GivenExample(call.object() | {"id": call.id()})], now())
    return answered({"message": "Example updated"})


def delete_example(call: ApiCall) -> ApiAnswer:
    """End one example."""
    with call.store.writing() as connection:
        examples.delete(connection, call.id(), now())
    return answered({})


def delete_examples(call: ApiCall) -> ApiAnswer:
    """End several examples."""
    ids, at = [uuid(one, "example_ids") for one in call.values("example_ids")], now()
    with call.store.writing() as connection:
        for one in ids:
            examples.delete(connection, one, at)
    return answered({"count": len(ids)})


def erase_examples(call: ApiCall) -> ApiAnswer:
    """Delete several examples in every version."""
    body = call.object()
    if body.get("hard_delete") is not True or not isinstance(body.get("example_ids"), list):
        raise RefusalError(422, "this deletes for good: it needs a list of example_ids, and hard_delete true")
    ids = [uuid(one, "example_ids") for one in body["example_ids"]]
    with call.store.writing() as connection:
        examples.erase(connection, ids)
    return answered({"count": len(ids)})


def _dataset_id(call: ApiCall, connection: sqlite3.Connection) -> str:
    """Return the dataset in the path, which must be there."""
    return str(datasets.read(connection, call.id())["id"])


def _with_runs(
    call: ApiCall,
    connection: sqlite3.Connection,
    found: Sequence[tuple[sqlite3.Row, list[sqlite3.Row]]],
    write: Callable[..., list[str]],
) -> list[str]:
    """Return examples as JSON, each with its runs in the form of one of the APIs."""
    shown = examples.shown(connection, [example for example, _ in found], call.addresses)
    runs = write(connection, [run for _, of_example in found for run in of_example], call.addresses)
    texts = iter(runs)
    return [
        f'{dump(example)[:-1]},"runs":[{",".join(next(texts) for _ in of_example)}]}}'
        for example, (_, of_example) in zip(shown, found, strict=True)
    ]
