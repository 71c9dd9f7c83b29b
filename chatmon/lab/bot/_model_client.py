"""The chatbot's line to its model: one request, its reply in pieces, and every failure as an error that says what."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, closing, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from chatmon._tools.retries import BrokenReplyError, ConnectionLostError, ModelError, ReplyTimeoutError
from chatmon.lab.services.errors import LocalModelError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator, Sequence

    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.messages import BaseMessageChunk
    from langchain_core.runnables import RunnableConfig

    from chatmon.lab.bot._config import ChatConfig
    from chatmon.lab.bot._prompts import ChatMessage


_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
"""When the reply that sync code waits for right now must be complete, on the clock of ``time.monotonic``."""


class ModelClient:
    """Sends messages to the model of a config, through langchain-openai.

    The config's timeout is the time from the request to the end of its reply, whatever the service sends meanwhile: the
    OpenAI client's own time-out starts anew with every byte. Not in it, in sync code, is the system's search for the
    address of a host name.

    Args:
        config: Which model, and how.
        callback: Is told about every request, its tokens and its end.

    Attributes:
        model: The model's name.
        settings: What decides on the reply besides the messages.
        errors: What `stream` and `astream` raise: the OpenAI client's own errors where the service answered with an
            error, ``ModelError`` where there was no complete answer, ``LocalModelError`` where the local model is gone.
    """

    def __init__(self, config: ChatConfig, callback: BaseCallbackHandler) -> None:
        import openai
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        self.errors: tuple[type[Exception], ...] = (openai.OpenAIError, ModelError, LocalModelError)
        self._openai = openai
        self._config = config
        self.model = config.model
        self.settings = (config.base_url, config.model, config.temperature, config.seed, config.max_tokens)
        self._options: RunnableConfig = {"callbacks": [callback], "run_name": "chatmon"}
        settings: dict[str, Any] = {}
        if config.on_this_machine:
            # A proxy that the environment names cannot reach this machine's own addresses.
            settings["http_client"] = openai.DefaultHttpxClient(trust_env=False)
            settings["http_async_client"] = openai.DefaultAsyncHttpxClient(trust_env=False)
        if config.provider == "ollama":
            settings["extra_body"] = {"max_tokens": config.max_tokens}  # the name that Ollama knows
        self._llm = ChatOpenAI(
            model=config.model,
            base_url=config.base_url,
            api_key=SecretStr(config.api_key),
            temperature=config.temperature,
            seed=config.seed,
            max_completion_tokens=config.max_tokens,
            timeout=config.timeout,
            max_retries=0,  # the chatbot tries again itself, and counts
            stream_usage=True,  # without it a streamed reply reports no tokens
            use_responses_api=False,  # what Ollama and llama.cpp speak
            **settings,
        )
        _make_punctual(self._llm.root_client)

    def stream(self, messages: Sequence[ChatMessage]) -> Generator[str]:
        """Send one request, and yield the reply's text in pieces as they arrive.

        Args:
            messages: Role and text of each.

        Raises:
            ReplyTimeoutError: The reply was not complete within the config's timeout.
        """
        reply = _Incoming(self._config.timeout)
        with self._clear_errors(reply):
            chunks = cast("Generator[BaseMessageChunk]", self._llm.stream(list(messages), self._options))
            with closing(chunks):
                while (chunk := reply.wait(chunks)) is not None:
                    if text := reply.take(chunk):
                        yield text
            reply.check_complete()

    async def astream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[str]:
        """Do what ``stream`` does, in async code."""
        reply = _Incoming(self._config.timeout)
        with self._clear_errors(reply):
            chunks = cast("AsyncGenerator[BaseMessageChunk]", self._llm.astream(list(messages), self._options))
            async with aclosing(chunks):
                while (chunk := await reply.wait_async(chunks)) is not None:
                    if text := reply.take(chunk):
                        yield text
            reply.check_complete()

    @contextmanager
    def _clear_errors(self, reply: _Incoming) -> Iterator[None]:
        """Turn what the libraries raise into errors that say what happened, and how far the reply had come."""
        try:
            yield
        except ModelError:
            raise
        except self._openai.APIStatusError as error:
            # langchain-openai puts errors of its own over the client's, whose names say more: RateLimitError and so on.
            raise (error.__cause__ if isinstance(error.__cause__, self._openai.APIStatusError) else error) from None
        except (self._openai.APITimeoutError, TimeoutError) as error:
            raise ReplyTimeoutError(reply.late()) from error
        except self._openai.APIConnectionError as error:
            if self._config.diagnose is not None:
                self._config.diagnose()
            raise ConnectionLostError(
                f"the connection to {self._config.base_url} failed{reply.so_far()}: {_first_cause(error)}"
            ) from error
        except self._openai.OpenAIError as error:
            raise BrokenReplyError(f"the service broke the reply off{reply.so_far()}: {error}") from error
        except Exception as error:
            # A service that does not keep to the protocol makes the client stumble in ways that no list foresees.
            raise BrokenReplyError(
                f"{self._config.base_url} sent what is no chat reply{reply.so_far()}: {type(error).__name__}: {error}"
            ) from error


def _first_cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _make_punctual(client: Any) -> None:
    """Make what a sync OpenAI client waits for end at ``_deadline``; elsewhere in the program it stays as it was."""
    # httpx has no setting for this, so it takes the private ways to its connection pools.
    http = client._client
    for transport in (http._transport, *http._mounts.values()):
        # LangChain shares one client among many: it may be punctual already.
        if transport is not None and not isinstance(transport._pool._network_backend, _Punctual):
            transport._pool._network_backend = _Punctual(transport._pool._network_backend)


class _Punctual:
    """A network backend of httpcore, or a stream that it opened, of which no wait goes on after ``_deadline``."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def connect_tcp(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> _Punctual:
        return _Punctual(self._inner.connect_tcp(*args, timeout=_left(timeout), **kwargs))

    def start_tls(self, ssl_context: Any, server_hostname: Any = None, timeout: float | None = None) -> _Punctual:
        return _Punctual(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))


