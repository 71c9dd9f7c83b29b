"""Sums by hour over conversations, for every slice of a dimension in one pass: all that a search over windows reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatmon.analysis.search.cells import Bools, Cells, Floats, Ints


class HourlySums(NamedTuple):
    """What conversations add up to, hour by hour; the last axis is hours, one before it is slices.

    Attributes:
        n: Their values.
        total: The sum of the values.
        squares: The sum of the squares of conversations' totals.
        products: The sum of the products of their totals and numbers.
        weights: The sum of the squares of their numbers.
        conversations: Those of which a value is known.
    """

    n: Floats
    total: Floats
    squares: Floats
    products: Floats
    weights: Floats
    conversations: Floats

    def less(self, level: Floats | float) -> HourlySums:
        """Return the sums of the values less a level, of each hour or of all."""
        return self._replace(
            total=self.total - level * self.n,
            squares=self.squares - 2 * level * self.products + level**2 * self.weights,
            products=self.products - level * self.weights,
        )

    def times(self, factor: float) -> HourlySums:
        """Return the sums of the values times a factor."""
        return self._replace(
            total=self.total * factor, squares=self.squares * factor**2, products=self.products * factor
        )

    def at(self, slice_: int) -> HourlySums:
        """Return the sums of one slice."""
        return HourlySums(*(one[slice_] for one in self))

    def put(self, start: int, other: HourlySums) -> None:
        """Put other sums in the place of the hours from one on."""
        for own, new in zip(self, other, strict=True):
            own[..., start : start + new.shape[-1]] = new


class Cut:
    """Cells cut by a dimension.

    Attributes:
        dimension: The column; None for all rows in one slice.
        values: Each slice's value in it.

    Args:
        cells: What is cut.
        dimension: By what; None for not at all.
    """

    def __init__(self, cells: Cells, dimension: str | None) -> None:
        self.dimension = dimension
        self.values: Sequence[str | None] = [None] if dimension is None else cells.values(dimension)
        self._hours = cells.hours
        import pandas as pd

        code = np.zeros(len(cells.hour), dtype=np.int64)
        if dimension is not None:
            known, names = cells.dimensions[dimension].factorize()  # -1 where unknown
            place = np.append(pd.Index(self.values).get_indexer(pd.Index(names)), -1)
            code = place[known].astype(np.int64)
        self._rows = np.flatnonzero(code >= 0)
        self._code = code[self._rows]
        self._hour = cells.hour[self._rows]
        # A conversation's turns of an hour that are of one slice are one draw.
        key = cells.cluster[self._rows] * len(self.values) + self._code
        order = np.argsort(key, kind="stable")
        new = np.diff(key[order], prepend=-1) != 0
        self._draw = np.empty(len(key), dtype=np.int64)
        self._draw[order] = np.cumsum(new) - 1
        first = order[new]
        self._draws_hour, self._draws_code = self._hour[first], self._code[first]
        self._draws_cluster = cells.cluster[self._rows][first]

    def rows(self, place: int, start: int = 0, end: int | None = None) -> Ints:
        """Return the numbers of the rows of a slice, in some hours."""
        among = self._between(self._hour, start, end)
        return np.asarray(self._rows[among][self._code[among] == place])

    def conversations(self, place: int, start: int, end: int) -> int:
        """Return the number of a slice's conversations in some hours, each hour's counted."""
        among = self._between(self._draws_hour, start, end)
        return int((self._draws_code[among] == place).sum())

    def sums(
        self, n: Floats, total: Floats, *, event: int | None = None, start: int = 0, end: int | None = None
    ) -> HourlySums:
        """Return sums for each slice.

        Args:
            n: Each row's number of values.
            total: Their sum.
            event: For something rare: how much of it in a conversation makes the conversation count as one.
            start: The first hour that is added up.
            end: The first one that is not; None for the last and after.
        """
        n, total = self._drawn(n, total, start, end)
        if event is not None:
            n, total = (n > 0).astype(float), ((total >= event) & (n > 0)).astype(float)
        return self._added(n, total, start, end)

    def shares(self, part: Floats, whole: Floats, start: int = 0, end: int | None = None) -> HourlySums:
        """Return for each slice the sums of conversations' parts in it; numbers are those of conversations in it.

        Args:
            part: Each row's part of its conversation.
            whole: Each conversation's number of values, by ``Cells.cluster``.
            start: The first hour that is added up.
            end: The first one that is not; None for the last and after.
        """
        own, _ = self._drawn(part, part, start, end)
        return self._added(whole[self._draws_cluster[self._between(self._draws_hour, start, end)]], own, start, end)

    def _drawn(self, n: Floats, total: Floats, start: int, end: int | None) -> tuple[Floats, Floats]:
        among, draws = self._between(self._hour, start, end), self._between(self._draws_hour, start, end)
        number, rows, count = self._draw[among] - draws.start, self._rows[among], draws.stop - draws.start
        drawn = [np.bincount(number, one[rows], minlength=count).astype(float) for one in (n, total)]
        return drawn[0], drawn[1]

    def _added(self, n: Floats, total: Floats, start: int, end: int | None) -> HourlySums:
        among = self._between(self._draws_hour, start, end)
        hours = (self._hours if end is None else end) - start
        key = self._draws_code[among] * hours + self._draws_hour[among] - start
        return _sums(key, (len(self.values), hours), n, total)

    def _between(self, hours: Ints, start: int, end: int | None) -> slice:
        return slice(*np.searchsorted(hours, [start, self._hours if end is None else end]).tolist())


def sums_of(cells: Cells, n: Floats, total: Floats, rows: Bools, event: int | None) -> HourlySums:
    """Return the sums of some rows.

    Args:
        cells: The rows.
        n: Each one's number of values.
        total: Their sum.
        rows: Which are added up.
        event: As in ``Cut.sums``.
    """
    chosen = np.flatnonzero(rows)
    if not len(chosen):
        return HourlySums(*(np.zeros(cells.hours) for _ in HourlySums._fields))
    numbers = cells.cluster[chosen]
    first = np.flatnonzero(np.diff(numbers, prepend=-1))  # they are numbered in the order of the rows
    n, total = (np.add.reduceat(one[chosen].astype(float), first) for one in (n, total))
    if event is not None:
        n, total = (n > 0).astype(float), ((total >= event) & (n > 0)).astype(float)
    return _sums(cells.hour[chosen][first], (cells.hours,), n, total)


def _sums(key: Ints, shape: tuple[int, ...], n: Floats, total: Floats) -> HourlySums:
    size = int(np.prod(shape))
    each = (n, total, total**2, total * n, n**2, (n > 0).astype(float))
    return HourlySums(*(np.bincount(key, one, minlength=size).astype(float).reshape(shape) for one in each))
