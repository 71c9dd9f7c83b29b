"""Score intervals of rare events against published ones, statsmodels, and how often they are wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from chatmon.experiment._rare import Counts

SIDE = 1.959963984540054


def test_the_ratio_of_koopman_s_example():
    # 36 of 40 against 16 of 80: 2.94 to 7.15 (Koopman, Biometrics 40, 1984).
    assert Counts(16, 80, 36, 40).ratio_interval(SIDE) == pytest.approx((2.94, 7.15), abs=0.005)


def test_the_difference_of_newcombe_s_example():
    # 56 of 70 less 48 of 80: 0.0524 to 0.3339 (Newcombe, Statistics in Medicine 17, 1998, table II, method 10).
    assert Counts(48, 80, 56, 70).difference_interval(SIDE) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@examples(60)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(40, 3000), st.integers(40, 3000))
def test_the_intervals_are_those_of_statsmodels(first, second, of_first, of_second):
    counts = Counts(first, of_first, second, of_second)
    expected = confint_proportions_2indep(
        second, of_second, first, of_first, method="score", compare="ratio", correction=False
    )
    assert counts.ratio_interval(SIDE) == pytest.approx(expected, rel=1e-4)
    expected = confint_proportions_2indep(second, of_second, first, of_first, method="newcomb", compare="diff")
    assert counts.difference_interval(SIDE) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    z, _ = proportions_ztest([second, first], [of_second, of_first])
    assert counts.z() == pytest.approx(z, rel=1e-9)


def test_none_against_some_has_one_end_and_none_against_none_has_no_ratio_at_all():
    # Twelve of 1,200 against none: at most 0.31 % (Clopper and Pearson) against at least 0.52 %.
    low, high = Counts(12, 1200, 0, 1200).ratio_interval(SIDE)
    assert low == 0
    assert 0.2 < high < 0.0031 / 0.0052
    low, high = Counts(0, 1200, 12, 1200).ratio_interval(SIDE)
    assert (1 / low, high) == (pytest.approx(Counts(12, 1200, 0, 1200).ratio_interval(SIDE)[1]), np.inf)
    assert Counts(0, 1200, 0, 1200).ratio_interval(SIDE) == (0, np.inf)
    assert Counts(0, 60, 0, 60).z() == 0
    # Of 60 without a failure, the rule of three allows about 5 %; Wilson a little more.
    assert Counts(0, 60, 0, 60).difference_interval(SIDE) == pytest.approx((-0.0602, 0.0602), abs=5e-4)


@pytest.mark.parametrize(("control", "treatment"), [(0.003, 0.003), (0.01, 0.002), (0.002, 0.006)])
def test_the_ratio_s_interval_holds_nineteen_times_in_twenty(control, treatment):
    # Exactly, over all that can happen: no simulation.
    n, held = 1000, 0.0
    for first in range(30):
        for second in range(30):
            low, high = Counts(first, n, second, n).ratio_interval(SIDE)
            if low <= treatment / control <= high:
                held += binom.pmf(first, n, control) * binom.pmf(second, n, treatment)
    assert 0.94 <= held <= 0.995
