"""Why a total differs between two periods: more turns, other turns, or turns that differ within segments. Exactly."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from chatmon._tools.checks import COST_PLACES
from chatmon.cost.rates import EXACT, ZERO

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

K = TypeVar("K", bound="Hashable")
HALF = Fraction(1, 2)


class Sums(NamedTuple):
    """What a segment adds up to in one period.

    Attributes:
        turns: How many turns it has.
        total: What they add up to.
    """

    turns: int
    total: Fraction


class Share(NamedTuple):
    """What one segment contributes to the change of the total.

    Attributes:
        mix: By its share of the turns having moved: above 0 where a segment above the mean grew, or one below shrank.
        rate: By its own turns having changed.
    """

    mix: Fraction
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Decomposition(Generic[K]):
    """The change of a total in three parts that add up to it: ``volume + mix + rate == after - before``.

    Attributes:
        turns_before: Turns in the first period.
        turns_after: Turns in the second.
        before: The total of the first period.
        after: The total of the second.
        volume: By more turns or fewer, at the mean of both periods.
        mix: By turns having moved between segments.
        rate: By turns of the same segment having changed.
        segments: What each segment contributes to ``mix`` and ``rate``, which are the sums over them.
    """

    turns_before: int
    turns_after: int
    before: Fraction
    after: Fraction
    volume: Fraction
    mix: Fraction
    rate: Fraction
    segments: Mapping[K, Share]


def decompose(before: Mapping[K, Sums], after: Mapping[K, Sums]) -> Decomposition[K]:
    """Split the change of a total into volume, mix and rate, symmetrically: swapping the periods negates each part.

    With N turns in a period, s the share and r the mean of a segment, R the mean of all, a bar for the mean of the two
    periods and d for the second less the first (Kitagawa, Components of a difference between two rates, JASA 50, 1955):
    volume = dN R̄, mix = N̄ sum(ds r̄), rate = N̄ sum(dr s̄). A segment that one period lacks has no mean there: it is
    taken to have the other's, so that its coming or going is all mix. A period without turns is taken to have the
    other's means and shares, so that all of the change is volume.

    Args:
        before: The segments of the first period; those with no turns may be left out.
        after: The segments of the second.

    Raises:
        ValueError: A segment without turns adds up to something.

    Example:
        >>> was = {"easy": Sums(80, Fraction(80)), "hard": Sums(20, Fraction(60))}
        >>> now = {"easy": Sums(60, Fraction(60)), "hard": Sums(60, Fraction(240))}
        >>> parts = decompose(was, now)
        >>> float(parts.volume), float(parts.mix), float(parts.rate)
        (39.0, 82.5, 38.5)
    """
    for sums in (*before.values(), *after.values()):
        if sums.turns < 0 or (sums.turns == 0 and sums.total != 0):
            raise ValueError(f"{sums.turns} turns cannot add up to {float(sums.total)}: only turns have a value")
    keys = list(dict.fromkeys([*before, *after]))
    n0, n1 = (sum(sums.turns for sums in period.values()) for period in (before, after))
    t0, t1 = (sum((sums.total for sums in period.values()), Fraction(0)) for period in (before, after))
    mean0, mean1 = _either(_over(t0, n0), _over(t1, n1))
    centre, turns = (mean0 + mean1) * HALF, Fraction(n0 + n1, 2)
    segments = {}
    for key in keys:
        was, now = before.get(key, _NOTHING), after.get(key, _NOTHING)
        share0, share1 = _either(_over(Fraction(was.turns), n0), _over(Fraction(now.turns), n1))
        rate0, rate1 = _either(_over(was.total, was.turns), _over(now.total, now.turns))
        # Less the mean of all: that sums to nothing over the segments, and makes a segment's part mean something.
        mix = turns * (share1 - share0) * ((rate0 + rate1) * HALF - centre)
        segments[key] = Share(mix, turns * (rate1 - rate0) * (share0 + share1) * HALF)
    return Decomposition(
        turns_before=n0,
        turns_after=n1,
        before=t0,
        after=t1,
        volume=(n1 - n0) * centre,
        mix=sum((share.mix for share in segments.values()), Fraction(0)),
        rate=sum((share.rate for share in segments.values()), Fraction(0)),
        segments=segments,
    )


_NOTHING = Sums(0, Fraction(0))


def _over(total: Fraction, n: int) -> Fraction | None:
    return total / n if n else None


def _either(before: Fraction | None, after: Fraction | None) -> tuple[Fraction, Fraction]:
    """Return both, an unknown one as the other, two unknown ones as 0."""
    first = after if before is None else before
    second = before if after is None else after
    return first or Fraction(0), second or Fraction(0)


def money(amount: Fraction | float) -> Decimal:
    """Return an amount in the places that costs are kept in, the half to the even digit.

    Example:
        >>> money(Fraction(2, 3))
        Decimal('0.666666666666666667')
    """
    return Decimal(round(Fraction(amount) * 10**COST_PLACES)).scaleb(-COST_PLACES, context=EXACT)


def money_parts(parts: Sequence[Fraction], total: Decimal) -> list[Decimal]:
    """Return parts in the places that costs are kept in, so that they still add up exactly to a total.

    What rounding leaves over goes to the largest part, so that a part of 0 stays 0.

    Args:
        parts: What adds up to the total, but for the rounding.
        total: What they are to add up to.

    Example:
        >>> money_parts([Fraction(1, 3), Fraction(2, 3), Fraction(0)], Decimal(1))
        [Decimal('0.333333333333333333'), Decimal('0.666666666666666667'), Decimal('0E-18')]
    """
    rounded = [money(part) for part in parts]
    if rounded:
        largest = max(range(len(parts)), key=lambda place: abs(parts[place]))
        with localcontext(EXACT):
            rounded[largest] += total - sum(rounded, ZERO)
    return rounded
