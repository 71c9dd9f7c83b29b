"""The turn and its table: what is refused, and that nothing is lost on the way through any of four formats."""

import io
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon import turns
from chatmon.turns import Turn

MOMENT = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
DESIGNED_COLUMNS = [
    "turn_id",
    "conversation_id",
    "user_id",
    "timestamp",
    "response_time",
    "time_to_first_token",
    "provider",
    "model",
    "input_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "usage_details",
    "usage_source",
    "cost",
    "price_source",
    "error_type",
    "error_message",
    "finish_reason",
    "attempts",
    "intent",
    "context_relevance",
    "user_satisfaction",
    "task_completed",
    "prompt_version",
    "variant",
    "experiment",
    "region",
    "channel",
    "attributes",
    "question",
    "answer",
]


def a_turn(**columns) -> Turn:
    return Turn(**{"turn_id": "t1", "conversation_id": "c1", "timestamp": MOMENT, "response_time": 0.8} | columns)


counts = st.integers(0, 2**40)
text = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
money = st.decimals(0, 10**9, places=18, allow_nan=False, allow_infinity=False)


@st.composite
def some_turns(draw):
    cached, written, fresh = draw(counts), draw(counts), draw(counts)
    reasoning, rest = draw(counts), draw(counts)
    maybe = lambda strategy: draw(st.none() | strategy)  # noqa: E731 - reads better than twenty draws
    return Turn(
        turn_id=draw(st.uuids()).hex,
        conversation_id=draw(st.text(min_size=1, max_size=20)),
        user_id=maybe(text),
        timestamp=draw(
            st.datetimes(
                MOMENT.replace(year=1980, tzinfo=None),
                MOMENT.replace(year=2100, tzinfo=None),
                timezones=st.just(UTC) | st.timezones(),
            )
        ),
        response_time=draw(st.floats(0, 1e6)),
        time_to_first_token=maybe(st.floats(0, 1e6)),
        provider=maybe(text),
        model=maybe(text),
        input_tokens=maybe(st.just(cached + written + fresh)),
        cached_tokens=maybe(st.just(cached)),
        cache_write_tokens=maybe(st.just(written)),
        output_tokens=maybe(st.just(reasoning + rest)),
        reasoning_tokens=maybe(st.just(reasoning)),
        usage_details=maybe(st.dictionaries(text, counts | text, min_size=1, max_size=3)),
        usage_source=maybe(st.sampled_from(["reported", "estimated"])),
        cost=maybe(money),
        price_source=maybe(text),
        error_type=maybe(text),
        error_message=maybe(text),
        finish_reason=maybe(text),
        attempts=maybe(counts),
        intent=maybe(text),
        context_relevance=maybe(st.floats(0, 1)),
        user_satisfaction=maybe(st.floats(1, 5)),
        task_completed=maybe(st.booleans()),
        prompt_version=maybe(text),
        variant=maybe(text),
        experiment=maybe(text),
        region=maybe(text),
        channel=maybe(text),
        attributes=draw(st.dictionaries(text, json_values, max_size=3)),
        question=maybe(text),
        answer=maybe(text),
    )


