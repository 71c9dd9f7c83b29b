"""What an alert says when it begins, goes on, or ends: the one thing that leaves the decision and reaches people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Status(StrEnum):
    """Why a notification was sent."""

    FIRING = "firing"
    """It began, or it still goes on and is said again."""
    RESOLVED = "resolved"
    """It ended."""


class Severity(StrEnum):
    """How soon a person should look."""

    PAGE = "page"
    """Now, also at night."""
    TICKET = "ticket"
    """In working hours."""
    INFO = "info"
    """When there is time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message about one alert.

    Attributes:
        rule: The rule's name.
        labels: The group it fired for, such as ``{"region": "france"}``, and the rule's own labels.
        severity: How soon a person should look.
        status: Whether it fires or has ended.
        started_at: When this alert began to fire, in UTC: with the key it names the alert.
        at: When this was decided, in UTC.
        value: The number that decided; None where there was no data.
        limit: What the number is held against.
        n: Events behind the number.
        text: A sentence with the numbers.
        runbook: Where it says what to do; None where the rule has none.
        repeats: How often this alert was notified before: 0 for the first time.
    """

    rule: str
    labels: Mapping[str, str] = field(default_factory=dict)
    severity: Severity
    status: Status
    started_at: datetime
    at: datetime
    value: float | None
    limit: float
    n: int
    text: str
    runbook: str | None = None
    repeats: int = 0

    @property
    def key(self) -> str:
        """The alert's name: one at a time is open for it. Channels use it to deduplicate.

        Example:
            >>> when = datetime(2026, 10, 5)
            >>> Notification(rule="errors", labels={"region": "uk"}, severity=Severity.PAGE, status=Status.FIRING,
            ...              started_at=when, at=when, value=0.2, limit=0.1, n=40, text="20 % fail").key
            'errors{region=uk}'
        """
        inner = ",".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(self.labels.items()))
        return f"{self.rule}{{{inner}}}"

    @property
    def id(self) -> str:
        """The same for every attempt to deliver this message, and different for every other one."""
        return f"{self.key}@{self.started_at.isoformat()}#{self.status.value}{self.repeats}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values, with its key and id."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain |= {"labels": dict(self.labels), "severity": self.severity.value, "status": self.status.value}
        plain |= {name: getattr(self, name).isoformat() for name in ("started_at", "at")}
        return plain | {"key": self.key, "id": self.id}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Notification:
        """Return what ``to_dict`` was given.

        Raises:
            KeyError: A part is missing.
            ValueError: A part cannot be read.
        """
        parts = {name: plain[name] for name in cls.__dataclass_fields__}
        parts |= {"severity": Severity(parts["severity"]), "status": Status(parts["status"])}
        parts |= {name: datetime.fromisoformat(parts[name]) for name in ("started_at", "at")}
        return cls(**parts)


def _escaped(text: str) -> str:
    """Return text whose commas and equals signs cannot be taken for the key's own."""
    return "".join(f"\\{letter}" if letter in "\\,=" else letter for letter in text)
