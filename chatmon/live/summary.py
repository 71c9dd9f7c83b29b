"""What a period of turns adds up to, each number with its interval and its n."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from chatmon import estimates
from chatmon._tools.shown import as_html, as_text
from chatmon._tools.units import Units
from chatmon.cost.prices import LOWER_BOUND

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from datetime import datetime

    from chatmon.estimates import Estimate
    from chatmon.live._health import Health
    from chatmon.turns import Turn


@dataclass(frozen=True, slots=True)
class Spread:
    """How a duration is spread, in seconds.

    Attributes:
        mean: With its interval.
        median: With its order-statistic interval, as the percentiles.
        p95: 95 % of turns were faster.
        p99: 99 % of turns were faster.
    """

    mean: Estimate
    median: Estimate
    p95: Estimate
    p99: Estimate

    @classmethod
    def of(cls, seconds: Sequence[float], units: Sequence[Hashable]) -> Spread:
        """Return the spread of some durations, by whose turns they are of."""
        return cls(
            mean=estimates.mean(seconds, units),
            median=estimates.percentile(seconds, 0.5, units),
            p95=estimates.percentile(seconds, 0.95, units),
            p99=estimates.percentile(seconds, 0.99, units),
        )


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of the turns that reported them; a kind that no turn reported is None, and not 0.

    Attributes:
        input_tokens: All input, cached included.
        cached_tokens: Part of the input.
        cache_write_tokens: Part of the input.
        output_tokens: All output, reasoning included.
        reasoning_tokens: Part of the output.
        unreported_turns: Turns that reported none, so the sums are lower bounds where this is not 0.
    """

    input_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    unreported_turns: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a period adds up to.

    Attributes:
        since: Start of the period, UTC.
        until: End of the period, UTC.
        turns: Turns that started in it.
        conversations: Conversations they belong to.
        users: Known users they come from.
        response_time: Seconds, over the turns that have one, failed ones too.
        time_to_first_token: Seconds, over streamed turns.
        tokens: By kind.
        cost: US dollars, over turns with a price; None where none has one. A lower bound where ``unpriced_turns`` or
            ``lower_bound_turns`` is not 0.
        unpriced_turns: Turns without a price.
        error_rate: Share of turns that failed, of those that were not cancelled.
        errors: Number of turns by error type.
        satisfaction: Mean rating over rated turns, 1 to 5.
        response_rate: Share of turns that were rated; unknown where none was, as nothing says that any could be.
        conversation_length: Turns in a conversation, within the period.
        evicted: Turns that the monitor has dropped since it started; where this is not 0, older turns of the period
            may be missing.
        rejected: Reported values that could not be true, by reason.
        health: Of the process and the machine.
    """

    since: datetime
    until: datetime
    turns: int
    conversations: int
    users: int
    response_time: Spread
    time_to_first_token: Spread
    tokens: Tokens
    cost: Decimal | None
    unpriced_turns: int
    error_rate: Estimate
    errors: Mapping[str, int]
    satisfaction: Estimate
    response_rate: Estimate
    conversation_length: Estimate
    evicted: int
    rejected: Mapping[str, int]
    health: Health | None
    lower_bound_turns: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as nested plain dicts."""
        return asdict(self)

    def _cost(self) -> str:
        amount = "unknown" if self.cost is None else f"${self.cost:.6f}"
        unpriced = f", {self.unpriced_turns} of {self.turns} turns unpriced" if self.unpriced_turns else ""
        partly = f", {self.lower_bound_turns} priced in part" if self.lower_bound_turns else ""
        at_least = "at least " if self.cost is not None and (unpriced or partly) else ""
        return f"{at_least}{amount}{unpriced}{partly}"

    def rows(self) -> list[tuple[str, str]]:
        """Return the summary as pairs of a name and a text, in reading order."""
        hours = (self.until - self.since).total_seconds() / 3600
        errors = ", ".join(f"{name}: {number}" for name, number in self.errors.items())
        tokens = self.tokens
        read = _with_part(tokens.input_tokens, "cached", tokens.cached_tokens)
        written = f", written to the cache {tokens.cache_write_tokens:,}" if tokens.cache_write_tokens else ""
        rows = [
            ("period", f"{hours:.3g} h until {self.until:%Y-%m-%d %H:%M} UTC"),
            ("turns", f"{self.turns} in {self.conversations} conversations of {self.users or 'unknown'} users"),
            ("conversation length", self.conversation_length.text("turns", 1)),
            ("response time, mean", self.response_time.mean.text("s")),
            ("response time, median", self.response_time.median.text("s")),
            ("response time, p95", self.response_time.p95.text("s")),
            ("response time, p99", self.response_time.p99.text("s")),
            ("time to first token, median", self.time_to_first_token.median.text("s")),
            ("time to first token, p95", self.time_to_first_token.p95.text("s")),
            ("input tokens", read + written),
            ("output tokens", _with_part(tokens.output_tokens, "reasoning", tokens.reasoning_tokens)),
            ("turns without reported tokens", str(tokens.unreported_turns)),
            ("cost", self._cost()),
            ("error rate", self.error_rate.text(digits=3) + (f"; {errors}" if errors else "")),
            ("satisfaction", self.satisfaction.text()),
            ("share of turns rated", self.response_rate.text()),
        ]
        if self.health is not None:
            cores = "unknown" if self.health.process_cpu is None else f"{self.health.process_cpu:.2f} cores"
            busy = "unknown" if self.health.machine_cpu is None else f"{self.health.machine_cpu:.0%} busy"
            rows.append(("this process", f"{cores}, {self.health.process_memory / 2**20:.0f} MiB"))
            rows.append(
                ("the machine", f"{busy}, memory {self.health.machine_memory:.0%}, disk {self.health.disk:.0%}")
            )
        if self.evicted:
            rows.append(("evicted turns", f"{self.evicted}: the period may miss its oldest turns"))
        rows.extend((f"rejected {number} times", reason) for reason, number in self.rejected.items())
        return rows

    def __str__(self) -> str:
        return as_text(self.rows())

    def _repr_html_(self) -> str:
        return as_html("Intervals are 95 %, by user; n values may be worth fewer, where users repeat.", self.rows())


