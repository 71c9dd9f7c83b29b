"""OpenTelemetry spans in five layouts, written from the specification and the exporters' documentation."""

import base64
from datetime import UTC, datetime
from uuid import UUID


def spans(turns):
    """An agent span and its model calls for each turn; the agent span repeats the usage, as some libraries have it."""
    for turn in turns:
        trace = UUID(turn.turn_id).hex
        start = int(turn.timestamp.timestamp()) * 10**9 + turn.timestamp.microsecond * 1000
        end = start + round(turn.response_time * 1e6) * 1000
        usage = {
            "gen_ai.usage.input_tokens": turn.input_tokens, "gen_ai.usage.output_tokens": turn.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": turn.cached_tokens,
            "gen_ai.usage.reasoning.output_tokens": turn.reasoning_tokens,
            "gen_ai.usage.cost": None if turn.cost is None else float(turn.cost),
        }  # fmt: skip
        root = {
            "gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": turn.conversation_id,
            "user.id": turn.user_id, "chatmon.intent": turn.intent, "chatmon.prompt_version": turn.prompt_version,
            "chatmon.region": turn.region, "chatmon.user_satisfaction": turn.user_satisfaction,
            "chatmon.task_completed": turn.task_completed, "error.type": turn.error_type,
        }  # fmt: skip
        yield trace, trace[:16], None, start, end, bool(turn.error_type), root | usage
        for attempt in range(1, turn.attempts + 1):
            failed = bool(turn.error_type) or attempt < turn.attempts
            call = {
                "gen_ai.operation.name": "chat", "gen_ai.provider.name": turn.provider,
                "gen_ai.response.model": turn.model, "error.type": "RateLimitError" if failed else None,
            }  # fmt: skip
            span = f"{(int(trace[:16], 16) + attempt) % 2**64:016x}"
            yield trace, span, trace[:16], start, end, failed, call if failed else call | usage


def attribute(name, value, *, whole=str):
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return {"key": name, "value": {kinds[type(value)]: whole(value) if type(value) is int else value}}


def envelopes(turns, *, identify=str, code=(0, 2), whole=str):
    """One envelope a line, as the collector's file exporter writes it."""
    for trace, span, parent, start, end, failed, attributes in spans(turns):
        pairs = [attribute(name, value, whole=whole) for name, value in attributes.items() if value is not None]
        body = {
            "traceId": identify(trace), "spanId": identify(span), "parentSpanId": identify(parent) if parent else "",
            "name": "x", "startTimeUnixNano": str(start), "endTimeUnixNano": str(end), "attributes": pairs,
            "status": {"code": code[failed], "message": "RateLimitError('429')" if failed else ""},
        }  # fmt: skip
        resource = {"attributes": [attribute("service.name", "desk")]}
        yield {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {}, "spans": [body]}]}]}


def protobuf(turns):
    """``MessageToJson``: ids in base64, enums by name."""
    encode = lambda text: base64.b64encode(bytes.fromhex(text)).decode()  # noqa: E731 - one line says it
    return envelopes(turns, identify=encode, code=("STATUS_CODE_UNSET", "STATUS_CODE_ERROR"))


def numbers(turns):
    """Integers as numbers, as many writers have them."""
    return envelopes(turns, whole=int)


def snake(turns):
    """Phoenix's download of traces: the same envelope with underscores."""
    import json
    import re

    for envelope in envelopes(turns):
        yield json.loads(
            re.sub(
                r'"([a-z]+[A-Za-z]*)":', lambda found: re.sub("([A-Z])", r"_\1", found[0]).lower(), json.dumps(envelope)
            )
        )


def console(turns):
    """``span.to_json()`` of the Python SDK."""
    for trace, span, parent, start, end, failed, attributes in spans(turns):
        yield {
            "name": "x", "context": {"trace_id": f"0x{trace}", "span_id": f"0x{span}", "trace_state": "[]"},
            "parent_id": f"0x{parent}" if parent else None, "start_time": moment(start), "end_time": moment(end),
            "status": {"status_code": "ERROR" if failed else "UNSET"},
            "attributes": {name: value for name, value in attributes.items() if value is not None},
            "resource": {"attributes": {"service.name": "desk"}},
        }  # fmt: skip


OPENINFERENCE = {
    "gen_ai.provider.name": "llm.provider", "gen_ai.response.model": "llm.model_name",
    "gen_ai.usage.input_tokens": "llm.token_count.prompt", "gen_ai.usage.output_tokens": "llm.token_count.completion",
    "gen_ai.usage.cache_read.input_tokens": "llm.token_count.prompt_details.cache_read",
    "gen_ai.usage.reasoning.output_tokens": "llm.token_count.completion_details.reasoning",
    "gen_ai.usage.cost": "llm.cost.total", "gen_ai.conversation.id": "session.id", "error.type": "error.type",
    "user.id": "user.id",
}  # fmt: skip


def phoenix_rows(turns):
    """Rows of ``get_spans_dataframe()``: OpenInference names as columns, own dimensions in a metadata column."""
    for trace, span, parent, start, end, failed, attributes in spans(turns):
        kind = "LLM" if attributes["gen_ai.operation.name"] == "chat" else "AGENT"
        metadata = {name.removeprefix("chatmon."): value for name, value in attributes.items() if "chatmon." in name}
        named = {f"attributes.{name}": attributes.get(theirs) for theirs, name in OPENINFERENCE.items()}
        yield named | {
            "context.span_id": span, "context.trace_id": trace, "parent_id": parent, "name": "x", "span_kind": kind,
            "start_time": datetime.fromisoformat(moment(start)), "end_time": datetime.fromisoformat(moment(end)),
            "status_code": "ERROR" if failed else "OK", "status_message": "", "attributes.metadata": metadata or None,
        }  # fmt: skip


def javascript(turns):
    """The JavaScript SDK's spans: times as seconds and nanoseconds."""
    for trace, span, parent, start, end, failed, attributes in spans(turns):
        yield {
            "traceId": trace, "id": span, "parentId": parent, "name": "x", "startTime": list(divmod(start, 10**9)),
            "endTime": list(divmod(end, 10**9)), "status": {"code": 2 if failed else 0}, "attributes": attributes,
        }  # fmt: skip


def moment(nanoseconds):
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"
