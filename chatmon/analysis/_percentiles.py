"""Percentiles of a column, whole or by a dimension, each with its interval and a mark where values are too few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon import turns as table
from chatmon.analysis import _units
from chatmon.analysis.source import cut, relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from chatmon.analysis.source import Turns

QUANTILES: Final = (0.5, 0.9, 0.95, 0.99)


def percentiles(
    turns: Turns, column: str = "response_time", qs: Sequence[float] = QUANTILES, by: str | None = None
) -> pd.DataFrame:
    """Return percentiles with their 95 % intervals by user, from order statistics: see ``estimates.percentile``.

    Args:
        turns: Any holder of turns; those whose value is unknown are left out.
        column: A column of numbers, such as ``response_time`` in seconds.
        qs: Between 0 and 1.
        by: A text column, for percentiles of each of its values.

    Returns:
        ``by`` if given, ``q``, ``value``, ``low``, ``high``, ``n``, ``effective`` (how many independent values
        they are worth) and ``enough``: whether at least one of these is expected beyond the percentile and its interval
        has two ends. The whole's is no average of its parts'.

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
    source = relation(turns)
    group: str | None = None
    if by is not None:
        source, (group,) = cut(source, by)
    rows = []
    for part, estimates in _units.percentiles(source, column, qs, group).items():
        for q, found in zip(qs, estimates, strict=True):
            # The values that are worth as much decide, not those that repeat a user's.
            worth = 0.0 if found.effective is None else found.effective
            enough = worth * (1 - q) >= 1 and worth * q >= 1 and None not in (found.low, found.high)
            rows.append(({by: part} if by else {}) | {"q": q, **found._asdict(), "enough": enough})
    columns = [*([by] if by else []), "q", "value", "low", "high", "n", "effective", "enough"]
    return pd.DataFrame(rows, columns=columns)
