import numpy as np
import pytest
from scipy import stats

from chatmon.experiment._validity import allocation, sample_ratio, visible_loss


def test_a_sample_ratio_is_a_chi_square_test_worked_by_hand():
    # (60 - 50)^2 / 50 twice is 4; (40 - 30)^2 / 30 + (20 - 30)^2 / 30 + 0 is 6.67.
    assert sample_ratio({"a": 60, "b": 40}, {"a": 1, "b": 1}) == pytest.approx(stats.chi2.sf(4, 1))
    assert sample_ratio({"a": 40, "b": 20, "c": 30}, {"a": 1, "b": 1, "c": 1}) == pytest.approx(
        stats.chi2.sf(20 / 3, 2)
    )
    assert sample_ratio({"a": 75, "b": 25}, {"a": 3, "b": 1}) == 1


def test_a_variant_that_nobody_saw_is_a_mismatch_and_no_users_are_none():
    assert sample_ratio({"a": 100}, {"a": 1, "b": 1}) < 1e-20
    assert sample_ratio({}, {"a": 1, "b": 1}) == 1


def test_a_changed_allocation_is_seen_though_the_whole_is_as_planned():
    new = [{"a": 300, "b": 100}] * 3 + [{"a": 100, "b": 300}] * 3
    assert sample_ratio({"a": 1200, "b": 1200}, {"a": 1, "b": 1}) == 1
    assert allocation(new) == pytest.approx(stats.chi2_contingency([[300, 100]] * 3 + [[100, 300]] * 3)[1])


def test_few_users_a_day_are_put_together_before_they_are_compared():
    new = [{"a": 4, "b": 3}] * 8 + [{"a": 1, "b": 0}]
    assert allocation(new) == pytest.approx(stats.chi2_contingency([[16, 12], [17, 12]], correction=False)[1])
    assert allocation(new[:2]) is None
    assert allocation([{"a": 50, "b": 0}] * 5) is None
    assert allocation([]) is None


def test_a_loss_that_can_be_seen_is_seen_four_times_in_five():
    random, weights = np.random.default_rng(7), {"a": 1.0, "b": 1.0}
    loss = visible_loss({"a": 1000, "b": 1000}, weights)
    # By hand: (3.29 + 0.84) x 2 x sqrt(0.25 / 2000), of a half.
    assert loss == pytest.approx(0.17, abs=0.01)
    seen = 0
    for _ in range(500):
        a = random.binomial(2000, 0.5)
        seen += sample_ratio({"a": a, "b": random.binomial(2000 - a, 1 - loss)}, weights) < 0.001
    assert seen / 500 == pytest.approx(0.8, abs=0.06)
    assert visible_loss({"a": 3, "b": 3}, weights) is None
