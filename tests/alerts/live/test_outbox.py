"""The outbox loses nothing: whatever the receiver does, and whenever the process is killed."""

import json
import logging
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest
from children import started
from hypothesis import given
from hypothesis import strategies as st
from notices import Recorder, firing, resolved
from properties import examples
from waits import PATIENCE, until

from chatmon._tools.paths import REPO
from chatmon.alerts.channels import Message, RefusedError, UndeliveredError, Webhook
from chatmon.alerts.live._outbox import LONGEST_WAIT, MOST_ATTEMPTS, Outbox, seconds_to_wait
from chatmon.alerts.live._spool import KEPT_SECONDS, Delivery
from chatmon.alerts.notification import Severity
from chatmon.lab.services.inbox import start
from chatmon.live.clock import ManualClock


def to(channel, *notifications, topic=None):
    return Delivery(channel, topic or notifications[0].rule, Message(notifications))


class Manual:
    """An outbox that sends when told to, on a clock that moves when told to."""

    def __init__(self, path, clock: ManualClock, **channels):
        self.clock = clock
        self.outbox = Outbox(
            path,
            channels,
            clock=lambda: clock.time_ns() / 1e9,
            timer=clock.timer,
            rng=lambda: 0.5,
            start=False,
        )

    def pump(self, channel, seconds, step=0.25):
        """Send what becomes due within some seconds."""
        for _ in range(round(seconds / step)):
            while self.outbox.deliver(channel):
                pass
            self.clock.advance(step)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "outbox" / "alerts.db"


def test_what_is_put_in_is_delivered_by_a_thread_and_remembered(path):
    log = Recorder()
    with Outbox(path, {"log": log}) as outbox:
        outbox.put([to("log", firing())])
        assert outbox.drain(timeout=PATIENCE)
        (entry,) = outbox.entries("delivered")
    assert log.said == ["Firing: errors"]
    assert (entry.channel, entry.attempts, entry.problem) == ("log", 1, None)


def test_the_same_message_put_in_twice_is_sent_once_to_each_channel(path):
    one, other = Recorder(), Recorder()
    with Outbox(path, {"one": one, "other": other}) as outbox:
        outbox.put([to("one", firing()), to("other", firing())])
        outbox.drain(timeout=PATIENCE)
        outbox.put([to("one", firing())])
        assert outbox.drain(timeout=PATIENCE)
    assert (one.said, other.said) == (["Firing: errors"],) * 2


def test_a_channel_that_fails_is_asked_again_after_longer_and_longer(path, clock):
    log = Recorder(*[UndeliveredError(f"problem {n}") for n in range(1, 4)])
    manual = Manual(path, clock, log=log)
    manual.outbox.put([to("log", firing())])
    attempts = []
    while not log.messages:
        if manual.outbox.deliver("log"):
            attempts.append(clock.timer())
        clock.advance(0.125)
    assert attempts == [0, 0.375, 1.125, 2.625]  # 0.375 s, 0.75 s and 1.5 s after one another


def test_what_the_receiver_asks_to_wait_is_waited(path, clock):
    manual = Manual(path, clock, log=(log := Recorder(UndeliveredError("busy", retry_after=20))))
    manual.outbox.put([to("log", firing())])
    manual.pump("log", 19.75)
    assert not log.messages
    manual.pump("log", 1)
    assert log.messages


@given(st.integers(1, 10_000), st.floats(0, 1e9), st.floats(0, 1, exclude_max=True))
def test_every_wait_is_within_its_limits(attempts, asked, drawn):
    wait = seconds_to_wait(attempts, asked, lambda: drawn)
    assert 0.25 <= wait <= 3600
    assert wait >= min(asked, 3600)
    if not asked:
        assert wait <= min(LONGEST_WAIT, 0.5 * 2 ** (min(attempts, 20) - 1))


def test_a_refused_message_is_kept_as_dead_logged_and_sent_again_when_somebody_says_so(path, clock, caplog):
    manual = Manual(path, clock, log=(log := Recorder(RefusedError("no such service"))))
    manual.outbox.put([to("log", firing())])
    manual.pump("log", 10)
    (entry,) = manual.outbox.entries("dead")
    assert (entry.problem, entry.attempts) == ("no such service", 1)
    assert entry.message.notifications == (firing(),)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert manual.outbox.retry_dead() == 1
    manual.pump("log", 1)
    assert log.messages
    assert manual.outbox.entries("dead") == []


@pytest.mark.parametrize(("drawn", "hours"), [(0.0, 12.5), (0.5, 18.75), (1.0, 25)])
def test_the_attempts_last_about_a_day(drawn, hours):
    waits = sum(seconds_to_wait(n, 0.0, lambda: drawn) for n in range(1, MOST_ATTEMPTS))
    assert waits / 3600 == pytest.approx(hours, abs=0.25)


