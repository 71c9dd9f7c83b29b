"""Turns as a DuckDB relation, whatever they came as."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from chatmon import turns as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pandas as pd
    import pyarrow as pa

    from chatmon.importers import Logs
    from chatmon.turns import Turn

Turns: TypeAlias = "Logs | duckdb.DuckDBPyRelation | pd.DataFrame | pa.Table | Path | Sequence[Turn]"
"""What an analysis reads: imported logs, a relation, a frame, an Arrow table, a Parquet file, or turns themselves."""


def relation(turns: Turns) -> duckdb.DuckDBPyRelation:
    """Return turns as a relation with every column of ``turns.schema()``; the ones that are not there are NULL.

    Args:
        turns: Any holder of turns.

    Raises:
        TypeError: It is no holder of turns.
        ValueError: A column that a turn needs is missing.

    Example:
        >>> relation([]).columns[:2]
        ['turn_id', 'conversation_id']
    """
    import duckdb
    import pandas as pd
    import pyarrow as pa

    if isinstance(turns, duckdb.DuckDBPyRelation):
        return _completed(turns)
    if hasattr(turns, "report") and hasattr(turns, "turns"):
        return relation(turns.turns)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    if isinstance(turns, Path):
        return _completed(connection.read_parquet(str(turns)))
    if isinstance(turns, pa.Table):
        return _completed(connection.from_arrow(turns))
    if isinstance(turns, pd.DataFrame):
        return _completed(connection.from_arrow(pa.Table.from_pandas(turns, preserve_index=False)))
    if isinstance(turns, list | tuple):
        return connection.from_arrow(table.to_arrow(turns))
    raise TypeError(
        f"turns are {type(turns).__name__}: give logs, a relation, a frame, a Parquet path or a list of turns"
    )


def query(turns: Turns, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a SELECT that names the turns ``turns``."""
    return _asked(turns, sql).fetchall()


def frame(turns: Turns, sql: str) -> pd.DataFrame:
    """Return a SELECT's rows as a pandas frame: decimals stay exact."""
    return table.as_frame(_asked(turns, sql).to_arrow_table())


def _asked(turns: Turns, sql: str) -> duckdb.DuckDBPyRelation:
    answer = relation(turns).query("turns", sql)
    if answer is None:
        raise ValueError(f"no SELECT: {sql}")
    return answer


def _completed(given: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    missing = [name for name in table.REQUIRED if name not in given.columns]
    if missing:
        raise ValueError(f"turns need {', '.join(missing)}; these have {', '.join(given.columns)}")
    kinds = {"str": "VARCHAR", "int": "BIGINT", "float": "DOUBLE", "Decimal": "DECIMAL(38,18)", "bool": "BOOLEAN"}
    kinds |= {"datetime": "TIMESTAMPTZ", "Mapping[str, JSON]": "VARCHAR"}
    if list(given.columns) == list(table.COLUMNS):
        return given
    return given.project(
        ", ".join(
            f'CAST("{name}" AS {kinds[kind]}) AS "{name}"'
            if name in given.columns
            else f'CAST(NULL AS {kinds[kind]}) AS "{name}"'
            for name, kind in table.KINDS.items()
        )
    )
