"""What alerting costs with 20 rules: a turn of the live engine, a tick of it, and a replay of a million turns.

The live figures: what a turn adds to the chat's own thread (one append), what it costs in all in a busy minute, with
counting and evaluating, and what a tick costs in which nothing happened. The history is ten times the same simulated
four weeks, a few seconds apart. All is processor time, so that a busy machine does not count.

    python benchmarks/alerts.py [--turns 1000000]
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chatmon._tools.paths import data_file
from chatmon.alerts import replay
from chatmon.alerts._defaults import default_rules
from chatmon.alerts.live._engine import AlertEngine
from chatmon.alerts.rules import Rule
from chatmon.alerts.rules_file import load_rules
from chatmon.lab.traffic import simulate
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor

if TYPE_CHECKING:
    import duckdb

    from chatmon.live.turn import LiveTurn

START = datetime(2026, 10, 5, tzinfo=UTC)
MOST_MICROSECONDS = 5.0
MOST_SECONDS_A_MILLION = 10.0
TOKENS = 40_000
REGIONS, CHANNELS, INTENTS = ("uk", "france", "germany"), ("web", "app"), ("billing", "router", "speed", "account")


def twenty_rules() -> list[Rule]:
    """Return the rules that ship, those of the course, and three burn rates and a budget.

    A quarter of this desk's conversations pass the 4,000 tokens of the rule that ships: its limit is raised, since
    writing hundreds of thousands of messages would be all that is measured.
    """
    burns = [
        Rule(name=f"burn-{hours}h", kind="burn_rate", measure="error", window=timedelta(hours=hours),
             short_window=timedelta(minutes=5 * hours), objective=0.95, above=above, min_n=30)
        for hours, above in ((1, 14.4), (6, 6.0), (72, 1.0))
    ]  # fmt: skip
    budget = Rule(name="spent", kind="budget", period="month", above=1_000)
    shipped = [
        replace(rule, above=TOKENS) if rule.name == "tokens-per-conversation" else rule for rule in default_rules()
    ]
    rules = [*shipped, *load_rules(data_file("alert_rules.toml")), *burns, budget]
    if len(rules) != 20:
        raise ValueError(f"{len(rules)} rules, and the figures are for 20")
    return rules


def live_turns(number: int, clock: ManualClock) -> list[LiveTurn]:
    """Return turns that a monitor has tracked, within one minute."""
    monitor = ChatMonitor(capacity=number, clock=clock.time_ns, timer=clock.timer)
    kept = []
    for place in range(number):
        with monitor.track(
            f"conversation-{place // 2}",
            f"user-{place % 999}",
            region=REGIONS[place % 3],
            channel=CHANNELS[place % 2],
            intent=INTENTS[place % 4],
            prompt_version="v2",
            model="model",
        ) as turn:
            turn.set(
                input_tokens=1000 + place % 700, cached_tokens=256, output_tokens=90 + place % 50, task_completed=True
            )
            clock.advance(30 / number)
        kept.append(turn)
    return kept


def live(turns: int, rounds: int) -> dict[str, float]:
    """Return the microseconds of a turn in the chat's thread and in all, and of an idle tick."""
    clock = ManualClock(START)
    appends, wholes, idles = [], [], []
    for _ in range(rounds):
        clock.advance(60 - clock.timer() % 60)
        engine = AlertEngine(twenty_rules(), lambda said: None, clock=clock.time_ns)
        made = live_turns(turns, clock)
        began = time.process_time()
        for turn in made:
            engine.observe(turn)
        appended = time.process_time()
        clock.advance(60)
        before = time.process_time()
        engine.tick()
        ticked = time.process_time()
        clock.advance(60)
        engine.tick()
        idles.append(time.process_time() - ticked)
        appends.append((appended - began) / turns)
        wholes.append((appended - began + ticked - before) / turns)
    medians = {"chat": appends, "turn": wholes, "idle tick": idles}
    return {name: statistics.median(figures) * 1e6 for name, figures in medians.items()}


def history(turns: int) -> duckdb.DuckDBPyRelation:
    """Return about so many turns of four weeks."""
    import duckdb

    copies = 10
    made = simulate(1, start=START, days=28, turns_per_day=turns / copies / 28)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("made", made.turns)
    connection.execute(
        """CREATE TABLE turns AS SELECT made.* REPLACE (
            turn_id || copy AS turn_id, conversation_id || copy AS conversation_id,
            timestamp + to_seconds(7 * copy) AS timestamp) FROM made, range(?) AS copies(copy)""",
        [copies],
    )
    return connection.table("turns")


def replayed(turns: int) -> tuple[int, float]:
    """Return how many turns were replayed with 20 rules, and in how many seconds."""
    source = history(turns)
    began = time.process_time()
    result = replay(twenty_rules(), source)
    return result.turns, time.process_time() - began


def main() -> int:
    """Print the figures; the exit status is 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=1_000_000)
    options = parser.parse_args()
    figures = live(20_000, 5)
    print(f"{datetime.now(UTC):%Y-%m-%d}: 20 rules")
    print(f"a turn, in the chat's thread  {figures['chat']:10.2f} µs")
    print(f"a turn, in all                {figures['turn']:10.2f} µs, promised at most {MOST_MICROSECONDS}")
    print(f"an idle tick                  {figures['idle tick'] / 1000:10.2f} ms")
    number, seconds = replayed(options.turns)
    print(
        f"a replay of {number:,} turns takes {seconds:.1f} s, {number / seconds:,.0f} turns a second, promised at most "
        f"{MOST_SECONDS_A_MILLION} s a million"
    )
    kept = figures["turn"] <= MOST_MICROSECONDS and seconds <= MOST_SECONDS_A_MILLION * number / 1_000_000
    print("kept" if kept else "BROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