def test_after_so_many_failures_a_message_is_dead_and_not_gone(path, clock, monkeypatch):
    monkeypatch.setattr("chatmon.alerts.live._outbox.MOST_ATTEMPTS", 20)

    class Never:
        def send(self, message):
            raise UndeliveredError("still nothing")

    manual = Manual(path, clock, log=Never())
    manual.outbox.put([to("log", firing())])
    manual.pump("log", 3600, step=10)
    (entry,) = manual.outbox.entries("dead")
    assert (entry.attempts, entry.problem) == (20, "still nothing")
    assert manual.outbox.entries("waiting") == []


def test_an_end_does_not_overtake_its_beginning_and_holds_up_nobody_else(path, clock):
    log = Recorder(UndeliveredError("down"))
    manual = Manual(path, clock, log=log)
    manual.outbox.put([to("log", firing("errors")), to("log", resolved("errors")), to("log", firing("latency"))])
    manual.pump("log", 2)
    assert log.said == ["Firing: latency", "Firing: errors", "Resolved: errors"]


def test_a_dead_beginning_sent_again_is_followed_by_its_end_again(path, clock):
    log = Recorder(RefusedError("the key is wrong"))
    manual = Manual(path, clock, log=log)
    manual.outbox.put([to("log", firing()), to("log", resolved()), to("log", firing("latency"))])
    manual.pump("log", 1)
    assert log.said == ["Resolved: errors", "Firing: latency"]
    assert manual.outbox.retry_dead() == 2
    manual.pump("log", 1)
    assert log.said[2:] == ["Firing: errors", "Resolved: errors"]


def test_a_clock_set_back_a_day_delays_no_attempt(path, clock):
    wall = [clock.time_ns() / 1e9]
    log = Recorder(UndeliveredError("down"))
    outbox = Outbox(path, {"log": log}, clock=lambda: wall[0], timer=clock.timer, rng=lambda: 0.5, start=False)
    outbox.put([to("log", firing())])
    outbox.deliver("log")
    wall[0] -= 86_400
    clock.advance(0.5)
    assert outbox.deliver("log")
    assert log.messages


def test_a_channel_of_ones_own_that_raises_anything_is_tried_again(path, clock):
    manual = Manual(path, clock, log=(log := Recorder(KeyError("oops"))))
    manual.outbox.put([to("log", firing())])
    manual.outbox.deliver("log")
    assert manual.outbox.entries("waiting")[0].problem == "KeyError: 'oops'"
    manual.pump("log", 1)
    assert log.messages


def test_a_channel_that_never_returns_is_given_up_and_takes_no_more_than_four_threads(path):
    class Stuck:
        def __init__(self):
            self.calls = 0
            self.released = threading.Event()

        def send(self, message):
            self.calls += 1
            self.released.wait(PATIENCE)

    stuck, log = Stuck(), Recorder()
    outbox = Outbox(path, {"stuck": stuck, "log": log}, deadline=0.05, rng=lambda: 0.0, start=False)
    for n in range(6):
        outbox.put([to("stuck", firing(str(n)))])
    outbox.put([to("log", firing())])
    for _ in range(6):
        assert outbox.deliver("stuck")
    until(lambda: stuck.calls == 4)
    problems = [entry.problem for entry in outbox.entries("waiting") if entry.channel == "stuck"]
    assert problems == ["no receipt within 0.05 s"] * 4 + ["4 earlier attempts have not ended, though given up"] * 2
    assert stuck.calls == 4
    outbox._deadline = PATIENCE  # a busy machine may need more than the stuck one is given
    assert outbox.deliver("log")
    assert log.messages
    stuck.released.set()
    outbox.close()


def test_a_dripping_receiver_is_given_up_in_time(path):
    with start() as inbox:
        inbox.behave("drip")
        with Outbox(path, {"hook": Webhook(inbox.webhook_url, inbox.secret)}, deadline=0.5) as outbox:
            outbox.put([to("hook", firing())])
            until(lambda: outbox.entries("waiting")[0].problem)
            assert outbox.entries("waiting")[0].problem == "no receipt within 0.5 s"
            inbox.behave("ok")
            assert inbox.wait_for(1, timeout=PATIENCE)


def test_what_waits_is_sent_after_a_restart_at_once_and_in_order(path, clock):
    first = Manual(path, clock, log=Recorder(*[UndeliveredError("down")] * 9))
    first.outbox.put([to("log", firing()), to("log", resolved())])
    first.pump("log", 20)
    first.outbox.close()
    second = Manual(path, ManualClock(clock.now()), log=(log := Recorder()))
    assert second.outbox.deliver("log")
    second.pump("log", 1)
    assert log.said == ["Firing: errors", "Resolved: errors"]


