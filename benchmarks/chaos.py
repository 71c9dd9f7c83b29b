"""Whether a store keeps what it has acknowledged, and nothing of the erased, while everything about it is killed.

Bots write over a midnight with a clock that steps back and forth, one of them through Redis; beside them a receiver, a
compaction with retention, an erasure and a reader go on without end. One after the other is killed at any moment and
started again. In the end the user is erased once more, and what is there is held against what the bots were told is
synced: nothing lost, nothing twice, every value of the others as it was, no byte of the erased user's words.

    python benchmarks/chaos.py [--kills 100] [--redis redis://127.0.0.1:6379]
"""

from __future__ import annotations

import argparse
import itertools
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import open_logs
from chatmon.store import Store
from chatmon.store.compaction import compact
from chatmon.store.privacy import erase
from chatmon.store.retention import retain
from chatmon.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

MIDNIGHT: Final = datetime(2026, 10, 6, tzinfo=UTC)
LONG_AGO: Final = MIDNIGHT - timedelta(days=400)
USERS: Final = ("customer-eva-77", "42", "ada@example.org", "true", "customer-eva-777")
ERASED: Final = USERS[0]
WORDS: Final = "the heron stood in the shallow water"
ROLES: Final = ("bot", "bot", "compaction", "erasure", "reader")
THROUGH_REDIS: Final = ("sender", "receiver")
AT_ONCE: Final = 20
"""Turns that a bot waits for before it says that they are synced."""
SECONDS: Final = 300
"""After which a process that does nothing is a fault."""


def turn_of(turn_id: str) -> Turn:
    """Return the turn of an id: what it holds follows from the id alone."""
    number = int(turn_id.rsplit("-", 1)[1])
    chance = random.Random(turn_id)
    user = ERASED if number % 25 == 0 else USERS[1 + number % (len(USERS) - 1)]
    # A clock that is set back and forth: by up to a day, over a midnight; now and then to a day that is not kept.
    began = LONG_AGO if number % 50 == 7 else MIDNIGHT + timedelta(seconds=chance.uniform(-90_000, 90_000))
    return Turn(
        turn_id=turn_id,
        conversation_id=f"{turn_id.rsplit('-', 1)[0]}-of-{user}",
        user_id=user,
        timestamp=began,
        input_tokens=number,
        output_tokens=7,
        cost=Decimal(number) / 1000,
        question=f"{WORDS} when {turn_id} came" if user == ERASED else f"a question of {turn_id} for 42",
    )


def is_kept(turn: Turn) -> bool:
    """Say whether retention leaves a turn's day."""
    return turn.timestamp > LONG_AGO


