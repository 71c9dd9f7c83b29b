"""Which replies somebody should look at next: most of them drawn at random, since only those tell the rate."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from chatmon.quality._sample import YES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

AT_RANDOM: Final = "at random"
UNCERTAIN: Final = "uncertain"


def next_to_label(
    turn_ids: Sequence[str],
    n: int,
    *,
    labelled: Collection[str] = (),
    scores: Mapping[str, float] | None = None,
    uncertain: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Return which replies to label next.

    The random ones are the next of one order that hangs on the seed and on the ids alone: it is the same tomorrow, and
    whatever order they stand in. The uncertain ones show where rubric and judge part; a rate must not be taken from
    them, which ``drawn`` is there to tell.

    Args:
        turn_ids: Of all replies that could be labelled.
        n: How many to draw at random.
        labelled: Those that were drawn at random before.
        scores: The judge's certainty of yes, by id, for the uncertain ones.
        uncertain: How many more to take, whose score is nearest to a half.
        seed: Another seed is another order.

    Returns:
        ``turn_id`` and ``drawn``, which is ``at random`` or ``uncertain``.

    Raises:
        ValueError: A number is negative, an id stands there twice, or uncertain ones are asked for without scores.

    Example:
        >>> next_to_label(["a", "b", "c", "d"], 1, scores={"a": 0.9, "c": 0.4, "d": 0.02}, uncertain=1)
          turn_id      drawn
        0       d  at random
        1       c  uncertain
    """
    import pandas as pd

    if n < 0 or uncertain < 0:
        raise ValueError(f"n ({n}) and uncertain ({uncertain}) are numbers of replies")
    if len(set(turn_ids)) < len(turn_ids):
        raise ValueError(f"{len(turn_ids):,} ids, {len(set(turn_ids)):,} of them different: each reply has its own")
    if uncertain and not scores:
        raise ValueError("no scores: which replies the judge is uncertain of, only its certainty tells")
    rest = sorted(set(turn_ids) - set(labelled), key=lambda turn_id: sha256(f"{seed}:{turn_id}".encode()).digest())
    drawn = rest[:n]
    known = [turn_id for turn_id in rest[n:] if scores and turn_id in scores]
    nearest = sorted(known, key=lambda turn_id: (abs((scores or {})[turn_id] - YES), turn_id))[:uncertain]
    rows = [(turn_id, AT_RANDOM) for turn_id in drawn] + [(turn_id, UNCERTAIN) for turn_id in nearest]
    return pd.DataFrame(rows, columns=["turn_id", "drawn"])
