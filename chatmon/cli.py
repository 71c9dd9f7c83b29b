"""The door to the command line: ``chatmon``. The commands are in `chatmon.commands`.

It imports only the standard library, so that ``chatmon doctor`` can say what is missing where something is.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end with its exit status."""
    try:
        from chatmon.commands import run
    except (ImportError, SyntaxError) as error:  # no typer, or a Python older than the course
        reason = str(error)
    else:
        sys.exit(run())
    sys.exit(_without_commands(sys.argv[1:], reason))


def _without_commands(arguments: list[str], reason: str) -> int:
    from chatmon import doctor

    if arguments != ["doctor"]:
        sys.stderr.write(f"chatmon: its packages cannot be loaded ({reason}). This is what is wrong:\n")
    return doctor.main() or int(arguments != ["doctor"])
