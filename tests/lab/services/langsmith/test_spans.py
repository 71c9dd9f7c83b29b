"""Spans that an OpenTelemetry exporter sends become runs: the same numbers, in one tree, whatever comes first."""

import base64
import gzip
import json
import secrets
import zlib

import httpx
import pytest
from waits import PATIENCE

from chatmon.lab.services.langsmith import _bodies as bodies
from chatmon.lab.services.langsmith import start
from chatmon.lab.services.langsmith._protobuf import read, written

SENT = base64.b64decode(
    "Cu4FChgKFgoMc2VydmljZS5uYW1lEgYKBGRlc2sS0QUKBQoDbGliEqcDChABI0VniavN7wEjRWeJq83vEggAAAAAAAAAsSIIAAAA"
    "AAAAAKEqBmNoYXQgbTADOeij8t6KltsYQejSWjiLltsYSh8KFWdlbl9haS5vcGVyYXRpb24ubmFtZRIGCgRjaGF0SiAKFGdlbl9h"
    "aS5wcm92aWRlci5uYW1lEggKBm9wZW5haUonChVnZW5fYWkucmVzcG9uc2UubW9kZWwSDgoMZ3B0LTQuMS1taW5pSiAKGWdlbl9h"
    "aS51c2FnZS5pbnB1dF90b2tlbnMSAxjoB0ogChpnZW5fYWkudXNhZ2Uub3V0cHV0X3Rva2VucxICGGRKLAoeZ2VuX2FpLnJlc3Bv"
    "bnNlLmZpbmlzaF9yZWFzb25zEgoqCAoGCgRzdG9wSicKGmdlbl9haS5yZXF1ZXN0LnRlbXBlcmF0dXJlEgkhAAAAAAAA0D9KHQoO"
    "Y2hhdG1vbi5vZmZzZXQSCxj7//////////8BShIKDGNoYXRtb24uZmxhZxICEAFKJQoLaW5wdXQudmFsdWUSFgoUeyJxdWVzdGlv"
    "biI6ICJvw7k/In16AhgBEsUBChABI0VniavN7wEjRWeJq83vEggAAAAAAAAAwSIIAAAAAAAAAKEqBGxvb2s56KPy3oqW2xhB6ITo"
    "5IqW2xhKJwoVZ2VuX2FpLm9wZXJhdGlvbi5uYW1lEg4KDGV4ZWN1dGVfdG9vbFpYCWiU7eGKltsYEglleGNlcHRpb24aHAoOZXhj"
    "ZXB0aW9uLnR5cGUSCgoIS2V5RXJyb3IaJAoRZXhjZXB0aW9uLm1lc3NhZ2USDwoNbm8gc3VjaCBvcmRlcnoCGAISVgoQASNFZ4mr"
    "ze8BI0VniavN7xIIAAAAAAAAAKEqBGRlc2s5AKDy3oqW2xhBADQoVouW2xhKHgoWZ2VuX2FpLmNvbnZlcnNhdGlvbi5pZBIECgJj"
    "MXoA"
)
"""A request that opentelemetry-proto 1.45.2 has written: a desk's span, and below it a chat and a tool that failed."""
TRACE = "01234567-89ab-cdef-0123-456789abcdef"
CHAT, TOOL = "01234567-89ab-cdef-0000-0000000000b1", "01234567-89ab-cdef-0000-0000000000c1"
PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture(scope="module")
def server():
    with start(api_key=f"test-{secrets.token_hex(8)}") as running:
        yield running


@pytest.fixture
def ask(server):
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=PATIENCE) as client:
        yield client
    assert "Traceback" not in server.log_path.read_text(encoding="utf-8")


def of_trace(number):
    """Return the request with a trace of its own, as OTLP has it in JSON."""
    request = read(SENT)
    for span in spans(request):
        span["traceId"] = f"{number:016x}{span['traceId'][16:]}"
    return request


