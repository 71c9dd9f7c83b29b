"""What an alert says: a sentence with the numbers that decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon.alerts._judged import is_judged
from chatmon.alerts._measures import measure_of
from chatmon.alerts.notification import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from chatmon.alerts.rules import Rule

_SPANS: Final = ((604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def sentence(
    rule: Rule, group: Mapping[str, str], status: Status, value: float | None, n: int, lasted: timedelta, seen: str
) -> str:
    """Return what to say about an alert.

    Args:
        rule: Whose alert it is.
        group: The group it is of.
        status: Whether it fires or has ended.
        value: What decided; None for no data.
        n: Turns behind it.
        lasted: Since it began to fire.
        seen: The value in words, where its number alone says little.
    """
    where = ", ".join(f"{name} {one}" for name, one in group.items())
    shown, limit = "unknown" if value is None else number(rule, value), number(rule, rule.limit)
    if value is None:
        says = f"no data: {n} turns with {measure_of(rule.measure).says} over {over(rule)}, fewer than {rule.min_n}"
    else:
        side = "above" if rule.sign > 0 else "below"
        if not rule.breached(value):
            side = f"not {side}"
        says = f"{seen or f'{what(rule)} is {shown}'}, {side} {limit} (n {n})"
    if rule.text is not None:
        parts = {"rule": rule.name, "group": where, "value": shown, "limit": limit, "n": n, "window": over(rule)}
        says = rule.text.format(**parts, text=says)
    ended = f", resolved after {short(lasted)}" if status is Status.RESOLVED else ""
    return f"{rule.name}{f' ({where})' if where else ''}{ended}: {says}"


def number(rule: Rule, value: float) -> str:
    """Return a value of what a rule watches, with its unit.

    Example:
        >>> from chatmon.alerts.rules import Rule
        >>> from datetime import timedelta
        >>> number(Rule(name="slow", measure="response_time", window=timedelta(minutes=5), above=5), 7.25)
        '7.25 s'
    """
    if rule.kind == "change":
        return f"{value:.1f}"
    if rule.kind == "burn_rate":
        return f"{value:.1f}x"
    return amount(rule, value)


def amount(rule: Rule, value: float) -> str:
    """Return a rule's statistic, with its unit."""
    measure = measure_of(rule.measure)
    if rule.statistic == "count" or rule.kind == "absence" or (rule.kind == "budget" and rule.measure == "unpriced"):
        return f"{value:,.0f} turns"
    if measure.unit == "USD":
        return f"${value:,.2f}" if value >= 1 else f"${value:.3g}"
    if measure.unit == "":
        return f"{value:,.0f}" if rule.statistic == "sum" else f"{value * 100:.3g} %"
    return f"{value:,.0f} {measure.unit}" if abs(value) >= 1000 else f"{value:.3g} {measure.unit}"


def over(rule: Rule) -> str:
    """Return how far back a rule looks.

    Example:
        >>> from chatmon.alerts.rules import Rule
        >>> over(Rule(name="spent", kind="budget", period="day", above=5))
        'this day'
    """
    if rule.period is not None:
        return f"this {rule.period}"
    if rule.short_window is not None:
        return f"{short(rule.window)} and {short(rule.short_window)}"
    return short(rule.window)


def short(span: timedelta) -> str:
    """Return a duration in its two largest units.

    Example:
        >>> from datetime import timedelta
        >>> short(timedelta(minutes=90)), short(timedelta(0))
        ('1h30m', '0s')
    """
    rest, parts = int(span.total_seconds()), []
    for seconds, unit in _SPANS:
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"


def what(rule: Rule) -> str:
    """Return what a rule watches, in words."""
    says = measure_of(rule.measure).says
    if rule.kind == "burn_rate":
        return f"the budget of {100 * (1 - (rule.objective or 0)):.3g} % {says} over {over(rule)}, burning,"
    if rule.kind == "budget":
        return f"{says} of {over(rule)}"
    if rule.kind == "absence":
        return f"the number over {over(rule)}"
    if is_judged(rule.measure):
        return f"the corrected rate of {says} over {over(rule)}"
    return f"{rule.statistic} of {says} over {over(rule)}"
