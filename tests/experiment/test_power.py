"""Sizes against tea-tasting and statsmodels, and against traffic that comes as it did."""

import math

import numpy as np
import pytest
import tea_tasting
from statsmodels.stats.power import NormalIndPower

from chatmon.experiment import size
from chatmon.experiment._rehearsal import ratio_z
from chatmon.experiment._sequential import inflation

TWO = {"control": 1, "short": 1}


@pytest.fixture(scope="module")
def past(plan, make_turns):
    turns = make_turns(plan, users=1500, before=True)
    return turns[turns.timestamp < plan.start].drop(columns=["experiment", "variant", "cost"])


def by_user(past):
    done = past.assign(done=past.task_completed.astype(float), n=1.0)
    return done.groupby("user_id")[["done", "n"]].sum().reset_index()


def test_a_single_look_needs_the_users_of_tea_tasting_and_of_statsmodels(past):
    found = size(past, primary="task_completion", effect=0.06, variants=TWO, looks=1)
    # Two weeks of turns are there, and both are needed.
    assert found.days == 14
    rows = by_user(past)
    metric = tea_tasting.RatioOfMeans("done", "n", rel_effect_size=0.06, use_t=False)
    expected = metric.solve_power(rows, "n_obs")[0].n_obs
    assert found.users == pytest.approx(expected, abs=2)
    ratio = rows.done.sum() / rows.n.sum()
    deviation = (rows.done - ratio * rows.n).std() / rows.n.mean()
    per_variant = NormalIndPower().solve_power(effect_size=0.06 * ratio / deviation, alpha=0.05, power=0.8)
    assert found.users == pytest.approx(2 * per_variant, abs=3)
    assert found.value == pytest.approx(ratio)


def test_many_looks_and_several_treatments_need_more(past):
    def users(**changes):
        return size(past, primary="task_completion", effect=0.05, **({"variants": TWO, "looks": 1} | changes)).users

    shares = [look / 7 for look in range(1, 8)]
    assert users(looks=7) == pytest.approx(users() * inflation(shares, 0.05, 0.8), abs=2)
    assert users(variants={"a": 1, "b": 1, "c": 1}) > 1.5 * users()
    assert users(variants={"a": 9, "b": 1}) == pytest.approx(users() * (1 / 0.9 + 1 / 0.1) / 4, rel=0.01)


def test_a_week_finds_what_its_users_allow(past, plan):
    found = size(past, primary="task_completion", effect=0.001, variants=TWO, looks=1, others=["error_rate"])
    assert found.days is None
    assert "look for a larger effect" in str(found)
    weeks = found.weeks
    assert [(week.weeks, week.foreseen) for week in weeks[:3]] == [(1, False), (2, False), (3, True)]
    first = past[past.timestamp < past.timestamp.max() - (past.timestamp.max() - past.timestamp.min()) / 2]
    assert weeks[0].users == pytest.approx(first.user_id.nunique(), rel=0.02)
    assert weeks[1].users == past.user_id.nunique()
    assert weeks[2].users - weeks[1].users == weeks[1].users - weeks[0].users
    small = size(past, primary="task_completion", effect=weeks[1].detectable["task_completion"], variants=TWO, looks=1)
    assert small.users == pytest.approx(weeks[1].users, abs=2)
    assert weeks[1].detectable["error_rate"] > weeks[1].detectable["task_completion"]


def test_half_of_the_users_find_what_is_larger_by_the_root_of_two(past):
    whole, half = (
        size(past, primary="task_completion", effect=0.2, variants=TWO, part=part).weeks[0].detectable
        for part in (1, 0.5)
    )
    assert half["task_completion"] == pytest.approx(whole["task_completion"] * math.sqrt(2), rel=0.01)


def test_an_experiment_of_the_size_finds_the_effect_about_as_often_as_planned(past):
    found = size(past, primary="task_completion", effect=0.06, variants=TWO, looks=1, power=0.8)
    rows, random, passed = by_user(past), np.random.default_rng(3), 0
    for _ in range(1000):
        drawn = rows.iloc[random.integers(0, len(rows), found.users)]
        treated = (random.random(found.users) < 0.5).astype(float)
        lifted = drawn.done.to_numpy() * (1 + 0.06 * treated)
        passed += ratio_z(treated[None, :], lifted, drawn.n.to_numpy())[0] > 1.96
    assert passed / 1000 == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"effect": 5}, "effect \\(5\\)"),
        ({"part": 0}, "part \\(0\\)"),
        ({"variants": {"control": 1}}, "two or more"),
        ({"primary": "cost_per_turn"}, "cost_per_turn is not known"),
        ({"primary": "joy"}, "no metric 'joy'"),
    ],
)
def test_what_cannot_be_planned_is_refused(past, changes, reason):
    with pytest.raises(ValueError, match=reason):
        size(past, **({"primary": "task_completion", "effect": 0.05, "variants": TWO} | changes))


def test_less_than_a_week_of_turns_is_refused(past):
    short = past[past.timestamp < past.timestamp.min() + (past.timestamp.max() - past.timestamp.min()) / 4]
    with pytest.raises(ValueError, match="a week or more is needed"):
        size(short, primary="task_completion", effect=0.05, variants=TWO)
    with pytest.raises(ValueError, match="reach from None to None"):
        size([], primary="task_completion", effect=0.05, variants=TWO)


def test_a_size_reads_as_a_sentence_and_a_table(past):
    found = size(past, primary="task_completion", effect=0.05, variants=TWO, others=["error_rate", "cost_per_turn"])
    assert str(found).startswith(
        f"{found.users:,} users to see task_completion move 5.0% from {found.value:.3g}: 21 days"
    )
    assert found.to_frame().columns.tolist() == ["weeks", "users", "task_completion", "error_rate", "cost_per_turn"]
    assert found.rows()[0]["cost_per_turn"] is None
    assert "<table" in found._repr_html_()
    assert f"{found.users:,} users" in found._repr_html_()
