from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chatmon.alerts import Policy, Route
from chatmon.alerts.channels import UndeliveredError
from chatmon.alerts.notification import Notification, Severity, Status
from chatmon.lab.truth.told import Told, passed_on

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
FIRING = Notification(
    rule="errors", labels={"region": "uk"}, severity=Severity.PAGE, status=Status.FIRING,
    started_at=NOON, at=NOON, value=0.2, limit=0.1, n=40, text="20 % of 40 turns failed",
)  # fmt: skip
ENDED = replace(FIRING, status=Status.RESOLVED, at=NOON + timedelta(hours=1))
POLICY = Policy((Route(channels=("first",), escalate_to=("second", "third"), escalate_after=QUARTER),))


class Taken:
    """A channel that takes what comes."""

    def __init__(self):
        self.messages = []

    def send(self, message):
        self.messages.append(message)


class Deaf:
    def send(self, message):
        raise UndeliveredError("nobody there")


def channels():
    return {"first": Taken(), "second": Taken(), "third": Taken()}


def test_who_does_not_answer_is_followed_by_the_next_and_all_who_were_told_hear_of_the_end():
    told = passed_on([FIRING, ENDED], POLICY, channels(), {NOON + timedelta(minutes=20): (FIRING.key, "Ana")})
    assert told == [
        Told(NOON, "first", "firing"),
        Told(NOON + QUARTER, "second", "firing"),
        Told(NOON + timedelta(minutes=20), "first", "acknowledged"),
        Told(NOON + timedelta(minutes=20), "second", "acknowledged"),
        Told(NOON + timedelta(hours=1), "first", "resolved"),
        Told(NOON + timedelta(hours=1), "second", "resolved"),
    ]


def test_without_an_answer_it_goes_up_to_the_last_one():
    told = passed_on([FIRING, ENDED], POLICY, channels(), {})
    assert [one for one in told if one.says == "firing"] == [
        Told(NOON, "first", "firing"),
        Told(NOON + QUARTER, "second", "firing"),
        Told(NOON + 2 * QUARTER, "third", "firing"),
    ]


def test_an_alert_that_ended_before_its_escalation_was_due_goes_no_further():
    soon = replace(ENDED, at=NOON + timedelta(minutes=14))
    assert {one.channel for one in passed_on([FIRING, soon], POLICY, channels(), {})} == {"first"}


def test_the_channels_are_really_sent_to():
    real = channels()
    passed_on([FIRING], POLICY, real, {})
    assert [message.notifications for message in real["first"].messages] == [(FIRING,)]


def test_a_delivery_that_does_not_end_is_an_error_that_says_when():
    with pytest.raises(TimeoutError, match=r"2026-10-05 12:00 took more than 0\.3 s"):
        passed_on([FIRING], Policy((Route(channels=("first",)),)), {"first": Deaf()}, {}, timeout=0.3)


def test_only_an_open_alert_can_be_taken_on():
    with pytest.raises(ValueError, match="no open alert 'costs'"):
        passed_on([FIRING], POLICY, channels(), {NOON: ("costs", "Ana")})


def test_nothing_said_is_nobody_told():
    assert passed_on([], POLICY, channels(), {}) == []
