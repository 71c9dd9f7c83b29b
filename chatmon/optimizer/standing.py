"""What is worse than elsewhere all along: slices held against the rest of the log, like for like."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chatmon.analysis.cells import VALUES
from chatmon.analysis.finding import quoted
from chatmon.optimizer.models import as_good, completes_as_many
from chatmon.optimizer.recommendation import MONTH, Amount, Recommendation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatmon.analysis.cells import Bools, Cells
    from chatmon.optimizer.sample import Sample

ALPHA: Final = 0.01
"""The chance that a quiet log has any slice called worse, over all that are looked at."""
LEAST_TURNS: Final = 200
"""Turns of a slice below which it is not judged."""
SLOWER: Final = 0.15
"""By how much replies must be slower than their work, relative to the rest."""
MORE: Final = 0.1
"""By how much more tokens a prompt must take than the others."""
UNCACHED: Final = 0.15
"""Points by which less of the input must come from the cache."""
DEAR: Final = 0.25
"""Share of an intent's turns on a dear model from which on it counts as sent there."""
_CUT_BY: Final = ("intent", "region", "channel", "prompt_version", "variant")
_VERSIONS: Final = ("prompt_version", "variant")


class Slice(NamedTuple):
    """Some of the rows, by one or two dimensions."""

    values: Mapping[str, str]
    rows: Bools


class Held(NamedTuple):
    """A slice held against the rest.

    Attributes:
        change: Its mean less that of the rest, like for like.
        error: The standard error.
        n: Its turns.
    """

    change: float
    error: float
    n: float

    @property
    def errors_away(self) -> float:
        """By how many standard errors it differs."""
        return self.change / self.error if self.error > 0 else 0.0


def standing(sample: Sample, told: Sequence[Recommendation]) -> list[Recommendation]:
    """Return what is worse than elsewhere all along and is no part of a change already told.

    Args:
        sample: The turns.
        told: The changes.
    """
    busy = {(name, value) for one in told for name, value in one.slice.items()}
    slow = [] if any(one.kind in ("slow_slice", "abandonment") for one in told) else _slow(sample)
    found = [*slow, *_models(sample, busy), *_versions(sample, busy)]
    return [one for one in found if one is not None]


def _slow(sample: Sample) -> list[Recommendation]:
    """Return the slices of one or two dimensions whose replies take longer than their work, the plainest first.

    Each slice that was found is taken out before looking again, so that its parents and children are not told as well.
    """
    cells, found = sample.finding, []
    slices = _slices(cells, 2)
    left: Bools = np.ones(len(cells.hour), dtype=bool)
    for _ in range(8):
        every = ((one, against_rest(cells, "slowness", one.rows & left, ~one.rows & left)) for one in slices)
        held = [(one, each) for one, each in every if each is not None and each.change > math.log(1 + SLOWER)]
        if not held:
            break
        worst, each = max(held, key=lambda pair: pair[1].errors_away)
        if _p(each, len(slices)) > ALPHA:
            break
        left = left & ~worst.rows
        made = _told_slow(sample, worst, each, len(slices))
        if made is not None:
            found.append(made)
    return found


def _told_slow(sample: Sample, worst: Slice, each: Held, looked_at: int) -> Recommendation | None:
    rows = rows_with(sample.estimating, worst.values)
    estimated = against_rest(sample.estimating, "slowness", rows, ~rows)
    if estimated is None or estimated.change <= 0:
        return None
    waited = float(sample.cells.shown["response_time"][1][rows_with(sample.cells, worst.values)].sum())
    slower = Amount.around(estimated.change, estimated.error)
    saving = {"seconds": Amount(*(waited * (1 - math.exp(-one)) for one in slower))}
    where = " and ".join(f"{name} {value}" for name, value in worst.values.items())
    numbers = "{:+.0%} ({:+.0%} to {:+.0%})".format(*(math.exp(one) - 1 for one in slower))
    return _made(
        sample, "slow_slice", worst.values, each, saving, looked_at,
        f"Replies of {where} take {math.exp(estimated.change) - 1:.0%} longer than the same work elsewhere",
        ("response time over what its work takes", numbers),
        "avg(response_time)",
    )  # fmt: skip


def _models(sample: Sample, busy: set[tuple[str, str]]) -> list[Recommendation]:
    """Return the intents that go to a dear model although a cheaper one completes as many of their tasks."""
    if sample.lacks("model", "cost", "task_completed", "intent"):
        return []
    cells, found = sample.cells, []
    for one in _slices(cells, 1):
        intent = one.values.get("intent")
        if intent is None or ("intent", intent) in busy:
            continue
        models = cells.dimensions["model"][one.rows]
        turns = cells.shown["cost"][0][one.rows]
        shares = {
            name: turns[(models == name).to_numpy(dtype=bool, na_value=False)].sum() / max(turns.sum(), 1)
            for name in models.dropna().unique()
        }
        priced = {name: sample.prices[name][0] for name in shares if name in sample.prices}
        for dear in sorted(priced, key=lambda name: -priced[name]):
            cheaper = [name for name in priced if priced[name] < priced[dear] / 1.5 and shares[name] > 0.05]
            if shares[dear] < DEAR or not cheaper:
                continue
            cheap = max(cheaper, key=lambda name: shares[name])
            if as_good(sample, intent, cheap, dear):
                found.append(_told_model(sample, intent, cheap, dear))
                break
    return [one for one in found if one is not None]


