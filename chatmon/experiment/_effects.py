"""How much a variant changed a metric, and how sure that is: by tea-tasting, from what users add up to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon._tools.extras import wanted
from chatmon.experiment._aggregate import columns
from chatmon.experiment._metrics import METRICS

if TYPE_CHECKING:
    from chatmon.experiment._aggregate import Arm
    from chatmon.experiment._metrics import Metric

LEAST_USERS: Final = 50
"""Users of each variant below which a mean is not yet normal, and nothing is said."""
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
        saved: The share of the variance that the days before the experiment explain (CUPED).
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
        return self.z * METRICS[self.metric].better

    def interval(self, critical: float) -> tuple[float, float]:
        """Return the difference's interval, so many standard errors wide to each side."""
        return self.difference - critical * self.error, self.difference + critical * self.error

    def relative_interval(self, critical: float) -> tuple[float, float] | None:
        """Return the relative difference's interval; None where a value is not positive."""
        if self.log_error is None:
            return None
        ratio = self.treatment / self.control
        # A float holds no larger power of e, and no reader needs one.
        away = math.exp(min(critical * self.log_error, 700.0))
        return ratio / away - 1, ratio * away - 1


def effect(metric: Metric, variant: str, control: Arm, treatment: Arm) -> Effect | str:
    """Return what a variant does to a metric, or why that cannot be said.

    The unit is the user: a metric is a ratio of two sums over users, and its error comes from the delta method, which
    allows for turns of one user being alike. Where users have turns from before the experiment, what these explain is
    taken out (CUPED).

    Args:
        metric: The metric.
        variant: The treatment's name.
        control: The control's users.
        treatment: The treatment's users.

    Raises:
        MissingPackageError: tea-tasting is not installed.
    """
    known = [arm.known.get(metric.name, 0) for arm in (control, treatment)]
    if min(known) < LEAST_USERS:
        return f"too few users: {known[0]} of the control and {known[1]} of {variant}, {LEAST_USERS} of each are needed"
    tea, aggregates = library()
    value, count, value_before, count_before = columns(metric)
    sides = [
        aggregates(
            arm.users,
            dict(arm.means),
            {one: amount for (one, other), amount in arm.covariances.items() if one == other},
            {pair: amount for pair, amount in arm.covariances.items() if pair[0] != pair[1]},
        )
        for arm in (control, treatment)
    ]
    plain = [side.ratio_var(value, count) for side in sides]
    centres = [side.mean(value) / side.mean(count) for side in sides]
    scale = max(abs(centre) for centre in centres)
    if max(plain) <= _NOTHING * scale**2:
        # No value differs from another: chance cannot explain a difference, and needs not explain none.
        z = 0.0 if math.isclose(*centres, rel_tol=1e-9) else math.copysign(math.inf, centres[1] - centres[0])
        return Effect(
            metric.name, variant, sum(known), centres[0], centres[1], 0.0, 0.0 if min(centres) > 0 else None, z
        )
    before = min(arm.known_before.get(metric.name, 0) for arm in (control, treatment)) >= LEAST_USERS
    left = [_left(sides, side, columns(metric)) for side in sides] if before else plain
    if any(rest <= _NOTHING * amount for rest, amount in zip(left, plain, strict=True)):
        before, left = False, plain
    covariates = (value_before, count_before) if before else (None, None)
    found = tea.RatioOfMeans(value, count, *covariates, use_t=False, confidence_level=0.95).analyze_aggregates(*sides)
    width = 2 * 1.959963984540054
    positive = found.control > 0 and found.treatment > 0
    error = (found.effect_size_ci_upper - found.effect_size_ci_lower) / width
    return Effect(
        metric=metric.name,
        variant=variant,
        users=sum(known),
        control=float(found.control),
        treatment=float(found.treatment),
        error=float(error),
        log_error=math.log((1 + found.rel_effect_size_ci_upper) / (1 + found.rel_effect_size_ci_lower)) / width
        if positive
        else None,
        z=float(found.statistic),
        saved=1 - sum(left) / sum(plain),
    )


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
