"""One client for everything that traces, which keeps texts here or masks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.extras import wanted
from chatmon.store.privacy.redaction import need_packages, redact

if TYPE_CHECKING:
    from langsmith import Client

PROJECT: Final = "chatbot-monitoring"


def connect(
    project: str = PROJECT, *, content: bool = False, url: str | None = None, api_key: str | None = None
) -> Client:
    """Return a client of LangSmith, and make it the one that ``@traceable`` and LangChain use, with tracing on.

    Call it once: each client has a thread of its own. Runs are sent in the background, so ``client.flush()`` before
    you read what was just traced.

    Args:
        project: Where runs go unless they say otherwise.
        content: Whether the texts of inputs and outputs are sent; addresses and numbers in them are masked then. By
            default they stay here, and errors and metadata are masked.
        url: The server's address on this machine; None for the service that ``LANGSMITH_ENDPOINT`` and
            ``LANGSMITH_API_KEY`` name.
        api_key: That server's key.
    """
    langsmith = wanted("langsmith", "langsmith", "tracing to LangSmith")
    told = masking(content=content)
    if url is not None:
        import requests

        session = requests.Session()
        # A proxy that the environment names cannot reach this machine's own addresses.
        session.trust_env = False
        told |= {"api_url": url, "web_url": url, "api_key": api_key, "session": session}
    client: Client = langsmith.Client(**told)
    langsmith.configure(client=client, enabled=True, project_name=project)
    return client


def masking(*, content: bool) -> dict[str, Any]:
    """Return the arguments that make a client of LangSmith's keep texts here, or mask them.

    Args:
        content: Whether the texts of inputs and outputs are sent.
    """
    need_packages()
    create_anonymizer = wanted("langsmith.anonymizer", "langsmith", "tracing to LangSmith").create_anonymizer
    # Usage and names must arrive whatever is hidden: they are in the metadata, in which texts are only masked.
    return {
        "hide_inputs": None if content else True,
        "hide_outputs": None if content else True,
        "anonymizer": create_anonymizer(lambda text, _path: redact(text)),
    }
