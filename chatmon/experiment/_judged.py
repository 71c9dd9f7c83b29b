"""A verdict as a metric: each variant's rate with the judge's errors taken out, by labels of its own.

A judge that likes the style of one variant is wrong about it in another way, so what it says alone compares nothing.
What a turn adds is the judge's word by a weight, and where it is labelled by how much label and word differ, times how
few turns are labelled: the mean of that is the corrected rate (Angelopoulos, Duchi and Zrnic, PPI++, 2023), and its
scatter over users is how sure that is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from chatmon._tools.judged import LABEL, VERDICT, yes_no
from chatmon.experiment._metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatmon.experiment._aggregate import Floats

FEWEST_OF_A_KIND: Final = 10
"""Labels that say yes, and that say no, from which on a variant's rate is put right by them."""
FEWEST_LABELLED: Final = 20
"""Users that the labelled turns have to count as: one user's replies tell nothing of the others'."""
_SMOOTH: Final = 0.5


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
    n, yes = labelled.sum(), labels.sum()
    if not n:
        return "no reply has a label: how wrong the judge is about it nobody knows"
    if min(yes, n - yes) < FEWEST_OF_A_KIND:
        return f"{yes:.0f} labels say yes and {n - yes:.0f} no: {FEWEST_OF_A_KIND} of each are needed, label more"
    users = n**2 / (labelled**2).sum()
    if users < FEWEST_LABELLED:
        return f"its {n:.0f} labels are of as few as {users:.0f} users: {FEWEST_LABELLED} are needed, drawn at random"
    weight = _weight(n, yes, same.sum(), both.sum())
    rest = (yes - weight * same.sum()) / n
    # The rests add up to nothing, so that what widens them, for the two numbers read off them, moves no rate.
    times = known.sum() / n * math.sqrt(n / (n - 2))
    words *= weight
    words += rest * known + times * (labels - weight * same - rest * labelled)
    return ""


def _weight(n: float, yes: float, same: float, both: float) -> float:
    """Return how much of the judge's word is used, with half a label added to each way in which the two can meet."""
    total = n + 4 * _SMOOTH
    truth, said, met = ((amount + places * _SMOOTH) / total for amount, places in ((yes, 2), (same, 2), (both, 1)))
    return float(min(1.0, max(-1.0, (met - truth * said) / (said * (1 - said)))))
