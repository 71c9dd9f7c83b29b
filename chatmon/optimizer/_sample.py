"""The turns as finders read them: in two halves, one to find in and one to estimate on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from chatmon._tools.judged import LABEL, VERDICT, yes_no
from chatmon._tools.sql import text
from chatmon.analysis.conversations import RESOLVED
from chatmon.analysis.findings import slice_of, window_of
from chatmon.analysis.search import cells as table
from chatmon.analysis.search.by_model import case
from chatmon.analysis.search.cells import DIMENSIONS
from chatmon.analysis.search.part import MOST, part_of
from chatmon.analysis.search.scan import hours_of, rows_of
from chatmon.analysis.search.windows import HourlySeries
from chatmon.analysis.source import MICROSECONDS, asked, instant, query, relation
from chatmon.optimizer._speed import lateness, slowness
from chatmon.optimizer.recommendation import Amount, Recommendation, monthly
from chatmon.turns import COLUMNS, DUCKDB_TYPES, KINDS, REQUIRED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import duckdb

    from chatmon.analysis.search.cells import Bools, Cells
    from chatmon.analysis.search.part import Part
    from chatmon.analysis.search.scan import Shift
    from chatmon.analysis.source import Turns

AT_ONCE: Final = 60
"""Seconds within which the same question, asked again after a failure, is a retry."""
_TRANSIENT: Final = (
    "timeout", "timed out", "ratelimit", "rate_limit", "overload", "unavailable", "connection", "429",
)  # fmt: skip
_WORTH_A_RETRY: Final = " OR ".join(f"lower(error_type) LIKE '%{part}%'" for part in _TRANSIENT)
"""SQL of errors that clients commonly send again."""
_AGAIN: Final = f"""CASE WHEN next_question IS NOT NULL THEN next_question = question
    ELSE ({_WORTH_A_RETRY}) AND coalesce(nullif(input_tokens, 0) = next_input, true) END"""
"""SQL of whether a failed turn's request is the next one too. Where questions are not kept, that has to be as long, for
people go on soon after a failure as well."""
INPUT: Final = ("fresh_tokens", "cached_tokens")
"""The values that are tokens of input."""
_PRICES: Final = ("price_fresh", "price_cached", "price_output")
_READ: Final = (
    *REQUIRED, *DIMENSIONS, "user_id", "response_time", "input_tokens", "cached_tokens", "output_tokens", "cost",
    "error_type", "task_completed", "user_satisfaction",
)  # fmt: skip
"""Columns of turns that finders read; of a million turns, the others would take memory for nothing."""
_TOTALS: Final = {"usd": "cost", "seconds": "response_time", "errors": "errors", "unhelped": "unhelped"}
_VALUES: Final = {
    "half": "half",
    "unhelped": "unhelped",
    "retried": "retried",
    "retried_cost": "CASE WHEN retried = 1 THEN CAST(cost AS DOUBLE) ELSE 0 END",
    "retried_seconds": "CASE WHEN retried = 1 THEN response_time ELSE 0 END",
    "first_input": "CASE WHEN place = 1 THEN input_tokens END",
    "fresh_tokens": "CAST(input_tokens - coalesce(cached_tokens, 0) AS DOUBLE)",
    "cached_tokens": "CASE WHEN input_tokens IS NOT NULL THEN CAST(coalesce(cached_tokens, 0) AS DOUBLE) END",
    "answered_seconds": "CASE WHEN error_type IS NULL THEN response_time END",
    "answered_tokens": "CASE WHEN error_type IS NULL THEN CAST(output_tokens AS DOUBLE) END",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """The turns of a log, and the two halves of its users.

    Attributes:
        turns: Those of ``part``, as far as finders read them, and behind their columns ``place`` (in the conversation,
            from 1), ``unhelped`` (1 at the end of a conversation that was not resolved, else 0; NULL in one that does
            not say), ``retried`` (1 for a failed turn whose question was sent again at once, else 0), ``half`` (0 or 1,
            by user) and ``first_input`` (input tokens of the conversation's first turn).
        cells: All of them, added up.
        finding: Those of the half to find in.
        estimating: Those of the half to estimate on.
        number: How many turns the log has.
        part: Those of the conversations that the others here are of.
        start: The first turn's time.
        end: The last turn's.
        known: Column to how many turns have it.
        prices: Model to what a fresh, a cached and a written token usually cost, in US dollars.
        rubrics: Those that turns have labels of, whose verdicts and labels stand behind the columns too, as
            ``verdict_NAME`` and ``label_NAME``, 0 or 1.
    """

    turns: duckdb.DuckDBPyRelation
    cells: Cells
    finding: Cells
    estimating: Cells
    number: int
    part: Part
    start: datetime
    end: datetime
    known: Mapping[str, int]
    prices: Mapping[str, tuple[float, ...]]
    rubrics: tuple[str, ...] = ()

    @property
    def days(self) -> float:
        """Days from the first turn to the last."""
        return (self.end - self.start).total_seconds() / 86400

    def lacks(self, *columns: str) -> list[str]:
        """Return which of some columns no turn has."""
        return [name for name in columns if not self.known[name]]

    def lacks_quality(self) -> bool:
        """Return whether nothing says how good a reply is: no completed task, and no verdict that labels put right."""
        return bool(self.lacks("task_completed")) and not self.rubrics

    def total(self, unit: str) -> float:
        """Return what all turns cost, wait, fail or leave unhelped."""
        return self.part.times * float(self.cells.shown[_TOTALS[unit]][1].sum())

    def weight(self, saving: Mapping[str, Amount]) -> float:
        """Return the largest share that a saving has in what all turns cost, wait, fail or leave unhelped."""
        return max((one.value / self.total(unit) for unit, one in saving.items() if self.total(unit)), default=0.0)

    def inside(self, shift: Shift) -> Bools:
        """Return which of all rows are in a shift's slice and window."""
        return inside(self.cells, shift)

    def count(self, name: str, shift: Shift) -> float:
        """Return how many turns in a shift's slice and window have a value."""
        return self._times(shift) * float(self.cells.shown[name][0][self.inside(shift)].sum())

    def sum(self, name: str, shift: Shift) -> float:
        """Return what a value adds up to in a shift's slice and window."""
        return self._times(shift) * float(self.cells.shown[name][1][self.inside(shift)].sum())

    def counted(self, name: str, values: Mapping[str, str]) -> float:
        """Return how many turns with some values of dimensions have another value."""
        return self.times_of(values) * float(self.cells.shown[name][0][self.cells.where(values)].sum())

    def times_of(self, values: Mapping[str, str]) -> float:
        """Return what a sum over the turns with some values of dimensions is multiplied by to be one over the log."""
        return self.part.times_of(" AND ".join(f"{name} = {text(value)}" for name, value in values.items()) or "true")

    def _times(self, shift: Shift) -> float:
        return self.part.times_of(f"{window_of(shift)} AND {slice_of(shift) or 'true'}")

    def token_prices(self, rows: Bools) -> dict[str, float]:
        """Return what a token of each kind costs in some rows on average, in US dollars.

        Models differ in price by more than prompts do in tokens, so a change is priced by who got it.
        """
        priced = dict(zip((*INPUT, "answered_tokens"), _PRICES, strict=True))
        return {
            name: float(self.cells.shown[price][1][rows].sum() / max(self.cells.shown[price][0][rows].sum(), 1))
            for name, price in priced.items()
        }

    def all_along(
        self,
        kind: str,
        values: Mapping[str, str],
        saving: Mapping[str, Amount],
        title: str,
        evidence: Sequence[tuple[str, str]],
        sql: str,
        confidence: str,
    ) -> Recommendation:
        """Return a recommendation about the whole of the log."""
        return Recommendation(
            kind=kind,
            title=title,
            slice=dict(values),
            start=self.start,
            end=self.end,
            ongoing=True,
            evidence=tuple(evidence),
            query=sql,
            saving=dict(saving),
            monthly=monthly(saving, self.days),
            confidence=confidence,
            weight=self.weight(saving),
        )

    def change(self, values: str | Mapping[str, float], shift: Shift, cells: Cells | None = None) -> Amount | None:
        """Return by how much a value differs in a shift's window, a turn, as the half to estimate on knows.

        Hours are held against hours of their kind, less what is usual for the intent, with conversations as what was
        drawn. None where nothing can be held against it.

        Args:
            values: As of ``Cells.sums``.
            shift: The slice and the window.
            cells: Other turns to estimate on.
        """
        cells = cells or self.estimating
        n, total = cells.sums(values)
        start, end = hours_of(cells, shift)
        if start >= end:
            return None
        series = HourlySeries.of(cells, n, cells.less_usual(n, total), rows_of(cells, shift))
        change, error = (float(one[0]) for one in series.difference(np.array([start]), np.array([end])))
        return Amount.around(change, error) if np.isfinite(error) else None


def inside(cells: Cells, shift: Shift) -> Bools:
    """Return which rows are in a shift's slice and window."""
    start, end = hours_of(cells, shift)
    return np.asarray(rows_of(cells, shift) & (cells.hour >= start) & (cells.hour < end))


def take(turns: Turns, most: int = MOST) -> Sample | None:
    """Read turns for the finders; None where there are none.

    Args:
        turns: Any holder of turns.
        most: About how many turns are read; of more, those of conversations drawn by chance.
    """
    from chatmon.analysis import rubrics

    source = relation(turns)
    part = part_of(source, most)
    columns = ", ".join(f"count({name})" for name in COLUMNS)
    known = dict(zip(COLUMNS, query(source, f"SELECT {columns} FROM turns")[0], strict=True))  # noqa: S608 - names
    names = rubrics(source)
    prepared = relation(asked(part.turns, _prepare(names)).to_arrow_table())
    prices = table.token_prices(prepared)
    cells = table.read(
        prepared,
        _VALUES
        | {name: case({model: repr(each[at]) for model, each in prices.items()}) for at, name in enumerate(_PRICES)}
        | {"slowness": slowness(prepared), "late": lateness(prepared)},
    )
    if cells is None:
        return None
    ends = query(prepared, f"SELECT {MICROSECONDS}(min(timestamp)), {MICROSECONDS}(max(timestamp)) FROM turns")[0]  # noqa: S608 - our own name
    start, end = (table_time for one in ends if (table_time := instant(one)) is not None)
    other = cells.shown["half"][1] > 0
    halves, told = (cells.of(~other), cells.of(other)), tuple(_labelled(prepared, names))
    return Sample(prepared, cells, *halves, known["turn_id"], part, start, end, known, prices, told)


def _labelled(turns: duckdb.DuckDBPyRelation, names: Sequence[str]) -> list[str]:
    """Return the rubrics that turns have labels of."""
    if not names:
        return []
    counts = query(turns, f"SELECT {', '.join(f'count({LABEL}{name})' for name in names)} FROM turns")[0]  # noqa: S608
    return [name for name, count in zip(names, counts, strict=True) if count]


def _prepare(names: Sequence[str]) -> str:
    said = "".join(
        f", CAST({yes_no(key)} AS DOUBLE) AS {key}" for name in names for key in (f"{VERDICT}{name}", f"{LABEL}{name}")
    )
    behind = "".join(f", {VERDICT}{name}, {LABEL}{name}" for name in names)
    kept = ", ".join(
        name if name in _READ else f"CAST(NULL AS {DUCKDB_TYPES[KINDS[name]]}) AS {name}" for name in COLUMNS
    )
    soon = f"next_start <= timestamp + (coalesce(response_time, 0) + {AT_ONCE}) * INTERVAL '1' SECOND"
    return f"""SELECT {kept}, place,
        CASE WHEN NOT resolved AND next_start IS NULL THEN 1 WHEN resolved IS NOT NULL THEN 0 END AS unhelped,
        CASE WHEN error_type IS NOT NULL AND {soon} AND {_AGAIN} THEN 1 ELSE 0 END AS retried,
        half, first_input{behind}
        FROM (SELECT {", ".join(COLUMNS)},
            row_number() OVER w AS place, lead(timestamp) OVER w AS next_start, lead(question) OVER w AS next_question,
            lead(input_tokens) OVER w AS next_input, first_value(input_tokens) OVER w AS first_input,
            last_value({RESOLVED}) OVER (PARTITION BY conversation_id
                ORDER BY timestamp, turn_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS resolved,
            CASE WHEN md5(coalesce(user_id, conversation_id)) < '8' THEN 0 ELSE 1 END AS half{said}
            FROM turns WINDOW w AS (PARTITION BY conversation_id ORDER BY timestamp, turn_id)) AS placed"""  # noqa: S608 - our own names