def say(text: str) -> None:
    """Say a line at once and whole."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def bot(folder: Path, name: str, redis: str | None) -> None:
    """Write turns without end, and say which are synced."""
    if redis is None:
        store: Any = Store(folder, interval=0.01)
    else:
        from chatmon.connect.redis import StreamStore

        store = StreamStore(redis, interval=0.01)
    for start in itertools.count(0, AT_ONCE):
        ids = [f"{name}-{number}" for number in range(start, start + AT_ONCE)]
        for one in ids:
            store.append(turn_of(one))
        store.flush()
        say(" ".join(ids))
        time.sleep(0.01)


def receiver(folder: Path, redis: str, until_empty: bool = False) -> None:
    """Store what comes through Redis."""
    import redis as client

    from chatmon.connect.redis import STREAM, receive

    say("begun")
    with Store(folder, interval=0.01) as store, client.Redis.from_url(redis) as connection:
        receive(redis, store, abandoned_ms=0, until=lambda: until_empty and connection.xlen(STREAM) == 0)


def keeper(folder: Path, role: str, redis: str | None) -> None:
    """Compact, erase or read without end, once there is something."""
    while not any(folder.rglob("*.jsonl")):
        time.sleep(0.01)
    while True:
        say("again")
        try:
            if role == "compaction":
                compact(folder, grace=0)
                retain(folder, days=300, clock=(MIDNIGHT + timedelta(days=2)).timestamp)
            elif role == "erasure":
                erase_user(folder, redis)
            else:
                with open_logs(folder, content=True) as logs:
                    ids = [row[0] for row in logs.turns.select("turn_id").fetchall()]
                if len(ids) != len(set(ids)):
                    raise ValueError(f"{len(ids) - len(set(ids))} turns are read twice")
        except BlockingIOError:
            time.sleep(0.05)
        time.sleep(0.02)


def erase_user(folder: Path, redis: str | None) -> bool:
    """Erase the user, and say whether it is proved."""
    from chatmon.connect.redis import waiting

    return erase(ERASED, folder, waiting=[waiting(redis)] if redis else ()).proved


class Process:
    """One of the processes, with what it says in a file that outlives it."""

    def __init__(self, role: str, folder: Path, beside: Path, number: int, redis: str | None) -> None:
        self.role = role
        self.said = beside / f"{number}.said"
        self.errors = beside / f"{number}.errors"
        command = [sys.executable, __file__, "--role", role, "--folder", str(folder), "--name", f"{role}-{number}"]
        with self.said.open("wb") as output, self.errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [*command, *(["--redis", redis] if redis else [])], stdout=output, stderr=errors
            )

    def begun(self) -> None:
        """Return when it has said something."""
        end = time.monotonic() + SECONDS
        while not self.said.stat().st_size:
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.role} does not begin: {self.errors.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.005)

    def kill(self) -> str | None:
        """Kill it at once, and say where it had met a fault and ended by itself."""
        fault = None
        if self._process.poll() is not None:
            fault = f"{self.role} ended by itself: {self.errors.read_text(encoding='utf-8')[-2000:]}"
        self._process.kill()
        self._process.wait()
        return fault

    def acknowledged(self) -> list[str]:
        """Return the ids that it said are synced, whole lines only."""
        text = self.said.read_text(encoding="utf-8")
        return text[: text.rfind("\n") + 1].split() if self.role in ("bot", "sender") else []


def chaos(folder: Path, beside: Path, kills: int, *, redis: str | None = None, seed: int = 1) -> list[str]:
    """Kill so many processes about a store, and return what is wrong with it in the end, nothing where all is well.

    Args:
        folder: The store's.
        beside: Where the processes say what they did.
        kills: How many.
        redis: A server; without one nothing goes through Redis.
        seed: Of whom is killed when.
    """
    chance = random.Random(seed)
    folder.mkdir(exist_ok=True)
    numbers = itertools.count()
    roles = (*ROLES, *(THROUGH_REDIS if redis else ()))
    running = [Process(role, folder, beside, next(numbers), redis) for role in roles]
    ended: list[Process] = []
    wrong: list[str | None] = []
    try:
        for _ in range(kills):
            at = chance.randrange(len(running))
            running[at].begun()
            time.sleep(chance.uniform(0, 0.15))
            wrong.append(running[at].kill())
            ended.append(running[at])
            running[at] = Process(running[at].role, folder, beside, next(numbers), redis)
        for one in running:
            one.begun()
    finally:
        wrong += [one.kill() for one in running]
    if redis:
        receiver(folder, redis, until_empty=True)
    proved = erase_user(folder, redis)
    compact(folder, grace=0)
    retain(folder, days=300, clock=(MIDNIGHT + timedelta(days=2)).timestamp)
    acknowledged = [one for process in (*ended, *running) for one in process.acknowledged()]
    wrong.append(None if proved else "the erasure is not proved")
    return [*filter(None, wrong), *faults(folder, acknowledged)]


def faults(folder: Path, acknowledged: Sequence[str]) -> list[str]:
    """Return what is wrong with a store, given the ids of turns that were synced."""
    with open_logs(folder, content=True) as logs:
        found = logs.frame()
        rejected = logs.report.rejected
    wrong = [f"{rejected} records are rejected"] if rejected else []
    counts = Counter(found["turn_id"])
    wrong += [f"{one} is there {number} times" for one, number in counts.items() if number > 1]
    wrong += [f"{one} is lost" for one in acknowledged if is_kept(turn_of(one)) and not counts[one]]
    for row in found.to_dict("records"):
        true = turn_of(row["turn_id"])
        is_gone = true.user_id == ERASED
        wanted = (
            true.timestamp,
            true.input_tokens,
            true.cost,
            *((None, None) if is_gone else (true.user_id, true.question)),
        )
        held = (row["timestamp"], row["input_tokens"], row["cost"], row["user_id"], row["question"])
        if held != wanted:
            wrong.append(f"{true.turn_id} holds {held}, not {wanted}")
        if not is_kept(true):
            wrong.append(f"{true.turn_id} is of a day that was to go")
        if (row["conversation_id"] == true.conversation_id) == is_gone:
            wrong.append(f"{true.turn_id} is in {row['conversation_id']}")
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".parquet" and WORDS.encode() in path.read_bytes():
            wrong.append(f"{path.name} has the erased user's words")
    print(f"{len(acknowledged):,} turns were acknowledged, {len(found):,} are there")
    return wrong


def main() -> int:
    """Print what was found; the exit status is 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--redis", help="a server that nothing else uses")
    parser.add_argument("--seed", type=int, default=1)
    for internal in ("--role", "--folder", "--name"):
        parser.add_argument(internal, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role in ("bot", "sender"):
        bot(Path(options.folder), options.name, options.redis if options.role == "sender" else None)
    elif options.role == "receiver":
        receiver(Path(options.folder), options.redis)
    elif options.role:
        keeper(Path(options.folder), options.role, options.redis)
    with tempfile.TemporaryDirectory() as name:
        beside = Path(name, "beside")
        beside.mkdir()
        wrong = chaos(Path(name, "store"), beside, options.kills, redis=options.redis, seed=options.seed)
    print(f"{options.kills} kills: {len(wrong)} faults")
    print(*wrong[:20], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
