"""Alerts have one owner: a second process is refused, a dead one followed, a fork has none, and the end is in time."""

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from children import kill, started
from moments import MORNING
from waits import PATIENCE

import chatmon
from chatmon.alerts import start
from chatmon.alerts.live._engine import AlertEngine
from chatmon.alerts.notification import Severity
from chatmon.alerts.rules import Rule
from chatmon.live import ChatMonitor, ManualClock

ERRORS = Rule(name="errors", measure="error", statistic="rate", window=timedelta(minutes=5), above=0.5)


class Recorder:
    """A channel that keeps what it is told."""

    def __init__(self):
        self.said = []

    def send(self, message):
        self.said += message.notifications


def begin(folder, monitor=None, rules=(ERRORS,), **options):
    return start(monitor or ChatMonitor(), list(rules), channels={"team": Recorder()}, folder=folder, **options)


OWNER = r"""
import os, sys, time
from datetime import timedelta
from chatmon.alerts import start
from chatmon.alerts.rules import Rule
from chatmon.live import ChatMonitor
class Nobody:
    def send(self, message):
        pass
rule = Rule(name="errors", measure="error", statistic="rate", window=timedelta(minutes=5), above=0.5)
monitor = ChatMonitor()
alerts = start(monitor, [rule], channels={"team": Nobody()}, folder=sys.argv[1])
child = os.fork() if "fork" in sys.argv else None
if child == 0:
    with monitor.track("c1"):
        pass
    alerts.stop()
    print(f"child {len(alerts._engine._arrived)}\n", end="", flush=True)
    time.sleep(20)
print("owner\n", end="", flush=True)
time.sleep(60)
"""


def test_a_second_process_is_refused_with_the_owners_pid_and_follows_it_when_it_is_dead(tmp_path):
    with started(sys.executable, "-c", OWNER, str(tmp_path), stdout=subprocess.PIPE) as owner:
        assert owner.stdout.readline()
        with pytest.raises(chatmon.Error, match=rf"pid {owner.pid}: stop\(\) them there"):
            begin(tmp_path)
        kill(owner)
        owner.wait(PATIENCE)
        begin(tmp_path).stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_fork_has_no_alerts_and_does_not_keep_them_from_the_next_process(tmp_path):
    with started(sys.executable, "-c", OWNER, str(tmp_path), "fork", stdout=subprocess.PIPE) as owner:
        lines = sorted(owner.stdout.readline().split() for _ in range(2))
        assert ["child", "0"] in lines, "what the fork does waits for nobody"
        with pytest.raises(chatmon.Error, match=f"pid {owner.pid}"):
            begin(tmp_path)
        owner.terminate()
        owner.wait(PATIENCE)
        begin(tmp_path).stop()  # while the fork lives


def test_a_number_that_another_process_has_by_now_owns_nothing(tmp_path):
    (tmp_path / "alerts.pid").write_text(f"{os.getppid()}\n", encoding="utf-8")
    begin(tmp_path).stop()


def test_the_same_process_is_told_that_it_is_itself(tmp_path):
    with begin(tmp_path), pytest.raises(chatmon.Error, match=rf"pid {os.getpid()} \(this one\)"):
        begin(tmp_path)
    begin(tmp_path).stop()


def test_an_engine_whose_receiver_hangs_stops_in_time(caplog):
    told, hang = threading.Event(), threading.Event()

    def slow(note):
        told.set()
        hang.wait(PATIENCE)

    monitor = ChatMonitor()
    engine = AlertEngine([ERRORS], slow, tick_seconds=1)
    engine.watch(monitor)
    engine.start()
    with monitor.track("c1") as turn:
        turn.record_error(TimeoutError())
    assert told.wait(PATIENCE)
    before = time.monotonic()
    engine.stop(0.2)
    assert time.monotonic() - before < 5
    assert "the last tick was not done after 0.2 s" in caplog.text
    hang.set()


def test_alerts_stop_in_time_while_their_file_is_at_work(tmp_path):
    alerts = begin(tmp_path)
    free, busy = threading.Event(), threading.Event()

    def work():
        with alerts._file.transaction():
            busy.set()
            free.wait(PATIENCE)

    thread = threading.Thread(target=work)
    thread.start()
    assert busy.wait(PATIENCE)
    before = time.monotonic()
    alerts.stop(0.2)
    assert time.monotonic() - before < 5
    free.set()
    thread.join()
    begin(tmp_path).stop()


def storm(folder, conversations):
    """Return what a channel is told when so many conversations pass a limit and the bot fails, and seconds for each."""
    clock = ManualClock(MORNING)
    monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer)
    long = Rule(
        name="long", measure="tokens", statistic="sum", by=("conversation_id",), window=timedelta(hours=1), above=100,
        severity=Severity.INFO,
    )  # fmt: skip
    failing = Rule(
        name="errors", measure="error", statistic="rate", window=timedelta(minutes=5), above=0.5, severity=Severity.PAGE
    )
    with begin(folder, monitor, (long, failing), clock=clock.time_ns) as alerts:
        for number in range(conversations):
            with monitor.track(f"c{number}") as turn:
                turn.set(input_tokens=1000, output_tokens=1)
                turn.record_error(TimeoutError())
        clock.advance(60)
        before = time.process_time()
        alerts.tick()
        spent = time.process_time() - before
        assert alerts._outbox.drain(PATIENCE)
        return alerts._outbox._channels["team"].said, spent / conversations


def test_a_storm_is_handed_on_in_half_a_millisecond_each_and_its_page_first(tmp_path):
    took = []
    for go in range(4):
        said, each = storm(tmp_path / str(go), 1000)
        assert len(said) == 1001
        assert said[0].severity is Severity.PAGE
        took.append(each)
        if each <= 0.0005:
            return
    raise AssertionError(f"seconds for each notification: {took}")
