"""One client for everything that traces: the hosted LangSmith where there is an account, else one on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Literal

from chatmon.langsmith.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langsmith import Client

PROJECT: Final = "chatbot-monitoring"
OVERRIDE: Final = "CHATMON_LANGSMITH"
Place = Literal["hosted", "local"]


def connect(project: str = PROJECT, *, content: bool = False) -> Client:
    """Return a client of LangSmith, and make it the one that ``@traceable`` and LangChain use, with tracing on.

    Where ``LANGSMITH_API_KEY`` or ``LANGSMITH_ENDPOINT`` is set, it is the service that these name; otherwise a local
    one is started. ``CHATMON_LANGSMITH`` set to ``local`` or ``hosted`` decides instead. The environment is only read.

    Call it once: each client has a thread of its own. Runs are sent in the background, so ``client.flush()`` before
    you read what was just traced.

    Args:
        project: Where runs go unless they say otherwise.
        content: Whether the texts of inputs and outputs are sent; addresses and numbers in them are masked then. By
            default they stay here, and errors and metadata are masked.

    Raises:
        LocalServerError: The local LangSmith cannot be started; the message says what to do.
        ValueError: ``CHATMON_LANGSMITH`` is something else, or asks for the hosted service without a key.
    """
    import langsmith

    hidden = masking(content=content)
    client = langsmith.Client(**hidden) if place(os.environ) == "hosted" else _local_client(hidden)
    langsmith.configure(client=client, enabled=True, project_name=project)
    return client


def masking(*, content: bool) -> dict[str, Any]:
    """Return the arguments that make a client of LangSmith's keep texts here, or mask them.

    Args:
        content: Whether the texts of inputs and outputs are sent.
    """
    from langsmith.anonymizer import create_anonymizer

    # Usage and names must arrive whatever is hidden: they are in the metadata, in which texts are only masked.
    return {
        "hide_inputs": None if content else True,
        "hide_outputs": None if content else True,
        "anonymizer": create_anonymizer(lambda text, _path: redact(text)),
    }


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


def _local_client(hidden: Mapping[str, Any]) -> Client:
    import langsmith
    import requests

    from chatmon.local.langsmith import start

    server = start()
    session = requests.Session()
    # A proxy that the environment names cannot reach this machine's own addresses.
    session.trust_env = False
    return langsmith.Client(
        api_url=server.url, web_url=server.url, api_key=server.api_key, session=session, **hidden
    )  # fmt: skip
