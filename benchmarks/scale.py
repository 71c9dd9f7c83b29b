"""What 1, 100 and 10,000 chats a second cost in files, bytes, memory and alert evaluation, and what each part can bear.

The constants are measured on this machine; how much busier the busiest hour is than the mean one is simulated. A chat
is a turn: a message and its reply. The rest is arithmetic, with what is assumed in ``ASSUMED``.

    python benchmarks/scale.py [--turns 100000]
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
import tracemalloc
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from alerts import live

from chatmon import analysis
from chatmon.lab.traffic import simulate
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor
from chatmon.store.lines import to_line
from chatmon.turns import Turn, from_arrow, write_parquet

START: Final = datetime(2026, 10, 5, tzinfo=UTC)
RATES: Final = (1, 100, 10_000)
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is not measured.

    Attributes:
        reply_seconds: How long a reply takes.
        chats_a_process: How many chats a process of the bot holds at once.
        capacity: Turns that a monitor keeps, as ``ChatMonitor`` does by default.
        patience: Seconds that somebody waits for the summary of a log.
    """

    reply_seconds: float = 2.0
    chats_a_process: int = 50
    capacity: int = 10_000
    patience: float = 60.0


ASSUMED: Final = Assumed()


@dataclass(frozen=True, slots=True)
class Measured:
    """Constants of this machine.

    Attributes:
        line: Bytes of a turn as a line of JSON.
        parquet: Bytes of a turn in Parquet.
        kept: Bytes of a turn in a monitor's memory.
        tracked: Microseconds of a turn in the monitor.
        written: Microseconds to make a turn a line.
        alerted: Microseconds of a turn in an alert engine with 20 rules.
        summed: Microseconds of a turn in ``analysis.summary`` of a Parquet file.
        peak: Turns of the busiest hour of a week over those of the mean one.
    """

    line: float
    parquet: float
    kept: float
    tracked: float
    written: float
    alerted: float
    summed: float
    peak: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What a rate costs; all of it at the busiest hour, bytes and turns apart, which are those of a mean day.

    Attributes:
        processes: Of the bot.
        turns: A day.
        files: Of lines a day: one a process.
        lines_gb: Gigabytes of lines a day, before they are compacted.
        parquet_gb: Gigabytes of Parquet a day.
        memory_gb: Gigabytes that the monitors keep in all.
        reach_minutes: How far back a monitor's memory goes.
        monitoring: Share of one core that a process's monitor, store and alerts take.
        one_engine: Share of one core that alerts take where a single engine sees every turn.
        days_at_once: Days of the log whose summary one machine makes in the time that somebody waits.
    """

    processes: int
    turns: float
    files: int
    lines_gb: float
    parquet_gb: float
    memory_gb: float
    reach_minutes: float
    monitoring: float
    one_engine: float
    days_at_once: float


def cost(rate: float, constants: Measured, assumed: Assumed = ASSUMED) -> Cost:
    """Return what so many chats a second cost, the rate being the mean of a week."""
    peak = rate * constants.peak
    processes = math.ceil(peak * assumed.reply_seconds / assumed.chats_a_process)
    each = peak / processes
    turns = rate * DAY
    in_all = constants.tracked + constants.written + constants.alerted
    return Cost(
        processes=processes,
        turns=turns,
        files=processes,
        lines_gb=turns * constants.line / 1e9,
        parquet_gb=turns * constants.parquet / 1e9,
        memory_gb=processes * assumed.capacity * constants.kept / 1e9,
        reach_minutes=assumed.capacity / each / 60,
        monitoring=each * in_all / 1e6,
        one_engine=peak * constants.alerted / 1e6,
        days_at_once=assumed.patience / (turns * constants.summed / 1e6),
    )


def measure(turns: int) -> Measured:
    """Return this machine's constants, from about so many simulated turns of a week."""
    made = simulate(1, start=START, days=7, turns_per_day=turns / 7)
    some = from_arrow(made.turns.slice(0, 20_000))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "turns.parquet"
        write_parquet(some, file)
        parquet = file.stat().st_size / len(some)
    hours = Counter(moment.replace(minute=0, second=0, microsecond=0) for moment in made.turns["timestamp"].to_pylist())
    kept, tracked = _in_memory(min(10_000, turns))
    return Measured(
        line=statistics.fmean(len(to_line(one)[1]) for one in some),
        parquet=parquet,
        kept=kept,
        tracked=tracked,
        written=_written(some),
        alerted=live(min(10_000, turns), 3)["turn"],
        summed=_summed(turns),
        peak=max(hours.values()) / (made.truth.turns / (7 * 24)),
    )


