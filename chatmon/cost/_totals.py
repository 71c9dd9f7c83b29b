"""The sum of what turns cost, which says how much it leaves out; and how a frame of turns is read for its costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from chatmon.cost.prices import LOWER_BOUND
from chatmon.cost.rates import EXACT, ZERO
from chatmon.cost.usage import TOKENS, Usage
from chatmon.turns import check_columns

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import pandas as pd


class Row(NamedTuple):
    """What this package reads of a turn.

    Attributes:
        turn_id: The turn.
        timestamp: When it started, in UTC.
        provider: Who served the model.
        model: The model that answered.
        usage: Its tokens.
        cost: US dollars, as stated; None where unknown.
        price_source: Where the cost is from.
    """

    turn_id: str
    timestamp: datetime
    provider: str | None
    model: str | None
    usage: Usage
    cost: Decimal | None
    price_source: str | None = None

    @property
    def is_lower_bound(self) -> bool:
        """Whether the cost leaves out something that was billed."""
        return self.cost is not None and LOWER_BOUND in (self.price_source or "")

    @property
    def tokens(self) -> int:
        """Input and output tokens, as far as they are known."""
        return (self.usage.input_tokens or 0) + (self.usage.output_tokens or 0)


def rows(turns_frame: pd.DataFrame) -> list[Row]:
    """Return the rows of a frame of turns; a column that is not there is unknown, except id and timestamp.

    Raises:
        TypeError: A cost is a float, or a token count is no whole number.
        ValueError: A column is missing, a timestamp has no time zone, or a row is impossible; the message names it.
    """
    import pandas as pd

    missing = [name for name in ("turn_id", "timestamp") if name not in turns_frame.columns]
    if missing:
        raise ValueError(f"a frame of turns needs {', '.join(missing)}; it has {', '.join(map(str, turns_frame))}")

    def values(name: str) -> list[Any]:
        if name not in turns_frame.columns:
            return [None] * len(turns_frame)
        column = turns_frame[name]
        return [None if unknown else value for value, unknown in zip(column.tolist(), pd.isna(column), strict=True)]

    found = []
    names = ("turn_id", "timestamp", "provider", "model", "cost", "price_source", "usage_details", *TOKENS)
    for turn_id, timestamp, provider, model, cost, source, details, *counts in zip(*map(values, names), strict=True):
        if timestamp is None or timestamp.tzinfo is None:
            raise ValueError(f"turn {turn_id}: timestamp ({timestamp}) has no time zone: use .dt.tz_localize('UTC')")
        try:
            check_columns({"cost": cost})
            usage = Usage.of_turn(counts, details)
        except (TypeError, ValueError) as error:
            raise type(error)(f"turn {turn_id}: {error}") from None
        stated = None if cost is None else plain(cost)
        found.append(Row(turn_id, timestamp.to_pydatetime().astimezone(UTC), provider, model, usage, stated, source))
    return found


def add_up(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum, whatever precision the caller's own decimals have."""
    with localcontext(EXACT):
        return plain(sum(amounts, ZERO))


def plain(amount: Decimal) -> Decimal:
    """Return the same amount without trailing zeros, as one would write it.

    Example:
        >>> plain(Decimal("0.250000")), plain(Decimal("100.00")), plain(Decimal("0E-18"))
        (Decimal('0.25'), Decimal('100'), Decimal('0'))
    """
    whole = amount == amount.to_integral_value()
    return amount.quantize(Decimal(1), context=EXACT) if whole else amount.normalize(EXACT)


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of costs and what is missing from it.

    Attributes:
        amount: US dollars over the turns that have a cost; None where no turn has one.
        turns: Turns in all.
        unpriced_turns: Turns without a cost: where this is not 0, ``amount`` is a lower bound.
        unpriced_tokens: Input and output tokens of the turns without a cost, as far as they were reported.
        unmeasured_turns: The turns without a cost that did not report all their tokens either.
        lower_bound_turns: Turns whose cost leaves out something that was billed, as its source says: where this is not
            0, ``amount`` is a lower bound.
    """

    amount: Decimal | None
    turns: int
    unpriced_turns: int
    unpriced_tokens: int
    unmeasured_turns: int
    lower_bound_turns: int = 0

    @property
    def is_lower_bound(self) -> bool:
        """Whether the amount leaves anything out."""
        return bool(self.unpriced_turns or self.lower_bound_turns)

    def __str__(self) -> str:
        """Return the sum as a sentence that does not hide what is missing."""
        amount = "unknown" if self.amount is None else f"${self.amount:f}"
        if not self.is_lower_bound:
            return f"{amount} for {self.turns} turns, all priced"
        at_least = "" if self.amount is None else "at least "
        unmeasured = f", {self.unmeasured_turns} of them with unknown tokens" if self.unmeasured_turns else ""
        left_out = [f"{self.unpriced_turns} turns ({self.unpriced_tokens} tokens) have no price{unmeasured}"] * bool(
            self.unpriced_turns
        )
        left_out += [f"{self.lower_bound_turns} turns have a cost that leaves something out"] * bool(
            self.lower_bound_turns
        )
        return f"{at_least}{amount} for {self.turns} turns: {', '.join(left_out)}"


def total(turns_frame: pd.DataFrame) -> Total:
    """Add up the stated costs of turns, and count what has none.

    Args:
        turns_frame: Turns, as ``turns.to_frame`` makes them.

    Example:
        >>> import pandas as pd
        >>> stated = [Decimal("0.10"), Decimal("0.20"), None]
        >>> day = pd.Timestamp("2026-10-05", tz="UTC")
        >>> print(total(pd.DataFrame({"turn_id": ["a", "b", "c"], "timestamp": day, "cost": stated})))
        at least $0.3 for 3 turns: 1 turns (0 tokens) have no price, 1 of them with unknown tokens
    """
    return total_of([(row, row.cost) for row in rows(turns_frame)])


def total_of(priced: list[tuple[Row, Decimal | None]]) -> Total:
    """Add up an amount for each row, and count the rows that have none."""
    without = [row for row, amount in priced if amount is None]
    return Total(
        amount=add_up(amount for _, amount in priced if amount is not None) if len(without) < len(priced) else None,
        turns=len(priced),
        unpriced_turns=len(without),
        unpriced_tokens=sum(row.tokens for row in without),
        unmeasured_turns=sum(None in (row.usage.input_tokens, row.usage.output_tokens) for row in without),
        lower_bound_turns=sum(row.is_lower_bound for row, amount in priced if amount is not None),
    )
