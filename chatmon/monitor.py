"""Track turns while a chatbot runs: ``with monitor.track(conversation_id, user_id) as turn: ...``.

The hot path keeps little: a handle with the clock readings goes into a ring buffer and a bucket of the live window.
Everything dearer (the checked ``Turn``, its id as text, tables, intervals) is made when somebody reads.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter, deque
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from chatmon import cost
from chatmon.health import HealthMeter
from chatmon.turns import Turn, check_columns, to_frame
from chatmon.windows import LiveWindow, WindowStats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    import pandas as pd
    from langchain_core.callbacks import BaseCallbackHandler

    from chatmon.cost import Price, Usage
    from chatmon.summary import Summary

logger = logging.getLogger(__name__)

_CURRENT: ContextVar[LiveTurn | None] = ContextVar("chatmon_current_turn", default=None)
_LABELS = frozenset(
    {"attributes", "channel", "experiment", "intent", "model", "prompt_version", "provider", "region", "variant"}
)
_CONTENT = frozenset({"question", "answer"})
_MEASURED = frozenset({"turn_id", "conversation_id", "user_id", "timestamp", "response_time", "time_to_first_token"})
_TOKENS = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")


class UnknownTurnError(KeyError):
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
        capture_content: Keep ``question`` and ``answer``. Off by default: what people write is theirs.
        pricer: Prices one model call; called with usage, model, ``provider=`` and ``at=``.

    Attributes:
        evicted: Number of turns that the buffer no longer holds.
        rejected: Reported values that could not be true, by reason.

    Example:
        >>> from chatmon.clock import ManualClock
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
        self._clock = clock
        self._timer = timer
        self._pricer = pricer
        self._lock = threading.Lock()
        self._turns: deque[LiveTurn] = deque()
        self._window = LiveWindow()
        self._sequence: Iterator[int] = count(int.from_bytes(os.urandom(8), "big") >> 3)
        self._health = HealthMeter()

    def track(self, conversation_id: str, user_id: str | None = None, **labels: Any) -> LiveTurn:
        """Return a context manager around one turn; an exception in its block is recorded, and raised on.

        Args:
            conversation_id: Groups the turns of one conversation.
            user_id: Whose message it is.
            **labels: Columns known beforehand: intent, model, provider, prompt_version, variant, experiment, region,
                channel, and ``attributes={...}`` for dimensions of your own.

        Raises:
            TypeError: A label has the wrong type or is not one of those.
            ValueError: The conversation has no id, or a label is impossible.
        """
        if not conversation_id or not isinstance(conversation_id, str):
            raise ValueError(f"conversation_id ({conversation_id!r}) is not text with something in it")
        if labels:
            strangers = labels.keys() - _LABELS
            if strangers:
                raise TypeError(
                    f"track() does not know {', '.join(sorted(strangers))}: labels are {', '.join(sorted(_LABELS))}; "
                    "other dimensions go into attributes={...}"
                )
            check_columns(labels)
        return LiveTurn(self, conversation_id, user_id, labels)

    @staticmethod
    def current() -> LiveTurn | None:
        """Return the innermost turn being tracked in this thread or task, or None outside any."""
        turn = _CURRENT.get()
        while turn is not None and turn.finished:
            turn = turn.outer
        return turn

    def callback(self) -> BaseCallbackHandler:
        """Return a LangChain callback that fills the current turn's tokens, model and time to first token.

        Give it to a model or a call: ``llm.invoke(text, config={"callbacks": [monitor.callback()]})``. It works for
        invoke and stream, sync and async. A streamed reply reports tokens only with ``stream_usage=True``.
        """
        from chatmon.langchain_callback import UsageCallback

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
        with self._lock:
            for turn in reversed(self._turns):
                if turn._sequence == sequence and turn.turn_id == turn_id:
                    turn.columns = turn.columns | {"user_satisfaction": satisfaction}
                    return
            raise UnknownTurnError(
                f"no finished turn {turn_id} among the newest {len(self._turns)} "
                f"({self.evicted} evicted, capacity {self.capacity})"
            )

    def turns(self, hours: float | None = None) -> list[Turn]:
        """Return the buffer's turns in the order they ended; with ``hours``, those that started that lately."""
        with self._lock:
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
        from chatmon.summary import summarise

        until = self.now()
        with self._lock:
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
        with self._lock:
            return self._window.read(self._clock() // 1_000_000_000, seconds)

    def now(self) -> datetime:
        """Return the monitor's wall clock."""
        return _as_datetime(self._clock())

    def reject(self, reason: str) -> None:
        """Count a reported value that could not be true, and say so in the log."""
        with self._lock:
            self.rejected[reason] += 1
        logger.warning("rejected: %s", reason)

    def _record(self, turn: LiveTurn) -> None:
        """Keep a finished turn: the one thing that happens under the lock on the hot path."""
        columns = turn.columns
        usage = (
            (columns.get("input_tokens"), columns.get("output_tokens"), columns.get("cost"))
            if "input_tokens" in columns or "output_tokens" in columns
            else None
        )
        with self._lock:
            turns = self._turns
            if len(turns) >= self.capacity:
                turns.popleft()
                self.evicted += 1
            turns.append(turn)
            self._window.add(self._clock() // 1_000_000_000, turn.response_time, "error_type" in columns, usage)


class LiveTurn:
    """A turn while it happens; made by ``ChatMonitor.track``.

    Attributes:
        conversation_id: As given to ``track``.
        user_id: As given to ``track``.
        columns: What is known of the turn besides its times and ids.
        outer: The turn around this one, if any.
        finished: Whether its block has ended.
        response_time: Seconds; 0.0 until the block ends.
        time_to_first_token: Seconds, where the reply was streamed.
    """

    __slots__ = (
        "_monitor",
        "_sequence",
        "_started",
        "_started_ns",
        "_usage",
        "columns",
        "conversation_id",
        "finished",
        "outer",
        "response_time",
        "time_to_first_token",
        "user_id",
    )

    def __init__(
        self, monitor: ChatMonitor, conversation_id: str, user_id: str | None, columns: dict[str, Any]
    ) -> None:
        self._monitor = monitor
        self.conversation_id = conversation_id
        self.user_id = user_id
        self.columns = columns
        self.finished = False
        self.outer: LiveTurn | None = None
        self.time_to_first_token: float | None = None
        self._usage: Usage | None = None

    def __enter__(self) -> Self:
        monitor = self._monitor
        self._sequence = next(monitor._sequence)
        outer = _CURRENT.get()
        # A stream that was dropped may have left its turn here: holding on to it would hold the one before it, too.
        while outer is not None and outer.finished:
            outer = outer.outer
        self.outer = outer
        _CURRENT.set(self)
        self._started_ns = monitor._clock()
        self._started = monitor._timer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        monitor = self._monitor
        self.response_time = monitor._timer() - self._started
        self.finished = True
        if error is not None:
            self.record_error(error)
        if _CURRENT.get() is self:
            outer = self.outer
            while outer is not None and outer.finished:
                outer = outer.outer
            _CURRENT.set(outer)
            self.outer = None
        monitor._record(self)

    @property
    def turn_id(self) -> str:
        """The turn's id: a UUIDv7 (RFC 9562), so that ids sort by time."""
        milliseconds, rest = divmod(self._started_ns, 1_000_000)
        sub_millisecond = rest * 4096 // 1_000_000
        number = (milliseconds & (2**48 - 1)) << 80 | 7 << 76 | sub_millisecond << 64 | 2 << 62 | self._sequence
        digits = f"{number:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    @property
    def timestamp(self) -> datetime:
        """When the turn started, in UTC."""
        return _as_datetime(self._started_ns)

    def elapsed(self) -> float:
        """Return the seconds since the turn started."""
        return self._monitor._timer() - self._started

    def set(self, **columns: Any) -> None:
        """Set columns of the turn, checked at once, also against those set before.

        ``question`` and ``answer`` are dropped unless the monitor captures content.

        Raises:
            TypeError: A value has the wrong type.
            ValueError: A value is impossible, is no column, or is one that the monitor measures itself.
        """
        measured = columns.keys() & _MEASURED
        if measured:
            raise ValueError(f"{', '.join(sorted(measured))}: the monitor measures it, it cannot be set")
        if not self._monitor.capture_content:
            columns = {name: value for name, value in columns.items() if name not in _CONTENT}
        together = self.columns | columns
        check_columns(together)
        self.columns = together

    def add_usage(
        self,
        usage: Usage,
        *,
        model: str | None = None,
        provider: str | None = None,
        finish_reason: str | None = None,
    ) -> None:
        """Add one model call's tokens, price them at the time of the turn, and note who answered.

        Several calls in one turn add up. A call without a price leaves the turn's cost unknown: a part is no total.

        Args:
            usage: What the call reported.
            model: The model that answered.
            provider: Who served it.
            finish_reason: Why the model stopped.
        """
        price = self._monitor._pricer(usage, model, provider=provider, at=self.timestamp)
        with self._monitor._lock:
            first = self._usage is None
            self._usage = usage if self._usage is None else self._usage + usage
            before: Decimal | None = Decimal(0) if first else self.columns.get("cost")
            amount = None if before is None or price.amount is None else before + price.amount
            named = {"model": model, "provider": provider, "finish_reason": finish_reason}
            self.columns = {
                **self.columns,
                **{name: value for name, value in named.items() if value is not None},
                **{name: getattr(self._usage, name) for name in _TOKENS},
                "usage_source": "reported",
                "cost": amount,
                "price_source": None if amount is None else price.source,
            }

    def first_token(self) -> None:
        """Mark the time to the first token; later calls change nothing."""
        if self.time_to_first_token is None:
            self.time_to_first_token = self._monitor._timer() - self._started

    def record_error(self, error: BaseException) -> None:
        """Mark the turn as failed without raising, for a chatbot that answers with a fallback."""
        self.columns["error_type"] = type(error).__name__
        self.columns["error_message"] = str(error).encode("utf-8", "replace").decode("utf-8")

    def to_turn(self) -> Turn:
        """Return the finished turn as a checked record."""
        return Turn(
            turn_id=self.turn_id,
            conversation_id=self.conversation_id,
            user_id=self.user_id,
            timestamp=self.timestamp,
            response_time=self.response_time,
            time_to_first_token=self.time_to_first_token,
            **self.columns,
        )


def _sequence_of(turn_id: str) -> int | None:
    """Return the part of an id that counts the monitor's turns; None for what is no UUID."""
    try:
        return UUID(turn_id).int & (2**62 - 1)
    except ValueError:
        return None


def _as_datetime(nanoseconds: int) -> datetime:
    """Return the aware time, to the microsecond, without the rounding of a float."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1_000)
