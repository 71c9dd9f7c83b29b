"""A user erased while turns of theirs wait in a real Redis: in what is stored afterwards there is nothing of them."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from redis_server import empty
from stored_turns import a_turn, ids
from typer.testing import CliRunner
from waits import until

from chatmon.cli._logs import app
from chatmon.connect.redis import GROUP, STREAM, StreamStore, receive, waiting
from chatmon.importers import open_logs
from chatmon.store import Store
from chatmon.store.lines import to_line
from chatmon.store.privacy import erase, export_user

pytestmark = pytest.mark.system

EVA, WORDS = "customer-eva-77", "the heron stood in the shallow water"


def of_eva(number):
    return replace(a_turn(number), user_id=EVA, conversation_id="of-eva", question=WORDS, answer=f"{WORDS}, it did")


def sends(server, *turns):
    with StreamStore(server.url) as bot:
        for turn in turns:
            bot.append(turn)


def all_received(server, folder):
    import redis

    with Store(folder) as store:
        receive(server.url, store, abandoned_ms=0, until=lambda: empty(redis, server))


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_what_waits_is_erased_before_it_is_stored_and_counts_as_before(tmp_path, server):
    folder = tmp_path / "store"
    with Store(folder) as store:
        store.append(of_eva(1))
    quoted = replace(a_turn(5), question=f"why does {EVA} ring?")
    sends(server, of_eva(2), a_turn(3), of_eva(4), quoted)
    receipt = erase(EVA, folder, waiting=[waiting(server.url)])
    assert receipt.proved
    assert receipt.changed["the stream chatmon:turns"] == 3
    assert receipt.waiting == {"the stream chatmon:turns": 4}
    assert "4 turns waiting in the stream chatmon:turns: nothing of this user" in str(receipt)
    all_received(server, folder)
    assert ids(folder) == ["t1", "t2", "t3", "t4", "t5"]
    assert EVA.encode() not in bytes_of(folder)
    assert WORDS.encode() not in (stored := bytes_of(folder))
    with open_logs(folder, content=True) as logs:
        frame = logs.frame().set_index("turn_id")
    one = frame.loc[["t1", "t2", "t4"], "conversation_id"]
    assert (one.nunique(), one.iloc[0][:7]) == (1, "erased-")
    assert to_line(a_turn(3))[1] in stored, "the others' lines are as they were"
    again = erase(EVA, folder, waiting=[waiting(server.url)])
    assert (again.proved, again.changed, again.waiting) == (True, {}, {"the stream chatmon:turns": 0})


def test_what_a_receiver_has_in_hand_is_left_to_it_and_said(tmp_path, server):
    import redis

    folder = tmp_path / "store"
    folder.mkdir()
    sends(server, of_eva(1), of_eva(2))
    with redis.Redis.from_url(server.url) as connection:
        connection.xgroup_create(STREAM, GROUP, id="0")
        connection.xreadgroup(GROUP, "busy", {STREAM: ">"}, count=1)
    receipt = erase(EVA, folder, waiting=[waiting(server.url)])
    assert not receipt.proved
    assert receipt.left == ("the stream chatmon:turns: 1 turns, in a receiver's hands or new",)
    assert receipt.changed == {"the stream chatmon:turns": 1}
    assert EVA not in str(receipt)
    dead = erase(EVA, folder, waiting=[waiting(server.url, abandoned_ms=0)])
    assert dead.proved
    all_received(server, folder)
    assert ids(folder) == ["t1", "t2"]
    assert EVA.encode() not in bytes_of(folder)


def test_whatever_else_is_in_the_stream_neither_breaks_nor_hides_anything(tmp_path, server):
    import redis

    folder = tmp_path / "store"
    folder.mkdir()
    with redis.Redis.from_url(server.url) as connection:
        for fields in (
            {"turn": b"[1]"},
            {"turn": json.dumps({"user_id": EVA})},
            {"other": f"a note on {EVA}"},
            {"turn": json.dumps({"user_id": [EVA], "turn_id": 7, "conversation_id": {}})},
        ):
            connection.xadd(STREAM, fields)
        receipt = erase(EVA, folder, waiting=[waiting(server.url)])
        left = b"".join(b"".join(fields.values()) for _, fields in connection.xrange(STREAM))
    assert EVA.encode() not in left
    assert receipt.proved


def test_a_user_is_told_of_turns_that_wait_too(tmp_path, server):
    sends(server, of_eva(1), a_turn(2))
    (folder := tmp_path / "store").mkdir()
    held = export_user(EVA, folder, waiting=[waiting(server.url)])
    assert [(turn["turn_id"], turn["file"]) for turn in held["turns"]] == [("t1", "the stream chatmon:turns")]


def test_the_command_looks_into_redis_and_names_a_server_that_does_not_answer(tmp_path, server, monkeypatch):
    monkeypatch.setenv("CHATMON_PSEUDONYM_KEY_FILE", str(tmp_path / "no-keys"))
    folder = tmp_path / "store"
    folder.mkdir()
    sends(server, of_eva(1))
    command = ["erase", EVA, "--data", str(folder), "--redis"]
    done = CliRunner().invoke(app, [*command, server.url])
    assert done.exit_code == 0, done.output
    assert "the stream chatmon:turns: 1" in done.output
    server.kill()
    with suppress(OSError):
        refused = CliRunner().invoke(app, [*command, server.url])
        assert refused.exit_code == 1
        assert "Redis does not tell" in refused.output + str(refused.exception)
    server.start()


def test_while_a_receiver_stores_nothing_of_the_user_is_left_once_an_erasure_has_proved_it(tmp_path, server):
    folder = tmp_path / "store"
    over = threading.Event()
    with Store(folder) as store, ThreadPoolExecutor(1) as pool:
        receiving = pool.submit(receive, server.url, store, until=over.is_set)
        try:
            for round_ in range(6):
                turns = (of_eva if number % 2 else a_turn for number in range(200))
                sends(server, *(made(200 * round_ + number) for number, made in enumerate(turns)))
                until(lambda: erase(EVA, folder, waiting=[waiting(server.url)]).proved)
                assert WORDS.encode() not in bytes_of(folder), round_
        finally:
            over.set()
        receiving.result(timeout=20)
    all_received(server, folder)
    assert len(ids(folder)) == 1200
