"""Rules over a live chatbot: a turn costs one append, and all else happens at the end of a tick, in another thread.

A turn counts in the tick in which it ended. One that comes after its tick was evaluated, or from a tick that has not
begun, counts in the tick that is open, and in ``misdated``: late turns, and clocks that step, change no decision that
was taken. The engine's own time never goes back: while the clock repeats itself, no tick ends.
"""

from __future__ import annotations

import logging
import math
import sys
import threading
import time
from collections import deque
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from chatmon.alerts._batch import DAY, Columns, of_turns
from chatmon.alerts._cells import GroupCells, Ticks, add_up, ticks_of
from chatmon.alerts._decision import Phase, State
from chatmon.alerts._watch import Watch, step, watched
from chatmon.alerts.live._file import File
from chatmon.alerts.live._saved import Alert, Cell, Saved
from chatmon.alerts.notification import Status
from chatmon.alerts.rules import UNBOUNDED
from chatmon.live.turn import LiveTurn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from chatmon.alerts._batch import Batch
    from chatmon.alerts._cells import CellSeries, Group
    from chatmon.alerts._measures import Ints
    from chatmon.alerts.notification import Notification
    from chatmon.alerts.rules import Rule
    from chatmon.live.monitor import ChatMonitor
    from chatmon.turns import Turn

logger = logging.getLogger(__name__)

RATED_LATER: Final = 10_000
"""Turns without a rating that are looked at again at each tick, the newest ones."""
NEVER: Final = sys.maxsize
LEAST_BEHIND: Final = 2
"""Ticks that a clock may be behind without a word."""
TIDIED: Final = 60
"""Ticks after which old cells are dropped."""


