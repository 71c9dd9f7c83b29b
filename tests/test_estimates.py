"""Estimates against other libraries, published figures, and their own promise to cover the truth."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon import estimates


def test_a_mean_has_the_t_interval_of_the_printed_tables():
    # Student's t for 95 %: 12.706 with one degree of freedom, 4.303 with two.
    assert estimates.mean([1.0, 3.0]) == pytest.approx((2.0, 2.0 - 12.706, 2.0 + 12.706, 2), abs=0.001)
    half = 4.303 / 3**0.5
    assert estimates.mean([1.0, 2.0, 3.0]) == pytest.approx((2.0, 2.0 - half, 2.0 + half, 3), abs=0.001)
    assert estimates.mean_of(3, 2.0, 1.0) == pytest.approx((2.0, 2.0 - half, 2.0 + half, 3), abs=0.001)


@pytest.mark.parametrize(
    ("n", "centre", "variance", "known"),
    [
        (0, None, None, (None, None, None, 0)),
        (0, 0.0, 0.0, (None, None, None, 0)),
        (3, None, None, (None, None, None, 0)),
        (1, 2.0, None, (2.0, None, None, 1)),
        (1, 2.0, 0.0, (2.0, None, None, 1)),
        (2, 2.0, None, (2.0, None, None, 2)),
        (2, 2.0, 0.0, (2.0, 2.0, 2.0, 2)),
    ],
)
def test_a_mean_from_a_database_knows_no_more_than_it_was_given(n, centre, variance, known):
    assert estimates.mean_of(n, centre, variance) == known


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_rate_has_the_published_wilson_interval(successes, n, low, high):
    # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I.
    assert estimates.rate(successes, n) == pytest.approx((successes / n, low, high, n), abs=0.00005)
    mirrored = (1 - successes / n, 1 - high, 1 - low, n)
    assert estimates.rate(n - successes, n) == pytest.approx(mirrored, abs=0.00005)


def test_the_interval_of_a_rate_stays_inside_zero_to_one():
    for n in range(1, 400):
        none, one, all_ = estimates.rate(0, n), estimates.rate(1, n), estimates.rate(n, n)
        assert 0.0 <= none.low < 1e-9 < none.high < 1.0
        assert 0.0 < one.low < one.high <= 1.0
        assert 0.0 < all_.low < 1 - 1e-9 < all_.high <= 1.0


@pytest.mark.parametrize(
    ("values", "q", "value"),
    [
        ([7.0], 0.95, 7.0),
        ([30.0, 10.0], 0.5, 20.0),
        ([40.0, 10.0, 20.0], 0.5, 20.0),
        ([40.0, 10.0, 20.0], 0.75, 30.0),
        ([40.0, 10.0, 20.0], 0.9, 36.0),
    ],
)
def test_a_percentile_lies_between_its_two_neighbours_in_proportion(values, q, value):
    assert estimates.percentile(values, q).value == pytest.approx(value)


@pytest.mark.parametrize(("n", "q", "places"), [(0, 0.5, ()), (1, 0.5, (0,)), (2, 0.5, (0, 1)),
                                                (16, 0.5, (3, 7, 8, 12)), (100, 0.95, (89, 94, 95, 99))])  # fmt: skip
def test_the_places_that_a_percentile_needs_are_its_neighbours_and_the_ends_of_its_interval(n, q, places):
    assert estimates.places_of(n, q) == places
    known = {place: 10.0 * place for place in places}
    assert estimates.percentile_of(n, q, known) == estimates.percentile([10.0 * place for place in range(n)], q)


@pytest.mark.parametrize(
    ("estimate", "arguments", "text"),
    [
        ((0.8125, 0.7, None, 20), {"unit": "s"}, "0.81 s (0.70 to ?, n = 20)"),
        ((0.0, None, 1.5, 3), {}, "0.00 (? to 1.50, n = 3)"),
        ((12.0, 0.0, 24.0, 9), {"unit": "turns", "digits": 0}, "12 turns (0 to 24, n = 9)"),
        ((None, None, None, 0), {"unit": "s"}, "unknown (n = 0)"),
    ],
)
def test_an_estimate_is_told_with_its_interval_and_its_n(estimate, arguments, text):
    assert estimates.Estimate(*estimate).text(**arguments) == text


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


@pytest.mark.parametrize("successes", [-1, 3])
def test_more_successes_than_trials_or_fewer_than_none_are_refused_with_both_numbers(successes):
    with pytest.raises(ValueError, match=rf"successes \({successes}\) is not between 0 and n \(2\)"):
        estimates.rate(successes, 2)
