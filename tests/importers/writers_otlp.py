"""OpenTelemetry spans in its other layouts, written from the specification and the exporters' documentation."""

import base64
from datetime import UTC, datetime

from export_writers import otlp_envelopes as envelopes
from export_writers import otlp_spans as spans

__all__ = ["console", "envelopes", "javascript", "numbers", "phoenix_rows", "protobuf", "snake"]


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
