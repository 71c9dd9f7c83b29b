"""Runs as the two APIs write them: same facts, other names, and JSON that came in goes out as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith._feedback import stats_of
from chatmon.lab.services.langsmith._store import rows_in
from chatmon.lab.services.langsmith._values import RefusalError, aware, dump, naive

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from chatmon.lab.services.langsmith._call import Addresses

_ALWAYS: Final = ("id", "name", "run_type", "start_time", "trace_id")
_PREVIEW: Final = 200  # characters
_STORED: Final = ("inputs", "outputs", "extra", "events", "serialized", "tags", "error")
_COSTS: Final = ("prompt_cost", "completion_cost", "total_cost")
_TOKENS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")


class Facts:
    """What is known of the runs of a page, gathered in a few queries.

    Args:
        connection: The database.
        rows: Rows of ``runs``.
        addresses: Where this server is found.
        wanted: Names of fields; what none of them needs is not read.
    """

    def __init__(
        self, connection: sqlite3.Connection, rows: Sequence[sqlite3.Row], addresses: Addresses, wanted: Iterable[str]
    ) -> None:
        wanted = set(wanted)
        self.addresses = addresses
        numbers = [row["n"] for row in rows]
        payloads = bool(
            wanted & {*_STORED, "metadata", "manifest", "inputs_preview", "outputs_preview", "error_preview"}
        )
        select = "SELECT * FROM payloads WHERE n"
        self.payloads = {row["n"]: row for row in rows_in(connection, select, numbers)} if payloads else {}
        self.feedback = stats_of(connection, [row["id"] for row in rows]) if "feedback_stats" in wanted else {}
        self.attachments: dict[str, list[tuple[str, str]]] = {}
        if wanted & {"attachments", "s3_urls"}:
            select = "SELECT run_id, name, secret FROM attachments WHERE run_id"
            for row in rows_in(connection, select, [row["id"] for row in rows]):
                self.attachments.setdefault(row["run_id"], []).append(
                    (row["name"], addresses.attachment(row["secret"]))
                )
        numbers = list({row["project"] for row in rows})
        self.projects = {row["n"]: row for row in rows_in(connection, "SELECT * FROM projects WHERE n", numbers)}


def _text(name: str) -> Callable[[sqlite3.Row, Facts], str]:
    return lambda row, facts: dump(row[name])


def _stored(name: str, otherwise: str = "null") -> Callable[[sqlite3.Row, Facts], str]:
    return lambda row, facts: facts.payloads[row["n"]][name] or otherwise


def _time(name: str, write: Callable[[int | None], str | None]) -> Callable[[sqlite3.Row, Facts], str]:
    return lambda row, facts: dump(write(row[name]))


def _metadata(row: sqlite3.Row, facts: Facts) -> str:
    extra = facts.payloads[row["n"]]["extra"]
    return dump(json.loads(extra).get("metadata") or {}) if extra else "{}"


def _preview(name: str) -> Callable[[sqlite3.Row, Facts], str]:
    return lambda row, facts: dump((facts.payloads[row["n"]][name] or "")[:_PREVIEW])


def _parents(row: sqlite3.Row, facts: Facts) -> str:
    above = [step.partition("Z")[2] for step in row["dotted_order"].split(".")[:-1]]
    return dump(above or ([row["parent_id"]] if row["parent_id"] else []))


def _path(row: sqlite3.Row, facts: Facts) -> str:
    return dump(facts.addresses.run_path(facts.projects[row["project"]]["id"], row["id"], row["trace_id"]))


def _project(row: sqlite3.Row, facts: Facts) -> str:
    return dump(facts.projects[row["project"]]["id"])


def _details(name: str, wrap: bool) -> Callable[[sqlite3.Row, Facts], str]:
    return lambda row, facts: "null" if row[name] is None else f'{{"raw":{row[name]}}}' if wrap else row[name]


def _error(row: sqlite3.Row, facts: Facts) -> str:
    return dump(facts.payloads[row["n"]]["error"])


def _number(name: str) -> Callable[[sqlite3.Row, Facts], str]:
    return lambda row, facts: row[name] or "null"  # an amount of money: its digits, as a number


_COMMON: Final[dict[str, Callable[[sqlite3.Row, Facts], str]]] = {
    **{name: _text(name) for name in ("id", "name", "trace_id", "dotted_order", "reference_example_id", "thread_id")},
    "inputs": _stored("inputs", "{}"), "outputs": _stored("outputs"), "extra": _stored("extra", "{}"),
    "events": _stored("events", "[]"), "tags": _stored("tags", "[]"), "error": _error,
    "app_path": _path, "parent_run_ids": _parents,
    "feedback_stats": lambda row, facts: dump(facts.feedback.get(row["id"], {})),
    "reference_dataset_id": lambda row, facts: dump(facts.projects[row["project"]]["reference_dataset_id"]),
    **{f"{side}_cost_details": lambda row, facts: "null" for side in ("prompt", "completion")},
}  # fmt: skip
_V1: Final = _COMMON | {
    **{name: _text(name) for name in ("run_type", "status", *_TOKENS, *_COSTS)},
    **{name: _time(name, naive) for name in ("start_time", "end_time", "first_token_time")},
    **{f"{side}_token_details": _details(f"{side}_token_details", wrap=False) for side in ("prompt", "completion")},
    "serialized": _stored("serialized"), "parent_run_id": _text("parent_id"), "session_id": _project,
    "latency": _text("latency"), "inputs_preview": _preview("inputs"), "outputs_preview": _preview("outputs"),
    "in_dataset": lambda row, facts: "null", "manifest_id": lambda row, facts: "null",
    "s3_urls": lambda row, facts: dump(
        {f"attachment.{name}": {"presigned_url": url} for name, url in facts.attachments.get(row["id"], [])}
    ),
}  # fmt: skip
_V2: Final = _COMMON | {
    **{name: _text(name) for name in _TOKENS},
    **{name: _number(name) for name in _COSTS},
    **{name: _time(name, aware) for name in ("start_time", "end_time", "first_token_time")},
    **{f"{side}_token_details": _details(f"{side}_token_details", wrap=True) for side in ("prompt", "completion")},
    "run_type": lambda row, facts: dump(row["run_type"].upper()),
    "status": lambda row, facts: dump(row["status"].upper()),
    "metadata": _metadata, "manifest": _stored("serialized"), "project_id": _project,
    "latency_seconds": _text("latency"), "is_root": lambda row, facts: dump(row["parent_id"] is None),
    "error_preview": _preview("error"), "inputs_preview": _preview("inputs"), "outputs_preview": _preview("outputs"),
    "is_in_dataset": lambda row, facts: "null",
    "attachments": lambda row, facts: dump(dict(facts.attachments.get(row["id"], []))),
    **{name: lambda row, facts: "null" for name in (
        "price_model_id", "thread_evaluation_time", "last_queued_at", "share_url", "ls_user_id")},
}  # fmt: skip


def v1(
    connection: sqlite3.Connection, rows: Sequence[sqlite3.Row], addresses: Addresses, select: object = None
) -> list[str]:
    """Return runs as JSON texts of the first API; model calls and what is above them carry the subtree's usage.

    Args:
        connection: The database.
        rows: Rows of ``runs``.
        addresses: Where this server is found.
        select: Names of fields; all if not given. Names that are none of them are passed over, as the service does.
    """
    chosen = [name for name in _V1 if not isinstance(select, list) or name in _ALWAYS or name in select]
    facts = Facts(connection, rows, addresses, chosen)
    return [_object(row, facts, chosen, _V1) for row in rows]


def v2(
    connection: sqlite3.Connection,
    rows: Sequence[sqlite3.Row],
    addresses: Addresses,
    select: object,
    *,
    rolled_up: bool,
) -> list[str]:
    """Return runs as JSON texts of the second API: nothing but the fields asked for, and those but the id if none.

    Args:
        connection: The database.
        rows: Rows of ``runs``.
        addresses: Where this server is found.
        select: Names of fields, in upper case.
        rolled_up: Whether runs carry the usage of the runs below them.

    Raises:
        RefusalError: A name is none.
    """
    chosen = ["id", *dict.fromkeys(_selected(select))]
    facts = Facts(connection, rows, addresses, chosen)
    shape = _V2 if rolled_up else _V2_OWN
    return [_object(row, facts, list(dict.fromkeys(chosen)), shape) for row in rows]


_V2_OWN: Final = _V2 | {
    **{name: _text(f"own_{name}") for name in _TOKENS},
    **{name: _number(f"own_{name}") for name in _COSTS},
    "first_token_time": _time("own_first_token_time", aware),
}


def _selected(select: object) -> list[str]:
    if select is None:
        return []
    names = [str(name) for name in select] if isinstance(select, list) else [str(select)]
    unknown = [name for name in names if name != name.upper() or name.lower() not in _V2]
    if unknown:
        raise RefusalError(422, f"selects: {', '.join(unknown)[:200]} is none of {', '.join(_V2).upper()}")
    return [name.lower() for name in names]


def _object(row: sqlite3.Row, facts: Facts, names: Sequence[str], shape: Mapping[str, Any]) -> str:
    return "{" + ",".join(f'"{name}":{shape[name](row, facts)}' for name in names) + "}"
