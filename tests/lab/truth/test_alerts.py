"""Rules are scored as by hand: what they catch, how soon, and what is a false alarm."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chatmon.alerts import Replay
from chatmon.alerts.notification import Notification, Severity, Status
from chatmon.alerts.rules import Rule
from chatmon.lab.traffic import KINDS, Plant, Problem, Saving, Truth
from chatmon.lab.truth.alerts import SEES, score
from chatmon.lab.truth.timeline import drawn, timeline, timeline_data

START = datetime(2026, 10, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLOW = Rule(name="slow", measure="response_time", window=HOUR, above=5, by=("region",))
FAILS = Rule(name="fails", measure="error", statistic="rate", window=HOUR, above=0.1)


def plant(kind, slice_, begin, end):
    problem = Problem(kind=kind, slice=slice_, start=START + begin * HOUR, end=START + end * HOUR)
    return Plant(problem, problem.start, problem.end, 10, Saving(Decimal(0), 0.0, 0, 0))


def truth(*plants):
    return Truth(1, START, 14, 100, 1400, plants, Saving(Decimal(0), 0.0, 0, 0), {})


def said(*alerts, rules=(SLOW, FAILS), days=14):
    """Return a replay from (rule, labels, begin, end), in hours; an end of None is still open."""
    notes = []
    for rule, labels, begin, end in alerts:
        common = {"rule": rule.name, "labels": labels, "severity": Severity.PAGE, "started_at": START + begin * HOUR,
                  "value": 1.0, "limit": 0.5, "n": 9, "text": "too much"}  # fmt: skip
        notes.append(Notification(status=Status.FIRING, at=START + begin * HOUR, **common))
        if end is not None:
            notes.append(Notification(status=Status.RESOLVED, at=START + end * HOUR, repeats=1, **common))
    notes.sort(key=lambda note: note.at)
    return Replay(rules, notes, START, START + timedelta(days=days), 1400)


UK = {"region": "uk"}


def test_what_is_caught_missed_false_and_how_long_it_fired():
    key = truth(
        plant("latency_step", UK, 10, 20), plant("error_burst", UK, 30, 31), plant("latency_step", UK, 100, 120)
    )
    scored = score(
        said((SLOW, UK, 13, 21), (SLOW, {"region": "france"}, 14, 15), (FAILS, {}, 12, 13), (SLOW, UK, 101, None)), key
    )
    assert [incident.delay for incident in scored.incidents] == [3 * HOUR, None, 1 * HOUR]
    assert [(one.rule, one.labels) for one in scored.wrong] == [("fails", {}), ("slow", {"region": "france"})]
    assert scored.recall == pytest.approx(2 / 3)
    assert scored.precision == pytest.approx(2 / 4)
    assert scored.false_per_week == pytest.approx(1.0)
    assert scored.delay == 2 * HOUR
    assert scored.firing == (8 + 1 + 1 + (14 * 24 - 101)) * HOUR
    assert str(scored).startswith("2 of 3 incidents caught; half of them within 2.0 h; 2 false alarms, 1.00 a week")
    assert scored.to_frame()["what"].tolist() == ["latency_step", "error_burst", "latency_step", *2 * ["(false alarm)"]]


@pytest.mark.parametrize(
    ("begin", "labels", "caught", "false"),
    [
        (9, UK, 0, 1),  # before it began
        (10, UK, 1, 0),
        (19.9, UK, 1, 0),
        (20.5, UK, 0, 0),  # over, and still in the window
        (21, UK, 0, 1),
        (12, {"region": "france"}, 0, 1),
    ],
)
def test_an_alert_is_right_while_the_problem_is_in_its_window_and_catches_it_while_it_goes_on(
    begin, labels, caught, false
):
    scored = score(said((SLOW, labels, begin, 30)), truth(plant("latency_step", UK, 10, 20)))
    assert (len(scored.caught), len(scored.wrong)) == (caught, false)


def test_labels_of_another_dimension_do_not_exclude_a_slice():
    scored = score(said((SLOW, UK, 12, 30)), truth(plant("latency_step", {"channel": "app"}, 10, 20)))
    assert len(scored.caught) == 1


def test_what_no_rule_looks_at_is_listed_and_not_counted_as_missed():
    scored = score(said(), truth(plant("price_change", {}, 10, 20), plant("latency_step", {}, 10, 20)))
    assert [one.problem.kind for one in scored.unseen] == ["price_change"]
    assert scored.recall == 0.0
    assert scored.precision is None


def test_only_what_began_in_a_part_of_the_history_counts():
    key = truth(plant("latency_step", UK, 10, 20), plant("latency_step", UK, 200, 220))
    scored = score(said((SLOW, UK, 12, 13), (SLOW, UK, 150, 151)), key, start=START + timedelta(days=5))
    assert (scored.recall, len(scored.wrong)) == (0.0, 1)
    assert scored.false_per_week == pytest.approx(7 / 9)


def test_every_planted_kind_can_be_seen_by_some_measure():
    assert {kind for kinds in SEES.values() for kind in kinds} == set(KINDS)


def test_the_timeline_shows_what_was_planted_and_when_each_rule_fired(capsys):
    result, key = said((FAILS, {}, 12, 13), (SLOW, UK, 101, None)), truth(plant("latency_step", UK, 10, 20))
    bars = timeline_data(result, key)
    assert [(bar.row, bar.planted) for bar in bars] == [("latency step (uk)", True), ("slow", False), ("fails", False)]
    assert bars[1].end == result.end
    fig, alt = drawn(result, key)
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == [bar.row for bar in bars]
    assert [round(bar.get_width(), 2) for bar in fig.axes[0].patches] == [0.42, round(235 / 24, 2), 0.06]
    assert "1 planted problems and 2 alerts" in alt
    assert fig._suptitle.get_text() == "2 alerts of 2 rules over 14 days"
    timeline(result)
    assert "2 alerts" in capsys.readouterr().out
