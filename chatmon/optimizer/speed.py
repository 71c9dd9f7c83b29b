"""How long a reply should take: given its model and its tokens, not its intent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from chatmon.analysis.finding import quoted
from chatmon.analysis.source import query

if TYPE_CHECKING:
    from chatmon.analysis.source import Turns

_WORK: Final = ("1.0", "CAST(input_tokens - coalesce(cached_tokens, 0) AS DOUBLE)", "CAST(output_tokens AS DOUBLE)")
"""What takes time: a request as such, each token that has to be read, each token that has to be written."""
_LEAST: Final = 0.05
"""Seconds that any reply takes."""


def slowness(turns: Turns) -> str:
    """Return the SQL of the logarithm of a turn's response time over what its work usually takes.

    By least squares for each model, relative to what the reply took: long replies do not decide alone. An intent
    whose answers are long is thus not slow, and neither is one that is sent to a slower model.

    Args:
        turns: Any holder of turns.
    """
    answered = "error_type IS NULL AND response_time > 0 AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL"
    squares = [f"sum({a} * {b} / (response_time * response_time))" for at, a in enumerate(_WORK) for b in _WORK[at:]]
    products = [f"sum({one} / response_time)" for one in _WORK]
    cases = []
    for model, *sums in query(
        turns,
        f"SELECT coalesce(model, ''), {', '.join(squares + products)} FROM turns "  # noqa: S608 - our own expressions
        f"WHERE {answered} GROUP BY 1 ORDER BY 1",
    ):
        matrix = np.empty((3, 3))
        matrix[np.triu_indices(3)] = sums[:6]
        matrix = np.triu(matrix) + np.triu(matrix, 1).T
        takes = np.linalg.lstsq(matrix, np.array(sums[6:]), rcond=None)[0]
        usual = " + ".join(f"{each!r} * {one}" for each, one in zip(takes.tolist(), _WORK, strict=True))
        cases.append(f"WHEN {quoted(model)} THEN ln(response_time / greatest({usual}, {_LEAST}))")
    if not cases:
        return "CAST(NULL AS DOUBLE)"
    return f"CASE WHEN {answered} THEN CASE coalesce(model, '') {' '.join(cases)} END END"