def test_notes_and_messages_are_kept_together_or_not_at_all(path, clock):
    manual = Manual(path, clock, log=Recorder())
    manual.outbox.put([to("log", firing())], {"alerts": {"a": 1}})
    with pytest.raises(TypeError):
        manual.outbox.put([to("log", firing("latency"))], {"alerts": object()})
    assert len(manual.outbox.entries("waiting")) == 1
    assert manual.outbox.notes() == {"alerts": {"a": 1}}
    manual.outbox.put([], {"alerts": None})
    assert manual.outbox.notes() == {}


def test_a_channel_that_is_not_there_is_named(path, clock, caplog):
    manual = Manual(path, clock, log=Recorder(), pager=Recorder())
    with pytest.raises(ValueError, match="no channel 'slack': there are log, pager"):
        manual.outbox.put([to("log", firing()), to("slack", firing())])
    assert manual.outbox.entries("waiting") == []
    manual.outbox.put([to("pager", firing())])
    manual.outbox.close()
    again = Manual(path, clock, log=Recorder())
    assert "1 alerts wait for the channel 'pager', which this outbox was not given" in caplog.text
    assert len(again.outbox.entries("waiting")) == 1


def test_delivered_messages_are_remembered_for_a_week(path, clock):
    manual = Manual(path, clock, log=Recorder())
    manual.outbox.put([to("log", firing())])
    manual.outbox.deliver("log")
    clock.advance(KEPT_SECONDS)
    manual.outbox.put([])
    assert len(manual.outbox.entries("delivered")) == 1
    clock.advance(1)
    manual.outbox.put([])
    assert manual.outbox.entries("delivered") == []


def test_a_file_that_cannot_be_written_is_an_error_for_who_puts_in_and_no_end_of_the_threads(path, caplog):
    log = Recorder()
    with Outbox(path, {"log": log}) as outbox:
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("begin immediate")
            outbox.file.read("pragma busy_timeout = 50")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                outbox.put([to("log", firing())])
            other.execute("rollback")
        other.close()
        outbox.put([to("log", firing())])
        assert outbox.drain(timeout=PATIENCE)
    assert len(log.messages) == 1


KILLED = """
import json, os, signal, sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from notices import firing, resolved
from chatmon.alerts.channels import Message, Webhook
from chatmon.alerts.live._outbox import Outbox
from chatmon.alerts.live._spool import Delivery
settings = json.loads(sys.stdin.readline())
outbox = Outbox(Path(settings["path"]), {{"hook": Webhook(settings["url"], settings["secret"])}})
for number in range(settings["count"]):
    outbox.put([Delivery("hook", "errors", Message((firing(str(number)),)))])
    print(number, flush=True)
time.sleep(600)
"""


def killed(path, inbox, count, after):
    """Put messages in from a process that is killed as soon as it has said so many times that one is in."""
    command = [sys.executable, "-c", KILLED.format(tests=str(REPO / "tests"))]
    settings = {"path": str(path), "url": inbox.webhook_url, "secret": inbox.secret, "count": count}
    with started(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPO) as process:
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
        for number in range(after):
            assert process.stdout.readline() == f"{number}\n"
        process.kill()
        assert process.wait(PATIENCE) == -signal.SIGKILL


@pytest.mark.parametrize("behaviour", ["hang", "fail", "hang_up", "ok"])
def test_killed_at_any_moment_nothing_that_was_taken_in_is_lost_and_the_receiver_has_it_once(path, behaviour):
    with start() as inbox:
        inbox.behave(behaviour)
        for after in (1, 4):
            killed(path, inbox, count=8, after=after)
        inbox.behave("ok")
        with Outbox(path, {"hook": Webhook(inbox.webhook_url, inbox.secret)}) as outbox:
            assert outbox.drain(timeout=PATIENCE)
        rules = [content["notifications"][0]["rule"] for content in inbox.messages()]
    assert set(rules) >= {"0", "1", "2", "3"}
    assert len(rules) == len(set(rules))


def test_a_dead_slow_or_lying_receiver_does_not_hold_up_another(path):
    with start() as good, start() as bad:
        for behaviour in ("hang", "lie"):
            bad.behave(behaviour)
            channels = {
                name: Webhook(box.webhook_url, box.secret, timeout=PATIENCE)
                for name, box in {"good": good, "bad": bad}.items()
            }
            with Outbox(path, channels, deadline=PATIENCE) as outbox:
                outbox.put([to(name, firing(behaviour)) for name in ("bad", "good")])
                good.wait_for(1, timeout=PATIENCE / 3)  # long before the attempt at the bad one is given up
                assert "bad" in {entry.channel for entry in outbox.entries("waiting")}
                bad.behave("ok")
                outbox.close(timeout=0.1)
            good.clear()
        with Outbox(path, channels) as outbox:
            assert outbox.drain(timeout=PATIENCE)
        assert {content["notifications"][0]["rule"] for content in bad.messages()} == {"hang", "lie"}


