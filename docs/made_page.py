"""What the scripts that make one page of docs/ share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_or_check(path: Path, made: str) -> int:
    """Write a page, or with --check say by the exit status whether it is as it would be written.

    Args:
        path: The page.
        made: What it is to hold.
    """
    if "--check" in sys.argv[1:]:
        return int(path.read_text(encoding="utf-8") != made)
    path.write_text(made, encoding="utf-8", newline="\n")
    return 0
