"""Rates: what each kind of token costs, from which day, above how much input. Pure arithmetic in exact decimals."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date, datetime

    from chatmon.cost.usage import Usage

EXACT = Context(prec=100, traps=[Inexact, InvalidOperation])
"""Raises rather than rounds, whatever precision the caller's own decimals have."""
MILLION = 6
ZERO = Decimal(0)


class Split(NamedTuple):
    """A usage taken apart so that everything is in one kind only, which is how it is charged.

    Attributes:
        fresh: Input neither read from the cache nor written to it, and text.
        cached: Text read from the cache.
        cache_write: Input written to the cache for five minutes, or for as long as its provider keeps it.
        answer: Output without reasoning, and text.
        reasoning: Reasoning.
        cache_write_1h: Input written to the cache for an hour.
        audio: Sound that is not cached.
        cached_audio: Sound read from the cache.
        image: Pictures that are not cached.
        cached_image: Pictures read from the cache.
        video: Video that is not cached.
        cached_video: Video read from the cache.
        answer_audio: Sound in the output.
        answer_image: Pictures in the output.
        web_search: Searches made by the provider.
    """

    fresh: int
    cached: int
    cache_write: int
    answer: int
    reasoning: int
    cache_write_1h: int = 0
    audio: int = 0
    cached_audio: int = 0
    image: int = 0
    cached_image: int = 0
    video: int = 0
    cached_video: int = 0
    answer_audio: int = 0
    answer_image: int = 0
    web_search: int = 0


MODALITIES: Final = ("audio", "image", "video")
OWN: Final = Split._fields[5:]
"""The kinds of which most models have no rate of their own."""
AS: Final = {
    "cache_write_1h": "cache_write", "audio": "fresh", "image": "fresh", "video": "fresh", "cached_audio": "audio",
    "cached_image": "image", "cached_video": "video", "answer_audio": "answer", "answer_image": "answer",
}  # fmt: skip
"""What a kind without a rate of its own is charged as; cached sound, pictures and video as cached text, if there is one
rate for both."""
CHARGED_AS: Final = {
    "cache_write_1h": "cache writes for an hour charged as those for 5 minutes",
    "audio": "input audio tokens charged as text",
    "cached_audio": "cached audio tokens charged as text",
    "answer_audio": "output audio tokens charged as text",
    "answer_image": "output image tokens charged as text",
}
"""Kinds that cost more than what they are charged as, where a model has no rate for them."""


