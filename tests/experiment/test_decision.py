"""Decisions on effects made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.experiment._decision import GO_ON, NO_EFFECT, SHIP, STOP, Bounds, bounds_of, decide
from chatmon.experiment._effects import Effect
from chatmon.experiment._rare import Counts
from chatmon.experiment._sequential import FARTHEST, bounds, pocock

LIMITS = Bounds([4.0, 2.5, 2.0], [2.2, 2.1, 2.0])


def seen(z, *, metric="task_completion", control=0.7, error=0.01):
    treatment = control + z * error
    return Effect(metric, "short", 2000, control, treatment, error, error * 1.4 / control, z)


def at(*gains, errors=None):
    """Looks with these gains of the primary, and the error rate's z."""
    errors = errors or [0.0] * len(gains)
    return [
        {
            "task_completion": seen(gain),
            "error_rate": seen(z, metric="error_rate", control=0.03, error=0.003),
        }
        for gain, z in zip(gains, errors, strict=True)
    ]


@pytest.fixture
def three_looks(make_plan):
    return make_plan(looks=3, guardrails={"error_rate": 0.5}, secondaries=())


def decided(plan, looks):
    return decide(plan, Bounds(LIMITS.primary[: len(looks)], LIMITS.guardrail[: len(looks)]), looks)


def test_within_the_bounds_an_experiment_goes_on(three_looks):
    found = decided(three_looks, at(3.9, 2.4))
    assert (found.verdict, found.won) == (GO_ON, False)
    assert "within what chance does at look 2 of 3" in str(found)


def test_a_gain_beyond_the_bound_ships_where_the_guardrails_hold(three_looks):
    found = decided(three_looks, at(1.0, 2.6))
    assert (found.verdict, found.won) == (SHIP, True)
    assert "task_completion went from 0.7 to 0.726 (+3.7%) by look 2: higher beyond chance" in found.reasons[0]
    assert "error_rate is at worst" in found.reasons[1]


def test_a_bound_that_was_passed_stays_passed(three_looks):
    assert decided(three_looks, at(1.0, 2.6, 1.0)).won
    assert decided(three_looks, at(1.0, -2.6, 2.6)).verdict == STOP


def test_a_loss_beyond_the_bound_stops(three_looks):
    found = decided(three_looks, at(-4.1))
    assert (found.verdict, found.won) == (STOP, False)
    assert "got worse beyond chance" in str(found)


def test_a_guardrail_that_got_worse_stops_even_what_wins(three_looks):
    found = decided(three_looks, at(4.5, errors=[2.3]))
    assert (found.verdict, found.won) == (STOP, False)
    assert "error_rate is a guardrail" in str(found)
    assert decided(three_looks, at(4.5, errors=[-2.3])).verdict == SHIP


def test_a_guardrail_not_shown_to_hold_makes_a_winner_wait_and_at_the_end_stop(make_plan):
    strict = make_plan(looks=3, guardrails={"error_rate": 0.05}, secondaries=())
    early, late = decided(strict, at(1.0, 2.6)), decided(strict, at(1.0, 2.6, 2.6))
    assert (early.verdict, late.verdict, early.won, late.won) == (GO_ON, STOP, True, True)
    assert "5% is allowed: not shown to hold" in str(late)


def test_an_end_that_rules_out_the_effect_says_so(three_looks):
    found = decided(three_looks, at(0, 0, 0))
    assert found.verdict == NO_EFFECT
    assert "at best it is 4.1% better, and 5% was worth having" in str(found)


def test_an_end_that_leaves_the_effect_open_is_no_proof_of_none(three_looks):
    looks = at(0, 0, 1.5)
    found = decided(three_looks, looks)
    assert found.verdict == STOP
    assert "the plan ends without an answer" in str(found)


def test_an_unknown_metric_waits_and_at_the_end_stops(three_looks):
    unknown = [{"task_completion": "too few users", "error_rate": "too few users"}] * 3
    assert decided(three_looks, unknown[:1]).verdict == GO_ON
    assert decided(three_looks, unknown).verdict == STOP
    assert "too few users" in str(decided(three_looks, unknown))


