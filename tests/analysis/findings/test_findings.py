from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chatmon._tools.paths import data_file
from chatmon.analysis.findings import findings, sentences
from chatmon.analysis.search.scan import scan
from chatmon.analysis.source import between, query
from chatmon.lab.traffic import Problem, Truth, simulate
from chatmon.turns import Turn

START = datetime(2026, 10, 5, tzinfo=UTC)
FOUR_WEEKS = data_file("four_weeks.parquet")


@pytest.fixture(scope="module")
def four_weeks():
    return findings(FOUR_WEEKS)


def test_changes_come_first_and_the_weightiest_before_the_others(four_weeks):
    kinds = [one.kind for one in four_weeks]
    assert kinds == sorted(kinds, key=["change", "client", "state", "gap"].index)
    weights = [one.weight for one in four_weeks if one.kind == "change"]
    assert weights == sorted(weights, reverse=True)


def test_a_harm_weighs_what_the_truth_says_it_cost(four_weeks):
    truth = Truth.from_json(data_file("four_weeks_truth.json").read_text(encoding="utf-8"))
    [plant] = [plant for plant in truth.plants if plant.problem.kind == "latency_step"]
    waited = query(FOUR_WEEKS, "SELECT sum(response_time) FROM turns")[0][0]
    [found] = [one for one in four_weeks if one.where == "channel app" and "took" in one.title]
    assert found.weight == pytest.approx(plant.saving.seconds / waited, rel=0.25)


def test_a_title_states_the_finding_with_its_numbers(four_weeks):
    titles = [one.title for one in four_weeks if one.kind == "change"]
    assert "Replies through app took 1.4 s longer from 13 October 09:00 to 15 October 09:00" in titles
    assert all(any(letter.isdigit() for letter in title) for title in titles)


def test_the_query_of_a_change_shows_its_number_again(four_weeks):
    shifts = {sentences.title(shift, shift.measure): shift for shift in scan(FOUR_WEEKS).shifts}
    reproduced = 0
    for one in four_weeks:
        if one.kind != "change" or shifts[one.title].measure == "price":
            continue
        shift = shifts[one.title]
        effect = shift.effects["errors" if shift.measure == "repeats" else shift.measure]
        rows = {inside: (mean, n) for inside, mean, n in query(FOUR_WEEKS, one.query)}
        assert rows[True] == (pytest.approx(effect.inside), effect.n)
        assert rows[False][0] == pytest.approx(effect.outside)
        reproduced += 1
    assert reproduced >= 7


@pytest.mark.parametrize("place", range(14))
def test_every_query_runs(four_weeks, place):
    assert query(FOUR_WEEKS, four_weeks[place].query)


def test_the_quiet_week_claims_no_change_and_says_how_far_it_can_see():
    first, *others = findings(between(FOUR_WEEKS, end=START + timedelta(days=7)))
    assert first.kind == "nothing"
    assert first.title == "Nothing stands out: no measure changed in any slice, as far as 4,963 turns can tell"
    assert {one.kind for one in others} == {"state", "gap"}


def test_quiet_traffic_claims_a_change_no_more_often_than_promised():
    """Fewer than 5 of 100: with more than 2 of 10, that would be a lie (the chance of it is 1 %)."""
    first = [findings(simulate(seed, start=START, days=7).turns)[0] for seed in range(50, 60)]
    assert sum(one.kind != "nothing" for one in first) <= 2, [one.title for one in first]


@pytest.mark.parametrize("seed", [61, 62])
def test_what_is_planted_is_among_the_first_findings(seed):
    problem = Problem.parse("abandonment:region=france:severe@2026-10-13/2026-10-17")
    found = findings(simulate(seed, start=START, days=14, problems=[problem]).turns)
    assert "region france" in [one.where for one in found[:3]]
    assert found[0].kind == "change"


def test_a_log_that_knows_little_says_what_it_does_not_know():
    turns = [
        Turn(turn_id=f"t{n}", conversation_id=f"t{n}", timestamp=START + timedelta(minutes=n), model="m")
        for n in range(50)
    ]
    titles = [one.title for one in findings(turns)]
    assert titles[0].startswith("Nothing stands out")
    assert "This log says nothing of cost: no turn has cost" in titles
    assert "This log says nothing of satisfaction: no turn has user_satisfaction" in titles
    assert not any("failed" in title for title in titles)


def ending(*ends):
    """Return a conversation that ends so for each (task_completed, error_type), and one that may go on."""
    return [
        Turn(turn_id=f"{n} {turn}", conversation_id=f"c{n}", timestamp=START + timedelta(hours=n), task_completed=known,
             error_type=error)
        for n, (done, failed) in enumerate([*ends, (True, None)])
        for turn, known, error in (("first", not done, None), ("last", done, failed))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ([(True, None)] * 3 + [(False, None)], "25 % of conversations were abandoned"),
        ([(True, None)] * 3 + [(False, None)] + [(None, "TimeoutError")] * 6,
         "25 % of the 4 conversations that say how they ended were abandoned; 6 do not say"),
        ([(None, "TimeoutError")] * 6, None),
    ],
)  # fmt: skip
def test_the_share_that_was_abandoned_is_of_those_that_say_how_they_ended(ends, said):
    turns = ending(*ends)
    assert [one.title for one in findings(turns) if "abandoned" in one.title] == ([] if said is None else [said])
    for one in findings(turns):
        if one.title == said:
            counts = dict(query(turns, one.query))
            assert (counts[False], counts[True]) == (1, 4)  # with the one that may go on
            assert counts.get(None, 0) == len(ends) - 4


def test_a_log_that_never_says_whether_tasks_were_completed_says_nothing_of_abandonment():
    turns = [replace(one, task_completed=None) for one in ending(*[(None, "TimeoutError")] * 3)]
    gap = "This log says nothing of resolution and abandonment: no turn has task_completed"
    assert gap in [one.title for one in findings(turns)]


@pytest.mark.parametrize("known", [True, False])
def test_failures_are_weighed_against_uncompleted_tasks_where_there_are_any_known(known):
    turns = [
        Turn(turn_id=f"t{n}", conversation_id=f"c{n}", user_id=f"u{n}", timestamp=START + timedelta(minutes=10 * n),
             error_type="TimeoutError" if 900 < n < 990 else None, task_completed=n % 3 > 0 if known else None)
        for n in range(1500)
    ]  # fmt: skip
    [change] = [one for one in findings(turns) if one.kind == "change"]
    whole = "all failed turns and uncompleted tasks" if known else "all failed turns"
    assert dict(change.evidence)["weight"].endswith(f" % of {whole} in the log")


def test_a_value_with_an_apostrophe_is_quoted_in_its_query():
    turns = [
        Turn(turn_id=f"t{n}", conversation_id=f"c{n}", user_id=f"u{n % 50}", region="l'est" if n % 2 else "ouest",
             timestamp=START + timedelta(minutes=10 * n), response_time=n % 3 + (9.0 if n % 2 and n > 900 else 1.0))
        for n in range(1500)
    ]  # fmt: skip
    [change] = [one for one in findings(turns) if one.kind == "change"]
    assert change.where == "region l'est"
    assert "region = 'l''est'" in change.query
    assert len(query(turns, change.query)) == 2


def test_a_log_too_short_to_tell_how_days_differ_still_shows_a_bad_hour():
    # On Tuesday from 14:00 to 15:00 other processes kept the machine busy: data/README.md.
    first = findings(data_file("local_turns.parquet"))[0]
    assert first.kind == "change"
    assert first.start == datetime(2026, 10, 6, 14, tzinfo=UTC)