def split(usage: Usage) -> Split:
    """Take a usage apart; parts that were not reported stay in their whole, and an unknown whole is empty.

    Of sound, pictures and video as much counts as cached as can be, where that was not reported.

    Example:
        >>> from chatmon.cost import Usage
        >>> split(Usage(100, 60, None, 20, 5))[:5]
        (40, 60, 0, 15, 5)
        >>> split(Usage(100, 60, 0, 20, 0, input_audio_tokens=90))._asdict()["audio"]
        30
    """
    cached, written = usage.cached_tokens or 0, usage.cache_write_tokens or 0
    if not usage.details:
        reasoning = usage.reasoning_tokens or 0
        fresh = 0 if usage.input_tokens is None else usage.input_tokens - cached - written
        return Split(
            fresh, cached, written, 0 if usage.output_tokens is None else usage.output_tokens - reasoning, reasoning
        )
    hour = min(usage.cache_write_1h_tokens or 0, written)
    rest = 0 if usage.input_tokens is None else usage.input_tokens - cached - written
    parts: dict[str, int] = {}
    for name in MODALITIES:
        whole = getattr(usage, f"input_{name}_tokens") or 0
        known = getattr(usage, f"cached_{name}_tokens")
        parts[f"cached_{name}"] = min(cached, whole if known is None else known)
        parts[name] = min(rest, max(0, whole - parts[f"cached_{name}"]))
        cached, rest = cached - parts[f"cached_{name}"], rest - parts[name]
    output = usage.output_tokens or 0
    sound = min(output, usage.output_audio_tokens or 0)
    pictures = min(output - sound, usage.output_image_tokens or 0)
    reasoning = usage.reasoning_tokens or 0
    if usage.output_tokens is not None:
        reasoning = min(reasoning, output - sound - pictures)
    answer = 0 if usage.output_tokens is None else output - sound - pictures - reasoning
    return Split(
        rest, cached, written - hour, answer, reasoning, hour, **parts, answer_audio=sound, answer_image=pictures,
        web_search=usage.web_searches or 0,
    )  # fmt: skip


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
        own: The rates of further kinds of ``Split`` by name, for those that have one; a million searches, too.
    """

    input: Decimal | None
    cached: Decimal | None
    cache_write: Decimal | None
    output: Decimal | None
    reasoning: Decimal | None
    request: Decimal = ZERO
    own: Mapping[str, Decimal] = field(default_factory=dict)

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
        lifetime = "cache_write_1h" in self.own and bool(usage.cache_write_tokens)
        return [
            name
            for name, own, whole in (
                ("cached_tokens", self.cached, self.input),
                ("cache_write_tokens", self.cache_write, self.input),
                ("reasoning_tokens", self.reasoning, self.output),
                ("cache_write_1h_tokens", self.own["cache_write_1h"] if lifetime else None, None),
            )
            if own != whole and getattr(usage, name) is None
        ]

    def left_out(self, usage: Usage) -> Iterator[str]:
        """Say what these rates charge too little for, so that the amount is a lower bound."""
        if not usage.details:
            return
        tokens = split(usage)
        for kind, said in CHARGED_AS.items():
            count = getattr(tokens, kind)
            # A cached part is charged as its modality, so the modality's own rate is enough for it.
            if count and not {kind, AS[kind]} & self.own.keys() and self.rate(kind) != ZERO:
                yield f"{count:,} {said}"
        for name in MODALITIES:
            whole, known = getattr(usage, f"input_{name}_tokens"), getattr(usage, f"cached_{name}_tokens")
            if whole and usage.cached_tokens and known is None and name in self.own:
                yield f"which of the {name} tokens were cached is unknown"
        if tokens.web_search and "web_search" not in self.own:
            yield f"{tokens.web_search:,} web searches without a price"
        if usage.server_tool_calls:
            yield f"{usage.server_tool_calls:,} calls of the provider's tools without a price"
        if usage.model_calls_apart:
            yield f"{usage.model_calls_apart:,} output tokens of further model calls, which the counts leave out"
        if usage.hidden_tokens:
            yield f"{usage.hidden_tokens:,} tokens of the total are neither input nor output"
        if usage.inference_geo:
            yield f"a surcharge for inference in {usage.inference_geo}, if there is one"

    def rate(self, kind: str) -> Decimal:
        """Return the rate of a kind of ``Split``: its own, or that of what it is charged as."""
        if kind in self.own:
            return self.own[kind]
        if kind in ("cached_audio", "cached_image", "cached_video") and AS[kind] not in self.own:
            kind = "cached"
        if kind in AS:
            return self.rate(AS[kind])
        name = "input" if kind == "fresh" else "output" if kind == "answer" else kind
        return getattr(self, name, None) or ZERO

    def amount(self, tokens: Split) -> Decimal:
        """Return what the tokens cost in US dollars, exactly.

        Example:
            >>> rates = Rates(Decimal("0.4"), Decimal("0.1"), Decimal("0.4"), Decimal("1.6"), Decimal("1.6"))
            >>> rates.amount(Split(fresh=40, cached=60, cache_write=0, answer=15, reasoning=5))
            Decimal('0.0000540')
        """
        with localcontext(EXACT):
            counted = [(kind, count) for kind, count in zip(Split._fields, tokens, strict=True) if count]
            per_million = sum((count * self.rate(kind) for kind, count in counted), ZERO)
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
        tiers: Those of service tiers besides the standard one, by name.
        model: Whose prices they are, the same for all names of one model.
        speaks: Whether the model is there for sound, so that a usage without any leaves something unsaid.
    """

    source: str
    periods: tuple[DatedRates, ...]
    tiers: Mapping[str, tuple[DatedRates, ...]] = field(default_factory=dict)
    model: str = ""
    speaks: bool = False

    def at(self, moment: datetime, tier: str | None = None) -> DatedRates | None:
        """Return the rates of a service tier at a moment; None where the list has none, or starts later."""
        periods = self.periods if tier is None else self.tiers.get(tier, ())
        return next((period for period in reversed(periods) if period.active(moment)), None)