def test_the_columns_are_those_of_the_design_in_its_order():
    assert list(turns.COLUMNS) == DESIGNED_COLUMNS
    assert turns.schema().names == DESIGNED_COLUMNS
    assert list(turns.to_frame([]).columns) == DESIGNED_COLUMNS


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"input_tokens": 10, "cached_tokens": 40}, r"cached_tokens \(40\) cannot exceed input_tokens \(10\)"),
        (
            {"input_tokens": 10, "cached_tokens": 6, "cache_write_tokens": 5},
            r"cached_tokens \(6\) \+ cache_write_tokens \(5\) cannot exceed input_tokens \(10\)",
        ),
        ({"output_tokens": 7, "reasoning_tokens": 8}, r"reasoning_tokens \(8\) cannot exceed output_tokens \(7\)"),
        ({"input_tokens": -1}, r"input_tokens \(-1\) is outside 0 to"),
        ({"input_tokens": 2**63}, r"input_tokens \(9223372036854775808\) is outside"),
        ({"response_time": -0.1}, r"response_time \(-0.1\) is negative"),
        ({"response_time": float("nan")}, r"response_time \(nan\) is not finite"),
        ({"time_to_first_token": float("inf")}, r"time_to_first_token \(inf\) is not finite"),
        ({"timestamp": MOMENT.replace(tzinfo=None)}, r"timestamp \(2026-10-05 09:00:00\) has no time zone"),
        ({"cost": Decimal("NaN")}, r"cost \(NaN\) is not a finite amount"),
        ({"cost": Decimal(-1)}, r"cost \(-1\) is not a finite amount"),
        ({"cost": Decimal(1).scaleb(-19)}, r"has 19 decimal places, 18 are kept"),
        ({"user_satisfaction": 0.5}, r"user_satisfaction \(0.5\) is outside 1 to 5"),
        ({"context_relevance": 1.01}, r"context_relevance \(1.01\) is outside 0 to 1"),
        ({"conversation_id": ""}, "conversation_id is empty"),
        ({"turn_id": None}, "turn_id is missing"),
        ({"question": "\ud800"}, "question has a lone surrogate"),
        ({"attributes": {"x": float("nan")}}, "attributes cannot be written as JSON"),
        ({"attributes": {"x": (1, 2)}}, "attributes would change on its way through JSON"),
    ],
)
def test_a_turn_refuses_the_impossible_and_names_the_numbers(columns, message):
    with pytest.raises(ValueError, match=message):
        a_turn(**columns)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"input_tokens": True}, "input_tokens .* has type bool, not a whole number"),
        ({"input_tokens": 3.0}, "input_tokens .* has type float, not a whole number"),
        ({"response_time": "1"}, "response_time .* has type str, not a number"),
        ({"cost": 0.1}, "cost .* has type float: money is Decimal"),
        ({"task_completed": 1}, "task_completed .* has type int, not True or False"),
        ({"timestamp": "2026-10-05"}, "timestamp .* has type str, not a datetime"),
        ({"intent": 3}, "intent .* has type int, not text"),
        ({"attributes": [1]}, "attributes .* has type list, not a mapping"),
    ],
)
def test_a_turn_refuses_values_of_another_type(columns, message):
    with pytest.raises(TypeError, match=message):
        a_turn(**columns)


def test_an_aware_time_of_another_zone_becomes_utc():
    turn = a_turn(timestamp=datetime(2026, 10, 5, 11, 0, tzinfo=timezone(timedelta(hours=2))))
    assert turn.timestamp == MOMENT
    assert turn.timestamp.tzinfo is UTC


def test_a_turn_cannot_be_changed_or_given_stray_attributes():
    with pytest.raises(AttributeError):
        a_turn().response_time = 2.0
    assert not hasattr(a_turn(), "__dict__")


