"""The endpoints for datasets and their examples."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from chatmon.lab.services.langsmith import _bodies as bodies
from chatmon.lab.services.langsmith import _datasets as datasets
from chatmon.lab.services.langsmith._call import ApiAnswer, ApiCall, answered
from chatmon.lab.services.langsmith._values import RefusalError, aware, now


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
        datasets.write_examples(connection, [{**one, "dataset_id": made["id"]} for one in given.examples], at)
        return answered(datasets.read(connection, made["id"]))


def upload_examples(call: ApiCall) -> ApiAnswer:
    """Add examples from a multipart body."""
    given, at = datasets.from_parts(bodies.parts(call.body, call.content_type), call.id()), now()
    with call.store.writing() as connection:
        ids = datasets.write_examples(connection, given, at)
    return answered({"count": len(ids), "example_ids": ids, "as_of": aware(at)}, 201)


def patch_examples(call: ApiCall) -> ApiAnswer:
    """Change examples from a multipart body."""
    given, at = datasets.from_parts(bodies.parts(call.body, call.content_type), call.id()), now()
    with call.store.writing() as connection:
        ids = datasets.update_examples(connection, given, at)
    return answered({"count": len(ids), "example_ids": ids, "as_of": aware(at)}, 201)


def create_examples(call: ApiCall) -> ApiAnswer:
    """Add examples from a list."""
    with call.store.writing() as connection:
        ids = datasets.write_examples(connection, call.objects(), now())
        return answered([datasets.read_example(connection, one, None) for one in ids])


def create_example(call: ApiCall) -> ApiAnswer:
    """Add one example."""
    given = call.object() | {"id": call.object().get("id") or str(uuid4())}
    with call.store.writing() as connection:
        datasets.write_examples(connection, [given], now())
        return answered(datasets.read_example(connection, given["id"], None))


def list_examples(call: ApiCall) -> ApiAnswer:
    """Give a page of examples."""
    if call.value("filter"):
        raise RefusalError(501, "filter of examples is not spoken here: ask by metadata or splits")
    limit, offset = call.window()
    wanted: dict[str, Any] = {name: call.values(name) for name in ("dataset", "id", "splits")}
    wanted |= {name: call.value(name) for name in ("as_of", "metadata")}
    return answered(datasets.examples(call.store.reading(), wanted, limit, offset))


def read_example(call: ApiCall) -> ApiAnswer:
    """Give one example."""
    return answered(datasets.read_example(call.store.reading(), call.id(), call.value("as_of")))


def update_example(call: ApiCall) -> ApiAnswer:
    """Change one example."""
    with call.store.writing() as connection:
        datasets.update_examples(connection, [call.object() | {"id": call.id()}], now())
    return answered({"message": "Example updated"})


def delete_example(call: ApiCall) -> ApiAnswer:
    """End one example."""
    with call.store.writing() as connection:
        datasets.delete_example(connection, call.id(), now())
    return answered({})
