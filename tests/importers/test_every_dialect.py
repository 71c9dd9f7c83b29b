"""What must hold of every dialect: nothing is lost, nothing counts twice, and the order of rows says nothing."""

import gzip
import json
import os
import random
import tomllib

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from importers.conversations import SHAPES, START, facts, some_turns
from importers.dialects import NO_JSON_LINES, SESSIONS, TOO_SHORT_FOR_FACTS, WHOLE_FILES, WITH_OTHERS, WRITERS
from importers.writers_langsmith import write_lines
from properties import examples

from chatmon import turns as table
from chatmon._tools.paths import REPO
from chatmon.importers import ALL, open_logs

TURNS = some_turns(14, seed=1168, shapes=SHAPES)
every_dialect = pytest.mark.parametrize("name", WRITERS)
every_line = pytest.mark.parametrize("name", [name for name in WRITERS if name not in WHOLE_FILES])
GARBAGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(
        ["", "NaN", "-1", "1e400", "infinity", "2026-02-30", "\ud800", "\x00", "'); DROP TABLE spans; --"]
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)


def read_back(path, **options):
    for file in path.iterdir() if path.is_dir() else [path]:
        os.utime(file, (START.timestamp(), START.timestamp()))  # what says no time is dated by its file
    with open_logs(path, **options) as logs:
        report = logs.report
        assert report.read == sum(
            (report.spans, report.feedback, report.halves, report.duplicates, sum(report.rejected.values()))
        )
        assert report.read == sum(file.read for file in report.files)
        return table.from_frame(logs.frame()), report


def whole(turns):
    return sorted(table.as_json(json.loads(table.as_json(row(turn)))) for turn in turns)


def row(turn):
    columns = {name: getattr(turn, name) for name in table.COLUMNS}
    return columns | {
        "timestamp": turn.timestamp.isoformat(), "cost": str(turn.cost), "attributes": dict(turn.attributes),
    }  # fmt: skip


@pytest.fixture
def records(name):
    return list(WRITERS[name](TURNS))


@pytest.fixture
def turns(name, tmp_path, records):
    write_lines(records, tmp_path / "first.jsonl")
    found, _ = read_back(tmp_path / "first.jsonl")
    (tmp_path / "first.jsonl").unlink()
    return found


def test_every_dialect_has_a_writer_or_a_reason_why_no_json_line_holds_it():
    assert sorted([*WRITERS, *NO_JSON_LINES]) == sorted(dialect.name for dialect in ALL)


def test_the_turns_written_came_about_in_every_way():
    assert {turn.shape for turn in TURNS} == set(SHAPES)
    for shape in ("attempts", "elsewhere", "orphans"):
        assert {bool(turn.error_type) for turn in TURNS if turn.shape == shape} == {True, False}


@every_dialect
def test_a_record_is_known_for_what_it_is_and_nothing_is_lost(name, tmp_path, records):
    write_lines(records, tmp_path / "x.jsonl")
    found, report = read_back(tmp_path / "x.jsonl")
    assert report.files[0].dialect == WITH_OTHERS.get(name, name)
    assert not report.rejected
    assert len(found) == len(TURNS)
    if name not in TOO_SHORT_FOR_FACTS and name != "chatmon: turns":
        assert facts(found) == facts(TURNS)


@pytest.mark.parametrize("name", [name for name, carried in TOO_SHORT_FOR_FACTS.items() if carried])
def test_what_a_short_format_carries_is_what_was_said(name, tmp_path):
    plain = [turn for turn in TURNS if turn.shape != "late error"]  # a call that failed has no tokens there
    write_lines(WRITERS[name](plain), tmp_path / "x.jsonl")
    found, report = read_back(tmp_path / "x.jsonl")
    assert not report.rejected
    assert said(found, TOO_SHORT_FOR_FACTS[name]) == said(plain, TOO_SHORT_FOR_FACTS[name])


