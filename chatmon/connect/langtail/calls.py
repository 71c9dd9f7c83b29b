"""What is sent for each call: method, path, headers and body, as data. Nothing here sends anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENVIRONMENTS: Final = ("preview", "staging", "production")
LONGEST_KEY: Final = 64
"""Characters of a metadata key."""
LARGEST_PAGE: Final = 100
"""Threads or messages of one page."""


class Call(NamedTuple):
    """One request, before the client's own headers.

    Attributes:
        method: HTTP's.
        path: Below the base URL, names and ids escaped.
        query: Parameters of the address.
        headers: Of this call alone.
        body: JSON; None where nothing is sent.
    """

    method: str
    path: str
    query: Mapping[str, str | int] = {}
    headers: Mapping[str, str] = {}
    body: Mapping[str, Any] | None = None


class Place(NamedTuple):
    """Which project a client's prompts are in.

    Attributes:
        workspace: Its name, for a key of a workspace; None for a key of a project, which implies both.
        project: The same.
    """

    workspace: str | None = None
    project: str | None = None

    def prompt(self, name: str, environment: str) -> str:
        """Return the path of a prompt in an environment."""
        parts = ["project-prompt"] if self.workspace is None else [self.workspace, str(self.project)]
        return "/" + "/".join(quote(part, safe="") for part in [*parts, name, environment])


def deployments() -> Call:
    """Return the call for the list of all deployments."""
    return Call("GET", "/list-deployments")


def prompt(place: Place, name: str, environment: str, version: str | None) -> Call:
    """Return the call for a deployed prompt.

    Raises:
        ValueError: The environment is unknown, or it is preview and no version is named.
    """
    return Call("GET", place.prompt(name, _checked(environment, version)), _version(version))


def invoke(
    place: Place,
    name: str,
    environment: str,
    version: str | None,
    *,
    stream: bool,
    body: Mapping[str, Any],
    metadata: Mapping[str, str | float],
    record: bool,
) -> Call:
    """Return the call that has a prompt answered.

    Args:
        place: The client's project.
        name: The prompt's name.
        environment: One of ``ENVIRONMENTS``.
        version: The prompt's version; needed in preview.
        stream: Whether the reply comes in pieces.
        body: ``variables``, ``messages`` and what overrides the prompt's arguments; what is None is left out.
        metadata: Written beside the call: one header for each key.
        record: Whether the service keeps the call in its log.

    Raises:
        ValueError: The environment, a metadata key or a value is impossible.
    """
    headers = {"x-langtail-do-not-record": "false" if record else "true"}
    headers |= {f"x-langtail-metadata-{key}": value for key, value in _metadata(metadata).items()}
    given = {key: value for key, value in body.items() if value is not None}
    path = place.prompt(name, _checked(environment, version))
    return Call("POST", path, _version(version), headers, {"stream": stream, **given})


def threads(limit: int | None, after: str | None) -> Call:
    """Return the call for a page of threads."""
    return Call("GET", "/v2/threads", _page(limit, after))


def create_thread(metadata: Mapping[str, Any]) -> Call:
    """Return the call that makes a thread."""
    return Call("POST", "/v2/threads", body={"createLog": {}, "metadata": dict(metadata)})


def thread(thread_id: str, method: str = "GET") -> Call:
    """Return the call that reads a thread or deletes it (``DELETE``)."""
    return Call(method, f"/v2/threads/{quote(thread_id, safe='')}")


def messages(thread_id: str, limit: int | None, after: str | None, order: str | None) -> Call:
    """Return the call for a page of a thread's messages.

    Raises:
        ValueError: The order is neither ``asc`` nor ``desc``.
    """
    if order not in (None, "asc", "desc"):
        raise ValueError(f"order ({order!r}) is asc (oldest first) or desc")
    query = _page(limit, after) | ({} if order is None else {"order": order})
    return Call("GET", f"/v2/threads/{quote(thread_id, safe='')}/messages", query)


def add_message(thread_id: str, message: Mapping[str, Any], metadata: Mapping[str, Any] | None) -> Call:
    """Return the call that adds a message to a thread without asking a model."""
    body = {"message": dict(message)} | ({} if metadata is None else {"metadata": dict(metadata)})
    return Call("POST", f"/v2/threads/{quote(thread_id, safe='')}/messages", body=body)


def message(thread_id: str, message_id: str, method: str = "GET") -> Call:
    """Return the call that reads a message or deletes it (``DELETE``)."""
    return Call(method, f"/v2/threads/{quote(thread_id, safe='')}/messages/{quote(message_id, safe='')}")


def as_messages(given: Sequence[Mapping[str, Any]] | str | None) -> list[Mapping[str, Any]] | None:
    """Return messages as the service takes them; a text is one message of the user."""
    if given is None:
        return None
    return [{"role": "user", "content": given}] if isinstance(given, str) else list(given)


def _checked(environment: str, version: str | None) -> str:
    if environment not in ENVIRONMENTS:
        raise ValueError(f"environment ({environment!r}) is unknown: it is one of {', '.join(ENVIRONMENTS)}")
    if environment == "preview" and version is None:
        raise ValueError("environment preview needs a version: there is no current one to fall back to")
    return environment


def _version(version: str | None) -> dict[str, str | int]:
    return {} if version is None else {"v": version}


def _page(limit: int | None, after: str | None) -> dict[str, str | int]:
    if limit is not None and not 1 <= limit <= LARGEST_PAGE:
        raise ValueError(f"limit ({limit}) is not from 1 to {LARGEST_PAGE}")
    found: dict[str, str | int] = {} if limit is None else {"limit": limit}
    return found | ({} if after is None else {"after": after})


def _metadata(metadata: Mapping[str, str | float]) -> dict[str, str]:
    """Return metadata as header values.

    Raises:
        ValueError: A key is too long, or a key or value cannot stand in a header.
    """
    found = {}
    for key, value in metadata.items():
        if not 1 <= len(key) <= LONGEST_KEY:
            raise ValueError(f"metadata key {key!r} has {len(key)} characters: from 1 to {LONGEST_KEY} are allowed")
        if not all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in key):
            raise ValueError(f"metadata key {key!r} becomes part of a header: use letters, digits, - and _")
        # A whole number has no decimals there, whichever type it has here.
        text = value if isinstance(value, str) else str(value).removesuffix(".0")
        if not text.isascii() or not text.isprintable() or text != text.strip():
            raise ValueError(f"metadata {key} ({text!r}) becomes a header: printable ASCII only, no space at an end")
        found[key] = text
    return found
