"""The front before a server that the test holds: bounds on what a client may take, and what is refused in words."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from waits import PATIENCE, until

from chatmon.lab.services._llm_front import BODY_BYTES, Bounds, Front
from chatmon.lab.services._serving import listen

BOUNDS = Bounds(connections=4, request_seconds=0.5, stalled_seconds=0.5, reply_seconds=30)
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {}}}]
"""Any model without a place for tools passes over them; the tests say what each is able to."""


class Upstream(BaseHTTPRequestHandler):
    """Tells what it was sent; a request to ``/long`` is answered until the reader is gone."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(b"{}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/long":
            self._answer(json.dumps({"path": self.path, "body": body.decode(), **self._fields()}).encode())
            return
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"data: x\n\n" * 1000)
        self.server.left.set()
        self.close_connection = True

    def _fields(self):
        return {name.lower(): value for name, value in self.headers.items()}

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def upstream():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    server.left = threading.Event()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def front(upstream):
    return Front(listen(0), upstream.server_port, {}, BOUNDS)


def connected(front):
    return socket.create_connection(("127.0.0.1", int(front.address.rpartition(":")[2])), PATIENCE)


def said(connection):
    """What comes until the end of the connection."""
    pieces = []
    with connection, contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def test_a_request_and_its_reply_go_through_as_they_are(front):
    body = json.dumps({"messages": [{"role": "user", "content": "Wo ist es? ä"}], "tools": []}, ensure_ascii=False)
    for _ in range(3):
        got = httpx.post(f"{front.address}/v1/chat/completions?a=1", content=body, headers={"authorization": "k"})
        found = got.json()
        assert (found["path"], found["body"], found["authorization"]) == ("/v1/chat/completions?a=1", body, "k")
        assert found["connection"] == "close"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": TOOLS}, "tools"),
        ({"tools": TOOLS, "tool_choice": "required"}, "tools"),
        ({"functions": [{"name": "look_up"}]}, "functions"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]}, "messages"),
        ({"messages": [{"role": "tool", "content": "42", "tool_call_id": "1"}]}, "messages"),
        ({"reasoning_effort": "high"}, "reasoning_effort"),
        ({"reasoning": {"effort": "low"}}, "reasoning_effort"),
        ({"modalities": ["text", "audio"]}, "modalities"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/chat/completions"])
def test_what_the_model_would_pass_over_is_refused_in_openai_s_form(front, path, body, param):
    answer = httpx.post(front.address + path, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["type"]) == (400, param, "invalid_request_error")
    assert error["code"] == "unsupported_parameter"
    assert error["message"].startswith(f"{param} ")


@pytest.mark.parametrize(
    "body",
    [
        {"tools": TOOLS},
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]},
        {"reasoning_effort": "high"},
    ],
)
def test_a_model_that_has_a_place_for_it_gets_it(upstream, body):
    able = dict.fromkeys(["supports_tools", "supports_tool_calls", "supports_reasoning_effort"], True)
    front = Front(listen(0), upstream.server_port, able, BOUNDS)
    found = httpx.post(f"{front.address}/v1/chat/completions", json=body).json()
    assert json.loads(found["body"]) == body


@pytest.mark.parametrize("body", [{"tools": None}, {"tool_choice": "auto"}, {"reasoning_effort": "none"}, {}, [1], "x"])
def test_what_asks_for_nothing_of_that_kind_goes_through(front, body):
    assert httpx.post(f"{front.address}/v1/chat/completions", json=body).status_code == 200


@pytest.mark.parametrize("begun", [b"", b"POST /v1/chat/compl", b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"])
def test_who_does_not_finish_a_request_is_told_and_let_go(front, begun):
    connection = connected(front)
    connection.sendall(begun)
    assert b" 408 " in said(connection)


def test_connections_that_say_nothing_keep_nobody_out_for_longer_than_their_time(front):
    idle = [connected(front) for _ in range(BOUNDS.connections)]
    turned_away = httpx.get(f"{front.address}/health")
    assert (turned_away.status_code, turned_away.headers["retry-after"]) == (503, "1")
    until(lambda: httpx.get(f"{front.address}/health").status_code == 200)
    for one in idle:
        assert b" 408 " in said(one)


def test_who_takes_nothing_of_a_reply_or_leaves_frees_the_model(upstream, front):
    for leaves in (False, True):
        upstream.left.clear()
        connection = connected(front)
        connection.sendall(b"POST /long HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
        assert connection.recv(10)
        if leaves:
            connection.close()
        assert upstream.left.wait(PATIENCE)
        connection.close()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: " + str(BODY_BYTES + 1).encode() + b"\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_a_request_out_of_bounds_is_refused(front, request_, status):
    connection = connected(front)
    with contextlib.suppress(OSError):
        connection.sendall(request_)
    assert f" {status} ".encode() in said(connection)


def test_a_model_that_is_gone_is_said_to_be(front):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = Front(listen(0), free.getsockname()[1], {}, BOUNDS)
        answer = httpx.get(f"{gone.address}/health")
    assert (answer.status_code, answer.json()["error"]["message"]) == (502, "the model does not answer")
