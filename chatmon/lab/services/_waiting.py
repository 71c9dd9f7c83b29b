"""Where requests wait for their turn of the model, in one event loop, and are told how long when it is too long."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from chatmon._tools.errors import Error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable

    from chatmon.lab.services._fair_queue import FairQueue, Ticket


class NoTurnError(Error):
    """A request cannot have its turn now; the front answers it in words.

    Attributes:
        own: Whether its user has too many others waiting.
        retry_after: When to try again, in whole seconds.
    """

    def __init__(self, message: str, retry_after: int, *, own: bool = False) -> None:
        super().__init__(f"{message}: try again in {retry_after} s")
        self.own, self.retry_after = own, retry_after


class WaitingRoom:
    """Requests of many users before the slots of one model.

    Args:
        queue: Whose turn is next.
        longest: Seconds that a request may wait.
        clock: The time in seconds, from any moment on.
    """

    def __init__(self, queue: FairQueue, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._queue, self._longest, self._clock = queue, longest, clock
        self._called: dict[Ticket, asyncio.Future[None]] = {}

    @asynccontextmanager
    async def turn(self, user: Hashable) -> AsyncIterator[None]:
        """Wait for a slot, and hold it for a block; who is cancelled leaves the queue.

        Raises:
            NoTurnError: The user has too many requests waiting, or the wait is too long, as it seems or as it is.
        """
        expected = self._queue.seconds_until(user)
        if expected is not None and expected > self._longest:
            raise NoTurnError(
                f"the wait for the model is about {expected:,.0f} s, {self._longest:,g} s are the longest",
                _whole(expected),
            )
        ticket = self._queue.join(user)
        if ticket is None:
            raise NoTurnError(f"{self._queue.per_user} requests of yours wait already", _whole(expected), own=True)
        called = self._called[ticket] = asyncio.get_running_loop().create_future()
        seconds = None
        try:
            self._advance()
            try:
                await asyncio.wait_for(called, self._longest)
            except TimeoutError:
                again = _whole(self._queue.seconds_until(user))
                raise NoTurnError(f"no slot of the model was free within {self._longest:,g} s", again) from None
            began = self._clock()
            yield
            seconds = self._clock() - began
        finally:
            del self._called[ticket]
            self._queue.leave(ticket, seconds)
            self._advance()

    def state(self, user: Hashable) -> dict[str, float | int | None]:
        """Return how full it is, and about how many seconds a request of a user's would wait: None where unknown."""
        waiting = self._queue.waiting
        seconds = self._queue.seconds_until(user)
        return {
            "slots": self._queue.slots,
            "served": len(self._queue.served),
            "waiting": waiting.total(),
            "users_waiting": len(waiting),
            "seconds": None if seconds is None else round(seconds, 1),
        }

    def _advance(self) -> None:
        while ticket := self._queue.start():
            if not self._called[ticket].done():
                self._called[ticket].set_result(None)


def _whole(seconds: float | None) -> int:
    """Return seconds for ``Retry-After``, at least one."""
    return max(1, math.ceil(seconds or 0))
