"""``recommend``: every finder over a log, and what it could not look for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chatmon.analysis.search.part import MOST
from chatmon.optimizer.recommendation import Recommendations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from chatmon.analysis.source import Turns
    from chatmon.optimizer._sample import Sample
    from chatmon.optimizer.recommendation import Recommendation

FEWEST_TURNS: Final = 200
"""Turns below which nothing is recommended."""


def recommend(turns: Turns, tz: str = "UTC", *, most: int = MOST) -> Recommendations:
    """Return what to do about a log, the weightiest first; nothing where there is nothing to save.

    Args:
        turns: Any holder of turns.
        tz: The zone in which they say when, such as ``Europe/Berlin``.
        most: About how many turns are read; of more, those of conversations drawn by chance, and it is said.

    Raises:
        ValueError: There is no such zone.

    Example:
        >>> recommend([]).unable
        {'everything': '0 turns: at least 200 are needed'}
    """
    from chatmon.analysis.source import zone_of
    from chatmon.optimizer._changes import changes
    from chatmon.optimizer._sample import take
    from chatmon.optimizer._spending import long_conversations, repeated_questions, wasted_spend
    from chatmon.optimizer._standing import standing
    from chatmon.optimizer.kinds import KINDS

    zone, sample = zone_of(tz), take(turns, most)
    number = 0 if sample is None else sample.number
    if sample is None or number < FEWEST_TURNS:
        return Recommendations((), number, 0.0 if sample is None else sample.days,
                               {"everything": f"{number} turns: at least {FEWEST_TURNS} are needed"})  # fmt: skip
    found = changes(sample, zone)
    found += standing(sample, found)
    found += [*repeated_questions(turns, sample), *long_conversations(sample), *wasted_spend(sample, found)]
    if sample.part.said:
        from_part = ("estimated from", f"{sample.part.said}, or all repetitions of questions so drawn; times as many")
        found = [replace(one, evidence=(*one.evidence, from_part)) for one in found]
    found = [replace(one, start=one.start.astimezone(zone), end=one.end.astimezone(zone)) for one in found]
    found.sort(key=lambda one: -one.weight)
    unable = {
        name: "no turn has an error_type: none failed, or the log does not say"
        if lacking == ["error_type"]
        else f"no turn has {' or '.join(lacking)}"
        for name, kind in KINDS.items()
        if (lacking := _lacking(sample, name, kind.needs))
    }
    return Recommendations(tuple(found), number, sample.days, unable | _held_back(sample, found, zone))


def _lacking(sample: Sample, kind: str, needs: tuple[str, ...]) -> list[str]:
    """Return the columns that a kind of advice needs and no turn has; labelled verdicts stand for completed tasks."""
    lacking = sample.lacks(*needs)
    if kind == "overpowered_model" and not sample.lacks_quality():
        lacking = [name for name in lacking if name != "task_completed"]
    return lacking


def _held_back(sample: Sample, found: Sequence[Recommendation], zone: ZoneInfo) -> dict[str, str]:
    """Return the advice that would be given but for labelled verdicts, which do not show that replies stay as good."""
    from chatmon.optimizer._changes import changes
    from chatmon.optimizer._standing import standing

    if not sample.rubrics:
        return {}
    bare = replace(sample, rubrics=())
    others = changes(bare, zone)
    others += standing(bare, others)
    told = {(one.kind, one.where) for one in found}
    why = f"replies are not shown to stay as good by {', '.join(sample.rubrics)}; more labels may show it"
    return {one.kind: f"{one.title}, but {why}" for one in others if (one.kind, one.where) not in told}
