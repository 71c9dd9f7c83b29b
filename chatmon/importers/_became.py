"""What the columns of an import became, so that a thumb that became a 1 is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon import turns
from chatmon._tools import sql
from chatmon.importers._map_options import DERIVED

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import pandas as pd

TOP: Final = 3
"""Most frequent values that are shown."""
UNSHOWN: Final = ("question", "answer", "error_message")
"""Columns that hold texts of people."""


def what_became(connection: duckdb.DuckDBPyConnection, lost: Mapping[str, int]) -> pd.DataFrame:
    """Return a row for each column of turns, and each dimension of one's own, that says something or lost something.

    Args:
        connection: Holds ``turns``.
        lost: Cells that could not be read, by column.
    """
    import pandas as pd

    names = [name for name in turns.COLUMNS if name not in DERIVED]
    counts = ", ".join(f"count({sql.name(name)})" for name in names)
    known = dict(zip(names, connection.execute(f"SELECT {counts} FROM turns").fetchall()[0], strict=True))
    rows = [
        (name, known[name], lost.get(name, 0), _values(connection, name))
        for name in names
        if known[name] or lost.get(name)
    ]
    rows += [(name, count, lost.get(name, 0), values) for name, count, values in _own(connection)]
    return pd.DataFrame(rows, columns=["column", "known", "lost", "values"])


def _values(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    column, kind = sql.name(name), turns.KINDS[name]
    if name in UNSHOWN:
        return "texts"
    if kind in ("int", "float", "Decimal"):
        low, middle, high = connection.execute(
            f"SELECT min(value), median(value), max(value) FROM (SELECT CAST({column} AS DOUBLE) AS value FROM turns)"
        ).fetchall()[0]
        return "" if low is None else f"{low:.6g} to {high:.6g}, median {middle:.6g}"
    if kind == "datetime":
        low, high = connection.execute(
            f"SELECT strftime(min({column}), '%Y-%m-%d %H:%M'), strftime(max({column}), '%Y-%m-%d %H:%M') FROM turns"
        ).fetchall()[0]
        return f"{low} to {high} UTC"
    return _top(connection, column)


def _top(connection: duckdb.DuckDBPyConnection, value: str) -> str:
    distinct = connection.execute(f"SELECT approx_count_distinct({value}), count({value}) FROM turns").fetchall()[0]
    if distinct[0] > 0.5 * distinct[1] and distinct[1] > TOP:
        return f"about {distinct[0]:,} different"
    found = connection.execute(
        f"SELECT {value}, count(*) FROM turns WHERE {value} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {TOP + 1}"
    ).fetchall()
    named = ", ".join(f"{str(one)[:30]} ({count:,})" for one, count in found[:TOP])
    return named + (", ..." if len(found) > TOP else "")


def _own(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str]]:
    rows = connection.execute(
        "SELECT name, count(*) FROM (SELECT unnest(json_keys(attributes)) AS name FROM turns "
        "WHERE json_type(attributes) = 'OBJECT') GROUP BY 1 ORDER BY 1 LIMIT 20"
    ).fetchall()
    found = [(name, count, _top(connection, sql.own_dimension(name))) for name, count in rows]
    return [one for one in found if one[2]]
