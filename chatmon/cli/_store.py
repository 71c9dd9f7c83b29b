"""The commands of ``chatmon store``: what a folder of turns holds, compacting it, and how long it is kept."""

from pathlib import Path
from typing import Annotated

import typer

from chatmon.cli._say import say

store = typer.Typer(help="Look after a folder of stored turns.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The store's folder.")]


@store.command("status")
def status(folder: Folder) -> None:
    """Say what the folder holds, and how much of it is still written to."""
    from chatmon.store.layout import contents

    say(contents(folder))


@store.command("compact")
def compact(folder: Folder) -> None:
    """Take the lines of processes that are gone into one Parquet file a day; once a day is often enough."""
    from chatmon.store.compaction import compact as run

    say(run(folder))


@store.command("retain")
def retain(
    folder: Folder,
    days: Annotated[int | None, typer.Option(min=1, help="Days to keep, today among them.")] = None,
    gigabytes: Annotated[float | None, typer.Option(help="Gigabytes (10^9 bytes) to keep at most.")] = None,
) -> None:
    """Remove whole days that are too old or too much, the oldest first; today's stay."""
    from chatmon.store.retention import retain as run

    say(run(folder, days=days, gigabytes=gigabytes))


@store.command("receive")
def receive(
    folder: Folder,
    redis: Annotated[str, typer.Option(help="The server's address, such as redis://127.0.0.1:6379.")],
) -> None:
    """Store what bots on other hosts send through Redis, until Ctrl-C."""
    from chatmon.connect.redis import receive as run
    from chatmon.store import Store

    with Store(folder) as into:
        say("Stop it with Ctrl-C.")
        try:
            run(redis, into)
        except KeyboardInterrupt:
            say("\nStopped.")
        say(into.status())
