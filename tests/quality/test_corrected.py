import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatmon.quality import agreement, corrected_difference, corrected_rate, labels_needed, rogan_gladen

RIVALS = json.loads(Path(__file__).with_name("rivals.json").read_text(encoding="utf-8"))["cases"]
MAYBE = st.sampled_from([True, False, None])


def of_rival(case):
    return case["beside"] + case["others"], case["labels"] + [None] * len(case["others"])


def world(seed, rate, finds, rejects, labels, replies=2000):
    rng = np.random.default_rng(seed)
    truth = rng.random(replies) < rate
    says = np.where(truth, rng.random(replies) < finds, rng.random(replies) >= rejects)
    return says, [bool(one) if place < labels else None for place, one in enumerate(truth)]


@pytest.mark.parametrize("case", RIVALS)
def test_a_rate_is_that_of_prediction_powered_inference_with_the_same_weight(case):
    found = corrected_rate(*of_rival(case))
    y, v, u = (np.array(case[name], float) for name in ("labels", "beside", "others"))
    # ppi-python's, for a weight that it was given; it is linear in the weight, so that two weights tell all of them.
    slope = (case["prediction_powered"] - y.mean()) / case["weight"]
    assert found.rate.value == pytest.approx(y.mean() + found.weight * slope, abs=1e-12)
    assert slope == pytest.approx(u.mean() - v.mean(), abs=1e-12)


@pytest.mark.parametrize("case", RIVALS)
def test_the_tuned_rate_is_near_that_of_another_library_which_smooths_nothing(case):
    found = corrected_rate(*of_rival(case))
    assert found.rate.value == pytest.approx(case["tuned"], abs=(found.rate.high - found.rate.low) / 10)
    assert (found.labelled.low, found.labelled.high) == pytest.approx(case["wilson"], abs=1e-9)


@pytest.mark.parametrize("case", RIVALS)
def test_labels_from_elsewhere_give_the_rate_of_two_other_libraries(case):
    known = agreement(case["labels"], case["beside"])
    if (known.youden.low or 0) <= 0:
        pytest.fail(f"a case that tells nothing: {known}")
    ours = rogan_gladen(case["beside"] + case["others"], known).value
    assert ours == pytest.approx(case["rogan_gladen"], abs=1e-6)
    assert ours == pytest.approx(case["judgy"], abs=1e-6)


def test_a_worked_case():
    # The judge says yes to 5 of 8 labelled and to 5 of 10 others; 4 of 8 labels say yes, 3 of them where it does.
    # Half a label more in each cell: 10 labels, 5 yes, 6 yes of the judge, 3.5 both.
    # Covariance 0.35 - 0.5 * 0.6 = 0.05; variance of its word 0.24; weight 0.05 / 0.24 / (1 + 8/10).
    verdicts = [1, 1, 1, 1, 1, 0, 0, 0] + [1, 0] * 5
    labels = [1, 1, 1, 0, 0, 1, 0, 0] + [None] * 10
    found = corrected_rate(verdicts, labels)
    weight = 0.05 / 0.24 / 1.8
    assert found.weight == pytest.approx(weight)
    assert found.rate.value == pytest.approx(0.5 - weight * (5 / 8 - 5 / 10))
    assert found.judged.value == pytest.approx(10 / 18)
    variance = (0.25 - 2 * weight * 0.05 + weight**2 * 0.24) / 8 + weight**2 * 0.24 / 10
    assert found.rate.effective == pytest.approx(0.25 / variance)


@pytest.mark.parametrize(
    ("rate", "finds", "rejects", "labels"),
    [(0.2, 0.5, 0.5, 40), (0.8, 0.9, 0.8, 100), (0.5, 0.3, 0.3, 40), (0.95, 0.9, 0.6, 100)],
)
def test_the_interval_holds_the_truth_whatever_the_judge_is(rate, finds, rejects, labels):
    holds, widths = 0, []
    for seed in range(150):
        found = corrected_rate(*world([seed, 5], rate, finds, rejects, labels))
        holds += found.rate.low <= rate <= found.rate.high
        widths.append((found.rate.high - found.rate.low) / (found.labelled.high - found.labelled.low))
    assert holds >= 0.9 * 150
    assert np.mean(widths) <= 1.05


def test_the_interval_holds_where_the_replies_of_a_conversation_are_alike():
    holds = naive = 0
    for seed in range(150):
        rng = np.random.default_rng([seed, 9])
        units = np.repeat(np.arange(200), 5)
        truth = rng.random(1000) < rng.beta(0.7, 0.3, 200)[units]
        says = np.where(truth, rng.random(1000) < 0.9, rng.random(1000) < 0.3)
        labels = [bool(one) if unit < 30 else None for one, unit in zip(truth, units, strict=True)]
        found, blind = corrected_rate(says, labels, units), corrected_rate(says, labels)
        holds += found.rate.low <= 0.7 <= found.rate.high
        naive += blind.rate.low <= 0.7 <= blind.rate.high
    assert holds >= 0.9 * 150 > naive


