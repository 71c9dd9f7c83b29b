"""Files written anew as a whole: on the disk under a hidden name first, then in the old one's place."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNFINISHED: Final = ".rewriting-"


@contextmanager
def rewritten(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write, which takes the place of a path when the block ends, and is gone where it fails.

    Args:
        path: What to write anew, or to make; only its owner may read it.
    """
    unfinished = path.with_name(f"{UNFINISHED}{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
