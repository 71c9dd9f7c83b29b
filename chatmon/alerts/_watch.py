"""A rule at work: from a group's cells to the value that the rule is about, at the end of any tick."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon.alerts._cells import CellSeries, Ticks
from chatmon.alerts._decision import State, decide, due
from chatmon.alerts._judged import corrected, is_judged, surely
from chatmon.alerts._measures import measure_of
from chatmon.alerts.rules import check_names
from chatmon.alerts.wording import amount, over, what

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chatmon.alerts._cells import Group, GroupCells
    from chatmon.alerts.notification import Notification
    from chatmon.alerts.rules import Rule

WEEK: Final = timedelta(days=7)
WINDOWS_BESIDE: Final = 2
"""Windows on each side of the same time of a past week that are compared with, too: a day's window, other days."""
FEWEST_PAST_WINDOWS: Final = 3
"""Windows of past weeks below which there is nothing to compare with."""
FLOOR: Final = 0.05
"""The least spread of past windows that is believed, as a share of their median: a few may agree by chance. What the
turns of the present window vary by chance comes on top."""
TO_SIGMA: Final = 1.4826
"""From a median absolute deviation to a standard deviation, for a normal distribution."""


class Reading(NamedTuple):
    """What a rule sees.

    Attributes:
        value: What it is about; None for no data.
        n: Turns behind it.
        seen: The value in words, where its number alone says little.
    """

    value: float | None
    n: int
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule, in ticks.

    Attributes:
        rule: The rule.
        ticks: Time in ticks.
        length: Ticks of its window.
        short: Ticks of its short window, if it has one.
        week: Ticks of a week.
        series: What it reads.
    """

    rule: Rule
    ticks: Ticks
    length: int
    short: int
    week: int
    series: CellSeries

    @classmethod
    def of(cls, rule: Rule, ticks: Ticks) -> Watch:
        """Return a rule at work."""
        short = ticks.span(rule.short_window) if rule.short_window else 0
        series = CellSeries(rule.measure, rule.by, rule.percentile is not None or is_judged(rule.measure))
        return cls(rule, ticks, ticks.span(rule.window), short, ticks.span(WEEK), series)

    @property
    def reach(self) -> int:
        """Ticks that it looks back."""
        if self.rule.kind == "change":
            return self.rule.weeks * self.week + (WINDOWS_BESIDE + 1) * self.length
        return self.ticks.span(timedelta(days=31)) if self.rule.kind == "budget" else self.length

    def labels(self, group: Group) -> dict[str, str]:
        """Return a group as labels."""
        return dict(zip(self.rule.by, group, strict=True))

    def read(self, cells: GroupCells, tick: int, since: int) -> Reading | None:
        """Return what the rule sees at the end of a tick; None where it has not watched for long enough to judge.

        Args:
            cells: The group's.
            tick: The tick that has just ended.
            since: The tick from which on turns have been watched without a break.
        """
        rule = self.rule
        if rule.kind == "change":
            return self._change(cells, tick)
        if rule.kind == "burn_rate":
            reading = self._burn(cells, tick)
        elif rule.kind == "budget":
            n, total, _ = cells.sums(tick, tick - self.period_start(tick) + 1)
            reading = Reading(total / measure_of(rule.measure).scale, n, _unknown_spending(rule, total, n))
        elif is_judged(rule.measure):
            reading = self._judged(cells, tick)
        else:
            reading = Reading(*self.statistic(cells, tick))
        waits = reading.value is None or (rule.adds_up and rule.sign < 0)
        if waits and tick - max(since, cells.born) + 1 < self.length:
            return None
        return reading

    def statistic(self, cells: GroupCells, tick: int) -> tuple[float | None, int]:
        """Return the statistic of the window that ends with a tick, None for too few turns, and their number."""
        n, total, _ = cells.sums(tick, self.length)
        rule = self.rule
        if rule.kind == "absence" or rule.statistic == "count":
            return float(n), n
        if rule.statistic == "sum" and rule.adds_up:
            return total / measure_of(rule.measure).scale, n
        if n < rule.min_n:
            return None, n
        if rule.percentile is not None:
            return cells.percentile(tick, self.length, rule.percentile), n
        scale = measure_of(rule.measure).scale
        return (total / scale if rule.statistic == "sum" else total / (n * scale)), n

    @property
    def moves(self) -> bool:
        """Whether its value may change at any tick, and not only when a turn enters or leaves a window."""
        return self.rule.kind in ("change", "budget")

    def is_far_below(self, cells: GroupCells, tick: int) -> bool:
        """Say whether a sum is within its limit and can only fall, as most conversations' are: quickly asked."""
        rule = self.rule
        if rule.kind != "threshold" or rule.above is None or not rule.adds_up or cells.ticks[-1:] > [tick]:
            return False
        n, total, _ = cells.sums(tick, self.length)
        return (n if rule.statistic == "count" else total / measure_of(rule.measure).scale) <= rule.above

    def following(self, cells: GroupCells, state: State, tick: int) -> int | None:
        """Return the next tick at which an alert may become another, given the cells there are; None for never."""
        if self.moves:
            return tick + 1
        ticks, found = cells.ticks, []
        # What leaves a window only makes a sum smaller.
        falls = state.quiet and self.rule.adds_up and self.rule.sign > 0
        for length in (0,) if falls else (0, self.length, self.short):
            place = bisect_right(ticks, tick - length)
            if place < len(ticks):
                found.append(ticks[place] + length)
        whole, moment = cells.born + self.length - 1, due(self.rule, state)
        if whole > tick:
            found.append(whole)
        if moment is not None:
            found.append(max(tick + 1, self.ticks.evaluates(moment)))
        return min(found, default=None)

    def period_start(self, tick: int) -> int:
        """Return the tick in which a budget's period began."""
        return self.ticks.holding(_start(self.ticks.end(tick - 1), self.rule.period))

    def before(self, tick: int) -> list[int]:
        """Return the ticks with which the windows of past weeks end, the latest first."""
        beside = range(WINDOWS_BESIDE, -WINDOWS_BESIDE - 1, -1)
        return [
            tick - week * self.week + place * self.length for week in range(1, self.rule.weeks + 1) for place in beside
        ]

    def sampling_variance(self, n: int, total: int, squares: int) -> float:
        """Return how much a statistic of so many turns would vary by chance alone, as a variance."""
        scale, statistic = measure_of(self.rule.measure).scale, self.rule.statistic
        if statistic == "count":
            return float(n)
        if statistic == "sum":
            return squares / scale
        return max(0.0, squares / scale - total * total / (n * scale * scale)) / (n * n)

    def _judged(self, cells: GroupCells, tick: int) -> Reading:
        n, yes, _ = cells.sums(tick, self.length)
        if n < self.rule.min_n:
            return Reading(None, n)
        rate = corrected(self.rule, yes, n, cells.binned(tick, self.length))
        end = surely(self.rule, rate)
        if end is None:
            return Reading(None, n)
        shown = "{:.0f} % ({:.0f} to {:.0f} %)".format(
            *(100 * (one or 0.0) for one in (rate.value, rate.low, rate.high))
        )
        return Reading(end, n, f"{what(self.rule)} is {shown}")

    def _burn(self, cells: GroupCells, tick: int) -> Reading:
        n, bad, _ = cells.sums(tick, self.length)
        short_n, short_bad, _ = cells.sums(tick, self.short)
        if n < self.rule.min_n or not short_n:
            return Reading(None, n)
        allowed = 1 - (self.rule.objective or 0.0)
        return Reading(min(bad / n, short_bad / short_n) / allowed, n)

    def _change(self, cells: GroupCells, tick: int) -> Reading | None:
        value, n = self.statistic(cells, tick)
        past = [
            one
            for end in self.before(tick)
            if end - self.length + 1 >= cells.born and (one := self.statistic(cells, end)[0]) is not None
        ]
        if len(past) < FEWEST_PAST_WINDOWS:
            return None
        centre = median(past)
        if value is None:
            return Reading(None, n)
        usual = max(TO_SIGMA * median(abs(one - centre) for one in past), FLOOR * abs(centre))
        spread = math.sqrt(usual**2 + self.sampling_variance(*cells.sums(tick, self.length)))
        if not spread:
            return Reading(None, n)
        z = (value - centre) / spread
        seen = f"{what(self.rule)} is {amount(self.rule, value)} against {amount(self.rule, centre)}"
        return Reading(z, n, f"{seen} around the same time of past weeks: robust z {z:.1f}")


