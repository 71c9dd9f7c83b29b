import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from importers import writers_langfuse as writers
from importers.conversations import SHAPES, facts, some_turns
from importers.writers_langsmith import write_lines

from chatmon import turns as table
from chatmon.importers import open_logs
from chatmon.importers._langfuse import tokens

TURNS = some_turns()
SHAPED = some_turns(28, shapes=SHAPES)


def read_back(path, **options):
    with open_logs(path, **options) as logs:
        return table.from_frame(logs.frame()), logs.report


@pytest.mark.parametrize("shape", ["observations", "camel", "downloads", "pages"])
def test_every_door_gives_the_same_turns(tmp_path, shape):
    path = tmp_path / "export.jsonl"
    write_lines(getattr(writers, shape)(SHAPED), path)
    found, report = read_back(path)
    assert facts(found) == facts(SHAPED)
    assert not report.rejected


@pytest.mark.parametrize("shape", ["observations", "camel"])
def test_a_csv_gives_the_same_turns(tmp_path, shape):
    path = tmp_path / "export.csv"
    writers.write_csv(getattr(writers, shape)(SHAPED), path)
    assert facts(read_back(path)[0]) == facts(SHAPED)


def test_the_blob_storage_parquet_gives_the_same_turns(tmp_path):
    path = tmp_path / "observations.parquet"
    rows = list(writers.observations(SHAPED))
    as_text = [row | {"metadata": json.dumps(row["metadata"])} for row in rows]
    counts = pa.array([list(row["usage_details"].items()) for row in rows], pa.map_(pa.string(), pa.int64()))
    columns = {name: [row[name] for row in as_text] for name in rows[0] if name != "usage_details"}
    pq.write_table(pa.table(columns | {"usage_details": counts}), path)
    assert facts(read_back(path)[0]) == facts(SHAPED)


def test_cache_counted_inside_input_gives_the_same_turns(tmp_path):
    path = tmp_path / "export.jsonl"
    write_lines(writers.observations(SHAPED, apart=False), path)
    assert facts(read_back(path)[0]) == facts(SHAPED)


def test_cost_of_a_generation_is_added_up_where_no_total_is_given(tmp_path):
    rows = list(writers.observations(TURNS[:1]))
    rows[-1] |= {"total_cost": None, "cost_details": {"input": 0.25, "output": 0.5}}
    write_lines(rows, tmp_path / "x.jsonl")
    assert [str(turn.cost.normalize()) for turn in read_back(tmp_path / "x.jsonl")[0]] == ["0.75"]


@pytest.mark.parametrize(
    ("usage", "whole", "written", "noted"),
    [
        ({"input": 60, "input_cached_tokens": 40, "output": 5, "total": 105}, 100, 5, False),
        ({"input": 100, "input_cached_tokens": 40, "output": 5, "total": 105}, 100, 5, False),
        ({"input": 60, "cache_read_input_tokens": 40, "output": 5}, 100, 5, True),
        (
            {"input": 60, "input_cache_creation_5m": 10, "input_cache_creation_1h": 20, "output": 5, "total": 95},
            90,
            5,
            False,
        ),
        ({"input": 60, "output": 5, "output_reasoning": 7, "total": 72}, 60, 12, False),
        ({"input": "60", "output": 5.0}, 60, 5, False),
        ({}, None, None, False),
    ],
)
def test_the_sums_of_the_counts_say_whether_input_includes_the_cache(usage, whole, written, noted):
    found = tokens(usage)
    assert (found.get("input_tokens"), found.get("output_tokens")) == (whole, written)
    assert bool(found.get("said")) is noted


def test_the_older_folders_of_traces_observations_and_scores_are_joined(tmp_path):
    for name, rows in writers.legacy(TURNS).items():
        (tmp_path / name).mkdir()
        write_lines(rows, tmp_path / name / "part.jsonl")
    found, report = read_back(tmp_path)
    assert facts(found) == facts(TURNS)
    assert report.feedback == sum(turn.user_satisfaction is not None for turn in TURNS) + len(TURNS)
    assert not report.rejected


def test_traces_without_observations_are_turns_of_which_little_is_known(tmp_path):
    write_lines(writers.traces_alone(TURNS), tmp_path / "traces.jsonl")
    found, report = read_back(tmp_path / "traces.jsonl")
    wanted = [(one.turn_id, one.timestamp, one.conversation_id, one.user_id, one.user_satisfaction) for one in TURNS]
    assert [
        (one.turn_id, one.timestamp, one.conversation_id, one.user_id, one.user_satisfaction) for one in found
    ] == wanted
    assert {one.response_time for one in found} == {one.input_tokens for one in found} == {None}
    assert {"response times", "tokens", "cost"} <= report.cannot.keys()


