"""A shift said in a sentence: what changed, where, from when, by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon.analysis.findings.finding import per_cent
from chatmon.analysis.search.cells import SCAN_MEASURES

if TYPE_CHECKING:
    from datetime import datetime

    from chatmon.analysis.search.scan import Shift, ShiftEffect

_PLACES: Final = {
    "intent": "about {}", "region": "in region {}", "channel": "through {}", "model": "by {}",
    "prompt_version": "with prompt {}", "variant": "in variant {}",
}  # fmt: skip


def title(shift: Shift, measure: str) -> str:
    """Return what changed as one sentence with its numbers.

    Args:
        shift: Where and when.
        measure: Of which measure.
    """
    effect = shift.effects["errors" if measure == "repeats" else measure]
    here, then = place(shift), window(shift)
    more = effect.change > 0
    by = amount(measure, abs(effect.change))
    if measure == "errors":
        return f"{per_cent(effect.inside, 0)} of turns{here} failed {then}, against {per_cent(effect.outside, 1)}"
    if measure == "repeats":
        shares = f"against {per_cent(effect.outside)}"
        return f"{per_cent(effect.inside, 0)} of turns{here} failed repeatedly {then}, {shares}"
    if measure == "completion":
        return f"Replies{here} completed {_levels(effect, 'of tasks ' + then)}"
    if measure == "response_time":
        return f"Replies{here} took {by} {'longer' if more else 'less'} {then}"
    if measure == "slow":
        return f"{per_cent(effect.inside, 0)} of replies{here} were slow {then}, not {per_cent(effect.outside, 0)}"
    if measure == "satisfaction":
        return f"Ratings of replies{here} were {by} {'higher' if more else 'lower'} {then}"
    if measure == "cost":
        return f"A turn{here} cost {relative(effect)} {'more' if more else 'less'} {then}"
    if measure == "price":
        return f"The same tokens{here} cost {relative(effect)} {'more' if more else 'less'} {then}"
    if measure == "input_tokens":
        return f"Turns{here} sent {by} {'more' if more else 'fewer'} {then}"
    if measure == "mix":
        return f"{per_cent(effect.inside, 0)} of conversations were{here} {then}, against {per_cent(effect.outside, 0)}"
    return f"Cached input{here} was {_levels(effect, then)}"


def _levels(effect: ShiftEffect, between: str) -> str:
    """Return a share and what it would have been without the change, with words between them."""
    usual = min(max(effect.inside - effect.change, 0.0), 1.0)
    return f"{per_cent(effect.inside, 0)} {between}, against {per_cent(usual, 0)}"


def place(shift: Shift) -> str:
    """Return where, as the end of a phrase; nothing for all turns."""
    return "" if shift.dimension is None else " " + _PLACES[shift.dimension].format(shift.value)


def window(shift: Shift) -> str:
    """Return when, in words, to the hour."""
    if shift.ongoing:
        return f"from {moment(shift.start)} on"
    if shift.start.date() == shift.end.date():
        return f"on {shift.start.day} {shift.start:%B} from {shift.start:%H:%M} to {shift.end:%H:%M}"
    return f"from {moment(shift.start)} to {moment(shift.end)}"


def moment(when: datetime) -> str:
    """Return a time in words.

    Example:
        >>> from datetime import UTC, datetime
        >>> moment(datetime(2026, 10, 5, 8, tzinfo=UTC))
        '5 October 08:00'
    """
    return f"{when.day} {when:%B %H:%M}"


def relative(effect: ShiftEffect) -> str:
    """Return a change as a part of what it was before."""
    before = effect.inside - effect.change
    return per_cent(abs(effect.change) / before, 0) if before > 0 else "infinitely"


def amount(measure: str, value: float) -> str:
    """Return a measure's value with its unit.

    Example:
        >>> amount("response_time", 1.754), amount("completion", 0.19), amount("cost", 0.00212)
        ('1.8 s', '19 percentage points', '$0.00212')
    """
    unit = SCAN_MEASURES[measure].unit
    if unit == "USD":
        return f"{'-' if value < 0 else ''}${abs(value):.3g}"
    if unit == "tokens":
        return f"{value:,.0f} input tokens"
    if unit == "times":
        return f"{value:.3f} times"
    if unit == "":
        return f"{100 * value:.0f} percentage points"
    return f"{value:.2f} {unit}" if abs(value) < 1 else f"{value:.1f} {unit}"


def level(measure: str, value: float) -> str:
    """Return a measure's level: shares in per cent, all else as amounts."""
    if SCAN_MEASURES[measure].unit in ("tokens", "times"):
        return f"{value:,.0f}" if SCAN_MEASURES[measure].unit == "tokens" else f"{value:.3f}"
    return per_cent(value) if SCAN_MEASURES[measure].unit == "" else amount(measure, value)


def between(measure: str, effect: ShiftEffect) -> str:
    """Return a change with its interval and n, the unit once.

    Example:
        >>> from chatmon.analysis.search.scan import ShiftEffect
        >>> between("response_time", ShiftEffect(703, 5.3, 3.6, 1.7, 1.3, 2.1, 0.02))
        '+1.7 s (+1.3 to +2.1, n = 703)'
    """
    places = {"s": "+.1f" if abs(effect.change) >= 1 else "+.2f", "USD": "+.2g", "tokens": "+,.0f", "times": "+.3f"}
    scale = 100 if SCAN_MEASURES[measure].unit == "" else 1
    form = places.get(SCAN_MEASURES[measure].unit, "+.2f" if scale == 1 else "+.0f")
    change, low, high = (format(scale * value, form) for value in (effect.change, effect.low, effect.high))
    unit = SCAN_MEASURES[measure].unit or "points"
    return f"{change} {unit} ({low} to {high}, n = {effect.n:,})".replace("-", "−")
