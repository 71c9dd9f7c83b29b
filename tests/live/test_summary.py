"""A summary against a hand-worked period."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from chatmon.live._health import Health
from chatmon.live.summary import summarise
from chatmon.turns import Turn

NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def period(rows, **more):
    turns = [
        Turn(turn_id=str(i), timestamp=NOON, **{"conversation_id": "c", "response_time": 1.0} | row)
        for i, row in enumerate(rows)
    ]
    return summarise(turns, since=NOON, until=NOON + timedelta(hours=24), **more)


def test_a_period_of_four_turns_adds_up_as_by_hand():
    summary = period(
        [
            {"conversation_id": "a", "user_id": "u", "response_time": 1.0, "input_tokens": 100, "cached_tokens": 40,
             "output_tokens": 10, "cost": Decimal("0.001"), "user_satisfaction": 4},
            {"conversation_id": "a", "user_id": "u", "response_time": 2.0, "input_tokens": 200, "output_tokens": 20,
             "reasoning_tokens": 5, "cost": Decimal("0.002"), "time_to_first_token": 0.3},
            {"conversation_id": "a", "user_id": "u", "response_time": 3.0, "error_type": "TimeoutError"},
            {"conversation_id": "b", "user_id": "v", "response_time": 10.0, "input_tokens": 50, "output_tokens": 1},
        ]
    )  # fmt: skip
    assert (summary.turns, summary.conversations, summary.users) == (4, 2, 2)
    assert summary.response_time.mean.value == 4.0
    assert summary.response_time.p95.value == pytest.approx(float(np.percentile([1, 2, 3, 10], 95)))
    assert summary.time_to_first_token.median[:4] == (0.3, None, None, 1)
    assert (summary.tokens.input_tokens, summary.tokens.cached_tokens, summary.tokens.output_tokens) == (350, 40, 31)
    assert (summary.tokens.reasoning_tokens, summary.tokens.unreported_turns) == (5, 1)
    assert (summary.cost, summary.unpriced_turns) == (Decimal("0.003"), 2)
    assert (summary.error_rate.value, summary.errors) == (0.25, {"TimeoutError": 1})
    assert (summary.satisfaction.value, summary.response_rate.value) == (4.0, 0.25)
    assert summary.conversation_length.value == 2.0


FIVE = [
    {"conversation_id": "a", "user_id": "u", "response_time": 1.0, "input_tokens": 100_000, "cached_tokens": 40_000,
     "cache_write_tokens": 1_000, "output_tokens": 10, "cost": Decimal("0.001"), "user_satisfaction": 4},
    {"conversation_id": "a", "user_id": "u", "response_time": 2.0, "input_tokens": 200, "cached_tokens": 100,
     "cache_write_tokens": 50, "output_tokens": 2_000, "reasoning_tokens": 1_500, "cost": Decimal("0.002"),
     "time_to_first_token": 0.25, "error_type": "RateLimitError"},
    {"conversation_id": "a", "response_time": 3.0, "error_type": "TimeoutError", "user_satisfaction": 5},
    {"conversation_id": "b", "user_id": "v", "response_time": 10.0, "input_tokens": 50, "output_tokens": 1,
     "reasoning_tokens": 1, "time_to_first_token": 0.75, "error_type": "TimeoutError"},
    {"conversation_id": "b", "response_time": None, "output_tokens": 4},
]  # fmt: skip


def test_the_text_of_a_period_says_what_was_worked_out_by_hand():
    # The four turns with a time are of three: two of u, one of v, one of nobody but a conversation. Student's t is
    # taken at the 4^2 / 6 - 1 = 1.67, and 12.706 for two; the shares are of four, one of whom has two turns.
    assert period(FIVE).rows() == [
        ("period", "24 h until 2026-10-06 12:00 UTC"),
        ("turns", "5 in 2 conversations of 2 users"),
        ("conversation length", "2.5 turns (-3.9 to 8.9, n = 2)"),
        ("response time, mean", "4.00 s (-5.87 to 31.33, n = 4, worth 3)"),
        ("response time, median", "2.50 s (? to ?, n = 4, worth 2)"),
        ("response time, p95", "8.95 s (? to ?, n = 4, worth 1)"),
        ("response time, p99", "9.79 s (1.00 to ?, n = 4, worth 1)"),
        ("time to first token, median", "0.50 s (? to ?, n = 2)"),
        ("time to first token, p95", "0.72 s (0.25 to ?, n = 2)"),
        ("input tokens", "100,250, of them cached 40,100, written to the cache 1,050"),
        ("output tokens", "2,015, of them reasoning 1,501"),
        ("turns without reported tokens", "1"),
        ("cost", "at least $0.003000, 3 of 5 turns unpriced"),
        ("error rate", "0.600 (0.110 to 0.948, n = 5); TimeoutError: 2, RateLimitError: 1"),
        ("satisfaction", "4.50 (-1.85 to 10.85, n = 2)"),
        ("share of turns rated", "0.40 (0.05 to 0.89, n = 5)"),
    ]


def test_a_period_in_which_nothing_is_wrong_says_nothing_of_it():
    summary = period([{"cost": Decimal("0.25"), "input_tokens": 7}])
    rows = dict(summary.rows())
    assert (rows["cost"], rows["input tokens"]) == ("$0.250000", "7, of them cached unknown")
    assert rows["error rate"] == "0.000 (0.000 to 0.793, n = 1)"
    assert (summary.evicted, summary.rejected, summary.health) == (0, {}, None)
    assert list(rows)[-1] == "share of turns rated"


@pytest.mark.parametrize(
    ("length", "text"),
    [(timedelta(minutes=90), "1.5 h"), (timedelta(days=28), "672 h"), (timedelta(seconds=3619), "1.01 h")],
)
def test_the_length_of_a_period_is_told_in_hours(length, text):
    rows = summarise([], since=NOON - length, until=NOON).rows()
    assert rows[0] == ("period", f"{text} until 2026-10-05 12:00 UTC")


def test_a_machine_whose_load_is_not_known_yet_is_told_as_unknown():
    rows = dict(period([], health=Health(None, 2**28, 3, None, 0.25, 0.75, 0.01)).rows())
    assert rows["this process"] == "unknown, 256 MiB"
    assert rows["the machine"] == "unknown, memory 25%, disk 75%"


def test_a_period_without_prices_has_an_unknown_cost_not_a_free_one():
    assert period([{}]).cost is None
    assert ("cost", "unknown, 1 of 1 turns unpriced") in period([{}]).rows()


def test_an_empty_period_is_a_summary_of_nothing_not_an_error():
    summary = period([])
    assert (summary.turns, summary.error_rate.value, summary.cost) == (0, None, None)
    assert "unknown (n = 0)" in str(summary)


def test_the_page_escapes_what_came_from_outside():
    html = period([{"error_type": "<script>"}], rejected={"<b>": 2})._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;: 1" in html
    assert "<b>" not in html


def test_the_text_shows_health_evictions_and_rejections():
    health = Health(1.5, 2**28, 3, 0.5, 0.25, 0.75, 10.0)
    text = str(period([{}], evicted=7, rejected={"usage: x": 2}, health=health))
    assert "1.50 cores, 256 MiB" in text
    assert "50% busy, memory 25%, disk 75%" in text
    assert "7: the period may miss its oldest turns" in text
    assert "rejected 2 times" in text


def test_the_summary_becomes_plain_dicts():
    assert period([{}]).to_dict()["response_time"]["mean"][:4] == (1.0, None, None, 1)
