"""Turns that were flushed outlive the process; what the disk refuses is kept, counted and written later."""

import json
import logging
import os
import resource
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from stored_turns import START, a_turn, bot, flushed, forked, ids, lines, ratings
from waits import PATIENCE, until

from chatmon._tools.paths import REPO
from chatmon.importers import open_logs
from chatmon.live.monitor import ChatMonitor
from chatmon.store import Store
from chatmon.store.buffer import Buffer
from chatmon.store.compaction import compact
from chatmon.store.layout import contents
from chatmon.turns import Turn, read_jsonl, read_parquet


class Memory:
    """A disk that can be told to fail."""

    def __init__(self):
        self.kept, self.synced, self.full, self.unsound = [], 0, False, False

    def put(self, lines):
        if self.full:
            raise OSError(28, "No space left on device")
        self.kept += lines

    def sync(self):
        if self.unsound:
            del self.kept[self.synced :]
            raise OSError(5, "Input/output error")
        self.synced = len(self.kept)

    def close(self):
        pass

    def ids(self):
        return [json.loads(text)["turn_id"] for _, text in self.kept]


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
maybe_text = st.none() | text
some_turns = st.builds(
    Turn,
    turn_id=st.uuids().map(str),
    conversation_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
    user_id=maybe_text,
    timestamp=st.datetimes(datetime(2026, 10, 5), datetime(2026, 10, 7), timezones=st.just(UTC)),  # noqa: DTZ001
    response_time=st.none() | st.floats(0, 1e9),
    cost=st.none() | st.decimals(0, 10**6, places=18),
    input_tokens=st.none() | st.integers(0, 2**62),
    attempts=st.none() | st.integers(1, 9),
    user_satisfaction=st.none() | st.floats(1, 5),
    task_completed=st.none() | st.booleans(),
    attributes=st.dictionaries(text, st.integers(-(2**70), 2**70) | text | st.booleans() | st.none(), max_size=3),
    question=maybe_text,
)


@examples(10)
@given(turns=st.lists(some_turns, max_size=6, unique_by=lambda turn: turn.turn_id))
def test_what_is_stored_is_what_was_given_as_lines_and_as_parquet(turns, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    with Store(folder) as store:
        for turn in turns:
            store.append(turn)
    wanted = sorted(turns, key=lambda turn: turn.turn_id)
    of_lines = [turn for path in folder.rglob("*.jsonl") for turn in read_jsonl(path)]
    assert sorted(of_lines, key=lambda turn: turn.turn_id) == wanted
    compact(folder, grace=0)
    assert not list(folder.rglob("*.jsonl"))
    of_parts = [turn for path in folder.rglob("*.parquet") for turn in read_parquet(path)]
    assert sorted(of_parts, key=lambda turn: turn.turn_id) == wanted
    assert {turn.timestamp.date().isoformat() for turn in turns} == {p.name[4:] for p in (folder / "turns").glob("*")}


def test_a_monitors_turns_are_stored_as_its_table_has_them(tmp_path, monitor):
    with Store(tmp_path) as store:
        store.attach(monitor)
        with monitor.track("c1", "u1", intent="billing", attributes={"tier": "gold"}) as turn:
            turn.set(cost=Decimal("0.0012"), input_tokens=9)
        with pytest.raises(TimeoutError), monitor.track("c2"):
            raise TimeoutError("too slow, \ud800")
        store.flush()
        (path,) = tmp_path.rglob("*.jsonl")
        assert read_jsonl(path) == monitor.turns()
        assert path.parent.name == monitor.turns()[0].timestamp.date().isoformat()
        with open_logs(tmp_path) as logs:
            assert logs.report.turns == 2


def test_files_and_folders_are_for_their_owner_only(tmp_path):
    folder = tmp_path / "store"
    with Store(folder) as store:
        store.append(a_turn())
    compact(folder)
    modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in [folder, *folder.rglob("*")]}
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert modes[True] == 0o700


def test_a_turn_goes_to_the_day_it_began_whenever_it_ended(tmp_path):
    with Store(tmp_path) as store:
        for hours in (14.9, 15.1):  # from 09:00
            store.append(a_turn(int(hours * 10), timestamp=START + timedelta(hours=hours)))
    assert sorted(path.name for path in (tmp_path / "live").iterdir()) == ["2026-10-05", "2026-10-06"]


def test_the_background_writes_without_being_asked(tmp_path):
    with Store(tmp_path, interval=0.01) as store:
        store.append(a_turn())
        until(lambda: lines(tmp_path))
        until(lambda: store.status().unsynced == 0)


