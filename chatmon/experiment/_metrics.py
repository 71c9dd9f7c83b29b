"""What an experiment can measure: sums over a user's turns, and which direction is good."""

from __future__ import annotations

from typing import Final, NamedTuple

from chatmon._tools.judged import VERDICT, yes_no
from chatmon._tools.outcomes import FAILED


class Metric(NamedTuple):
    """The sum of something over the sum of something else, both over the turns of a variant's users.

    Attributes:
        name: As plans write it.
        value: SQL of a turn: what is added up; NULL where unknown.
        better: 1 where more is better, -1 where less is.
        unit: Of the result.
        per: ``turn``, over the turns where the value is known, or ``user``.
    """

    name: str
    value: str
    better: int
    unit: str
    per: str = "turn"

    def divisor(self) -> str:
        """Return SQL of what a user's sum is divided by."""
        return "1" if self.per == "user" else f"count({self.value})"

    @property
    def good(self) -> str:
        """The better direction, as a word."""
        return "higher" if self.better > 0 else "lower"


METRICS: Final = {
    metric.name: metric
    for metric in (
        Metric("task_completion", "CAST(task_completed AS INTEGER)", 1, "share"),
        Metric("satisfaction", "user_satisfaction", 1, "1 to 5"),
        Metric("context_relevance", "context_relevance", 1, "0 to 1"),
        Metric("error_rate", f"CAST({FAILED} AS INTEGER)", -1, "share"),
        Metric("response_time", "response_time", -1, "s"),
        Metric("time_to_first_token", "time_to_first_token", -1, "s"),
        Metric("tokens_per_turn", "input_tokens + output_tokens", -1, "tokens"),
        Metric("cost_per_turn", "CAST(cost AS DOUBLE)", -1, "USD"),
        Metric("turns_per_user", "1", -1, "turns", per="user"),
    )
}
"""Every metric by name. Costs are floats here: what is asked is how they scatter, not what they come to."""


def metric(name: str) -> Metric:
    """Return a metric by its name: one of ``METRICS``, or ``verdict_NAME`` for what a judge says, put right by labels.

    Raises:
        ValueError: There is none of that name.

    Example:
        >>> metric("error_rate").good
        'lower'
    """
    if name.startswith(VERDICT) and name.isidentifier():
        return Metric(name, f"CAST({yes_no(name)} AS INTEGER)", 1, "share, corrected")
    if name not in METRICS:
        raise ValueError(f"no metric {name!r}: there are {', '.join(METRICS)}, and {VERDICT}NAME for verdicts")
    return METRICS[name]
