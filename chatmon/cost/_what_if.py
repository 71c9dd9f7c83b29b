"""What the same turns would have cost on another model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatmon._tools.shown import escape
from chatmon.cost._totals import Row, Total, add_up, rows, total_of
from chatmon.cost.prices import LOWER_BOUND, PriceTable, price_by, prices_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    import pandas as pd

    from chatmon.cost.rates import PriceList

FINE_PRINT: Final = (
    "The same token counts at the other model's prices on the day of each turn. Another model's tokenizer counts the "
    "same text differently and its replies are of another length; the share of cached tokens may change; a turn of "
    "several calls is priced as one. The saving is over the turns that have a cost on both sides."
)
_HEAD: Final = ("model", "as it was", "would be", "saving", "compared turns")


@dataclass(frozen=True, slots=True)
class WhatIfComparison:
    """The same turns as they were and as they would have been on one model.

    Attributes:
        model: The other model.
        as_it_was: The stated costs, with what has none.
        would_be: The costs on the other model, with what has none.
        compared_turns: Turns with a cost on both sides.
        compared_was: US dollars as stated, over those.
        compared_would_be: US dollars on the other model, over those.
        reason: The most frequent reason why a turn has no price on the other model; None where all have one.
    """

    model: str
    as_it_was: Total
    would_be: Total
    compared_turns: int
    compared_was: Decimal
    compared_would_be: Decimal
    reason: str | None

    @property
    def saving(self) -> Decimal | None:
        """US dollars saved by the other model, negative where it costs more; None where nothing can be compared."""
        return add_up((self.compared_was, -self.compared_would_be)) if self.compared_turns else None

    @property
    def saving_share(self) -> float | None:
        """The saving as a share of the cost as it was; None where nothing can be compared, or it was for free."""
        if not self.compared_was:
            return None
        return 1 - float(self.compared_would_be) / float(self.compared_was)


@dataclass(frozen=True, slots=True, repr=False)
class WhatIf:
    """The same turns on other models.

    Attributes:
        comparisons: One for each model, in the order asked for.
    """

    comparisons: tuple[WhatIfComparison, ...]

    def __getitem__(self, model: str) -> WhatIfComparison:
        """Return the comparison with one model."""
        for comparison in self.comparisons:
            if comparison.model == model:
                return comparison
        raise KeyError(f"no comparison with {model!r}: there are {', '.join(c.model for c in self.comparisons)}")

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each model; amounts are Decimal."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "model": c.model,
                    "as_it_was": c.as_it_was.amount,
                    "would_be": c.would_be.amount,
                    "saving": c.saving,
                    "saving_share": c.saving_share,
                    "turns": c.would_be.turns,
                    "compared_turns": c.compared_turns,
                    "unpriced_turns_as_it_was": c.as_it_was.unpriced_turns,
                    "unpriced_tokens_as_it_was": c.as_it_was.unpriced_tokens,
                    "unpriced_turns_would_be": c.would_be.unpriced_turns,
                    "unpriced_tokens_would_be": c.would_be.unpriced_tokens,
                    "reason": c.reason,
                }
                for c in self.comparisons
            ]
        )

    def __repr__(self) -> str:
        """Return what the HTML table says, as text."""
        lines = [" | ".join(_HEAD), *(" | ".join(line) for line in self._table()), *self._without_price()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        cells = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in line)}</tr>" for line in self._table())
        heads = "".join(f'<th scope="col">{escape(text)}</th>' for text in _HEAD)
        notes = "".join(f"<br><small>{escape(note)}</small>" for note in self._without_price())
        return f"<table><caption>{escape(FINE_PRINT)}{notes}</caption><tr>{heads}</tr>{cells}</table>"

    def _table(self) -> list[tuple[str, ...]]:
        return [
            (
                c.model,
                _dollars(c.as_it_was.amount),
                _dollars(c.would_be.amount),
                _dollars(c.saving) + (f" ({c.saving_share:.0%})" if c.saving_share is not None else ""),
                f"{c.compared_turns} of {c.would_be.turns}",
            )
            for c in self.comparisons
        ]

    def _without_price(self) -> list[str]:
        """Return what has no cost as it was, and what has no price on which model, and why."""
        was = next((_unpriced(c.as_it_was) for c in self.comparisons if c.as_it_was.unpriced_turns), None)
        lacking: dict[tuple[str, str], list[WhatIfComparison]] = {}
        for c in self.comparisons:
            if c.reason:
                lacking.setdefault((_unpriced(c.would_be), c.reason.replace(c.model, "")), []).append(c)
        return [f"Without a cost as it was: {was}."] * (was is not None) + [
            f"Without a price on {', '.join(c.model for c in alike)}: {unpriced} ({alike[0].reason})."
            for (unpriced, _), alike in lacking.items()
        ]


def what_if(
    turns_frame: pd.DataFrame,
    model: str | Sequence[str],
    *,
    provider: str | None = None,
    table: PriceTable | None = None,
) -> WhatIf:
    """Compare what turns cost with what the same tokens would have cost on other models, at the time of each turn.

    Args:
        turns_frame: Turns, as ``turns.to_frame`` makes them.
        model: One model or several.
        provider: Who serves the other models; without it, the provider that each model's name belongs to.
        table: One's own prices, as for ``price``.

    Raises:
        ValueError: No model is named, or the frame is no frame of turns.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"turn_id": ["a"], "timestamp": pd.Timestamp("2026-10-05", tz="UTC"), "cost": None,
        ...                       "input_tokens": 1000, "cached_tokens": 0, "output_tokens": 100})
        >>> what_if(frame, "gpt-4")["gpt-4"].would_be.amount
        Decimal('0.036')
    """
    models = [model] if isinstance(model, str) else list(dict.fromkeys(model))
    if not models:
        raise ValueError("0 models to compare with: name at least one")
    turns = rows(turns_frame)
    as_it_was = total_of([(row, row.cost) for row in turns])
    comparisons = []
    for name in models:
        prices = prices_of(name, provider=provider, table=table)
        reasons: Counter[str] = Counter()
        amounts: list[Decimal | None] = []
        for row in turns:
            amount, reason = _whole_price(prices, row)
            amounts.append(amount)
            if reason is not None:
                reasons[reason] += 1
        both = [(r.cost, a) for r, a in zip(turns, amounts, strict=True) if r.cost is not None and a is not None]
        comparisons.append(
            WhatIfComparison(
                model=name,
                as_it_was=as_it_was,
                would_be=total_of(list(zip(turns, amounts, strict=True))),
                compared_turns=len(both),
                compared_was=add_up(was for was, _ in both),
                compared_would_be=add_up(would_be for _, would_be in both),
                reason=reasons.most_common(1)[0][0] if reasons else None,
            )
        )
    return WhatIf(tuple(comparisons))


def _whole_price(prices: PriceList | str, row: Row) -> tuple[Decimal | None, str | None]:
    """Return what a turn would cost, or why that is not known: of a lower bound, what it leaves out would be saved."""
    if isinstance(prices, str):
        return None, prices
    amount, source, reason = price_by(prices, row.usage, row.timestamp)
    if source is not None and LOWER_BOUND in source:
        return None, f"{prices.source}{source.partition(LOWER_BOUND)[2]}"
    return amount, reason


def _dollars(amount: Decimal | None) -> str:
    if amount is None:
        return "unknown"
    return f"{'−' if amount < 0 else ''}${abs(amount):,.6f}"


def _unpriced(total: Total) -> str:
    return f"{total.unpriced_turns} turns, {total.unpriced_tokens} tokens" if total.unpriced_turns else "none"
