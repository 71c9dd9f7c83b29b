"""What turns cost, by any dimension, to the last digit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatmon.analysis.source import cut, frame

if TYPE_CHECKING:
    import pandas as pd

    from chatmon.analysis.source import Turns


def cost_by(turns: Turns, by: str = "intent") -> pd.DataFrame:
    """Return what the turns of each value of a dimension cost, the dearest first; the parts add up exactly.

    Args:
        turns: Any holder of turns.
        by: A text column of turns, or a dimension of one's own, which is a key of ``attributes``.

    Returns:
        The dimension; ``turns``, ``unpriced`` (turns without a cost, which are in no sum), ``cost`` in US dollars,
        ``share`` of all cost (0 to 1), ``per_turn``, ``per_conversation`` and ``per_user`` in US dollars, as means over
        those that have a cost.

    Raises:
        ValueError: ``by`` is neither.

    Example:
        >>> cost_by([]).columns.tolist()[:4]
        ['intent', 'turns', 'unpriced', 'cost']
    """
    source, (column,) = cut(turns, by)
    return frame(
        source,
        f"""SELECT {column}, count(*) AS turns, count(*) - count(cost) AS unpriced, sum(cost) AS cost,
            CAST(sum(cost) AS DOUBLE) / nullif(CAST(sum(sum(cost)) OVER () AS DOUBLE), 0) AS share,
            CAST(sum(cost) AS DOUBLE) / nullif(count(cost), 0) AS per_turn,
            CAST(sum(cost) AS DOUBLE) / nullif(count(DISTINCT CASE WHEN cost IS NOT NULL THEN conversation_id END), 0)
                AS per_conversation,
            CAST(sum(cost) FILTER (WHERE user_id IS NOT NULL) AS DOUBLE)
                / nullif(count(DISTINCT CASE WHEN cost IS NOT NULL THEN user_id END), 0) AS per_user
        FROM turns GROUP BY {column} ORDER BY cost DESC NULLS LAST, turns DESC, {column} NULLS LAST""",  # noqa: S608 - checked above
    )
