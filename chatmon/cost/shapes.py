"""How usage is written down: one table of shapes, which says where each billed unit stands and what its whole includes.

Everybody who reports tokens has names of their own, and "input tokens" means two things in the field: OpenAI counts
cached tokens in, Anthropic counts them out. A shape is data; ``Shape.counts`` is the one function that reads any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INSIDE: Final = "inside"
OUTSIDE: Final = "outside"
BY_TOTAL: Final = "as the total says"
BY_SIZE: Final = "inside, outside where it exceeds the whole"
OUTSIDE_BY_TOTAL: Final = "outside, inside where input and output make the total"

TEXTS: Final = ("service_tier", "inference_geo")
"""Units that are names and no counts."""
INPUT_PARTS: Final = (
    "input_audio_tokens", "input_image_tokens", "input_video_tokens", "cached_audio_tokens", "cached_image_tokens",
    "cached_video_tokens",
)  # fmt: skip
OUTPUT_PARTS: Final = ("output_audio_tokens", "output_image_tokens")
DETAILS: Final = (
    *INPUT_PARTS, "cache_write_1h_tokens", *OUTPUT_PARTS, "web_searches", "server_tool_calls", "model_calls_apart",
    "hidden_tokens", *TEXTS,
)  # fmt: skip
"""What may be billed besides the five counts of a turn."""
TIERS: Final = {
    "on_demand_flex": "flex", "on_demand_priority": "priority", "provisioned_throughput": "provisioned",
}  # fmt: skip
"""What providers call a service tier, where that is not its name here."""
AS_USUAL: Final = ("", "default", "standard", "on_demand", "auto", "unspecified", "not_available", "global")
"""Tiers and places of inference that cost what is usual, or say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One way to write usage down.

    Attributes:
        name: What it is called here.
        paths: Unit to the places where it may stand, the first that is filled counts. A slash goes one level down,
            ``list[key=value]`` picks the entry of a list, ``+`` adds what is there, ``&`` what must all be there.
        cache: Whether what is read from the cache, and written to it, is inside the input count.
        reasoning: Whether reasoning is inside the output count.
        audio: Whether sound is inside the input and the output count.
        rest: What a total above input and output holds: ``output``, or None where nobody says.
        tier_prefixes: Service tiers that stand before the names of other counts.
        source: Where this is documented.

    Example:
        >>> SHAPES["anthropic"].counts({"input_tokens": 30, "cache_read_input_tokens": 60, "output_tokens": 20})
        {'input_tokens': 90, 'cached_tokens': 60, 'output_tokens': 20}
    """

    name: str
    paths: Mapping[str, tuple[str, ...]]
    cache: str = INSIDE
    reasoning: str = INSIDE
    audio: str = INSIDE
    rest: str | None = None
    tier_prefixes: tuple[str, ...] = ()
    source: str = field(default="", compare=False)
    _plan: tuple[tuple[str, tuple[_Place, ...]], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        plan = tuple((unit, tuple(map(_parsed, places))) for unit, places in self.paths.items())
        object.__setattr__(self, "_plan", plan)

    def counts(self, body: Mapping[str, Any], number: Callable[[Any], Any] | None = None) -> dict[str, Any]:
        """Return what a body says, in the convention of turns; what it does not say is left out.

        A detail of 0 changes no amount, and is left out too.

        Args:
            body: The usage, such as ``response["usage"]``.
            number: Reads a count that may be written as text, None where it is none; what cannot be read is then
                unknown, and no error.

        Raises:
            TypeError: A count, or what holds it, has the wrong type.
            ValueError: A count is negative.
        """
        found = self._found(body, number)
        tier = self._prefix(body)
        if tier:
            found["service_tier"] = tier
        _join_lifetimes(found)
        total = found.pop("total_tokens", None)
        if self.cache == BY_TOTAL:
            _put_together(found, total, sum(self._numbers(body, number)))
        else:
            self._put_reasoning_in(found, total)
            self._put_audio_in(found)
            self._put_cache_in(found)
            self._put_rest_in(found, total)
        return {unit: value for unit, value in found.items() if value or unit not in DETAILS or _matters(found, unit)}

    def details(self, body: Mapping[str, Any], number: Callable[[Any], Any] | None = None) -> dict[str, Any]:
        """Return what a body says besides the five counts, each by itself: what only a sum tells is not in it."""
        return {unit: value for unit, value in self._found(body, number, only=DETAILS).items() if value}

    def names(self, unit: str) -> tuple[str, ...]:
        """Return the places of a unit."""
        return self.paths.get(unit, ())

    def is_named(self, body: Mapping[str, Any]) -> bool:
        """Return whether a body has any of the places of input or output at its top."""
        tops = {
            step.partition("[")[0].partition("/")[0].strip()
            for unit in ("input_tokens", "output_tokens")
            for place in self.names(unit)
            for step in place.split("+")
        }
        return any(name in body for name in tops)

    def _found(
        self, body: Mapping[str, Any], number: Callable[[Any], Any] | None, only: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Return the value of each unit at the first of its places, checked; units without one are left out."""
        found: dict[str, Any] = {}
        for unit, places in self._plan:
            if only and unit not in only:
                continue
            for place in places:
                value = _told(body, unit, place, number)
                if value is not None:
                    found[unit] = value
                    break
        return found

    def _numbers(self, body: Mapping[str, Any], number: Callable[[Any], Any] | None) -> Iterator[int]:
        """Return the counts at the top of a flat body, its total left out."""
        totals = self.names("total_tokens")
        for name, value in body.items():
            read = value if number is None else number(value)
            if type(read) is int and name not in totals:
                yield read

    def _prefix(self, body: Mapping[str, Any]) -> str | None:
        names = [str(name) for one in body.values() if self.tier_prefixes and isinstance(one, Mapping) for name in one]
        return next((tier for tier in self.tier_prefixes if any(name.startswith(tier) for name in names)), None)

    def _put_reasoning_in(self, found: dict[str, Any], total: int | None) -> None:
        """Make the output count all output."""
        read, written, reasoning = (found.get(unit) for unit in ("input_tokens", "output_tokens", "reasoning_tokens"))
        if not reasoning:
            return
        apart = self.reasoning == OUTSIDE or reasoning > (written or 0)
        if self.reasoning == OUTSIDE_BY_TOTAL:
            apart = total is None or total != (read or 0) + (written or 0)
        if self.reasoning == BY_TOTAL and total is not None:
            # xAI, and Gemini's endpoint for OpenAI's clients, count it apart, against the shape.
            apart = apart or total == (read or 0) + (written or 0) + reasoning
        if apart and (written is not None or self.reasoning == OUTSIDE):
            found["output_tokens"] = (written or 0) + reasoning

    def _put_audio_in(self, found: dict[str, Any]) -> None:
        for side in ("input", "output") if self.audio == OUTSIDE else ():
            if found.get(f"{side}_tokens") is not None:
                found[f"{side}_tokens"] += found.get(f"{side}_audio_tokens") or 0

    def _put_cache_in(self, found: dict[str, Any]) -> None:
        """Make the input count all input."""
        whole = found.get("input_tokens")
        apart = (found.get("cached_tokens") or 0) + (found.get("cache_write_tokens") or 0)
        if whole is not None and (self.cache == OUTSIDE or (self.cache == BY_SIZE and apart > whole)):
            found["input_tokens"] = whole + apart

    def _put_rest_in(self, found: dict[str, Any], total: int | None) -> None:
        """Say what the total has beyond input and output, or that the one that was left out is the rest of it."""
        read, written = found.get("input_tokens"), found.get("output_tokens")
        if total is None or read is None or total < read + (written or 0):
            return
        rest = total - read - (written or 0)
        if written is None or (rest and self.rest == "output"):
            found["output_tokens"] = max(total - read, found.get("reasoning_tokens") or 0)
        elif rest:
            found["hidden_tokens"] = found.get("hidden_tokens", 0) + rest


