"""The client whose answers are awaited."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from chatmon.connect.langtail import _answers as answers
from chatmon.connect.langtail import _connection as connection
from chatmon.connect.langtail import calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from types import TracebackType

    import httpx

    from chatmon.connect.langtail._answers import Deployment, Message, Prompt, Reply, Thread
    from chatmon.connect.langtail._connection import Messages, Metadata
    from chatmon.connect.langtail.calls import Call

T = TypeVar("T")


class AsyncLangtailClient:
    """The same calls as ``LangtailClient``, to be awaited; arguments, answers and errors are the same."""

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
        import httpx

        self._connection = connection.Connection(api_key, base_url, workspace, project, timeout, attempts)
        self._http = httpx.AsyncClient(**self._connection.options())

    async def deployments(self) -> list[Deployment]:
        """Return every version of every prompt that can be called."""
        return await self._send(calls.deployments(), connection.body(answers.deployments))

    async def get(self, prompt: str, environment: str = "production", version: str | None = None) -> Prompt:
        """Return a deployed prompt."""
        call = calls.prompt(self._connection.place, prompt, environment, version)
        return await self._send(call, connection.body(answers.prompt))

    async def invoke(
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
        """Have a prompt answered; arguments as in ``LangtailClient.invoke``."""
        call = connection.invoke(
            self._connection, prompt, environment, version, stream=False, variables=variables, messages=messages,
            user=user, thread_id=thread_id, metadata=metadata, record=record, arguments=arguments,
        )  # fmt: skip
        return await self._send(call, lambda response: answers.reply(connection.read(response), response.headers))

    @asynccontextmanager
    async def stream(
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
    ) -> AsyncIterator[AsyncIterator[str]]:
        """Have a prompt answered piece by piece: ``async with client.stream(...) as pieces``."""
        import httpx

        call = connection.invoke(
            self._connection, prompt, environment, version, stream=True, variables=variables, messages=messages,
            user=user, thread_id=thread_id, metadata=metadata, record=record, arguments=arguments,
        )  # fmt: skip
        response = await self._answered(call, stream=True)
        try:
            yield (piece async for line in response.aiter_lines() if (piece := answers.piece(line)) is not None)
        except httpx.TransportError as error:
            raise self._connection.unreachable(error) from error
        finally:
            await response.aclose()

    async def threads(self, limit: int | None = None, after: str | None = None) -> list[Thread]:
        """Return a page of threads."""
        return await self._send(calls.threads(limit, after), connection.page(answers.thread))

    async def create_thread(self, metadata: Mapping[str, Any] | None = None) -> Thread:
        """Make a thread."""
        return await self._send(calls.create_thread(metadata or {}), connection.body(answers.thread))

    async def thread(self, thread_id: str) -> Thread:
        """Return a thread."""
        return await self._send(calls.thread(thread_id), connection.body(answers.thread))

    async def set_thread_metadata(self, thread_id: str, metadata: Mapping[str, Any]) -> Thread:
        """Write something beside a thread, and return it."""
        return await self._send(calls.thread(thread_id, "POST", metadata), connection.body(answers.thread))

    async def delete_thread(self, thread_id: str) -> None:
        """Delete a thread."""
        await self._send(calls.thread(thread_id, "DELETE"), connection.nothing)

    async def messages(
        self, thread_id: str, limit: int | None = None, after: str | None = None, order: str | None = None
    ) -> list[Message]:
        """Return a page of a thread's messages."""
        return await self._send(calls.messages(thread_id, limit, after, order), connection.page(answers.message))

    async def add_message(
        self, thread_id: str, message: Mapping[str, Any], metadata: Mapping[str, Any] | None = None
    ) -> Message:
        """Add a message to a thread without asking a model."""
        return await self._send(calls.add_message(thread_id, message, metadata), connection.body(answers.message))

    async def message(self, thread_id: str, message_id: str) -> Message:
        """Return a message."""
        return await self._send(calls.message(thread_id, message_id), connection.body(answers.message))

    async def set_metadata(self, thread_id: str, message_id: str, metadata: Mapping[str, Any]) -> Message:
        """Write something beside a message, and return it."""
        return await self._send(
            calls.message(thread_id, message_id, "POST", metadata), connection.body(answers.message)
        )

    async def delete_message(self, thread_id: str, message_id: str) -> None:
        """Delete a message."""
        await self._send(calls.message(thread_id, message_id, "DELETE"), connection.nothing)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, call: Call, parse: Callable[[httpx.Response], T]) -> T:
        return parse(await self._answered(call, stream=False))

    async def _answered(self, call: Call, *, stream: bool) -> httpx.Response:
        import httpx

        request, attempt = self._connection.request(self._http, call), 0
        while True:
            attempt += 1
            try:
                response = await self._http.send(request, stream=stream)
                if not response.is_success:
                    await response.aread()
            except httpx.TransportError as error:
                raise self._connection.unreachable(error) from error
            failed = connection.failure(response, attempt)
            if failed is None:
                return response
            wait = self._connection.wait(failed, attempt)
            if wait is None:
                raise failed
            await asyncio.sleep(wait)
