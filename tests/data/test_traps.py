"""The traps hold one hour of the four weeks, each spoilt as its card says, and their command makes them again."""

import gzip
import json
import subprocess
import sys
import tomllib
import zlib
from datetime import UTC, datetime

import pandas as pd
import pytest

from chatmon._tools.paths import DATA, data_file
from chatmon.importers import open_logs
from chatmon.turns import COLUMNS, read_parquet, to_frame

CARD = " ".join((DATA / "README.md").read_text(encoding="utf-8").partition("## Traps")[2].split())
FOLDER = DATA / "traps"
HOUR = datetime(2026, 10, 15, 14, tzinfo=UTC)
TURNS = to_frame(
    [turn for turn in read_parquet(data_file("four_weeks.parquet")) if turn.timestamp.date() == HOUR.date()]
)
TRUTH = TURNS[TURNS["timestamp"].dt.floor("h") == HOUR]
ANSWERED = TRUTH[TRUTH["error_type"].isna()]
EXACT = ["input_tokens", "output_tokens", "timestamp"]


def imported(name, **options):
    with open_logs(FOLDER / name, **options) as logs:
        return logs.frame(), logs.report


def columns_of(frame, names):
    rows = frame.assign(timestamp=frame["timestamp"].dt.floor("s")).sort_values("timestamp", kind="stable")
    return rows[names].reset_index(drop=True)


def test_the_command_makes_the_committed_files_again(tmp_path):
    command = [sys.executable, str(DATA / "make_traps.py"), "--output", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)

    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in FOLDER.iterdir()}
    for kept in FOLDER.iterdir():
        made = (tmp_path / kept.name).read_bytes()
        if kept.suffix != ".gz":
            assert made == kept.read_bytes()
            continue
        one, other = sorted((zlib.decompressobj(31).decompress(raw) for raw in (made, kept.read_bytes())), key=len)
        assert other.startswith(one)
        assert len(one) > 1000


def test_every_file_stands_in_the_card():
    assert all(f"`{path.name}`" in CARD for path in FOLDER.iterdir())


def test_the_card_states_the_turns_of_the_hour_and_the_failures():
    assert f"{len(TRUTH)} turns of which {len(TRUTH) - len(ANSWERED)} failed" in CARD
    assert f"the {len(ANSWERED)} that succeeded" in CARD


@pytest.mark.parametrize(
    ("name", "turns", "more"),
    [
        ("langfuse_milliseconds.csv", TRUTH, ["cost", "cached_tokens", "response_time", "conversation_id"]),
        ("otlp_base64.jsonl.gz", TRUTH, ["cached_tokens", "response_time", "conversation_id"]),
        ("openai_stored.json", ANSWERED, ["cached_tokens", "model"]),
        ("langsmith_broken.jsonl", TRUTH, ["cost", "cached_tokens", "response_time", "conversation_id"]),
    ],
)
def test_a_file_holds_the_hour(name, turns, more):
    frame, _ = imported(name)
    assert columns_of(frame, EXACT + more).equals(columns_of(turns, EXACT + more))


def test_the_csv_of_helicone_holds_the_hour_but_for_what_it_counts_apart():
    frame, report = imported("helicone.csv")
    more = ["timestamp", "cost", "response_time", "conversation_id"]
    assert columns_of(frame, more).equals(columns_of(TRUTH, more))
    assert frame["input_tokens"].sum() == TRUTH["input_tokens"].sum() - TRUTH["cached_tokens"].sum()
    assert frame["output_tokens"].sum() == TRUTH["output_tokens"].sum() - TRUTH["reasoning_tokens"].sum()
    assert "lower bounds" in str(report)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("otlp_base64.jsonl.gz", {"cost"}),
        ("helicone.csv", {"cached_tokens", "time_to_first_token"}),
        ("openai_stored.json", {"cost", "response_time", "error_type", "user_id"}),
    ],
)
def test_a_file_lacks_what_its_format_has_no_place_for(name, missing):
    assert missing <= set(imported(name)[1].missing)


def test_the_older_job_of_langfuse_writes_milliseconds():
    latency = pd.read_csv(FOLDER / "langfuse_milliseconds.csv").groupby("trace_id")["latency"].max()
    assert latency.sum() / 1000 == pytest.approx(TRUTH["response_time"].sum(), abs=0.1)


def test_the_ids_in_base64_are_no_hexadecimal():
    with gzip.open(FOLDER / "otlp_base64.jsonl.gz", "rt", encoding="utf-8") as file:
        span = json.loads(file.readline())["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert (len(span["traceId"]), len(span["spanId"])) == (24, 12)


def test_the_cells_of_helicone_are_escaped_once_too_often():
    cell = pd.read_csv(FOLDER / "helicone.csv")["request_properties"].iloc[0]
    assert json.loads(cell.replace('""', '"'))["Helicone-Session-Id"] == TRUTH["conversation_id"].iloc[0]
    with pytest.raises(json.JSONDecodeError):
        json.loads(cell)


def test_five_lines_are_spoilt_and_ten_come_twice():
    _, report = imported("langsmith_broken.jsonl")
    assert (sum(report.rejected.values()), report.duplicates) == (5, 10)


def test_the_download_breaks_off():
    frame, report = imported("langsmith_cut.jsonl.gz")
    assert 0 < len(frame) < len(TRUTH)
    assert [one for one in report.examples if "breaks off" in one.reason]
    with pytest.raises(EOFError), gzip.open(FOLDER / "langsmith_cut.jsonl.gz") as file:
        file.read()


def test_the_desk_s_table_is_in_berlin_s_time_and_its_map_names_its_columns():
    table = pd.read_csv(FOLDER / "desk.csv", parse_dates=["time"])
    columns = tomllib.loads((FOLDER / "desk.toml").read_text(encoding="utf-8"))["columns"]
    named = {one if isinstance(one, str) else one["column"] for one in columns.values()}
    assert named < set(table)
    assert set(columns) < set(COLUMNS)

    berlin = table["time"].dt.tz_localize("Europe/Berlin").dt.tz_convert("UTC")
    in_hour = table[berlin.dt.floor("h") == HOUR]
    assert set(berlin.dt.tz_convert("Europe/Berlin").dt.date) == {HOUR.date()}
    assert in_hour["tokens_in"].sum() == TRUTH["input_tokens"].sum()
    assert in_hour["took_ms"].sum() / 1000 == pytest.approx(TRUTH["response_time"].sum(), abs=0.1)
