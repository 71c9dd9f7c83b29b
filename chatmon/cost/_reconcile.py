"""A bill checked turn by turn: tokens x price against the stated cost, and what would explain a difference.

A cause is suspected where charging the turn with that mistake gives the stated cost. Where several do, all are named:
the bill alone cannot tell them apart.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date  # noqa: TC003 - a line's annotations are read when it is made
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Final

from chatmon._tools.models import course_models
from chatmon._tools.shown import escape
from chatmon.cost._totals import Row, add_up, plain, rows
from chatmon.cost.prices import PriceTable, price_by, prices_of
from chatmon.cost.rates import EXACT, ZERO, PriceList, Rates, Split, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

AGREES: Final = "agrees"
UNEXPLAINED: Final = "unexplained"
NOT_STATED: Final = "no stated cost"
NO_PRICE: Final = "no price to check with"
TOLERANCE: Final = Decimal("0.000000001")
MOST_SEARCHES: Final = 20
_ROUNDINGS: Final = (ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class BillLine:
    """One turn of a bill.

    Attributes:
        turn_id: The turn.
        model: Its model.
        stated: US dollars, as the bill says.
        expected: US dollars, tokens x price at the time of the turn; None where there is no price.
        causes: What explains the difference, each on its own; empty where nothing is to explain or nothing does.
        outcome: ``agrees``, the cause, several joined by " or ", ``unexplained``, or why the turn cannot be checked.
        note: The price used, or why there is none.
        day: The day of the turn, in UTC.
    """

    turn_id: str
    model: str | None
    stated: Decimal | None
    expected: Decimal | None
    causes: tuple[str, ...]
    outcome: str
    note: str | None
    day: date | None = None

    @property
    def difference(self) -> Decimal | None:
        """US dollars stated above what was expected; None where the turn cannot be checked."""
        return None if self.stated is None or self.expected is None else add_up((self.stated, -self.expected))


@dataclass(frozen=True, slots=True, repr=False)
class Reconciliation:
    """A bill and what was found in it.

    Attributes:
        lines: One for each turn, in the frame's order.
        tolerance: US dollars a turn up to which stated and expected count as equal.
    """

    lines: tuple[BillLine, ...]
    tolerance: Decimal

    @property
    def stated(self) -> Decimal:
        """US dollars stated, over the turns that could be checked."""
        return add_up(line.stated for line in self.lines if line.stated is not None and line.expected is not None)

    @property
    def expected(self) -> Decimal:
        """US dollars expected, over the turns that could be checked."""
        return add_up(line.expected for line in self.lines if line.stated is not None and line.expected is not None)

    @property
    def difference(self) -> Decimal:
        """US dollars stated above what was expected, over the turns that could be checked."""
        return add_up([self.stated, -self.expected])

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each turn; amounts are Decimal."""
        import pandas as pd

        names = ("turn_id", "model", "stated", "expected", "difference", "outcome", "note")
        return pd.DataFrame([[getattr(line, name) for name in names] for line in self.lines], columns=list(names))

    def summary(self) -> pd.DataFrame:
        """Return one row for each outcome: turns, US dollars stated, expected and their difference.

        Turns that cannot be checked have at most one of the two, and no part in ``difference``. The largest
        difference comes first.
        """
        import pandas as pd

        groups: dict[str, list[BillLine]] = defaultdict(list)
        for line in self.lines:
            groups[line.outcome].append(line)
        found = [
            {
                "outcome": outcome,
                "turns": len(lines),
                "stated": add_up(line.stated for line in lines if line.stated is not None),
                "expected": add_up(line.expected for line in lines if line.expected is not None),
                "difference": add_up(line.difference for line in lines if line.difference is not None),
            }
            for outcome, lines in groups.items()
        ]
        found.sort(key=lambda group: (-abs(Decimal(str(group["difference"]))), str(group["outcome"])))
        return pd.DataFrame(found, columns=["outcome", "turns", "stated", "expected", "difference"])

    def causes(self) -> pd.DataFrame:
        """Return one row for each model, day and cause: how much of the day's difference it would explain.

        A turn that several causes explain counts for each of them; the one that explains most turns of the day comes
        first, and of equals the one that is the only explanation of most. ``share`` is the part of the turns that
        differ; ``amount`` the US dollars of difference of those it explains.
        """
        import pandas as pd

        days: dict[tuple[str, date | None], list[BillLine]] = defaultdict(list)
        for line in self.lines:
            if line.outcome == UNEXPLAINED or line.causes:
                days[line.model or "", line.day].append(line)
        found = []
        for (model, day), lines in sorted(days.items(), key=lambda one: (one[0][0], str(one[0][1]))):
            ranked = []
            for cause in dict.fromkeys(cause for line in lines for cause in line.causes or (UNEXPLAINED,)):
                explained = [line for line in lines if cause in (line.causes or (UNEXPLAINED,))]
                alone = sum(len(line.causes) <= 1 for line in explained)
                amount = add_up(line.difference for line in explained if line.difference is not None)
                order = (cause == UNEXPLAINED, -len(explained), -alone)
                ranked.append((order, [model, day, cause, len(explained), len(explained) / len(lines), amount]))
            found += [row for _, row in sorted(ranked, key=lambda one: one[0])]
        return pd.DataFrame(found, columns=["model", "day", "cause", "turns", "share", "amount"])

    def __repr__(self) -> str:
        """Return the summary as text: a line for each turn would be a page for each day."""
        return self.summary().to_string(index=False)

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr>{''.join(f'<td>{escape(str(value))}</td>' for value in line)}</tr>"
            for line in self.summary().itertuples(index=False)
        )
        heads = "".join(f'<th scope="col">{name}</th>' for name in self.summary().columns)
        caption = f"US dollars. A turn agrees where the difference is at most {self.tolerance:f}."
        return f"<table><caption>{caption}</caption><tr>{heads}</tr>{cells}</table>"


