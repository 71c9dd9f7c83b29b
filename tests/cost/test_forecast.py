"""Forecasts: worked by hand, against least squares, and held to their promise over simulated months."""

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from chatmon.cost import forecast
from chatmon.cost._forecast import daily_costs, sum_of_days_to_come
from chatmon.cost._totals import rows


def days_of(frame_of, start, costs):
    """Make one turn a day, at noon."""
    first = datetime(start.year, start.month, start.day, 12, tzinfo=UTC)
    return frame_of(
        *({"timestamp": first + timedelta(days=n), "cost": cost} for n, cost in enumerate(costs) if cost is not None)
    )


def test_a_month_worked_by_hand(frame_of):
    # Ten days at 1 to 10 dollars, 55 in all, and 21 to come: 55 + 21 x 5.5. The days' standard deviation is 3.0277,
    # t(9, 97.5 %) is 2.2622, and the sum of 21 new days scatters by sqrt(21 + 21^2 / 10) = 8.0685.
    frame = days_of(frame_of, date(2026, 10, 1), [Decimal(n) for n in range(1, 11)])
    found = forecast(frame, at=datetime(2026, 10, 11, tzinfo=UTC))
    assert (found.spent, found.value, found.days_seen, found.days_left) == (55, Decimal("170.5"), 10, 21)
    half = 2.262157 * 3.027650 * math.sqrt(21 + 44.1)
    assert float(found.high - found.value) == pytest.approx(half, rel=1e-5)
    assert float(found.value - found.low) == pytest.approx(half, rel=1e-5)
    assert found.method == "all days alike; t prediction interval from 10 days"
    assert str(found).startswith("October 2026: $170.50 (95% between $115.24 and $225.76), of which $55.00 spent")


@pytest.mark.parametrize(
    ("days", "group"), [(13, lambda day: 0), (20, lambda day: day.weekday() // 5), (40, lambda day: day.weekday())]
)
def test_the_interval_is_that_of_a_linear_model_of_the_days(frame_of, days, group):
    # Ordinary least squares by numpy on indicators of the groups, and the textbook's prediction interval of a sum.
    rng = np.random.default_rng(days)
    today = date(2026, 10, 12)
    dates = [today + timedelta(days=n) for n in range(-days, 20)]
    names = sorted({group(day) for day in dates})
    design = np.array([[float(group(day) == name) for name in names] for day in dates])
    costs = [Decimal(str(round(float(x), 4))) for x in rng.uniform(2, 9, days)]
    frame = days_of(frame_of, dates[0], costs)
    found = forecast(frame, at=datetime(2026, 10, 12, tzinfo=UTC), level=0.9)

    past, ahead = design[:days], design[days:].sum(axis=0)
    weights, squares, rank, _ = np.linalg.lstsq(past, np.array(costs, dtype=float), rcond=None)
    variance = squares[0] / (days - rank)
    scatter = math.sqrt(variance * (20 + ahead @ np.linalg.inv(past.T @ past) @ ahead))
    half = scipy.stats.t.ppf(0.95, days - rank) * scatter
    assert float(found.value - found.spent) == pytest.approx(ahead @ weights, rel=1e-5)
    assert float(found.high - found.value) == pytest.approx(half, rel=1e-5)


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
    assert (found.days_seen, found.value) == (8, 16 + 23 * 2)


def test_today_s_rest_counts_as_a_part_of_a_day_and_later_turns_are_not_read(frame_of):
    frame = days_of(frame_of, date(2026, 10, 1), [Decimal(4)] * 20)
    found = forecast(frame, at=datetime(2026, 10, 10, 18, tzinfo=UTC))
    assert (found.spent, found.days_seen, found.days_left) == (40, 9, 21.25)
    assert found.value == found.low == found.high == 40 + 85
    assert found.spent_by_day[date(2026, 10, 9)] == 36
    assert list(found.spent_by_day)[-1] == date(2026, 10, 10)


def test_weekends_are_told_from_working_days_with_two_weeks(frame_of):
    start = date(2026, 9, 28)  # a Monday
    costs = [Decimal(1) if (start + timedelta(days=n)).weekday() >= 5 else Decimal(10) for n in range(14)]
    found = forecast(days_of(frame_of, start, costs), at=datetime(2026, 10, 12, tzinfo=UTC))
    # 12 to 31 October: 15 working days and 5 weekend days; 7 working and 4 weekend days of October are spent.
    assert found.value == Decimal(7 * 10 + 4 + 15 * 10 + 5)
    assert found.low == found.high == found.value


def test_a_month_that_is_over_costs_what_it_cost(frame_of):
    frame = days_of(frame_of, date(2026, 9, 1), [Decimal(2)] * 40)
    found = forecast(frame, at=datetime(2026, 10, 12, tzinfo=UTC), month=date(2026, 9, 15))
    assert (found.month, found.end) == (date(2026, 9, 1), date(2026, 9, 30))
    assert (found.spent, found.value, found.low, found.high, found.days_left) == (60, 60, 60, 60, 0)
    assert list(found.spent_by_day.values())[-1] == 60


def test_a_month_to_come_is_all_forecast(frame_of):
    frame = days_of(frame_of, date(2026, 10, 1), [Decimal(2)] * 10)
    found = forecast(frame, at=datetime(2026, 10, 11, tzinfo=UTC), month=date(2026, 12, 1))
    assert (found.spent, found.value, found.days_left, found.spent_by_day) == (0, 62, 31, {})


def test_daily_costs_are_those_from_the_first_turn_s_day_to_the_last_one_s(frame_of):
    found = daily_costs(rows(days_of(frame_of, date(2026, 10, 1), [Decimal(4), None, Decimal(5)])))
    assert found == {date(2026, 10, 1): 4, date(2026, 10, 2): 0, date(2026, 10, 3): 5}


def test_only_the_last_eight_weeks_count(frame_of):
    frame = days_of(frame_of, date(2026, 7, 1), [Decimal(100)] * 20 + [Decimal(1)] * 83)
    found = forecast(frame, at=datetime(2026, 10, 12, tzinfo=UTC))
    assert (found.days_seen, found.value) == (56, 31)


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


def simulated_month(rng, days, weekly):
    """Return daily costs before the 12th, and what the rest of October cost."""
    at = date(2026, 10, 12)
    dates = [at + timedelta(days=n) for n in range(-days, 20)]
    level = np.array([4.0 if weekly and day.weekday() >= 5 else 10.0 for day in dates])
    costs = level * rng.lognormal(mean=-0.045, sigma=0.3, size=len(dates))
    return costs[:days], costs[days:].sum()


@pytest.mark.parametrize(
    ("days", "weekly", "low", "high"),
    # Below two weeks the difference between weekdays counts as scatter: the interval is wide, and holds oftener.
    [
        (10, False, 0.86, 0.96),
        (20, False, 0.86, 0.94),
        (40, True, 0.86, 0.94),
        (20, True, 0.86, 0.95),
        (10, True, 0.90, 1),
    ],
)
def test_a_ninety_percent_interval_holds_the_month_about_that_often(days, weekly, low, high):
    rng = np.random.default_rng(20261012)
    today = date(2026, 10, 12)
    ahead = {today + timedelta(days=n): 1.0 for n in range(20)}
    held, months = 0, 600
    for _ in range(months):
        costs, truth = simulated_month(rng, days, weekly)
        history = {today - timedelta(days=days - n): float(cost) for n, cost in enumerate(costs)}
        amounts, _ = sum_of_days_to_come(history, ahead, Decimal(0), 0.9)
        held += float(amounts[1]) <= truth <= float(amounts[2])
    assert low <= held / months <= high
