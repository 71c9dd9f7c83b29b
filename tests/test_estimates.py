"""Estimates against other libraries, published figures, and their own promise to cover the truth."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon import estimates

numbers = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60)


@examples(60)
@given(numbers, st.sampled_from([0.1, 0.5, 0.95, 0.99]))
def test_a_percentile_is_numpy_s(values, q):
    assert estimates.percentile(values, q).value == pytest.approx(float(np.percentile(values, 100 * q)), abs=1e-6)


@examples(60)
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=60).filter(lambda xs: len(set(xs)) > 1))
def test_a_mean_and_its_interval_are_scipy_s(values):
    found = estimates.mean(values)
    expected = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.value, found.low, found.high) == pytest.approx((np.mean(values), expected.low, expected.high))


@examples(60)
@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_rate_has_scipy_s_wilson_interval(counts):
    successes, n = counts
    expected = scipy.stats.binomtest(successes, n).proportion_ci(method="wilson")
    found = estimates.rate(successes, n)
    assert (found.value, found.low, found.high) == pytest.approx((successes / n, expected.low, expected.high), abs=1e-9)


def test_the_interval_of_a_median_is_the_published_one():
    # Conover's table: for n = 16 the 4th and the 13th value hold the median with at least 95 %.
    found = estimates.percentile([float(x) for x in range(1, 17)], 0.5)
    assert (found.value, found.low, found.high) == (8.5, 4.0, 13.0)


def test_a_p95_of_fewer_than_72_values_has_no_upper_end():
    # The largest of n values lies above the true p95 with 1 - 0.95^n, which passes 97.5 % at n = 72.
    assert estimates.percentile(list(map(float, range(71))), 0.95).high is None
    assert estimates.percentile(list(map(float, range(72))), 0.95).high == 71.0


def test_ninety_five_percent_intervals_hold_the_truth_about_that_often():
    rng = np.random.default_rng(7)
    truth = float(np.exp(scipy.stats.norm.ppf(0.9)))
    held = 0
    for _ in range(400):
        found = estimates.percentile(list(rng.lognormal(size=120)), 0.9)
        held += found.low <= truth <= found.high
    assert 0.93 <= held / 400 <= 0.995


def test_nothing_is_known_of_no_values():
    assert estimates.mean([]) == estimates.percentile([], 0.5) == estimates.rate(0, 0) == (None, None, None, 0)
    assert estimates.mean([]).text() == "unknown (n = 0)"
    assert estimates.mean([2.0]) == (2.0, None, None, 1)


@pytest.mark.parametrize("q", [0, 1, 95])
def test_a_percentile_asked_for_as_a_whole_number_is_refused(q):
    with pytest.raises(ValueError, match=rf"q \({q}\) is not between 0 and 1"):
        estimates.percentile([1.0], q)


def test_more_successes_than_trials_are_refused_with_both_numbers():
    with pytest.raises(ValueError, match=r"successes \(3\) is not between 0 and n \(2\)"):
        estimates.rate(3, 2)
