"""The price of a model call at the time of the call: public prices from genai-prices, or one's own from a file."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from chatmon._tools.checks import COST_PLACES
from chatmon._tools.models import course_models
from chatmon.cost._names import names_of, unexplained
from chatmon.cost.rates import MILLION, ZERO, DatedRates, PriceList, Rates, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from genai_prices.types import (
        ConditionalPrice,
        ModelInfo,
        ModelPrice,
        PriceVariant,
        Provider,
        StartDateConstraint,
        TimeOfDateConstraint,
    )

    from chatmon.cost.usage import Usage

LOWER_BOUND = "lower bound"
"""What the source of an amount says where something was billed besides it; the reasons follow."""
OWN_MACHINE = frozenset({"ollama", "llama.cpp", "llama_cpp", "llamacpp", "local"})
"""Providers that are a program on one's own machine: nobody sends a bill by the token."""

SERVICE_TIERS = {
    "batch": {"processing": "batch"},
    "fast": {"service_tier": "fast", "speed": "fast"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}
"""A service tier, and how genai-prices says that a price is that tier's."""
FREE = Rates(ZERO, ZERO, ZERO, ZERO, ZERO)
SPEAKS = re.compile(r"audio|realtime|-live|voxtral")
MADE_FOR = (("answer_audio", re.compile(r"-tts")), ("answer_image", re.compile(r"gpt-image")))
"""Kinds of output, and the models that give nothing else: their rate for output is that kind's."""


class Price(NamedTuple):
    """What a call cost, or why that is not known: either ``amount`` and ``source``, or ``reason``.

    Attributes:
        amount: US dollars; None where unknown, never 0 for it.
        source: Which price it is, and as of when.
        reason: Why there is no amount.
    """

    amount: Decimal | None
    source: str | None
    reason: str | None


def price(
    usage: Usage, model: str | None, *, provider: str | None = None, at: datetime, table: PriceTable | None = None
) -> Price:
    """Return what a call cost, in US dollars, by the prices that held when it was made.

    A part of the tokens that has a rate of its own but was not reported is charged with its whole, which ``source``
    says. Where something was billed that has no price, the amount is a lower bound, and ``source`` names it after
    ``lower bound:``; a service tier without prices leaves the amount unknown. An amount with more than 18 decimal
    places (a few public prices carry a float's noise) is rounded to 18.

    Args:
        usage: The tokens of one call. Prices that rise above so many input tokens go by the call, so the sum of
            several calls can land in a tier that none of them reached.
        model: The model's name as the provider gives it.
        provider: Who served it; without it, the provider that the model's name belongs to.
        at: When the call was made, with a time zone.
        table: One's own prices, which come before the public ones. For a model that the table does not have, the
            public price counts.

    Raises:
        ValueError: ``at`` has no time zone.

    Example:
        >>> from chatmon.cost import Usage
        >>> found = price(Usage(1_000_000, 0, 0, 1_000_000, 0), "gpt-4", at=datetime(2026, 10, 5, tzinfo=UTC))
        >>> found.amount == 30 + 60
        True
        >>> price(Usage(10, 0, 0, 5, 0), "gpt-9", provider="openai", at=datetime(2026, 10, 5, tzinfo=UTC)).amount
    """
    found = prices_of(model, provider=provider, table=table)
    return Price(None, None, found) if isinstance(found, str) else price_by(found, usage, at)


def price_by(prices: PriceList, usage: Usage, at: datetime) -> Price:
    """Return what a call cost by a model's price list; the part of ``price`` that follows the look-up."""
    if at.tzinfo is None:
        raise ValueError(f"at ({at}) has no time zone: say which, such as at.replace(tzinfo=datetime.UTC)")
    day = at.astimezone(UTC).date().isoformat()
    tier = usage.service_tier
    period = prices.at(at, tier)
    if period is None and tier is not None:
        return Price(None, None, f"{prices.source}: no price for service tier {tier!r} on {day}")
    if period is None:
        return Price(None, None, f"no price for {prices.source} on {day}: its first is from {prices.periods[0].since}")
    above, rates = period.tier(usage.input_tokens)
    missing = rates.missing(usage)
    if missing is not None:
        return Price(None, None, f"{prices.source}: {missing}")
    source = f"{prices.source}, prices of {day}"
    if period.since is not None:
        source += f" (from {period.since})"
    if tier is not None:
        source += f", service tier {tier}"
    if above > 0:
        source += f", above {above:,} input tokens"
    assumed = rates.assumed(usage)
    if assumed:
        source += f", {' and '.join(assumed)} unknown: charged with the rest"
    left_out = [*rates.left_out(usage), *_unsaid(prices, usage)]
    if left_out:
        source += f", {LOWER_BOUND}: {' and '.join(left_out)}"
    return Price(_to_places(rates.amount(split(usage))), source, None)


def _unsaid(prices: PriceList, usage: Usage) -> list[str]:
    """Return what a usage of a model for sound leaves unsaid."""
    silent = prices.speaks and not (usage.input_audio_tokens or usage.output_audio_tokens)
    return ["no audio tokens reported of a model for sound"] if silent else []


def prices_of(model: str | None, *, provider: str | None = None, table: PriceTable | None = None) -> PriceList | str:
    """Return a model's price list, or the reason why there is none.

    Example:
        >>> prices_of("smollm2-135m")
        "no price for model 'smollm2-135m': it runs on your own machine, which has no price per token"
    """
    if not model:
        return "no price: the model is unknown"
    if table is not None and model in table.prices:
        return table.prices[model]
    if model == course_models().local.alias or (provider or "").lower() in OWN_MACHINE:
        return f"no price for model {model!r}: it runs on your own machine, which has no price per token"
    return _public_prices(model, provider)


@lru_cache(maxsize=4096)
def _public_prices(model: str, provider: str | None) -> PriceList | str:
    """Look a model up in genai-prices, once: matching names takes that package most of the time of a price."""
    import genai_prices
    from genai_prices.types import ModelPrice

    package = f"genai-prices {genai_prices.__version__}"
    found = _look_up(model, provider)
    if found is None:
        of_provider = f" of provider {provider!r}" if provider else ""
        return f"no price for model {model!r}{of_provider} in {package}: give its price in a file, with PriceTable"
    owner, info = found
    strangers = unexplained(model, info)
    name = f"{owner.id}/{info.id}"
    if strangers:
        said = " and ".join(map(repr, strangers))
        return f"no price for model {model!r} in {package}: {name} is another one, without {said}"
    priced_as = name if model.lower() == info.id.lower() else f"{model} priced as {name}"
    made_for = tuple(kind for kind, named in MADE_FOR if named.search(info.id))
    periods = [DatedRates(None, _always, _tiers(info.prices, made_for))] if isinstance(info.prices, ModelPrice) else []
    if isinstance(info.prices, list):
        dated = [_period(conditional, made_for) for conditional in info.prices]
        # Where no period holds a moment, genai-prices takes the first.
        periods = [DatedRates(None, _always, dated[0].tiers), *dated]
    if _is_free(owner, info, provider):
        periods = [DatedRates(None, _always, ((-1, FREE),))]
    variants = info.price_variants if any(info is one for one in owner.models) else None
    return PriceList(
        f"{package}, {priced_as}",
        tuple(periods),
        {tier: _of_tier(tier, info, variants or (), made_for) for tier in SERVICE_TIERS},
        model=name,
        speaks=SPEAKS.search(info.id) is not None,
    )


def _look_up(model: str, provider: str | None) -> tuple[Provider, ModelInfo] | None:
    """Return the first that genai-prices knows of a model's names: as given, and without what platforms put before."""
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    for name, served_by in names_of(model, provider):
        try:
            return snapshot.find_provider_model(name, None, served_by, None)
        except LookupError:
            continue
    return None


def _is_free(owner: Provider, info: ModelInfo, provider: str | None) -> bool:
    """Return whether a model without prices costs nothing: genai-prices lists some so whose price is not known."""
    if isinstance(info.prices, list) or any(value is not None for value in vars(info.prices).values()):
        return False
    said = info.id.endswith(":free") or "free of charge" in (info.price_comments or "").lower()
    # https://ai.google.dev/gemini-api/docs/pricing; on Vertex AI its machines are paid by the hour.
    gemma = owner.id == "google" and info.id.startswith("gemma")
    return (said or gemma) and "vertex" not in (provider or "").lower()


def _of_tier(
    tier: str, info: ModelInfo, variants: Sequence[PriceVariant], made_for: tuple[str, ...]
) -> tuple[DatedRates, ...]:
    """Return the periods of a service tier: the standard prices with what the tier replaces of them."""
    from genai_prices.types import ConditionalPrice, ModelPrice

    standard = [ConditionalPrice(prices=info.prices)] if isinstance(info.prices, ModelPrice) else info.prices
    found = []
    for variant in reversed(variants):  # the first that holds counts, and of periods the last does
        if vars(variant.prices) and variant.when.items() <= SERVICE_TIERS[tier].items():
            for at_first, base in [(True, standard[0]), *((False, one) for one in standard)]:
                merged = ModelPrice(**(vars(base.prices) | vars(variant.prices)))
                constraints = [c for c in (None if at_first else base.constraint, variant.constraint) if c is not None]
                since = max((day for c in constraints if (day := getattr(c, "start_date", None))), default=None)
                found.append(DatedRates(since, _all_active(constraints), _tiers(merged, made_for)))
    return tuple(found)


def _all_active(constraints: Sequence[StartDateConstraint | TimeOfDateConstraint]) -> Callable[[datetime], bool]:
    return lambda moment: all(constraint.active(moment) for constraint in constraints)


def _period(conditional: ConditionalPrice, made_for: tuple[str, ...]) -> DatedRates:
    constraint = conditional.constraint
    since = getattr(constraint, "start_date", None)
    return DatedRates(since, _always if constraint is None else constraint.active, _tiers(conditional.prices, made_for))


def _always(moment: datetime) -> bool:
    return True


def _tiers(prices: ModelPrice, made_for: tuple[str, ...] = ()) -> tuple[tuple[int, Rates], ...]:
    """Return a model's rates for each of its tiers, most of which have one."""
    from genai_prices.types import TieredPrices

    tiered = [value for value in vars(prices).values() if isinstance(value, TieredPrices)]
    starts = sorted({tier.start for value in tiered for tier in value.tiers})

    def rate(name: str, start: int) -> Decimal | None:
        value = vars(prices).get(name)
        if not isinstance(value, TieredPrices):
            return value
        reached = [tier.price for tier in value.tiers if tier.start <= start]
        return reached[-1] if reached else value.base

    def own(start: int) -> Iterator[tuple[str, Decimal | None]]:
        for kind, name in _OWN_UNITS.items():
            found = rate(name, start)
            yield kind, rate("output_mtok", start) if found is None and kind in made_for else found
        thousand = rate("web_searches_kcount", start)
        yield "web_search", None if thousand is None else thousand * 1000

    def rates(start: int) -> Rates:
        whole_input, whole_output = rate("input_mtok", start), rate("output_mtok", start)
        cached, cache_write, reasoning, thousand = (
            rate(name, start)
            for name in ("cache_read_mtok", "cache_write_mtok", "output_reasoning_mtok", "requests_kcount")
        )
        return Rates(
            input=whole_input,
            cached=whole_input if cached is None else cached,
            cache_write=whole_input if cache_write is None else cache_write,
            output=whole_output,
            reasoning=whole_output if reasoning is None else reasoning,
            request=Decimal(0) if thousand is None else thousand / 1000,
            own={kind: value for kind, value in own(start) if value is not None},
        )

    return tuple((start, rates(start)) for start in (-1, *starts))


_OWN_UNITS = {
    "cache_write_1h": "cache_write_1h_mtok", "audio": "input_audio_mtok", "cached_audio": "cache_audio_read_mtok",
    "image": "input_image_mtok", "cached_image": "cache_image_read_mtok", "video": "input_video_mtok",
    "cached_video": "cache_video_read_mtok", "answer_audio": "output_audio_mtok", "answer_image": "output_image_mtok",
}  # fmt: skip
"""A kind of ``Split`` and what genai-prices calls its price."""


def _to_places(amount: Decimal) -> Decimal:
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > COST_PLACES:
        return amount.quantize(Decimal(1).scaleb(-COST_PLACES), context=Context(prec=100))
    return amount


_REQUIRED = ("model", "from", "input", "output")
_ALLOWED = ("model", "from", "input", "cached_input", "cache_write", "output")
_RATE_PLACES = COST_PLACES - MILLION


@dataclass(frozen=True, slots=True)
class PriceTable:
    """One's own dated prices, such as a contract's, an internal model's or those of a date gone by.

    Attributes:
        prices: Price list by model name, as the provider gives it.
    """

    prices: Mapping[str, PriceList]

    @classmethod
    def from_toml(cls, path: Path) -> PriceTable:
        """Read a file of prices.

        The file has ``currency = "USD"`` and a ``[[price]]`` entry for each model and date: ``model``, ``from`` (a
        date in UTC), and US dollars per million tokens as text or number: ``input``, ``output``, and where they differ
        from ``input``, ``cached_input`` and ``cache_write``. The latest entry at or before the call counts.

        Args:
            path: The file.

        Raises:
            ValueError: The file is not as described; the message names the file, the entry and the key.
        """
        try:
            # Decimal from the file's own digits: a float would lose them.
            document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{path.name} is no TOML: {error}") from None
        if document.get("currency") != "USD":
            raise ValueError(f'{path.name}: currency is {document.get("currency")!r}: it must say currency = "USD"')
        stray = sorted(document.keys() - {"currency", "price"})
        if stray:
            raise ValueError(f"{path.name}: {', '.join(stray)} is no key of the file: it has currency and [[price]]")
        found = document.get("price")
        if not isinstance(found, list) or not found:
            raise ValueError(f"{path.name} has no [[price]] entry")
        models: dict[str, dict[date, DatedRates]] = {}
        for number, entry in enumerate(found, start=1):
            where = f"{path.name}, price {number}"
            model, since, period = _entry(entry, where)
            periods = models.setdefault(model, {})
            if since in periods:
                raise ValueError(f"{where}: {model} has two prices from {since}")
            periods[since] = period
        return cls(
            {
                model: PriceList(f"{path.name}, {model}", tuple(periods[since] for since in sorted(periods)))
                for model, periods in models.items()
            }
        )


def _entry(entry: Any, where: str) -> tuple[str, date, DatedRates]:
    if not isinstance(entry, dict):
        raise ValueError(f"{where} is no table: write [[price]] above its keys")  # noqa: TRY004 - a fault of the file
    stray = sorted(entry.keys() - set(_ALLOWED))
    if stray:
        raise ValueError(f"{where}: {', '.join(stray)} is no key: allowed are {', '.join(_ALLOWED)}")
    absent = [key for key in _REQUIRED if key not in entry]
    if absent:
        raise ValueError(f"{where}: {', '.join(absent)} is missing: needed are {', '.join(_REQUIRED)}")
    model, since = entry["model"], entry["from"]
    if not isinstance(model, str) or not model:
        raise ValueError(f"{where}: model ({model!r}) is not a name")
    if type(since) is not date:
        raise ValueError(f"{where}: from ({since}) is not a date, such as from = 2026-01-01")
    whole_input, output = _rate(entry, "input", where), _rate(entry, "output", where)
    rates = Rates(
        input=whole_input,
        cached=_rate(entry, "cached_input", where) if "cached_input" in entry else whole_input,
        cache_write=_rate(entry, "cache_write", where) if "cache_write" in entry else whole_input,
        output=output,
        reasoning=output,
    )
    return model, since, DatedRates(since, lambda moment: moment.astimezone(UTC).date() >= since, ((-1, rates),))


def _rate(entry: dict[str, Any], key: str, where: str) -> Decimal:
    value = entry[key]
    try:
        rate = Decimal(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        rate = None
    if rate is None or not rate.is_finite() or rate < 0:
        raise ValueError(f'{where}: {key} ({value!r}) is not US dollars per million tokens, such as "0.40"')
    exponent = rate.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _RATE_PLACES:
        raise ValueError(f"{where}: {key} ({value}) has {-exponent} decimal places, {_RATE_PLACES} are kept")
    return rate
