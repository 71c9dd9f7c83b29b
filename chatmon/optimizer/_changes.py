"""What got worse: windows in which a slice differs from itself, each told by its cause, and what mending it saves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chatmon.analysis.findings import query_of, sentences, slice_of, window_of
from chatmon.analysis.search.cells import SCAN_MEASURES
from chatmon.analysis.search.scan import P_OF_A_REMAINDER, log_p, scan_cells, sharpened
from chatmon.analysis.source import query
from chatmon.optimizer._models import as_good
from chatmon.optimizer._prefix import prefix_evidence
from chatmon.optimizer._sample import INPUT, inside
from chatmon.optimizer.kinds import KINDS
from chatmon.optimizer.recommendation import Recommendation, monthly

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from chatmon.analysis.search.cells import Bools, Cells
    from chatmon.analysis.search.scan import Shift
    from chatmon.optimizer._sample import Sample
    from chatmon.optimizer.recommendation import Amount

CAUSES: Final = (
    "errors", "repeats", "price", "input_tokens", "cached", "cost", "response_time", "completion",
)  # fmt: skip
"""Measures whose change for the worse may be a cause, in the order in which they explain each other."""
RARE: Final = ("errors", "repeats")
"""Those of them that half of the users may be too few to show."""
SAVES: Final = {
    "retry_storm": {"seconds": "retried_seconds", "errors": "retried", "usd": "retried_cost"},
    "error_burst": {"errors": "errors"},
    "price_rise": {"usd": "price"},
    "bloated_prompt": {"usd": "input", "seconds": "response_time"},
    "uncached_prefix": {"usd": "input", "seconds": "response_time"},
    "overpowered_model": {"usd": "cost", "seconds": "response_time"},
    "abandonment": {"seconds": "response_time", "unhelped": "unhelped"},
    "slow_slice": {"seconds": "response_time"},
    "quality_drop": {"unhelped": "unhelped"},
}
"""Kind to what it saves, by unit: the value that is added up."""
NOT_THE_WORK: Final = 0.08
"""By how much replies must be slower than their work for a rise in response time not to be due to more work."""
FEWER: Final = 0.05
"""Share by which fewer tokens must come from the cache than before, for a prefix to be no longer known."""
SHARED: Final = 0.5
"""Part of the fewer turns that two findings must share to be one."""
BEFORE: Final = 0.1
"""Time before a change that has ended, over how long it lasted, up to which it is how the log begins."""
MOSTLY: Final = 0.5
"""Share of failures that were sent again at once, from which on they are a storm of retries."""
MOVED: Final = 0.1
"""Points by which a model's share must have risen to be why a turn costs more."""


def changes(sample: Sample, zone: ZoneInfo) -> list[Recommendation]:
    """Return a recommendation for each change for the worse that no other one explains.

    A change is found in one half of the users and estimated on the other. What only both halves together show, such as
    a burst of errors, is told too, and that its saving has nothing apart to be estimated on. What shows only in turns
    of a change already told is its consequence: prompts that grew cost more, failing turns complete no tasks. When a
    change begins and ends is read off all turns, once it is found.

    Args:
        sample: The turns.
        zone: In which a title says when.
    """
    found: list[Recommendation] = []
    told: Bools = np.zeros(len(sample.cells.hour), dtype=bool)
    for cells, measures, apart in ((sample.finding, CAUSES, True), (sample.cells, RARE, False)):
        worse = [one for one in scan_cells(cells, measures, steady=True).shifts if _worse(one) and _began(one, cells)]
        for seen in sorted(worse, key=lambda one: (CAUSES.index(one.measure), one.p)):
            if not apart and _overlaps(sample, seen, found):
                continue
            shift = sharpened(sample.cells, seen)
            alone = not told.any() or log_p(sample.cells, shift, ~told) < math.log(P_OF_A_REMAINDER)
            on = sample.estimating if apart else sample.cells
            cause = _cause(sample, shift, on) if alone else None
            made = None if cause is None else _recommend(sample, shift, cause, on, apart=apart)
            if made is not None:
                begun, ended = (moment.astimezone(zone) for moment in (shift.start, shift.end))
                title = sentences.title(replace(shift, start=begun, end=ended), shift.measure)
                found.append(replace(made, title=title))
                told = told | sample.inside(shift)
    return found


