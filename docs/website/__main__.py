"""Write the site: `PYTHONPATH=docs python -m website [--to FOLDER] [--pdf]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chatmon._tools.paths import REPO
from website.build import build
from website.paper import printed


def main() -> int:
    """Build what the arguments ask for and return the exit status of Sphinx."""
    parser = argparse.ArgumentParser(prog="website", description="Write the site from README, docs, lessons and code.")
    parser.add_argument("--to", type=Path, default=REPO / "build" / "site", help="the folder of the pages")
    parser.add_argument("--pdf", action="store_true", help="print the course too, as course.pdf beside that folder")
    given = parser.parse_args()
    status = build(given.to)
    if given.pdf:
        printed(given.to, given.to.with_name("course.pdf"))
    return status


if __name__ == "__main__":
    sys.exit(main())
