"""Whether a cheaper model does as well, as far as a log can tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chatmon._tools.judged import LABEL, VERDICT
from chatmon._tools.sql import text
from chatmon.analysis.source import asked, query
from chatmon.optimizer._held import against

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatmon.optimizer._sample import Sample

SEEN: Final = 0.8
"""Share of the dearer model's turns whose like a cheaper one must have answered to be judged."""
LEAST_ALIKE: Final = 20
"""Turns of the cheaper model from which on it has answered turns of a kind."""
MARGIN: Final = 0.05
"""Points of task completion by which a cheaper model may be worse and still be called as good."""
_DONE: Final = "CASE WHEN task_completed THEN 1 WHEN NOT task_completed THEN 0 END"
_ONE_SIDED: Final = 1.6448536269514722
"""The normal quantile of 95 %."""
_BEYOND_DOUBT: Final = 2.3263478740408408
"""The normal quantile of 99 %."""


class Completion(NamedTuple):
    """How many of an intent's tasks two models complete, among turns that are like in size and place.

    Attributes:
        cheap: The cheaper model's share, of turns as large as the dearer one's.
        dear: The dearer one's.
        cheap_n: Turns of the cheaper one.
        dear_n: Turns of the dearer one.
        lowest: Lower end of the one-sided 95 % interval of the cheaper one's share less the dearer one's.
        like: The share of the dearer one's turns whose like the cheaper one has answered.
        rubric: By whose corrected verdicts; None where it is by completed tasks.
        also: What holds by other rubrics.
    """

    cheap: float
    dear: float
    cheap_n: int
    dear_n: int
    lowest: float
    like: float
    rubric: str | None = None
    also: tuple[Completion, ...] = ()

    @property
    def had_easier(self) -> bool:
        """Whether the cheaper one completes more beyond doubt: it was given what is easier, in what the log has not."""
        more = self.cheap - self.dear
        return more > _BEYOND_DOUBT / _ONE_SIDED * (more - self.lowest)

    def rows(self, cheap: str) -> list[tuple[str, str]]:
        """Return pairs of a name and a text, one for each way in which the cheaper model is as good."""
        every = (self, *self.also)
        names = [
            f"tasks {cheap} completes" if one.rubric is None else f"{one.rubric} of {cheap}, corrected" for one in every
        ]
        return list(zip(names, map(str, every), strict=True))

    def __str__(self) -> str:
        shares = f"{self.cheap:.1%} of {self.cheap_n:,} turns against {self.dear:.1%} of {self.dear_n:,}"
        return f"{shares}, of like size, worse by at most {max(0.0, -100 * self.lowest):.1f} points"


def completion(
    sample: Sample, intent: str | None, cheap: str, dear: str, rubric: str | None = None
) -> Completion | None:
    """Return how many of an intent's tasks two models complete, with conversations as what was drawn.

    A router gives a cheaper model what is easy. So turns are held against turns of their intent whose input is as
    large, within a factor of two, and that are first in their conversation or are not; groups count as the dearer model
    has them.

    Args:
        sample: The turns.
        intent: Whose tasks; None for those of all.
        cheap: The cheaper model.
        dear: The dearer one.
        rubric: Whose verdicts, put right by each model's own labels, are compared in place of completed tasks.

    Returns:
        None where one of them answered in fewer than two conversations, or the cheaper one has seen too few turns like
        those of the dearer one.
    """
    like = "intent, coalesce(floor(log2(greatest(input_tokens, 1))), -1), place = 1"
    where, side = _asked_of(intent, cheap, dear), f"model = {text(dear)}"
    done = _DONE if rubric is None else _corrected(sample, rubric, side, where)
    return None if isinstance(done, _Unknown) else _compared(sample, side, where, like, done)


def _asked_of(intent: str | None, cheap: str, dear: str) -> str:
    models = f"model IN ({text(cheap)}, {text(dear)})"
    return models if intent is None else f"intent = {text(intent)} AND {models}"


class _Unknown(NamedTuple):
    """Why labels do not put verdicts right."""

    why: str


def _corrected(sample: Sample, rubric: str, side: str, where: str) -> str | _Unknown:
    """Return the SQL of what a turn adds to the corrected rate of its side, or why labels do not put both right."""
    from chatmon.quality import correction

    word, label = f"{VERDICT}{rubric}", f"{LABEL}{rubric}"
    rows = query(
        sample.turns,
        f"""SELECT dear, sum(n), sum(labels), sum(yes), sum(same), sum(met),
            power(sum(labels), 2) / nullif(sum(power(labels, 2)), 0)
        FROM (SELECT ({side}) AS dear, conversation_id, count(*) AS n, CAST(count({label}) AS DOUBLE) AS labels,
                coalesce(sum({label}), 0) AS yes, sum(CASE WHEN {label} IS NOT NULL THEN {word} ELSE 0 END) AS same,
                coalesce(sum({label} * {word}), 0) AS met
            FROM turns WHERE {where} AND {word} IS NOT NULL GROUP BY 1, 2) AS each GROUP BY dear""",  # noqa: S608 - quoted
    )
    found = {
        bool(dear): correction(float(n), labels, yes, same, met, units or 0.0)
        for dear, n, labels, yes, same, met, units in rows
    }
    why = [one for one in found.values() if isinstance(one, str)]
    if why or len(found) < 2:
        return _Unknown(why[0] if why else "one of the two has no verdict")
    on_dear, on_cheap = (one.adds(word, label) for one in (found[True], found[False]) if not isinstance(one, str))
    return f"CASE WHEN {side} THEN {on_dear} ELSE {on_cheap} END"