def _overlaps(sample: Sample, shift: Shift, found: list[Recommendation]) -> bool:
    """Return whether a shift shares most of its turns, or theirs, with something that was found in one half."""
    rows = sample.inside(shift)
    for one in found:
        dimension, value = next(iter(one.slice.items()), (None, None))
        theirs = replace(shift, dimension=dimension, value=value, start=one.start, end=one.end, ongoing=one.ongoing)
        others = sample.inside(theirs)
        if (rows & others).sum() > SHARED * min(rows.sum(), others.sum()):
            return True
    return False


def _worse(shift: Shift) -> bool:
    effect = shift.effects["errors" if shift.measure == "repeats" else shift.measure]
    return effect.change * SCAN_MEASURES[shift.measure].worse > 0


def _began(shift: Shift, cells: Cells) -> bool:
    """Return whether there was a time before it: what was worse until it got better has nothing to go back to."""
    return shift.ongoing or shift.start - cells.begin > BEFORE * (shift.end - shift.start)


class _Cause(NamedTuple):
    kind: str
    evidence: tuple[tuple[str, str], ...] = ()


def _cause(sample: Sample, shift: Shift, on: Cells) -> _Cause | None:
    """Return what a shift is a case of, and by what that shows; None where it is nothing to act on by itself."""
    if shift.measure in ("errors", "repeats"):
        failed, again = (sample.change(name, shift, on) for name in ("errors", "retried"))
        if failed is None or again is None:
            return None
        kind = "retry_storm" if again.value > MOSTLY * failed.value else "error_burst"
        return _Cause(kind, (("of these, sent again at once", _sent_again(sample, again.value / failed.value)),))
    if shift.measure == "price":
        return _Cause("price_rise")
    if shift.measure == "input_tokens":
        # Later turns also grow where people have to ask more often; a prompt grows from the first turn on.
        first = sample.change("first_input", shift, on)
        if first is None or first.low <= 0 or _helped(sample, shift):
            return None
        numbers = "{:+,.0f} ({:+,.0f} to {:+,.0f})".format(*first)
        return _Cause("bloated_prompt", (("input tokens of a conversation's first turn", numbers),))
    if shift.measure == "cached":
        fewer = sample.change("cached_tokens", shift, on)
        now = sample.sum("cached_tokens", shift) / max(sample.count("cached_tokens", shift), 1)
        # Where as many tokens come from the cache as before, it is the rest of the prompt that grew.
        if fewer is None or fewer.value > -FEWER * (now - fewer.value):
            return None
        inside = f"{window_of(shift)} AND {slice_of(shift) or 'true'}"
        return _Cause("uncached_prefix", tuple(prefix_evidence(sample, inside)))
    if shift.measure == "cost":
        return _overpowered(sample, shift)
    if shift.measure == "response_time":
        # Other models and longer answers take longer, and are no slower for it.
        slower = sample.change("slowness", shift, on)
        if slower is not None and slower.value < math.log(1 + NOT_THE_WORK):
            return None
        return _Cause("abandonment" if _leaves_are_known(sample) and _queued(sample, shift) else "slow_slice")
    return _Cause("quality_drop")


def _sent_again(sample: Sample, share: float) -> str:
    """Return the share of failures that were sent again; each of the two counts is estimated, so theirs may pass 1."""
    said = f"{min(1.0, max(0.0, share)):.0%}"
    return f"{said}, by the kind of error alone: no turn has its question" if sample.lacks("question") else said


def _helped(sample: Sample, shift: Shift) -> bool:
    """Return whether more tasks were completed for it beyond doubt: then it is paid for what it gives."""
    more = sample.change("completion", shift, sample.cells)
    return more is not None and more.low > 0


def _leaves_are_known(sample: Sample) -> bool:
    return bool(sample.cells.shown["unhelped"][0].sum() > 0)


def _queued(sample: Sample, shift: Shift) -> bool:
    """Return whether some replies waited for their turn: the quickest fifth hardly slowed down, the mean did."""
    answered = "response_time IS NOT NULL AND error_type IS NULL"
    rows = query(
        sample.turns,
        f"""SELECT ({window_of(shift)}) AS inside, percentile_cont(0.2) WITHIN GROUP (ORDER BY response_time),
            avg(response_time)
        FROM turns WHERE {answered} AND {slice_of(shift) or "true"} GROUP BY 1 ORDER BY 1""",  # noqa: S608 - quoted
    )
    if len(rows) < 2:
        return False
    (_, quick, mean), (_, quick_inside, mean_inside) = rows
    return bool(math.log(quick_inside / quick) < 0.5 * math.log(mean_inside / mean))