def summarise(
    turns: Sequence[Turn],
    *,
    since: datetime,
    until: datetime,
    evicted: int = 0,
    rejected: Mapping[str, int] | None = None,
    health: Health | None = None,
) -> Summary:
    """Return what turns add up to.

    A user's turns are alike, so that intervals count users; where a turn's user is unknown, its conversation.

    Args:
        turns: All of the period.
        since: Start of the period.
        until: End of the period.
        evicted: Turns that were dropped before.
        rejected: Reported values that could not be true, by reason.
        health: Of the process and the machine, where there is one.
    """
    lengths = Counter(turn.conversation_id for turn in turns)
    costs = [turn.cost for turn in turns if turn.cost is not None]
    timed = [turn for turn in turns if turn.response_time is not None]
    streamed = [turn for turn in turns if turn.time_to_first_token is not None]
    rated = [turn for turn in turns if turn.user_satisfaction is not None]
    telling = [turn for turn in turns if turn.failed is not None]
    errors = Counter(turn.error_type for turn in turns if turn.error_type is not None)
    return Summary(
        since=since,
        until=until,
        turns=len(turns),
        conversations=len(lengths),
        users=len({turn.user_id for turn in turns if turn.user_id is not None}),
        response_time=Spread.of([turn.response_time or 0.0 for turn in timed], _units(timed)),
        time_to_first_token=Spread.of([turn.time_to_first_token or 0.0 for turn in streamed], _units(streamed)),
        tokens=Tokens(
            input_tokens=_total(turn.input_tokens for turn in turns),
            cached_tokens=_total(turn.cached_tokens for turn in turns),
            cache_write_tokens=_total(turn.cache_write_tokens for turn in turns),
            output_tokens=_total(turn.output_tokens for turn in turns),
            reasoning_tokens=_total(turn.reasoning_tokens for turn in turns),
            unreported_turns=sum(turn.input_tokens is None and turn.output_tokens is None for turn in turns),
        ),
        cost=sum(costs, Decimal(0)) if costs else None,
        unpriced_turns=len(turns) - len(costs),
        lower_bound_turns=sum(turn.cost is not None and LOWER_BOUND in (turn.price_source or "") for turn in turns),
        error_rate=_rate([turn.failed is True for turn in telling], _units(telling)),
        errors=dict(errors.most_common()),
        satisfaction=estimates.mean([turn.user_satisfaction or 0 for turn in rated], _units(rated)),
        response_rate=_rate([turn.user_satisfaction is not None for turn in turns] if rated else [], _units(turns)),
        conversation_length=estimates.mean(list(lengths.values())),
        evicted=evicted,
        rejected=dict(rejected or {}),
        health=health,
    )


def _units(turns: Sequence[Turn]) -> list[tuple[bool, str]]:
    """Return whose each turn is: a user's, or of a user that is not known but for the conversation."""
    return [
        (turn.user_id is not None, turn.conversation_id if turn.user_id is None else turn.user_id) for turn in turns
    ]


def _rate(flags: Sequence[bool], units: Sequence[Hashable]) -> Estimate:
    n, found = len(flags), sum(flags)
    return estimates.rate(found, n, Units.of([float(flag) for flag in flags], found / n, units) if n else None)


def _total(counts: Iterable[int | None]) -> int | None:
    """Return the sum of the counts that are known, or None where none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _with_part(whole: int | None, name: str, part: int | None) -> str:
    """Return a number of tokens and, where it is known, how many of them are of a kind.

    Example:
        >>> _with_part(1200, "cached", 0), _with_part(1200, "cached", None), _with_part(None, "cached", None)
        ('1,200, of them cached 0', '1,200, of them cached unknown', 'unknown')
    """
    if whole is None:
        return "unknown"
    return f"{whole:,}, of them {name} {'unknown' if part is None else f'{part:,}'}"
