"""Tokens and cost of runs: by hand, and as properties of any tree."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.lab.services.langsmith._usage import NOTHING, RunUsage, subtree, usage

MODEL = {"ls_model_name": "gpt-4.1-mini", "ls_provider": "openai"}
AT = 1_790_000_000_000_000  # September 2026, in microseconds


def reported(**changes):
    return {"usage_metadata": {"input_tokens": 1000, "output_tokens": 50, "total_tokens": 1050} | changes}


def test_usage_is_read_from_outputs_and_else_from_metadata():
    assert usage("llm", reported(), [], MODEL, AT).prompt_tokens == 1000
    assert usage("llm", {}, [], MODEL | reported(input_tokens=7), AT).prompt_tokens == 7


def test_only_model_calls_use_anything():
    assert usage("chain", reported(), [], MODEL, AT) is NOTHING


def test_the_cost_is_by_the_price_list_cached_tokens_apart():
    found = usage("llm", reported(input_token_details={"cache_read": 400}), [], MODEL, AT)
    # $0.40 a million in, $0.10 cached, $1.60 out.
    assert found.prompt_cost == Decimal("0.00028")
    assert found.completion_cost == Decimal("0.00008")
    assert found.total_cost == Decimal("0.00036")


def test_a_stated_cost_comes_before_the_price_list():
    found = usage("llm", reported(input_cost=0.1, output_cost="0.2"), [], MODEL, AT)
    assert (found.prompt_cost, found.completion_cost, found.total_cost) == (
        Decimal("0.1"),
        Decimal("0.2"),
        Decimal("0.3"),
    )


@pytest.mark.parametrize(
    "model", [{}, {"ls_model_name": "smollm2-135m", "ls_provider": "openai"}, {"ls_model_name": 7}]
)
def test_where_no_price_is_known_there_is_no_cost(model):
    found = usage("llm", reported(), [], model, AT)
    assert (found.total_tokens, found.total_cost) == (1050, None)


@pytest.mark.parametrize("odd", [-1, 1.5, "12", True, 10**30, None])
def test_what_is_no_count_is_unknown(odd):
    assert usage("llm", reported(input_tokens=odd), [], MODEL, AT).prompt_tokens is None


@pytest.mark.parametrize("odd", ["free", -1, float("inf"), "NaN", True])
def test_what_is_no_amount_is_no_stated_cost(odd):
    assert usage("llm", reported(total_cost=odd), [], {}, AT).total_cost is None


def test_the_first_token_is_the_first_event_of_that_name():
    events = [{"name": "start", "time": 1}, {"name": "new_token", "time": 2}, {"name": "new_token", "time": 3}]
    assert usage("llm", {}, events, MODEL, AT).first_token_time == 2000


def test_a_wrapper_does_not_count_what_it_wraps_again():
    call = RunUsage(10, 5, 15, Decimal(1), Decimal(2), Decimal(3), 500)
    found = subtree([("root", None, NOTHING), ("wrapper", "root", call), ("call", "wrapper", call)])
    assert found == {"root": call, "wrapper": call, "call": call}


trees = st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 50))), min_size=1, max_size=12)


@given(trees)
@examples(100)
def test_a_roots_sum_is_that_of_its_leaf_calls(tree):
    # Each run's parent is one before it; a run has tokens only where nothing is below it.
    parents = [None, *(parent % number for number, (parent, _) in enumerate(tree[1:], start=1))]
    leaves = set(range(len(tree))) - set(parents)
    own = {
        n: RunUsage(tree[n][1], None, tree[n][1]) if n in leaves and tree[n][1] is not None else NOTHING
        for n in range(len(tree))
    }
    found = subtree(
        [(str(n), None if parents[n] is None else str(parents[n]), own[n]) for n in reversed(range(len(tree)))]
    )
    known = [own[n].total_tokens for n in leaves if own[n] is not NOTHING]
    assert found["0"].total_tokens == (sum(known) if known else None)


def test_a_ring_of_parents_is_left_alone():
    assert subtree([("a", "b", RunUsage(1, 1, 2)), ("b", "a", NOTHING)]) == {}
