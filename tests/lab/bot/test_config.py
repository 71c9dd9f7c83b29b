from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from chatmon._tools.models import course_models
from chatmon.lab.bot._config import OPENAI_URL, ChatConfig
from chatmon.lab.services import llm

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = {"base_url": "http://127.0.0.1:1/v1", "api_key": "k", "model": "m", "provider": "p"}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHATMON_LLM", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module", autouse=True)
def local_model() -> Iterator[None]:
    """Keep the model that a test asks for until the last of them: it would stay until the process ends."""
    with llm.start():
        yield


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attempts": 0}, r"attempts \(0\) must be at least 1"),
        ({"timeout": 0}, r"timeout \(0\) must be above 0"),
        ({"timeout": math.inf}, r"timeout \(inf\)"),
        ({"timeout": math.nan}, r"timeout \(nan\)"),
        ({"max_tokens": 0}, r"max_tokens \(0\)"),
        ({"memory_tokens": -1}, r"memory_tokens \(-1\)"),
        ({"memory_exchanges": -1}, r"memory_exchanges \(-1\) must be at least 0"),
        ({"first_backoff": -0.1}, r"first_backoff \(-0.1\) must be at least 0"),
        ({"longest_wait": math.inf}, r"longest_wait \(inf\)"),
        ({"models_by_intent": {"billing": ""}}, "models_by_intent names no model for 'billing'"),
        ({"max_message_bytes": 0}, r"max_message_bytes \(0\)"),
        ({"base_url": "localhost:11434"}, r"base_url \('localhost:11434'\)"),
        ({"api_key": ""}, "api_key is empty"),
        ({"model": ""}, "model is empty"),
    ],
)
def test_impossible_settings_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ChatConfig(**PLAIN | change)


def test_settings_can_be_the_key_of_a_mapping() -> None:
    one, same = (ChatConfig(**PLAIN, models_by_intent={"billing": "m2"}) for _ in range(2))
    assert {one: 1}[same] == 1


def test_the_key_is_not_shown() -> None:
    assert "sk-secret" not in repr(ChatConfig(**PLAIN | {"api_key": "sk-secret"}))


def test_the_local_model_is_the_default_even_with_a_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-costs-money")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.openai.com/v1")
    config = ChatConfig.from_env()
    assert (config.provider, config.model, config.on_this_machine) == ("local", course_models().local.alias, True)
    assert (config.temperature, config.seed) == (0.0, 42)
    assert config.api_key != "sk-costs-money"


def test_the_local_model_is_started_once() -> None:
    assert ChatConfig.local() == ChatConfig.local()
    assert ChatConfig.local(prompt_version="v1").base_url == ChatConfig.local().base_url


def test_a_hosted_service_is_used_where_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATMON_LLM", "openai")
    with pytest.raises(ValueError, match="OPENAI_API_KEY is not set"):
        ChatConfig.from_env()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    config = ChatConfig.from_env(attempts=2)
    assert (config.base_url, config.provider, config.model) == (OPENAI_URL, "openai", course_models().hosted)
    assert (config.api_key, config.attempts, config.on_this_machine) == ("sk-x", 2, False)


def test_another_host_is_not_priced_as_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://llm.example.org/v1")
    assert ChatConfig.openai().provider == "llm.example.org"
    assert ChatConfig.openai(provider="mine").provider == "mine"


def test_ollama_is_used_where_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATMON_LLM", "ollama")
    config = ChatConfig.from_env()
    assert (config.base_url, config.provider, config.model) == (
        "http://localhost:11434/v1",
        "ollama",
        course_models().ollama,
    )
    assert config.on_this_machine


def test_an_unknown_choice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATMON_LLM", "opnai")
    with pytest.raises(ValueError, match=r"CHATMON_LLM \('opnai'\) is none of local, openai, ollama"):
        ChatConfig.from_env()
