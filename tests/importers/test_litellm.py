"""LiteLLM's spend log and the payload of its callbacks, by hand in the shapes that the library writes."""

import csv
import json
from decimal import Decimal

import pandas as pd
import pytest

from chatmon.importers import open_logs

SPENT = {
    "request_id": "r1", "session_id": "s1", "call_type": "acompletion", "cache_hit": "False", "api_key": "hashed",
    "startTime": "2026-10-05 09:00:00.000000", "endTime": "2026-10-05 09:00:03.000000",
    "completionStartTime": "2026-10-05 09:00:00.700000", "model": "gpt-4.1-mini", "user": "", "end_user": "ada",
    "custom_llm_provider": "openai", "spend": 0.0012, "total_tokens": 1500, "prompt_tokens": 1000,
    "completion_tokens": 500, "status": "success", "request_tags": "[]",
    "metadata": json.dumps({"usage_object": {"prompt_tokens_details": {"cached_tokens": 640}}}),
}  # fmt: skip
TOLD = {
    "id": "c1", "trace_id": "t1", "call_type": "completion", "stream": True, "status": "success",
    "custom_llm_provider": "openai", "startTime": 1791190800.0, "endTime": 1791190803.0,
    "completionStartTime": 1791190800.7, "response_time": 0.7, "model": "gpt-4.1-mini", "response_cost": 0.0012,
    "prompt_tokens": 1000, "completion_tokens": 500, "end_user": "ada", "metadata": {}, "error_str": None,
    "response": {"choices": [{"finish_reason": "length"}]},
}  # fmt: skip
FAILED = SPENT | {
    "request_id": "r2", "spend": 0.0, "prompt_tokens": 0, "completion_tokens": 0, "status": "failure",
    "metadata": json.dumps({"error_information": {"error_class": "RateLimitError", "error_code": "429"}}),
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def turns(*records, name="log.json"):
        path = tmp_path / name
        path.write_text(json.dumps(list(records)), encoding="utf-8")
        with open_logs(path) as logs:
            return logs.frame().to_dict("records"), logs.report

    return turns


def test_a_spend_log_says_tokens_cost_times_and_whose_it_was(read):
    (turn,), _ = read(SPENT)
    assert (turn["input_tokens"], turn["cached_tokens"], turn["output_tokens"]) == (1000, 640, 500)
    assert turn["cost"] == Decimal("0.0012")
    assert (turn["response_time"], turn["time_to_first_token"]) == (3.0, 0.7)
    assert (turn["conversation_id"], turn["user_id"], turn["provider"]) == ("s1", "ada", "openai")


def test_a_payload_s_duration_comes_from_its_times_not_from_the_first_chunk(read):
    (turn,), _ = read(TOLD)
    assert (turn["response_time"], turn["time_to_first_token"]) == (3.0, 0.7)
    assert (turn["conversation_id"], turn["finish_reason"]) == ("t1", "length")


def test_a_failed_call_has_its_error_and_no_tokens(read):
    _, turn = read(SPENT, FAILED)[0]
    assert turn["error_type"] == "RateLimitError"
    assert pd.isna(turn["input_tokens"])
    assert pd.isna(turn["output_tokens"])


def test_a_cost_of_0_is_unknown_where_no_price_is_known_and_0_where_a_cache_answered(read):
    by_cache = SPENT | {"request_id": "r3", "spend": 0.0, "cache_hit": "True"}
    (unpriced, cached), report = read(SPENT | {"spend": 0.0}, by_cache)
    assert pd.isna(unpriced["cost"])
    assert cached["cost"] == 0
    assert "knows no price" in str(report)


def test_a_reply_that_came_at_once_has_no_time_to_first_token(read):
    (turn,), _ = read(SPENT | {"completionStartTime": SPENT["endTime"]})
    assert pd.isna(turn["time_to_first_token"])


def test_tokens_that_litellm_counted_itself_are_said_to_be(read):
    _, report = read(TOLD | {"metadata": {"usage_object": {"prompt_tokens": 15, "completion_tokens": 5}}})
    assert "own tokenizer" in str(report)


def test_embeddings_and_moderations_are_billed_apart(read):
    embedded = SPENT | {"request_id": "r4", "call_type": "aembedding"}
    moderated = SPENT | {"request_id": "r5", "call_type": "amoderation"}
    turns, report = read(SPENT, embedded, moderated)
    assert [turn["turn_id"] for turn in turns] == ["r1"]
    assert report.read == 3
    assert "$0.0024" in str(report)


def test_the_spend_log_s_csv_gives_the_same(tmp_path, read):
    path = tmp_path / "log.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, SPENT)
        writer.writeheader()
        writer.writerow(SPENT)
    (expected,), _ = read(SPENT)
    with open_logs(path) as logs:
        (found,) = logs.frame().to_dict("records")
    assert {name: str(value) for name, value in found.items()} == {name: str(value) for name, value in expected.items()}
