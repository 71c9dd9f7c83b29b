"""Turns and a plan become a result: first whether it may be looked at, then the looks, then what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from chatmon.analysis.source import relation
from chatmon.experiment._aggregate import add_up, columns, loose
from chatmon.experiment._decision import GO_ON, NO_RESULT, Bounds, Decision, bounds_of, decide
from chatmon.experiment._effects import effect, library
from chatmon.experiment._metrics import metric
from chatmon.experiment._result import Result
from chatmon.experiment._validity import check

if TYPE_CHECKING:
    from datetime import datetime

    from chatmon.analysis.source import Turns
    from chatmon.experiment._aggregate import Loose, Users
    from chatmon.experiment._effects import Effect
    from chatmon.experiment._metrics import Metric
    from chatmon.experiment._plan import Experiment


def analyse(turns: Turns, plan: Experiment, *, look: int | None = None, at: datetime | None = None) -> Result:
    """Return an experiment's result at a planned look, or what can be said at any other moment.

    A planned look decides by the plan's bounds; the looks before it are made anew from the same turns, so a bound that
    was passed stays passed. Any other moment decides nothing: its p-values and intervals are always valid.

    Args:
        turns: Any holder of turns: those of the experiment, and those of the days before for a sharper comparison.
        plan: The experiment.
        look: Number of a planned look, from 1.
        at: Any other moment, with a time zone.

    Raises:
        MissingPackageError: tea-tasting is not installed.
        ValueError: Neither or both of ``look`` and ``at`` are given, or the turns do not reach that far.
    """
    library()  # before work is done that would be in vain
    if (look is None) == (at is None):
        raise ValueError(f"look ({look}) or at ({at}): a planned look by its number, any other moment by its time")
    until = plan.look_time(look) if look is not None else at
    assert until is not None  # noqa: S101 - one of the two is given
    if until.tzinfo is None or until <= plan.start:
        raise ValueError(f"at ({until}) has no time zone, or is not after the start ({plan.start})")
    turns = relation(turns)
    stray = loose(turns, plan, until)
    _check_reached(plan, look, stray)
    every = _metrics(plan.primary, *plan.secondaries, *plan.guardrails)
    times = [time for time in map(plan.look_time, range(1, plan.looks + 1)) if time < until]
    *earlier, users = add_up(turns, plan, every, [*times, until])
    validity = check(plan, users, stray)
    counts = {variant: arm.users for variant, arm in users.arms.items()}
    looks = () if validity.faults else tuple(_effects(plan, every, own) for own in (*earlier, users))
    bounds = Bounds([], [])
    if validity.faults:
        decisions = dict.fromkeys(plan.treatments, Decision(NO_RESULT, validity.faults))
    elif look is None:
        decisions = dict.fromkeys(plan.treatments, Decision(GO_ON, (f"no planned look: {_next_look(plan, until)}",)))
    else:
        bounds = bounds_of(plan, [_information(plan, own) for own in (*earlier, users)])
        decisions = {name: decide(plan, bounds, [own[name] for own in looks]) for name in plan.treatments}
    return Result(plan, look, until, validity, counts, looks, bounds, decisions)


def _metrics(*names: str) -> list[Metric]:
    return [metric(name) for name in dict.fromkeys(names)]


def _effects(plan: Experiment, metrics: list[Metric], users: Users) -> dict[str, dict[str, Effect | str]]:
    control = users.arms[plan.control]
    return {
        name: {metric.name: effect(metric, name, control, users.arms[name]) for metric in metrics}
        for name in plan.treatments
    }


def _information(plan: Experiment, users: Users) -> int:
    """Return the turns in which the primary metric is known: it may come late, or seldom."""
    count = columns(metric(plan.primary))[1]
    return round(sum(arm.means.get(count, 0.0) * arm.users for arm in users.arms.values()))


def _check_reached(plan: Experiment, look: int | None, stray: Loose) -> None:
    if look is None or stray.last is None:
        return
    before = plan.look_time(look) - timedelta(days=plan.days) / plan.looks
    if stray.last < before:
        raise ValueError(
            f"look {look} is at {plan.look_time(look):%Y-%m-%d %H:%M}, and the turns end at "
            f"{stray.last:%Y-%m-%d %H:%M}: wait for it, or say at= for a look that decides nothing"
        )


def _next_look(plan: Experiment, until: datetime) -> str:
    ahead = [look for look in range(1, plan.looks + 1) if plan.look_time(look) > until]
    if not ahead:
        return "the last one has passed, analyse it by its number"
    return f"the next one is look {ahead[0]}, at {plan.look_time(ahead[0]):%Y-%m-%d %H:%M}"
