"""What is billed besides the five counts, in the exports of each tool: bodies by hand."""

import json
from decimal import Decimal

import pytest

from chatmon import turns as table
from chatmon.cost import reconcile
from chatmon.importers import open_logs


@pytest.fixture
def read(tmp_path):
    def turns(*records, name="log.jsonl"):
        path = tmp_path / name
        path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
        with open_logs(path) as logs:
            return table.from_frame(logs.frame())

    return turns


def span(number, tier=None, **more):
    told = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2, **more}
    told |= {"openai.response.service_tier": tier} if tier else {}
    return {
        "traceId": "a" * 32, "spanId": f"{number}" * 16, "name": "chat",
        "startTimeUnixNano": str(1790000000000000000 + number), "endTimeUnixNano": str(1790000000000000100 + number),
        "attributes": [{"key": name, "value": {"intValue" if type(v) is int else "stringValue": v}}
                       for name, v in told.items()],
    }  # fmt: skip


def envelope(*spans):
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def run(**columns):
    return {
        "id": "r", "trace_id": "r", "run_type": "llm", "status": "success", "session_id": "p", "dotted_order": "r",
        "start_time": "2026-10-05T09:00:00", "end_time": "2026-10-05T09:00:02",
        "extra": {"metadata": {"ls_model_name": "claude-sonnet-4-5", "ls_provider": "anthropic"}}, **columns,
    }  # fmt: skip


def observation(number, **columns):
    return {
        "id": f"g{number}", "traceId": "t", "type": "GENERATION", "startTime": f"2026-10-05T09:00:0{number}Z",
        "endTime": f"2026-10-05T09:00:0{number + 1}Z", "level": "DEFAULT", "model": "gpt-audio", **columns,
    }  # fmt: skip


def test_a_span_s_sound_and_tier_are_kept(read):
    told = {"gen_ai.usage.details.input_audio_tokens": 7, "llm.token_count.completion_details.audio": 1}
    (turn,) = read(envelope(span(1, "flex", **told)))
    assert turn.usage_details == {"input_audio_tokens": 7, "output_audio_tokens": 1, "service_tier": "flex"}


def test_the_calls_of_a_turn_add_up_and_their_tiers_are_all_there(read):
    told = {"gen_ai.usage.details.input_audio_tokens": 7}
    (turn,) = read(envelope(span(1, "flex", **told), span(2, **told), span(3)))
    assert turn.usage_details == {"input_audio_tokens": 14, "service_tier": "flex+standard"}
    assert turn.input_tokens == 30


def test_a_span_without_details_has_none(read):
    (turn,) = read(envelope(span(1)))
    assert turn.usage_details is None


