"""A LangSmith that is slow: it takes what it is sent, and answers late or never."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from waits import PATIENCE

from chatmon.lab.services.langsmith import _bodies as bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = {
    "size_limit": 100, "size_limit_bytes": 20_971_520, "scale_up_qsize_trigger": 1000, "scale_up_nthreads_limit": 16,
    "scale_down_nempty_trigger": 4,
}  # fmt: skip
INFO = json.dumps({"version": "0.18.0", "batch_ingest_config": {"use_multipart_endpoint": True, **SIZES}}).encode()
"""It does not say that it takes what is compressed."""


@dataclass
class Stuck:
    """What it heard and said.

    Attributes:
        url: Where it is.
        parts: Names of the parts that were sent to it.
        answers: How many posts it answered.
    """

    url: str = ""
    api_key: str = "k"
    parts: list[str] = field(default_factory=list)
    answers: int = 0


@contextmanager
def stuck(seconds: float | None, *, info: bool = True) -> Iterator[Stuck]:
    """Give a server that answers each post after some seconds, or while the block lasts never.

    Args:
        seconds: How late; None for never.
        info: Whether it says at once what it is, as the real one does.
    """
    heard, over = Stuck(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not info:
                over.wait(PATIENCE)
            self.answer(200, INFO)

        def do_POST(self) -> None:
            body = b"".join(self.chunks())
            heard.parts += [part.name for part in bodies.parts(body, self.headers["content-type"])]
            if not over.wait(seconds):
                heard.answers += 1
            self.answer(202, b"{}")

        def chunks(self) -> Iterator[bytes]:
            if self.headers["content-length"] is not None:
                yield self.rfile.read(int(self.headers["content-length"]))
                return
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                return  # the client has gone, as it may

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    heard.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield heard
    finally:
        over.set()
        server.shutdown()
        server.server_close()
