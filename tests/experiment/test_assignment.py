import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from scipy import stats

from chatmon.experiment.assignment import pick, position

USERS = [f"user-{number}" for number in range(20_000)]


def test_users_stand_uniformly_by_kolmogorovs_test():
    assert stats.kstest([position("short-prompt", user) for user in USERS], "uniform").pvalue > 0.001


def test_a_position_is_the_keyed_hash_of_the_user_worked_out_by_hand():
    digest = hashlib.blake2b(b"u1", key=hashlib.sha256(b"short-prompt").digest(), digest_size=8).hexdigest()
    assert position("short-prompt", "u1") == pytest.approx(int(digest, 16) / 2**64, abs=1e-15)


def test_two_experiments_have_nothing_to_do_with_each_other():
    one, other = ([position(name, user) for user in USERS] for name in ("short-prompt", "polite-prompt"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(len(USERS))
    cells = np.histogram2d(one, other, bins=4)[0]
    assert stats.chi2_contingency(cells).pvalue > 0.001


@examples(50)
@given(st.text(min_size=1), st.text(min_size=1))
def test_a_user_keeps_its_position_whatever_its_name(key, user):
    assert 0 <= position(key, user) < 1
    assert position(key, user) == position(key, user)


def test_a_user_without_a_name_is_refused():
    with pytest.raises(ValueError, match="user_id is empty"):
        position("short-prompt", "")


def test_variants_come_as_often_as_their_weights_say():
    weights = {"control": 5, "short": 3, "long": 2}
    seen = [pick(weights, position("short-prompt", user)) for user in USERS]
    counts = [seen.count(variant) for variant in weights]
    assert stats.chisquare(counts, [0.5 * len(USERS), 0.3 * len(USERS), 0.2 * len(USERS)]).pvalue > 0.001


@examples(50)
@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=5), st.floats(0, 1, exclude_max=True))
def test_every_position_has_a_variant(weights, at):
    assert pick({str(place): weight for place, weight in enumerate(weights)}, at) in map(str, range(len(weights)))
