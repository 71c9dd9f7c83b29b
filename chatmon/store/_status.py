"""How a store stands: what is written, what would be lost now, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatmon._tools.shown import as_html, as_text

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """How a store stands.

    Attributes:
        target: Where it writes.
        written: Turns that this process has written.
        ratings: Ratings that it has written, which came when their turns were written already.
        buffered: Turns and such ratings in memory only: what the end of this process would lose now.
        unsynced: Turns and such ratings written, and not yet sure to outlive the machine.
        refused: Turns that could not be made a line, and are lost; the log says why.
        problem: What the disk says; None where it takes all.
        since: When that began.
    """

    target: str
    written: int
    ratings: int
    buffered: int
    unsynced: int
    refused: int
    problem: str | None
    since: datetime | None

    def rows(self) -> list[tuple[str, str]]:
        """Return it as pairs of a name and a text."""
        rows = [
            ("store", self.target),
            ("written", f"{self.written:,} turns{f', {self.ratings:,} ratings' if self.ratings else ''}"),
            ("at risk", f"{self.buffered:,} turns in memory only, {self.unsynced:,} not yet synced"),
        ]
        if self.refused:
            rows.append(("refused", f"{self.refused:,} turns could not be written: see the log"))
        if self.problem is not None:
            rows.append(("problem", f"since {self.since:%Y-%m-%d %H:%M:%S} UTC: {self.problem}"))
        return rows

    def __str__(self) -> str:
        return as_text(self.rows())

    def _repr_html_(self) -> str:
        return as_html("How the store stands.", self.rows())
