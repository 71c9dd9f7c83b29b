"""Whose request is next where many users share a few slots: users in turns, whoever came first. No clock, no IO."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable

_REMEMBERED: Final = 50
"""Replies whose mean says how long the next one takes: a minute or so of a class."""


class Ticket(NamedTuple):
    """A request in the queue.

    Attributes:
        number: Its own, counted from 1.
        user: Whose it is.
    """

    number: int
    user: Hashable


@dataclass
class FairQueue:
    """Requests that wait, and those that have a slot: of each user one at a time.

    Users with something to ask stand in line. A free slot goes to the oldest request of the first of them, who stands
    in line again, at its end, when that is done. So whoever comes waits for one request of each other user at most, and
    finds slots of their own however much somebody asks.

    Args:
        slots: Requests that are served at the same time.
        per_user: Requests of one user that may wait.

    Example:
        >>> queue = FairQueue(slots=1, per_user=2)
        >>> greedy, also_greedy, modest = queue.join("ada"), queue.join("ada"), queue.join("bob")
        >>> queue.start() == greedy, queue.start()
        (True, None)
        >>> queue.leave(greedy, seconds=2.0)
        >>> queue.start() == modest, queue.seconds_until("eve")
        (True, 4.0)
    """

    slots: int
    per_user: int
    served: dict[Hashable, Ticket] = field(default_factory=dict, init=False)
    _waiting: dict[Hashable, deque[Ticket]] = field(default_factory=dict, init=False)
    _line: dict[Hashable, None] = field(default_factory=dict, init=False)
    _took: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED), init=False)
    _joined: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for name in ("slots", "per_user"):
            if (value := getattr(self, name)) < 1:
                raise ValueError(f"{name} ({value}) must be at least 1")

    @property
    def waiting(self) -> Counter[Hashable]:
        """How many requests of each user wait."""
        return Counter({user: len(tickets) for user, tickets in self._waiting.items()})

    def join(self, user: Hashable) -> Ticket | None:
        """Return the ticket of a new request, None where as many of the user's wait as may."""
        if len(self._waiting.get(user, ())) >= self.per_user:
            return None
        self._joined += 1
        ticket = Ticket(self._joined, user)
        self._waiting.setdefault(user, deque()).append(ticket)
        if user not in self.served:
            self._line.setdefault(user)
        return ticket

    def start(self) -> Ticket | None:
        """Give a free slot to the next request, and return its ticket; None where none is free or wanted."""
        if len(self.served) >= self.slots or not self._line:
            return None
        user = next(iter(self._line))
        del self._line[user]
        ticket = self.served[user] = self._waiting[user].popleft()
        self._forget_if_idle(user)
        return ticket

    def leave(self, ticket: Ticket, seconds: float | None = None) -> None:
        """Let a request go, whether it waits or has a slot.

        Args:
            ticket: Which one; one that has left already changes nothing.
            seconds: How long it had its slot, where it was answered to the end: the estimates learn from it.
        """
        user = ticket.user
        if self.served.get(user) == ticket:
            del self.served[user]
            if user in self._waiting:
                self._line[user] = None
            if seconds is not None:
                self._took.append(seconds)
        elif ticket in self._waiting.get(user, ()):
            self._waiting[user].remove(ticket)
            self._forget_if_idle(user)

    def seconds_until(self, user: Hashable) -> float | None:
        """Return about how long a request that the user adds now waits, None where no reply has ended yet.

        It is 0 where a slot is free for it.
        """
        own = len(self._waiting.get(user, ())) + (user in self.served)
        if not own and len(self._line) + len(self.served) < self.slots:
            return 0.0
        if not self._took:
            return None
        mean = math.fsum(self._took) / len(self._took)
        if not own:  # one request of each who stands in line, then this one; a slot ends one in the time of a reply
            return mean * (len(self._line) + 1) / self.slots
        active = len(self._waiting.keys() | self.served.keys())
        return mean * own * max(1.0, active / self.slots)  # each of one's own takes a round of all who ask

    def _forget_if_idle(self, user: Hashable) -> None:
        if not self._waiting[user]:
            del self._waiting[user]
            self._line.pop(user, None)
