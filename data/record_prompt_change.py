"""Record two days on the local model, with a prompt that changes between them: ``python data/record_prompt_change.py``.

On Monday 2026-10-12 the support desk works with prompt v2, whose beginning is the same in every request. On Tuesday it
works with v2-user-first, which somebody made to be personal: it begins with who asks. Everything else is as in
``record_local_turns``, with other users' questions from another seed, and nothing keeps the machine busy. Each turn is
charged what it would have cost with the first model of ``course_models().what_if``.

Recording again on the same machine gives the same questions, tokens and costs, and other durations.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from record_local_turns import plan
from rich.progress import track as progress

from chatmon.lab import DATA, course_models
from chatmon.lab.bot import ChatConfig, ProductionChatbot
from chatmon.lab.bot.levers import monitor_at_prices_of
from chatmon.lab.services import llm
from chatmon.live import ManualClock
from chatmon.turns import write_parquet

if TYPE_CHECKING:
    from record_local_turns import Planned

    from chatmon.turns import Turn

SEED: Final = 20261012
DAYS: Final = (datetime(2026, 10, 12, 8, 0, tzinfo=UTC), datetime(2026, 10, 13, 8, 0, tzinfo=UTC))
PROMPTS: Final = {DAYS[0].date(): "v2", DAYS[1].date(): "v2-user-first"}


def record(planned: list[Planned]) -> list[Turn]:
    """Ask a model that has seen nothing every message at its time, and return the turns."""
    clock = ManualClock(planned[0].at)
    monitor = monitor_at_prices_of(course_models().what_if[0], clock=clock.time_ns, timer=time.perf_counter)
    opened: dict[int, str] = {}
    places: dict[str, Planned] = {}
    with llm.start(api_key="recording") as server:
        bots = {
            version: ProductionChatbot(ChatConfig.local(server, prompt_version=version), monitor=monitor)
            for version in PROMPTS.values()
        }
        for message in progress(planned, "asking"):
            clock.advance(max(0.0, (message.at - clock.now()).total_seconds()))
            bot = bots[PROMPTS[message.at.date()]]
            reply = bot.process_user_message_sync(message.text, message.user_id, opened.get(message.conversation))
            opened[message.conversation] = reply.conversation_id
            places[reply.turn_id] = message
    return [
        dataclasses.replace(turn, channel=places[turn.turn_id].channel, region=places[turn.turn_id].region)
        for turn in monitor.turns()
    ]


def main() -> None:
    """Record, and write the Parquet file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=DATA / "prompt_change.parquet")
    options = parser.parse_args()
    turns = record(plan(SEED, DAYS))
    write_parquet(turns, options.output)
    print(f"{len(turns)} turns: {options.output.name}")


if __name__ == "__main__":
    main()
