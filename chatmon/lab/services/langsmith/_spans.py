"""Spans of OpenTelemetry as runs, read as the importer reads them: what is sent here and what is imported agree.

A trace's id is that of its root run, as LangSmith has it, and every other run's id is made of its trace's and its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from chatmon.cost.shapes import SHAPES
from chatmon.lab.services.langsmith._call import ApiAnswer, answered
from chatmon.lab.services.langsmith._ingest import RunBatch
from chatmon.lab.services.langsmith._protobuf import read, written
from chatmon.lab.services.langsmith._values import RefusalError, aware, parse, parse_object

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

PROTOBUF: Final = "application/x-protobuf"
_TYPES: Final = {
    "tool": "tool", "execute_tool": "tool", "retriever": "retriever", "retrieval": "retriever", "prompt": "prompt",
    "parser": "parser", "embedding": "embedding", "embeddings": "embedding",
}  # fmt: skip
_GIVEN: Final = (
    "gen_ai.prompt", "gen_ai.input.messages", "input.value", "traceloop.entity.input", "ai.prompt.messages",
    "ai.prompt", "langfuse.observation.input", "gen_ai.tool.call.arguments",
)  # fmt: skip
_GOT: Final = (
    "gen_ai.completion", "gen_ai.output.messages", "output.value", "traceloop.entity.output", "ai.response.text",
    "langfuse.observation.output", "gen_ai.tool.call.result",
)  # fmt: skip
_NUMBERED: Final = {
    _GIVEN: ("gen_ai.prompt.", "llm.input_messages."),
    _GOT: ("gen_ai.completion.", "llm.output_messages."),
}
"""Where a library writes one attribute for each part of each message."""
_UNREADABLE: Final = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
_SPAN: Final = "OTEL_SPAN_ID"
_METADATA: Final = "langsmith.metadata."


def request(body: bytes, content_type: str) -> dict[str, Any]:
    """Return an export request, from protobuf or JSON.

    Raises:
        RefusalError: It is neither, or of another kind.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == PROTOBUF:
        return read(body)
    if kind != "application/json":
        raise RefusalError(415, f"Content-Type is {content_type[:80]!r}: send {PROTOBUF} or application/json")
    found = parse_object(body)
    if not isinstance(found.get("resourceSpans"), list):
        raise RefusalError(400, "the body has no resourceSpans: send an ExportTraceServiceRequest")
    return found


def batch_of(asked: Mapping[str, Any], project: str | None) -> RunBatch:
    """Return the spans of a request as a batch of runs.

    Args:
        asked: The request as OTLP has it in JSON.
        project: Where a run goes whose span does not say.

    Raises:
        RefusalError: It is no trace at all.
    """
    from chatmon.importers.otlp import exported

    batch = RunBatch()
    try:
        for place, read_span in enumerate(exported(asked)):
            try:
                batch.add(_run(*read_span(), project))
            except _UNREADABLE as error:
                batch.refused[f"span {place}"] = RefusalError(422, f"span {place} of the request: {error}")
    except _UNREADABLE as error:
        raise RefusalError(400, f"the body is no ExportTraceServiceRequest: {error}") from None
    return batch


def join(connection: sqlite3.Connection, batch: RunBatch) -> None:
    """Give runs whose parent is the root of their trace that run's id, whichever of the two came first."""
    roots = {run["trace_id"]: run for run in batch.runs.values() if run["id"] == run["trace_id"]}
    for trace in {run["trace_id"] for run in batch.runs.values()}:
        span = _span_of(roots[trace]) if trace in roots else _stored_span(connection, trace)
        if span is None:
            continue
        other = _id(UUID(trace).hex, span)
        connection.execute("UPDATE runs SET parent_id = ? WHERE trace_id = ? AND parent_id = ?", (trace, trace, other))
        for run in batch.runs.values():
            if run["trace_id"] == trace and run.get("parent_run_id") == other:
                run["parent_run_id"] = trace


def answer(batch: RunBatch, content_type: str) -> ApiAnswer:
    """Return what OTLP has for an answer: nothing, or how many spans were rejected and why the first one was."""
    rejected = len(batch.refused)
    reason = str(next(iter(batch.refused.values())).detail) if rejected else ""
    if not content_type.startswith(PROTOBUF):
        return answered(
            {"partialSuccess": {"rejectedSpans": rejected, "errorMessage": reason}} if rejected else {}, 200
        )
    partial = written(1, rejected) + written(2, reason.encode())
    return ApiAnswer(written(1, partial) if rejected else b"", 200, PROTOBUF)