def _compared(sample: Sample, side: str, where: str, like: str, done: str) -> Completion | None:
    """Return how two sides do on turns that are alike, with conversations as what was drawn.

    Args:
        sample: The turns.
        side: SQL of whether a turn is the dearer side's.
        where: SQL of the turns that are compared.
        like: SQL of what turns are alike in, separated by commas.
        done: SQL of what a turn adds to its side's rate; NULL where unknown.
    """
    rows = asked(
        sample.turns,
        f"""SELECT dear, dense_rank() OVER (ORDER BY conversation_id) - 1 AS conversation,
            dense_rank() OVER (ORDER BY alike) - 1 AS alike, n, done FROM (
            SELECT ({side}) AS dear, conversation_id, ({like}) AS alike, CAST(count(*) AS DOUBLE) AS n,
                CAST(sum({done}) AS DOUBLE) AS done
            FROM turns WHERE {where} AND ({done}) IS NOT NULL GROUP BY 1, 2, 3) AS each""",  # noqa: S608 - quoted
    ).fetchnumpy()
    on_dear, conversation, alike, n, adds = (
        np.asarray(rows[name]) for name in ("dear", "conversation", "alike", "n", "done")
    )
    if not len(n):
        return None
    groups = int(alike.max()) + 1
    sides = {True: on_dear.astype(bool), False: ~on_dear.astype(bool)}
    known = {model: np.bincount(alike[mine], n[mine], groups) for model, mine in sides.items()}
    seen = known[False] >= np.minimum(LEAST_ALIKE, np.maximum(known[True], 1))
    weights = np.where(seen, known[True], 0.0)
    share = float(weights.sum() / known[True].sum()) if known[True].sum() else 0.0
    if share < SEEN:
        return None
    weights = weights / weights.sum()
    found = {}
    for model, mine in sides.items():
        rows = mine & (weights[alike] > 0)
        if len(np.unique(conversation[rows])) < 2:
            return None
        totals = np.maximum(known[model], 1)
        rates = np.bincount(alike[rows], adds[rows], groups) / totals
        # What each conversation adds to the weighed rate, to first order.
        parts = (weights / totals)[alike[rows]] * (adds[rows] - rates[alike[rows]] * n[rows])
        each = np.bincount(np.unique(conversation[rows], return_inverse=True)[1], parts)
        variance = float((each**2).sum()) * len(each) / (len(each) - 1)
        found[model] = (float((weights * rates).sum()), int(n[rows].sum()), variance)
    (low, few, own), (high, many, other) = found[False], found[True]
    return Completion(low, high, few, many, low - high - _ONE_SIDED * math.sqrt(own + other), share)


def as_good(sample: Sample, intent: str, cheap: str, dear: str, margin: float = MARGIN) -> Completion | None:
    """Return how a cheaper model does that is as good at an intent as a dearer one, but for a margin.

    It has to complete as many of its tasks, where the log says which were, and by each rubric of which both have labels
    enough its corrected rate has to be as high. A judge's own rate shows nothing.

    Args:
        sample: The turns.
        intent: Whose tasks.
        cheap: The cheaper model.
        dear: The dearer one.
        margin: Points of completion.

    Returns:
        None where it may be worse by more than that (non-inferiority), where it is better, at this intent or at all
        together, which a router makes that sends it what is easy, or where too little is known.
    """
    side, where = f"model = {text(dear)}", _asked_of(intent, cheap, dear)
    known: list[str | None] = [None] if not sample.lacks("task_completed") else []
    known += [name for name in sample.rubrics if not isinstance(_corrected(sample, name, side, where), _Unknown)]
    found = []
    for rubric in known:
        one = completion(sample, intent, cheap, dear, rubric)
        if one is None or one.lowest <= -margin or one.had_easier:
            return None
        everywhere = completion(sample, None, cheap, dear, rubric)
        if everywhere is not None and everywhere.had_easier:
            return None
        found.append(one._replace(rubric=rubric))
    return found[0]._replace(also=tuple(found[1:])) if found else None


def completes_as_many(sample: Sample, values: Mapping[str, str], margin: float = MARGIN) -> bool:
    """Return whether turns outside a slice are as good as those inside, but for a margin, like for like.

    Where those inside are better beyond doubt, by however little, they are not. By completed tasks where the log says
    which were, and by each rubric of which both sides have labels enough.

    Args:
        sample: The turns.
        values: The slice, dimension to value.
        margin: Points of completion.
    """
    rated = [_rated_as_high(sample, values, rubric, margin) for rubric in sample.rubrics]
    if False in rated:
        return False
    if sample.lacks("task_completed"):
        return True in rated
    rows = sample.cells.where(values)
    held = against(sample.cells, "completion", rows, ~rows)
    return held is not None and held.errors_away < _BEYOND_DOUBT and held.change + _ONE_SIDED * held.error < margin


def _rated_as_high(sample: Sample, values: Mapping[str, str], rubric: str, margin: float) -> bool | None:
    """Return whether turns outside a slice have as high a corrected rate, like for like; None where that is unknown."""
    side = " AND ".join(f"coalesce({name} = {text(value)}, false)" for name, value in values.items())
    done = _corrected(sample, rubric, side, "true")
    if isinstance(done, _Unknown):
        return None
    found = _compared(sample, side, "true", "intent, model", done)
    return found is not None and found.lowest > -margin
