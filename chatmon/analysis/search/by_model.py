"""What is fitted for each model, and SQL that depends on the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chatmon._tools.sql import text
from chatmon.analysis.source import query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatmon.analysis.source import Turns


def fit(
    turns: Turns, target: str, columns: Sequence[str], where: str, *, weight: str = "1.0"
) -> dict[str, tuple[float, ...]]:
    """Return, for each model, what a unit of each column adds to a target, by weighted least squares.

    Args:
        turns: Any holder of turns; a model that is not known is an empty text.
        target: SQL of what is explained.
        columns: SQL of what explains it.
        where: SQL of which turns are asked.
        weight: SQL of a turn's weight.

    Example:
        >>> fit([], "response_time", ["CAST(output_tokens AS DOUBLE)"], "true")
        {}
    """
    size = len(columns)
    squares = [f"sum({weight} * {a} * {b})" for place, a in enumerate(columns) for b in columns[place:]]
    products = [f"sum({weight} * {one} * {target})" for one in columns]
    found = {}
    for model, *sums in query(
        turns,
        f"""SELECT coalesce(model, ''), {", ".join(squares + products)} FROM turns WHERE {where}
        GROUP BY 1 ORDER BY 1""",  # noqa: S608 - the caller's own expressions
    ):
        matrix = np.empty((size, size))
        matrix[np.triu_indices(size)] = sums[: len(squares)]
        matrix = np.triu(matrix) + np.triu(matrix, 1).T
        found[model] = tuple(np.linalg.lstsq(matrix, np.array(sums[len(squares) :]), rcond=None)[0].tolist())
    return found


def case(by_model: Mapping[str, str]) -> str:
    """Return the SQL of a number that each model has its own expression for; NULL for all others.

    Example:
        >>> case({"small": "2.0"})
        "CASE coalesce(model, '') WHEN 'small' THEN 2.0 END"
    """
    cases = " ".join(f"WHEN {text(model)} THEN {sql}" for model, sql in by_model.items())
    return f"CASE coalesce(model, '') {cases} END" if cases else "CAST(NULL AS DOUBLE)"


def weighed(factors: Sequence[float], columns: Sequence[str]) -> str:
    """Return the SQL of columns, each by its factor, added up.

    Example:
        >>> weighed((0.5, 2.0), ("a", "b"))
        '0.5 * a + 2.0 * b'
    """
    return " + ".join(f"{factor!r} * {column}" for factor, column in zip(factors, columns, strict=True))
