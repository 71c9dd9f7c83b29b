"""The things to know about turns, each a sentence with its numbers, the weightiest first; and the admission of none."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Final

from chatmon._tools.sql import text
from chatmon.analysis.findings import sentences
from chatmon.analysis.findings._examples import examples_of
from chatmon.analysis.findings._states import gaps, states
from chatmon.analysis.findings.finding import Finding, per_cent
from chatmon.analysis.search.cells import SCAN_MEASURES
from chatmon.analysis.search.part import MOST
from chatmon.analysis.search.scan import ALPHA, scan
from chatmon.analysis.source import query, relation, zone_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from chatmon.analysis.search.scan import Shift, ShiftEffect
    from chatmon.analysis.source import Turns

__all__ = ["Finding", "findings"]

OVERLAP: Final = 0.5
"""Part of two windows of one slice, of all they cover, from which on they are one story."""
MONEY: Final = ("input_tokens", "cached")
"""Measures whose harm is what they cost."""


def findings(turns: Turns, tz: str = "UTC", *, most: int = MOST) -> list[Finding]:
    """Return what there is to know about turns: changes first, then how things are, then what the log does not say.

    Changes come from ``scan``: of logs in which only conversations, hours and days differ, and no more than elsewhere
    in the log, fewer than 5 of 100 are meant to show one. Where there is none, the first finding says so. Changes for
    the worse come first, each weighed by its share of the log's waiting, cost, failures or uncompleted tasks, so that
    seconds and dollars need no rate of exchange.

    Args:
        turns: Any holder of turns.
        tz: The zone in which they say when, such as ``Europe/Berlin``; hours of a kind are those of UTC in any case.
        most: About how many turns changes are looked for in; of more, those of conversations drawn by chance, and it
            is said.

    Raises:
        ValueError: There are no turns, or no such zone.

    Example:
        >>> findings([])
        Traceback (most recent call last):
        ValueError: there are 0 turns: nothing can be found in them
    """
    source, zone = relation(turns), zone_of(tz)
    number, judged = query(source, "SELECT count(*), count(task_completed) FROM turns")[0]
    if not number:
        raise ValueError("there are 0 turns: nothing can be found in them")
    scanned = scan(source, most)
    unhelped = "all failed turns and uncompleted tasks" if judged else "all failed turns"
    looked_for = (("looked for in", scanned.part),) if scanned.part else ()
    changes = [_change(_within(group, zone), unhelped) for group in _stories(scanned.shifts)]
    changes.sort(key=lambda one: (-one.weight, one.title))
    if not changes:
        changes = [_nothing(scanned.looked_at, scanned.turns)]
    changes = [replace(one, evidence=one.evidence + looked_for) for one in changes]
    clients = [_client(query(source, _client_query(one.user_id))[0], one.user_id) for one in scanned.clients]
    return [*changes, *clients, *states(source, number), *gaps(source, number)]


def _within(group: Sequence[Shift], zone: tzinfo) -> list[Shift]:
    """Return shifts whose times are those of a zone."""
    return [replace(one, start=one.start.astimezone(zone), end=one.end.astimezone(zone)) for one in group]


def _stories(shifts: Sequence[Shift]) -> list[list[Shift]]:
    """Return shifts of the same slice at the same time together, the one that weighs most first."""
    groups: list[list[Shift]] = []
    for shift in sorted(shifts, key=_weight, reverse=True):
        for group in groups:
            if (shift.dimension, shift.value) == (group[0].dimension, group[0].value) and _overlap(shift, group[0]):
                group.append(shift)
                break
        else:
            groups.append([shift])
    return groups


def _overlap(one: Shift, other: Shift) -> bool:
    both = min(one.end, other.end) - max(one.start, other.start)
    return both > OVERLAP * (max(one.end, other.end) - min(one.start, other.start))


def _weight(shift: Shift) -> float:
    name = "errors" if shift.measure == "repeats" else shift.measure
    if name in MONEY and "cost" in shift.effects:
        # What more tokens cost, where a cost is known; at least a trace of it, so that worse stays worse.
        worse = 1 if shift.effects[name].share > 0 else -1
        return worse * max(worse * shift.effects["cost"].share, 1e-6)
    return shift.effects[name].share


def _change(group: Sequence[Shift], unhelped: str) -> Finding:
    first = group[0]
    claimed = list(dict.fromkeys("errors" if one.measure == "repeats" else one.measure for one in group))
    evidence = [(SCAN_MEASURES[name].name, _said(name, first.effects[name])) for name in claimed]
    # Others that plainly moved with it: three standard errors instead of two, for they were not looked for.
    evidence += [
        (f"with it, {SCAN_MEASURES[name].name}", _said(name, effect))
        for name, effect in first.effects.items()
        if name not in (*claimed, "price", "mix", "slow") and abs(effect.change) > 1.5 * (effect.high - effect.low) / 2
    ]
    weight = max((_weight(one) for one in group), key=abs)
    if first.measure != "mix":
        evidence.append(("weight", f"{per_cent(abs(weight))} of {_of(first, unhelped)} in the log"))
    return Finding(
        kind="change",
        title=sentences.title(first, first.measure),
        evidence=tuple(evidence),
        where="all turns" if first.dimension is None else f"{first.dimension} {first.value}",
        when=f"{first.start:%Y-%m-%d %H:%M} to {first.end:%Y-%m-%d %H:%M} {first.end:%Z}"
        + (", the log's end" * first.ongoing),
        sure=_sure(min(one.p for one in group)),
        query=query_of(first),
        weight=weight,
        start=first.start.astimezone(UTC),
        examples=examples_of(first, slice_of(first), window_of(first)),
    )


def _said(measure: str, effect: ShiftEffect) -> str:
    inside, outside = (sentences.level(measure, value) for value in (effect.inside, effect.outside))
    return f"{inside} against {outside} in the rest; same hours compared, {sentences.between(measure, effect)}"


def _of(shift: Shift, unhelped: str) -> str:
    return {
        "errors": unhelped, "repeats": unhelped, "completion": unhelped,
        "response_time": "all waiting", "slow": "all slow replies",
        "satisfaction": "what ratings fall short of the best",
    }.get(shift.measure, "all cost")  # fmt: skip


def _sure(p: float) -> str:
    rare = "fewer than 1" if p < 0.001 else f"fewer than {math.ceil(1000 * p)}"
    return f"{rare} of 1,000 quiet logs would show anything as clear, as far as the log tells how hours and days differ"


def query_of(shift: Shift) -> str:
    """Return a SELECT over ``turns`` that shows a shift again: the slice's mean in its window and in the rest."""
    measure = SCAN_MEASURES[shift.measure]
    value = measure.shown or measure.sql
    if shift.measure == "price":
        value = "CAST(cost AS DOUBLE) / nullif(input_tokens + output_tokens, 0)"
    mean, n, where = f"avg({value})", f"count({value})", slice_of(shift)
    if shift.measure == "mix":
        n = "count(DISTINCT conversation_id)"
        mean, where = f"count(DISTINCT CASE WHEN {where} THEN conversation_id END) / CAST({n} AS DOUBLE)", ""
    return (
        f"SELECT {window_of(shift)} AS inside, {mean} AS mean, {n} AS n FROM turns"  # noqa: S608
        f"{' WHERE ' if where else ''}{where} GROUP BY 1 ORDER BY 1"
    )


