"""Which keys a store's pseudonyms were made with: a process that has none of them would make every user a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon._tools.errors import Error
from chatmon._tools.paths import rewritten

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME: Final = ".pseudonym-keys"
"""The file in the store's folder with the ids of its keys, which say nothing about the keys."""


class LostKeyError(Error, ValueError):
    """A store's pseudonyms are under keys that are not at hand."""


def remember_keys(folder: Path, key_ids: Sequence[str]) -> None:
    """Write down which keys a store is written with, or refuse where none of those it was written with is at hand.

    Args:
        folder: The store's.
        key_ids: Of the keys at hand, the present one first.

    Raises:
        LostKeyError: The store knows keys, and none of these is one.
    """
    file = folder / NAME
    known = file.read_text(encoding="utf-8").split() if file.exists() else []
    if known and not set(known) & set(key_ids):
        raise LostKeyError(
            f"{folder} holds pseudonyms under {', '.join(known)}, and the key at hand is {', '.join(key_ids)}: a "
            f"user would have another pseudonym. Bring back the file of keys, or, if it is lost, remove {file}"
        )
    new = [one for one in key_ids if one not in known]
    if new:
        with rewritten(file) as written:
            written.write(("\n".join([*known, *new]) + "\n").encode())