def _overpowered(sample: Sample, shift: Shift) -> _Cause | None:
    """Return the case of an intent that went to a dearer model, which completes no more of its tasks."""
    if shift.dimension != "intent" or sample.lacks("model") or sample.lacks_quality():
        return None
    inside = window_of(shift)
    shares = query(
        sample.turns,
        f"""SELECT model, avg(CASE WHEN inside THEN share END), avg(CASE WHEN NOT inside THEN share END) FROM (
            SELECT model, ({inside}) AS inside,
                count(*) / CAST(sum(count(*)) OVER (PARTITION BY ({inside})) AS DOUBLE) AS share
            FROM turns WHERE model IS NOT NULL AND {slice_of(shift)} GROUP BY 1, 2) AS shares GROUP BY model""",  # noqa: S608 - quoted
    )
    moved = sorted(((now or 0) - (before or 0), model) for model, now, before in shares)
    (lost, cheap), (won, dear) = moved[0], moved[-1]
    if won < MOVED or lost > -MOVED / 2 or _helped(sample, shift):
        return None
    done = as_good(sample, str(shift.value), cheap, dear)
    if done is None:
        return None
    moved_to = f"{100 * won:+.0f} points to {dear}, {100 * lost:+.0f} from {cheap}"
    return _Cause("overpowered_model", (("share of its turns", moved_to), *done.rows(cheap)))


def _recommend(sample: Sample, shift: Shift, cause: _Cause, on: Cells, *, apart: bool) -> Recommendation | None:
    saving = _saving(sample, shift, cause.kind, on)
    main = saving.get(KINDS[cause.kind].unit)
    if main is None or main.value <= 0:
        return None
    lasted = (min(shift.end, sample.end) - max(shift.start, sample.start)).total_seconds() / 86400
    claimed = "errors" if shift.measure == "repeats" else shift.measure
    name = SCAN_MEASURES[claimed].name
    evidence = [(f"{name}, where it was found", sentences.between(claimed, shift.effects[claimed]))]
    estimated = sample.change(claimed, shift, on)
    if apart and estimated is not None:
        effect = shift.effects[claimed]._replace(
            n=round(float(on.shown[claimed][0][inside(on, shift)].sum())),
            change=estimated.value, low=estimated.low, high=estimated.high,
        )  # fmt: skip
        evidence.append((f"{name}, in the other half", sentences.between(claimed, effect)))
    where = "in the half of the users it was found in; the saving is estimated on the other half" if apart else (
        "and shows in all turns together only, so its saving is estimated where it was found and may be too high"
    )  # fmt: skip
    return Recommendation(
        kind=cause.kind,
        title=sentences.title(shift, shift.measure),
        slice={} if shift.dimension is None else {shift.dimension: str(shift.value)},
        start=shift.start,
        end=shift.end,
        ongoing=shift.ongoing,
        evidence=(*evidence, *cause.evidence),
        query=query_of(shift),
        saving=saving,
        monthly=monthly(saving, lasted if shift.ongoing else sample.days),
        confidence=f"p = {shift.p:.1g}, corrected for every slice and window looked at, {where}",
        weight=sample.weight(saving),
    )


def _saving(sample: Sample, shift: Shift, kind: str, on: Cells) -> dict[str, Amount]:
    """Return what the same turns would have needed less, by unit."""
    found = {}
    for unit, name in SAVES[kind].items():
        if name == "input":
            n, prices = sample.count("fresh_tokens", shift), sample.token_prices(sample.inside(shift))
            change = sample.change({tokens: prices[tokens] for tokens in INPUT}, shift, on)
        elif name == "price":  # a turn's cost is so many times what its tokens usually cost: the rest is the rise
            n = sample.sum("cost", shift) / shift.effects["price"].inside
            change = sample.change("price", shift, on)
        elif kind == "slow_slice" and not sample.lacks("input_tokens", "output_tokens"):
            n, change = sample.count("answered_seconds", shift), sample.change("late", shift, on)
        else:
            n = sample.count(name, shift)
            change = sample.change(name, shift, on)
        if change is not None:
            found[unit] = change.times(n)
    return found
