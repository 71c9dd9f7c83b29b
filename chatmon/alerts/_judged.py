"""A rule on what a judge says: on the rate with its errors taken out, as they were counted on labels.

It breaches where the whole interval of the corrected rate lies beyond the limit, so that neither few turns nor few
labels make an alert.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon._tools.judged import VERDICT

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


def corrected(rule: Rule, yes: int, n: int) -> Estimate:
    """Return the rate of so many yes among so many verdicts, with the judge's errors taken out."""
    from chatmon.quality import rogan_gladen_of

    return rogan_gladen_of(yes, n, _agreement(Counts(**rule.agreement or {})))


def surely(rule: Rule, yes: int, n: int) -> float:
    """Return the end of the corrected rate's interval that is nearest to being fine: it decides."""
    rate = corrected(rule, yes, n)
    end = rate.low if rule.sign > 0 else rate.high
    assert end is not None  # noqa: S101 - both ends are known where there is a verdict
    return end


@lru_cache(maxsize=64)
def _agreement(counts: Counts) -> Agreement:
    from chatmon.quality import agreement

    labels = [True] * counts.both_yes + [False] * counts.wrong_yes + [True] * counts.wrong_no + [False] * counts.both_no
    words = [True] * (counts.both_yes + counts.wrong_yes) + [False] * (counts.wrong_no + counts.both_no)
    return agreement(labels, words)
