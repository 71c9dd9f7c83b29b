"""Whether a cheaper model does as well, as far as a log can tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chatmon._tools.sql import text
from chatmon.analysis.source import asked
from chatmon.optimizer._held import against

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatmon.optimizer._sample import Sample

SEEN: Final = 0.8
"""Share of the dearer model's turns whose like a cheaper one must have answered to be judged."""
LEAST_ALIKE: Final = 20
"""Turns of the cheaper model from which on it has answered turns of a kind."""
MARGIN: Final = 0.05
"""Points of task completion by which a cheaper model may be worse and still be called as good."""
_ONE_SIDED: Final = 1.6448536269514722
"""The normal quantile of 95 %."""


class Completion(NamedTuple):
    """How many of an intent's tasks two models complete, among turns that are like in size and place.

    Attributes:
        cheap: The cheaper model's share, of turns as large as the dearer one's.
        dear: The dearer one's.
        cheap_n: Turns of the cheaper one.
        dear_n: Turns of the dearer one.
        lowest: Lower end of the one-sided 95 % interval of the cheaper one's share less the dearer one's.
        like: The share of the dearer one's turns whose like the cheaper one has answered.
    """

    cheap: float
    dear: float
    cheap_n: int
    dear_n: int
    lowest: float
    like: float

    def __str__(self) -> str:
        shares = f"{self.cheap:.1%} of {self.cheap_n:,} turns against {self.dear:.1%} of {self.dear_n:,}"
        return f"{shares}, of like size, worse by at most {max(0.0, -100 * self.lowest):.1f} points"


def completion(sample: Sample, intent: str, cheap: str, dear: str) -> Completion | None:
    """Return how many of an intent's tasks two models complete, with conversations as what was drawn.

    A router gives a cheaper model what is easy. So turns are held against turns whose input is as large, within a
    factor of two, and that are first in their conversation or are not; groups count as the dearer model has them.

    Args:
        sample: The turns.
        intent: Whose tasks.
        cheap: The cheaper model.
        dear: The dearer one.

    Returns:
        None where one of them answered in fewer than two conversations, or the cheaper one has seen too few turns like
        those of the dearer one.
    """
    rows = asked(
        sample.turns,
        f"""SELECT model = {text(dear)} AS dear, dense_rank() OVER (ORDER BY conversation_id) - 1 AS conversation,
            dense_rank() OVER (ORDER BY size, first) - 1 AS alike, n, done FROM (
            SELECT model, conversation_id, coalesce(floor(log2(greatest(input_tokens, 1))), -1) AS size,
                place = 1 AS first, CAST(count(*) AS DOUBLE) AS n,
                CAST(sum(CASE WHEN task_completed THEN 1 ELSE 0 END) AS DOUBLE) AS done
            FROM turns WHERE intent = {text(intent)} AND task_completed IS NOT NULL
                AND model IN ({text(cheap)}, {text(dear)})
            GROUP BY 1, 2, 3, 4) AS each""",  # noqa: S608 - quoted
    ).fetchnumpy()
    on_dear, conversation, alike, n, done = (
        np.asarray(rows[name]) for name in ("dear", "conversation", "alike", "n", "done")
    )
    if not len(n):
        return None
    groups = int(alike.max()) + 1
    sides = {dear: on_dear.astype(bool), cheap: ~on_dear.astype(bool)}
    known = {model: np.bincount(alike[rows], n[rows], groups) for model, rows in sides.items()}
    seen = known[cheap] >= np.minimum(LEAST_ALIKE, np.maximum(known[dear], 1))
    weights = np.where(seen, known[dear], 0.0)
    like = float(weights.sum() / known[dear].sum()) if known[dear].sum() else 0.0
    if like < SEEN:
        return None
    weights = weights / weights.sum()
    found = {}
    for model, side in sides.items():
        rows = side & (weights[alike] > 0)
        if len(np.unique(conversation[rows])) < 2:
            return None
        totals = np.maximum(known[model], 1)
        rates = np.bincount(alike[rows], done[rows], groups) / totals
        # What each conversation adds to the weighed rate, to first order.
        parts = (weights / totals)[alike[rows]] * (done[rows] - rates[alike[rows]] * n[rows])
        each = np.bincount(np.unique(conversation[rows], return_inverse=True)[1], parts)
        variance = float((each**2).sum()) * len(each) / (len(each) - 1)
        found[model] = (float((weights * rates).sum()), int(n[rows].sum()), variance)
    (low, few, own), (high, many, other) = found[cheap], found[dear]
    return Completion(low, high, few, many, low - high - _ONE_SIDED * math.sqrt(own + other), like)


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
