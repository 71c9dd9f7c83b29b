"""A model's names: how platforms spell one, and which spelling is that of another model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genai_prices.types import ModelInfo

_BEDROCK: Final = re.compile(
    r"(?:[a-z]+(?:-gov)?\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen)\.\w"
)
_NEUTRAL: Final = frozenset(
    (
        "anthropic", "apac", "au", "aws", "beta", "bedrock", "ca", "default", "eu", "exp", "experimental", "free", "ga",
        "global", "google", "instruct", "it", "jp", "latest", "openai", "preview", "us", "vertex",
    )
)  # fmt: skip
"""Words of a name that do not make another model of it: releases, places, platforms."""
_VERSION: Final = re.compile(r"v\d+|0|0\d+|1[0-9]|2[0-9]|3[01]|20\d\d|20\d{6}|[01]\d[0-3]\d")
"""Dates and revisions: 20250929, 2025, 09, 0613, 001, v1, 0."""
_SIZE: Final = re.compile(r"e?\d+[bm]")
"""Sizes of a model, of which a list may have one price for all."""
_FINE_TUNED: Final = re.compile(r"\bft\b")


def names_of(model: str, provider: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield the names under which a model may be listed, each with its provider, the likeliest first.

    Example:
        >>> list(names_of("models/gemini-2.5-flash", "google_genai"))
        [('models/gemini-2.5-flash', 'google_genai'), ('gemini-2.5-flash', 'google_genai')]
        >>> list(names_of("us.anthropic.claude-sonnet-4-5-v1:0", None))[-1]
        ('us.anthropic.claude-sonnet-4-5-v1:0', 'aws')
    """
    served_by = "azure" if provider and re.search(r"azure|\baz\.", provider.lower()) else provider
    yield model, served_by
    prefix, slash, rest = model.rpartition("/")
    if slash and (prefix.lower().endswith("models") or prefix.lower() == (provider or "").lower()):
        yield rest, served_by
    if provider is None:
        if slash:
            yield model, "litellm"
        if _BEDROCK.match(model.lower()):
            yield model, "aws"
        if model.lower().startswith("ft:"):
            yield model, "openai"


def unexplained(model: str, info: ModelInfo) -> list[str]:
    """Return the words of a name that the model it was matched with has not: those of another model.

    A list of prices knows a model by how its names begin, and a name that nobody has listed may begin so, too.

    Example:
        >>> from genai_prices.types import ClauseStartsWith, ModelInfo
        >>> info = ModelInfo(id="claude-sonnet-4-5", match=ClauseStartsWith("claude-sonnet-4-5"))
        >>> unexplained("claude-sonnet-4-5-turbo", info), unexplained("claude-sonnet-4-5@20250929", info)
        (['turbo'], [])
    """
    name = model.lower()
    literals = list(_literals(info.match))
    listed = {info.id.lower(), *(text for kind, text in literals if kind == "equals")}
    if name in listed or name.rpartition("/")[2] in listed:
        return []
    begins = [text for kind, text in literals if kind != "equals" and text in name and not text[-1].isalnum()]
    if any(_FINE_TUNED.search(text) for text in begins):
        return []  # what follows is its owner's own
    sized = _SIZE if begins else _VERSION
    known = {word for text in (info.id.lower(), *(text for _, text in literals)) for word in _words(text)}
    rest = _words(name.rpartition("/")[2])
    unknown = [word for word in rest if word not in known | _NEUTRAL]
    return [word for word in unknown if not _VERSION.fullmatch(word) and not sized.fullmatch(word)]


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", text) if word]


def _literals(match: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts that a rule of matching compares with, and how."""
    for kind in ("or_", "and_"):
        for inner in getattr(match, kind, ()):
            yield from _literals(inner)
    for kind in ("equals", "starts_with", "ends_with", "contains"):
        if text := getattr(match, kind, None):
            yield kind, text.lower()
