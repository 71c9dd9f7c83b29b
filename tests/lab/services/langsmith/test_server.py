"""The server as a process: it is reached on loopback with its key, ends with its parent, and loses nothing it took."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from uuid import uuid4

import httpx
import psutil
import pytest
from children import started, until_gone
from waits import PATIENCE, until

from chatmon.lab.services import _child as child
from chatmon.lab.services.errors import LocalServerError, PortTakenError, ServerCrashedError
from chatmon.lab.services.langsmith import start

OPENS_AND_WAITS = """
import time
from chatmon.lab.services.langsmith import start
server = start()
print(server.pid, server.port, flush=True)
{then}
"""


@contextmanager
def parent(then):
    command = [sys.executable, "-c", OPENS_AND_WAITS.format(then=then)]
    with started(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        pid, port = process.stdout.readline().split()
        yield process, int(pid), int(port)


def own():
    return start(api_key=f"test-{secrets.token_hex(8)}")


def runs(count, name="x"):
    for _ in range(count):
        run = str(uuid4())
        yield {"id": run, "trace_id": run, "name": name, "run_type": "chain", "start_time": "2026-10-05T00:00:00"}


def asking(server):
    return httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=PATIENCE)


def test_it_listens_on_loopback_only():
    with own() as server:
        listening = [one for one in psutil.Process(server.pid).net_connections() if one.status == psutil.CONN_LISTEN]
        assert [(one.laddr.ip, one.laddr.port) for one in listening] == [("127.0.0.1", server.port)]


def test_a_second_start_gives_the_server_that_runs_and_the_last_block_ends_it():
    key = f"test-{secrets.token_hex(8)}"
    with start(api_key=key) as first:
        with start(api_key=key) as second:
            assert second is first
        assert first.running
        first.check()
    until_gone(first.pid, first.port)
    with pytest.raises(LocalServerError, match=r"was stopped: call start\(\) again"):
        first.check()


def test_it_dies_with_a_parent_that_is_killed():
    with parent("time.sleep(600)") as (process, pid, port):
        assert child.answers(port)
        process.kill()
        until_gone(pid, port)


def test_nothing_is_printed_and_the_end_of_the_parent_is_its_end():
    with parent("") as (process, pid, port):
        assert process.communicate(timeout=PATIENCE) == ("", "")
        until_gone(pid, port)


def test_an_interrupt_in_the_notebook_leaves_it_running():
    then = (
        "try:\n    print('waits', flush=True)\n    time.sleep(600)\n"
        "except KeyboardInterrupt:\n    server.check()\n    print('still here', flush=True)"
    )
    with parent(then) as (process, _, _):
        assert process.stdout.readline() == "waits\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=PATIENCE) == ("still here\n", "")


def test_a_crash_says_so_with_the_log():
    with own() as server:
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not server.running)  # a zombie may have threads yet, and is collected after the last
        with pytest.raises(ServerCrashedError, match=f"process {server.pid}.*status -9"):
            server.check()


def test_the_key_shows_in_no_repr_no_log_and_no_list_of_processes():
    with own() as server, asking(server) as ask:
        ask.get("/info")
        process = psutil.Process(server.pid)
        shown = [repr(server), " ".join(process.cmdline()), " ".join(process.environ().values())]
        assert not [text for text in shown if server.api_key in text]
        assert server.api_key not in server.log_path.read_text(encoding="utf-8")


def test_a_taken_port_is_named_and_one_out_of_range_refused():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} cannot be opened .*choose another"):
            start(port=port)
    with pytest.raises(ValueError, match=r"port \(0\)"):
        start(port=0)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("no database\n" * 100, encoding="utf-8")
    with pytest.raises(LocalServerError, match=r"notes\.txt cannot be used: file is not a database"):
        start(db=tmp_path / "notes.txt")


def test_a_file_of_another_version_is_named(tmp_path):
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute("CREATE TABLE runs (n INTEGER)")
    old.close()
    with pytest.raises(
        LocalServerError, match=r"old\.db cannot be used: its tables are of version 0, this .*version 1"
    ):
        start(db=tmp_path / "old.db")


def test_what_a_file_keeps_is_there_again(tmp_path):
    for expected in (3, 6):
        with start(db=tmp_path / "kept.db") as server, asking(server) as ask:
            assert ask.post("/runs/batch", json={"post": list(runs(3))}).status_code == 202
            found = ask.get("/sessions", params={"name": "default", "include_stats": "true"}).json()
            assert found[0]["run_count"] == expected


def test_what_was_acknowledged_survives_a_kill_in_mid_ingest(tmp_path):
    acknowledged = set()
    with start(db=tmp_path / "killed.db") as server, asking(server) as ask:
        try:
            for number in range(10_000):
                batch = list(runs(20))
                if number == 15:
                    # While this batch is on its way, or just before, or just after.
                    os.kill(server.pid, signal.SIGKILL)
                if ask.post("/runs/batch", json={"post": batch}).status_code == 202:
                    acknowledged |= {run["id"] for run in batch}
        except httpx.HTTPError:
            pass
    assert len(acknowledged) >= 300
    with start(db=tmp_path / "killed.db") as again, asking(again) as ask:
        stored, cursor = set(), None
        while True:
            body = {"session": [ask.get("/sessions").json()[0]["id"]], "limit": 100, "cursor": cursor, "select": ["id"]}
            page = ask.post("/runs/query", json=body).json()
            stored |= {run["id"] for run in page["runs"]}
            cursor = page["cursors"]["next"]
            if cursor is None:
                break
    assert acknowledged <= stored


def test_the_command_serves_until_ctrl_c(tmp_path):
    command = [sys.executable, "-m", "chatmon", "serve", "langsmith", "--db", str(tmp_path / "x.db")]
    with started(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        said = [process.stdout.readline() for _ in range(4)]
        shown = {"page": said[0].split(maxsplit=1)[1]}
        url, key = (line.partition("=")[2].strip().strip("'") for line in said[2:])
        assert httpx.get(f"{url}/sessions", headers={"x-api-key": key}, timeout=PATIENCE).json() == []
        assert httpx.get(shown["page"].strip(), follow_redirects=True, timeout=PATIENCE).status_code == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (out.splitlines()[-1], err, process.returncode) == ("Stopped.", "", 0)
