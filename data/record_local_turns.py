"""Record two days of a support desk on the local model: ``python data/record_local_turns.py``.

What is real: every reply, its tokens, its response time and time to first token, every time-out. What is made up, from
one seed: who asks what and when, and how satisfied they are. The days are Monday 2026-10-05 and Tuesday 2026-10-06; the
wall clock is set to the made-up arrival times, the timer is the machine's. On Tuesday from 14:00 to 15:00 another
program keeps the machine busy, six processes to a core, as a careless batch job might: that hour is a real incident.

Recording again gives the same questions at the same times, and other durations.
"""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
import os
import random
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import track as progress

from chatmon import ChatMonitor
from chatmon.lab import DATA
from chatmon.lab.bot import ChatConfig, KnowledgeBase, ProductionChatbot
from chatmon.live import ManualClock
from chatmon.turns import write_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatmon.turns import Turn

SEED = 20261005
DAYS = (datetime(2026, 10, 5, 8, 0, tzinfo=UTC), datetime(2026, 10, 6, 8, 0, tzinfo=UTC))
INCIDENT = (datetime(2026, 10, 6, 14, 0, tzinfo=UTC), datetime(2026, 10, 6, 15, 0, tzinfo=UTC))
CONVERSATIONS_A_DAY = 100
TIMEOUT = 4.0
SHARE_RATED = 0.35


@dataclasses.dataclass(frozen=True)
class Planned:
    """A message that somebody will send.

    Attributes:
        at: When.
        conversation: Its number.
        user_id: Who.
        channel: Where.
        region: Where from.
        prompt_version: Which prompt the conversation was assigned to.
        text: What.
    """

    at: datetime
    conversation: int
    user_id: str
    channel: str
    region: str
    prompt_version: str
    text: str


def plan(seed: int = SEED, days: tuple[datetime, ...] = DAYS) -> list[Planned]:
    """Return who asks what and when, in order of time: the part that the seed decides."""
    rng = random.Random(seed)
    entries = KnowledgeBase.load().entries
    messages = []
    for day, opening in enumerate(days):
        for number in range(CONVERSATIONS_A_DAY):
            at = opening + timedelta(hours=rng.triangular(0, 10, 6.5))  # busiest in the early afternoon
            person = {
                "conversation": day * CONVERSATIONS_A_DAY + number,
                "user_id": f"u-{rng.randrange(45):02d}",
                "channel": rng.choice(["web", "web", "app"]),
                "region": rng.choice(["north", "south"]),
                "prompt_version": random.Random(f"{seed}/{day}/{number}/prompt version").choice(["v1", "v2"]),
            }
            for _ in range(min(6, 1 + int(rng.expovariate(0.8)))):
                entry = rng.choice(entries)
                messages.append(Planned(at=at, text=rng.choice([entry.question, *entry.phrasings]), **person))
                at += timedelta(seconds=rng.uniform(20, 90))
    return sorted(messages, key=lambda message: message.at)


def rating(turn: Turn, rng: random.Random) -> int | None:
    """Return how a made-up user rates a turn, or None: most never do.

    They start at 4.4, lose 2 for a task not done, lose 0.6 for each second over one, and differ by a standard
    deviation of 0.7.
    """
    mood, rates = rng.gauss(0, 0.7), rng.random() < SHARE_RATED
    if not rates:
        return None
    score = 4.4 - (0 if turn.task_completed else 2) - 0.6 * max(0.0, turn.response_time - 1) + mood
    return min(5, max(1, round(score)))


def _burn() -> None:
    if hasattr(os, "setsid"):
        os.setsid()  # Linux shares a processor between sessions before it shares it between processes
    while True:
        pass


@contextmanager
def busy_machine() -> Iterator[None]:
    """Keep every core busy for as long as the block lasts."""
    burners = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(6 * (os.cpu_count() or 1))]
    for burner in burners:
        burner.start()
    try:
        yield
    finally:
        for burner in burners:
            burner.terminate()
            burner.join()


def record(messages: list[Planned]) -> list[Turn]:
    """Ask the local model every message at its time, and return the turns."""
    clock = ManualClock(messages[0].at)
    monitor = ChatMonitor(clock=clock.time_ns, timer=time.perf_counter, capture_content=True)
    config = dataclasses.replace(ChatConfig.local(), timeout=TIMEOUT, attempts=1)
    bots = {
        version: ProductionChatbot(dataclasses.replace(config, prompt_version=version), monitor=monitor)
        for version in ("v1", "v2")
    }
    bots["v2"].process_user_message_sync("Hello", "warm-up")
    skipped = len(monitor.turns())
    places: dict[str, Planned] = {}
    opened: dict[int, str] = {}

    def ask(message: Planned) -> None:
        clock.advance(max(0.0, (message.at - clock.now()).total_seconds()))
        bot = bots[message.prompt_version]
        reply = bot.process_user_message_sync(message.text, message.user_id, opened.get(message.conversation))
        opened[message.conversation] = reply.conversation_id
        places[reply.turn_id] = message

    calm = [message for message in messages if not INCIDENT[0] <= message.at < INCIDENT[1]]
    troubled = [message for message in messages if INCIDENT[0] <= message.at < INCIDENT[1]]
    for message in progress([m for m in calm if m.at < INCIDENT[0]], "before the incident"):
        ask(message)
    with busy_machine():
        for message in progress(troubled, "the incident"):
            ask(message)
    for message in progress([m for m in calm if m.at >= INCIDENT[1]], "after the incident"):
        ask(message)
    rng = random.Random(SEED + 1)
    turns = []
    for turn in monitor.turns()[skipped:]:
        place = places[turn.turn_id]
        turns.append(
            dataclasses.replace(turn, channel=place.channel, region=place.region, user_satisfaction=rating(turn, rng))
        )
    return turns


def main() -> None:
    """Record, and write the Parquet file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=DATA / "local_turns.parquet")
    options = parser.parse_args()
    turns = record(plan())
    write_parquet(turns, options.output)
    print(f"{len(turns)} turns, {sum(turn.error_type is not None for turn in turns)} failed: {options.output.name}")


if __name__ == "__main__":
    main()
