"""What finders read of a log, against tables small enough to work by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import md5

import numpy as np
import pytest

from chatmon.analysis.search.scan import Shift
from chatmon.analysis.source import query
from chatmon.optimizer._sample import take
from chatmon.optimizer.recommendation import Amount
from chatmon.turns import Turn

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
FAILED = "Timeout"


def a_turn(name, conversation="c", after=0.0, **columns):
    """A turn that begins so many seconds after midnight."""
    return Turn(turn_id=name, conversation_id=conversation, timestamp=MONDAY + timedelta(seconds=after), **columns)


def a_shift(first=0, last=24, dimension=None, value=None, *, ongoing=False):
    """A window from one hour of Monday to another, of a slice."""
    start, end = (MONDAY + timedelta(hours=hour) for hour in (first, last))
    return Shift("errors", dimension, value, start, end, ongoing, conversations=0, p=0.0, effects={})


def users(half, number):
    """Users whose name's MD5 begins with a digit below 8 (half 0), or with another one (half 1)."""
    names = (f"user-{place}" for place in range(1000))
    return [name for name in names if (md5(name.encode(), usedforsecurity=False).digest()[0] >= 128) == half][:number]


def test_a_log_without_turns_is_no_sample():
    assert take([]) is None


[FINDING], [ESTIMATING] = users(0, 1), users(1, 1)
LAST = (
    ({"task_completed": True}, 0), ({"task_completed": False}, 1), ({"task_completed": True, "error_type": FAILED}, 1),
    ({"task_completed": False, "error_type": FAILED}, 1), ({"error_type": FAILED}, None), ({}, None),
)  # fmt: skip
"""What is known of a conversation's last turn, and whether the conversation is unhelped."""
AGAIN = (
    ({"response_time": 2.0}, 62, {}, 1), ({"response_time": 2.0}, 62.5, {}, 0), ({}, 60, {}, 1), ({}, 60.5, {}, 0),
    ({"question": "and?"}, 5, {"question": "and?"}, 1), ({"question": "and?"}, 5, {"question": "thank you"}, 0),
    ({"question": "and?"}, 5, {}, 1), ({}, 5, {"question": "and?"}, 0), ({}, 5, {"conversation": "another"}, 0),
    ({"error_type": None, "question": "and?"}, 5, {"question": "and?"}, 0),
    ({"error_type": "ContentFilter"}, 5, {}, 0),
    ({"error_type": "ContentFilter", "question": "and?"}, 5, {"question": "and?"}, 1),
    ({"error_type": "openai.RateLimitError"}, 5, {}, 1),
    ({"input_tokens": 90}, 5, {"input_tokens": 90}, 1), ({"input_tokens": 90}, 5, {"input_tokens": 140}, 0),
    ({"input_tokens": 0}, 5, {"input_tokens": 140}, 1), ({"input_tokens": 90}, 5, {}, 1),
)  # fmt: skip
"""A turn that failed, how many seconds later another one begins, what is known of that, and whether it is a retry."""


@pytest.fixture(scope="module")
def placed():
    """What is said of each turn of one log in which every case is a conversation, by the turn's name."""
    turns = [
        a_turn("second", "numbered", 20, input_tokens=70), a_turn("first", "numbered", 10, input_tokens=50),
        a_turn("third", "numbered", 20, input_tokens=90), a_turn("alone", "other", 15, input_tokens=30),
        a_turn("a", "c1", user_id=FINDING), a_turn("b", "c2", 5000, user_id=FINDING), a_turn("c", FINDING),
        a_turn("d", "c3", user_id=ESTIMATING), a_turn("e", ESTIMATING), a_turn("f", ESTIMATING, 10),
    ]  # fmt: skip
    for place, (last, _) in enumerate(LAST):
        turns.append(a_turn(f"before {place}", f"last {place}", 0, task_completed=False, error_type=FAILED))
        turns.append(a_turn(f"last {place}", f"last {place}", 600, **last))
    for place, (failed, after, known, _) in enumerate(AGAIN):
        turns.append(a_turn(f"failed {place}", f"again {place}", **{"error_type": FAILED} | failed))
        turns.append(a_turn(f"again {place}", **{"conversation": f"again {place}", "after": after} | known))
    rows = query(take(turns).turns, "SELECT turn_id, place, first_input, unhelped, retried, half FROM turns")
    return {
        name: {row[0]: row[at] for row in rows}
        for at, name in enumerate(("place", "first_input", "unhelped", "retried", "half"), start=1)
    }


def test_turns_are_numbered_within_their_conversation_by_time_and_know_how_it_began(placed):
    names = ("first", "second", "third", "alone")
    assert [placed["place"][name] for name in names] == [1, 2, 3, 1]
    assert [placed["first_input"][name] for name in names] == [50, 50, 50, 30]


