"""Session files of Claude Code and Codex, by hand: what a program writes twice, in between, or in another's place."""

import json

import pandas as pd
import pytest

from chatmon.importers import open_logs

TOKENS = ["input_tokens", "cached_tokens", "output_tokens"]


@pytest.fixture
def read(tmp_path):
    def turns(*files, **options):
        for number, lines in enumerate(files):
            text = "".join(json.dumps(line) + "\n" for line in lines)
            (tmp_path / f"s{number}.jsonl").write_text(text, encoding="utf-8")
        with open_logs(tmp_path, **options) as logs:
            return logs.frame().to_dict("records"), logs.report

    return turns


def at(second):
    return f"2026-03-02T09:{second // 60:02d}:{second % 60:02d}.000Z"


def line(kind, second, message, session="s1", **more):
    found = {"type": kind, "uuid": f"{kind}-{second}", "sessionId": session, "timestamp": at(second)}
    return found | {"isSidechain": False, "message": message} | more


def asked(second, content="where is it?", **more):
    return line("user", second, {"role": "user", "content": content}, **more)


def replied(second, name, output, *, cached=8000, model="claude-sonnet-4-5", text="Near.", **more):
    usage = {"input_tokens": 2, "cache_creation_input_tokens": 500, "cache_read_input_tokens": cached}
    message = {
        "id": name, "role": "assistant", "model": model, "usage": usage | {"output_tokens": output},
        "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
    }  # fmt: skip
    return line("assistant", second, message, **more)


def refused(second, text="You've hit your limit", **more):
    message = {"role": "assistant", "model": "<synthetic>", "content": [{"type": "text", "text": text}]}
    message["usage"] = {"input_tokens": 0, "output_tokens": 0}
    return line("assistant", second, message, isApiErrorMessage=True, error="rate_limit", **more)


def test_a_message_over_two_lines_counts_once_with_what_the_last_line_says(read):
    (turn,), report = read([asked(0), replied(2, "m1", 95), replied(3, "m1", 90)])
    assert [turn[name] for name in TOKENS] == [8502, 8000, 90]
    assert (turn["response_time"], turn["attempts"], turn["conversation_id"]) == (3.0, 1, "s1")
    assert (turn["model"], turn["provider"], turn["finish_reason"]) == ("claude-sonnet-4-5", "anthropic", "end_turn")
    assert report.duplicates == 1


def test_a_turn_is_a_prompt_with_all_replies_and_tools_until_the_next(read):
    result = asked(4, [{"type": "tool_result", "tool_use_id": "t", "content": "in stock"}])
    first, second = read(
        [asked(0), replied(2, "m1", 90), result, replied(9, "m2", 10), asked(60), replied(61, "m3", 1)]
    )[0]
    assert [first[name] for name in TOKENS] == [17004, 16000, 100]
    assert (first["response_time"], first["attempts"]) == (9.0, 2)
    assert [second[name] for name in TOKENS] == [8502, 8000, 1]


def test_a_session_taken_up_again_repeats_its_lines_and_they_count_once(read):
    before = [asked(0), replied(2, "m1", 90)]
    again = [one | {"sessionId": "s2"} for one in before]
    turns, _ = read(before, [*again, asked(60, session="s2"), replied(61, "m2", 5, session="s2")])
    assert [turn["output_tokens"] for turn in turns] == [90, 5]


def test_what_a_subagent_uses_belongs_to_the_turn_under_way(read):
    side = [asked(1, "look it up", isSidechain=True), replied(2, "m2", 7, isSidechain=True, text="found")]
    (turn,), _ = read([asked(0), replied(5, "m1", 90)], side, content=True)
    assert (turn["output_tokens"], turn["question"], turn["answer"]) == (97, "where is it?", "Near.")


@pytest.mark.parametrize(
    "stranger",
    [
        asked(3, "Caveat: ...", isMeta=True),
        asked(3, "This session is being continued", isCompactSummary=True),
        asked(3, "<local-command-stdout>ok</local-command-stdout>"),
        asked(3, "[Request interrupted by user]"),
        asked(3, "in stock", toolUseResult={"stdout": "in stock"}),
        asked(3, [{"type": "text", "text": "<task-notification>done"}]),
        {"type": "summary", "summary": "A parcel", "leafUuid": "u"},
        {"type": "system", "subtype": "turn_duration", "sessionId": "s1", "timestamp": at(3)},
        {"type": "queue-operation", "operation": "enqueue", "sessionId": "s1", "timestamp": at(3)},
        replied(3, "made", 0, model="<synthetic>", text="No response requested."),
    ],
)
def test_what_no_person_and_no_model_said_is_no_turn_and_no_call(read, stranger):
    turns, report = read([asked(0), replied(2, "m1", 90), stranger, replied(5, "m2", 10)])
    assert [(turn["output_tokens"], turn["attempts"], turn["response_time"]) for turn in turns] == [(100, 2, 5.0)]
    assert not report.rejected


def test_an_error_that_was_overcome_is_no_failure_and_one_that_ends_a_turn_is(read):
    overcome, ended = read([asked(0), refused(1), replied(3, "m1", 90), asked(60), replied(61, "m2", 5), refused(62)])[
        0
    ]
    assert (overcome["error_type"], overcome["attempts"], overcome["output_tokens"]) == (None, 2, 90)
    assert (ended["error_type"], ended["error_message"]) == ("rate_limit", "You've hit your limit")
    assert ended["output_tokens"] == 5


