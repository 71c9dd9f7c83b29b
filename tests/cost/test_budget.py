"""Budgets worked by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from chatmon.cost import Budget

START = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def five_a_day(frame_of):
    return frame_of(*({"timestamp": START + timedelta(days=n), "cost": Decimal(5)} for n in range(31)))


def test_a_budget_says_what_is_left_and_when_it_runs_out(five_a_day):
    found = Budget(Decimal(100), date(2026, 10, 17)).status(five_a_day, datetime(2026, 10, 11, tzinfo=UTC))
    assert (found.spent, found.left, found.share) == (50, 50, 0.5)
    assert (found.days_left, found.per_day, found.unpriced_turns) == (21, 5, 0)
    assert found.month_share == pytest.approx(10 / 31)
    # 50 dollars last ten more days: all spent as 21 October begins.
    assert found.runs_out == date(2026, 10, 21)
    assert (
        str(found) == "$50.00 of $100.00 spent (50%) with 32% of the month over: at this rate it runs out on 2026-10-21"
    )


def test_a_budget_that_lasts_the_month_does_not_run_out(five_a_day):
    at = datetime(2026, 10, 11, tzinfo=UTC)
    assert Budget(Decimal(155), date(2026, 10, 1)).status(five_a_day, at).runs_out is None
    assert Budget(Decimal("154.99"), date(2026, 10, 1)).status(five_a_day, at).runs_out == date(2026, 10, 31)
    assert "lasts the month" in Budget(Decimal(155), date(2026, 10, 1)).status(five_a_day, at)._repr_html_()


def test_an_overspent_budget_ran_out_on_the_day_it_was_passed(five_a_day):
    found = Budget(Decimal(22), date(2026, 10, 1)).status(five_a_day, datetime(2026, 10, 11, tzinfo=UTC))
    assert (found.left, found.runs_out) == (-28, date(2026, 10, 5))
    assert found.share == pytest.approx(50 / 22)


def test_other_months_and_later_turns_are_not_in_a_budget(five_a_day):
    november = Budget(Decimal(100), date(2026, 11, 1))
    before = november.status(five_a_day, datetime(2026, 10, 11, tzinfo=UTC))
    assert (before.spent, before.days_left, before.per_day, before.runs_out, before.month_share) == (
        0,
        30,
        None,
        None,
        0,
    )
    over = Budget(Decimal(200), date(2026, 10, 1)).status(five_a_day, datetime(2026, 11, 5, tzinfo=UTC))
    assert (over.spent, over.days_left, over.per_day, over.runs_out, over.month_share) == (155, 0, 5, None, 1)


def test_turns_without_a_price_make_the_spending_a_lower_bound(frame_of):
    own = {"timestamp": START, "model": "our-finetune", "input_tokens": 1_000, "output_tokens": 200}
    frame = frame_of({"timestamp": START, "cost": Decimal(5)}, own, {"timestamp": START})
    found = Budget(Decimal(100), date(2026, 10, 1)).status(frame, datetime(2026, 10, 3, tzinfo=UTC))
    assert (found.unpriced_turns, found.total.unpriced_tokens, found.unpriced_models) == (2, 1_200, ("our-finetune",))
    assert str(found) == (
        "at least $5.00 of $100.00 spent (5%) with 6% of the month over: whether it lasts is unknown; "
        "2 turns have no price (1,200 tokens of our-finetune, 1 turns did not say how many)"
    )


def test_a_budget_that_runs_out_on_what_is_priced_does_so_at_the_latest(frame_of):
    frame = frame_of({"timestamp": START, "cost": Decimal(5)}, {"timestamp": START})
    said = str(Budget(Decimal(20), date(2026, 10, 1)).status(frame, datetime(2026, 10, 3, tzinfo=UTC)))
    assert "at this rate it runs out on 2026-10-09 at the latest; 1 turns have no price" in said


def test_a_budget_without_turns_is_all_left(frame_of):
    found = Budget(Decimal(100), date(2026, 10, 1)).status(frame_of({}).iloc[:0], datetime(2026, 10, 3, tzinfo=UTC))
    assert (found.spent, found.left, found.per_day, found.runs_out) == (0, 100, 0, None)


def test_an_impossible_budget_is_refused(frame_of):
    with pytest.raises(TypeError, match=r"amount \(50.0\) has type float: money is Decimal"):
        Budget(50.0, date(2026, 10, 1))
    for amount in ("0", "-1", "NaN", "Infinity"):
        with pytest.raises(ValueError, match=f"amount \\({amount}\\) is not above 0 US dollars"):
            Budget(Decimal(amount), date(2026, 10, 1))
    with pytest.raises(ValueError, match="has no time zone"):
        Budget(Decimal(1), date(2026, 10, 1)).status(frame_of({}), START.replace(tzinfo=None))


def test_the_day_on_which_the_last_dollar_goes_is_the_day_it_runs_out(five_a_day):
    at = datetime(2026, 10, 11, tzinfo=UTC)
    assert Budget(Decimal(25), date(2026, 10, 1)).status(five_a_day, at).runs_out == date(2026, 10, 5)


def test_a_budget_overspent_at_once_ran_out_then_whatever_the_rate_since(frame_of):
    frame = frame_of({"timestamp": START, "cost": Decimal(30)})
    found = Budget(Decimal(22), date(2026, 10, 1)).status(frame, datetime(2026, 10, 11, tzinfo=UTC))
    assert found.runs_out == date(2026, 10, 1)


def test_cents_run_out_as_dollars_do(frame_of):
    frame = frame_of({"timestamp": START, "cost": Decimal("0.50")})
    found = Budget(Decimal("0.75"), date(2026, 10, 1)).status(frame, datetime(2026, 10, 11, tzinfo=UTC))
    assert found.runs_out == date(2026, 10, 16)  # 50 cents in ten days, 25 more in five


def test_a_month_is_from_its_first_moment_to_before_the_next_s_and_up_to_before_now(frame_of):
    first, after = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    now = datetime(2026, 10, 11, tzinfo=UTC)
    frame = frame_of(*({"timestamp": at, "cost": Decimal(cost)} for at, cost in ((first, 1), (now, 10), (after, 100))))
    budget = Budget(Decimal(500), date(2026, 10, 1))
    assert budget.status(frame, now).spent == 1
    assert budget.status(frame, after).spent == 11
    assert budget.status(frame, after + timedelta(days=9)).spent == 11
