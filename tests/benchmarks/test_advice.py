"""A short run of the benchmark of advice in worlds that no finder was written for."""

import pytest
from advice import DECOYS, PLANTS, advised

from chatmon.optimizer import KINDS


@pytest.mark.parametrize("name", ["restless days", "router by difficulty", "whales"])
def test_a_quiet_log_gets_no_advice(name):
    assert advised(name, 1).false == ()


@pytest.mark.parametrize("decoy", DECOYS)
def test_what_is_worth_its_money_gets_no_advice(decoy):
    assert advised("three clocks", 1, DECOYS[decoy]).false == ()


@pytest.mark.parametrize("plant", ["latency", "cache lost", "price"])
def test_a_problem_of_middle_size_is_advised_against_where_it_is_for_what_it_costs(plant):
    met = advised("plain", 1, PLANTS[plant])
    assert (met.found, met.exact, met.near, met.false) == (True, True, True, ())


def test_of_two_slow_regions_each_is_said_to_cost_what_it_does():
    near = advised("three clocks, unlike regions", 1).standing
    assert near == pytest.approx([1.0, 1.0], abs=0.25)


def test_each_problem_is_answered_by_a_kind_of_advice():
    from advice import ANSWERS

    assert {one.change.kind for one in PLANTS.values()} <= set(ANSWERS)
    assert {kind for kinds in ANSWERS.values() for kind in kinds} <= set(KINDS)