def said(some, columns):
    """What turns say in some columns, in an order of theirs: a tool may give them ids of its own."""
    rows = [tuple(getattr(turn, name) for name in columns) for turn in some]
    return sorted([tuple(round(one, 6) if isinstance(one, float) else one for one in row) for row in rows], key=str)


@pytest.mark.parametrize(
    "name",
    ["langsmith: run", "langfuse: trace download", "otlp: envelopes", "otlp: JavaScript spans"],
)
def test_the_first_token_is_that_of_the_call_that_answered_timed_from_the_question(name, turns):
    def firsts(some):
        return {turn.turn_id.replace("-", ""): turn.time_to_first_token for turn in some}

    assert firsts(turns) == firsts(TURNS)


@every_dialect
def test_no_column_comes_out_that_the_page_of_formats_does_not_tell_of(name, turns):
    told = tomllib.loads((REPO / "docs" / "formats.toml").read_text(encoding="utf-8"))
    told["chatmon"] = {"read": table.COLUMNS}
    nothing = (None, {}, {"failed": None})
    found = {column for turn in turns for column in table.COLUMNS if getattr(turn, column) not in nothing}
    of_its_own = {turn.conversation_id for turn in turns} == {turn.turn_id for turn in turns}
    (tool,) = {dialect.tool for dialect in ALL if dialect.name == name}
    said = {column for way in ("read", "converted", "assumed") for column in told[tool].get(way, ())}
    assert found - said <= ({"conversation_id"} if of_its_own else set())


@every_dialect
def test_the_report_says_what_was_assumed_of_times_durations_and_the_cache(name):
    # What is said of turns has neither times nor tokens.
    of_turns = not any(kind in name for kind in ("feedback", "annotations", "evaluation"))
    together = [name] if of_turns else WITH_OTHERS[name].split(", ")
    said = " ".join(text for dialect in ALL for text in dialect.assumptions if dialect.name in together)
    assert "1970" in said or "without a zone" in said
    assert "millisecond" in said or "seconds" in said
    assert "cached" in said


@every_line
def test_the_order_of_records_and_their_files_does_not_matter(name, tmp_path, records, turns):
    random.Random(2).shuffle(records)
    half = len(records) // 2
    write_lines(records[:half], tmp_path / "b.jsonl")
    write_lines(records[half:], tmp_path / "a.jsonl")
    assert whole(read_back(tmp_path)[0]) == whole(turns)


