"""Alerts in one call: what is decided rings, also where the process was killed at any statement of its file."""

import subprocess
import sys
from datetime import timedelta

import pytest
from moments import MORNING
from waits import PATIENCE

from chatmon.alerts import Policy, Route, start
from chatmon.alerts.rules import Rule
from chatmon.live import ChatMonitor, ManualClock

ERRORS = Rule(name="errors", measure="error", statistic="rate", window=timedelta(minutes=5), above=0.5)


class Recorder:
    """A channel that keeps what it is told."""

    def __init__(self):
        self.titles = []

    def send(self, message):
        self.titles.append(message.title)


@pytest.fixture
def bot():
    clock = ManualClock(MORNING)
    return clock, ChatMonitor(clock=clock.time_ns, timer=clock.timer)


def fail(clock, monitor, turns=3):
    for _ in range(turns):
        with monitor.track("c1") as turn:
            turn.record_error(TimeoutError("too slow"))
    clock.advance(60)


def delivered(alerts):
    assert alerts._outbox.drain(PATIENCE)


def test_a_rule_in_a_file_rings_and_its_end_does_too(tmp_path, bot):
    clock, monitor = bot
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nname = "errors"\nmeasure = "error"\nstatistic = "rate"\nwindow = "5m"\nabove = 0.5\n',
        encoding="utf-8",
    )
    team = Recorder()
    with start(monitor, str(rules), channels={"team": team}, folder=str(tmp_path / "a"), clock=clock.time_ns) as alerts:
        fail(clock, monitor)
        alerts.tick()
        delivered(alerts)
        assert "3" in alerts.status().firing["errors{}"]
        for _ in range(10):
            with monitor.track("c1"):
                pass
            clock.advance(60)
            alerts.tick()
        delivered(alerts)
        assert not alerts.status().firing
    assert team.titles == ["Firing: errors", "Resolved: errors"]


def test_who_has_taken_an_alert_on_and_what_is_silenced_outlive_the_process(tmp_path, bot):
    clock, monitor = bot
    team = Recorder()
    with start(monitor, [ERRORS], channels={"team": team}, folder=tmp_path, clock=clock.time_ns) as alerts:
        fail(clock, monitor)
        alerts.tick()
        alerts.acknowledge("errors{}", "ada")
        alerts.silence({"rule": "errors"}, timedelta(hours=1), by="ada", reason="known")
        delivered(alerts)
    with start(monitor, [ERRORS], channels={"team": team}, folder=tmp_path, clock=clock.time_ns) as alerts:
        assert alerts.status().acknowledged == {"errors{}": "ada"}
        assert alerts.status().muted == ("errors{}",)
        assert "taken on by ada" in str(alerts.status())
        with pytest.raises(ValueError, match="no open alert 'nothing'"):
            alerts.acknowledge("nothing", "ada")
    assert team.titles[0] == "Firing: errors"


def test_a_second_stop_does_nothing(tmp_path, bot):
    clock, monitor = bot
    with start(monitor, [ERRORS], channels={"team": Recorder()}, folder=tmp_path, clock=clock.time_ns) as alerts:
        alerts.stop()
    alerts.stop()
    assert not monitor.listeners


def test_a_policy_sends_each_alert_its_way(tmp_path, bot):
    clock, monitor = bot
    pager, log = Recorder(), Recorder()
    policy = Policy((Route(channels=("pager",), match={"severity": "page"}), Route(channels=("log",))))
    channels = {"pager": pager, "log": log}
    with start(monitor, [ERRORS], channels=channels, folder=tmp_path, policy=policy, clock=clock.time_ns) as alerts:
        fail(clock, monitor)
        alerts.tick()
        delivered(alerts)
    assert len(pager.titles) + len(log.titles) == 1


def test_no_channel_and_an_unknown_one_are_refused_and_leave_no_thread(tmp_path, bot):
    _, monitor = bot
    with pytest.raises(ValueError, match="0 channels"):
        start(monitor, [ERRORS], channels={}, folder=tmp_path)
    with pytest.raises(ValueError, match="routes name pager"):
        start(
            monitor,
            [ERRORS],
            channels={"log": Recorder()},
            folder=tmp_path,
            policy=Policy((Route(channels=("pager",)),)),
        )


