"""Rules on what a judge says: on the rate with its errors taken out, and only where its whole interval is too far."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from alert_histories import AGREEMENT, START, turn

from chatmon.alerts._replay import replay
from chatmon.alerts.live._engine import AlertEngine
from chatmon.alerts.rules import Rule, RuleError
from chatmon.alerts.rules_file import parse_rules
from chatmon.connect.prometheus import export_rules
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor
from chatmon.quality import agreement, rogan_gladen

HOUR = timedelta(hours=1)
KIND = {"both_yes": 570, "wrong_yes": 240, "wrong_no": 30, "both_no": 160}
"""A kind judge: of 600 good replies it calls 570 good, of 400 bad ones 240."""


def bad(**changes):
    settings = {"measure": "verdict_solves", "statistic": "rate", "window": 6 * HOUR, "below": 0.6, "agreement": KIND}
    return Rule(**{"name": "bad"} | settings | changes)


def judged(hours, rate, *, a_minute=1, seed=1):
    """Turns of hours in which replies are good at a rate by the hour, as the kind judge sees them."""
    draw = random.Random(seed)
    turns = []
    for minute in range(hours * 60):
        for _ in range(a_minute):
            good = draw.random() < rate(minute / 60)
            word = draw.random() < (0.95 if good else 0.6)
            turns.append(turn(len(turns), minute, attributes={"verdict_solves": word}))
    return turns


def test_it_fires_where_replies_got_bad_though_the_judge_still_calls_most_of_them_good():
    turns = judged(48, lambda hour: 0.8 if hour < 24 else 0.35)
    late = [one for one in turns if one.timestamp >= START + 30 * HOUR]
    share = sum(one.attributes["verdict_solves"] for one in late) / len(late)
    assert share > 0.65, "the judge's own rate is above the limit all along"
    (firing,) = replay([bad(recover=0.65)], turns).firings
    assert START + 24 * HOUR < firing.start < START + 30 * HOUR
    assert firing.text.startswith("bad: the corrected rate of replies with verdict_solves over 6h is ")
    assert ", below 60 % (n 3" in firing.text


def test_it_is_silent_where_replies_are_good_and_the_judge_alone_is_harsh():
    harsh = {"both_yes": 300, "wrong_yes": 10, "wrong_no": 300, "both_no": 390}
    draw = random.Random(4)
    turns = [
        turn(n, n, attributes={"verdict_solves": draw.random() < (0.5 if draw.random() < 0.9 else 0.02)})
        for n in range(48 * 60)
    ]
    assert sum(one.attributes["verdict_solves"] for one in turns) / len(turns) < 0.5
    assert replay([bad(agreement=harsh)], turns).firings == []


def test_few_turns_or_few_labels_make_no_alert():
    turns = judged(24, lambda hour: 0.3)
    assert replay([bad()], turns).firings
    assert replay([bad()], turns[::40]).firings == [], "of some nine turns in a window nothing is sure"
    few = {"both_yes": 19, "wrong_yes": 8, "wrong_no": 1, "both_no": 5}
    with pytest.raises(RuleError, match="told from chance"):
        bad(agreement={"both_yes": 9, "wrong_yes": 4, "wrong_no": 1, "both_no": 1})
    wide = replay([bad(agreement=few)], judged(24, lambda hour: 0.45)).firings
    assert wide == [], "with 33 labels the interval of 0.45 reaches above the limit"


def test_what_it_says_is_the_published_estimate_of_the_window():
    turns = judged(7, lambda hour: 0.2)
    firing = replay([bad(window=6 * HOUR, min_n=360)], turns, tick_seconds=60).firings[0]
    words = [one.attributes["verdict_solves"] for one in turns]
    labels = [True] * 570 + [False] * 240 + [True] * 30 + [False] * 160
    said = [True] * 810 + [False] * 190
    expected = rogan_gladen(words[:360], agreement(labels, said))
    shown = "{:.0f} % ({:.0f} to {:.0f} %)".format(*(100 * one for one in expected[:3]))
    assert shown in firing.text


def of_users(hours, rate, turns_each, *, seed=1, users=True):
    """Turns of which each user has some, one after the other, all good or all bad: a user's share of good ones."""
    draw = random.Random(seed)
    good = [draw.random() < rate for _ in range(hours * 60 // turns_each + 1)]
    whose = [minute // turns_each for minute in range(hours * 60)]
    return [
        replace(
            turn(
                minute, minute, seconds=0, attributes={"verdict_solves": draw.random() < (0.95 if good[user] else 0.6)}
            ),
            **({"user_id": f"u{user}"} if users else {"user_id": None, "conversation_id": f"c{user}"}),
        )
        for minute, user in enumerate(whose)
    ]


@pytest.mark.parametrize("users", [True, False], ids=["users", "conversations"])
def test_turns_of_one_user_count_for_as_much_as_they_are_worth(users):
    turns = of_users(24, 0.3, 30, users=users)
    firing = replay([bad(window=24 * HOUR, below=0.9, min_n=1440)], turns, tick_seconds=60).firings[0]
    labels = [True] * 570 + [False] * 240 + [True] * 30 + [False] * 160
    known = agreement(labels, [True] * 810 + [False] * 190)
    words = [one.attributes["verdict_solves"] for one in turns]
    whose = [one.user_id if users else one.conversation_id for one in turns]
    expected, alone = rogan_gladen(words, known, whose), rogan_gladen(words, known)
    assert expected.high - expected.low > 1.3 * (alone.high - alone.low)
    assert "{:.0f} % ({:.0f} to {:.0f} %)".format(*(100 * one for one in expected[:3])) in firing.text


def test_one_user_makes_no_alert_however_many_turns_are_bad():
    turns = [replace(one, user_id="ann") for one in judged(24, lambda hour: 0.1)]
    assert replay([bad()], turns).firings == []
    assert replay([bad()], judged(24, lambda hour: 0.1)).firings


@pytest.mark.parametrize("no_data", ["keep", "ok", "alert"])
def test_live_and_in_history_it_fires_at_the_same_moments(no_data):
    rule = bad(window=2 * HOUR, below=0.55, recover=0.6, no_data=no_data, for_=timedelta(0))
    turns = of_users(36, 0.5, 7, seed=5)
    clock, said = ManualClock(START), []
    engine = AlertEngine([rule], said.append, clock=clock.time_ns)
    monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer)
    engine.watch(monitor)
    for one in turns:
        with monitor.track(one.conversation_id, user_id=one.user_id) as now:
            now.set(attributes=dict(one.attributes))
        clock.advance(60)
        engine.tick()
    told = [note for note in said if note.status == "firing" and not note.repeats]
    history = replay([rule], turns, tick_seconds=engine.ticks.seconds)
    assert [note.started_at for note in told] == [firing.start for firing in history.firings]
    assert len(told) > 1


def test_a_live_turn_counts_by_the_verdict_that_it_has_when_it_ends():
    clock, said = ManualClock(START), []
    engine = AlertEngine([bad(window=HOUR, agreement=AGREEMENT)], said.append, clock=clock.time_ns)
    monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer)
    engine.watch(monitor)
    for number in range(60):
        with monitor.track(f"c{number}") as one:
            one.set(attributes={"verdict_solves": number % 10 == 0})
        clock.advance(60)
        engine.tick()
    assert said
    assert "the corrected rate of replies with verdict_solves over 1h" in said[0].text


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"agreement": None}, r"key 'agreement': None is not what a judge's errors are counted by.*both_yes = 34"),
        ({"agreement": {"both_yes": 1}}, "counted by"), ({"agreement": KIND | {"both_no": -1}}, "counted by"),
        ({"agreement": KIND | {"wrong_yes": 0, "both_no": 0}}, "labels of both kinds"),
        ({"agreement": {"both_yes": 50, "wrong_yes": 40, "wrong_no": 0, "both_no": 0}}, "told from chance"),
        ({"agreement": {"both_yes": 25, "wrong_yes": 20, "wrong_no": 25, "both_no": 20}}, "told from chance"),
        ({"agreement": {"both_yes": 1, "wrong_yes": 39, "wrong_no": 39, "both_no": 1}}, "told from chance"),
        ({"statistic": "mean"}, "rate, which a verdict needs"),
        ({"kind": "change"}, "threshold, which a verdict needs"),
        ({"measure": "error"}, "given for a verdict_NAME only"), ({"below": 60}, "a share between 0 and 1"),
        ({"measure": "solves"}, "or verdict_NAME"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_put_the_judge_right_is_refused_with_the_way_out(changes, wanted):
    with pytest.raises(RuleError, match=wanted):
        bad(**changes)


def test_it_is_written_in_a_file_as_any_rule_and_prometheus_does_not_know_it():
    (rule,) = parse_rules("""
        [[rule]]
        name = "bad"
        measure = "verdict_solves"
        statistic = "rate"
        window = "6h"
        below = 0.6
        agreement = { both_yes = 570, wrong_yes = 240, wrong_no = 30, both_no = 160 }
    """)
    assert rule == bad()
    assert "no number that Prometheus can add up" in export_rules([rule]).left_out["bad"]
