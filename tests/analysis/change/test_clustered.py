import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from scipy import stats

from chatmon.analysis.change.clustered import ENOUGH, ConversationTotals, Side, by_day, difference, effects, holm


def cells(segment, conversation, value):
    """Return turns, one value each, as a row for each conversation in each segment."""
    pairs, place = np.unique(np.stack([conversation, segment]), axis=1, return_inverse=True)
    return ConversationTotals(pairs[1], pairs[0], np.bincount(place).astype(float), np.bincount(place, value))


def alone(values):
    """Return turns of one segment, each a conversation."""
    places = np.arange(len(values))
    return cells(places * 0, places, np.asarray(values, dtype=float))


def clustered(rng, conversations, mean=5.0):
    """Return segments, conversations and values: turns of a conversation are alike, and long ones are higher."""
    length = rng.integers(1, 7, conversations)
    place = np.repeat(np.arange(conversations), length)
    own = rng.normal(mean, 2, conversations) + 0.5 * length
    segment = (rng.random(conversations)[place] < 0.4).astype(np.int64)
    return segment, place, own[place] + segment * 3 + rng.normal(0, 1, len(place))


def test_conversations_of_one_turn_are_welchs_test():
    rng = np.random.default_rng(1)
    before, after = rng.normal(0, 1, 80), rng.normal(0.3, 2, 80)
    found = effects(alone(before), alone(after), 1).rate
    wanted = stats.ttest_ind(after, before, equal_var=False)
    interval = wanted.confidence_interval(0.95)
    assert found.p == pytest.approx(wanted.pvalue)
    assert (found.low, found.high) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_a_turn_said_twice_in_its_conversation_says_nothing_new():
    rng = np.random.default_rng(2)
    before, after = rng.normal(0, 1, 60), rng.normal(0.4, 1, 60)
    places = np.repeat(np.arange(60), 2)
    once = effects(alone(before), alone(after), 1).rate
    twice = effects(*(cells(places * 0, places, np.repeat(each, 2)) for each in (before, after)), 1).rate
    assert twice == pytest.approx(once)


def test_turns_of_a_conversation_are_alike_in_whichever_segment_they_are():
    # Each says the same once in either segment: the segments tell no more than one of them does.
    rng = np.random.default_rng(4)
    values = [rng.normal(mean, 1, 60) for mean in (0, 0.4)]
    places = np.tile(np.arange(60), 2)
    both = [cells(np.arange(120) // 60, places, np.tile(each, 2)) for each in values]
    once = effects(*(alone(each) for each in values), 1).rate
    assert effects(*both, 2).rate == pytest.approx(once)


@pytest.fixture(scope="module")
def simulated():
    """Return, of 600 pairs of periods with the same mean, mix and rate, whether each interval has the truth in it."""
    rng = np.random.default_rng(20261005)
    rows = []
    for _ in range(600):
        before, after = clustered(rng, 150), clustered(rng, 100)
        found = effects(cells(*before), cells(*after), 2)
        whole = effects(*(cells(each[0] * 0, *each[1:]) for each in (before, after)), 1).rate
        naive = stats.ttest_ind(after[2], before[2], equal_var=False).pvalue
        segments = [one.low <= 0 <= one.high for one in found.segments]
        rows.append([one.low <= 0 <= one.high for one in (whole, found.mix, found.rate)] + segments + [naive >= 0.05])
    return np.array(rows).mean(axis=0)


def test_intervals_have_the_truth_in_them_95_times_of_100(simulated):
    # Of 600, a nominal 0.95 lies within 0.922 and 0.973 but once in 500 times.
    whole, mix, rate, *segments, _ = simulated
    for coverage in (whole, rate, *segments):
        assert 0.92 <= coverage <= 0.975
    assert mix >= 0.92


def test_turns_taken_as_independent_would_not(simulated):
    assert simulated[-1] < 0.85


def test_the_variance_of_mix_and_rate_is_that_of_a_bootstrap_over_conversations():
    rng = np.random.default_rng(5)
    before = clustered(rng, 300)
    after = clustered(rng, 300, mean=6.0)
    after = (np.where(rng.random(300)[after[1]] < 0.3, 1, after[0]), *after[1:])
    found = effects(cells(*before), cells(*after), 2)

    def drawn(period):
        picked = rng.integers(0, 300, 300)
        places = [np.flatnonzero(period[1] == one) for one in range(300)]
        rows = np.concatenate([places[one] for one in picked])
        conversation = np.repeat(np.arange(300), [len(places[one]) for one in picked])
        return cells(period[0][rows], conversation, period[2][rows])

    again = [effects(drawn(before), drawn(after), 2) for _ in range(300)]
    for part in ("mix", "rate"):
        one = getattr(found, part)
        spread = np.std([getattr(each, part).value for each in again])
        assert (one.high - one.low) / (2 * 1.96) == pytest.approx(spread, rel=0.15)


def test_a_side_without_any_variance_borrows_the_others():
    # No error in 40 turns is not certain to be no errors at all.
    few, many = alone([0.0] * 40), alone([0.0] * 380 + [1.0] * 20)
    found = effects(few, many, 1).rate
    assert found.p == pytest.approx(0.15, abs=0.05)
    assert found.low < 0 < found.high


def test_equal_constants_do_not_differ_and_unequal_ones_do():
    assert effects(alone([2.0] * 9), alone([2.0] * 9), 1).rate.p == 1.0
    assert effects(alone([2.0] * 9), alone([3.0] * 9), 1).rate.p == 0.0


def test_too_few_clusters_have_no_interval():
    assert difference(1.0, Side(0.0, 5.0, 1), Side(0.1, 5.0, 9)) == (1.0, None, None, None, None)


def test_a_segment_with_too_few_turns_is_not_judged():
    rng = np.random.default_rng(3)
    segment, place = np.arange(60) // (ENOUGH + 1), np.arange(60)
    found = effects(*(cells(segment, place, rng.random(60)) for _ in range(2)), 2)
    assert found.segments[0] is not None
    assert found.segments[1] is None


def test_days_are_compared_as_welch_does():
    before, after = np.array([100.0, 120, 90, 110, 50, 40]), np.array([130.0, 150, 90, 140, 70, 50])
    found, wanted = by_day(before, after), stats.ttest_ind(after, before, equal_var=False)
    assert found.value == pytest.approx(after.mean() - before.mean())
    assert found.p == pytest.approx(wanted.pvalue)


@examples(60)
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=12), st.floats(0.001, 0.2))
def test_holm_rejects_what_stepping_down_rejects(ps, alpha):
    rejected = set()
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        if ps[place] * (len(ps) - rank) >= alpha:
            break
        rejected.add(place)
    assert {place for place, p in enumerate(holm(ps)) if p < alpha} == rejected


def test_holm_worked_by_hand():
    # 4 x 0.01, 3 x 0.015, then 2 x 0.02 and 1 x 0.9, none below the one before it.
    assert holm([0.9, 0.015, 0.02, 0.01]) == pytest.approx([0.9, 0.045, 0.045, 0.04])
