"""Forecasts: against the whole matrix of covariances, and held to their promise over simulated months."""

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import scipy.stats
from forecast import coverage

from chatmon.cost import forecast
from chatmon.cost._forecast import daily_costs, sum_of_days_to_come
from chatmon.cost._totals import rows


def days_of(frame_of, start, costs):
    """Make one turn a day, at noon."""
    first = datetime(start.year, start.month, start.day, 12, tzinfo=UTC)
    return frame_of(
        *({"timestamp": first + timedelta(days=n), "cost": cost} for n, cost in enumerate(costs) if cost is not None)
    )


def by_covariances(costs, kinds, kinds_ahead, level):
    """Return the ends of the interval of the sum of the days ahead, by another way.

    Generalised least squares with the whole matrix of covariances, the conditional normal distribution of the days
    ahead, and the restricted likelihood, for each tie and growth of a grid of this test's own: finer, evenly spaced in
    the logarithm of growth, with the prior's density as its weight.
    """
    days, ahead = len(costs), len(kinds_ahead)
    names = sorted(set(kinds))
    weeks = (np.arange(days + ahead) - (days - 1) / 2) / 7
    group_means = {
        name: np.mean([cost for cost, kind in zip(costs, kinds, strict=True) if kind == name]) for name in names
    }
    usual = np.array([group_means[kind] for kind in [*kinds, *kinds_ahead]])
    design = np.array([[float(kind == name) for name in names] for kind in [*kinds, *kinds_ahead]]) / usual[:, None]
    weights, means, scales = [], [], []
    freedom = days - len(names) + 1
    for tie in np.sin(np.linspace(np.arcsin(-0.3), np.arcsin(0.99), 40)):
        whole = tie ** np.abs(np.subtract.outer(np.arange(days + ahead), np.arange(days + ahead))) / (1 - tie**2)
        inverse = np.linalg.inv(whole[:days, :days])
        past, future, cross = design[:days], design[days:], whole[days:, :days]
        information = past.T @ inverse @ past
        for growth in np.linspace(-0.3, 0.3, 121):
            grown = np.exp(growth * weeks)
            seen, weight = costs / usual[:days] / grown[:days], usual[days:] * grown[days:]
            level_of = np.linalg.solve(information, past.T @ inverse @ seen)
            left = seen - past @ level_of
            variance = (left @ inverse @ left + (0.01 * seen.mean()) ** 2) / freedom
            means.append(weight @ (future @ level_of + cross @ inverse @ left))
            away = weight @ (future - cross @ inverse @ past)
            unknown = weight @ (whole[days:, days:] - cross @ inverse @ cross.T) @ weight
            scales.append(math.sqrt(variance * (unknown + away @ np.linalg.solve(information, away))))
            likelihood = (
                np.linalg.slogdet(inverse)[1] - np.linalg.slogdet(information)[1] - freedom * math.log(variance)
            )
            weights.append(likelihood / 2 + scipy.stats.t(2, scale=0.02).logpdf(growth))
    weights = np.exp(np.array(weights) - max(weights))
    weights /= weights.sum()

    def beyond(x, q):
        return float(weights @ scipy.stats.t.cdf((x - np.array(means)) / np.array(scales), freedom)) - q

    far = 100 * max(scales)
    return [
        scipy.optimize.brentq(beyond, min(means) - far, max(means) + far, args=(q,))
        for q in ((1 - level) / 2, (1 + level) / 2)
    ]


