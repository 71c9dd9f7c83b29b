"""What a live engine knows, in one SQLite file: cells, alerts, and what was decided and not yet handed on.

Everything of one tick is written in one transaction: a process that is killed finds one tick or the next, never half.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from chatmon.alerts._cells import CellSeries
from chatmon.alerts._decision import State
from chatmon.alerts.live._file import File
from chatmon.alerts.notification import Notification

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chatmon.alerts._cells import Group

_TABLES = """
CREATE TABLE IF NOT EXISTS engine (
    only INTEGER PRIMARY KEY CHECK (only = 1), tick INTEGER NOT NULL, seconds INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS cells (
    series TEXT, "group" TEXT, tick INTEGER, n INTEGER NOT NULL, total INTEGER NOT NULL,
    squares INTEGER NOT NULL, histogram TEXT,
    PRIMARY KEY (series, "group", tick)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (
    rule TEXT, "group" TEXT, state TEXT NOT NULL, said TEXT, PRIMARY KEY (rule, "group")) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unsent (place INTEGER PRIMARY KEY, notification TEXT NOT NULL);
"""


class Cell(NamedTuple):
    """One cell as it is kept."""

    series: CellSeries
    group: Group
    tick: int
    n: int
    total: int
    squares: int
    histogram: Counter[int] | None


class Alert(NamedTuple):
    """One alert as it is kept.

    Attributes:
        rule: The rule's name.
        group: The group's values.
        state: What it was.
        said: What was said of it last while it fires.
    """

    rule: str
    group: Group
    state: State
    said: Notification | None


class Saved:
    """The file.

    Args:
        file: The SQLite file, made where there is none; an open one stays the caller's to close.
        seconds: Length of a tick.

    Raises:
        ValueError: The file was written with ticks of another length.
    """

    def __init__(self, file: Path | File, seconds: int) -> None:
        opened = file if isinstance(file, File) else File(file)
        self._own = None if opened is file else opened
        self.file = opened
        opened.script(_TABLES)
        rows = opened.read("SELECT tick, seconds FROM engine")
        if rows and rows[0][1] != seconds:
            kept = rows[0][1]
            raise ValueError(f"{opened.path.name} has ticks of {kept} s, not {seconds} s: keep to {kept}, or delete it")
        self.tick: int | None = rows[0][0] if rows else None
        self._seconds = seconds

    def cells(self, since: int) -> Iterator[Cell]:
        """Return the cells from a tick on, in order of ticks."""
        rows = self.file.read(
            'SELECT series, "group", tick, n, total, squares, histogram FROM cells WHERE tick >= ? ORDER BY tick', since
        )
        for series, group, tick, n, total, squares, histogram in rows:
            measure, by, binned = json.loads(series)
            kept = None if histogram is None else json.loads(histogram)
            bins = None if kept is None else Counter({int(place): count for place, count in kept.items()})
            yield Cell(CellSeries(measure, tuple(by), binned), tuple(json.loads(group)), tick, n, total, squares, bins)

    def alerts(self) -> Iterator[Alert]:
        """Return the alerts that are not inactive."""
        for rule, group, state, said in self.file.read('SELECT rule, "group", state, said FROM alerts'):
            last = None if said is None else Notification.from_dict(json.loads(said))
            yield Alert(rule, tuple(json.loads(group)), State.from_dict(json.loads(state)), last)

    def unsent(self) -> list[tuple[int, Notification]]:
        """Return what was decided and not handed on, in order."""
        rows = self.file.read("SELECT place, notification FROM unsent ORDER BY place")
        return [(place, Notification.from_dict(json.loads(text))) for place, text in rows]

    def write(
        self,
        tick: int,
        cells: Iterable[Cell],
        alerts: Iterable[Alert],
        notifications: Iterable[Notification],
        forget: int,
    ) -> None:
        """Write what a tick has brought, all of it or nothing.

        Args:
            tick: The last tick that was evaluated.
            cells: The cells that are new or have grown.
            alerts: The alerts that have changed.
            notifications: What was decided.
            forget: The tick before which cells are no longer needed.
        """
        with self.file.transaction() as file:
            file.execute("INSERT OR REPLACE INTO engine VALUES (1, ?, ?)", (tick, self._seconds))
            file.executemany(
                "INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?, ?, ?, ?)", [_row(cell) for cell in cells]
            )
            file.execute("DELETE FROM cells WHERE tick < ?", (forget,))
            for alert in alerts:
                key = (alert.rule, json.dumps(alert.group))
                if alert.state == State(alert.state.labels):
                    file.execute('DELETE FROM alerts WHERE rule = ? AND "group" = ?', key)
                    continue
                said = None if alert.said is None else json.dumps(alert.said.to_dict())
                state = json.dumps(alert.state.to_dict())
                file.execute("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?)", (*key, state, said))
            texts = [(json.dumps(note.to_dict()),) for note in notifications]
            file.executemany("INSERT INTO unsent (notification) VALUES (?)", texts)

    def date_back(self, ticks: int, alerts: Iterable[Alert]) -> None:
        """Move all cells so many ticks into the past, and keep the alerts as they are then."""
        with self.file.transaction() as file:
            # By way of ticks below 0, which none has: a key may not be another's for a moment either.
            file.execute("UPDATE cells SET tick = -tick")
            file.execute("UPDATE cells SET tick = -tick - ?", (ticks,))
            file.execute("UPDATE engine SET tick = tick - ?", (ticks,))
            for alert in alerts:
                key = (alert.rule, json.dumps(alert.group))
                state = json.dumps(alert.state.to_dict())
                file.execute('UPDATE alerts SET state = ? WHERE rule = ? AND "group" = ?', (state, *key))

    def sent(self, place: int) -> None:
        """Note that a notification was handed on."""
        with self.file.transaction() as file:
            file.execute("DELETE FROM unsent WHERE place = ?", (place,))

    def close(self) -> None:
        """Close the file."""
        if self._own is not None:
            self._own.close()


def _row(cell: Cell) -> tuple[str, str, int, int, int, int, str | None]:
    histogram = None if cell.histogram is None else json.dumps(cell.histogram)
    return json.dumps(cell.series), json.dumps(cell.group), cell.tick, cell.n, cell.total, cell.squares, histogram
