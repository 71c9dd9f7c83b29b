"""A turn while it happens: the handle that a tracking block fills."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from chatmon._tools.outcomes import CANCELLED, is_cancellation
from chatmon.cost.prices import LOWER_BOUND, Price
from chatmon.cost.usage import TOKENS, Usage
from chatmon.turns import Turn, check_columns

if TYPE_CHECKING:
    from types import TracebackType
    from uuid import UUID

    from chatmon.live.monitor import ChatMonitor

CURRENT: ContextVar[LiveTurn | None] = ContextVar("chatmon_current_turn", default=None)
"""The innermost turn of this thread or task, whichever monitor it belongs to."""
CONTENT = frozenset({"question", "answer"})
NOTHING_ASKED = Usage(0, 0, 0, 0, 0)
FROM_CACHE = "a reply kept from an earlier call: no request was made"
MEASURED = frozenset({"turn_id", "conversation_id", "user_id", "timestamp", "response_time", "time_to_first_token"})


class LiveTurn:
    """A turn while it happens; made by ``ChatMonitor.track``.

    Attributes:
        monitor: Where it is recorded.
        conversation_id: As given to ``track``.
        user_id: As given to ``track``.
        columns: What is known of the turn besides its times and ids.
        outer: The turn around this one, if any.
        finished: Whether its block has ended.
        sequence: Its number in the monitor; -1 until the block begins.
        started_ns: When it began, in nanoseconds since 1970; there once the block has begun.
        response_time: Seconds; 0.0 until the block ends.
        time_to_first_token: Seconds, where the reply was streamed.
    """

    __slots__ = (
        "__weakref__",
        "_runs",
        "_started",
        "_usage",
        "columns",
        "conversation_id",
        "finished",
        "monitor",
        "outer",
        "response_time",
        "sequence",
        "started_ns",
        "time_to_first_token",
        "user_id",
    )

    def __init__(
        self, monitor: ChatMonitor, conversation_id: str, user_id: str | None, columns: dict[str, Any]
    ) -> None:
        self.monitor = monitor
        self.conversation_id = conversation_id
        self.user_id = user_id
        self.columns = columns
        self.sequence = -1
        self.finished = False
        self.outer: LiveTurn | None = None
        self.time_to_first_token: float | None = None
        self._usage: Usage | None = None
        self._runs: frozenset[UUID] = frozenset()

    def __enter__(self) -> Self:
        monitor = self.monitor
        if self.sequence >= 0:
            raise RuntimeError("this turn has begun already: call track() for each turn")
        self.sequence = next(monitor.sequence)
        outer = CURRENT.get()
        # A stream that was dropped may have left its turn here: holding on to it would hold the one before it, too.
        while outer is not None and outer.finished:
            outer = outer.outer
        self.outer = outer
        CURRENT.set(self)
        self.started_ns = monitor.clock()
        self._started = monitor.timer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        monitor = self.monitor
        self.response_time = monitor.timer() - self._started
        self.finished = True
        if error is not None:
            self.record_error(error)
        outer = self.outer
        while outer is not None and outer.finished:
            outer = outer.outer
        # Chats that overlap in one thread would else hold on to each other, the first to the last.
        self.outer = outer
        if CURRENT.get() is self:
            CURRENT.set(outer)
            self.outer = None
        monitor.record(self)

    @property
    def turn_id(self) -> str:
        """The turn's id: a UUIDv7 (RFC 9562), so that ids sort by time."""
        milliseconds, rest = divmod(self.started_ns, 1_000_000)
        sub_millisecond = rest * 4096 // 1_000_000
        number = (milliseconds & (2**48 - 1)) << 80 | 7 << 76 | sub_millisecond << 64 | 2 << 62 | self.sequence
        digits = f"{number:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    @property
    def timestamp(self) -> datetime:
        """When the turn started, in UTC."""
        return as_datetime(self.started_ns)

    def set(self, **columns: Any) -> None:
        """Set columns of the turn, checked at once, also against those set before.

        ``question`` and ``answer`` are dropped unless the monitor captures content.

        Raises:
            TypeError: A value has the wrong type.
            ValueError: A value is impossible, is no column, or is one that the monitor measures itself.
        """
        measured = columns.keys() & MEASURED
        if measured:
            raise ValueError(f"{', '.join(sorted(measured))}: the monitor measures it, it cannot be set")
        if not self.monitor.capture_content:
            columns = {name: value for name, value in columns.items() if name not in CONTENT}
        together = self.columns | columns
        check_columns(together)
        if "attributes" in columns:
            together["attributes"] = own(columns["attributes"])
        self.columns = together

    def add_usage(
        self,
        usage: Usage,
        *,
        model: str | None = None,
        provider: str | None = None,
        finish_reason: str | None = None,
        from_cache: bool = False,
    ) -> None:
        """Add one model call's tokens, price them at the time of the turn, and note who answered.

        Several calls in one turn add up. A call without a price leaves the turn's cost unknown: a part is no total.
        Call it inside the block: what is added later reaches the table, and not the live windows.

        Args:
            usage: What the call reported.
            model: The model that answered.
            provider: Who served it.
            finish_reason: Why the model stopped.
            from_cache: The reply is one that was kept from an earlier call: nothing was asked, and nothing is paid.
        """
        if from_cache:
            usage, price, finish_reason = NOTHING_ASKED, Price(Decimal(0), FROM_CACHE, None), "cache"
        else:
            price = self.monitor.pricer(usage, model, provider=provider, at=self.timestamp)
        with self.monitor.lock:
            first = self._usage is None
            self._usage = usage if self._usage is None else self._usage + usage
            before: Decimal | None = Decimal(0) if first else self.columns.get("cost")
            amount = None if before is None or price.amount is None else before + price.amount
            named = {"model": model, "provider": provider, "finish_reason": finish_reason}
            self.columns = {
                **self.columns,
                **{name: value for name, value in named.items() if value is not None},
                **{name: getattr(self._usage, name) for name in TOKENS},
                **({"usage_details": details} if (details := self._usage.details) else {}),
                "usage_source": "reported",
                "cost": amount,
                "price_source": None if amount is None else _source(self.columns.get("price_source"), price.source),
            }

    def counts(self, run_id: UUID) -> bool:
        """Return whether this is the first time that a model call with this id reports what it used."""
        with self.monitor.lock:
            if run_id in self._runs:
                return False
            self._runs = self._runs | {run_id}
            return True

    def first_token(self) -> None:
        """Mark the time to the first token; later calls change nothing."""
        if self.time_to_first_token is None:
            self.time_to_first_token = self.monitor.timer() - self._started

    def record_error(self, error: BaseException) -> None:
        """Mark the turn as failed without raising, for a chatbot that answers with a fallback.

        A task that was cancelled, or a stream that nobody reads on, is no failure: it is the finish reason
        ``cancelled``. A limit in time is one, where it stands inside the block: ``TimeoutError``.
        """
        if is_cancellation(error):
            self.columns["finish_reason"] = CANCELLED
            return
        self.columns["error_type"] = type(error).__name__
        try:
            message = str(error)
        except Exception as own:  # noqa: BLE001 - somebody else's __str__ may raise anything, and the turn must be kept
            message = f"(its text cannot be read: {type(own).__name__})"
        self.columns["error_message"] = message.encode("utf-8", "replace").decode("utf-8")

    def restated(self, conversation_id: str, user_id: str | None, columns: dict[str, Any]) -> LiveTurn:
        """Return the finished turn with other ids and columns, as a store may keep it; this one stays as it is."""
        other = LiveTurn(self.monitor, conversation_id, user_id, columns)
        other.sequence, other.started_ns = self.sequence, self.started_ns
        other.response_time, other.time_to_first_token = self.response_time, self.time_to_first_token
        other.finished = True
        return other

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


def _source(before: str | None, now: str | None) -> str | None:
    """Return the source of a sum: that of the last call that was paid, or of one that left something out."""
    if before is None or now is None:
        return now
    return before if now == FROM_CACHE or (LOWER_BOUND in before and LOWER_BOUND not in now) else now


def own(value: Any) -> Any:
    """Return a copy of JSON that nobody else can change."""
    if isinstance(value, Mapping):
        return {name: own(part) for name, part in value.items()}
    return [own(part) for part in value] if isinstance(value, list) else value


def as_datetime(nanoseconds: int) -> datetime:
    """Return the aware time, to the microsecond, without the rounding of a float."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1_000)