def test_a_full_queue_is_written_by_the_caller_and_nothing_is_dropped():
    disk = Memory()
    with Buffer(disk, "memory", interval=3600, capacity=10) as buffer:
        for number in range(95):
            buffer.append(a_turn(number))
        assert len(disk.kept) == 90
        assert buffer.status().buffered == 5
    assert disk.ids() == [f"t{number}" for number in range(95)]


def test_a_chat_that_finds_the_queue_full_leaves_long_texts_to_the_thread_that_writes():
    protected = []

    def protect(turn):
        protected.append((turn.turn_id, threading.current_thread().name))
        return turn

    disk = Memory()
    with Buffer(disk, "memory", interval=3600, capacity=3, protect=protect) as buffer:
        for number in range(12):
            columns = {"question": "a word " * 20_000} if number % 4 == 2 else {"question": "hello"}
            buffer.append(a_turn(number, **columns))
        own = threading.current_thread().name
        assert protected == [("t0", own), ("t1", own)]
        assert buffer.status().buffered == 10
    assert disk.ids() == [f"t{number}" for number in range(12)], "in their order"


def test_a_chat_that_finds_the_queue_full_gives_a_moment_of_its_processor_time():
    def protect(turn):
        ends = time.thread_time() + 0.001
        while time.thread_time() < ends:
            pass
        return turn

    disk, given = Memory(), []
    with Buffer(disk, "memory", interval=3600, capacity=100, protect=protect) as buffer:
        for number in range(300):
            began = time.thread_time()
            buffer.append(a_turn(number))
            given.append(time.thread_time() - began)
        assert sum(given) >= 0.2, "it was full"
        assert sorted(given)[-5] < 0.006
    assert disk.ids() == [f"t{number}" for number in range(300)]


def test_a_chat_waits_no_longer_than_a_moment_for_a_thread_that_writes():
    begun, go_on = threading.Event(), threading.Event()

    def protect(turn):
        begun.set()
        go_on.wait(PATIENCE)
        return turn

    disk = Memory()
    with Buffer(disk, "memory", interval=0.001, capacity=2, protect=protect) as buffer:
        buffer.append(a_turn(0))
        assert begun.wait(PATIENCE)
        for number in range(1, 6):
            buffer.append(a_turn(number))  # the thread that writes is still at the first
        assert buffer.status().buffered == 6
        go_on.set()
    assert disk.ids() == [f"t{number}" for number in range(6)]


def test_many_threads_lose_and_double_nothing(tmp_path):
    monitor = ChatMonitor()

    def chat():
        for _ in range(500):
            with monitor.track("c1"):
                pass

    with Store(tmp_path, interval=0.001, capacity=50) as store:
        store.attach(monitor)
        threads = [threading.Thread(target=chat) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    found = [row["turn_id"] for row in lines(tmp_path)]
    assert sorted(found) == sorted(turn.turn_id for turn in monitor.turns())
    assert len(found) == 3000


def test_a_failing_disk_stops_no_chat_is_said_once_and_recovers(caplog):
    disk, said = Memory(), []
    with Buffer(disk, "memory", interval=0.01, capacity=5, notify=said.append) as buffer:
        buffer.append(a_turn(0))
        buffer.flush()
        disk.full = True
        for number in range(1, 40):
            buffer.append(a_turn(number))
        until(lambda: buffer.status().problem)
        assert buffer.status().buffered == 39
        assert "39 turns in memory only" in str(buffer.status())
        assert "No space left" in buffer._repr_html_()
        with pytest.raises(OSError, match="39 turns are in memory only, 1 were written"):
            buffer.flush()
        disk.full = False
        until(lambda: buffer.status().problem is None)
        buffer.flush()
        assert buffer.status().buffered == 0
    assert disk.ids() == [f"t{number}" for number in range(40)]
    assert [note.status.value for note in said] == ["firing", "resolved"]
    assert said[0].key == said[1].key
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]


def test_what_a_failed_sync_may_have_lost_is_written_again():
    disk = Memory()
    with Buffer(disk, "memory", interval=3600) as buffer:
        disk.unsound = True
        buffer.append(a_turn(1))
        with pytest.raises(OSError, match="1 turns are in memory only"):
            buffer.flush()
        disk.unsound = False
        buffer.flush()
    assert disk.ids() == ["t1"]


def test_ending_with_a_full_disk_says_what_is_lost():
    disk = Memory()
    disk.full = True
    buffer = Buffer(disk, "memory", interval=3600)
    buffer.append(a_turn(1))
    with pytest.raises(OSError, match="1 turns are in memory only"):
        buffer.close()


