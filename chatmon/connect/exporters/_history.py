"""A log as one stream of turns in order of time, whatever its size, and files that are there whole or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from chatmon import turns as table
from chatmon._tools.paths import whole_file
from chatmon.analysis.source import relation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from chatmon.analysis.source import Turns
    from chatmon.turns import Turn

AT_ONCE: Final = 10_000
"""Turns in memory at a time."""


def in_order(turns: Turns) -> Iterator[Turn]:
    """Yield turns in order of time, those of one moment by their ids.

    Args:
        turns: Any holder of turns.

    Example:
        >>> list(in_order([]))
        []
    """
    import pyarrow as pa

    reader = relation(turns).order("timestamp, turn_id").to_arrow_reader(AT_ONCE)
    for batch in reader:
        yield from table.from_arrow(pa.Table.from_batches([batch]))


def nanoseconds(moment: datetime) -> int:
    """Return an aware moment as nanoseconds since 1970.

    Example:
        >>> nanoseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
        1000000000
    """
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


@contextmanager
def text_file(path: Path) -> Iterator[TextIO]:
    """Open a text file of its owner's only for writing, which gets its name only when the block ends well.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="\n") as file:
        yield file
