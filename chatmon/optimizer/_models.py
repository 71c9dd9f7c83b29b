"""Whether a cheaper model does as well, as far as a log can tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon._tools.sql import text
from chatmon.analysis.source import query
from chatmon.optimizer._held import against

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatmon.optimizer._sample import Sample

MARGIN: Final = 0.05
"""Points of task completion by which a cheaper model may be worse and still be called as good."""
_ONE_SIDED: Final = 1.6448536269514722
"""The normal quantile of 95 %."""


class Completion(NamedTuple):
    """How many of an intent's tasks two models complete.

    Attributes:
        cheap: The cheaper model's share.
        dear: The dearer one's.
        cheap_n: Turns of the cheaper one.
        dear_n: Turns of the dearer one.
        lowest: Lower end of the one-sided 95 % interval of the cheaper one's share less the dearer one's.
    """

    cheap: float
    dear: float
    cheap_n: int
    dear_n: int
    lowest: float

    def __str__(self) -> str:
        shares = f"{self.cheap:.1%} of {self.cheap_n:,} turns against {self.dear:.1%} of {self.dear_n:,}"
        return f"{shares}, worse by at most {max(0.0, -100 * self.lowest):.1f} points"


def completion(sample: Sample, intent: str, cheap: str, dear: str) -> Completion | None:
    """Return how many of an intent's tasks two models complete, with conversations as what was drawn.

    Args:
        sample: The turns.
        intent: Whose tasks.
        cheap: The cheaper model.
        dear: The dearer one.

    Returns:
        None where one of them answered in fewer than two conversations.
    """
    rows = query(
        sample.turns,
        f"""SELECT model, sum(done) / CAST(sum(n) AS DOUBLE), count(*), sum(n), sum(done * done), sum(done * n),
            sum(n * n) FROM (
            SELECT model, conversation_id, count(task_completed) AS n,
                sum(CASE WHEN task_completed THEN 1 ELSE 0 END) AS done
            FROM turns WHERE intent = {text(intent)} AND task_completed IS NOT NULL
                AND model IN ({text(cheap)}, {text(dear)})
            GROUP BY model, conversation_id) AS each GROUP BY model""",  # noqa: S608 - quoted
    )
    known = {}
    for model, rate, clusters, n, square, product, weight in rows:
        if clusters > 1:
            spread = square - 2 * rate * product + rate**2 * weight
            known[model] = (rate, int(n), spread / n**2 * clusters / (clusters - 1))
    if len(known) < 2:
        return None
    (low, few, variance), (high, many, other) = known[cheap], known[dear]
    return Completion(low, high, few, many, low - high - _ONE_SIDED * math.sqrt(variance + other))


def as_good(sample: Sample, intent: str, cheap: str, dear: str, margin: float = MARGIN) -> Completion | None:
    """Return how a cheaper model does that completes as many of an intent's tasks as a dearer one, but for a margin.

    Args:
        sample: The turns.
        intent: Whose tasks.
        cheap: The cheaper model.
        dear: The dearer one.
        margin: Points of completion.

    Returns:
        None where it may be worse by more than that (non-inferiority), or too little is known.
    """
    found = completion(sample, intent, cheap, dear)
    return found if found is not None and found.lowest > -margin else None


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
