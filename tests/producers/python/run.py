"""Run in a library's own environment: ask each turn, and write the spans that the library makes of them.

python run.py LIBRARY INSTRUMENTOR ADDRESS FILE
"""

import sys
from pathlib import Path

import clients
import frameworks


def main(library: str, instrumentor: str, address: str, file: str) -> None:
    """Run the function of the library's name, or patch OpenAI's client with its instrumentor."""
    if instrumentor:
        clients.patched(instrumentor, address, Path(file))
    else:
        (getattr(clients, library, None) or getattr(frameworks, library))(address, Path(file))


if __name__ == "__main__":
    main(*sys.argv[1:])