@pytest.mark.parametrize(
    ("days", "kind", "growth", "tie"),
    [
        (13, lambda day: 0, 0.0, 0.0),
        (20, lambda day: day.weekday() // 5, 0.05, 0.0),
        (40, lambda day: day.weekday(), 0.0, 0.7),
    ],
)
def test_the_interval_is_that_of_the_whole_matrix_of_covariances(days, kind, growth, tie):
    rng = np.random.default_rng(days)
    today = date(2026, 10, 12)
    dates = [today + timedelta(days=n) for n in range(-days, 20)]
    errors = rng.standard_normal(days)
    for n in range(1, days):
        errors[n] = tie * errors[n - 1] + math.sqrt(1 - tie**2) * errors[n]
    costs = 5 * (1 + growth) ** (np.arange(days) / 7) * np.exp(0.2 * errors)
    history = {day: float(cost) for day, cost in zip(dates[:days], costs, strict=True)}
    amounts, _ = sum_of_days_to_come(history, dict.fromkeys(dates[days:], 1.0), Decimal(0), 0.9)
    low, high = by_covariances(costs, [kind(day) for day in dates[:days]], [kind(day) for day in dates[days:]], 0.9)
    assert float(amounts[1]) == pytest.approx(low, abs=0.03 * (high - low))
    assert float(amounts[2]) == pytest.approx(high, abs=0.03 * (high - low))


def test_ten_like_days_go_on_and_are_too_few_to_tell_growth_from_chance(frame_of):
    frame = days_of(frame_of, date(2026, 10, 1), [Decimal(n) for n in (5, 6, 5, 6, 5, 6, 5, 6, 5, 6)])
    found = forecast(frame, at=datetime(2026, 10, 11, tzinfo=UTC))
    assert (found.spent, found.days_seen, found.days_left) == (55, 10, 21)
    assert float(found.value) == pytest.approx(55 + 21 * 5.5, rel=0.02)
    assert found.method == (
        "all days alike; from 10 days, as they grow and hang together: too few to tell growth from chance, 28 are "
        "needed, so that the interval is wide"
    )
    assert str(found).startswith(f"October 2026: ${found.value:.2f} (95% between ${found.low:.2f} and ")


def test_too_few_days_give_no_forecast_and_say_so(frame_of):
    frame = days_of(frame_of, date(2026, 10, 1), [Decimal(3)] * 6)
    found = forecast(frame, at=datetime(2026, 10, 7, tzinfo=UTC))
    assert (found.value, found.low, found.high, found.spent) == (None, None, None, 18)
    assert found.method == "6 whole days of history, 7 are needed"
    assert "$18.00 spent, no forecast: 6 whole days" in found._repr_html_()


def test_a_forecast_of_no_turns_says_so(frame_of):
    assert forecast(frame_of({}).iloc[:0], at=datetime(2026, 10, 7, tzinfo=UTC)).method.startswith("0 whole days")


def test_turns_without_a_cost_are_counted_and_alone_give_no_forecast(frame_of):
    times = [datetime(2026, 10, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(10)]
    at = datetime(2026, 10, 12, tzinfo=UTC)
    none = forecast(frame_of(*({"timestamp": time} for time in times)), at=at)
    assert (none.value, none.unpriced_turns) == (None, 10)
    assert none.method == "no turn of the 11 days of history has a cost"
    some = forecast(
        frame_of(*({"timestamp": time, "cost": None if n == 3 else Decimal(2)} for n, time in enumerate(times))), at=at
    )
    assert some.unpriced_turns == 1
    assert str(some).endswith("1 turns have no price: too low")


def test_a_day_without_turns_cost_nothing(frame_of):
    costs = [Decimal(4), None, Decimal(4), None, Decimal(4), None, Decimal(4), None]
    found = forecast(days_of(frame_of, date(2026, 10, 1), costs), at=datetime(2026, 10, 9, tzinfo=UTC))
    assert found.days_seen == 8
    assert float(found.value) == pytest.approx(16 + 23 * 2, rel=0.05)
    assert found.low < 16 + 23 * 2 < found.high


def test_today_s_rest_counts_as_a_part_of_a_day_and_later_turns_are_not_read(frame_of):
    frame = days_of(frame_of, date(2026, 10, 1), [Decimal(4)] * 20)
    found = forecast(frame, at=datetime(2026, 10, 10, 18, tzinfo=UTC))
    assert (found.spent, found.days_seen, found.days_left) == (40, 9, 21.25)
    # Every turn is at noon, and none was ever seen after 18 o'clock.
    assert float(found.value) == pytest.approx(40 + 84, rel=0.01)
    assert found.low < 40 + 84 < found.high
    assert found.spent_by_day[date(2026, 10, 9)] == 36
    assert list(found.spent_by_day)[-1] == date(2026, 10, 10)


def test_weekends_are_told_from_working_days_with_two_weeks(frame_of):
    start = date(2026, 9, 28)  # a Monday
    costs = [Decimal(1) if (start + timedelta(days=n)).weekday() >= 5 else Decimal(10) for n in range(14)]
    found = forecast(days_of(frame_of, start, costs), at=datetime(2026, 10, 12, tzinfo=UTC))
    # 12 to 31 October: 15 working days and 5 weekend days; 7 working and 4 weekend days of October are spent.
    assert float(found.value) == pytest.approx(7 * 10 + 4 + 15 * 10 + 5, rel=0.01)
    assert found.low < 7 * 10 + 4 + 15 * 10 + 5 < found.high


def test_a_month_that_is_over_costs_what_it_cost(frame_of):
    frame = days_of(frame_of, date(2026, 9, 1), [Decimal(2)] * 40)
    found = forecast(frame, at=datetime(2026, 10, 12, tzinfo=UTC), month=date(2026, 9, 15))
    assert (found.month, found.end) == (date(2026, 9, 1), date(2026, 9, 30))
    assert (found.spent, found.value, found.low, found.high, found.days_left) == (60, 60, 60, 60, 0)
    assert list(found.spent_by_day.values())[-1] == 60


def test_a_month_to_come_is_all_forecast(frame_of):
    frame = days_of(frame_of, date(2026, 10, 1), [Decimal(2)] * 10)
    found = forecast(frame, at=datetime(2026, 10, 11, tzinfo=UTC), month=date(2026, 12, 1))
    assert (found.spent, found.days_left, found.spent_by_day) == (0, 31, {})
    assert float(found.value) == pytest.approx(62, rel=0.1)


def test_daily_costs_are_those_from_the_first_turn_s_day_to_the_last_one_s(frame_of):
    found = daily_costs(rows(days_of(frame_of, date(2026, 10, 1), [Decimal(4), None, Decimal(5)])))
    assert found == {date(2026, 10, 1): 4, date(2026, 10, 2): 0, date(2026, 10, 3): 5}


def test_only_the_last_eight_weeks_count(frame_of):
    frame = days_of(frame_of, date(2026, 7, 1), [Decimal(100)] * 20 + [Decimal(1)] * 83)
    found = forecast(frame, at=datetime(2026, 10, 12, tzinfo=UTC))
    assert found.days_seen == 56
    assert float(found.value) == pytest.approx(31, rel=0.001)


def test_an_interval_never_lies_below_what_is_spent(frame_of):
    costs = [Decimal(n) for n in (0, 0, 0, 0, 0, 0, 0, 30)]
    found = forecast(days_of(frame_of, date(2026, 10, 1), costs), at=datetime(2026, 10, 9, tzinfo=UTC))
    assert found.low == found.spent == 30


def test_a_naive_moment_and_an_impossible_level_are_refused(frame_of):
    with pytest.raises(ValueError, match="has no time zone"):
        forecast(frame_of({}), at=datetime(2026, 10, 9, tzinfo=UTC).replace(tzinfo=None))
    with pytest.raises(ValueError, match=r"level \(95\) is not between 0 and 1"):
        forecast(frame_of({}), at=datetime(2026, 10, 9, tzinfo=UTC), level=95)


def test_a_level_of_nothing_or_of_everything_is_refused(frame_of):
    for level in (0, 1):
        with pytest.raises(ValueError, match=f"level \\({level}\\) is not between 0 and 1"):
            forecast(frame_of({}), at=datetime(2026, 10, 9, tzinfo=UTC), level=level)


@pytest.mark.parametrize(
    ("days", "method"),
    [
        (6, "6 whole days of history, 7 are needed"),
        (7, "all days alike"),
        (13, "all days alike"),
        (14, "working days and weekends apart"),
        (27, "working days and weekends apart"),
        (28, "each day of the week for itself"),
    ],
)
def test_days_are_told_apart_as_soon_as_there_are_enough_of_each(days, method):
    today = date(2026, 10, 12)
    history = {today - timedelta(days=n): 1.0 + n for n in range(1, days + 1)}
    assert sum_of_days_to_come(history, {today: 1.0}, Decimal(0), 0.9)[1].startswith(method)


def test_a_turn_of_the_very_moment_is_not_read_and_midnight_s_day_has_nothing_yet(frame_of):
    midnight = datetime(2026, 10, 11, tzinfo=UTC)
    frame = days_of(frame_of, date(2026, 10, 1), [Decimal(2)] * 10)
    frame = pd.concat([frame, frame_of({"timestamp": midnight, "cost": Decimal(5)})])
    assert forecast(frame, at=midnight).spent == 20
    assert list(forecast(frame, at=midnight).spent_by_day)[-1] == date(2026, 10, 10)
    later = forecast(frame, at=midnight + timedelta(microseconds=1))
    assert (later.spent, list(later.spent_by_day)[-1]) == (25, date(2026, 10, 11))


def test_at_the_next_month_s_first_moment_a_month_is_over(frame_of):
    frame = days_of(frame_of, date(2026, 10, 1), [Decimal(2)] * 31)
    found = forecast(frame, at=datetime(2026, 11, 1, tzinfo=UTC), month=date(2026, 10, 1))
    assert (found.value, found.method) == (62, "the month is over: what was spent, exactly")


@pytest.mark.parametrize(
    ("at", "without", "counted"),
    [
        (datetime(2026, 10, 12, tzinfo=UTC), date(2026, 9, 20), 1),  # in the history, in another month
        (datetime(2026, 10, 12, tzinfo=UTC), date(2026, 7, 1), 0),  # in neither
        (datetime(2026, 10, 1, 18, tzinfo=UTC), date(2026, 10, 1), 1),  # today, the month's first day
        (datetime(2026, 10, 31, 18, tzinfo=UTC), date(2026, 10, 31), 1),  # today, the month's last day
    ],
)
def test_turns_without_a_cost_count_where_they_are_in_the_history_or_the_month(frame_of, at, without, counted):
    noon = datetime.combine(without, time(12), UTC)
    old = {"timestamp": datetime(2026, 6, 1, tzinfo=UTC), "cost": Decimal(1)}
    assert forecast(frame_of(old, {"timestamp": noon}), at=at).unpriced_turns == counted


@pytest.mark.parametrize("days", [14, 28, 56])
@pytest.mark.parametrize("name", ["growth of 2 % a week", "days tied by 0.7", "each day of the week another"])
def test_the_interval_holds_about_as_often_as_it_says(name, days):
    held, width = coverage(name, days, 60)
    # The promise is 90 %, of 500; at 60 it is 86 % with five times of 100.
    assert held >= 0.86
    # Where history is enough, no wider than what is unknown makes it.
    assert days < 28 or width < 1.1


def test_the_rest_of_a_day_is_what_was_left_of_past_days_at_this_hour(frame_of):
    # Ten dollars at each full hour from 8 to 17, so that 40 of the 100 come after 13:30.
    first = datetime(2026, 9, 1, tzinfo=UTC)
    hours = [first + timedelta(days=day, hours=hour) for day in range(61) for hour in range(8, 18)]
    frame = frame_of(*({"timestamp": hour, "cost": Decimal(10)} for hour in hours))
    afternoon = forecast(frame, at=datetime(2026, 10, 31, 13, 30, tzinfo=UTC))
    assert (afternoon.spent, float(afternoon.value)) == (3060, pytest.approx(3100, abs=0.5))
    assert 3095 < afternoon.low < 3100 < afternoon.high < 3105
    night = forecast(frame, at=datetime(2026, 10, 31, 18, 30, tzinfo=UTC))
    assert (night.spent, night.low) == (3100, 3100)
    assert 3100 < night.high < 3105
