"""The live window against a plain recount of the same turns."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon._tools.histogram import ACCURACY
from chatmon.estimates import percentile
from chatmon.live.window import LiveWindow

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


def filled(window, *turns):
    for turn in turns:
        window.add(*turn)
    return window


def test_a_window_adds_up_as_by_hand():
    window = filled(
        LiveWindow(60),
        (NOW, 2.0, False, (100, 10, Decimal("0.001"))),
        (NOW + 9, 1.0, True, None),
        (NOW + 10, 1.0, False, (50, None, None)),
        (NOW + 12, 9.0, False, (None, 7, Decimal("0.002"))),
        (NOW + 19, 7.0, True, (30, 3, Decimal(0))),
    )
    stats = window.read(NOW + 19, 20)
    assert (stats.seconds, stats.turns, stats.errors, stats.error_rate) == (20, 5, 2, 0.4)
    assert stats.response_time_sum == 20.0
    assert (stats.input_tokens, stats.output_tokens) == (180, 20)
    assert (stats.cost, stats.unpriced_turns) == (Decimal("0.003"), 2)
    # In order 1, 1, 2, 7, 9: each quarter is one of them, and 0.99 lies 0.96 of the way from 7 to 9.
    for q, expected in ((0, 1.0), (0.25, 1.0), (0.5, 2.0), (0.75, 7.0), (0.99, 8.92), (1, 9.0)):
        assert stats.percentile(q) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("seconds", [10, 60, 120])
def test_a_window_holds_the_bucket_of_now_and_whole_buckets_before_it(seconds):
    # A turn each second from 300 s before to 20 s after now, of which the last 10 are of the next bucket.
    window = filled(LiveWindow(3600), *[(NOW + after, 1.0, False, None) for after in range(-300, 20)])
    assert window.read(NOW, seconds).turns == window.read(NOW + 9, seconds).turns == seconds
    assert window.read(NOW + 3600, seconds).turns == 0


@pytest.mark.parametrize("seconds", [10, 60])
def test_the_longest_window_is_as_long_as_it_says(seconds):
    window = filled(LiveWindow(seconds), *[(NOW + after, 1.0, False, None) for after in range(180)])
    assert window.read(NOW + 179, seconds).turns == seconds
    assert window.late == 0


def test_a_window_is_an_hour_unless_another_span_is_asked_for():
    window = filled(LiveWindow(), (NOW, 1.0, False, None), (NOW + 3590, 1.0, False, None))
    assert window.read(NOW + 3590, 3600).turns == 2
    with pytest.raises(ValueError, match="a window of 3610 s"):
        window.read(NOW, 3610)


def test_late_turns_never_take_the_place_of_newer_ones():
    window = filled(LiveWindow(60), (NOW, 1.0, False, None), (NOW + 5, 2.0, False, (10, 1, Decimal(1))))
    before = window.read(NOW, 60)
    filled(window, *[(NOW - minutes * 60, 9.0, True, (7, 7, Decimal(7))) for minutes in (1, 2, 60)])
    assert window.read(NOW, 60) == before
    assert before.turns == 2
    assert window.late == 3


def test_a_late_turn_that_the_window_still_reaches_is_counted():
    window = filled(LiveWindow(60), (NOW, 1.0, False, None), (NOW - 50, 1.0, True, None))
    assert (window.read(NOW, 60).errors, window.read(NOW, 50).errors, window.late) == (1, 0, 0)


def test_a_clock_that_begins_at_zero_is_a_clock():
    window = filled(LiveWindow(60), (0, 1.0, False, None), (11, 1.0, False, None))
    assert (window.read(11, 60).turns, window.late) == (2, 0)


def test_every_response_time_is_told_within_one_percent():
    for place in range(1000):
        seconds = 1e-5 * 1.02**place
        found = filled(LiveWindow(10), (NOW, seconds, False, None)).read(NOW, 10).percentile(0.5)
        assert found == pytest.approx(seconds, rel=0.010001)


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
    truth = float(np.quantile(times, q))
    assert window.read(NOW, 60).percentile(q) == pytest.approx(truth, rel=ACCURACY * 1.001)


@pytest.mark.parametrize(("turns", "q"), [(10, 0.95), (18, 0.95), (50, 0.99)])
def test_one_slow_turn_among_few_is_seen_in_the_percentile_above_it(turns, q):
    window = LiveWindow(60)
    for time in [1.0] * (turns - 1) + [10.0]:
        window.add(NOW, time, False, None)
    found = window.read(NOW, 60).percentile(q)
    assert found == pytest.approx(percentile([1.0] * (turns - 1) + [10.0], q).value, rel=ACCURACY)
    assert found > 2


def test_an_empty_window_knows_nothing_rather_than_zero():
    stats = LiveWindow(60).read(NOW, 60)
    assert (stats.turns, stats.error_rate, stats.percentile(0.95)) == (0, None, None)


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


@pytest.mark.parametrize("seconds", [65, 5, 0, -10])
def test_the_buckets_cover_whole_multiples_of_ten_seconds(seconds):
    with pytest.raises(ValueError, match=rf"seconds \({seconds}\)"):
        LiveWindow(seconds)
