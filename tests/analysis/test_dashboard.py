import statistics
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from chatmon import estimates
from chatmon._tools.paths import data_file
from chatmon.analysis.dashboard import prepare_dashboard_data
from chatmon.turns import Turn, read_parquet, to_frame

START = datetime(2026, 10, 5, 22, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def frame():
    return to_frame(read_parquet(data_file("four_weeks.parquet")))


@pytest.fixture(scope="module")
def data():
    return prepare_dashboard_data(data_file("four_weeks.parquet"))


def test_every_day_has_the_percentiles_that_pandas_computes(data, frame):
    by_day = frame.groupby(frame["timestamp"].dt.floor("D"))["response_time"]
    assert data.response_time["median"].tolist() == pytest.approx(by_day.median().tolist())
    assert data.response_time["p95"].tolist() == pytest.approx(by_day.quantile(0.95).tolist())
    assert data.response_time["n"].tolist() == by_day.count().tolist()
    day = frame[frame["timestamp"].dt.floor("D") == by_day.count().index[0]]
    first = estimates.percentile(day["response_time"].tolist(), 0.95, day["user_id"].tolist())
    assert data.response_time.loc[0, ["low", "high"]].tolist() == [first.low, first.high]


def test_the_parts_add_up_to_the_whole(data, frame):
    assert data.turns == len(frame) == data.volume["turns"].sum()
    assert data.cost["cost"].sum() == frame["cost"].sum()
    assert data.volume["input_tokens"].sum() == frame["input_tokens"].sum()
    assert data.errors["turns"].sum() == frame["error_type"].notna().sum()
    assert data.satisfaction["rated"].sum() == frame["user_satisfaction"].notna().sum()
    assert data.conversations["conversations"].sum() == frame["conversation_id"].nunique()


def test_a_days_mean_rating_has_students_interval(data, frame):
    day = data.satisfaction["period"].iloc[3]
    ratings = frame.loc[frame["timestamp"].dt.floor("D") == day, "user_satisfaction"].dropna().tolist()
    wanted = estimates.mean_of(len(ratings), statistics.fmean(ratings), statistics.variance(ratings))
    assert data.satisfaction.loc[3, ["mean", "low", "high"]].tolist() == pytest.approx(list(wanted[:3]))


def test_the_share_of_errors_is_of_each_days_turns(data, frame):
    by_day = frame["error_type"].notna().groupby(frame["timestamp"].dt.floor("D")).mean()
    found = data.errors.groupby("period")["share"].sum().reindex(by_day.index, fill_value=0.0)
    assert found.tolist() == pytest.approx(by_day.tolist())


def some(n=30, minutes=10, **columns):
    return [
        Turn(turn_id=f"t{k}", conversation_id=f"c{k // 3}", timestamp=START + timedelta(minutes=minutes * k), **columns)
        for k in range(n)
    ]


def test_a_short_log_is_added_up_by_the_hour_and_a_long_one_by_the_day():
    assert prepare_dashboard_data(some()).every == "hour"
    assert prepare_dashboard_data(some(minutes=60 * 6)).every == "day"


def test_an_hour_belongs_to_where_it_began_in_utc():
    found = prepare_dashboard_data(some(4, minutes=45, cost=Decimal("0.5"), model="m"))
    assert found.volume["period"].tolist() == [
        pd.Timestamp(START).floor("h") + pd.Timedelta(hours=hours) for hours in (0, 1, 2)
    ]
    assert found.volume["turns"].tolist() == [1, 1, 2]
    assert found.cost["cost"].tolist() == [Decimal("0.5"), Decimal("0.5"), Decimal(1)]


def test_what_a_log_does_not_know_is_empty_and_not_zero():
    found = prepare_dashboard_data(some())
    for frame in (found.response_time, found.errors, found.cost, found.satisfaction):
        assert frame.empty
    assert found.volume["input_tokens"].isna().all()


def test_the_share_of_errors_is_of_all_the_periods_turns():
    turns = [*some(6, minutes=1, error_type="RateLimitError")[:3], *some(6, minutes=1)[3:]]
    found = prepare_dashboard_data(turns).errors
    assert found[["error_class", "turns", "share"]].to_dict("records") == [
        {"error_class": "rate limit", "turns": 3, "share": 0.5}
    ]


def test_no_turns_are_refused():
    with pytest.raises(ValueError, match="0 turns"):
        prepare_dashboard_data([])
