"""What is worse than elsewhere all along: slices held against the rest of the log, like for like."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chatmon._tools.sql import text
from chatmon.optimizer._held import Held, against
from chatmon.optimizer._models import as_good, completes_as_many
from chatmon.optimizer._prefix import prefix_evidence
from chatmon.optimizer._sample import INPUT
from chatmon.optimizer.recommendation import Amount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatmon.analysis.search.cells import Bools, Cells
    from chatmon.optimizer._models import Completion
    from chatmon.optimizer._sample import Sample
    from chatmon.optimizer.recommendation import Recommendation

ALPHA: Final = 0.01
"""The chance that a quiet log has any slice called worse, over all that are looked at."""
SLOWER: Final = 0.15
"""By how much replies must be slower than their work, relative to the rest."""
MORE: Final = 0.1
"""By how much more tokens a prompt must take than the others."""
UNCACHED: Final = 0.15
"""Points by which less of the input must come from the cache."""
DEAR: Final = 0.25
"""Share of an intent's turns on a dear model from which on it counts as sent there."""
TRIED: Final = 0.05
"""Share of them that a cheaper model must have answered to be judged."""
CHEAPER: Final = 1.5
"""How many times a cheaper model's price of input the dear one's must be."""
MOST_SLOW_SLICES: Final = 8
"""Slow slices after which looking stops."""
_CUT_BY: Final = ("intent", "region", "channel", "prompt_version", "variant")
_VERSIONS: Final = ("prompt_version", "variant")


class SlowSlice(NamedTuple):
    """Some of the rows.

    Attributes:
        values: Value by dimension, of one or two.
        rows: Which they are.
    """

    values: Mapping[str, str]
    rows: Bools

    @property
    def where(self) -> str:
        """The values in words."""
        return " and ".join(f"{name} {value}" for name, value in self.values.items())


class Sign(NamedTuple):
    """What a prompt that takes too much, or gets too little from the cache, shows by.

    Attributes:
        kind: Of the recommendation.
        value: The one of ``Sample``'s values that is held against the rest.
        words: What it is called.
        by: The dimensions whose slices are looked at.
        shown: SQL of what the recommendation's query shows.
    """

    kind: str
    value: str
    words: str
    by: tuple[str, ...]
    shown: str


SIGNS: Final = (
    Sign("bloated_prompt", "first_input", "input tokens a first turn", (*_VERSIONS, "channel"), "avg(input_tokens)"),
    Sign("long_answers", "answered_tokens", "output tokens a turn", _VERSIONS, "avg(output_tokens)"),
    Sign("uncached_prefix", "cached", "of the input from the cache", (*_VERSIONS, "channel"), "avg(cached_tokens)"),
)


def standing(sample: Sample, told: Sequence[Recommendation]) -> list[Recommendation]:
    """Return what is worse than elsewhere all along and is no part of a change already told.

    Args:
        sample: The turns.
        told: The changes. Where one is a matter of waiting, slow slices are not looked for: the time before it would
            count as the rest, and the time in it as the slice.
    """
    busy = {(name, value) for one in told for name, value in one.slice.items()}
    slow = [] if any(one.kind in ("slow_slice", "abandonment") for one in told) else _slow(sample)
    return [*slow, *_models(sample, busy), *_versions(sample, busy)]


def _slow(sample: Sample) -> list[Recommendation]:
    """Return the slices of one or two dimensions whose replies take longer than their work, the plainest first.

    Each slice that was found is taken out before looking again, so that its parents and children are not told as well.
    """
    cells = sample.finding
    slices = _slices(cells) + _pairs(cells)
    found: list[tuple[SlowSlice, float]] = []
    left = cells.where({})
    for _ in range(MOST_SLOW_SLICES):
        every = ((one, against(cells, "slowness", one.rows & left, ~one.rows & left)) for one in slices)
        held = [(one, each) for one, each in every if each is not None and each.change > math.log(1 + SLOWER)]
        if not held:
            break
        worst, each = max(held, key=lambda pair: pair[1].errors_away)
        if each.p(len(slices)) > ALPHA:
            break
        left = left & ~worst.rows
        found.append((worst, each.p(len(slices))))
    # What is slow as well is nothing to hold a slice against.
    usual = ~np.any([sample.estimating.where(one.values) for one, _ in found], axis=0) if found else left
    return [told for one, p in found for told in _told_slow(sample, one, p, usual)]


