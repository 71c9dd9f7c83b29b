"""A rule on what a judge says: on the rate with its errors taken out, as they were counted on labels.

It breaches where the whole interval of the corrected rate lies beyond the limit, so that neither few turns nor few
labels make an alert, nor one user with many turns. Cells of verdicts therefore keep whose each is: by a mark for each
user, or where that is unknown for each conversation.
"""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon._tools.judged import VERDICT
from chatmon._tools.units import Units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatmon.alerts.rules import Rule
    from chatmon.estimates import Estimate
    from chatmon.quality import Agreement

COUNTS: Final = ("both_yes", "wrong_yes", "wrong_no", "both_no")
"""How often verdict and label met in each way, as ``quality.agreement`` counts them."""
_EXAMPLE: Final = "{ both_yes = 34, wrong_yes = 9, wrong_no = 2, both_no = 18 }"


class Counts(NamedTuple):
    """How often a judge's verdict and a label met in each way."""

    both_yes: int
    wrong_yes: int
    wrong_no: int
    both_no: int


def is_judged(measure: str) -> bool:
    """Say whether a measure is a judge's word."""
    return measure.startswith(VERDICT) and measure.isidentifier()


def complaint(given: Mapping[str, Any]) -> str:
    """Return what is allowed in place of counts that cannot correct a judge; nothing where they can."""
    right = isinstance(given, dict) and set(given) == set(COUNTS)
    if not right or not all(type(one) is int and one >= 0 for one in given.values()):
        return f"what a judge's errors are counted by, as chatmon judge --labels says it: agreement = {_EXAMPLE}"
    counts = Counts(**given)
    if not counts.both_yes + counts.wrong_no or not counts.wrong_yes + counts.both_no:
        return "of labels of both kinds, some that say yes and some that say no: label more"
    youden = _agreement(counts).youden
    if youden.low is None or youden.low <= 0:
        return f"of a judge that can be told from chance: Youden's index is {youden.text()}; label more, or judge anew"
    return ""


def mark_of(unit: str) -> int:
    """Return what stands for a user or conversation in cells: the same number in every process.

    Example:
        >>> mark_of("u-ann") == mark_of("u-ann"), mark_of("u-ann") == mark_of("u-bob"), mark_of("u-ann") % 2
        (True, False, 0)
    """
    return 2 * int.from_bytes(blake2b(unit.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")


def corrected(rule: Rule, yes: int, n: int, marks: Mapping[int, int] | None = None) -> Estimate:
    """Return the rate of so many yes among so many verdicts, with the judge's errors taken out.

    Args:
        rule: Has the judge's errors.
        yes: How often the judge said yes.
        n: Its verdicts.
        marks: How many of them are each unit's: a no under its mark, a yes under the next number.
    """
    from chatmon.quality import rogan_gladen_of

    units = None if marks is None else _units(marks, yes / n)
    return rogan_gladen_of(yes, n, _agreement(Counts(**rule.agreement or {})), units)


def surely(rule: Rule, rate: Estimate) -> float | None:
    """Return the end of a corrected rate's interval that is nearest to being fine: it decides. One unit has none."""
    return rate.low if rule.sign > 0 else rate.high


def _units(marks: Mapping[int, int], share: float) -> Units:
    counts, apart = defaultdict[int, int](int), defaultdict[int, float](float)
    for place, number in sorted(marks.items()):
        counts[place // 2] += number
        apart[place // 2] += number * (place % 2 - share)
    return Units(len(counts), sum(one**2 for one in counts.values()), math.fsum(one**2 for one in apart.values()))


@lru_cache(maxsize=64)
def _agreement(counts: Counts) -> Agreement:
    from chatmon.quality import agreement

    labels = [True] * counts.both_yes + [False] * counts.wrong_yes + [True] * counts.wrong_no + [False] * counts.both_no
    words = [True] * (counts.both_yes + counts.wrong_yes) + [False] * (counts.wrong_no + counts.both_no)
    return agreement(labels, words)