def _told_model(sample: Sample, intent: str, cheap: str, dear: str) -> Recommendation | None:
    cells = sample.estimating
    rows = rows_with(cells, {"intent": intent})
    model = cells.dimensions["model"]
    on_dear, on_cheap = (rows & np.asarray((model == name).fillna(False), dtype=bool) for name in (dear, cheap))
    each = against_rest(cells, "cost", on_dear, on_cheap, like=())
    if each is None or each.change <= 0:
        return None
    every = rows_with(sample.cells, {"intent": intent}) & np.asarray(
        (sample.cells.dimensions["model"] == dear).fillna(False), dtype=bool
    )
    n = float(sample.cells.shown["cost"][0][every].sum())
    dearer = Amount.around(each.change, each.error)
    return _made(
        sample, "overpowered_model", {"intent": intent}, each._replace(n=n), {"usd": dearer.times(n)}, 1,
        f"{dear} answers {n:,.0f} turns about {intent} and completes no more of them than {cheap}",
        ("cost of a turn", "+${:.2g} ({:+.2g} to {:+.2g})".format(*dearer)), "avg(cost)",
    )  # fmt: skip


def _versions(sample: Sample, busy: set[tuple[str, str]]) -> list[Recommendation | None]:
    """Return the prompts and variants that take more tokens than the others, or get less from the cache, to no use."""
    slices = [one for one in _slices(sample.finding, 1) if set(one.values) & {*_VERSIONS, "channel"}]
    slices = [one for one in slices if not busy & set(one.values.items())]
    looked_at = 3 * len(slices)
    found: list[Recommendation | None] = []
    for one in slices:
        for kind, name, words in (
            ("bloated_prompt", "first_input", "input tokens a first turn"),
            ("long_answers", "answered_tokens", "output tokens a turn"),
            ("uncached_prefix", "cached", "share of the input read from the cache"),
        ):
            if kind == "long_answers" and not set(one.values) & set(_VERSIONS):
                continue
            each = against_rest(sample.finding, name, one.rows, ~one.rows)
            if each is None or _p(each, looked_at) > ALPHA:
                continue
            n, total = (side[one.rows].sum() for side in sample.finding.shown[name])
            usual = total / n - each.change
            enough = each.change < -UNCACHED if kind == "uncached_prefix" else each.change > MORE * usual
            if enough and (kind == "uncached_prefix" or completes_as_many(sample, one.values)):
                found.append(_told_version(sample, kind, name, words, one, looked_at))
                break
    return found


def _told_version(
    sample: Sample, kind: str, name: str, words: str, one: Slice, looked_at: int
) -> Recommendation | None:
    cells = sample.estimating
    rows, every = rows_with(cells, one.values), rows_with(sample.cells, one.values)
    each = against_rest(cells, name, rows, ~rows)
    n = float(sample.cells.shown["fresh_tokens"][0][every].sum())
    if each is None or not n:
        return None
    if kind == "long_answers":
        models = sample.cells.dimensions["model"][every]
        turns = sample.cells.shown["output_tokens"][0][every]
        price = sum(
            turns[(models == model).to_numpy(dtype=bool, na_value=False)].sum() * prices[2]
            for model, prices in sample.prices.items()
        )
        amount = Amount.around(each.change, each.error).times(price)
    else:
        weights = {
            "fresh_tokens": float(sample.cells.shown["price_fresh"][1][every].sum()) / n,
            "cached_tokens": float(sample.cells.shown["price_cached"][1][every].sum()) / n,
        }
        paid = against_rest(cells, weights, rows, ~rows)
        if paid is None:
            return None
        amount = Amount.around(paid.change, paid.error).times(n)
    where = " and ".join(f"{dimension} {value}" for dimension, value in one.values.items())
    said = Amount.around(each.change, each.error)
    if amount.value <= 0:
        return None
    title = f"{where} takes {said.value:,.0f} more {words} than the rest, like for like, and completes no more tasks"
    numbers = "{:+,.0f} ({:+,.0f} to {:+,.0f})".format(*said)
    if kind == "uncached_prefix":
        title = f"The cache gives {where} {-100 * said.value:.0f} points less of the input than the rest"
        numbers = "{:+.0f} points ({:+.0f} to {:+.0f})".format(*said.times(100))
    measure = "avg(output_tokens)" if kind == "long_answers" else "avg(input_tokens)"
    return _made(sample, kind, one.values, each, {"usd": amount}, looked_at, title, (words, numbers), measure)


