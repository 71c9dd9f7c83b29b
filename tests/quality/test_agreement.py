import json
from pathlib import Path

import numpy as np
import pytest

from chatmon.quality import agreement, judge_bias

RIVALS = json.loads(Path(__file__).with_name("rivals.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", RIVALS)
def test_kappa_is_that_of_another_library(case):
    assert agreement(case["labels"], case["beside"]).kappa.value == pytest.approx(case["kappa"], abs=1e-6)


def test_a_worked_table():
    # Cohen's own kind of example: 20 both yes, 5 and 10 apart, 15 both no. Agreement 0.7, by chance 0.5.
    labels = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    verdicts = [True] * 25 + [False] * 25
    found = agreement(labels, verdicts)
    assert found.confusion == (20, 5, 10, 15)
    assert found.agree.value == pytest.approx(0.7)
    assert found.by_chance == pytest.approx(0.5)
    assert found.kappa.value == pytest.approx(0.4)
    assert found.sensitivity.value == pytest.approx(20 / 30)
    assert found.specificity.value == pytest.approx(15 / 20)
    assert found.youden.value == pytest.approx(2 / 3 + 0.75 - 1)
    # Fleiss, Cohen and Everitt's standard error in large samples is 0.128 for this table.
    assert (found.kappa.high - found.kappa.low) / 2 / 2.01 == pytest.approx(0.128, abs=0.004)


def test_who_says_yes_to_everything_agrees_by_chance_and_it_is_said():
    found = agreement([True] * 96 + [False] * 4, [True] * 100)
    assert found.agree.value == 0.96
    assert found.kappa.value == pytest.approx(0)
    assert "by one word for all: 0.96" in str(found)


def test_labels_of_one_class_leave_the_other_figure_unknown():
    found = agreement([True] * 30, [True] * 28 + [False] * 2)
    assert found.specificity.value is None
    assert found.youden.value is None
    assert found.sensitivity.value == pytest.approx(28 / 30)


def test_a_certainty_above_a_half_is_a_yes_and_no_verdict_is_counted_apart():
    found = agreement([True, False, True, None], [0.6, 0.5, None, 0.9])
    assert found.confusion == (1, 0, 0, 1)
    assert found.unread == 1
    assert "1 labelled replies" in str(found)


def test_the_same_judge_twice_is_its_repeatability():
    first = [True, True, False, False] * 10
    second = [True, False, False, False] * 10
    assert agreement(first, second).agree.value == pytest.approx(0.75)


def test_kappas_interval_holds_where_replies_of_a_conversation_are_alike():
    holds = 0
    for seed in range(120):
        rng = np.random.default_rng([seed, 21])
        units = np.repeat(np.arange(60), 5)
        truth = (rng.random(60) < 0.5)[units]
        says = np.where((rng.random(60) < 0.8)[units], truth, ~truth)
        found = agreement(truth, says, units).kappa
        holds += found.low <= 0.6 <= found.high
    assert holds >= 0.9 * 120


def test_a_judge_that_loves_length_shows_it_by_halves():
    rng = np.random.default_rng(5)
    truth = rng.random(400) < 0.5
    is_long = rng.random(400) < 0.5
    says = np.where(is_long, True, truth)
    found = judge_bias(truth, says, ["long" if one else "short" for one in is_long])
    assert found.at["long", "bias"] == pytest.approx(0.5, abs=0.08)
    assert found.at["long", "low"] > 0.3
    assert found.at["short", "bias"] == 0
    assert found["labels"].sum() == 400


def test_groups_are_as_many_as_verdicts():
    with pytest.raises(ValueError, match="2 verdicts and 1 groups"):
        judge_bias([True, False], [True, True], ["a"])