def test_a_judge_of_one_word_adds_nothing_and_that_is_said():
    found = corrected_rate([True] * 100, [True] * 12 + [False] * 8 + [None] * 80)
    assert found.weight == 0
    assert found.rate[:3] == pytest.approx(found.labelled[:3])
    assert any("tells nothing" in note for note in found.notes)


def test_a_judge_that_is_always_wrong_is_as_good_as_one_that_is_always_right():
    truth = [True, False, True] * 100
    labels = truth[:60] + [None] * 240
    right = corrected_rate(truth, labels)
    wrong = corrected_rate([not one for one in truth], labels)
    assert wrong.weight == pytest.approx(-right.weight)
    assert wrong.rate[:3] == pytest.approx(right.rate[:3])


def test_labels_of_one_class_leave_an_interval():
    found = corrected_rate([True, False] * 50, [True] * 20 + [None] * 80)
    assert found.rate.value == 1.0
    assert found.rate.low == pytest.approx(found.labelled.low, abs=0.02)


def test_one_user_who_wrote_everything_leaves_no_interval():
    found = corrected_rate([True, False] * 50, [True, False] * 20 + [None] * 60, ["u1"] * 100)
    assert found.rate.value == 0.5
    assert found.rate.low is None
    assert found.rate.high is None


def test_a_reply_without_a_verdict_counts_as_one_that_the_judge_says_nothing_of():
    found = corrected_rate([True, None] * 50, [True, False] * 20 + [None] * 60)
    assert found.unread == 50
    assert found.judged.n == 50
    assert found.rate.value == 0.5


def test_labels_that_were_chosen_by_the_verdict_are_noticed():
    verdicts = [True] * 200 + [False] * 200
    found = corrected_rate(verdicts, [True] * 60 + [None] * 340)
    assert any("drawn at random" in note for note in found.notes)
    fair = corrected_rate([True, False] * 200, [True, False] * 30 + [None] * 340)
    assert fair.notes == ()


def test_without_a_label_the_way_to_some_is_named():
    with pytest.raises(ValueError, match="chatmon label"):
        corrected_rate([True, False], [None, None])


@pytest.mark.parametrize(
    ("verdicts", "labels", "units", "message"),
    [
        ([True, 1.5], [True, None], None, "verdict 1.5 is outside 0 to 1"),
        ([True, True], [0.5, None], None, "label 0.5 is neither 0 nor 1"),
        ([True, True], [True], None, "2 verdicts and 1 labels"),
        ([True, True], [True, None], ["u"], "2 verdicts and 1 units"),
    ],
)
def test_what_cannot_be_is_refused_with_both_numbers(verdicts, labels, units, message):
    with pytest.raises(ValueError, match=message):
        corrected_rate(verdicts, labels, units)


@given(st.lists(st.tuples(MAYBE, MAYBE, st.integers(0, 5)), min_size=1, max_size=60))
def test_a_rate_and_its_interval_are_shares_and_the_interval_holds_the_rate(replies):
    verdicts, labels, units = zip(*replies, strict=True)
    if all(label is None for label in labels):
        return
    for whose in (None, units):
        rate = corrected_rate(verdicts, labels, whose).rate
        assert 0 <= rate.value <= 1
        if rate.low is not None:
            assert 0 <= rate.low <= rate.value + 1e-9
            assert rate.value - 1e-9 <= rate.high <= 1


@given(st.permutations(range(40)))
def test_the_order_of_replies_is_nothing(order):
    verdicts, labels = [True, True, False, True] * 10, [True, False, None, None, False] * 8
    one, other = corrected_rate(verdicts, labels), corrected_rate(
        [verdicts[place] for place in order], [labels[place] for place in order]
    )  # fmt: skip
    assert one.rate[:3] == pytest.approx(other.rate[:3])


def test_a_difference_of_two_prompts_of_which_the_judge_prefers_the_wrong_one():
    rng = np.random.default_rng(3)
    found = []
    for rate, finds, rejects in ((0.2, 0.9, 0.1), (0.8, 0.4, 0.6)):
        truth = rng.random(300) < rate
        says = np.where(truth, rng.random(300) < finds, rng.random(300) >= rejects)
        found.append(corrected_rate(says, [bool(one) if place < 40 else None for place, one in enumerate(truth)]))
    first, second = found
    assert second.judged.high < first.judged.low
    apart = corrected_difference(first, second)
    assert 0.2 < apart.low < 0.6 < apart.high


