"""A rate that a judge's errors are taken out of, by labels on some of the replies that it judged."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon import estimates
from chatmon._tools.units import Units
from chatmon.estimates import Estimate
from chatmon.quality._sample import YES, Sample, numbers

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from chatmon.quality._agreement import Agreement
    from chatmon.quality._sample import Numbers, Owners, Values

_SMOOTH: Final = 0.5
"""Labels that are added, in thought, to each of the four ways in which verdict and truth can meet: forty labels without
an error of the judge are no proof that it makes none."""
_UNLIKE: Final = 0.001


@dataclass(frozen=True, slots=True)
class CorrectedRate:
    """How often something is true of replies, with the judge's errors taken out.

    Attributes:
        rate: The corrected rate.
        judged: What the judge alone says; its interval knows nothing of its errors.
        labelled: What the labels alone say.
        weight: How much of the judge's word was used: 0 where it tells nothing, 1 where it is as good as a label.
        unread: Replies of which the judge gave no verdict; they count, as ones that it says nothing of.
        notes: What the reader should know.
    """

    rate: Estimate
    judged: Estimate
    labelled: Estimate
    weight: float
    unread: int
    notes: tuple[str, ...]
    _pull: Mapping[Hashable, float] = field(repr=False)

    def __str__(self) -> str:
        lines = [
            f"corrected rate: {self.rate.text()}",
            f"labels alone:   {self.labelled.text()}",
            f"the judge's:    {self.judged.text()}",
        ]
        return "\n".join([*lines, *self.notes])


def corrected_rate(verdicts: Values, labels: Values, units: Owners | None = None) -> CorrectedRate:
    """Return how often something is true, from a judge's verdicts on all replies and labels on some drawn at random.

    Prediction-powered inference with a tuned weight (Angelopoulos, Duchi and Zrnic, PPI++, 2023): the labels' rate, put
    right by how far the judge's rate on the labelled replies is from its rate on the others. It is right however wrong
    the judge is: a judge that tells nothing gets no weight. The interval is Wilson's for as many labels as the two
    together are worth, with half a label added to each way in which verdict and truth can meet.

    Args:
        verdicts: The judge's word on each reply: True or False, or its certainty from 0 to 1; None where it gave none.
        labels: What is true of each reply, True or False; None where nobody has looked. Those with a label must have
            been drawn at random.
        units: Whose each reply is, such as its conversation; without it, each is independent of the others.

    Raises:
        ValueError: The lengths differ, a value is impossible, or no reply has a label.

    Example:
        >>> verdicts = [True] * 80 + [False] * 20
        >>> labels = [True, True, False, True] * 5 + [None] * 60 + [False] * 5 + [None] * 15
        >>> print(corrected_rate(verdicts, labels))
        corrected rate: 0.60 (0.43 to 0.75, n = 25, worth 32)
        labels alone:   0.60 (0.41 to 0.77, n = 25)
        the judge's:    0.80 (0.71 to 0.87, n = 100)
    """
    sample = Sample.of(verdicts, labels, units)
    seen = sample.labelled
    # Any word of the judge leaves the estimate right, so that where it has none, one that says nothing does.
    words = _filled(sample.verdicts)
    truth, beside, others = sample.labels[seen], words[seen], words[~seen]
    tuned = _tuned(truth, beside, others)
    value = float(truth.mean())
    if others.size:
        value = min(1.0, max(0.0, value - tuned.weight * float(beside.mean() - others.mean())))
    owners: list[Hashable] = list(range(len(words))) if sample.units is None else list(sample.units)
    own, borrowed = truth - tuned.weight * beside, tuned.weight * others
    pull = _pulls(seen, own, borrowed, owners)
    alone = Units.of(
        list(truth), float(truth.mean()), [one for one, is_seen in zip(owners, seen, strict=True) if is_seen]
    )
    worth = tuned.worth / _spread_out(seen, own, borrowed, pull, alone)
    n = len(truth)
    rate = (
        Estimate(value, None, None, n, float(alone.number))
        if sample.units is not None and alone.number < 2
        else estimates.share(value, n, worth, math.inf if sample.units is None else alone.freedom(n))
    )
    return CorrectedRate(
        rate,
        _judged(sample),
        estimates.rate(int(truth.sum()), n, None if sample.units is None else alone),
        tuned.weight,
        int((sample.verdicts != sample.verdicts).sum()),
        tuple(_notes(beside, others, tuned.weight)),
        {} if sample.units is None else pull,
    )


def corrected_difference(first: CorrectedRate, second: CorrectedRate) -> Estimate:
    """Return by how much a second corrected rate is above a first one, such as that of two prompts or two weeks.

    Each is corrected by labels of its own: a judge that likes the second prompt's style is wrong about it in another
    way. The interval is Newcombe's hybrid one (Statistics in Medicine 17, 1998), which takes into account that units,
    such as users, stand in both.

    Args:
        first: The one before.
        second: The one after.

    Example:
        >>> before = corrected_rate([True, False] * 40, ([True, False] * 10 + [None] * 60))
        >>> after = corrected_rate([True] * 80, ([True] * 20 + [None] * 60))
        >>> corrected_difference(before, after).text()
        '0.50 (0.29 to 0.63, n = 40)'
    """
    n = first.rate.n + second.rate.n
    one, other = first.rate, second.rate
    value = other.value - one.value if one.value is not None and other.value is not None else None
    ends = (one.low, one.high, other.low, other.high)
    if value is None or any(end is None for end in ends):
        return Estimate(value, None, None, n)
    together = _correlation(first._pull, second._pull)
    low = value - _apart(other.value - other.low, one.high - one.value, together)  # type: ignore[operator]
    high = value + _apart(other.high - other.value, one.value - one.low, together)  # type: ignore[operator]
    return Estimate(value, max(-1.0, low), min(1.0, high), n)


def rogan_gladen(verdicts: Values, agreement: Agreement, units: Owners | None = None) -> Estimate:
    """Return how often something is true, from a judge's verdicts and its errors as they were measured elsewhere.

    For logs of which nothing is labelled: it holds only if the judge errs on them as it did there. The rate is Rogan
    and Gladen's (American Journal of Epidemiology 107, 1978), its interval Lang and Reiczigel's (Preventive Veterinary
    Medicine 113, 2014).

    Args:
        verdicts: The judge's word on each reply, True or False; None where it gave none.
        agreement: Of the same judge, on labelled replies: see ``agreement``.
        units: Whose each reply is, such as its conversation; without it, each is independent of the others.

    Raises:
        ValueError: The lengths differ, there is no verdict, the labels had one class only, or the judge cannot be told
            from chance.

    Example:
        >>> from chatmon.quality import agreement
        >>> known = agreement([True] * 60 + [False] * 40, [True] * 54 + [False] * 6 + [True] * 8 + [False] * 32)
        >>> rogan_gladen([True] * 74 + [False] * 26, known).text()
        '0.77 (0.61 to 0.93, n = 100)'
    """
    read = numbers("verdict", verdicts)
    if units is not None and len(units) != len(read):
        raise ValueError(f"{len(read)} verdicts and {len(units)} units: each reply has one")
    known = [(float(value > YES), place) for place, value in enumerate(read.tolist()) if value == value]
    words = [word for word, _ in known]
    if units is None or not words:
        return rogan_gladen_of(int(sum(words)), len(words), agreement)
    whose = Units.of(words, sum(words) / len(words), [units[place] for _, place in known])
    return rogan_gladen_of(int(sum(words)), len(words), agreement, whose)


def rogan_gladen_of(yes: int, n: int, agreement: Agreement, units: Units | None = None) -> Estimate:
    """Return ``rogan_gladen`` of so many yes among so many verdicts.

    Args:
        yes: How often the judge said yes.
        n: Its verdicts.
        agreement: Of the same judge.
        units: Whose they are; without it, each is independent of the others.

    Raises:
        ValueError: As ``rogan_gladen``.
    """
    if not n:
        raise ValueError("there is no verdict to correct")
    finds, rejects = agreement.sensitivity, agreement.specificity
    if finds.value is None or rejects.value is None:
        missing = "no" if rejects.value is None else "yes"
        raise ValueError(f"no label says {missing}: how the judge does on such replies is unknown; label more of them")
    better = finds.value + rejects.value - 1
    if (agreement.youden.low or 0.0) <= 0:
        raise ValueError(
            f"the judge cannot be told from chance: sensitivity {finds.value:.2f} and specificity {rejects.value:.2f} "
            f"are {better:.2f} above a coin's, {agreement.youden.text()}; use corrected_rate, which needs no good judge"
        )
    share = yes / n
    value = min(1.0, max(0.0, (share + rejects.value - 1) / better))
    own = estimates.rate(yes, n, units)
    if own.low is None:
        return Estimate(value, None, None, n, own.effective)
    alike = units is not None and units.number < n
    worth = estimates.for_normal(own.effective or 1.0, units.freedom(n)) if units and alike else float(n)
    low, high = _lang_reiczigel(share, worth, finds, rejects)
    return Estimate(value, min(low, value), max(high, value), n, own.effective)


def _lang_reiczigel(share: float, n: float, finds: Estimate, rejects: Estimate) -> tuple[float, float]:
    from scipy.special import ndtri

    z = float(ndtri((1 + estimates.CONFIDENCE) / 2))
    assert finds.value is not None  # noqa: S101 - for mypy: the caller has looked
    assert rejects.value is not None  # noqa: S101
    many, yes, no = n + z * z, finds.n + 2, rejects.n + 2
    p, se, sp = (
        (share * n + z * z / 2) / many,
        (finds.value * finds.n + 1) / yes,
        (rejects.value * rejects.n + 1) / no,
    )
    better = se + sp - 1
    rate = (p + sp - 1) / better
    of_se, of_sp = se * (1 - se) / yes, sp * (1 - sp) / no
    shift = 2 * z * z * (rate * of_se - (1 - rate) * of_sp)
    half = z * math.sqrt(p * (1 - p) / many + rate**2 * of_se + (1 - rate) ** 2 * of_sp) / abs(better)
    return min(1.0, max(0.0, rate + shift - half)), max(0.0, min(1.0, rate + shift + half))


class LabelsNeeded(NamedTuple):
    """How many labels an interval needs.

    Attributes:
        with_judge: Labels beside the judge's verdicts; None where no number is enough, for want of verdicts.
        alone: Labels without a judge.
    """

    with_judge: int | None
    alone: int


def labels_needed(
    width: float, rate: float, *, sensitivity: float = 0.5, specificity: float = 0.5, verdicts: int = 10_000
) -> LabelsNeeded:
    """Return how many labels bring a corrected rate's interval down to a width.

    From the variance of ``corrected_rate`` in large samples.

    Args:
        width: Of the 95 % interval from end to end, such as 0.1.
        rate: What the rate may be; 0.5 is the most careful guess.
        sensitivity: The judge's share of yes where yes is true.
        specificity: The judge's share of no where no is true.
        verdicts: How many replies are judged.

    Raises:
        ValueError: A share is outside 0 to 1, or there is nothing to reach.

    Example:
        >>> labels_needed(0.1, 0.7, sensitivity=0.95, specificity=0.9)
        LabelsNeeded(with_judge=94, alone=323)
        >>> labels_needed(0.1, 0.7)
        LabelsNeeded(with_judge=323, alone=323)
    """
    for name, value in (("width", width), ("rate", rate), ("sensitivity", sensitivity), ("specificity", specificity)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} ({value}) is outside 0 to 1")
    if not width or not 0 < rate < 1 or verdicts < 1:
        raise ValueError(f"width ({width}), rate ({rate}), verdicts ({verdicts}): no number of labels does that")
    from scipy.special import ndtri

    z = float(ndtri((1 + estimates.CONFIDENCE) / 2))
    wanted = (width / 2 / z) ** 2
    spread = rate * (1 - rate)
    yes = rate * sensitivity + (1 - rate) * (1 - specificity)
    explained = (spread * (sensitivity + specificity - 1)) ** 2 / (yes * (1 - yes)) if 0 < yes < 1 else 0.0
    alone = max(1, math.ceil(spread / wanted))
    # With n labels and the best weight the variance is (spread - explained * (1 - n / verdicts)) / n.
    left = wanted - explained / verdicts
    needed = max(1, math.ceil((spread - explained) / left)) if left > 0 else verdicts + 1
    return LabelsNeeded(needed if needed <= verdicts else None, alone)


class _Tuned(NamedTuple):
    weight: float
    worth: float


def _filled(verdicts: Numbers) -> Numbers:
    import numpy as np

    known = verdicts[~np.isnan(verdicts)]
    return np.where(np.isnan(verdicts), known.mean() if known.size else YES, verdicts)


def _tuned(truth: Numbers, beside: Numbers, others: Numbers) -> _Tuned:
    """Return the weight that makes the variance least, and how many labels the two together are worth."""
    import numpy as np

    n, m = len(truth), len(others)
    y = np.concatenate([truth, [0.0, 0.0, 1.0, 1.0]])
    v = np.concatenate([beside, [0.0, 1.0, 0.0, 1.0]])
    shares = np.concatenate([np.ones(n), np.full(4, _SMOOTH)]) / (n + 4 * _SMOOTH)
    mean, centre = float(shares @ y), float(shares @ v)
    together = float(shares @ (y * v)) - mean * centre
    spread, of_words = float(shares @ y**2) - mean**2, float(shares @ v**2) - centre**2
    tells = m and np.ptp(np.concatenate([beside, others])) > 0
    weight = min(1.0, max(-1.0, together / of_words / (1 + n / m))) if tells else 0.0
    variance = (spread - 2 * weight * together + weight**2 * of_words) / n + (weight**2 * of_words / m if m else 0.0)
    return _Tuned(weight, spread / variance)


def _pulls(seen: Any, own: Numbers, borrowed: Numbers, owners: Sequence[Hashable]) -> dict[Hashable, float]:
    """Return by how much each unit pulls the rate away from what it is without it."""
    pulls: defaultdict[Hashable, float] = defaultdict(float)
    steps = [(own - own.mean()) / len(own), (borrowed - borrowed.mean()) / len(borrowed) if len(borrowed) else borrowed]
    places = [iter(step) for step in steps]
    for owner, is_seen in zip(owners, seen, strict=True):
        pulls[owner] += float(next(places[0 if is_seen else 1]))
    return dict(pulls)


def _spread_out(seen: Any, own: Numbers, borrowed: Numbers, pull: Mapping[Hashable, float], alone: Units) -> float:
    """Return how many times larger the variance is for units whose replies are alike (the design effect)."""
    if len(pull) == len(seen):
        return 1.0
    n, m = len(own), len(borrowed)
    apart = own.var() / n + (borrowed.var() / m if m else 0.0)
    if len(pull) < 2 or apart < 1e-12:
        return alone.squares / n
    together = math.fsum(value**2 for value in pull.values()) * len(pull) / (len(pull) - 1)
    return max(1.0, float(together / apart))


def _judged(sample: Sample) -> Estimate:
    import numpy as np

    known = ~np.isnan(sample.verdicts)
    words = sample.verdicts[known]
    units = None if sample.units is None else [one for one, read in zip(sample.units, known, strict=True) if read]
    if ((words > 0) & (words < 1)).any():
        return estimates.mean([float(word) for word in words], units)
    share = float(words.mean()) if words.size else 0.0
    return estimates.rate(int(words.sum()), len(words), None if units is None else Units.of(list(words), share, units))


def _notes(beside: Numbers, others: Numbers, weight: float) -> list[str]:
    from scipy.special import ndtr

    notes = []
    if not weight and len(others):
        notes.append("the judge tells nothing here: its word is the same for every reply, and only the labels count")
    if len(others):
        error = math.sqrt(beside.var() / len(beside) + others.var() / len(others))
        apart = float(beside.mean() - others.mean())
        if error > 0 and 2 * float(ndtr(-abs(apart) / error)) < _UNLIKE:
            notes.append(
                f"the labelled replies are not like the others: the judge says {beside.mean():.2f} of them and "
                f"{others.mean():.2f} of the others. Were they drawn at random?"
            )
    return notes


def _correlation(first: Mapping[Hashable, float], second: Mapping[Hashable, float]) -> float:
    """Return how much the errors of two rates go together, through the units that stand in both."""
    shared = math.fsum(first[unit] * second[unit] for unit in first.keys() & second.keys())
    sizes = [math.sqrt(math.fsum(value**2 for value in one.values())) for one in (first, second)]
    return min(1.0, max(-1.0, shared / (sizes[0] * sizes[1]))) if all(sizes) else 0.0


def _apart(first: float, second: float, together: float) -> float:
    return math.sqrt(max(0.0, first**2 + second**2 - 2 * together * first * second))
