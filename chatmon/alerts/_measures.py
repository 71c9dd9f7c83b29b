"""What a rule can watch: one number of each turn, as a whole number of a small unit, so that sums are exact.

Exact sums do not depend on the order of adding up, so live windows and history agree to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from chatmon.alerts._judged import is_judged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

MICRO: Final = 1_000_000
PICO: Final = 1_000_000_000_000


@dataclass(frozen=True, slots=True)
class RuleMeasure:
    """A number that each turn has, or has not.

    Attributes:
        says: What to call it in a sentence.
        unit: Its unit: ``s``, ``USD``, ``tokens``, ``points``, ``turns``, ``USD per million`` or empty.
        scale: How many of the small units make one.
        columns: What it is made of.
        values: The number of each turn from those columns, NaN where it is unknown; None where there is one column.
        yes_no: Whether it is 1 or 0.
    """

    says: str
    unit: str
    scale: int
    columns: tuple[str, ...]
    values: Callable[..., Floats] | None = None
    yes_no: bool = False

    def counted(self, columns: Mapping[str, Floats]) -> tuple[Ints, NDArray[np.bool_]]:
        """Return each turn's number in small units, and which of them are known."""
        parts = [columns[name] for name in self.columns]
        values = self.values(*parts) if self.values else parts[0]
        known = np.isfinite(values)
        return np.rint(np.where(known, values, 0.0) * self.scale).astype(np.int64), known


def _share(part: Floats, whole: Floats) -> Floats:
    found: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return found


def _price(cost: Floats, fresh_and_cached: Floats, cached: Floats, output: Floats) -> Floats:
    cached = np.where(np.isnan(cached), 0.0, cached)
    # What the tokens would be as fresh input, at about the ratios of list prices.
    return _share(cost * MICRO, fresh_and_cached - 0.75 * cached + 4 * output)


def _unpriced(cost: Floats, failed: Floats, input_tokens: Floats) -> Floats:
    # A call that failed before it used a token costs nothing that is not known.
    found: Floats = (np.isnan(cost) & ((failed != 1) | (input_tokens > 0))).astype(np.float64)
    return found


_USED: Final = ("input_tokens", "output_tokens")
RULE_MEASURES: Final[dict[str, RuleMeasure]] = {
    "turns": RuleMeasure("turns", "turns", 1, ("failed",), np.ones_like),
    "error": RuleMeasure("failed turns", "", 1, ("failed",), yes_no=True),
    "first_error": RuleMeasure("conversations that begin to fail", "", 1, ("first_error",), yes_no=True),
    "incomplete": RuleMeasure("tasks not completed", "", 1, ("task_completed",), lambda done: 1 - done, yes_no=True),
    "response_time": RuleMeasure("response time", "s", MICRO, ("response_time",)),
    "time_to_first_token": RuleMeasure("time to first token", "s", MICRO, ("time_to_first_token",)),
    "satisfaction": RuleMeasure("satisfaction", "points", MICRO, ("user_satisfaction",)),
    "relevance": RuleMeasure("context relevance", "", MICRO, ("context_relevance",)),
    "tokens": RuleMeasure("tokens", "tokens", 1, _USED, np.add),
    "input_tokens": RuleMeasure("input tokens", "tokens", 1, ("input_tokens",)),
    "output_tokens": RuleMeasure("output tokens", "tokens", 1, ("output_tokens",)),
    "cached_share": RuleMeasure("input read from the cache", "", MICRO, ("cached_tokens", "input_tokens"), _share),
    "cost": RuleMeasure("cost", "USD", PICO, ("cost",)),
    "price": RuleMeasure(
        "price of tokens", "USD per million", MICRO, ("cost", "input_tokens", "cached_tokens", "output_tokens"), _price
    ),
    "unpriced": RuleMeasure("turns without a price", "", 1, ("cost", "failed", "input_tokens"), _unpriced, yes_no=True),
}
"""Every measure by its name.

``first_error`` counts a conversation once a day, however often it fails: one user's broken client is no outage.
``price`` is the cost per million tokens, where a cached token counts a quarter and an output token four.
Beside these there is ``verdict_NAME``, what a judge says: see ``measure_of``.
``failed`` and ``first_error`` are columns that `batch` makes of ``error_type``; of a turn that was cancelled they are
unknown.
"""


def measure_of(name: str) -> RuleMeasure:
    """Return a measure by its name: one of ``RULE_MEASURES``, or ``verdict_NAME``, which is in a turn's attributes."""
    if is_judged(name):
        return RuleMeasure(f"replies with {name}", "", 1, (name,), yes_no=True)
    return RULE_MEASURES[name]
