"""How well recommendations meet the truth of simulated traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatmon.optimizer.kinds import KINDS

if TYPE_CHECKING:
    from chatmon.lab.traffic.truth import Plant, Truth
    from chatmon.optimizer.recommendation import Recommendation, Recommendations

ANSWERS: Final = {
    "latency_step": "slow_slice", "retry_storm": "retry_storm", "prompt_bloat": "bloated_prompt",
    "uncached_prefix": "uncached_prefix", "overpowered_model": "overpowered_model", "error_burst": "error_burst",
    "abandonment": "abandonment", "quality_drop": "quality_drop", "price_change": "price_rise",
}  # fmt: skip
"""Planted problem to the kind of recommendation that answers it; what is not here must stay without one."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A planted problem and the recommendation that answers it.

    Attributes:
        plant: The problem.
        recommendation: The answer: of its kind, at its time, and of its slice where one is; None where it was missed.
        exact: Whether it names the problem's slice.
        off: The saving said over the true one, less 1, in its kind's main unit; None where it was missed.
    """

    plant: Plant
    recommendation: Recommendation | None
    exact: bool
    off: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """Recommendations against the truth.

    Attributes:
        hits: One for each planted problem that has an answer.
        false: Recommendations that answer no planted problem.
    """

    hits: tuple[Hit, ...]
    false: tuple[Recommendation, ...]

    @property
    def found(self) -> int:
        """Planted problems that were answered."""
        return sum(one.recommendation is not None for one in self.hits)

    def __str__(self) -> str:
        lines = [f"{self.found} of {len(self.hits)} planted problems found, {len(self.false)} false recommendations"]
        for hit in self.hits:
            where = ", ".join(f"{name} {value}" for name, value in hit.plant.problem.slice.items()) or "everywhere"
            said = "missed"
            if hit.recommendation is not None:
                said = "found there" if hit.exact else f"found of {hit.recommendation.where}"
                said += f", saving off by {hit.off:+.0%}" if hit.off is not None else ""
            lines.append(f"{hit.plant.problem.kind}, {where}: {said}")
        return "\n".join([*lines, *(f"false: {one.title}" for one in self.false)])


def score(recommendations: Recommendations, truth: Truth) -> Score:
    """Hold recommendations against what was planted.

    An answer is of the problem's kind and meets its time; of several, the one that names its slice is taken, and the
    others count as false.

    Args:
        recommendations: What ``recommend`` said about the traffic.
        truth: The traffic's.

    Example:
        >>> from datetime import UTC, datetime
        >>> from chatmon.optimizer import recommend
        >>> from chatmon.lab.traffic import simulate
        >>> calm = simulate(7, start=datetime(2026, 10, 5, tzinfo=UTC), days=2)
        >>> score(recommend(calm.turns), calm.truth)
        Score(hits=(), false=())
    """
    left, hits = list(recommendations), []
    for plant in truth.plants:
        kind = ANSWERS.get(plant.problem.kind)
        if kind is None:
            continue
        fitting = [one for one in left if one.kind == kind and one.start < plant.end and plant.start < one.end]
        fitting.sort(key=lambda one: dict(one.slice) != dict(plant.problem.slice))
        if not fitting:
            hits.append(Hit(plant, None, exact=False, off=None))
            continue
        answer = fitting[0]
        left.remove(answer)
        unit = KINDS[kind].unit
        true = float(getattr(plant.saving, {"unhelped": "abandoned"}.get(unit, unit)))
        off = answer.saving[unit].value / true - 1 if true > 0 else None
        hits.append(Hit(plant, answer, dict(answer.slice) == dict(plant.problem.slice), off))
    return Score(tuple(hits), tuple(left))
