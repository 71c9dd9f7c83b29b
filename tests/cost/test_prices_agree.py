"""Prices against genai-prices' own calculation, and against their parts: usages, models, tiers and dates at random."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import genai_prices
from genai_prices.data import providers
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon._tools.checks import COST_PLACES
from chatmon.cost import Usage, price
from chatmon.cost.prices import LOWER_BOUND, prices_of
from chatmon.cost.rates import MODALITIES, Split, split

MODELS = [(owner.id, model) for owner in providers for model in owner.models]
CONTEXTS = {
    None: None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast", "speed": "fast"},
}
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def some_usage(rng: random.Random) -> Usage:
    """Make a usage in which every token is of one known kind."""
    part = lambda: rng.choice([0, 0, rng.randrange(1, 300_000)])  # noqa: E731 - reads better than ten lines
    special = (lambda: 0) if rng.random() < 0.6 else part
    sound, cached_sound, pictures, cached_pictures = special(), special(), special(), special()
    cached = part() + cached_sound + cached_pictures
    short, long = part(), special()
    spoken, drawn, thought = special(), special(), part()
    return Usage(
        input_tokens=part() + cached + short + long + sound + pictures,
        cached_tokens=cached,
        cache_write_tokens=short + long,
        output_tokens=part() + spoken + drawn + thought,
        reasoning_tokens=thought,
        input_audio_tokens=sound + cached_sound,
        cached_audio_tokens=cached_sound,
        input_image_tokens=pictures + cached_pictures,
        cached_image_tokens=cached_pictures,
        cache_write_1h_tokens=long,
        output_audio_tokens=spoken,
        output_image_tokens=drawn,
        web_searches=min(3, special()),
        service_tier=rng.choice([*[None] * 6, *CONTEXTS]),
    )


def theirs(usage: Usage, owner: str, model: str, at: datetime) -> Decimal:
    """Return what genai-prices says of the same usage, all parts and their joins told."""
    told = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        cache_write_5m_tokens=usage.cache_write_tokens - usage.cache_write_1h_tokens,
        output_tokens=usage.output_tokens,
        output_reasoning_tokens=usage.reasoning_tokens,
        input_audio_tokens=usage.input_audio_tokens,
        cache_audio_read_tokens=usage.cached_audio_tokens,
        cache_audio_write_tokens=0,
        input_image_tokens=usage.input_image_tokens,
        cache_image_read_tokens=usage.cached_image_tokens,
        cache_image_write_tokens=0,
        output_audio_tokens=usage.output_audio_tokens,
        output_image_tokens=usage.output_image_tokens,
        web_searches=usage.web_searches,
    )
    found = genai_prices.calc_price(
        told, model, provider_id=owner, genai_request_timestamp=at, price_context=CONTEXTS[usage.service_tier]
    )
    return round(found.total_price, COST_PLACES)


def has_tier(info, tier, at):
    """Return whether a model has prices of its own for a tier at a moment."""
    return info.get_prices(at, CONTEXTS[tier]) != info.get_prices(at)


def test_2_000_random_calls_cost_what_genai_prices_says_or_have_no_price_there_either():
    rng = random.Random(20)
    seen: Counter[str] = Counter()
    tiered = [one for one in MODELS if one[1].price_variants]
    while seen["priced"] + seen["lower bound"] < 2_000:
        owner, info = rng.choice(MODELS if rng.random() < 0.5 else tiered)
        usage, at = some_usage(rng), FIRST + timedelta(minutes=rng.randrange(3 * 365 * 24 * 60))
        try:
            _, matched = genai_prices.data_snapshot.get_snapshot().find_provider_model(info.id, None, owner, None)
        except LookupError:
            continue
        found = price(usage, info.id, provider=owner, at=at)
        case = (owner, info.id, at, usage)
        if found.amount is not None:
            assert found.amount == theirs(usage, owner, info.id, at), case
            seen["priced" if LOWER_BOUND not in found.source else "lower bound"] += 1
        elif "no price for service tier" in found.reason:
            assert not has_tier(matched, usage.service_tier, at) or not any(
                info is one for one in next(p for p in providers if p.id == owner).models
            ), case
            seen["no such tier"] += 1
        else:
            assert "no price for its" in found.reason, (case, found.reason)
            seen["no price"] += 1
    assert min(seen["priced"], seen["lower bound"], seen["no such tier"]) > 200, seen


counts = st.integers(0, 10**6)


@st.composite
def usages(draw):
    """Draw a usage in which parts overlap, or are unknown."""
    maybe = lambda upper: draw(st.none() | st.integers(0, upper))  # noqa: E731
    read, written = draw(counts), draw(counts)
    cached = maybe(read)
    stored = maybe(read - (cached or 0))
    thought = maybe(written)
    details, left, left_cached = {}, read, cached or 0
    for name in MODALITIES:
        whole = maybe(left)
        part = maybe(min(left_cached, whole or 0))
        details |= {f"input_{name}_tokens": whole, f"cached_{name}_tokens": part}
        left, left_cached = left - (whole or 0), left_cached - (part or 0)
    spoken = maybe(written)
    details |= {
        "cache_write_1h_tokens": maybe(stored or 0),
        "output_audio_tokens": spoken,
        "output_image_tokens": maybe(written - (spoken or 0)),
        "web_searches": maybe(9),
        "server_tool_calls": maybe(9),
        "hidden_tokens": maybe(9),
    }
    return Usage(read, cached, stored, written, thought, **details)


LISTS = [
    prices_of(info.id, provider=owner)
    for owner, info in MODELS
    if owner in ("openai", "anthropic", "google", "aws", "mistral", "x-ai")
]
LISTS = [one for one in LISTS if not isinstance(one, str)]
NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)


@examples(300)
@given(usages())
def test_every_token_is_in_one_kind_only(usage):
    kinds = split(usage)._asdict()
    assert all(count >= 0 for count in kinds.values())
    assert kinds.pop("web_search") == (usage.web_searches or 0)
    output = kinds["answer"] + kinds["reasoning"] + kinds["answer_audio"] + kinds["answer_image"]
    assert output == usage.output_tokens
    assert sum(kinds.values()) - output == usage.input_tokens


@examples(300)
@given(usages(), st.sampled_from(LISTS))
def test_a_total_is_the_sum_of_its_parts_and_what_is_left_out_is_named(usage, prices):
    _, rates = prices.at(NOON).tier(usage.input_tokens)
    kinds = split(usage)
    alone = [
        rates.amount(Split(**(dict.fromkeys(Split._fields, 0) | {kind: count})))
        for kind, count in kinds._asdict().items()
    ]
    assert rates.amount(kinds) == sum(alone) - (len(alone) - 1) * rates.request
    said = " and ".join(rates.left_out(usage))
    for kind, words in (("audio", "audio"), ("answer_audio", "output audio"), ("cache_write_1h", "for an hour")):
        count = getattr(kinds, kind)
        if count and kind not in rates.own and rates.rate(kind):
            assert words in said
    assert ("web searches" in said) == bool(usage.web_searches and "web_search" not in rates.own)
    assert ("provider's tools" in said) == bool(usage.server_tool_calls)
    assert ("neither input nor output" in said) == bool(usage.hidden_tokens)


@examples(200)
@given(st.sampled_from(LISTS), st.sampled_from(MODALITIES), st.data())
def test_where_it_is_unknown_which_kind_was_cached_the_amount_is_the_least_it_can_be(prices, name, data):
    read = data.draw(st.integers(1, 10**5))
    cached, whole = data.draw(st.integers(1, read)), data.draw(st.integers(1, read))
    _, rates = prices.at(NOON).tier(read)
    given_as = {"input_tokens": read, "cached_tokens": cached, "output_tokens": 0, f"input_{name}_tokens": whole}
    lowest = rates.amount(split(Usage(**given_as)))
    for part in (max(0, cached + whole - read), min(cached, whole)):
        assert lowest <= rates.amount(split(Usage(**given_as, **{f"cached_{name}_tokens": part})))
