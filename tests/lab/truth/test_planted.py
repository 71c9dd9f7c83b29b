"""What is planted is seen, in the analysis that should see it and in the slice where it lies."""

from datetime import UTC, datetime, timedelta

import pytest

from chatmon import analysis
from chatmon._tools.models import course_models
from chatmon.lab.traffic import Problem, simulate

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
WEEK = timedelta(days=7)
STRONG = course_models().desk.strong


def log(problem, seed=1, days=14):
    found = simulate(seed, start=MONDAY, days=days, problems=[Problem.parse(problem)])
    return analysis.relation(found.turns)


def weeks(problem, seed=1):
    """Return the quiet first week compared with the second, in which the problem goes on."""
    turns = log(f"{problem}@2026-10-12/2026-10-19", seed)
    return analysis.compare(analysis.between(turns, end=MONDAY + WEEK), analysis.between(turns, MONDAY + WEEK))


def changed(found, measure, by):
    return {segment.value for segment in found[measure].by(by).segments if segment.changed}


def outside(turns, every, measure):
    found = analysis.trend(turns, every, measure)
    return found.loc[found["outside"].fillna(False), "period"].dt.strftime("%m-%d %H").tolist()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_latency_step_is_a_change_of_its_channel_alone(seed):
    found = weeks("latency_step:channel=app", seed)
    assert found["response_time"].changed
    assert changed(found, "response_time", "channel") == {"app"}
    assert found["response_time"].by("channel").rate_of_mean.changed
    assert not found["cost"].changed


@pytest.mark.parametrize("seed", [1, 2])
def test_a_bloated_prompt_is_a_change_of_its_version_alone(seed):
    found = weeks("prompt_bloat:prompt_version=v3", seed)
    split = found["tokens"].by("prompt_version")
    assert changed(found, "tokens", "prompt_version") == {"v3"}
    assert split.rate_of_mean.changed
    assert not split.mix_of_mean.changed
    # 700 tokens were put into each of its prompts.
    assert split["v3"].difference.low < 700 < split["v3"].difference.high


@pytest.mark.parametrize("seed", [1, 2])
def test_a_price_that_changed_changes_cost_and_no_tokens(seed):
    found = weeks(f"price_change:model={STRONG}", seed)
    split = found["cost"].by("model")
    assert changed(found, "cost", "model") == {STRONG}
    assert split.rate_of_mean.changed
    assert not split.mix_of_mean.changed
    assert changed(found, "tokens", "model") == set()
    assert not found["tokens"].changed


@pytest.mark.parametrize("seed", [1, 2])
def test_another_mix_of_questions_is_mix_and_no_intent_changed(seed):
    found = weeks("mix_shift:intent=router", seed)
    for measure in ("cost", "tokens", "response_time"):
        split = found[measure].by("intent")
        assert split.mix_of_mean.changed
        assert not split.rate_of_mean.changed
        assert changed(found, measure, "intent") == set()
    assert found["cost"].by("intent").mix > abs(found["cost"].by("intent").rate)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_drop_in_quality_is_seen_in_the_completion_of_its_intent(seed):
    found = weeks("quality_drop:intent=router", seed)
    assert changed(found, "completion", "intent") == {"router"}
    assert found["completion"].by("intent")["router"].difference.high < 0
    assert not found["errors"].changed


def test_a_queue_that_drives_people_away_is_seen_in_conversations():
    turns = log("abandonment:region=france:severe@2026-10-12/2026-10-19")
    second = analysis.between(turns, MONDAY + WEEK)
    there, elsewhere = (
        analysis.conversations(second.filter(f"region {sign} 'france'")).abandonment for sign in ("=", "<>")
    )
    assert there.low > elsewhere.high
    found = analysis.compare(analysis.between(turns, end=MONDAY + WEEK), second)
    assert changed(found, "response_time", "region") == {"france"}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_retry_storm_is_a_rise_of_errors_where_it_rages(seed):
    found = weeks("retry_storm:region=germany", seed)
    assert changed(found, "errors", "region") == {"germany"}
    assert found["errors"].by("region").rate_of_mean.changed


def test_a_retry_storm_has_its_days_outside_the_band():
    turns = log("retry_storm:region=germany@2026-10-13T10:00/2026-10-15T10:00", days=28)
    assert set(outside(turns, "day", "error_rate")) & {"10-13 00", "10-14 00", "10-15 00"}
    assert outside(turns, "day", "turns") == []


def test_a_burst_of_errors_is_the_one_hour_outside_the_band_and_the_one_class():
    turns = log("error_burst:severe@2026-10-15T14:00/2026-10-15T15:00", days=28)
    assert outside(turns, "hour", "error_rate") == ["10-15 14"]
    hour = analysis.between(turns, datetime(2026, 10, 15, 14, tzinfo=UTC), datetime(2026, 10, 15, 15, tzinfo=UTC))
    inside, whole = (analysis.errors(one).set_index("error_class")["turns"]["server"] for one in (hour, turns))
    assert inside > whole / 2


def test_two_slow_days_of_a_channel_are_the_days_outside_its_band():
    turns = log("latency_step:channel=app:severe@2026-10-22/2026-10-24", days=28).filter("channel = 'app'")
    assert outside(turns, "day", "median") == ["10-22 00", "10-23 00"]
