"""How much a variant changed a metric, and how sure that is: by tea-tasting, from what users add up to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon._tools.extras import wanted
from chatmon.experiment._aggregate import columns
from chatmon.experiment._metrics import metric
from chatmon.experiment._rare import Counts

if TYPE_CHECKING:
    from chatmon.experiment._aggregate import Arm
    from chatmon.experiment._metrics import Metric

LEAST_USERS: Final = 50
"""Users of each variant below which a mean is not yet normal, and nothing is said."""
FEWEST: Final = 10
"""Turns with and without the event in each variant from which on a share's error is near enough to normal."""
FEW_USERS: Final = 200
"""Effective users of a variant from which on the delta method's error needs no mending."""
_NOTHING: Final = 1e-12


class Effect(NamedTuple):
    """A metric of a variant against the control's.

    Attributes:
        metric: Its name.
        variant: The treatment.
        users: Of both variants, with a known value.
        control: The control's value.
        treatment: The treatment's value.
        error: Standard error of the difference.
        log_error: Standard error of the logarithm of the ratio; None where a value is not positive.
        z: The difference in standard errors, positive where the treatment's value is higher.
        saved: The share of the variance that the days before the experiment explain (CUPED); where it is not 0, the
            values are adjusted for them.
        counts: Of a share that is nearly nothing or nearly all: what its intervals come from; None elsewhere.
        freedom: Degrees of freedom, where few users have most of the turns; infinite where they do not.
        effective: Users that the two variants count as: fewer than they are, where some have many turns.
    """

    metric: str
    variant: str
    users: int
    control: float
    treatment: float
    error: float
    log_error: float | None
    z: float
    saved: float = 0.0
    counts: Counts | None = None
    freedom: float = math.inf
    effective: tuple[float, float] = (math.inf, math.inf)

    @property
    def difference(self) -> float:
        """The treatment's value less the control's."""
        return self.treatment - self.control

    @property
    def relative(self) -> float | None:
        """The difference as a share of the control's value; None where that is not positive."""
        return self.treatment / self.control - 1 if self.control > 0 else None

    @property
    def p(self) -> float:
        """Two-sided, of there being no difference, at one look."""
        return math.erfc(abs(self.z) / math.sqrt(2))

    @property
    def gain(self) -> float:
        """The difference in standard errors, positive where the treatment is better."""
        return self.z * metric(self.metric).better

    def interval(self, critical: float) -> tuple[float, float]:
        """Return the difference's interval, so many standard errors of a normal distribution wide to each side."""
        if self.counts is not None:
            return self.counts.difference_interval(critical)
        half = _as_far(critical, self.freedom) * self.error
        return self.difference - half, self.difference + half

    def relative_interval(self, critical: float) -> tuple[float, float] | None:
        """Return the relative difference's interval, which may have no upper end; None where a value is not positive.

        Args:
            critical: As for ``interval``.
        """
        if self.counts is not None:
            low, high = self.counts.ratio_interval(critical)
            return low - 1, high - 1
        if self.log_error is None:
            return None
        ratio = self.treatment / self.control
        # A float holds no larger power of e, and no reader needs one.
        away = math.exp(min(_as_far(critical, self.freedom) * self.log_error, 700.0))
        return ratio / away - 1, ratio * away - 1


