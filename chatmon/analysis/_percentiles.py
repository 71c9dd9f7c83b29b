"""Percentiles of a column, whole or by a dimension, each with its interval and a mark where values are too few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon import estimates
from chatmon import turns as table
from chatmon.analysis.source import cut, query, relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from chatmon.analysis.source import Turns

QUANTILES: Final = (0.5, 0.9, 0.95, 0.99)


def percentiles(
    turns: Turns, column: str = "response_time", qs: Sequence[float] = QUANTILES, by: str | None = None
) -> pd.DataFrame:
    """Return percentiles with their 95 % intervals from order statistics: see ``estimates.percentile``.

    Args:
        turns: Any holder of turns; those whose value is unknown are left out.
        column: A column of numbers, such as ``response_time`` in seconds.
        qs: Between 0 and 1.
        by: A text column, for percentiles of each of its values.

    Returns:
        ``by`` if given, ``q``, ``value``, ``low``, ``high``, ``n`` and ``enough``: whether at least one value is
        expected beyond the percentile and its interval has two ends. The whole's is no average of its parts'.

    Raises:
        ValueError: ``column`` holds no numbers, ``by`` no text, or a quantile is not between 0 and 1.

    Example:
        >>> percentiles([], qs=[0.95])[["q", "n", "enough"]].to_dict("records")
        [{'q': 0.95, 'n': 0, 'enough': False}]
    """
    import pandas as pd

    numbers = [name for name, kind in table.KINDS.items() if kind in ("int", "float")]
    if column not in numbers:
        raise ValueError(f"{column} is no column of numbers: take from {', '.join(numbers)}")
    source, group = relation(turns), "CAST(NULL AS STRING)"
    if by is not None:
        source, (group,) = cut(source, by)
    known = f"(SELECT {group} AS part, {column} AS value FROM turns WHERE {column} IS NOT NULL) AS known"  # noqa: S608 - checked
    counts = dict(query(source, f"SELECT part, count(*) FROM {known} GROUP BY part ORDER BY part NULLS LAST"))  # noqa: S608
    if by is None and not counts:
        counts = {None: 0}
    places = sorted({place for n in counts.values() for q in qs for place in estimates.places_of(n, q)})
    ordered = f"SELECT part, value, row_number() OVER (PARTITION BY part ORDER BY value) AS place FROM {known}"  # noqa: S608
    chosen = ", ".join(str(place + 1) for place in places) or "0"
    values: dict[str | None, dict[int, float]] = {part: {} for part in counts}
    for part, place, value in query(
        source,
        f"SELECT part, place - 1, value FROM ({ordered}) AS ordered WHERE place IN ({chosen})",  # noqa: S608 - ours
    ):
        values[part][place] = float(value)
    rows = []
    for part, n in counts.items():
        for q in qs:
            found = estimates.percentile_of(n, q, values[part])
            enough = n * (1 - q) >= 1 and n * q >= 1 and None not in (found.low, found.high)
            rows.append(({by: part} if by else {}) | {"q": q, **found._asdict(), "enough": enough})
    columns = [*([by] if by else []), "q", "value", "low", "high", "n", "enough"]
    return pd.DataFrame(rows, columns=columns)
