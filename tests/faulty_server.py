"""A real HTTP server on loopback that speaks OpenAI's chat protocol, and breaks it in the way that it is told."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from waits import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD_USAGE = {"prompt_tokens": 20, "completion_tokens": 6, "total_tokens": 26}


def event(**fields: Any) -> bytes:
    """One chunk of a streamed reply."""
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "faulty-1", "choices": []}
    return b"data: " + json.dumps(chunk | fields).encode() + b"\n\n"


def delta(text: str, finish_reason: str | None = None) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": finish_reason}])


def reply(text: str = "A refund takes 7 working days.", usage: dict[str, Any] | None = None) -> list[bytes]:
    """The events of a reply as they should be."""
    words = [delta(f"{word} ") for word in text.split()]
    return [*words, delta("", "stop"), event(usage=usage or GOOD_USAGE), b"data: [DONE]\n\n"]


class FaultyServer(ThreadingHTTPServer):
    """Takes one behaviour from ``script`` for each request, and the last one over and over.

    Attributes:
        requests: The bodies of the requests that came in.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Any] = ["good"]
        self.requests: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        self.released = threading.Event()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: FaultyServer

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            self.server.requests.append(body)
            script = self.server.script
            behaviour = script.pop(0) if len(script) > 1 else script[0]
        name, *values = behaviour if isinstance(behaviour, tuple) else (behaviour,)
        getattr(self, f"_{name}")(*values)
        self.close_connection = True

    def _good(self, text: str = "A refund takes 7 working days.", usage: dict[str, Any] | None = None) -> None:
        self._events(reply(text, usage))

    def _echo(self) -> None:
        self._events(reply(self.server.requests[-1]["messages"][-1]["content"]))

    def _hang(self) -> None:
        self.server.released.wait(10)

    def _drip(self, pause: float) -> None:
        """Send a piece now and then, each in time, for longer than anybody should wait."""
        self._head("text/event-stream")
        for _ in range(40):
            if self.server.released.wait(pause):
                return
            self._write(delta("drip "))

    def _comments(self, pause: float, count: int = 40) -> None:
        """Send comments, as gateways do to keep a connection alive, and then nothing more."""
        self._head("text/event-stream")
        for _ in range(count):
            if self.server.released.wait(pause):
                return
            self._write(b": keep-alive\n\n")
        self.server.released.wait(10)

    def _slow_head(self, pause: float) -> None:
        """Send the head of the reply line by line, and never all of it."""
        self._write(b"HTTP/1.1 200 OK\r\n")
        for number in range(40):
            if self.server.released.wait(pause):
                return
            self._write(b"x-%d: y\r\n" % number)

    def _hang_up(self) -> None:
        """Close the connection without a word."""

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _status(self, status: int, headers: dict[str, str] | None = None) -> None:
        body = json.dumps({"error": {"message": f"status {status}", "type": "server_error", "code": None}}).encode()
        self.send_response(status)
        for header, value in (headers or {}).items():
            self.send_header(header, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self._write(body)

    def _half_then_hang_up(self) -> None:
        """Announce more than is sent: the connection breaks in the middle."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", "100000")
        self.end_headers()
        self._write(b"".join(reply()[:3]))

    def _half_then_end(self) -> None:
        """End in good order, but in the middle of the reply."""
        self._events(reply()[:3])

    def _half_then_error(self) -> None:
        self._events([*reply()[:3], b'data: {"error": {"message": "out of memory", "code": 500}}\n\n'])

    def _html(self, status: int = 200) -> None:
        page = b"<!doctype html><title>Log in to the hotel network</title>" + b"<p>Welcome</p>" * 1000
        self.send_response(status)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(page)))
        self.end_headers()
        self._write(page)

    def _invalid_json(self) -> None:
        self._events([delta("A "), b'data: {"choices": [\n\n', b"data: [DONE]\n\n"])

    def _not_a_chunk(self) -> None:
        self._events([b"data: [1, 2, 3]\n\n", b"data: [DONE]\n\n"])

    def _empty_choices(self) -> None:
        self._events([event(), event(usage=GOOD_USAGE), b"data: [DONE]\n\n"])

    def _no_text(self) -> None:
        self._events([delta("", "stop"), event(usage=GOOD_USAGE), b"data: [DONE]\n\n"])

    def _surrogate(self) -> None:
        self._events([delta("\ud83d 7 working days"), *reply("")])

    def _events(self, events: list[bytes]) -> None:
        self._head("text/event-stream")
        for one in events:
            self._write(one)

    def _head(self, content_type: str) -> None:
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.end_headers()

    def _write(self, content: bytes) -> None:
        self.wfile.write(content)
        self.wfile.flush()


@contextmanager
def faulty_server() -> Iterator[FaultyServer]:
    """Run the server in a thread for as long as the block lasts."""
    with FaultyServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join(PATIENCE)
