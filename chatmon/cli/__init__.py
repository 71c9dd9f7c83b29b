"""The door to the command line: ``chatmon``. The commands are in `chatmon.cli._logs`.

It imports only the standard library, so that ``chatmon doctor`` can say what is missing where something is.
"""

from __future__ import annotations

import sys
from importlib import import_module


def main() -> None:
    """Run the command line and end with its exit status."""
    try:
        from chatmon.cli._logs import run
    except (ImportError, SyntaxError) as error:  # no typer, or a Python older than the course
        reason = str(error)
    else:
        sys.exit(run())
    sys.exit(_without_commands(sys.argv[1:], reason))


def _without_commands(arguments: list[str], reason: str) -> int:
    # Where packages are missing this one may be too, and with it what the lab has registered.
    doctor = import_module("chatmon.lab.cli._doctor")
    if arguments != ["doctor"]:
        sys.stderr.write(f"chatmon: its packages cannot be loaded ({reason}). This is what is wrong:\n")
    return doctor.main() or int(arguments != ["doctor"])
