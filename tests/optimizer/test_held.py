import numpy as np
import pandas as pd
import pytest
from scipy import stats

from chatmon.analysis.search import cells
from chatmon.optimizer._held import LEAST_TURNS, against
from chatmon.turns import Turn, from_frame


def logged(groups, seed=3):
    """Return cells of one-turn conversations: (region, intent, n, mean) of each group, and the values."""
    from datetime import UTC, datetime, timedelta

    draw = np.random.default_rng(seed)
    turns, values = [], []
    for region, intent, n, mean in groups:
        for value in mean + draw.exponential(1.0, n):
            turns.append(
                Turn(
                    turn_id=f"t{len(turns):05}", conversation_id=f"c{len(turns):05}", region=region, intent=intent,
                    timestamp=datetime(2026, 10, 5, tzinfo=UTC) + timedelta(minutes=len(turns)), response_time=value,
                )
            )  # fmt: skip
            values.append((region, intent, value))
    return cells.read(turns), values


def test_one_group_is_welchs_comparison():
    table, values = logged([("a", "x", 400, 2.0), ("b", "x", 300, 1.5)])
    rows = np.asarray(table.dimensions["region"] == "a", dtype=bool)
    held = against(table, "response_time", rows, ~rows, like=("intent",))
    a, b = ([value for region, _, value in values if region == which] for which in "ab")
    expected = stats.ttest_ind(a, b, equal_var=False)
    assert held.change == pytest.approx(np.mean(a) - np.mean(b))
    assert held.errors_away == pytest.approx(expected.statistic, rel=0.005)
    assert held.n == 400


def test_another_mix_of_intents_is_no_difference():
    table, _ = logged(
        [("a", "long", 900, 9.0), ("a", "short", 300, 1.0), ("b", "long", 300, 9.0), ("b", "short", 900, 1.0)]
    )
    rows = np.asarray(table.dimensions["region"] == "a", dtype=bool)
    alike = against(table, "response_time", rows, ~rows, like=("intent",))
    assert abs(alike.errors_away) < 3
    assert against(table, "response_time", rows, ~rows, like=()).change > 3


def test_a_slice_of_few_turns_is_not_judged():
    table, _ = logged([("a", "x", LEAST_TURNS - 1, 9.0), ("b", "x", 900, 1.0)])
    rows = np.asarray(table.dimensions["region"] == "a", dtype=bool)
    assert against(table, "response_time", rows, ~rows) is None


def test_its_interval_holds_the_truth_19_times_of_20():
    groups = [("a", "x", 110, 1.2), ("a", "y", 110, 3.2), ("b", "x", 110, 1.0), ("b", "y", 110, 3.0)]
    inside, logs = 0, 60
    for seed in range(logs):
        table, _ = logged(groups, seed)
        rows = np.asarray(table.dimensions["region"] == "a", dtype=bool)
        held = against(table, "response_time", rows, ~rows, like=("intent",))
        inside += abs(held.change - 0.2) < 1.96 * held.error
    assert stats.binomtest(inside, logs, 0.95).pvalue > 0.001


def test_users_are_what_was_drawn_and_few_who_have_most_turns_are_no_proof():
    def held(seed, users):
        random = np.random.default_rng(seed)
        turns = pd.DataFrame({"user_id": random.integers(users, size=1200)})
        turns["region"] = np.where(turns.user_id % 3 == 0, "a", "b")  # a user stays where they are
        turns["response_time"] = np.exp(random.normal(size=users))[turns.user_id] + random.random(1200)
        turns["user_id"] = "u" + turns.user_id.astype(str)
        for name in ("turn_id", "conversation_id"):
            turns[name] = [f"{name}{n}" for n in range(1200)]
        turns["timestamp"] = pd.Timestamp("2026-10-05", tz="UTC") + pd.to_timedelta(turns.index, unit="min")
        table = cells.read(from_frame(turns))
        rows = np.asarray(table.dimensions["region"] == "a", dtype=bool)
        return against(table, "response_time", rows, ~rows)

    for users in (8, 200):
        false = sum(held(seed, users).p(1) < 0.05 for seed in range(60))
        assert stats.binomtest(false, 60, 0.05, alternative="greater").pvalue > 0.001
    assert held(1, 8).freedom < 8
    assert held(1, 2) is None, "each region is one user's"
