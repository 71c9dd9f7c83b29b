"""Opik, Weave, Braintrust, ChatGPT, Open WebUI and Azure, by hand: what each repeats, leaves out or says otherwise."""

import json
from decimal import Decimal

import pandas as pd
import pytest

from chatmon.importers import open_logs

BEGAN, ENDED = "2026-03-02T09:00:00Z", "2026-03-02T09:00:02Z"
TOKENS = ["input_tokens", "cached_tokens", "output_tokens"]


@pytest.fixture
def read(tmp_path):
    def turns(*records, **options):
        path = tmp_path / "log.json"
        path.write_text(json.dumps(list(records)), encoding="utf-8")
        with open_logs(path, **options) as logs:
            return logs.frame().to_dict("records"), logs.report

    return turns


SPAN = {
    "id": "s1", "project_id": "p", "trace_id": "t1", "parent_span_id": None, "name": "chat", "type": "llm",
    "start_time": BEGAN, "end_time": ENDED, "model": "gpt-4.1-mini", "provider": "openai",
    "usage": {"prompt_tokens": 100, "completion_tokens": 20, "original_usage.cache_read_input_tokens": 60},
    "total_estimated_cost": 0.001,
}  # fmt: skip
TRACE = {
    "id": "t1", "project_id": "p", "name": "desk", "start_time": BEGAN, "end_time": ENDED, "thread_id": "c1",
    "usage": {"prompt_tokens": 100, "completion_tokens": 20}, "total_estimated_cost": 0.001, "span_count": 1,
    "metadata": {"user_id": "ada", "tier": "gold", "note": "x" * 300},
}  # fmt: skip


def test_a_trace_of_opik_that_repeats_its_spans_counts_them_once(read):
    (turn,), _ = read({"trace": TRACE, "spans": [SPAN]})
    assert [turn[name] for name in TOKENS] == [100, 60, 20]
    assert (turn["cost"], turn["conversation_id"], turn["user_id"]) == (Decimal("0.001"), "c1", "ada")
    assert turn["attributes"] == '{"tier":"gold"}'


def test_a_cost_of_0_for_tokens_is_one_that_opik_has_no_price_for(read):
    (turn,), _ = read(SPAN | {"total_estimated_cost": 0})
    assert pd.isna(turn["cost"])


def test_scores_by_other_names_are_named(read):
    scores = [{"name": "tone", "value": 0.4}, {"name": "user_satisfaction", "value": 4}]
    (turn,), report = read({"trace": TRACE | {"feedback_scores": scores}, "spans": [SPAN]})
    assert turn["user_satisfaction"] == 4
    assert "scores that no column of turns is named for: tone" in str(report)


def test_a_trace_of_opik_without_a_model_is_no_turn(read):
    alone = SPAN | {"type": "general", "model": None, "usage": None, "total_estimated_cost": None}
    turns, report = read(alone)
    assert not turns
    assert "no turn" in str(report.rejected)


def weave(key, parent, usage=None, **more):
    op = "weave:///e/p/op/openai.chat.completions.create:v1" if parent else "weave:///e/p/op/answer:v1"
    summary = {"usage": {"gpt-4.1-mini": usage}} if usage else {}
    found = {"id": key, "parent_id": parent, "trace_id": "t1", "op_name": op, "started_at": BEGAN, "ended_at": ENDED}
    return found | {"project_id": "p", "attributes": {}, "inputs": {}, "output": None, "summary": summary} | more


