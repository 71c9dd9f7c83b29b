from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatmon.analysis.search._sums import Cut, HourlySums, sums_of
from chatmon.analysis.search.cells import Cells

HOURS = 12
ROW = st.tuples(
    st.integers(0, HOURS - 1),
    st.integers(0, 3),
    st.sampled_from(["a", "b", None]),
    st.integers(0, 2),
    st.integers(0, 4),
)


def log_of(rows):
    """Rows of hour, conversation, value of a dimension, number of values and their sum: a frame, and the same cells."""
    frame = pd.DataFrame(rows, columns=["hour", "conversation", "value", "n", "total"])
    frame.loc[frame["n"] == 0, "total"] = 0
    frame = frame.sort_values(["hour", "conversation"], kind="stable", ignore_index=True)
    cluster = frame.groupby(["hour", "conversation"]).ngroup().to_numpy()
    cells = Cells(
        turns=len(frame), begin=datetime(2026, 10, 5, tzinfo=UTC), hours=HOURS, hour=frame["hour"].to_numpy(),
        cluster=cluster, user=np.full(len(frame), -1), users=[], tested={}, shown={},
        dimensions={"intent": frame["value"].astype("category")},
    )  # fmt: skip
    return frame, cells


def by_pandas(frame, event=None):
    """The sums of one slice's rows, conversation by conversation."""
    each = frame.groupby(["hour", "conversation"])[["n", "total"]].sum()
    if event is not None:
        each = pd.DataFrame({"n": (each["n"] > 0) * 1, "total": ((each["total"] >= event) & (each["n"] > 0)) * 1})
    each = each.assign(
        squares=each["total"] ** 2, products=each["total"] * each["n"], weights=each["n"] ** 2, known=each["n"] > 0
    )
    return each.groupby("hour").sum().reindex(range(HOURS), fill_value=0).astype(float)


def assert_equal(found, expected):
    for own, name in zip(found, ["n", "total", "squares", "products", "weights", "known"], strict=True):
        np.testing.assert_allclose(own, expected[name], err_msg=name)


@given(rows=st.lists(ROW, min_size=1, max_size=60), event=st.sampled_from([None, 1, 3]))
def test_each_slice_has_the_sums_that_pandas_computes(rows, event):
    frame, cells = log_of(rows)
    n, total = (frame[name].to_numpy().astype(float) for name in ("n", "total"))
    cut = Cut(cells, "intent")
    for place, value in enumerate(cut.values):
        own = frame[frame["value"] == value]
        assert_equal(cut.sums(n, total, event=event).at(place), by_pandas(own, event))
        assert_equal(sums_of(cells, n, total, (frame["value"] == value).to_numpy(), event), by_pandas(own, event))
        assert sorted(cut.rows(place, 3, 9)) == list(own.index[(own["hour"] >= 3) & (own["hour"] < 9)])
        assert (
            cut.conversations(place, 3, 9) == own[own["hour"].between(3, 8)].groupby(["hour", "conversation"]).ngroups
        )
    assert_equal(Cut(cells, None).sums(n, total, event=event).at(0), by_pandas(frame, event))


@given(rows=st.lists(ROW, min_size=1, max_size=60), start=st.integers(0, HOURS - 1), length=st.integers(1, HOURS))
def test_hours_that_changed_can_be_added_up_alone(rows, start, length):
    frame, cells = log_of(rows)
    n, total = (frame[name].to_numpy().astype(float) for name in ("n", "total"))
    cut, end = Cut(cells, None), min(HOURS, start + length)
    before = cut.sums(n, total)
    inside = cut.rows(0, start, end)
    total[inside] += 2 * n[inside]
    before.put(start, cut.sums(n, total, start=start, end=end))
    for own, new in zip(before, cut.sums(n, total), strict=True):
        np.testing.assert_allclose(own, new)


@given(rows=st.lists(ROW, min_size=1, max_size=60), level=st.floats(-3, 3), factor=st.floats(-3, 3))
def test_sums_less_a_level_and_times_a_factor_are_those_of_such_values(rows, level, factor):
    frame, cells = log_of(rows)
    n, total = (frame[name].to_numpy().astype(float) for name in ("n", "total"))
    found = Cut(cells, None).sums(n, total).less(level).times(factor)
    for own, new in zip(found, Cut(cells, None).sums(n, factor * (total - level * n)), strict=True):
        np.testing.assert_allclose(own, new, atol=1e-9)


def test_parts_of_conversations_are_held_against_all_of_each():
    # One conversation of two intents, half and half; another of one.
    _, cells = log_of([(0, 0, "a", 1, 0), (0, 0, "b", 1, 0), (0, 1, "a", 1, 0), (5, 2, "b", 1, 0)])
    part = np.array([0.5, 0.5, 1.0, 1.0])
    whole = np.bincount(cells.cluster, part)
    shares = Cut(cells, "intent").shares(part, whole)
    assert shares.total[:, 0].tolist() == [1.5, 0.5]
    assert shares.squares[:, 0].tolist() == [1.25, 0.25]
    assert shares.products[:, 5].tolist() == [0.0, 1.0]


def test_no_rows_add_up_to_nothing():
    _, cells = log_of([(0, 0, "a", 1, 1)])
    assert_equal(
        sums_of(cells, np.ones(1), np.ones(1), np.zeros(1, dtype=bool), None),
        pd.DataFrame(0.0, index=range(HOURS), columns=["n", "total", "squares", "products", "weights", "known"]),
    )
    assert Cut(cells, "intent").sums(np.ones(1), np.ones(1)).n.shape == (0, HOURS)
    with pytest.raises(IndexError):
        HourlySums(*(np.zeros((0, HOURS)) for _ in range(6))).at(0)