def _told_slow(sample: Sample, worst: SlowSlice, p: float, usual: Bools) -> list[Recommendation]:
    estimated = against(sample.estimating, "slowness", sample.estimating.where(worst.values), usual)
    if estimated is None or estimated.change <= 0:
        return []
    waited = float(sample.cells.shown["response_time"][1][sample.cells.where(worst.values)].sum())
    waited *= sample.times_of(worst.values)
    slower = Amount.around(estimated.change, estimated.error)
    numbers = "{:+.0%} ({:+.0%} to {:+.0%})".format(*(math.exp(one) - 1 for one in slower))
    return [
        _told(
            sample, "slow_slice", worst, {"seconds": Amount(*(waited * (1 - math.exp(-one)) for one in slower))},
            f"Replies of {worst.where} take {math.exp(estimated.change) - 1:.0%} longer than the same work elsewhere",
            (("response time over what its work takes", numbers),), "avg(response_time)", p,
        )
    ]  # fmt: skip


def _models(sample: Sample, busy: set[tuple[str, str]]) -> list[Recommendation]:
    """Return the intents that go to a dear model although a cheaper one completes as many of their tasks."""
    if sample.lacks("model", "cost", "intent") or sample.lacks_quality():
        return []
    found: list[Recommendation] = []
    for one in _slices(sample.cells, ("intent",)):
        intent = one.values["intent"]
        pair = None if ("intent", intent) in busy else _too_dear(sample, one)
        if pair is not None:
            found += _told_model(sample, one, *pair)
    return found


def _too_dear(sample: Sample, one: SlowSlice) -> tuple[str, str, Completion] | None:
    """Return the cheaper model that does as well on an intent, the dear one, and how; None where there is none."""
    turns = sample.cells.shown["cost"][0]
    every = max(turns[one.rows].sum(), 1)
    shares = {name: turns[one.rows & sample.cells.where({"model": name})].sum() / every for name in sample.prices}
    price = {name: sample.prices[name][0] for name in shares if shares[name] > 0}
    for dear in sorted(price, key=lambda name: -price[name]):
        cheaper = [name for name in price if price[name] * CHEAPER < price[dear] and shares[name] > TRIED]
        if shares[dear] < DEAR or not cheaper:
            continue
        cheap = max(cheaper, key=lambda name: shares[name])
        done = as_good(sample, one.values["intent"], cheap, dear)
        if done is not None:
            return cheap, dear, done
    return None


def _told_model(sample: Sample, one: SlowSlice, cheap: str, dear: str, done: Completion) -> list[Recommendation]:
    on_dear, on_cheap = (sample.estimating.where({**one.values, "model": name}) for name in (dear, cheap))
    each = against(sample.estimating, "cost", on_dear, on_cheap, like=())
    if each is None or each.change <= 0:
        return []
    # Of the others there is nothing to tell by what the cheaper model would do with them.
    n = done.like * sample.counted("cost", {**one.values, "model": dear})
    dearer = Amount.around(each.change, each.error)
    numbers = "+${:.2g} ({:+.2g} to {:+.2g})".format(*dearer)
    better = "completes no more of them" if done.rubric is None else "is no better at them"
    return [
        _told(
            sample, "overpowered_model", one, {"usd": dearer.times(n)},
            f"{dear} answers {n:,.0f} turns about {one.values['intent']} and {better} than {cheap}",
            (("cost of a turn", numbers), *done.rows(cheap)),
            "avg(cost)", each.p(1),
        )
    ]  # fmt: skip


