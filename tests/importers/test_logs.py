import tempfile
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from importers import writers_langfuse, writers_otlp
from importers import writers_langsmith as writers
from importers.conversations import facts, some_turns
from importers.writers_langsmith import write_lines
from properties import examples

from chatmon import turns as table
from chatmon.importers import ALL, open_logs
from chatmon.turns import write_jsonl

RUNS = list(writers.runs(some_turns(4)))
ANYTHING = st.none() | st.integers() | st.floats() | st.text(max_size=6) | st.lists(st.integers(), max_size=2)


def test_an_empty_file_and_a_folder_of_something_else_are_named(tmp_path):
    (tmp_path / "empty.jsonl").touch()
    with open_logs(tmp_path / "empty.jsonl") as logs:
        assert logs.report.turns == 0
        assert logs.report.rejected == {"the file is empty": 1}
    other = tmp_path / "other"
    other.mkdir()
    (other / "holiday.jpg").touch()
    with pytest.raises(FileNotFoundError, match=r"found 1 files, none of them ending in"):
        open_logs(other)


def test_a_parquet_with_other_columns_is_rejected_with_them(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"colour": ["red"], "size": [3]}), tmp_path / "x.parquet")
    with open_logs(tmp_path / "x.parquet") as logs:
        (reason,) = logs.report.rejected
    assert reason.startswith("no known shape: its columns are colour, size. Read are anthropic, ")


@pytest.mark.parametrize("options", [{"format": "langsmiht"}, {"tz": "Mars/Olympus"}])
def test_an_unknown_format_or_zone_is_refused_with_the_way_out(tmp_path, options):
    writers.write_lines(RUNS, tmp_path / "runs.jsonl")
    with pytest.raises(ValueError, match=r"langsmith|Europe/Berlin"):
        open_logs(tmp_path / "runs.jsonl", **options)


def test_a_ten_megabyte_field_is_read_past(tmp_path):
    big = RUNS[0] | {"inputs": {"question": "x" * 10_000_000}}
    writers.write_lines([big, *RUNS[1:]], tmp_path / "runs.jsonl")
    with open_logs(tmp_path / "runs.jsonl") as logs:
        assert logs.report.turns == 4
        assert not logs.report.rejected


@examples(60)
@given(st.integers(0, len(RUNS) - 1), st.dictionaries(st.sampled_from(sorted(RUNS[1])), ANYTHING, max_size=4))
def test_whatever_a_record_holds_nothing_crashes_and_nothing_is_lost(tmp_path_factory, position, changes):
    path = tmp_path_factory.mktemp("logs") / "runs.jsonl"
    runs = [dict(run) for run in RUNS]
    runs[position] |= changes
    writers.write_lines(runs, path)
    with open_logs(path) as logs:
        report = logs.report
        assert report.read + sum(report.rejected.values()) >= len(runs)
        table.from_frame(logs.frame())


def test_turns_are_written_in_order_of_time(tmp_path):
    writers.write_lines(RUNS, tmp_path / "runs.jsonl")
    with open_logs(tmp_path / "runs.jsonl") as logs:
        logs.write_parquet(tmp_path / "turns.parquet")
        found = table.read_parquet(tmp_path / "turns.parquet")
    assert [turn.timestamp for turn in found] == sorted(turn.timestamp for turn in found)
    assert len(found) == 4


def test_one_traffic_gives_one_set_of_numbers_whichever_tool_exported_it(tmp_path):
    turns = some_turns(60)
    write_lines(writers.runs(turns), tmp_path / "langsmith.jsonl")
    write_lines(writers_langfuse.observations(turns), tmp_path / "langfuse.jsonl")
    write_lines(writers_otlp.envelopes(turns), tmp_path / "otlp.jsonl")
    found = []
    for path in sorted(tmp_path.iterdir()):
        with open_logs(path) as logs:
            found.append(facts(table.from_frame(logs.frame())))
    assert found == [facts(turns)] * 3


