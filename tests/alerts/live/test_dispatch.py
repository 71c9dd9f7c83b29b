"""Routing that runs, with its memory on disk: restarts and kills lose no alert and no acknowledgement."""

import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from itertools import count

import pytest
from children import started
from notices import NIGHT, Recorder, firing, resolved
from waits import PATIENCE, until

from chatmon._tools.paths import REPO
from chatmon.alerts.channels import PagerDuty, Slack, Webhook
from chatmon.alerts.live._dispatch import Dispatcher
from chatmon.alerts.live._engine import AlertEngine
from chatmon.alerts.live._outbox import Outbox
from chatmon.alerts.live.policy import Policy, Route
from chatmon.alerts.notification import Severity
from chatmon.alerts.rules import Rule
from chatmon.lab.services.inbox import start
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor

POLICY = Policy((Route(channels=("pager",), escalate_to=("boss",), escalate_after=timedelta(minutes=10)),))


class Desk:
    """A dispatcher on an outbox that sends when told to; ``restart`` is a new process on the same file."""

    def __init__(self, path):
        self.path = path
        self.clock = ManualClock(NIGHT)
        self.pager, self.boss = Recorder(), Recorder()
        self.restart()

    def restart(self):
        self.outbox = Outbox(self.path, {"pager": self.pager, "boss": self.boss}, timer=self.clock.timer, start=False)
        self.dispatcher = Dispatcher(POLICY, self.outbox, clock=self.clock.now, every=None)

    def said(self, minutes=0):
        """Let time pass, send what is due, and return what was said in all."""
        self.clock.advance(minutes * 60)
        self.dispatcher.tick()
        for name in ("pager", "boss"):
            while self.outbox.deliver(name):
                pass
        return self.pager.said, self.boss.said


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "alerts.db")


def test_open_alerts_escalate_across_a_restart(desk):
    desk.dispatcher.notify(firing())
    desk.said()
    assert desk.said(minutes=9) == (["Firing: errors"], [])
    desk.restart()
    assert desk.said(minutes=1) == (["Firing: errors"], ["Firing: errors"])


def test_an_acknowledgement_holds_across_a_restart(desk):
    desk.dispatcher.notify(firing())
    desk.dispatcher.tick()
    desk.dispatcher.acknowledge("errors{}", by="ada")
    desk.restart()
    assert desk.said(minutes=60) == (["Firing: errors", "Acknowledged by ada: errors"], [])
    assert desk.dispatcher.alerts["errors{}"].acknowledged_by == "ada"


def test_a_silence_holds_across_a_restart_and_ends_in_time_or_before(desk):
    desk.dispatcher.silence({"rule": "errors"}, timedelta(minutes=30), by="ada", reason="a planned change")
    early = desk.dispatcher.silence({"rule": "latency"}, timedelta(minutes=30), by="ada", reason="too soon")
    desk.restart()
    desk.dispatcher.notify(firing(), firing("latency"))
    assert desk.said(minutes=1) == ([], [])
    assert desk.dispatcher.muted == {"errors{}", "latency{}"}
    desk.dispatcher.unsilence(early)
    assert desk.said() == (["Firing: latency"], [])
    assert desk.said(minutes=28) == (["Firing: latency"], ["Firing: latency"])
    assert desk.said(minutes=1) == (["Firing: latency", "Firing: errors"], ["Firing: latency"])
    assert desk.dispatcher.silences == []


def test_an_end_after_a_restart_closes_what_was_opened_before(desk):
    desk.dispatcher.notify(firing())
    desk.said()
    desk.restart()
    desk.dispatcher.notify(resolved())
    assert desk.said()[0] == ["Firing: errors", "Resolved: errors"]
    assert desk.dispatcher.alerts == {}


def test_what_comes_within_a_tick_is_one_message_also_across_a_restart(desk):
    desk.dispatcher.notify(firing(region="uk"))
    desk.restart()
    desk.dispatcher.notify(firing(region="france"))
    assert desk.said()[0] == ["Firing: 2 alerts of errors"]
    desk.restart()
    assert desk.said()[0] == ["Firing: 2 alerts of errors"]