def _versions(sample: Sample, busy: set[tuple[str, str]]) -> list[Recommendation]:
    """Return the prompts and variants that take more tokens than the others, or get less from the cache, to no use."""
    slices = [one for one in _slices(sample.finding, SIGNS[0].by) if not busy & set(one.values.items())]
    looked_at = len(SIGNS) * len(slices)
    found: list[Recommendation] = []
    for one in slices:
        for sign in SIGNS:
            each = _stands_out(sample, one, sign) if set(one.values) & set(sign.by) else None
            if each is not None and each.p(looked_at) <= ALPHA:
                found += _told_version(sample, sign, one, each.p(looked_at))
                break
    return found


def _stands_out(sample: Sample, one: SlowSlice, sign: Sign) -> Held | None:
    """Return how a slice differs from the rest, if by enough to matter and to no use."""
    each = against(sample.finding, sign.value, one.rows, ~one.rows)
    if each is None:
        return None
    if sign.kind == "uncached_prefix":
        return each if each.change < -UNCACHED and _caches_less(sample.finding, one.rows) else None
    n, total = (side[one.rows].sum() for side in sample.finding.shown[sign.value])
    much = each.change > MORE * (total / n - each.change)
    return each if much and completes_as_many(sample, one.values) else None


def _caches_less(cells: Cells, rows: Bools) -> bool:
    """Return whether fewer tokens come from the cache, and not only more from elsewhere, such as looked-up text."""
    held = against(cells, "cached_tokens", rows, ~rows)
    n, total = (side[rows].sum() for side in cells.sums("cached_tokens"))
    return held is not None and held.change < -UNCACHED * (total / n - held.change)


def _told_version(sample: Sample, sign: Sign, one: SlowSlice, p: float) -> list[Recommendation]:
    rows, every = sample.estimating.where(one.values), sample.cells.where(one.values)
    weights = sample.token_prices(every)
    weights = {name: weights[name] for name in (("answered_tokens",) if sign.kind == "long_answers" else INPUT)}
    each = against(sample.estimating, sign.value, rows, ~rows)
    paid = against(sample.estimating, weights, rows, ~rows)
    if each is None or paid is None or paid.change <= 0:
        return []
    n = sample.counted(next(iter(weights)), one.values)
    said = Amount.around(each.change, each.error)
    title = f"{one.where} takes {said.value:,.0f} more {sign.words} than the rest, and completes no more tasks"
    numbers = "{:+,.0f} ({:+,.0f} to {:+,.0f})".format(*said)
    if sign.kind == "uncached_prefix":
        title = f"{one.where} gets {-100 * said.value:.0f} points less {sign.words} than the rest"
        numbers = "{:+.0f} points ({:+.0f} to {:+.0f})".format(*said.times(100))
    saving = {"usd": Amount.around(paid.change, paid.error).times(n)}
    evidence = [(sign.words, numbers)]
    if sign.kind == "uncached_prefix":
        evidence += prefix_evidence(sample, _sql(one))
    return [_told(sample, sign.kind, one, saving, title, evidence, sign.shown, p)]


def _told(
    sample: Sample,
    kind: str,
    one: SlowSlice,
    saving: Mapping[str, Amount],
    title: str,
    evidence: Sequence[tuple[str, str]],
    shown: str,
    p: float,
) -> Recommendation:
    return sample.all_along(
        kind, one.values, saving, title, evidence,
        f"SELECT {_sql(one)} AS inside, {shown} AS mean, count(*) AS n FROM turns GROUP BY 1 ORDER BY 1",  # noqa: S608 - quoted
        f"p = {p:.1g} in one half of the users, corrected for all slices looked at; the saving is estimated on the "
        "other",
    )  # fmt: skip


def _sql(one: SlowSlice) -> str:
    return " AND ".join(f"{name} = {text(value)}" for name, value in one.values.items())


def _slices(cells: Cells, by: Sequence[str] = _CUT_BY) -> list[SlowSlice]:
    return [SlowSlice({name: value}, cells.where({name: value})) for name in by for value in cells.values(name)]


def _pairs(cells: Cells) -> list[SlowSlice]:
    alone = {name: _slices(cells, (name,)) for name in _CUT_BY}
    return [
        SlowSlice({**a.values, **b.values}, a.rows & b.rows)
        for one, other in combinations(_CUT_BY, 2)
        for a in alone[one]
        for b in alone[other]
    ]
