"""Intervals that count users, from sums in SQL: whose turns they are, and what each one's are above the mean."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from chatmon import estimates
from chatmon._tools.sql import text
from chatmon._tools.units import Units
from chatmon.analysis.source import query
from chatmon.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

UNIT: Final = "coalesce('u' || user_id, 'c' || conversation_id)"
"""Whose a turn is: its user's, or, where the user is unknown, its conversation's."""


def units_of(source: duckdb.DuckDBPyRelation, value: str, centre: float) -> Units:
    """Return whose values are how far from a centre.

    Args:
        source: The turns.
        value: SQL of a turn's value, NULL where it has none.
        centre: The mean of the values.
    """
    (row,) = query(
        source,
        f"""SELECT count(*), sum(n * n), sum(off * off), sum(off * off * off) FROM (
            SELECT CAST(count(*) AS DOUBLE) AS n, CAST(sum({value} - {_double(centre)}) AS DOUBLE) AS off
            FROM turns WHERE ({value}) IS NOT NULL GROUP BY {UNIT}) AS units""",  # noqa: S608 - our own
    )
    return Units(row[0], *(0.0 if amount is None else float(amount) for amount in row[1:]))


def mean(source: duckdb.DuckDBPyRelation, value: str) -> Estimate:
    """Return a mean over turns, with its interval by user."""
    ((n, centre, variance),) = query(source, f"SELECT count({value}), avg({value}), var_samp({value}) FROM turns")  # noqa: S608
    if not n:
        return Estimate(None, None, None, 0)
    spread = None if variance is None else float(variance)
    return estimates.mean_of(n, float(centre), spread, units_of(source, value, float(centre)))


def rate(source: duckdb.DuckDBPyRelation, condition: str) -> Estimate:
    """Return the share of turns for which a condition holds, of those that say, with its interval by user."""
    flag = f"CASE WHEN {condition} THEN 1.0 WHEN NOT ({condition}) THEN 0.0 END"
    ((n, found),) = query(
        source,
        f"SELECT count({condition}), count(CASE WHEN {condition} THEN 1 END) FROM turns",  # noqa: S608 - our own
    )
    return estimates.rate(found, n, units_of(source, flag, found / n) if n else None)


def percentiles(
    source: duckdb.DuckDBPyRelation, column: str, qs: Sequence[float], by: str | None = None
) -> dict[str | None, list[Estimate]]:
    """Return percentiles of a column by a dimension's values, with their intervals by user.

    Args:
        source: The turns.
        column: Numbers.
        qs: Which.
        by: The dimension; without it, all turns are one part, whose name is None.
    """
    part = "CAST(NULL AS STRING)" if by is None else by
    known = f"(SELECT {part} AS part, {column} AS value, {UNIT} AS unit FROM turns WHERE {column} IS NOT NULL) AS known"  # noqa: S608
    counts = dict(query(source, f"SELECT part, count(*) FROM {known} GROUP BY part ORDER BY part NULLS LAST"))  # noqa: S608
    if not counts:
        return {} if by else {None: [estimates.percentile_of(0, q, {}) for q in qs]}
    places = {place for n in counts.values() for q in qs for place in estimates.places_of(n, q)}
    plain, whose = _values_at(source, known, places), dict[tuple[str | None, float], Units]()
    for q in qs:
        limits = {part: estimates.percentile_of(n, q, plain[part]).value or 0.0 for part, n in counts.items()}
        whose |= {(part, q): units for part, units in _below(source, known, limits, counts).items()}
    wanted = {place for (part, q), units in whose.items() for place in estimates.places_of(counts[part], q, units)}
    values = _values_at(source, known, wanted)
    return {
        part: [estimates.percentile_of(n, q, values[part], whose[part, q]) for q in qs] for part, n in counts.items()
    }


def _below(
    source: duckdb.DuckDBPyRelation, known: str, limits: dict[str | None, float], counts: dict[str | None, int]
) -> dict[str | None, Units]:
    """Return, for each part, whose values are at most its limit."""
    rows = ", ".join(
        f"({'CAST(NULL AS STRING)' if part is None else text(part)}, {_double(limit)})"
        for part, limit in limits.items()
    )
    found = query(
        source,
        f"""SELECT part, count(*), sum(n * n), sum(n * below), sum(below * below), sum(below) FROM (
            SELECT known.part, CAST(count(*) AS DOUBLE) AS n,
                CAST(count(CASE WHEN value <= most THEN 1 END) AS DOUBLE) AS below
            FROM {known} JOIN (VALUES {rows}) AS limits(part, most)
                ON known.part = limits.part OR (known.part IS NULL AND limits.part IS NULL)
            GROUP BY known.part, unit) AS units GROUP BY part""",  # noqa: S608 - our own
    )
    return {part: shared(units, squares, products, own, total / counts[part])
            for part, units, squares, products, own, total in found}  # fmt: skip


def shared(units: int, squares: float, products: float, own: float, share: float) -> Units:
    """Return whose turns have a property, from sums over units.

    Args:
        units: How many.
        squares: Of how many turns each has.
        products: Of how many turns each has, times how many with the property.
        own: The squares of how many with the property.
        share: The share of all turns that have it.
    """
    return Units(units, squares, max(0.0, own - 2 * share * products + share**2 * squares))


def _values_at(source: duckdb.DuckDBPyRelation, known: str, places: set[int]) -> dict[str | None, dict[int, float]]:
    """Return each part's values at some places, from 0, in order of size."""
    found: defaultdict[str | None, dict[int, float]] = defaultdict(dict)
    chosen = ", ".join(str(place + 1) for place in sorted(places)) or "0"
    ordered = f"SELECT part, value, row_number() OVER (PARTITION BY part ORDER BY value) AS place FROM {known}"  # noqa: S608
    for part, place, value in query(
        source,
        f"SELECT part, place - 1, value FROM ({ordered}) AS ordered WHERE place IN ({chosen})",  # noqa: S608 - ours
    ):
        found[part][place] = float(value)
    return found


def _double(number: float) -> str:
    """Return a number as SQL that keeps every digit of it: without an exponent, a literal would be a decimal."""
    return f"CAST({float(number)!r} AS DOUBLE)"
