"""OpenTelemetry spans in its other layouts, written from the specification and the exporters' documentation."""

import base64
import json
import re
from datetime import UTC, datetime

import export_writers
from importers.conversations import at_the_desk, calls_of

__all__ = [
    "console", "envelopes", "flat_javascript", "jaeger", "javascript", "lines", "mlflow", "mlflow_rows", "numbers",
    "otlp_pages", "pages", "phoenix_rows", "protobuf", "snake", "spans", "tempo",
]  # fmt: skip

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


def flat_javascript(turns):
    """The JavaScript spans as some services log them, with the ids as OTLP spells them."""
    for span in javascript(turns):
        yield {"type": "span", "spanId": span.pop("id"), "parentSpanId": span.pop("parentId"), **span}


def lines(turns):
    """A span a line, its attributes by name."""
    for trace, span, parent, start, end, failed, attributes in spans(turns):
        yield {
            "trace_id": trace, "span_id": span, "parent_span_id": parent or "", "name": "x",
            "start_time_unix_nano": start, "end_time_unix_nano": end, "status": {"code": 2} if failed else {},
            "attributes": {name: value for name, value in attributes.items() if value is not None},
        }  # fmt: skip


def pages(turns):
    """Phoenix's REST API: some spans a page, as ``get_spans()`` has them."""
    yield from in_pages(
        span | {"status": None, "status_code": span["status"]["status_code"], "events": []} for span in console(turns)
    )


def annotated(turns):
    """Spans a line, and after those of each turn what its user said, as an annotation of one of them."""
    for turn in turns:
        rows = list(lines([turn]))
        yield from rows
        if turn.user_satisfaction is not None:
            yield annotation(rows[-1], "user_satisfaction", score=turn.user_satisfaction)


def evaluated(turns):
    """Spans a line, and after those of each turn what its user said, as an event that an SDK writes to the console."""
    for turn in turns:
        rows = list(lines([turn]))
        yield from rows
        if turn.user_satisfaction is not None:
            said = {"gen_ai.evaluation.name": "user_satisfaction"}
            yield {
                "body": None, "severity_number": None, "severity_text": None, "dropped_attributes": 0,
                "attributes": said | {"gen_ai.evaluation.score.value": turn.user_satisfaction}, "timestamp": None,
                "observed_timestamp": "2026-10-06T00:00:00.000000Z", "trace_id": f"0x{rows[-1]['trace_id']}",
                "span_id": f"0x{rows[-1]['span_id']}", "trace_flags": 1, "event_name": "gen_ai.evaluation.result",
                "resource": {"attributes": {"service.name": "bot"}, "schema_url": ""},
            }  # fmt: skip


def evaluated_envelopes(turns):
    """The same as a collector writes both: envelopes of spans, and envelopes of log records."""
    yield from envelopes(turns)
    for row in evaluated(turns):
        if "event_name" not in row:
            continue
        record = {
            "observedTimeUnixNano": "1796000000000000000", "eventName": row["event_name"], "flags": 1,
            "attributes": [
                {"key": name, "value": {"stringValue" if isinstance(value, str) else "doubleValue": value}}
                for name, value in row["attributes"].items()
            ],
            "traceId": row["trace_id"][2:], "spanId": row["span_id"][2:],
        }  # fmt: skip
        scope = {"scope": {"name": "judge"}, "logRecords": [record]}
        yield {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [scope]}]}


def annotated_pages(turns):
    """The same as pages of Phoenix's API: first the spans, then the annotations."""
    rows = list(annotated(turns))
    yield from pages(turns)
    yield from in_pages(row for row in rows if "annotator_kind" in row)


def annotation(span, name, *, kind="HUMAN", **result):
    return {
        "id": f"{span['trace_id']}-{name}-{kind}", "span_id": span["span_id"], "name": name, "annotator_kind": kind,
        "result": {"label": None, "score": None, "explanation": None} | result, "metadata": {}, "identifier": "",
        "source": "API", "user_id": None, "created_at": "2026-10-06T00:00:00Z", "updated_at": "2026-10-06T00:00:00Z",
    }  # fmt: skip


def otlp_pages(turns):
    """Its other door: OTLP's spans, of whose values all kinds are written and one is not null."""
    kinds = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}

    def value(said):
        return dict.fromkeys(kinds.values()) | {kinds[type(said)]: said}

    yield from in_pages(
        span | {"attributes": [{"key": name, "value": value(said)} for name, said in span["attributes"].items()]}
        for span in lines(turns)
    )


def in_pages(rows):
    rows = list(rows)
    for start in range(0, len(rows), 7):
        yield {"data": rows[start : start + 7], "next_cursor": None}


def tempo(turns):
    """Tempo's download: protobuf's JSON, whose resources are called batches."""
    for envelope in protobuf(turns):
        yield {"batches": envelope["resourceSpans"]}


def jaeger(turns):
    """Jaeger's download: a trace's spans with tags, in microseconds."""
    for turn in turns:
        rows = []
        for trace, span, parent, start, end, failed, attributes in spans([turn]):
            tags = {name: value for name, value in attributes.items() if not (value is None or name == SERVICE)}
            tags |= {"otel.status_code": "ERROR", "error": True} if failed else {}
            rows.append({
                "traceID": trace, "spanID": span, "operationName": "x", "startTime": start // 1000,
                "duration": end // 1000 - start // 1000, "logs": [], "processID": attributes.get(SERVICE, "desk"),
                "references": [{"refType": "CHILD_OF", "traceID": trace, "spanID": parent}] if parent else [],
                "tags": [{"key": name, "type": "any", "value": value} for name, value in tags.items()],
            })  # fmt: skip
        services = {name: {"serviceName": name, "tags": []} for name in {row["processID"] for row in rows}}
        traced = {"traceID": rows[0]["traceID"], "spans": rows, "processes": services}
        yield {"data": [traced], "total": 0, "limit": 0, "offset": 0, "errors": None}


