"""Prices by hand: what providers publish, for tiers, lifetimes, kinds of tokens, dates and lengths.

Each amount is worked out from the price list above its group, in US dollars for a million tokens.
"""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chatmon.cost import Usage, price
from chatmon.cost.prices import LOWER_BOUND

K, M = 1_000, 1_000_000
LATE = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = datetime(2027, 1, 2, 12, tzinfo=UTC)
NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


def used(read=0, written=0, *, cached=0, stored=0, thought=0, **details):
    return Usage(read, cached, stored, written, thought, **details)


EXACT = [
    # https://docs.claude.com/en/docs/about-claude/pricing
    # Claude Sonnet 4.5: input 3, 5-minute write 3.75, 1-hour write 6, read 0.30, output 15.
    ("sonnet, plain", "claude-sonnet-4-5", None, NOON, used(100 * K, 10 * K), "0.45"),
    ("sonnet, read", "claude-sonnet-4-5", None, NOON, used(100 * K, cached=100 * K, cache_write_1h_tokens=0), "0.03"),
    ("sonnet, 5 minutes", "claude-sonnet-4-5", None, NOON,
     used(100 * K, stored=100 * K, cache_write_1h_tokens=0), "0.375"),
    ("sonnet, 1 hour", "claude-sonnet-4-5", None, NOON,
     used(100 * K, stored=100 * K, cache_write_1h_tokens=100 * K), "0.6"),
    ("sonnet, both", "claude-sonnet-4-5", None, NOON,
     used(100 * K, stored=80 * K, cache_write_1h_tokens=30 * K), "0.4275"),
    ("sonnet, 3 searches", "claude-sonnet-4-5", None, NOON, used(10 * K, 500, web_searches=3), "0.0675"),
    ("sonnet, a dated name", "claude-sonnet-4-5-20250929", "anthropic", NOON, used(100 * K, 10 * K), "0.45"),
    # Above 200,000 input tokens: input 6, read 0.60, 5-minute write 7.50, 1-hour write 12, output 22.50.
    ("sonnet, at 200,000", "claude-sonnet-4-5", None, NOON, used(200 * K, 10 * K), "0.75"),
    ("sonnet, above 200,000", "claude-sonnet-4-5", None, NOON, used(300 * K, 10 * K), "2.025"),
    ("sonnet, long and read", "claude-sonnet-4-5", None, NOON, used(300 * K, cached=300 * K), "0.18"),
    ("sonnet, long, 5 minutes", "claude-sonnet-4-5", None, NOON,
     used(300 * K, stored=300 * K, cache_write_1h_tokens=0), "2.25"),
    ("sonnet, long, 1 hour", "claude-sonnet-4-5", None, NOON,
     used(300 * K, stored=300 * K, cache_write_1h_tokens=300 * K), "3.6"),
    # Batches cost half of all of it, and searches cost as ever.
    ("sonnet, batch", "claude-sonnet-4-5", None, LATE, used(100 * K, 10 * K, service_tier="batch"), "0.225"),
    ("sonnet, batch, 1 hour", "claude-sonnet-4-5", None, LATE,
     used(100 * K, stored=100 * K, cache_write_1h_tokens=100 * K, service_tier="batch"), "0.3"),
    ("sonnet, batch, search", "claude-sonnet-4-5", None, LATE, used(web_searches=2, service_tier="batch"), "0.02"),
    # Claude Haiku 4.5: 1, 1.25, 2, 0.10, 5. Claude Opus 4.5: 5, 6.25, 10, 0.50, 25. Opus 4.1: 15, 18.75, 30, 1.50, 75.
    ("haiku, plain", "claude-haiku-4-5", None, NOON, used(200 * K, 20 * K), "0.3"),
    ("haiku, 1 hour", "claude-haiku-4-5", None, NOON, used(50 * K, stored=50 * K, cache_write_1h_tokens=50 * K), "0.1"),
    ("haiku, 5 minutes", "claude-haiku-4-5", None, NOON, used(40 * K, stored=40 * K, cache_write_1h_tokens=0), "0.05"),
    ("haiku, batch", "claude-haiku-4-5", None, LATE, used(200 * K, 20 * K, service_tier="batch"), "0.15"),
    ("opus 4.5, plain", "claude-opus-4-5", None, NOON, used(100 * K, 10 * K), "0.75"),
    ("opus 4.5, 1 hour", "claude-opus-4-5", None, NOON,
     used(10 * K, stored=10 * K, cache_write_1h_tokens=10 * K), "0.1"),
    ("opus 4.1, read", "claude-opus-4-1", None, NOON, used(100 * K, cached=100 * K), "0.15"),
    ("opus 4.1, 5 minutes", "claude-opus-4-1", None, NOON, used(16 * K, stored=16 * K, cache_write_1h_tokens=0), "0.3"),
    # https://openai.com/api/pricing: gpt-4o 2.50, cached 1.25, output 10; gpt-4o-mini 0.15, 0.075, 0.60.
    ("4o, plain", "gpt-4o", None, NOON, used(100 * K, 10 * K), "0.35"),
    ("4o, cached", "gpt-4o", None, NOON, used(100 * K, cached=60 * K), "0.175"),
    ("4o, a dated name", "gpt-4o-2024-08-06", "openai", NOON, used(100 * K, 10 * K), "0.35"),
    ("4o mini", "gpt-4o-mini", None, NOON, used(200 * K, 50 * K, cached=100 * K), "0.0525"),
    # gpt-4.1 2, 0.50, 8; mini 0.40, 0.10, 1.60; nano 0.10, 0.025, 0.40.
    ("4.1", "gpt-4.1", None, NOON, used(100 * K, 10 * K, cached=20 * K), "0.25"),
    ("4.1 mini", "gpt-4.1-mini", None, NOON, used(100 * K, 10 * K, cached=20 * K), "0.05"),
    ("4.1 nano", "gpt-4.1-nano", None, NOON, used(M, M), "0.5"),
    ("4.1, batch", "gpt-4.1", None, LATE, used(100 * K, 10 * K, service_tier="batch"), "0.14"),
    # gpt-5 1.25, 0.125, 10, reasoning as output; mini 0.25, 0.025, 2; flex and batch half, priority double.
    ("5, thinking", "gpt-5", None, NOON, used(100 * K, 10 * K, thought=8 * K), "0.225"),
    ("5, cached", "gpt-5", None, NOON, used(100 * K, cached=80 * K), "0.035"),
    ("5, flex", "gpt-5", None, LATE, used(M, service_tier="flex"), "0.625"),
    ("5, flex, cached", "gpt-5", None, LATE, used(M, cached=M, service_tier="flex"), "0.0625"),
    ("5, priority", "gpt-5", None, LATE, used(M, 100 * K, service_tier="priority"), "4.5"),
    ("5, batch", "gpt-5", None, LATE, used(M, 100 * K, service_tier="batch"), "1.125"),
    ("5 mini", "gpt-5-mini", None, NOON, used(M, 100 * K), "0.45"),
    ("5, web searches", "gpt-5", None, NOON, used(web_searches=5), "0.05"),
    # o3 10, 2.50, 40 until 10 June 2025, then 2, 0.50, 8; o4-mini 1.10, 0.275, 4.40.
    ("o3, before", "o3", None, datetime(2025, 6, 9, 23, 59, 59, tzinfo=UTC), used(10 * K, K), "0.14"),
    ("o3, after", "o3", None, datetime(2025, 6, 10, tzinfo=UTC), used(10 * K, K), "0.028"),
    ("o4-mini", "o4-mini", None, NOON, used(100 * K, 10 * K, cached=40 * K), "0.121"),
    # gpt-audio: text 2.50 and 10, sound 32 and 64; gpt-realtime: text 4, cached 0.40, 16, sound 32, cached 0.40, 64.
    ("audio in", "gpt-audio", None, NOON, used(10 * K, input_audio_tokens=9 * K), "0.2905"),
    ("audio out", "gpt-audio", None, NOON, used(0, 10 * K, output_audio_tokens=9 * K), "0.586"),
    ("realtime", "gpt-realtime", None, NOON, used(10 * K, K, input_audio_tokens=8 * K, output_audio_tokens=K), "0.328"),
    ("realtime, cached sound", "gpt-realtime", None, NOON,
     used(10 * K, cached=5 * K, input_audio_tokens=10 * K, cached_audio_tokens=5 * K), "0.162"),
    # Embeddings: text-embedding-3-small 0.02, -large 0.13. Fine-tuned gpt-4o-mini: 0.30 and 1.20.
    ("embedding", "text-embedding-3-small", "openai", NOON, used(M), "0.02"),
    ("embedding, large", "text-embedding-3-large", "openai", NOON, used(500 * K), "0.065"),
    ("fine-tuned", "ft:gpt-4o-mini-2024-07-18:acme::x1", None, NOON, used(100 * K, 10 * K), "0.042"),
    # https://ai.google.dev/gemini-api/docs/pricing: gemini-2.5-pro 1.25 and 10, above 200,000 tokens 2.50 and 15.
    ("pro", "gemini-2.5-pro", None, NOON, used(200 * K, 10 * K), "0.35"),
    ("pro, long", "gemini-2.5-pro", None, NOON, used(400 * K, 10 * K), "1.15"),
    ("pro, batch", "gemini-2.5-pro", None, LATE, used(100 * K, 10 * K, service_tier="batch"), "0.1125"),
    # gemini-2.5-flash: text, pictures and video 0.30, sound 1, cached 0.03 and 0.10, output 2.50.
    ("flash", "gemini-2.5-flash", None, NOON, used(100 * K, 10 * K, thought=4 * K), "0.055"),
    ("flash, sound", "gemini-2.5-flash", None, NOON, used(100 * K, input_audio_tokens=40 * K), "0.058"),
    ("flash, cached sound", "gemini-2.5-flash", None, NOON,
     used(100 * K, cached=50 * K, input_audio_tokens=100 * K, cached_audio_tokens=50 * K), "0.055"),
    ("flash, pictures", "gemini-2.5-flash", None, NOON, used(100 * K, input_image_tokens=50 * K), "0.03"),
    ("flash, the API's own name", "models/gemini-2.5-flash", "google_genai", NOON, used(100 * K, 10 * K), "0.055"),
    ("flash lite", "gemini-2.5-flash-lite", None, NOON, used(M, 100 * K), "0.14"),
    # gemini-3.8-flash-lite-tts, flex: 0.25 and 3 until the end of 2026, then twice that.
    ("tts, flex", "gemini-3.8-flash-lite-tts", None, LATE,
     used(M, 100 * K, output_audio_tokens=100 * K, service_tier="flex"), "0.55"),
    ("tts, flex, next year", "gemini-3.8-flash-lite-tts", None, LATER,
     used(M, 100 * K, output_audio_tokens=100 * K, service_tier="flex"), "1.1"),
    ("flash, searched", "gemini-2.5-flash", None, NOON, used(web_searches=2), "0.07"),
    ("gemma", "models/gemma-3-27b-it", "google", NOON, used(M, M), "0"),
    # https://docs.x.ai/docs/models: grok-4 3, cached 0.75, output 15.
    ("grok", "grok-4", "xai", NOON, used(100 * K, 10 * K), "0.45"),
    # https://mistral.ai/pricing: mistral-large 2 and 6. https://cohere.com/pricing: command-r-plus 2.50 and 10.
    ("mistral", "mistral-large-2411", "mistralai", NOON, used(100 * K, 10 * K), "0.26"),
    ("cohere", "command-r-plus-08-2024", "cohere", NOON, used(100 * K, 10 * K), "0.35"),
    # https://aws.amazon.com/bedrock/pricing: Sonnet 4.5 in one region costs a tenth more; Nova Pro 0.80 and 3.20.
    ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", None, NOON, used(100 * K, 10 * K), "0.495"),
    ("bedrock, global", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws", NOON, used(100 * K, 10 * K), "0.45"),
    ("bedrock, 1 hour", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", None, NOON,
     used(100 * K, stored=100 * K, cache_write_1h_tokens=100 * K), "0.66"),
    ("nova", "us.amazon.nova-pro-v1:0", "bedrock_converse", NOON, used(100 * K, 10 * K), "0.112"),
    # https://azure.microsoft.com/pricing/details/cognitive-services/openai-service: gpt-4o as at OpenAI.
    ("azure", "gpt-4o", "azure_openai", NOON, used(100 * K, 10 * K), "0.35"),
    # https://openrouter.ai/docs: a model whose name ends in :free costs nothing.
    ("free", "meta-llama/llama-3.3-70b-instruct:free", "openrouter", NOON, used(M, M), "0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "provider", "at", "usage", "amount"), [row[1:] for row in EXACT], ids=[r[0] for r in EXACT]
)
def test_a_published_price_to_the_last_digit(model, provider, at, usage, amount):
    found = price(usage, model, provider=provider, at=at)
    assert found.amount == Decimal(amount), found
    assert LOWER_BOUND not in found.source


def test_there_are_enough_examples():
    assert len(EXACT) >= 60


@pytest.mark.parametrize(
    ("model", "usage", "amount", "reason"),
    [
        # gpt-4o has no price for sound, gpt-4.1-nano none for searches, and nobody says what the rest of a total is.
        ("gpt-4o", used(10 * K, input_audio_tokens=9 * K), "0.025", "9,000 input audio tokens charged as text"),
        ("gpt-4o", used(0, 10 * K, output_audio_tokens=9 * K), "0.1", "9,000 output audio tokens charged as text"),
        ("gpt-4.1-nano", used(10 * K, web_searches=2), "0.001", "2 web searches without a price"),
        ("gemini-2.5-flash", used(10, 300, hidden_tokens=690), "0.000753", "690 tokens of the total are neither"),
        ("gpt-4o", used(10 * K, stored=8 * K, cache_write_1h_tokens=8 * K), "0.025", "8,000 cache writes for an hour"),
        ("claude-opus-4-8", used(10 * K, model_calls_apart=82), "0.05", "82 output tokens of further model calls"),
        ("claude-opus-4-8", used(10 * K, inference_geo="us"), "0.05", "a surcharge for inference in us"),
        ("gpt-4.1", used(10 * K, server_tool_calls=1), "0.02", "1 calls of the provider's tools without a price"),
        ("gpt-realtime", used(10 * K), "0.04", "no audio tokens reported of a model for sound"),
        # 10,000 of sound in, 5,000 cached, of which kind is not said: all cached ones sound is the cheapest.
        ("gemini-2.5-flash", used(20 * K, cached=5 * K, input_audio_tokens=10 * K), "0.0085",
         "which of the audio tokens"),
    ],
)  # fmt: skip
def test_what_has_no_price_makes_a_lower_bound_and_is_named(model, usage, amount, reason):
    found = price(usage, model, at=NOON)
    assert found.amount == Decimal(amount), found
    assert reason in found.source.partition(LOWER_BOUND)[2]


@pytest.mark.parametrize(
    ("model", "provider", "usage", "reason"),
    [
        ("gpt-5", "openai", used(M, service_tier="flex"), "no price for service tier 'flex' on 2026-10-05"),
        ("gpt-4o", "azure", used(M, service_tier="batch"), "no price for service tier 'batch'"),
        ("claude-sonnet-4-5", None, used(M, service_tier="priority"), "no price for service tier 'priority'"),
        ("gpt-5", "azure", used(M, service_tier="flex"), "no price for service tier 'flex'"),
        ("claude-sonnet-4-5-0x", None, used(M), "without '0x'"),
        ("gpt-4.1", None, used(M, service_tier="flex+standard"), "no price for service tier"),
        ("claude-sonnet-4-5-turbo", None, used(M), "anthropic/claude-sonnet-4-5 is another one, without 'turbo'"),
        ("gpt-5-nano-turbo", "openai", used(M), "openai/gpt-5-nano is another one, without 'turbo'"),
        ("deepseek-chat-ultra", None, used(M), "without 'ultra'"),
        ("gemma-3-27b-it", "google_vertexai", used(M), "no price for its input_tokens"),
    ],
)
def test_what_has_no_price_at_all_has_no_amount(model, provider, usage, reason):
    found = price(usage, model, provider=provider, at=NOON)
    assert found.amount is None
    assert reason in found.reason


@pytest.mark.parametrize(
    "name", ["claude-sonnet-4-5@20250929", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5-latest"]
)
def test_what_was_matched_is_said(name):
    assert f"{name} priced as anthropic/claude-sonnet-4-5" in price(used(1), name, at=NOON).source
