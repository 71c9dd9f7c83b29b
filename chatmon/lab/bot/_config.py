"""Which model the chatbot talks to, and how: one object."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from chatmon._tools.models import course_models
from chatmon._tools.retries import FIRST_BACKOFF, LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chatmon.lab.services.llm import LLM

OPENAI_URL: Final = "https://api.openai.com/v1"
OLLAMA_URL: Final = "http://localhost:11434/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatConfig:
    """Settings of the chatbot. ``ChatConfig.local()`` needs no account; change a setting by naming it.

    Attributes:
        base_url: Where an OpenAI-compatible service answers, up to and including ``/v1``.
        api_key: Its key; not shown when the object is printed.
        model: The model's name there.
        provider: What turns and prices call the service.
        temperature: 0 for the likeliest reply; None leaves it to the service, as some models demand.
        seed: Fixes what is left to chance, where the service can; None sends none.
        max_tokens: The longest reply, in tokens.
        timeout: Seconds that one request may take up to the end of its reply, whatever arrives meanwhile; another
            attempt has as many again.
        attempts: Requests at most for one turn, the first included.
        first_backoff: The most seconds to wait before the second request; before each further one twice as many.
        longest_wait: The most seconds to wait before any request; 0 for none.
        prompt_version: Which prompt to use; every turn records it.
        system_prompt: A system message in place of the prompt version's own.
        memory_tokens: How much of a conversation to send along, in estimated tokens.
        memory_exchanges: How many of its newest exchanges to send along; None for as many as ``memory_tokens`` holds.
        models_by_intent: Which model answers which intent; ``model`` answers the rest, and where nothing fits.
        max_message_bytes: The longest message taken, in bytes of UTF-8.
        diagnose: Called after a lost connection; raises what is wrong with the service, if it knows.

    Example:
        >>> config = ChatConfig(base_url=OLLAMA_URL, api_key="secret", model="m", provider="ollama")
        >>> "secret" in repr(config)
        False
        >>> ChatConfig(base_url=OLLAMA_URL, api_key="secret", model="m", provider="ollama", attempts=0)
        Traceback (most recent call last):
        ValueError: attempts (0) must be at least 1
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    provider: str
    temperature: float | None = 0.0
    seed: int | None = None
    max_tokens: int = 80
    timeout: float = 30.0
    attempts: int = 3
    first_backoff: float = FIRST_BACKOFF
    longest_wait: float = LONGEST_WAIT
    prompt_version: str = "v2"
    system_prompt: str | None = None
    memory_tokens: int = 600
    memory_exchanges: int | None = None
    models_by_intent: Mapping[str, str] = field(default_factory=dict, hash=False)
    max_message_bytes: int = 2_000
    diagnose: Callable[[], object] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("base_url", "api_key", "model", "provider", "prompt_version"):
            if not getattr(self, name):
                raise ValueError(f"{name} is empty")
        address = urlsplit(self.base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"base_url ({self.base_url!r}) is not an address such as {OPENAI_URL}")
        for name, least in (
            ("max_tokens", 1), ("attempts", 1), ("memory_tokens", 0), ("memory_exchanges", 0), ("max_message_bytes", 1),
        ):  # fmt: skip
            if (value := getattr(self, name)) is not None and value < least:
                raise ValueError(f"{name} ({value}) must be at least {least}")
        for name in ("first_backoff", "longest_wait"):
            if not (math.isfinite(value := getattr(self, name)) and value >= 0):
                raise ValueError(f"{name} ({value}) must be at least 0 seconds")
        for intent, model in self.models_by_intent.items():
            if not model:
                raise ValueError(f"models_by_intent names no model for {intent!r}")
        if not (math.isfinite(self.timeout) and self.timeout > 0):
            raise ValueError(f"timeout ({self.timeout}) must be above 0 seconds")

    @property
    def on_this_machine(self) -> bool:
        """Whether the service is on this machine, where no proxy may stand between."""
        return urlsplit(self.base_url).hostname in ("localhost", "127.0.0.1", "::1")

    @classmethod
    def local(cls, server: LLM | None = None, **changes: Any) -> ChatConfig:
        """Return the settings for the course's own model, which is started unless it runs already.

        Temperature and seed are fixed, so that the same conversation gets the same replies on the same machine.

        Args:
            server: A model that runs already, if it shall not be the one that all share.
            **changes: Settings that shall differ.

        Raises:
            LocalModelError: The model cannot be started; the message says what to do.
        """
        from chatmon.lab.services import llm

        server = server or llm.start()
        settings: dict[str, Any] = {"base_url": server.base_url, "api_key": server.api_key, "model": server.model}
        return cls(**settings | {"provider": "local", "seed": 42, "diagnose": server.check} | changes)

    @classmethod
    def openai(cls, **changes: Any) -> ChatConfig:
        """Return the settings for a hosted service: ``OPENAI_API_KEY``, and ``OPENAI_BASE_URL`` if it is another's.

        Args:
            **changes: Settings that shall differ.

        Raises:
            ValueError: There is no key.
        """
        key = os.environ.get("OPENAI_API_KEY")
        if not key:
            raise ValueError("OPENAI_API_KEY is not set: set it, or use ChatConfig.local(), which needs no key")
        url = os.environ.get("OPENAI_BASE_URL") or OPENAI_URL
        # Another host has other prices: its turns must not be charged as OpenAI's.
        host = urlsplit(url).hostname
        provider = "openai" if host == urlsplit(OPENAI_URL).hostname else str(host)
        model = course_models().hosted
        settings: dict[str, Any] = {"base_url": url, "api_key": key, "model": model, "provider": provider}
        return cls(**settings | changes)

    @classmethod
    def ollama(cls, **changes: Any) -> ChatConfig:
        """Return the settings for Ollama on this machine.

        Args:
            **changes: Settings that shall differ.

        Example:
            >>> ChatConfig.ollama(attempts=1).base_url
            'http://localhost:11434/v1'
        """
        settings: dict[str, Any] = {"base_url": OLLAMA_URL, "api_key": "ollama", "model": course_models().ollama}
        return cls(**settings | {"provider": "ollama", "seed": 42, "timeout": 120.0} | changes)

    @classmethod
    def from_env(cls, **changes: Any) -> ChatConfig:
        """Return the settings that ``CHATMON_LLM`` asks for: ``local`` (also if it is not set), ``openai``, ``ollama``.

        A key in ``OPENAI_API_KEY`` alone changes nothing: a course must not spend money unasked.

        Args:
            **changes: Settings that shall differ.

        Raises:
            ValueError: ``CHATMON_LLM`` is something else.
        """
        makers = {"local": cls.local, "openai": cls.openai, "ollama": cls.ollama}
        chosen = os.environ.get("CHATMON_LLM") or "local"
        if chosen not in makers:
            raise ValueError(f"CHATMON_LLM ({chosen!r}) is none of {', '.join(makers)}: unset it for the local model")
        return makers[chosen](**changes)
