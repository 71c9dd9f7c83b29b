"""What may be read off each metric at a look: its interval, its p, and what that says in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon.experiment import _sequential as sequential
from chatmon.experiment._metrics import metric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatmon.experiment._decision import Bounds, Decision
    from chatmon.experiment._effects import Effect
    from chatmon.experiment._plan import Experiment

ONE_LOOK: Final = 1.959963984540054
BETTER: Final = "better beyond chance"
WORSE: Final = "worse beyond chance"
WITHIN: Final = "within chance"


class MetricLine(NamedTuple):
    """A metric of a treatment, as it may be read at this look.

    Attributes:
        variant: The treatment.
        metric: The metric.
        role: ``primary``, ``guardrail`` or ``secondary``.
        reading: What it says, in words.
        users: Of both variants, with a known value; None where too few have one, as all numbers are then.
        control: The control's value.
        treatment: The treatment's value.
        relative: The difference as a share of the control's value; None where that is not positive.
        low: Lower end of its interval, made for the number of looks.
        high: Upper end; None where it has none, as against a control of 0.
        p: Of the primary two-sided, of a guardrail of it being worse, of the secondaries by Holm over all of them; at
            an unplanned look, two-sided and always valid.
        needed: What p has to be below.
        saved: The share of the variance that the days before explain; where it is not 0, the values are adjusted.
    """

    variant: str
    metric: str
    role: str
    reading: str
    users: int | None = None
    control: float | None = None
    treatment: float | None = None
    relative: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    needed: float | None = None
    saved: float | None = None


class Look(NamedTuple):
    """What a reading depends on besides the effects.

    Attributes:
        plan: The experiment.
        number: Of the planned look; None for any other moment.
        users: Variant to its users.
        bounds: At each look so far.
        decisions: Treatment to what to do with it.
    """

    plan: Experiment
    number: int | None
    users: Mapping[str, int]
    bounds: Bounds
    decisions: Mapping[str, Decision]

    def always(self, effect: Effect) -> tuple[float, float]:
        """Return an effect's always-valid p, and the width of its interval in standard errors."""
        users = self.users[self.plan.control] + self.users[effect.variant]
        planned = self.plan.planned_users(effect.variant)
        return (
            sequential.always_valid_p(effect.z, users, planned, self.plan.alpha),
            sequential.always_valid_critical(users, planned, self.plan.alpha),
        )

    def lines(self, effects: Mapping[str, Mapping[str, Effect | str]]) -> list[MetricLine]:
        """Return a line for each metric of each treatment.

        Args:
            effects: Treatment to metric to its effect, or to why there is none.
        """
        lines = []
        for variant, own in effects.items():
            lines.append(self._primary(variant, own[self.plan.primary]))
            lines += [self._guardrail(variant, name, own[name]) for name in self.plan.guardrails]
        return lines + self._secondaries(effects)

    def _primary(self, variant: str, found: Effect | str) -> MetricLine:
        if isinstance(found, str):
            return MetricLine(variant, self.plan.primary, "primary", found)
        if self.number is None:
            p, critical = self.always(found)
            return _line(found, "primary", critical, p, self.plan.alpha, _says(found, passed=p < self.plan.alpha))
        critical = self.bounds.primary[-1]
        return _line(
            found, "primary", critical, found.p, _two_sided(critical), _says(found, passed=abs(found.z) >= critical)
        )

    def _guardrail(self, variant: str, name: str, found: Effect | str) -> MetricLine:
        if isinstance(found, str):
            return MetricLine(variant, name, "guardrail", found)
        if self.number is None:
            p, critical = self.always(found)
            needed, worse = self.plan.alpha, found.gain < 0 and p < self.plan.alpha
        else:
            critical, bound = self.bounds.primary[-1], self.bounds.guardrail[-1]
            p, needed, worse = _worse_p(found.gain), _worse_p(-bound), -found.gain >= bound
        line = _line(found, "guardrail", critical, p, needed, "")
        if worse:
            return line._replace(reading=WORSE)
        return line._replace(reading="holds" if holds(self.plan, found, critical) else "not shown to hold")

    def _secondaries(self, effects: Mapping[str, Mapping[str, Effect | str]]) -> list[MetricLine]:
        from chatmon.analysis.change.clustered import holm

        found = [(variant, name, own[name]) for variant, own in effects.items() for name in self.plan.secondaries]
        # The end is the only look at secondaries that is planned; at any other, they need what is always valid.
        once = self.number == self.plan.looks
        tests = [
            (1.0, 0.0) if isinstance(one, str) else (one.p, ONE_LOOK) if once else self.always(one)
            for _, _, one in found
        ]
        lines = []
        for (variant, name, one), (_, critical), p in zip(found, tests, holm([p for p, _ in tests]), strict=True):
            if isinstance(one, str):
                lines.append(MetricLine(variant, name, "secondary", one))
                continue
            says = _says(one, passed=p < self.plan.alpha)
            if says != WITHIN and not self.decisions[variant].won:
                says = f"not claimed: {self.plan.primary} has not won"
            lines.append(_line(one, "secondary", critical, p, self.plan.alpha, says))
        return lines


def best_of(effect: Effect, critical: float) -> float | None:
    """Return the largest gain that the data allow, as a share of the control's value; None where that is 0."""
    ends = effect.relative_interval(critical)
    if ends is None:
        return None
    return ends[1] if metric(effect.metric).better > 0 else -ends[0]


def worst_of(effect: Effect, critical: float) -> float | None:
    """Return the largest loss that the data allow, as a share of the control's value; None where that is not known.

    Nothing against nothing has no share, however many users there are.
    """
    if effect.counts is None and effect.error == 0 and effect.difference == 0:
        return 0.0
    ends = effect.relative_interval(critical)
    if ends is None:
        return None
    worst = -ends[0] if metric(effect.metric).better > 0 else ends[1]
    return worst if math.isfinite(worst) else None


def worst_by(effect: Effect, critical: float) -> float:
    """Return the largest loss that the data allow, in the metric's own unit."""
    low, high = effect.interval(critical)
    return -low if metric(effect.metric).better > 0 else high


def holds(plan: Experiment, effect: Effect, critical: float) -> bool:
    """Say whether a guardrail is shown to hold: by its relative margin, or by its absolute one where it has one."""
    worst, most = worst_of(effect, critical), plan.absolute.get(effect.metric)
    relative = worst is not None and worst < plan.guardrails[effect.metric]
    return relative or (most is not None and worst_by(effect, critical) < most)


def _says(effect: Effect, *, passed: bool) -> str:
    if not passed:
        return WITHIN
    return BETTER if effect.gain > 0 else WORSE


def _line(effect: Effect, role: str, critical: float, p: float, needed: float, reading: str) -> MetricLine:
    low, high = effect.relative_interval(critical) or (None, None)
    return MetricLine(
        effect.variant, effect.metric, role, reading, effect.users, effect.control, effect.treatment, effect.relative,
        low, high if high is None or math.isfinite(high) else None, p, needed, effect.saved,
    )  # fmt: skip


def _two_sided(critical: float) -> float:
    from scipy.special import ndtr

    return 2 * float(ndtr(-critical))


def _worse_p(gain: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(gain))
