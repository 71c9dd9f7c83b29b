"""Where in a history a rule can breach, all at once: so that a replay need not look at the rest tick by tick.

A quiet alert stays quiet until its rule breaches, and between the ticks at which a cell enters or leaves a window
nothing changes. What is found here is only where to look; what is decided there, the live rules decide. So a tick too
many costs time, and a tick too few would be an error: comparisons give a little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from chatmon._tools.histogram import value_of_bin
from chatmon.alerts._judged import corrected, is_judged
from chatmon.alerts._measures import measure_of
from chatmon.alerts._watch import FEWEST_PAST_WINDOWS, FLOOR, TO_SIGMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chatmon.alerts._cells import Flat
    from chatmon.alerts._measures import Floats, Ints
    from chatmon.alerts._watch import Watch

    Bools = NDArray[np.bool_]

_GIVE: Final = 1e-9


def breaches(watch: Watch, flat: Flat, since: int, last: int) -> dict[int, list[int]]:
    """Return, by the place of the group, the ticks at which an alert that was quiet may not stay so.

    Args:
        watch: The rule at work.
        flat: The cells of its series.
        since: The first tick of the history.
        last: The last one.
    """
    if watch.rule.kind == "change":
        places = range(len(flat.groups))
        found = {place: _changes(watch, flat, place, since, last) for place in places}
        return {place: ticks for place, ticks in found.items() if ticks}
    group, tick = _points(watch, flat, since, last)
    wanted = _too_far(watch, flat, group, tick, since, last)
    group, tick = group[wanted], tick[wanted]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    parts = np.split(tick, starts[1:]) if len(starts) else []
    return {place: part.tolist() for place, part in zip(group[starts].tolist(), parts, strict=True)}


def _points(watch: Watch, flat: Flat, since: int, last: int) -> tuple[Ints, Ints]:
    """Return the ticks at which a window's contents change, or at which it has been watched for long enough."""
    stride = last - since + 1
    key = flat.group * stride
    born = (
        np.full(len(flat.groups), since)
        if not watch.rule.by
        else flat.tick[np.unique(flat.group, return_index=True)[1]]
    )
    whole = born + watch.length - 1
    moved = [
        (key, flat.tick),
        (np.arange(len(flat.groups)) * stride, whole),
        (np.arange(len(flat.groups)) * stride, born),
    ]
    moved += [(key, flat.tick + length) for length in (watch.length, watch.short) if length]
    every = [base[tick <= last] + tick[tick <= last] - since for base, tick in moved]
    points = np.unique(np.concatenate(every))
    return points // stride, points % stride + since


def _too_far(watch: Watch, flat: Flat, group: Ints, tick: Ints, since: int, last: int) -> Bools:
    rule, scale = watch.rule, measure_of(watch.rule.measure).scale
    sums = _Sums(flat, since, last, watch.length)
    if rule.kind == "budget":
        starts = {one: watch.period_start(one) for one in range(since, last + 1, _ticks_of_a_day(watch))}
        first = np.array(list(starts))
        length = tick - np.array(list(starts.values()))[np.searchsorted(first, tick, side="right") - 1] + 1
        # The day's first ticks may belong to the period before: both are looked at.
        spent = np.maximum(sums.over(flat.total, group, tick, length), sums.over(flat.total, group, tick, np.int64(1)))
        return _beyond(watch, spent / scale)
    n = sums.over(flat.n, group, tick, watch.length)
    if rule.kind == "absence" or rule.statistic == "count":
        return _beyond(watch, n.astype(np.float64))
    unknown = (n < rule.min_n) & (not rule.adds_up)
    if rule.percentile is not None:
        wanted = _percentile_beyond(watch, flat, sums, group, tick, n)
    else:
        total = sums.over(flat.total, group, tick, watch.length).astype(np.float64)
        value = (
            total / scale if rule.statistic == "sum" and rule.kind != "burn_rate" else total / np.maximum(n, 1) / scale
        )
        if rule.kind == "burn_rate":
            short_n = sums.over(flat.n, group, tick, watch.short)
            short = sums.over(flat.total, group, tick, watch.short) / np.maximum(short_n, 1)
            unknown |= short_n == 0
            value = np.minimum(value, short) / (1 - (rule.objective or 0.0))
        if is_judged(rule.measure):
            value = _corrected(watch, total, n)
            if rule.no_data == "alert":  # as it is for one user, who has no interval, however many turns
                return np.ones(len(n), dtype=np.bool_)
        wanted = _beyond(watch, value)
    return np.where(unknown, rule.no_data == "alert", wanted)


def _corrected(watch: Watch, yes: Floats, n: Ints) -> Floats:
    """Return the corrected rates of windows, which their intervals hold; few of many windows differ in both numbers."""
    pairs, place = np.unique(np.stack([yes.astype(np.int64), n]), axis=1, return_inverse=True)
    least = max(watch.rule.min_n, 1)
    found = [corrected(watch.rule, *pair).value if pair[1] >= least else watch.rule.limit for pair in pairs.T.tolist()]
    return np.array(found, dtype=np.float64)[place.reshape(-1)]


