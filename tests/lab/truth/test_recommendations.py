"""What is planted is recommended against, where it lies and for what it costs; what is not is left alone."""

import functools
from datetime import UTC, datetime

import pytest

from chatmon import analysis
from chatmon.lab.traffic import Problem, simulate
from chatmon.lab.truth.advice import score
from chatmon.optimizer import recommend

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
BEGINS = {
    "slow, bloated, worse": (
        "latency_step:region=france@2026-10-19T10:00",
        "prompt_bloat:prompt_version=v3@2026-10-21",
        "quality_drop:intent=billing@2026-10-20T12:00",
    ),
    "retries, no cache, too strong a model, a burst": (
        "retry_storm:channel=app@2026-10-20T09:00",
        "uncached_prefix:prompt_version=v3@2026-10-24",
        "overpowered_model:intent=account@2026-10-19",
        "error_burst:region=germany:severe@2026-10-15T14:00",
    ),
    "a queue, a price": ("abandonment:region=france@2026-10-20T09:00", "price_change:model=gpt-5@2026-10-22"),
    "from the first turn on": (
        "latency_step:region=germany",
        "overpowered_model:intent=billing",
        "prompt_bloat:prompt_version=v3",
    ),
}


@functools.cache
def traffic(*problems, seed=11):
    return simulate(
        seed, start=MONDAY, days=28, turns_per_day=1500, problems=[Problem.parse(problem) for problem in problems]
    )


@pytest.fixture(scope="module", params=BEGINS, ids=str)
def scored(request):
    """Return how recommendations about traffic with several problems meet its truth."""
    made = traffic(*BEGINS[request.param])
    return score(recommend(made.turns), made.truth)


def test_each_problem_is_recommended_against_in_its_slice(scored):
    assert [hit.plant.problem.kind for hit in scored.hits if not hit.exact] == []


def test_its_saving_is_near_the_true_one(scored):
    assert {hit.plant.problem.kind: hit.off for hit in scored.hits if not abs(hit.off) < 0.3} == {}


def test_nothing_else_is_recommended(scored):
    assert [one.title for one in scored.false] == []


@pytest.mark.parametrize("seed", [21, 22])
def test_quiet_traffic_with_all_its_decoys_gets_no_recommendation(seed):
    assert [one.title for one in recommend(traffic(seed=seed).turns)] == []


def test_other_questions_than_before_are_nothing_to_mend():
    assert [one.title for one in recommend(traffic("mix_shift:intent=router:severe@2026-10-20").turns)] == []


@pytest.mark.parametrize(
    ("lacking", "unable", "found"),
    [
        (("question",), ("repeated_questions",), "bloated_prompt"),
        (("cost",), ("price_rise", "overpowered_model", "long_conversations", "wasted_spend"), "slow_slice"),
        (("task_completed",), ("overpowered_model", "abandonment", "quality_drop"), "slow_slice"),
        (
            ("input_tokens", "cached_tokens"),
            ("bloated_prompt", "uncached_prefix", "long_conversations"),
            "quality_drop",
        ),
    ],
    ids=str,
)
def test_a_log_that_lacks_columns_runs_the_finders_it_can_and_names_the_others(lacking, unable, found):
    turns = analysis.relation(traffic(*BEGINS["slow, bloated, worse"]).turns)
    kept = ", ".join(f"NULL AS {name}" if name in lacking else name for name in turns.columns)
    said = recommend(turns.project(kept))
    assert set(said.unable) == set(unable)
    assert all(any(name in why for name in lacking) for why in said.unable.values())
    assert said.of(found)
