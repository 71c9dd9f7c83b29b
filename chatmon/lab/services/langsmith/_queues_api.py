"""The endpoints for annotation queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatmon.lab.services.langsmith import _queues as queues
from chatmon.lab.services.langsmith import _shapes as shapes
from chatmon.lab.services.langsmith._call import ApiAnswer, ApiCall, answered
from chatmon.lab.services.langsmith._store import rows_in
from chatmon.lab.services.langsmith._values import RefusalError, dump, parse

if TYPE_CHECKING:
    import sqlite3


def create_queue(call: ApiCall) -> ApiAnswer:
    """Make a queue."""
    with call.store.writing() as connection:
        return answered(queues.create(connection, call.object()))


def list_queues(call: ApiCall) -> ApiAnswer:
    """Give a page of queues."""
    limit, offset = call.window()
    found = queues.found(
        call.store.reading(), ids=call.values("ids"), name=call.value("name"), contains=call.value("name_contains"),
        limit=limit, offset=offset,
    )  # fmt: skip
    return answered(found)


def read_queue(call: ApiCall) -> ApiAnswer:
    """Give one queue."""
    return answered(queues.read(call.store.reading(), call.id()))


def update_queue(call: ApiCall) -> ApiAnswer:
    """Change a queue."""
    with call.store.writing() as connection:
        return answered(queues.update(connection, call.id(), call.object()))


def delete_queue(call: ApiCall) -> ApiAnswer:
    """Delete a queue."""
    with call.store.writing() as connection:
        queues.delete(connection, call.id())
    return answered({})


def add_runs(call: ApiCall) -> ApiAnswer:
    """Add runs to a queue, by their ids or with what finds them."""
    given = parse(call.body)
    if not isinstance(given, list):
        raise RefusalError(422, "the body is no list of runs")
    with call.store.writing() as connection:
        return answered(queues.add(connection, call.id(), [_run_id(one) for one in given]))


def add_items(call: ApiCall) -> ApiAnswer:
    """Add runs to a queue by the second API."""
    given = call.object().get("items")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise RefusalError(422, "items is no list of JSON objects")
    if any(str(one.get("item_type", "RUN")).upper() != "RUN" for one in given):
        raise RefusalError(501, "threads are not queued here: add their runs")
    with call.store.writing() as connection:
        return answered({"items": queues.add(connection, call.id(), [_run_id(one) for one in given])})


def list_runs(call: ApiCall) -> ApiAnswer:
    """Give a page of a queue's runs."""
    limit, offset = call.window()
    connection = call.store.reading()
    places = queues.of_queue(connection, call.id(), call.value("status"), limit, offset)
    return ApiAnswer(f"[{','.join(_runs(call, connection, places))}]")


def list_items(call: ApiCall) -> ApiAnswer:
    """Give a page of a queue's places by the second API."""
    for name in ("min_start_time", "max_start_time"):
        if call.value(name) is not None:
            raise RefusalError(501, f"{name} is not spoken here: list all, and leave out what is not wanted")
    size, offset = _page(call)
    if call.value("item_type") == "THREAD":
        return answered({"items": [], "next_cursor": None})
    found = queues.of_queue(call.store.reading(), call.id(), call.value("status"), size + 1, offset)
    more = str(offset + size) if len(found) > size else None
    return answered({"items": [queues.entry(row) for row in found[:size]], "next_cursor": more})


def read_run(call: ApiCall) -> ApiAnswer:
    """Give the run at a place of a queue, the first at 0."""
    index = call.path["index"]
    if not (index.isascii() and index.isdigit() and len(index) < 10):
        raise RefusalError(422, f"{index!r} is no place in a queue")
    connection = call.store.reading()
    places = queues.of_queue(connection, call.id(), None, 1, int(index))
    if not places:
        raise RefusalError(404, f"annotation queue {call.id()} has no run at {index}")
    return ApiAnswer(_runs(call, connection, places)[0])


def count_runs(call: ApiCall) -> ApiAnswer:
    """Say how many runs a queue has."""
    count = queues.size(call.store.reading(), call.id())
    return answered({"size": count, "count": count})


def delete_run(call: ApiCall) -> ApiAnswer:
    """Take a run out of a queue."""
    with call.store.writing() as connection:
        queues.take_out(connection, call.id(), [call.path["run"]])
    return answered({})


def delete_items(call: ApiCall) -> ApiAnswer:
    """Take runs out of a queue, by the ids of the runs or of their places."""
    body = call.object()
    given = body.get("item_ids", body.get("run_ids"))
    if not isinstance(given, list):
        raise RefusalError(501, "say which runs: item_ids or run_ids must be a list")
    with call.store.writing() as connection:
        queues.take_out(connection, call.id(), given)
    return answered({})


def _run_id(given: object) -> Any:
    return given.get("run_id") if isinstance(given, dict) else given


def _page(call: ApiCall) -> tuple[int, int]:
    """Return the size and the offset of a page of the second API, whose cursor is what came before it."""
    numbers = [call.value("page_size") or "20", call.value("cursor") or "0"]
    if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in numbers) or int(numbers[0]) > 100:
        raise RefusalError(422, f"page_size and cursor ({', '.join(numbers)[:80]}) are none of this server's")
    return int(numbers[0]), int(numbers[1])


def _runs(call: ApiCall, connection: sqlite3.Connection, places: list[sqlite3.Row]) -> list[str]:
    """Return runs as JSON, each with when it was added to the queue."""
    found = {
        row["id"]: row for row in rows_in(connection, "SELECT * FROM runs WHERE id", [p["run_id"] for p in places])
    }
    texts = shapes.v1(connection, [found[place["run_id"]] for place in places], call.addresses)
    added = [queues.entry(place) for place in places]
    return [
        f'{text[:-1]},"queue_run_id":{dump(one["id"])},"added_at":{dump(one["added_at"])},"last_reviewed_time":null}}'
        for text, one in zip(texts, added, strict=True)
    ]
