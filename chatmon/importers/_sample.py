"""The first rows of a table, as text: what a map is held against, and what a draft of one is made from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _records as records
from chatmon.importers import files
from chatmon.importers._records import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ROWS: Final = 10_000
"""Rows of a file that are looked at."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a table.

    Attributes:
        file: The file's name.
        header: Its columns, or the keys of its first records; none where nothing can be read.
        rows: Cells by column; an empty one is not there.
        text: Whether the file is text, in an encoding.
        written: Those of the cells that the file has as text, where it may have numbers too.
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    text: bool
    written: tuple[Mapping[str, str], ...]

    def cells(self, column: str) -> list[str]:
        """Return what a column says, without what is empty."""
        return [row[column] for row in self.rows if column in row]


def _sampled(name: str, header: Sequence[str], found: Sequence[Mapping[str, Any]], *, text: bool) -> Sample:
    filled = [{key: cell for key, cell in record.items() if cell not in (None, "")} for record in found]
    rows = tuple({key: _text(cell) for key, cell in record.items()} for record in filled)
    written = tuple({key: cell for key, cell in record.items() if isinstance(cell, str)} for record in filled)
    return Sample(name, tuple(header), rows, text, written)


def sample(path: Path, said: Mapping[str, Any] | None = None, *, rows: int = ROWS) -> Sample:
    """Return the first rows of a table.

    Args:
        path: The file.
        said: What somebody has said of how it is written: what ``files.look`` takes.
        rows: How many, at most ``ROWS``.
    """
    try:
        file = files.look(path, **said or {})
        if file.kind == "parquet":
            return _of_parquet(path, min(rows, ROWS))
        found = [one[1] for one in islice(records.read(file), min(rows, ROWS)) if not isinstance(one, Rejected)]
        header = records.header(file) if file.is_table and found else ()
    except OSError:
        return _sampled(path.name, (), (), text=True)
    keys = dict.fromkeys(key for record in found[:20] for key in record)
    return _sampled(path.name, header or tuple(keys), found, text=file.kind == "csv")


def _of_parquet(path: Path, rows: int) -> Sample:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        first = next(file.iter_batches(batch_size=rows), None)
    except (pa.ArrowException, NotImplementedError):
        return _sampled(path.name, (), (), text=False)
    return _sampled(path.name, file.schema_arrow.names, [] if first is None else first.to_pylist(), text=False)


def _text(cell: Any) -> str:
    if isinstance(cell, dict | list):
        return json.dumps(cell, default=str)
    return str(cell).lower() if isinstance(cell, bool) else str(cell).strip()