def test_a_prompt_that_nothing_answers_is_no_turn_and_is_counted(read):
    turns, report = read([asked(0), replied(1, "m1", 90), asked(60)])
    assert len(turns) == 1
    assert sum(report.rejected.values()) == 1


def test_replies_without_their_prompt_are_a_turn_whose_duration_is_unknown(read):
    (turn,), _ = read([replied(2, "m1", 90), replied(9, "m2", 10)])
    assert turn["output_tokens"] == 100
    assert pd.isna(turn["response_time"])


def test_the_answer_of_a_turn_is_its_last_reply_also_where_its_prompt_is_not_there(read):
    replies = [replied(2, "m1", 90, text="A first word."), replied(9, "m2", 10, text="Words, at last.")]
    for lines in ([asked(0), *replies], [replies[1]]):
        (turn,), _ = read(lines, content=True)
        assert turn["answer"] == "Words, at last."


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_prompt_and_a_reply_at_one_time_on_one_line_the_prompt_came_first(tmp_path, turned):
    lines = [asked(0), replied(0, "m1", 90), asked(60), replied(60, "m2", 10)]
    (tmp_path / "x.json").write_text(json.dumps(lines[::-1] if turned else lines), encoding="utf-8")
    with open_logs(tmp_path) as logs:
        assert sorted(logs.frame()["output_tokens"]) == [10, 90]
        assert set(logs.frame()["turn_id"]) == {"user-0", "user-60"}


def test_what_a_session_file_of_codex_says_of_itself_rejects_nothing(read):
    turns, report = read([meta(0), said(1), CONTEXT, used(6, FIRST, FIRST), said(20), used(26, SECOND, BOTH)])
    assert len(turns) == 2
    assert not report.rejected


def test_the_texts_of_a_session_stay_out_unless_they_are_asked_for(read):
    lines = [asked(0, "a secret"), replied(1, "m1", 9, text="another secret")]
    (turn,), report = read(lines)
    assert "secret" not in f"{turn} {report}"


def event(second, kind, payload, **more):
    return {"timestamp": at(second), "type": kind, "payload": payload | more}


def meta(second, session="s1", **more):
    return event(second, "session_meta", {"id": session, "cwd": "/desk", "model_provider": "openai"}, **more)


def said(second, text="where is it?"):
    return event(second, "event_msg", {"type": "user_message", "message": text})


def used(second, last, total):
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")
    info = {f"{name}_token_usage": dict(zip(names, counts, strict=True)) for name, counts in
            (("last", last), ("total", total)) if counts}  # fmt: skip
    return event(second, "event_msg", {"type": "token_count", "info": info or None, "rate_limits": {}})


FIRST, SECOND = (1000, 250, 125, 75), (2500, 500, 300, 200)
BOTH = (3500, 750, 425, 275)
CONTEXT = event(1, "turn_context", {"model": "gpt-5-codex"})


def test_a_count_that_is_written_twice_counts_once_and_limits_alone_count_nothing(read):
    counts = [
        used(3, FIRST, FIRST),
        used(3, FIRST, FIRST),
        used(4, None, None),
        used(6, SECOND, BOTH),
        used(7, SECOND, BOTH),
    ]
    (turn,), _ = read([meta(0), said(1), CONTEXT, *counts])
    assert [turn[name] for name in (*TOKENS, "reasoning_tokens")] == [3500, 750, 425, 275]
    assert (turn["attempts"], turn["model"], turn["provider"]) == (2, "gpt-5-codex", "openai")


def test_a_turn_of_codex_ends_with_its_last_event_and_not_when_the_next_begins(read):
    done = event(9, "event_msg", {"type": "task_complete", "last_agent_message": "Near."})
    lines = [meta(0), said(1), CONTEXT, used(6, FIRST, FIRST), done, CONTEXT | {"timestamp": at(99)}, said(100)]
    (first, second), _ = read([*lines, used(103, SECOND, BOTH)])
    assert (first["response_time"], second["response_time"]) == (8.0, 3.0)


def test_two_sessions_with_equal_counts_are_two_turns_also_in_one_file(read):
    one = [meta(0), said(1), CONTEXT, used(6, FIRST, FIRST)]
    other = [meta(10, "s2"), said(11), used(16, FIRST, FIRST)]
    for files in ([one, other], [[*one, *other]]):
        turns, _ = read(*files)
        assert [(turn["conversation_id"], turn["input_tokens"]) for turn in turns] == [("s1", 1000), ("s2", 1000)]


def test_a_forked_session_does_not_count_again_what_the_one_before_it_used(read):
    source = {"subagent": {"thread_spawn": {"parent_thread_id": "s1"}}}
    forked = [
        meta(20, "s2", source=source),
        said(20),
        used(20, FIRST, FIRST),
        said(30),
        CONTEXT,
        used(35, SECOND, BOTH),
    ]
    turns, report = read([meta(0), said(1), CONTEXT, used(6, FIRST, FIRST)], forked)
    assert [turn["input_tokens"] for turn in turns] == [1000, 2500]
    assert "a forked session repeats what the one before it used" in report.rejected


def test_an_error_ends_a_turn_of_codex(read):
    failed = event(4, "event_msg", {"type": "error", "message": "limit", "codex_error_info": "usage_limit_exceeded"})
    (turn,), _ = read([meta(0), said(1), failed])
    assert (turn["error_type"], turn["error_message"]) == ("usage_limit_exceeded", "limit")
    assert pd.isna(turn["input_tokens"])
