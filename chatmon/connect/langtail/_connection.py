"""Where a call goes, with which key, how often, and what its answer is read with."""

from __future__ import annotations

import os
import random as chance
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chatmon import __version__
from chatmon._tools.retries import seconds_until_retry
from chatmon.connect.langtail import _answers as answers
from chatmon.connect.langtail import calls
from chatmon.connect.langtail.errors import KeyMissingError, LangtailError, UnavailableError, of_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import httpx

    from chatmon.connect.langtail.calls import Call

    Messages = Sequence[Mapping[str, Any]] | str
    Metadata = Mapping[str, str | float]

HOSTED: Final = "https://api.langtail.com"
T = TypeVar("T")


class Connection:
    """What the client knows: where to send, with which key, and when to ask again."""

    def __init__(
        self,
        api_key: str | None,
        base_url: str | None,
        workspace: str | None,
        project: str | None,
        timeout: float,
        attempts: int,
    ) -> None:
        if (workspace is None) != (project is None):
            raise ValueError(
                f"workspace ({workspace!r}) and project ({project!r}) go together: leave out both for a project's key"
            )
        if attempts < 1:
            raise ValueError(f"attempts ({attempts}) must be at least 1")
        self.base_url = (base_url or os.environ.get("LANGTAIL_BASE_URL") or HOSTED).rstrip("/")
        self.place = calls.Place(workspace, project)
        self.attempts = attempts
        self._key = api_key or os.environ.get("LANGTAIL_API_KEY")
        if self._key and not (self._key.isascii() and self._key.isprintable() and " " not in self._key):
            raise ValueError(
                f"the key ({len(self._key)} characters; api_key or LANGTAIL_API_KEY) has a space, a line break or a "
                "letter that no key has: copy it again"
            )
        self._timeout = timeout

    def options(self) -> dict[str, Any]:
        """Return what an httpx client is made with."""
        import httpx

        return {"timeout": httpx.Timeout(self._timeout, connect=min(5.0, self._timeout)), "follow_redirects": False}

    def request(self, http: httpx.Client, call: Call) -> httpx.Request:
        """Return the request of a call.

        Raises:
            KeyMissingError: There is no key: nothing is sent.
        """
        if not self._key:
            raise KeyMissingError(
                f"no key for {self.base_url}: set LANGTAIL_API_KEY or give api_key; "
                "chatmon.lab.services.langtail needs no account"
            )
        # Prompts take the one header, threads the other; the documentation and the service's own client disagree.
        headers = {
            "x-api-key": self._key,
            "authorization": f"Bearer {self._key}",
            "user-agent": f"chatmon/{__version__}",
            **call.headers,
        }
        url = self.base_url + call.path
        return http.build_request(call.method, url, params=dict(call.query) or None, headers=headers, json=call.body)

    def wait(self, error: LangtailError, attempt: int) -> float | None:
        """Return the seconds until the next attempt; None where there is none."""
        if attempt >= self.attempts:
            return None
        return seconds_until_retry(error, attempt, now=datetime.now(UTC), random=chance.random)

    def unreachable(self, error: httpx.TransportError) -> UnavailableError:
        """Return the error of a call that got no answer."""
        import httpx

        if isinstance(error, httpx.TimeoutException):
            return UnavailableError(f"{self.base_url} did not answer within {self._timeout:g} s: try again later")
        return UnavailableError(f"{self.base_url} cannot be reached ({error}): is the address right?")


def failure(response: httpx.Response, attempt: int) -> LangtailError | None:
    """Return the error of an answer, None where it is a good one."""
    return None if response.is_success else of_response(response, attempt)


def invoke(
    connection: Connection,
    prompt: str,
    environment: str,
    version: str | None,
    *,
    stream: bool,
    variables: Mapping[str, str] | None,
    messages: Messages | None,
    user: str | None,
    thread_id: str | None,
    metadata: Metadata | None,
    record: bool,
    arguments: Mapping[str, Any],
) -> Call:
    """Return the call that has a prompt answered."""
    given = {"variables": variables, "messages": calls.as_messages(messages), "threadId": thread_id, "user": user}
    return calls.invoke(
        connection.place, prompt, environment, version, stream=stream, body={**given, **arguments},
        metadata=metadata or {}, record=record,
    )  # fmt: skip


def body(parse: Callable[[Any], T]) -> Callable[[httpx.Response], T]:
    """Return what reads an answer's body."""
    return lambda response: parse(read(response))


def page(parse: Callable[[Any], T]) -> Callable[[httpx.Response], list[T]]:
    """Return what reads a page of answers."""
    return lambda response: answers.page(read(response), parse)


def read(response: httpx.Response) -> Any:
    """Return what an answer's JSON holds.

    Raises:
        LangtailError: It is no JSON.
    """
    try:
        return response.json()
    except ValueError as error:
        raise LangtailError(
            f"{response.request.url} answered no JSON ({response.text[:80]!r}): is that Langtail's address?"
        ) from error


def nothing(_: httpx.Response) -> None:
    """Read nothing: the answer says only that it was done."""