IN_MLFLOW = {
    "gen_ai.usage.input_tokens": "input_tokens", "gen_ai.usage.output_tokens": "output_tokens",
    "gen_ai.usage.cache_read.input_tokens": "cache_read_input_tokens",
    "gen_ai.usage.reasoning.output_tokens": "reasoning_tokens",
}  # fmt: skip
KINDS = {"chat": "CHAT_MODEL", "invoke_agent": "AGENT", None: "UNKNOWN"}


def mlflow(turns):
    """``Trace.to_json()`` of MLflow: ids in base64, attributes as JSON text, who asked in what is said of the trace."""
    encode = lambda text: base64.b64encode(bytes.fromhex(text)).decode()  # noqa: E731 - one line says it
    for turn in turns:
        rows, told = [], {}
        for trace, span, parent, start, end, failed, attributes in spans([turn]):
            said = {name: value for name, value in attributes.items() if value is not None}
            usage = {theirs: said.pop(name) for name, theirs in IN_MLFLOW.items() if name in said}
            kind = KINDS[said.pop("gen_ai.operation.name", None)]
            told |= {
                name: said.pop(name) for name in list(said) if name.startswith(("user.", "gen_ai.conv", "chatmon."))
            }
            model = said.pop("gen_ai.response.model", None)
            said |= {"mlflow.spanType": kind} | ({"mlflow.llm.model": model} if model else {})
            said |= {"mlflow.chat.tokenUsage": usage} if usage else {}
            rows.append({
                "trace_id": encode(trace), "span_id": encode(span), "name": "x",
                "parent_span_id": encode(parent) if parent else None,
                "start_time_unix_nano": start, "end_time_unix_nano": end, "events": [],
                "status": {"code": "STATUS_CODE_ERROR" if failed else "STATUS_CODE_UNSET", "message": ""},
                "attributes": {name: json.dumps(value) for name, value in said.items()},
            })  # fmt: skip
        whose = {"mlflow.trace.user": told.get("user.id"), "mlflow.trace.session": told.get("gen_ai.conversation.id")}
        own = {name.removeprefix("chatmon."): value for name, value in told.items() if name.startswith("chatmon.")}
        info = {"trace_id": f"tr-{turn.turn_id}", "state": "OK", "trace_metadata": whose, "tags": own}
        yield {"info": info, "data": {"spans": rows}}


def mlflow_rows(turns):
    """Rows of its ``search_traces()``, as JSON lines."""
    for trace in mlflow(turns):
        yield {**trace["info"], "spans": trace["data"]["spans"], "assessments": []}


def moment(nanoseconds):
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def logfire(turns):
    """Rows of Logfire's records, with a pending one for each root, which says what its span had when it began."""
    for trace, span, parent, start, end, failed, attributes in spans(turns):
        named = {name: value for name, value in attributes.items() if not (value is None or name == SERVICE)}
        row = {
            "trace_id": trace, "span_id": span, "parent_span_id": parent or None, "kind": "span", "span_name": "x",
            "start_timestamp": moment(start), "end_timestamp": moment(end), "duration": (end - start) / 1e9,
            "attributes": json.dumps(named) if parent else named, "otel_scope_name": "pydantic-ai",
            "otel_status_code": "ERROR" if failed else "UNSET", "otel_status_message": None, "is_exception": False,
            "service_name": attributes.get(SERVICE, "desk"), "exception_type": None, "exception_message": None,
        }  # fmt: skip
        if not parent:
            yield row | {"kind": "pending_span", "span_id": f"{int(span, 16) ^ 1:016x}", "parent_span_id": span}
        yield row


def logfire_answers(turns):
    """The API's answers: rows one by one, or the values of each column."""
    rows = list(logfire(turns))
    names = list(rows[0])
    for start in range(0, len(rows), 8):
        some = rows[start : start + 8]
        if start % 16:
            yield {"columns": [{"name": name, "datatype": "Utf8"} for name in names], "rows": some}
        else:
            yield {"columns": [{"name": name, "values": [row[name] for row in some]} for name in names]}


def sentry(turns):
    """Transactions, each with its spans; what a span's status says went wrong is in words of Sentry's own."""
    for turn in turns:
        top, *below = [
            {
                "trace_id": trace, "span_id": span, "parent_span_id": parent, "origin": "auto.ai.openai",
                "start_timestamp": start / 1e9, "timestamp": end / 1e9, "description": "x",
                "status": "internal_error" if failed else "ok" if parent else None,
                "data": {name: value for name, value in attributes.items() if not (value is None or name == SERVICE)},
            }
            for trace, span, parent, start, end, failed, attributes in spans([turn])
        ]  # fmt: skip
        times = {name: top.pop(name) for name in ("start_timestamp", "timestamp")}
        yield {"type": "transaction", "transaction": "x", "contexts": {"trace": top}, "spans": below} | times
