"""OpenRouter's activity, a batch of Anthropic's and Bedrock's log: what each leaves unsaid, by hand."""

import csv
import json
import os
from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import pytest

from chatmon.importers import open_logs

ROUTED = {
    "generation_id": "gen-1", "created_at": "2026-03-02 09:00:00.100", "cost_total": "0.00184", "cost_cache": "-0.0004",
    "byok_usage_inference": "0", "tokens_prompt": "1200", "tokens_completion": "300", "tokens_reasoning": "128",
    "tokens_cached": "1024", "model_permaslug": "openai/gpt-5-mini", "provider_name": "OpenAI", "cancelled": "false",
    "streamed": "true", "user": "ada", "finish_reason_normalized": "stop", "generation_time_ms": "2500",
    "time_to_first_token_ms": "640",
}  # fmt: skip
LOGGED = {
    "schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": "2026-03-02T09:00:00Z", "requestId": "r1",
    "operation": "Converse", "modelId": "amazon.nova-lite-v1:0", "identity": {"arn": "role/desk"},
    "input": {"inputTokenCount": 40, "cacheReadInputTokenCount": 200, "cacheWriteInputTokenCount": 60},
    "output": {"outputTokenCount": 12, "outputBodyJson": {"stopReason": "end_turn", "metrics": {"latencyMs": 302}}},
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def turns(*records, suffix="jsonl", **options):
        path = tmp_path / f"log.{suffix}"
        with path.open("w", newline="", encoding="utf-8") as file:
            if suffix == "csv":
                writer = csv.DictWriter(file, records[0])
                writer.writeheader()
                writer.writerows(records)
            else:
                file.writelines(json.dumps(record) + "\n" for record in records)
        os.utime(path, (1_780_000_000, 1_780_000_000))
        with open_logs(path, **options) as logs:
            return logs.frame().to_dict("records"), logs.report

    return turns


def test_openrouter_s_csv_says_tokens_cost_and_times_in_utc(read):
    (turn,), _ = read(ROUTED, suffix="csv")
    assert turn["timestamp"].isoformat() == "2026-03-02T09:00:00.100000+00:00"
    assert (turn["input_tokens"], turn["cached_tokens"], turn["output_tokens"], turn["reasoning_tokens"]) == (
        1200, 1024, 300, 128,
    )  # fmt: skip
    assert (turn["cost"], turn["response_time"], turn["time_to_first_token"]) == (Decimal("0.00184"), 2.5, 0.64)


def test_what_a_key_of_one_s_own_paid_the_provider_is_part_of_the_cost(read):
    (turn,), _ = read(ROUTED | {"cost_total": "0.0001", "byok_usage_inference": "0.002"}, suffix="csv")
    assert turn["cost"] == Decimal("0.0021")


def test_a_request_that_was_cancelled_is_no_failure_and_keeps_what_it_cost(read):
    (turn,), report = read(ROUTED | {"cancelled": "true", "finish_reason_normalized": ""}, suffix="csv")
    assert (turn["error_type"], turn["finish_reason"], turn["cost"]) == (None, "cancelled", Decimal("0.00184"))
    assert "cancelled" in str(report)


def test_a_cost_that_is_no_amount_rejects_its_row_and_no_other(read):
    turns, report = read(ROUTED, ROUTED | {"generation_id": "gen-2", "cost_total": "free"}, suffix="csv")
    assert [turn["turn_id"] for turn in turns] == ["gen-1"]
    assert report.rejected == {"cost (#) is no amount": 1}


def test_the_first_token_of_a_reply_that_was_not_streamed_is_unknown(read):
    (turn,), _ = read(ROUTED | {"streamed": "false"}, suffix="csv")
    assert pd.isna(turn["time_to_first_token"])


def batch(name, **result):
    return {"custom_id": name, "result": result}


USAGE = {
    "input_tokens": 30, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 10, "output_tokens": 20,
    "service_tier": "batch",
}  # fmt: skip
MESSAGE = {"id": "msg_1", "model": "claude-sonnet-4-5", "stop_reason": "end_turn", "content": [], "usage": USAGE}


def test_a_batch_of_anthropic_counts_the_cache_in_and_is_dated_by_its_file(read):
    (turn,), report = read(batch("q", type="succeeded", message=MESSAGE))
    assert (turn["input_tokens"], turn["cached_tokens"], turn["cache_write_tokens"], turn["output_tokens"]) == (
        100, 60, 10, 20,
    )  # fmt: skip
    assert turn["timestamp"].to_pydatetime() == datetime.fromtimestamp(1_780_000_000, UTC)
    assert turn["response_time"] is None or pd.isna(turn["response_time"])
    assert json.loads(turn["usage_details"]) == {"service_tier": "batch"}
    assert "half of the usual price" in str(report)
    assert "dated by when their file was last written (1 rows)" in str(report)


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ({"type": "errored", "error": {"type": "invalid_request", "message": "too long"}}, "invalid_request"),
        ({"type": "errored", "error": {"type": "error", "error": {"type": "api_error", "message": "m"}}}, "api_error"),
        ({"type": "expired"}, "expired"),
        ({"type": "canceled"}, "canceled"),
    ],
)
def test_a_request_of_a_batch_without_a_reply_has_failed_and_says_no_tokens(read, result, kind):
    (failed, answered), report = (
        read(batch("q", type="succeeded", message=MESSAGE), batch("q2", **result))[0][::-1],
        None,
    )
    failed, answered = sorted((failed, answered), key=lambda turn: turn["error_type"] is None)
    assert (failed["error_type"], answered["error_type"]) == (kind, None)
    assert pd.isna(failed["input_tokens"])
    assert report is None