def test_a_winner_with_an_unknown_guardrail_waits(three_looks):
    looks = at(1.0, 2.6)
    looks[1]["error_rate"] = "too few users"
    assert decided(three_looks, looks).verdict == GO_ON
    assert "error_rate is not known" in str(decided(three_looks, looks))


def test_no_errors_on_either_side_hold_and_errors_against_none_do_not(three_looks):
    none = Effect("error_rate", "short", 2000, 0.0, 0.0, 0.0, None, 0.0)
    some = Effect("error_rate", "short", 2000, 0.0, 0.001, 0.001, None, 1.0)
    for guardrail, verdict in ((none, SHIP), (some, GO_ON)):
        looks = at(1.0, 2.6)
        looks[1]["error_rate"] = guardrail
        assert decided(three_looks, looks).verdict == verdict


def test_no_failure_anywhere_holds_by_an_absolute_margin_alone(make_plan):
    none = Effect("error_rate", "short", 2000, 0.0, 0.0, 0.0, None, 0.0, counts=Counts(0, 1000, 0, 1000))
    for absolute, verdict, said in (
        ({}, STOP, "went from 0 to 0, which has no percentage, and may be 0.00621 worse: give the plan an absolute"),
        ({"error_rate": 0.003}, STOP, "may be up to 0.00621 worse, 0.003 is allowed: not shown to hold (absolute)"),
        ({"error_rate": 0.01}, SHIP, "is at worst 0.00621 worse, 0.01 is allowed (absolute)"),
    ):
        plan = make_plan(looks=2, guardrails={"error_rate": 0.5}, absolute=absolute, secondaries=())
        looks = at(1.0, 2.6)
        looks[1]["error_rate"] = none
        found = decided(plan, looks)
        assert found.verdict == verdict
        assert said in str(found)


def test_where_less_is_better_a_fall_wins(make_plan):
    plan = make_plan(looks=3, primary="tokens_per_turn", guardrails={}, secondaries=())
    fall = {"tokens_per_turn": seen(-4.1, metric="tokens_per_turn", control=500, error=5)}
    rise = {"tokens_per_turn": seen(4.1, metric="tokens_per_turn", control=500, error=5)}
    assert (decided(plan, [fall]).verdict, decided(plan, [rise]).verdict) == (SHIP, STOP)


def test_alpha_is_shared_out_between_treatments_and_guardrails(make_plan):
    plan = make_plan(
        looks=5, variants={"control": 1, "b": 1, "c": 1}, guardrails={"error_rate": 0.5, "response_time": 0.1}
    )
    found = bounds_of(plan, [100, 200, 300, 400, 500])
    fifths = [0.2, 0.4, 0.6, 0.8, 1.0]
    assert found.primary == pytest.approx(bounds(fifths, 0.025))
    assert found.guardrail == pytest.approx(bounds(fifths, 0.0125, spending=pocock, two_sided=False))


def test_a_look_without_new_turns_spends_nothing(make_plan):
    plan = make_plan(looks=4)
    found = bounds_of(plan, [0, 100, 100, 200]).primary
    assert found[0] == FARTHEST
    assert found[1] == found[2] == pytest.approx(bounds([0.5, 1.0], 0.05, information=[1, 2])[0])
    assert found[3] == pytest.approx(bounds([0.5, 1.0], 0.05, information=[1, 2])[1])


@examples(60)
@given(looks=st.lists(st.tuples(st.floats(-6, 6), st.floats(-6, 6)), min_size=1, max_size=3))
def test_nothing_ships_unless_it_won_before_anything_got_worse(make_plan, looks):
    plan = make_plan(looks=3, guardrails={"error_rate": 0.5}, secondaries=())
    found = decided(plan, at(*[gain for gain, _ in looks], errors=[z for _, z in looks]))
    won = [gain >= LIMITS.primary[place] for place, (gain, _) in enumerate(looks)]
    bad = [gain <= -LIMITS.primary[at] or z >= LIMITS.guardrail[at] for at, (gain, z) in enumerate(looks)]
    first = [place for place, either in enumerate(zip(won, bad, strict=True)) if any(either)]
    assert found.won == (bool(first) and not bad[first[0]])
    assert found.verdict != SHIP or found.won
    assert bool(first) or found.verdict != SHIP
