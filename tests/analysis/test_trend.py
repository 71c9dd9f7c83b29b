from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from analysis.by_hand import MONDAY, turn
from scipy import stats

from chatmon import analysis
from chatmon.analysis._trend import ALPHA, TREND_MEASURES, trend

RNG = np.random.default_rng(20261005)


def hourly(counts, **columns):
    """Return as many turns in each hour from Monday on as counts say, each a conversation of its own user."""
    hours = np.repeat(np.arange(len(counts)), counts)
    minutes = pd.to_timedelta(hours * 60 + RNG.uniform(0, 60, len(hours)), unit="min").floor("us")
    names = pd.Series(np.arange(len(hours)).astype(str))
    frame = pd.DataFrame({"turn_id": names, "conversation_id": names, "user_id": names})
    return frame.assign(timestamp=pd.Timestamp(MONDAY).as_unit("us") + minutes, hour=hours, **columns)


def outside(turns, every, measure):
    found = trend(turns.drop(columns="hour"), every, measure)
    return found.loc[found["outside"].fillna(False), "period"].tolist()


@pytest.fixture(scope="module")
def calm():
    """Three weeks, 40 turns an hour: only chance, some errors, some ratings."""
    turns = hourly(RNG.poisson(40, 24 * 21))
    n = len(turns)
    return turns.assign(
        error_type=np.where(RNG.random(n) < 0.02, "TimeoutError", None),
        response_time=RNG.lognormal(0, 0.5, n),
        task_completed=RNG.random(n) < 0.8,
        user_satisfaction=np.where(RNG.random(n) < 0.5, RNG.integers(1, 6, n), np.nan),
    )


def at(hour):
    return pd.Timestamp(MONDAY + timedelta(hours=hour))


@pytest.mark.parametrize("every", ["hour", "day"])
@pytest.mark.parametrize(
    "measure", ["turns", "conversations", "error_rate", "completion", "median", "p95", "satisfaction"]
)
def test_where_only_chance_is_at_work_nothing_is_outside(calm, every, measure):
    assert outside(calm, every, measure) == []


def test_values_are_those_of_pandas(calm):
    by_hour = calm.set_index("timestamp").groupby(pd.Grouper(freq="h"))
    wanted = {
        "turns": by_hour.size(),
        "error_rate": by_hour["error_type"].count() / by_hour.size(),
        "completion": by_hour["task_completed"].mean(),
        "p95": by_hour["response_time"].quantile(0.95),
        "satisfaction": by_hour["user_satisfaction"].mean(),
    }
    for measure, values in wanted.items():
        found = trend(calm.drop(columns="hour"), "hour", measure)
        assert found["value"].to_numpy() == pytest.approx(values.to_numpy(dtype=float), rel=1e-9), measure


def test_completion_is_of_the_turns_that_say_so_and_unknown_where_none_does(calm):
    said = calm.drop(columns="hour").head(4000)
    half = said.assign(task_completed=said["task_completed"].astype("boolean").where(said.index % 2 == 0))
    whole = half.assign(
        task_completed=half["task_completed"].where(half["timestamp"] >= at(48)), error_type="TimeoutError"
    )
    found = trend(whole, "day", "completion")
    assert found["value"].isna().tolist() == [True, True] + [False] * (len(found) - 2)
    wanted = whole.set_index("timestamp")["task_completed"].astype("float64").resample("D").mean()
    assert found["value"].tolist() == pytest.approx(wanted.tolist(), nan_ok=True)


def test_the_band_of_single_turns_is_little_wider_than_that_of_poisson(calm):
    found = trend(calm.drop(columns="hour"), "hour", "turns")
    tail = ALPHA / 2 / len(found)
    narrowest, widest = stats.poisson(40).ppf([tail, 1 - tail])
    assert widest * 0.95 < found["high"].median() < widest * 1.35
    assert narrowest * 0.5 < found["low"].median() < narrowest * 1.1


def test_an_hour_without_any_turn_is_outside(calm):
    assert outside(calm[calm["hour"] != 226], "hour", "turns") == [at(226)]