@examples(60)
@given(st.lists(some_turns(), max_size=4))
def test_no_format_loses_anything(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("turns")
    turns.write_parquet(rows, folder / "turns.parquet")
    turns.write_jsonl(rows, folder / "turns.jsonl")
    with duckdb.connect() as connection:
        turns.to_duckdb(rows, connection)
        assert turns.from_duckdb(connection.table("turns")) == rows
    assert turns.from_frame(turns.to_frame(rows)) == rows
    assert turns.read_parquet(folder / "turns.parquet") == rows
    assert turns.read_jsonl(folder / "turns.jsonl") == rows


@examples(30)
@given(st.lists(money, min_size=1, max_size=20))
def test_money_is_added_exactly_by_pandas_and_by_duckdb(amounts):
    rows = [a_turn(cost=amount) for amount in amounts]
    exact = sum(amounts)
    assert turns.to_frame(rows)["cost"].sum() == exact
    with duckdb.connect() as connection:
        turns.to_duckdb(rows, connection)
        assert connection.execute("SELECT sum(cost) FROM turns").fetchone() == (exact,)


def test_unknown_stays_unknown_in_every_column():
    frame = turns.to_frame([a_turn()])
    unknown = [name for name in turns.COLUMNS if name not in (*turns.REQUIRED, "response_time", "attributes")]
    assert frame[unknown].isna().all(axis=None)


def test_duckdb_reads_the_parquet_file_by_itself(tmp_path):
    path = tmp_path / "turns.parquet"
    turns.write_parquet([a_turn(cost=Decimal("0.0021"), attributes={"plan": "basic"})], path)
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT cost, attributes ->> 'plan', epoch_us(timestamp) FROM '{path}'").fetchone()
    assert found == (Decimal("0.0021"), "basic", int(MOMENT.timestamp()) * 1_000_000)


def test_a_frame_read_from_csv_without_types_is_understood():
    frame = pd.DataFrame(
        {
            "turn_id": ["a", "b"],
            "conversation_id": ["c", "c"],
            "timestamp": pd.to_datetime(["2026-10-05T09:00:00Z", "2026-10-05T09:00:01Z"]),
            "response_time": [1, 2],
            "input_tokens": [5.0, float("nan")],
        }
    )
    first, second = turns.from_frame(frame)
    assert (first.input_tokens, second.input_tokens) == (5, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"timestamp": pd.to_datetime(["2026-10-05T09:00:00"])}, "timestamp has no time zone"),
        ({"input_tokens": [2.5]}, "input_tokens is double and does not become int64 without loss"),
        ({"colour": ["blue"]}, "no columns of turns: colour"),
        ({"conversation_id": [None]}, "row 0: conversation_id is missing"),
        ({"cached_tokens": [3], "input_tokens": [2]}, r"row 0: cached_tokens \(3\) cannot exceed input_tokens \(2\)"),
    ],
)
def test_a_bad_frame_is_refused_with_the_column_or_the_row(change, message):
    good = {
        "turn_id": ["a"],
        "conversation_id": ["c"],
        "timestamp": pd.to_datetime(["2026-10-05T09:00:00Z"]),
        "response_time": [1.0],
    }
    with pytest.raises(ValueError, match=message):
        turns.from_frame(pd.DataFrame(good | change))


def test_a_frame_without_a_required_column_is_refused():
    with pytest.raises(ValueError, match="a table of turns needs conversation_id, timestamp"):
        turns.from_frame(pd.DataFrame({"turn_id": ["a"]}))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{broken", "turns.jsonl, line 2: "),
        ('{"turn_id": "b"}', "turns.jsonl, line 2: 'timestamp'"),
        (
            '{"turn_id": "b", "conversation_id": "c", "timestamp": "2026-10-05T09:00:00", "response_time": 1}',
            "turns.jsonl, line 2: timestamp .* has no time zone",
        ),
    ],
)
def test_a_bad_line_is_refused_with_file_and_line(tmp_path, line, message):
    path = tmp_path / "turns.jsonl"
    turns.write_jsonl([a_turn()], path)
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        turns.read_jsonl(path)


def test_a_response_time_may_be_unknown_and_is_not_zero():
    frame = turns.to_frame([a_turn()]).drop(columns="response_time")
    (turn,) = turns.from_frame(frame)
    assert turn.response_time is None


def test_a_frame_of_read_csv_keeps_its_money_as_it_is_written_and_says_where_it_is_from():
    text = "turn_id,conversation_id,timestamp,cost\na,c,2026-10-05T09:00:00Z,0.0021\nb,c,2026-10-05T09:01:00Z,\n"
    found = turns.from_frame(pd.read_csv(io.StringIO(text), parse_dates=["timestamp"]))
    assert [one.cost for one in found] == [Decimal("0.0021"), None]
    assert [one.price_source for one in found] == ["stated, as a float", None]


@given(cents=st.integers(0, 10**9))
@examples(100)
def test_a_float_of_money_is_the_decimal_that_it_was_read_from(cents):
    amount = Decimal(cents).scaleb(-4)
    frame = pd.DataFrame(
        {"turn_id": ["a"], "conversation_id": ["c"], "timestamp": [MOMENT], "cost": [float(str(amount))]}
    )
    assert turns.from_frame(frame)[0].cost == amount


def test_rows_of_a_frame_that_agree_are_one_turn_and_others_with_their_id_are_not():
    row = {"turn_id": "a", "conversation_id": "c", "timestamp": MOMENT, "user_id": "u"}
    frame = pd.DataFrame([row, row, row | {"conversation_id": "d"}])
    assert len(turns.from_frame(frame)) == 2