def test_a_tick_that_cannot_be_written_is_told_all_the_same_and_memory_is_what_the_disk_has(tmp_path, bot, monkeypatch):
    clock, monitor = bot
    team = Recorder()
    with start(monitor, [ERRORS], channels={"team": team}, folder=tmp_path, clock=clock.time_ns) as alerts:
        real, broken = alerts._dispatcher.tick, [True]

        def tick():
            real()
            if broken.pop():
                broken.append(False)
                raise OSError("the disk is full, after all of it was written")

        monkeypatch.setattr(alerts._dispatcher, "tick", tick)
        broken.append(True)
        fail(clock, monitor)
        alerts._engine.tick()  # rolled back, then handed on by itself
        monkeypatch.undo()
        alerts.tick()
        delivered(alerts)
        assert set(alerts.status().firing) == {"errors{}"}
    assert team.titles == ["Firing: errors"]


KILLED = """
import json, os, sqlite3, sys
from datetime import timedelta
from pathlib import Path
sys.path.insert(0, {tests!r})
from moments import MORNING
from chatmon.alerts import start
from chatmon.alerts.rules import Rule
from chatmon.live import ChatMonitor, ManualClock
folder, dies = Path(sys.argv[1]), int(sys.argv[2])
left = [dies]
def count(statement):
    left[0] -= 1
    if left[0] == 0:
        os._exit(9)
real = sqlite3.connect
def connect(*given, **named):
    connection = real(*given, **named)
    connection.set_trace_callback(count)
    return connection
sqlite3.connect = connect
class Kept:
    def send(self, message):
        with (folder / "told.txt").open("a", encoding="utf-8") as file:
            file.write(message.title + chr(10))
            file.flush()
            os.fsync(file.fileno())
clock = ManualClock(MORNING)
monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer)
rule = Rule(name="errors", measure="error", statistic="rate", window=timedelta(minutes=5), above=0.5)
alerts = start(monitor, [rule], channels={{"kept": Kept()}}, folder=folder, clock=clock.time_ns)
for _ in range(3):
    with monitor.track("c1") as turn:
        turn.record_error(TimeoutError("too slow"))
clock.advance(60)
alerts._engine.tick()
print("decided", flush=True)
alerts.stop(timeout=20)
print(dies - left[0])
"""


def attempt(folder, dies):
    from chatmon._tools.paths import REPO

    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", KILLED.format(tests=str(REPO / "tests")), str(folder), str(dies)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=REPO, check=False)


def test_killed_at_any_statement_what_was_decided_arrives_after_the_next_start(tmp_path):
    whole = attempt(tmp_path / "whole", 10**9)
    assert (tmp_path / "whole" / "told.txt").read_text(encoding="utf-8") == "Firing: errors\n", whole.stderr
    statements = int(whole.stdout.split()[-1])
    assert statements > 20
    for dies in range(1, statements, 4):
        folder = tmp_path / str(dies)
        first = attempt(folder, dies)
        told = folder / "told.txt"
        # What no tick has written is lost with the turns of the process that held them; what one has, never.
        if "decided" not in first.stdout:
            again = attempt(folder, 10**9)
            assert again.returncode == 0, again.stderr
        else:
            command = [sys.executable, "-c", RESUMED, str(folder)]
            resumed = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
            assert resumed.returncode == 0, resumed.stderr
        assert set(told.read_text(encoding="utf-8").splitlines()) == {"Firing: errors"}, dies


RESUMED = """
import os, sys
from pathlib import Path
from chatmon.alerts import start
from chatmon.alerts.rules import Rule
from chatmon.live import ChatMonitor
from datetime import timedelta
folder = Path(sys.argv[1])
class Kept:
    def send(self, message):
        with (folder / "told.txt").open("a", encoding="utf-8") as file:
            file.write(message.title + chr(10))
rule = Rule(name="errors", measure="error", statistic="rate", window=timedelta(minutes=5), above=0.5)
with start(ChatMonitor(), [rule], channels={"kept": Kept()}, folder=folder) as alerts:
    assert alerts._outbox.drain(20)
"""
