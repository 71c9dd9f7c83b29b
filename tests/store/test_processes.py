"""Processes of every kind: what a child, a pool's worker or a fork has tracked is kept, and none of them hangs."""

import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from typer.testing import CliRunner
from waits import PATIENCE

from chatmon.cli._logs import app
from chatmon.importers import open_logs
from chatmon.live.monitor import ChatMonitor
from chatmon.store import LostKeyError, Store, compact, contents
from chatmon.store.lines import to_line
from chatmon.store.privacy import Protection, Pseudonyms, erase, export_user, open_keys
from chatmon.turns import Turn, write_jsonl, write_parquet

START = datetime(2026, 10, 5, 9, tzinfo=UTC)
monitor = ChatMonitor()


def track(turns):
    for _ in range(turns):
        with monitor.track("c", "u"):
            pass
    return turns


def in_a_store(tmp_path, work, exit_status=0):
    """Run something in a fresh Python whose monitor writes to a store, and return the turns that it leaves.

    It is a file, so that processes that are not forked find in it what they are to do.
    """
    script = tmp_path / "bot.py"
    script.write_text(
        f"""
import multiprocessing, os, signal, sys, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from chatmon.live.monitor import ChatMonitor
from chatmon.store import Store
monitor = ChatMonitor()
store = Store(Path({str(tmp_path / "store")!r}))
store.attach(monitor)
def track(turns):
    for _ in range(turns):
        with monitor.track("c", "u"):
            pass
    return turns
if __name__ == "__main__":
{work}
""",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], timeout=PATIENCE, capture_output=True, text=True, check=False)
    assert done.returncode == exit_status, done.stderr
    with open_logs(tmp_path / "store") as logs:
        assert logs.report.duplicates == 0, "every process gives ids of its own"
        return logs.report.turns


WORK = {
    "a child": """
    track(10)
    child = multiprocessing.get_context("{method}").Process(target=track, args=(10,))
    child.start(); child.join()
""",
    "a pool that ends by itself": """
    pool = multiprocessing.get_context("{method}").Pool(2)
    print(pool.map(track, [5, 5, 5, 5]))
    pool.close(); pool.join()
""",
    "an executor": """
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("{method}")) as pool:
        print(list(pool.map(track, [5, 5, 5, 5])))
""",
}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("how", WORK)
def test_no_turn_of_a_process_that_ends_by_itself_is_lost(tmp_path, how, method):
    assert in_a_store(tmp_path, WORK[how].format(method=method)) == 20


WRITTEN = "while store.status().written < 20: time.sleep(0.01)"
ENDS = {
    "a fork that exits": ("track(10); child = os.fork(); track(10 if child == 0 else 0); child and os.wait()", 0),
    "an exception": ("track(20); raise SystemExit(3)", 3),
    "an interrupt": ("track(20); os.kill(os.getpid(), signal.SIGINT); time.sleep(60)", -signal.SIGINT),
    "a signal that the bot leaves at": (
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); track(20); os.kill(os.getpid(), signal.SIGTERM)", 0
    ),
    "a signal that ends it at once, after the interval": (
        f"track(20)\n    {WRITTEN}\n    os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", -signal.SIGTERM
    ),
    "an end at once, after the interval": (f"track(20)\n    {WRITTEN}\n    os._exit(0)", 0),
    "an end at once, after a flush": ("track(20); store.flush(); os._exit(0)", 0),
}  # fmt: skip


@pytest.mark.parametrize("how", ENDS)
def test_what_was_written_or_can_be_is_kept_however_a_process_ends(tmp_path, how):
    work, exit_status = ENDS[how]
    assert in_a_store(tmp_path, f"    {work}", exit_status) == 20


def test_a_process_forked_while_another_thread_tracks_does_not_hang():
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            track(50)

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        context = multiprocessing.get_context("fork")
        children = [context.Process(target=track, args=(5,)) for _ in range(20)]
        for child in children:
            child.start()
        for child in children:
            child.join(PATIENCE)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    hung = [child for child in children if child.exitcode is None]
    for child in hung:
        child.kill()
    assert [child.exitcode for child in children] == [0] * 20


def test_a_forked_child_and_its_parent_give_different_ids():
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, str(next(monitor.sequence)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(read, 100)) != next(monitor.sequence)
    os.close(read)
    os.close(write)


def test_a_turn_after_close_is_said_to_be_lost(tmp_path, caplog):
    own = ChatMonitor()
    store = Store(tmp_path)
    store.attach(own)
    store.close()
    with caplog.at_level(logging.ERROR), own.track("c"):
        pass
    assert store.status().refused == 1
    assert "is closed: a turn is lost" in caplog.text


def first_start(path, barrier, keys):
    barrier.wait()
    keys.put(open_keys(path).key_ids)


@pytest.mark.parametrize("attempt", range(5))
def test_processes_that_start_first_together_use_one_key(tmp_path, attempt):
    context = multiprocessing.get_context("fork")
    path, barrier, keys = tmp_path / "deep" / "keys", context.Barrier(4), context.Queue()
    starts = [context.Process(target=first_start, args=(path, barrier, keys)) for _ in range(4)]
    for one in starts:
        one.start()
    used = {keys.get(timeout=PATIENCE) for _ in starts}
    for one in starts:
        one.join(PATIENCE)
    assert used == {open_keys(path).key_ids}
    assert [one.name for one in path.parent.iterdir()] == ["keys"]


