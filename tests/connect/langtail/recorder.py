"""A recorder on loopback: it keeps what a client sends, byte for byte, and answers what it is told to."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from waits import PATIENCE


class Recorder(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests, self.answers = [], []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def answer(self, status, body, headers=None):
        """Answer the next request so; after the last one, an empty 200."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers.append((status, text, headers or {}))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _any(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append({"method": self.command, "path": self.path, "headers": headers, "body": body})
        status, text, more = self.server.answers.pop(0) if self.server.answers else (200, "{}", {})
        content = text.encode()
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _any  # noqa: N815 - the names that http.server calls

    def log_message(self, *args):
        pass


@contextmanager
def recording():
    server = Recorder()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)
