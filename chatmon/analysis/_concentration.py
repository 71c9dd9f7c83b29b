"""How much of the cost comes from how few: the Lorenz curve of conversations or users, and what it comes to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from chatmon.analysis.source import cut, query

if TYPE_CHECKING:
    from chatmon.analysis.source import Turns


@dataclass(frozen=True, slots=True)
class Concentration:
    """How unevenly a cost is spread.

    Attributes:
        by: What it is spread over, such as ``conversation_id``.
        units: How many of them have a cost.
        unpriced_turns: Turns without a cost, which are left out.
        cost: US dollars in all.
        gini: 0 where each costs the same, near 1 where one costs all; None where nothing costs anything.
        amounts: US dollars of each, the dearest first.
    """

    by: str
    units: int
    unpriced_turns: int
    cost: Decimal
    gini: float | None
    amounts: tuple[Decimal, ...]

    def share_of_top(self, part: float) -> float | None:
        """Return the share of the cost that the dearest part of the units causes, at least one of them.

        Args:
            part: Between 0 and 1, such as 0.01 for the dearest hundredth.

        Raises:
            ValueError: ``part`` is not between 0 and 1.
        """
        if not 0 < part <= 1:
            raise ValueError(f"part ({part}) is not between 0 and 1: the dearest tenth is 0.1")
        if not self.cost:
            return None
        return float(sum(self.amounts[: math.ceil(part * self.units)], Decimal(0)) / self.cost)


def concentration(turns: Turns, by: str = "conversation_id") -> Concentration:
    """Return how unevenly the cost of turns is spread over conversations, users or any other text column.

    The Gini coefficient is that of the amounts in order: sum((2 i - n - 1) x_i) / (n sum(x_i)) for i from 1 to n
    (Sen, On Economic Inequality, 1973).

    Args:
        turns: Any holder of turns.
        by: A text column; turns in which it is unknown are one unit.

    Raises:
        ValueError: ``by`` is no text column of turns.

    Example:
        >>> concentration([]).gini is None
        True
    """
    source, (column,) = cut(turns, by)
    rows = query(
        source,
        f"SELECT sum(cost) AS amount FROM turns WHERE cost IS NOT NULL GROUP BY {column} ORDER BY amount DESC",  # noqa: S608
    )
    amounts = tuple(amount for (amount,) in rows)
    unpriced = query(source, "SELECT count(*) FROM turns WHERE cost IS NULL")[0][0]
    whole, n = sum(amounts, Decimal(0)), len(amounts)
    gini = None
    if whole:
        weighted = sum(((2 * place - n - 1) * amount for place, amount in enumerate(reversed(amounts), 1)), Decimal(0))
        gini = float(weighted / (n * whole))
    return Concentration(by, n, unpriced, whole, gini, amounts)
