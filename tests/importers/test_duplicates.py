"""Rows with one id: the same turn where they agree in time, conversation, user and model, else turns of their own."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies
from properties import examples

from chatmon.importers import open_logs

COLUMNS = {
    "turn_id": "id",
    "timestamp": "at",
    "conversation_id": "talk",
    "user_id": "who",
    "model": "model",
    "cost": "usd",
}
ROW = {"id": "7", "at": "2026-03-02T09:00:00Z", "talk": "a", "who": "ann", "model": "m", "usd": "0.5"}


def read(tmp_path, rows):
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with open_logs(path, columns={"columns": COLUMNS}) as logs:
        return logs.frame(), logs.report


@pytest.mark.parametrize("other", [{}, {"who": None}, {"at": "2026-03-02T09:00:00.4Z"}, {"usd": "0.75"}])
def test_rows_that_agree_are_one_turn(tmp_path, other):
    frame, report = read(tmp_path, [ROW, ROW | other])
    assert (len(frame), report.duplicates) == (1, 1)


@pytest.mark.parametrize(
    "other",
    [{"at": "2026-03-03T09:00:00Z"}, {"talk": "b"}, {"who": "ben"}, {"model": "n"}, {"at": "2026-03-02T09:00:05Z"}],
)
def test_rows_that_share_no_more_than_an_id_are_turns_of_their_own_and_warned_of(tmp_path, other):
    frame, report = read(tmp_path, [ROW, ROW | other, ROW | other])
    assert (sorted(frame["turn_id"]), report.duplicates) == (["7", "7#2"], 1)
    assert float(frame["cost"].sum()) == 1.0
    assert any("with the id of another one" in text for text in report.warnings)


@given(times=strategies.lists(strategies.integers(0, 40), min_size=1, max_size=12), copies=strategies.integers(1, 3))
@examples(40)
def test_ids_that_begin_again_lose_no_turn_and_copies_add_none(tmp_path_factory, times, copies):
    hours = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour) for hour in times]
    rows = [ROW | {"at": hour.isoformat(), "id": str(place % 2)} for place, hour in enumerate(hours)]
    frame, report = read(tmp_path_factory.mktemp("ids"), rows * copies)
    different = {(row["id"], row["at"]) for row in rows}
    assert (len(frame), report.duplicates) == (len(different), len(rows) * copies - len(different))
    assert frame["turn_id"].is_unique


def test_a_run_exported_while_it_went_on_and_again_when_it_was_done_is_one(tmp_path):
    run = {"id": "r1", "trace_id": "r1", "run_type": "llm", "start_time": "2026-03-02T09:00:00Z", "name": "chat"}
    done = run | {"end_time": "2026-03-02T09:00:02Z", "prompt_tokens": 5, "completion_tokens": 2}
    (tmp_path / "runs.jsonl").write_text(json.dumps(run) + "\n" + json.dumps(done) + "\n", encoding="utf-8")
    with open_logs(tmp_path / "runs.jsonl") as logs:
        assert (logs.report.turns, logs.report.duplicates) == (1, 1)