def test_a_difference_counts_users_in_both_prompts_once():
    rng = np.random.default_rng(4)
    units = np.repeat(np.arange(60), 4)
    own = rng.beta(0.5, 0.5, 60)[units]
    found = [
        corrected_rate(truth, [bool(one) for one in truth], units)
        for truth in (rng.random(240) < own, rng.random(240) < own)
    ]
    strangers = [corrected_rate(*world([7, place], 0.5, 1, 1, 240, 240)) for place in (1, 2)]
    paired = corrected_difference(*found)
    alone = math.hypot(*(one.rate.high - one.rate.low for one in found))
    assert paired.high - paired.low < 0.8 * alone
    apart = corrected_difference(*strangers)
    assert apart.high - apart.low == pytest.approx(
        math.hypot(*(one.rate.high - one.rate.low for one in strangers)), rel=0.1
    )


def test_a_difference_with_a_side_that_knows_nothing_has_no_interval():
    known = corrected_rate([True, False] * 20, [True, False] * 20)
    unknown = corrected_rate([True, False] * 20, [True, False] * 20, ["u1"] * 40)
    assert corrected_difference(known, unknown)[1:3] == (None, None)


def test_labels_from_elsewhere_hold_as_often_as_they_say():
    wrong = 0
    for seed in range(150):
        says, _ = world([seed, 11], 0.3, 0.85, 0.75, 0)
        measured, labels = world([seed, 13], 0.5, 0.85, 0.75, 60, 60)
        found = rogan_gladen(says, agreement(labels, measured))
        wrong += not found.low <= 0.3 <= found.high
    assert wrong <= 0.09 * 150


def test_labels_from_elsewhere_hold_for_users_whose_replies_are_alike():
    known = agreement([True] * 600 + [False] * 400, [True] * 540 + [False] * 60 + [True] * 80 + [False] * 320)
    held = alone = 0
    for seed in range(300):
        draw = np.random.default_rng(seed)
        users = np.repeat(np.arange(60), 10)
        good = draw.random(600) < draw.beta(1.4, 0.6, 60)[users]
        words = draw.random(600) < np.where(good, 0.9, 0.2)
        found, apart = rogan_gladen(words, known, users), rogan_gladen(words, known)
        held += found.low <= 0.7 <= found.high
        alone += apart.low <= 0.7 <= apart.high
    assert held / 300 >= 0.93
    assert alone / 300 < 0.9, "each reply by itself would have said too much"


def test_units_of_verdicts_from_elsewhere_are_as_many_and_more_than_one():
    known = agreement([True] * 60 + [False] * 40, [True] * 54 + [False] * 6 + [True] * 8 + [False] * 32)
    with pytest.raises(ValueError, match="3 verdicts and 2 units"):
        rogan_gladen([True, False, None], known, ["a", "b"])
    one = rogan_gladen([True, False, None], known, ["a", "a", "b"])
    assert (one.low, one.high, one.n) == (None, None, 2)
    each = rogan_gladen([True, False, True], known, ["a", "b", "c"])
    assert each[:3] == rogan_gladen([True, False, True], known)[:3]


def test_a_judge_that_cannot_be_told_from_chance_is_refused_where_only_it_speaks():
    coin = agreement([True, False] * 20, [True, True, False, False] * 10)
    with pytest.raises(ValueError, match="cannot be told from chance"):
        rogan_gladen([True, False], coin)
    with pytest.raises(ValueError, match="no label says no"):
        rogan_gladen([True, False], agreement([True] * 20, [True] * 20))
    with pytest.raises(ValueError, match="no verdict"):
        rogan_gladen([None], coin)


def test_a_width_needs_as_many_labels_as_it_then_takes():
    needed = labels_needed(0.2, 0.6, sensitivity=0.9, specificity=0.85, verdicts=2000)
    widths = []
    for seed in range(60):
        rate = corrected_rate(*world([seed, 17], 0.6, 0.9, 0.85, needed.with_judge)).rate
        widths.append(rate.high - rate.low)
    assert np.mean(widths) == pytest.approx(0.2, rel=0.1)
    assert needed.with_judge < needed.alone


def test_few_verdicts_are_not_enough_for_any_number_of_labels():
    assert labels_needed(0.05, 0.5, sensitivity=0.9, specificity=0.9, verdicts=100).with_judge is None
    with pytest.raises(ValueError, match="width"):
        labels_needed(0, 0.5)
    with pytest.raises(ValueError, match=r"rate \(2\) is outside"):
        labels_needed(0.1, 2)
