"""A month's budget: what is left of it, and on which day it runs out at the present rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from chatmon._tools.shown import escape
from chatmon.cost._forecast import cumulative, daily_costs, last_day, utc
from chatmon.cost._totals import Total, rows, total_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """Where a budget stands at a moment.

    Attributes:
        at: The moment.
        amount: The budget in US dollars.
        spent: US dollars spent in the month; a lower bound where ``total`` is one.
        left: US dollars left, negative where the budget is overspent.
        share: The share that is spent; above 1 where it is overspent.
        month_share: The share of the month that is over.
        days_left: Days to the end of the month, the rest of today as a fraction.
        per_day: US dollars a day in this month so far; None before it starts.
        runs_out: The day on which the money is, or was, all spent, at that rate; None where it lasts the month. Where
            ``total`` is a lower bound, it may be earlier, and the month may not be lasted.
        total: What the month's turns add up to, with the tokens that have no price.
        unpriced_models: The models of the turns without a cost, as far as they are known.
    """

    at: datetime
    amount: Decimal
    spent: Decimal
    left: Decimal
    share: float
    month_share: float
    days_left: float
    per_day: Decimal | None
    runs_out: date | None
    total: Total
    unpriced_models: tuple[str, ...]

    @property
    def unpriced_turns(self) -> int:
        """Turns of the month without a cost."""
        return self.total.unpriced_turns

    def __str__(self) -> str:
        """Return the status as a sentence."""
        ends = "lasts the month" if self.runs_out is None else f"runs out on {self.runs_out}"
        if not self.total.is_lower_bound:
            return f"{self._spent()}: at this rate it {ends}"
        sure = "whether it lasts is unknown" if self.runs_out is None else f"at this rate it {ends} at the latest"
        return f"at least {self._spent()}: {sure}; {' and '.join(self._left_out())}"

    def _spent(self) -> str:
        month = f"with {self.month_share:.0%} of the month over"
        return f"${self.spent:.2f} of ${self.amount:.2f} spent ({self.share:.0%}) {month}"

    def _left_out(self) -> list[str]:
        partly = self.total.lower_bound_turns
        return [self._unpriced()] * bool(self.unpriced_turns) + [
            f"{partly} turns have a cost that leaves something out"
        ] * bool(partly)

    def _unpriced(self) -> str:
        models = f" of {', '.join(self.unpriced_models)}" if self.unpriced_models else ""
        unmeasured = (
            f", {self.total.unmeasured_turns} turns did not say how many" if self.total.unmeasured_turns else ""
        )
        return f"{self.unpriced_turns} turns have no price ({self.total.unpriced_tokens:,} tokens{models}{unmeasured})"

    def _repr_html_(self) -> str:
        return f"<p>{escape(str(self))}</p>"


@dataclass(frozen=True, slots=True)
class Budget:
    """Money for one month, reckoned in UTC.

    Attributes:
        amount: US dollars, above 0.
        month: Any day of the month.

    Raises:
        TypeError: The amount is no Decimal.
        ValueError: The amount is not above 0.

    Example:
        >>> Budget(Decimal("0"), date(2026, 10, 1))
        Traceback (most recent call last):
        ValueError: amount (0) is not above 0 US dollars
    """

    amount: Decimal
    month: date

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            kind = type(self.amount).__name__
            raise TypeError(f"amount ({self.amount!r}) has type {kind}: money is Decimal, such as Decimal('50')")
        if not self.amount.is_finite() or self.amount <= 0:
            raise ValueError(f"amount ({self.amount}) is not above 0 US dollars")

    def status(self, turns_frame: pd.DataFrame, at: datetime) -> BudgetStatus:
        """Return where the budget stands.

        The present rate is what the month cost so far by the time that passed: at the start of a month it is a rough
        guess, for which ``forecast`` gives an interval.

        Args:
            turns_frame: Turns, as ``turns.to_frame`` makes them; those of other months and after ``at`` are not read.
            at: The moment, with a time zone.

        Raises:
            ValueError: ``at`` has no time zone.
        """
        now = utc(at)
        first, last = self.month.replace(day=1), last_day(self.month)
        start = datetime(first.year, first.month, 1, tzinfo=now.tzinfo)
        end = datetime(last.year, last.month, last.day, tzinfo=now.tzinfo) + timedelta(days=1)
        passed = min(max(now - start, timedelta()), end - start)
        turns = [row for row in rows(turns_frame) if start <= row.timestamp < min(now, end)]
        by_day = cumulative(daily_costs(turns), first, last)
        spent = by_day[last]
        left = self.amount - spent
        days = passed / timedelta(days=1)
        overspent = next((day for day, so_far in by_day.items() if so_far >= self.amount), None)
        runs_out = overspent
        if overspent is None and spent > 0 and now < end:
            empty = timedelta(days=days * float(left / spent))
            runs_out = (now + empty).date() if now + empty < end else None
        return BudgetStatus(
            at=now,
            amount=self.amount,
            spent=spent,
            left=left,
            share=float(spent / self.amount),
            month_share=passed / (end - start),
            days_left=(end - max(now, start)) / timedelta(days=1) if now < end else 0.0,
            per_day=spent / Decimal(str(days)) if days else None,
            runs_out=runs_out,
            total=total_of([(row, row.cost) for row in turns]),
            unpriced_models=tuple(sorted({row.model for row in turns if row.cost is None and row.model is not None})),
        )
