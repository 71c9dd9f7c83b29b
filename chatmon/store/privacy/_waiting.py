"""Turns on their way to a folder, in a stream of Redis, say: an erasure finds them before they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from chatmon.store.privacy._stored import as_row
from chatmon.store.privacy._turn_files import without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatmon.store.privacy._subject import Subject
    from chatmon.store.privacy._traces import Traces


class Waiting(Protocol):
    """Where turns wait.

    Attributes:
        name: What it is called in a receipt.
    """

    name: str

    def entries(self) -> Iterator[tuple[Any, bytes]]:
        """Yield every line that waits, with its place."""
        ...

    def replace(self, place: Any, line: bytes | None) -> bool:
        """Put another line in the place of one, or none, and say whether it was still to be had."""
        ...


def rows_in(waiting: Waiting) -> Iterator[dict[str, Any]]:
    """Yield the rows that wait; what is no row is passed over."""
    for _, line in waiting.entries():
        row = as_row(line)
        if row is not None:
            yield row


def erase_waiting(waiting: Waiting, subject: Subject, traces: Traces) -> int:
    """Replace the lines that say something of a user, and return how many; those that are being stored stay."""
    count = 0
    for place, line in waiting.entries():
        kept = without(line, subject, traces)
        if kept is not line:
            count += waiting.replace(place, kept)
    return count


def still_waiting(waiting: Waiting, subject: Subject, traces: Traces) -> tuple[int, int]:
    """Return how many lines wait, and how many of them say something of a user."""
    lines = [line for _, line in waiting.entries()]
    return len(lines), sum(traces.are_in(line) or without(line, subject, traces) is not line for line in lines)
