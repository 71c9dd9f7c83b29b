"""Some turns held against others, like for like."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatmon.analysis.search.cells import Bools, Cells

LEAST_TURNS: Final = 200
"""Turns of a slice below which it is not judged."""


class Held(NamedTuple):
    """What came of it.

    Attributes:
        change: The mean of the one less that of the others, like for like.
        error: The standard error.
        n: Turns of the one.
        freedom: Degrees of freedom of the error: users of like size that would tell as much, less one.
    """

    change: float
    error: float
    n: float
    freedom: float

    @property
    def errors_away(self) -> float:
        """By how many standard errors they differ."""
        return self.change / self.error if self.error > 0 else 0.0

    def p(self, looked_at: int) -> float:
        """Return the chance of such a difference in any of so many comparisons (Bonferroni)."""
        from scipy.stats import t

        return float(min(1.0, 2 * t.sf(abs(self.errors_away), self.freedom) * looked_at))


def against(
    cells: Cells,
    values: str | Mapping[str, float],
    rows: Bools,
    others: Bools,
    like: Sequence[str] = ("intent", "model"),
) -> Held | None:
    """Hold some rows against others, within groups that are alike, with users as what was drawn.

    A user who is unknown is the conversation.

    Groups are weighed as Mantel and Haenszel do (JNCI 22, 1959): by how much they tell about the difference.

    Args:
        cells: The turns.
        values: As of ``Cells.sums``.
        rows: Those that are judged.
        others: Those that they are held against.
        like: Dimensions within whose values they are compared.

    Returns:
        None where too few turns are on either side, or all of one are one user's.
    """
    n, total = cells.sums(values)
    if n[rows].sum() < LEAST_TURNS or n[others].sum() < LEAST_TURNS:
        return None
    group = np.zeros(len(n), dtype=np.int64)
    for name in like:
        codes, names = cells.dimensions[name].factorize(use_na_sentinel=False)
        group = group * len(names) + codes
    size = int(group.max()) + 1
    (n_in, n_out), (sum_in, sum_out) = (
        tuple(np.bincount(group[side], each[side], size) for side in (rows, others)) for each in (n, total)
    )
    held = np.where((n_in > 0) & (n_out > 0), n_in * n_out / np.maximum(n_in + n_out, 1), 0.0)
    if held.sum() == 0:
        return None
    mean_in, mean_out = sum_in / np.maximum(n_in, 1), sum_out / np.maximum(n_out, 1)
    change = float((held * (mean_in - mean_out)).sum() / held.sum())
    user = np.where(cells.user >= 0, cells.user, len(cells.users) + cells.cluster)
    added, freedom = np.zeros(int(user.max()) + 1), math.inf
    for side, mean, count, sign in ((rows, mean_in, n_in, 1.0), (others, mean_out, n_out, -1.0)):
        of = group[side]
        # What each row adds to the difference to first order, added up by user; it is held against the mean of the
        # other users, or one who has most turns would seem to differ from nobody (the jackknife).
        parts = held[of] / np.maximum(count[of], 1) * (total[side] - mean[of] * n[side])
        turns = np.bincount(user[side], n[side], len(added))
        if turns.max() == turns.sum():
            return None
        added += sign * np.bincount(user[side], parts, len(added)) / (1 - turns / turns.sum())
        freedom = min(freedom, float(turns.sum() ** 2 / (turns**2).sum()) - 1)
    return Held(change, math.sqrt(float((added**2).sum())) / float(held.sum()), float(n[rows].sum()), freedom)
