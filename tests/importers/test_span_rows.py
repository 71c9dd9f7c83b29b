"""Which rows no span can be, and how the rows of one span become one: each case worked by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest

from chatmon.importers import _spans as spans

NINE = datetime(2026, 10, 5, 9, tzinfo=UTC)
SOUND = {"span_id": "s", "trace_id": "t", "kind": "llm", "start_time": NINE, "end_time": NINE}


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect(config={"threads": 1}) as made:
        spans.prepare(made, "UTC")
        yield made


def judged(connection, content=False, **changes):
    """Return a sound row with changes as the check lets it through: as a mapping, with its ``reject``."""
    row = SOUND | changes
    select = "SELECT " + ", ".join(f"CAST(${name} AS {spans.SPAN_COLUMNS[name]}) AS {name}" for name in row)
    names = [name for name in (*row, "note", "reject", "question", "answer") if name not in ("start_time", "end_time")]
    found = connection.execute(
        f"SELECT {', '.join(dict.fromkeys(names))} FROM ({spans.checked(select, content=content)})", row
    )
    return dict(zip((one[0] for one in found.description), found.fetchone(), strict=True))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"start_time": None},  # the second half of a span
        {"kind": "score", "trace_id": None, "parent_id": "p", "start_time": None, "end_time": None},
        {"kind": "score", "start_time": None, "end_time": None},
        {"start_time": "1990-01-01T00:00:00Z"},
        {"end_time": "2200-01-01T00:00:00Z"},
        {"response_time": 0.0},
        {"input_tokens": 0, "cached_tokens": 0, "cache_write_tokens": 0, "output_tokens": 0, "reasoning_tokens": 0},
        {"input_tokens": 10, "cached_tokens": 7, "cache_write_tokens": 3},
        {"input_tokens": 10, "cached_tokens": 10},
        {"input_tokens": 10, "cache_write_tokens": 10},
        {"cached_tokens": 10},
        {"output_tokens": 5, "reasoning_tokens": 5},
        {"cost": Decimal(0)},
    ],
    ids=str,
)
def test_a_row_at_the_edge_of_what_can_be_is_a_span(connection, changes):
    assert judged(connection, **changes)["reject"] is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"span_id": None}, "no id"),
        ({"span_id": ""}, "no id"),
        ({"trace_id": None}, "no trace: nothing says whose it is"),
        ({"trace_id": "", "parent_id": "p"}, "no trace: nothing says whose it is"),
        ({"kind": "score", "trace_id": None}, "no trace: nothing says whose it is"),
        ({"kind": None, "trace_id": None, "parent_id": "p"}, "no trace: nothing says whose it is"),
        ({"start_time": None, "end_time": None}, spans.NO_START),
        ({"kind": None, "start_time": None, "end_time": None}, spans.NO_START),
        ({"start_time": "1989-12-31T23:59:59.999999Z"}, "start_time is in the year 1989"),
        ({"end_time": "2200-01-01T00:00:00.000001Z"}, "end_time is in the year 2200"),
        ({"start_time": "infinity"}, "start_time is in the year 0"),
        ({"start_time": NINE + timedelta(seconds=1.5)}, "it ends 1.5 s before it starts"),
        ({"response_time": -0.5}, "its duration is -0.5 s"),
        *(({name: -1}, f"{name} is -1") for name in spans.TOKENS),
        (
            {"input_tokens": 10, "cached_tokens": 7, "cache_write_tokens": 4},
            "cached_tokens (7) + cache_write_tokens (4) exceed input_tokens (10), which count all input",
        ),
        (
            {"input_tokens": 10, "cached_tokens": 11},
            "cached_tokens (11) + cache_write_tokens (0) exceed input_tokens (10), which count all input",
        ),
        (
            {"input_tokens": 10, "cache_write_tokens": 11},
            "cached_tokens (0) + cache_write_tokens (11) exceed input_tokens (10), which count all input",
        ),
        ({"output_tokens": 5, "reasoning_tokens": 6}, "reasoning_tokens (6) exceed output_tokens (5)"),
        ({"cost": Decimal(-1)}, "cost is -1.000000000000000000"),
        ({"reject": "no whole number", "span_id": None}, "no whole number"),
    ],
    ids=str,
)
def test_a_row_that_no_span_can_be_is_rejected_with_its_numbers(connection, changes, reason):
    assert judged(connection, **changes)["reject"] == reason


@pytest.mark.parametrize(
    ("changes", "kept", "noted"),
    [
        ({"context_relevance": 0.0, "user_satisfaction": 1.0}, (0.0, 1.0), False),
        ({"context_relevance": 1.0, "user_satisfaction": 5.0}, (1.0, 5.0), False),
        ({"context_relevance": -0.1, "user_satisfaction": 3.0}, (None, 3.0), True),
        ({"context_relevance": 1.1, "user_satisfaction": None}, (None, None), True),
        ({"context_relevance": 0.5, "user_satisfaction": 0.9}, (0.5, None), True),
        ({"context_relevance": None, "user_satisfaction": 5.1}, (None, None), True),
    ],
)
def test_a_score_outside_its_range_is_left_out_and_said(connection, changes, kept, noted):
    found = judged(connection, **changes, note="as it was")
    assert (found["context_relevance"], found["user_satisfaction"]) == kept
    assert found["note"] == ("a score outside its range is left out" if noted else "as it was")
    assert found["reject"] is None


@pytest.mark.parametrize(("given", "kept"), [('{"a": 1}', '{"a": 1}'), ("[1]", None), ('"a"', None), (None, None)])
def test_attributes_are_an_object_or_unknown(connection, given, kept):
    assert judged(connection, attributes=given)["attributes"] == kept


def test_texts_are_kept_only_where_one_asks(connection):
    texts = {"question": "Where?", "answer": "Near."}
    assert {judged(connection, **texts)[name] for name in texts} == {None}
    assert {judged(connection, content=True, **texts)[name] for name in texts} == {"Where?", "Near."}


def test_two_equal_rows_are_both_read(connection):
    one = "SELECT 's' AS span_id"
    assert len(connection.execute(spans.checked(f"{one} UNION ALL {one}", content=False)).fetchall()) == 2


@pytest.mark.parametrize(
    ("text", "reader", "value", "reason"),
    [
        ("7", "whole", 7, None),
        ("", "whole", None, None),
        (None, "whole", None, None),
        ("7.5", "whole", None, "cost (7.5) is no whole number"),
        ("x" * 50, "dollars", None, f"cost ({'x' * 40}) is no amount"),
        ("inf", "number", None, "cost (inf) is no number"),
    ],
)
def test_a_text_that_is_no_number_is_a_reason_and_a_missing_one_is_unknown(connection, text, reader, value, reason):
    found = connection.execute(
        f"SELECT cost_read, {spans.unreadable(cost=reader)} FROM (SELECT *, {spans.readings(cost=reader)} "
        "FROM (SELECT $text::VARCHAR AS cost))",
        {"text": text},
    ).fetchone()
    assert found == (value, reason)


def test_the_first_column_that_cannot_be_read_is_the_reason(connection):
    readers = {"a": "whole", "b": "dollars"}
    read = f"SELECT *, {spans.readings(**readers)} FROM (SELECT 'x' AS a, 'y' AS b)"
    found = connection.execute(f"SELECT {spans.unreadable(**readers)} FROM ({read})").fetchone()
    assert found == ("a (x) is no whole number",)


# --- tables


@pytest.fixture
def table():
    """Make a table of spans from the columns that matter."""
    with duckdb.connect(config={"threads": 1}) as made:
        spans.prepare(made, "UTC")
        made.execute("INSERT INTO files VALUES (1, 'b.jsonl', '/b.jsonl'), (2, 'a.jsonl', '/a.jsonl')")

        def fill(*rows):
            for line, one in enumerate(rows, start=1):
                row = {"file": 1, "line": line, "trace_id": "t"} | one
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                made.execute(f"INSERT INTO spans ({names}) VALUES ({marks})", list(row.values()))
            return made

        yield fill


def test_rejects_are_set_aside_by_file_and_line_up_to_a_number_and_all_of_them_counted(table):
    made = table(
        {"span_id": "1", "file": 2, "reject": "y"}, {"span_id": "2", "reject": "x"}, {"span_id": "3"},
        {"span_id": "4", "reject": "y"}, {"span_id": "5", "reject": "y"},
    )  # fmt: skip
    assert spans.set_rejects_aside(made, 3) == {"x": 1, "y": 3}
    assert made.execute("SELECT * FROM rejects").fetchall() == [
        ("b.jsonl", 2, "x"), ("b.jsonl", 4, "y"), ("b.jsonl", 5, "y")
    ]  # fmt: skip
    assert made.execute("SELECT span_id FROM spans").fetchall() == [("3",)]
    assert spans.set_rejects_aside(made, 3) == {}


def test_a_span_that_has_only_an_end_by_now_is_rejected_and_feedback_is_not(table):
    made = table(
        {"span_id": "1", "end_time": NINE, "kind": "llm"}, {"span_id": "2", "end_time": NINE},
        {"span_id": "3", "kind": "score"}, {"span_id": "4", "start_time": NINE, "kind": "llm"},
    )  # fmt: skip
    assert spans.reject_without_start(made, 9) == {spans.NO_START: 2}
    assert made.execute("SELECT span_id FROM spans ORDER BY span_id").fetchall() == [("3",), ("4",)]


def left(made, *names):
    return made.execute(f"SELECT {', '.join(names)} FROM spans ORDER BY span_id").fetchall()


def test_rows_of_different_spans_are_left_as_they_are(table):
    made = table({"span_id": "a", "start_time": NINE}, {"span_id": "b", "end_time": NINE})
    assert spans.drop_duplicates(made) == (0, 0)
    assert left(made, "span_id") == [("a",), ("b",)]


BEGUN = {"span_id": "a", "start_time": NINE}
ENDED = {"span_id": "a", "end_time": NINE + timedelta(seconds=1)}


@pytest.mark.parametrize(
    ("rows", "duplicates", "halves"),
    [
        ([BEGUN, ENDED], 0, 1),
        ([BEGUN, ENDED, ENDED], 1, 1),
        ([BEGUN, BEGUN, ENDED], 1, 1),
        ([BEGUN, BEGUN], 1, 0),
        ([ENDED, ENDED], 1, 0),
        ([ENDED, {"span_id": "a", "kind": "score"}], 1, 0),
        ([BEGUN | ENDED, BEGUN | ENDED, BEGUN | ENDED], 2, 0),
        ([BEGUN, ENDED, BEGUN | {"span_id": "b"}, ENDED | {"span_id": "b"}, {"span_id": "c"}, {"span_id": "c"}], 1, 2),
        ([BEGUN, BEGUN, BEGUN | {"span_id": "b"}, BEGUN | {"span_id": "b"}], 2, 0),
    ],
)
def test_rows_with_one_id_are_duplicates_or_the_second_half_of_a_span(table, rows, duplicates, halves):
    made = table(*rows)
    assert spans.drop_duplicates(made) == (duplicates, halves)
    names = sorted({row["span_id"] for row in rows})
    assert left(made, "span_id") == [(name,) for name in names]
    assert made.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'spans'").fetchall() == [
        (name,) for name in spans.SPAN_COLUMNS
    ]
    assert made.execute("SELECT table_name FROM duckdb_tables() WHERE table_name = 'single'").fetchall() == []


def test_a_span_s_halves_are_one_row_with_what_either_says(table):
    made = table(BEGUN | {"model": "m", "kind": "llm"}, ENDED | {"input_tokens": 7})
    spans.drop_duplicates(made)
    assert left(made, "start_time IS NULL", "end_time IS NULL", "model", "input_tokens") == [(False, False, "m", 7)]


WHOLE = BEGUN | ENDED


@pytest.mark.parametrize(
    ("fuller", "other"),
    [
        (WHOLE | {"input_tokens": 1}, BEGUN | {"input_tokens": 99}),  # an end before more tokens
        (WHOLE | {"input_tokens": 5, "output_tokens": 5}, WHOLE | {"input_tokens": 9, "output_tokens": 0}),
        (WHOLE | {"input_tokens": 0}, WHOLE),
        (WHOLE | {"output_tokens": 0}, WHOLE),
        (WHOLE | {"input_tokens": 5, "cost": Decimal("0.01")}, WHOLE | {"input_tokens": 5}),
        (WHOLE | {"cost": Decimal(0)}, WHOLE),
        (WHOLE | {"input_tokens": 5, "cost": Decimal(0)}, WHOLE | {"input_tokens": 4, "cost": Decimal(9)}),
        (WHOLE | {"file": 2, "line": 1}, WHOLE | {"file": 1, "line": 9}),
        (WHOLE | {"line": 9}, WHOLE | {"line": 8}),
    ],
)
def test_the_fullest_row_of_a_span_is_believed_and_of_equals_the_last(table, fuller, other):
    for order in ((fuller, other), (other, fuller)):
        made = table(*({"line": 1, "model": name} | row for name, row in zip("ab", order, strict=True)))
        spans.drop_duplicates(made)
        if {"file", "line"} & (fuller.keys() | other.keys()):
            assert left(made, "model") == [("a" if order[0] is fuller else "b",)]
        else:
            assert left(made, "model", "input_tokens") == [
                ("a" if order[0] is fuller else "b", fuller.get("input_tokens", other.get("input_tokens")))
            ]
        made.execute("DELETE FROM spans")
