"""The live engine says what a replay says, whatever clocks, late turns, restarts and receivers do."""

import random
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from alert_histories import START, TICK, rules, turn, turns
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from waits import PATIENCE, until

from chatmon._tools.paths import data_file
from chatmon.alerts._batch import EPOCH
from chatmon.alerts._decision import Phase
from chatmon.alerts._replay import replay
from chatmon.alerts.live._engine import AlertEngine
from chatmon.alerts.notification import Status
from chatmon.alerts.rules import Rule
from chatmon.alerts.rules_file import load_rules
from chatmon.lab.traffic import Problem, simulate
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor
from chatmon.turns import from_arrow

MINUTE = timedelta(minutes=1)
ERRORS = Rule(name="errors", measure="error", statistic="rate", window=5 * MINUTE, above=0.5, min_n=3)


class Bench:
    """An engine with a clock that is set, and what it has said."""

    def __init__(self, the_rules, now=START, **options):
        self.now, self.said, self.rules, self.options = now, [], the_rules, options
        self.begin()

    def begin(self):
        notify = self.options.get("notify", self.said.append)
        rest = {name: value for name, value in self.options.items() if name != "notify"}
        self.engine = AlertEngine(self.rules, notify, clock=self.clock, **rest)

    def clock(self):
        return (self.now - EPOCH) // timedelta(microseconds=1) * 1000

    def at(self, now):
        self.now = now
        self.engine.tick()

    def feed(self, history, until, restarts=()):
        seconds = self.engine.ticks.seconds
        for number, one in enumerate(sorted(history, key=ended)):
            if ended(one) // (seconds * MINUTE / 60) != (self.now - EPOCH) // (seconds * MINUTE / 60):
                self.at(EPOCH + ended(one))
            if number in restarts:
                self.at(EPOCH + ended(one))
                self.begin()
            self.engine.observe(one)
        self.at(until)
        return self.said


def ended(one):
    return one.timestamp + timedelta(seconds=one.response_time) - EPOCH


def failing(first, number, **columns):
    return [turn(n, n, error_type="Timeout", **columns) for n in range(first, first + number)]


@examples(40)
@given(rules(), turns(days=8, most=30))
def test_fed_the_same_turns_it_says_what_a_replay_says(rule, history):
    result = replay([rule], history, tick_seconds=TICK)
    bench = Bench([rule], result.start, tick_seconds=TICK)
    assert bench.feed(history, result.end) == list(result.notifications)
    assert bench.engine.misdated == 0


def test_over_days_of_traffic_with_the_courses_rules_it_says_what_a_replay_says():
    problems = [
        Problem.parse("error_burst:region=uk:severe@2026-10-12T14:00"),
        Problem.parse("latency_step@2026-10-13"),
    ]
    made = simulate(5, start=datetime(2026, 10, 5, tzinfo=UTC), days=10, problems=problems, turns_per_day=400)
    the_rules = load_rules(data_file("alert_rules.toml"))
    result = replay(the_rules, made.turns, tick_seconds=TICK)
    assert {one.rule for one in result.firings} >= {"error-burst", "slower-by-channel"}
    bench = Bench(the_rules, result.start, tick_seconds=TICK)
    assert bench.feed(from_arrow(made.turns), result.end) == list(result.notifications)


@examples(25)
@given(rules(), turns(days=8, most=20), st.sets(st.integers(0, 20), max_size=3))
def test_restarts_lose_nothing(tmp_path_factory, rule, history, restarts):
    # A restart ends the time that was watched without a break, so what waits for a whole window may come later.
    if rule.sign < 0 or rule.no_data != "keep" or rule.measure == "first_error":
        rule = Rule(
            name="r", measure="response_time", statistic="p90", window=timedelta(hours=7), above=3, by=("region",)
        )
    result = replay([rule], history, tick_seconds=TICK)
    path = tmp_path_factory.mktemp("engine") / "alerts.db"
    bench = Bench([rule], result.start, tick_seconds=TICK, path=path)
    assert bench.feed(history, result.end, restarts) == list(result.notifications)


