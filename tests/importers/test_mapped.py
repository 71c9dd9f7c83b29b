import csv
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from importers.conversations import some_turns

from chatmon import turns as table
from chatmon.importers import open_logs

TURNS = some_turns(12)
MAP = """
[columns]
turn_id = "id"
timestamp = "ts"
response_time = { column = "latency_ms", unit = "ms" }
time_to_first_token = { column = "first_ms", unit = "ms" }
conversation_id = "chat"
cost = { column = "cents", unit = "cents" }
input_tokens = "tokens_in"
cached_tokens = "tokens_cached"
error_type = "problem"
task_completed = "solved"

[constants]
provider = "openai"
"""


def rows():
    for turn in TURNS:
        yield {
            "id": turn.turn_id, "ts": turn.timestamp.isoformat(), "latency_ms": round(turn.response_time * 1000, 3),
            "first_ms": turn.time_to_first_token and round(turn.time_to_first_token * 1000, 3),
            "chat": turn.conversation_id, "cents": None if turn.cost is None else str(turn.cost * 100),
            "tokens_in": turn.input_tokens, "tokens_cached": turn.cached_tokens, "problem": turn.error_type,
            "solved": turn.task_completed, "mood": "sunny",
        }  # fmt: skip


def write(path):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(list(rows())), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, next(rows()))
            writer.writeheader()
            writer.writerows({key: "" if value is None else value for key, value in row.items()} for row in rows())


def of(turns):
    return [
        (one.turn_id, one.timestamp, round(one.response_time, 6), one.time_to_first_token, one.conversation_id,
         one.cost, one.input_tokens, one.cached_tokens, one.error_type, one.task_completed, one.provider)
        for one in turns
    ]  # fmt: skip


@pytest.fixture
def given(tmp_path):
    path = tmp_path / "map.toml"
    path.write_text(MAP, encoding="utf-8")
    return path


def read_back(path, columns):
    with open_logs(path, columns=columns) as logs:
        return table.from_frame(logs.frame()), logs.report


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_table_of_ones_own_gives_its_turns_by_a_map(tmp_path, given, suffix):
    write(tmp_path / f"my.{suffix}")
    found, report = read_back(tmp_path / f"my.{suffix}", given)
    assert of(found) == of(TURNS)
    assert (report.read, report.spans) == (len(TURNS), len(TURNS))
    assert any("mood (12)" in text for text in report.notes)
    assert found[0].attributes == {}


def test_without_ids_each_row_is_a_turn_and_a_conversation_of_its_own(tmp_path):
    write(tmp_path / "my.csv")
    found, report = read_back(tmp_path / "my.csv", {"columns": {"timestamp": "ts"}})
    assert len({one.turn_id for one in found}) == len({one.conversation_id for one in found}) == len(TURNS)
    assert found[0].turn_id.endswith("my.csv:2")
    assert any("no conversation ids" in text for text in report.notes)
    assert any("by its file and line" in text for text in report.assumptions)


def test_a_unit_that_nobody_named_is_said(tmp_path):
    write(tmp_path / "my.csv")
    report = read_back(tmp_path / "my.csv", {"columns": {"timestamp": "ts", "response_time": "latency_ms"}})[1]
    assert "latency_ms is in s, as the map names no unit: it becomes response_time" in report.assumptions


def test_a_time_in_a_unit_is_since_1970(tmp_path):
    (tmp_path / "my.csv").write_text("when,x\n86400500,1\n", encoding="utf-8")
    found, _ = read_back(tmp_path / "my.csv", {"columns": {"timestamp": {"column": "when", "unit": "s"}}})
    assert not found  # 1972: no log of a chatbot
    (tmp_path / "my.csv").write_text("when,x\n1760000000.25,1\n", encoding="utf-8")
    found, _ = read_back(tmp_path / "my.csv", {"columns": {"timestamp": {"column": "when", "unit": "s"}}})
    assert found[0].timestamp.isoformat() == "2025-10-09T08:53:20.250000+00:00"


def test_a_cell_that_is_no_number_is_lost_and_counted_and_its_turn_is_not(tmp_path):
    (tmp_path / "my.csv").write_text("ts,usd\n2026-10-05,0.5\n2026-10-05,free\n", encoding="utf-8")
    found, report = read_back(tmp_path / "my.csv", {"columns": {"timestamp": "ts", "cost": "usd"}})
    assert [one.cost for one in found] == [Decimal("0.5"), None]
    assert (report.turns, report.rejected, report.lost) == (2, {}, {"cost": 1})
    assert "cost: 1 of 2 cells could not be read and count as unknown, such as 'free'" in report.warnings[0]
    assert report.rows()[0] == ("warning", report.warnings[0])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[columns]\ntimestamp = 'when'", r"timestamp = 'when': my.csv has no such column, only id, ts"),
        ("[columns]\nlatency = 'ts'", r"latency = 'ts' in \[columns\]: a key is one of turn_id, conversation_id"),
        ("[columns]\nattempts = 'ts'", r"attempts = 'ts'"),
        ("[columns]\ntimestamp = 'ts'\ncost = { column = 'cents', unit = 'eur' }", r"unit is one of usd, cents"),
        ("[columns]\ntimestamp = 'ts'\nuser_id = { column = 'id', unit = 's' }", r"unit is one of none"),
        ("[columns]\ntimestamp = 3", r"timestamp = 3: it is a column's name, or"),
        ("[columns]\nuser_id = 'id'", r"no timestamp in \[columns\]"),
        ("[columns]\ntimestamp = 'ts'\n[constants]\nturn_id = 'x'", r"it differs from turn to turn"),
        ("[columns]\ntimestamp = 'ts'\n[constants]\nprovider = []", r"a constant is a text, a number"),
        ("[columns]\ntimestamp = 'ts'\nmodel = 'id'\n[constants]\nmodel = 'm'", r"in \[columns\] and in \[constants\]"),
        ("[colums]\ntimestamp = 'ts'", r"'colums' is no part of a map"),
        ("columns = 3", r"is no table of columns"),
        ("[columns", r"is no TOML"),
    ],
)
def test_a_map_that_cannot_be_right_is_refused_with_its_key_and_what_is_allowed(tmp_path, text, complaint):
    write(tmp_path / "my.csv")
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=complaint) as refused:
        open_logs(tmp_path / "my.csv", columns=tmp_path / "map.toml")
    assert "map.toml" in str(refused.value)


def test_a_message_of_an_error_alone_makes_a_failure_of_an_unknown_type(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("ts,error\n2026-03-02T09:00:00Z,\n2026-03-02T09:01:00Z,Timed out after 60 s\n", encoding="utf-8")
    with open_logs(path, columns={"columns": {"timestamp": "ts", "error_message": "error"}}) as logs:
        well, failed = table.from_frame(logs.frame())
    assert (well.error_type, well.error_message) == (None, None)
    assert (failed.error_type, failed.error_message) == ("unknown", "Timed out after 60 s")
