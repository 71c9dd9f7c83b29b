import csv
import datetime
import json
import math
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from importers import writers_langsmith as writers
from importers.conversations import facts, some_turns
from properties import examples

from chatmon import turns as table
from chatmon.importers import _python_text as python_text
from chatmon.importers import open_logs

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
TURNS = some_turns(10)


@examples(60)
@given(VALUES)
def test_what_python_shows_of_a_value_is_read_back(value):
    assert python_text.value_of(repr(value)) == value


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (Decimal("0.10"), "0.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime.datetime(2026, 3, 2, 9, 0, 1, 5), "2026-03-02T09:00:01.000005"),  # noqa: DTZ001
        (datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.UTC), "2026-03-02T09:00:00Z"),
        (math.nan, None),
        ((1, 2), [1, 2]),
    ],
)
def test_values_that_json_has_none_of_become_what_exports_write(value, read):
    assert python_text.value_of(repr({"a": value})) == {"a": read}


@pytest.mark.parametrize(
    "text", ["{'a': open('x')}", "{'a': b}", "{**a}", "{'a': ", "[1", "{'a': 1 + 1}", "{'a': x.y}", "(" * 999]
)
def test_anything_else_is_refused_and_never_run(text):
    with pytest.raises(ValueError, match="no value"):
        python_text.value_of(text)


def test_runs_written_by_pandas_are_read_as_the_runs_they_are(tmp_path):
    runs = list(writers.runs(TURNS))
    with (tmp_path / "runs.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, runs[0])
        out.writeheader()
        out.writerows(runs)  # as pandas does, a dict by its repr
    with open_logs(tmp_path / "runs.csv") as logs:
        assert facts(table.from_frame(logs.frame())) == facts(TURNS)


def test_cells_that_hold_no_object_are_counted_by_their_column(tmp_path):
    (run, *_) = writers.runs(TURNS)
    run |= {"extra": "<RunExtra at 0x7f>"}
    (tmp_path / "runs.jsonl").write_text(json.dumps(run) + "\n" + "{cut", encoding="utf-8")
    with open_logs(tmp_path / "runs.jsonl") as logs:
        assert any("1 cells of extra hold no object" in note for note in logs.report.notes)
