"""The usage of a model call in one convention, whichever shape it was reported in.

"Input tokens" means two things in the field: OpenAI, OpenTelemetry, LangChain and llama.cpp's server count cached
tokens in, Anthropic's own bodies count them out. Mixing the two up charges cached tokens twice or not at all, so every
shape states what it means, in ``shapes``, and ends in the same record.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from chatmon.cost.shapes import DETAILS, INPUT_PARTS, OUTPUT_PARTS, SHAPES, TEXTS
from chatmon.turns import check_columns


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more model calls, in the convention of turns. Not reported is ``None``, never 0.

    What follows the five counts is billed at a rate of its own, where there is one.

    Attributes:
        input_tokens: All input, cached tokens included.
        cached_tokens: The part of ``input_tokens`` read from the provider's cache.
        cache_write_tokens: The part of ``input_tokens`` written to the provider's cache.
        output_tokens: All output, reasoning included.
        reasoning_tokens: The part of ``output_tokens`` spent on reasoning.
        input_audio_tokens: The part of ``input_tokens`` that is sound.
        input_image_tokens: The part of ``input_tokens`` that is pictures.
        input_video_tokens: The part of ``input_tokens`` that is video.
        cached_audio_tokens: The part of ``cached_tokens`` that is sound.
        cached_image_tokens: The part of ``cached_tokens`` that is pictures.
        cached_video_tokens: The part of ``cached_tokens`` that is video.
        cache_write_1h_tokens: The part of ``cache_write_tokens`` that is kept for an hour.
        output_audio_tokens: The part of ``output_tokens`` that is sound.
        output_image_tokens: The part of ``output_tokens`` that is pictures.
        web_searches: Searches that the provider made.
        server_tool_calls: Calls of other tools of the provider.
        model_calls_apart: Tokens written by calls that the counts leave out, such as compaction by the provider.
        hidden_tokens: Tokens that the total has and neither count: output is a lower bound.
        service_tier: Such as ``flex``, ``priority`` or ``batch``; None for the standard one.
        inference_geo: Where the model had to run, where that costs more.

    Raises:
        TypeError: A count is no whole number (a float, NaN and True are none).
        ValueError: A count is negative, or parts exceed their whole.

    Example:
        >>> Usage(input_tokens=10, cached_tokens=40)
        Traceback (most recent call last):
        ValueError: cached_tokens (40) cannot exceed input_tokens (10): input_tokens counts all input, cached included
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    input_audio_tokens: int | None = None
    input_image_tokens: int | None = None
    input_video_tokens: int | None = None
    cached_audio_tokens: int | None = None
    cached_image_tokens: int | None = None
    cached_video_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    output_audio_tokens: int | None = None
    output_image_tokens: int | None = None
    web_searches: int | None = None
    server_tool_calls: int | None = None
    model_calls_apart: int | None = None
    hidden_tokens: int | None = None
    service_tier: str | None = None
    inference_geo: str | None = None

    def __post_init__(self) -> None:
        check_columns({name: getattr(self, name) for name in TOKENS})
        details = self.details
        if not details:
            return
        check_columns({"usage_details": details})
        for whole, parts in PARTS.items():
            known = {name: getattr(self, name) or 0 for name in parts}
            count = getattr(self, whole)
            if count is not None and sum(known.values()) > count:
                named = " + ".join(f"{name} ({part})" for name, part in known.items() if part)
                raise ValueError(f"{named} cannot exceed {whole} ({count})")

    @property
    def details(self) -> dict[str, int | str]:
        """What is known besides the five counts, and is not 0; as turns keep it in ``usage_details``."""
        values = _DETAILS_OF(self)
        if values.count(None) == len(values):
            return {}
        known = {name: value for name, value in zip(DETAILS, values, strict=True) if value}
        if self.cache_write_tokens and self.cache_write_1h_tokens is not None:
            known["cache_write_1h_tokens"] = self.cache_write_1h_tokens
        return known

    def __add__(self, other: Usage) -> Usage:
        """Add up two calls: a sum with an unknown part is unknown, because a part is no total.

        Example:
            >>> both = Usage(100, 60, None, 20) + Usage(50, None, None, 5)
            >>> both.input_tokens, both.cached_tokens, both.output_tokens
            (150, None, 25)
            >>> sum([Usage(1, 0, 0, 2, 0), Usage(3, 0, 0, 4, 0)], Usage(0, 0, 0, 0, 0)).output_tokens
            6
        """
        if not isinstance(other, Usage):
            return NotImplemented
        pairs = ((getattr(self, name), getattr(other, name)) for name in TOKENS)
        counts = (None if mine is None or theirs is None else mine + theirs for mine, theirs in pairs)
        return Usage(*counts, **(_added(self, other) if self.details or other.details else {}))

    @classmethod
    def of_turn(cls, counts: Iterable[int | None], details: str | Mapping[str, Any] | None) -> Usage:
        """Return the usage of a turn from its columns; what a later release counts is left out.

        Args:
            counts: The five counts, in the order of ``TOKENS``.
            details: The column ``usage_details``, as JSON or read.

        Example:
            >>> Usage.of_turn([10, 0, 0, 5, 0], '{"web_searches": 2}').web_searches
            2
        """
        found = json.loads(details) if isinstance(details, str) else details or {}
        known: dict[str, Any] = {name: value for name, value in found.items() if name in DETAILS}
        return cls(**known, **dict(zip(TOKENS, counts, strict=True)))  # type: ignore[arg-type]  # none is a text

    @classmethod
    def read(cls, shape: str, body: Mapping[str, Any]) -> Usage:
        """Read a body of one of ``shapes.SHAPES``.

        Args:
            shape: The shape's name.
            body: The usage as it was reported.

        Raises:
            TypeError: The body is no mapping, or a count is no whole number.
            ValueError: The body is of another shape, or impossible.

        Example:
            >>> Usage.read("google", {"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": 20,
            ...                       "totalTokenCount": 35}).output_tokens
            25
        """
        _expect(shape, body)
        counts = SHAPES[shape].counts(body)
        counts.pop("said", None)
        return cls(**counts)

    @classmethod
    def from_openai_chat(cls, usage: Mapping[str, Any]) -> Usage:
        """Read ``body["usage"]`` of a chat completion: ``prompt_tokens`` INCLUDES cached tokens.

        ``completion_tokens`` includes reasoning; both details are subsets of their totals. xAI and Gemini's endpoint
        for OpenAI's clients count reasoning apart, which their ``total_tokens`` says. Mistral, DeepSeek, vLLM, LiteLLM
        and OpenRouter write this shape too.

        Example:
            >>> Usage.from_openai_chat({"prompt_tokens": 100, "completion_tokens": 20,
            ...                         "prompt_tokens_details": {"cached_tokens": 60}}).cached_tokens
            60
        """
        return cls.read("openai chat", usage)

    @classmethod
    def from_openai_responses(cls, usage: Mapping[str, Any]) -> Usage:
        """Read ``body["usage"]`` of the Responses API: ``input_tokens`` INCLUDES cached tokens.

        ``output_tokens`` includes reasoning; both details are subsets of their totals. Anthropic's body has the same
        two names with another meaning: see ``from_anthropic``.

        Example:
            >>> Usage.from_openai_responses({"input_tokens": 100, "output_tokens": 20,
            ...                              "output_tokens_details": {"reasoning_tokens": 15}}).reasoning_tokens
            15
        """
        return cls.read("openai responses", usage)

    @classmethod
    def from_anthropic(cls, usage: Mapping[str, Any]) -> Usage:
        """Read ``message["usage"]`` of Anthropic's API: ``input_tokens`` EXCLUDES cache reads and writes; added here.

        The two cache counts are absent or null where a request used no cache, so a missing one adds nothing to the
        input, and stays unknown itself. ``output_tokens`` includes thinking.

        Example:
            >>> Usage.from_anthropic({"input_tokens": 30, "cache_read_input_tokens": 60,
            ...                       "cache_creation_input_tokens": 10, "output_tokens": 20}).input_tokens
            100
        """
        return cls.read("anthropic", usage)

    @classmethod
    def from_langchain(cls, usage_metadata: Mapping[str, Any]) -> Usage:
        """Read ``message.usage_metadata`` of LangChain: ``input_tokens`` INCLUDES cache reads and writes.

        LangChain adds them up for every provider, Anthropic too. Its details carry a prefix where OpenAI served the
        call as ``priority`` or ``flex``, and name Anthropic's cache writes by their lifetime.

        Example:
            >>> Usage.from_langchain({"input_tokens": 100, "output_tokens": 20, "total_tokens": 120,
            ...                       "input_token_details": {"cache_read": 60}}).cached_tokens
            60
        """
        return cls.read("langchain", usage_metadata)

    @classmethod
    def from_otel(cls, attributes: Mapping[str, Any]) -> Usage:
        """Read the attributes of an OpenTelemetry span: ``gen_ai.usage.input_tokens`` INCLUDES cached tokens.

        The older ``prompt_tokens`` and ``completion_tokens`` and the spellings of OpenLLMetry, OpenLIT and pydantic-ai
        are read too. A span without tokens gives a usage of which nothing is known. Where more is cached than went in,
        the input was counted without the cache, against the convention, and it is added.

        Example:
            >>> Usage.from_otel({"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20,
            ...                  "gen_ai.usage.cache_read.input_tokens": 60}).cached_tokens
            60
        """
        return cls.read("opentelemetry", attributes)

    @classmethod
    def from_llama_cpp(cls, body: Mapping[str, Any]) -> Usage:
        """Read a whole reply of llama.cpp's server: ``usage`` INCLUDES cached tokens, ``prompt_n`` EXCLUDES them.

        ``usage`` comes first; what it lacks is read from ``timings``, where ``cache_n`` prompt tokens were reused,
        ``prompt_n`` were computed and ``predicted_n`` were generated. Cache writes and reasoning are not counted.

        Example:
            >>> Usage.from_llama_cpp({"timings": {"cache_n": 60, "prompt_n": 40, "predicted_n": 20}}).input_tokens
            100
        """
        return cls.read("llama.cpp", body)

    @classmethod
    def from_google(cls, usage_metadata: Mapping[str, Any]) -> Usage:
        """Read ``usageMetadata`` of Google's API: ``candidatesTokenCount`` EXCLUDES thoughts, added here.

        ``promptTokenCount`` includes cached tokens and excludes what tools read, which is added.

        Example:
            >>> Usage.from_google({"promptTokenCount": 10, "toolUsePromptTokenCount": 90, "candidatesTokenCount": 5,
            ...                    "thoughtsTokenCount": 20, "totalTokenCount": 125}).input_tokens
            100
        """
        return cls.read("google", usage_metadata)

    @classmethod
    def from_bedrock(cls, usage: Mapping[str, Any]) -> Usage:
        """Read ``usage`` of Amazon Bedrock's Converse: ``inputTokens`` EXCLUDES cache reads and writes; added here.

        Example:
            >>> Usage.from_bedrock({"inputTokens": 30, "cacheReadInputTokens": 60, "outputTokens": 20}).input_tokens
            90
        """
        return cls.read("bedrock", usage)

    @classmethod
    def from_cohere(cls, usage: Mapping[str, Any]) -> Usage:
        """Read ``usage`` of Cohere's API: what it bills, which leaves out the tokens that it adds itself.

        Example:
            >>> Usage.from_cohere({"billed_units": {"input_tokens": 5, "output_tokens": 3}}).output_tokens
            3
        """
        return cls.read("cohere", usage)


TOKENS = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
"""The names of the five counts, in order."""
PARTS = {
    "input_tokens": tuple(name for name in INPUT_PARTS if name.startswith("input_")),
    "cached_tokens": tuple(name for name in INPUT_PARTS if name.startswith("cached_")),
    "cache_write_tokens": ("cache_write_1h_tokens",),
    "output_tokens": OUTPUT_PARTS,
}
"""A count, and its parts besides those that turns have columns for."""

_DETAILS_OF = attrgetter(*DETAILS)


def _added(one: Usage, other: Usage) -> dict[str, Any]:
    """Return the details of two calls: what one says nothing of adds nothing; two tiers are named both."""
    found: dict[str, Any] = {}
    for name in DETAILS:
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine is None and theirs is None:
            continue
        if name not in TEXTS:
            found[name] = (mine or 0) + (theirs or 0)
        else:
            said = {value or "standard" for value, of in ((mine, one), (theirs, other)) if value or of.input_tokens}
            found[name] = "+".join(sorted({part for value in said for part in value.split("+")}))
    return found


def _expect(shape: str, found: object) -> None:
    """Refuse what is no mapping, and a mapping that has something but none of the shape's names."""
    if not isinstance(found, Mapping):
        kind = type(found).__name__
        raise TypeError(f"usage has type {kind}, not a mapping: turn an SDK's object into one with .model_dump()")
    if shape != "opentelemetry" and found and not SHAPES[shape].is_named(found):
        names = " or ".join(
            places[0] for unit in ("input_tokens", "output_tokens") if (places := SHAPES[shape].names(unit))
        )
        raise ValueError(f"no {names} among {', '.join(map(str, found))}: is this the right shape?")
