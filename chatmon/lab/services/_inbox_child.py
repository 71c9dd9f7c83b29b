"""The process that runs the inbox: an HTTP server on loopback, for as long as its parent lives.

`inbox.start` starts it.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from chatmon._tools.templates import templates
from chatmon.lab.services import _inbox_protocols as protocols
from chatmon.lab.services._serving import Serving, in_thread, serve

MOST_KEPT = 10_000
MOST_BYTES = 512 * 1024  # PagerDuty's limit for an event
LONGEST_HANG = 600.0  # seconds
_OTHER_WAYS = {
    "fail": (HTTPStatus.INTERNAL_SERVER_ERROR, "it was told to fail"),
    "busy": (HTTPStatus.TOO_MANY_REQUESTS, "it was told to be busy"),
    "lie": (HTTPStatus.OK, "it was told to lie: it says 200 with a web page, and keeps nothing"),
}
_PAGE = "<!doctype html><title>Log in to the hotel network</title><p>Welcome</p>"


class Inbox(ThreadingHTTPServer):
    """What came, and how to behave.

    Attributes:
        requests: Everything that was sent, the oldest first: accepted, repeated and refused.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", settings["port"]), _Handler)
        self.token: str = settings["token"]
        self.secret: str = settings["secret"]
        self.routing_key: str = settings["routing_key"]
        self.requests: deque[dict[str, Any]] = deque(maxlen=MOST_KEPT)
        self.lock = threading.Lock()
        self._seen: dict[tuple[str, str], None] = {}
        self._behaviour: dict[str, Any] = {"name": "ok"}

    def behave(self, behaviour: dict[str, Any]) -> None:
        """Take note of how to treat what comes next."""
        with self.lock:
            self._behaviour = behaviour

    def clear(self) -> None:
        """Forget what came."""
        with self.lock:
            self.requests.clear()
            self._seen.clear()

    def next_behaviour(self, kind: str) -> dict[str, Any]:
        """Return how to treat this request, and count it."""
        with self.lock:
            behaviour = self._behaviour
            if behaviour.get("only") not in (None, kind):
                return {"name": "ok"}
            if behaviour.get("times") is not None:
                behaviour["times"] -= 1
                if behaviour["times"] <= 0:
                    self._behaviour = {"name": "ok"}
            return behaviour

    def keep(self, kind: str, status: int, reply: protocols.ProtocolReply) -> None:
        """Write down a request and what became of it."""
        with self.lock:
            name = (kind, reply.id or "")
            repeated = reply.reason is None and reply.id is not None and name in self._seen
            if reply.reason is None and reply.id is not None:
                self._seen[name] = None
                if len(self._seen) > MOST_KEPT:
                    del self._seen[next(iter(self._seen))]
            self.requests.append(
                {
                    "kind": kind,
                    "at": datetime.now(UTC).isoformat(),
                    "status": int(status),
                    "reason": reply.reason,
                    "repeated": repeated,
                    "content": reply.content,
                }
            )


class _Handler(BaseHTTPRequestHandler):
    server: Inbox
    timeout = 30

    def log_message(self, *args: Any) -> None:
        """Say nothing: what people write in alerts stays out of logs."""

    def do_GET(self) -> None:
        if self.path == f"/{self.server.token}/requests":
            with self.server.lock:
                listed = list(self.server.requests)
            self._answer(HTTPStatus.OK, {"requests": listed})
        elif self.path == f"/{self.server.token}/":
            self._answer(HTTPStatus.OK, page(self.server), "text/html; charset=utf-8")
        else:
            self._answer(HTTPStatus.NOT_FOUND, "")

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        kind = self._kind()
        if kind is not None:
            self._receive(kind, body)
        elif self.path == f"/{self.server.token}/behave":
            self.server.behave(json.loads(body))
            self._answer(HTTPStatus.OK, {})
        elif self.path == f"/{self.server.token}/clear":
            self.server.clear()
            self._answer(HTTPStatus.OK, {})
        else:
            self._answer(HTTPStatus.NOT_FOUND, "")

    def _kind(self) -> str | None:
        if self.path == "/v2/enqueue":
            return "pagerduty"
        if self.path == f"/services/{self.server.token}":
            return "slack"
        return self.path[1:] if self.path in ("/webhook", "/alertmanager") else None

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            self._answer(HTTPStatus.LENGTH_REQUIRED, "")
        elif int(length) > MOST_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "")
        else:
            return self.rfile.read(int(length))
        self.close_connection = True
        return None

    def _receive(self, kind: str, body: bytes) -> None:
        behaviour = self.server.next_behaviour(kind)
        name = behaviour["name"]
        reply = self._reply(kind, body)
        if name == "ok":
            self.server.keep(kind, reply.status, reply)
            self._answer(reply.status, reply.body)
        elif name == "hang_up":
            self.server.keep(kind, reply.status, reply)
            self.close_connection = True
        elif name in ("hang", "drip"):
            self.server.keep(kind, 0, protocols.ProtocolReply(0, "", reason=f"it was told to {name}"))
            self._take_long(drip=name == "drip")
        else:
            status, reason = _OTHER_WAYS[name]
            self.server.keep(kind, status, protocols.ProtocolReply(status, "", reason=reason))
            retry_after = {"Retry-After": str(behaviour["retry_after"])} if name == "busy" else {}
            self._answer(status, _PAGE if name == "lie" else reason, headers=retry_after)

    def _reply(self, kind: str, body: bytes) -> protocols.ProtocolReply:
        headers = {key.lower(): value for key, value in self.headers.items()}
        server = self.server
        if kind == "webhook":
            return protocols.webhook(body, headers, server.secret, datetime.now(UTC))
        if kind == "slack":
            return protocols.slack(body)
        if kind == "pagerduty":
            return protocols.pagerduty(body, server.routing_key)
        return protocols.alertmanager(body, headers, server.secret)

    def _take_long(self, *, drip: bool) -> None:
        until = time.monotonic() + LONGEST_HANG
        if drip:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while time.monotonic() < until:
            time.sleep(0.2)
            if drip:
                try:
                    self.wfile.write(b"x: y\r\n")
                except OSError:  # the sender gave up
                    break
        self.close_connection = True

    def _answer(
        self,
        status: int,
        body: str | dict[str, Any],
        content_type: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        usual = "text/html" if body is _PAGE else "text/plain" if isinstance(body, str) else "application/json"
        self.send_response(status)
        self.send_header("Content-Type", content_type or usual)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def page(inbox: Inbox) -> str:
    """Return what came as a page for a browser, the newest first."""
    with inbox.lock:
        requests = [dict(one) for one in reversed(inbox.requests)]
    pages = templates(Path(__file__).parent / "templates")
    pages.filters["indented"] = lambda content: json.dumps(content, indent=1)
    return pages.get_template("inbox.html.jinja").render(requests=requests)


def begin(settings: dict[str, Any]) -> Serving:
    """Open the inbox."""
    server = Inbox(settings)
    in_thread(server.serve_forever)
    return Serving(f"http://127.0.0.1:{server.server_port}", server)


if __name__ == "__main__":
    serve(begin)
