import dataclasses
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from importers.conversations import facts, some_turns

from chatmon import turns as table
from chatmon.importers import open_logs

TURNS = some_turns()


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_our_own_files_come_back_as_they_were(tmp_path, suffix):
    path = tmp_path / f"turns.{suffix}"
    getattr(table, f"write_{suffix}")(TURNS, path)
    with open_logs(path) as logs:
        found = table.from_frame(logs.frame())
    assert facts(found) == facts(TURNS)
    assert [turn.time_to_first_token for turn in found] == [turn.time_to_first_token for turn in TURNS]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_what_only_our_own_turns_say_comes_back_as_it_was_unknown_where_it_was(tmp_path, suffix):
    said = [
        {"attempts": 3, "price_source": "genai-prices 2026-10, at least", "usage_source": "estimated"},
        {"attempts": 0, "time_to_first_token": 0.1234567891},
        {"attempts": None, "price_source": None},
    ]
    turns = [
        table.Turn(turn_id=f"t{i}", conversation_id="c", timestamp=datetime(2026, 10, 5, i, tzinfo=UTC), model="m",
                   input_tokens=5, output_tokens=2, cost=Decimal("0.01"), response_time=1.5, **one)
        for i, one in enumerate(said)
    ]  # fmt: skip
    path = tmp_path / f"turns.{suffix}"
    getattr(table, f"write_{suffix}")(turns, path)
    with open_logs(path) as logs:
        assert table.from_arrow(logs.turns.order("turn_id").to_arrow_table()) == turns


def test_beside_another_tools_log_each_keeps_its_own(tmp_path):
    own = [table.Turn(turn_id="t0", conversation_id="c", timestamp=datetime(2026, 10, 5, tzinfo=UTC), attempts=3)]
    table.write_jsonl(own, tmp_path / "own.jsonl")
    other = {
        "id": "r1", "trace_id": "r1", "run_type": "llm", "name": "m", "start_time": "2026-10-05T00:00:00Z",
        "end_time": "2026-10-05T00:00:01Z", "inputs": {}, "outputs": {}, "session_id": "s", "total_cost": "0.5",
        "prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7,
    }  # fmt: skip
    (tmp_path / "runs.jsonl").write_text(json.dumps(other) + "\n", encoding="utf-8")
    with open_logs([tmp_path / "own.jsonl", tmp_path / "runs.jsonl"]) as logs:
        names = "turn_id, attempts, usage_source, price_source"
        found = logs.turns.project(names).order("turn_id").fetchall()
    assert found == [("r1", 1, "reported", "stated by the export"), ("t0", 3, None, None)]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_tokens_that_were_estimated_are_so_when_they_come_back(tmp_path, suffix):
    estimated = [dataclasses.replace(turn, usage_source="estimated") for turn in TURNS[:1]]
    path = tmp_path / f"turns.{suffix}"
    getattr(table, f"write_{suffix}")([*estimated, *TURNS[1:]], path)
    with open_logs(path) as logs:
        found = {turn.turn_id: turn.usage_source for turn in table.from_frame(logs.frame())}
    assert found.pop(TURNS[0].turn_id) == "estimated"
    assert set(found.values()) <= {"reported", None}
