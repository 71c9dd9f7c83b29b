"""What a month will cost: the money spent so far, exactly, and the days to come, with an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from chatmon._tools.shown import escape
from chatmon.cost._totals import Row, add_up, rows
from chatmon.cost.rates import ZERO

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

LEAST_DAYS: Final = 7
ENOUGH_DAYS: Final = 28
HISTORY_DAYS: Final = 56
LEAST_SCATTER: Final = 0.01
"""Of a mean day's cost: how well the rest of a day is known at best."""
_MICRODOLLAR: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Forecast:
    """A month's cost as it is expected.

    Attributes:
        month: The first day of the month.
        end: Its last day.
        spent: US dollars spent in the month before the moment of the forecast, exactly.
        spent_by_day: Day to US dollars spent in the month up to its end (today: up to the moment).
        value: US dollars expected for the whole month; None where there are too few days to tell.
        low: Lower end of the interval.
        high: Upper end of the interval.
        level: How sure the interval is, such as 0.95.
        days_seen: Whole days that the forecast learnt from.
        days_left: Days still to come, today's rest as a fraction.
        unpriced_turns: Turns of those days and of this month without a cost, or with one that leaves something out:
            where not 0, all amounts are too low.
        method: How it was done, or why it was not.
    """

    month: date
    end: date
    spent: Decimal
    spent_by_day: dict[date, Decimal]
    value: Decimal | None
    low: Decimal | None
    high: Decimal | None
    level: float
    days_seen: int
    days_left: float
    unpriced_turns: int
    method: str

    def __str__(self) -> str:
        """Return the forecast as a sentence."""
        unpriced = f"; {self.unpriced_turns} turns have no price: too low" if self.unpriced_turns else ""
        if self.value is None:
            return f"{self.month:%B %Y}: ${self.spent:.2f} spent{unpriced}, no forecast: {self.method}"
        return (
            f"{self.month:%B %Y}: ${self.value:.2f} ({self.level:.0%} between ${self.low:.2f} and ${self.high:.2f}), "
            f"of which ${self.spent:.2f} spent{unpriced}"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(str(self))}<br><small>{escape(self.method)}</small></p>"


