"""Users added up in DuckDB, against pandas."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from chatmon.analysis.source import relation
from chatmon.experiment._aggregate import add_up, columns, loose
from chatmon.experiment._metrics import METRICS

VALUES = {
    "task_completion": lambda f: f.task_completed.astype(float),
    "error_rate": lambda f: f.error_type.notna().astype(float),
    "satisfaction": lambda f: f.user_satisfaction,
    "context_relevance": lambda f: f.context_relevance,
    "response_time": lambda f: f.response_time,
    "time_to_first_token": lambda f: f.time_to_first_token,
    "cost_per_turn": lambda f: f.cost.astype(float),
    "tokens_per_turn": lambda f: (f.input_tokens + f.output_tokens).astype(float),
    "turns_per_user": lambda f: pd.Series(1.0, index=f.index),
}


def test_every_metric_is_tried_here():
    assert VALUES.keys() == METRICS.keys()


def per_user(frame, name):
    known = VALUES[name](frame).groupby(frame.user_id).agg(["sum", "count"])
    return known.rename(columns={"sum": "value", "count": "count"})


@pytest.fixture(scope="module")
def added_up(plan, better):
    times = [plan.look_time(number) for number in range(1, 8)]
    return add_up(better, plan, list(METRICS.values()), times)


@pytest.mark.parametrize("look", [2, 7])
@pytest.mark.parametrize("name", list(VALUES))
def test_the_moments_of_a_metric_are_those_of_pandas(plan, better, added_up, name, look):
    times = [plan.look_time(number) for number in range(1, look + 1)]
    arm = added_up[look - 1].arms["short"]
    own = better[(better.variant == "short") & (better.timestamp < times[-1])]
    now = per_user(own, name)
    then = per_user(better[better.timestamp < plan.start], name).reindex(now.index, fill_value=0)
    if name == "turns_per_user":
        now["count"], then["count"] = 1, (then["count"] > 0).astype(int)
    table = np.column_stack([now["value"], now["count"], then["value"], then["count"]])
    assert (arm.users, arm.turns) == (len(now), len(own))
    assert arm.known[name] == (now["count"] > 0).sum()
    assert [arm.means[column] for column in columns(METRICS[name])] == pytest.approx(table.mean(axis=0))
    names, spread = columns(METRICS[name]), np.cov(table.T)
    found = [[arm.covariances[one, other] for other in names[at:]] for at, one in enumerate(names)]
    assert found == [pytest.approx(spread[at, at:]) for at in range(4)]


def test_all_holders_of_turns_give_the_same(plan, better, tmp_path):
    better.to_parquet(tmp_path / "turns.parquet")
    metrics, times = [METRICS["task_completion"]], [plan.end]
    assert add_up(better, plan, metrics, times) == add_up(tmp_path / "turns.parquet", plan, metrics, times)


def test_a_moment_before_gives_what_was_known_then(plan, better):
    times = [plan.look_time(1), plan.end]
    early = better[better.timestamp < times[0]]
    metrics = [METRICS["task_completion"]]
    assert add_up(better, plan, metrics, times)[0] == add_up(early, plan, metrics, times[:1])[0]


def test_new_users_are_counted_once_in_the_time_they_came(plan, better):
    times = [plan.look_time(number) for number in range(1, 8)]
    users = add_up(better, plan, [METRICS["task_completion"]], times)[-1]
    first = better[better.variant.notna()].groupby("user_id").timestamp.min()
    arms = better[better.variant.notna()].groupby("user_id").variant.first()
    day = (first - plan.start) // timedelta(days=1)
    expected = pd.crosstab(day, arms)[["control", "short"]].to_numpy().tolist()
    assert [list(new.values()) for new in users.new] == expected


def test_users_with_several_variants_too_many_turns_or_a_strange_variant_are_left_out_and_counted(plan, alike):
    turns = alike.copy()
    running = turns.index[turns.experiment.notna()]
    shown = turns.loc[running].groupby("user_id").variant.first()
    twice, odd = turns.loc[running].user_id.value_counts().index[:2]
    last = turns.loc[running][turns.loc[running].user_id == twice].index[-1]
    turns.loc[last, "variant"] = "short" if shown[twice] == "control" else "control"
    turns.loc[(turns.user_id == odd) & turns.experiment.notna(), "variant"] = "shorter"
    bot = shown.index[(shown == "short") & ~shown.index.isin([twice, odd])][0]
    row = turns[(turns.user_id == bot) & turns.experiment.notna()].iloc[:1]
    busy = row.loc[row.index.repeat(10_000)].assign(turn_id=[f"bot-{number}" for number in range(10_000)])
    turns = pd.concat([turns, busy], ignore_index=True)
    (users,) = add_up(turns, plan, [METRICS["task_completion"]], [plan.end])
    assert (users.several, users.bots, users.strange) == (1, {"short": 1}, {"shorter": 1})
    assert sum(arm.users for arm in users.arms.values()) == len(shown) - 3
    assert users.arms["short"].turns < 10_000


def test_turns_that_cannot_be_counted_are_told_apart(plan, alike):
    turns = alike.copy()
    running = turns.index[turns.experiment.notna()]
    turns.loc[running[0], "user_id"] = None
    turns.loc[running[1:3], "variant"] = None
    turns.loc[turns.index[:4], "experiment"] = plan.name
    found = loose(turns, plan, plan.end)
    assert (found.without_user, found.without_variant, found.before) == (1, 2 + 4, 4)
    assert (found.first, found.last) == (turns.timestamp.min(), turns.timestamp.max())


def test_turns_of_the_variants_before_the_planned_start_are_no_days_before(plan, better):
    running = better[better.experiment.notna()]
    early = running.assign(timestamp=running.timestamp - pd.Timedelta(days=7), turn_id=running.turn_id + "-early")
    metrics = [METRICS["task_completion"]]
    with_early, without = (
        add_up(turns, plan, metrics, [plan.end]) for turns in (pd.concat([better, early], ignore_index=True), better)
    )
    assert with_early == without


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_a_value_that_is_no_number_is_refused(plan, alike, value):
    odd = f"CASE WHEN turn_id = '{alike.turn_id[0]}' THEN '{value}'::DOUBLE ELSE response_time END"
    turns = relation(alike).project(f"* REPLACE ({odd} AS response_time)")
    with pytest.raises(ValueError, match="response_time of 1 of 2000 users is no finite number"):
        add_up(turns, plan, [METRICS["response_time"]], [plan.end])


def test_an_experiment_without_turns_has_no_users(plan):
    (users,) = add_up([], plan, [METRICS["task_completion"]], [plan.end])
    assert {variant: arm.users for variant, arm in users.arms.items()} == {"control": 0, "short": 0}
    assert loose([], plan, plan.end).last is None


def test_a_name_with_a_quote_is_a_name(make_plan, make_turns):
    plan = make_plan(name="it's", variants={"it's old": 1, "it's new": 1})
    (users,) = add_up(make_turns(plan, users=200), plan, [METRICS["task_completion"]], [plan.end])
    assert sum(arm.users for arm in users.arms.values()) == 200