def _at(body: Any, place: str, *, strict: bool = True) -> Any:
    """Return what stands at a place; None where there is nothing, or, if not strict, something else on the way.

    Example:
        >>> _at({"a": [{"m": "X", "n": 1}, {"m": "Y", "n": 2}]}, "a[m=Y]/n")
        2
    """
    for name, key, value in _steps(place):
        if body is None:
            return None
        if not isinstance(body, Mapping):
            if not strict:
                return None
            raise TypeError(f"{place.rpartition('/')[0]} has type {type(body).__name__}, not a mapping")
        body = body.get(name)
        if key and body is not None:
            rows = body if isinstance(body, list | tuple) else ()
            body = next((row for row in rows if isinstance(row, Mapping) and row.get(key) == value), None)
    return body


def _told(body: Mapping[str, Any], unit: str, place: _Place, number: Callable[[Any], Any] | None) -> Any:
    """Return the value of a unit at one place, checked; None where it is not there, or not all of it."""
    parts, together, key = place
    if key is not None:
        value = body.get(key)
        read = [] if value is None else [value]
    else:
        read = [value for part in parts if (value := _at(body, part, strict=number is None)) is not None]
    if unit in TEXTS:
        return next(filter(None, map(_name, read)), None)
    if number is not None:
        read = [told for value in read if (told := number(value)) is not None]
    if not read or (together and len(read) < len(parts)):
        return None
    return sum(_count(unit, value) for value in read)


