"""Estimates against other libraries, published figures, and their own promise to cover the truth."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon import estimates
from chatmon._tools.units import Units


def rate_of(flags, units):
    share = sum(flags) / len(flags)
    return estimates.rate(sum(flags), len(flags), Units.of([float(flag) for flag in flags], share, units))


def test_a_mean_has_the_t_interval_of_the_printed_tables():
    # Student's t for 95 %: 12.706 with one degree of freedom, 4.303 with two.
    assert estimates.mean([1.0, 3.0])[:4] == pytest.approx((2.0, 2.0 - 12.706, 2.0 + 12.706, 2), abs=0.001)
    half = 4.303 / 3**0.5
    assert estimates.mean([1.0, 2.0, 3.0])[:4] == pytest.approx((2.0, 2.0 - half, 2.0 + half, 3), abs=0.001)
    assert estimates.mean_of(3, 2.0, 1.0)[:4] == pytest.approx((2.0, 2.0 - half, 2.0 + half, 3), abs=0.001)


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
    assert estimates.mean_of(n, centre, variance) == (*known, None)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_rate_has_the_published_wilson_interval(successes, n, low, high):
    # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I.
    assert estimates.rate(successes, n)[:4] == pytest.approx((successes / n, low, high, n), abs=0.00005)
    mirrored = (1 - successes / n, 1 - high, 1 - low, n)
    assert estimates.rate(n - successes, n)[:4] == pytest.approx(mirrored, abs=0.00005)


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
def test_a_mean_of_what_is_not_skewed_and_its_interval_are_scipy_s(values):
    values = [*values, *(-value for value in values)]
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
    assert estimates.mean([]) == estimates.percentile([], 0.5) == estimates.rate(0, 0) == (None, None, None, 0, None)
    assert estimates.mean([]).text() == "unknown (n = 0)"
    assert estimates.mean([2.0]) == (2.0, None, None, 1, None)


@pytest.mark.parametrize("q", [0, 1, 95])
def test_a_percentile_asked_for_as_a_whole_number_is_refused(q):
    with pytest.raises(ValueError, match=rf"q \({q}\) is not between 0 and 1"):
        estimates.percentile([1.0], q)


@pytest.mark.parametrize("successes", [-1, 3])
def test_more_successes_than_trials_or_fewer_than_none_are_refused_with_both_numbers(successes):
    with pytest.raises(ValueError, match=rf"successes \({successes}\) is not between 0 and n \(2\)"):
        estimates.rate(successes, 2)


def skewed_ends(values):
    """The ends of Hall's interval by his polynomial, solved and not inverted."""
    n, centre, error = len(values), np.mean(values), scipy.stats.sem(values)
    b = scipy.stats.skew(values) / n**0.5
    reach = scipy.stats.t.ppf(0.975, n - 1)

    def away(end, wanted):
        t = (centre - end) / error
        return t + b * t**2 / 3 + b**2 * t**3 / 27 + b / 6 - wanted

    far = 1000 * error
    return [scipy.optimize.brentq(away, centre - far, centre + far, args=(side,)) for side in (reach, -reach)]


def test_the_mean_of_what_is_skewed_has_hall_s_interval():
    values = np.random.default_rng(5).gamma(4.0, size=60).tolist()
    found = estimates.mean(values)
    assert (found.low, found.high) == pytest.approx(skewed_ends(values))
    assert found.high - found.value > found.value - found.low


def test_a_mean_that_hangs_on_one_value_has_no_far_end():
    up = estimates.mean([0.0] * 39 + [10.0])
    assert (up.low is not None, up.high) == (True, None)
    down = estimates.mean([10.0] * 39 + [0.0])
    assert (down.low, down.high is not None) == (None, True)


def test_values_each_of_a_user_of_its_own_are_as_good_as_values():
    values = np.random.default_rng(5).gamma(4.0, size=60).tolist()
    for found, plain in (
        (estimates.mean(values, range(60)), estimates.mean(values)),
        (estimates.percentile(values, 0.9, range(60)), estimates.percentile(values, 0.9)),
        (rate_of([value > 3 for value in values], range(60)), estimates.rate(sum(v > 3 for v in values), 60)),
    ):
        assert found[:4] == pytest.approx(plain[:4])
        assert found.effective == pytest.approx(60)