def spans(request):
    return request["resourceSpans"][0]["scopeSpans"][0]["spans"]


def with_spans(request, chosen):
    (resource,) = request["resourceSpans"]
    (scope,) = resource["scopeSpans"]
    return {"resourceSpans": [resource | {"scopeSpans": [scope | {"spans": chosen}]}]}


def stored(ask, trace):
    runs = ask.post("/runs/query", json={"trace": trace}).json()["runs"]
    return {run["name"]: run for run in runs}


def test_protobuf_says_what_it_was_written_from():
    request = read(SENT)
    chat, tool, desk = spans(request)
    assert (chat["traceId"], chat["spanId"], chat["parentSpanId"]) == (
        TRACE.replace("-", ""),
        f"{0xB1:016x}",
        f"{0xA1:016x}",
    )
    assert (chat["startTimeUnixNano"], chat["endTimeUnixNano"]) == (1791190800000001000, 1791190801500001000)
    told = {pair["key"]: pair["value"] for pair in chat["attributes"]}
    assert told["gen_ai.request.temperature"] == {"doubleValue": 0.25}
    assert told["chatmon.offset"] == {"intValue": -5}
    assert told["chatmon.flag"] == {"boolValue": True}
    assert told["gen_ai.response.finish_reasons"] == {"arrayValue": {"values": [{"stringValue": "stop"}]}}
    assert told["input.value"] == {"stringValue": '{"question": "où?"}'}
    assert (tool["status"], desk["status"]) == ({"code": 2}, {})
    assert request["resourceSpans"][0]["scopeSpans"][0]["scope"] == {"name": "lib"}