@cache
def _steps(place: str) -> tuple[tuple[str, str, str], ...]:
    """Return the steps to a place: a name, and of a list the key and value of the entry that is meant."""
    split = (step.rstrip("]").partition("[") for step in place.split("/"))
    return tuple((name, *chosen.partition("=")[::2]) for name, _, chosen in split)


class _Place(NamedTuple):
    """A place taken apart: what is added, whether all of it must be there, and its key where it is just one."""

    parts: tuple[str, ...]
    together: bool
    key: str | None


def _parsed(place: str) -> _Place:
    return _Place(
        tuple(part.strip() for part in re.split("[+&]", place)),
        "&" in place,
        None if re.search(r"[+&/\[]", place) else place,
    )


def _count(unit: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{unit} ({value!r}) has type {type(value).__name__}, not a whole number")
    if value < 0:
        raise ValueError(f"{unit} ({value}) is outside 0 and above; an unknown count is None")
    return value


def _matters(found: Mapping[str, Any], unit: str) -> bool:
    """Return whether a detail of 0 says something: of cache writes, that none lasts an hour."""
    return unit == "cache_write_1h_tokens" and bool(found.get("cache_write_tokens"))


def _join_lifetimes(found: dict[str, Any]) -> None:
    """Make one count of cache writes by lifetime: some writers say 0, or nothing, of all beside them."""
    short, long = found.pop("cache_write_5m_tokens", None), found.get("cache_write_1h_tokens")
    if short is not None or long is not None:
        found["cache_write_tokens"] = max(found.get("cache_write_tokens") or 0, (short or 0) + (long or 0))


def _name(said: Any) -> str | None:
    """Return a tier or a place as it is called here; None for what costs as usual."""
    name = said.lower() if isinstance(said, str) else ""
    return None if name in AS_USUAL else TIERS.get(name, name)


def _put_together(found: dict[str, Any], total: int | None, everything: int) -> None:
    """Settle by its own sums what a flat map of counts includes, and note where that had to be assumed.

    Where the counts beside the total add up to it, each token is in one of them only: input is without cache and output
    without reasoning. Where input and output alone make the total, the others are parts of them. Without a total,
    input is taken to be without cache.
    """
    whole, written = found.get("input_tokens"), found.get("output_tokens")
    if whole is None and written is None:
        found.clear()  # also where the counts are under names that nobody knows: they stay unknown
        return
    read_parts = ("cached_tokens", "cache_write_tokens", "input_audio_tokens", "input_image_tokens")
    into = sum(found.get(unit) or 0 for unit in read_parts)
    out = sum(found.get(unit) or 0 for unit in ("reasoning_tokens", *OUTPUT_PARTS))
    beside = (whole or 0) + (written or 0)
    apart = bool(into + out) and (total is None or beside != total)
    if apart and total is None:
        found["said"] = "token counts without a total: input is taken to be counted without cache"
    elif apart and everything != total:
        found["said"] = (
            "token counts add up to their total neither with nor without the cache: input is taken without it"
        )
    elif total is not None and total > beside and not apart:
        found["hidden_tokens"] = total - beside
        found["said"] = (
            "the total holds tokens that are neither input nor output, such as reasoning: output is a lower bound"
        )
    if apart:
        found |= {"input_tokens": whole + into} if whole is not None else {}
        found |= {"output_tokens": written + out} if written is not None else {}


_CHAT: Final = {
    "input_tokens": ("prompt_tokens",),
    "cached_tokens": (
        "prompt_tokens_details/cached_tokens", "prompt_cache_hit_tokens", "num_cached_tokens", "cached_tokens",
        "cached_prompt_text_tokens", "cache_read_input_tokens",
    ),
    "cache_write_tokens": (
        "prompt_tokens_details/cache_write_tokens", "prompt_tokens_details/cache_creation_tokens",
        "cache_creation_input_tokens",
    ),
    "output_tokens": ("completion_tokens",),
    "reasoning_tokens": ("completion_tokens_details/reasoning_tokens", "reasoning_tokens"),
    "total_tokens": ("total_tokens",),
    "input_audio_tokens": ("prompt_tokens_details/audio_tokens",),
    "input_image_tokens": ("prompt_tokens_details/image_tokens",),
    "input_video_tokens": ("prompt_tokens_details/video_tokens",),
    "cached_audio_tokens": ("prompt_tokens_details/cached_tokens_details/audio_tokens",),
    "output_audio_tokens": ("completion_tokens_details/audio_tokens",),
    "output_image_tokens": ("completion_tokens_details/image_tokens",),
    "web_searches": ("num_search_queries", "server_tool_use/web_search_requests"),
    "server_tool_calls": ("num_sources_used", "server_tool_use_details/tool_calls_executed"),
    "hidden_tokens": ("citation_tokens",),
    "service_tier": ("service_tier",),
}  # fmt: skip
_RESPONSES: Final = {
    "input_tokens": ("input_tokens",),
    "cached_tokens": ("input_tokens_details/cached_tokens", "input_token_details/cached_tokens"),
    "cache_write_tokens": ("input_tokens_details/cache_write_tokens",),
    "output_tokens": ("output_tokens",),
    "reasoning_tokens": ("output_tokens_details/reasoning_tokens",),
    "total_tokens": ("total_tokens",),
    "input_audio_tokens": ("input_tokens_details/audio_tokens", "input_token_details/audio_tokens"),
    "input_image_tokens": ("input_tokens_details/image_tokens", "input_token_details/image_tokens"),
    "cached_audio_tokens": ("input_token_details/cached_tokens_details/audio_tokens",),
    "cached_image_tokens": ("input_token_details/cached_tokens_details/image_tokens",),
    "output_audio_tokens": ("output_tokens_details/audio_tokens", "output_token_details/audio_tokens"),
    "output_image_tokens": ("output_tokens_details/image_tokens",),
    "server_tool_calls": ("num_sources_used",),
    "service_tier": ("service_tier",),
}  # fmt: skip
_ANTHROPIC: Final = {
    "input_tokens": ("input_tokens",),
    "cached_tokens": ("cache_read_input_tokens",),
    "cache_write_tokens": ("cache_creation_input_tokens",),
    "cache_write_5m_tokens": ("cache_creation/ephemeral_5m_input_tokens",),
    "cache_write_1h_tokens": ("cache_creation/ephemeral_1h_input_tokens",),
    "output_tokens": ("output_tokens",),
    "reasoning_tokens": ("output_tokens_details/thinking_tokens",),
    "web_searches": ("server_tool_use/web_search_requests",),
    "server_tool_calls": ("server_tool_use/code_execution_requests",),
    "model_calls_apart": (
        "iterations[type=compaction]/output_tokens + iterations[type=advisor_message]/output_tokens",
    ),
    "service_tier": ("speed", "service_tier"),
    "inference_geo": ("inference_geo",),
}


def _of_modality(prefix: str, modality: str) -> str:
    return f"{prefix}[modality={modality}]/tokenCount"


_GOOGLE: Final = {
    "input_tokens": ("promptTokenCount + toolUsePromptTokenCount",),
    "cached_tokens": ("cachedContentTokenCount",),
    "output_tokens": ("candidatesTokenCount", "responseTokenCount"),
    "reasoning_tokens": ("thoughtsTokenCount",),
    "total_tokens": ("totalTokenCount",),
    **{
        f"input_{kind}_tokens": (
            f"{_of_modality('promptTokensDetails', name)} + {_of_modality('toolUsePromptTokensDetails', name)}",
        )
        for kind, name in (("audio", "AUDIO"), ("image", "IMAGE"), ("video", "VIDEO"))
    },
    **{
        f"cached_{kind}_tokens": (_of_modality("cacheTokensDetails", name),)
        for kind, name in (("audio", "AUDIO"), ("image", "IMAGE"), ("video", "VIDEO"))
    },
    **{
        f"output_{kind}_tokens": (_of_modality("candidatesTokensDetails", name),)
        for kind, name in (("audio", "AUDIO"), ("image", "IMAGE"))
    },
    "service_tier": ("trafficType", "serviceTier"),
}
_BEDROCK: Final = {
    "input_tokens": ("inputTokens",),
    "cached_tokens": ("cacheReadInputTokens", "cacheReadInputTokenCount"),
    "cache_write_tokens": ("cacheWriteInputTokens", "cacheWriteInputTokenCount"),
    "cache_write_5m_tokens": ("cacheDetails[ttl=5m]/inputTokens",),
    "cache_write_1h_tokens": ("cacheDetails[ttl=1h]/inputTokens",),
    "output_tokens": ("outputTokens",),
    "total_tokens": ("totalTokens",),
}
_LLAMA_CPP: Final = {
    "cached_tokens": ("usage/prompt_tokens_details/cached_tokens", "timings/cache_n"),
    "input_tokens": ("usage/prompt_tokens", "timings/cache_n & timings/prompt_n"),
    "output_tokens": ("usage/completion_tokens", "timings/predicted_n"),
}
_COHERE: Final = {
    "input_tokens": ("billed_units/input_tokens", "input_tokens"),
    "output_tokens": ("billed_units/output_tokens", "output_tokens"),
    "input_image_tokens": ("billed_units/image_tokens",),
    "server_tool_calls": ("billed_units/search_units",),
}
_OF_LANGCHAIN: Final = ("", "priority_", "flex_")
READ_DETAILS, WRITTEN_DETAILS = "input_token_details", "output_token_details"
"""Where LangChain keeps the parts of the input, and of the output."""
_LANGCHAIN: Final = {
    "input_tokens": ("input_tokens",),
    "cached_tokens": tuple(f"{READ_DETAILS}/{tier}cache_read" for tier in _OF_LANGCHAIN),
    "cache_write_tokens": tuple(f"{READ_DETAILS}/{tier}cache_creation" for tier in _OF_LANGCHAIN),
    "cache_write_5m_tokens": (f"{READ_DETAILS}/ephemeral_5m_input_tokens",),
    "cache_write_1h_tokens": (f"{READ_DETAILS}/ephemeral_1h_input_tokens",),
    "output_tokens": ("output_tokens",),
    "reasoning_tokens": tuple(f"{WRITTEN_DETAILS}/{tier}reasoning" for tier in _OF_LANGCHAIN),
    "total_tokens": ("total_tokens",),
    "input_audio_tokens": (f"{READ_DETAILS}/audio",),
    "input_image_tokens": (f"{READ_DETAILS}/image",),
    "input_video_tokens": (f"{READ_DETAILS}/video",),
    "output_audio_tokens": (f"{WRITTEN_DETAILS}/audio",),
    "output_image_tokens": (f"{WRITTEN_DETAILS}/image",),
    "service_tier": ("service_tier",),
}
_USAGE: Final = "gen_ai.usage."
_OTEL: Final = {
    "input_tokens": (
        f"{_USAGE}input_tokens", f"{_USAGE}prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
    ),
    "output_tokens": (
        f"{_USAGE}output_tokens", f"{_USAGE}completion_tokens", "llm.token_count.completion",
        "llm.usage.completion_tokens",
    ),
    "cached_tokens": (
        f"{_USAGE}cache_read.input_tokens", f"{_USAGE}cache_read_input_tokens", f"{_USAGE}details.cache_read_tokens",
        f"{_USAGE}prompt_tokens_details.cached_tokens", "llm.token_count.prompt_details.cache_read",
        f"{_USAGE}input_tokens.cached", "ai.usage.cachedInputTokens", f"{_USAGE}cached_input_tokens",
        "ai.usage.inputTokenDetails.cacheReadTokens",
    ),
    "cache_write_tokens": (
        f"{_USAGE}cache_write.input_tokens", f"{_USAGE}cache_creation.input_tokens",
        f"{_USAGE}cache_creation_input_tokens", f"{_USAGE}cache_write_input_tokens",
        f"{_USAGE}details.cache_write_tokens", "llm.token_count.prompt_details.cache_write",
        "ai.usage.inputTokenDetails.cacheWriteTokens",
    ),
    "reasoning_tokens": (
        f"{_USAGE}reasoning.output_tokens", f"{_USAGE}reasoning_tokens", f"{_USAGE}details.reasoning_tokens",
        "llm.token_count.completion_details.reasoning", f"{_USAGE}output_tokens.reasoning", "ai.usage.reasoningTokens",
        "ai.usage.outputTokenDetails.reasoningTokens",
    ),
    "input_audio_tokens": (
        f"{_USAGE}details.input_audio_tokens", f"{_USAGE}input_audio_tokens", "llm.token_count.prompt_details.audio",
    ),
    "cached_audio_tokens": (f"{_USAGE}details.cache_audio_read_tokens",),
    "output_audio_tokens": (
        f"{_USAGE}details.output_audio_tokens", f"{_USAGE}output_audio_tokens",
        "llm.token_count.completion_details.audio",
    ),
    "cache_write_1h_tokens": (f"{_USAGE}details.ephemeral_1h_input_tokens",),
    "web_searches": (f"{_USAGE}details.web_search_requests",),
    "service_tier": (
        "openai.response.service_tier", "gen_ai.openai.response.service_tier", f"{_USAGE}service_tier",
        "aws.bedrock.service_tier",
    ),
}  # fmt: skip
"""OpenTelemetry's names, those that they replaced, and those of instrumentations: all one level, with dots in them."""
OWN_DETAIL: Final = "chatmon.usage."
"""What stands before a detail that our own exporter writes on a span."""
_OTEL_AND_OWN: Final = _OTEL | {unit: (*_OTEL.get(unit, ()), OWN_DETAIL + unit) for unit in DETAILS}
_AGENT_SDK: Final = {
    "input_tokens": ("input_tokens",),
    "cached_tokens": ("cache_read_tokens",),
    "cache_write_tokens": ("cache_creation_tokens",),
    "output_tokens": ("output_tokens",),
}
_LANGSMITH: Final = {
    "input_tokens": ("prompt_tokens",),
    "output_tokens": ("completion_tokens",),
    **{
        unit: tuple(place.replace(READ_DETAILS, "prompt_token_details") for place in places)
        for unit, places in _LANGCHAIN.items()
        if places[0].startswith(READ_DETAILS)
    },
    **{
        unit: tuple(place.replace(WRITTEN_DETAILS, "completion_token_details") for place in places)
        for unit, places in _LANGCHAIN.items()
        if places[0].startswith(WRITTEN_DETAILS)
    },
    "total_tokens": ("total_tokens",),
}
_LANGFUSE: Final = {
    "input_tokens": ("input", "prompt_tokens"),
    "cached_tokens": (
        "input_cached_tokens", "input_cache_read", "cache_read_input_tokens", "prompt_details.cache_read",
        "input_cached", "cached_tokens",
    ),
    "cache_write_tokens": (
        "input_cache_creation", "cache_creation_input_tokens", "cache_write_tokens", "input_cache_write",
    ),
    "cache_write_5m_tokens": ("input_cache_creation_5m",),
    "cache_write_1h_tokens": ("input_cache_creation_1h",),
    "output_tokens": ("output", "completion_tokens"),
    "reasoning_tokens": (
        "output_reasoning", "output_reasoning_tokens", "completion_details.reasoning", "thoughts_token_count",
        "reasoning_tokens",
    ),
    "total_tokens": ("total", "total_tokens"),
    "input_audio_tokens": ("input_audio_tokens", "input_audio"),
    "output_audio_tokens": ("output_audio_tokens", "output_audio"),
}  # fmt: skip
_HELICONE: Final = {
    "input_tokens": ("prompt_tokens",),
    "cached_tokens": ("prompt_cache_read_tokens",),
    "cache_write_tokens": ("prompt_cache_write_tokens",),
    "output_tokens": ("completion_tokens",),
    "reasoning_tokens": ("reasoning_tokens",),
    "total_tokens": ("total_tokens",),
    "input_audio_tokens": ("prompt_audio_tokens",),
    "output_audio_tokens": ("completion_audio_tokens",),
}
_MLFLOW: Final = {
    "input_tokens": ("input_tokens",),
    "cached_tokens": ("cache_read_input_tokens",),
    "cache_write_tokens": ("cache_creation_input_tokens",),
    "output_tokens": ("output_tokens",),
    "reasoning_tokens": ("reasoning_tokens",),
    "total_tokens": ("total_tokens",),
}
_OPENROUTER: Final = {
    "input_tokens": ("tokens_prompt",),
    "cached_tokens": ("tokens_cached",),
    "output_tokens": ("tokens_completion",),
    "reasoning_tokens": ("tokens_reasoning",),
}
_BEDROCK_LOG: Final = {
    "input_tokens": ("input/inputTokenCount",),
    "cached_tokens": (
        "input/cacheReadInputTokenCount", "usage/cacheReadInputTokens",
        "usage/cache_read_input_tokens",
    ),
    "cache_write_tokens": (
        "input/cacheWriteInputTokenCount", "usage/cacheWriteInputTokens",
        "usage/cache_creation_input_tokens",
    ),
    "output_tokens": ("output/outputTokenCount",),
}  # fmt: skip
_CODEX: Final = {
    "input_tokens": ("input_tokens",),
    "cached_tokens": ("cached_input_tokens",),
    "cache_write_tokens": ("cache_write_input_tokens",),
    "output_tokens": ("output_tokens",),
    "reasoning_tokens": ("reasoning_output_tokens",),
}
_OPIK: Final = {
    "input_tokens": ("prompt_tokens",),
    "cached_tokens": (
        "original_usage.prompt_tokens_details.cached_tokens", "original_usage.input_tokens_details.cached_tokens",
        "original_usage.cache_read_input_tokens", "original_usage.cacheReadInputTokens",
        "original_usage.cached_content_token_count",
    ),
    "cache_write_tokens": ("original_usage.cache_creation_input_tokens", "original_usage.cacheWriteInputTokens"),
    "output_tokens": ("completion_tokens",),
    "reasoning_tokens": (
        "original_usage.completion_tokens_details.reasoning_tokens",
        "original_usage.output_tokens_details.reasoning_tokens", "original_usage.thoughts_token_count",
    ),
}  # fmt: skip
_WEAVE: Final = {
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "cached_tokens": (
        "cache_read_input_tokens", "prompt_tokens_details/cached_tokens", "input_tokens_details/cached_tokens",
    ),
    "cache_write_tokens": ("cache_creation_input_tokens",),
    "output_tokens": ("output_tokens", "completion_tokens"),
    "reasoning_tokens": (
        "completion_tokens_details/reasoning_tokens", "output_tokens_details/reasoning_tokens",
    ),
}  # fmt: skip
_BRAINTRUST: Final = {
    "input_tokens": ("prompt_tokens",),
    "cached_tokens": ("prompt_cached_tokens",),
    "cache_write_tokens": ("prompt_cache_creation_tokens",),
    "cache_write_5m_tokens": ("prompt_cache_creation_5m_tokens",),
    "cache_write_1h_tokens": ("prompt_cache_creation_1h_tokens",),
    "output_tokens": ("completion_tokens",),
    "reasoning_tokens": ("completion_reasoning_tokens",),
}
_OPEN_WEBUI: Final = {
    "input_tokens": ("prompt_tokens", "input_tokens", "prompt_eval_count"),
    "cached_tokens": ("prompt_tokens_details/cached_tokens",),
    "output_tokens": ("completion_tokens", "output_tokens", "eval_count"),
    "reasoning_tokens": ("completion_tokens_details/reasoning_tokens",),
}

SHAPES: Final[Mapping[str, Shape]] = {
    "openai chat": Shape(
        name="OpenAI chat completions, and what speaks it: Mistral, xAI, DeepSeek, vLLM, LiteLLM, OpenRouter",
        paths=_CHAT, reasoning=BY_TOTAL, rest="output",
        source="https://platform.openai.com/docs/api-reference/chat/object",
    ),
    "openai responses": Shape(
        name="OpenAI Responses and Realtime", paths=_RESPONSES, reasoning=BY_TOTAL, rest="output",
        source="https://platform.openai.com/docs/api-reference/responses/object",
    ),
    "anthropic": Shape(
        name="Anthropic Messages", paths=_ANTHROPIC, cache=OUTSIDE,
        source="https://docs.claude.com/en/api/messages",
    ),
    "google": Shape(
        name="Google usageMetadata", paths=_GOOGLE, reasoning=OUTSIDE,
        source="https://ai.google.dev/api/generate-content#UsageMetadata",
    ),
    "bedrock": Shape(
        name="Amazon Bedrock Converse", paths=_BEDROCK, cache=OUTSIDE,
        source="https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html",
    ),
    "cohere": Shape(
        name="Cohere, what it bills", paths=_COHERE, source="https://docs.cohere.com/reference/chat",
    ),
    "llama.cpp": Shape(
        name="llama.cpp's server, a whole reply", paths=_LLAMA_CPP,
        source="https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    ),
    "langchain": Shape(
        name="LangChain usage_metadata", paths=_LANGCHAIN, reasoning=BY_TOTAL, tier_prefixes=("priority", "flex"),
        source="https://reference.langchain.com/python/langchain_core/messages/ai/UsageMetadata",
    ),
    "opentelemetry": Shape(
        name="OpenTelemetry attributes", paths=_OTEL_AND_OWN, cache=BY_SIZE,
        source="https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/",
    ),
    "claude agent sdk": Shape(
        name="Claude's agent SDK, on spans", paths=_AGENT_SDK, cache=OUTSIDE,
        source="https://docs.claude.com/en/docs/claude-code/monitoring-usage",
    ),
    "langsmith": Shape(
        name="LangSmith runs", paths=_LANGSMITH, reasoning=BY_TOTAL, tier_prefixes=("priority", "flex"),
        source="https://docs.langchain.com/langsmith/log-llm-trace",
    ),
    "langfuse": Shape(
        name="Langfuse usage details", paths=_LANGFUSE, cache=BY_TOTAL, reasoning=BY_TOTAL,
        source="https://langfuse.com/docs/observability/features/token-and-cost-tracking",
    ),
    "helicone": Shape(
        name="Helicone requests", paths=_HELICONE, cache=OUTSIDE, reasoning=OUTSIDE_BY_TOTAL, audio=OUTSIDE,
        source="https://docs.helicone.ai/references/data-autogeneration",
    ),
    "mlflow": Shape(
        name="MLflow token usage", paths=_MLFLOW, cache=BY_SIZE,
        source="https://mlflow.org/docs/latest/genai/tracing/token-usage-cost/",
    ),
    "openrouter": Shape(
        name="OpenRouter's activity", paths=_OPENROUTER, source="https://openrouter.ai/docs/guides/features/activity",
    ),
    "bedrock log": Shape(
        name="Bedrock's invocation log", paths=_BEDROCK_LOG, cache=OUTSIDE,
        source="https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html",
    ),
    "codex": Shape(
        name="Codex's session files", paths=_CODEX, source="https://github.com/openai/codex",
    ),
    "opik": Shape(
        name="Opik usage", paths=_OPIK, source="https://github.com/comet-ml/opik",
    ),
    "weave": Shape(
        name="W&B Weave summary", paths=_WEAVE, cache=BY_SIZE, source="https://github.com/wandb/weave",
    ),
    "braintrust": Shape(
        name="Braintrust metrics", paths=_BRAINTRUST, source="https://github.com/braintrustdata/braintrust-sdk",
    ),
    "open webui": Shape(
        name="Open WebUI usage", paths=_OPEN_WEBUI, source="https://github.com/open-webui/open-webui",
    ),
}  # fmt: skip
"""Every shape that is read, by the name that ``Usage.read`` takes."""
