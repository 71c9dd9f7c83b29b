"""The front of the model's server: it takes whole requests, in bounds, and refuses what the model would pass over.

llama.cpp has a thread for each connection, few of them, and waits long for a request that does not come; it serves who
comes first, though one user may come a hundred times; and it drops tools without a word where the model's template has
no place for them. A connection serves one request here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon._tools.errors import Error
from chatmon.lab.services._fair_queue import FairQueue
from chatmon.lab.services._user_keys import user_of
from chatmon.lab.services._waiting import NoTurnError, WaitingRoom

if TYPE_CHECKING:
    import socket
    from collections.abc import Hashable, Mapping

HEAD_BYTES: Final = 64 * 1024
BODY_BYTES: Final = 2**20
"""Of a request: a context of 4,096 tokens is some 20 kB."""
SLOTS: Final = 4
"""Replies that are computed at the same time, unless another number is asked for."""
_PIECE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one client may take of the server.

    Attributes:
        connections: Open at the same time; one more is told to come back.
        request_seconds: In which a whole request must have come.
        stalled_seconds: In which a piece of a reply must have been taken.
        reply_seconds: In which a reply must have ended, once it has a slot.
        waiting_per_user: Requests that wait for a slot at the same time.
        waiting_seconds: In which a request must have a slot.
    """

    connections: int = 128
    request_seconds: float = 15.0
    stalled_seconds: float = 30.0
    reply_seconds: float = 900.0
    waiting_per_user: int = 32
    waiting_seconds: float = 300.0


