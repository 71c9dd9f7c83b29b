"""Effects against tea-tasting on rows, statsmodels, and the correlation that CUPED lives off."""

import sys

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import tea_tasting
from scipy import stats

from chatmon._tools.extras import MissingPackageError
from chatmon.experiment._aggregate import Arm, add_up, columns
from chatmon.experiment._effects import Effect, effect
from chatmon.experiment._metrics import METRICS


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


DONE, ERRORS, RATED = METRICS["task_completion"], METRICS["error_rate"], METRICS["satisfaction"]


def arm(values, counts=None, name="task_completion", before=None, known_before=None):
    """Users with these sums of a metric over so many turns, and over a turn of each before the experiment."""
    counts = np.ones(len(values)) if counts is None else counts
    known_before = (0 if before is None else len(before)) if known_before is None else known_before
    then = (np.zeros(len(values)),) * 2 if before is None else (before, np.ones(len(values)))
    table = np.column_stack([values, counts, *then])
    names, spread = columns(METRICS[name]), np.cov(table.T)
    pairs = {(names[a], names[b]): float(spread[a, b]) for a in range(4) for b in range(a, 4)}
    known = {name: int((np.asarray(counts) > 0).sum())}
    means = dict(zip(names, table.mean(axis=0).tolist(), strict=True))
    return Arm(len(values), len(values), known, {name: known_before}, means, pairs)


LOW, HIGH = [0.0, 0.0, 0.0, 1.0] * 25, [0.0, 1.0] * 50
"""Of a hundred users each, a quarter and a half whose task was completed."""


def test_an_effect_worked_by_hand():
    found = effect(DONE, "b", arm(LOW), arm(HIGH))
    error = ((0.25 * 0.75 + 0.5 * 0.5) / 99) ** 0.5
    assert (found.metric, found.variant, found.users) == ("task_completion", "b", 200)
    assert (found.control, found.treatment, found.difference, found.relative) == (0.25, 0.5, 0.25, 1.0)
    assert (found.error, found.z, found.gain) == pytest.approx((error, 0.25 / error, 0.25 / error))
    assert found.p == pytest.approx(2 * stats.norm.sf(found.z))
    # The logarithm of a ratio has the relative errors of both, by the delta method.
    assert found.log_error == pytest.approx(((0.75 / 0.25 + 0.5 / 0.5) / 99) ** 0.5, rel=1e-6)
    assert effect(ERRORS, "b", arm(LOW, name="error_rate"), arm(HIGH, name="error_rate")).gain == pytest.approx(
        -found.gain
    )


def test_fifty_users_of_each_are_enough():
    assert isinstance(effect(DONE, "b", arm(LOW[:50]), arm(HIGH[:50])), Effect)
    unknown = arm(LOW)._replace(known={})
    assert effect(DONE, "b", unknown, arm(HIGH)).startswith("too few users: 0 of the control and 100 of b,")


def test_the_unit_of_a_metric_does_not_matter_even_where_users_hardly_differ():
    low, high = (np.array([1.0, 1.0001] * 50) + more for more in (0, 0.0001))
    expected = stats.ttest_ind(high, low).statistic
    for unit in (1e-6, 1.0, 1e6):
        arms = (arm(values * unit, name="satisfaction") for values in (low, high))
        assert effect(RATED, "b", *arms).z == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("control", "treatment"), [([1.0] * 100, HIGH), (HIGH, [1.0] * 100)])
def test_where_users_of_one_variant_alone_differ_their_chance_is_the_error(control, treatment):
    plain = effect(RATED, "b", *(arm(values, name="satisfaction") for values in (control, treatment)))
    assert plain.error == pytest.approx((0.25 / 99) ** 0.5)
    found = effect(RATED, "b", *(arm(values, name="satisfaction", before=LOW) for values in (control, treatment)))
    # By hand, the days before take a quarter of the one variance, and give the other a twelfth of that.
    assert found.saved == pytest.approx(1 - (0.75 + 1 / 12))
    assert (found.error / plain.error) ** 2 == pytest.approx(1 - found.saved)


