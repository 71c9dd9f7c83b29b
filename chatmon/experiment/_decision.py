"""What to do after a look, in one word and with its reasons: a pure function of the plan and of what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon.experiment import _sequential as sequential
from chatmon.experiment._metrics import metric
from chatmon.experiment._reading import best_of, holds, worst_by, worst_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatmon.experiment._effects import Effect
    from chatmon.experiment._plan import Experiment

SHIP: Final = "ship"
STOP: Final = "stop"
GO_ON: Final = "go on"
NO_EFFECT: Final = "no effect worth having"
NO_RESULT: Final = "no result"


class Decision(NamedTuple):
    """What to do with a variant, and why.

    Attributes:
        verdict: ``ship``, ``stop``, ``go on``, ``no effect worth having``, or ``no result``.
        reasons: In sentences.
        won: Whether the primary metric got better beyond chance; its guardrails may still stand against it.
    """

    verdict: str
    reasons: tuple[str, ...]
    won: bool = False

    def __str__(self) -> str:
        return f"{self.verdict}: {'; '.join(self.reasons)}"


class Bounds(NamedTuple):
    """The z to pass at each look so far.

    Attributes:
        primary: To either side, for the primary metric of one treatment: O'Brien-Fleming.
        guardrail: To the worse side, for one guardrail of one treatment: Pocock.
    """

    primary: list[float]
    guardrail: list[float]


def bounds_of(plan: Experiment, turns: Sequence[int]) -> Bounds:
    """Return the bounds of a plan's looks so far.

    Alpha is shared out evenly between treatments, and between the guardrails of each. How much may be spent follows the
    calendar, how alike two looks are follows the turns in which the primary metric is known. Where users come back,
    looks are more alike than their turns say, and the bounds are on the safe side.

    Args:
        plan: The experiment.
        turns: Those with the primary metric, at each look so far;
            a look without new turns spends nothing, and has the bound of the one before.

    Example:
        >>> from datetime import UTC, datetime
        >>> from chatmon.experiment._plan import Experiment
        >>> plan = Experiment(
        ...     name="short", hypothesis="As good.", variants={"control": 1, "short": 1}, primary="task_completion",
        ...     effect=0.05, users=2000, start=datetime(2026, 10, 5, tzinfo=UTC), days=7, looks=5,
        ...     guardrails={"error_rate": 0.1},
        ... )
        >>> [[round(bound, 2) for bound in own] for own in bounds_of(plan, [100, 200, 300])]
        [[4.88, 3.36, 2.68], [2.18, 2.14, 2.11]]
    """
    fresh = [place for place, number in enumerate(turns) if number > max((0, *turns[:place]))]
    if not fresh:
        return Bounds([sequential.FARTHEST] * len(turns), [sequential.FARTHEST] * len(turns))
    shares, information = [(place + 1) / plan.looks for place in fresh], [float(turns[place]) for place in fresh]
    alpha, found = plan.alpha / len(plan.treatments), []
    for spending, level, two_sided in (
        (sequential.obrien_fleming, alpha, True),
        (sequential.pocock, alpha / max(1, len(plan.guardrails)), False),
    ):
        own = sequential.bounds(shares, level, spending=spending, two_sided=two_sided, information=information)
        found.append(
            [
                own[sum(at <= place for at in fresh) - 1] if place >= fresh[0] else sequential.FARTHEST
                for place in range(len(turns))
            ]
        )
    return Bounds(*found)


def decide(plan: Experiment, bounds: Bounds, looks: Sequence[Mapping[str, Effect | str]]) -> Decision:
    """Return what to do with one treatment after a planned look.

    The first bound that was passed counts, even where a later look is back inside: that is what the plan promised.

    Args:
        plan: The experiment.
        bounds: At each look.
        looks: At each look so far, metric to its effect, or to why there is none.
    """
    last, good = len(looks) - 1, metric(plan.primary).good
    for place, effects in enumerate(looks):
        for name in plan.guardrails:
            found = effects[name]
            if not isinstance(found, str) and -found.gain >= bounds.guardrail[place]:
                return Decision(STOP, (f"{_seen(found, place)}, and got worse beyond chance: {name} is a guardrail",))
        found = effects[plan.primary]
        if isinstance(found, str):
            continue
        if -found.gain >= bounds.primary[place]:
            return Decision(STOP, (f"{_seen(found, place)}, and got worse beyond chance",))
        if found.gain >= bounds.primary[place]:
            return _won(plan, bounds, looks, f"{_seen(found, place)}: {good} beyond chance")
    now = looks[last][plan.primary]
    if isinstance(now, str):
        return Decision(STOP if last + 1 == plan.looks else GO_ON, (f"{plan.primary} is not known: {now}",))
    best = best_of(now, bounds.primary[last])
    if last + 1 < plan.looks:
        return Decision(GO_ON, (f"{_seen(now, last)}, within what chance does at look {last + 1} of {plan.looks}",))
    if best is not None and best < plan.effect:
        return Decision(
            NO_EFFECT,
            (f"{_seen(now, last)}; at best it is {best:.1%} better, and {plan.effect:.0%} was worth having",),
        )
    at_best = "a gain of unknown size" if best is None else f"a gain of up to {best:.1%}"
    return Decision(
        STOP,
        (f"{_seen(now, last)}; the plan ends without an answer, {at_best} is possible: keep {plan.control}",),
    )


def _won(plan: Experiment, bounds: Bounds, looks: Sequence[Mapping[str, Effect | str]], reason: str) -> Decision:
    """Return what to do with a treatment that is better, as to its guardrails: each has to be shown to hold."""
    last, reasons, all_hold = len(looks) - 1, [reason], True
    for name in plan.guardrails:
        found = looks[last][name]
        if isinstance(found, str):
            all_hold = False
            reasons.append(f"{name} is not known: {found}")
            continue
        held = holds(plan, found, bounds.primary[last])
        all_hold = all_hold and held
        reasons.append(_as_to(plan, found, bounds.primary[last], held=held))
    if all_hold:
        return Decision(SHIP, tuple(reasons), won=True)
    return Decision(STOP if last + 1 == plan.looks else GO_ON, tuple(reasons), won=True)


def _as_to(plan: Experiment, found: Effect, critical: float, *, held: bool) -> str:
    """Return what a guardrail shows, by its absolute margin where the relative one cannot say it."""
    margin, most = plan.guardrails[found.metric], plan.absolute.get(found.metric)
    worst, by = worst_of(found, critical), worst_by(found, critical)
    if held and min(by, by if worst is None else worst) <= 0:
        return f"{found.metric} is no worse"
    if worst is not None and (worst < margin or most is None):
        return f"{found.metric} {_at_worst(f'{worst:.1%}', f'{margin:.0%}', held=held)}"
    if most is not None:
        return f"{found.metric} {_at_worst(f'{by:.3g}', f'{most:.3g}', held=held)} (absolute)"
    return (
        f"{found.metric} went from {found.control:.3g} to {found.treatment:.3g}, which has no percentage, and may be "
        f"{by:.3g} worse: give the plan an absolute margin"
    )


def _at_worst(worst: str, allowed: str, *, held: bool) -> str:
    if held:
        return f"is at worst {worst} worse, {allowed} is allowed"
    return f"may be up to {worst} worse, {allowed} is allowed: not shown to hold"


def _seen(effect: Effect, place: int) -> str:
    moved = "" if effect.relative is None else f" ({effect.relative:+.1%})"
    return f"{effect.metric} went from {effect.control:.3g} to {effect.treatment:.3g}{moved} by look {place + 1}"
