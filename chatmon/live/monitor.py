"""Track turns while a chatbot runs: ``with monitor.track(conversation_id, user_id) as turn: ...``.

The hot path keeps little: a handle with the clock readings goes into a ring buffer and a bucket of the live window.
Everything dearer (the checked ``Turn``, its id as text, tables, intervals) is made when somebody reads.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import Counter, deque
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chatmon import cost
from chatmon._tools.errors import Error
from chatmon._tools.extras import wanted
from chatmon._tools.forks import renew_after_fork
from chatmon._tools.outcomes import failed
from chatmon.live._health import HealthMeter
from chatmon.live.turn import CURRENT, LiveTurn, as_datetime, own
from chatmon.live.window import LiveWindow, WindowStats
from chatmon.turns import Turn, check_columns, to_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    import pandas as pd
    from langchain_core.callbacks import BaseCallbackHandler

    from chatmon.cost import Price
    from chatmon.live.summary import Summary

logger = logging.getLogger(__name__)

_LABELS = frozenset(
    {"attributes", "channel", "experiment", "intent", "model", "prompt_version", "provider", "region", "variant"}
)


class UnknownTurnError(Error, KeyError):
    """A turn is not, or no longer, in the monitor's buffer."""

    def __str__(self) -> str:
        return str(self.args[0])


