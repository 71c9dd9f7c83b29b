import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from importers import writers_otlp as writers
from importers.conversations import SHAPES, facts, some_turns
from importers.writers_langsmith import write_lines

from chatmon import turns as table
from chatmon.importers import open_logs
from chatmon.importers.names import ALIASES

TURNS = some_turns(28, shapes=SHAPES)


def read_back(path):
    with open_logs(path) as logs:
        return table.from_frame(logs.frame()), logs.report


@pytest.mark.parametrize(
    "layout",
    ["envelopes", "protobuf", "numbers", "snake", "console", "javascript", "flat_javascript", "tempo", "otlp_pages"],
)
def test_every_layout_gives_the_same_turns(tmp_path, layout):
    path = tmp_path / "spans.jsonl"
    write_lines(getattr(writers, layout)(TURNS), path)
    found, report = read_back(path)
    assert facts(found) == facts(TURNS)
    assert not report.rejected


def test_a_phoenix_dataframe_gives_the_same_turns(tmp_path):
    rows = list(writers.phoenix_rows(TURNS))
    names = list(dict.fromkeys(name for row in rows for name in row))
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), tmp_path / "x.parquet")
    found, report = read_back(tmp_path / "x.parquet")
    assert facts(found) == facts(TURNS)
    assert report.files[0].dialect == "phoenix: dataframe"


def test_spans_printed_one_after_another_over_many_lines_are_read(tmp_path):
    path = tmp_path / "console.log"
    path.write_text("\n".join(json.dumps(span, indent=4) for span in writers.console(TURNS)), encoding="utf-8")
    assert facts(read_back(path)[0]) == facts(TURNS)


def test_input_counted_without_cache_is_made_whole_and_said(tmp_path):
    span = next(one for one in writers.console(TURNS[:1]) if one["attributes"]["gen_ai.operation.name"] == "chat")
    span["attributes"] |= {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 900}
    write_lines([span], tmp_path / "x.jsonl")
    found, report = read_back(tmp_path / "x.jsonl")
    assert [turn.input_tokens for turn in found] == [910]
    assert any("without cache" in text for text in report.assumptions)


@pytest.mark.parametrize(
    "alias", [one for one in ALIASES if one.column.endswith("_tokens")], ids=lambda one: one.attribute
)
def test_tokens_are_read_under_every_name(tmp_path, alias):
    span = next(one for one in writers.console(TURNS[:1]) if one["attributes"]["gen_ai.operation.name"] == "chat")
    span["attributes"] = {"gen_ai.operation.name": "chat", alias.attribute: 7}
    write_lines([span], tmp_path / "x.jsonl")
    assert getattr(read_back(tmp_path / "x.jsonl")[0][0], alias.column) == 7


def test_texts_of_messages_reach_no_attribute(tmp_path):
    span = next(writers.console(TURNS[:1]))
    span["attributes"] |= {
        "gen_ai.input.messages": "secret",
        "input.value": "secret",
        "notes": "secret",
        "metadata.team": "desk",
    }
    write_lines([span], tmp_path / "x.jsonl")
    attributes = read_back(tmp_path / "x.jsonl")[0][0].attributes
    assert {**attributes, "failed": None} == {"service.name": "desk", "metadata.team": "desk", "failed": None}