@pytest.mark.parametrize(("control", "treatment"), [([0.0] * 100, HIGH), (HIGH, [0.0] * 100)])
def test_against_nothing_at_all_there_is_a_difference_and_no_ratio(control, treatment):
    found = effect(RATED, "b", *(arm(values, name="satisfaction") for values in (control, treatment)))
    assert (abs(found.difference), found.log_error, found.relative_interval(2.0)) == (0.5, None, None)


def test_a_share_without_a_single_event_has_an_interval_and_no_error_of_nothing():
    # 12 of 1,200 turns failed, each of another user, against none of 1,200: by hand,
    # 0.01 / sqrt(2 x 0.005 x 0.995 / 1200).
    some = arm([1.0] * 12 + [0.0] * 588, [2.0] * 600, name="error_rate")
    none = arm([0.0] * 600, [2.0] * 600, name="error_rate")
    found = effect(ERRORS, "b", some, none)
    assert (found.control, found.treatment, found.saved) == (pytest.approx(0.01), 0, 0)
    assert found.z == pytest.approx(-0.01 / (2 * 0.005 * 0.995 / 1200) ** 0.5, rel=1e-3)
    assert found.gain > 3
    assert found.relative_interval(1.96)[1] < -0.6
    back = effect(ERRORS, "b", none, some)
    assert (back.relative, back.relative_interval(1.96)[1]) == (None, np.inf)
    assert back.z == pytest.approx(-found.z)


@pytest.mark.parametrize(("events", "rare"), [(9, True), (10, False), (90, False), (91, True)])
def test_fewer_than_ten_turns_with_or_without_the_event_are_rare(events, rare):
    some, half = ([1.0] * n + [0.0] * (100 - n) for n in (events, 50))
    assert (effect(ERRORS, "b", *(arm(one, name="error_rate") for one in (half, some))).counts is not None) == rare


def test_turns_of_one_user_that_fail_together_count_as_fewer():
    together = arm([5.0] * 4 + [0.0] * 596, [5.0] * 600, name="error_rate")
    apart = arm([1.0] * 20 + [0.0] * 580, [5.0] * 600, name="error_rate")
    none = arm([0.0] * 600, [5.0] * 600, name="error_rate")
    alone, many = (effect(ERRORS, "b", none, one) for one in (together, apart))
    assert alone.treatment == pytest.approx(many.treatment)
    assert alone.z == pytest.approx(many.z / 5**0.5, rel=0.01)


def test_nobody_failing_is_proof_by_users_and_not_by_turns():
    found = effect(ERRORS, "b", *[arm([0.0] * 60, [50.0] * 60, name="error_rate")] * 2)
    assert (found.difference, found.z) == (0, 0)
    assert found.interval(1.96)[1] == pytest.approx(0.06, abs=0.001)


def test_few_users_with_most_of_the_turns_count_as_few_and_widen_the_interval():
    # One of 100 users has half of the 198 turns: (99 + 99)^2 / (99^2 + 99) = 3.96 users.
    counts = np.array([99.0] + [1.0] * 99)
    values = counts * np.linspace(1, 5, 100)
    found = effect(RATED, "b", *[arm(values, counts, name="satisfaction")] * 2)
    assert found.effective == pytest.approx((3.96, 3.96))
    assert found.freedom == pytest.approx(2 * 3.96 / 3)
    half = found.interval(1.959963984540054)[1] - found.difference
    assert half / found.error == pytest.approx(stats.t.isf(0.025, found.freedom))
    even = effect(RATED, "b", *[arm(np.linspace(1, 5, 100), name="satisfaction")] * 2)
    assert (even.freedom, even.effective) == (np.inf, pytest.approx((100, 100)))


def test_an_adjusted_value_next_to_nothing_is_left_unadjusted():
    # Twenty of 5,000 failed, and what the days before explain would leave the control a hair above 0.
    random = np.random.default_rng(5)
    before, failed = random.random(5000) < 0.004, np.zeros(5000)
    failed[:12] = 1
    tables = [arm(failed, name="cost_per_turn", before=before * more) for more in (1.0, 40.0)]
    for one, other in (tables, tables[::-1]):
        found = effect(METRICS["cost_per_turn"], "b", one, other)
        assert isinstance(found, Effect)


CALM, WILD = np.array([1.0, -1, 1, -1] * 25), np.array([1.0, 1, -1, -1] * 25)
"""What differs between a hundred users in two ways that know nothing of each other."""


