"""From turns to a decision: planted effects are found, and what would make a result wrong is said instead."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from chatmon.experiment import GO_ON, NO_EFFECT, NO_RESULT, SHIP, STOP, always_valid_critical, always_valid_p, analyse
from chatmon.experiment._reading import BETTER, WITHIN, WORSE


def test_a_better_prompt_ships(plan, better):
    result = analyse(better, plan, look=7)
    assert result.decision.verdict == SHIP
    (primary,) = [line for line in result.lines() if line.role == "primary"]
    assert primary.reading == BETTER
    assert primary.low < 0.10 / primary.control < primary.high
    assert primary.p < primary.needed < 0.05


def test_a_result_is_the_same_from_any_holder(plan, better, tmp_path):
    better.to_parquet(tmp_path / "turns.parquet")
    assert str(analyse(tmp_path / "turns.parquet", plan, look=3)) == str(analyse(better, plan, look=3))


def test_a_prompt_that_changes_nothing_does_not_ship(plan, alike):
    result = analyse(alike, plan, look=7)
    assert result.decision.verdict in (NO_EFFECT, STOP)
    assert not result.decision.won


def test_a_worse_prompt_stops(plan, make_turns):
    result = analyse(make_turns(plan, uplift=-0.12), plan, look=7)
    assert result.decision.verdict == STOP
    assert next(line for line in result.lines() if line.role == "primary").reading == WORSE


def test_a_prompt_that_fails_more_is_stopped_though_it_wins(plan, make_turns):
    turns = make_turns(plan, uplift=0.15, more_errors=0.06)
    result = analyse(turns, plan, look=7)
    assert result.decision.verdict == STOP
    assert "error_rate is a guardrail" in str(result.decision)
    assert next(line for line in result.lines() if line.role == "guardrail").reading == WORSE


def test_an_early_look_goes_on_and_knows_nothing_of_later_turns(plan, alike):
    early = analyse(alike, plan, look=2)
    assert early.decision.verdict == GO_ON
    # The turns of the third day have begun to come, and are not read.
    cut = alike[alike.timestamp < plan.look_time(2) + timedelta(hours=1)]
    assert str(analyse(cut, plan, look=2)) == str(early)


def test_a_later_look_has_the_earlier_ones_in_it(plan, better):
    looks = [analyse(better, plan, look=look) for look in (3, 5)]
    primary = [[effects["short"]["task_completion"] for effects in result.looks] for result in looks]
    assert primary[1][:3] == primary[0]
    assert looks[1].bounds.primary[:3] == pytest.approx(looks[0].bounds.primary, abs=1e-3)


def test_secondaries_are_corrected_by_holm_as_statsmodels_does(plan, make_turns):
    result = analyse(make_turns(plan, uplift=0.10, tokens=0.93), plan, look=7)
    secondaries = [line for line in result.lines() if line.role == "secondary"]
    found = [result.looks[-1]["short"][line.metric].p for line in secondaries]
    assert [line.p for line in secondaries] == pytest.approx(multipletests(found, method="holm")[1], rel=1e-12)
    assert [line.reading for line in secondaries] == [BETTER, WITHIN]


def test_secondaries_of_a_variant_that_has_not_won_are_not_claimed(plan, make_turns):
    result = analyse(make_turns(plan, tokens=0.8, seed=2), plan, look=7)
    tokens = next(line for line in result.lines() if line.metric == "tokens_per_turn")
    assert tokens.p < 1e-6
    assert tokens.reading == "not claimed: task_completion has not won"


def test_an_unplanned_look_decides_nothing_and_its_numbers_are_always_valid(plan, better):
    at = plan.start + timedelta(days=4, hours=7)
    result = analyse(better, plan, at=at)
    assert result.decision.verdict == GO_ON
    assert "the next one is look 5, at 2026-10-10 00:00" in str(result.decision)
    primary = result.lines()[0]
    effect, users = result.looks[-1]["short"]["task_completion"], sum(result.users.values())
    assert primary.p == always_valid_p(effect.z, users, plan.users)
    assert (primary.low, primary.high) == effect.relative_interval(always_valid_critical(users, plan.users))
    assert "the last one has passed" in str(analyse(better, plan, at=plan.end + timedelta(days=1)).decision)


def test_of_three_variants_the_one_that_won_ships(make_plan, make_turns):
    plan = make_plan(variants={"control": 1, "short": 1, "long": 1})
    result = analyse(make_turns(plan, users=3000, uplift=0.12), plan, look=7)
    assert {name: decision.verdict == SHIP for name, decision in result.decisions.items()} == {
        "short": True,
        "long": False,
    }
    assert result.decision.verdict == SHIP
    assert "short: ship" in str(result.decision)


def broken(turns, what):
    turns = turns.copy()
    running = turns.experiment.notna()
    if what == "lost users":
        short = turns.user_id[running & (turns.variant == "short")].unique()
        return turns[~turns.user_id.isin(short[::4])]
    if what == "two variants":
        turns.loc[running, "variant"] = np.where(np.arange(running.sum()) % 2, "short", "control")
    if what == "nobody":
        turns.loc[running & (turns.variant == "short"), "experiment"] = None
    if what == "one user per arm":
        first = turns[running].drop_duplicates("variant").user_id
        turns.loc[~turns.user_id.isin(first), "experiment"] = None
    if what == "strange variant":
        turns.loc[running & turns.user_id.str.endswith("7"), "variant"] = "shorter"
    if what == "one user for all":
        turns.loc[running, "user_id"] = "user-1"
    if what == "no experiment":
        turns["experiment"] = None
    return turns


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("lost users", "sample ratio mismatch: control"),
        ("two variants", "users saw more than one variant: a user has to keep one"),
        ("nobody", "too few users: short 0; 50 of each variant are needed"),
        ("one user per arm", "too few users: control 1, short 1; 50 of each"),
        ("strange variant", "variants that the plan does not have: shorter"),
        ("one user for all", "1 of 1 users saw more than one variant"),
        ("no experiment", "no turn carries the experiment 'short-prompt'"),
    ],
)
def test_what_would_make_a_result_wrong_is_said_and_no_number_is_shown(plan, better, what, reason):
    result = analyse(broken(better, what), plan, look=7)
    assert result.decision.verdict == NO_RESULT
    assert reason in str(result.decision)
    assert ("no turn carries" in str(result.decision)) == (what == "no experiment")
    assert result.lines() == result.rows() == []
    assert "task_completion" not in str(result)
    assert not result.to_frame().size


def test_weights_that_change_midway_are_seen(make_plan, make_turns):
    even, odd = make_plan(), make_plan(variants={"control": 1, "short": 9})
    turns = make_turns(even, users=3000)
    turns = turns[turns.experiment.notna()].copy()
    first = turns.groupby("user_id").timestamp.transform("min")
    late = first >= even.look_time(4)
    turns.loc[late, "variant"] = [odd.assign(user) for user in turns.user_id[late]]
    total = turns.drop_duplicates("user_id").variant.value_counts()
    as_it_ended = make_plan(variants={"control": int(total["control"]), "short": int(total["short"])})
    result = analyse(turns, as_it_ended, look=7)
    assert result.decision.verdict == NO_RESULT
    assert "the allocation changed midway" in str(result.decision)


def test_a_bot_is_left_out_and_the_result_is_right(plan, better):
    bot = better[better.experiment.notna() & (better.variant == "short")].iloc[:1]
    ids = [f"bot-{number}" for number in range(10_000)]
    bots = bot.loc[bot.index.repeat(10_000)].assign(task_completed=False, user_id="bot", turn_id=ids)
    with_bot = pd.concat([better, bots], ignore_index=True).sort_values("timestamp")
    result, without = analyse(with_bot, plan, look=7), analyse(better, plan, look=7)
    assert [line._replace(p=0.0, needed=0.0, low=0.0, high=0.0) for line in result.lines()] == [
        line._replace(p=0.0, needed=0.0, low=0.0, high=0.0) for line in without.lines()
    ]
    assert "users with more than 1000 turns are no people, and left out: short 1" in result.validity.notes


def test_values_that_are_all_equal_are_no_difference(plan, alike):
    result = analyse(alike.assign(task_completed=True, error_type=None), plan, look=7)
    primary = result.lines()[0]
    assert (primary.relative, primary.p, primary.reading) == (0, 1, WITHIN)
    assert result.decision.verdict == NO_EFFECT
    # No failure anywhere says nothing of a ratio; by users, it says something of the rate itself.
    assert result.lines()[1].reading == "not shown to hold"
    absolute = replace(plan, absolute={"error_rate": 0.01})
    faultless = analyse(alike.assign(task_completed=True, error_type=None), absolute, look=7)
    assert faultless.lines()[1].reading == "holds"


def test_a_metric_without_a_value_is_said_to_be_unknown(plan, better):
    result = analyse(better.drop(columns="user_satisfaction"), plan, look=7)
    line = next(line for line in result.lines() if line.metric == "satisfaction")
    assert line.reading.startswith("too few users: 0 of the control")
    assert (line.p, line.relative, line.control) == (None, None, None)
    without = analyse(better.drop(columns="task_completed"), plan, look=7)
    assert without.decision.verdict == STOP
    assert "task_completion is not known" in str(without.decision)


def test_a_few_users_with_two_variants_and_turns_without_a_user_are_left_out_with_a_note(plan, better):
    turns = better.copy()
    running = turns.index[turns.experiment.notna()]
    twice = turns.loc[running].user_id.value_counts().index[0]
    places = turns.loc[running].index[turns.loc[running].user_id == twice]
    turns.loc[places[0], "variant"] = "short" if turns.variant[places[1]] == "control" else "control"
    turns.loc[running[running != places[0]][:5], "user_id"] = None
    notes = analyse(turns, plan, look=7).validity.notes
    assert "1 users saw more than one variant, and are left out" in notes
    assert "5 turns have no user, and are left out" in notes


def test_a_plan_saved_after_the_first_turn_or_never_is_told(make_plan, better):
    late = make_plan(saved_at=datetime(2026, 10, 8, tzinfo=UTC))
    early = make_plan(saved_at=datetime(2026, 10, 1, tzinfo=UTC))
    assert any("after the first turn" in note for note in analyse(better, late, look=7).validity.notes)
    assert any("never saved" in note for note in analyse(better, make_plan(), look=7).validity.notes)
    assert analyse(better, early, look=7).validity.notes == ()


def test_fewer_users_than_planned_are_told_at_the_end(make_plan, better):
    assert "2,000 users came, 5,000 were planned: less power" in str(analyse(better, make_plan(users=5000), look=7))


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ({}, "a planned look by its number"),
        ({"look": 1, "at": datetime(2026, 10, 8, tzinfo=UTC)}, "a planned look by its number"),
        ({"look": 8}, "none of the planned ones"),
        ({"at": datetime(2026, 10, 8, tzinfo=UTC).replace(tzinfo=None)}, "no time zone"),
        ({"at": datetime(2026, 10, 1, tzinfo=UTC)}, "not after the start"),
    ],
)
def test_a_look_that_is_none_is_refused(plan, better, when, reason):
    with pytest.raises(ValueError, match=reason):
        analyse(better, plan, **when)


def test_a_look_that_the_turns_do_not_reach_is_refused(plan, better):
    half = better[better.timestamp < plan.look_time(3)]
    with pytest.raises(ValueError, match="look 5 is at 2026-10-10 00:00, and the turns end at 2026-10-0"):
        analyse(half, plan, look=5)


def test_a_result_reads_as_text_html_and_a_table(plan, better):
    result = analyse(better, plan, look=7)
    text, html, frame = str(result), result._repr_html_(), result.to_frame()
    assert text.startswith("short-prompt, look 7 of 7 (2026-10-12 00:00): ship\ntask_completion went from ")
    assert "users: control " in text
    assert text.count("\nshort ") == len(frame) == 4
    assert html.count("<tr>") == 5
    assert "<b>short-prompt, look 7 of 7 (2026-10-12 00:00): ship</b>" in html
    assert frame.metric.tolist() == ["task_completion", "error_rate", "tokens_per_turn", "satisfaction"]
    assert result.rows()[0]["users"] == 2000