def test_lines_of_three_tools_in_one_file_are_told_apart(tmp_path):
    first, second, third = some_turns(10, seed=1), some_turns(10, seed=2), some_turns(10, seed=5)
    lines = [*writers.runs(first), *writers_langfuse.observations(second), *writers_otlp.envelopes(third)]
    write_lines(lines, tmp_path / "mixed.jsonl")
    with open_logs(tmp_path / "mixed.jsonl") as logs:
        assert facts(table.from_frame(logs.frame())) == facts([*first, *second, *third])
        assert logs.report.files[0].dialect.count(":") == 3
        assert not logs.report.rejected


def test_what_is_left_of_a_closed_log_is_nothing(tmp_path, monkeypatch):
    writers.write_lines(RUNS, tmp_path / "runs.jsonl")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with open_logs(tmp_path / "runs.jsonl"):
        assert list(scratch.glob("chatmon-logs-*"))
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("first", ["runs", "nested", "v2"])
@pytest.mark.parametrize("second", ["runs", "nested", "v2"])
def test_two_shapes_of_one_tool_in_one_file_are_told_apart_however_late_the_second_comes(tmp_path, first, second):
    turns = some_turns(60)
    half = [list(getattr(writers, name)(part)) for name, part in ((first, turns[:30]), (second, turns[30:]))]
    writers.write_lines([*half[0], *half[1]], tmp_path / "x.jsonl")
    with open_logs(tmp_path / "x.jsonl") as logs:
        assert facts(table.from_frame(logs.frame())) == facts(turns)


@pytest.mark.parametrize("runs_first", [True, False])
def test_feedback_and_runs_in_one_file_are_told_apart(tmp_path, runs_first):
    turns = some_turns(30)
    runs = [run | {"feedback_stats": None} for run in writers.runs(turns)]
    feedback = [
        {"id": f"f{place}", "run_id": turn.turn_id, "trace_id": turn.turn_id, "key": "user_satisfaction", "score": 4}
        for place, turn in enumerate(turns)
    ]
    writers.write_lines([*runs, *feedback] if runs_first else [*feedback, *runs], tmp_path / "x.jsonl")
    with open_logs(tmp_path / "x.jsonl") as logs:
        assert {turn.user_satisfaction for turn in table.from_frame(logs.frame())} == {4.0}
        assert not logs.report.rejected


@pytest.mark.parametrize(
    ("records", "look"),
    [
        (
            [{"object": "page", "data": [], "has_more": False, "next_page": None}],
            "it looks like a usage page of OpenAI",
        ),
        ([{"data": [], "has_more": False, "next_page": None}], "it looks like a usage report of Anthropic"),
        ([{"resourceMetrics": []}], "it looks like metrics of OpenTelemetry, which hold no turns. Read are"),
        ([{"uuid": "1", "name": "n", "chat_messages": []}], "it looks like an export of Claude's chats"),
        ([{"colour": "red"}, {"size": 3}], "its keys are colour"),
    ],
)
def test_a_file_that_is_not_read_says_once_what_it_is_what_is_read_and_what_else_can_be_done(tmp_path, records, look):
    records *= 20
    writers.write_lines(records, tmp_path / "x.jsonl")
    with open_logs(tmp_path / "x.jsonl") as logs:
        report = logs.report
    ((reason, count),) = report.rejected.items()
    assert count == len(records)
    assert look in reason
    assert ", ".join(sorted({dialect.tool for dialect in ALL})) in reason
    assert "--columns" in reason
    (example,) = report.examples
    assert (example.line, example.reason) == (1, f"{reason} (and {count - 1} more in this file)")


