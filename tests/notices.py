"""Notifications for the tests of delivery, and channels that do what they are told."""

from datetime import UTC, datetime, timedelta

from chatmon.alerts.notification import Notification, Severity, Status

NIGHT = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)


def firing(rule="errors", *, severity=Severity.PAGE, at=NIGHT, started_at=None, repeats=0, runbook=None, **labels):
    return Notification(
        rule=rule,
        labels=labels,
        severity=severity,
        status=Status.FIRING,
        started_at=started_at or at,
        at=at,
        value=0.2,
        limit=0.1,
        n=40,
        text="20 % of 40 turns failed, the limit is 10 %",
        runbook=runbook,
        repeats=repeats,
    )


def resolved(rule="errors", *, severity=Severity.PAGE, at=NIGHT + timedelta(hours=1), started_at=NIGHT, **labels):
    return Notification(
        rule=rule,
        labels=labels,
        severity=severity,
        status=Status.RESOLVED,
        started_at=started_at,
        at=at,
        value=0.01,
        limit=0.1,
        n=50,
        text="1 % of 50 turns failed, the limit is 10 %",
    )


class Recorder:
    """A channel that keeps what it is sent; ``failures`` are raised first, one for each message."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.messages = []

    def send(self, message):
        if self.failures:
            raise self.failures.pop(0)
        self.messages.append(message)

    @property
    def said(self):
        return [message.title for message in self.messages]
