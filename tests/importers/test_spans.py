"""How values of exports are read, against Python's own readers."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from importers import writers_langsmith as writers
from importers.conversations import some_turns
from properties import examples

from chatmon.importers import _spans as spans
from chatmon.importers import open_logs

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(662_688_000 * 10**6, 2_145_916_800 * 10**6).map(lambda n: EPOCH + timedelta(microseconds=n))
"""From 1991 to 2037, to the microsecond."""
LAYOUTS = ("%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%fZ")


def reader(zone="UTC"):
    connection = duckdb.connect()
    spans.prepare(connection, zone)
    return lambda sql, text: connection.execute(f"SELECT {sql}", {"x": text}).fetchall()[0][0]


UTC_READER, BERLIN = reader(), reader("Europe/Berlin")


def moment(read, text):
    found = read("epoch_us(utc($x::VARCHAR))", text)
    return None if found is None else EPOCH + timedelta(microseconds=found)


@examples(60)
@given(MOMENTS, st.sampled_from(LAYOUTS))
def test_a_time_without_a_zone_is_utc(given_moment, layout):
    assert moment(UTC_READER, given_moment.strftime(layout)) == given_moment


@examples(40)
@given(MOMENTS)
def test_a_time_without_a_zone_is_read_in_the_zone_that_was_named(given_moment):
    there = given_moment.astimezone(ZoneInfo("Europe/Berlin"))
    hours = {there.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}  # two where the clock is set back
    assert moment(BERLIN, there.replace(tzinfo=None).isoformat()) in hours


@examples(60)
@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_a_time_with_an_offset_is_that_moment_whatever_the_zone(given_moment, minutes):
    there = given_moment.astimezone(timezone(timedelta(minutes=minutes)))
    for read in (UTC_READER, BERLIN):
        assert moment(read, there.isoformat()) == given_moment


@examples(60)
@given(MOMENTS, st.sampled_from([(1000, "nanoseconds"), (1, "microseconds")]))
def test_whole_numbers_are_times_since_1970_by_their_size(given_moment, unit):
    micros = (given_moment - EPOCH) // timedelta(microseconds=1)
    assert moment(UTC_READER, str(micros * unit[0])) == given_moment


@pytest.mark.parametrize("number", ["100000000", "100000000000", "100000000000000", "100000000000000000"])
def test_the_smallest_number_of_each_unit_is_one_day_of_1973(number):
    assert moment(UTC_READER, number) == datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)
    assert moment(UTC_READER, f"{number}.000001") >= datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("99999999", None),
        ("99999999.999999", None),
        ("1759654800.25", datetime(2025, 10, 5, 9, 0, 0, 250_000, tzinfo=UTC)),
        ("1759654800250.5", datetime(2025, 10, 5, 9, 0, 0, 250_500, tzinfo=UTC)),
        ("9000000000000000000", datetime(2255, 3, 14, 16, tzinfo=UTC)),
        ("10000000000000000000", None),
    ],
)
def test_a_number_is_a_time_in_the_unit_of_its_size_or_none(number, found):
    assert moment(UTC_READER, number) == found


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("TRUE", True), ("1", True), ("1.0", True), ("yes", True), ("false", False), ("0", False),
     ("0.0", False), ("no", False), ("", None), ("2", None), (None, None)],
)  # fmt: skip
def test_a_flag_is_said_in_words_or_in_numbers(text, value):
    assert UTC_READER("flag($x::VARCHAR)", text) is value


def test_a_number_is_read_and_a_duration_has_its_sign():
    assert UTC_READER("number($x::VARCHAR)", "-2.5e3") == -2500.0
    late, early = "TIMESTAMPTZ '2026-10-05 09:00:01.5Z'", "TIMESTAMPTZ '2026-10-05 09:00:00Z'"
    assert UTC_READER(f"seconds_between({early}, {late}) + 0 * length($x)", "") == 1.5
    assert UTC_READER(f"later({early}, 1.5) = {late} AND $x = ''", "") is True


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "0", "-5", "1e400", "nan", "9" * 60])
def test_what_is_no_time_is_unknown(text):
    assert moment(UTC_READER, text) is None


@examples(80)
@given(st.integers(-(2**62), 2**62))
def test_a_whole_number_is_read_to_the_last_digit(number):
    assert UTC_READER("whole($x::VARCHAR)", str(number)) == number
    assert UTC_READER("whole($x::VARCHAR)", f"{number}.0") == number


@pytest.mark.parametrize(
    ("text", "number"), [("1e3", 1000), ("12.5", None), ("5e-1", None), ("abc", None), ("", None), ("1e30", None)]
)
def test_what_is_no_whole_number_is_unknown(text, number):
    assert UTC_READER("whole($x::VARCHAR)", text) == number


@examples(60)
@given(st.decimals(0, 10**9, places=12))
def test_money_is_exact(amount):
    assert UTC_READER("dollars($x::VARCHAR)", f"{amount:f}") == Decimal(f"{amount:f}")


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e400", "x"])
def test_a_number_is_finite_or_unknown(text):
    assert UTC_READER("number($x::VARCHAR)", text) is None


def test_a_run_exported_again_has_the_numbers_that_came_later_in_either_order(tmp_path):
    (root, call) = [run for run in writers.runs(some_turns(1)) if run["run_type"] in ("chain", "llm")][:2]
    early = call | {"prompt_tokens": 0, "completion_tokens": 0, "total_cost": None, "prompt_token_details": None,
                    "completion_token_details": None}  # fmt: skip
    for number, order in enumerate(([root, early, call], [root, call, early])):
        path = tmp_path / f"{number}.jsonl"
        writers.write_lines(order, path)
        with open_logs(path) as logs:
            assert [turn[0] for turn in logs.turns.project("input_tokens").fetchall()] == [call["prompt_tokens"]]


@pytest.mark.parametrize("between", ["tool", "chain"])
def test_a_call_around_a_tool_that_calls_a_model_counts_once(tmp_path, between):
    root, call = list(writers.runs(some_turns(1)))[:2]
    middle = call | {"id": "11111111-2222-4333-8444-555555555551", "run_type": between, "parent_run_id": call["id"]}
    inner = call | {"id": "11111111-2222-4333-8444-555555555552", "parent_run_id": middle["id"], "prompt_tokens": 40,
                    "prompt_token_details": None}  # fmt: skip
    writers.write_lines([root, call, middle, inner], tmp_path / "x.jsonl")
    with open_logs(tmp_path / "x.jsonl") as logs:
        assert [turn[0] for turn in logs.turns.project("input_tokens").fetchall()] == [40]
