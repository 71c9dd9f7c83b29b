"""Bounds against published tables, always-valid p against another library's numbers, and both against their promise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from scipy import stats

from chatmon.experiment._sequential import (
    FARTHEST,
    always_valid_critical,
    always_valid_p,
    bounds,
    crossings,
    inflation,
    obrien_fleming,
    pocock,
)

FIFTHS = [0.2, 0.4, 0.6, 0.8, 1.0]
SEVENTHS = [look / 7 for look in range(1, 8)]


def test_obrien_fleming_bounds_are_the_published_ones_of_lan_and_demets():
    published = [4.8769, 3.3570, 2.6803, 2.2898, 2.0310]
    assert bounds(FIFTHS, 0.05) == pytest.approx(published, abs=1e-3)
    assert bounds(FIFTHS, 0.025, two_sided=False) == pytest.approx(published, abs=1e-3)


def test_pocock_bounds_are_the_published_ones_of_lan_and_demets():
    assert bounds(FIFTHS, 0.05, spending=pocock) == pytest.approx([2.4380, 2.4268, 2.4101, 2.3966, 2.3859], abs=1e-3)


def test_one_look_has_the_bound_of_a_single_test():
    assert bounds([1.0], 0.05) == pytest.approx([1.959964], abs=1e-5)
    assert bounds([1.0], 0.05, two_sided=False) == pytest.approx([1.644854], abs=1e-5)


def within(limits, correlation, *, drift=(0.0, 0.0), low=(-np.inf, -np.inf)):
    """The probability that two normal numbers are both below their limits, and above the lower ones."""
    both = stats.multivariate_normal(drift, [[1, correlation], [correlation, 1]], abseps=1e-12, releps=1e-12)
    return both.cdf(limits, lower_limit=low)


def test_looks_with_hardly_any_new_data_between_are_taken_to_have_a_thousandth():
    wider = math.sqrt(1.001)
    expected = 1 - within([1.96, 1.96 / wider], 1 / wider, low=[-1.96, -1.96 / wider])
    assert crossings([1.96, 1.96], [1 - 1e-9, 1.0])[-1] == pytest.approx(expected, abs=1e-6)


def test_a_bound_far_below_is_passed_as_the_bivariate_normal_distribution_says():
    # Hopeless: at the first look z is about -8.5, at the second about -12.
    drift = (-12 * math.sqrt(0.5), -12.0)
    expected = 1 - within([-9.0, -12.0], math.sqrt(0.5), drift=drift)
    assert crossings([-9.0, -12.0], [0.5, 1.0], drift=-12.0, two_sided=False)[-1] == pytest.approx(expected, abs=1e-8)


def test_the_unit_of_information_does_not_matter():
    limits = bounds(SEVENTHS, 0.05)
    of_shares, of_users = (crossings(limits, data, drift=2.8) for data in (SEVENTHS, range(100, 701, 100)))
    assert of_users == pytest.approx(of_shares, rel=1e-9)
    assert bounds(SEVENTHS, 0.05, information=range(100, 701, 100)) == pytest.approx(limits, rel=1e-9)


def test_nothing_is_spent_at_a_look_that_may_spend_nothing():
    limits = bounds([0.5, 1.0], 0.05, spending=lambda share, alpha: alpha if share == 1 else 0.0)
    assert limits == pytest.approx([FARTHEST, 1.959964], abs=1e-5)
    assert 1 / stats.norm.sf(FARTHEST) == pytest.approx(1e15, rel=0.7)


def test_two_looks_are_those_of_the_bivariate_normal_distribution():
    first, second = bounds([0.5, 1.0], 0.05, spending=pocock)
    assert 1 - within([first, second], math.sqrt(0.5), low=[-first, -second]) == pytest.approx(0.05, abs=1e-5)


@pytest.mark.parametrize("spending", [obrien_fleming, pocock])
@pytest.mark.parametrize("two_sided", [True, False])
def test_random_walks_pass_the_bounds_as_often_as_alpha_says(spending, two_sided):
    times = np.array([0.1, 0.15, 0.5, 0.9, 1.0])
    limits = bounds(times.tolist(), 0.05, spending=spending, two_sided=two_sided)
    steps = np.random.default_rng(5).standard_normal((100_000, 5)) * np.sqrt(np.diff(times, prepend=0))
    z = steps.cumsum(axis=1) / np.sqrt(times)
    passed = ((np.abs(z) if two_sided else z) > limits).any(axis=1).mean()
    assert passed == pytest.approx(0.05, abs=0.003)


@examples(15)
@given(st.lists(st.integers(1, 50), min_size=2, max_size=10), st.floats(0.005, 0.2))
def test_any_looks_spend_alpha_and_no_more(amounts, alpha):
    information = np.cumsum(amounts).tolist()
    shares = [(place + 1) / len(amounts) for place in range(len(amounts))]
    limits = bounds(shares, alpha, information=information)
    assert crossings(limits, information)[-1] == pytest.approx(alpha, rel=0.02)


def test_looks_that_share_more_data_than_is_thought_are_on_the_safe_side():
    limits = bounds(SEVENTHS, 0.05, information=list(range(1, 8)), spending=pocock)
    assert crossings(limits, [10, 11, 12, 13, 14, 15, 16])[-1] < 0.045


def test_forty_two_looks_work_and_unreachable_ones_have_the_farthest_bound():
    limits = bounds([look / 42 for look in range(1, 43)], 0.05)
    assert limits[0] == FARTHEST
    assert limits == sorted(limits, reverse=True)
    assert limits[-1] == pytest.approx(2.157, abs=0.002)


@pytest.mark.parametrize(
    ("looks", "rate"),
    [(1, 0.05), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193), (20, 0.248)],
)
def test_peeking_has_the_false_alarms_of_armitage_mcpherson_and_rowe(looks, rate):
    # Their table 2 (1969): repeated tests at 5 % on accumulating normal data.
    assert crossings([1.959964] * looks, range(1, looks + 1))[-1] == pytest.approx(rate, abs=6e-4)


def test_so_many_more_users_give_many_looks_the_power_of_one():
    limits, more = bounds(SEVENTHS, 0.05), inflation(SEVENTHS, 0.05, 0.8)
    drift = (1.959964 + 0.841621) * math.sqrt(more)
    steps = np.random.default_rng(8).standard_normal((100_000, 7)) / math.sqrt(7) + drift / 7
    assert (steps.cumsum(axis=1) / np.sqrt(SEVENTHS) > limits).any(axis=1).mean() == pytest.approx(0.8, abs=0.004)
    assert 1.01 < more < 1.05
    assert inflation([1.0], 0.05, 0.8) == pytest.approx(1.0, abs=1e-4)


def test_an_effect_is_found_with_the_power_of_a_simulation():
    limits, drift = bounds(SEVENTHS, 0.05), 2.8
    steps = np.random.default_rng(6).standard_normal((100_000, 7)) / math.sqrt(7) + drift / 7
    z = steps.cumsum(axis=1) / np.sqrt(SEVENTHS)
    found = (z > limits).any(axis=1).mean()
    assert crossings(limits, SEVENTHS, drift=drift)[-1] == pytest.approx(found, abs=0.005)


def test_always_valid_p_and_interval_are_those_of_gbstats():
    # gbstats 0.8.0, SequentialTwoSidedTTest, tuned at its default of 5000 users.
    low, high, p = 0.05527148987901542, 0.9540844449302379, 0.01718287082645633
    error = (high - low) / 2 / always_valid_critical(5000, 5000)
    assert always_valid_p((low + high) / 2 / error, 5000, 5000) == pytest.approx(p, rel=1e-12)


@examples(50)
@given(st.floats(0, 6), st.floats(10, 1e5), st.floats(100, 1e5), st.floats(0.001, 0.3))
def test_an_always_valid_interval_holds_nothing_exactly_where_p_is_above_alpha(z, n, planned, alpha):
    inside = z < always_valid_critical(n, planned, alpha)
    p = always_valid_p(z, n, planned, alpha)
    assert inside == (p > alpha) or p == pytest.approx(alpha, rel=1e-9)


def test_an_always_valid_p_is_a_probability_from_the_first_user_on():
    assert [always_valid_p(0.0, n, planned) for n, planned in ((1, 1), (1, 100), (100, 100))] == [1, 1, 1]


def test_always_valid_p_is_hardly_ever_small_on_a_long_walk_without_effect():
    n = np.arange(20, 2001, 20)
    z = np.random.default_rng(7).standard_normal((20_000, len(n))).cumsum(axis=1) / np.sqrt(np.arange(1, len(n) + 1))
    low = np.abs(z) > [always_valid_critical(users, 2000) for users in n]
    assert 0.002 < low.any(axis=1).mean() < 0.05


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: bounds([0.5, 0.5], 0.05), "more and more data"),
        (lambda: bounds([], 0.05), "more and more data"),
        (lambda: bounds([0.5, 0.5], 0.05, information=[1, 2]), "more and more data"),
        (lambda: bounds([0.5, 1.0], 0.05, information=[1, 1]), "more and more data"),
        (lambda: crossings([2.0, 2.0, 2.0], [1, 3, 2]), "more and more data"),
        (lambda: crossings([2.0, 2.0], [0, 1]), "more and more data"),
        (lambda: crossings([2.0], [1, 2]), "shorter|longer"),
        (lambda: bounds([0.5, 1.0], 1.5), "alpha \\(1.5\\)"),
        (lambda: bounds([0.5, 1.0], 1.0), "alpha \\(1.0\\)"),
        (lambda: bounds([0.5, 1.0], 0.0), "alpha \\(0.0\\)"),
        (lambda: bounds([0.5, 1.2], 0.05), "last share \\(1.2\\)"),
        (lambda: bounds([0.5, 1.0], 0.05, information=[1]), "as many amounts"),
        (lambda: always_valid_p(1.0, 0, 100), "must be positive"),
        (lambda: always_valid_critical(100, 0), "must be positive"),
    ],
)
def test_impossible_looks_are_refused(call, reason):
    with pytest.raises(ValueError, match=reason):
        call()
