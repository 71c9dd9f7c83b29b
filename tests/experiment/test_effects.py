"""Effects against tea-tasting on rows, statsmodels, and the correlation that CUPED lives off."""

import importlib

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import tea_tasting
from scipy import stats

from chatmon.experiment.aggregate import Arm, add_up, columns
from chatmon.experiment.effects import Effect, effect
from chatmon.experiment.metrics import METRICS


def the_effect(turns, plan, name):
    (users,) = add_up(turns, plan, [METRICS[name]], [plan.end])
    return effect(METRICS[name], "short", users.arms["control"], users.arms["short"])


def user_rows(turns, plan):
    turns = turns.assign(done=turns.task_completed.astype(float), n=1.0)
    now = turns[turns.variant.notna()].groupby("user_id").agg(done=("done", "sum"), n=("n", "sum"))
    then = (
        turns[turns.timestamp < plan.start].groupby("user_id").agg(done_before=("done", "sum"), n_before=("n", "sum"))
    )
    arms = turns[turns.variant.notna()].groupby("user_id").variant.first()
    return now.join(then).fillna(0).join(arms).reset_index()


def test_an_effect_is_tea_tasting_s_on_a_row_for_each_user(plan, better):
    metric = tea_tasting.RatioOfMeans("done", "n", "done_before", "n_before", use_t=False)
    expected = tea_tasting.Experiment(m=metric).analyze(user_rows(better, plan), control="control")["m"]
    found = the_effect(better, plan, "task_completion")
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.z, found.control, found.treatment) == pytest.approx(
        (expected.statistic, expected.control, expected.treatment), rel=1e-10
    )
    assert found.interval(1.959963984540054) == pytest.approx(
        (expected.effect_size_ci_lower, expected.effect_size_ci_upper), rel=1e-9
    )
    assert found.relative_interval(1.959963984540054) == pytest.approx(
        (expected.rel_effect_size_ci_lower, expected.rel_effect_size_ci_upper), rel=1e-9
    )


def test_without_days_before_an_effect_is_the_clustered_regression_s(make_plan, make_turns):
    plan = make_plan(pre_days=0)
    turns = make_turns(plan, uplift=0.05)
    own = turns[turns.variant.notna()]
    x = sm.add_constant((own.variant == "short").astype(float).to_numpy())
    users = pd.factorize(own.user_id)[0]
    fitted = sm.OLS(own.task_completed.astype(float).to_numpy(), x).fit(cov_type="cluster", cov_kwds={"groups": users})
    found = the_effect(turns, plan, "task_completion")
    assert found.difference == pytest.approx(fitted.params[1])
    assert found.error == pytest.approx(fitted.bse[1], rel=2e-3)
    assert found.saved == 0


def test_a_total_by_user_is_welch_s_test(make_plan, make_turns):
    plan = make_plan(pre_days=0)
    turns = make_turns(plan)
    own = turns[turns.variant.notna()].groupby(["variant", "user_id"]).size()
    expected = stats.ttest_ind(own["short"], own["control"], equal_var=False)
    assert the_effect(turns, plan, "turns_per_user").z == pytest.approx(expected.statistic)


def test_the_days_before_save_the_squared_correlation_of_the_variance(make_plan, make_turns):
    plan = make_plan(pre_days=14)
    turns = make_turns(plan, users=6000)
    turns["seconds"] = turns.response_time
    halves = [turns[turns.timestamp < plan.start], turns[turns.variant.notna()]]
    sums = [half.groupby("user_id").seconds.agg(["sum", "count"]) for half in halves]
    left = [one["sum"] - one["sum"].sum() / one["count"].sum() * one["count"] for one in sums]
    rho = np.corrcoef(left[0], left[1])[0, 1]
    found = the_effect(turns, plan, "response_time")
    assert rho**2 > 0.1
    assert found.saved == pytest.approx(rho**2, abs=0.05)
    plain = the_effect(turns[turns.variant.notna()], plan, "response_time")
    assert (found.error / plain.error) ** 2 == pytest.approx(1 - found.saved, abs=0.02)
    assert plain.saved == 0


def arm(values, counts=None, name="task_completion"):
    counts = np.ones(len(values)) if counts is None else counts
    table = np.column_stack([values, counts, np.zeros(len(values)), np.zeros(len(values))])
    names, spread = columns(METRICS[name]), np.cov(table.T)
    pairs = {(names[a], names[b]): float(spread[a, b]) for a in range(4) for b in range(a, 4)}
    known = {name: int((np.asarray(counts) > 0).sum())}
    means = dict(zip(names, table.mean(axis=0).tolist(), strict=True))
    return Arm(len(values), len(values), known, {name: 0}, means, pairs)


def test_values_that_are_all_equal_have_no_difference_and_no_error():
    found = effect(METRICS["task_completion"], "b", arm([1.0] * 100), arm([1.0] * 100))
    assert (found.difference, found.error, found.z, found.p) == (0, 0, 0, 1)
    assert found.relative_interval(3.0) == (0, 0)


def test_a_control_below_zero_has_no_percentage():
    below = Effect("satisfaction", "short", 2000, control=-1.0, treatment=-2.0, error=0.1, log_error=None, z=-10.0)
    assert (below.relative, below.relative_interval(2.0)) == (None, None)
    assert below.gain == -10


def test_all_against_none_is_beyond_any_chance():
    found = effect(METRICS["error_rate"], "b", arm([0.0] * 100, name="error_rate"), arm([1.0] * 100, name="error_rate"))
    assert (found.z, found.p, found.gain) == (np.inf, 0, -np.inf)
    assert found.relative is None
    assert found.relative_interval(2.0) is None


@pytest.mark.parametrize("number", [0, 1, 2, 49])
def test_too_few_users_are_told_rather_than_tested(number):
    few = arm(np.arange(number)) if number > 1 else Arm(number, number, {"task_completion": number}, {}, {}, {})
    found = effect(METRICS["task_completion"], "b", arm([0.0, 1.0] * 50), few)
    assert found == f"too few users: 100 of the control and {number} of b, 50 of each are needed"


def test_a_metric_that_no_turn_has_is_told_rather_than_zero(plan, better):
    assert the_effect(better.drop(columns="cost"), plan, "cost_per_turn").startswith("too few users: 0 of the control")


def test_a_loss_is_negative_whichever_direction_is_better(plan, make_turns):
    turns = make_turns(plan, uplift=-0.1, tokens=1.3)
    done, tokens = (the_effect(turns, plan, name) for name in ("task_completion", "tokens_per_turn"))
    assert done.z < 0 < tokens.z
    assert done.gain < -3
    assert tokens.gain < -3


def test_without_tea_tasting_the_error_names_the_extra(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r"experiments need tea_tasting: pip install 'chatmon\[experiments\]'"):
        effect(METRICS["task_completion"], "b", arm([0.0, 1.0] * 50), arm([0.0, 1.0] * 50))
