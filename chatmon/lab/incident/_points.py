"""What a diagnosis earns: points by part against the truth, each with a reason to learn from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from chatmon.lab.incident._answers import DO, EXPERIMENT, FITTING, RULED_OUT, WHAT
from chatmon.lab.incident._diagnosis import AMOUNTS, Claim

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from chatmon.lab.traffic import Plant, Truth

MOST: Final = {"what": 20, "where": 20, "when": 20, "cost": 20, "do": 10, "experiment": 5, "ruled_out": 5}
"""Points of a problem, by part."""
MAIN: Final = 11
OTHER: Final = 3
"""Of the points for what a problem cost: for what it mainly cost, and for each other amount."""
FALSE: Final = 20
"""Points that a problem which is not there takes away, beyond as many as there are."""
DIMENSIONS: Final = ("intent", "region", "channel", "prompt_version", "model")
LEAST_OVERLAP: Final = 0.5
"""Below this, two windows are not the same one."""
OF_THE_LOG: Final = 0.01
"""An amount is right within itself, or within this share of what the whole log holds, whichever is more."""


class PartPoints(NamedTuple):
    """What one part of a problem earned.

    Attributes:
        name: One of ``MOST``.
        points: What it earned.
        reason: Why, as a sentence for the student.
    """

    name: str
    points: float
    reason: str


@dataclass(frozen=True, slots=True)
class ProblemPoints:
    """What was said of one problem that was there.

    Attributes:
        plant: The problem.
        claim: What was said of it; None for nothing.
        parts: What each part earned.
    """

    plant: Plant
    claim: Claim | None
    parts: tuple[PartPoints, ...]

    @property
    def points(self) -> float:
        """All of them."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True, slots=True)
class Grade:
    """What a diagnosis earned.

    Attributes:
        problems: One for each problem that was there.
        false: Problems that were said beyond as many as there are.
    """

    problems: tuple[ProblemPoints, ...]
    false: int

    @property
    def mark(self) -> float:
        """Out of 100, with one decimal place."""
        points = sum(one.points for one in self.problems) - FALSE * self.false
        return round(max(0.0, points / len(self.problems)), 1)

    def part(self, name: str) -> float:
        """Return the share of a part's points that was earned, from 0 to 1, over all problems."""
        earned = sum(part.points for one in self.problems for part in one.parts if part.name == name)
        return earned / (MOST[name] * len(self.problems))

    def __str__(self) -> str:
        lines = [f"{self.mark:g} of 100"]
        for at, one in enumerate(self.problems, 1):
            lines.append(f"Problem {at}: {one.points:.1f} of 100. It was {one.plant}")
            lines += [
                f"  {part.name:10} {part.points:4.1f} of {MOST[part.name]:2}  {part.reason}" for part in one.parts
            ]
        if self.false:
            lines.append(f"{self.false} more than there are: each takes {FALSE} points away.")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Meeting:
    """How far a claim meets a problem.

    Attributes:
        kind: Whether it is of its kind.
        where: How far it is of its slice, from 0 to 1.
        when: How far it is of its time, from 0 to 1.
    """

    kind: bool
    where: float
    when: float

    @property
    def found(self) -> float:
        """How far the problem was found: what follows from it counts no further than that."""
        return self.kind * math.sqrt(self.where * self.when)


@dataclass(frozen=True, slots=True)
class Case:
    """The log and the truth that a diagnosis is held against.

    Attributes:
        truth: The traffic's.
        turns: The traffic.
        whole: By the names in ``AMOUNTS``, what the whole log holds.
    """

    truth: Truth
    turns: pa.Table
    whole: Mapping[str, float]

    @classmethod
    def of(cls, truth: Truth, turns: pa.Table) -> Case:
        """Return the case of some traffic."""
        import pyarrow.compute as pc

        cost, seconds = (float(pc.sum(turns[name]).as_py() or 0) for name in ("cost", "response_time"))
        failed = turns.num_rows - turns["error_type"].null_count
        last = turns.group_by("conversation_id", use_threads=False).aggregate([("task_completed", "last")])
        unhelped = last.num_rows - (pc.sum(last["task_completed_last"]).as_py() or 0)
        return cls(truth, turns, {"usd": cost, "seconds": seconds, "failures": failed, "unhelped": unhelped})

    def meets(self, claim: Claim, plant: Plant) -> Meeting:
        """Return how far a claim meets a problem."""
        where = 0.0 if claim.where is None else self._of_turns(claim.where, plant.problem.slice)
        when = 0.0
        if claim.start is not None and claim.end is not None:
            when = _of_time((claim.start, claim.end), (plant.start, plant.end), self.truth)
        return Meeting(claim.what == plant.problem.kind, where, when)

    def _of_turns(self, said: Mapping[str, str], true: Mapping[str, str]) -> float:
        ours, theirs = self._inside(said), self._inside(true)
        share = float((ours & theirs).sum() / max(1, (ours | theirs).sum()))
        return _better_than_all(share, float(theirs.mean()))

    def _inside(self, where: Mapping[str, str]) -> np.ndarray:
        import pyarrow.compute as pc

        inside = np.ones(self.turns.num_rows, dtype=bool)
        for name, value in where.items():
            known = name in DIMENSIONS
            inside &= pc.equal(self.turns[name], value).fill_null(False).to_numpy() if known else False
        return inside