def forecast(turns_frame: pd.DataFrame, *, at: datetime, month: date | None = None, level: float = 0.95) -> Forecast:
    """Forecast what a month will cost from the days before.

    What was spent is exact. The days to come are expected to cost what like days cost, all alike below two whole weeks
    of history, then working days and weekends apart, then, from four weeks on, each day of the week; times the growth
    that the days seen allow for. What is left of today is what was left of past days at this hour. How the interval is
    made is in ``_days_ahead``: it knows of growth and of days that hang together, but no launch and no holiday. Below
    four weeks neither can be told from chance, and the interval is wide. A day without turns cost 0, the first turn's
    day counts as whole, at most the last 56 days count.

    Args:
        turns_frame: Turns, as ``turns.to_frame`` makes them.
        at: The moment of the forecast, with a time zone; later turns are not read.
        month: Any day of the month, which is reckoned in UTC; without it, the month of ``at``.
        level: How sure the interval is to be, between 0 and 1.

    Raises:
        ValueError: ``at`` has no time zone, or ``level`` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level ({level}) is not between 0 and 1: 95 % is 0.95")
    now = utc(at)
    first = (month or now.date()).replace(day=1)
    last = last_day(first)
    turns = [row for row in rows(turns_frame) if row.timestamp < now]
    by_day = daily_costs(turns)
    today = now.date()
    history = _history(by_day, today)
    ahead = _days_ahead(first, last, now)
    share, scatter = _rest_of_a_day(turns, history, now)
    weighed = {day: share if day == today else 1.0 for day in ahead}
    spent = add_up(cost for day, cost in by_day.items() if first <= day <= last)
    amounts, method = sum_of_days_to_come(history, weighed, spent, level, scatter if today in ahead else 0.0)
    return Forecast(
        month=first,
        end=last,
        spent=spent,
        # At midnight the new day has nothing in it yet, and is left out.
        spent_by_day=cumulative(by_day, first, min(last, (now - timedelta(microseconds=1)).date())),
        value=amounts[0] if amounts else None,
        low=amounts[1] if amounts else None,
        high=amounts[2] if amounts else None,
        level=level,
        days_seen=len(history),
        days_left=sum(ahead.values()),
        unpriced_turns=sum(
            (row.cost is None or row.is_lower_bound)
            and (row.timestamp.date() in history or first <= row.timestamp.date() <= last)
            for row in turns
        ),
        method=method,
    )


def sum_of_days_to_come(
    history: dict[date, float], ahead: dict[date, float], spent: Decimal, level: float, scatter: float = 0.0
) -> tuple[tuple[Decimal, Decimal, Decimal] | None, str]:
    """Return a month's expected cost with the ends of its interval, or None, and how that came about.

    Args:
        history: Whole days that have passed, one after the other, and US dollars.
        ahead: Days to come, and how much of each day's cost is to come.
        spent: US dollars spent already.
        level: How sure the interval is to be.
        scatter: US dollars: how much the rest of a day varies besides, as a standard deviation.
    """
    if not ahead:
        return (spent, spent, spent), "the month is over: what was spent, exactly"
    if len(history) < LEAST_DAYS:
        return None, f"{len(history)} whole days of history, {LEAST_DAYS} are needed"
    if not any(history.values()):
        return None, f"no turn of the {len(history)} days of history has a cost"
    import numpy as np

    from chatmon.cost._days_ahead import sum_ahead

    kind, method = _grouping(len(history))
    days = sorted(history)
    coming = [days[-1] + timedelta(days=n + 1) for n in range((max(ahead) - days[-1]).days)]
    found = sum_ahead(
        np.array([history[day] for day in days]),
        [kind(day) for day in days],
        [kind(day) for day in coming],
        np.array([ahead.get(day, 0.0) for day in coming]),
        level,
        scatter,
    )
    value, low, high = (spent + Decimal(max(0.0, number)).quantize(_MICRODOLLAR) for number in found)
    return (value, low, high), f"{method}; from {len(history)} days, as they grow and hang together{_caution(days)}"


def _caution(days: list[date]) -> str:
    if len(days) >= ENOUGH_DAYS:
        return ""
    return f": too few to tell growth from chance, {ENOUGH_DAYS} are needed, so that the interval is wide"


def _grouping(days: int) -> tuple[Callable[[date], int], str]:
    if days >= 28:
        return date.weekday, "each day of the week for itself"
    if days >= 14:
        return (lambda day: int(day.weekday() >= 5)), "working days and weekends apart"
    return (lambda day: 0), "all days alike"


def daily_costs(turns: list[Row]) -> dict[date, Decimal]:
    """Return what each day in UTC cost, from the first turn's day to the last one's; a day without turns cost 0."""
    found: dict[date, list[Decimal]] = {}
    for row in turns:
        found.setdefault(row.timestamp.date(), []).extend([] if row.cost is None else [row.cost])
    if not found:
        return {}
    start, end = min(found), max(found)
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    return {day: add_up(found.get(day, [])) for day in days}


def _history(by_day: dict[date, Decimal], today: date) -> dict[date, float]:
    """Return the whole days before today that count, those without turns since the last one too."""
    if not by_day:
        return {}
    start = max(min(by_day), today - timedelta(days=HISTORY_DAYS))
    days = [start + timedelta(days=n) for n in range((today - start).days)]
    return {day: float(by_day.get(day, ZERO)) for day in days}


def _rest_of_a_day(turns: list[Row], history: dict[date, float], now: datetime) -> tuple[float, float]:
    """Return which share of a day's cost comes after this hour, and the scatter of what comes about that share.

    The ratio of the sums over whole days, as in Cochran, Sampling Techniques, 3rd ed., 1977, chapter 6.
    """
    later = dict.fromkeys(history, 0.0)
    for row in turns:
        if row.timestamp.date() in later and row.timestamp.time() >= now.time():
            later[row.timestamp.date()] += float(row.cost or 0)
    whole = math.fsum(history.values())
    share = math.fsum(later.values()) / whole if whole else 0.0
    squares = math.fsum((rest - share * history[day]) ** 2 for day, rest in later.items())
    # A bot that always slept at this hour may wake all the same.
    least = LEAST_SCATTER * whole / max(1, len(history))
    return share, max(least, math.sqrt(squares / max(1, len(history) - 1)))


def _days_ahead(first: date, last: date, now: datetime) -> dict[date, float]:
    """Return the days of the month that are still to come, and of today the share that is."""
    ahead = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        midnight = datetime.combine(day, time(), UTC)
        share = 1 - max(0.0, (now - midnight) / timedelta(days=1))
        if share > 0:
            ahead[day] = share
    return ahead


def cumulative(by_day: dict[date, Decimal], first: date, last: date) -> dict[date, Decimal]:
    """Return what was spent in all, from the first day up to and with each day."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    sums = accumulate((by_day.get(day, ZERO) for day in days), lambda so_far, cost: add_up((so_far, cost)))
    return dict(zip(days, sums, strict=True))


def last_day(month: date) -> date:
    """Return the last day of a day's month."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def utc(at: datetime) -> datetime:
    """Return an aware moment in UTC."""
    if at.tzinfo is None:
        raise ValueError(f"at ({at}) has no time zone: say which, such as at.replace(tzinfo=datetime.UTC)")
    return at.astimezone(UTC)
