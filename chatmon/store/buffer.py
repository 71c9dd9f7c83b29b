"""Turns on their way to where they are kept: a queue that nobody waits for, and a thread that empties it.

What is written outlives the process; what is synced outlives the machine. The thread writes every ``interval`` seconds
(0.1) and syncs every second, so a killed process loses what its bot did in the last tenth of a second, and while that
was protected and written: on a busy machine 0.15 s, with texts redacted at 500 turns a second. ``flush``
returns when all that was given so far is synced. No turn is dropped: whoever finds the queue full writes for 4 ms, or
waits as long for the thread that writes; long texts are left to that thread, which takes longer to protect them.
Where the disk takes nothing, turns are kept in memory and tried again each second.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol, Self

from chatmon._tools.forks import renew_after_fork
from chatmon.alerts.notification import Notification, Severity
from chatmon.alerts.notification import Status as AlertStatus
from chatmon.live.turn import LiveTurn
from chatmon.store._status import StoreStatus
from chatmon.store.lines import Line, Rating, to_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatmon.live.monitor import ChatMonitor
    from chatmon.turns import Turn

logger = logging.getLogger("chatmon.store")

SYNC_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 1.0
BATCH: Final = 500
"""Turns made into lines before other threads get their turn: about 5 ms."""
MOMENT: Final = 0.004
"""Seconds that a chat gives where the queue is full."""
LONG: Final = 2_000
"""Characters of a turn from which a chat leaves it to the thread that writes: to protect these takes 2 ms."""
_TEXTS: Final = ("question", "answer", "error_message", "attributes")


class Sink(Protocol):
    """What takes lines."""

    def put(self, lines: Sequence[Line]) -> None:
        """Write lines, all or none; an ``OSError`` means none."""

    def sync(self) -> None:
        """Make sure of what was written; an ``OSError`` means that it must be put again since the last sync."""

    def close(self) -> None:
        """Let go of everything; ``put`` opens it again."""


class Buffer:
    """A queue of turns before a sink; ``chatmon.store.Store`` is one before files.

    Args:
        sink: What takes lines.
        target: What it is called in a status.
        interval: Seconds between two writes.
        capacity: Turns in the queue at which callers write themselves.
        protect: Applied to each turn before it is written, in the background: ``Turn`` to ``Turn``, or by its method
            ``live``, where it has one, as ``Protection`` does, ``LiveTurn`` to ``LiveTurn``. A turn that it raises on
            is refused.
        notify: Gets a notification when the sink begins to fail and when it has recovered, as an alert's channels do.

    Example:
        >>> kept = []
        >>> class Memory:
        ...     def put(self, lines): kept.extend(lines)
        ...     def sync(self): pass
        ...     def close(self): pass
        >>> from chatmon.live.monitor import ChatMonitor
        >>> monitor = ChatMonitor()
        >>> with Buffer(Memory(), "memory") as buffer:
        ...     buffer.attach(monitor)
        ...     with monitor.track("c1"):
        ...         pass
        ...     buffer.flush()
        >>> len(kept), buffer.status().buffered
        (1, 0)
    """

    def __init__(
        self,
        sink: Sink,
        target: str,
        *,
        interval: float = 0.1,
        capacity: int = 20_000,
        protect: Callable[[Turn], Turn] | None = None,
        notify: Callable[[Notification], object] | None = None,
    ) -> None:
        if interval <= 0 or capacity < 1:
            raise ValueError(f"interval ({interval}) and capacity ({capacity}) must be above 0")
        self.capacity = capacity
        self._sink = sink
        self._target = target
        self._interval = interval
        self._protect = protect
        self._protect_live: Callable[[LiveTurn], LiveTurn] | None = getattr(protect, "live", None)
        self._notify = notify
        self._closed = False
        self._lock = threading.RLock()
        self._begin()
        renew_after_fork(self)
        self._end_with_process()

    def append(self, turn: Turn | LiveTurn | Rating) -> None:
        """Take a turn that has ended, or a rating of one: from any thread, without waiting unless the queue is full.

        After ``close`` it is refused, which the log and the status say: attach a store that is open.
        """
        if self._closed:
            self._refused += 1
            logger.error("%s is closed: a turn is lost, %d so far", self._target, self._refused)
            return
        self._waiting.append(turn)
        if len(self._waiting) >= self.capacity:
            self._make_room()

    def attach(self, monitor: ChatMonitor) -> None:
        """Take every turn of a monitor from now on, and every rating."""
        monitor.listeners.append(self.append)
        monitor.rating_listeners.append(self._rated)

    def flush(self) -> None:
        """Return when every turn given so far is written and synced.

        Raises:
            OSError: The sink does not take them; they are kept, and tried again in the background.
        """
        with self._lock:
            self._retry_at = 0.0
            self._drain()
            self._sync()
            if self._problem is not None:
                raise OSError(
                    f"{self._target}: {self.status().buffered:,} turns are in memory only, {self._written:,} were "
                    f"written: {self._problem}. Make room, or let the process run until there is"
                )

    def status(self) -> StoreStatus:
        """Return how it stands; it never waits."""
        return StoreStatus(
            target=self._target,
            written=self._written - self._ratings,
            ratings=self._ratings,
            buffered=len(self._waiting) + len(self._lines) + self._in_hand,
            unsynced=len(self._unsynced),
            refused=self._refused,
            problem=self._problem,
            since=self._since,
        )

    def close(self) -> None:
        """Write what is left and end; closing twice does nothing.

        Raises:
            OSError: What is left cannot be written, and goes with the process.
        """
        if self._closed:
            return
        self._closed = True
        self._stopping.set()
        self._thread.join()
        atexit.unregister(self._at_exit)
        self._finalizer.cancel()
        try:
            self.flush()
        finally:
            self._sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _repr_html_(self) -> str:
        return self.status()._repr_html_()

    def _begin(self) -> None:
        """Start with nothing in hand, in a new process too: what a parent holds, the parent writes."""
        self._waiting: deque[Turn | LiveTurn | Rating] = deque()
        self._lines: list[Line] = []
        self._unsynced: list[Line] = []
        self._in_hand = self._written = self._ratings = self._refused = 0
        self._problem: str | None = None
        self._since: datetime | None = None
        self._told: Notification | None = None
        self._retry_at = self._synced_at = 0.0
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chatmon-store", daemon=True)
        if not self._closed:
            self._thread.start()

    def forked(self) -> None:
        """Begin anew in a process that was forked: what the parent has in hand, the parent writes."""
        self._sink.close()
        self._begin()

    def _end_with_process(self) -> None:
        """Write what is left when the process ends by itself; a child of multiprocessing runs no ``atexit``."""
        from multiprocessing import util

        atexit.register(self._at_exit)
        self._finalizer = util.Finalize(None, self._at_exit, exitpriority=10)
        # A forked child forgets the finalizers of its parent, and then calls this.
        util.register_after_fork(self, Buffer._finalized)

    def _finalized(self) -> None:
        from multiprocessing import util

        self._finalizer = util.Finalize(None, self._at_exit, exitpriority=10)

    def _at_exit(self) -> None:
        try:
            self.close()
        except OSError as error:
            logger.critical("turns are lost with the process: %s", error)

    def _rated(self, turn: LiveTurn) -> None:
        at = turn.monitor.now()
        self.append(Rating(turn.turn_id, turn.timestamp, at, turn.columns["user_satisfaction"]))

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            try:
                with self._lock:
                    self._drain()
                    if time.monotonic() - self._synced_at >= SYNC_SECONDS:
                        self._sync()
            except Exception:  # a thread that dies would leave turns unwritten, and say nothing
                logger.exception("the store's thread goes on after a fault")

    def _make_room(self) -> None:
        if not self._lock.acquire(timeout=MOMENT):
            return
        try:
            if len(self._waiting) >= self.capacity:  # another caller may have done it meanwhile
                self._drain(time.thread_time() + MOMENT)
        finally:
            self._lock.release()

    def _drain(self, ends: float | None = None) -> None:
        """Write what waits, so much as waits now.

        Args:
            ends: In a chat's thread: when to stop, by the thread's own processor time.
        """
        left = len(self._waiting)
        while left > 0 or self._lines:
            taken = self._make_lines(min(left, BATCH), ends)
            left = left - taken if taken else 0
            if time.monotonic() >= self._retry_at:
                self._put()
            if not left and self._problem is not None:
                return
            time.sleep(0)  # whoever answers a user comes first

    def _make_lines(self, most: int, ends: float | None) -> int:
        """Make lines of what waits, and return of how many turns."""
        for done in range(most):
            if ends is not None and (time.thread_time() >= ends or self._takes_long(self._waiting[0])):
                return done
            self._in_hand = 1
            turn = self._waiting.popleft()
            try:
                self._lines.append(to_line(self._protected(turn)))
            except Exception:  # whatever one turn holds, the others are written
                self._refused += 1
                logger.exception("a turn cannot be stored and is lost: %d so far", self._refused)
            self._in_hand = 0
        return most

    def _protected(self, turn: Turn | LiveTurn | Rating) -> Turn | LiveTurn | Rating:
        if self._protect is None or isinstance(turn, Rating):
            return turn
        if isinstance(turn, LiveTurn):
            return self._protect(turn.to_turn()) if self._protect_live is None else self._protect_live(turn)
        return self._protect(turn)

    def _takes_long(self, turn: Turn | LiveTurn | Rating) -> bool:
        if self._protect is None or isinstance(turn, Rating):
            return False
        held = turn.columns if isinstance(turn, LiveTurn) else {name: getattr(turn, name) for name in _TEXTS}
        return sum(len(str(held.get(name) or "")) for name in _TEXTS) > LONG

    def _put(self) -> None:
        if not self._lines:
            return
        lines = self._lines
        try:
            self._sink.put(lines)
        except OSError as error:
            self._fails(error)
            return
        self._unsynced += lines
        self._lines = []
        self._written += len(lines)
        self._ratings += _ratings(lines)
        if self._problem is not None:
            self._recovers()

    def _sync(self) -> None:
        if self._lines:  # the sink fails: it is asked again with them
            return
        try:
            self._sink.sync()
        except OSError as error:
            self._written -= len(self._unsynced)
            self._ratings -= _ratings(self._unsynced)
            self._lines = self._unsynced
            self._fails(error)
        self._unsynced = []
        self._synced_at = time.monotonic()

    def _fails(self, error: OSError) -> None:
        self._retry_at = time.monotonic() + RETRY_SECONDS
        first = self._problem is None
        self._problem = str(error)
        if first:
            self._since = datetime.now(UTC)
            count = len(self._lines) + len(self._waiting)
            text = f"{self._target} takes no turns: {error}; {count:,} are in memory only, the chat goes on"
            logger.error(text)
            self._told = Notification(
                rule="store", labels={"process": str(os.getpid())}, severity=Severity.PAGE, status=AlertStatus.FIRING,
                started_at=self._since, at=self._since, value=float(count), limit=0.0, n=count, text=text,
            )  # fmt: skip
            self._say(self._told)

    def _recovers(self) -> None:
        self._problem = self._since = None
        text = f"{self._target} takes turns again: nothing was lost"
        logger.warning(text)
        if self._told is not None:
            self._say(replace(self._told, status=AlertStatus.RESOLVED, at=datetime.now(UTC), value=0.0, text=text))
            self._told = None

    def _say(self, said: Notification) -> None:
        if self._notify is None:
            return
        try:
            self._notify(said)
        except Exception:  # somebody else's code must not stop the writing
            logger.exception("the alert about the store was not taken")


def _ratings(lines: list[Line]) -> int:
    """Return how many lines are ratings: a turn names its conversation, near its beginning, and a rating does not."""
    return sum(b'"conversation_id":' not in text for _, text in lines)
