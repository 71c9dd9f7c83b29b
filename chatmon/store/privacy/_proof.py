"""The proof of an erasure: every byte of a folder searched, what is packed also as it reads, and what could not be."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from chatmon.store.privacy._contents import Cells, UnreadableError, contents_of
from chatmon.store.privacy._stored import rows_of, stored_files
from chatmon.store.privacy._traces import Traces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chatmon.store.privacy._stored import StoredFile
    from chatmon.store.privacy._subject import Subject

_OVERLAP: Final = 100_000
"""Bytes that two pieces of a file share: a pattern is shorter, however its name is written."""
_PSEUDONYM: Final = re.compile(rb"user-([0-9a-f]{8})-[0-9a-f]{32}")


@dataclass(slots=True)
class Searched:
    """What a search found.

    Attributes:
        files: How many files were searched.
        size: Their bytes, as they lie on the disk.
        found: The files in which something is, or whose names say it.
        unread: Files that could not be opened, or not all of what is in them, with the reason.
        key_ids: Keys whose pseudonyms were met.
    """

    files: int = 0
    size: int = 0
    found: list[Path] = field(default_factory=list)
    unread: dict[Path, str] = field(default_factory=dict)
    key_ids: set[str] = field(default_factory=set)


def search(folder: Path, traces: Traces | str, subject: Subject | None = None) -> Searched:
    """Look for bytes in every file of a folder, backups left out: as they lie there, and in what files hold unpacked.

    Args:
        folder: Where.
        traces: What; a text stands for its own bytes.
        subject: Whose ids to look for in fields that hold ids, too.
    """
    traces = Traces((), (), (traces,), ()) if isinstance(traces, str) else traces
    searched = Searched()
    for stored in stored_files(folder):
        if stored.form == "backup":
            continue
        files = (stored.path, *_companions(stored.path))
        searched.files += len(files)
        searched.size += sum(path.stat().st_size for path in files)
        name = str(stored.path.relative_to(folder)).encode("utf-8", "surrogateescape")
        try:
            is_in = traces.are_in(name) or any(
                _is_in(piece, subject, traces, searched.key_ids) for piece in _pieces(stored, files)
            )
        except UnreadableError as error:
            searched.unread[stored.path] = str(error)
            is_in = False
        if is_in:
            searched.found.append(stored.path)
    return searched


def _companions(path: Path) -> list[Path]:
    """Return what SQLite keeps beside a database: its log holds what the file does not yet."""
    beside = [path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal")]
    return [one for one in beside if one.exists()]


def _pieces(stored: StoredFile, files: Sequence[Path]) -> Iterator[bytes | Cells]:
    for path in files:
        yield from contents_of(path, _OVERLAP)
    if stored.form == "csv":
        for row in rows_of(stored):
            for column, value in row.items():
                yield Cells(str(column), [value])


def _is_in(piece: bytes | Cells, subject: Subject | None, traces: Traces, key_ids: set[str]) -> bool:
    if isinstance(piece, bytes):
        key_ids.update(found[1].decode() for found in _PSEUDONYM.finditer(piece))
        return traces.are_in(piece)
    plain = (value for value in piece.values if not isinstance(value, dict | list))
    if subject is not None and any(subject.is_in_field(value, piece.column) for value in plain):
        return True
    together = "\n".join(map(_as_text, piece.values)).encode("utf-8", "surrogatepass")
    return _is_in(together, subject, traces, key_ids)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
