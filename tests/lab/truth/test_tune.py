"""A limit is chosen on one part of a history and scored on the other, where it may do worse."""

from datetime import UTC, datetime, timedelta

import pytest

from chatmon.alerts._replay import replay
from chatmon.alerts.rules import Rule
from chatmon.lab.traffic import Problem, simulate
from chatmon.lab.truth.alerts import score
from chatmon.lab.truth.tune import tune

START = datetime(2026, 10, 5, tzinfo=UTC)
RULE = Rule(name="errors", measure="error", statistic="rate", window=timedelta(hours=6), above=0.1, recover=0.05,
            min_n=20, by=("region",))  # fmt: skip
LIMITS = (0.01, 0.05, 0.1, 0.2, 0.9)


@pytest.fixture(scope="module")
def made():
    plan = ("retry_storm:region=germany@2026-10-08", "retry_storm:region=uk@2026-10-15", "latency_step@2026-10-06")
    return simulate(3, start=START, days=14, problems=[Problem.parse(text) for text in plan])


@pytest.fixture(scope="module")
def tuning(made):
    return tune(RULE, made.turns, made.truth, LIMITS)


def test_the_chosen_limit_catches_most_of_those_with_few_enough_false_alarms(tuning):
    bearable = [limit for limit, one in tuning.chosen_on.items() if one.false_per_week <= 0.2]
    assert tuning.rule.limit in bearable
    assert (
        tuning.chosen_on[tuning.rule.limit].recall == max(tuning.chosen_on[limit].recall for limit in bearable) == 1.0
    )
    assert tuning.rule.recover == pytest.approx(tuning.rule.limit / 2)
    assert tuning.chosen_on[0.01].false_per_week > 0.2
    assert tuning.chosen_on[0.9].recall == 0.0


def test_the_score_is_of_the_part_that_the_limit_was_not_chosen_on(made, tuning):
    assert START + timedelta(days=6) < tuning.split < START + timedelta(days=8)
    assert [one.plant.problem.slice for one in tuning.score.incidents] == [{"region": "uk"}]
    assert [one.plant.problem.slice for one in tuning.chosen_on[0.1].incidents] == [{"region": "germany"}]
    again = score(replay([tuning.rule], made.turns), made.truth, start=tuning.split)
    assert again == tuning.score


def test_the_trade_off_is_a_table_with_a_row_for_each_limit(tuning):
    frame = tuning.to_frame()
    assert frame["limit"].tolist() == list(LIMITS)
    assert frame["false_per_week"].is_monotonic_decreasing
    assert frame.loc[frame["chosen"], "limit"].tolist() == [tuning.rule.limit]
    assert "Scored on the rest: 1 of 1 incidents caught" in str(tuning)


def test_without_a_bearable_limit_the_one_with_the_fewest_false_alarms_is_chosen(made):
    assert tune(RULE, made.turns, made.truth, (0.005, 0.02)).rule.limit == 0.02


@pytest.mark.parametrize(
    ("limits", "split", "words"),
    [((), None, "limits is empty"), ((0.1,), START + timedelta(days=1), "choose a later split")],
)
def test_what_cannot_be_tuned_is_refused(made, limits, split, words):
    with pytest.raises(ValueError, match=words):
        tune(RULE, made.turns, made.truth, limits, split=split)
