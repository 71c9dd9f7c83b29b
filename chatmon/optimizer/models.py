"""Whether a cheaper model does as well, as far as a log can tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from chatmon.analysis.finding import quoted
from chatmon.analysis.source import query
from chatmon.optimizer.held import against

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatmon.optimizer.sample import Sample

MARGIN: Final = 0.05
"""Points of task completion by which a cheaper model may be worse and still be called as good."""
_ONE_SIDED: Final = 1.6448536269514722
"""The normal quantile of 95 %."""


def as_good(sample: Sample, intent: str, cheap: str, dear: str, margin: float = MARGIN) -> bool:
    """Return whether a cheaper model completes as many of an intent's tasks as a dearer one, but for a margin.

    Non-inferiority: the lower end of the one-sided 95 % interval of the difference lies above minus the margin, with
    conversations as what was drawn.

    Args:
        sample: The turns.
        intent: Whose tasks.
        cheap: The cheaper model.
        dear: The dearer one.
        margin: Points of completion.
    """
    rows = query(
        sample.turns,
        f"""SELECT model, sum(done) / CAST(sum(n) AS DOUBLE), count(*), sum(n), sum(done * done), sum(done * n),
            sum(n * n) FROM (
            SELECT model, conversation_id, count(task_completed) AS n,
                sum(CASE WHEN task_completed THEN 1 ELSE 0 END) AS done
            FROM turns WHERE intent = {quoted(intent)} AND task_completed IS NOT NULL
                AND model IN ({quoted(cheap)}, {quoted(dear)})
            GROUP BY model, conversation_id) AS each GROUP BY model""",  # noqa: S608 - quoted
    )
    rates = {}
    for model, rate, clusters, n, square, product, weight in rows:
        if clusters < 2:
            return False
        spread = square - 2 * rate * product + rate**2 * weight
        rates[model] = (rate, spread / n**2 * clusters / (clusters - 1))
    if len(rates) < 2:
        return False
    (good, variance), (best, other) = rates[cheap], rates[dear]
    return bool(good - best - _ONE_SIDED * math.sqrt(variance + other) > -margin)


def completes_as_many(sample: Sample, values: Mapping[str, str], margin: float = MARGIN) -> bool:
    """Return whether turns outside a slice complete as many tasks as those inside, but for a margin, like for like.

    Args:
        sample: The turns.
        values: The slice, dimension to value.
        margin: Points of completion.
    """
    if sample.lacks("task_completed"):
        return False
    rows = sample.cells.where(values)
    held = against(sample.cells, "completion", rows, ~rows)
    return held is not None and held.change + _ONE_SIDED * held.error < margin
