"""The grader against marks that a person set down first, and against what it promises over many incidents."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.incident.by_hand import DEAR, DIAGNOSES, FAILING, SLOW, START, TRUTH, amounts, at, claims, log
from properties import examples

from chatmon.lab.incident import Assigned, ClassKey, _planted, incident
from chatmon.lab.incident._answers import DO, EXPERIMENT, FITTING, RULED_OUT, WHAT
from chatmon.lab.incident._diagnosis import AMOUNTS, Claim
from chatmon.lab.incident._points import MOST, grade, key_claims
from chatmon.lab.traffic import KINDS
from chatmon.lab.truth.advice import ANSWERS
from chatmon.optimizer.kinds import KINDS as ADVISED

LOG = log()
KEY = ClassKey(bytes(range(32)))
SEEDS = 100


def marked(*said):
    return grade(claims(*said), TRUTH, LOG)


@pytest.mark.parametrize("name", DIAGNOSES)
def test_it_agrees_with_a_person_within_one_mark_in_ten(name):
    said, by_hand = DIAGNOSES[name]
    assert grade(said, TRUTH, LOG).mark == pytest.approx(by_hand, abs=10), str(grade(said, TRUTH, LOG))


def test_it_puts_them_in_the_order_in_which_the_person_did():
    marks = [grade(said, TRUTH, LOG).mark for said, _ in sorted(DIAGNOSES.values(), key=lambda one: one[1])]
    assert all(later > earlier - 5 for earlier, later in pairwise(marks))


@pytest.fixture(scope="module")
def seeds():
    """Return what the whole class was given, each student's incident, with a fifth of the turns to save time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_planted, "TURNS_PER_DAY", (300, 420))
        return [incident(KEY, Assigned(f"student {n}", problems=3, days=14)) for n in range(SEEDS)]


def test_over_many_incidents_the_key_is_full_marks_and_nothing_is_none(seeds):
    for made in seeds:
        assert grade(key_claims(made.truth), made.truth, made.turns).mark == 100
        assert grade([], made.truth, made.turns).mark == 0


def test_the_most_common_problem_everywhere_is_worth_a_quarter_at_most(seeds):
    planted = [plant.problem.kind for made in seeds for plant in made.truth.plants]
    common = max(WHAT, key=planted.count)
    fitting = FITTING[common]
    for made in seeds:
        end = made.truth.start + timedelta(days=made.truth.days)
        said = Claim(
            what=common, where={}, start=made.truth.start, end=end, do=fitting.do[0], experiment=fitting.experiment[0],
            ruled_out=(fitting.ruled_out,), amounts={name: (Decimal(0), Decimal(100)) for name in AMOUNTS},
        )  # fmt: skip
        assert grade([said], made.truth, made.turns).mark <= 25
        assert grade([said] * 3, made.truth, made.turns).mark <= 25


def test_a_neighbours_diagnosis_is_worth_a_fifth_at_most(seeds):
    neighbours = pairwise([*seeds, seeds[0]])
    marks = [grade(key_claims(there.truth), here.truth, here.turns).mark for there, here in neighbours]

    assert len(marks) == SEEDS
    assert max(marks) <= 20
    assert sum(marks) / SEEDS < 7


def test_a_copier_who_moves_its_days_gains_only_where_two_students_share_a_problem(seeds):
    marks = [
        grade([_moved(claim, here.truth.start - there.truth.start) for claim in key_claims(there.truth)],
              here.truth, here.turns).mark
        for there, here in pairwise([*seeds, seeds[0]])
    ]  # fmt: skip
    assert sum(marks) / SEEDS < 10
    assert sum(mark > 20 for mark in marks) < 10


def _moved(claim, by):
    """Return a copied claim, put right by its copier: their logs start on other days."""
    assert claim.start is not None
    assert claim.end is not None
    fields = {name: getattr(claim, name) for name in ("what", "where", "amounts", "do", "experiment", "ruled_out")}
    return Claim(**fields, start=claim.start + by, end=claim.end + by)


@examples(40)
@given(st.permutations([SLOW, DEAR, FAILING]), st.integers(0, 3))
def test_the_order_of_what_is_said_makes_no_difference(said, number):
    mark = marked(*said[:number]).mark
    assert mark == pytest.approx(100 * number / 3, abs=0.1)