def span(trace, number, parent, operation, status):
    start = 1_790_000_000 + number
    return {
        "traceId": f"{trace:032x}", "spanId": f"{number:016x}", "parentSpanId": f"{parent:016x}" if parent else "",
        "startTimeUnixNano": str(start * 10**9), "endTimeUnixNano": str((start + 1) * 10**9), "status": status,
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": operation}}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("unset", "good", "bad"),
    [
        ({}, {"code": 1}, {"code": 2}),
        ({"code": 0}, {"code": 1}, {"code": 2}),
        (None, {"code": "STATUS_CODE_OK"}, {"code": "STATUS_CODE_ERROR"}),
        ({"code": "STATUS_CODE_UNSET"}, {"code": "STATUS_CODE_OK"}, {"code": "STATUS_CODE_ERROR"}),
    ],
)
def test_a_status_that_is_not_set_says_nothing_whether_it_is_written_or_left_out(tmp_path, unset, good, bad):
    traces = {  # what the root says, what its calls say, whether the turn failed
        1: (unset, [bad], True),
        2: (unset, [bad, unset], False),
        3: (unset, [bad, bad], True),
        4: (good, [bad, good], False),
        5: (bad, [good], True),
        6: (unset, [unset], False),
    }
    spans = []
    for trace, (root, calls, _) in traces.items():
        spans.append(span(trace, 1, None, "invoke_agent", root))
        spans += [span(trace, number, 1, "chat", status) for number, status in enumerate(calls, start=2)]
    write_lines([{"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}], tmp_path / "x.jsonl")
    found = {int(turn.turn_id, 16): turn.error_type is not None for turn in read_back(tmp_path / "x.jsonl")[0]}
    assert found == {trace: failed for trace, (*_, failed) in traces.items()}


def test_a_trace_of_mlflow_that_counts_as_a_whole_only_has_its_counts(tmp_path):
    usage = {"input_tokens": 310, "output_tokens": 31, "cache_read_input_tokens": 128}
    (trace, *_) = writers.mlflow(TURNS[:1])
    for span in trace["data"]["spans"]:
        span["attributes"] = {"mlflow.spanType": '"AGENT"'}
    trace["info"]["trace_metadata"]["mlflow.trace.tokenUsage"] = json.dumps(usage)
    write_lines([trace], tmp_path / "x.jsonl")
    ((turn,), _) = read_back(tmp_path / "x.jsonl")
    assert (turn.input_tokens, turn.cached_tokens, turn.output_tokens) == (310, 128, 31)


def test_texts_of_mlflow_s_spans_stay_out_unless_they_are_asked_for(tmp_path):
    (trace, *_) = writers.mlflow(TURNS[:1])
    for span in trace["data"]["spans"]:
        span["attributes"] |= {"mlflow.spanInputs": '{"q": "SECRET"}', "mlflow.spanOutputs": '"SECRET"'}
    trace["info"] |= {"request_preview": "SECRET", "response_preview": "SECRET"}
    write_lines([trace], tmp_path / "x.jsonl")
    assert "SECRET" not in repr(read_back(tmp_path / "x.jsonl"))
    with open_logs(tmp_path / "x.jsonl", content=True) as logs:
        (turn,) = table.from_frame(logs.frame())
    assert (turn.question, turn.answer) == ('{"q": "SECRET"}', "SECRET")


CHAT = {"gen_ai.operation.name": "chat", "gen_ai.response.model": "kitten-1"}
COUNTED = {"gen_ai.usage.input_tokens": 203, "gen_ai.usage.output_tokens": 23}
ROW = {
    "trace_id": "1" * 32, "span_id": "2" * 16, "parent_span_id": None, "kind": "span", "span_name": "chat",
    "start_timestamp": "2026-10-05T09:00:00Z", "end_timestamp": "2026-10-05T09:00:02Z", "attributes": CHAT | COUNTED,
    "otel_status_code": None, "otel_status_message": None, "otel_scope_name": "logfire.openai",
}  # fmt: skip


def test_a_row_of_logfire_says_what_was_raised_in_columns_of_its_own(tmp_path):
    raised = {"otel_status_code": "ERROR", "exception_type": "openai.RateLimitError", "exception_message": "slow down"}
    write_lines([ROW | raised], tmp_path / "x.jsonl")
    ((turn,), _) = read_back(tmp_path / "x.jsonl")
    assert (turn.error_type, turn.error_message) == ("RateLimitError", "slow down")


def test_a_stream_s_log_in_logfire_s_records_has_what_the_stream_used(tmp_path):
    top = ROW | {"attributes": {}, "span_name": "desk"}
    request = ROW | {"span_id": "3" * 16, "parent_span_id": ROW["span_id"], "attributes": CHAT}
    log = request | {"span_id": "4" * 16, "kind": "log", "attributes": CHAT | COUNTED | {"duration": 1.5}}
    log |= {"start_timestamp": "2026-10-05T09:00:01.5Z", "end_timestamp": "2026-10-05T09:00:01.5Z"}
    write_lines([top, request, log], tmp_path / "x.jsonl")
    ((turn,), _) = read_back(tmp_path / "x.jsonl")
    assert (turn.input_tokens, turn.output_tokens, turn.attempts) == (203, 23, 1)


def test_an_envelope_of_sentry_holds_a_transaction_between_lines_about_it(tmp_path):
    root = {"trace_id": "1" * 32, "span_id": "2" * 16, "op": "gen_ai.invoke_agent", "data": {}}
    times = {"start_timestamp": 1791190800.25, "timestamp": 1791190802.75}
    call = {
        "span_id": "3" * 16,
        "parent_span_id": "2" * 16,
        "op": "gen_ai.chat",
        "status": "ok",
        "data": COUNTED,
        **times,
    }
    event = {"type": "transaction", "contexts": {"trace": root}, "spans": [call], "user": {"id": "ada"}, **times}
    around = [{"event_id": "e", "sent_at": "2026-10-05T09:00:03Z"}, {"type": "transaction"}]
    write_lines([*around, event], tmp_path / "x.jsonl")
    ((turn,), report) = read_back(tmp_path / "x.jsonl")
    assert (turn.input_tokens, turn.output_tokens, turn.user_id, turn.response_time) == (203, 23, "ada", 2.5)
    assert not report.rejected


def test_spans_that_sentry_sends_by_themselves_are_one_turn_each_trace(tmp_path):
    def told(**said):
        return {name.replace("_", "."): {"value": value, "type": "any"} for name, value in said.items()}

    def sent(number, attributes, **more):
        times = {"start_timestamp": 1791190800.25, "end_timestamp": 1791190802.75}
        own = {"name": "a span", "span_id": str(number) * 16, "trace_id": "1" * 32, "is_segment": number == 2}
        return own | times | {"attributes": attributes, "status": "ok"} | more

    counts = {"gen_ai.usage.input_tokens": 203, "gen_ai.usage.output_tokens": 23, "gen_ai.request.model": "kitten-1"}
    call = {name: {"value": value, "type": "any"} for name, value in counts.items()} | told(sentry_op="gen_ai.chat")
    failed = told(sentry_op="gen_ai.chat", sentry_status_message="rate_limited")
    items = [
        sent(2, told(sentry_op="http.server", user_id="ada")),
        sent(3, call, parent_span_id="2" * 16),
        sent(4, failed, parent_span_id="2" * 16, status="error"),
        sent(5, failed, trace_id="9" * 32, status="error"),
    ]
    head = {"sent_at": "2026-10-05T09:00:03Z", "trace": {"trace_id": "1" * 32}, "sdk": {"name": "any"}}
    about = {"type": "span", "item_count": 4, "content_type": "application/json"}
    write_lines([head, about, {"version": 2, "items": items}], tmp_path / "x.jsonl")
    turns, report = read_back(tmp_path / "x.jsonl")
    good, bad = sorted(turns, key=lambda turn: turn.error_type is not None)
    assert (good.input_tokens, good.output_tokens, good.attempts, good.user_id) == (203, 23, 2, "ada")
    assert (good.response_time, good.model, bad.error_type) == (2.5, "kitten-1", "rate_limited")
    assert not report.rejected


def test_a_transaction_of_sentry_whose_only_call_failed_has_failed(tmp_path):
    root = {"trace_id": "1" * 32, "span_id": "2" * 16, "data": {}}
    times = {"start_timestamp": 1791190800.25, "timestamp": 1791190802.75}
    call = {
        "span_id": "3" * 16,
        "parent_span_id": "2" * 16,
        "op": "gen_ai.chat",
        "status": "resource_exhausted",
        **times,
    }
    event = {"type": "transaction", "contexts": {"trace": root}, "spans": [call], **times}
    write_lines([event], tmp_path / "x.jsonl")
    ((turn,), _) = read_back(tmp_path / "x.jsonl")
    assert turn.error_type == "resource_exhausted"