@pytest.mark.parametrize("case", range(len(LAST)))
def test_a_conversation_is_unhelped_where_its_last_turn_did_not_resolve_it_and_unknown_where_that_does_not_say(
    placed, case
):
    before, last = (placed["unhelped"][f"{name} {case}"] for name in ("before", "last"))
    assert (before, last) == (None if LAST[case][-1] is None else 0, LAST[case][-1])


@pytest.mark.parametrize("case", range(len(AGAIN)))
def test_a_failed_turn_is_retried_where_its_question_comes_again_within_a_minute_of_its_end(placed, case):
    assert (placed["retried"][f"failed {case}"], placed["retried"][f"again {case}"]) == (AGAIN[case][-1], 0)


def test_a_user_is_in_one_half_with_all_conversations_and_a_turn_without_one_is_its_conversation_s(placed):
    assert [placed["half"][name] for name in "abcdef"] == [0, 0, 0, 1, 1, 1]


# Two conversations: in one, a question fails, is sent again and answered; in the other, one is answered.
RETRIED = [
    a_turn("r1", "c1", 0, intent="billing", error_type=FAILED, response_time=3.0, cost=Decimal("0.02"),
           input_tokens=100, cached_tokens=30, output_tokens=7, question="and?", answer="no"),
    a_turn("r2", "c1", 20, intent="billing", response_time=4.0, cost=Decimal("0.05"), input_tokens=150,
           output_tokens=11, question="and?", task_completed=False),
    a_turn("r3", "c2", 36 * 3600, intent="other", response_time=5.0, user_satisfaction=4),
]  # fmt: skip


@pytest.fixture(scope="module")
def retried():
    return take(RETRIED)


@pytest.mark.parametrize(
    ("value", "known", "total"),
    [
        ("unhelped", 2, 1),  # the end of the second conversation is not known
        ("retried", 3, 1),
        ("retried_cost", 3, 0.02),
        ("retried_seconds", 3, 3.0),
        ("first_input", 1, 100),
        ("fresh_tokens", 2, 70 + 150),
        ("cached_tokens", 2, 30),
        ("answered_seconds", 2, 4.0 + 5.0),
        ("answered_tokens", 1, 11),
    ],
)
def test_what_a_sample_adds_up_is_what_its_turns_have(retried, value, known, total):
    everything = a_shift(0, 48)
    assert (retried.count(value, everything), retried.sum(value, everything)) == (known, pytest.approx(total))


def test_a_sample_says_when_its_turns_are_and_which_columns_they_have(retried):
    assert (retried.start, retried.end, retried.days) == (MONDAY, MONDAY + timedelta(hours=36), 1.5)
    assert (retried.known["turn_id"], retried.known["input_tokens"], retried.known["model"]) == (3, 2, 0)
    assert retried.lacks("cost", "model", "user_satisfaction", "region") == ["model", "region"]
    assert retried.lacks() == []
    assert (retried.number, retried.cells.turns) == (3, 3)


def test_only_columns_that_finders_read_are_kept(retried):
    rows = query(retried.turns, "SELECT intent, cost, output_tokens, question, answer FROM turns ORDER BY turn_id")
    assert rows[0] == ("billing", Decimal("0.02"), 7, None, None)


def test_a_total_is_that_of_all_turns_and_a_weight_the_largest_share_of_one(retried):
    totals = [retried.total(unit) for unit in ("usd", "seconds", "errors", "unhelped")]
    assert totals == pytest.approx([0.07, 12.0, 1, 1])
    savings = {"usd": Amount(0.007, 0, 1), "seconds": Amount(6.0, 0, 9), "errors": Amount(0.2, 0, 1)}
    assert retried.weight(savings) == pytest.approx(0.5)
    assert retried.weight({}) == 0


def test_what_no_turn_has_makes_no_weight():
    sample = take([a_turn("a", response_time=2.0)])
    assert sample.weight({"errors": Amount(1.0, 0, 2), "seconds": Amount(0.5, 0, 1)}) == 0.25


def test_a_shift_has_its_slice_s_turns_from_its_first_hour_up_to_its_end():
    turns = [
        a_turn(f"{intent}{hour}", f"{intent}{hour}", hour * 3600, intent=intent, response_time=float(10**hour))
        for hour in range(4)
        for intent in ("billing", "other")
    ]
    sample = take(turns)
    shift = a_shift(1, 3, "intent", "billing")
    assert sample.inside(shift).sum() == 2
    assert (sample.count("response_time", shift), sample.sum("response_time", shift)) == (2, 110)


