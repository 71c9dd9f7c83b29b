"""Rules run over history: the same decisions as live, as fast as they can be worked out."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chatmon.alerts._batch import Columns, of_table
from chatmon.alerts._breaches import breaches
from chatmon.alerts._cells import Flat, GroupCells, Ticks, add_up, ticks_of
from chatmon.alerts._decision import State
from chatmon.alerts._watch import Watch, step, watched
from chatmon.alerts.notification import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from chatmon.alerts._cells import CellSeries
    from chatmon.alerts.notification import Notification
    from chatmon.alerts.rules import Rule
    from chatmon.analysis.source import Turns

TICK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert from its first notification to its end.

    Attributes:
        rule: The rule's name.
        labels: The group.
        start: When it began to fire.
        end: When it was resolved; None where it still fired at the end of the history.
        text: What was said first.
    """

    rule: str
    labels: Mapping[str, str]
    start: datetime
    end: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What rules would have said.

    Attributes:
        rules: The rules.
        notifications: In order of time.
        start: When the history's first turn ended, to the tick.
        end: When its last tick was over.
        turns: How many turns it has.
    """

    rules: Sequence[Rule]
    notifications: Sequence[Notification]
    start: datetime
    end: datetime
    turns: int

    @property
    def firings(self) -> list[Firing]:
        """The alerts, in the order in which they began."""
        ends = {(said.key, said.started_at): said.at for said in self.notifications if said.status is Status.RESOLVED}
        return [
            Firing(said.rule, said.labels, said.started_at, ends.get((said.key, said.started_at)), said.text)
            for said in self.notifications
            if said.status is Status.FIRING and not said.repeats
        ]

    def __str__(self) -> str:
        lines = [f"{self.turns:,} turns from {self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} (UTC)"]
        for rule in self.rules:
            alerts = [one for one in self.firings if one.rule == rule.name]
            open_ = sum(one.end is None for one in alerts)
            minutes = sum(((one.end or self.end) - one.start).total_seconds() for one in alerts) / 60
            lines.append(
                f"{rule.name:<24} {len(alerts):>5} alerts, {minutes:>9,.0f} minutes firing, {open_} still open"
            )
        return "\n".join(lines)

    @property
    def length(self) -> timedelta:
        """How long the history is."""
        return self.end - self.start


class History:
    """Turns added up once, for any number of replays.

    Args:
        rules: What will be replayed, or rules that look at the same.
        turns: Any holder of turns.
        tick_seconds: The time between two evaluations.

    Raises:
        ValueError: There are no turns.
    """

    def __init__(self, rules: Sequence[Rule], turns: Turns, tick_seconds: int = TICK_SECONDS) -> None:
        rules = watched(rules)
        batch = of_table(turns, Columns.of(rules))
        if not len(batch.ends):
            raise ValueError("there are no turns to replay")
        self.ticks = Ticks(tick_seconds)
        self.turns = len(batch.ends)
        tick = ticks_of(batch, self.ticks)
        self.first, self.last = int(tick.min()), int(tick.max())
        wanted = {Watch.of(rule, self.ticks).series for rule in rules}
        self._flat: dict[CellSeries, Flat] = {series: add_up(batch, series, tick) for series in sorted(wanted)}

    def replay(self, rules: Sequence[Rule]) -> Replay:
        """Return what these rules would have said.

        Raises:
            KeyError: A rule looks at something that was not added up.
        """
        rules = watched(rules)
        said = [
            (note.at, place, note.key, note)
            for place, rule in enumerate(rules)
            for note in self._run(Watch.of(rule, self.ticks))
        ]
        said.sort(key=lambda one: one[:3])
        start, end = self.ticks.end(self.first - 1), self.ticks.end(self.last)
        return Replay(rules, [one[-1] for one in said], start, end, self.turns)

    def _run(self, watch: Watch) -> Iterator[Notification]:
        flat = self._flat[watch.series]
        found = breaches(watch, flat, self.first, self.last)
        bounds = np.searchsorted(flat.group, np.arange(len(flat.groups) + 1)).tolist()
        for place, ticks in found.items():
            cells = _cells(flat, bounds[place], bounds[place + 1], None if watch.rule.by else self.first)
            state = State(watch.labels(flat.groups[place]))
            tick: int | None = ticks[0]
            while tick is not None and tick <= self.last:
                state, note = step(watch, cells, state, tick, self.first)
                if note is not None:
                    yield note
                tick = _following(ticks, tick) if state.quiet else watch.following(cells, state, tick)


def replay(rules: Sequence[Rule], turns: Turns, *, tick_seconds: int = TICK_SECONDS) -> Replay:
    """Return what rules would have said over a history.

    Args:
        rules: The rules.
        turns: Any holder of turns.
        tick_seconds: The time between two evaluations.

    Raises:
        ValueError: There are no turns.

    Example:
        >>> from datetime import UTC, datetime
        >>> from chatmon.alerts._defaults import default_rules
        >>> from chatmon.turns import Turn
        >>> turn = Turn(turn_id="t", conversation_id="c", timestamp=datetime(2026, 10, 5, tzinfo=UTC),
        ...             input_tokens=9000, output_tokens=20)
        >>> [firing.rule for firing in replay(default_rules(), [turn]).firings]
        ['tokens-per-conversation']
    """
    return History(rules, turns, tick_seconds).replay(rules)


def _following(ticks: list[int], tick: int) -> int | None:
    place = bisect_right(ticks, tick)
    return ticks[place] if place < len(ticks) else None


def _cells(flat: Flat, begin: int, end: int, born: int | None) -> GroupCells:
    """Return one group's cells as the live rules read them."""
    part = slice(begin, end)
    cells = GroupCells(int(flat.tick[begin]) if born is None else born)
    histograms = flat.histograms(begin, end) if len(flat.bin) else [None] * (end - begin)
    columns = [values[part].tolist() for values in (flat.tick, flat.n, flat.total, flat.squares)]
    for row in zip(*columns, histograms, strict=True):
        cells.add(*row)
    return cells