def test_turns_ten_minutes_late_count_in_the_open_tick_and_page_once():
    bench = Bench([ERRORS])
    bench.at(START + 30 * MINUTE)
    for one in failing(15, 6):
        bench.engine.observe(one)
    bench.at(START + 31 * MINUTE)
    assert [note.at for note in bench.said] == [START + 31 * MINUTE]
    assert bench.engine.misdated == 6
    bench.at(START + 60 * MINUTE)
    assert len(bench.said) == 1


def test_turns_out_of_order_within_a_tick_are_the_same_turns():
    history = [turn(n, n / 7, error_type="Timeout" if n % 3 else None) for n in range(100)]
    until = START + 20 * MINUTE
    expected = Bench([ERRORS]).feed(history, until)
    bench = Bench([ERRORS])
    by_minute = {}
    for one in history:
        by_minute.setdefault(ended(one) // MINUTE, []).append(one)
    for minute in sorted(by_minute):
        for one in random.Random(1).sample(by_minute[minute], len(by_minute[minute])):
            bench.engine.observe(one)
        bench.at(EPOCH + (minute + 1) * MINUTE)
    bench.at(until)
    assert bench.said == expected
    assert expected


@pytest.mark.parametrize("step", [timedelta(minutes=-10), timedelta(days=-400), timedelta(days=40)])
def test_a_clock_that_steps_neither_fails_nor_pages_twice(step):
    bench = Bench([ERRORS])
    for one in failing(0, 5):
        bench.engine.observe(one)
    bench.at(START + 5 * MINUTE)
    assert [note.status for note in bench.said] == [Status.FIRING]
    bench.at(START + 5 * MINUTE + step)
    for one in failing(6, 5):
        bench.engine.observe(one)
    bench.at(START + 7 * MINUTE + step)
    bench.at(max(START, START + step) + 40 * MINUTE)
    firing = [note for note in bench.said if note.status is Status.FIRING]
    assert len({note.id for note in bench.said}) == len(bench.said)
    assert len(firing) == len({note.started_at for note in firing}) <= 2


def test_a_burst_of_a_hundred_thousand_turns_is_counted_in_one_tick():
    bench = Bench([ERRORS, Rule(name="many", measure="turns", statistic="count", window=5 * MINUTE, above=99_999)])
    one = turn(1, 0.5, error_type="Timeout")
    started = time.process_time()
    for _ in range(100_000):
        bench.engine.observe(one)
    assert time.process_time() - started < 2
    bench.at(START + 2 * MINUTE)
    assert {note.rule: note.n for note in bench.said} == {"errors": 100_000, "many": 100_000}


def test_a_notification_that_is_not_taken_is_offered_again_also_after_a_restart(tmp_path, caplog):
    taken, refuse = [], True

    def notify(note):
        if refuse:
            raise ConnectionError("the outbox is down")
        taken.append(note)

    bench = Bench([ERRORS], notify=notify, path=tmp_path / "alerts.db")
    for one in failing(0, 4):
        bench.engine.observe(one)
    bench.at(START + 4 * MINUTE)
    bench.at(START + 5 * MINUTE)
    assert not taken
    assert "offered again" in caplog.text
    bench.begin()
    refuse = False
    bench.at(START + 6 * MINUTE)
    bench.at(START + 7 * MINUTE)
    assert [note.rule for note in taken] == ["errors"]


def test_what_was_decided_and_not_handed_on_when_the_process_died_is_handed_on_by_the_next(tmp_path):
    class Killed(BaseException):
        pass

    def die(note):
        raise Killed

    bench = Bench([ERRORS], notify=die, path=tmp_path / "alerts.db")
    for one in failing(0, 4):
        bench.engine.observe(one)
    with pytest.raises(Killed):
        bench.at(START + 4 * MINUTE)
    bench.options["notify"] = bench.said.append
    bench.begin()
    bench.at(START + 30 * MINUTE)
    assert [note.status for note in bench.said] == [Status.FIRING]
    assert bench.said[0].at == START + 3 * MINUTE


def test_an_alert_whose_rule_is_gone_is_resolved(tmp_path):
    bench = Bench([ERRORS], path=tmp_path / "alerts.db")
    for one in failing(0, 4):
        bench.engine.observe(one)
    bench.at(START + 4 * MINUTE)
    bench.rules = [Rule(name="other", kind="absence", window=timedelta(days=1), below=1)]
    bench.begin()
    bench.at(START + 5 * MINUTE)
    assert [(note.rule, note.status) for note in bench.said] == [("errors", Status.FIRING), ("errors", Status.RESOLVED)]
    assert bench.said[0].key == bench.said[1].key
    bench.begin()
    bench.at(START + 6 * MINUTE)
    assert len(bench.said) == 2


def test_time_in_which_the_engine_was_down_is_no_absence(tmp_path):
    rule = Rule(name="quiet", kind="absence", window=timedelta(hours=1), below=1)
    bench = Bench([rule], path=tmp_path / "alerts.db")
    bench.engine.observe(turn(1, 1))
    bench.at(START + 30 * MINUTE)
    bench.now = START + timedelta(hours=9)
    bench.begin()
    bench.at(START + timedelta(hours=9, minutes=59))
    assert not bench.said
    bench.at(START + timedelta(hours=10, minutes=1))
    assert [note.rule for note in bench.said] == ["quiet"]


def test_a_file_of_another_tick_length_is_refused(tmp_path):
    Bench([ERRORS], path=tmp_path / "alerts.db").at(START + MINUTE)
    with pytest.raises(ValueError, match=r"alerts.db has ticks of 60 s, not 10 s"):
        AlertEngine([ERRORS], print, path=tmp_path / "alerts.db", tick_seconds=10)


def test_conversations_that_are_over_are_forgotten():
    rule = Rule(name="long", measure="tokens", statistic="sum", window=10 * MINUTE, above=50, by=("conversation_id",),
                flap_within=10 * MINUTE)  # fmt: skip
    bench = Bench([rule])
    for n in range(300):
        bench.engine.observe(turn(n, n, input_tokens=90 if n == 7 else 9, output_tokens=1))
        bench.at(START + (n + 1) * MINUTE)
    assert [note.labels["conversation_id"] for note in bench.said] == ["c7", "c7"]
    assert len(bench.engine.states()) < 100


def test_it_follows_a_monitor_and_counts_ratings_that_come_later():
    clock = ManualClock(START)
    said = []
    rule = Rule(name="unhappy", measure="satisfaction", window=30 * MINUTE, below=3, by=("region",), min_n=2)
    engine = AlertEngine([rule], said.append, clock=clock.time_ns)
    monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer)
    engine.watch(monitor)
    ids = []
    for _ in range(3):
        with monitor.track("c", region="uk") as one:
            clock.advance(2)
        ids.append(one.turn_id)
    clock.advance(600)
    engine.tick()
    assert len(monitor.turns()) == 3
    for turn_id in ids[:2]:
        monitor.rate(turn_id, 1)
    for _ in range(2):  # a rating counts in the tick that is open when the engine sees it
        clock.advance(60)
        engine.tick()
    assert [(note.value, note.n, note.labels) for note in said] == [(1.0, 2, {"region": "uk"})]
    assert engine.misdated == 0
    clock.advance(60)
    engine.tick()
    assert said[0].n == 2
    assert [state.phase for _, state in engine.states()] == [Phase.FIRING]


