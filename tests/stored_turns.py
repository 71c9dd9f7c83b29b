"""What the tests of the store share: bots in processes of their own, and what a folder holds."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from chatmon.importers import open_logs
from chatmon.paths import REPO
from chatmon.turns import Turn

START = datetime(2026, 10, 5, 9, tzinfo=UTC)

BOT = """
import sys, time
from pathlib import Path
from chatmon.monitor import ChatMonitor
from chatmon.store import Store
folder, name, rest = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
store, monitor = Store(folder, interval=0.01), ChatMonitor()
store.attach(monitor)
given = []
while True:
    for _ in range(50):
        with monitor.track("c-" + name, "u") as turn:
            turn.set(input_tokens=7)
        given.append(turn.turn_id)
    store.flush()
    # One write: a line of ids is said whole, or cut where the kill came.
    sys.stdout.write(" ".join(given) + "\\n")
    sys.stdout.flush()
    given.clear()
    time.sleep(rest)
"""


def a_turn(number=1, **columns):
    columns = {"timestamp": START + timedelta(seconds=number), "response_time": 0.5} | columns
    return Turn(turn_id=f"t{number}", conversation_id="c1", **columns)


def start_bot(folder, name, said, rest=0.0):
    """Start a process that tracks turns without end, and says into a file which of them were flushed."""
    with said.open("w") as output:
        return subprocess.Popen([sys.executable, "-c", BOT, str(folder), name, str(rest)], stdout=output, cwd=REPO)


def flushed(said):
    """The ids that a bot has said were flushed, in whole lines."""
    whole = said.read_text().rpartition("\n")[0]
    return whole.split()


def ids(folder):
    """The ids that ``open_logs`` reads, sorted."""
    with open_logs(folder) as logs:
        return sorted(row[0] for row in logs.turns.project("turn_id").fetchall())


def lines(folder):
    """All whole lines of JSON below a folder, as they are stored."""
    found = []
    for path in sorted(folder.rglob("*.jsonl")):
        found += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return found
