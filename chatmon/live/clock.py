"""A clock that moves only when told to, so that a measured duration can be an expected one."""

from datetime import UTC, datetime


class ManualClock:
    """Wall clock and timer in one, for tests and for lessons whose output must repeat.

    Args:
        start: The time it shows at first; timezone-aware.

    Raises:
        ValueError: ``start`` is naive.

    Example:
        >>> clock = ManualClock(datetime(2026, 10, 5, 9, 0, tzinfo=UTC))
        >>> clock.advance(1.5)
        >>> clock.timer(), clock.now().isoformat()
        (1.5, '2026-10-05T09:00:01.500000+00:00')
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"start ({start}) has no time zone: add tzinfo=datetime.UTC")
        self._start_ns = int(start.timestamp()) * 1_000_000_000 + start.microsecond * 1_000
        self._elapsed_ns = 0

    def advance(self, seconds: float) -> None:
        """Move both clocks forward by ``seconds``, which may be 0 but not negative."""
        if seconds < 0:
            raise ValueError(f"seconds ({seconds}) is negative: a monotonic clock only moves forward")
        self._elapsed_ns += round(seconds * 1_000_000_000)

    def time_ns(self) -> int:
        """Return the wall clock, in nanoseconds since 1970 in UTC, as ``time.time_ns`` does."""
        return self._start_ns + self._elapsed_ns

    def timer(self) -> float:
        """Return the seconds since the clock was made, as ``time.perf_counter`` would."""
        return self._elapsed_ns / 1_000_000_000

    def now(self) -> datetime:
        """Return the wall clock as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time_ns() // 1_000_000_000, UTC).replace(
            microsecond=self.time_ns() % 1_000_000_000 // 1_000
        )
