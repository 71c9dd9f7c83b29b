"""Braintrust's spans: rows of a project's logs as its API, its SQL and its user interface export them.

``metrics`` has times in seconds since 1970 and the counts of a model's call, in which cached tokens and reasoning are
counted. A judge's own calls are marked as a scorer's, and no part of what the bot used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _plain as plain
from chatmon.importers._spans import TOKENS
from chatmon.importers.attributes import CLASS, FREE, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KINDS: Final = {"llm": "llm", "tool": "tool", "score": "evaluator", "classifier": "evaluator", "review": "evaluator"}
_WHOSE: Final = ("conversation_id", "session_id", "thread_id")
_READ: Final = (
    "id", "_xact_id", "_pagination_key", "created", "project_id", "org_id", "log_id", "span_id", "root_span_id",
    "span_parents", "is_root", "span_attributes", "input", "output", "expected", "error", "scores", "metadata", "tags",
    "metrics",
)  # fmt: skip


def _of_row(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    metrics, said = object_of(row.get("metrics")), object_of(row.get("metadata"))
    named, parents = object_of(row.get("span_attributes")), row.get("span_parents") or []
    judged = named.get("purpose") == "scorer"
    kind = "evaluator" if judged else _KINDS.get(str(named.get("type")), "unknown")
    start, model, provider = metrics.get("start"), said.pop("model", None), said.pop("provider", None)
    yield {
        "span_id": row.get("span_id"),
        "trace_id": row.get("root_span_id"),
        "parent_id": parents[0] if parents else None,
        "kind": kind,
        "name": named.get("name"),
        "start_time": row.get("created") if start is None else start,
        "end_time": metrics.get("end"),
        "first_token_after": metrics.get("time_to_first_token"),
        "provider": provider,
        "model": model,
        **plain.counted("braintrust", metrics),
        "cost": metrics.get("estimated_cost"),
        **_failure(row.get("error")),
        "conversation_id": next((said.pop(name) for name in _WHOSE if said.get(name)), None),
        "user_id": said.pop("user_id", None),
        **{name: said.pop(name, None) for name in FREE},
        **plain.scores_of(object_of(row.get("scores"))),
        "scores": [{"name": name, "number": value} for name, value in object_of(row.get("scores")).items()] or None,
        "attributes": said if said and not parents else None,
    } | (dict.fromkeys((*TOKENS, "usage_details", "cost", "model", "provider")) if judged else {})


def _failure(error: Any) -> dict[str, Any]:
    """Return whether a span failed and of what; an error is a text, or an object with a message."""
    if error in (None, "", {}):
        return {"failed": False}
    text = str(object_of(error).get("message") or error)
    kind = text.partition("(")[0].partition(":")[0]
    return {"failed": True, "error_type": kind if CLASS.fullmatch(kind) else None, "error_message": text}


def _of_page(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in page.get("events") or page["data"]:
        yield from _of_row(row)


def _row(record: Mapping[str, Any]) -> str | None:
    known = {"span_id", "root_span_id", "span_attributes"} <= record.keys()
    return "has span_id, root_span_id and span_attributes" if known else None


def _page(record: Mapping[str, Any]) -> str | None:
    rows = record.get("events") or record.get("data")
    known = isinstance(rows, list) and bool(rows) and isinstance(rows[0], dict) and _row(rows[0]) is not None
    return "a page of the API: it holds spans" if known else None


_PAGE: Final = ("events", "data", "cursor", "schema", "freshness_state", "realtime_state")
_ASSUMED: Final = (
    "metrics has times in seconds since 1970, and the seconds to the first token",
    "prompt_tokens counts cached tokens in, completion_tokens those of reasoning",
    "what a scorer used is no part of a turn",
)
DIALECTS: Final = (
    plain.dialect(
        "braintrust",
        "API page",
        _page,
        _of_page,
        ("events", "data", "cursor", "schema", "freshness_state", "realtime_state"),
        _ASSUMED,
    ),
    plain.dialect("braintrust", "spans", _row, _of_row, _READ, _ASSUMED),
)