def _run(span: Mapping[str, Any], own: Mapping[str, Any], project: str | None) -> dict[str, Any]:
    trace, this, parent = span["trace_id"], span["span_id"], span["parent_id"]
    if not trace or not this or len(trace) != 32 or len(this) != 16:
        raise ValueError(f"traceId ({trace}) and spanId ({this}) are not 32 and 16 hexadecimal digits")
    is_root = parent is None or parent == trace[:16]  # LangSmith's client makes a root's parent of its own id
    metadata = _metadata(span, own)
    named = own.get("langsmith.trace.session_name") or project
    return {
        "id": str(UUID(trace)) if is_root else _id(trace, this),
        "trace_id": str(UUID(trace)),
        "parent_run_id": None if is_root else _id(trace, parent),
        "name": own.get("langsmith.trace.name") or span["name"] or "span",
        "run_type": _type(span),
        "start_time": _time(span["start"]),
        "end_time": _time(span["end"]),
        "inputs": _content(own, _GIVEN),
        "outputs": _content(own, _GOT),
        "error": _error(span),
        "events": [{"name": "new_token", "time": first}] if (first := _first_token(span)) else None,
        "tags": _tags(own.get("langsmith.span.tags")),
        "extra": {"metadata": metadata},
    } | ({"session_name": str(named)} if named else {})


def _id(trace: str, span: str) -> str:
    return str(UUID(hex=trace[:16] + span.rjust(16, "0")[:16]))


def _type(span: Mapping[str, Any]) -> str:
    from chatmon.importers.names import MODEL_CALLS

    operation = str(span["operation"] or "").lower()
    if operation in MODEL_CALLS or (not operation and span["input_tokens"] is not None):
        return "llm"
    return _TYPES.get(operation, "chain")


def _time(nanoseconds: Any) -> str | None:
    return aware(int(nanoseconds) // 1_000) if nanoseconds else None


def _first_token(span: Mapping[str, Any]) -> str | None:
    if span["first_time"] is not None:
        told = str(span["first_time"])
        return _time(told) if told.isdigit() else told
    if span["first_chunk"] is None or not span["start"]:
        return None
    return _time(int(span["start"]) + round(float(span["first_chunk"]) * 1e9))


def _error(span: Mapping[str, Any]) -> str | None:
    if str(span["status"]) not in ("2", "ERROR", "STATUS_CODE_ERROR"):
        return None
    kind, message = span["error_type"] or "unknown", span["message"]
    if message is None:
        return str(kind)
    return str(message) if str(message).startswith(f"{kind}(") else f"{kind}({message!r})"


def _metadata(span: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a run besides its texts, under the names that LangSmith has for it."""
    told = {
        "thread_id": span["conversation_id"], "user_id": span["user_id"], "ls_model_name": span["model"],
        "ls_provider": span["provider"], "finish_reason": span["finish_reason"], "usage_metadata": _usage(span),
        "OTEL_TRACE_ID": span["trace_id"], _SPAN: span["span_id"],
    }  # fmt: skip
    free = {name: span[name] for name in ("intent", "prompt_version", "variant", "experiment", "region", "channel")}
    said = {name.removeprefix(_METADATA): value for name, value in own.items() if name.startswith(_METADATA)}
    rest = {name.removeprefix(_METADATA): value for name, value in (span["rest"] or {}).items()}
    return {**rest, **said, **{name: value for name, value in {**free, **told}.items() if value is not None}}


def _usage(span: Mapping[str, Any]) -> dict[str, Any] | None:
    read_, sent = span["input_tokens"], span["output_tokens"]
    if read_ is None and sent is None and span["cost"] is None:
        return None
    found: dict[str, Any] = {"input_tokens": read_, "output_tokens": sent, "total_cost": span["cost"]}
    if read_ is not None and sent is not None:
        found["total_tokens"] = read_ + sent
    for unit in ("cached_tokens", "cache_write_tokens", "reasoning_tokens"):
        side, _, name = SHAPES["langchain"].names(unit)[0].partition("/")
        if span[unit] is not None:
            found.setdefault(side, {})[name] = span[unit]
    return {name: value for name, value in found.items() if value is not None}


def _content(own: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Return what a call was given or gave: the first attribute that has it, or messages that are written in parts."""
    said = next((own[name] for name in names if own.get(name) not in (None, "")), None)
    if said is not None:
        return _parsed(said)
    messages = next((found for prefix in _NUMBERED[names] if (found := _messages(own, prefix))), None)
    return None if messages is None else {"messages": messages}


def _messages(own: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for name, value in own.items():
        number, _, part = name.removeprefix(prefix).partition(".")
        if name.startswith(prefix) and number.isdigit() and part:
            found.setdefault(int(number), {})[part.removeprefix("message.")] = value
    return [found[number] for number in sorted(found)]


def _parsed(said: Any) -> Any:
    if not isinstance(said, str) or not said.lstrip().startswith(("{", "[")):
        return said
    try:
        return parse(said)
    except RefusalError:
        return said


def _tags(said: Any) -> list[str] | None:
    if isinstance(said, str):
        return [tag for tag in said.split(", ") if tag]
    return [str(tag) for tag in said] if isinstance(said, list) else None


def _span_of(run: Mapping[str, Any]) -> str | None:
    metadata = (run.get("extra") or {}).get("metadata")
    span = metadata.get(_SPAN) if isinstance(metadata, dict) else None
    return span if isinstance(span, str) else None


def _stored_span(connection: sqlite3.Connection, trace: str) -> str | None:
    select = "SELECT payloads.extra FROM runs JOIN payloads USING (n) WHERE runs.id = ?"
    row = connection.execute(select, [trace]).fetchone()
    return None if row is None or row["extra"] is None else _span_of({"extra": json.loads(row["extra"])})