@examples(25)
@given(
    fates=st.lists(st.sampled_from(["ok", "undelivered", "refused", "lost"]), max_size=25),
    rules=st.lists(st.sampled_from("abc"), min_size=1, max_size=6),
)
def test_whatever_happens_each_message_is_delivered_or_listed_and_in_order(tmp_path_factory, fates, rules):
    path = tmp_path_factory.mktemp("outbox") / "alerts.db"
    clock = ManualClock(firing().at)
    fate = iter(fates)
    sent, restarts = [], []

    class Fickle:
        def send(self, message):
            happens = next(fate, "ok")
            if happens == "undelivered":
                raise UndeliveredError("not now")
            if happens == "refused":
                raise RefusedError("never")
            sent.append(message)
            if happens == "lost":  # it arrived, and the process died before it was noted
                restarts.append(1)
                raise UndeliveredError("its answer was lost")

    manual = Manual(path, clock, log=Fickle())
    messages = [Message((firing(rule, n=str(number)),)) for number, rule in enumerate(rules)]
    manual.outbox.put([Delivery("log", rule, one) for rule, one in zip(rules, messages, strict=True)])
    for _ in range(200):
        manual.pump("log", 0.25)
        if restarts:
            restarts.clear()
            manual.outbox.close()
            manual = Manual(path, clock, log=Fickle())
    states = {state: manual.outbox.entries(state) for state in ("waiting", "delivered", "dead")}
    assert sorted(e.message.id for entries in states.values() for e in entries) == sorted(m.id for m in messages)
    assert not states["waiting"]
    assert {e.message.id for e in states["delivered"]} <= {m.id for m in sent}
    for rule in set(rules):
        order = [messages.index(one) for one in sent if one.notifications[0].rule == rule]
        assert order == sorted(order)
    manual.outbox.close()


class OneEach(Recorder):
    """A receiver that takes one notification a request, and fails at some."""

    one_each = True


def test_of_a_group_each_notification_is_delivered_once_and_its_end_after_it(path, clock):
    log = OneEach(None, UndeliveredError("busy"), None)
    manual = Manual(path, clock, log=log)
    group = [firing(region=region) for region in ("uk", "france", "spain")]
    manual.outbox.put([to("log", *group, topic="group")])
    manual.outbox.put([to("log", *(resolved(region=region) for region in ("uk", "france", "spain")), topic="group")])
    manual.pump("log", 5)
    assert manual.outbox.entries("waiting") == []
    assert [one for one in log.said if one.startswith("Firing")].count("Firing: errors{region=uk}") == 1
    assert sorted(log.said) == sorted(
        [
            f"{what}: errors{{region={region}}}"
            for what in ("Firing", "Resolved")
            for region in ("uk", "france", "spain")
        ]
    )
    for region in ("uk", "france", "spain"):
        said = [one.partition(":")[0] for one in log.said if region in one]
        assert said == ["Firing", "Resolved"]


def test_of_a_group_pages_go_first(path, clock):
    log = OneEach()
    manual = Manual(path, clock, log=log)
    severities = {"uk": Severity.INFO, "france": Severity.PAGE, "spain": Severity.TICKET}
    some = [firing(region=region, severity=severity) for region, severity in severities.items()]
    manual.outbox.put([to("log", *some, topic="group")])
    manual.pump("log", 1)
    assert [one.partition("region=")[2] for one in log.said] == ["france}", "spain}", "uk}"]


def test_a_page_does_not_wait_behind_what_can_wait(path, clock):
    log = Recorder()
    manual = Manual(path, clock, log=log)
    some = [firing(region=str(number), severity=Severity.INFO) for number in range(3)]
    manual.outbox.put([to("log", one, topic=one.key) for one in some])
    page = firing(region="all", severity=Severity.PAGE)
    manual.outbox.put([to("log", page, topic=page.key)])
    manual.pump("log", 1)
    assert ["all" in one for one in log.said] == [True, False, False, False]


def test_a_file_of_an_older_release_is_read_on(path, clock):
    Manual(path, clock, log=Recorder()).outbox.put([to("log", firing())])
    with sqlite3.connect(path) as db:
        db.execute("drop index urgent")
        db.execute("alter table messages drop column urgency")
    db.close()
    log = Recorder()
    Manual(path, clock, log=log).pump("log", 1)
    assert len(log.said) == 1
