"""What a channel is given, what a channel is, and the two ways in which it fails."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from chatmon._tools.errors import Error
from chatmon.alerts.notification import Notification, Status

if TYPE_CHECKING:
    from collections.abc import Mapping


class UndeliveredError(Error, RuntimeError):
    """A message did not arrive, or may not have: it is to be sent again.

    Attributes:
        retry_after: Seconds that the receiver asked to wait; 0 where it asked for nothing.
    """

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RefusedError(Error, RuntimeError):
    """The receiver will never take this message: sending it again is pointless until somebody mends the set-up."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one channel is told at once: notifications of one group.

    Attributes:
        notifications: One or more.
        acknowledged_by: Who has taken these alerts on, where that is the news.
    """

    notifications: tuple[Notification, ...]
    acknowledged_by: str | None = None

    @property
    def id(self) -> str:
        """The idempotency key: the same for every attempt, and different for every other message.

        It is made of the notifications' ids, which may hold any character, and fits into a header.
        """
        parts = [one.id for one in self.notifications]
        parts += [] if self.acknowledged_by is None else [f"acknowledged by {self.acknowledged_by}"]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    @property
    def title(self) -> str:
        """One line that says what it is about."""
        first = self.notifications[0]
        what = first.key.removesuffix("{}")
        if len(self.notifications) > 1:
            what = f"{len(self.notifications)} alerts of {', '.join(sorted({one.rule for one in self.notifications}))}"
        if self.acknowledged_by is not None:
            return f"Acknowledged by {self.acknowledged_by}: {what}"
        statuses = {one.status for one in self.notifications}
        return f"{' and '.join(sorted(status.value for status in statuses)).capitalize()}: {what}"

    @property
    def text(self) -> str:
        """Every notification in a line of its own, with when it began and where the runbook is."""
        return "\n".join(line(one) for one in self.notifications)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values, with its id."""
        return {
            "id": self.id,
            "acknowledged_by": self.acknowledged_by,
            "notifications": [one.to_dict() for one in self.notifications],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Message:
        """Return what ``to_dict`` was given."""
        return cls(tuple(Notification.from_dict(one) for one in plain["notifications"]), plain["acknowledged_by"])


def line(notification: Notification) -> str:
    """Return a notification as one line of plain text."""
    said = f"{notification.severity.value}, {notification.status.value}, {notification.key.removesuffix('{}')}"
    since = f"{notification.started_at:%Y-%m-%d %H:%M} UTC"
    until = f" to {notification.at:%Y-%m-%d %H:%M} UTC" if notification.status is Status.RESOLVED else ""
    runbook = f" Runbook: {notification.runbook}" if notification.runbook else ""
    return f"{said}: {notification.text} ({'since ' if not until else ''}{since}{until}){runbook}"


class Channel(Protocol):
    """Somewhere to send messages. One method, called from a thread of the outbox, never from the chatbot's.

    A channel whose ``one_each`` is true is given each notification of a group as a message of its own.
    """

    def send(self, message: Message) -> None:
        """Deliver a message, and return only when the receiver has said that it has it.

        Raises:
            UndeliveredError: It may not have arrived.
            RefusedError: It will never be taken.
        """
