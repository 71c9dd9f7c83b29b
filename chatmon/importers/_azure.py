"""Azure OpenAI's diagnostic log of requests and responses: one call a record, as a storage account keeps them.

It says who answered, when, and how long it took, and nothing of tokens. ``time`` is when the response was there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _plain as plain
from chatmon.importers.attributes import object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KINDS: Final = {
    "chatcompletions_create": "llm", "completions_create": "llm", "responses_create": "llm",
    "extensionschatcompletions_create": "llm", "embeddings_create": "embedding",
}  # fmt: skip
_READ: Final = (
    "Tenant", "callerIpAddress", "category", "correlationId", "durationMs", "event", "location", "operationName",
    "properties", "resourceId", "resultSignature", "resultType", "time", "tenantId",
)  # fmt: skip


def _of_record(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    said, code = object_of(record.get("properties")), str(record.get("resultSignature") or "")
    failed = None if not code.isdigit() else not 200 <= int(code) < 300
    operation = str(record.get("operationName") or "")
    yield {
        "span_id": record.get("correlationId"),
        "kind": _KINDS.get(operation.lower(), "unknown"),
        "name": operation or None,
        "end_time": record.get("time"),
        "response_time": plain.seconds(record.get("durationMs")),
        "provider": "azure.ai.openai",
        "model": said.get("modelName") or said.get("modelDeploymentName"),
        "failed": failed,
        "error_type": f"HTTP {code}" if failed else None,
        "attributes": {"modelDeploymentName": said.get("modelDeploymentName"), "location": record.get("location")},
    }


def _of_page(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for record in page["records"]:
        yield from _of_record(record)


def _record(record: Mapping[str, Any]) -> str | None:
    known = {"category", "operationName", "properties", "durationMs"} <= record.keys()
    answers = known and record["category"] == "RequestResponse"
    return "category is RequestResponse, with properties and durationMs" if answers else None


def _page(record: Mapping[str, Any]) -> str | None:
    rows = record.get("records")
    known = isinstance(rows, list) and bool(rows) and isinstance(rows[0], dict) and _record(rows[0]) is not None
    return "records of category RequestResponse" if known else None


_SELECT: Final = f"""SELECT * REPLACE (later(end_time, -coalesce(response_time, 0)) AS start_time)
    FROM ({plain.SELECT})"""
_ASSUMED: Final = (
    "time is when the response was there; times without a zone are UTC, unless tz says otherwise",
    "durationMs is milliseconds, from the request to the whole response",
    "the log says nothing of tokens, cached or not, and of cost: they stay unknown",
)
DIALECTS: Final = (
    plain.dialect("azure", "records", _page, _of_page, ("records",), _ASSUMED, select=_SELECT),
    plain.dialect("azure", "request log", _record, _of_record, _READ, _ASSUMED, select=_SELECT),
)
