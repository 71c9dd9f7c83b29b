"""Whose request is next where many users share a few slots: users in turns, whoever came first. No clock, no IO."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, deque
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
    """Requests that wait, and those that have a slot.

    Users stand in a ring. A free slot goes to the oldest request of the user at its head, who then goes to its end, as
    does who comes new. So while somebody's oldest request waits, each other user is served once at most.

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
    served: set[Ticket] = field(default_factory=set, init=False)
    _ring: OrderedDict[Hashable, deque[Ticket]] = field(default_factory=OrderedDict, init=False)
    _took: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED), init=False)
    _joined: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for name in ("slots", "per_user"):
            if (value := getattr(self, name)) < 1:
                raise ValueError(f"{name} ({value}) must be at least 1")

    @property
    def waiting(self) -> Counter[Hashable]:
        """How many requests of each user wait."""
        return Counter({user: len(tickets) for user, tickets in self._ring.items()})

    def join(self, user: Hashable) -> Ticket | None:
        """Return the ticket of a new request, None where as many of the user's wait as may."""
        if len(self._ring.get(user, ())) >= self.per_user:
            return None
        self._joined += 1
        ticket = Ticket(self._joined, user)
        self._ring.setdefault(user, deque()).append(ticket)
        return ticket

    def start(self) -> Ticket | None:
        """Give a free slot to the next request, and return its ticket; None where no slot is free, or none waits."""
        if len(self.served) >= self.slots or not self._ring:
            return None
        user, tickets = next(iter(self._ring.items()))
        ticket = tickets.popleft()
        self._ring.move_to_end(user)
        if not tickets:
            del self._ring[user]
        self.served.add(ticket)
        return ticket

    def leave(self, ticket: Ticket, seconds: float | None = None) -> None:
        """Let a request go, whether it waits or has a slot.

        Args:
            ticket: Which one; one that has left already changes nothing.
            seconds: How long it had its slot, where it was answered to the end: the estimates learn from it.
        """
        if ticket in self.served:
            self.served.remove(ticket)
            if seconds is not None:
                self._took.append(seconds)
        elif ticket in (tickets := self._ring.get(ticket.user, deque())):
            tickets.remove(ticket)
            if not tickets:
                del self._ring[ticket.user]

    def ahead(self, user: Hashable) -> int:
        """Return how many waiting requests are served before one that the user adds now."""
        own = len(self._ring.get(user, ()))
        users = list(self._ring)
        place = users.index(user) if user in self._ring else len(users)
        others = enumerate(self._ring.values())
        # In each round of the ring one request of each; those who stand before the user are one round ahead.
        return own + sum(min(len(tickets), own + (at < place)) for at, tickets in others if at != place)

    def seconds_until(self, user: Hashable) -> float | None:
        """Return about how long a request that the user adds now waits, None where no reply has ended yet.

        It is 0 where a slot is free.
        """
        ahead = self.ahead(user)
        if ahead + len(self.served) < self.slots:
            return 0.0
        if not self._took:
            return None
        # As many have to end as are ahead, and one more, and a slot ends one in the time of a reply.
        return math.fsum(self._took) / len(self._took) * (ahead + 1) / self.slots
