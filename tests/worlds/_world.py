"""What a world is made of, what can be planted in it, and the log of one run."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from worlds import _replies, _traffic
from worlds._table import dollars, table

BEGINS = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Rules of a world; the defaults are a plain one: one clock, users of like size, nothing between hours.

    Attributes:
        days, turns_per_day: How much there is of it.
        clocks: Region to its share of conversations and its hours ahead of UTC.
        night: Traffic of the deepest night over the busiest hour.
        weekend: Traffic of a Saturday or Sunday over a working day's.
        weekend_mix, night_mix: What is added to the log odds of the first intent at weekends, at (local) night.
        home_mix: The same for each region after the first: regions ask other things.
        holidays: Days (from 0) like Sundays.
        growth: Of traffic a day, 0.02 for 2 %.
        launch: Day from which twice as many come, new users.
        campaign: Days between which twice as many come, for the second intent.
        burst: Deviation of the logarithm of an hour's traffic.
        users: How many there are.
        whales: How many users have a third of the conversations.
        bots: How many have another third, around the clock, one short turn each.
        alike: How alike one user's turns are: the deviation of a user's own effect, in units of each measure's noise.
        slow_home: How much longer replies to the regions after the first take, 0.5 for half as long again.
        latency_hours, latency_days, errors_hours, errors_days, mix_hours, mix_days, mood_days: Deviation of the
            AR(1) effects between hours and between days, in logarithms (log odds of the mix; points of rating).
        noise: Deviation of the logarithm of a response time.
        congestion: Response time over that of an idle service, less 1, where half of the capacity is used.
        incidents: How many of a provider, of one to three hours each.
        incident_errors, incident_slower: Share of calls that fail in one; how many times as slow.
        failures: Share of calls.
        router: ``one`` model, ``random``, or ``difficulty``: what is hard goes to the dear model.
        dear_better: What the dear model adds to the log odds of a completed task.
        kept: Exchanges of the conversation that are sent again with a turn; None for all.
        system: Tokens that every prompt begins with.
        mail_context: Tokens of looked-up text that the channel mail has more, and it answers better for it.
        wide_tokens: Deviation of the logarithm of looked-up text.
        ratings: Share of turns rated.
        angry: Whether nearly only the angry rate.
        missing: Columns that the log has not.
    """

    days: int = 28
    turns_per_day: float = 700.0
    clocks: dict[str, tuple[float, float]] = field(default_factory=lambda: {"eu": (1.0, 1.0)})
    night: float = 0.15
    weekend: float = 1.0
    weekend_mix: float = 0.0
    night_mix: float = 0.0
    home_mix: float = 0.0
    holidays: tuple[int, ...] = ()
    growth: float = 0.0
    launch: int | None = None
    campaign: tuple[int, int] | None = None
    burst: float = 0.0
    users: int = 2000
    whales: int = 0
    bots: int = 0
    alike: float = 0.0
    slow_home: float = 0.0
    latency_hours: float = 0.0
    latency_days: float = 0.0
    errors_hours: float = 0.0
    errors_days: float = 0.0
    mix_hours: float = 0.0
    mix_days: float = 0.0
    mood_days: float = 0.0
    noise: float = 0.3
    congestion: float = 0.0
    incidents: int = 0
    incident_errors: float = 0.3
    incident_slower: float = 3.0
    failures: float = 0.018
    router: str = "random"
    dear_better: float = 0.9
    kept: int | None = None
    system: int = 350
    mail_context: int = 0
    wide_tokens: float = 0.9
    ratings: float = 0.08
    angry: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is planted.

    Attributes:
        kind: ``latency``, ``tail`` (the slowest 3 of 100), ``drift`` (a day), ``errors``, ``error types``, ``output``,
            ``context``, ``padding`` (more input, to no use), ``dearer``, ``price``, ``uncached``, ``rating``,
            ``completion``, ``mix`` or ``duplicates``.
        where: Column to value; all must hold. Empty is everywhere.
        begins, ends: Days from the log's begin, with fractions; an end of None is the log's.
        size: A share (0.4 is 40 % more), a rate of errors, of other types, of repeated turns; points of a rating;
            log odds of completion.
    """

    kind: str
    where: dict[str, str] = field(default_factory=dict)
    begins: float = 14.375
    ends: float | None = None
    size: float = 0.4


@dataclass(frozen=True)
class Event:
    """Something that truly happened: of a world itself, or planted.

    Attributes:
        kind: ``launch``, ``campaign``, ``holiday``, ``growth``, ``incident``, or a change's kind.
        where: Column to value.
        begins, ends: Moments.
        extra: What it cost in US dollars; None for events of the world.
    """

    kind: str
    where: dict[str, str]
    begins: datetime
    ends: datetime
    extra: Decimal | None = None


@dataclass(frozen=True)
class Log:
    """One run: the table of turns, and all that truly happened."""

    turns: pa.Table
    events: tuple[Event, ...]


def made(world: World, seed: int, change: Change | None = None) -> Log:
    """Make a log of a world; with a change, the same draws are used once without it, to know what it costs."""
    asked = _traffic.conversations(world, seed)
    happened = _happened(world, seed)
    if change is None:
        return Log(table(world, _replies.replies(world, seed, asked, None), BEGINS), happened)
    without, with_it = (_replies.replies(world, seed, asked, one) for one in (None, change))
    begins = BEGINS + timedelta(days=change.begins)
    ends = BEGINS + timedelta(days=world.days if change.ends is None else change.ends)
    planted = Event(change.kind, change.where, begins, ends, dollars(with_it) - dollars(without))
    return Log(table(world, with_it, BEGINS), (*happened, planted))


def _happened(world: World, seed: int) -> tuple[Event, ...]:
    end = BEGINS + timedelta(days=world.days)
    day = lambda number: BEGINS + timedelta(days=number)  # noqa: E731
    found = [Event("holiday", {}, day(one), day(one + 1)) for one in world.holidays]
    if world.growth:
        found.append(Event("growth", {}, BEGINS, end))
    if world.launch is not None:
        found.append(Event("launch", {}, day(world.launch), end))
    if world.campaign:
        found.append(Event("campaign", {}, day(world.campaign[0]), day(world.campaign[1])))
    for provider, begins, ends in _replies.incidents(world, seed):
        hour = timedelta(hours=1)
        found.append(Event("incident", {"provider": provider}, BEGINS + begins * hour, BEGINS + ends * hour))
    return tuple(found)
