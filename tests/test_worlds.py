"""The other worlds are what they say: their sources' figures, their own laws, and a change with its exact cost."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow.compute as pc
import pytest
from worlds import WORLDS, Change, made

from chatmon.turns import from_arrow

PLAIN = made(WORLDS["plain"], 1).turns


def column(turns, name):
    return turns[name].to_numpy(zero_copy_only=False)


def test_there_are_twenty_worlds_and_more_and_each_is_made_of_valid_turns():
    assert len(WORLDS) >= 20
    for world in WORLDS.values():
        turns = made(replace(world, days=14, turns_per_day=30), 3).turns
        assert len(from_arrow(turns)) == turns.num_rows > 100


def test_the_same_seed_gives_the_same_log_and_another_seed_another():
    assert made(WORLDS["plain"], 1).turns.equals(PLAIN)
    assert not made(WORLDS["plain"], 2).turns.equals(PLAIN)


def test_tokens_turns_and_failures_are_near_those_that_were_published():
    read, failed = column(PLAIN, "input_tokens"), column(PLAIN, "error_type") != None  # noqa: E711 - of an array
    written = column(PLAIN, "output_tokens")[~failed]
    assert 850 < np.median(read) < 1300  # 1,020
    assert np.quantile(written, [0.25, 0.5, 0.75, 0.9]) == pytest.approx([85, 129, 395, 424], rel=0.25)
    assert failed.mean() == pytest.approx(0.018, abs=0.004)
    assert PLAIN.num_rows / pc.count_distinct(PLAIN["conversation_id"]).as_py() == pytest.approx(2.5, abs=0.15)
    assert abs(np.corrcoef(read[~failed], written)[0, 1]) < 0.15


def test_each_region_lives_by_its_own_clock():
    turns = made(WORLDS["three clocks"], 1).turns
    hour = turns["timestamp"].to_pandas().dt.hour.to_numpy()
    region = column(turns, "region")
    busiest = {name: np.bincount(hour[region == name], minlength=24).argmax() for name in ("eu", "us", "apac")}
    assert (busiest["us"] - busiest["eu"]) % 24 == pytest.approx(7, abs=2)
    assert (busiest["eu"] - busiest["apac"]) % 24 == pytest.approx(7, abs=2)


def test_hours_differ_by_what_the_world_says():
    world = replace(WORLDS["plain"], latency_hours=0.2, turns_per_day=4000, noise=0.1)
    kept = [made(w, 1).turns for w in (world, replace(world, latency_hours=0.0))]
    ratio = np.log(column(kept[0], "response_time") / column(kept[1], "response_time"))
    assert np.median(ratio) == pytest.approx(0, abs=0.05)
    assert ratio.std() == pytest.approx(0.2, abs=0.05)


def test_whales_and_bots_have_a_third_each():
    for name, few in (("whales", 6), ("bots", 4)):
        users = column(made(WORLDS[name], 1).turns, "user_id")
        turns = np.sort(np.unique(users, return_counts=True)[1])
        assert turns[-few:].sum() / turns.sum() == pytest.approx(1 / 3, abs=0.05)


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        (Change(kind="latency", where={"intent": "billing"}), "response_time"),
        (Change(kind="tail", size=1.0), "response_time"),
        (Change(kind="drift", size=0.01), "response_time"),
        (Change(kind="errors", where={"channel": "app"}, size=0.1), "error_type"),
        (Change(kind="error types", size=0.9), "error_type"),
        (Change(kind="output"), "output_tokens"),
        (Change(kind="context"), "input_tokens"),
        (Change(kind="padding"), "input_tokens"),
        (Change(kind="dearer", where={"intent": "returns"}), "model"),
        (Change(kind="price", where={"model": "gpt-4.1"}, size=0.2), "cost"),
        (Change(kind="uncached"), "cached_tokens"),
        (Change(kind="rating", size=0.8), "user_satisfaction"),
        (Change(kind="completion", size=0.8), "task_completed"),
        (Change(kind="mix", where={"intent": "technical"}, size=0.2), "intent"),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_a_change_moves_its_own_column_within_its_slice_and_window_and_costs_what_it_says(change, touched):
    quiet, log = made(WORLDS["plain"], 5), made(WORLDS["plain"], 5, change)
    before, after = (one.turns.to_pandas() for one in (quiet, log))
    event = log.events[-1]
    moved = ~((before[touched] == after[touched]) | (before[touched].isna() & after[touched].isna()))
    assert moved.sum() > 20
    assert (after.timestamp[moved] >= event.begins).all()
    if change.kind != "mix":
        assert all((after[name][moved] == value).all() for name, value in change.where.items())
    costs = [sum(one.cost.dropna(), Decimal(0)) for one in (before, after)]
    assert event.extra == costs[1] - costs[0]


def test_repeated_turns_are_more_turns_and_cost_more():
    log = made(WORLDS["plain"], 5, Change(kind="duplicates", size=0.1))
    more = log.turns.num_rows - made(WORLDS["plain"], 5).turns.num_rows
    assert 700 < more < 1300
    assert log.events[-1].extra > 0
    assert pc.count_distinct(log.turns["turn_id"]).as_py() == log.turns.num_rows
