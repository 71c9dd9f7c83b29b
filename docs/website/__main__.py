"""Write the site: `PYTHONPATH=docs python -m website [--to FOLDER]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chatmon._tools.paths import REPO
from website.build import build


def main() -> int:
    """Build what the arguments ask for and return the exit status of Sphinx."""
    parser = argparse.ArgumentParser(prog="website", description="Write the site from README, docs, lessons and code.")
    parser.add_argument("--to", type=Path, default=REPO / "build" / "site", help="the folder of the pages")
    return build(parser.parse_args().to)


if __name__ == "__main__":
    sys.exit(main())