@examples(60)
@given(st.integers(-40, 40), st.integers(1, 90))
def test_a_window_nearer_to_the_truth_is_worth_no_less(shift, longer):
    moved = SLOW | {"start": at(10) + timedelta(hours=shift), "end": at(12) + timedelta(hours=shift)}
    further = SLOW | {"start": moved["start"] + timedelta(hours=1 if shift >= 0 else -1),
                      "end": moved["end"] + timedelta(hours=1 if shift >= 0 else -1)}  # fmt: skip
    assert marked(moved).mark >= marked(further).mark
    assert marked(SLOW).mark >= marked(SLOW | {"end": at(12) + timedelta(hours=longer)}).mark


@examples(60)
@given(st.floats(0, 4, allow_nan=False))
def test_a_wider_interval_is_worth_no_more(half):
    def said(by):
        return DEAR | {"amounts": amounts((4 - by, 4 + by), (0, 0), (0, 0), (0, 0))}

    assert marked(said(half)).mark >= marked(said(half * 1.3 + 0.1)).mark


def test_to_say_every_amount_place_and_time_is_to_say_nothing():
    everything = DEAR | {"where": {}, "start": START, "end": at(15), "ruled_out": tuple(RULED_OUT),
                         "amounts": amounts(*[(-1_000_000, 1_000_000)] * 4)}  # fmt: skip
    parts = {part.name: part.points for part in marked(everything).problems[1].parts}
    assert parts == {"what": 10, "where": 0, "when": 0, "cost": 0, "do": 0, "experiment": 0, "ruled_out": 0}


def test_naming_every_look_alike_earns_a_share_of_one():
    said = marked(DEAR | {"ruled_out": tuple(RULED_OUT)}).problems[1].parts[-1]
    assert said.points == pytest.approx(5 / len(RULED_OUT), abs=0.05)


def test_each_reason_says_what_was_true_and_what_was_said():
    told = str(marked(SLOW | {"where": {"region": "uk"}, "do": "back_off"}, FAILING))

    assert "It was region france. You said region uk." in told
    assert "fall_back or roll_back fits" in told
    assert "It counts once kind, place and time of the problem are met." in told
    assert "It was price_change: the same tokens cost more. You said nothing." in told
    assert "20.0 of 20  Right." in told


def test_a_place_that_is_not_in_the_log_is_no_place():
    assert marked(SLOW | {"where": {"planet": "mars"}}).problems[0].parts[1].points == 0
    assert marked(SLOW | {"where": {"region": "mars"}}).problems[0].parts[1].points == 0


def test_points_add_up_to_a_hundred_and_every_word_fits_some_kind():
    assert sum(MOST.values()) == 100
    assert set(WHAT) == set(FITTING) == set(KINDS) - {"mix_shift"}
    assert {word for one in FITTING.values() for word in one.do} == set(DO)
    assert {word for one in FITTING.values() for word in one.experiment} == set(EXPERIMENT) - {
        "turns_cost",
        "week_by_week",
    }
    assert sorted(one.ruled_out for one in FITTING.values()) == sorted(RULED_OUT)


@pytest.mark.parametrize("kind", WHAT)
def test_what_a_problem_mainly_costs_is_what_the_optimizer_would_save(kind):
    unit = ADVISED[ANSWERS[kind]].unit
    assert {"errors": "failures"}.get(unit, unit) == FITTING[kind].costs


@pytest.mark.parametrize("kind", WHAT)
def test_what_looks_like_a_kind_is_what_the_traffic_holds_against_it(kind):
    assert RULED_OUT[FITTING[kind].ruled_out].split()[0] == KINDS[kind].decoy.split()[0]


@pytest.mark.parametrize(
    ("half", "points"), [(1, 9 + 11), (2, 9 + 11), (4, 9 + 5.5), (7.9, 9 + 11 / 3.95), (8, 9), (50, 9)]
)
def test_an_interval_is_worth_all_up_to_the_size_of_the_truth_and_nothing_from_four_times_on(half, points):
    said = DEAR | {"amounts": amounts((4 - half, 4 + half), (0, 0), (0, 0), (0, 0))}
    assert marked(said).problems[1].parts[3].points == pytest.approx(points, abs=0.06)


@pytest.mark.parametrize(
    "missed", [{"what": "abandonment"}, {"where": {"region": "uk"}}, {"start": at(6), "end": at(8)}]
)
def test_what_follows_from_a_problem_is_worth_nothing_where_it_was_not_found(missed):
    parts = {part.name: part.points for part in marked(SLOW | missed).problems[0].parts}
    assert [parts[name] for name in ("cost", "do", "experiment", "ruled_out")] == [0, 0, 0, 0]
