"""Who is told what and when, decided without a clock, a disk or a thread."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notices import NIGHT, firing, resolved
from properties import examples

from chatmon.alerts.live._routing import OpenAlert, acknowledge, muted, route
from chatmon.alerts.live.policy import Inhibition, Policy, Route, Silence, matches
from chatmon.alerts.notification import Severity, Status

MINUTE = timedelta(minutes=1)
PAGES = Route(
    channels=("pager",),
    match={"severity": "page"},
    escalate_to=("second", "boss"),
    escalate_after=10 * MINUTE,
)
POLICY = Policy((PAGES, Route(channels=("log",))))


class Desk:
    """Open alerts, silences and a time, stepped by hand; remembers what was said."""

    def __init__(self, policy=POLICY):
        self.policy = policy
        self.alerts = {}
        self.silences = []
        self.now = NIGHT

    def step(self, *notifications, minutes=0):
        """Return what this step says: channel and title of each message."""
        self.now += minutes * MINUTE
        self.alerts, deliveries = route(self.alerts, notifications, self.policy, self.silences, self.now)
        return said(deliveries)

    def acknowledge(self, key, by="ada"):
        self.alerts, deliveries = acknowledge(self.alerts, key, by, self.policy)
        return said(deliveries)

    def silence(self, minutes, **match):
        self.silences.append(
            Silence(match=match, starts_at=self.now, ends_at=self.now + minutes * MINUTE, by="ada", reason="works")
        )


def said(deliveries):
    return [(delivery.channel, delivery.message.title) for delivery in deliveries]


def test_the_first_route_that_matches_counts():
    desk = Desk()
    assert desk.step(firing(), firing("cost", severity=Severity.TICKET)) == [
        ("pager", "Firing: errors"),
        ("log", "Firing: cost"),
    ]


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({}, True),
        ({"region": "uk"}, True),
        ({"region": ("france", "uk")}, True),
        ({"region": "u"}, False),
        ({"region": ()}, False),
        ({"model": "strong"}, False),
        ({"rule": "errors", "severity": "page", "region": "uk"}, True),
        ({"rule": "errors", "severity": "ticket"}, False),
    ],
)
def test_an_alert_matches_where_every_label_asked_for_fits(match, fits):
    assert matches(firing(region="uk"), match) is fits


def test_a_label_cannot_pass_for_the_severity():
    assert not matches(replace(firing(), severity=Severity.INFO, labels={"severity": "page"}), {"severity": "page"})


def test_an_alert_is_told_once_and_again_when_it_is_said_again():
    desk = Desk()
    assert desk.step(firing())
    assert desk.step(minutes=1) == []
    assert desk.step(firing(), minutes=1) == []
    assert desk.step(firing(repeats=1), minutes=1) == [("pager", "Firing: errors")]


def test_a_repeat_that_comes_after_a_newer_one_says_nothing_and_changes_nothing():
    desk = Desk()
    desk.step(firing())
    desk.step(firing(repeats=2, at=NIGHT + 20 * MINUTE, started_at=NIGHT))
    assert desk.step(firing(repeats=1, at=NIGHT + 10 * MINUTE, started_at=NIGHT)) == []
    assert desk.alerts["errors{}"].latest.repeats == 2


def test_its_end_is_told_to_those_who_know_of_it_and_to_nobody_else():
    desk = Desk()
    assert desk.step(resolved()) == []
    desk.step(firing())
    assert desk.step(resolved(), minutes=5) == [("pager", "Resolved: errors")]
    assert desk.alerts == {}
    assert desk.step(resolved()) == []


def test_the_next_channel_is_told_while_nobody_acknowledges_and_each_once():
    desk = Desk()
    desk.step(firing())
    told = {minute: desk.step(minutes=1) for minute in range(1, 60)}
    assert {minute: what for minute, what in told.items() if what} == {
        10: [("second", "Firing: errors")],
        20: [("boss", "Firing: errors")],
    }
    assert desk.step(resolved()) == [(name, "Resolved: errors") for name in ("pager", "second", "boss")]


def test_a_clock_that_is_set_back_tells_nobody_more_and_nobody_twice():
    desk = Desk()
    desk.step(firing())
    assert desk.step(minutes=-5) == desk.step(minutes=-40) == []
    assert desk.step(firing(repeats=1)) == [("pager", "Firing: errors")]


def test_what_is_said_of_an_alert_has_one_topic_so_that_it_arrives_in_order():
    alerts, begun = route({}, [firing(region="uk")], POLICY, [], NIGHT)
    alerts, taken = acknowledge(alerts, "errors{region=uk}", "ada", POLICY)
    _, ended = route(alerts, [resolved(region="uk")], POLICY, [], NIGHT)
    assert [one.channel for one in begun + taken + ended] == ["pager"] * 3
    assert len({one.topic for one in begun + taken + ended}) == 1


def test_an_open_alert_goes_through_json_without_loss():
    desk = Desk()
    desk.silence(30, rule="cost")
    desk.step(firing(), firing("cost"))
    desk.acknowledge("errors{}")
    assert [one.told_at for one in desk.alerts.values()] == [NIGHT, None]
    for one in desk.alerts.values():
        assert OpenAlert.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_an_acknowledgement_stops_escalation_and_repeats_and_tells_those_who_know():
    desk = Desk()
    desk.step(firing())
    desk.step(minutes=10)
    assert desk.acknowledge("errors{}") == [
        ("pager", "Acknowledged by ada: errors"),
        ("second", "Acknowledged by ada: errors"),
    ]
    assert desk.step(firing(repeats=1), minutes=60) == []
    assert desk.step(resolved()) == [("pager", "Resolved: errors"), ("second", "Resolved: errors")]


def test_an_acknowledgement_is_for_this_time_only():
    desk = Desk()
    desk.step(firing())
    desk.acknowledge("errors{}")
    desk.step(resolved(), minutes=60)
    assert desk.step(firing(at=NIGHT + 90 * MINUTE), minutes=30) == [("pager", "Firing: errors")]


def test_an_alert_that_is_not_open_cannot_be_acknowledged():
    desk = Desk()
    desk.step(firing(region="uk"))
    with pytest.raises(ValueError, match=r"no open alert 'errors\{\}': open are errors\{region=uk\}"):
        desk.acknowledge("errors{}")


def test_an_alert_that_still_fires_when_its_silence_ends_is_told_then():
    desk = Desk()
    desk.silence(30, rule="errors")
    assert desk.step(firing(), firing("latency")) == [("pager", "Firing: latency")]
    assert desk.step(minutes=29) == [("second", "Firing: latency"), ("boss", "Firing: latency")]
    assert desk.step(minutes=1) == [("pager", "Firing: errors")]


def test_an_alert_that_came_and_went_in_a_silence_is_told_to_nobody():
    desk = Desk()
    desk.silence(30, rule="errors")
    assert desk.step(firing()) + desk.step(resolved(), minutes=10) + desk.step(minutes=60) == []


def test_silences_that_can_be_read_only_once_hold_for_the_whole_step():
    desk = Desk()
    desk.silence(30, rule="errors")
    later = firing(at=NIGHT + 2 * MINUTE)
    assert route({}, [firing(), resolved(), later], POLICY, iter(desk.silences), NIGHT)[1] == []


def test_what_was_opened_before_a_silence_is_closed_in_it():
    desk = Desk()
    desk.step(firing())
    desk.silence(60, rule="errors")
    assert desk.step(minutes=30) == []
    assert desk.step(resolved(), minutes=1) == [("pager", "Resolved: errors")]


def test_what_began_and_ended_between_two_steps_is_told_both_ways():
    desk = Desk()
    assert desk.step(firing(), resolved(), firing(at=NIGHT + 2 * MINUTE), minutes=3) == [
        ("pager", "Firing: errors"),
        ("pager", "Resolved: errors"),
        ("pager", "Firing: errors"),
    ]


def test_a_new_beginning_whose_last_end_was_lost_is_told_to_all_again():
    desk = Desk()
    desk.step(firing())
    desk.acknowledge("errors{}")
    assert desk.step(firing(at=NIGHT + 30 * MINUTE), minutes=30) == [("pager", "Firing: errors")]


def test_alerts_due_together_are_one_message_for_each_group():
    by_region = Policy((Route(channels=("log",), group_by=("region",)),))
    alerts = [firing(rule, region=region) for rule in ("errors", "latency") for region in ("uk", "france")]
    _, deliveries = route({}, alerts, by_region, [], NIGHT)
    assert [[one.key for one in delivery.message.notifications] for delivery in deliveries] == [
        ["errors{region=uk}", "latency{region=uk}"],
        ["errors{region=france}", "latency{region=france}"],
    ]
    assert len({delivery.topic for delivery in deliveries}) == 2


def test_values_with_commas_and_signs_are_not_taken_for_other_groups():
    policy = Policy((Route(channels=("log",), group_by=("a", "b")),))
    _, deliveries = route({}, [firing(a="1,b=2", b="", c="1"), firing(a="1", b="2,b=", c="2")], policy, [], NIGHT)
    assert len(deliveries) == 2


def test_one_alert_may_mute_others_of_its_region_and_they_are_told_when_it_ends():
    desk = Desk(
        replace(
            POLICY, inhibitions=(Inhibition(source={"rule": "outage"}, target={"rule": "errors"}, equal=("region",)),)
        )
    )
    assert desk.step(firing("outage", region="uk"), firing(region="uk"), firing(region="france")) == [
        ("pager", "Firing: outage{region=uk}"),
        ("pager", "Firing: errors{region=france}"),
    ]
    assert desk.step(resolved("outage", region="uk"), minutes=5) == [
        ("pager", "Resolved: outage{region=uk}"),
        ("pager", "Firing: errors{region=uk}"),
    ]


def test_while_one_alert_is_silenced_another_is_still_muted_by_its_source():
    outage = Inhibition(source={"rule": "outage"}, target={"rule": "errors"})
    desk = Desk(replace(POLICY, inhibitions=(outage,)))
    desk.silence(30, rule="cost")
    desk.silence(30, rule="latency")
    told = desk.step(firing("cost"), firing("errors"), firing("outage"), firing("latency"), firing("tokens"))
    assert told == [("pager", "Firing: outage"), ("pager", "Firing: tokens")]
    assert muted(desk.alerts, desk.policy, iter(desk.silences), desk.now) == {"cost{}", "errors{}", "latency{}"}


def test_an_alert_that_fits_both_sides_is_not_muted_by_its_like():
    everything = Policy((Route(channels=("log",)),), (Inhibition(source={"severity": "page"}, target={}),))
    _, deliveries = route({}, [firing("a"), firing("b"), firing("c", severity=Severity.INFO)], everything, [], NIGHT)
    assert said(deliveries) == [("log", "Firing: a"), ("log", "Firing: b")]


def test_of_two_alerts_that_would_mute_each_other_the_first_inhibitions_source_is_told():
    there = Inhibition(source={"rule": "a"}, target={"rule": "b"})
    back = Inhibition(source={"rule": "b"}, target={"rule": "a"})
    for inhibitions, told in (((there, back), "a"), ((back, there), "b")):
        policy = Policy((Route(channels=("log",)),), inhibitions)
        assert said(route({}, [firing("a"), firing("b")], policy, [], NIGHT)[1]) == [("log", f"Firing: {told}")]


LABELS = st.dictionaries(st.sampled_from(["region", "model"]), st.sampled_from(["x", "y"]), max_size=2)
MATCH = st.dictionaries(st.sampled_from(["region", "model", "rule"]), st.sampled_from(["x", "y", "a", "b"]), max_size=2)
ALERT = st.builds(lambda rule, labels: firing(rule, **labels), st.sampled_from("ab"), LABELS)
INHIBITION = st.builds(
    lambda source, target, equal: Inhibition(source=source, target=target, equal=equal),
    MATCH,
    MATCH,
    st.sampled_from([(), ("region",), ("region", "model")]),
)


@given(st.lists(ALERT, min_size=1, max_size=8), st.lists(INHIBITION, max_size=5))
@examples(200)
def test_alerts_never_mute_each_other_until_none_is_left(alerts, inhibitions):
    policy = Policy((Route(channels=("log",)),), tuple(inhibitions))
    keys = {one.key for one in alerts}
    assert policy.inhibited(alerts) < keys


STEP = st.one_of(
    st.tuples(st.just("fire"), st.sampled_from("abc")),
    st.tuples(st.just("end"), st.sampled_from("abc")),
    st.tuples(st.just("repeat"), st.sampled_from("abc")),
    st.tuples(st.just("silence"), st.sampled_from("abc")),
    st.tuples(st.just("acknowledge"), st.sampled_from("abc")),
    st.tuples(st.just("restart"), st.just("")),
    st.tuples(st.just("wait"), st.just("")),
)


@given(st.lists(STEP, max_size=40))
@examples(200)
def test_whatever_happens_beginnings_and_ends_pair_up_and_no_alert_is_forgotten(steps):
    desk = Desk()
    heard = {}  # what each channel believes to be open, by rule
    began = {}
    for what, rule in steps:
        desk.now += MINUTE
        notifications = []
        if what == "fire" and rule not in began:
            began[rule] = desk.now
            notifications = [firing(rule, at=desk.now)]
        elif what == "end" and rule in began:
            notifications = [resolved(rule, at=desk.now, started_at=began.pop(rule))]
        elif what == "repeat" and rule in began:
            repeats = desk.alerts[f"{rule}{{}}"].latest.repeats + 1
            notifications = [firing(rule, at=desk.now, started_at=began[rule], repeats=repeats)]
        elif what == "silence":
            desk.silence(3, rule=rule)
        elif what == "acknowledge" and rule in began:
            desk.acknowledge(f"{rule}{{}}")
        elif what == "restart":
            desk.alerts = {key: OpenAlert.from_dict(one.to_dict()) for key, one in desk.alerts.items()}
            desk.silences = [Silence.from_dict(one.to_dict()) for one in desk.silences]
        elif what == "wait":
            desk.now += 4 * MINUTE
        desk.alerts, deliveries = route(desk.alerts, notifications, desk.policy, desk.silences, desk.now)
        for delivery in deliveries:
            for one in delivery.message.notifications:
                open_ = heard.setdefault(delivery.channel, set())
                if one.status is Status.RESOLVED:
                    assert one.rule in open_  # no end without a beginning
                    open_.remove(one.rule)
                else:
                    open_.add(one.rule)
        assert {key.removesuffix("{}") for key in desk.alerts} == set(began)
        for open_ in heard.values():
            assert open_ <= set(began)  # nobody believes in an alert that has ended
        for key, alert in desk.alerts.items():
            rule = key.removesuffix("{}")
            silent = any(one.match["rule"] == rule and one.starts_at <= desk.now < one.ends_at for one in desk.silences)
            if not silent and alert.acknowledged_by is None:
                assert rule in heard["pager"]


def test_a_policy_that_leaves_alerts_without_a_place_is_refused():
    for routes in ((), (PAGES,)):
        with pytest.raises(ValueError, match="the last route must match everything"):
            Policy(routes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": ()}, "name at least one"),
        ({"channels": ("log",), "escalate_after": timedelta(0)}, r"escalate_after \(0:00:00\) must be longer"),
    ],
)
def test_a_route_that_cannot_work_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Route(**arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"match": {}}, "a silence of everything"),
        ({"ends_at": NIGHT}, "it must end after it starts"),
        ({"ends_at": (NIGHT + MINUTE).replace(tzinfo=None)}, "both with a time zone"),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(change, message):
    good = {"match": {"rule": "errors"}, "starts_at": NIGHT, "ends_at": NIGHT + MINUTE, "by": "ada", "reason": "works"}
    with pytest.raises(ValueError, match=message):
        Silence(**(good | change))