def test_in_the_background_it_evaluates_by_itself_and_never_holds_up_the_chat():
    told, hang = threading.Event(), threading.Event()

    def slow(note):
        told.set()
        hang.wait(PATIENCE)

    monitor = ChatMonitor()
    engine = AlertEngine([ERRORS], slow, tick_seconds=1)
    engine.watch(monitor)
    engine.start()
    try:
        with pytest.raises(RuntimeError, match="runs already"):
            engine.start()
        for _ in range(5):
            with monitor.track("c") as one:
                one.record_error(TimeoutError())
        assert told.wait(PATIENCE)
        waits = []
        for _ in range(200):
            started = time.perf_counter()
            with monitor.track("c"):
                pass
            waits.append(time.perf_counter() - started)
        assert sorted(waits)[100] < 0.001
    finally:
        hang.set()
        engine.stop()


def test_a_tick_that_fails_does_not_end_alerting(caplog, monkeypatch):
    engine = AlertEngine([ERRORS], print, tick_seconds=1)
    calls = []

    def broken():
        calls.append(1)
        if len(calls) == 1:
            raise ArithmeticError("once")

    monkeypatch.setattr(engine, "tick", broken)
    engine.start()
    try:
        until(lambda: len(calls) >= 2)
    finally:
        engine.stop()
    assert "could not be evaluated" in caplog.text


