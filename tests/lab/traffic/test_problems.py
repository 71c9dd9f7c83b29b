from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from chatmon.lab.traffic import KINDS, SEVERITIES, Problem, surprise
from chatmon.lab.traffic._problems import Effects

START = datetime(2026, 10, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_problem_is_read_from_one_word():
    problem = Problem.parse("latency_step:region=france,channel=app:severe@2026-10-14/2026-10-16T12:00")

    assert problem == Problem(
        kind="latency_step",
        slice={"region": "france", "channel": "app"},
        severity="severe",
        start=datetime(2026, 10, 14, tzinfo=UTC),
        end=datetime(2026, 10, 16, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("slowness", "'slowness' is unknown: it is one of latency_step"),
        ("latency_step:awful", "severity 'awful' is unknown: it is one of mild, middle, severe"),
        ("latency_step:planet=mars", "dimension 'planet' is unknown: it is one of intent"),
        ("latency_step:region=uk,app", "'app' in 'region=uk,app' is no dimension=value"),
        ("latency_step:region=mars", "region 'mars' is unknown: it is one of uk"),
        ("latency_step@soon", "'soon' is no time: write 2026-10-14"),
        ("latency_step@2026-10-14/2026-10-13", "is not after start"),
    ],
)
def test_what_is_no_problem_is_refused_with_the_way_out(text, says):
    with pytest.raises(ValueError, match=says):
        Problem.parse(text)


def test_a_naive_start_is_refused():
    with pytest.raises(ValueError, match="has no time zone"):
        Problem(kind="latency_step", start=START.replace(tzinfo=None))


def test_a_problem_outside_the_traffic_is_refused():
    late = Problem(kind="latency_step", start=START + 9 * DAY)

    with pytest.raises(ValueError, match="is outside the traffic"):
        late.window(START, START + 7 * DAY)


def test_where_no_end_is_given_a_burst_is_short_and_a_step_lasts():
    burst, step = (Problem(kind=kind, start=START + DAY) for kind in ("error_burst", "latency_step"))

    assert burst.window(START, START + 7 * DAY) == (START + DAY, START + DAY + timedelta(hours=1))
    assert step.window(START, START + 7 * DAY) == (START + DAY, START + 7 * DAY)


@pytest.mark.parametrize("kind", KINDS)
def test_effects_move_away_from_neutral_with_severity(kind):
    distances = [abs(effect - KINDS[kind].neutral) for effect in KINDS[kind].effects]

    assert distances == sorted(set(distances))
    assert min(distances) > 0
    assert [Problem(kind=kind, severity=name).effect for name in SEVERITIES] == list(KINDS[kind].effects)


def test_an_effect_is_there_in_its_slice_and_window_only_and_the_worse_of_two_counts():
    mild = Problem(kind="latency_step", slice={"region": "uk"}, severity="mild")
    severe = Problem(kind="latency_step", severity="severe", start=START + DAY)
    effects = Effects([severe, mild], START, START + 7 * DAY)
    regions = np.array(["uk", "france", "uk", "france"])

    found = effects.of("latency_step", {"region": regions}, np.array([0.0, 0.0, 86_400.0, 86_400.0]))

    assert found.tolist() == [1.25, 1.0, 2.2, 2.2]


def test_each_student_gets_other_problems_and_always_the_same_ones():
    first = [surprise(number, 2, start=START, days=14) for number in range(40)]

    assert first == [surprise(number, 2, start=START, days=14) for number in range(40)]
    assert len({tuple(problem.kind for problem in problems) for problems in first}) > 20
    assert {problem.kind for problems in first for problem in problems} == set(KINDS) - {"mix_shift"}
    assert all(problem.start >= START + 7 * DAY for problems in first for problem in problems)


def test_more_surprises_than_kinds_are_refused():
    with pytest.raises(ValueError, match=r"number \(10\) is not between 1 and 9"):
        surprise(1, 10, start=START, days=14)