def _percentile_beyond(watch: Watch, flat: Flat, sums: _Sums, group: Ints, tick: Ints, n: Ints) -> Bools:
    """Say where the percentile may be too far, without reading it: a turn beside it lies beyond the limit's bin."""
    rule = watch.rule
    places = np.arange(flat.bin.min(initial=0), flat.bin.max(initial=0) + 1)
    beyond = np.array([rule.breached(value_of_bin(place)) for place in places.tolist()])
    good = np.where(beyond[flat.bin - places[0]], 0, flat.bin_n)
    per_cell = np.bincount(flat.bin_cell, weights=good, minlength=len(flat.tick)).astype(np.int64)
    inside = sums.over(per_cell, group, tick, watch.length)
    place = (rule.percentile or 0.0) * np.maximum(n - 1, 0)
    # The percentile lies between two turns. Above: one of them is bad, so fewer are good than the upper one's place
    # asks for. Below: the bad ones are the smallest, and reach up to the lower one.
    wanted: Bools = inside <= np.ceil(place) if rule.sign > 0 else (n - inside) > np.floor(place)
    return wanted


class _Sums:
    """Sums over windows of many groups at once, by running totals over all cells."""

    def __init__(self, flat: Flat, since: int, last: int, longest: int) -> None:
        self._stride = last - since + 1 + longest
        self._since = since
        self._keys = flat.group * self._stride + flat.tick - since

    def over(self, amounts: Ints, group: Ints, tick: Ints, length: Any) -> Ints:
        running = np.concatenate(([0], np.cumsum(amounts)))
        key = group * self._stride + tick - self._since
        first = np.searchsorted(self._keys, np.maximum(key - length, group * self._stride - 1), side="right")
        found: Ints = running[np.searchsorted(self._keys, key, side="right")] - running[first]
        return found


def _beyond(watch: Watch, value: Floats) -> Bools:
    limit = watch.rule.limit
    wanted: Bools = watch.rule.sign * value > watch.rule.sign * limit - _GIVE * (1 + abs(limit))
    return wanted


def _ticks_of_a_day(watch: Watch) -> int:
    return max(1, 86_400 // watch.ticks.seconds)


def _changes(watch: Watch, flat: Flat, place: int, since: int, last: int) -> list[int]:
    """Return the ticks at which a group differs from its past weeks."""
    rows = np.flatnonzero(flat.group == place)
    born = since if not watch.rule.by else int(flat.tick[rows[0]])
    values, variances = _every_window(watch, flat, rows, born, last)
    length = len(values)
    past = np.full((length, len(watch.before(0))), np.nan)
    for column, back in enumerate(watch.before(0)):
        # A window of the past counts where all of it was watched.
        begin = -back + watch.length - 1
        if begin < length:
            past[begin:, column] = values[begin + back : length + back]
    known = np.isfinite(past).sum(axis=1)
    rows = np.flatnonzero((known >= FEWEST_PAST_WINDOWS) & (np.isfinite(values) | (watch.rule.no_data == "alert")))
    if not len(rows):
        return []
    past, known, values, variances = past[rows], known[rows], values[rows], variances[rows]
    centre = _medians(past, known)
    usual = np.maximum(TO_SIGMA * _medians(np.abs(past - centre[:, None]), known), FLOOR * np.abs(centre))
    spread = np.sqrt(usual**2 + variances)
    z = np.divide(values - centre, spread, out=np.full(len(rows), np.nan), where=spread > 0)
    wanted = np.where(np.isnan(z), watch.rule.no_data == "alert", _beyond(watch, z))
    found: list[int] = (rows[wanted] + born).tolist()
    return found


def _every_window(watch: Watch, flat: Flat, rows: Ints, born: int, last: int) -> tuple[Floats, Floats]:
    """Return the statistic of the window that ends with each tick from the group's first on, and its variance."""
    rule = watch.rule
    running = []
    for amounts in (flat.n[rows], flat.total[rows], flat.squares[rows]):
        dense = np.zeros(last - born + 1, dtype=np.int64)
        dense[flat.tick[rows] - born] = amounts
        ends = np.cumsum(dense)
        before = np.concatenate((np.zeros(min(watch.length, len(ends)), dtype=np.int64), ends))[: len(ends)]
        running.append((ends - before).astype(np.float64))
    n, total, squares = running
    if rule.statistic == "count":
        return n, n
    scale = measure_of(rule.measure).scale
    some = np.maximum(n, 1)
    if rule.statistic == "sum":
        value, variance = total / scale, squares / scale
    else:
        value = total / some / scale
        variance = np.maximum(0.0, squares / scale - total * total / (some * scale * scale)) / (some * some)
    return np.where(n >= rule.min_n, value, np.nan), variance


def _medians(values: Floats, known: Ints) -> Floats:
    ordered = np.sort(values, axis=1)
    row = np.arange(len(known))
    middle: Floats = (ordered[row, (known - 1) // 2] + ordered[row, known // 2]) / 2
    return middle