def test_what_has_been_routed_is_not_routed_again_after_a_restart(desk):
    desk.dispatcher.notify(firing(), firing("latency"))
    desk.said()
    for rule in ("errors", "latency"):
        desk.dispatcher.notify(resolved(rule))
        desk.said()
    desk.restart()
    desk.said()
    assert desk.dispatcher.alerts == {}


def test_closing_leaves_nothing_unrouted(desk):
    desk.dispatcher.notify(firing())
    desk.dispatcher.close()
    assert [entry.channel for entry in desk.outbox.entries("waiting")] == ["pager"]


def test_a_notification_given_again_after_a_kill_is_said_once(desk):
    desk.dispatcher.notify(firing())
    desk.said()
    desk.restart()
    desk.dispatcher.notify(firing())
    assert desk.said()[0] == ["Firing: errors"]


def test_what_the_disk_does_not_take_was_not_taken_in_and_may_be_given_again(desk, monkeypatch):
    import sqlite3

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(desk.outbox._spool, "put", full)
        with pytest.raises(sqlite3.OperationalError, match="disk is full"):
            desk.dispatcher.notify(firing())
    assert desk.dispatcher.alerts == {}
    desk.dispatcher.notify(firing())
    assert desk.said()[0] == ["Firing: errors"]


def test_a_route_to_a_channel_that_is_not_there_is_refused(desk):
    with pytest.raises(ValueError, match="routes name slack, the outbox has boss, pager"):
        Dispatcher(Policy((Route(channels=("slack", "pager")),)), desk.outbox, every=None)


def test_it_looks_at_the_clock_by_itself(tmp_path):
    boss = Recorder()
    policy = Policy((Route(channels=("pager",), escalate_to=("boss",), escalate_after=timedelta(milliseconds=50)),))
    with (
        Outbox(tmp_path / "alerts.db", {"pager": Recorder(), "boss": boss}) as outbox,
        Dispatcher(policy, outbox, every=timedelta(milliseconds=10)) as dispatcher,
    ):
        dispatcher.notify(firing())
        until(lambda: boss.said)
    assert boss.said == ["Firing: errors"]


RULE = Rule(
    name="errors",
    measure="error",
    statistic="rate",
    window=timedelta(minutes=5),
    above=0.2,
    min_n=10,
    by=("region",),
    severity=Severity.PAGE,
)


def test_a_burst_in_the_chatbot_opens_and_closes_an_incident_at_the_inbox(tmp_path):
    clock = ManualClock(NIGHT)
    monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer)
    policy = Policy((Route(channels=("hook", "pager", "chat")),))
    with start() as inbox:
        channels = {
            "hook": Webhook(inbox.webhook_url, inbox.secret),
            "pager": PagerDuty(inbox.routing_key, url=inbox.pagerduty_url),
            "chat": Slack(inbox.slack_url),
        }
        with (
            Outbox(tmp_path / "outbox.db", channels) as outbox,
            Dispatcher(policy, outbox, clock=clock.now, every=None) as dispatcher,
        ):
            engine = AlertEngine([RULE], dispatcher.notify, path=tmp_path / "engine.db", clock=clock.time_ns)
            engine.watch(monitor)
            states = []
            for minute in range(30):
                for region in ("uk", "france") * 6:
                    with monitor.track("c1", region=region) as turn:
                        if 10 <= minute < 15:
                            turn.record_error(TimeoutError("too slow"))
                clock.advance(60)
                engine.tick()
                dispatcher.tick()
                assert outbox.drain(timeout=PATIENCE)
                states.append([one.status for one in inbox.incidents()])
            engine.stop()
        titles = [content["text"] for content in inbox.messages("slack")]
    began, ended = states.index(["triggered"] * 2), states.index(["resolved"] * 2)
    assert 10 <= began <= 12
    assert 15 <= ended <= 20
    assert titles == ["Firing: 2 alerts of errors", "Resolved: 2 alerts of errors"]


