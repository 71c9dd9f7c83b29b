"""Opik's traces and spans: pages of its API, and the files of its command line's export, a trace each.

``usage`` has OpenAI's three counts, in which cached tokens and reasoning are counted, and the provider's own counts
below ``original_usage.``. A trace repeats the sums of its spans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _plain as plain
from chatmon.importers._langfuse import number_of
from chatmon.importers.attributes import FREE, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KINDS: Final = {"llm": "llm", "tool": "tool", "guardrail": "guardrail", "general": "unknown"}
_READ: Final = (
    "id", "trace_id", "parent_span_id", "type", "name", "start_time", "end_time", "duration", "ttft", "input", "output",
    "metadata", "model", "provider", "usage", "error_info", "feedback_scores", "total_estimated_cost", "thread_id",
    "project_id", "span_count", "tags",
)  # fmt: skip


def _of_span(span: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield _row(span) | {
        "trace_id": span.get("trace_id"),
        "parent_id": span.get("parent_span_id"),
        "kind": _KINDS.get(str(span.get("type") or "general"), "unknown"),
        "model": span.get("model"),
        "provider": span.get("provider"),
        "first_token_after": plain.seconds(span.get("ttft")),
    }


def _of_trace(trace: dict[str, Any]) -> Iterator[dict[str, Any]]:
    said = object_of(trace.get("metadata"))
    yield _row(trace) | {
        "trace_id": trace.get("id"),
        "conversation_id": trace.get("thread_id"),
        "user_id": said.get("user_id"),
        **{name: said.get(name) for name in FREE if said.get(name) is not None},
        "attributes": {name: value for name, value in said.items() if name not in (*FREE, "user_id")} or None,
        "question": _text(trace.get("input")),
        "answer": _text(trace.get("output")),
    }


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    """What a span and a trace say alike."""
    usage, error = object_of(one.get("usage")), object_of(one.get("error_info"))
    given = one.get("feedback_scores") or []
    scores = {score.get("name"): score.get("value") for score in given}
    entries = [
        {name: score.get(key) for name, key in
         (("name", "name"), ("number", "value"), ("word", "category_name"), ("source", "source"))}
        for score in given
    ]  # fmt: skip
    cost = one.get("total_estimated_cost")
    return {
        "span_id": one.get("id"),
        "name": one.get("name"),
        "start_time": one.get("start_time"),
        "end_time": one.get("end_time"),
        **plain.counted("opik", usage),
        "cost": None if usage and number_of(cost) == 0 else cost,  # it has 0 where it knows no price
        "failed": bool(error),
        "error_type": error.get("exception_type"),
        "error_message": error.get("message"),
        "scores": entries or None,
    } | plain.scores_of(scores)


def _text(value: Any) -> Any:
    said = object_of(value)
    return next((said[name] for name in ("question", "input", "answer", "output") if name in said), None)


def _of_export(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _of_trace(document["trace"])
    for span in document["spans"]:
        yield from _of_span(span)


def _of_page(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in page["content"]:
        yield from _of_span(one) if _span(one) else _of_trace(one)


def _span(record: Mapping[str, Any]) -> str | None:
    known = {"id", "trace_id", "start_time", "project_id"} <= record.keys() and str(record.get("type")) in _KINDS
    return "has trace_id, project_id and type" if known else None


def _trace(record: Mapping[str, Any]) -> str | None:
    known = {"id", "start_time", "project_id"} <= record.keys() and bool(
        {"span_count", "llm_span_count"} & record.keys()
    )
    return "has project_id and span_count" if known else None


def _export(record: Mapping[str, Any]) -> str | None:
    trace = record.get("trace")
    known = isinstance(trace, dict) and "start_time" in trace and isinstance(record.get("spans"), list)
    return "has trace and spans" if known else None


def _page(record: Mapping[str, Any]) -> str | None:
    rows = record.get("content")
    known = (
        isinstance(rows, list) and bool(rows) and isinstance(rows[0], dict) and bool(_span(rows[0]) or _trace(rows[0]))
    )
    return "a page of the API: content holds spans or traces" if known else None


_ASSUMED: Final = (
    "times without a zone are UTC, unless tz says otherwise; ttft is milliseconds",
    "prompt_tokens counts cached tokens in, completion_tokens those of reasoning",
    "total_estimated_cost is Opik's own estimate; 0 of a call that used tokens is unknown",
)
DIALECTS: Final = (
    plain.dialect("opik", "export", _export, _of_export, ("trace", "spans", "downloaded_at", "project_name"), _ASSUMED),
    plain.dialect("opik", "API page", _page, _of_page, ("content", "page", "size", "total", "sortable_by"), _ASSUMED),
    plain.dialect("opik", "spans", _span, _of_span, _READ, _ASSUMED),
    plain.dialect("opik", "traces", _trace, _of_trace, _READ, _ASSUMED),
)