@every_line
def test_a_window_exported_twice_counts_once(name, tmp_path, records, turns):
    write_lines(records, tmp_path / "a.jsonl")
    write_lines(records[len(records) // 3 :], tmp_path / "b.jsonl")
    found, report = read_back(tmp_path)
    assert whole(found) == whole(turns)
    assert report.duplicates > 0


@every_dialect
def test_a_file_with_a_fault_gives_the_same_turns_as_one_without(name, tmp_path, records, turns):
    lines = [json.dumps(record) for record in records]
    text = "\ufeff" + "\r\n".join([lines[0], "{broken", "[]", '{"a": 1}', *lines[1:], lines[-1][:20]])
    (tmp_path / "x.jsonl").write_text(text, encoding="utf-8", newline="")
    found, report = read_back(tmp_path / "x.jsonl")
    assert whole(found) == whole(turns)
    assert [one.line for one in report.examples] == [2, 3, 4, len(lines) + 4]


@every_dialect
@pytest.mark.parametrize("layout", ["array", "indented", "gzip"])
def test_the_layout_of_the_file_changes_nothing(name, tmp_path, records, turns, layout):
    path = tmp_path / "x.json"
    if layout == "gzip":
        path.write_bytes(gzip.compress("".join(json.dumps(record) + "\n" for record in records).encode()))
    else:
        path.write_text(json.dumps(records, indent=2 if layout == "indented" else None), encoding="utf-8")
    assert whole(read_back(path)[0]) == whole(turns)


@every_dialect
def test_a_gzip_cut_in_the_middle_says_so_and_keeps_what_was_whole(name, tmp_path, records):
    packed = gzip.compress("".join(json.dumps(record) + "\n" for record in records).encode(), mtime=0)
    (tmp_path / "x.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    _, report = read_back(tmp_path / "x.jsonl.gz")
    assert any("breaks off" in one.reason for one in report.examples)


@every_dialect
def test_a_key_that_nothing_reads_is_named_with_its_count(name, tmp_path, records):
    for record in records:
        inside = record.get("post") or record.get("patch") or record.get("runs") or [record]
        inside[0]["stray"] = 1
    write_lines(records, tmp_path / "x.jsonl")
    report = read_back(tmp_path / "x.jsonl")[1]
    assert any("stray (" in text for text in report.notes)


def mutated(draw, value, depth=0):
    """Return a record with some of its parts dropped or replaced by anything."""
    if isinstance(value, dict) and value:
        changed = dict(value)
        for key in draw(st.lists(st.sampled_from(sorted(value)), max_size=2, unique=True)):
            action = draw(st.sampled_from(["drop", "null", "garbage", "inside", "text"]))
            if action == "drop":
                del changed[key]
            elif action == "inside" and depth < 6:
                changed[key] = mutated(draw, value[key], depth + 1)
            else:
                changed[key] = (
                    {"null": None, "text": str(value[key])}.get(action) if action != "garbage" else draw(GARBAGE)
                )
        return changed
    if isinstance(value, list) and value:
        return [mutated(draw, value[0], depth + 1), *value[1:]]
    return draw(GARBAGE)


@every_dialect
@examples(12, suppress=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_becomes_of_its_records_nothing_crashes_and_the_sums_add_up(name, tmp_path, data):
    records = list(WRITERS[name](TURNS[:3]))
    position = data.draw(st.integers(0, len(records) - 1))
    records[position] = mutated(data.draw, records[position])
    write_lines(records, tmp_path / "x.jsonl")
    found, report = read_back(tmp_path / "x.jsonl")
    assert len(found) == report.turns
    if name not in SESSIONS:
        assert report.read >= len(records) - 1  # an envelope may have become an empty one


@pytest.mark.parametrize("name", ["langsmith: run", "otlp: console or Phoenix spans"])
def test_a_parent_that_repeats_its_children_s_usage_changes_nothing(name, tmp_path, records, turns):
    keys = ("prompt_tokens", "completion_tokens", "total_cost")
    for record in records:
        if record.get("run_type") == "chain":
            record |= {key: record[key] and (int(record[key]) * 7 if "tokens" in key else "99.9") for key in keys}
        if record.get("attributes", {}).get("gen_ai.operation.name") == "invoke_agent":
            record["attributes"] |= {"gen_ai.usage.input_tokens": 10**6, "gen_ai.usage.cost": 99.9}
    write_lines(records, tmp_path / "x.jsonl")
    assert whole(read_back(tmp_path / "x.jsonl")[0]) == whole(turns)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("langsmith: run", ("start_time", "end_time", "first_token_time")),
        ("langfuse: observations of the blob storage", ("start_time", "end_time", "completion_start_time")),
    ],
)
@pytest.mark.parametrize("scale", [10**3, 10**6, 10**9, "zone"])
def test_times_since_1970_in_any_unit_and_times_with_a_zone_are_the_same_times(
    name, keys, scale, tmp_path, records, turns
):
    from datetime import UTC, datetime, timedelta, timezone

    def again(text):
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        if scale == "zone":
            return moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()
        micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        return f"{micros / 1000:.3f}" if scale == 10**3 else micros * scale // 10**6

    for record in records:
        record |= {key: again(record[key]) for key in keys if record.get(key)}
    write_lines(records, tmp_path / "x.jsonl")
    assert whole(read_back(tmp_path / "x.jsonl")[0]) == whole(turns)
