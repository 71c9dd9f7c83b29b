"""An experiment that says whether a recommendation holds what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatmon._tools.sql import text
from chatmon.analysis.source import relation
from chatmon.optimizer.kinds import KINDS

if TYPE_CHECKING:
    from datetime import datetime

    from chatmon.analysis.source import Turns
    from chatmon.experiment import Experiment
    from chatmon.optimizer.recommendation import Recommendation

AS_IT_IS = "as_it_is"
CHANGED = "changed"


def plan(recommendation: Recommendation, turns: Turns, *, start: datetime, effect: float = 0.05) -> Experiment:
    """Return an experiment on a recommendation, sized by the turns of its slice, ready to be saved and run.

    Args:
        recommendation: What to try.
        turns: Past turns, of a week or more.
        start: When it begins, with a time zone.
        effect: The smallest relative change of the metric worth having.

    Raises:
        ValueError: The slice has too few users to see that effect within half a year.
    """
    from chatmon.experiment import Experiment, size

    kind = KINDS[recommendation.kind]
    where = " AND ".join(f"{name} = {text(value)}" for name, value in recommendation.slice.items()) or "true"
    variants = {AS_IT_IS: 1.0, CHANGED: 1.0}
    needed = size(
        relation(turns).filter(where), primary=kind.metric, effect=effect, variants=variants, others=kind.guardrails
    )
    if needed.days is None:
        raise ValueError(f"{recommendation.where} is too small for an experiment: {needed}; compare before with after")
    return Experiment(
        name="-".join([recommendation.kind, *recommendation.slice.values()]),
        hypothesis=f"{kind.action} It betters {kind.metric} of {recommendation.where} by {effect:.0%} or more.",
        variants=variants,
        primary=kind.metric,
        effect=effect,
        users=needed.users,
        start=start,
        days=needed.days,
        looks=7,
        guardrails=kind.guardrails,
    )