def _unknown_spending(rule: Rule, unpriced: int, n: int) -> str:
    """Return what to say of turns without a price; nothing where the rule is not of them."""
    if rule.measure != "unpriced":
        return ""
    return f"{unpriced:,} of {n:,} turns of {over(rule)} have no price, so that their cost is unknown"


def _start(moment: datetime, period: str | None) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if period == "week" else day


def step(watch: Watch, cells: GroupCells, state: State, tick: int, since: int) -> tuple[State, Notification | None]:
    """Return what an alert is at the end of a tick, and what to say, if anything: live and in history alike."""
    reading = watch.read(cells, tick, since)
    if reading is None:
        return state, None
    return decide(watch.rule, state, reading.value, reading.n, watch.ticks.end(tick), reading.seen)


def watched(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules, each budget with one beside it that fires on the first turn whose cost is unknown.

    What has no price is spent all the same: a budget of the known part alone would be silent about it.

    Raises:
        RuleError: Two have one name.

    Example:
        >>> from chatmon.alerts.rules import Rule
        >>> [rule.name for rule in watched([Rule(name="day", kind="budget", period="day", above=5)])]
        ['day', 'day-unpriced']
    """
    budgets = [rule for rule in rules if rule.kind == "budget" and rule.measure == "cost"]
    beside = [
        replace(rule, name=f"{rule.name}-unpriced", measure="unpriced", above=0, recover=None, text=None)
        for rule in budgets
    ]
    return check_names([*rules, *beside])
