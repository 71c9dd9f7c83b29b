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
from chatmon.lab.services._user_keys import user_key

BOUNDS = Bounds(connections=4, request_seconds=0.5, stalled_seconds=0.5, reply_seconds=30)
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {}}}]
"""Any model without a place for tools passes over them; the tests say what each is able to."""
KEY = "the server's own"


class Upstream(BaseHTTPRequestHandler):
    """Tells what it was sent; a request to ``/long`` is answered until the reader is gone."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(b"{}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/held":  # until the test lets one go
            self.server.came.append(self.headers["Authorization"])
            self.server.go_on.acquire(timeout=PATIENCE)
            self._answer(b"{}")
            return
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
    server.left, server.go_on, server.came = threading.Event(), threading.Semaphore(0), []
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


@pytest.fixture
def shared(upstream):
    """A front of one slot for a class; each may have two requests waiting."""
    upstream.came.clear()
    bounds = Bounds(waiting_per_user=2, stalled_seconds=PATIENCE, request_seconds=PATIENCE)
    return Front(listen(0), upstream.server_port, {}, bounds, key=KEY, slots=1)


def asked(front, user):
    """Send a request of a user that the model holds, and return the connection."""
    connection = connected(front)
    key = user_key(user, KEY) if user else KEY
    connection.sendall(f"POST /held HTTP/1.1\r\nAuthorization: Bearer {key}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    return connection


def state(front, user="eve"):
    key = user_key(user, KEY)
    return httpx.get(f"{front.address}/queue", headers={"authorization": f"Bearer {key}"}, timeout=PATIENCE).json()


def test_one_who_asks_and_asks_is_told_when_to_come_back_and_another_is_next(upstream, shared):
    greedy = []
    for count in range(3):
        greedy.append(asked(shared, "ada"))
        until(lambda count=count: state(shared)["waiting"] + state(shared)["served"] == count + 1)
    refused = said(asked(shared, "ada"))
    assert b" 429 " in refused
    assert b"Retry-After: 1\r\n" in refused
    assert b'"rate_limit_error"' in refused
    modest = asked(shared, "bob")
    until(lambda: state(shared)["waiting"] == 3)
    assert {**state(shared), "seconds": None} == {
        "slots": 1, "served": 1, "waiting": 3, "users_waiting": 2, "seconds": None,
    }  # fmt: skip
    for _ in range(4):
        upstream.go_on.release()
    assert b" 200 " in said(modest)
    assert all(b" 200 " in said(one) for one in greedy)
    until(lambda: state(shared)["served"] == 0)
    assert state(shared)["seconds"] == 0


def test_llama_cpp_gets_its_own_key_from_each_user_of_the_class_and_a_stranger_s_as_it_is(upstream, shared):
    answer = httpx.post(f"{shared.address}/v1/x", json={}, headers={"authorization": f"Bearer {user_key('ada', KEY)}"})
    assert answer.json()["authorization"] == f"Bearer {KEY}"
    assert (
        httpx.post(f"{shared.address}/v1/x", json={}, headers={"authorization": "Bearer ada:00"}).json()[
            "authorization"
        ]
        == "Bearer ada:00"
    )


def test_who_leaves_while_waiting_leaves_the_queue(upstream, shared):
    holds = asked(shared, "ada")
    until(lambda: state(shared)["served"] == 1)
    gone = asked(shared, "bob")
    until(lambda: state(shared)["waiting"] == 1)
    gone.close()
    until(lambda: state(shared)["waiting"] == 0)
    upstream.go_on.release()
    assert b" 200 " in said(holds)
    assert len(upstream.came) == 1