def window_of(shift: Shift) -> str:
    """Return the SQL of whether a turn is in a shift's window."""
    utc = (moment.astimezone(UTC) for moment in (shift.start, shift.end))
    start, end = (f"TIMESTAMPTZ '{moment:%Y-%m-%d %H:%M:%S}+00:00'" for moment in utc)
    return f"timestamp >= {start} AND timestamp < {end}"


def slice_of(shift: Shift) -> str:
    """Return the SQL of whether a turn is in a shift's slice; empty where all are."""
    return "" if shift.dimension is None else f"{shift.dimension} = {text(str(shift.value))}"


def _nothing(looked_at: int, turns: int) -> Finding:
    names = ", ".join(measure.name for measure in SCAN_MEASURES.values())
    return Finding(
        kind="nothing",
        title=f"Nothing stands out: no measure changed in any slice, as far as {turns:,} turns can tell",
        evidence=(("looked at", f"{names}: {looked_at:,} windows of slices"),),
        where="all turns, and each intent, model, region, channel, prompt version and variant",
        when="the whole log",
        sure="a change too small for so many turns would not show; were it quiet, with days that differ no more than "
        f"elsewhere in the log, it would show one in fewer than {100 * ALPHA:.0f} of 100 cases",
        query="SELECT count(*) FROM turns",
    )


def _client_query(user_id: str) -> str:
    return f"SELECT count(*) AS n, count(error_type) AS failed FROM turns WHERE user_id = {text(user_id)}"  # noqa: S608 - quoted


def _client(counts: tuple[int, int], user_id: str) -> Finding:
    turns, errors = counts
    return Finding(
        kind="client",
        title=f"One user's client is broken: {errors:,} of {turns:,} turns of {user_id} failed",
        evidence=(("failed turns", f"{errors:,} of {turns:,}"),),
        where=f"user_id {user_id}",
        when="the whole log",
        sure="without this user, nothing is left of the rise in errors",
        query=_client_query(user_id),
    )
