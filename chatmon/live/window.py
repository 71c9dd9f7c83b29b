"""Live windows: what happened in the last minutes, kept in buckets so that a turn costs the same whatever the traffic.

Each bucket holds ten seconds of sums and a histogram of response times. Reading a window adds its buckets up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from chatmon._tools.histogram import bin_of, merged, percentile

BUCKET_SECONDS = 10
NO_MONEY = Decimal(0)


@dataclass(frozen=True, slots=True)
class WindowStats:
    """What the turns that ended in a window add up to.

    Attributes:
        seconds: The window's length.
        turns: Turns that ended in it.
        errors: Those of them that failed.
        cancelled: Those of them that were cancelled.
        response_time_sum: Seconds, over all turns.
        histogram: Number of turns by logarithmic bin of response time.
        input_tokens: Sum over the turns that reported them.
        output_tokens: Sum over the turns that reported them.
        cost: US dollars, over the turns with a price.
        unpriced_turns: Turns without a price, so ``cost`` is a lower bound where this is not 0.
    """

    seconds: int
    turns: int
    errors: int
    cancelled: int
    response_time_sum: float
    histogram: dict[int, int]
    input_tokens: int
    output_tokens: int
    cost: Decimal
    unpriced_turns: int

    @property
    def error_rate(self) -> float | None:
        """The share of turns that failed, of those that were not cancelled; None without any."""
        ended = self.turns - self.cancelled
        return self.errors / ended if ended else None

    def percentile(self, q: float) -> float | None:
        """Return the response time that is the ``q``-quantile, within 1 %; None without turns."""
        return percentile(self.histogram, q)


class LiveWindow:
    """Buckets for the last hour, or another span.

    Not thread-safe by itself: the monitor calls it under its lock.

    Args:
        seconds: The longest window that can be read, a multiple of ten seconds.
    """

    __slots__ = ("_buckets", "_size", "late", "seconds")

    def __init__(self, seconds: int = 3600) -> None:
        if seconds < BUCKET_SECONDS or seconds % BUCKET_SECONDS:
            raise ValueError(f"seconds ({seconds}) is not a positive multiple of {BUCKET_SECONDS}")
        self.seconds = seconds
        self.late = 0
        self._size = seconds // BUCKET_SECONDS
        self._buckets = [_Bucket(-1) for _ in range(self._size)]

    def add(
        self,
        ended: int,
        response_time: float,
        failed: bool | None,
        usage: tuple[int | None, int | None, Decimal | None] | None,
    ) -> None:
        """Add a turn.

        Args:
            ended: When it ended, in whole seconds since 1970.
            response_time: Seconds.
            failed: Whether it ended in an error; None where it was cancelled.
            usage: Input tokens, output tokens and cost where known.
        """
        epoch = ended // BUCKET_SECONDS
        position = epoch % self._size
        bucket = self._buckets[position]
        if bucket.epoch != epoch:
            if epoch < bucket.epoch:
                self.late += 1
                return
            bucket = self._buckets[position] = _Bucket(epoch)
        bucket.turns += 1
        bucket.response_time_sum += response_time
        histogram = bucket.histogram
        bin_number = bin_of(response_time)
        histogram[bin_number] = histogram.get(bin_number, 0) + 1
        if failed is None:
            bucket.cancelled += 1
        elif failed:
            bucket.errors += 1
        if usage is not None:
            bucket.add_usage(*usage)

    def read(self, now: int, seconds: int) -> WindowStats:
        """Return the sums of the last ``seconds`` before ``now``, in whole buckets.

        Args:
            now: Whole seconds since 1970.
            seconds: A multiple of ten, at most the span this was made for.

        Raises:
            ValueError: ``seconds`` is no multiple of ten or too long.
        """
        if not 0 < seconds <= self.seconds or seconds % BUCKET_SECONDS:
            raise ValueError(
                f"a window of {seconds} s: give a multiple of {BUCKET_SECONDS} s up to {self.seconds} s, "
                "or read longer periods from summary()"
            )
        newest = now // BUCKET_SECONDS
        oldest = newest - seconds // BUCKET_SECONDS + 1
        inside = [bucket for bucket in self._buckets if oldest <= bucket.epoch <= newest]
        turns = sum(bucket.turns for bucket in inside)
        return WindowStats(
            seconds=seconds,
            turns=turns,
            errors=sum(bucket.errors for bucket in inside),
            cancelled=sum(bucket.cancelled for bucket in inside),
            response_time_sum=math.fsum(bucket.response_time_sum for bucket in inside),
            histogram=merged(bucket.histogram for bucket in inside),
            input_tokens=sum(bucket.input_tokens for bucket in inside),
            output_tokens=sum(bucket.output_tokens for bucket in inside),
            cost=sum((bucket.cost for bucket in inside), NO_MONEY),
            unpriced_turns=turns - sum(bucket.priced_turns for bucket in inside),
        )


class _Bucket:
    """Ten seconds of sums."""

    __slots__ = (
        "cancelled",
        "cost",
        "epoch",
        "errors",
        "histogram",
        "input_tokens",
        "output_tokens",
        "priced_turns",
        "response_time_sum",
        "turns",
    )

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.turns = 0
        self.errors = 0
        self.cancelled = 0
        self.response_time_sum = 0.0
        self.histogram: dict[int, int] = {}
        self.input_tokens = 0
        self.output_tokens = 0
        self.cost = NO_MONEY
        self.priced_turns = 0

    def add_usage(self, input_tokens: int | None, output_tokens: int | None, cost: Decimal | None) -> None:
        """Add tokens and cost where they are known."""
        self.input_tokens += input_tokens or 0
        self.output_tokens += output_tokens or 0
        if cost is not None:
            self.cost += cost
            self.priced_turns += 1
