"""What keeping turns costs: for the chat's own thread, in turns a second, in compacting them, and in asking them.

Figures of ``track()`` are medians of interleaved rounds with the store and without, both while nothing else runs. The
sustained rate is that of a bot that does nothing but track turns, with every turn synced at the end; the promise is
held against processor time, so that a busy machine does not count. The reply time is
the median of a bot whose model takes 20 ms, with the store and without. The history is compacted, then asked. Before
all that, a thousand chats at once are redacted, stored and watched by alert rules, and memory is read twice.

    python benchmarks/store.py [--turns 10000000]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import deque
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from chatmon import alerts
from chatmon.alerts.channels import Notebook
from chatmon.lab import data_file
from chatmon.live.monitor import ChatMonitor
from chatmon.store import Store
from chatmon.store.compaction import compact
from chatmon.store.layout import LIVE, TURNS
from chatmon.store.privacy import Protection, Pseudonyms

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatmon.live.turn import LiveTurn

MOST_MICROSECONDS = 3.0
LEAST_PER_SECOND = 50_000
MOST_OF_A_CROWD = 50.0
CHATS = 1_000
QUESTION_ASKED = "Where is my parcel? I ordered two lamps last week, and the page says it left on Monday. It is order"
ANSWER = (
    "I am sorry that it takes so long. Your parcel left our warehouse on Monday and should be with you by Thursday. "
    "You will get a message with a link as soon as the driver has it. Is there anything else that I can do?"
)
DAYS = 30
QUESTION = """SELECT model, count(*) AS turns, quantile_cont(response_time, 0.95) AS p95, sum(cost) AS cost,
    avg(CASE WHEN error_type IS NULL THEN 0 ELSE 1 END) AS errors FROM turns GROUP BY model ORDER BY model"""


def a_turn(monitor: ChatMonitor, number: int) -> None:
    """Track a turn with the labels that bots give."""
    with monitor.track(f"conversation-{number // 4}", f"user-{number % 999}", intent="billing", region="uk"):
        pass


def microseconds(call: Callable[[int], None], turns: int) -> float:
    """Return what one call takes."""
    began = time.perf_counter()
    for number in range(turns):
        call(number)
    return (time.perf_counter() - began) / turns * 1e6


def tracking(folder: Path, rounds: int, turns: int) -> tuple[float, float]:
    """Return the microseconds of ``track()`` without and with the store, in the chat's thread alone.

    The interval is longer than a round, so the background works between rounds: its share is in the sustained rate.
    """
    plain, stored = ChatMonitor(), ChatMonitor()
    without, within = [], []
    with Store(folder, interval=3600, capacity=10 * turns) as store:
        store.attach(stored)
        for _ in range(rounds):
            without.append(microseconds(lambda number: a_turn(plain, number), turns))
            within.append(microseconds(lambda number: a_turn(stored, number), turns))
            store.flush()
    return statistics.median(without), statistics.median(within)


def sustained(folder: Path, turns: int) -> tuple[float, float, float]:
    """Return turns a second through the store, those of the same bot without one, and processor microseconds a turn."""
    plain = ChatMonitor()
    alone = 1e6 / microseconds(lambda number: a_turn(plain, number), turns // 5)
    monitor = ChatMonitor()
    with Store(folder) as store:
        store.attach(monitor)
        began = time.perf_counter()
        spent = time.process_time()
        for number in range(turns):
            a_turn(monitor, number)
        store.flush()
        return turns / (time.perf_counter() - began), alone, (time.process_time() - spent) / turns * 1e6


def crowd(folder: Path, turns: int) -> tuple[float, float, float]:
    """Return processor microseconds a turn with all that protects and watches it, and megabytes early and in the end.

    A thousand chats are open at once; their texts are redacted and stored, and the course's alert rules watch them.
    """
    monitor = ChatMonitor(capture_content=True)
    protect = Protection(Pseudonyms(b"1" * 32), content=True)
    waiting: deque[AbstractContextManager[LiveTurn]] = deque()
    used = psutil.Process().memory_info
    early = 0
    with Store(folder / "store", protect=protect) as store, ExitStack() as ends:
        store.attach(monitor)
        running = alerts.start(
            monitor, data_file("alert_rules.toml"), channels={"nobody": Notebook()}, folder=folder / "alerts"
        )
        ends.callback(running.stop)
        began = time.process_time()
        for number in range(turns + CHATS):
            if number >= CHATS:
                waiting.popleft().__exit__(None, None, None)
            if number < turns:
                chat = monitor.track(
                    f"conversation-{number // 4}", f"user-{number % 999}", intent="billing", region="uk"
                )
                chat.__enter__().set(
                    question=f"{QUESTION_ASKED} {number}", answer=ANSWER, input_tokens=90, output_tokens=50
                )
                waiting.append(chat)
            early = used().rss if number == turns // 5 else early
        store.flush()
        spent = time.process_time() - began
        return spent / turns * 1e6, early / 1e6, used().rss / 1e6


def replies(folder: Path, rounds: int) -> tuple[float, float]:
    """Return the median milliseconds of a reply of a model that takes 20, without and with the store."""
    plain, stored = ChatMonitor(), ChatMonitor()
    with Store(folder) as store:
        store.attach(stored)
        for _ in range(rounds):
            for monitor in (plain, stored):
                with monitor.track("c1"):
                    time.sleep(0.02)
        medians = [statistics.median(t.response_time or 0.0 for t in m.turns()) * 1000 for m in (plain, stored)]
    return medians[0], medians[1]


def history(folder: Path, turns: int) -> None:
    """Write the lines of a month, as one process would have."""
    import duckdb

    apart = 86_400e6 * DAYS / turns
    for day in range(DAYS):
        within = folder / LIVE / f"2026-10-{day + 1:02}"
        within.mkdir(parents=True)
        duckdb.execute(
            f"""COPY (SELECT format('{{:08x}}-{day:04x}-7000-8000-000000000000', i) AS turn_id,
                'c' || i // 4 AS conversation_id, 'u' || i % 999 AS user_id,
                strftime(TIMESTAMP '2026-10-{day + 1:02}' + to_microseconds(CAST(i * {apart} AS BIGINT)),
                    '%Y-%m-%dT%H:%M:%S.%f+00:00') AS timestamp,
                0.2 + (i * 7919 % 1000) / 250 AS response_time, 'model-' || i % 5 AS model,
                400 + i % 700 AS input_tokens, 50 + i % 90 AS output_tokens, '0.00' || 10 + i % 80 AS cost,
                CASE WHEN i % 50 = 0 THEN 'TimeoutError' END AS error_type, 'billing' AS intent
                FROM range({turns // DAYS}) AS made(i)) TO '{within / "host-1-1.jsonl"}' (FORMAT json)"""
        )


def asked(folder: Path) -> tuple[float, float]:
    """Return the seconds of a question about all of the month, and of one about a day."""
    import duckdb

    connection = duckdb.connect()
    parquet = f"read_parquet('{folder / TURNS}/*/*.parquet', hive_partitioning = true)"
    connection.execute(f"CREATE VIEW turns AS FROM {parquet}")
    seconds = []
    for question in (QUESTION, QUESTION.replace("FROM turns", "FROM turns WHERE day = DATE '2026-10-09'")):
        began = time.perf_counter()
        if not connection.execute(question).fetchall():
            raise ValueError(f"nothing was found by {question}")
        seconds.append(time.perf_counter() - began)
    return seconds[0], seconds[1]


def main() -> int:
    """Print the figures; the exit status is 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=10_000_000, help="of the history")
    parser.add_argument("--live", type=int, default=500_000, help="of the sustained rate")
    parser.add_argument("--crowd", type=int, default=1_000_000, help="of a thousand chats at once")
    parser.add_argument("--only-crowd", action="store_true", help="leave the other figures out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        each, early, late = crowd(folder / "crowd", options.crowd)
        print(
            f"{CHATS:,} chats at once, {options.crowd:,} turns with texts redacted, stored and watched by alert rules:"
        )
        print(f"  {each:.0f} µs of a processor a turn, promised at most {MOST_OF_A_CROWD:.0f}")
        print(f"  {early:.0f} MB after a fifth of them, {late:.0f} MB in the end")
        if options.only_crowd:
            return 0 if each <= MOST_OF_A_CROWD else 1
        without, within = tracking(folder / "track", 9, 10_000)
        rate, alone, spent = sustained(folder / "rate", options.live)
        plain, stored = replies(folder / "replies", 100)
        print(f"{datetime.now(UTC):%Y-%m-%d}")
        more = within - without
        print(f"track() takes {without:.2f} µs, with the store {more:.2f} more, promised at most {MOST_MICROSECONDS}")
        print(f"a turn takes {spent:.1f} µs of a processor in all, from track() to the disk")
        print(f"  that is {1e6 / spent:,.0f} a second, promised {LEAST_PER_SECOND:,}")
        print(f"  by the clock, just now: {rate:,.0f} a second sustained and synced, {alone:,.0f} without a store")
        print(f"a reply takes {plain:.2f} ms, with the store {stored:.2f}")
        history(folder / "month", options.turns)
        began = time.perf_counter()
        done = compact(folder / "month", grace=0)
        seconds = time.perf_counter() - began
        whole, day = asked(folder / "month")
        print(f"compaction: {done.turns:,} turns in {seconds:.1f} s, {done.turns / seconds:,.0f} a second")
        print(f"a question about all of them takes {whole:.2f} s, about one day {day * 1000:.0f} ms")
    kept = more <= MOST_MICROSECONDS and 1e6 / spent >= LEAST_PER_SECOND and each <= MOST_OF_A_CROWD
    print("kept" if kept else "BROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