class _RefusedError(Error):
    """An answer in place of the model's; it never leaves this module."""

    def __init__(
        self, status: HTTPStatus, message: str, param: str | None = None, *, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.param, self.retry_after = status, param, retry_after


class _Request(NamedTuple):
    method: str
    path: str
    lines: list[bytes]
    key: str
    body: bytes

    def head(self, key: str | None) -> bytes:
        """Return the head to hand on, which asks for the end of the connection; with another key where one is given."""
        lines = self.lines
        if key is not None:
            lines = [line for line in lines if _name(line) != b"authorization"]
            lines.append(f"Authorization: Bearer {key}".encode("latin-1"))
        return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def unsupported(body: Mapping[str, Any], able: Mapping[str, bool]) -> tuple[str, str] | None:
    """Return which argument of a request the model would pass over, and what to do; None where it takes all.

    Args:
        body: What the client sends.
        able: What the model's template has a place for, as llama.cpp says.

    Example:
        >>> unsupported({"tools": [{"type": "function"}]}, {"supports_tools": False})[0]
        'tools'
        >>> unsupported({"tools": []}, {}) is None
        True
    """
    if body.get("functions"):
        return "functions", "is the old form of tools, which nothing here reads: send tools"
    if body.get("tools") and not able.get("supports_tools"):
        return "tools", f"{_NO_PLACE}, so that it would answer as if there were none: leave it out, or {_ANOTHER}"
    effort = body.get("reasoning_effort") or (body.get("reasoning") or {}).get("effort")
    if effort not in (None, "none") and not able.get("supports_reasoning_effort"):
        return "reasoning_effort", f"{_NO_PLACE}: leave it out, or {_ANOTHER}"
    if set(body.get("modalities") or ["text"]) != {"text"} or body.get("audio"):
        return "modalities", "can be text alone: the model neither hears nor speaks"
    said = body.get("messages") if isinstance(body.get("messages"), list) else []
    called = [
        one for one in said or [] if isinstance(one, dict) and (one.get("tool_calls") or one.get("role") in _OF_TOOLS)
    ]
    if called and not able.get("supports_tool_calls"):
        return "messages", f"hold a tool's call or its result, which {_NO_PLACE}: leave them out, or {_ANOTHER}"
    return None


_NO_PLACE: Final = "has no place in this model's template"
_ANOTHER: Final = "name another model in CHATMON_MODEL"
_OF_TOOLS: Final = ("tool", "function")
_TYPES: Final = {
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    HTTPStatus.BAD_GATEWAY: "server_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "server_error",
}


class Front:
    """The front as it serves, in a thread of its own, for as long as the process lives.

    Args:
        listening: The socket that clients connect to.
        port: Where llama.cpp answers, on 127.0.0.1.
        able: What the model's template has a place for.
        bounds: What a client may take.
        key: The one that llama.cpp asks for; `_user_keys` makes those of a class from it.
        slots: Replies that llama.cpp computes at the same time.
    """

    def __init__(
        self,
        listening: socket.socket,
        port: int,
        able: Mapping[str, bool],
        bounds: Bounds | None = None,
        *,
        key: str = "",
        slots: int = SLOTS,
    ) -> None:
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._listening, self._port, self._able = listening, port, able
        self._bounds = bounds = bounds or Bounds()
        self._key = key
        self._room = WaitingRoom(FairQueue(slots, bounds.waiting_per_user), bounds.waiting_seconds)
        self._open = 0
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._client, sock=self._listening, limit=HEAD_BYTES)
        async with server:
            await server.serve_forever()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            await self._answer(reader, writer)
        except _RefusedError as refused:
            with contextlib.suppress(OSError, TimeoutError):
                writer.write(_error(refused))
                await asyncio.wait_for(writer.drain(), self._bounds.stalled_seconds)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the client is gone, or takes nothing
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bounds = self._bounds
        if self._open > bounds.connections:
            raise _RefusedError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{bounds.connections} connections are open already: try again",
                retry_after=1,
            )
        try:
            request = await asyncio.wait_for(_read(reader, writer), bounds.request_seconds)
        except TimeoutError:
            raise _RefusedError(
                HTTPStatus.REQUEST_TIMEOUT, f"the request had not all come after {bounds.request_seconds:g} s"
            ) from None
        _check(request, self._able)
        reply = asyncio.ensure_future(self._reply(request, writer))
        left = asyncio.ensure_future(_until_gone(reader))
        try:
            await asyncio.wait({reply, left}, return_when=asyncio.FIRST_COMPLETED)
            if reply.done():
                reply.result()
        finally:
            reply.cancel()
            left.cancel()

    async def _reply(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        """Answer a request, at its user's turn where the model has to compute for it."""
        user: Hashable = user_of(request.key, self._key)
        known = user is not None
        if user == "":  # who has the server's own key is nobody in particular: each request counts as a user's
            user = object()
        if (request.method, request.path) == ("GET", "/queue"):
            writer.write(_json(HTTPStatus.OK, self._room.state(user)))
            await writer.drain()
        elif request.method != "POST":
            await self._relay(request, known, writer)
        else:
            try:
                async with self._room.turn(user):
                    await asyncio.wait_for(self._relay(request, known, writer), self._bounds.reply_seconds)
            except NoTurnError as error:
                status = HTTPStatus.TOO_MANY_REQUESTS if error.own else HTTPStatus.SERVICE_UNAVAILABLE
                raise _RefusedError(status, str(error), retry_after=error.retry_after) from None

    async def _relay(self, request: _Request, known: bool, writer: asyncio.StreamWriter) -> None:
        """Hand a request on and its reply back; when the client leaves, llama.cpp is told by the end of its own."""
        try:
            theirs, ours = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            raise _RefusedError(HTTPStatus.BAD_GATEWAY, "the model does not answer") from None
        try:
            # llama.cpp knows one key; it refuses a strange one in its own words.
            ours.write(request.head(self._key if known else None) + request.body)
            await ours.drain()
            await self._hand_back(theirs, writer)
        finally:
            ours.close()

    async def _hand_back(self, theirs: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await theirs.read(_PIECE):
            writer.write(piece)
            await asyncio.wait_for(writer.drain(), self._bounds.stalled_seconds)


async def _until_gone(reader: asyncio.StreamReader) -> None:
    while await reader.read(_PIECE):
        pass


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Request:
    """Return a whole request; of its head, the lines to hand on."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise _RefusedError(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"the head of the request is above {HEAD_BYTES:,} bytes"
        ) from None
    first, *lines = raw[:-4].split(b"\r\n")
    parts = first.decode("latin-1").split(" ")
    if len(parts) != 3:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "the first line is no request of HTTP")
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.decode("latin-1").partition(":") for line in lines)
    }
    length = fields.get("content-length", "0")
    if "transfer-encoding" in fields or not (length.isascii() and length.isdigit()):
        raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "send the body in one piece, with its Content-Length")
    if int(length) > BODY_BYTES:
        raise _RefusedError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has {int(length):,} bytes, {BODY_BYTES:,} are taken"
        )
    if fields.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(int(length))
    kept = [line for line in lines if _name(line) not in (b"connection", b"expect")]
    return _Request(parts[0], parts[1], [first, *kept], fields.get("authorization", "").removeprefix("Bearer "), body)


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().lower()


def _check(request: _Request, able: Mapping[str, bool]) -> None:
    if request.method != "POST":
        return
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return  # llama.cpp says what is wrong with it
    found = unsupported(body, able) if isinstance(body, dict) else None
    if found is not None:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, f"{found[0]} {found[1]}", found[0])


def _error(refused: _RefusedError) -> bytes:
    """Return an answer in the form of OpenAI's errors."""
    told = {
        "message": str(refused), "type": _TYPES.get(refused.status, "invalid_request_error"),
        "param": refused.param, "code": "unsupported_parameter" if refused.param else None,
    }  # fmt: skip
    return _json(refused.status, {"error": told}, refused.retry_after)


def _json(status: HTTPStatus, value: Mapping[str, Any], retry_after: int | None = None) -> bytes:
    """Return a whole answer."""
    body = json.dumps(value).encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}", "Content-Type: application/json",
        f"Content-Length: {len(body)}", "Connection: close",
    ]  # fmt: skip
    if retry_after is not None:
        lines.append(f"Retry-After: {retry_after}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
