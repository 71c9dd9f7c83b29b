"""The tokens of a model call in one convention, whichever of six shapes they were reported in.

"Input tokens" means two things in the field: OpenAI, OpenTelemetry, LangChain and llama.cpp's server count cached
tokens in, Anthropic's own bodies count them out. Mixing the two up charges cached tokens twice or not at all, so every
converter states what its shape means and ends in the same record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from chatmon.turns import check_columns


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more model calls, in the convention of turns. Not reported is ``None``, never 0.

    Attributes:
        input_tokens: All input, cached tokens included.
        cached_tokens: The part of ``input_tokens`` read from the provider's cache.
        cache_write_tokens: The part of ``input_tokens`` written to the provider's cache.
        output_tokens: All output, reasoning included.
        reasoning_tokens: The part of ``output_tokens`` spent on reasoning.

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

    def __post_init__(self) -> None:
        check_columns({name: getattr(self, name) for name in TOKENS})

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
        return Usage(*(None if mine is None or theirs is None else mine + theirs for mine, theirs in pairs))

    @classmethod
    def from_openai_chat(cls, usage: Mapping[str, Any]) -> Usage:
        """Read ``body["usage"]`` of a chat completion: ``prompt_tokens`` INCLUDES cached tokens.

        ``completion_tokens`` includes reasoning; both details are subsets of their totals.

        Example:
            >>> Usage.from_openai_chat({"prompt_tokens": 100, "completion_tokens": 20,
            ...                         "prompt_tokens_details": {"cached_tokens": 60}}).cached_tokens
            60
        """
        return _of_openai(usage, "prompt_tokens", "completion_tokens")

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
        return _of_openai(usage, "input_tokens", "output_tokens")

    @classmethod
    def from_anthropic(cls, usage: Mapping[str, Any]) -> Usage:
        """Read ``message["usage"]`` of Anthropic's API: ``input_tokens`` EXCLUDES cache reads and writes; added here.

        The two cache counts are absent or null where a request used no cache, so a missing one adds nothing to the
        input, and stays unknown itself. ``output_tokens`` includes thinking, which is not counted apart.

        Example:
            >>> Usage.from_anthropic({"input_tokens": 30, "cache_read_input_tokens": 60,
            ...                       "cache_creation_input_tokens": 10, "output_tokens": 20}).input_tokens
            100
        """
        _expect(usage, "input_tokens", "output_tokens")
        cached, written = usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens")
        fresh = usage.get("input_tokens")
        check_columns({"input_tokens": fresh, "output_tokens": usage.get("output_tokens")})
        check_columns({"cached_tokens": cached, "cache_write_tokens": written})
        return cls(
            input_tokens=None if fresh is None else fresh + (cached or 0) + (written or 0),
            cached_tokens=cached,
            cache_write_tokens=written,
            output_tokens=usage.get("output_tokens"),
        )

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
        _expect(usage_metadata, "input_tokens", "output_tokens")
        read, written = (_details(usage_metadata, name) for name in ("input_token_details", "output_token_details"))
        lifetimes = [read[name] for name in _LIFETIMES if read.get(name) is not None]
        cache_write = _first(read, *(f"{tier}cache_creation" for tier in _TIERS))
        return cls(
            input_tokens=usage_metadata.get("input_tokens"),
            cached_tokens=_first(read, *(f"{tier}cache_read" for tier in _TIERS)),
            # With lifetimes given, `cache_creation` is 0 or their sum, depending on the version.
            cache_write_tokens=(cache_write or sum(lifetimes)) if lifetimes else cache_write,
            output_tokens=usage_metadata.get("output_tokens"),
            reasoning_tokens=_first(written, *(f"{tier}reasoning" for tier in _TIERS)),
        )

    @classmethod
    def from_otel(cls, attributes: Mapping[str, Any]) -> Usage:
        """Read the attributes of an OpenTelemetry span: ``gen_ai.usage.input_tokens`` INCLUDES cached tokens.

        The older ``prompt_tokens`` and ``completion_tokens`` and the spellings of OpenLLMetry, OpenLIT and pydantic-ai
        are read too. A span without tokens gives a usage of which nothing is known. Instrumentations that count cache
        out against the convention are refused where the parts exceed the whole.

        Example:
            >>> Usage.from_otel({"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20,
            ...                  "gen_ai.usage.cache_read.input_tokens": 60}).cached_tokens
            60
        """
        _expect(attributes)
        return cls(**{name: _first(attributes, *keys) for name, keys in _OTEL.items()})

    @classmethod
    def from_llama_cpp(cls, body: Mapping[str, Any]) -> Usage:
        """Read a whole reply of llama.cpp's server: ``usage`` INCLUDES cached tokens, ``prompt_n`` EXCLUDES them.

        ``usage`` comes first; what it lacks is read from ``timings``, where ``cache_n`` prompt tokens were reused,
        ``prompt_n`` were computed and ``predicted_n`` were generated. Cache writes and reasoning are not counted.

        Example:
            >>> Usage.from_llama_cpp({"timings": {"cache_n": 60, "prompt_n": 40, "predicted_n": 20}}).input_tokens
            100
        """
        _expect(body, "usage", "timings")
        usage, timings = _details(body, "usage"), _details(body, "timings")
        reused, computed = timings.get("cache_n"), timings.get("prompt_n")
        check_columns({"cached_tokens": reused})
        check_columns({"input_tokens": computed})
        prompt = None if reused is None or computed is None else reused + computed
        cached = _details(usage, "prompt_tokens_details").get("cached_tokens")
        return cls(
            input_tokens=usage["prompt_tokens"] if usage.get("prompt_tokens") is not None else prompt,
            cached_tokens=reused if cached is None else cached,
            output_tokens=_first({**timings, **usage}, "completion_tokens", "predicted_n"),
        )


TOKENS = tuple(field.name for field in fields(Usage))
"""The names of the five counts, in order."""

_TIERS = ("", "priority_", "flex_")
_LIFETIMES = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
_PREFIX = "gen_ai.usage."
_OTEL = {
    "input_tokens": (f"{_PREFIX}input_tokens", f"{_PREFIX}prompt_tokens", "llm.usage.prompt_tokens"),
    "cached_tokens": (
        f"{_PREFIX}cache_read.input_tokens",
        f"{_PREFIX}cache_read_input_tokens",
        f"{_PREFIX}prompt_tokens_details.cached_tokens",
        f"{_PREFIX}details.cache_read_tokens",
    ),
    "cache_write_tokens": (
        f"{_PREFIX}cache_creation.input_tokens",
        f"{_PREFIX}cache_write.input_tokens",
        f"{_PREFIX}cache_creation_input_tokens",
        f"{_PREFIX}cache_write_input_tokens",
        f"{_PREFIX}details.cache_write_tokens",
    ),
    "output_tokens": (f"{_PREFIX}output_tokens", f"{_PREFIX}completion_tokens", "llm.usage.completion_tokens"),
    "reasoning_tokens": (
        f"{_PREFIX}reasoning.output_tokens",
        f"{_PREFIX}reasoning_tokens",
        f"{_PREFIX}details.reasoning_tokens",
    ),
}


def _of_openai(usage: Mapping[str, Any], read: str, written: str) -> Usage:
    """Read either of OpenAI's two shapes, which differ in what they call the totals."""
    _expect(usage, read, written)
    read_details, written_details = _details(usage, f"{read}_details"), _details(usage, f"{written}_details")
    return Usage(
        input_tokens=usage.get(read),
        cached_tokens=read_details.get("cached_tokens"),
        cache_write_tokens=read_details.get("cache_write_tokens"),
        output_tokens=usage.get(written),
        reasoning_tokens=written_details.get("reasoning_tokens"),
    )


def _expect(found: object, *names: str) -> None:
    """Refuse what is no mapping, and a mapping that has something but none of the names."""
    if not isinstance(found, Mapping):
        kind = type(found).__name__
        raise TypeError(f"usage has type {kind}, not a mapping: turn an SDK's object into one with .model_dump()")
    if found and names and not any(name in found for name in names):
        raise ValueError(f"no {' or '.join(names)} among {', '.join(map(str, found))}: is this the right shape?")


def _details(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    details = found.get(name)
    if details is None:
        return {}
    if not isinstance(details, Mapping):
        raise TypeError(f"{name} has type {type(details).__name__}, not a mapping")
    return details


def _first(found: Mapping[str, Any], *names: str) -> Any:
    return next((found[name] for name in names if found.get(name) is not None), None)
