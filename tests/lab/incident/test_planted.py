"""What goes wrong for a student follows from the class key, and differs from what goes wrong for another one."""

from datetime import timedelta

import pytest

from chatmon.lab.incident import Assigned, ClassKey, ClassKeyError, incident
from chatmon.lab.incident._planted import QUIET

KEY = ClassKey(bytes(range(32)))
CLASS = [incident(KEY, Assigned(f"student {n}", problems=3, days=10)).truth for n in range(24)]


def test_one_student_has_one_incident_and_another_class_another():
    whose = Assigned("Ada", problems=2, days=10)
    first = incident(KEY, whose)

    assert incident(KEY, Assigned(" ada ", problems=2, days=10)).turns.equals(first.turns)
    assert incident(ClassKey(bytes(32)), whose).truth.plants != first.truth.plants
    assert incident(KEY, Assigned("Ada", problems=3, days=10)).truth.seed != first.truth.seed


def test_students_differ_in_seed_kinds_slices_times_and_sizes():
    plants = [[plant.problem for plant in truth.plants] for truth in CLASS]

    assert len({truth.seed for truth in CLASS}) == len(CLASS)
    assert len({truth.turns_per_day for truth in CLASS}) == len(CLASS)
    assert len({truth.start for truth in CLASS}) > len(CLASS) / 3
    assert len({tuple(sorted(one.kind for one in problems)) for problems in plants}) > len(CLASS) / 2
    assert len({(one.kind, *one.slice.items()) for problems in plants for one in problems}) > len(CLASS)
    assert {one.severity for problems in plants for one in problems} == {"middle", "severe"}


def test_every_problem_begins_after_quiet_days_and_ends_within_the_log():
    for truth in CLASS:
        for plant in truth.plants:
            assert truth.start + QUIET <= plant.start < plant.end <= truth.start + timedelta(days=truth.days)
            assert (plant.start, plant.end) == (plant.problem.start, plant.problem.end)
            assert plant.turns > 20


def test_a_seed_is_too_long_to_be_found_by_trying():
    assert all(truth.seed > 2**200 for truth in CLASS)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"student": " "}, "is empty"),
        ({"problems": 0}, r"problems \(0\) is not between 1 and 9"),
        ({"problems": 10}, r"problems \(10\) is not between 1 and 9"),
        ({"days": 9}, r"days \(9\) is less than 10"),
    ],
)
def test_an_impossible_incident_is_refused(options, says):
    with pytest.raises(ClassKeyError, match=says):
        Assigned(**{"student": "Ada", "problems": 3, "days": 14} | options)


def test_a_seal_is_of_one_student_one_size_and_one_class():
    whose = Assigned("Ada", problems=3, days=14)
    others = [Assigned("Bo", 3, 14), Assigned("Ada", 2, 14), Assigned("Ada", 3, 15)]

    assert whose.seal(KEY) == Assigned("ADA", 3, 14).seal(KEY)
    assert whose.seal(KEY) not in {one.seal(KEY) for one in others} | {whose.seal(ClassKey(bytes(32)))}