class ChatMonitor:
    """Records every turn of a chatbot, keeps the newest, and sums up.

    Safe to use from many threads and asyncio tasks at once.

    Args:
        capacity: How many finished turns to keep; older ones are evicted, and counted in ``evicted``.
        clock: Wall clock, nanoseconds since 1970 in UTC.
        timer: Monotonic clock, seconds.
        capture_content: Keep ``question`` and ``answer``. Off by default: what people write is theirs. The text of an
            error is kept either way, and a service may quote a message in it.
        pricer: Prices one model call; called with usage, model, ``provider=`` and ``at=``.

    Attributes:
        evicted: Number of turns that the buffer no longer holds.
        sequence: Numbers the turns of this monitor, from a random start.
        lock: Held while shared state changes.
        rejected: Reported values that could not be true, by reason.
        listeners: Called with each turn when it has ended, in the turn's own thread: they must neither wait nor raise.
        rating_listeners: Called likewise with each turn that was rated, once it has its rating.

    Example:
        >>> from datetime import UTC, datetime
        >>> from chatmon.live.clock import ManualClock
        >>> clock = ManualClock(datetime(2026, 10, 5, 9, 0, tzinfo=UTC))
        >>> monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer)
        >>> with monitor.track("c1", "u1", intent="billing") as turn:
        ...     clock.advance(0.8)
        >>> monitor.rate(turn.turn_id, 4)
        >>> [(t.intent, t.response_time, t.user_satisfaction) for t in monitor.turns()]
        [('billing', 0.8, 4.0)]
    """

    def __init__(
        self,
        *,
        capacity: int = 10_000,
        clock: Callable[[], int] = time.time_ns,
        timer: Callable[[], float] = time.perf_counter,
        capture_content: bool = False,
        pricer: Callable[..., Price] = cost.price,
    ) -> None:
        if capacity < 1:
            raise ValueError(f"capacity ({capacity}) is below 1: a monitor keeps at least one turn")
        self.capacity = capacity
        self.capture_content = capture_content
        self.evicted = 0
        self.rejected: Counter[str] = Counter()
        self.listeners: list[Callable[[LiveTurn], object]] = []
        self.rating_listeners: list[Callable[[LiveTurn], object]] = []
        self.clock = clock
        self.timer = timer
        self.pricer = pricer
        self.lock = threading.Lock()
        self._turns: deque[LiveTurn] = deque()
        self._window = LiveWindow()
        self.sequence: Iterator[int] = _sequence()
        self._health = HealthMeter()
        renew_after_fork(self)

    def forked(self) -> None:
        """Go on in a process that was forked: with a lock that nobody holds, and ids that its parent does not give."""
        self.lock = threading.Lock()
        self.sequence = _sequence()

    def track(self, conversation_id: str, user_id: str | None = None, **labels: Any) -> LiveTurn:
        """Return a context manager around one turn; an exception in its block is recorded, and raised on.

        A task that is cancelled in its block, or a stream that is left, ends the turn with the finish reason
        ``cancelled`` and without an error.

        Args:
            conversation_id: Groups the turns of one conversation.
            user_id: Whose message it is.
            **labels: Columns known beforehand: intent, model, provider, prompt_version, variant, experiment, region,
                channel, and ``attributes={...}`` for dimensions of your own.

        Raises:
            TypeError: A label has the wrong type or is not one of those.
            ValueError: The conversation has no id, or a label is impossible.
        """
        if type(conversation_id) is not str or not conversation_id or not conversation_id.isascii():
            if conversation_id is None:
                raise TypeError("conversation_id is missing: every turn belongs to a conversation")
            check_columns({"conversation_id": conversation_id})
        if user_id is not None and (type(user_id) is not str or not user_id.isascii()):
            check_columns({"user_id": user_id})
        if labels:
            strangers = labels.keys() - _LABELS
            if strangers:
                raise TypeError(
                    f"track() does not know {', '.join(sorted(strangers))}: labels are {', '.join(sorted(_LABELS))}; "
                    "other dimensions go into attributes={...}"
                )
            check_columns(labels)
            if "attributes" in labels:
                labels["attributes"] = own(labels["attributes"])
        return LiveTurn(self, conversation_id, user_id, labels)

    def current(self) -> LiveTurn | None:
        """Return this monitor's innermost turn being tracked in this thread or task, or None outside any."""
        turn = CURRENT.get()
        while turn is not None and (turn.finished or turn.monitor is not self):
            turn = turn.outer
        return turn

    def callback(self) -> BaseCallbackHandler:
        """Return a LangChain callback that fills the current turn's tokens, model and time to first token.

        Give it to a model or a call: ``llm.invoke(text, config={"callbacks": [monitor.callback()]})``. It works for
        invoke and stream, sync and async. A streamed reply reports tokens only with ``stream_usage=True``.
        """
        wanted("langchain_core", "langchain", "the callback of LangChain")
        from chatmon.live._langchain import UsageCallback

        return UsageCallback(self)

    def rate(self, turn_id: str, satisfaction: float) -> None:
        """Add the user's satisfaction to a finished turn; a second rating replaces the first.

        Args:
            turn_id: The turn's id, as ``turn.turn_id`` gave it.
            satisfaction: 1 to 5.

        Raises:
            ValueError: The rating is outside 1 to 5.
            UnknownTurnError: The buffer does not hold such a turn.
        """
        check_columns({"user_satisfaction": satisfaction})
        sequence = _sequence_of(turn_id)
        with self.lock:
            for turn in reversed(self._turns):
                if turn.sequence == sequence and turn.turn_id == turn_id:
                    turn.columns = turn.columns | {"user_satisfaction": satisfaction}
                    break
            else:
                raise UnknownTurnError(
                    f"no finished turn {turn_id} among the newest {len(self._turns)} "
                    f"({self.evicted} evicted, capacity {self.capacity})"
                )
        for listener in self.rating_listeners:
            listener(turn)

    def turns(self, hours: float | None = None) -> list[Turn]:
        """Return the buffer's turns in the order they ended; with ``hours``, those that started that lately."""
        with self.lock:
            live = list(self._turns)
        turns = [turn.to_turn() for turn in live]
        if hours is None:
            return turns
        since = self.now() - timedelta(hours=hours)
        return [turn for turn in turns if turn.timestamp >= since]

    def to_frame(self) -> pd.DataFrame:
        """Return the turns in the buffer as a pandas frame."""
        return to_frame(self.turns())

    def summary(self, hours: float = 24) -> Summary:
        """Return the numbers of the last ``hours``, each with its interval and n, and the health of the process.

        Args:
            hours: Length of the period that ends now; turns count by when they started.
        """
        from chatmon.live.summary import summarise

        if not 0 < hours < math.inf:
            raise ValueError(f"hours ({hours}) is not a period: give a positive number")
        until = self.now()
        with self.lock:
            evicted = self.evicted
        return summarise(
            self.turns(hours),
            since=until - timedelta(hours=hours),
            until=until,
            evicted=evicted,
            rejected=dict(self.rejected),
            health=self._health.read(),
        )

    def window(self, seconds: int = 300) -> WindowStats:
        """Return the sums over the turns that ended in the last ``seconds`` (a multiple of ten, up to an hour)."""
        with self.lock:
            return self._window.read(self.clock() // 1_000_000_000, seconds)

    def now(self) -> datetime:
        """Return the monitor's wall clock."""
        return as_datetime(self.clock())

    def reject(self, reason: str) -> None:
        """Count a reported value that could not be true, and say so in the log."""
        with self.lock:
            self.rejected[reason] += 1
        logger.warning("rejected: %s", reason)

    def record(self, turn: LiveTurn) -> None:
        """Keep a finished turn: the one thing that happens under the lock on the hot path."""
        columns = turn.columns
        usage = (
            (columns.get("input_tokens"), columns.get("output_tokens"), columns.get("cost"))
            if "input_tokens" in columns or "output_tokens" in columns or "cost" in columns
            else None
        )
        has_failed = failed(columns.get("error_type"), columns.get("finish_reason"), columns.get("attributes"))
        with self.lock:
            turns = self._turns
            if len(turns) >= self.capacity:
                turns.popleft()
                self.evicted += 1
            turns.append(turn)
            self._window.add(self.clock() // 1_000_000_000, turn.response_time, has_failed, usage)
        for listener in self.listeners:
            listener(turn)


def _sequence() -> Iterator[int]:
    """Return numbers from a random start."""
    return count(int.from_bytes(os.urandom(8), "big") >> 3)


def _sequence_of(turn_id: str) -> int | None:
    """Return the part of an id that counts the monitor's turns; None for what is no UUID."""
    try:
        return UUID(turn_id).int & (2**62 - 1)
    except (AttributeError, TypeError, ValueError):
        return None
