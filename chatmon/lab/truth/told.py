"""Alerts passed on at their own times: who is told what, and when, by the policy and the channels that the bot has."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chatmon.alerts import Dispatcher, Outbox
from chatmon.alerts.notification import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from chatmon.alerts import Notification, Policy
    from chatmon.alerts.channels import Channel, Message


class Told(NamedTuple):
    """One message that a channel took.

    Attributes:
        at: When, by the notifications' own clock.
        channel: Its name.
        says: ``firing``, ``acknowledged`` or ``resolved``.
    """

    at: datetime
    channel: str
    says: str


def passed_on(
    notifications: Iterable[Notification],
    policy: Policy,
    channels: Mapping[str, Channel],
    acknowledged: Mapping[datetime, tuple[str, str]],
    *,
    timeout: float = 60.0,
) -> list[Told]:
    """Send notifications as a running bot would have, each at its own time, and return what was delivered.

    Days pass in no time: the clock is set from one moment at which something happens to the next.

    Args:
        notifications: What a replay said.
        policy: Who is told.
        channels: The channels that it names; they are really sent to.
        acknowledged: At which time which alert, by its key, was taken on, and by whom.
        timeout: Seconds that the deliveries of one moment may take.

    Raises:
        TimeoutError: They took longer.
        ValueError: An alert that was not open was to be acknowledged.
    """
    said = list(notifications)
    late = {
        one.at + turn * route.escalate_after
        for one in said
        if one.status is Status.FIRING and (route := policy.route(one))
        for turn in range(1, 1 + len(route.escalate_to))
    }
    moments = sorted({one.at for one in said} | late | acknowledged.keys())
    if not moments:
        return []
    record: list[Told] = []
    witnesses = {name: _Witness(name, channel, record, lambda: now) for name, channel in channels.items()}
    with (
        tempfile.TemporaryDirectory() as folder,
        Outbox(Path(folder) / "outbox.db", witnesses) as outbox,
        Dispatcher(policy, outbox, clock=lambda: now, every=None) as dispatcher,
    ):
        for now in moments:
            dispatcher.notify(*(one for one in said if one.at == now))
            dispatcher.tick()
            if now in acknowledged:
                dispatcher.acknowledge(*acknowledged[now])
            if not outbox.drain(timeout):
                raise TimeoutError(f"what was to be told at {now:%Y-%m-%d %H:%M} took more than {timeout:g} s")
    return sorted(record)


class _Witness:
    """A channel, and a record of what it took."""

    def __init__(self, name: str, channel: Channel, record: list[Told], clock: Callable[[], datetime]) -> None:
        self.one_each = getattr(channel, "one_each", False)
        self._name = name
        self._channel = channel
        self._record = record
        self._clock = clock

    def send(self, message: Message) -> None:
        self._channel.send(message)
        for one in message.notifications:
            says = "acknowledged" if message.acknowledged_by else one.status.value
            self._record.append(Told(self._clock(), self._name, says))
