"""A verdict as a metric: each variant's rate with the judge's errors taken out, by labels of its own.

A judge that likes the style of one variant is wrong about it in another way, so what it says alone compares nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatmon._tools.judged import LABEL, VERDICT, yes_no
from chatmon.experiment._metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatmon.experiment._aggregate import Floats


def is_judged(metric: Metric) -> bool:
    """Say whether a metric is a judge's word."""
    return metric.name.startswith(VERDICT)


def with_labels(metrics: Sequence[Metric]) -> list[Metric]:
    """Return metrics, and behind them what puts those right that are a judge's word, three for each in their order."""
    return [*metrics, *(one for metric in metrics if is_judged(metric) for one in _beside(metric))]


def _beside(metric: Metric) -> list[Metric]:
    """Return labels, the judge's words where there is a label, and where both say yes, of turns with a verdict."""
    word, label = yes_no(metric.name), yes_no(f"{LABEL}{metric.name.removeprefix(VERDICT)}")
    both = f"({word}) IS NOT NULL AND ({label}) IS NOT NULL"
    values = {"label": label, "labelled": word, "both": f"({word}) AND ({label})"}
    return [
        Metric(f"{metric.name} {name}", f"CASE WHEN {both} THEN CAST(({value}) AS INTEGER) END", 1, metric.unit)
        for name, value in values.items()
    ]


def put_right(words: Floats, known: Floats, labels: Floats, labelled: Floats, same: Floats, both: Floats) -> str:
    """Put a variant's verdicts right in place; return why that cannot be done, or nothing.

    Args:
        words: The judge's yes of each user's turns, added up; it becomes what they add to the corrected rate.
        known: Turns of each with a verdict.
        labels: Their labels that say yes.
        labelled: How many labels they have.
        same: The judge's yes where there is a label.
        both: Where both say yes.
    """
    from chatmon.quality import correction

    n = float(labelled.sum())
    units = n**2 / float((labelled**2).sum()) if n else 0.0
    judged, yes, said, met = (float(one.sum()) for one in (known, labels, same, both))
    found = correction(judged, n, yes, said, met, units)
    if isinstance(found, str):
        return found
    words *= found.weight
    words += found.rest * known + found.times * (labels - found.weight * same - found.rest * labelled)
    return ""
