"""The month that two lessons share differs from a quiet one in the two things that its readers are to find."""

from datetime import date

import pytest

from chatmon import turns
from chatmon.lab.course import desk
from chatmon.lab.traffic import simulate

SLOW, WORSE = date(2026, 10, 22), date(2026, 11, 2)


@pytest.fixture(scope="module")
def pairs():
    """Of each turn that is in both months: how it is in a quiet one, and how it is in ours."""
    quiet, ours = turns.from_arrow(simulate(8, start=desk.START, days=desk.DAYS).turns), desk.month()
    months = [{turn.turn_id: turn for turn in month} for month in (quiet, ours)]
    only_one = months[0].keys() ^ months[1].keys()
    assert {month[one].timestamp.date() for month in months for one in only_one if one in month} == {SLOW, WORSE}
    return [(turn, months[1][one]) for one, turn in months[0].items() if one in months[1]]


def test_only_the_app_was_slower_and_only_on_one_day(pairs):
    slower = [turn for quiet, turn in pairs if turn.response_time != quiet.response_time]
    assert {(turn.channel, turn.timestamp.date()) for turn in slower} == {("app", SLOW)}


def test_only_two_intents_were_solved_less_often_and_only_on_the_last_monday(pairs):
    worse = [turn for quiet, turn in pairs if turn.task_completed != quiet.task_completed]
    assert {(turn.intent, turn.timestamp.date()) for turn in worse} == {("billing", WORSE), ("router", WORSE)}
    assert not any(turn.task_completed for turn in worse)
