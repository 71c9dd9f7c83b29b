"""Rates: what each kind of token costs, from which day, above how much input. Pure arithmetic in exact decimals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from chatmon.cost.usage import Usage

EXACT = Context(prec=100, traps=[Inexact, InvalidOperation])
"""Raises rather than rounds, whatever precision the caller's own decimals have."""
MILLION = 6
ZERO = Decimal(0)


class Split(NamedTuple):
    """A usage taken apart so that every token is in one kind only, which is how it is charged.

    Attributes:
        fresh: Input neither read from the cache nor written to it.
        cached: Input read from the cache.
        cache_write: Input written to the cache.
        answer: Output without reasoning.
        reasoning: Reasoning.
    """

    fresh: int
    cached: int
    cache_write: int
    answer: int
    reasoning: int


def split(usage: Usage) -> Split:
    """Take a usage apart; parts that were not reported stay in their whole, and an unknown whole is empty.

    Example:
        >>> from chatmon.cost import Usage
        >>> split(Usage(100, 60, None, 20, 5))
        Split(fresh=40, cached=60, cache_write=0, answer=15, reasoning=5)
    """
    cached, cache_write = usage.cached_tokens or 0, usage.cache_write_tokens or 0
    reasoning = usage.reasoning_tokens or 0
    fresh = 0 if usage.input_tokens is None else usage.input_tokens - cached - cache_write
    answer = 0 if usage.output_tokens is None else usage.output_tokens - reasoning
    return Split(fresh, cached, cache_write, answer, reasoning)


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars per million tokens of each kind; None where the kind has no price.

    Attributes:
        input: Fresh input.
        cached: Input read from the cache; as ``input`` where there is no discount.
        cache_write: Input written to the cache; as ``input`` where it has no price of its own.
        output: Output.
        reasoning: Reasoning; as ``output`` where it has no price of its own.
        request: US dollars for each request, whatever its tokens.
    """

    input: Decimal | None
    cached: Decimal | None
    cache_write: Decimal | None
    output: Decimal | None
    reasoning: Decimal | None
    request: Decimal = ZERO

    def missing(self, usage: Usage) -> str | None:
        """Return why these rates give no amount for a usage, or None where they do."""
        for rate, count, name in (
            (self.input, usage.input_tokens, "input_tokens"),
            (self.output, usage.output_tokens, "output_tokens"),
        ):
            if rate is not None and count is None:
                return f"{name} is unknown"
            if rate is None and count:
                return f"no price for its {name} ({count})"
        return None

    def assumed(self, usage: Usage) -> list[str]:
        """Return the parts that have a rate of their own but were not reported, so were charged with their whole."""
        return [
            name
            for name, own, whole in (
                ("cached_tokens", self.cached, self.input),
                ("cache_write_tokens", self.cache_write, self.input),
                ("reasoning_tokens", self.reasoning, self.output),
            )
            if own != whole and getattr(usage, name) is None
        ]

    def amount(self, tokens: Split) -> Decimal:
        """Return what the tokens cost in US dollars, exactly.

        Example:
            >>> rates = Rates(Decimal("0.4"), Decimal("0.1"), Decimal("0.4"), Decimal("1.6"), Decimal("1.6"))
            >>> rates.amount(Split(fresh=40, cached=60, cache_write=0, answer=15, reasoning=5))
            Decimal('0.0000540')
        """
        with localcontext(EXACT):
            per_million = sum(
                (
                    count * (rate or ZERO)
                    for count, rate in zip(
                        tokens,
                        (self.input, self.cached, self.cache_write, self.output, self.reasoning),
                        strict=True,
                    )
                    if count
                ),
                ZERO,
            )
            return per_million.scaleb(-MILLION) + self.request


@dataclass(frozen=True, slots=True)
class DatedRates:
    """The rates of a model over one period.

    Attributes:
        since: The first day in UTC; None where the period has no known start.
        active: Whether the period holds a moment.
        tiers: Above how many input tokens which rates hold, ascending; the first starts below 0. A tier's rates are
            those of all of the call's tokens, not only of those above its start.
    """

    since: date | None
    active: Callable[[datetime], bool]
    tiers: tuple[tuple[int, Rates], ...]

    def tier(self, input_tokens: int | None) -> tuple[int, Rates]:
        """Return the start of the tier of a call with so many input tokens, and its rates."""
        found = self.tiers[0]
        for tier in self.tiers[1:]:
            if (input_tokens or 0) > tier[0]:
                found = tier
        return found


@dataclass(frozen=True, slots=True)
class PriceList:
    """All rates of one model over time.

    Attributes:
        source: Whose prices, and of which model.
        periods: The periods; where several hold a moment, the last one counts.
    """

    source: str
    periods: tuple[DatedRates, ...]

    def at(self, moment: datetime) -> DatedRates | None:
        """Return the rates at a moment; None where the list starts later."""
        return next((period for period in reversed(self.periods) if period.active(moment)), None)