def reconcile(
    turns_frame: pd.DataFrame,
    *,
    tolerance: Decimal = TOLERANCE,
    table: PriceTable | None = None,
    models: Sequence[str] | None = None,
) -> Reconciliation:
    """Check the stated cost of every turn, and name the mistakes that would give exactly what was stated.

    One mistake is tried before two (one in the input together with one in the output).

    Args:
        turns_frame: Turns, as ``turns.to_frame`` makes them; ``cost`` is what the bill states.
        tolerance: US dollars a turn. The default forgives a float's noise and no more: a cost cut to fewer places
            is recognised as that.
        table: One's own prices, as for ``price``.
        models: Models whose prices may have been charged by mistake; without it, the course's and the frame's own.

    Raises:
        ValueError: The tolerance is negative, or the frame is no frame of turns.
    """
    if tolerance < 0:
        raise ValueError(f"tolerance ({tolerance}) is negative")
    turns = rows(turns_frame)
    if models is None:
        known = course_models()
        candidates = [known.legacy, known.hosted, *known.what_if, *(row.model for row in turns if row.model)]
    else:
        candidates = list(models)
    lists = {name: prices_of(name, table=table) for name in dict.fromkeys(candidates)}
    others = {name: prices for name, prices in lists.items() if isinstance(prices, PriceList)}
    return Reconciliation(tuple(_check(row, tolerance, table, others) for row in turns), tolerance)


def _check(row: Row, tolerance: Decimal, table: PriceTable | None, others: dict[str, PriceList]) -> BillLine:
    prices = prices_of(row.model, provider=row.provider, table=table)
    if isinstance(prices, str):
        expected, note = None, prices
    else:
        amount, source, reason = price_by(prices, row.usage, row.timestamp)
        expected = None if amount is None else plain(amount)
        note = source or reason or ""
    causes: tuple[str, ...] = ()
    if row.cost is None:
        outcome = NOT_STATED
    elif expected is None or isinstance(prices, str):
        outcome = NO_PRICE
    elif abs(row.cost - expected) <= tolerance:
        outcome = AGREES
    else:
        causes = _causes(row, row.cost, expected, prices, others, tolerance)
        outcome = " or ".join(causes) or UNEXPLAINED
    return BillLine(row.turn_id, row.model, row.cost, expected, causes, outcome, note, row.timestamp.date())


def _causes(
    row: Row, stated: Decimal, expected: Decimal, prices: PriceList, others: dict[str, PriceList], tolerance: Decimal
) -> tuple[str, ...]:
    """Return the mistakes that give the stated cost; those that change nothing for this turn cannot."""

    def explaining(mistakes: Iterator[tuple[str, Decimal]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cause for cause, amount in mistakes if abs(stated - amount) <= tolerance))

    period = prices.at(row.timestamp, row.usage.service_tier)
    if period is None:
        return ()
    _, rates = period.tier(row.usage.input_tokens)
    return (
        explaining(_simple(row, stated, expected, rates, prices, others))
        or explaining(_pairs(split(row.usage), rates))
        or explaining(_searches(stated, expected, rates))
        or tuple(f"billed besides: {said}" for said in rates.left_out(row.usage) if stated > expected)
    )


