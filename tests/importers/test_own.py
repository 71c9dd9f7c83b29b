import dataclasses

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
    wanted = {key: value[:11] + value[12:] for key, value in facts(TURNS).items()}  # an export has no attempts
    assert {key: value[:11] + value[12:] for key, value in facts(found).items()} == wanted
    assert [turn.time_to_first_token for turn in found] == [turn.time_to_first_token for turn in TURNS]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_tokens_that_were_estimated_are_so_when_they_come_back(tmp_path, suffix):
    estimated = [dataclasses.replace(turn, usage_source="estimated") for turn in TURNS[:1]]
    path = tmp_path / f"turns.{suffix}"
    getattr(table, f"write_{suffix}")([*estimated, *TURNS[1:]], path)
    with open_logs(path) as logs:
        found = {turn.turn_id: turn.usage_source for turn in table.from_frame(logs.frame())}
    assert found.pop(TURNS[0].turn_id) == "estimated"
    assert set(found.values()) <= {"reported", None}