@pytest.mark.parametrize("length", [*range(1, 40), len(SENT) // 2, len(SENT) - 1])
def test_protobuf_that_is_cut_off_is_refused(ask, length):
    answer = ask.post("/otel/v1/traces", content=SENT[:length], headers=PROTOBUF)
    assert answer.status_code == 400, answer.text
    assert "no OTLP in protobuf" in answer.json()["detail"]


def test_protobuf_that_is_deep_is_refused_and_not_followed(ask):
    value = b""
    for _ in range(5_000):
        value = written(5, written(1, value))
    span = written(9, written(1, b"k") + written(2, value))
    body = written(1, written(2, written(2, span)))
    answer = ask.post("/otel/v1/traces", content=body, headers=PROTOBUF)
    assert (answer.status_code, "nested deeper" in answer.text) == (400, True)


def test_spans_are_runs_in_one_tree(ask):
    answer = ask.post("/otel/v1/traces", content=SENT, headers=PROTOBUF | {"langsmith-project": "desk"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"", PROTOBUF["content-type"])
    found = stored(ask, TRACE)
    desk, chat, tool = found["desk"], found["chat m"], found["look"]
    assert (desk["id"], desk["trace_id"], desk["parent_run_id"]) == (TRACE, TRACE, None)
    assert (chat["id"], chat["parent_run_id"], tool["id"], tool["parent_run_id"]) == (CHAT, TRACE, TOOL, TRACE)
    assert (desk["run_type"], chat["run_type"], tool["run_type"]) == ("chain", "llm", "tool")
    assert (chat["start_time"], chat["end_time"]) == ("2026-10-05T09:00:00.000001", "2026-10-05T09:00:01.500001")
    # 1,000 x 0.40 + 100 x 1.60 US dollars a million, and the desk has the sum of what is below it.
    assert (chat["total_tokens"], float(chat["total_cost"])) == (1100, 0.00056)
    assert (desk["total_tokens"], float(desk["total_cost"])) == (1100, 0.00056)
    assert (chat["inputs"], tool["error"], chat["error"]) == ({"question": "où?"}, "KeyError('no such order')", None)
    metadata = chat["extra"]["metadata"]
    assert (metadata["service.name"], metadata["finish_reason"]) == ("desk", "stop")
    assert desk["extra"]["metadata"]["thread_id"] == "c1"
    (project,) = ask.get("/sessions", params={"name": "desk"}).json()
    assert desk["session_id"] == project["id"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_tree_is_whole_whichever_span_comes_first(ask, order):
    number = 100 + 10 * order[0] + order[1]
    request = of_trace(number)
    for place in order:
        body = with_spans(request, [spans(request)[place]])
        assert ask.post("/otel/v1/traces", json=body).json() == {}
    root = f"{0:08x}-{0:04x}-{number:04x}-0123-456789abcdef"
    found = stored(ask, root)
    assert {name: run["parent_run_id"] for name, run in found.items()} == {"desk": None, "chat m": root, "look": root}
    assert found["desk"]["total_tokens"] == 1100


def test_json_and_gzip_say_the_same(ask):
    first, second = of_trace(1), of_trace(2)
    assert ask.post("/otel/v1/traces", json=first).json() == {}
    headers = {"content-encoding": "gzip", "content-type": "application/json; charset=utf-8"}
    assert ask.post("/traces", content=gzip.compress(json.dumps(second).encode()), headers=headers).json() == {}
    ids = [f"00000000-0000-000{number}-0123-456789abcdef" for number in (1, 2)]
    totals = [{name: run["total_tokens"] for name, run in stored(ask, one).items()} for one in ids]
    assert totals[0] == totals[1] == {"desk": 1100, "chat m": 1100, "look": None}


def test_a_span_that_cannot_be_one_costs_none_of_the_others(ask):
    request = of_trace(3)
    spans(request)[1]["spanId"] = "xyz"
    answer = ask.post("/otel/v1/traces", json=request).json()["partialSuccess"]
    assert answer["rejectedSpans"] == 1
    assert "xyz" in answer["errorMessage"]
    assert set(stored(ask, "00000000-0000-0003-0123-456789abcdef")) == {"desk", "chat m"}


def test_the_answer_in_protobuf_says_what_was_rejected(ask):
    body = written(1, written(2, written(2, written(5, b"no ids"))))
    answer = ask.post("/otel/v1/traces", content=body, headers=PROTOBUF)
    assert answer.status_code == 200
    assert answer.content.startswith(b"\x0a")
    assert b"\x08\x01" in answer.content
    assert b"span 0 of the request" in answer.content


@pytest.mark.parametrize(
    ("content", "headers", "status", "reason"),
    [
        (b"{}", {"content-type": "text/plain"}, 415, "send application/x-protobuf or application/json"),
        (b"{}", {"content-type": "application/json"}, 400, "no resourceSpans"),
        (b'{"resourceSpans": [5]}', {"content-type": "application/json"}, 400, "no ExportTraceServiceRequest"),
        (b"not zipped", PROTOBUF | {"content-encoding": "gzip"}, 400, "no gzip"),
        (gzip.compress(SENT)[:-9], PROTOBUF | {"content-encoding": "gzip"}, 400, "cut off"),
        (zlib.compress(SENT), PROTOBUF | {"content-encoding": "deflate"}, 415, "send gzip, zstd"),
    ],
)
def test_what_is_no_request_is_refused_with_the_way_out(ask, content, headers, status, reason):
    answer = ask.post("/otel/v1/traces", content=content, headers=headers)
    assert (answer.status_code, reason in answer.json()["detail"]) == (status, True), answer.text


def test_a_gzip_that_is_large_once_open_is_given_up(ask):
    body = gzip.compress(bytes(bodies.LIMIT + 1))
    answer = ask.post("/otel/v1/traces", content=body, headers=PROTOBUF | {"content-encoding": "gzip"})
    assert (answer.status_code, "once decompressed" in answer.text) == (413, True)


def test_spans_need_the_key(server):
    assert httpx.post(f"{server.url}/otel/v1/traces", content=SENT, headers=PROTOBUF).status_code == 401
