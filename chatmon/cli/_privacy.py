"""The commands about one user: ``chatmon erase`` and ``chatmon export-user``."""

from pathlib import Path
from typing import Annotated

import typer

User = Annotated[str, typer.Argument(metavar="USER", help="The user's id, as the bot knows it.")]
Data = Annotated[Path, typer.Option("--data", metavar="FOLDER", help="The folder that turns are stored in.")]
Keys = Annotated[
    Path | None, typer.Option("--keys", help="The file of the keys of pseudonyms; the usual one if not given.")
]
Also = Annotated[
    list[str] | None, typer.Option("--also", help="What else stands for the user, such as an e-mail address.")
]


def erase(user: User, data: Data, keys: Keys = None, also: Also = None) -> None:
    """Erase a user from a data folder, prove it by a search of every byte, and leave a receipt that names nobody."""
    from chatmon.store.privacy import erase as run
    from chatmon.store.privacy import known_keys

    pseudonyms = known_keys(keys)
    receipt = run(user, data, pseudonyms=pseudonyms, also=also or ())
    typer.echo(receipt)
    if pseudonyms is None:
        typer.echo("No keys of pseudonyms were found: what is stored under a pseudonym was not looked for.")
    if receipt.left:
        raise typer.Exit(1)


def export_user(
    user: User,
    data: Data,
    output: Annotated[Path, typer.Option("-o", "--output", help="The JSON file to write.")],
    keys: Keys = None,
    also: Also = None,
) -> None:
    """Write what a data folder holds about a user to a file that only you may read."""
    import json

    from chatmon._tools.paths import rewritten
    from chatmon.store.privacy import export_user as run
    from chatmon.store.privacy import known_keys

    held = run(user, data, pseudonyms=known_keys(keys), also=also or ())
    with rewritten(output) as file:
        file.write(json.dumps(held, ensure_ascii=False, indent=2).encode("utf-8", "surrogatepass"))
    typer.echo(f"{output} holds {len(held['turns']):,} turns and {len(held['runs']):,} runs.")
