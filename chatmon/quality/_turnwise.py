"""A corrected rate as a mean over turns, for whatever adds turns up: by user, by group, like for like.

What a turn adds is the judge's word by a weight and, where the turn is labelled, by how much label and word differ, as
many times as few turns are labelled (Angelopoulos, Duchi and Zrnic, PPI++, 2023). The mean of that is the corrected
rate, and its scatter is how sure that is.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from chatmon import estimates

FEWEST_OF_A_KIND: Final = 2
"""Labels that say yes, and that say no, from which on a rate is put right by them turn by turn. To ask for more would
leave, of a rate near 0 or 1, only the labels that happen to lie far from it."""
FEWEST_LABELLED: Final = 30
"""Units that the labelled turns have to count as: one user's replies tell nothing of the others'."""
_SMOOTH: Final = 0.5


class Correction(NamedTuple):
    """What makes of verdicts and labels what each turn adds to a corrected rate.

    Attributes:
        weight: How much of the judge's word is used.
        rest: What is added to every turn.
        times: By how much what a label shows counts, for the turns without one.
    """

    weight: float
    rest: float
    times: float

    def adds(self, verdict: str, label: str) -> str:
        """Return the SQL of what a turn adds.

        Args:
            verdict: SQL of the judge's word, 0 or 1; NULL leaves the turn out.
            label: SQL of what is true, 0 or 1; NULL where nobody has looked.
        """
        apart = f"{self.times!r} * ({label} - {self.weight!r} * {verdict} - {self.rest!r})"
        return f"({self.weight!r} * {verdict} + {self.rest!r} + coalesce({apart}, 0))"


def correction(verdicts: float, labels: float, yes: float, same: float, both: float, units: float) -> Correction | str:
    """Return how some turns' rate is put right, or why it cannot be.

    Args:
        verdicts: Turns with a verdict.
        labels: Those of them with a label, drawn at random.
        yes: Labels that say yes.
        same: The judge's yes where there is a label.
        both: Where both say yes.
        units: What the labelled turns count as, such as users of like size.

    Example:
        >>> [round(one, 3) for one in correction(1000, 100, 60, 75, 56, 90)]
        [0.57, 0.172, 10.331]
        >>> correction(1000, 100, 100, 75, 75, 90)
        '100 labels say yes and 0 no: 2 of each are needed, label more'
    """
    if not labels:
        return "no reply has a label: how wrong the judge is about it nobody knows"
    if min(yes, labels - yes) < FEWEST_OF_A_KIND:
        return f"{yes:.0f} labels say yes and {labels - yes:.0f} no: {FEWEST_OF_A_KIND} of each are needed, label more"
    if units < FEWEST_LABELLED:
        return f"its {labels:.0f} labels count as {units:.0f} users': {FEWEST_LABELLED} are needed, drawn at random"
    seen, thought = _Shares.of(labels, yes, same, both, 0.0), _Shares.of(labels, yes, same, both, _SMOOTH)
    weight = min(1.0, max(-1.0, thought.together / thought.of_words))
    # The rests add up to nothing, so that what widens them moves no rate: the two numbers that are read off them, few
    # labels for a normal distribution, and ways to meet that few labels show too seldom.
    wider = math.sqrt(labels / (labels - 2) * max(1.0, thought.left(weight) / seen.left(weight))) * _for_few(units)
    return Correction(weight, (yes - weight * same) / labels, verdicts / labels * wider)


class _Shares(NamedTuple):
    """How labels and the judge's words vary, and vary together."""

    of_labels: float
    of_words: float
    together: float

    @classmethod
    def of(cls, labels: float, yes: float, same: float, both: float, added: float) -> _Shares:
        """Return that of so many labels, with some added in thought to each way in which the two can meet."""
        total = labels + 4 * added
        truth, said, met = ((amount + places * added) / total for amount, places in ((yes, 2), (same, 2), (both, 1)))
        return cls(truth * (1 - truth), said * (1 - said), met - truth * said)

    def left(self, weight: float) -> float:
        """Return the variance that is left of the labels once the judge's word is taken out by a weight."""
        return self.of_labels - 2 * weight * self.together + weight**2 * self.of_words


def _for_few(units: float) -> float:
    """Return how much further Student's t reaches for so many units than the normal distribution."""
    from scipy.special import ndtri, stdtrit

    side = (1 + estimates.CONFIDENCE) / 2
    return float(stdtrit(units - 1, side) / ndtri(side))
