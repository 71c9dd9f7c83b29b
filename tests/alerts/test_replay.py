"""A replay skips what cannot matter, and says exactly what looking at every tick says."""

import json
from datetime import timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from alert_histories import START, TICK, rules, turn, turns
from hypothesis import given
from properties import examples

from chatmon._tools.paths import data_file
from chatmon.alerts._batch import Columns, of_table
from chatmon.alerts._cells import GroupCells, Ticks, add_up, ticks_of
from chatmon.alerts._decision import State
from chatmon.alerts._replay import replay
from chatmon.alerts._watch import Watch, step, watched
from chatmon.alerts.rules import Rule
from chatmon.alerts.rules_file import load_rules
from chatmon.lab.traffic import Truth
from chatmon.lab.truth.alerts import score


def every_tick(rule, history):
    """Return what a rule says when it is asked at each tick of each group."""
    watch, batch = Watch.of(rule, Ticks(TICK)), of_table(history, Columns.of([rule]))
    tick = ticks_of(batch, watch.ticks)
    flat, since, last = add_up(batch, watch.series, tick), int(tick.min()), int(tick.max())
    said = []
    for place, group in enumerate(flat.groups):
        rows = np.flatnonzero(flat.group == place).tolist()
        cells = GroupCells(int(flat.tick[rows[0]]) if rule.by else since)
        histograms = flat.histograms(0, len(flat.tick)) if len(flat.bin) else [None] * len(flat.tick)
        for row in rows:
            cells.add(
                int(flat.tick[row]), int(flat.n[row]), int(flat.total[row]), int(flat.squares[row]), histograms[row]
            )
        state = State(watch.labels(group))
        for at in range(cells.born, last + 1):
            state, note = step(watch, cells, state, at, since)
            said += [note] if note is not None else []
    return sorted(said, key=lambda note: (note.at, note.key))


@examples(60)
@given(rules(), turns())
def test_a_replay_says_what_looking_at_every_tick_says(rule, history):
    said = [note for one in watched([rule]) for note in every_tick(one, history)]
    # A budget's second rule comes after it at the same moment.
    said.sort(key=lambda note: (note.at, note.rule, note.key))
    assert list(replay([rule], history, tick_seconds=TICK).notifications) == said


def test_values_are_those_of_pandas():
    history = pd.read_parquet(data_file("four_weeks.parquet")).iloc[:3000]
    ended = history["timestamp"] + pd.to_timedelta(history["response_time"], unit="s")
    frame = history.assign(ended=ended).set_index("ended").sort_index()
    window = timedelta(hours=2)
    looks = {
        ("response_time", "mean"): lambda part: part["response_time"].mean(),
        ("response_time", "p90"): lambda part: part["response_time"].quantile(0.9),
        ("error", "rate"): lambda part: part["error_type"].notna().mean(),
        ("incomplete", "rate"): lambda part: 1 - part["task_completed"].mean(),
        ("satisfaction", "mean"): lambda part: part["user_satisfaction"].mean(),
        ("cost", "sum"): lambda part: float(part["cost"].dropna().sum()),
        ("tokens", "mean"): lambda part: (part["input_tokens"] + part["output_tokens"]).mean(),
        ("cached_share", "mean"): lambda part: (part["cached_tokens"] / part["input_tokens"]).mean(),
    }
    for (measure, statistic), by_hand in looks.items():
        rule = Rule(name="r", measure=measure, statistic=statistic, window=window, above=0, renotify=timedelta(hours=5),
                    by=("region",))  # fmt: skip
        said = [note for note in replay([rule], data(history)).notifications if note.status.value == "firing"]
        assert len(said) > 10
        for note in said:
            part = frame.loc[note.at - window : note.at - timedelta(microseconds=1)]
            part = part[part["region"] == note.labels["region"]]
            expected, within = by_hand(part), 0.011 if statistic == "p90" else 1e-9
            if note.value is None:
                assert np.isnan(expected)
            else:  # a number counts in whole millionths
                assert note.value == pytest.approx(expected, rel=within, abs=1e-6)


@pytest.mark.parametrize("side", ["above", "below"])
@pytest.mark.parametrize("statistic", ["p50", "p90"])
def test_a_percentile_breaches_where_numpy_s_does(statistic, side):
    limit = 2.0
    rule = Rule(name="r", measure="response_time", statistic=statistic, window=timedelta(hours=9), **{side: limit})
    for slow in range(12):
        times = [9.0 if n < slow else 1.0 for n in range(12)]
        said = replay([rule], [turn(n, n, seconds=one) for n, one in enumerate(times)]).notifications
        values = [np.percentile(times[: n + 1], float(statistic[1:])) for n in range(12)]
        bad = [value > limit if side == "above" else value < limit for value in values]
        turns_bad = [n for n in range(12) if bad[n] != (bad[n - 1] if n else False)]
        assert [note.at - START for note in said] == [timedelta(minutes=n + 1) for n in turns_bad]


def data(frame):
    return duckdb.connect().from_df(frame)


