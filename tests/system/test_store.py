"""Two hundred kills under load, compactions and retentions that are killed, and a disk that is really full."""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from datetime import timedelta

import duckdb
import pytest
from stored_turns import BOT, START, Nursery, a_turn, alive, flushed, ids, killed, ratings
from waits import PATIENCE

from chatmon._tools.paths import REPO
from chatmon.store import Store
from chatmon.store.compaction import compact
from chatmon.store.retention import retain

pytestmark = pytest.mark.system

ROUNDS = 50


def test_of_two_hundred_processes_killed_at_random_moments_no_flushed_turn_is_lost_or_doubled(tmp_path):
    """Four processes at once, fifty times, each killed within a second of its first turn; compaction runs meanwhile."""
    draw = random.Random(8)
    folder, stop, faults = tmp_path / "store", threading.Event(), []
    folder.mkdir()

    def compacting():
        while not stop.wait(0.5):
            try:
                compact(folder, grace=2)
            except Exception as error:  # noqa: BLE001 - the test says which
                faults.append(error)

    thread = threading.Thread(target=compacting)
    thread.start()
    said = [tmp_path / f"said-{number}" for number in range(4 * ROUNDS)]
    with Nursery() as nursery:
        try:
            for first in range(0, 4 * ROUNDS, 4):
                bots = [nursery.start(BOT, folder, n, 0.02, output=said[n]) for n in range(first, first + 4)]
                try:
                    for bot, file in zip(bots, said[first:], strict=False):
                        while not (file.exists() and flushed(file)):
                            assert alive(bot)
                            time.sleep(0.01)
                        time.sleep(draw.random() / 4)
                        killed(bot)
                finally:
                    for bot in bots:
                        killed(bot)
        finally:
            stop.set()
            thread.join(PATIENCE)
    assert not faults
    acknowledged = {turn for file in said for turn in flushed(file)}
    found = ids(folder)
    assert len(acknowledged) >= 4 * ROUNDS * 50
    assert acknowledged <= set(found)
    assert len(found) == len(set(found))
    assert acknowledged <= set(ratings(folder))
    compact(folder, grace=0)
    compact(folder, grace=0)
    assert ids(folder) == found
    assert not list(folder.rglob("*.jsonl"))


COMPACT = """
import sys
from pathlib import Path
from chatmon.store.compaction import compact
compact(Path(sys.argv[1]), grace=0)
"""
RETAIN = """
import sys
from pathlib import Path
from chatmon.store.retention import retain
retain(Path(sys.argv[1]), days=int(sys.argv[2]), clock=lambda: float(sys.argv[3]))
"""
DAYS = 8


def test_compactions_and_retentions_killed_at_random_moments_leave_each_turn_that_is_to_be_kept_once(tmp_path):
    """Each day gets turns all the time; every few rounds a day less is kept."""
    draw, folder = random.Random(8), tmp_path / "store"
    now = (START + timedelta(days=DAYS - 1)).timestamp()
    stored = {day: set() for day in range(DAYS)}
    number = cut_short = 0

    def fill(first):
        nonlocal number
        with Store(folder) as store:
            for day in range(first, DAYS):
                for _ in range(40):
                    number += 1
                    store.append(a_turn(number, timestamp=START + timedelta(days=day)))
                    stored[day].add(f"t{number}")

    def check(first):
        found = ids(folder)
        assert len(found) == len(set(found))
        kept = set.union(*(stored[day] for day in range(first, DAYS)))
        assert kept <= set(found)
        assert set(found) - kept <= set.union(set(), *(stored[day] for day in range(first)))
        for part in folder.glob("turns/*/*.parquet"):
            once = duckdb.sql(f"SELECT count(*) = count(DISTINCT turn_id) FROM '{part}'").fetchall()
            assert once == [(True,)]

    with Nursery() as nursery:
        fill(0)
        shutil.copytree(folder, tmp_path / "copy")
        began = time.monotonic()
        whole = nursery.start(COMPACT, tmp_path / "copy")
        while alive(whole):
            time.sleep(0.005)
        takes = time.monotonic() - began
        longest = {COMPACT: takes, RETAIN: takes / 4}
        for round_ in range(120):
            if round_ >= 24 and cut_short > 12:
                break
            first = min(round_ // 4, 5)
            fill(first)
            for code, most in list(longest.items()):
                process = nursery.start(code, folder, DAYS - first, now)
                time.sleep(draw.random() * most)
                if alive(process):
                    cut_short += 1
                else:
                    longest[code] = 0.8 * most  # the machine has become faster, or was busy when the time was taken
                killed(process)
                check(first)
    assert cut_short > 12
    first = 5
    retain(folder, days=DAYS - first, clock=lambda: now)
    compact(folder, grace=0)
    assert ids(folder) == sorted(set.union(*(stored[day] for day in range(first, DAYS))))
    assert not list(folder.glob(".removing-*"))


FULL = """
import sys
from pathlib import Path
from chatmon.live.monitor import ChatMonitor
from chatmon.store import Store
disk = Path(sys.argv[1])
ballast = disk / "ballast"
ballast.write_bytes(bytes(900_000))
store, monitor = Store(disk / "store"), ChatMonitor()
store.attach(monitor)
for _ in range(5_000):
    with monitor.track("c1"):
        pass
try:
    store.flush()
except OSError as error:
    print("refused:", error)
print(store.status().buffered)
ballast.unlink()
store.flush()
print(store.status().buffered, store.status().written)
store.close()
print(sum(len(path.read_bytes().splitlines()) for path in disk.rglob("*.jsonl")))
"""


def test_a_real_disk_that_is_full_keeps_turns_waiting_until_there_is_room(tmp_path):
    mounted = f'mount -t tmpfs -o size=1200k none {tmp_path} && exec {sys.executable} -c "$0" {tmp_path}'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", mounted, FULL],
        capture_output=True, text=True, cwd=REPO, check=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    refused, buffered, after, lines = done.stdout.splitlines()
    assert "No space left on device" in refused
    assert int(buffered) > 0
    assert after == "0 5000"
    assert lines == "5000"
