"""The client sends what the service's own client was recorded to send, and says plainly what went wrong."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from connect.langtail.recorder import recording

from chatmon.connect.langtail import (
    KeyMissingError,
    LangtailClient,
    LangtailError,
    RefusedError,
    UnavailableError,
)

WIRE = [
    json.loads(line)
    for line in (Path(__file__).parent / "langtail_wire.jsonl").read_text(encoding="utf-8").splitlines()
]
THREAD = {"id": "thread_1", "createdAt": "2026-10-05T09:00:00Z", "metadata": {"user_id": "u1"}}
MESSAGE = {"id": "m1", "threadId": "thread_1", "content": {"role": "user", "content": "hi"}, "metadata": {"rating": 5}}
REPLY = {"choices": [{"message": {"role": "assistant", "content": "Hello"}}], "model": "a-model", "usage": {"n": 1}}
CALLS = [
    (0, {}, "deployments", (), {}, {"deployments": []}),
    (1, {}, "get", ("support", "preview", "abc"), {}, {"state": {}}),
    (2, {}, "get", ("support",), {}, {"state": {}}),
    (3, {}, "invoke", ("support", "staging", "3"), {
        "variables": {"question": "hours?"}, "messages": "hi", "temperature": 0.2, "user": "u1",
        "metadata": {"variant": "B", "experiment": "exp1"}, "record": False}, REPLY),
    (4, {"workspace": "ws", "project": "proj"}, "invoke", ("support",), {"variables": {"question": "x"}}, REPLY),
    (5, {}, "invoke", ("helper",), {"thread_id": "thread_1", "messages": "hi"}, REPLY),
    (6, {}, "threads", (2, "t0"), {}, {"data": [THREAD]}),
    (7, {}, "create_thread", ({"user_id": "u1"},), {}, THREAD),
    (8, {}, "thread", ("thread_1",), {}, THREAD),
    (10, {}, "messages", ("thread_1", 5), {}, {"data": [MESSAGE]}),
    (11, {}, "message", ("thread_1", "m1"), {}, MESSAGE),
    (13, {}, "delete_message", ("thread_1", "m1"), {}, {"deleted": True}),
    (14, {}, "delete_thread", ("thread_1",), {}, {"deleted": True}),
]  # fmt: skip
OURS = ("user-agent", "x-api-key", "authorization", "content-type")


@pytest.mark.parametrize(("at", "options", "name", "arguments", "named", "answer"), CALLS)
def test_a_call_is_sent_as_the_services_own_client_sends_it(at, options, name, arguments, named, answer):
    with recording() as server:
        server.answer(200, answer)
        with LangtailClient("k", base_url=server.url, **options) as client:
            getattr(client, name)(*arguments, **named)
    (sent,) = server.requests
    wanted = WIRE[at]
    assert (sent["method"], sent["path"]) == (wanted["method"], wanted["path"])
    assert (json.loads(sent["body"]) if sent["body"] else None) == wanted["body"]
    assert {key: value for key, value in sent["headers"].items() if key.startswith("x-langtail")} == {
        key: value for key, value in wanted["headers"].items() if key.startswith("x-langtail")
    }
    assert sent["headers"]["x-api-key"] == "k"
    assert sent["headers"]["authorization"] == "Bearer k"
    assert sent["headers"]["user-agent"].startswith("chatmon/")


def test_answers_are_read_into_what_one_needs():
    with recording() as server, LangtailClient("k", base_url=server.url) as client:
        server.answer(200, REPLY, {"x-langtail-thread-id": "thread_9"})
        server.answer(200, {"data": [MESSAGE]})
        server.answer(200, {"deployments": [{"promptSlug": "p", "environment": "staging", "version": 3,
                                             "deployedAt": "2026-10-05T09:00:00Z"}]})  # fmt: skip
        server.answer(
            200, {"chatInput": {"name": "you"}, "state": {"args": {"model": "m"}, "template": [{"role": "x"}]}}
        )
        reply, (message,), (deployed,), prompt = (
            client.invoke("p"), client.messages("t"), client.deployments(), client.get("p")
        )  # fmt: skip
    assert (reply.text, reply.model, reply.usage, reply.thread_id) == ("Hello", "a-model", {"n": 1}, "thread_9")
    assert (message.role, message.text, message.metadata) == ("user", "hi", {"rating": 5})
    assert (deployed.version, deployed.deployed_at) == ("3", datetime(2026, 10, 5, 9, tzinfo=UTC))
    assert (prompt.arguments, prompt.defaults, len(prompt.template)) == ({"model": "m"}, {"name": "you"}, 1)


STREAM = "".join(
    f"data: {json.dumps({'choices': [{'delta': {'content': piece}}]})}\n\n" for piece in ("Hel", "lo", "")
) + "data: [DONE]\n\n"  # fmt: skip


def test_a_streamed_reply_comes_in_pieces():
    with recording() as server, LangtailClient("k", base_url=server.url) as client:
        server.answer(200, STREAM, {"content-type": "text/event-stream"})
        with client.stream("p", messages="hi") as pieces:
            assert list(pieces) == ["Hel", "lo"]
    assert json.loads(server.requests[0]["body"])["stream"] is True


def test_without_a_key_nothing_is_sent_and_the_message_says_what_to_do(monkeypatch):
    monkeypatch.delenv("LANGTAIL_API_KEY", raising=False)
    with recording() as server, LangtailClient(base_url=server.url) as client:
        with pytest.raises(KeyMissingError, match="set LANGTAIL_API_KEY"):
            client.invoke("support")
        assert server.requests == []


def test_key_and_address_come_from_the_environment(monkeypatch):
    with recording() as server:
        monkeypatch.setenv("LANGTAIL_API_KEY", "from-the-environment")
        monkeypatch.setenv("LANGTAIL_BASE_URL", f"{server.url}/api/prompt-api/")
        server.answer(200, {"deployments": []})
        with LangtailClient() as client:
            client.deployments()
    assert server.requests[0]["path"] == "/api/prompt-api/list-deployments"
    assert server.requests[0]["headers"]["x-api-key"] == "from-the-environment"


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (404, {"error": "Prompt deployment not found"}, "404 Prompt deployment not found: check the names"),
        (404, {"error": {"message": "Thread not found"}}, "404 Thread not found: check the names"),
        (401, {"error": "Unauthorized"}, "check LANGTAIL_API_KEY"),
        (400, "<html>proxy</html>", "400 <html>proxy</html>: the call itself must change"),
    ],
)
def test_a_refusal_is_raised_at_once_with_what_the_service_said(status, body, says):
    with recording() as server, LangtailClient("k", base_url=server.url) as client:
        server.answer(status, body)
        with pytest.raises(RefusedError, match=says) as caught:
            client.invoke("missing")
    assert caught.value.status_code == status
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again(status):
    with recording() as server, LangtailClient("k", base_url=server.url) as client:
        server.answer(status, {"error": "busy"}, {"retry-after": "0"})
        server.answer(200, REPLY)
        assert client.invoke("p").text == "Hello"
    assert len(server.requests) == 2
    assert server.requests[0]["body"] == server.requests[1]["body"]


def test_a_service_that_stays_down_is_given_up_after_the_attempts():
    with recording() as server, LangtailClient("k", base_url=server.url, attempts=2) as client:
        for _ in range(3):
            server.answer(503, {"error": {"message": "down"}})
        with pytest.raises(UnavailableError, match=r"503 down \(asked 2 times\)") as caught:
            client.deployments()
    assert caught.value.status_code == 503
    assert len(server.requests) == 2


def test_a_service_that_says_nothing_is_not_waited_for_longer_than_the_timeout():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with LangtailClient("k", base_url=url, timeout=0.2) as client, pytest.raises(UnavailableError, match=r"0\.2 s"):
            client.deployments()


@pytest.mark.parametrize(
    ("arguments", "named", "says"),
    [
        (("p", "prod"), {}, "'prod'.*preview, staging, production"),
        (("p", "preview"), {}, "preview needs a version"),
        (("p",), {"metadata": {"k" * 65: "v"}}, "has 65 characters"),
        (("p",), {"metadata": {"a b": "v"}}, "'a b' becomes part of a header"),
        (("p",), {"metadata": {"a": "line\nbreak"}}, "printable ASCII only"),
        (("p",), {"metadata": {"a": "b "}}, "no space at an end"),
    ],
)
def test_an_impossible_call_is_refused_before_it_is_sent(arguments, named, says):
    with recording() as server, LangtailClient("k", base_url=server.url) as client:
        with pytest.raises(ValueError, match=says):
            client.invoke(*arguments, **named)
        assert server.requests == []


def test_numbers_beside_a_call_keep_every_digit():
    with recording() as server, LangtailClient("k", base_url=server.url) as client:
        server.answer(200, REPLY)
        client.invoke("p", metadata={"cohort": 1234567, "share": 0.1, "whole": 2.0})
    sent = {name: server.requests[0]["headers"][f"x-langtail-metadata-{name}"] for name in ("cohort", "share", "whole")}
    assert sent == {"cohort": "1234567", "share": "0.1", "whole": "2"}


@pytest.mark.parametrize("key", ["secret\n", " secret", "sécret"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_shown(key):
    with pytest.raises(ValueError, match="copy it again") as caught:
        LangtailClient(key, base_url="http://127.0.0.1:1")
    assert key.strip() not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<html>log in</html>", "/v2/threads answered no JSON .*log in"),
        ({"threads": []}, "the answer has no data"),
        ({"data": [{**THREAD, "createdAt": "yesterday"}]}, "a time that is none: 'yesterday'"),
    ],
)
def test_an_answer_of_something_else_is_an_error_of_langtail(body, says):
    with recording() as server, LangtailClient("k", base_url=server.url) as client:
        server.answer(200, body)
        with pytest.raises(LangtailError, match=says):
            client.threads()


@pytest.mark.parametrize("text", ["2026-10-05T11:00:00+02:00", "2026-10-05T09:00:00Z", "2026-10-05T09:00:00"])
def test_times_are_in_utc(text):
    with recording() as server, LangtailClient("k", base_url=server.url) as client:
        server.answer(200, {**THREAD, "createdAt": text})
        assert client.thread("thread_1").created_at == datetime(2026, 10, 5, 9, tzinfo=UTC)


def test_a_name_cannot_leave_its_place_in_the_path():
    with recording() as server, LangtailClient("k", base_url=server.url) as client:
        server.answer(200, THREAD)
        client.thread("../admin?x=1")
    assert server.requests[0]["path"] == "/v2/threads/..%2Fadmin%3Fx%3D1"