def test_a_change_is_the_robust_z_of_the_same_hours_of_past_weeks():
    hours = [24 * day + 3 for day in range(14)]
    costs = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 40.0]
    history = [turn(n, 60 * hour, seconds=cost) for n, (hour, cost) in enumerate(zip(hours, costs, strict=True))]
    rule = Rule(name="r", kind="change", measure="response_time", window=timedelta(days=1), weeks=1, above=5)
    [note] = replay([rule], history, tick_seconds=3600).notifications
    # A week before the last turn is day 6; its neighbours are days 4 to 8, whose median is 5 and whose deviations are
    # 0, 1, 2, 4, 4: the median of those is 2. One turn has no spread of its own.
    assert note.value == pytest.approx((40 - 5) / (1.4826 * 2))
    assert "40 s against 5 s around the same time of past weeks" in note.text


def test_a_burn_rate_needs_both_windows():
    failing = [turn(n, n, error_type="Timeout" if 200 <= n < 260 else None) for n in range(400)]
    rule = Rule(name="r", kind="burn_rate", measure="error", window=timedelta(hours=1),
                short_window=timedelta(minutes=5), objective=0.99, above=14.4, min_n=30)  # fmt: skip
    first, last = replay([rule], failing).notifications
    # 14.4 times 1 % of 60 turns is 8.64 failures; the short window is empty of them 5 minutes after the last.
    assert first.at == START + timedelta(minutes=209)
    assert first.value == pytest.approx(15.0)
    assert last.at == START + timedelta(minutes=265)


def test_a_budget_fires_on_spending_without_a_price():
    from decimal import Decimal

    history = [turn(n, 10 * n, cost=None if n in (1, 2) else Decimal("0.5")) for n in range(4)]
    history.append(turn(4, 40, error_type="Timeout"))  # a call that failed before it used a token
    budget = Rule(name="day", kind="budget", period="day", above=100)
    [note] = replay([budget], history).notifications
    assert (note.rule, note.value, note.at) == ("day-unpriced", 1, START + timedelta(minutes=11))
    assert "1 of 2 turns of this day have no price, so that their cost is unknown" in note.text


def test_a_rule_can_watch_the_share_of_turns_without_a_price():
    history = [turn(n, n) for n in range(10)]
    rule = Rule(name="r", measure="unpriced", statistic="rate", window=timedelta(hours=1), above=0.5, min_n=10)
    [note] = replay([rule], history).notifications
    assert (note.value, note.n) == (1.0, 10)
    assert "rate of turns without a price over 1h is 100 %" in note.text


def test_a_budget_begins_anew_with_its_period():
    from decimal import Decimal

    history = [turn(n, 6 * 60 * n, cost=Decimal("0.30")) for n in range(8)]
    rule = Rule(name="r", kind="budget", period="day", above=1.0)
    said = replay([rule], history).notifications
    # From 9:00 every 6 hours: 3 turns that day, 4 the next, 1 the day after that.
    assert [(note.status.value, note.at.day, note.value) for note in said] == [("firing", 6, 1.2), ("resolved", 7, 0.0)]
    assert said[0].text == "r: cost of this day is $1.20, above $1.00 (n 4)"


def test_nothing_is_absent_before_it_was_watched_for_long_enough():
    history = [turn(0, 0), turn(1, 100), turn(2, 400)]
    rule = Rule(name="r", kind="absence", window=timedelta(hours=2), below=1)
    assert [(n.status.value, n.at - START) for n in replay([rule], history).notifications] == [
        ("firing", timedelta(minutes=100 + 121)),
        ("resolved", timedelta(minutes=401)),
    ]


def test_one_conversation_that_fails_again_and_again_counts_once():
    one = [turn(n, n, conversation_id="broken", error_type="BadRequest") for n in range(20)]
    many = [turn(n, n, error_type="BadRequest") for n in range(20)]
    rule = Rule(name="r", measure="first_error", statistic="sum", window=timedelta(hours=1), above=2)
    assert not replay([rule], one).notifications
    assert replay([rule], many).notifications


def test_a_turn_counts_when_it_ended():
    history = [turn(0, 0), turn(1, 30, seconds=1500.0)]
    rule = Rule(name="r", measure="response_time", window=timedelta(minutes=1), above=1000)
    [note] = replay([rule], history).notifications
    assert note.at == START + timedelta(minutes=31)


def test_the_courses_rules_catch_every_planted_incident_and_never_alarm_in_the_quiet_week():
    truth = Truth.from_json(data_file("four_weeks_truth.json").read_text(encoding="utf-8"))
    result = replay(load_rules(data_file("alert_rules.toml")), data_file("four_weeks.parquet"))
    scored = score(result, truth)
    assert scored.recall == 1.0, scored.to_frame()
    assert not scored.unseen
    assert not [one for one in result.firings if one.start < START + timedelta(days=7)]
    assert scored.false_per_week <= 0.2, scored.to_frame()


def test_a_replay_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no turns to replay"):
        replay([Rule(name="r", kind="absence", window=timedelta(hours=2), below=1)], [])


def test_notifications_go_through_json_without_loss():
    from chatmon.alerts.notification import Notification

    rule = Rule(name="r", measure="response_time", window=timedelta(minutes=5), above=1, by=("region",))
    [note] = replay([rule], [turn(0, 0, seconds=3.0, region="uk")]).notifications
    assert Notification.from_dict(json.loads(json.dumps(note.to_dict()))) == note