def test_a_call_of_weave_around_others_repeats_their_sum(read):
    used = {"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 60}}
    twice = {"prompt_tokens": 200, "completion_tokens": 40, "prompt_tokens_details": {"cached_tokens": 120}}
    (turn,), _ = read(weave("r", None, twice), weave("a", "r", used), weave("b", "r", used))
    assert [turn[name] for name in TOKENS] == [200, 120, 40]
    assert turn["attempts"] == 2


def test_weave_s_count_without_the_cache_is_known_by_more_cached_than_went_in(read):
    used = {"input_tokens": 2, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 10, "output_tokens": 20}
    (turn,), report = read(weave("a", None, used))
    assert [turn[name] for name in TOKENS] == [72, 60, 20]
    assert "counted without cache" in str(report)


def test_a_model_that_weave_saw_fail_says_no_tokens_and_its_exception(read):
    failed = {"exception": "RateLimitError: 429 slow down", "inputs": {"model": "gpt-4.1-mini"}}
    (turn,), _ = read(weave("r", None, **failed), weave("a", "r", **failed))
    assert (turn["error_type"], turn["error_message"]) == ("RateLimitError", "429 slow down")
    assert (turn["attempts"], turn["model"]) == (1, "gpt-4.1-mini")
    assert pd.isna(turn["input_tokens"])


def test_what_a_judge_of_braintrust_used_is_no_part_of_the_turn(read):
    root = {
        "span_id": "r",
        "root_span_id": "r",
        "span_parents": None,
        "created": BEGAN,
        "metrics": {"start": 1772442000},
    }
    asked = root | {
        "span_id": "a", "span_parents": ["r"], "span_attributes": {"type": "llm"},
        "metadata": {"model": "gpt-4.1-mini"},
        "metrics": {"start": 1772442000, "end": 1772442002, "prompt_tokens": 100, "prompt_cached_tokens": 60,
                    "completion_tokens": 20, "prompt_cache_creation_5m_tokens": 5,
                    "prompt_cache_creation_1h_tokens": 6},
    }  # fmt: skip
    judged = asked | {"span_id": "j", "span_attributes": {"type": "llm", "purpose": "scorer"}}
    (turn,), _ = read(root | {"span_attributes": {"type": "task"}}, asked, judged)
    assert [turn[name] for name in (*TOKENS, "cache_write_tokens")] == [100, 60, 20, 11]
    assert (turn["attempts"], turn["model"], turn["response_time"]) == (1, "gpt-4.1-mini", 2.0)


def test_the_model_of_a_judge_is_not_that_of_a_turn_that_failed(read):
    root = {"root_span_id": "r", "span_id": "r", "metrics": {"start": 1772442000}, "span_attributes": {"type": "task"}}
    judged = root | {"span_id": "j", "span_parents": ["r"], "metadata": {"model": "judge-1"}}
    judged |= {"span_attributes": {"type": "llm", "purpose": "scorer"}}
    (turn,), _ = read(root | {"metadata": {"user_id": "ada"}, "error": "TimeoutError: 30 s"}, judged)
    assert (turn["model"], turn["error_type"]) == (None, "TimeoutError")


def node(key, parent, role, time, **more):
    message = {"id": key, "author": {"role": role}, "create_time": time, "metadata": {}}
    message |= {"content": {"content_type": "text", "parts": [f"text of {key}"]}} | more
    return {key: {"id": key, "parent": parent, "children": [], "message": message}}


def chat(*nodes):
    mapping = {"root": {"id": "root", "parent": None, "children": [], "message": None}}
    for one in nodes:
        mapping |= one
    return {"title": "t", "create_time": 1772442000.5, "conversation_id": "c1", "current_node": "x", "mapping": mapping}


def test_a_reply_that_chatgpt_was_asked_for_again_is_a_turn_of_its_own(read):
    first = node("a1", "q", "assistant", 1772442003.0, metadata={"model_slug": "gpt-5"})
    again = node("a2", "q", "assistant", 1772442090.0, metadata={"model_slug": "gpt-5-mini"})
    turns, _ = read(chat(node("q", "root", "user", 1772442000.0), again, first), content=True)
    assert [(turn["turn_id"], turn["model"], turn["timestamp"].second) for turn in turns] == [
        ("a1", "gpt-5", 0), ("a2", "gpt-5-mini", 30),
    ]  # fmt: skip
    assert {turn["question"] for turn in turns} == {"text of q"}
    assert all(pd.isna(turn["input_tokens"]) and pd.isna(turn["response_time"]) for turn in turns)


def test_thoughts_and_tools_are_part_of_the_reply_they_lead_to_and_what_nobody_answers_is_no_turn(read):
    thought = node("t", "q", "assistant", 1772442001.0)
    tool, reply = node("w", "t", "tool", 1772442002.0), node("a", "w", "assistant", 1772442003.0)
    turns, _ = read(chat(node("q", "root", "user", 1772442000.0), thought, tool, reply, node("q2", "a", "user", 9e8)))
    assert [turn["turn_id"] for turn in turns] == ["a"]


def test_the_texts_of_a_chat_stay_out_unless_they_are_asked_for(read):
    (turn,), _ = read(chat(node("q", "root", "user", 1772442000.0), node("a", "q", "assistant", 1772442003.0)))
    assert "text of" not in str(turn)


def said(key, parent, role, **more):
    return {key: {"id": key, "parentId": parent, "role": role, "content": "x", "timestamp": 1772442000} | more}


def webui(*messages):
    history = {"messages": {key: one for message in messages for key, one in message.items()}, "currentId": "a"}
    return {"id": "c1", "user_id": "ada", "title": "t", "created_at": 1772442000, "chat": {"history": history}}


@pytest.mark.parametrize(("rating", "grade"), [(1, 5), (-1, 1)])
def test_a_thumb_of_open_webui_is_the_best_or_the_worst_grade(read, rating, grade):
    reply = said("a", "q", "assistant", model="llama3", annotation={"rating": rating})
    (turn,), _ = read(webui(said("q", None, "user"), reply))
    assert (turn["user_satisfaction"], turn["user_id"], turn["model"]) == (grade, "ada", "llama3")


def test_two_models_asked_side_by_side_are_two_turns(read):
    usage = {"prompt_eval_count": 40, "eval_count": 12, "total_duration": 2_500_000_000}
    one, other = said("a", "q", "assistant", model="m1", usage=usage), said("b", "q", "assistant", model="m2")
    turns, _ = read(webui(said("q", None, "user"), one, other))
    first, second = sorted(turns, key=lambda turn: turn["model"])
    assert (first["input_tokens"], first["output_tokens"], first["response_time"]) == (40, 12, 2.5)
    assert pd.isna(second["input_tokens"])


LOGGED = {
    "category": "RequestResponse", "operationName": "ChatCompletions_Create", "correlationId": "r1", "time": ENDED,
    "durationMs": 1500, "resultSignature": "200", "properties": json.dumps({"modelName": "gpt-4o"}),
}  # fmt: skip


def test_azure_says_when_a_response_was_there_and_nothing_of_tokens(read):
    (turn,), _ = read(LOGGED)
    assert (turn["response_time"], turn["timestamp"].isoformat()) == (1.5, "2026-03-02T09:00:00.500000+00:00")
    assert (turn["model"], turn["error_type"]) == ("gpt-4o", None)
    assert pd.isna(turn["input_tokens"])


def test_a_request_that_azure_refused_has_failed_and_one_for_embeddings_is_no_turn(read):
    refused = LOGGED | {"correlationId": "r2", "resultSignature": "429"}
    turns, _ = read(refused, LOGGED | {"correlationId": "r3", "operationName": "Embeddings_Create"})
    assert [(turn["turn_id"], turn["error_type"]) for turn in turns] == [("r2", "HTTP 429")]