def _simple(
    row: Row, stated: Decimal, expected: Decimal, rates: Rates, prices: PriceList, others: dict[str, PriceList]
) -> Iterator[tuple[str, Decimal]]:
    tokens = split(row.usage)
    for cause, charged in (*_input_mistakes(tokens), *_output_mistakes(tokens), *_other_mistakes(tokens)):
        yield cause, rates.amount(charged)
    for tier in (None, *prices.tiers):
        charged_by = prices.at(row.timestamp, tier)
        if tier == row.usage.service_tier or charged_by is None:
            continue
        of_tier = charged_by.tier(row.usage.input_tokens)[1].amount(tokens)
        if 2 * of_tier != expected:  # which has a name of its own below
            yield f"charged at the {tier or 'standard'} service tier", of_tier
    for other in prices.periods:
        name = "its undated price" if other.since is None else f"the price from {other.since}"
        yield f"price of another date ({name})", other.tier(row.usage.input_tokens)[1].amount(tokens)
    now = prices.at(row.timestamp)
    for start, other_rates in now.tiers if now else ():
        name = f"above {start:,} input tokens" if start > 0 else "the shortest"
        yield f"price of another context length ({name})", other_rates.amount(tokens)
    for name, list_of_other in others.items():
        amount = price_by(list_of_other, row.usage, row.timestamp).amount
        if amount is not None and (list_of_other.model or list_of_other.source) != (prices.model or prices.source):
            yield f"price of another model ({name})", amount
    yield "half the price (batch or flex)", expected / 2
    yield "charged as 0", ZERO
    if stated:
        yield from _cut(stated, expected)


def _input_mistakes(tokens: Split) -> Iterator[tuple[str, Split]]:
    """Give what an input was taken for; ``fresh`` is charged in full, so moving tokens there is charging them so."""
    fresh, cached, cache_write = tokens.fresh, tokens.cached, tokens.cache_write
    if cached:
        # Once in full and once as cached, which is the usual one; both as cached; both in full.
        yield "cached tokens charged twice", tokens._replace(fresh=fresh + cached)
        yield "cached tokens charged twice", tokens._replace(cached=2 * cached)
        yield "cached tokens charged twice", tokens._replace(fresh=fresh + 2 * cached, cached=0)
        yield "cached tokens charged at the full rate", tokens._replace(fresh=fresh + cached, cached=0)
        yield "cached tokens not charged", tokens._replace(cached=0)
    if cache_write:
        yield "cache writes charged twice", tokens._replace(fresh=fresh + cache_write)
        yield "cache writes charged as plain input", tokens._replace(fresh=fresh + cache_write, cache_write=0)
        yield "cache writes not charged", tokens._replace(cache_write=0)
    if cached and cache_write:
        yield "cached tokens and cache writes charged twice", tokens._replace(fresh=fresh + cached + cache_write)


def _output_mistakes(tokens: Split) -> Iterator[tuple[str, Split]]:
    if tokens.reasoning:
        yield "reasoning added twice", tokens._replace(reasoning=2 * tokens.reasoning)
        yield "reasoning not charged", tokens._replace(reasoning=0)


def _other_mistakes(tokens: Split) -> Iterator[tuple[str, Split]]:
    """Give what other kinds were taken for: a lifetime of another length, sound and pictures as text, no searches."""
    hour, short = tokens.cache_write_1h, tokens.cache_write
    if hour:
        yield (
            "one-hour cache writes charged as five-minute ones",
            tokens._replace(cache_write_1h=0, cache_write=short + hour),
        )
    if short:
        yield (
            "five-minute cache writes charged as one-hour ones",
            tokens._replace(cache_write=0, cache_write_1h=short + hour),
        )
    for name, said in (("audio", "audio"), ("image", "image"), ("video", "video")):
        fresh, cached = getattr(tokens, name), getattr(tokens, f"cached_{name}")
        if fresh or cached:
            as_text = {"fresh": tokens.fresh + fresh, "cached": tokens.cached + cached, name: 0, f"cached_{name}": 0}
            yield f"{said} input charged as text", tokens._replace(**as_text)
        if written := getattr(tokens, f"answer_{name}", 0):
            as_text = {"answer": tokens.answer + written, f"answer_{name}": 0}
            yield f"{said} output charged as text", tokens._replace(**as_text)
    if tokens.web_search:
        yield "web searches not charged", tokens._replace(web_search=0)


def _searches(stated: Decimal, expected: Decimal, rates: Rates) -> Iterator[tuple[str, Decimal]]:
    """Give so many searches by the provider as would make the difference, where it is a whole number of a few."""
    each = rates.own.get("web_search", ZERO).scaleb(-6)
    number = round((stated - expected) / each) if each else 0
    if 0 < number <= MOST_SEARCHES:
        yield f"{number} web searches charged that the usage does not count", expected + number * each


def _pairs(tokens: Split, rates: Rates) -> Iterator[tuple[str, Decimal]]:
    for first, read in _input_mistakes(tokens):
        for second, written in _output_mistakes(tokens):
            yield (
                f"{first} and {second}",
                rates.amount(read._replace(answer=written.answer, reasoning=written.reasoning)),
            )


def _cut(stated: Decimal, expected: Decimal) -> Iterator[tuple[str, Decimal]]:
    """Give the fewest decimal places, of 2 to 8, to which the expected cost is rounded or cut in the stated one."""
    with localcontext(EXACT) as context:
        context.clear_traps()
        for places in range(2, 9):
            unit = Decimal(1).scaleb(-places)
            if any(expected.quantize(unit, rounding) == stated for rounding in _ROUNDINGS):
                yield f"rounded to {places} decimal places", stated
                return
