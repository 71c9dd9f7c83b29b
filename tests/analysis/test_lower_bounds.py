"""Where part of what was billed has no price, every sum of costs says that it is the least it can be."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from chatmon import analysis
from chatmon.analysis.dashboard import prepare_dashboard_data
from chatmon.cost import Budget, forecast
from chatmon.live.summary import summarise
from chatmon.plots.panels import panels
from chatmon.report import render
from chatmon.turns import Turn, to_frame

AT = datetime(2026, 9, 7, 8, tzinfo=UTC)
PRICED = {"cost": Decimal("0.50"), "price_source": "stated"}
IN_PART = {
    "cost": Decimal("0.50"),
    "price_source": "genai-prices: gpt-4.1, lower bound: no price for its web searches (2)",
}
GAPS = {"all priced": [PRICED, PRICED], "one unpriced": [PRICED, {}], "one in part": [PRICED, IN_PART]}


def made(gap):
    return [
        Turn(
            turn_id=f"t{n}",
            conversation_id="c",
            timestamp=AT + timedelta(hours=n),
            model="gpt-4.1",
            input_tokens=9,
            **one,
        )
        for n, one in enumerate(GAPS[gap])
    ]


@pytest.mark.parametrize("gap", GAPS)
def test_every_sum_says_whether_it_is_the_least(gap):
    turns = made(gap)
    least = gap != "all priced"
    known = sum(turn.cost is not None for turn in turns) * Decimal("0.50")
    for found in (analysis.summary(turns), summarise(turns, since=AT, until=AT + timedelta(days=1))):
        said = dict(found.rows())["cost"]
        assert said.startswith(f"{'at least ' if least else ''}${known:.6f}")
        assert ("1 of 2 turns unpriced" in said, "1 priced in part" in said) == (
            gap == "one unpriced",
            gap == "one in part",
        )
    [drawn] = [one.title for one in panels(prepare_dashboard_data(turns)) if one.name == "Cost"]
    assert drawn == f"Turns cost {'at least ' if least else ''}${known:.2f}, all of it gpt-4.1"
    assert (f"at least ${known:.2f}" in render(turns)) is least
    status = Budget(Decimal(10), date(2026, 9, 1)).status(to_frame(turns), AT + timedelta(days=1))
    assert str(status).startswith("at least ") is least
    assert ("too low" in str(forecast(to_frame(turns), at=AT + timedelta(days=1)))) is least


def test_no_cost_at_all_is_unknown_and_no_least():
    turns = [Turn(turn_id="t", conversation_id="c", timestamp=AT, model="gpt-4.1")]
    assert dict(analysis.summary(turns).rows())["cost"] == "unknown, 1 of 1 turns unpriced"
    assert "at least $" not in render(turns)