LIST = {"small": (1.0, 0.5, 2.0), "large": (10.0, 5.0, 20.0)}
"""Dollars of a million fresh, cached and written tokens."""


def priced(model, place, fresh, cached, output, hour=0):
    cost = sum(dollars * n for dollars, n in zip(LIST[model], (fresh, cached, output), strict=True)) / 1e6
    return a_turn(
        f"{model}{place}", f"{model}{place}", hour * 3600, model=model, input_tokens=fresh + cached,
        cached_tokens=cached, output_tokens=output, cost=Decimal(str(round(cost, 9))),
    )  # fmt: skip


def test_tokens_are_priced_by_the_models_that_some_rows_have():
    sizes = [(100, 0, 10), (200, 50, 30), (400, 300, 20)]
    small = [priced("small", place, *size) for place, size in enumerate([*sizes, (500, 100, 50)])]
    large = [priced("large", place, *size, hour=place) for place, size in enumerate(sizes)]
    sample = take([*small, *large[:2], large[2]])
    assert {model: [1e6 * one for one in prices] for model, prices in sample.prices.items()} == {
        model: pytest.approx(prices, rel=1e-4) for model, prices in LIST.items()
    }
    every, last = (sample.inside(a_shift(first, 3)) for first in (0, 2))
    for rows, weights in ((every, (4, 3)), (last, (0, 1)), (np.zeros_like(every), (0, 0))):
        mean = [np.dot(weights, prices) / max(1, sum(weights)) for prices in zip(*LIST.values(), strict=True)]
        found = sample.token_prices(rows)
        assert list(found) == ["fresh_tokens", "cached_tokens", "answered_tokens"]
        assert [1e6 * one for one in found.values()] == pytest.approx(mean, rel=1e-4)


def test_a_recommendation_of_all_along_is_about_the_whole_log_and_goes_on(retried):
    saving = {"seconds": Amount(3.0, 2.0, 4.0)}
    found = retried.all_along("retry_storm", {"intent": "billing"}, saving, "title", [("a", "b")], "SELECT 1", "sure")
    assert (found.kind, found.slice, found.title, found.query) == (
        "retry_storm", {"intent": "billing"}, "title", "SELECT 1",
    )  # fmt: skip
    assert (found.start, found.end, found.ongoing) == (retried.start, retried.end, True)
    assert (found.evidence, found.confidence, found.weight) == ((("a", "b"),), "sure", 0.25)
    assert found.monthly["seconds"].value == pytest.approx(3.0 * 30 / 1.5)


INSIDE, OUTSIDE = (2.0, 4.0, 6.0, 8.0), (1.0, 2.0, 3.0, 4.0)
"""Seconds of the half to estimate on, in the second hour and in the first, and hour by hour as many conversations."""


@pytest.fixture(scope="module")
def slower():
    """A log whose second hour is slower in the half to estimate on, and faster in the other."""
    turns = []
    for half, hours in ((1, (OUTSIDE, INSIDE)), (0, (INSIDE, OUTSIDE))):
        for hour, seconds in enumerate(hours):
            for user, one in zip(users(half, 4), seconds, strict=True):
                turns.append(a_turn(f"{user} {hour}", f"{user} {hour}", hour * 3600, user_id=user, response_time=one))
    return take(turns)


def test_the_two_halves_have_the_turns_of_their_users(slower):
    assert (slower.cells.turns, slower.finding.turns, slower.estimating.turns) == (16, 8, 8)
    totals = [cells.shown["response_time"][1].sum() for cells in (slower.finding, slower.estimating)]
    assert totals == [sum(INSIDE + OUTSIDE)] * 2


def test_a_change_is_the_difference_of_means_in_the_half_to_estimate_on(slower):
    # As many inside as outside: the error is that of a difference of two means.
    error = np.sqrt((np.var(INSIDE) + np.var(OUTSIDE)) / 4)
    found = slower.change("response_time", a_shift(1, 2))
    assert found == pytest.approx((2.5, 2.5 - 1.959964 * error, 2.5 + 1.959964 * error))
    assert slower.change("response_time", a_shift(1, 2), slower.finding).value == pytest.approx(-2.5)


def test_a_change_of_several_values_adds_them_up_by_their_weights(slower):
    found = slower.change({"response_time": 2.0, "errors": 100.0}, a_shift(1, 2))
    assert found.value == pytest.approx(5.0)


@pytest.mark.parametrize("shift", [a_shift(0, 2), a_shift(2, 2, ongoing=True), a_shift(7, 9)])
def test_where_nothing_can_be_held_against_a_window_no_change_is_said(slower, shift):
    assert slower.change("response_time", shift) is None