FIRES = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from notices import firing
from chatmon.alerts.channels import PagerDuty, Webhook
from chatmon.alerts.live._dispatch import Dispatcher
from chatmon.alerts.live._outbox import Outbox
from chatmon.alerts.live.policy import Policy, Route
settings = json.loads(sys.stdin.readline())
channels = {{
    "hook": Webhook(settings["webhook_url"], settings["secret"]),
    "pager": PagerDuty(settings["routing_key"], url=settings["pagerduty_url"]),
}}
outbox = Outbox(Path(settings["path"]), channels)
dispatcher = Dispatcher(Policy((Route(channels=("hook", "pager")),)), outbox)
dispatcher.notify(firing(region="uk"))
print("fired", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("behaviour", ["hang", "fail", "busy", "lie", "drip", "hang_up"])
def test_killed_between_firing_and_delivery_the_alert_is_delivered_after_a_restart(tmp_path, behaviour):
    path = tmp_path / "alerts.db"
    with start() as inbox:
        inbox.behave(behaviour)
        command = [sys.executable, "-c", FIRES.format(tests=str(REPO / "tests"))]
        settings = {name: getattr(inbox, name) for name in ("webhook_url", "secret", "routing_key", "pagerduty_url")}
        with started(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPO) as process:
            process.stdin.write(json.dumps(settings | {"path": str(path)}) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "fired\n"
            process.kill()
            assert process.wait(PATIENCE) == -signal.SIGKILL
        inbox.behave("ok")
        channels = {
            "hook": Webhook(inbox.webhook_url, inbox.secret),
            "pager": PagerDuty(inbox.routing_key, url=inbox.pagerduty_url),
        }
        with (
            Outbox(path, channels) as outbox,
            Dispatcher(Policy((Route(channels=("hook", "pager")),)), outbox) as dispatcher,
        ):
            inbox.wait_for(2, timeout=PATIENCE)
            dispatcher.notify(resolved(region="uk"))
            dispatcher.tick()
            assert outbox.drain(timeout=PATIENCE)
        keys = [one["key"] for content in inbox.messages("webhook") for one in content["notifications"]]
        assert keys == ["errors{region=uk}"] * 2
        assert [incident.status for incident in inbox.incidents()] == ["resolved"]


def spent(monitor, turns, meanwhile=lambda: None):
    """Return the seconds that the monitor takes of each of so many turns, the shortest first."""
    seconds = []
    for turn in range(turns):
        begun = time.perf_counter()
        with monitor.track("c1", "u1"):
            pass
        seconds.append(time.perf_counter() - begun)
        if turn % 10 == 0:
            meanwhile()
        time.sleep(0.001)
    return sorted(seconds)


def delays(behaviour, path):
    """Return by how many seconds a receiver delays the median turn, and all but the slowest 1 %."""
    monitor = ChatMonitor()
    number = count()
    quiet = spent(monitor, 400)
    with start() as inbox:
        inbox.behave(behaviour)
        channels = {"pager": Webhook(inbox.webhook_url, inbox.secret), "boss": Recorder()}
        outbox = Outbox(path, channels, deadline=0.1)
        with Dispatcher(POLICY, outbox, every=timedelta(milliseconds=5)) as dispatcher:
            busy = spent(monitor, 400, lambda: dispatcher.notify(firing(str(next(number)))))
            assert outbox.entries("waiting")
            until(inbox.requests)
        outbox.close(timeout=0.1)
    return [busy[place] - quiet[place] for place in (200, 396)]


@pytest.mark.parametrize("behaviour", ["hang", "fail", "lie", "drip"])
def test_a_dead_slow_or_lying_receiver_does_not_delay_a_turn_by_a_millisecond(tmp_path, behaviour):
    # Others on the machine delay turns as well: the first of these rounds does on an idle one.
    assert any(max(delays(behaviour, tmp_path / f"{round_}.db")) < 0.001 for round_ in range(8))
