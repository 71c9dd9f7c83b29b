import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from chatmon.lab.traffic._draws import Draws, mixed

KEYS = np.arange(20_000, dtype=np.uint64)


def test_the_mixer_gives_the_published_numbers_of_splitmix64():
    states = (np.arange(3, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)

    assert [hex(bits) for bits in mixed(states)] == ["0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4", "0x6c45d188009454f"]


@pytest.mark.parametrize("seed", [0, 1, 20261005])
def test_draws_are_uniform_and_normal_by_kolmogorovs_test(seed):
    draws = Draws(seed)

    assert stats.kstest(draws.uniform("wait", KEYS), "uniform").pvalue > 0.001
    assert stats.kstest(draws.normal("wait", KEYS), "norm").pvalue > 0.001


def test_purposes_seeds_and_neighbouring_keys_have_nothing_to_do_with_each_other():
    wait = Draws(1).uniform("wait", KEYS)

    for other in (Draws(1).uniform("leave", KEYS), Draws(2).uniform("wait", KEYS), np.roll(wait, 1)):
        assert abs(np.corrcoef(wait, other)[0, 1]) < 4 / np.sqrt(len(KEYS))


@given(st.integers(), st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_a_draw_does_not_depend_on_the_other_draws(seed, keys):
    draws, together = Draws(seed), np.array(keys, dtype=np.uint64)
    alone = [draws.uniform("wait", together[at : at + 1])[0] for at in range(len(keys))]

    assert draws.uniform("wait", together).tolist() == alone
    assert all(0 < value < 1 for value in alone)


def test_choices_come_as_often_as_their_weights_say():
    weights = np.array([5.0, 3.0, 2.0])
    places = Draws(3).choice("intent", KEYS, weights)

    assert stats.chisquare(np.bincount(places), weights / weights.sum() * len(KEYS)).pvalue > 0.001


def test_choices_may_have_other_weights_for_each_key():
    weights = np.tile([0.0, 1.0], (len(KEYS), 1))
    weights[::2] = [1.0, 0.0]

    assert Draws(3).choice("intent", KEYS, weights).tolist() == [0, 1] * (len(KEYS) // 2)