def test_a_store_goes_on_with_a_key_that_it_knows_and_refuses_another(tmp_path):
    first, second = Protection(Pseudonyms(b"1" * 32)), Protection(Pseudonyms(b"2" * 32))
    with Store(tmp_path, protect=first):
        pass
    with pytest.raises(LostKeyError, match=r"holds pseudonyms under \w{8}, and the key at hand is \w{8}"):
        Store(tmp_path, protect=second)
    rotated = Protection(Pseudonyms(b"2" * 32, b"1" * 32))
    with Store(tmp_path, protect=rotated):
        pass
    with Store(tmp_path, protect=second):
        pass
    with Store(tmp_path):
        pass


def a_turn(number, day):
    return Turn(turn_id=f"t{number}", conversation_id="c", timestamp=START.replace(day=day), response_time=1.0)


@pytest.mark.parametrize("damage", [lambda content: b"PAR1 no Parquet", lambda content: content[: len(content) // 2]])
def test_a_day_that_cannot_be_read_is_set_aside_and_the_others_go_on(tmp_path, damage):
    for day in (5, 6, 7):
        lines = tmp_path / "live" / f"2026-10-0{day}"
        lines.mkdir(parents=True)
        (lines / "h-1-1.jsonl").write_bytes(to_line(a_turn(day, day))[1])
    part = tmp_path / "turns" / "day=2026-10-05" / "part-0.parquet"
    part.parent.mkdir(parents=True)
    write_parquet([a_turn(1, 5)], part)
    damaged = damage(part.read_bytes())
    part.write_bytes(damaged)
    assert contents(tmp_path).unreadable == (date(2026, 10, 5),)
    done = compact(tmp_path, grace=0)
    assert (len(done.days), done.aside) == (3, (date(2026, 10, 5),))
    assert "2026-10-05 cannot be read and was set aside" in str(done)
    assert part.with_name("part-0.parquet.unreadable").read_bytes() == damaged
    assert "2026-10-05: its Parquet is damaged" in str(contents(tmp_path))
    with open_logs(tmp_path) as logs:
        assert logs.report.turns == 3


@pytest.mark.parametrize("name", ["export[1]", "a*b", "who?", "it's", "two words", "{a,b}"])
@pytest.mark.parametrize(("write", "ending"), [(write_jsonl, "jsonl"), (write_parquet, "parquet")])
def test_a_file_is_read_by_its_own_name_whatever_that_looks_like(tmp_path, name, write, ending):
    write([a_turn(1, 5)], tmp_path / f"{name}.{ending}")
    for other in ("export1", "a-b", "whom", "its", "a", "b"):
        write([a_turn(2, 5)], tmp_path / f"{other}.{ending}")
    with open_logs(tmp_path / f"{name}.{ending}") as logs:
        assert logs.frame()["turn_id"].tolist() == ["t1"]


NAMES = ["bot[1]", "a*b", "who?", "it's", "two words", "{a,b}", 'a "b"', "50%", "#1", "~", "$HOME", "ünï"]


@pytest.mark.parametrize("name", NAMES)
def test_a_store_in_a_folder_of_any_name_is_itself(tmp_path, name):
    folder, other = tmp_path / name, tmp_path / "bot1"
    for one in (folder, other):
        with Store(one) as store:
            store.append(replace(a_turn(len(str(one)), 5), user_id="customer-77", question="where is my parcel"))
            store.append(replace(a_turn(0, 5), user_id="customer-88", conversation_id="d"))
            store.flush()
        compact(one, grace=0)
    whole = contents(other)
    assert [turn["turn_id"] for turn in export_user("customer-77", folder)["turns"]] == [f"t{len(str(folder))}"]
    receipt = erase("customer-77", folder)
    assert (sum(receipt.changed.values()), receipt.proved) == (1, True)
    with open_logs(folder) as logs:
        assert (logs.report.turns, list(logs.frame()["user_id"].dropna())) == (2, ["customer-88"])
    assert contents(other) == whole
    assert len(export_user("customer-77", other)["turns"]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_written_under_the_name_that_it_is_given(tmp_path, name):
    write_jsonl([a_turn(1, 5)], tmp_path / "turns.jsonl")
    output = tmp_path / f"{name}.parquet"
    done = CliRunner().invoke(app, ["convert", str(tmp_path / "turns.jsonl"), "--output", str(output)])
    assert done.exit_code == 0, done.output
    assert {one.name for one in tmp_path.iterdir()} == {"turns.jsonl", output.name}
    with open_logs(output) as logs:
        assert logs.report.turns == 1


def test_no_control_character_of_a_log_reaches_the_terminal(tmp_path):
    escape = "\x1b]52;c;aGk=\x07\x1b[2J\x9b1m"
    (tmp_path / "bad.jsonl").write_text(
        json.dumps({f"key{escape}": 1, "z": 2}) + "\n" + json.dumps(
            {"turn_id": "a", "conversation_id": "c", "timestamp": "2026-10-05T00:00:00Z", "error_type": f"n{escape}"}
        ) + "\n",
        encoding="utf-8",
    )  # fmt: skip
    for command in (["inspect"], ["optimize"]):
        done = subprocess.run(
            [sys.executable, "-m", "chatmon", *command, str(tmp_path / "bad.jsonl")],
            capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert not {byte for byte in (done.stdout + done.stderr).decode() if ord(byte) < 32 and byte not in "\n\t"}
        assert "\x9b" not in (done.stdout + done.stderr).decode()
