"""Two hundred kills under load, with compaction under way, and a disk that is really full."""

import os
import random
import subprocess
import sys
import threading
import time

import pytest
from stored_turns import flushed, ids, start_bot

from chatmon.paths import REPO
from chatmon.store.compaction import compact

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
    try:
        for first in range(0, 4 * ROUNDS, 4):
            bots = [start_bot(folder, str(n), said[n], rest=0.02) for n in range(first, first + 4)]
            try:
                for bot, file in zip(bots, said[first:], strict=False):
                    while not flushed(file):
                        time.sleep(0.01)
                    time.sleep(draw.random() / 4)
                    bot.kill()
            finally:
                for bot in bots:
                    bot.kill()
                    bot.wait()
    finally:
        stop.set()
        thread.join()
    assert not faults
    acknowledged = {turn for file in said for turn in flushed(file)}
    found = ids(folder)
    assert len(acknowledged) >= 4 * ROUNDS * 50
    assert acknowledged <= set(found)
    assert len(found) == len(set(found))
    compact(folder, grace=0)
    compact(folder, grace=0)
    assert ids(folder) == found
    assert not list(folder.rglob("*.jsonl"))


FULL = """
import sys
from pathlib import Path
from chatmon.monitor import ChatMonitor
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
