"""Which channel is told what, and when: a pure step from the open alerts, what is new and the time to what to send.

An alert is open from its first notification to its end. It is told to the channels of its route as soon as nothing
mutes it, so a silence delays and loses nothing, and its end is told to whoever was told that it fires, also in a
silence: what was opened is closed. An acknowledged alert is told to nobody until it ends.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chatmon.alerts.channels._message import Message
from chatmon.alerts.live._spool import Delivery
from chatmon.alerts.live.policy import Policy, Route, Silence, labels_of
from chatmon.alerts.notification import Notification, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An alert that fires, and who knows.

    Attributes:
        latest: Its latest notification.
        told: The id of the notification that each channel was told last.
        told_at: When the first channel was told; None where nobody was.
        acknowledged_by: Who has taken it on; None where nobody has.
    """

    latest: Notification
    told: Mapping[str, str] = field(default_factory=dict)
    told_at: datetime | None = None
    acknowledged_by: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "latest": self.latest.to_dict(),
            "told": dict(self.told),
            "told_at": self.told_at and self.told_at.isoformat(),
            "acknowledged_by": self.acknowledged_by,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> OpenAlert:
        """Return what ``to_dict`` was given."""
        return cls(
            latest=Notification.from_dict(plain["latest"]),
            told=plain["told"],
            told_at=plain["told_at"] and datetime.fromisoformat(plain["told_at"]),
            acknowledged_by=plain["acknowledged_by"],
        )


Alerts = dict[str, OpenAlert]
"""The open alerts by key."""


def route(
    alerts: Mapping[str, OpenAlert],
    notifications: Iterable[Notification],
    policy: Policy,
    silences: Iterable[Silence],
    now: datetime,
) -> tuple[Alerts, list[Delivery]]:
    """Return the open alerts after this moment, and what to send.

    To be called with what is new and, so that alerts escalate and silences end, now and then with nothing.

    Args:
        alerts: The open alerts before.
        notifications: What is new, in the order it was decided.
        policy: Who is told of what.
        silences: What is silenced, now or at other times.
        now: The present time, in UTC.
    """
    silences = list(silences)
    after = dict(alerts)
    deliveries: list[Delivery] = []
    new: set[str] = set()
    ended: list[tuple[Notification, OpenAlert]] = []
    for notification in notifications:
        key = notification.key
        if key in new:  # it began and ended, or ended and began, since the last step: both are told
            deliveries += _told(ended, policy) + _tell(after, policy, silences, now)
            new, ended = set(), []
        new.add(key)
        known = after.get(key)
        if notification.status is Status.RESOLVED:
            if known is not None:
                ended.append((notification, after.pop(key)))
        elif known is None or known.latest.started_at != notification.started_at:
            # A new one under an old name: its end was lost, and those who were told get the new beginning.
            after[key] = OpenAlert(latest=notification)
        elif notification.repeats > known.latest.repeats:
            after[key] = replace(known, latest=notification)
    return after, deliveries + _told(ended, policy) + _tell(after, policy, silences, now)


def acknowledge(alerts: Mapping[str, OpenAlert], key: str, by: str, policy: Policy) -> tuple[Alerts, list[Delivery]]:
    """Return the open alerts after somebody has taken one on, and what to send to those who know of it.

    Raises:
        ValueError: No such alert is open.
    """
    if key not in alerts:
        raise ValueError(f"no open alert {key!r}: open are {', '.join(sorted(alerts)) or 'none'}")
    taken = replace(alerts[key], acknowledged_by=by)
    message = Message((taken.latest,), acknowledged_by=by)
    topic = _topic(policy.route(taken.latest), taken.latest)
    return {**alerts, key: taken}, [Delivery(channel, topic, message) for channel in taken.told]


def muted(alerts: Mapping[str, OpenAlert], policy: Policy, silences: Iterable[Silence], now: datetime) -> set[str]:
    """Return the keys of the open alerts that a silence or another alert keeps from being told."""
    firing = [alert.latest for alert in alerts.values()]
    silences = list(silences)
    silent = {one.key for one in firing if any(silence.holds(one, now) for silence in silences)}
    return silent | policy.inhibited(firing)


def _tell(alerts: Alerts, policy: Policy, silences: list[Silence], now: datetime) -> list[Delivery]:
    """Return what is due to be told, and write into ``alerts`` that it is."""
    quiet = muted(alerts, policy, silences, now)
    due: list[tuple[str, Route, Notification]] = []
    for key, alert in alerts.items():
        if key in quiet or alert.acknowledged_by is not None:
            continue
        where = policy.route(alert.latest)
        late = [name for name in _channels(where, alert, now) if alert.told.get(name) != alert.latest.id]
        if late:
            told = {**alert.told, **dict.fromkeys(late, alert.latest.id)}
            alerts[key] = replace(alert, told=told, told_at=alert.told_at or now)
            due += [(channel, where, alert.latest) for channel in late]
    return _grouped(due)


def _told(ended: list[tuple[Notification, OpenAlert]], policy: Policy) -> list[Delivery]:
    """Return the ends of alerts, for those who were told of their beginnings."""
    return _grouped(
        [(channel, policy.route(alert.latest), end) for end, alert in ended for channel in alert.told],
    )


def _channels(where: Route, alert: OpenAlert, now: datetime) -> list[str]:
    """Return the channels that should know of an alert by now."""
    waited = 0 if alert.told_at is None else (now - alert.told_at) // where.escalate_after
    return list(dict.fromkeys([*where.channels, *where.escalate_to[: max(0, waited)]]))


def _grouped(due: list[tuple[str, Route, Notification]]) -> list[Delivery]:
    groups: dict[tuple[str, str], list[Notification]] = {}
    for channel, where, notification in due:
        groups.setdefault((channel, _topic(where, notification)), []).append(notification)
    return [Delivery(channel, topic, Message(tuple(group))) for (channel, topic), group in groups.items()]


def _topic(where: Route, notification: Notification) -> str:
    """Return the name of an alert's group: what is said of it arrives in order."""
    labels = labels_of(notification)
    return json.dumps({name: labels.get(name) for name in where.group_by})