def test_a_turn_that_cannot_be_written_is_refused_and_the_others_are_stored(caplog):
    def protect(turn):
        if turn.turn_id == "t2":
            raise LookupError("no key")
        return turn

    disk = Memory()
    with Buffer(disk, "memory", protect=protect) as buffer:
        for number in (1, 2, 3):
            buffer.append(a_turn(number))
        buffer.flush()
        assert buffer.status().refused == 1
    assert disk.ids() == ["t1", "t3"]
    assert "LookupError: no key" in caplog.text


LIMITED = """
import resource, signal, sys
from pathlib import Path
from chatmon.live.monitor import ChatMonitor
from chatmon.store import Store
store, monitor = Store(Path(sys.argv[1])), ChatMonitor()
store.attach(monitor)
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, resource.RLIM_INFINITY))
for _ in range(100):
    with monitor.track("c1"):
        pass
try:
    store.flush()
except OSError:
    print(store.status().buffered, store.status().written, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.flush()
print(store.status().buffered, store.status().written)
"""


def test_a_real_file_that_may_not_grow_is_left_whole_and_goes_on_when_it_may(tmp_path):
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=REPO,
        check=True,
        timeout=PATIENCE,
    )
    assert [line.split() for line in done.stdout.splitlines()] == [["100", "0"], ["0", "100"]]
    assert len({row["turn_id"] for row in lines(tmp_path)}) == len(lines(tmp_path)) == 100


def test_a_file_that_somebody_removed_is_begun_anew(tmp_path):
    with Store(tmp_path) as store:
        store.append(a_turn(1))
        store.flush()
        next(tmp_path.rglob("*.jsonl")).unlink()
        store.append(a_turn(2))
    assert [row["turn_id"] for row in lines(tmp_path)] == ["t2"]


def test_a_forked_child_writes_its_own_turns_to_its_own_file(tmp_path):
    with Store(tmp_path, interval=3600) as store:
        store.append(a_turn(1))
        store.flush()
        store.append(a_turn(2))  # still in memory when the child comes: the parent writes it
        child = forked()
        if child == 0:
            store.append(a_turn(3))
            store.flush()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    files = [
        [json.loads(line)["turn_id"] for line in path.read_text(encoding="utf-8").splitlines()]
        for path in tmp_path.rglob("*.jsonl")
    ]
    assert sorted(files) == [["t1", "t2"], ["t3"]]


def test_a_last_line_torn_at_any_byte_is_left_out_and_counted(tmp_path):
    source, folder = tmp_path / "source", tmp_path / "torn"
    with Store(source) as store:
        for number in (1, 2):
            store.append(a_turn(number, question="wo ist mein Päckchen?"))
    (path,) = source.rglob("*.jsonl")
    whole = path.read_bytes()
    cuts = range(whole.index(b"\n") + 2, len(whole) - 1)
    for cut in cuts:  # a process for each
        torn = folder / "live" / "2026-10-05" / f"host-1-{cut}.jsonl"
        torn.parent.mkdir(parents=True, exist_ok=True)
        torn.write_bytes(whole[:cut].replace(b'"t1"', f'"t1-{cut}"'.encode()))
    wanted = sorted(f"t1-{cut}" for cut in cuts)
    with open_logs(folder) as logs:
        assert len(set(logs.rejected.project("file, line").fetchall())) == len(cuts)
    assert ids(folder) == wanted
    assert contents(folder).torn == len(cuts)
    done = compact(folder, grace=0)
    assert (done.turns, done.unreadable) == (len(cuts), len(cuts))
    assert ids(folder) == wanted


@pytest.mark.parametrize("moment", range(3))
def test_killed_at_any_moment_four_processes_lose_no_flushed_turn_and_double_none(tmp_path, moment):
    folder, said = tmp_path / "store", [tmp_path / f"said-{number}" for number in range(4)]
    with ExitStack() as stack:
        bots = [stack.enter_context(bot(folder, str(number), one)) for number, one in enumerate(said)]
        for number, (process, one) in enumerate(zip(bots, said, strict=True)):
            until(lambda one=one, number=number: len(flushed(one)) > 200 * (moment + number))
            process.kill()
    acknowledged = {turn for one in said for turn in flushed(one)}
    stored = [row["turn_id"] for row in whole_lines(folder) if "rated_at" not in row]
    assert acknowledged <= set(stored)
    assert len(stored) == len(set(stored))
    assert ids(folder) == sorted(stored)
    rated = ratings(folder)
    assert acknowledged <= set(rated)
    for grace in (3600, 0):
        compact(folder, grace=grace)
        assert ids(folder) == sorted(stored)
        assert ratings(folder) == rated
    assert not list(folder.rglob("*.jsonl"))


def whole_lines(folder):
    return [
        json.loads(line)
        for path in folder.rglob("*.jsonl")
        for line in path.read_bytes().rpartition(b"\n")[0].splitlines()
    ]
