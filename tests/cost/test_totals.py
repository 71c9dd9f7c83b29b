"""Totals that say what they leave out, and how a frame of turns is read."""

from datetime import UTC, datetime
from decimal import Decimal, localcontext

import pandas as pd
import pytest

from chatmon.cost import Total, total
from chatmon.cost._totals import rows


def test_a_total_counts_what_it_leaves_out(frame_of):
    found = total(
        frame_of(
            {"cost": Decimal("0.10"), "input_tokens": 5, "output_tokens": 5},
            {"cost": Decimal("0.20")},
            {"input_tokens": 100, "output_tokens": 20},
            {"input_tokens": 7},
            {"output_tokens": 3},
        )
    )
    assert found == Total(Decimal("0.30"), turns=5, unpriced_turns=3, unpriced_tokens=130, unmeasured_turns=2)
    assert str(found) == (
        "at least $0.3 for 5 turns: 3 turns (130 tokens) have no price, 2 of them with unknown tokens"
    )


def test_a_total_whose_unpriced_turns_are_all_measured_says_nothing_of_unknown_tokens(frame_of):
    found = total(frame_of({"cost": Decimal(1)}, {"input_tokens": 5, "output_tokens": 0}))
    assert str(found) == "at least $1 for 2 turns: 1 turns (5 tokens) have no price"


def test_a_total_of_nothing_priced_is_unknown_and_not_0(frame_of):
    found = total(frame_of({}, {}))
    assert (found.amount, found.unpriced_turns) == (None, 2)
    assert str(found).startswith("unknown for 2 turns")


def test_a_total_of_no_turns_is_unknown_too(frame_of):
    found = total(frame_of({}).iloc[:0])
    assert (found.amount, found.turns) == (None, 0)


def test_a_cost_of_zero_is_known(frame_of):
    assert str(total(frame_of({"cost": Decimal(0)}))) == "$0 for 1 turns, all priced"


def test_a_sum_of_costs_is_exact_whatever_precision_the_caller_has(frame_of):
    frame = frame_of(*({"cost": Decimal("0.000000000000000001")} for _ in range(10)), {"cost": Decimal(123456789)})
    with localcontext(prec=4):
        assert total(frame).amount == Decimal("123456789.000000000000000010")


def test_a_frame_of_plain_objects_reads_as_one_of_turns(frame_of):
    plain = pd.DataFrame(
        {
            "turn_id": ["t0", "t1"],
            "timestamp": [datetime(2026, 10, 5, 12, tzinfo=UTC)] * 2,
            "cost": [Decimal("0.1"), None],
            "input_tokens": pd.array([3, None], dtype="Int64"),
        }
    )
    assert rows(plain) == rows(frame_of({"cost": Decimal("0.1"), "input_tokens": 3}, {}))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"cost": [0.1]}, TypeError, r"turn t0: cost \(0.1\) has type float: money is Decimal"),
        ({"cost": [Decimal("Infinity")]}, ValueError, r"turn t0: cost \(Infinity\) is not a finite amount"),
        ({"cost": [Decimal(-1)]}, ValueError, r"turn t0: cost \(-1\)"),
        ({"input_tokens": [1.0]}, TypeError, r"turn t0: input_tokens \(1.0\) has type float"),
        ({"input_tokens": [1], "cached_tokens": [2]}, ValueError, r"turn t0: cached_tokens \(2\) cannot exceed"),
        ({"timestamp": [datetime(2026, 10, 5)]}, ValueError, r"turn t0: timestamp .* has no time zone"),  # noqa: DTZ001 - the case
        ({"timestamp": [None]}, ValueError, r"turn t0: timestamp \(None\)"),
    ],
)
def test_an_impossible_row_is_refused_with_its_turn(change, error, message):
    frame = pd.DataFrame({"turn_id": ["t0"], "timestamp": [datetime(2026, 10, 5, tzinfo=UTC)], **change})
    with pytest.raises(error, match=message):
        rows(frame)


def test_a_frame_without_the_columns_of_a_turn_is_refused():
    with pytest.raises(ValueError, match="needs turn_id, timestamp; it has when, what"):
        rows(pd.DataFrame({"when": [], "what": []}))


def test_a_cost_that_leaves_something_out_makes_the_total_a_lower_bound(frame_of):
    source = "genai-prices, openai/gpt-4.1, lower bound: 2 web searches without a price"
    found = total(frame_of({"cost": Decimal("0.1"), "price_source": source}, {"cost": Decimal("0.2")}))
    assert (found.lower_bound_turns, found.unpriced_turns) == (1, 0)
    assert str(found) == "at least $0.3 for 2 turns: 1 turns have a cost that leaves something out"
