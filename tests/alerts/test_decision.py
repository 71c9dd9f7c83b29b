"""The decision: every transition by a table, and what must hold for any rule and any values by properties."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.alerts._decision import FLAPS, Phase, State, decide, due
from chatmon.alerts.notification import Status
from chatmon.alerts.rules import Rule

T = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BREACH, HELD, CLEAR, NOTHING = 0.2, 0.04, 0.01, None


def rule(**changes):
    given = {"name": "errors", "measure": "error", "statistic": "rate", "window": timedelta(minutes=15), "above": 0.05,
             "recover": 0.02, "min_n": 5, "flap_within": timedelta(hours=6)}  # fmt: skip
    return Rule(**{**given, **changes})


INACTIVE = State()
PENDING = State(phase=Phase.PENDING, since=T - MINUTE)
FIRING = State(phase=Phase.FIRING, since=T - 9 * MINUTE, notified_at=T - 9 * MINUTE, said=1, fired=(T - 9 * MINUTE,))
CLEARING = replace(FIRING, clear_since=T - MINUTE)
RESOLVED = State(phase=Phase.RESOLVED, since=T - MINUTE, fired=(T - 9 * MINUTE,))
NO_DATA = State(phase=Phase.NO_DATA, since=T - MINUTE)
STATES = {"inactive": INACTIVE, "pending": PENDING, "firing": FIRING, "clearing": CLEARING, "resolved": RESOLVED,
          "no data": NO_DATA}  # fmt: skip

# The phase after each state (row) and value (column), and what is said: "+" that it fires, "-" that it is resolved.
AT_ONCE = {
    "inactive": {BREACH: "firing +", HELD: "inactive", CLEAR: "inactive", NOTHING: "no data"},
    "pending": {BREACH: "firing +", HELD: "inactive", CLEAR: "inactive", NOTHING: "pending"},
    "firing": {BREACH: "firing", HELD: "firing", CLEAR: "resolved -", NOTHING: "firing"},
    "clearing": {BREACH: "firing", HELD: "firing", CLEAR: "resolved -", NOTHING: "firing"},
    "resolved": {BREACH: "firing +", HELD: "resolved", CLEAR: "resolved", NOTHING: "resolved"},
    "no data": {BREACH: "firing +", HELD: "inactive", CLEAR: "inactive", NOTHING: "no data"},
}
WAITING = {  # for 5 minutes, and 5 minutes after it has recovered
    "inactive": {BREACH: "pending", HELD: "inactive", CLEAR: "inactive", NOTHING: "no data"},
    "pending": {BREACH: "pending", HELD: "inactive", CLEAR: "inactive", NOTHING: "pending"},
    "firing": {BREACH: "firing", HELD: "firing", CLEAR: "firing", NOTHING: "firing"},
    "clearing": {BREACH: "firing", HELD: "firing", CLEAR: "firing", NOTHING: "firing"},
    "resolved": {BREACH: "pending", HELD: "resolved", CLEAR: "resolved", NOTHING: "resolved"},
    "no data": {BREACH: "pending", HELD: "inactive", CLEAR: "inactive", NOTHING: "no data"},
}


def outcome(state, said):
    return state.phase.value + {None: "", Status.FIRING: " +", Status.RESOLVED: " -"}[said and said.status]


@pytest.mark.parametrize("value", [BREACH, HELD, CLEAR, NOTHING])
@pytest.mark.parametrize("before", STATES)
def test_every_state_and_value_lead_where_the_table_says(before, value):
    at_once, waiting = rule(), rule(for_=5 * MINUTE, keep_firing_for=5 * MINUTE)
    assert outcome(*decide(at_once, STATES[before], value, 9, T)) == AT_ONCE[before][value]
    assert outcome(*decide(waiting, STATES[before], value, 9, T)) == WAITING[before][value]


@pytest.mark.parametrize(
    ("no_data", "before", "after"),
    [
        ("ok", "firing", "resolved -"),
        ("ok", "pending", "no data"),
        ("ok", "inactive", "no data"),
        ("alert", "inactive", "firing +"),
        ("alert", "firing", "firing"),
        ("alert", "pending", "firing +"),
    ],
)
def test_no_data_is_what_the_rule_says_it_is(no_data, before, after):
    state, said = decide(rule(no_data=no_data), STATES[before], None, 2, T)
    assert outcome(state, said) == after
    if after == "firing +":
        assert said.value is None
        assert "no data: 2 turns" in said.text


def run(the_rule, values, state=INACTIVE, step=MINUTE):
    said = []
    for place, value in enumerate(values):
        state, note = decide(the_rule, state, value, 9, T + place * step)
        if note is not None:
            said.append((place, note))
    return state, said


def test_it_fires_once_it_has_breached_for_as_long_as_the_rule_says_without_a_break():
    _, said = run(rule(for_=3 * MINUTE), [BREACH, BREACH, CLEAR, BREACH, BREACH, BREACH, BREACH, BREACH])
    assert [(place, note.status.value) for place, note in said] == [(6, "firing")]


def test_it_is_resolved_once_it_has_recovered_for_as_long_as_the_rule_says_without_a_break():
    values = [BREACH, CLEAR, CLEAR, HELD, CLEAR, CLEAR, CLEAR, CLEAR]
    _, said = run(rule(keep_firing_for=3 * MINUTE), values)
    assert [(place, note.status.value) for place, note in said] == [(0, "firing"), (7, "resolved")]
    assert said[1][1].started_at == T
    assert "resolved after 7m" in said[1][1].text


def test_a_value_that_swings_between_the_limit_and_the_recovery_is_one_alert():
    _, said = run(rule(), [BREACH, HELD, BREACH, HELD, BREACH, HELD, CLEAR])
    assert len(said) == 2


def test_it_says_again_that_it_fires_as_often_as_the_rule_says():
    _, said = run(rule(renotify=10 * MINUTE), [BREACH] * 31)
    assert [(place, note.repeats) for place, note in said] == [(0, 0), (10, 1), (20, 2), (30, 3)]
    assert len({note.id for _, note in said}) == 4


def test_a_flapping_alert_stays_open_until_it_has_been_quiet():
    the_rule = rule(flap_within=timedelta(hours=1))
    state, said = run(the_rule, [BREACH, CLEAR] * 10 + [CLEAR] * 70)
    fired = [place for place, note in said if note.status is Status.FIRING]
    assert len(fired) == FLAPS + 1
    assert "it flaps" in said[-2][1].text
    assert said[-1][1].status is Status.RESOLVED
    assert said[-1][0] == 19 + 60
    assert state.phase in (Phase.RESOLVED, Phase.INACTIVE)


def test_what_it_says_has_the_numbers_the_group_and_the_runbook():
    state = State({"region": "uk"})
    the_rule = rule(by=("region",), runbook="https://x", labels={"team": "chat"})
    _, said = decide(the_rule, state, 0.2, 40, T)
    assert said.text == "errors (region uk): rate of failed turns over 15m is 20 %, above 5 % (n 40)"
    assert (said.value, said.limit, said.n, said.runbook) == (0.2, 0.05, 40, "https://x")
    assert said.labels == {"region": "uk", "team": "chat"}
    _, said = decide(rule(by=("region",), text="{group}: {value} of {n}"), state, 0.2, 40, T)
    assert said.text == "errors (region uk): region uk: 20 % of 40"


def test_a_clock_that_steps_back_changes_nothing():
    state, said = decide(rule(keep_firing_for=5 * MINUTE, renotify=MINUTE), FIRING, CLEAR, 9, T - timedelta(hours=2))
    assert said is None
    assert state.phase is Phase.FIRING


FLAPPING = replace(CLEARING, fired=tuple(T - ago * MINUTE for ago in (99, 66, 33, 9)))
LONG = {"for_": 5 * MINUTE, "keep_firing_for": 5 * MINUTE}


@pytest.mark.parametrize(
    ("state", "changes", "minutes"),
    [
        (INACTIVE, {}, None),
        (NO_DATA, {}, None),
        (RESOLVED, {}, None),
        (PENDING, {}, 4),  # for 5 minutes, of which 1 has passed
        (FIRING, {}, None),
        (FIRING, {"renotify": 30 * MINUTE}, 21),  # said 9 minutes ago
        (CLEARING, {}, 4),
        (CLEARING, {"renotify": 10 * MINUTE}, 1),
        (CLEARING, {"renotify": 30 * MINUTE}, 4),
        (FLAPPING, {}, 6 * 60 - 1),
        (FLAPPING, {"keep_firing_for": timedelta(hours=7)}, 7 * 60 - 1),
        (FLAPPING, {"renotify": 30 * MINUTE}, 21),
    ],
)
def test_what_is_due_happens_at_its_moment_and_not_before(state, changes, minutes):
    the_rule, value = rule(**LONG | changes), BREACH if state.phase is Phase.PENDING else CLEAR
    moment = due(the_rule, state)
    assert moment == (None if minutes is None else T + minutes * MINUTE)
    if moment is not None:
        assert decide(the_rule, state, value, 9, moment - timedelta(microseconds=1))[1] is None
        assert decide(the_rule, state, value, 9, moment)[1] is not None


@pytest.mark.parametrize("phase", [Phase.INACTIVE, Phase.NO_DATA, Phase.RESOLVED])
def test_what_came_before_a_breach_does_not_count_as_breaching(phase):
    before = State(phase=phase, since=T - 60 * MINUTE)
    assert decide(rule(for_=5 * MINUTE), before, BREACH, 9, T) == (State(phase=Phase.PENDING, since=T), None)


def test_minutes_without_data_neither_stop_nor_start_anew_what_was_waiting():
    the_rule = rule(for_=3 * MINUTE, keep_firing_for=3 * MINUTE)
    values = [BREACH, NOTHING, NOTHING, BREACH, CLEAR, NOTHING, NOTHING, CLEAR]
    _, said = run(the_rule, values)
    assert [(place, note.status.value) for place, note in said] == [(3, "firing"), (7, "resolved")]


def test_an_alert_is_remembered_as_resolved_for_as_long_as_it_may_flap():
    the_rule = rule(flap_within=60 * MINUTE)
    state, _ = run(the_rule, [BREACH, CLEAR])
    assert (state.phase, state.since, state.said, state.notified_at) == (Phase.RESOLVED, T + MINUTE, 0, None)
    assert decide(the_rule, state, CLEAR, 9, T + 60 * MINUTE)[0] == state
    after, _ = decide(the_rule, state, CLEAR, 9, T + 61 * MINUTE)
    assert (after.phase, after.since) == (Phase.INACTIVE, T + 61 * MINUTE)
    assert decide(the_rule, state, NOTHING, 9, T + 61 * MINUTE)[0].phase is Phase.NO_DATA


def test_the_fourth_alert_within_the_time_flaps_and_older_ones_do_not_count():
    the_rule = rule(flap_within=60 * MINUTE)
    _, said = run(the_rule, [BREACH, CLEAR] * 3 + [BREACH])
    assert [note.status.value for _, note in said] == ["firing", "resolved"] * 3 + ["firing"]
    assert ["flaps" in note.text for _, note in said] == [False] * 6 + [True]
    assert said[-1][1].text.endswith("; it flaps: fired 4 times lately, so it stays open longer")
    fired = tuple(T - ago * MINUTE for ago in (61, 60, 59))
    after, note = decide(the_rule, State(fired=fired), BREACH, 9, T)
    assert after.fired == (T - 59 * MINUTE, T)
    assert "flaps" not in note.text


@pytest.mark.parametrize("before", STATES)
def test_a_state_goes_through_json_without_loss(before):
    state = replace(STATES[before], labels={"region": "uk"})
    assert State.from_dict(json.loads(json.dumps(state.to_dict()))) == state
    assert state.quiet is (before in {"inactive", "resolved", "no data"})


def test_a_quiet_alert_knows_since_when():
    state, _ = run(rule(), [CLEAR, NOTHING, NOTHING, NOTHING])
    assert (state.phase, state.since) == (Phase.NO_DATA, T + MINUTE)
    assert run(rule(), [CLEAR], State(phase=Phase.INACTIVE, since=T - MINUTE))[0].since == T - MINUTE


VALUES = st.lists(st.sampled_from([BREACH, HELD, CLEAR, NOTHING]), max_size=60)
MINUTES = st.integers(0, 6).map(lambda n: n * MINUTE)
RULES = st.builds(
    rule,
    for_=MINUTES,
    keep_firing_for=MINUTES,
    no_data=st.sampled_from(["keep", "ok", "alert"]),
    renotify=st.none() | st.integers(1, 9).map(lambda n: n * MINUTE),
    flap_within=st.sampled_from([timedelta(0), 10 * MINUTE, timedelta(hours=6)]),
)


@examples(150)
@given(RULES, VALUES)
def test_at_most_one_alert_is_open_and_every_one_is_resolved_or_still_fires(the_rule, values):
    state, said = run(the_rule, values)
    open_, ids = None, set()
    for _, note in said:
        assert note.id not in ids
        ids.add(note.id)
        if note.status is Status.RESOLVED:
            assert note.started_at == open_
            open_ = None
        elif note.repeats:
            assert note.started_at == open_
        else:
            assert open_ is None
            open_ = note.started_at
    assert (state.phase is Phase.FIRING) == (open_ is not None)
    assert not open_ or state.since == open_


@examples(100)
@given(RULES, VALUES, st.integers(0, 60))
def test_a_restart_between_any_two_decisions_changes_nothing(the_rule, values, cut):
    _, whole = run(the_rule, values)
    state, said = run(the_rule, values[:cut])
    state = State.from_dict(state.to_dict())
    for place, value in enumerate(values[cut:], start=cut):
        state, note = decide(the_rule, state, value, 9, T + min(place, len(values)) * MINUTE)
        if note is not None:
            said.append((place, note))
    assert said == whole


@examples(100)
@given(RULES, VALUES, st.sampled_from([BREACH, HELD, CLEAR, NOTHING]))
def test_with_the_same_value_nothing_happens_before_it_is_due(the_rule, values, value):
    state, _ = run(the_rule, [*values, value])
    now = T + len(values) * MINUTE
    moment = due(the_rule, state)
    for _ in range(30):
        now += MINUTE
        if moment is not None and now >= moment:
            break
        after, said = decide(the_rule, state, value, 9, now)
        assert said is None
        assert after.quiet == state.quiet
        assert state.quiet or after == state
        state = after


@examples(100)
@given(RULES, VALUES, st.sampled_from([HELD, CLEAR]))
def test_a_quiet_alert_forgets_whether_it_was_inactive_or_without_data(the_rule, values, value):
    ways = [State(), State(phase=Phase.NO_DATA, since=T), decide(the_rule, State(), value, 9, T)[0]]
    said = [[(place, note) for place, note in run(the_rule, values, state)[1]] for state in ways]
    assert said[0] == said[1] == said[2]
