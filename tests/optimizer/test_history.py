from datetime import UTC, datetime, timedelta

import pytest

from chatmon.lab.traffic import Problem, simulate
from chatmon.optimizer import ChatbotOptimizer, plan, recommend

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
LATER = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def turns():
    problem = Problem.parse("quality_drop:intent=billing@2026-10-12T10:00")
    return simulate(5, start=MONDAY, days=21, turns_per_day=1200, problems=[problem]).turns


@pytest.fixture(scope="module")
def found(turns):
    return recommend(turns)


@pytest.fixture
def optimizer(turns, found, monkeypatch):
    monkeypatch.setattr("chatmon.optimizer._history.recommend", lambda _: found)
    seconds = iter(range(1_800_000_000, 1_900_000_000))
    return ChatbotOptimizer(lambda: turns, clock=lambda: next(seconds) * 10**9)


def test_what_was_advised_is_entered_once(optimizer):
    optimizer.identify_optimization_opportunities()
    optimizer.identify_optimization_opportunities()
    assert [entry.recommendation.kind for entry in optimizer.history] == ["quality_drop"]
    assert optimizer.history[0].recommended_at == datetime.fromtimestamp(1_800_000_000, UTC)


def test_what_was_tried_and_measured_is_held_against_what_was_said(optimizer):
    (one,) = optimizer.identify_optimization_opportunities()
    optimizer.tried(one)
    assert optimizer.history[0].tried_at > optimizer.history[0].recommended_at
    entry = optimizer.verified(one, {"unhelped": one.saving["unhelped"].value * 1.01})
    assert entry.held() == {"unhelped": True}
    assert optimizer.verified(one, {"unhelped": 0.0}).held() == {"unhelped": False}


def test_a_saving_on_new_traffic_is_held_against_what_so_much_of_it_may_save(optimizer):
    (one,) = optimizer.identify_optimization_opportunities()
    said = one.saving["unhelped"]
    lucky = {"unhelped": 0.1 * said.value + 0.2 * (said.high - said.value)}
    assert optimizer.verified(one, lucky, share=0.1).held() == {"unhelped": True}
    assert optimizer.verified(one, {"unhelped": said.value}, share=0.1).held() == {"unhelped": False}
    with pytest.raises(ValueError, match=r"share \(0\) must be above 0"):
        optimizer.verified(one, lucky, share=0)
    assert optimizer.history[0].share == 0.1


def test_what_was_never_advised_or_measured_is_refused(optimizer, found):
    (other,) = found
    with pytest.raises(ValueError, match="none of the 0 in the history"):
        optimizer.tried(other)
    (one,) = optimizer.identify_optimization_opportunities()
    with pytest.raises(ValueError, match="usd is nothing that it was to save: unhelped"):
        optimizer.verified(one, {"usd": 1.0})
    with pytest.raises(ValueError, match="was not measured yet"):
        optimizer.history[0].held()


def test_the_experiment_on_it_is_sized_by_its_own_slice_and_ready_to_save(optimizer, turns, found, tmp_path):
    made = optimizer.create_optimization_experiment(start=LATER, effect=0.1)
    (one,) = found
    assert made == plan(one, turns, start=LATER, effect=0.1)
    assert (made.name, made.primary, made.start) == ("quality_drop-billing", "task_completion", LATER)
    assert made.save(tmp_path / "plan.json").users == made.users
    assert made.end - made.start == timedelta(days=made.days)


def test_where_there_is_nothing_to_do_there_is_no_experiment():
    quiet = simulate(6, start=MONDAY, days=7, turns_per_day=300).turns
    assert ChatbotOptimizer(lambda: quiet).create_optimization_experiment(start=LATER) is None


def test_a_slice_too_small_for_an_experiment_says_so(turns, found):
    (one,) = found
    with pytest.raises(ValueError, match="intent billing is too small for an experiment"):
        plan(one, turns, start=LATER, effect=0.002)