class AlertEngine:
    """Evaluates rules over the turns of a chatbot, tick by tick.

    Args:
        rules: The rules.
        notify: Gets each notification, in the engine's thread; one that it raises on is handed to it again at the next
            tick, so it may come twice, with the same ``id``.
        path: The file that a restart goes on from; None to forget everything. Given an open one, ``notify`` gets all
            notifications of a tick in one call, and what it writes there and what the tick decides are one transaction.
        tick_seconds: The time between two evaluations.
        clock: Wall clock, nanoseconds since 1970 in UTC.

    Attributes:
        misdated: Turns that were counted in another tick than they ended in.
        ticks: Time in ticks.

    Raises:
        RuleError: Two rules have one name.
        ValueError: The file is of another tick length.

    Example:
        >>> from datetime import UTC, datetime, timedelta
        >>> from chatmon.alerts.rules import Rule
        >>> from chatmon.live.clock import ManualClock
        >>> from chatmon.live.monitor import ChatMonitor
        >>> clock = ManualClock(datetime(2026, 10, 5, 9, 0, tzinfo=UTC))
        >>> rule = Rule(name="errors", measure="error", statistic="rate", window=timedelta(minutes=5), above=0.5)
        >>> engine = AlertEngine([rule], lambda said: print(said.text), clock=clock.time_ns)
        >>> monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer)
        >>> engine.watch(monitor)
        >>> with monitor.track("c1") as turn:
        ...     turn.record_error(TimeoutError("too slow"))
        >>> clock.advance(60)
        >>> engine.tick()
        errors: rate of failed turns over 5m is 100 %, above 50 % (n 1)
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        notify: Callable[..., object],
        *,
        path: Path | File | None = None,
        tick_seconds: int = 60,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.ticks = Ticks(tick_seconds)
        self.misdated = 0
        self._watches = [Watch.of(rule, self.ticks) for rule in watched(rules)]
        self._columns = Columns.of(watched(rules))
        self._notify = notify
        self._clock = clock
        self._arrived: deque[Turn | LiveTurn] = deque()
        self._unrated: deque[LiveTurn] = deque(maxlen=RATED_LATER)
        self._failed_lately: dict[str, int] = {}
        self._cells: dict[CellSeries, dict[Group, GroupCells]] = {watch.series: {} for watch in self._watches}
        self._wake: dict[str, dict[Group, int]] = {watch.rule.name: {} for watch in self._watches}
        self._alerts: dict[tuple[str, Group], Alert] = {}
        self._pending: deque[Notification] = deque()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._saved = None if path is None else Saved(path, tick_seconds)
        self._together = isinstance(path, File)
        self._owed_cells: list[Cell] = []
        self._owed_alerts: dict[tuple[str, Group], Alert] = {}
        self._tick = self._now() - 1
        self._since = self._tick + 1
        if self._saved is not None:
            self._restore(self._saved)
        self._tidied = self._tick

    def observe(self, turn: Turn | LiveTurn) -> None:
        """Take a turn that has ended: O(1), from any thread, and it never waits."""
        self._arrived.append(turn)

    def watch(self, monitor: ChatMonitor) -> None:
        """Observe every turn of a monitor from now on."""
        monitor.listeners.append(self._arrived.append)

    def unwatch(self, monitor: ChatMonitor) -> None:
        """Observe no more turns of a monitor: who has stopped would gather them for ever."""
        monitor.listeners.remove(self._arrived.append)

    def tick(self) -> None:
        """Evaluate every tick that has ended, and hand on what was decided; the thread of ``start`` calls it."""
        with self._lock:
            behind = self._tick + 1 - self._now()
            if behind > LEAST_BEHIND:
                self._date_back(behind)
            now = max(self._now(), self._tick + 1)
            grown = self._take_in(now)
            changed: dict[tuple[str, Group], Alert] = {}
            said = []
            for tick in range(self._tick + 1, now):
                said += self._evaluate(tick, changed)
            self._tick = now - 1
            if self._tick - self._tidied >= TIDIED:
                self._tidied = self._tick
                self._tidy(changed)
            if self._saved is None:
                self._pending.extend(said)
            elif said or changed or grown or self._owed_cells or self._owed_alerts:
                self._save(self._saved, grown, changed, said)
            self._hand_on()

    def _save(
        self,
        saved: Saved,
        grown: Iterable[Cell],
        changed: Mapping[tuple[str, Group], Alert],
        said: Sequence[Notification],
    ) -> None:
        """Write what a tick has brought; where that fails, owe it to the next tick, and tell people all the same."""
        self._owed_cells += grown
        self._owed_alerts |= changed
        oldest = self._tick + 1 - self._reach()
        try:
            with saved.file.transaction():
                kept = () if self._together else said
                saved.write(self._tick, self._owed_cells, self._owed_alerts.values(), kept, oldest)
                if said and self._together:
                    self._notify(*said)
        except Exception:
            logger.exception("alerts cannot be written: they go out, and what is owed is written at the next tick")
            self._owed_cells = [cell for cell in self._owed_cells if cell.tick >= oldest]
            self._pending.extend(said)
        else:
            self._owed_cells, self._owed_alerts = [], {}

    def states(self) -> list[tuple[str, State]]:
        """Return the rule's name and the state of every alert that is not inactive."""
        with self._lock:
            return [(alert.rule, alert.state) for alert in self._alerts.values()]

    def start(self) -> None:
        """Evaluate in the background until ``stop``.

        Raises:
            RuntimeError: It runs already.
        """
        if self._thread is not None:
            raise RuntimeError("the engine runs already: stop() it before starting it again")
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="chatmon-alerts", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = math.inf) -> None:
        """Evaluate what is due a last time, save, and end the background thread.

        Args:
            timeout: Seconds to wait for the background thread's last tick; where it takes longer, the file stays open.
        """
        self._stopping.set()
        if self._thread is None:
            self.tick()
        else:
            self._thread.join(min(timeout, threading.TIMEOUT_MAX))
            if self._thread.is_alive():
                logger.error(
                    "the last tick was not done after %g s: the next start goes on from the one before", timeout
                )
                return
            self._thread = None
        if self._saved is not None:
            self._saved.close()
            self._saved = None

    def _date_back(self, ticks: int) -> None:
        """Follow a clock that was ahead, or was set back: what is known happened so much earlier than it said."""
        seconds = ticks * self.ticks.seconds
        logger.error("the clock was set back by %d s: what the alerts know is dated back with it", seconds)
        for groups in self._cells.values():
            for cells in groups.values():
                cells.date_back(ticks)
        by = timedelta(seconds=seconds)
        self._alerts = {key: one._replace(state=one.state.dated_back(by)) for key, one in self._alerts.items()}
        self._owed_alerts = {key: self._alerts[key] for key in self._owed_alerts if key in self._alerts}
        self._owed_cells = [cell._replace(tick=cell.tick - ticks) for cell in self._owed_cells]
        self._wake = {name: {} for name in self._wake}
        self._failed_lately = {name: end - seconds * 1_000_000 for name, end in self._failed_lately.items()}
        self._tick, self._since, self._tidied = (one - ticks for one in (self._tick, self._since, self._tidied))
        if self._saved is not None:
            self._saved.date_back(ticks, self._alerts.values())

    def _now(self) -> int:
        return self._clock() // (self.ticks.seconds * 1_000_000_000)

    def _run(self) -> None:
        length = self.ticks.seconds
        stopping = False
        while not stopping:
            stopping = self._stopping.wait(length - self._clock() / 1e9 % length)
            try:
                self.tick()
            except Exception:  # a thread that dies would end all alerting, and say nothing
                logger.exception("a tick could not be evaluated; the next one will be")

    def _take_in(self, now: int) -> list[Cell]:
        """Add what has arrived to the cells, and return the cells that have grown."""
        turns = [self._arrived.popleft() for _ in range(len(self._arrived))]
        batch = of_turns(turns, self._columns, self._failed_lately)
        ended = ticks_of(batch, self.ticks)
        tick = np.clip(ended, self._tick + 1, now)
        self.misdated += int((tick != ended).sum())
        grown = self._add(batch, tick, tuple(self._cells))
        waiting: list[LiveTurn] = []
        rated: list[LiveTurn] = []
        for turn in self._unrated:
            (waiting if turn.columns.get("user_satisfaction") is None else rated).append(turn)
        if rated:
            # A rating counts when it is given, which is after its turn has been counted in everything else.
            late = of_turns(rated, self._columns, {})
            of_ratings = tuple(series for series in self._cells if series.measure == "satisfaction")
            grown += self._add(late, np.full(len(rated), now), of_ratings)
        ratings = batch.numbers.get("user_satisfaction")
        if ratings is not None:
            fresh = [turn for turn, rating in zip(turns, ratings.tolist(), strict=True) if math.isnan(rating)]
            waiting += [turn for turn in fresh if isinstance(turn, LiveTurn)]
            self._unrated = deque(waiting, maxlen=RATED_LATER)
        return grown

    def _add(self, batch: Batch, tick: Ints, wanted: Iterable[CellSeries]) -> list[Cell]:
        grown = []
        for series in wanted:
            flat = add_up(batch, series, tick)
            groups = self._cells[series]
            wakes = [self._wake[watch.rule.name] for watch in self._watches if watch.series == series]
            histograms = flat.histograms(0, len(flat.tick)) if series.binned else [None] * len(flat.tick)
            arrays = (flat.group, flat.tick, flat.n, flat.total, flat.squares)
            for place, at, n, total, squares, histogram in zip(
                *[one.tolist() for one in arrays], histograms, strict=True
            ):
                group = flat.groups[place]
                cells = groups.get(group)
                if cells is None:
                    cells = groups[group] = GroupCells(at if series.by else self._since)
                cells.add(at, n, total, squares, histogram)
                for wake in wakes:
                    wake.pop(group, None)
                if self._saved is not None:
                    grown.append(Cell(series, group, at, *cells.newest()))
        return grown

    def _evaluate(self, tick: int, changed: dict[tuple[str, Group], Alert]) -> list[Notification]:
        found: list[Notification] = []
        for watch in self._watches:
            groups, wake = self._cells[watch.series], self._wake[watch.rule.name]
            if not watch.rule.by and not groups:
                groups[()] = GroupCells(self._since)
            said = []
            for group, cells in groups.items():
                if wake.get(group, tick) > tick or cells.born > tick:
                    continue
                key = (watch.rule.name, group)
                alert = self._alerts.get(key)
                if alert is None and watch.is_far_below(cells, tick):
                    wake[group] = NEVER
                    continue
                state = State(watch.labels(group)) if alert is None else alert.state
                after, note = step(watch, cells, state, tick, self._since)
                wake[group] = watch.following(cells, after, tick) or NEVER
                if note is not None:
                    said.append(note)
                if after is not state:
                    last = None if after.quiet else note or (alert.said if alert else None)
                    self._alerts[key] = changed[key] = Alert(watch.rule.name, group, after, last)
            found += sorted(said, key=lambda note: note.key)
        return found

    def _reach(self) -> int:
        return max((watch.reach for watch in self._watches), default=0) + TIDIED

    def _tidy(self, changed: dict[tuple[str, Group], Alert]) -> None:
        """Drop cells that no window reaches, and conversations and users that nobody hears of any more."""
        for series, groups in self._cells.items():
            watches = [watch for watch in self._watches if watch.series == series]
            reach = max(watch.reach for watch in watches)
            for group, cells in list(groups.items()):
                cells.forget(self._tick - reach)
                keys = [(watch.rule.name, group) for watch in watches]
                alerts = [alert for key in keys if (alert := self._alerts.get(key)) is not None]
                if cells.ticks or not UNBOUNDED & set(series.by) or not all(self._over(alert) for alert in alerts):
                    continue
                del groups[group]
                for name, _ in keys:
                    self._wake[name].pop(group, None)
                for alert in alerts:
                    del self._alerts[alert.rule, group]
                    changed[alert.rule, group] = alert._replace(state=State(alert.state.labels))
        latest = (self._tick + 1) * self.ticks.seconds * 1_000_000
        self._failed_lately = {name: end for name, end in self._failed_lately.items() if latest - end < DAY}

    def _over(self, alert: Alert) -> bool:
        lately = self.ticks.end(self._tick) - max(watch.rule.flap_within for watch in self._watches)
        return alert.state.quiet and all(fired < lately for fired in alert.state.fired)

    def _hand_on(self) -> None:
        """Give out what was decided, oldest first, until one is refused."""
        try:
            if self._together and self._saved is not None:
                self._hand_on_together(self._saved)
            while self._pending:
                self._notify(self._pending[0])
                self._pending.popleft()
            if self._saved is not None:
                for place, note in self._saved.unsent():
                    self._notify(note)
                    self._saved.sent(place)
        except Exception:  # somebody else's code: what it has not taken is kept for the next tick
            logger.exception("a notification was not taken; it is kept, and offered again at the next tick")

    def _hand_on_together(self, saved: Saved) -> None:
        """Give out all that was decided, or nothing."""
        with saved.file.transaction():
            unsent = saved.unsent()
            notes = [*self._pending, *(note for _, note in unsent)]
            if notes:
                self._notify(*notes)
            for place, _ in unsent:
                saved.sent(place)
        self._pending.clear()

    def _restore(self, saved: Saved) -> None:
        if saved.tick is not None:
            self._tick = max(self._tick, saved.tick)
            self._since = self._tick + 1
        for cell in saved.cells(self._tick - self._reach()):
            groups = self._cells.get(cell.series)
            if groups is not None:
                cells = groups.setdefault(cell.group, GroupCells(cell.tick))
                cells.add(cell.tick, cell.n, cell.total, cell.squares, cell.histogram)
        names = {watch.rule.name: watch for watch in self._watches}
        gone = []
        for alert in saved.alerts():
            watch = names.get(alert.rule)
            if watch is not None and len(alert.group) == len(watch.rule.by):
                self._alerts[alert.rule, alert.group] = alert
                self._cells[watch.series].setdefault(alert.group, GroupCells(self._since))
            else:
                gone.append(alert)
        said = [
            replace(alert.said, status=Status.RESOLVED, at=self.ticks.end(self._tick), repeats=alert.state.said,
                    text=f"{alert.rule}: its rule is no longer there")
            for alert in gone
            if alert.said is not None and alert.state.phase is Phase.FIRING
        ]  # fmt: skip
        emptied = [alert._replace(state=State(alert.state.labels)) for alert in gone]
        saved.write(self._tick, [], emptied, said, self._tick - self._reach())
