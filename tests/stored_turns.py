"""What the tests of the store share: bots in processes of their own, and what a folder holds."""

import json
import os
import signal
import subprocess
import sys
import warnings
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from children import started
from waits import PATIENCE, until

from chatmon._tools.paths import REPO
from chatmon.importers import open_logs
from chatmon.turns import Turn

START = datetime(2026, 10, 5, 9, tzinfo=UTC)

BOT = """
import sys, time
from pathlib import Path
from chatmon.live.monitor import ChatMonitor
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
    for one in given:
        monitor.rate(one, 4)
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


@contextmanager
def bot(folder, name, said, rest=0.0):
    """Run a process that tracks turns without end, and says into a file which of them were flushed."""
    command = [sys.executable, "-c", BOT, str(folder), name, str(rest)]
    with said.open("w") as output, started(*command, stdout=output, cwd=REPO) as process:
        yield process


NURSERY = """
import json, os, signal, sys
import duckdb, pyarrow.parquet
import chatmon.live.monitor, chatmon.store.compaction, chatmon.store.retention
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that are killed
for line in sys.stdin:
    code, arguments, output = json.loads(line)
    child = os.fork()
    if child == 0:
        sys.argv = ["", *arguments]
        sys.stdout = open(output, "w")
        exec(code, {"__name__": "__main__"})
        os._exit(0)
    print(child, flush=True)
"""


class Nursery:
    """Starts processes at once: forks of one that has everything imported, which end with it."""

    def __init__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._block = started(sys.executable, "-c", NURSERY, seconds=30 * PATIENCE, cwd=REPO, **pipes)

    def __enter__(self):
        self._mother = self._block.__enter__()
        return self

    def __exit__(self, *error):
        return self._block.__exit__(*error)

    def start(self, code, *arguments, output=os.devnull):
        """Run code in a process of its own, and return its number."""
        self._mother.stdin.write(json.dumps([code, [str(one) for one in arguments], str(output)]) + "\n")
        self._mother.stdin.flush()
        return int(self._mother.stdout.readline())


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def killed(process):
    """Kill a process, whether it still runs or not, and return when it is gone."""

    def gone():
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
            return False
        return True

    until(gone, pause=0.002)


def forked():
    """Fork, and return 0 in the child; Python 3.12 warns of a fork beside threads, such as those that run the tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def killed_at(step, changes, folder, work):
    """Do some work in a child that dies before its so-manieth change of a folder; whether it died."""
    child = forked()
    if child == 0:
        seen = 0

        def hook(event, arguments):
            nonlocal seen
            if event in changes and str(arguments[0]).startswith(str(folder)):
                seen += 1
                if seen == step:
                    os._exit(9)

        sys.addaudithook(hook)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def flushed(said):
    """The ids that a bot has said were flushed, in whole lines."""
    whole = said.read_text().rpartition("\n")[0]
    return whole.split()


def ids(folder):
    """The ids that ``open_logs`` reads, sorted."""
    with open_logs(folder) as logs:
        return sorted(row[0] for row in logs.turns.project("turn_id").fetchall())


def ratings(folder):
    """The satisfaction that ``open_logs`` reads of each turn that has one, by id."""
    with open_logs(folder) as logs:
        found = logs.turns.filter("user_satisfaction IS NOT NULL").project("turn_id, user_satisfaction")
        return dict(found.fetchall())


def lines(folder):
    """All whole lines of JSON below a folder, as they are stored."""
    found = []
    for path in sorted(folder.rglob("*.jsonl")):
        found += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return found
