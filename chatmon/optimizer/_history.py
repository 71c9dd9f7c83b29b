"""``ChatbotOptimizer``: recommendations over time, and what became of each."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chatmon.optimizer._recommend import recommend
from chatmon.optimizer._verify import plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chatmon.analysis.source import Turns
    from chatmon.experiment import Experiment
    from chatmon.optimizer.recommendation import Amount, Recommendation, Recommendations


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a recommendation.

    Attributes:
        recommendation: What was advised.
        recommended_at: When, UTC.
        tried_at: When it was tried, UTC; None where it was not.
        measured: What it saved, by unit, as measured afterwards; None where it was not.
        share: Size of the new traffic that it was measured on, relative to the log's; None for the log's own.
    """

    recommendation: Recommendation
    recommended_at: datetime
    tried_at: datetime | None = None
    measured: Mapping[str, float] | None = None
    share: float | None = None

    def expected(self) -> dict[str, Amount]:
        """Return what was said of the traffic that it was measured on, by unit."""
        said = self.recommendation.saving
        return {unit: one if self.share is None else one.ahead(self.share) for unit, one in said.items()}

    def held(self) -> dict[str, bool]:
        """Return, for each unit that was measured, whether the saving lies in the interval that was said.

        Raises:
            ValueError: Nothing was measured yet.
        """
        if self.measured is None:
            raise ValueError(f"{self.recommendation.title!r} was not measured yet: call verified()")
        said = self.expected()
        return {unit: said[unit].low <= value <= said[unit].high for unit, value in self.measured.items()}


@dataclass(slots=True)
class ChatbotOptimizer:
    """Looks for what to do about a bot, and keeps what was advised, tried and measured.

    Attributes:
        turns: Where the turns come from each time: a function, such as ``monitor.turns``.
        clock: Wall clock, nanoseconds since 1970 in UTC.
        history: Everything that was advised, in order.

    Example:
        >>> optimizer = ChatbotOptimizer(lambda: [])
        >>> len(optimizer.identify_optimization_opportunities()), optimizer.history
        (0, [])
    """

    turns: Callable[[], Turns]
    clock: Callable[[], int] = time.time_ns
    history: list[Entry] = field(default_factory=list)

    def identify_optimization_opportunities(self) -> Recommendations:
        """Return what to do now, and enter what is new into the history: of another kind, or another slice."""
        found = recommend(self.turns())
        known = {(one.recommendation.kind, one.recommendation.where) for one in self.history}
        self.history += [Entry(one, self._now()) for one in found if (one.kind, one.where) not in known]
        return found

    def create_optimization_experiment(self, *, start: datetime, effect: float = 0.05) -> Experiment | None:
        """Return an experiment on the weightiest thing to do now; None where there is nothing to do.

        Args:
            start: When it begins, with a time zone.
            effect: The smallest relative change worth having.
        """
        found = self.identify_optimization_opportunities()
        return plan(found[0], self.turns(), start=start, effect=effect) if len(found) else None

    def tried(self, recommendation: Recommendation) -> None:
        """Note that a recommendation was followed now.

        Raises:
            ValueError: It is not in the history.
        """
        place = self._place(recommendation)
        self.history[place] = replace(self.history[place], tried_at=self._now())

    def verified(
        self, recommendation: Recommendation, measured: Mapping[str, float], share: float | None = None
    ) -> Entry:
        """Note what a recommendation saved, by unit, and return its entry.

        Args:
            recommendation: What was followed.
            measured: Unit to what it saved.
            share: Size of the new traffic that it was measured on, relative to the log's; not given, the log's own.

        Raises:
            ValueError: It is not in the history, a unit is none that it was to save, or the share is not above 0.
        """
        strangers = set(measured) - set(recommendation.saving)
        if strangers:
            raise ValueError(
                f"{', '.join(sorted(strangers))} is nothing that it was to save: {', '.join(recommendation.saving)}"
            )
        place = self._place(recommendation)
        entry = replace(self.history[place], measured=dict(measured), share=share)
        entry.expected()
        self.history[place] = entry
        return entry

    def _place(self, recommendation: Recommendation) -> int:
        for place, entry in enumerate(self.history):
            if entry.recommendation is recommendation:
                return place
        raise ValueError(
            f"{recommendation.title!r} is none of the {len(self.history)} in the history: it was not advised here"
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock() // 10**9, UTC)