def _in_memory(number: int) -> tuple[float, float]:
    """Return the bytes that a turn takes in a monitor, and the microseconds, each from a run of its own."""

    def fill() -> tuple[ChatMonitor, float]:
        clock = ManualClock(START)
        monitor = ChatMonitor(capacity=number, clock=clock.time_ns, timer=clock.timer)
        began = time.process_time()
        for place in range(number):
            with monitor.track(f"conversation-{place // 3}", f"user-{place // 9}", model="model", region="uk") as turn:
                turn.set(input_tokens=1000 + place % 700, output_tokens=90 + place % 50, task_completed=True)
        return monitor, (time.process_time() - began) / number * 1e6

    tracked = statistics.median(fill()[1] for _ in range(3))
    tracemalloc.start()
    monitor, _ = fill()
    kept = tracemalloc.get_traced_memory()[0] / number
    tracemalloc.stop()
    del monitor
    return kept, tracked


def _written(some: list[Turn]) -> float:
    began = time.process_time()
    for one in some:
        to_line(one)
    return (time.process_time() - began) / len(some) * 1e6


def _summed(turns: int) -> float:
    """Return the microseconds of wall clock of a turn in a summary: all cores of this machine work on it."""
    import duckdb

    copies = 20
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "turns.parquet"
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.register("made", simulate(1, start=START, days=7, turns_per_day=turns / 7).turns)
            connection.execute(
                f"""COPY (SELECT made.* REPLACE (turn_id || copy AS turn_id, conversation_id || copy AS conversation_id)
                FROM made, range({copies}) AS copies(copy)) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"""
            )
        began = time.perf_counter()
        number = analysis.summary(file).turns
        return (time.perf_counter() - began) / number * 1e6


def table(constants: Measured) -> list[tuple[str, list[str]]]:
    """Return the rows of the table: what, and its values for ``RATES``."""
    costs = [cost(rate, constants) for rate in RATES]
    shown = (
        ("processes of the bot at the busiest hour", "processes", "{:,}"),
        ("turns a day", "turns", "{:,.0f}"),
        ("files of lines a day", "files", "{:,}"),
        ("lines, GB a day", "lines_gb", "{:,.2f}"),
        ("Parquet, GB a day", "parquet_gb", "{:,.3f}"),
        ("monitors' memory, GB in all", "memory_gb", "{:,.2f}"),
        ("a monitor's memory goes back, minutes", "reach_minutes", "{:,.0f}"),
        ("monitoring, share of a process's core", "monitoring", "{:.3%}"),
        ("one alert engine for all, share of a core", "one_engine", "{:.2%}"),
        ("days summed up in a minute on one machine", "days_at_once", "{:,.2f}"),
    )
    return [(what, [form.format(getattr(each, name)) for each in costs]) for what, name, form in shown]


def main() -> int:
    """Print the constants, the table and the rate at which each part stops."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=100_000)
    constants = measure(parser.parse_args().turns)
    print(f"{datetime.now(UTC):%Y-%m-%d}: {constants}\n{ASSUMED}\n")
    print(f"{'chats a second':42}" + "".join(f"{rate:>14,}" for rate in RATES))
    for what, values in table(constants):
        print(f"{what:42}" + "".join(f"{value:>14}" for value in values))
    print(f"\none alert engine is a core's work at {1e6 / constants.alerted / constants.peak:,.0f} chats a second")
    per_day = ASSUMED.patience / (DAY * constants.summed / 1e6)
    print(f"a day is summed up in a minute up to {per_day:,.0f} chats a second")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
