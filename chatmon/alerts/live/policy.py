"""Who is told of which alert: routes, silences and inhibitions, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatmon.alerts.notification import Notification

Match: TypeAlias = Mapping[str, str | tuple[str, ...]]
"""Labels, ``rule`` and ``severity`` by name: each must be the text given, or one of them. Empty fits everything."""


def labels_of(notification: Notification) -> dict[str, str]:
    """Return all that an alert can be chosen by: its labels, its rule and its severity."""
    return {**notification.labels, "rule": notification.rule, "severity": notification.severity.value}


def matches(notification: Notification, match: Match) -> bool:
    """Return whether an alert fits; a label that it does not have fits nothing.

    Example:
        >>> from datetime import UTC, datetime
        >>> from chatmon.alerts.notification import Notification, Severity, Status
        >>> now = datetime(2026, 10, 5, tzinfo=UTC)
        >>> one = Notification(rule="errors", labels={"region": "uk"}, severity=Severity.PAGE, status=Status.FIRING,
        ...                    started_at=now, at=now, value=0.2, limit=0.1, n=40, text="20 % fail")
        >>> matches(one, {"severity": ("page", "ticket"), "region": "uk"}), matches(one, {"model": "strong"})
        (True, False)
    """
    labels = labels_of(notification)
    return all(labels.get(name) in ((wanted,) if isinstance(wanted, str) else wanted) for name, wanted in match.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where the alerts go that match.

    Attributes:
        channels: Are told at once, and told again when the alert is said again.
        match: Which alerts; everything where it is empty.
        group_by: Alerts with the same values of these, due at the same time, are one message.
        escalate_to: Are told one after the other, while nobody acknowledges.
        escalate_after: How long each waits for the one before it.
    """

    channels: tuple[str, ...]
    match: Match = field(default_factory=dict)
    group_by: tuple[str, ...] = ("rule",)
    escalate_to: tuple[str, ...] = ()
    escalate_after: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        if not self.channels:
            raise ValueError("a route has no channels: name at least one")
        if self.escalate_after <= timedelta(0):
            raise ValueError(f"escalate_after ({self.escalate_after}) must be longer than nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A time in which nobody is told of the alerts that match; those that still fire after it are told then.

    Attributes:
        match: Which alerts.
        starts_at: From when on, in UTC.
        ends_at: Until when, in UTC.
        by: Who wants it so.
        reason: Why.
    """

    match: Match
    starts_at: datetime
    ends_at: datetime
    by: str
    reason: str

    def __post_init__(self) -> None:
        if not self.match:
            raise ValueError("a silence of everything: say which labels, or the rule, it is for")
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None or self.ends_at <= self.starts_at:
            raise ValueError(
                f"a silence from {self.starts_at} to {self.ends_at}: it must end after it starts, both with a time zone"
            )

    def holds(self, notification: Notification, now: datetime) -> bool:
        """Return whether it silences an alert now."""
        return self.starts_at <= now < self.ends_at and matches(notification, self.match)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        match = {name: wanted if isinstance(wanted, str) else list(wanted) for name, wanted in self.match.items()}
        times = {"starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat()}
        return {"match": match, **times, "by": self.by, "reason": self.reason}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Silence:
        """Return what ``to_dict`` was given."""
        times = {name: datetime.fromisoformat(plain[name]) for name in ("starts_at", "ends_at")}
        match = {name: wanted if isinstance(wanted, str) else tuple(wanted) for name, wanted in plain["match"].items()}
        return cls(match=match, **times, by=plain["by"], reason=plain["reason"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """Alerts that nobody needs to hear of while another fires.

    Attributes:
        source: The alerts that say it all.
        target: The alerts that add nothing then.
        equal: Labels that must be the same in both.
    """

    source: Match
    target: Match
    equal: tuple[str, ...] = ()

    def inhibited(self, firing: Iterable[Notification]) -> set[str]:
        """Return the keys of those that add nothing; what fits both sides says it all, and is not muted."""
        alerts = list(firing)
        sources = {
            tuple(labels_of(one).get(name) for name in self.equal) for one in alerts if matches(one, self.source)
        }
        return {
            one.key
            for one in alerts
            if matches(one, self.target)
            and not matches(one, self.source)
            and tuple(labels_of(one).get(name) for name in self.equal) in sources
        }


@dataclass(frozen=True, slots=True)
class Policy:
    """Routes, of which the first that matches counts, and inhibitions, each of which works on what others left.

    Attributes:
        routes: The last one must match everything, so that no alert is without a place to go.
        inhibitions: What mutes what.

    Raises:
        ValueError: The last route does not match everything.

    Example:
        >>> policy = Policy((Route(channels=("pager",), match={"severity": "page"}), Route(channels=("log",))))
        >>> sorted(policy.channels)
        ['log', 'pager']
    """

    routes: tuple[Route, ...]
    inhibitions: tuple[Inhibition, ...] = ()

    def __post_init__(self) -> None:
        if not self.routes or self.routes[-1].match:
            raise ValueError("the last route must match everything (no match=), or some alerts would reach nobody")

    @property
    def channels(self) -> frozenset[str]:
        """Every channel that a route names."""
        return frozenset(name for route in self.routes for name in (*route.channels, *route.escalate_to))

    def route(self, notification: Notification) -> Route:
        """Return the first route that matches."""
        return next(route for route in self.routes if matches(notification, route.match))

    def inhibited(self, firing: Iterable[Notification]) -> set[str]:
        """Return the keys of the alerts that others mute; never all of them."""
        left = {one.key: one for one in firing}
        muted: set[str] = set()
        for inhibition in self.inhibitions:
            now_muted = inhibition.inhibited(left.values())
            muted |= now_muted
            left = {key: one for key, one in left.items() if key not in now_muted}
        return muted
