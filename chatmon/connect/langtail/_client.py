"""The client: it waits for each answer."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from chatmon._tools.extras import wanted
from chatmon.connect.langtail import _answers as answers
from chatmon.connect.langtail import _connection as connection
from chatmon.connect.langtail import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    import httpx

    from chatmon.connect.langtail._answers import Deployment, Message, Prompt, Reply, Thread
    from chatmon.connect.langtail._connection import Messages, Metadata
    from chatmon.connect.langtail.calls import Call

T = TypeVar("T")


class LangtailClient:
    """Calls prompts, and reads and writes threads.

    Args:
        api_key: A project's or a workspace's key; if not given, ``LANGTAIL_API_KEY``.
        base_url: Where the service is; if not given, ``LANGTAIL_BASE_URL`` or the hosted one.
        workspace: With a workspace's key, the workspace and the project.
        project: The same.
        timeout: Seconds to wait for the service to say anything.
        attempts: How often a call is sent at most: again only after a 429 or a 5xx.

    Every call raises ``KeyMissingError`` before anything is sent, ``RefusedError`` where it must change, and
    ``UnavailableError`` where it may succeed later.

    Example:
        >>> with LangtailClient("a-key", base_url="http://127.0.0.1:1") as client:
        ...     client.deployments()
        Traceback (most recent call last):
        chatmon.connect.langtail.errors.UnavailableError: http://127.0.0.1:1 cannot be reached (...): is the ...
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        workspace: str | None = None,
        project: str | None = None,
        timeout: float = 30.0,
        attempts: int = 3,
    ) -> None:
        wanted("httpx", "langtail", "Langtail's client")
        import httpx

        self._connection = connection.Connection(api_key, base_url, workspace, project, timeout, attempts)
        self._http = httpx.Client(**self._connection.options())

    def deployments(self) -> list[Deployment]:
        """Return every version of every prompt that can be called."""
        return self._send(calls.deployments(), connection.body(answers.deployments))

    def get(self, prompt: str, environment: str = "production", version: str | None = None) -> Prompt:
        """Return a deployed prompt: its template, its arguments and its variables' defaults."""
        return self._send(
            calls.prompt(self._connection.place, prompt, environment, version), connection.body(answers.prompt)
        )

    def invoke(
        self,
        prompt: str,
        environment: str = "production",
        version: str | None = None,
        *,
        variables: Mapping[str, str] | None = None,
        messages: Messages | None = None,
        user: str | None = None,
        thread_id: str | None = None,
        metadata: Metadata | None = None,
        record: bool = True,
        **arguments: Any,
    ) -> Reply:
        """Have a prompt answered.

        Args:
            prompt: Its name.
            environment: ``preview``, ``staging`` or ``production``.
            version: Needed in preview; elsewhere it overrides what is deployed.
            variables: Values for the template.
            messages: What is said after the template; a text is one message of the user.
            user: Whom the reply is for.
            thread_id: An assistant's thread to go on with.
            metadata: Written beside the call, such as ``{"experiment": "brief", "variant": "b"}``.
            record: Whether the service keeps the call in its log.
            **arguments: What overrides the prompt's own, such as ``temperature``.
        """
        call = connection.invoke(
            self._connection, prompt, environment, version, stream=False, variables=variables, messages=messages,
            user=user, thread_id=thread_id, metadata=metadata, record=record, arguments=arguments,
        )  # fmt: skip
        return self._send(call, lambda response: answers.reply(connection.read(response), response.headers))

    @contextmanager
    def stream(
        self,
        prompt: str,
        environment: str = "production",
        version: str | None = None,
        *,
        variables: Mapping[str, str] | None = None,
        messages: Messages | None = None,
        user: str | None = None,
        thread_id: str | None = None,
        metadata: Metadata | None = None,
        record: bool = True,
        **arguments: Any,
    ) -> Iterator[Iterator[str]]:
        """Have a prompt answered piece by piece: ``with client.stream(...) as pieces``. Arguments as in ``invoke``."""
        import httpx

        call = connection.invoke(
            self._connection, prompt, environment, version, stream=True, variables=variables, messages=messages,
            user=user, thread_id=thread_id, metadata=metadata, record=record, arguments=arguments,
        )  # fmt: skip
        response = self._answered(call, stream=True)
        try:
            yield (piece for line in response.iter_lines() if (piece := answers.piece(line)) is not None)
        except httpx.TransportError as error:
            raise self._connection.unreachable(error) from error
        finally:
            response.close()

    def threads(self, limit: int | None = None, after: str | None = None) -> list[Thread]:
        """Return a page of threads, at most 100; ``after`` is the last id of the page before."""
        return self._send(calls.threads(limit, after), connection.page(answers.thread))

    def create_thread(self, metadata: Mapping[str, Any] | None = None) -> Thread:
        """Make a thread."""
        return self._send(calls.create_thread(metadata or {}), connection.body(answers.thread))

    def thread(self, thread_id: str) -> Thread:
        """Return a thread."""
        return self._send(calls.thread(thread_id), connection.body(answers.thread))

    def delete_thread(self, thread_id: str) -> None:
        """Delete a thread."""
        self._send(calls.thread(thread_id, "DELETE"), connection.nothing)

    def messages(
        self, thread_id: str, limit: int | None = None, after: str | None = None, order: str | None = None
    ) -> list[Message]:
        """Return a page of a thread's messages; ``order`` is ``asc`` (oldest first) or ``desc``."""
        return self._send(calls.messages(thread_id, limit, after, order), connection.page(answers.message))

    def add_message(
        self, thread_id: str, message: Mapping[str, Any], metadata: Mapping[str, Any] | None = None
    ) -> Message:
        """Add a message to a thread without asking a model."""
        return self._send(calls.add_message(thread_id, message, metadata), connection.body(answers.message))

    def message(self, thread_id: str, message_id: str) -> Message:
        """Return a message."""
        return self._send(calls.message(thread_id, message_id), connection.body(answers.message))

    def delete_message(self, thread_id: str, message_id: str) -> None:
        """Delete a message."""
        self._send(calls.message(thread_id, message_id, "DELETE"), connection.nothing)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, call: Call, parse: Callable[[httpx.Response], T]) -> T:
        return parse(self._answered(call, stream=False))

    def _answered(self, call: Call, *, stream: bool) -> httpx.Response:
        import httpx

        request, attempt = self._connection.request(self._http, call), 0
        while True:
            attempt += 1
            try:
                response = self._http.send(request, stream=stream)
                if not response.is_success:
                    response.read()
            except httpx.TransportError as error:
                raise self._connection.unreachable(error) from error
            failed = connection.failure(response, attempt)
            if failed is None:
                return response
            wait = self._connection.wait(failed, attempt)
            if wait is None:
                raise failed
            time.sleep(wait)
