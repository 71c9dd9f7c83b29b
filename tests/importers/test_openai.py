import json
from datetime import timedelta

from importers.conversations import START, some_turns
from importers.writers_langsmith import write_lines

from chatmon import turns as table
from chatmon.importers import open_logs

TURNS = [turn for turn in some_turns() if turn.error_type is None]


def body(turn, *, responses=False):
    created = int(turn.timestamp.timestamp())
    if responses:
        usage = {
            "input_tokens": turn.input_tokens, "input_tokens_details": {"cached_tokens": turn.cached_tokens},
            "output_tokens": turn.output_tokens, "output_tokens_details": {"reasoning_tokens": turn.reasoning_tokens},
            "total_tokens": turn.input_tokens + turn.output_tokens,
        }  # fmt: skip
        return {"id": turn.turn_id, "object": "response", "created_at": created, "model": turn.model, "usage": usage}
    usage = {
        "prompt_tokens": turn.input_tokens, "completion_tokens": turn.output_tokens,
        "total_tokens": turn.input_tokens + turn.output_tokens,
        "prompt_tokens_details": {"cached_tokens": turn.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": turn.reasoning_tokens},
    }  # fmt: skip
    choices = [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Near."}}]
    done = {"id": turn.turn_id, "object": "chat.completion", "created": created, "model": turn.model}
    return done | {"usage": usage, "choices": choices}


def read_back(path):
    with open_logs(path) as logs:
        return table.from_frame(logs.frame()), logs.report


def of(turns):
    return [
        (turn.turn_id, turn.timestamp.replace(microsecond=0), turn.model, turn.input_tokens, turn.cached_tokens,
         turn.output_tokens, turn.reasoning_tokens, turn.response_time) for turn in turns
    ]  # fmt: skip


WANTED = [(*row[:-1], None) for row in of(TURNS)]


def test_a_batch_gives_its_replies_with_their_tokens_and_no_response_time(tmp_path):
    lines = [
        {"id": turn.turn_id, "custom_id": f"request-{number % 7}", "error": None,
         "response": {"status_code": 200, "request_id": "r", "body": body(turn, responses=number % 2 == 0)}}
        for number, turn in enumerate(TURNS)
    ]  # fmt: skip
    write_lines(reversed(lines), tmp_path / "output.jsonl")
    found, report = read_back(tmp_path / "output.jsonl")
    assert of(found) == WANTED
    assert "response times" in report.cannot


def test_a_batch_s_failure_is_a_failed_turn_where_it_has_a_time_and_a_reject_where_it_has_none(tmp_path):
    error = {"code": "context_length_exceeded", "message": "too long"}
    dated = {"created": int((START + timedelta(hours=1)).timestamp()), "model": "m", "error": error}
    lines = [
        {"id": "b1", "custom_id": "a", "response": {"status_code": 400, "body": dated}, "error": None},
        {"id": "b2", "custom_id": "b", "response": None, "error": error},
    ]
    write_lines(lines, tmp_path / "errors.jsonl")
    found, report = read_back(tmp_path / "errors.jsonl")
    assert [turn.error_type for turn in found] == ["context_length_exceeded"]
    assert [(one.line, one.reason) for one in report.examples] == [(2, "no start time, or one that cannot be read")]


def test_stored_completions_are_read_page_by_page(tmp_path):
    page = {"object": "list", "data": [body(turn) for turn in TURNS], "has_more": False}
    (tmp_path / "page.json").write_text(json.dumps(page, indent=1), encoding="utf-8")
    assert of(read_back(tmp_path / "page.json")[0]) == WANTED


def test_impossible_usage_is_refused_with_both_numbers(tmp_path):
    wrong = body(TURNS[0])
    wrong["usage"] |= {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 40}}
    write_lines([wrong], tmp_path / "x.jsonl")
    (rejected,) = read_back(tmp_path / "x.jsonl")[1].examples
    assert "40" in rejected.reason
    assert "10" in rejected.reason


def test_an_empty_id_is_none(tmp_path):
    write_lines([body(TURNS[0]) | {"id": ""}, body(TURNS[1])], tmp_path / "x.jsonl")
    found, report = read_back(tmp_path / "x.jsonl")
    assert len(found) == 1
    assert dict(report.rejected) == {"no id": 1}
