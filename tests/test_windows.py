"""The live window against a plain recount of the same turns."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.windows import ACCURACY, LiveWindow

NOW = 1_780_000_000
events = st.lists(
    st.tuples(
        st.integers(0, 7200),
        st.floats(1e-4, 100),
        st.booleans(),
        st.none()
        | st.tuples(
            st.none() | st.integers(0, 9999),
            st.none() | st.integers(0, 999),
            st.none() | st.decimals(0, 1, places=8),
        ),
    ),
    max_size=200,
)


@examples(150)
@given(events, st.sampled_from([10, 60, 300, 3600]))
def test_a_window_holds_what_a_recount_of_its_turns_gives(happened, seconds):
    window = LiveWindow(3600)
    happened = sorted(happened, key=lambda event: event[0])
    for after, response_time, failed, usage in happened:
        window.add(NOW + after, response_time, failed, usage)
    end = NOW + (happened[-1][0] if happened else 0)
    newest = end // 10
    inside = [event for event in happened if newest - seconds // 10 < (NOW + event[0]) // 10 <= newest]
    stats = window.read(end, seconds)
    known = [event[3] for event in inside if event[3] is not None]
    assert stats.turns == len(inside)
    assert stats.errors == sum(event[2] for event in inside)
    assert math.isclose(stats.response_time_sum, math.fsum(event[1] for event in inside))
    assert stats.input_tokens == sum(usage[0] or 0 for usage in known)
    assert stats.output_tokens == sum(usage[1] or 0 for usage in known)
    assert stats.cost == sum((usage[2] for usage in known if usage[2] is not None), Decimal(0))
    assert stats.unpriced_turns == len(inside) - sum(usage[2] is not None for usage in known)
    assert window.late == 0


@examples(100)
@given(st.lists(st.floats(1e-5, 1e4), min_size=1, max_size=300), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_a_window_percentile_is_within_one_percent_of_numpy_s(times, q):
    window = LiveWindow(60)
    for time in times:
        window.add(NOW, time, False, None)
    truth = float(np.quantile(times, q, method="lower"))
    assert window.read(NOW, 60).percentile(q) == pytest.approx(truth, rel=ACCURACY * 1.001)


def test_an_empty_window_knows_nothing_rather_than_zero():
    stats = LiveWindow(60).read(NOW, 60)
    assert (stats.turns, stats.error_rate, stats.mean_response_time, stats.percentile(0.95)) == (0, None, None, None)


def test_a_turn_of_zero_seconds_is_counted():
    window = LiveWindow(60)
    window.add(NOW, 0.0, False, None)
    assert window.read(NOW, 60).percentile(0.5) == pytest.approx(1e-6, rel=0.02)


def test_a_turn_older_than_the_window_is_counted_as_late_and_changes_nothing():
    window = LiveWindow(60)
    window.add(NOW, 1.0, False, None)
    window.add(NOW - 60, 9.0, True, None)
    assert window.late == 1
    assert window.read(NOW, 60).errors == 0


@pytest.mark.parametrize("seconds", [0, 5, 65, 3610])
def test_a_window_that_cannot_be_read_is_refused_with_the_longest_that_can(seconds):
    with pytest.raises(ValueError, match=rf"a window of {seconds} s: give a multiple of 10 s up to 3600 s"):
        LiveWindow(3600).read(NOW, seconds)


def test_the_buckets_cover_whole_multiples_of_ten_seconds():
    with pytest.raises(ValueError, match=r"seconds \(65\)"):
        LiveWindow(65)
