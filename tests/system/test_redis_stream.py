"""Turns through a real Redis: at least once, and once after all, whoever is killed."""

import itertools
import os
import re
import signal
import sys
import time
from datetime import timedelta

import pytest
from children import started
from redis_server import empty
from stored_turns import START, a_turn, forked, ids, ratings
from waits import PATIENCE, until

from chatmon._tools.paths import REPO
from chatmon.connect.redis import STREAM, StreamStore, receive
from chatmon.importers import open_logs
from chatmon.store import Store
from chatmon.store.lines import Rating

pytestmark = pytest.mark.system

RECEIVER = """
import sys
import time
from pathlib import Path
from chatmon.store import Store
from chatmon.store.lines import Rating
from chatmon.connect.redis import receive
receive(sys.argv[1], Store(Path(sys.argv[2])), abandoned_ms=200)
"""


def test_what_bots_send_is_stored_once_though_it_is_sent_twice(tmp_path, server):
    import redis

    for _ in range(2):
        with StreamStore(server.url) as bot:
            for number in range(2500):
                bot.append(a_turn(number))
    with Store(tmp_path / "store") as store:
        assert receive(server.url, store, until=lambda: empty(redis, server)) == 2500
    assert ids(tmp_path / "store") == sorted(f"t{number}" for number in range(2500))


def test_a_rating_that_comes_later_is_stored_as_well(tmp_path, server):
    import redis

    with StreamStore(server.url) as bot:
        bot.append(a_turn(1))
        bot.flush()
        for satisfaction in (2.0, 4.0):
            bot.append(Rating("t1", START, START + timedelta(seconds=satisfaction), satisfaction))
    with Store(tmp_path / "store") as store:
        assert receive(server.url, store, until=lambda: empty(redis, server)) == 1
    assert (ids(tmp_path / "store"), ratings(tmp_path / "store")) == (["t1"], {"t1": 4})


def test_a_bot_waits_for_a_server_that_is_down_and_loses_nothing(tmp_path, server):
    import redis

    with StreamStore(server.url, interval=0.01) as bot:
        bot.append(a_turn(1))
        bot.flush()
        server.kill()
        bot.append(a_turn(2))
        until(lambda: bot.status().problem)
        assert bot.status().buffered == 1
        server.start()
        until(lambda: bot.status().problem is None)
    with Store(tmp_path / "store") as store:
        receive(server.url, store, until=lambda: empty(redis, server))
    assert ids(tmp_path / "store") == ["t1", "t2"]


def test_what_is_no_turn_is_left_out_and_holds_nothing_up(tmp_path, server, caplog):
    import redis

    with redis.Redis.from_url(server.url) as connection:
        connection.xadd(STREAM, {"turn": b'{"turn_id": 1}'})
        connection.xadd(STREAM, {"other": b"x"})
    with StreamStore(server.url) as bot:
        bot.append(a_turn(1))
    with Store(tmp_path / "store") as store:
        assert receive(server.url, store, until=lambda: empty(redis, server)) == 1
    assert caplog.text.count("is left out") == 2


def dies_before(command, work):
    """Do some work in a child that dies before it sends Redis its so-manieth command; whether it died."""
    import redis

    child = forked()
    if child == 0:
        sent, send = [], redis.connection.AbstractConnection.send_packed_command

        def counting(*arguments, **options):
            sent.append(1)
            if len(sent) == command:
                os._exit(9)
            return send(*arguments, **options)

        redis.connection.AbstractConnection.send_packed_command = counting
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_receiver_that_dies_before_any_command_leaves_nothing_in_redis_for_ever(tmp_path, server):
    import redis

    for command in itertools.count(1):
        folder = tmp_path / f"store-{command}"
        with StreamStore(server.url) as bot:
            for number in range(3):
                bot.append(a_turn(number))

        def work(folder=folder):
            with Store(folder) as store:
                receive(server.url, store, consumer="dies", until=lambda: empty(redis, server))

        died = dies_before(command, work)
        with Store(folder) as store:
            end = time.monotonic() + PATIENCE
            over = lambda end=end: empty(redis, server) or time.monotonic() > end  # noqa: E731
            receive(server.url, store, consumer="next", abandoned_ms=0, until=over)
        assert empty(redis, server), f"what was there before command {command} is left"
        assert ids(folder) == ["t0", "t1", "t2"]
        if not died:
            break
    assert command > 8


def test_receivers_killed_at_any_moment_leave_their_turns_to_the_next(tmp_path, server):
    import redis

    folder = tmp_path / "store"
    with StreamStore(server.url, interval=0.01) as bot:
        for round_ in range(4):
            with started(sys.executable, "-c", RECEIVER, server.url, str(folder), cwd=REPO):
                for number in range(3000):
                    bot.append(a_turn(3000 * round_ + number))
                bot.flush()
                until(lambda least=round_: len(list(folder.rglob("*.jsonl"))) > least)
    with Store(folder) as store:
        receive(server.url, store, abandoned_ms=0, until=lambda: empty(redis, server))
    assert ids(folder) == sorted(f"t{number}" for number in range(12_000))


def test_the_way_that_the_guide_shows_brings_a_turn_from_the_bot_to_the_store(tmp_path, server, monkeypatch):
    page = (REPO / "docs" / "many_hosts.md").read_text(encoding="utf-8")
    (bot,) = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (receiver,) = re.findall(r"^    chatmon (store receive .*)$", page, re.MULTILINE)
    command = receiver.replace("redis://127.0.0.1:6379", server.url).split()
    monkeypatch.setenv("CHATMON_REDIS", server.url)
    exec(bot, {})
    with started(sys.executable, "-m", "chatmon", *command, cwd=tmp_path) as running:
        until(lambda: any((tmp_path / "turns").rglob("*.jsonl")))
        running.send_signal(signal.SIGINT)
        assert running.wait(30 * PATIENCE) == 0
    with open_logs(tmp_path / "turns") as logs:
        (turn,) = logs.frame().to_dict("records")
    assert (turn["conversation_id"], turn["user_id"], turn["input_tokens"]) == ("c-17", "u-4", 7)