def test_where_the_state_cannot_be_written_people_are_told_and_nothing_is_lost(tmp_path, caplog):
    path = tmp_path / "alerts.db"
    bench = Bench([ERRORS], path=path)
    for one in failing(0, 4):
        bench.engine.observe(one)
    write, bench.engine._saved.write = bench.engine._saved.write, failing_write
    bench.at(START + 5 * MINUTE)
    assert [note.status for note in bench.said] == [Status.FIRING]
    assert "cannot be written" in caplog.text
    bench.engine._saved.write = write
    bench.at(START + 6 * MINUTE)
    bench.begin()
    assert [state.phase for _, state in bench.engine.states()] == [Phase.FIRING]
    bench.at(START + 7 * MINUTE)
    assert len(bench.said) == 1


def failing_write(*_):
    raise sqlite3.OperationalError("database or disk is full")


def test_a_clock_that_was_ahead_and_is_set_right_is_logged_once(caplog):
    bench = Bench([ERRORS])
    bench.at(START + 60 * MINUTE)
    for minute in (10, 11, 12):
        bench.at(START + minute * MINUTE)
    assert caplog.text.count("the clock was set back") == 1


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=365)])
def test_after_a_clock_was_ahead_alerts_begin_and_end_as_they_would_have(tmp_path, ahead):
    bench = Bench([ERRORS], path=tmp_path / "alerts.db")
    bench.at(START + ahead)
    bench.now = START
    bench.begin()  # as a process does that is started again, with the clock set right
    bench.at(START)
    for one in failing(0, 4):
        bench.engine.observe(one)
    bench.at(START + 5 * MINUTE)
    assert [note.status for note in bench.said] == [Status.FIRING]
    assert START <= bench.said[0].started_at <= START + 5 * MINUTE
    bench.begin()
    for minute in range(6, 30):
        bench.engine.observe(turn(minute, minute))
        bench.at(START + minute * MINUTE)
    assert [note.status for note in bench.said] == [Status.FIRING, Status.RESOLVED]


def test_a_clock_set_back_while_an_alert_fires_ends_it_all_the_same(tmp_path):
    bench = Bench([ERRORS], path=tmp_path / "alerts.db")
    for one in failing(0, 4):
        bench.engine.observe(one)
    bench.at(START + 5 * MINUTE)
    assert [note.status for note in bench.said] == [Status.FIRING]
    for minute in range(-60, -30):
        bench.engine.observe(turn(minute, minute))
        bench.at(START + minute * MINUTE)
    assert [note.status for note in bench.said] == [Status.FIRING, Status.RESOLVED]
    bench.begin()
    assert bench.engine.states() == [] or all(state.quiet for _, state in bench.engine.states())
