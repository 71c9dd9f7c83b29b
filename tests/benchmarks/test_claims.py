"""A short run of the benchmark of claims in worlds that no finder was written for."""

import pytest
from claims import PLANTS, planted, quiet
from worlds import WORLDS

RESTLESS = ("three clocks", "restless hours", "restless days", "restless mix", "congestion", "whales")


def test_quiet_logs_of_other_worlds_are_seldom_told_as_changed():
    claimed = {(name, seed): quiet(name, seed) for name in RESTLESS for seed in (1, 2)}
    assert sum(map(bool, claimed.values())) <= 3, claimed  # of 12 at 5 %: more than 3 in 2 of 1,000


@pytest.mark.parametrize("plant", ["latency", "latency, three days", "completion", "mix"])
def test_a_change_of_middle_size_is_found_where_and_when_it_is(plant):
    assert planted("plain", plant, 1).found


def test_an_outage_of_two_hours_is_found_exactly():
    assert planted("plain", "errors, two hours", 1).exact


def test_each_plant_moves_a_measure_that_the_benchmark_knows():
    from claims import MOVES

    assert {one.kind for one in PLANTS.values()} <= set(MOVES)
    assert len(WORLDS) >= 20