@pytest.mark.parametrize("place", ["message", "columns"])
def test_anthropic_s_cache_writes_are_read_by_lifetime_in_langsmith_s_runs(read, place):
    details = {"cache_read": 0, "cache_creation": 0, "ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600}
    used = {"input_tokens": 1010, "output_tokens": 5, "total_tokens": 1015, "input_token_details": details}
    told = {"outputs": {"usage_metadata": used}}
    if place == "columns":
        told = {"prompt_tokens": 1010, "completion_tokens": 5, "prompt_token_details": details}
    # 10 x 3 + 400 x 3.75 + 600 x 6 + 5 x 15 US dollars a million.
    (turn,) = read(run(**told, total_cost="0.005205"))
    assert (turn.cache_write_tokens, turn.usage_details) == (1000, {"cache_write_1h_tokens": 600})
    assert reconcile(table.to_frame([turn])).lines[0].outcome == "agrees"


def test_reasoning_apart_from_the_output_is_added_to_it_in_langsmith_s_runs(read):
    used = {"input_tokens": 32, "output_tokens": 9, "total_tokens": 135, "output_token_details": {"reasoning": 94}}
    (turn,) = read(run(outputs={"usage_metadata": used}))
    assert (turn.output_tokens, turn.reasoning_tokens) == (103, 94)


def test_a_tier_before_the_names_of_counts_is_one_in_langsmith_s_runs(read):
    (turn,) = read(run(prompt_tokens=9, completion_tokens=1, prompt_token_details={"flex_cache_read": 4, "audio": 2}))
    assert (turn.cached_tokens, turn.usage_details) == (4, {"input_audio_tokens": 2, "service_tier": "flex"})


def test_langfuse_s_sound_counts_apart_where_the_total_says_so(read):
    told = observation(1, usageDetails={"input": 10, "input_audio_tokens": 5, "output": 3, "total": 18})
    (turn,) = read(told)
    assert (turn.input_tokens, turn.usage_details) == (15, {"input_audio_tokens": 5})


def test_what_a_total_holds_beyond_its_parts_is_kept(read):
    (turn,) = read(observation(1, usageDetails={"input": 10, "output": 300, "total": 1000}, model="gemini-2.5-flash"))
    assert (turn.output_tokens, turn.usage_details) == (300, {"hidden_tokens": 690})


def test_helicone_s_sound_stands_beside_the_prompt(read):
    row = {
        "request_id": "h", "request_created_at": "2026-10-05T09:00:00Z", "response_status": 200, "delay_ms": 2000,
        "provider": "OPENAI", "model": "gpt-audio", "prompt_tokens": 30, "completion_tokens": 5,
        "prompt_cache_read_tokens": 0, "prompt_audio_tokens": 20,
    }  # fmt: skip
    (turn,) = read(row)
    assert (turn.input_tokens, turn.usage_details) == (50, {"input_audio_tokens": 20})


def test_litellm_s_details_are_those_of_its_usage(read):
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"audio_tokens": 6}}
    call = {
        "id": "c", "call_type": "completion", "startTime": 1791190800.0, "endTime": 1791190803.0, "status": "success",
        "model": "gpt-audio", "response_cost": 0.1, "prompt_tokens": 10, "completion_tokens": 2,
        "metadata": {"usage_object": usage},
    }  # fmt: skip
    (turn,) = read(call)
    assert (turn.input_tokens, turn.usage_details) == (10, {"input_audio_tokens": 6})


def test_parts_above_their_whole_are_refused_with_both_numbers_and_cost_no_other_turn_anything(read, tmp_path):
    wrong = span(1, **{"gen_ai.usage.details.input_audio_tokens": 11})
    (turn,) = read(envelope(wrong), envelope(span(2) | {"traceId": "b" * 32}))
    assert turn.input_tokens == 10
    with open_logs(tmp_path / "log.jsonl") as logs:
        (refused,) = logs.report.examples
        assert refused.reason == "parts of input_tokens in its details (11) exceed it (10)"


def test_a_batch_is_a_tier(read):
    body = {"object": "chat.completion", "created": 1791190800, "model": "gpt-4.1", "service_tier": "default",
            "usage": {"prompt_tokens": 10, "completion_tokens": 2}}  # fmt: skip
    (turn,) = read({"id": "b", "custom_id": "x", "response": {"status_code": 200, "body": body}, "error": None})
    assert turn.usage_details == {"service_tier": "batch"}


def test_our_own_turns_keep_them(tmp_path):
    turn = table.Turn(
        turn_id="t", conversation_id="c", timestamp=table.datetime(2026, 10, 5, tzinfo=table.UTC), cost=Decimal("0.1"),
        input_tokens=9, output_tokens=1, usage_details={"input_audio_tokens": 4, "service_tier": "flex"},
    )  # fmt: skip
    table.write_jsonl([turn], tmp_path / "turns.jsonl")
    table.write_parquet([turn], tmp_path / "turns.parquet")
    for name in ("turns.jsonl", "turns.parquet"):
        with open_logs(tmp_path / name) as logs:
            assert table.from_frame(logs.frame())[0].usage_details == turn.usage_details
