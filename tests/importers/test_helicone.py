import csv
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from importers.conversations import some_turns
from importers.writers_langsmith import write_lines

from chatmon import turns as table
from chatmon.importers import open_logs

TURNS = some_turns()


def less(whole, *parts):
    """What Helicone's usage processors store: the count without its parts, which stand beside it."""
    return None if whole is None else whole - sum(part or 0 for part in parts)


def rows(turns):
    for turn in turns:
        end = turn.timestamp + timedelta(seconds=turn.response_time)
        yield {
            "response_id": f"r-{turn.turn_id}", "request_id": turn.turn_id, "provider": "OPENAI", "model": turn.model,
            "request_created_at": turn.timestamp.isoformat(), "response_created_at": end.isoformat(),
            "response_status": 429 if turn.error_type else 200, "delay_ms": turn.response_time * 1000,
            "time_to_first_token": turn.time_to_first_token and turn.time_to_first_token * 1000,
            "prompt_tokens": less(turn.input_tokens, turn.cached_tokens, turn.cache_write_tokens),
            "completion_tokens": less(turn.output_tokens, turn.reasoning_tokens),
            "prompt_cache_read_tokens": turn.cached_tokens, "prompt_cache_write_tokens": turn.cache_write_tokens,
            "reasoning_tokens": turn.reasoning_tokens, "request_user_id": turn.user_id,
            "costUSD": None if turn.cost is None else float(turn.cost),
            "request_properties": {
                "Helicone-Session-Id": turn.conversation_id, "intent": turn.intent, "region": turn.region,
            },
        }  # fmt: skip


def read_back(path):
    with open_logs(path) as logs:
        return table.from_frame(logs.frame()), logs.report


def of(turns):
    return [
        (turn.timestamp, round(turn.response_time, 6), turn.conversation_id, turn.user_id, turn.input_tokens,
         turn.output_tokens, turn.cost, turn.intent, turn.region, turn.error_type is None) for turn in turns
    ]  # fmt: skip


def test_json_lines_give_the_turns_back(tmp_path):
    write_lines(rows(TURNS), tmp_path / "x.jsonl")
    found, report = read_back(tmp_path / "x.jsonl")
    assert of(found) == of(TURNS)
    assert [turn.cached_tokens for turn in found] == [turn.cached_tokens for turn in TURNS]
    assert {turn.error_type for turn in found} == {None, "HTTP 429"}
    assert not report.rejected


def test_a_json_array_with_a_comma_too_many_is_read(tmp_path):
    lines = ",\n".join(json.dumps(row) for row in rows(TURNS))
    (tmp_path / "x.json").write_text(f"[\n{lines},\n]", encoding="utf-8")
    assert of(read_back(tmp_path / "x.json")[0]) == of(TURNS)


def test_the_broken_csv_is_read_and_its_missing_latency_said(tmp_path):
    names = (
        "response_id", "response_created_at", "response_status", "request_created_at", "request_body",
        "request_properties", "request_user_id", "model", "prompt_tokens", "completion_tokens", "latency", "cost",
    )  # fmt: skip
    with (tmp_path / "x.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in rows(TURNS):
            row |= {"latency": "", "cost": row["costUSD"], "request_body": json.dumps({"a": 1}).replace('"', '""')}
            row["request_properties"] = json.dumps(row["request_properties"]).replace('"', '""')
            writer.writerow(["" if row[name] is None else row[name] for name in names])
    found, report = read_back(tmp_path / "x.csv")
    assert of(found) == of(
        replace(
            turn,
            input_tokens=less(turn.input_tokens, turn.cached_tokens),
            output_tokens=less(turn.output_tokens, turn.reasoning_tokens),
            cached_tokens=None,
            reasoning_tokens=None,
        )
        for turn in TURNS
    )
    said = [text for text in report.assumptions if "no delay_ms" in text]
    assert sum("no counts of cached tokens and of reasoning" in text for text in said) == 1, "of those with counts"


@pytest.mark.parametrize(
    ("counts", "tokens"),
    [  # worked by hand from what Helicone's processors subtract
        ({"prompt_tokens": 12, "prompt_cache_read_tokens": 8000, "completion_tokens": 200}, (8012, 8000, 200, None)),
        (
            {
                "prompt_tokens": 300,
                "prompt_cache_read_tokens": 600,
                "completion_tokens": 100,
                "reasoning_tokens": 400,
                "total_tokens": 800,
            },
            (900, 600, 500, 400),
        ),
        (
            {
                "prompt_tokens": 30,
                "prompt_cache_read_tokens": 6000,
                "prompt_cache_write_tokens": 100,
                "completion_tokens": 20,
            },
            (6130, 6000, 20, None),
        ),
        (
            {"prompt_tokens": 300, "completion_tokens": 500, "reasoning_tokens": 400, "total_tokens": 800},
            (300, None, 500, 400),
        ),
    ],
    ids=["more cached than fresh", "reasoning beside", "written to the cache", "an older row, reasoning inside"],
)
def test_what_is_counted_apart_is_added(tmp_path, counts, tokens):
    (row,) = rows(TURNS[:1])
    apart = dict.fromkeys(("prompt_cache_read_tokens", "prompt_cache_write_tokens", "reasoning_tokens"))
    write_lines([row | apart | counts], tmp_path / "x.jsonl")
    (turn,), report = read_back(tmp_path / "x.jsonl")
    assert (turn.input_tokens, turn.cached_tokens, turn.output_tokens, turn.reasoning_tokens) == tokens
    assert not report.rejected


@pytest.mark.parametrize("delay", [-1, "x"])
def test_a_delay_that_is_none_is_never_zero(tmp_path, delay):
    (row,) = rows(TURNS[:1])
    write_lines([row | {"delay_ms": delay}], tmp_path / "x.jsonl")
    found, report = read_back(tmp_path / "x.jsonl")
    assert report.rejected if delay == -1 else found[0].response_time == pytest.approx(TURNS[0].response_time)