def effect(metric: Metric, variant: str, control: Arm, treatment: Arm) -> Effect | str:
    """Return what a variant does to a metric, or why that cannot be said.

    The unit is the user: a metric is a ratio of two sums over users, and its error comes from the delta method, which
    allows for turns of one user being alike. Where users have turns from before the experiment, what these explain is
    taken out (CUPED). A share with fewer than ten turns with or without the event in a variant is compared by a score
    method, see ``_rare``, and not adjusted. Where few users have most of the turns, the delta method is sure of itself
    too soon: where the effective users of a variant (Kish, Survey Sampling, 1965, section 8.2) are fewer than 200 and
    than half, errors are widened, and Student's t with a third as many degrees of freedom stands for the normal.

    Args:
        metric: The metric.
        variant: The treatment's name.
        control: The control's users.
        treatment: The treatment's users.

    Raises:
        MissingPackageError: tea-tasting is not installed.
    """
    why = [f"{name}: {arm.unknown[metric.name]}" for name, arm in (("the control", control), (variant, treatment))
           if metric.name in arm.unknown]  # fmt: skip
    if why:
        return "; ".join(why)
    known = [arm.known.get(metric.name, 0) for arm in (control, treatment)]
    if min(known) < LEAST_USERS:
        return f"too few users: {known[0]} of the control and {known[1]} of {variant}, {LEAST_USERS} of each are needed"
    _, aggregates = library()
    value, count, *_ = columns(metric)
    sides = [
        aggregates(
            arm.users,
            dict(arm.means),
            {one: amount for (one, other), amount in arm.covariances.items() if one == other},
            {pair: amount for pair, amount in arm.covariances.items() if pair[0] != pair[1]},
        )
        for arm in (control, treatment)
    ]
    arms = (control, treatment)
    plain = [side.ratio_var(value, count) for side in sides]
    centres = [side.mean(value) / side.mean(count) for side in sides]
    effective = (_effective(control, count), _effective(treatment, count))
    plainly = Effect(metric.name, variant, sum(known), centres[0], centres[1], 0.0, None, 0.0, effective=effective)
    rare = metric.unit == "share" and _is_rare(arms, centres, count) and not any(map(_is_uneven, arms, effective))
    if rare:
        counts = _counts(arms, plain, centres, effective, count)
        first, second = (0.0 if abs(centre) < _NOTHING else centre for centre in centres)
        return plainly._replace(control=first, treatment=second, error=counts.error, z=counts.z(), counts=counts)
    scale = max(abs(centre) for centre in centres)
    if max(plain) <= _NOTHING * scale**2:
        # No value differs from another: chance cannot explain a difference, and needs not explain none.
        z = 0.0 if math.isclose(*centres, rel_tol=1e-9) else math.copysign(math.inf, centres[1] - centres[0])
        log_error = 0.0 if min(centres) > 0 else None
        return plainly._replace(log_error=log_error, z=z)
    before = min(arm.known_before.get(metric.name, 0) for arm in arms) >= LEAST_USERS
    left = [_left(sides, side, columns(metric)) for side in sides] if before else plain
    if any(rest <= _NOTHING * amount for rest, amount in zip(left, plain, strict=True)):
        before, left = False, plain
    found = _compared(sides, columns(metric), before=before)
    if found is None:
        before, left = False, plain
        found = _compared(sides, columns(metric), before=False)
    assert found is not None  # noqa: S101 - without the days before, a value that is not 0 has a ratio
    width = 2 * 1.959963984540054
    positive = found.control > 0 and found.treatment > 0
    wider, freedom = _few_users(arms, left, effective)
    error = wider * float(found.effect_size_ci_upper - found.effect_size_ci_lower) / width
    return plainly._replace(
        control=float(found.control),
        treatment=float(found.treatment),
        error=error,
        log_error=wider * math.log((1 + found.rel_effect_size_ci_upper) / (1 + found.rel_effect_size_ci_lower)) / width
        if positive
        else None,
        z=_as_normal(float(found.statistic) / wider, freedom),
        saved=1 - sum(left) / sum(plain),
        freedom=freedom,
    )


def _compared(sides: list[Any], names: tuple[str, ...], *, before: bool) -> Any:
    """Return tea-tasting's result; None where an adjusted value is so near 0 that its ratio has no float."""
    tea, _ = library()
    value, count, *covariates = names
    by = tea.RatioOfMeans(value, count, *(covariates if before else ()), use_t=False, confidence_level=0.95)
    try:
        return by.analyze_aggregates(*sides)
    except OverflowError:
        return None


def _effective(arm: Arm, count: str) -> float:
    """Return how many users of like size a variant's users count as: the square of the sum over the sum of squares."""
    mean, variance = arm.means[count], arm.covariances[count, count] * (arm.users - 1) / arm.users
    return arm.users * mean**2 / (mean**2 + variance) if mean else 0.0


