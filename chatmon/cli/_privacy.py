"""The commands about one user: ``chatmon erase`` and ``chatmon export-user``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatmon.cli._say import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatmon.store.privacy import Waiting

User = Annotated[str, typer.Argument(metavar="USER", help="The user's id, as the bot knows it.")]
Data = Annotated[Path, typer.Option("--data", metavar="FOLDER", help="The folder that turns are stored in.")]
Keys = Annotated[
    Path | None, typer.Option("--keys", help="The file of the keys of pseudonyms; the usual one if not given.")
]
Also = Annotated[
    list[str] | None, typer.Option("--also", help="What else stands for the user, such as an e-mail address.")
]
Redis = Annotated[
    str | None, typer.Option("--redis", help="The server through which turns come, to look at those that wait in it.")
]


keys = typer.Typer(help="Look after the keys of pseudonyms.", no_args_is_help=True)
KeyFile = Annotated[Path | None, typer.Option("--keys", help="The file of keys; the usual one if not given.")]


@keys.command("show")
def show(path: KeyFile = None) -> None:
    """Say where the keys lie and what they are called; the keys themselves are not shown."""
    from chatmon.store.privacy import key_file, known_keys

    found = known_keys(path)
    where = path or key_file()
    if found is None:
        say(f"No keys yet: the first bot that protects its turns makes {where}.")
        return
    present, *older = found.key_ids
    say(f"{where}: {present}" + (f"; older ones: {', '.join(older)}" if older else ""))


@keys.command("rotate")
def rotate(path: KeyFile = None) -> None:
    """Put a new key before the others: users have new pseudonyms from now on, and the old ones are still found."""
    from chatmon.store.privacy import key_file
    from chatmon.store.privacy import rotate as run

    say(f"New pseudonyms are under {run(path or key_file()).key_ids[0]}.")


@keys.command("backup")
def backup(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet, where the log is not.")],
    path: KeyFile = None,
) -> None:
    """Copy the keys to a file that only you may read: without them nobody can be erased by name."""
    from chatmon._tools.paths import made
    from chatmon.store.privacy import key_file, open_keys

    source = path or key_file()
    if not source.exists():
        raise FileNotFoundError(f"no keys at {source}: there is nothing to copy")
    open_keys(source)  # what is no file of keys is no backup of any
    with made(to) as file:
        file.write(source.read_bytes())
    say(f"{to} holds the keys.")


def erase(user: User, data: Data, keys: Keys = None, also: Also = None, redis: Redis = None) -> None:
    """Erase a user from a data folder, prove it by a search of every byte, and leave a receipt that names nobody."""
    from chatmon.store.privacy import erase as run
    from chatmon.store.privacy import known_keys

    pseudonyms = known_keys(keys)
    receipt = run(user, data, pseudonyms=pseudonyms, also=also or (), waiting=_waiting(redis))
    say(receipt)
    if pseudonyms is None:
        say("No keys of pseudonyms were found: what is stored under a pseudonym was not looked for.")
    if not receipt.proved:
        raise typer.Exit(1)


def export_user(
    user: User,
    data: Data,
    output: Annotated[Path, typer.Option("-o", "--output", help="The JSON file to write.")],
    keys: Keys = None,
    also: Also = None,
    redis: Redis = None,
) -> None:
    """Write what a data folder holds about a user to a file that only you may read."""
    import json

    from chatmon._tools.paths import rewritten
    from chatmon.store.privacy import export_user as run
    from chatmon.store.privacy import known_keys

    held = run(user, data, pseudonyms=known_keys(keys), also=also or (), waiting=_waiting(redis))
    with rewritten(output) as file:
        file.write(json.dumps(held, ensure_ascii=False, indent=2).encode("utf-8", "surrogatepass"))
    say(f"{output} holds {len(held['turns']):,} turns and {len(held['runs']):,} runs.")


def _waiting(redis: str | None) -> "Sequence[Waiting]":
    from chatmon.connect.redis import waiting

    return () if redis is None else (waiting(redis),)
