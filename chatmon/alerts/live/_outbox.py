"""Messages on their way: kept on disk until the receiver has them, and sent by threads that nobody waits for.

Every message is on disk before `Outbox.put` returns and stays there until its channel's ``send`` returns, so a process
that is killed loses none: the next one sends what waits. Where it is killed between the receiver's answer and the note
of it, the message goes out twice, with the same id (at least once, never not at all).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from chatmon.alerts.channels._message import Channel, Message, RefusedError, UndeliveredError
from chatmon.alerts.live._file import File
from chatmon.alerts.live._spool import Delivery, Spool, SpoolEntry, State, urgency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

logger = logging.getLogger("chatmon.alerts.live._outbox")

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 60.0
LONGEST_ASKED: Final = 3_600.0
"""Seconds. A receiver that asks for more is asked again after an hour."""
MOST_ATTEMPTS: Final = 1_500
"""About a day, at one attempt a minute. Then a message is dead: kept, listed, and sent again when somebody says so."""
DEADLINE: Final = 30.0
"""Seconds for one attempt, whatever the receiver sends meanwhile. It is given up, not ended: a thread cannot be."""
MOST_STUCK: Final = 4
"""Attempts of one channel that were given up and are not over; with so many, the channel waits for one to end."""


def seconds_to_wait(attempts: int, asked: float, rng: Callable[[], float]) -> float:
    """Return how long to wait after a failed attempt: random, up to a limit that doubles, and what the receiver asked.

    It is half the limit at least: a receiver in trouble gets its rest, and the attempts last a day.

    Args:
        attempts: How many have failed, from 1.
        asked: Seconds that the receiver asked for, or 0.
        rng: Returns a number from 0 to below 1.

    Example:
        >>> [seconds_to_wait(n, 0.0, lambda: 0.5) for n in (1, 2, 3, 20)]
        [0.375, 0.75, 1.5, 45.0]
        >>> seconds_to_wait(1, 7.0, lambda: 0.5)
        7.0
    """
    limit = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 30))
    return max(min(asked, LONGEST_ASKED), limit * (0.5 + rng() / 2))


class Outbox:
    """A queue on disk, and a thread for each channel that empties it.

    One process at a time: a second one would send everything twice.

    Args:
        file: The SQLite file, made where there is none; an open one stays the caller's to close.
        channels: The channels by name.
        clock: Seconds since 1970.
        timer: Monotonic clock, seconds.
        rng: Returns a number from 0 to below 1, for the waits.
        deadline: Seconds for one attempt.
        start: Begin to send at once; without, `deliver` sends one message at a time.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from chatmon.alerts.channels import Log
        >>> with tempfile.TemporaryDirectory() as folder, Outbox(Path(folder) / "outbox.db", {"log": Log()}) as outbox:
        ...     outbox.drain(timeout=5), outbox.entries("waiting")
        (True, [])
    """

    def __init__(
        self,
        file: Path | File,
        channels: Mapping[str, Channel],
        *,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
        deadline: float = DEADLINE,
        start: bool = True,
    ) -> None:
        self._channels = dict(channels)
        self._clock = clock
        self._timer = timer
        self._rng = rng
        self._deadline = deadline
        self._closed = False
        self._stuck: dict[str, list[threading.Thread]] = {name: [] for name in channels}
        opened = file if isinstance(file, File) else File(file)
        self._own = None if opened is file else opened
        self._spool = Spool(opened)
        for channel, count in self._spool.waiting().items():
            if channel not in self._channels:
                logger.error("%d alerts wait for the channel %r, which this outbox was not given", count, channel)
        self._threads = [
            threading.Thread(target=self._work, args=(name,), name=f"chatmon-outbox-{name}", daemon=True)
            for name in (self._channels if start else ())
        ]
        for thread in self._threads:
            thread.start()

    @property
    def file(self) -> File:
        """The file that it keeps its messages in."""
        return self._spool.file

    @property
    def channels(self) -> frozenset[str]:
        """The channels' names."""
        return frozenset(self._channels)

    def put(self, deliveries: Iterable[Delivery], notes: Mapping[str, Any] | None = None) -> None:
        """Take messages in, with notes of whoever puts them in: all of it is on disk when this returns, or none.

        A message that the outbox has, waiting, delivered or dead, is not taken in again.

        Args:
            deliveries: What to send.
            notes: JSON values to keep by name; None for one to forget.

        Raises:
            ValueError: There is no such channel.
            sqlite3.Error: The disk does not take it; nothing was taken in.
        """
        taken = [part for one in deliveries for part in self._parts(one)]
        self._spool.put(taken, notes or {}, self._clock())

    def _parts(self, delivery: Delivery) -> list[Delivery]:
        """Return a delivery as its channel takes it: where that is one at a time, each on a topic, pages first."""
        channel = self._channels.get(delivery.channel)
        if channel is None:
            raise ValueError(f"no channel {delivery.channel!r}: there are {', '.join(sorted(self._channels))}")
        if not getattr(channel, "one_each", False):
            return [delivery]
        said = sorted(delivery.message.notifications, key=urgency)
        return [
            replace(
                delivery, topic=f"{delivery.topic}/{one.key}", message=replace(delivery.message, notifications=(one,))
            )
            for one in said
        ]

    def notes(self) -> dict[str, Any]:
        """Return the notes by name, in the order of their names."""
        return self._spool.notes()

    def entries(self, state: State) -> list[SpoolEntry]:
        """Return the messages in a state, the oldest first; ``dead`` are those that were refused or given up."""
        return self._spool.entries(state)

    def retry_dead(self) -> int:
        """Send what is dead again, and what came after it on its topic, and return how many messages that are."""
        return self._spool.retry_dead()

    def deliver(self, channel: str) -> bool:
        """Send the most urgent message that is due for a channel, once, and return whether there was one."""
        found = None if self._closed else self._spool.next(channel, self._timer())
        if found is None:
            return False
        number, message, before = found
        attempts = before + 1
        try:
            self._send(channel, message)
        except RefusedError as error:
            self._give_up(channel, number, attempts, str(error))
        except Exception as error:  # noqa: BLE001 - a channel of the user's own may raise anything, and no alert be lost
            self._again(channel, number, attempts, error)
        else:
            self._spool.mark(number, "delivered", attempts, self._clock())
        return True

    def drain(self, timeout: float) -> bool:
        """Wait until nothing waits to be sent, and return whether that came about in ``timeout`` seconds."""
        until = time.monotonic() + timeout
        if not self.file.changed.acquire(timeout=max(0.0, timeout)):
            return False
        try:
            return self.file.changed.wait_for(lambda: not self._spool.waiting(), max(0.0, until - time.monotonic()))
        finally:
            self.file.changed.release()

    def close(self, timeout: float = 5.0) -> None:
        """Stop sending, giving what is on its way ``timeout`` seconds; what still waits is sent by the next outbox."""
        until = time.monotonic() + timeout
        self._closed = True
        if self.file.changed.acquire(timeout=timeout):
            self.file.changed.notify_all()
            self.file.changed.release()
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        if self._own is not None:
            self._own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _work(self, channel: str) -> None:
        """Send a channel's messages as they become due, until the outbox closes."""
        while not self._closed:
            try:
                while self.deliver(channel):
                    pass
                with self.file.changed:
                    if self._closed:
                        return
                    due = self._spool.next_due(channel)
                    self.file.changed.wait(None if due is None else max(0.0, due - self._timer()))
            except Exception:  # a thread that dies would leave alerts undelivered, and say nothing
                if self._closed:  # an attempt that outlasted close(): the next outbox makes it again
                    return
                logger.exception("the outbox cannot be read or written; its channel %s tries again", channel)
                time.sleep(1.0)

    def _send(self, channel: str, message: Message) -> None:
        """Send a message within the deadline."""
        stuck = self._stuck[channel] = [thread for thread in self._stuck[channel] if thread.is_alive()]
        if len(stuck) >= MOST_STUCK:
            raise UndeliveredError(f"{len(stuck)} earlier attempts have not ended, though given up", self._deadline)
        outcome: list[Exception | None] = []

        def attempt() -> None:
            try:
                self._channels[channel].send(message)
            except Exception as error:  # noqa: BLE001 - it is raised again, in the thread that waits
                outcome.append(error)
            else:
                outcome.append(None)

        thread = threading.Thread(target=attempt, name=f"chatmon-send-{channel}", daemon=True)
        thread.start()
        thread.join(self._deadline)
        if not outcome:
            stuck.append(thread)
            raise UndeliveredError(f"no receipt within {self._deadline:g} s")
        if outcome[0] is not None:
            raise outcome[0]

    def _again(self, channel: str, number: int, attempts: int, error: Exception) -> None:
        """Put a message back for another attempt, or give it up after so many."""
        undelivered = isinstance(error, UndeliveredError)
        problem = str(error) if undelivered else f"{type(error).__name__}: {error}"
        if attempts >= MOST_ATTEMPTS:
            self._give_up(channel, number, attempts, problem)
            return
        wait = seconds_to_wait(attempts, error.retry_after if isinstance(error, UndeliveredError) else 0.0, self._rng)
        self._spool.mark(number, "waiting", attempts, self._clock(), due=self._timer() + wait, problem=problem)
        # The first time a person may want to know; the thousandth would drown the log.
        level = logging.WARNING if attempts == 1 else logging.DEBUG
        logger.log(level, "%s: attempt %d failed, the next is in %.1f s: %s", channel, attempts, wait, problem)

    def _give_up(self, channel: str, number: int, attempts: int, problem: str) -> None:
        self._spool.mark(number, "dead", attempts, self._clock(), problem=problem)
        logger.error("%s: an alert is given up after %d attempts, and kept as dead: %s", channel, attempts, problem)