def test_scores_under_other_names_are_counted_and_said(tmp_path):
    (score,) = writers.legacy(TURNS[:1])["scores"]
    rows = [*writers.observations(TURNS[:1]), score | {"id": "other", "name": "politeness", "value": 0.3}]
    write_lines(rows, tmp_path / "x.jsonl")
    report = read_back(tmp_path / "x.jsonl")[1]
    assert report.feedback == 1
    assert any("named for: politeness." in text for text in report.assumptions)


def generation(**said):
    trace = {"id": "t-1", "timestamp": "2026-03-02T09:00:00.000Z", "sessionId": "s-1", "userId": "u-1", "tags": []}
    row = {
        "id": "g-1", "type": "GENERATION", "parentObservationId": None, "level": "DEFAULT", "model": "house-model-7b",
        "startTime": "2026-03-02T09:00:00.000Z", "endTime": "2026-03-02T09:00:02.000Z",
    }  # fmt: skip
    return {"trace": trace, "observations": [row | said]}


@pytest.mark.parametrize(
    ("said", "cost"),
    [
        ({"costDetails": {}, "totalCost": 0}, None),
        ({"costDetails": {}, "inputCost": None, "totalCost": 0.0}, None),
        ({"costDetails": {"input": 0, "output": 0, "total": 0}, "totalCost": 0}, Decimal(0)),
        ({"costDetails": {"input": 0.5, "output": 0.25, "total": 0.75}, "totalCost": 0.75}, Decimal("0.75")),
        ({"costDetails": {}, "totalCost": 0.75}, Decimal("0.75")),
    ],
    ids=["no price", "no price, spelt out", "free", "priced", "priced without parts"],
)
def test_a_total_of_0_beside_an_empty_map_is_no_price(tmp_path, said, cost):
    (tmp_path / "t.json").write_text(json.dumps(generation(**said)), encoding="utf-8")
    with open_logs(tmp_path / "t.json") as logs:
        (turn,) = table.from_frame(logs.frame())
    assert turn.cost == cost


def test_tokens_that_only_the_total_holds_are_said_to_be_missing(tmp_path):
    hidden = generation(usageDetails={"input": 10, "output": 300, "total": 1000})
    (tmp_path / "t.json").write_text(json.dumps(hidden), encoding="utf-8")
    with open_logs(tmp_path / "t.json") as logs:
        assert any("neither input nor output" in said for said in logs.report.assumptions)
        (turn,) = table.from_frame(logs.frame())
    assert (turn.input_tokens, turn.output_tokens) == (10, 300)


def observations():
    root = {
        "id": "o-1", "traceId": "t-1", "type": "SPAN", "parentObservationId": None, "level": "DEFAULT",
        "startTime": "2026-03-02T09:00:00.000Z", "endTime": "2026-03-02T09:00:03.000Z",
    }  # fmt: skip
    usage = {"usageDetails": {"input": 70, "output": 7, "total": 77}, "totalCost": 0.5, "costDetails": {"total": 0.5}}
    return [root, generation(parentObservationId="o-1", traceId="t-1", **usage)["observations"][0]]


@pytest.mark.parametrize("indent", [None, 1])
def test_one_trace_as_the_api_gives_it_is_a_turn(tmp_path, indent):
    trace = generation()["trace"] | {"latency": 3.0, "htmlPath": "/t", "scores": [], "observations": observations()}
    (tmp_path / "t.json").write_text(json.dumps(trace, indent=indent), encoding="utf-8")
    (turn,), report = read_back(tmp_path / "t.json")
    assert (turn.input_tokens, turn.output_tokens, turn.cost) == (70, 7, Decimal("0.5"))
    assert (turn.response_time, turn.conversation_id, turn.user_id) == (3.0, "s-1", "u-1")
    assert not report.rejected


def test_a_trace_of_the_api_whose_observations_are_ids_is_a_turn_without_tokens(tmp_path):
    trace = generation()["trace"] | {"observations": ["o-1", "g-1"]}
    (tmp_path / "t.json").write_text(json.dumps(trace), encoding="utf-8")
    (turn,), _ = read_back(tmp_path / "t.json")
    assert (turn.turn_id, turn.conversation_id, turn.input_tokens) == ("t-1", "s-1", None)


def test_scores_under_names_of_one_s_own_are_named_with_the_way_to_have_them_read(tmp_path):
    download = generation()
    download["trace"]["scores"] = [{"name": "thumbs", "value": 1}, {"name": "user_satisfaction", "value": 4}]
    (tmp_path / "t.json").write_text(json.dumps(download), encoding="utf-8")
    (turn,), report = read_back(tmp_path / "t.json")
    assert turn.user_satisfaction == 4
    (said,) = (text for text in report.assumptions if "scores" in text)
    assert "thumbs. Written as user_satisfaction (1 to 5)" in said
