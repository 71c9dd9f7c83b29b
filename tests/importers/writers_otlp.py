"""OpenTelemetry spans in its other layouts, written from the specification and the exporters' documentation."""

import base64
from datetime import UTC, datetime

import export_writers
from importers.conversations import at_the_desk, calls_of

__all__ = ["console", "envelopes", "javascript", "numbers", "phoenix_rows", "protobuf", "snake", "spans"]

SERVICE = "service.name"
OF_A_CALL = ("gen_ai.usage", "gen_ai.response", "gen_ai.operation", "error.type")


def spans(turns):
    """The spans of turns, whose traces begin in another service, or are not all there, as their shapes say."""
    for turn in turns:
        trace, *_ = desk, *calls = list(export_writers.otlp_spans([at_the_desk(turn)], calls=calls_of))
        trace, web = trace[0], trace[0][16:]
        if turn.shape == "elsewhere":
            start, end = next(export_writers.otlp_spans([turn]))[3:5]
            request = {"http.request.method": "POST", "url.path": "/chat", SERVICE: "web"}
            yield trace, web, None, start, end, "", request
        if turn.shape == "orphans":
            said = {name: value for name, value in desk[-1].items() if not name.startswith(OF_A_CALL)}
            yield from ((*call[:-1], said | call[-1]) for call in calls)
        else:
            yield (*desk[:2], web, *desk[3:]) if turn.shape in ("elsewhere", "lost") else desk
            yield from calls


def explicit(turns, **options):
    """Every field written, also where it is the default."""
    for envelope in export_writers.otlp_envelopes(turns, spans_of=spans, **options):
        (resource,) = envelope["resourceSpans"]
        for span in resource["scopeSpans"][0]["spans"]:
            services = [pair for pair in span["attributes"] if pair["key"] == SERVICE]
            for pair in services:
                span["attributes"].remove(pair)
                resource["resource"]["attributes"] = [pair]
        yield envelope


def envelopes(turns):
    """The collector's file exporter: a status that says nothing is empty."""
    for envelope in explicit(turns):
        for span in envelope["resourceSpans"][0]["scopeSpans"][0]["spans"]:
            span["status"] = without_defaults(span["status"])
        yield envelope


def protobuf(turns):
    """``MessageToJson``: ids in base64, enums by name, and nothing that is the default: no zero, no empty text."""
    encode = lambda text: base64.b64encode(bytes.fromhex(text)).decode()  # noqa: E731 - one line says it
    for envelope in explicit(turns, identify=encode, code=("STATUS_CODE_UNSET", "STATUS_CODE_ERROR")):
        yield without_defaults(envelope)


def without_defaults(message):
    """Leave out what protobuf's JSON does, however deep: but not the value of an attribute, which is a choice."""
    if isinstance(message, list):
        return [without_defaults(one) for one in message]
    if not isinstance(message, dict):
        return message
    left = {name: value if name == "value" else without_defaults(value) for name, value in message.items()}
    return {name: value for name, value in left.items() if value not in ("", 0, "0", [], "STATUS_CODE_UNSET")}


def numbers(turns):
    """Integers as numbers, as many writers have them, and every field written."""
    return explicit(turns, whole=int)


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
            "attributes": {name: value for name, value in attributes.items() if not (value is None or name == SERVICE)},
            "resource": {"attributes": {SERVICE: attributes.get(SERVICE, "desk")}},
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
        kind = {"chat": "LLM", "invoke_agent": "AGENT", None: "UNKNOWN"}[attributes.get("gen_ai.operation.name")]
        metadata = {name.removeprefix("chatmon."): value for name, value in attributes.items() if "chatmon." in name}
        named = {f"attributes.{name}": attributes.get(theirs) for theirs, name in OPENINFERENCE.items()}
        yield named | {
            "context.span_id": span, "context.trace_id": trace, "parent_id": parent, "name": "x", "span_kind": kind,
            "start_time": datetime.fromisoformat(moment(start)), "end_time": datetime.fromisoformat(moment(end)),
            "status_code": "ERROR" if failed else "UNSET", "status_message": "",
            "attributes.metadata": metadata or None,
        }  # fmt: skip


def javascript(turns):
    """The JavaScript SDK's spans: times as seconds and nanoseconds."""
    for trace, span, parent, start, end, failed, attributes in spans(turns):
        yield {
            "traceId": trace, "id": span, "parentId": parent, "name": "x", "startTime": list(divmod(start, 10**9)),
            "endTime": list(divmod(end, 10**9)), "status": {"code": 2 if failed else 0},
            "attributes": {name: value for name, value in attributes.items() if value is not None},
        }  # fmt: skip


def moment(nanoseconds):
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"
