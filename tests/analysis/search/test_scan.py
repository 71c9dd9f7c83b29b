import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from worlds import WORLDS, made

from chatmon._tools.paths import data_file
from chatmon.analysis.search.scan import scan
from chatmon.analysis.source import between
from chatmon.lab.traffic import Problem, Truth, simulate
from chatmon.turns import Turn

START = datetime(2026, 10, 5, tzinfo=UTC)
TRUTH = Truth.from_json(data_file("four_weeks_truth.json").read_text(encoding="utf-8"))
MARGIN = timedelta(hours=30)


@pytest.fixture(scope="module")
def four_weeks():
    return scan(data_file("four_weeks.parquet"))


@pytest.mark.parametrize("plant", TRUTH.plants, ids=lambda plant: plant.problem.kind)
def test_every_plant_of_the_four_weeks_is_found_where_and_when_it_is(four_weeks, plant):
    [(dimension, value)] = plant.problem.slice.items()
    found = [
        shift
        for shift in four_weeks.shifts
        if (shift.dimension, shift.value) == (dimension, value)
        and abs(shift.start - plant.start) < MARGIN
        and abs(shift.end - plant.end) < MARGIN
    ]
    assert found, f"no shift like {plant}"


def test_nothing_but_the_plants_is_found_in_the_four_weeks(four_weeks):
    planted = {next(iter(plant.problem.slice.items())) for plant in TRUTH.plants}
    assert {(shift.dimension, shift.value) for shift in four_weeks.shifts} == planted


def test_the_numbers_of_a_shift_are_those_one_counts(four_weeks):
    [shift] = [shift for shift in four_weeks.shifts if shift.measure == "price"]
    effect = shift.effects["price"]
    assert effect.change / (effect.inside - effect.change) == pytest.approx(0.25, abs=0.005), "a token costs 1.25 times"
    [slow] = [shift for shift in four_weeks.shifts if (shift.measure, shift.value) == ("response_time", "app")]
    turns = between(data_file("four_weeks.parquet"), slow.start, slow.end)
    inside = turns.filter("channel = 'app'").aggregate("avg(response_time), count(*)").fetchall()[0]
    assert (slow.effects["response_time"].inside, slow.effects["response_time"].n) == pytest.approx(inside)


def test_the_first_week_is_quiet():
    quiet = scan(between(data_file("four_weeks.parquet"), end=START + timedelta(days=7)))
    assert (quiet.shifts, quiet.clients) == ((), ())
    assert quiet.looked_at > 100_000


@pytest.mark.parametrize("seed", range(40, 46))
def test_quiet_traffic_shows_nothing(seed):
    assert scan(simulate(seed, start=START, days=14).turns).shifts == ()


@pytest.mark.parametrize(
    "planted",
    [
        "latency_step:region=germany:severe@2026-10-13/2026-10-15",
        "mix_shift:intent=router:severe@2026-10-14",
        "quality_drop:intent=billing:severe@2026-10-14",
        "overpowered_model:intent=billing:severe@2026-10-15",
    ],
)
def test_what_is_planted_in_other_traffic_is_the_first_that_is_found(planted):
    problem = Problem.parse(planted)
    found = scan(simulate(8, start=START, days=14, problems=[problem]).turns).shifts
    [(dimension, value)] = problem.slice.items()
    assert {(shift.dimension, shift.value) for shift in found[:1]} == {(dimension, value)}


def a_log(days=14, per_hour=6):
    """Turns of as many users, one each conversation, of which nothing is to say."""
    return [
        Turn(
            turn_id=f"t{hour}-{place}",
            conversation_id=f"c{hour}-{place}",
            user_id=f"u{(hour * per_hour + place) % 97}",
            timestamp=START + timedelta(hours=hour, minutes=place),
            response_time=1 + ((hour * 7 + place * 3) % 11) / 10,
            region="north" if place % 2 else "south",
        )
        for hour in range(24 * days)
        for place in range(per_hour)
    ]


def failing(turns, chosen):
    from dataclasses import replace

    return [replace(turn, error_type="Timeout") if chosen(turn) else turn for turn in turns]


def test_one_users_broken_client_is_named_and_not_taken_for_the_bots_failure():
    calm = a_log()
    extra = [
        Turn(turn_id=f"x{n}", conversation_id=f"x{n}", user_id="u-broken", error_type="Timeout",
             timestamp=START + timedelta(days=5, minutes=7 * n))
        for n in range(40)
    ]  # fmt: skip
    found = scan([*calm, *extra])
    assert found.shifts == ()
    assert found.clients == (("u-broken", 40, 40),)


