"""The hosted LangSmith where there is an account, else one on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal

from chatmon.lab.services.langsmith._server import start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langsmith import Client

PROJECT: Final = "chatbot-monitoring"
OVERRIDE: Final = "CHATMON_LANGSMITH"
Place = Literal["hosted", "local"]


def connect(project: str = PROJECT, *, content: bool = False) -> Client:
    """Return a client of LangSmith, as `chatmon.connect.langsmith.connect` does, wherever that is.

    Where ``LANGSMITH_API_KEY`` or ``LANGSMITH_ENDPOINT`` is set, it is the service that these name; otherwise a local
    one is started. ``CHATMON_LANGSMITH`` set to ``local`` or ``hosted`` decides instead. The environment is only read.

    Args:
        project: Where runs go unless they say otherwise.
        content: Whether the texts of inputs and outputs are sent; addresses and numbers in them are masked then. By
            default they stay here, and errors and metadata are masked.

    Raises:
        LocalServerError: The local LangSmith cannot be started; the message says what to do.
        ValueError: ``CHATMON_LANGSMITH`` is something else, or asks for the hosted service without a key.
    """
    from chatmon.connect.langsmith import connect as to

    if place(os.environ) == "hosted":
        return to(project, content=content)
    server = start()
    return to(project, content=content, url=server.url, api_key=server.api_key)


def place(environment: Mapping[str, str]) -> Place:
    """Return which LangSmith an environment asks for.

    Raises:
        ValueError: ``CHATMON_LANGSMITH`` is neither, or asks for the hosted service without a key.

    Example:
        >>> place({}), place({"LANGSMITH_API_KEY": "lsv2"}), place({"LANGSMITH_API_KEY": "lsv2", OVERRIDE: "local"})
        ('local', 'hosted', 'local')
    """
    named = any(
        environment.get(f"{space}_{name}") for space in ("LANGSMITH", "LANGCHAIN") for name in ("API_KEY", "ENDPOINT")
    )
    chosen = environment.get(OVERRIDE) or ("hosted" if named else "local")
    if chosen not in ("hosted", "local"):
        raise ValueError(f"{OVERRIDE} ({chosen!r}) is neither 'hosted' nor 'local': unset it to leave the choice")
    if chosen == "hosted" and not named:
        raise ValueError(f"{OVERRIDE} is 'hosted', but LANGSMITH_API_KEY is not set: set it, or take 'local'")
    return "hosted" if chosen == "hosted" else "local"