def _is_rare(arms: tuple[Arm, Arm], shares: list[float], count: str) -> bool:
    """Say whether something happened, or did not, in fewer than ten turns of a variant."""
    return all(-_NOTHING <= share <= 1 + _NOTHING for share in shares) and any(
        min(share, 1 - share) * arm.means[count] * arm.users < FEWEST - 1e-6
        for arm, share in zip(arms, shares, strict=True)
    )


def _counts(
    arms: tuple[Arm, Arm], variances: list[float], shares: list[float], effective: tuple[float, float], count: str
) -> Counts:
    """Return how often something happened, in turns that count.

    A user's turns being alike makes them count for fewer: by as much as the delta method's variance is above the
    binomial one. Where nothing happened to tell by, the other variant tells; where none does, a user is one turn.
    """
    alike, turns = [], []
    for arm, variance, share in zip(arms, variances, shares, strict=True):
        turns.append(arm.means[count] * arm.users)
        binomial = share * (1 - share) / turns[-1]
        if binomial > _NOTHING:
            alike.append(max(1.0, variance / arm.users / binomial))
    each = max(alike, default=None)
    first, second = (
        min(number, users) if each is None else number / each for number, users in zip(turns, effective, strict=True)
    )
    return Counts(max(0.0, shares[0]) * first, first, max(0.0, shares[1]) * second, second)


def _is_uneven(arm: Arm, effective: float) -> bool:
    """Say whether few of a variant's users have most of its turns."""
    return effective < min(FEW_USERS, arm.users / 2)


def _few_users(arms: tuple[Arm, Arm], left: list[float], effective: tuple[float, float]) -> tuple[float, float]:
    """Return by how much an error is to be widened, and its degrees of freedom: 1 and infinity with many users."""
    if not any(map(_is_uneven, arms, effective)):
        return 1.0, math.inf
    plain = [rest / arm.users for rest, arm in zip(left, arms, strict=True)]
    # A user pulls the mean towards itself: what is left of it is smaller than its error, by its share of the turns.
    wider = [
        amount * ((1 - 1 / arm.users) / (1 - 1 / max(users, 1.5))) ** 2
        for amount, arm, users in zip(plain, arms, effective, strict=True)
    ]
    scatter = sum(amount**2 / max(1.0, users / 3) for amount, users in zip(wider, effective, strict=True))
    return math.sqrt(sum(wider) / sum(plain)), sum(wider) ** 2 / scatter


def _as_far(critical: float, freedom: float) -> float:
    """Return how far out Student's t is as improbable as so many standard errors of a normal distribution."""
    if math.isinf(freedom):
        return critical
    from scipy.special import ndtr, stdtrit

    return -float(stdtrit(freedom, float(ndtr(-critical))))


def _as_normal(t: float, freedom: float) -> float:
    """Return the z that is as improbable as a t."""
    if math.isinf(freedom):
        return t
    from scipy.special import ndtri, stdtr

    return math.copysign(-float(ndtri(float(stdtr(freedom, -abs(t))))), t)


def _left(sides: list[Any], side: Any, names: tuple[str, ...]) -> float:
    """Return the variance of a side that is left once what the days before explain of both is taken out."""
    value, count, value_before, count_before = names
    both = sides[0] + sides[1]
    spread = both.ratio_var(value_before, count_before)
    slope = both.ratio_cov(*names) / spread if spread > 0 else 0.0
    explained = 2 * slope * side.ratio_cov(*names) - slope**2 * side.ratio_var(value_before, count_before)
    return float(side.ratio_var(value, count) - explained)


def library() -> tuple[Any, Any]:
    """Return tea-tasting and its class for what is already added up.

    Raises:
        MissingPackageError: It is not installed.
    """
    what = "an experiment's test"
    return wanted("tea_tasting", "experiment", what), wanted("tea_tasting.aggr", "experiment", what).Aggregates