def test_two_replies_to_one_custom_id_of_two_batches_are_two_turns(read):
    turns, _ = read(
        batch("q", type="succeeded", message=MESSAGE), batch("q", type="succeeded", message=MESSAGE | {"id": "msg_2"})
    )
    assert [turn["turn_id"] for turn in turns] == ["msg_1", "msg_2"]


def test_bedrock_counts_the_cache_apart_and_says_latency_in_the_reply_s_body(read):
    (turn,), _ = read(LOGGED)
    assert (turn["input_tokens"], turn["cached_tokens"], turn["cache_write_tokens"], turn["output_tokens"]) == (
        300, 200, 60, 12,
    )  # fmt: skip
    assert (turn["response_time"], turn["finish_reason"], turn["provider"]) == (0.302, "end_turn", "aws.bedrock")


@pytest.mark.parametrize(
    "body",
    [
        {"usage": {"input_tokens": 40, "cache_read_input_tokens": 200, "cache_creation_input_tokens": 60}},
        {"usage": {"inputTokens": 40, "cacheReadInputTokens": 200, "cacheWriteInputTokens": 60}},
        [{"message": {"usage": {"cache_read_input_tokens": 200, "cache_creation_input_tokens": 60}}}, {"delta": {}}],
    ],
)
def test_an_older_record_says_what_the_cache_had_in_the_reply_s_body_only(read, body):
    output = {"outputTokenCount": 12, "outputBodyJson": body}
    (turn,), _ = read(LOGGED | {"input": {"inputTokenCount": 40}, "output": output})
    assert (turn["input_tokens"], turn["cached_tokens"], turn["cache_write_tokens"]) == (300, 200, 60)


def test_a_reply_whose_body_lies_elsewhere_has_no_response_time_and_the_report_says_so(read):
    (turn,), report = read(LOGGED | {"output": {"outputTokenCount": 12, "outputBodyS3Path": "s3://b/k.json.gz"}})
    assert pd.isna(turn["response_time"])
    assert "no body with its latency" in str(report)


def test_the_last_piece_of_a_stream_says_how_long_it_took(read):
    metrics = {"invocationLatency": 1500, "firstByteLatency": 400}
    pieces = [{"type": "message_start"}, {"amazon-bedrock-invocationMetrics": metrics}]
    (turn,), _ = read(LOGGED | {"output": {"outputTokenCount": 12, "outputBodyJson": pieces}})
    assert (turn["response_time"], turn["time_to_first_token"]) == (1.5, 0.4)


def test_embeddings_of_bedrock_are_billed_apart(read):
    embedded = LOGGED | {"requestId": "r2", "modelId": "amazon.titan-embed-text-v2:0", "output": {}}
    turns, report = read(LOGGED, embedded)
    assert [turn["turn_id"] for turn in turns] == ["r1"]
    assert "in no turn's tokens and cost: 1, 300 input tokens" in str(report)


def delivered(*messages):
    """What a subscription of CloudWatch delivers."""
    events = [{"id": str(number), "timestamp": 0, "message": text} for number, text in enumerate(messages)]
    return {"messageType": "DATA_MESSAGE", "owner": "0", "logGroup": "g", "logEvents": events}


def test_what_a_subscription_delivers_is_read_and_its_control_message_is_none(read):
    control = delivered("CWL CONTROL MESSAGE: Checking health") | {"messageType": "CONTROL_MESSAGE"}
    second = json.dumps(LOGGED | {"requestId": "r2"})
    turns, report = read(control, delivered(json.dumps(LOGGED), second))
    assert ([turn["turn_id"] for turn in turns], sum(report.rejected.values())) == (["r1", "r2"], 0)


@pytest.mark.parametrize("page", [delivered, lambda *texts: {"events": [{"message": text} for text in texts]}])
def test_an_event_that_is_no_record_costs_no_other_one(read, page):
    turns, report = read(page("an access log's line", json.dumps(LOGGED)))
    assert [turn["turn_id"] for turn in turns] == ["r1"]
    assert report.rejected == {"its message is no invocation log": 1}


def test_a_call_that_bedrock_refused_has_failed(read):
    (turn,), _ = read(LOGGED | {"errorCode": "ThrottlingException", "output": {}})
    assert turn["error_type"] == "ThrottlingException"


def test_who_called_and_where_stand_in_the_metadata_of_a_request_and_are_no_dimension(read):
    said = {"user_id": "ada", "session_id": "c1", "intent": "parcel", "team": "desk"}
    (turn,), _ = read(LOGGED | {"requestMetadata": said})
    assert (turn["user_id"], turn["conversation_id"], turn["intent"]) == ("ada", "c1", "parcel")
    assert turn["attributes"] == '{"team":"desk"}'
