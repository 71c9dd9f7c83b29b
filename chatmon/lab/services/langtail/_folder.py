"""Prompts in a folder: a JSON file for each version, and which version is deployed where."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon.connect.langtail import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DEPLOYMENTS: Final = "deployments.toml"
_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
OVERRIDES: Final = (
    "model", "temperature", "max_tokens", "top_p", "presence_penalty", "frequency_penalty", "seed", "stop", "tools",
    "tool_choice", "response_format", "reasoning_effort", "parallelToolCalls",
)  # fmt: skip
"""What a call may say instead of the prompt's own arguments."""


class Deployed(NamedTuple):
    """A version of a prompt.

    Attributes:
        slug: The prompt's name.
        version: The version's.
        state: What ``get`` returns.
        threads: Whether it keeps threads: an assistant.
    """

    slug: str
    version: str
    state: Mapping[str, Any]
    threads: bool


def listed(folder: Path) -> Iterator[dict[str, str | None]]:
    """Yield the deployments of all prompts, as ``/list-deployments`` has them."""
    for path in sorted(folder.glob(f"*/{DEPLOYMENTS}")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        since = table.get("deployed_at")
        deployed_at = None if since is None else since.isoformat()
        for environment, version in table.get("environments", {}).items():
            yield {
                "deployedAt": deployed_at,
                "promptSlug": path.parent.name,
                "environment": environment,
                "version": version,
            }


def find(folder: Path, slug: str, environment: str, version: str | None) -> Deployed | None:
    """Return a deployed version; None where there is none.

    Args:
        folder: The prompts.
        slug: The prompt's name.
        environment: Preview, staging or production.
        version: A version's name; without it, the one that is deployed there.
    """
    # Names come from addresses: only what can be no path is looked up.
    if not _SLUG.fullmatch(slug) or (version is not None and not _SLUG.fullmatch(version)):
        return None
    deployments = folder / slug / DEPLOYMENTS
    if not deployments.is_file():
        return None
    table = tomllib.loads(deployments.read_text(encoding="utf-8"))
    name = version or table.get("environments", {}).get(environment)
    path = folder / slug / f"{name}.json"
    if name is None or not path.is_file():
        return None
    return Deployed(slug, name, json.loads(path.read_text(encoding="utf-8")), bool(table.get("threads", False)))


def openai_body(state: Mapping[str, Any], call: Mapping[str, Any], history: list[Any], model: str) -> dict[str, Any]:
    """Return what the model is asked: the rendered template, then the thread, then the call's own messages.

    Args:
        state: The prompt's.
        call: Its variables, messages and arguments, and the template where it is not to be the prompt's.
        history: The thread's messages.
        model: The model that answers here, whatever the prompt names.
    """
    inner = state.get("state", {})
    variables = {**(state.get("chatInput") or {}), **(call.get("variables") or {})}
    template = [
        {**message, "content": render(message.get("content") or "", variables)}
        for message in call.get("template") or inner.get("template", [])
    ]
    arguments = {key: value for key, value in inner.get("args", {}).items() if key in OVERRIDES}
    arguments |= {key: call[key] for key in OVERRIDES if key in call}
    if arguments.get("max_tokens") == -1:
        del arguments["max_tokens"]
    if not arguments.get("stop"):
        arguments.pop("stop", None)
    if inner.get("args", {}).get("jsonmode"):
        arguments.setdefault("response_format", {"type": "json_object"})
    messages = [*template, *history, *(call.get("messages") or [])]
    return {**arguments, "model": model, "messages": messages, "stream": bool(call.get("stream"))}
