"""A summary against a hand-worked period."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from chatmon.health import Health
from chatmon.summary import summarise
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
    assert summary.time_to_first_token.median == (0.3, None, None, 1)
    assert (summary.tokens.input_tokens, summary.tokens.cached_tokens, summary.tokens.output_tokens) == (350, 40, 31)
    assert (summary.tokens.reasoning_tokens, summary.tokens.unreported_turns) == (5, 1)
    assert (summary.cost, summary.unpriced_turns) == (Decimal("0.003"), 2)
    assert (summary.error_rate.value, summary.errors) == (0.25, {"TimeoutError": 1})
    assert (summary.satisfaction.value, summary.response_rate.value) == (4.0, 0.25)
    assert summary.conversation_length.value == 2.0


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
    assert period([{}]).to_dict()["response_time"]["mean"] == (1.0, None, None, 1)
