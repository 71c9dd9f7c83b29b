"""Turns erased from files: their rows stay, with what they measured, and say neither whose they are nor what was said.

``user_id``, ``question``, ``answer``, ``error_message`` and ``attributes`` become null; the conversation gets a new
name, the same in every file. So turns, tokens, cost, errors and times add up as before. In the rows of others a mention
of the user becomes ``[erased]``.
"""

from __future__ import annotations

import csv
import io
import json
import os
from typing import IO, TYPE_CHECKING, Any, Final

from chatmon._tools.paths import rewritten
from chatmon.store.privacy._stored import as_row, as_text, opened, rows_of
from chatmon.store.privacy._subject import id_of
from chatmon.turns import REQUIRED

if TYPE_CHECKING:
    from pathlib import Path

    from chatmon.store.privacy._stored import StoredFile
    from chatmon.store.privacy._subject import Subject
    from chatmon.store.privacy._traces import Traces

CONTENT_COLUMNS: Final = ("question", "answer", "error_message", "attributes")
"""What is content, or may be."""
_IDS: Final = ("turn_id", "conversation_id", "user_id")


def erase_from(stored: StoredFile, subject: Subject) -> int:
    """Write a file of turns anew without a user, if it has something of theirs, and return how many rows changed."""
    return _ERASERS[stored.form](stored, subject)


def erased(row: dict[str, Any], subject: Subject) -> dict[str, Any] | None:
    """Return what a row becomes; None where it stays as it is."""
    if subject.is_theirs(row):
        changed = row | dict.fromkeys(("user_id", *CONTENT_COLUMNS))
        changed |= {name: subject.without_names(value, name) for name, value in changed.items() if name not in _IDS}
        if id_of(row.get("conversation_id")) in subject.conversations:
            changed["conversation_id"] = subject.renamed(row["conversation_id"])
        return changed
    changed = {
        name: value if name in _IDS and not isinstance(value, dict | list) else subject.without_names(value, name)
        for name, value in row.items()
    }
    return None if changed == row else changed


def without(line: bytes, subject: Subject, traces: Traces) -> bytes | None:
    """Return what a line becomes: itself where nothing of the subject is in it, None where it goes."""
    row = as_row(line)
    if row is None:
        # Half a line of a killed process: what is theirs in it cannot be told from the rest.
        return None if traces.are_in(line) else line
    changed = erased(row, subject)
    return line if changed is None else _line(changed)


def _erase_lines(stored: StoredFile, subject: Subject) -> int:
    """A process may append to the file meanwhile: it sees that the file was replaced, and writes on in a new one.

    So the half of a line that it is at is left for when the file has been replaced: it is whole by then, or its
    writer was killed, or writes it again.
    """
    traces = subject.traces()
    plain = not _compressed(stored.path)

    def copy(source: IO[bytes], to: IO[bytes], *, growing: bool = False) -> int:
        count = 0
        while line := source.readline():
            if growing and not line.endswith(b"\n"):
                source.seek(-len(line), os.SEEK_CUR)
                break
            kept = without(line, subject, traces)
            count += kept is not line
            if kept is not None:
                to.write(kept)
        return count

    with stored.path.open("rb") as source:
        if not _concerns(stored, subject, traces):
            return 0
        with rewritten(stored.path) as file:
            if plain:
                count = copy(source, file, growing=True)
            else:
                with opened(stored.path) as content, opened(stored.path, "wb", file) as to:
                    count = copy(content, to)
        if plain and (rest := source.read()):
            with stored.path.open("ab") as file:
                count += copy(io.BytesIO(rest), file)
                file.flush()
                os.fsync(file.fileno())
    return count


def _line(row: dict[str, Any]) -> bytes:
    known = {name: value for name, value in row.items() if value is not None}
    return (json.dumps(known, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "surrogatepass")


def _concerns(stored: StoredFile, subject: Subject, traces: Traces | None = None) -> bool:
    if any(erased(row, subject) is not None for row in rows_of(stored)):
        return True
    if traces is None:
        return False
    with opened(stored.path) as file:
        return any(as_row(line) is None and traces.are_in(line) for line in file)


def _erase_csv(stored: StoredFile, subject: Subject) -> int:
    if not _concerns(stored, subject):
        return 0
    count = 0
    compressed = _compressed(stored.path)
    with as_text(opened(stored.path)) as content, rewritten(stored.path) as file:
        reader = csv.DictReader(content)
        to = opened(stored.path, "wb", file) if compressed else file
        text = io.TextIOWrapper(to, encoding="utf-8", newline="")
        writer = csv.DictWriter(text, reader.fieldnames or [], lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        for row in reader:
            changed = erased(row, subject)
            count += changed is not None
            writer.writerow(row if changed is None else changed)
        text.flush()
        text.detach()
        if compressed:
            to.close()
    return count


def _erase_parquet(stored: StoredFile, subject: Subject) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not _concerns(stored, subject):
        return 0
    count = 0
    before = pq.read_schema(stored.path)
    # A column that had a value in every row may be declared never to be null.
    fields = [one.with_nullable(one.nullable or one.name not in REQUIRED) for one in before]
    schema = pa.schema(fields, metadata=before.metadata)
    with (
        pq.ParquetFile(stored.path) as source,
        rewritten(stored.path) as file,
        pq.ParquetWriter(file, schema, compression="zstd") as to,
    ):
        for batch in source.iter_batches():
            rows = batch.to_pylist()
            changes = [erased(row, subject) for row in rows]
            count += sum(changed is not None for changed in changes)
            kept = [row if changed is None else changed for row, changed in zip(rows, changes, strict=True)]
            to.write_table(pa.Table.from_pylist(kept, schema=schema))
    return count


def _compressed(path: Path) -> bool:
    with path.open("rb") as raw, opened(path) as content:
        return raw.read(4) != content.read(4)


_ERASERS: Final = {"lines": _erase_lines, "csv": _erase_csv, "parquet": _erase_parquet}