def test_an_hour_with_twice_the_turns_is_outside(calm):
    twice = calm[calm["hour"] == 226].assign(
        turn_id=lambda rows: "x" + rows["turn_id"], conversation_id=lambda rows: "x" + rows["conversation_id"],
        user_id=lambda rows: "x" + rows["user_id"],
    )  # fmt: skip
    assert outside(pd.concat([calm, twice, twice.assign(turn_id="y" + twice["turn_id"])]), "hour", "turns") == [at(226)]


def test_an_incident_does_not_widen_the_band_of_its_like(calm):
    busy = calm[calm["hour"] == 226]
    busy = [
        busy.assign(**{name: each + busy[name] for name in ("turn_id", "conversation_id", "user_id")})
        for each in "wxyz"
    ]
    before, after = (trend(log.drop(columns="hour"), "hour", "turns") for log in (calm, pd.concat([calm, *busy])))
    assert after["outside"].sum() == 1
    like = (before["period"].dt.hour == 226 % 24) & (before["period"].dt.day_of_week < 5) & ~after["outside"]
    assert after["high"][like].to_numpy() == pytest.approx(before["high"][like].to_numpy(), rel=0.06)


def test_an_hour_of_failures_is_outside_unless_one_user_has_them_all(calm):
    struck = (calm["hour"] == 226) & (calm.groupby("hour").cumcount() < 15)
    failing = calm.assign(error_type=calm["error_type"].mask(struck, "TimeoutError"))
    assert outside(failing, "hour", "error_rate") == [at(226)]
    assert outside(failing.assign(user_id=calm["user_id"].mask(struck, "one")), "hour", "error_rate") == []


def test_a_day_on_which_replies_are_slower_is_outside(calm):
    slow = calm.assign(response_time=calm["response_time"] * np.where(calm["hour"] // 24 == 9, 1.3, 1.0))
    for measure in ("median", "p95"):
        assert outside(slow, "day", measure) == [at(9 * 24)]


def test_a_day_on_which_fewer_tasks_are_completed_is_outside_at_the_lower_end(calm):
    worse = calm.assign(
        task_completed=calm["task_completed"] & ~((calm["hour"] // 24 == 9) & (RNG.random(len(calm)) < 0.2))
    )
    assert outside(worse, "day", "completion") == [at(9 * 24)]
    found = trend(worse.drop(columns="hour"), "day", "completion").iloc[9]
    assert found["value"] < found["low"] < found["high"] <= 1


def test_weekends_are_held_against_weekends():
    counts = np.where(np.arange(24 * 42) // 24 % 7 >= 5, 8, 40)
    assert outside(hourly(RNG.poisson(counts)), "day", "turns") == []
    counts[24 * 19 : 24 * 20] = 40
    assert outside(hourly(RNG.poisson(counts)), "day", "turns") == [at(24 * 19)]


def test_weekdays_are_summed_up_without_a_band(calm):
    found = trend(calm.drop(columns="hour"), "weekday", "turns")
    assert found["period"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert found["value"].tolist() == calm.groupby(calm["timestamp"].dt.day_of_week).size().tolist()
    assert found["outside"].isna().all()


def test_little_is_no_ground_for_a_claim():
    found = trend([turn(place, hours=24 * place) for place in range(4)], "day", "turns")
    assert found["value"].tolist() == [1, 1, 1, 1]
    assert found["outside"].isna().all()


def test_a_day_that_the_log_only_touches_is_not_judged(calm):
    found = trend(calm[calm["hour"] >= 12].drop(columns="hour"), "day", "turns")
    assert found["outside"].isna().tolist() == [True] + [False] * 20


def test_unknown_is_not_zero(calm):
    found = trend(calm.drop(columns="hour"), "day", "cost")
    assert found["value"].isna().all()
    assert found["outside"].isna().all()
    some = [turn(place, hours=24 * place, cost=cost) for place, cost in enumerate(["1", None, "2"])]
    assert trend(some, "day", "cost")["value"].isna().tolist() == [False, True, False]
    assert trend([some[0], some[2]], "day", "cost")["value"].tolist() == [1, 0, 2]


def test_what_is_unknown_is_refused_with_what_is_known():
    with pytest.raises(ValueError, match=r"every \('week'\) is unknown: it is one of hour, day, weekday"):
        analysis.trend([], every="week")
    with pytest.raises(ValueError, match=rf"measure \('price'\) is unknown: it is one of {', '.join(TREND_MEASURES)}"):
        analysis.trend([], measure="price")