def _of_time(said: tuple[datetime, datetime], true: tuple[datetime, datetime], truth: Truth) -> float:
    from datetime import timedelta

    both = min(said[1], true[1]) - max(said[0], true[0])
    either = max(said[1], true[1]) - min(said[0], true[0])
    share = max(timedelta(0), both) / either
    return _better_than_all(share, (true[1] - true[0]) / timedelta(days=truth.days)) if share >= LEAST_OVERLAP else 0.0


def _better_than_all(share: float, of_all: float) -> float:
    """Return an overlap, or 0 where it is no larger than that of everything: to say everything is to say nothing."""
    return share if share > of_all or of_all == 1 else 0.0


def grade(claims: Sequence[Claim], truth: Truth, turns: pa.Table) -> Grade:
    """Hold a diagnosis against the truth.

    Each problem has 100 points. What is said of it is the claim that earns most, each claim for one problem. What was
    said of cost, remedy, experiment and what was ruled out counts as far as the problem was found: of its kind, at its
    place, in its time.

    Args:
        claims: What was said.
        truth: The traffic's.
        turns: The traffic.

    Example:
        >>> from chatmon.lab.incident import Assigned, ClassKey, incident
        >>> made = incident(ClassKey(bytes(32)), Assigned("Ada", problems=1, days=10))
        >>> grade([Claim(what=made.truth.plants[0].problem.kind)], made.truth, made.turns).mark
        10.0
        >>> grade(key_claims(made.truth), made.truth, made.turns).mark
        100.0
    """
    from scipy.optimize import linear_sum_assignment

    case = Case.of(truth, turns)
    parts = [[_parts(case, claim, plant) for claim in claims] for plant in truth.plants]
    worth = np.array([[sum(part.points for part in one) for one in row] for row in parts])
    places = zip(*linear_sum_assignment(worth, maximize=True), strict=True) if claims else ()
    chosen = {int(plant): int(claim) for plant, claim in places}
    problems = []
    for at, plant in enumerate(truth.plants):
        claim = claims[chosen[at]] if at in chosen and worth[at][chosen[at]] > 0 else None
        told = parts[at][chosen[at]] if claim else _parts(case, Claim(), plant)
        problems.append(ProblemPoints(plant, claim, tuple(told)))
    return Grade(tuple(problems), max(0, len(claims) - len(truth.plants)))


def key_claims(truth: Truth) -> list[Claim]:
    """Return the diagnosis that says all of it, as it was."""
    return [
        Claim(
            what=plant.problem.kind,
            where=plant.problem.slice,
            start=plant.start,
            end=plant.end,
            amounts={name: (value, value) for name, value in _true_amounts(plant).items()},
            do=FITTING[plant.problem.kind].do[0],
            experiment=FITTING[plant.problem.kind].experiment[0],
            ruled_out=(FITTING[plant.problem.kind].ruled_out,),
        )
        for plant in truth.plants
    ]


def _true_amounts(plant: Plant) -> dict[str, Any]:
    from decimal import Decimal

    usd, seconds, errors, unhelped = plant.saving
    return dict(zip(AMOUNTS, (usd, Decimal(seconds), Decimal(errors), Decimal(unhelped)), strict=True))