def test_the_days_before_narrow_an_error_by_as_much_as_is_said():
    control, treatment = 5 + CALM + WILD, 6 + 3 * CALM + 0.5 * WILD
    found, plain = (
        effect(RATED, "b", arm(control, name="satisfaction", **then), arm(treatment, name="satisfaction", **then))
        for then in ({"before": 4 + CALM}, {})
    )
    # Both together move by 2 with the days before: that leaves each 1 to either side of its own 1 and 3.
    assert found.saved == pytest.approx(1 - (1 + 1 + 1 + 0.25) / (1 + 1 + 9 + 0.25))
    assert (found.error / plain.error) ** 2 == pytest.approx(1 - found.saved)
    assert (plain.saved, plain.difference) == (0, pytest.approx(found.difference))


@pytest.mark.parametrize(("control", "treatment", "used"), [(50, 50, True), (100, 49, False), (49, 100, False)])
def test_the_days_before_count_where_fifty_users_of_each_have_any(control, treatment, used):
    noisy = [arm(5 + CALM + WILD, before=4 + CALM, known_before=n) for n in (control, treatment)]
    assert effect(DONE, "b", *noisy).saved == (pytest.approx(0.5) if used else 0)


@pytest.mark.parametrize("rest", [0.0, 0.5])
def test_days_before_that_explain_all_of_a_variant_are_not_used(rest):
    control, treatment = 5 + CALM, 6 + CALM + rest * WILD
    found, plain = (
        effect(DONE, "b", arm(control, **then), arm(treatment, **then)) for then in ({"before": 4 + CALM}, {})
    )
    assert found == plain
    assert found.saved == 0


def test_days_before_in_which_all_were_alike_explain_nothing():
    found, plain = (effect(DONE, "b", arm(LOW, **then), arm(HIGH, **then)) for then in ({"before": np.ones(100)}, {}))
    assert (found.saved, found.z, found.error) == (0, pytest.approx(plain.z), pytest.approx(plain.error))


def test_a_ratio_that_nobody_can_say_is_an_interval_without_end():
    vague = Effect("satisfaction", "b", 200, control=1.0, treatment=2.0, error=9.0, log_error=1000.0, z=0.1)
    low, high = vague.relative_interval(2.0)
    assert (low, high > 1e300) == (-1, True)


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


@pytest.mark.parametrize("value", [8.0, 0.3, 0.0])
def test_values_that_are_all_equal_have_no_difference_and_no_error(value):
    found = effect(DONE, "b", arm([value] * 100, [2.0] * 100), arm([value] * 100, [2.0] * 100))
    assert (found.control, found.treatment, found.users) == (pytest.approx(value / 2), pytest.approx(value / 2), 200)
    assert (found.difference, found.error, found.z, found.p, found.saved) == (0, 0, 0, 1, 0)
    assert found.relative_interval(3.0) == ((0, 0) if value else (-1, np.inf))


def test_a_control_below_zero_has_no_percentage():
    below = Effect("satisfaction", "short", 2000, control=-1.0, treatment=-2.0, error=0.1, log_error=None, z=-10.0)
    assert (below.relative, below.relative_interval(2.0)) == (None, None)
    assert below.gain == -10


@pytest.mark.parametrize("share", [1.0, 0.3])  # 0.3 has a variance of rounding
def test_all_against_none_is_beyond_any_chance(share):
    none, every = (arm([value] * 100, name="error_rate") for value in (0.0, share))
    found = effect(ERRORS, "b", none, every)
    assert (found.control, found.treatment) == (0, pytest.approx(share))
    # Pooled: share / sqrt(share / 2 x (1 - share / 2) x 2 / 100).
    assert found.z == -found.gain == pytest.approx(share / (share * (1 - share / 2) / 100) ** 0.5)
    assert (found.relative, found.relative_interval(2.0)[1]) == (None, np.inf)
    assert effect(ERRORS, "b", every, none).z == pytest.approx(-found.z)


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
    monkeypatch.setitem(sys.modules, "tea_tasting", None)
    with pytest.raises(MissingPackageError, match=r"test needs tea_tasting: pip install 'chatmon\[experiment\]'"):
        effect(METRICS["task_completion"], "b", arm([0.0, 1.0] * 50), arm([0.0, 1.0] * 50))