def test_the_same_failures_of_many_users_are_the_bots():
    begins = START + timedelta(days=5)
    struck = failing(a_log(), lambda turn: begins <= turn.timestamp < begins + timedelta(hours=6))
    found = scan(struck)
    assert [(shift.measure, shift.dimension) for shift in found.shifts] == [("errors", None)]
    assert found.shifts[0].start == begins
    assert found.shifts[0].end == begins + timedelta(hours=6)
    assert found.clients == ()


def test_the_order_of_the_turns_does_not_matter():
    struck = failing(a_log(), lambda turn: turn.region == "north" and turn.timestamp.day == 12)
    assert scan(struck) == scan(struck[::-1])


def test_a_log_of_one_turn_shows_nothing():
    assert scan(a_log()[:1]).shifts == ()


PRICES = {"large": (2.0, 8.0), "small": (0.4, 1.6)}


def at_constant_prices(seed, rise=1.0):
    """Return turns whose costs are rounded to a millionth of a dollar; from the third week on, ``large`` costs more."""
    rng = random.Random(seed)
    for number in range(2000):
        model, given, made = (
            rng.choice(sorted(PRICES)),
            int(rng.lognormvariate(6.6, 0.6)),
            int(rng.lognormvariate(5, 0.6)),
        )
        at = START + timedelta(days=28) * number / 2000
        price = rise if model == "large" and at >= START + timedelta(days=14) else 1
        cost = round(price * (PRICES[model][0] * given + PRICES[model][1] * made) / 1e6, 6)
        yield Turn(
            turn_id=f"t{number}", conversation_id=f"c{number}", user_id=f"u{rng.randrange(300)}", model=model,
            timestamp=at, input_tokens=given, output_tokens=made, cost=Decimal(str(cost)),
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_what_rounding_does_to_costs_is_no_change_of_a_price(seed):
    assert [one for one in scan(list(at_constant_prices(seed))).shifts if one.measure == "price"] == []


def test_a_price_that_rises_by_a_tenth_is_found_through_the_rounding():
    found = [one for one in scan(list(at_constant_prices(1, rise=1.1))).shifts if one.measure == "price"]
    assert [(one.value, one.ongoing) for one in found] == [("large", True)]


def hanging(seed, share, number=12_000):
    """Return turns of two weeks, of which a share hangs for 9 s more from the second week on."""
    rng = np.random.default_rng(seed)
    second = np.sort(rng.random(number)) * 14 * 86400
    hangs = (second >= 7 * 86400) & (rng.random(number) < share)
    return pd.DataFrame(
        {
            "turn_id": [f"t{n}" for n in range(number)],
            "conversation_id": [f"c{n}" for n in range(number)],
            "timestamp": pd.Timestamp(START) + pd.to_timedelta(second, unit="s"),
            "response_time": np.exp(0.7 + 0.5 * rng.standard_normal(number)) + 9 * hangs,
        }
    )


def test_a_tail_that_grows_is_found_although_the_mean_of_logarithms_hardly_moves():
    [found] = scan(hanging(5, 0.02)).shifts
    assert (found.measure, found.dimension, found.ongoing) == ("slow", None, True)
    assert abs(found.start - START - timedelta(days=7)) < MARGIN
    assert scan(hanging(5, 0.0)).shifts == ()


def test_a_tail_that_grows_is_found_among_replies_that_are_slow_because_they_are_long():
    frame, rng = hanging(8, 0.0, 24_000), np.random.default_rng(8)
    written = np.where(rng.random(len(frame)) < 0.35, 400, 95) * np.exp(0.1 * rng.standard_normal(len(frame)))
    luck = rng.standard_normal(len(frame))
    late = frame["timestamp"] >= START + timedelta(days=7)
    held_up = late & (luck > 1.88)  # the slowest 3 of 100 take twice as long, and all others are as quick as ever
    frame["output_tokens"], frame["input_tokens"], frame["model"] = written.round().astype(int), 500, "a{1}"
    frame["response_time"] = (0.4 + 0.012 * written) * np.exp(0.3 * luck) * np.where(held_up, 2.0, 1.0)
    [found] = scan(frame).shifts
    assert (found.measure, found.dimension, found.ongoing) == ("slow", None, True)
    assert abs(found.start - START - timedelta(days=7)) < MARGIN


def test_slow_replies_are_not_told_apart_from_replies_that_are_all_slower():
    slower = hanging(6, 0.0)
    late = slower["timestamp"] >= START + timedelta(days=7)
    slower.loc[late, "response_time"] *= 1.5
    assert [one.measure for one in scan(slower).shifts] == ["response_time"]


def test_regions_with_clocks_of_their_own_are_no_change_of_who_writes():
    claimed = [scan(made(WORLDS["three clocks"], seed).turns).shifts for seed in (11, 12, 13)]
    assert [one.measure for shifts in claimed for one in shifts if one.dimension == "region"] == []