def _left(timeout: float | None) -> float | None:
    """Return the seconds that a wait may take: a time-out, cut to what is left until the deadline."""
    deadline = _deadline.get()
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline of the reply has passed")
    return left if timeout is None else min(timeout, left)


class _Incoming:
    """A reply on its way."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._characters = 0
        self._finished = False

    def wait(self, chunks: Generator[BaseMessageChunk]) -> BaseMessageChunk | None:
        """Return the next chunk, None after the last one; wait no longer than until the deadline."""
        # Set only while waiting: what the caller does between two chunks has nothing to do with this reply.
        outer = _deadline.set(self._deadline)
        try:
            return next(chunks, None)
        finally:
            _deadline.reset(outer)

    async def wait_async(self, chunks: AsyncGenerator[BaseMessageChunk]) -> BaseMessageChunk | None:
        """Do what ``wait`` does, in async code."""
        # Only round the wait: at a time when the caller has the chunk, it is the caller's code that would be cancelled.
        async with asyncio.timeout(self._deadline - time.monotonic()):
            return await anext(chunks, None)

    def take(self, chunk: BaseMessageChunk) -> str:
        """Return a chunk's text; half of a surrogate pair, which cannot be written anywhere, becomes a ``?``."""
        if time.monotonic() >= self._deadline:
            raise ReplyTimeoutError(self.late())
        self._finished = self._finished or bool(chunk.response_metadata.get("finish_reason"))
        text = str(chunk.text).encode("utf-8", "replace").decode("utf-8")
        self._characters += len(text)
        return text

    def check_complete(self) -> None:
        if not self._finished:
            raise BrokenReplyError(f"the reply ended without a finish reason{self.so_far()}")
        if not self._characters:
            raise BrokenReplyError("the reply is empty")

    def late(self) -> str:
        return f"no complete reply within the timeout of {self._timeout:g} s{self.so_far()}"

    def so_far(self) -> str:
        return f" ({self._characters} characters had arrived)"