def test_turns_that_repeat_each_other_are_worth_their_users():
    # Thirty users, each with ten turns alike: as much as thirty turns.
    once = np.random.default_rng(5).normal(10, 1, size=30)
    values, users = np.repeat(once, 10).tolist(), np.repeat(np.arange(30), 10).tolist()
    found, plain = estimates.mean(values, users), estimates.mean(once.tolist())
    assert found[:3] == pytest.approx(plain[:3])
    assert found.effective == pytest.approx(30, rel=0.04)
    flags = rate_of([value > 10 for value in values], users)
    assert flags.effective == pytest.approx(30, rel=0.04)
    as_if_apart = estimates.rate(150, 300)
    assert flags.high - flags.low > 2.7 * (as_if_apart.high - as_if_apart.low)
    median = estimates.percentile(values, 0.5, users)
    assert (median.low, median.high) == pytest.approx(estimates.percentile(once.tolist(), 0.5)[1:3], abs=0.25)


def test_one_user_alone_has_no_interval():
    values = [1.0, 2.0, 3.0]
    for found in (
        estimates.mean(values, "aaa"), estimates.percentile(values, 0.5, "aaa"), rate_of([True, False], "aa"),
    ):  # fmt: skip
        assert (found.low, found.high) == (None, None)


def test_the_interval_by_user_is_the_clustered_regression_s():
    rng = np.random.default_rng(9)
    users = np.repeat(np.arange(80), 10)
    values = rng.normal(size=80)[users] + rng.normal(size=800)
    fitted = sm.OLS(values, np.ones(800)).fit(cov_type="cluster", cov_kwds={"groups": users, "use_correction": False})
    units = Units.of(values.tolist(), float(values.mean()), users.tolist())
    assert units.variance(800) ** 0.5 == pytest.approx(fitted.bse[0] * (80 / 79) ** 0.5)


ALIKE = [(icc, users, turns) for icc in (0.0, 0.1, 0.3) for users, turns in ((40, 10), (200, 10))]


@pytest.mark.parametrize(("icc", "users", "turns"), ALIKE)
def test_intervals_hold_where_a_user_s_turns_are_alike(icc, users, turns):
    truths = (0.1, np.exp(0.245), 1.0, np.exp(0.7 * scipy.stats.norm.ppf(0.95)))
    held, rng = np.zeros(4), np.random.default_rng([3, users, int(10 * icc)])
    for _ in range(150):
        who = np.repeat(np.arange(users), 1 + rng.poisson(turns - 1, users))
        alike = (1 - icc) / max(icc, 1e-9)
        failed = rng.random(len(who)) < rng.beta(0.1 * alike, 0.9 * alike, users)[who]
        own, other = rng.standard_normal(users)[who], rng.standard_normal(len(who))
        seconds = np.exp(0.7 * (icc**0.5 * own + (1 - icc) ** 0.5 * other)).tolist()
        found = (
            rate_of(failed.tolist(), who.tolist()),
            estimates.mean(seconds, who.tolist()),
            estimates.percentile(seconds, 0.5, who.tolist()),
            estimates.percentile(seconds, 0.95, who.tolist()),
        )
        held += [
            (one.low is None or one.low <= truth) and (one.high is None or truth <= one.high)
            for one, truth in zip(found, truths, strict=True)
        ]
    # 92 % of 150, less three standard errors.
    assert (held >= 0.86 * 150).all()


@pytest.mark.parametrize("n", [40, 200])
def test_the_mean_of_rare_and_of_skewed_costs_holds(n):
    rng, held = np.random.default_rng(n), np.zeros(2)
    for _ in range(300):
        skewed, rare = rng.lognormal(0, 1.5, n), rng.lognormal(0, 0.7, n) * (rng.random(n) < 0.1)
        for place, (values, truth) in enumerate(((skewed, np.exp(1.125)), (rare, 0.1 * np.exp(0.245)))):
            found = estimates.mean(values.tolist())
            held[place] += (found.low is None or found.low <= truth) and (found.high is None or truth <= found.high)
    assert (held >= 0.87 * 300).all()


@pytest.mark.parametrize("q", [0.001, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
def test_the_ends_of_a_percentile_are_the_places_that_scipys_test_of_a_quantile_gives(q):
    for n in (*range(1, 120), 1_000, 150_000, 1_000_003):
        test = scipy.stats.quantile_test(np.arange(n, dtype=float), q=0, p=q).confidence_interval(0.95)
        ends = [None if np.isnan(end) else int(end) for end in (test.low, test.high)]
        found = estimates.percentile_of(n, q, {place: float(place) for place in estimates.places_of(n, q)})
        assert [found.low, found.high] == ends, n
