"""How the commands speak: whatever comes from a log is shown, and none of it is obeyed by the terminal."""

from __future__ import annotations

import typer

from chatmon._tools.shown import printable


def say(said: object, *, err: bool = False) -> None:
    """Print something, its control characters as escapes.

    Args:
        said: Anything that has a text.
        err: To standard error.
    """
    typer.echo(printable(str(said)), err=err)
