"""Whether an experiment's numbers may be looked at at all: what comes before any result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon.experiment._effects import LEAST_USERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatmon.experiment._aggregate import Loose, Users
    from chatmon.experiment._plan import Experiment

LEVEL: Final = 0.001
"""Below this p, users are not shared out as planned. It is strict, since it is looked at again and again."""
MOST_SEVERAL: Final = 0.01
"""The share of users with more than one variant above which assignment does not hold."""
_LEAST_EXPECTED: Final = 10.0


class Validity(NamedTuple):
    """What was found before any result.

    Attributes:
        faults: Why no result may be shown; empty where one may.
        notes: What a reader of the result has to know.
        sample_ratio_p: Of users being shared out as planned.
        allocation_p: Of new users being shared out alike from look to look; None where there are too few to tell.
        visible_loss: The share of a variant's users whose loss the sample ratio would show: see the function.
    """

    faults: tuple[str, ...]
    notes: tuple[str, ...]
    sample_ratio_p: float
    allocation_p: float | None
    visible_loss: float | None


def sample_ratio(users: Mapping[str, int], weights: Mapping[str, float]) -> float:
    """Return p of users being shared out by the weights: below 0.001, something is broken, and no result is right.

    A chi-square test over all variants at once.

    Args:
        users: Variant to its users.
        weights: Variant to its weight.

    Example:
        >>> round(sample_ratio({"a": 840, "b": 840, "c": 760}, {"a": 1, "b": 1, "c": 1}), 3)
        0.073
    """
    from scipy.stats import chisquare

    total, shares = sum(users.values()), sum(weights.values())
    if not total:
        return 1.0
    seen = [users.get(variant, 0) for variant in weights]
    return float(chisquare(seen, [total * weight / shares for weight in weights.values()]).pvalue)


def visible_loss(users: Mapping[str, int], weights: Mapping[str, float]) -> float | None:
    """Return which share of a variant's users could go missing unseen once in five times; None where any could.

    That is what ``sample_ratio`` at 0.001 finds with a power of 80 %, of the variant with the smallest weight.

    Example:
        >>> round(visible_loss({"a": 840, "b": 840, "c": 840}, {"a": 1, "b": 1, "c": 1}), 2)
        0.18
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2, ncx2

    total, share, others = sum(users.values()), min(weights.values()) / sum(weights.values()), len(weights) - 1
    limit = float(chi2.isf(LEVEL, others))

    def missed(loss: float) -> float:
        # Of the share s, s(1 - loss) of what is left stays, and the others' shares grow alike.
        left = 1 - share * loss
        away = (share * (1 - loss) / left - share) ** 2 * (1 / share + 1 / (1 - share))
        return float(ncx2.cdf(limit, others, total * left * away)) - 0.2

    most = 1 - 1e-9
    return float(brentq(missed, 1e-9, most)) if total and missed(most) < 0 else None


def allocation(new: Sequence[Mapping[str, int]]) -> float | None:
    """Return p of the new users being shared out alike from look to look; None where there are too few users.

    Weights that change midway mix days with variants: a variant that more people see on good days looks better.

    Args:
        new: For each time from look to look, variant to the users first seen then.

    Example:
        >>> f"{allocation([{'a': 500, 'b': 500}, {'a': 900, 'b': 100}]):.0e}"
        '8e-85'
    """
    from scipy.stats import chi2_contingency

    pooled = _pooled([list(counts.values()) for counts in new])
    if len(pooled) < 2:
        return None
    return float(chi2_contingency(pooled, correction=False).pvalue)


def _pooled(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return times put together until each has enough users for a chi-square test."""
    total = [sum(column) for column in zip(*rows, strict=True)]
    if not total or min(total) == 0:
        return []
    least = _LEAST_EXPECTED * sum(total) / min(total)
    pooled: list[list[int]] = []
    for row in rows:
        if pooled and sum(pooled[-1]) < least:
            pooled[-1] = [a + b for a, b in zip(pooled[-1], row, strict=True)]
        else:
            pooled.append(list(row))
    if len(pooled) > 1 and sum(pooled[-1]) < least:
        last = pooled.pop()
        pooled[-1] = [a + b for a, b in zip(pooled[-1], last, strict=True)]
    return pooled


def check(plan: Experiment, users: Users, loose: Loose) -> Validity:
    """Return what speaks against showing a result, and what its reader has to know.

    Args:
        plan: The experiment.
        users: Its users so far.
        loose: Turns that cannot be counted.
    """
    counts = {variant: arm.users for variant, arm in users.arms.items()}
    ratio, alike = sample_ratio(counts, plan.variants), allocation(users.new)
    total = sum(counts.values())
    seen = ", ".join(f"{variant} {number}" for variant, number in counts.items())
    faults, notes = [], []
    if not total and not users.several:
        faults.append(f"no turn carries the experiment {plan.name!r}, a user and one of its variants")
    elif min(counts.values()) < LEAST_USERS:
        few = ", ".join(f"{variant} {n}" for variant, n in counts.items() if n < LEAST_USERS)
        faults.append(f"too few users: {few}; {LEAST_USERS} of each variant are needed to say anything")
    if total and ratio < LEVEL:
        planned = " : ".join(f"{weight:g}" for weight in plan.variants.values())
        faults.append(f"sample ratio mismatch: {seen} users, planned {planned} (p = {ratio:.1g}): find the leak first")
    if alike is not None and alike < LEVEL:
        faults.append(f"the allocation changed midway (p = {alike:.1g}): days and variants are mixed, start anew")
    if users.strange:
        named = ", ".join(f"{variant} ({number} users)" for variant, number in users.strange.items())
        faults.append(f"variants that the plan does not have: {named}; it has {', '.join(plan.variants)}")
    if users.several > MOST_SEVERAL * (total + users.several):
        faults.append(
            f"{users.several} of {total + users.several} users saw more than one variant: a user has to keep one, "
            "see Experiment.assign"
        )
    elif users.several:
        notes.append(f"{users.several} users saw more than one variant, and are left out")
    if users.bots:
        named = ", ".join(f"{variant} {number}" for variant, number in users.bots.items())
        notes.append(f"users with more than {plan.most_turns} turns are no people, and left out: {named}")
    if loose.without_user:
        notes.append(f"{loose.without_user} turns have no user, and are left out")
    if loose.without_variant:
        notes.append(f"{loose.without_variant} turns have no variant, and are left out")
    if loose.before:
        notes.append(f"{loose.before} turns are from before the planned start, and are left out")
    if plan.saved_at is None:
        notes.append("the plan was never saved: nothing shows that it was made before the data")
    elif loose.first is not None and plan.saved_at > loose.first:
        notes.append(f"the plan was saved on {plan.saved_at:%Y-%m-%d %H:%M}, after the first turn: take it as a guess")
    return Validity(tuple(faults), tuple(notes), ratio, alike, visible_loss(counts, plan.variants))
