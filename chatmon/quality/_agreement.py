"""How far a judge agrees with those who know: its errors of both kinds, agreement beyond chance, whom it favours."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon import estimates
from chatmon._tools.units import Units
from chatmon.estimates import Estimate
from chatmon.quality._sample import YES, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import pandas as pd

    from chatmon.quality._sample import Owners, Values

_NOTHING: Final = 1e-12


class Confusion(NamedTuple):
    """How often verdict and label met in each way.

    Attributes:
        both_yes: The judge says yes, and it is true.
        wrong_yes: The judge says yes, and it is not true.
        wrong_no: The judge says no, and it is true.
        both_no: The judge says no, and it is not true.
    """

    both_yes: float
    wrong_yes: float
    wrong_no: float
    both_no: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """A judge beside labels.

    Attributes:
        confusion: How often verdict and label met in each way.
        agree: Share of replies on which they agree.
        by_chance: Share on which two would agree who say yes as often as these, and look at no reply.
        base_rate: Share of the labels that say yes: who always says the commoner word agrees so often.
        sensitivity: Share of yes from the judge where the label says yes.
        specificity: Share of no from the judge where the label says no.
        youden: Sensitivity + specificity - 1: 0 is a coin, 1 is never wrong.
        kappa: Agreement beyond chance: 0 is chance, 1 is complete (Cohen, 1960).
        unread: Labelled replies without a verdict; they stand in none of the figures.
    """

    confusion: Confusion
    agree: Estimate
    by_chance: float | None
    base_rate: Estimate
    sensitivity: Estimate
    specificity: Estimate
    youden: Estimate
    kappa: Estimate
    unread: int

    def __str__(self) -> str:
        chance = "unknown" if self.by_chance is None else f"{self.by_chance:.2f}"
        one_word = None if self.base_rate.value is None else max(self.base_rate.value, 1 - self.base_rate.value)
        always = "unknown" if one_word is None else f"{one_word:.2f}"
        lines = [
            f"agree:       {self.agree.text()}",
            f"by chance:   {chance}; by one word for all: {always}",
            f"sensitivity: {self.sensitivity.text()}",
            f"specificity: {self.specificity.text()}",
            f"kappa:       {self.kappa.text()}",
        ]
        return "\n".join([*lines, f"no verdict:  {self.unread} labelled replies"] if self.unread else lines)


def agreement(labels: Values, verdicts: Values, units: Owners | None = None) -> Agreement:
    """Return how far a judge agrees with labels, or with itself on a second reading (both are then its verdicts).

    Agreement alone misleads: where 9 of 10 replies are good, who says "good" to all agrees on 9 of 10. So it stands
    beside what chance gives. Intervals of kappa and of Youden's index are by a jackknife over units (Efron and Stein,
    1981), those of shares are Wilson's.

    Args:
        labels: What is true of each reply, True or False; None where nobody has looked.
        verdicts: The judge's word, True or False, or its certainty from 0 to 1, where above 0.5 is yes; None without.
        units: Whose each reply is, such as its conversation; without it, each is independent of the others.

    Raises:
        ValueError: The lengths differ, a value is impossible, or no reply has a label.

    Example:
        >>> print(agreement([True] * 90 + [False] * 10, [True] * 100))
        agree:       0.90 (0.83 to 0.94, n = 100)
        by chance:   0.90; by one word for all: 0.90
        sensitivity: 1.00 (0.96 to 1.00, n = 90)
        specificity: 0.00 (0.00 to 0.28, n = 10)
        kappa:       0.00 (0.00 to 0.00, n = 100)
    """
    sample = Sample.of(verdicts, labels, units)
    places = (sample.labelled & (sample.verdicts == sample.verdicts)).nonzero()[0].tolist()
    truth = [bool(sample.labels[place]) for place in places]
    words = [float(sample.verdicts[place]) > YES for place in places]
    owners = None if sample.units is None else [sample.units[place] for place in places]
    cells = [_cells(label, word) for label, word in zip(truth, words, strict=True)]
    total = Confusion(*(sum(one[kind] for one in cells) for kind in range(4)))

    def rate(picked: Sequence[bool], among: Sequence[bool] | None = None) -> Estimate:
        within = [place for place in range(len(picked)) if among is None or among[place]]
        kept = [float(picked[place]) for place in within]
        share = sum(kept) / len(kept) if kept else 0.0
        whose = None if owners is None else Units.of(kept, share, [owners[place] for place in within])
        return estimates.rate(int(sum(kept)), len(kept), whose)

    return Agreement(
        confusion=total,
        agree=rate([label == word for label, word in zip(truth, words, strict=True)]),
        by_chance=_by_chance(total),
        base_rate=rate(truth),
        sensitivity=rate(words, truth),
        specificity=rate([not word for word in words], [not label for label in truth]),
        youden=_jackknifed(_youden, cells, owners),
        kappa=_jackknifed(_kappa, cells, owners),
        unread=int(sample.labelled.sum()) - len(places),
    )


def judge_bias(
    labels: Values,
    verdicts: Values,
    groups: Owners,
    units: Owners | None = None,
) -> pd.DataFrame:
    """Return how far a judge's rate is from the truth in each group of replies, such as the long and the short.

    What groups are decides what is seen: halves by length, the order in which two replies were shown, replies in the
    judge's own style, or the weeks of a log, where a judge may drift. A judge that is wrong by as much in all groups
    ranks them rightly; one that is not, does not.

    Args:
        labels: What is true of each reply; None where nobody has looked.
        verdicts: The judge's word on each; None where it gave none.
        groups: Of which group each is.
        units: Whose each reply is; without it, each is independent of the others.

    Returns:
        One row for each group, in order: ``labels``, ``truth``, ``judged``, ``bias`` (judged minus truth) with its
        interval ``low`` to ``high``.

    Raises:
        ValueError: The lengths differ, a value is impossible, or no reply has a label.

    Example:
        >>> labels = [True, False] * 40
        >>> judge_bias(labels, [True] * 40 + labels[40:], ["long"] * 40 + ["short"] * 40)["bias"].to_dict()
        {'long': 0.5, 'short': 0.0}
    """
    import pandas as pd

    if len(groups) != len(verdicts):
        raise ValueError(f"{len(verdicts)} verdicts and {len(groups)} groups: each reply has one")
    sample = Sample.of(verdicts, labels, units)
    members: defaultdict[Hashable, list[int]] = defaultdict(list)
    each = list(groups)
    for place in (sample.labelled & (sample.verdicts == sample.verdicts)).nonzero()[0].tolist():
        members[each[place]].append(place)
    rows = {}
    for group, places in sorted(members.items(), key=lambda item: str(item[0])):
        truth, words = sample.labels[places], sample.verdicts[places]
        whose = None if sample.units is None else [sample.units[place] for place in places]
        bias = estimates.mean([float(apart) for apart in words - truth], whose)
        rows[group] = (len(places), truth.mean(), words.mean(), bias.value, bias.low, bias.high)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["labels", "truth", "judged", "bias", "low", "high"])


def _cells(label: bool, word: bool) -> Confusion:
    return Confusion(label and word, word and not label, label and not word, not (label or word))


def _by_chance(seen: Confusion) -> float | None:
    n = sum(seen)
    if not n:
        return None
    truth, words = (seen.both_yes + seen.wrong_no) / n, (seen.both_yes + seen.wrong_yes) / n
    return truth * words + (1 - truth) * (1 - words)


def _kappa(seen: Confusion) -> float | None:
    chance = _by_chance(seen)
    if chance is None or 1 - chance < _NOTHING:
        return None
    return ((seen.both_yes + seen.both_no) / sum(seen) - chance) / (1 - chance)


def _youden(seen: Confusion) -> float | None:
    yes, no = seen.both_yes + seen.wrong_no, seen.wrong_yes + seen.both_no
    return seen.both_yes / yes + seen.both_no / no - 1 if yes and no else None


def _jackknifed(
    figure: Callable[[Confusion], float | None], cells: Sequence[Confusion], owners: Sequence[Hashable] | None
) -> Estimate:
    """Return a figure of all replies, with an interval from what it is without each unit."""
    from scipy.special import stdtrit

    total = Confusion(*(sum(one[kind] for one in cells) for kind in range(4)))
    value, n = figure(total), len(cells)
    parts: defaultdict[Hashable, list[Confusion]] = defaultdict(list)
    for owner, cell in zip(range(n) if owners is None else owners, cells, strict=True):
        parts[owner].append(cell)
    without = [
        figure(Confusion(*(whole - sum(one[kind] for one in own) for kind, whole in enumerate(total))))
        for own in parts.values()
    ]
    known = [one for one in without if one is not None]
    if value is None or len(known) < len(without) or len(known) < 2:
        return Estimate(value, None, None, n)
    units, centre = len(known), math.fsum(known) / len(known)
    error = math.sqrt((units - 1) / units * math.fsum((one - centre) ** 2 for one in known))
    half = float(stdtrit(units - 1, (1 + estimates.CONFIDENCE) / 2)) * error
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), n)
