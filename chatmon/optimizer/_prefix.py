"""Why a cache of prompts gives little: what varies too early, and traffic too sparse for the cache to remember."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon.analysis.source import MICROSECONDS, query

if TYPE_CHECKING:
    from chatmon.optimizer._sample import Sample

REMEMBERED: Final = 300
"""Seconds for which providers commonly keep a prefix that is not asked for again."""


def prefix_evidence(sample: Sample, inside: str) -> list[tuple[str, str]]:
    """Return what tells an early variable part from a cache that forgot, as pairs of a name and a text.

    The first turn of a conversation finds in the cache what other requests begin with too. Where it finds little, that
    many tokens stand before the first thing that varies.

    Args:
        sample: The turns.
        inside: SQL that is true of the turns in question.

    Returns:
        Nothing where the log has no first turns on either side.
    """
    firsts = (
        f"FROM turns WHERE place = 1 AND error_type IS NULL AND cached_tokens IS NOT NULL AND ({inside}) IS NOT NULL"
    )
    ((usual,),) = query(
        sample.turns,
        f"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN NOT ({inside}) THEN cached_tokens END) {firsts}",
    )
    if usual is None:
        return []
    little = f"cached_tokens < {usual / 2}"
    rows = query(
        sample.turns,
        f"""SELECT ({inside}) AS inside, avg(CASE WHEN {little} THEN 1.0 ELSE 0.0 END),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN {little} THEN cached_tokens END)
        {firsts} GROUP BY 1 ORDER BY 1""",
    )
    soon = _asked_soon(sample, inside)
    if len(rows) < 2 or rows[1][2] is None or soon is None:
        return []
    (_, before, _), (_, now, known) = rows
    words = f"{now:.0%}, against {before:.0%}: {known:,.0f} tokens (median) where {usual:,.0f} are usual"
    return [("first turns of which the cache knew little", f"{words}; what varies comes behind so many"), *soon]


def _asked_soon(sample: Sample, inside: str) -> list[tuple[str, str]] | None:
    """Return how many turns came soon behind another one of the same prompt; None where there is none."""
    if sample.part.said:
        return []  # between two turns of a part others came
    ((soon,),) = query(
        sample.turns,
        f"""SELECT avg(CASE WHEN gap <= {REMEMBERED * 10**6} THEN 1.0 ELSE 0.0 END)
        FROM (SELECT ({inside}) AS inside, began - lag(began)
                OVER (PARTITION BY model, prompt_version ORDER BY began, turn_id) AS gap
            FROM (SELECT *, {MICROSECONDS}(timestamp) AS began FROM turns) AS timed) AS followed
        WHERE inside AND gap IS NOT NULL""",  # noqa: S608 - our own expressions
    )
    name = f"asked within {REMEMBERED // 60} minutes of the same prompt"
    return None if soon is None else [(name, f"{soon:.0%}: else a cache has mostly forgotten it")]
