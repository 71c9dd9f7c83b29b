"""What is paid for and need not be: questions answered before, conversations sent again, turns that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon._tools.extras import MissingPackageError
from chatmon.analysis.search.by_model import case
from chatmon.analysis.source import query
from chatmon.optimizer._replay import CACHE_SECONDS, PART, first_questions, replay
from chatmon.optimizer.recommendation import Amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from chatmon.analysis.source import Turns
    from chatmon.optimizer._replay import CacheReplay
    from chatmon.optimizer._sample import Sample
    from chatmon.optimizer.recommendation import Recommendation

WORTH: Final = 0.05
"""Share of all cost from which on a lever is worth pulling."""
WASTED: Final = 0.02
"""Share of all cost from which on money spent on failures is worth a look."""
AGREE: Final = 0.9
"""Share of repeats that must have got the same answer as before, to call an answer one that may be kept."""
_COUNTED: Final = "counted turn by turn, not inferred; the interval is between users"
NEAR: Final = 0.8
"""The similarity from which on questions in other words are looked at too."""
WORDINGS: Final = 3_000
"""Different questions above which they are not compared with each other."""
EXCHANGES: Final = 2
"""Exchanges that a window of the conversation keeps."""


def repeated_questions(turns: Turns, sample: Sample) -> list[Recommendation]:
    """Return the advice to keep answers, where the same questions come again and get the same answers.

    Args:
        turns: Those with their texts.
        sample: The same, prepared.
    """
    share = sample.part.number / sample.part.among
    firsts = first_questions(turns, share)
    exact = replay(firsts)
    sums = (("usd", "cost", exact.usd), ("seconds", "response_time", exact.seconds))
    saving = {
        unit: _sum(parts).times(1 / share)
        for unit, column, parts in sums
        if len(parts) > 1 and not sample.lacks(column)
    }
    if not saving or exact.agreement < AGREE or sample.weight(saving) < WORTH:
        return []
    return [
        sample.all_along(
            "repeated_questions", {}, saving,
            f"{exact.hit_rate:.0%} of first questions had been asked in the {CACHE_SECONDS // 3600} hours before, "
            f"and {exact.agreement:.0%} of those got the same answer",
            (("first questions", f"{exact.asked:,}"), ("asked before", f"{exact.repeated:,}"),
             ("answered the same", f"{exact.agreed:,}"), ("would be stale", f"{exact.repeated - exact.agreed:,}"),
             ("asked in other words", _in_other_words(firsts, exact))),
            "SELECT lower(trim(question)) AS question, count(*) AS n, CAST(sum(cost) AS DOUBLE) AS cost FROM turns "
            "GROUP BY 1 HAVING count(*) > 1 ORDER BY n DESC", _COUNTED,
        )
    ]  # fmt: skip


def _in_other_words(firsts: pa.Table, exact: CacheReplay) -> str:
    """Return what a cache that also serves questions that mean nearly the same would add."""
    if exact.wordings > WORDINGS:
        return f"not looked at: {exact.wordings:,} different questions are more than {WORDINGS:,}"
    try:
        more = replay(firsts, threshold=NEAR)
    except MissingPackageError as reason:
        return f"not looked at: {reason}"
    added, same = more.repeated - exact.repeated, more.agreed - exact.agreed
    return f"{added:,} more, at a similarity of {NEAR}; {same:,} of them answered the same, the rest would be wrong"


def long_conversations(sample: Sample) -> list[Recommendation]:
    """Return the advice to send less of what was said, where sending it all again is dear.

    Once the beginning is dropped, what follows is no longer where the cache has it: of a turn's cached tokens those
    stay that a first turn has too, on average.
    """
    if sample.lacks("input_tokens", "cost"):
        return []
    fresh, cached = (case({model: repr(each[at]) for model, each in sample.prices.items()}) for at in (0, 1))
    rows = query(
        sample.turns,
        f"""SELECT part, sum(early * {fresh} - lost * ({fresh} - {cached})), count(*)
        FROM (SELECT *, greatest(0, coalesce(cached_tokens, 0) - coalesce(avg(CASE WHEN place = 1 THEN cached_tokens
                END) OVER (PARTITION BY model), 0)) AS lost
            FROM (SELECT *, {PART} AS part, lag(input_tokens, {EXCHANGES}) OVER
                    (PARTITION BY conversation_id ORDER BY place) - first_input AS early
                FROM turns) AS followed) AS paid WHERE place > {EXCHANGES} + 1 GROUP BY part ORDER BY part""",  # noqa: S608 - our own expressions
    )
    saving = {"usd": _sum([usd or 0.0 for _, usd, _ in rows]).times(sample.part.times)} if rows else {}
    if sample.weight(saving) < WORTH:
        return []
    n = round(sample.part.times * sum(n for *_, n in rows))
    return [
        sample.all_along(
            "long_conversations", {}, saving,
            f"{n:,} turns sent again what was said more than {EXCHANGES} exchanges before: "
            f"{sample.weight(saving):.0%} of all cost",
            (("turns", f"{n:,}"), ("a window of", f"{EXCHANGES} exchanges")),
            "SELECT conversation_id, count(*) AS turns, max(input_tokens) AS longest FROM turns GROUP BY 1 "
            "ORDER BY 2 DESC", _COUNTED,
        )
    ]  # fmt: skip


def wasted_spend(sample: Sample, told: Sequence[Recommendation]) -> list[Recommendation]:
    """Return the advice to fail before spending, where failed turns cost much and no storm of retries explains it.

    Args:
        sample: The turns.
        told: What was found already.
    """
    if sample.lacks("cost", "error_type") or any(one.kind in ("retry_storm", "error_burst") for one in told):
        return []
    rows = query(
        sample.turns,
        f"""SELECT {PART} AS part, CAST(sum(cost) AS DOUBLE), count(*)
        FROM turns WHERE error_type IS NOT NULL AND cost > 0 GROUP BY 1 ORDER BY 1""",  # noqa: S608 - our own expression
    )
    if len(rows) < 2:
        return []
    saving = {"usd": _sum([usd for _, usd, _ in rows]).times(sample.part.times)}
    n = round(sample.part.times * sum(n for *_, n in rows))
    if sample.weight(saving) < WASTED:
        return []
    return [
        sample.all_along(
            "wasted_spend", {}, saving,
            f"{n:,} turns that failed cost {sample.weight(saving):.0%} of all",
            (("failed turns that cost", f"{n:,}"),),
            "SELECT error_type, count(*) AS n, CAST(sum(cost) AS DOUBLE) AS cost FROM turns "
            "WHERE error_type IS NOT NULL AND cost > 0 GROUP BY 1 ORDER BY 3 DESC", _COUNTED,
        )
    ]  # fmt: skip


def _sum(parts: Sequence[float]) -> Amount:
    """Return a sum with the interval that its parts, of different users, give it."""
    total, n = sum(parts), len(parts)
    mean = total / n
    return Amount.around(total, (n / (n - 1) * sum((one - mean) ** 2 for one in parts)) ** 0.5 if n > 1 else 0.0)