def test_a_table_that_does_not_fit_its_map_is_not_told_of_maps(tmp_path):
    lines = '{"ts": "2026-03-02T09:00:00Z"}\n{"colour": "red"}\n'
    (tmp_path / "x.jsonl").write_text(lines, encoding="utf-8")
    with open_logs(tmp_path / "x.jsonl", columns={"columns": {"timestamp": "ts"}}) as logs:
        assert list(logs.report.rejected) == ["no known shape: its keys are colour"]


TEXTS = {"tier": "gold", "seats": 3, "nested": {"q": "SECRET"}, "several": ["SECRET"], "long": 'SECRET "and" ' * 40}
RUN = {"id": "r", "trace_id": "r", "run_type": "llm", "session_id": "p", "start_time": "2026-03-02T09:00:00Z"}
OBSERVATION = {"id": "o", "traceId": "t", "type": "GENERATION", "level": "DEFAULT", "startTime": "2026-03-02T09:00:00Z"}
REQUEST = {"request_id": "r", "request_created_at": "2026-03-02T09:00:00Z", "response_status": 200}
COMPLETION = {"id": "c", "object": "chat.completion", "created": 1_772_442_000, "model": "m"}


@pytest.mark.parametrize(
    "more", [{}, {"nested": {}}, {f"key{n}": "value" for n in range(60)}], ids=["", "nested", "many"]
)
def test_a_text_full_of_quotes_is_a_text_too(tmp_path, more):
    run = RUN | {"extra": {"metadata": {"tier": "gold", "long": 'SECRET "\\and" ' * 40} | more}}
    writers.write_lines([run], tmp_path / "x.jsonl")
    with open_logs(tmp_path / "x.jsonl") as logs:
        (turn,) = table.from_frame(logs.frame())
    assert turn.attributes["tier"] == "gold"
    assert "SECRET" not in repr(turn)


@pytest.mark.parametrize(
    "record",
    [RUN | {"extra": {"metadata": TEXTS}}, OBSERVATION | {"metadata": TEXTS}, REQUEST | {"properties": TEXTS},
     COMPLETION | {"metadata": TEXTS}],
    ids=["LangSmith", "Langfuse", "Helicone", "OpenAI"],
)  # fmt: skip
def test_of_metadata_the_short_scalars_are_dimensions_and_texts_stay_out(tmp_path, record):
    writers.write_lines([record], tmp_path / "x.jsonl")
    with open_logs(tmp_path / "x.jsonl") as logs:
        (turn,) = table.from_frame(logs.frame())
    unsaid = {"failed": None} if turn.failed is None else {}
    assert turn.attributes == {"tier": "gold", "seats": 3, **unsaid}


def test_money_as_floats_computes_as_pandas_does_and_loses_no_cent(tmp_path):
    costs = [Decimal("0.1"), Decimal("0.0021"), None, Decimal("99999999.99")]
    write_jsonl([replace(turn, cost=cost, input_tokens=number, cached_tokens=0, cache_write_tokens=0)
                 for turn, cost, number in zip(some_turns(4), costs, (100, 0, 7, 400), strict=True)],
                tmp_path / "turns.jsonl")  # fmt: skip
    with open_logs(tmp_path / "turns.jsonl") as logs:
        exact = logs.frame()
    frame = exact.astype({"cost": float})
    assert exact["cost"].sum() == sum(cost for cost in costs if cost is not None)
    assert round(frame["cost"].sum(), 4) == float(exact["cost"].sum())
    by_token = (frame["cost"] / frame["input_tokens"]).tolist()
    assert by_token[0] == 0.001
    assert by_token[3] == pytest.approx(249999.999975)
    sums = frame.groupby("model")[["cost", "input_tokens"]].sum()
    assert (sums["cost"] / sums["input_tokens"]).tolist() == [pytest.approx(100000000.0921 / 507)]
    assert frame["cost"].isna().tolist() == [False, False, True, False]
    assert frame[["cost"]].to_csv(index=False) == 'cost\n0.1\n0.0021\n""\n99999999.99\n'
    assert table.from_frame(frame)[0].cost == Decimal("0.1")
