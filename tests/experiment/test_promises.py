"""The promises of the statistics, on 1,000 simulated experiments of three variants, 7 days and 840 users a variant."""

import numpy as np
import pytest
from experiment import A_DAY, DAYS, PER_LOOK, looks, rules, whole_plan, world
from scipy.special import ndtr

from chatmon.analysis.change.clustered import holm
from chatmon.experiment._sequential import always_valid_critical, bounds

METRICS = ("task_completion", "response_time", "tokens_per_turn", "satisfaction")
ONE = 1.959964


@pytest.fixture(scope="module")
def nothing():
    """Experiments in which no variant differs."""
    return world(1, 1000, effects=False)


@pytest.fixture(scope="module")
def something():
    """Experiments in which b is better and c fails twice as often."""
    return world(2, 1000, effects=True)


def daily(made, metric):
    return looks(made, metric, cuped=metric == "response_time")


@pytest.mark.parametrize("metric", METRICS)
def test_without_an_effect_rules_are_wrong_as_often_as_they_say(nothing, metric):
    found = rules(daily(nothing, metric))
    assert 0.03 <= found["one look at the end"] <= 0.07
    assert 0.12 <= found["p < 0.05 at any look"] <= 0.21
    assert found["O'Brien-Fleming"] <= 0.07
    assert found["Pocock"] <= 0.07
    assert found["always valid"] <= 0.05


@pytest.mark.parametrize("metric", METRICS)
def test_planned_looks_lose_little_power_and_always_valid_ones_much(something, metric):
    found = rules(daily(something, metric))
    assert found["O'Brien-Fleming"] >= found["one look at the end"] - 0.04
    assert found["always valid"] < found["O'Brien-Fleming"] - 0.1


def test_a_one_sided_test_of_errors_is_as_wrong_as_it_says_and_finds_twice_as_many(nothing, something):
    wrong, right = (ndtr(-looks(made, "error_rate").z[:, 1, -1]) < 0.05 for made in (nothing, something))
    assert 0.03 <= wrong.mean() <= 0.07
    assert right.mean() > 0.8


def test_a_test_of_turns_finds_what_is_not_there(nothing):
    z = looks(nothing, "tokens_per_turn", unit="turn").z[:, 0, -1]
    assert (np.abs(z) > ONE).mean() > 0.15


def test_peeking_at_two_treatments_and_at_a_whole_dashboard_is_worse_still(nothing):
    passed = np.stack([(np.abs(daily(nothing, metric).z) > ONE).any(axis=2) for metric in METRICS])
    assert passed[0].any(axis=1).mean() > 0.22
    assert passed.any(axis=(0, 2)).mean() > 0.60


def test_forty_two_always_valid_looks_are_wrong_at_most_one_time_in_twenty(nothing):
    every = looks(nothing, "task_completion", every=1)
    users = 2 * PER_LOOK * np.arange(1, DAYS * A_DAY + 1)
    critical = np.array([always_valid_critical(n, users[-1]) for n in users])
    assert (np.abs(every.z[:, 0]) > critical).any(axis=1).mean() <= 0.05
    assert (np.abs(every.z[:, 0]) > ONE).any(axis=1).mean() > 0.25


def test_holm_over_all_comparisons_is_wrong_as_often_as_it_says(nothing):
    z = np.concatenate([daily(nothing, metric).z[:, :, -1] for metric in METRICS], axis=1)
    p = 2 * ndtr(-np.abs(z))
    assert (p < 0.05).any(axis=1).mean() > 0.25
    assert np.mean([min(holm(row)) < 0.05 for row in p.tolist()]) <= 0.075


def test_always_valid_intervals_hold_the_truth_at_all_looks_and_plain_ones_do_not(something):
    found = daily(something, "response_time")
    users = 2 * PER_LOOK * A_DAY * np.arange(1, DAYS + 1)
    wide = np.array([always_valid_critical(n, users[-1]) for n in users])
    away = np.abs(np.log(found.treatment[:, 0] / found.control[:, 0]) - np.log(0.9)) / found.log_error[:, 0]
    assert (away < wide).all(axis=1).mean() >= 0.95
    assert (away < ONE).all(axis=1).mean() < 0.90
    repeated = bounds([day / DAYS for day in range(1, DAYS + 1)], 0.05)
    assert (away < repeated).all(axis=1).mean() >= 0.93


def test_the_whole_plan_hardly_ever_wins_on_nothing_and_stops_what_fails_twice_as_often(nothing, something):
    wrong, right = whole_plan(nothing), whole_plan(something)
    assert wrong["win"] <= 0.07
    assert wrong["c stopped"] <= 0.05
    assert right["c stopped"] >= 0.60
    assert right["b won"] >= 0.60
