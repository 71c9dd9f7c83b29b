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
    from collections.abc import Mapping
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
        text: Whether its numbers are written as text, as in a CSV.
        typed: Columns that the file itself says are no text.
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    text: bool
    typed: Mapping[str, str]

    def cells(self, column: str) -> list[str]:
        """Return what a column says, without what is empty."""
        return [row[column] for row in self.rows if column in row]


def sample(path: Path, said: Mapping[str, Any] | None = None, *, rows: int = ROWS) -> Sample:
    """Return the first rows of a table.

    Args:
        path: The file.
        said: ``encoding`` and ``delimiter``, where somebody has said them.
        rows: How many, at most ``ROWS``.
    """
    said = said or {}
    try:
        file = files.look(path, encoding=said.get("encoding"), delimiter=said.get("delimiter"))
        if file.kind == "parquet":
            return _of_parquet(path, min(rows, ROWS))
        found = [one[1] for one in islice(records.read(file), min(rows, ROWS)) if not isinstance(one, Rejected)]
    except OSError:
        return Sample(path.name, (), (), text=True, typed={})
    keys = tuple(dict.fromkeys(key for record in found[:20] for key in record))
    header = records.header(file) if file.kind == "csv" else keys
    cells = tuple({key: _text(cell) for key, cell in record.items() if cell not in (None, "")} for record in found)
    return Sample(path.name, header, cells, text=file.kind == "csv", typed={})


def _of_parquet(path: Path, rows: int) -> Sample:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        first = next(file.iter_batches(batch_size=rows), None)
    except (pa.ArrowException, NotImplementedError):
        return Sample(path.name, (), (), text=False, typed={})
    found = [] if first is None else first.to_pylist()
    cells = tuple({key: _text(cell) for key, cell in row.items() if cell is not None} for row in found)
    typed = {one.name: str(one.type) for one in file.schema_arrow if not pa.types.is_string(one.type)}
    return Sample(path.name, tuple(file.schema_arrow.names), cells, text=False, typed=typed)


def _text(cell: Any) -> str:
    if isinstance(cell, dict | list):
        return json.dumps(cell, default=str)
    return str(cell).lower() if isinstance(cell, bool) else str(cell).strip()
