"""Choosing a rule's limit where the truth is known: on one part of a history, and scored on another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chatmon.alerts import History
from chatmon.lab.truth.alerts import score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    import pandas as pd

    from chatmon.alerts.rules import Rule
    from chatmon.analysis.source import Turns
    from chatmon.lab.traffic import Truth
    from chatmon.lab.truth.alerts import Score


@dataclass(frozen=True, slots=True)
class Tuning:
    """What each limit would have brought.

    Attributes:
        rule: The rule with the limit that was chosen.
        split: What began before was chosen on; what began from then on was scored.
        chosen_on: Limit to its score, on the first part.
        scored_on: Limit to its score, on the second part.
    """

    rule: Rule
    split: datetime
    chosen_on: dict[float, Score]
    scored_on: dict[float, Score]

    @property
    def score(self) -> Score:
        """The chosen limit's score on the part that it was not chosen on."""
        return self.scored_on[self.rule.limit]

    def __str__(self) -> str:
        return (
            f"{self.rule.name}: limit {self.rule.limit:g} of {len(self.chosen_on)} tried.\n"
            f"Chosen on what began before {self.split:%Y-%m-%d %H:%M}: {self.chosen_on[self.rule.limit]}\n"
            f"Scored on the rest: {self.score}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the trade-off: a row for each limit, with what both parts say."""
        import pandas as pd

        rows = [
            {
                "limit": limit,
                "recall": first.recall,
                "false_per_week": first.false_per_week,
                "delay": first.delay,
                "recall_on_the_rest": self.scored_on[limit].recall,
                "false_per_week_on_the_rest": self.scored_on[limit].false_per_week,
                "chosen": limit == self.rule.limit,
            }
            for limit, first in self.chosen_on.items()
        ]
        return pd.DataFrame(rows)


def tune(
    rule: Rule,
    turns: Turns,
    truth: Truth,
    limits: Sequence[float],
    *,
    split: datetime | None = None,
    most_false_per_week: float = 0.2,
) -> Tuning:
    """Choose a rule's limit.

    Of the limits with at most so many false alarms a week, the one that catches most, and soonest; of equals, the one
    with the fewest false alarms, and the strictest. Without such a limit, the one with the fewest.

    Args:
        rule: The rule; where its own recovery is a fixed value, it moves with the limit, in proportion.
        turns: Any holder of turns.
        truth: Of the same turns.
        limits: What to try.
        split: What began before is chosen on; None for the middle of the history.
        most_false_per_week: What can be borne.

    Raises:
        ValueError: There are no limits or no turns, or nothing that the rule can see began before ``split``.
    """
    if not limits:
        raise ValueError("limits is empty: give the values to try")
    history = History([rule], turns)
    tried = {limit: _with_limit(rule, limit) for limit in limits}
    replays = {limit: history.replay([one]) for limit, one in tried.items()}
    whole = next(iter(replays.values()))
    split = split or whole.start + whole.length / 2
    first = {limit: score(one, truth, end=split) for limit, one in replays.items()}
    if not next(iter(first.values())).incidents:
        raise ValueError(f"nothing that {rule.measure} shows was planted before {split}: choose a later split")
    best = min(first, key=lambda limit: _worth(first[limit], rule, limit, most_false_per_week))
    rest = {limit: score(one, truth, start=split) for limit, one in replays.items()}
    return Tuning(tried[best], split, first, rest)


def _with_limit(rule: Rule, limit: float) -> Rule:
    side = "above" if rule.sign > 0 else "below"
    recover = None if rule.recover is None or not rule.limit else rule.recover * limit / rule.limit
    return replace(rule, **{side: limit, "recover": recover})  # type: ignore[arg-type]


def _worth(one: Score, rule: Rule, limit: float, most: float) -> tuple[float, ...]:
    """Return what sorts the better limit first."""
    false = one.false_per_week
    return (max(false, most), -(one.recall or 0.0), _seconds(one.delay), false, -rule.sign * limit)


def _seconds(delay: timedelta | None) -> float:
    return float("inf") if delay is None else delay.total_seconds()