def _made(
    sample: Sample,
    kind: str,
    values: Mapping[str, str],
    each: Held,
    saving: Mapping[str, Amount],
    looked_at: int,
    title: str,
    evidence: tuple[str, str],
    measure: str,
) -> Recommendation:
    where = " AND ".join(f"{name} = {quoted(value)}" for name, value in values.items())
    p = _p(each, looked_at)
    month = MONTH / max(sample.days, 1 / 24)
    return Recommendation(
        kind=kind,
        title=title,
        slice=dict(values),
        start=sample.start,
        end=sample.end,
        ongoing=True,
        evidence=(evidence, ("turns", f"{each.n:,.0f}")),
        query=f"SELECT {where} AS inside, {measure} AS mean, count(*) AS n FROM turns GROUP BY 1 ORDER BY 1",  # noqa: S608 - quoted
        saving=dict(saving),
        monthly={unit: amount.times(month) for unit, amount in saving.items()},
        confidence=f"p = {p:.1g} in one half of the users, corrected for all slices looked at; the saving is estimated "
        "on the other half",
        weight=sample.weight(saving),
    )


def against_rest(
    cells: Cells,
    values: str | Mapping[str, float],
    rows: Bools,
    rest: Bools,
    like: Sequence[str] = ("intent", "model"),
) -> Held | None:
    """Hold some rows against others, within groups that are alike, with conversations as what was drawn.

    Groups are weighed as Mantel and Haenszel do (JNCI 22, 1959): by how much they tell about the difference.

    Args:
        cells: The turns.
        values: The value's name, or the weights of several that are added up.
        rows: Those that are judged.
        rest: Those that they are held against.
        like: Dimensions within whose values they are compared.

    Returns:
        None where too few turns are on either side.
    """
    weights = {values: 1.0} if isinstance(values, str) else values
    n = cells.shown[next(iter(weights))][0]
    total = np.asarray(sum(weight * cells.shown[name][1] for name, weight in weights.items()))
    if n[rows].sum() < LEAST_TURNS or n[rest].sum() < LEAST_TURNS:
        return None
    group = np.zeros(len(n), dtype=np.int64)
    for name in like:
        codes, names = cells.dimensions[name].factorize(use_na_sentinel=False)
        group = group * len(names) + codes
    size = int(group.max()) + 1
    (n_in, n_out), (sum_in, sum_out) = (
        tuple(np.bincount(group[side], each[side], size) for side in (rows, rest)) for each in (n, total)
    )
    both = (n_in > 0) & (n_out > 0)
    held = np.where(both, n_in * n_out / np.maximum(n_in + n_out, 1), 0.0)
    if held.sum() == 0:
        return None
    mean_in, mean_out = sum_in / np.maximum(n_in, 1), sum_out / np.maximum(n_out, 1)
    change = float((held * (mean_in - mean_out)).sum() / held.sum())
    # What each row adds to the difference to first order, added up by conversation.
    parts = np.zeros(len(n))
    for side, mean, count, sign in ((rows, mean_in, n_in, 1.0), (rest, mean_out, n_out, -1.0)):
        of = group[side]
        parts[side] = sign * held[of] / np.maximum(count[of], 1) * (total[side] - mean[of] * n[side])
    error = math.sqrt(float((np.bincount(cells.cluster, parts) ** 2).sum())) / float(held.sum())
    return Held(change, error, float(n[rows].sum()))


def _p(each: Held, looked_at: int) -> float:
    from scipy.stats import norm

    return float(min(1.0, 2 * norm.sf(abs(each.errors_away)) * looked_at))


def _slices(cells: Cells, deep: int) -> list[Slice]:
    by = {}
    for name in _CUT_BY:
        counts = cells.dimensions[name].value_counts()
        counts = counts[counts > 0]
        if len(counts) + int(cells.dimensions[name].isna().any()) > 1:
            by[name] = sorted(counts.index, key=lambda value: (-counts[value], value))[:VALUES]
    found = [Slice({name: value}, rows_with(cells, {name: value})) for name, values in by.items() for value in values]
    if deep > 1:
        alone = {next(iter(one.values.items())): one.rows for one in found}
        found += [
            Slice({first: a, second: b}, alone[first, a] & alone[second, b])
            for first, second in combinations(by, 2)
            for a in by[first]
            for b in by[second]
        ]
    return found


def rows_with(cells: Cells, values: Mapping[str, str]) -> Bools:
    """Return which rows have these values of these dimensions."""
    rows: Bools = np.ones(len(cells.hour), dtype=bool)
    for name, value in values.items():
        rows = rows & np.asarray((cells.dimensions[name] == value).fillna(False), dtype=bool)
    return rows
