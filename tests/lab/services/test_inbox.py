"""The inbox is tested as it is used: a real process, real requests, and the answers that the real services give."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import psutil
import pytest
from children import ended, started, until_gone
from notices import firing, resolved
from waits import PATIENCE, until

from chatmon.alerts.channels import Message, sign
from chatmon.lab.services import _child as child
from chatmon.lab.services.errors import PortTakenError, ServerCrashedError
from chatmon.lab.services.inbox import Inbox, start


@pytest.fixture(scope="module")
def running():
    with start(secret="a secret of some length", routing_key="r" * 32) as inbox:
        yield inbox


@pytest.fixture
def inbox(running: Inbox):
    running.clear()
    running.behave("ok")
    return running


def event(action="trigger", key="k1", **changes):
    payload = {"summary": "20 % fail", "source": "chatbot", "severity": "critical"}
    return {"routing_key": "r" * 32, "event_action": action, "dedup_key": key, "payload": payload} | changes


def enqueue(inbox, content):
    return post(inbox.pagerduty_url + "/v2/enqueue", json=content)


def post(*arguments, **options):
    return httpx.post(*arguments, **{"timeout": PATIENCE} | options)


def test_it_is_there_within_ten_seconds_empty_and_gone_after_the_block():
    with start() as inbox:
        its = psutil.Process(inbox.pid).cpu_times()  # of the processor, whose time others on the machine stretch
        assert its.user + its.system < 10
        assert inbox.messages() == []
        assert inbox.running
    until_gone(inbox.pid)
    assert not inbox.running


def test_it_listens_on_loopback_only(inbox):
    (listens,) = [c for c in psutil.Process(inbox.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert listens.laddr.ip == "127.0.0.1"


def test_it_dies_with_a_parent_that_is_killed():
    code = "import time; from chatmon.lab.services.inbox import start; print(start().pid, flush=True); time.sleep(600)"
    with started(sys.executable, "-c", code, stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
        until_gone(pid)


def test_a_fork_neither_keeps_it_alive_nor_ends_it():
    code = (
        "import os, time\nfrom chatmon.lab.services.inbox import start\ninbox = start()\n"
        "if not os.fork():\n    inbox.stop(); os.write(1, b'%d\\n' % os.getpid()); time.sleep(600)\n"
        "os.write(1, b'%d %d\\n' % (inbox.pid, inbox.running)); time.sleep(600)"
    )
    with started(sys.executable, "-c", code, stdout=subprocess.PIPE) as parent:
        # The two write in any order, a line at once; when both have, the fork has done what it does to the inbox.
        (fork,), (pid, alive) = sorted((parent.stdout.readline().split() for _ in range(2)), key=len)
        try:
            assert alive == "1"
            assert not ended(int(pid))
            parent.kill()
            until_gone(int(pid))
        finally:
            os.kill(int(fork), signal.SIGKILL)


def test_a_taken_port_is_named():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} cannot be opened .*choose another"):
            start(port=port)
    with pytest.raises(ValueError, match=r"port \(0\) must be"):
        start(port=0)


def test_a_webhook_is_kept_if_signed_listed_as_refused_if_not_and_known_when_repeated(inbox):
    body = json.dumps(Message((firing(),)).to_dict()).encode()
    headers = sign("a secret of some length", body, int(time.time()))
    answers = [post(inbox.webhook_url, content=body, headers=one) for one in (headers, headers, {})]
    assert [answer.status_code for answer in answers] == [200, 200, 401]
    listed = [(one.status, one.repeated, one.reason) for one in inbox.requests()]
    assert listed == [
        (200, False, None),
        (200, True, None),
        (401, False, "the header X-Chatmon-Signature is missing"),
    ]
    assert [content["notifications"][0]["rule"] for content in inbox.messages("webhook")] == ["errors"]


def test_a_webhook_signed_long_ago_is_refused(inbox):
    body = b'{"id": "a1"}'
    old = sign("a secret of some length", body, int(time.time()) - 301)
    answer = post(inbox.webhook_url, content=body, headers=old)
    assert answer.status_code == 401
    assert "at most 300 s are allowed" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        ('{"text": "hello"}', 200, "ok"),
        ('{"blocks": [{"type": "divider"}]}', 200, "ok"),
        ("{}", 400, "no_text"),
        ("[]", 400, "invalid_payload"),
        ("text=hello", 400, "invalid_payload"),
        (json.dumps({"blocks": [{"type": "divider"}] * 51}), 400, "invalid_blocks"),
    ],
)
def test_slack_is_answered_for_as_slack_does(inbox, body, status, answer):
    got = post(inbox.slack_url, content=body)
    assert (got.status_code, got.text) == (status, answer)
    assert len(inbox.messages("slack")) == (status == 200)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"routing_key": "other"}, "'routing_key' is not the key of this service"),
        ({"event_action": "shout"}, "'event_action' must be one of trigger, acknowledge, resolve"),
        ({"dedup_key": "x" * 256}, "'dedup_key' must be a text of 1 to 255 characters"),
        ({"dedup_key": None}, "'dedup_key' must be"),
        ({"payload": None}, "'payload.summary' is missing or blank"),
        ({"payload": {"summary": "s", "source": "s", "severity": "page"}}, "'payload.severity' must be one of"),
    ],
)
def test_an_event_that_pagerduty_would_refuse_is_refused(inbox, change, error):
    got = enqueue(inbox, event(**change))
    assert got.status_code == 400
    assert got.json()["status"] == "invalid event"
    assert any(said.startswith(error) for said in got.json()["errors"])
    assert inbox.incidents() == []


def test_events_add_up_to_incidents(inbox):
    got = enqueue(inbox, event())
    assert (got.status_code, got.json()) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "k1"},
    )
    for action, key in [("acknowledge", "k1"), ("trigger", "k1"), ("resolve", "k1"), ("acknowledge", "k1")]:
        enqueue(inbox, event(action, key))
    enqueue(inbox, event("resolve", "never opened"))
    enqueue(inbox, event("trigger", "k2"))
    assert [(one.key, one.status, one.triggers) for one in inbox.incidents()] == [
        ("k1", "resolved", 2),
        ("k2", "triggered", 1),
    ]
    enqueue(inbox, event("trigger", "k1"))
    assert inbox.incidents()[0].status == "triggered"
    assert inbox.incidents()[0].triggers == 1


def test_alertmanagers_webhook_needs_the_secret(inbox):
    right = {"Authorization": f"Bearer {inbox.secret}"}
    assert post(inbox.alertmanager_url, json={"alerts": []}, headers=right).status_code == 200
    assert post(inbox.alertmanager_url, json={"alerts": []}).status_code == 401
    assert inbox.messages("alertmanager") == [{"alerts": []}]


def test_a_behaviour_may_be_for_some_requests_and_one_protocol(inbox):
    inbox.behave("fail", times=2, only="slack")
    answers = [post(inbox.slack_url, json={"text": "hello"}).status_code for _ in range(3)]
    assert answers == [500, 500, 200]
    inbox.behave("busy", retry_after=7, only="slack")
    busy = post(inbox.slack_url, json={"text": "hello"})
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "7")
    assert enqueue(inbox, event()).status_code == 202


def test_hanging_requests_hold_up_no_others(inbox):
    inbox.behave("hang", only="slack")
    for number in range(3):
        with pytest.raises(httpx.ReadTimeout):
            post(inbox.slack_url, json={"text": "hello"}, timeout=0.2)
        until(lambda wanted=number + 1: len(inbox.requests()) == wanted)
    assert enqueue(inbox, event()).status_code == 202
    assert [one.reason for one in inbox.requests()] == ["it was told to hang"] * 3 + [None]


def test_waiting_ends_with_what_came_or_says_how_much_did(inbox):
    post(inbox.slack_url, json={"text": "hello"})
    assert inbox.wait_for(1, timeout=1) == [{"text": "hello"}]
    with pytest.raises(TimeoutError, match=r"1 of 2 messages came within 0\.1 s"):
        inbox.wait_for(2, timeout=0.1)


def test_who_does_not_know_the_page_can_neither_read_nor_control(inbox):
    post(inbox.slack_url, json={"text": "hello"})
    base = inbox.pagerduty_url
    for path in ("/", "/requests", "/messages", "/x/requests"):
        assert httpx.get(base + path, timeout=PATIENCE).status_code == 404
    assert post(base + "/clear", json={}).status_code == 404
    assert len(inbox.requests()) == 1


def test_the_page_shows_what_came_and_nothing_of_it_is_markup(inbox):
    post(inbox.slack_url, json={"text": "<script>alert(1)</script>"})
    page = httpx.get(inbox.page, timeout=PATIENCE)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script>" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


@pytest.mark.parametrize(("length", "status"), [("", b"411"), ("-1", b"411"), (str(512 * 1024 + 1), b"413")])
def test_a_body_without_a_length_or_too_long_is_refused(inbox, length, status):
    port = int(inbox.pagerduty_url.rpartition(":")[2])
    header = f"Content-Length: {length}\r\n" if length else ""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as raw:
        raw.sendall(f"POST /webhook HTTP/1.1\r\nHost: x\r\n{header}\r\n".encode())
        assert raw.recv(100).split()[1] == status


def test_an_inbox_is_emptied(inbox):
    post(inbox.slack_url, json={"text": "hello"})
    inbox.clear()
    assert inbox.requests() == []


def test_nothing_that_came_is_in_the_log(inbox):
    body = json.dumps(Message((resolved(region="Zanzibarius"),)).to_dict()).encode()
    post(inbox.webhook_url, content=body, headers=sign(inbox.secret, body, int(time.time())))
    logs = list((child.new_log("inbox")).parent.glob("inbox-*.log"))
    assert logs
    assert not [log for log in logs if "Zanzibarius" in log.read_text(encoding="utf-8")]


def test_an_unknown_behaviour_or_protocol_is_named_with_the_known_ones(inbox):
    with pytest.raises(ValueError, match="'shout' is none of ok, fail, busy, hang, drip, lie, hang_up"):
        inbox.behave("shout")
    with pytest.raises(ValueError, match="'fax' is none of webhook, slack, pagerduty, alertmanager"):
        inbox.behave("fail", only="fax")


def test_an_inbox_that_was_killed_says_so():
    with start() as killed:
        killed.check()
        os.kill(killed.pid, signal.SIGKILL)
        until(lambda: not killed.running)  # a zombie may have threads yet, and is collected after the last
        with pytest.raises(ServerCrashedError, match=rf"process {killed.pid}\) ended with status -9 while"):
            killed.check()


def test_the_command_line_serves_one_shows_what_comes_and_stops_cleanly_on_ctrl_c():
    with started(
        *(sys.executable, "-m", "chatmon", "serve", "inbox", "--behave", "hang_up"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"CHATMON_INBOX_SECRET": "a secret of some length"},
    ) as process:
        shown = dict(line.rsplit(maxsplit=1) for line in (process.stdout.readline() for _ in range(7)))
        assert process.stdout.readline() == "Stop it with Ctrl-C.\n"
        with pytest.raises(httpx.RemoteProtocolError):
            post(shown["Slack"], json={"text": "hello"})
        assert process.stdout.readline().endswith("slack: received\n")
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "\nStopped.\n"
        assert process.wait(PATIENCE) == 0
    assert "a secret of some length" not in str(shown)