def _parts(case: Case, claim: Claim, plant: Plant) -> list[PartPoints]:
    """Return what each part of a claim earns as one of this problem."""
    met = case.meets(claim, plant)
    fitting = FITTING[plant.problem.kind]
    cost, cost_reason = _cost(case, claim, plant)
    shares = {
        "what": (met.kind * (1 + met.found) / 2, _what(claim, plant, met)),
        "where": (met.where * (1 if met.when else 0.5), _where(claim, plant, met)),
        "when": (met.when * (1 if met.where else 0.5), _when(claim, plant, met)),
        "cost": (cost * met.found, cost_reason),
        "do": ((claim.do in fitting.do) * met.found, _choice(claim.do, fitting.do, DO)),
        "experiment": (
            (claim.experiment in fitting.experiment) * met.found,
            _choice(claim.experiment, fitting.experiment, EXPERIMENT),
        ),
        "ruled_out": (_ruled_out(claim, fitting.ruled_out) * met.found, _looks_like(claim, fitting.ruled_out)),
    }
    behind = " It counts as far as the problem was found: {:.0%}." if 0 < met.found < 1 else ""
    if not met.found and claim != Claim():
        behind = " It counts once kind, place and time of the problem are met."
    return [
        PartPoints(name, round(MOST[name] * share, 1), reason + (behind.format(met.found) if name in FOLLOWING else ""))
        for name, (share, reason) in shares.items()
    ]


FOLLOWING: Final = ("cost", "do", "experiment", "ruled_out")


def _what(claim: Claim, plant: Plant, met: Meeting) -> str:
    true = plant.problem.kind
    if met.kind:
        return "Right." if met.found == 1 else "Right; the other half of it comes with its place and time."
    return f"It was {true}: {WHAT[true]}. {_said(claim.what)}"


def _where(claim: Claim, plant: Plant, met: Meeting) -> str:
    if met.where == 1:
        return "Right." if met.when else "Right; the other half of it comes with the time."
    said = _said(None if claim.where is None else _place(claim.where))
    overlap = f" {met.where:.0%} of the turns in either are in both." if met.where else ""
    nothing = " Everywhere is no place." if claim.where == {} else ""
    return f"It was {_place(plant.problem.slice)}. {said}{overlap}{nothing}"


def _when(claim: Claim, plant: Plant, met: Meeting) -> str:
    if met.when == 1:
        return "Right." if met.where else "Right; the other half of it comes with the place."
    whole = claim.start is not None and claim.end is not None
    said = _said(f"{claim.start:%m-%d %H:%M} to {claim.end:%m-%d %H:%M}" if whole else None)
    overlap = (
        f" {met.when:.0%} of the time in either is in both."
        if met.when
        else " The two have less than half in common, or no more than all of the log has."
        if whole
        else ""
    )
    return f"It was {plant.start:%m-%d %H:%M} to {plant.end:%m-%d %H:%M}. {said}{overlap}"


def _cost(case: Case, claim: Claim, plant: Plant) -> tuple[float, str]:
    """Return the share of the points for amounts, and what was off."""
    earned, off = 0.0, []
    for name, true in _true_amounts(plant).items():
        most = MAIN if name == FITTING[plant.problem.kind].costs else OTHER
        said = claim.amounts.get(name)
        share = 0.0 if said is None else _of_interval(said, float(true), case.whole[name] * OF_THE_LOG)
        earned += most * share
        if share < 1:
            off.append(f"{name} was {float(true):,.2f}, you said {'nothing' if said is None else _between(said)}")
    return earned / MOST["cost"], f"{'; '.join(off)}." if off else "Right."


def _of_interval(said: tuple[Any, Any], true: float, least: float) -> float:
    """Return what an interval is worth, from 0 to 1: all where it holds the truth and is no wider than that is large.

    A wider one is worth less in proportion, and from four times on nothing: to say any amount is to say none. Beside
    the truth it loses with the distance, and half of the truth away it is worth nothing.
    """
    low, high = map(float, said)
    scale = max(abs(true), least) or 1.0
    width, away = (high - low) / scale, max(low - true, true - high, 0.0) / scale
    if width >= 4:
        return 0.0
    return min(1.0, 1 / width if width else 1.0) * max(0.0, 1 - 2 * away)


def _choice(said: str | None, right: tuple[str, ...], words: Mapping[str, str]) -> str:
    if said in right:
        return "Right."
    return f"{' or '.join(right)} fits: {words[right[0]]}. {_said(said)}"


def _ruled_out(claim: Claim, right: str) -> float:
    """Return 1 for the one that looks like it, less the more are named beside it."""
    return 1 / len(claim.ruled_out) if right in claim.ruled_out else 0.0


def _looks_like(claim: Claim, right: str) -> str:
    if claim.ruled_out == (right,):
        return "Right."
    return f"{right} looks like it and is not: {RULED_OUT[right]}. {_said(', '.join(claim.ruled_out) or None)}"


def _said(what: str | None) -> str:
    return "You said nothing." if what is None else f"You said {what}."


def _place(where: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in where.items()) or "everywhere"


def _between(said: tuple[Any, Any]) -> str:
    return f"{said[0]} to {said[1]}"
