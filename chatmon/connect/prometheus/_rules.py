"""The rules as Prometheus alerting rules, over the numbers that `metrics` serves.

What Prometheus decides otherwise: it estimates how much a counter grew within a window from the scrapes in it; it reads
a percentile out of OpenTelemetry's buckets, each twice as wide as the one before; it takes no data for the end of an
alert, whatever ``no_data`` says, unless that is ``alert``; and it knows no flapping. How often it says again that
something still fires is Alertmanager's ``repeat_interval``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from chatmon.alerts.wording import number, over, what
from chatmon.connect.prometheus._yaml import to_yaml
from chatmon.connect.prometheus.metrics import BY, DURATION, FIRST_CHUNK, LABELS, TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatmon.alerts.rules import Rule


_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Exported:
    """Rules for Prometheus.

    Attributes:
        text: The file, in YAML.
        left_out: Why a rule is not in it, by the rule's name.
    """

    text: str
    left_out: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Source:
    """Where Prometheus finds a measure.

    Attributes:
        total: The counter of its sum.
        count: The counter of the turns for which it is known.
        buckets: The histogram, for a percentile.
        only: What the counters are narrowed to.
        labelled: Whether its counters have labels.
    """

    total: str
    count: str
    buckets: str | None = None
    only: str = ""
    labelled: bool = True


def _histogram(name: str, only: str = "") -> _Source:
    return _Source(f"{name}_sum", f"{name}_count", f"{name}_bucket", only)


_INPUT, _OUTPUT = 'gen_ai_token_type="input"', 'gen_ai_token_type="output"'
_SOURCES: Final = {
    "turns": _Source("chatmon_turns_total", "chatmon_turns_total"),
    "error": _Source("chatmon_failed_turns_total", "chatmon_outcomes_total"),
    "incomplete": _Source("chatmon_incomplete_tasks_total", "chatmon_tasks_total"),
    "cost": _Source("chatmon_cost_usd_total", "chatmon_priced_turns_total"),
    "relevance": _Source("chatmon_context_relevance_sum", "chatmon_context_relevance_count"),
    "satisfaction": _Source("chatmon_user_satisfaction_sum", "chatmon_user_satisfaction_count", labelled=False),
    "response_time": _histogram(DURATION),
    "time_to_first_token": _histogram(FIRST_CHUNK),
    "input_tokens": _histogram(TOKENS, _INPUT),
    "output_tokens": _histogram(TOKENS, _OUTPUT),
    "tokens": _Source("chatmon_turn_tokens_sum", "chatmon_turn_tokens_count"),
}


def export_rules(rules: Iterable[Rule], *, interval: timedelta = timedelta(minutes=1)) -> Exported:
    """Return the rules as a file for Prometheus (2.42 or later).

    Args:
        rules: The rules.
        interval: How often Prometheus evaluates them.

    Example:
        >>> from chatmon.alerts.rules import Rule
        >>> rule = Rule(name="errors", measure="error", statistic="rate", window=timedelta(minutes=5), above=0.5)
        >>> print(export_rules([rule]).text)
        groups:
        - name: chatmon
          interval: 1m
          rules:
          - alert: errors
            expr: (sum (increase(chatmon_failed_turns_total[5m])) / sum (increase(chatmon_outcomes_total[5m]))) > 0.5
            labels:
              severity: ticket
            annotations:
              summary: rate of failed turns over 5m is {{ humanizePercentage $value }}, above 50 %
        <BLANKLINE>
    """
    left_out: dict[str, str] = {}
    exported = []
    for rule in rules:
        reason = _why_not(rule)
        if reason is None:
            exported.append(_alert(rule))
        else:
            left_out[rule.name] = reason
    groups = [{"name": "chatmon", "interval": duration(interval), "rules": exported}]
    notes = "".join(f"# left out: {name}: {reason}\n" for name, reason in left_out.items())
    return Exported(notes + to_yaml({"groups": groups}), left_out)


def _why_not(rule: Rule) -> str | None:
    source = _SOURCES.get(rule.measure)
    unbounded = [name for name in rule.by if name not in BY and name not in LABELS]
    strange = [name for name in rule.labels if not _LABEL.fullmatch(name) or name.startswith("__")]
    if strange:
        return (
            f"{', '.join(strange)} is no name of a label there: letters, digits and _ make one, and no digit begins it"
        )
    if unbounded:
        return f"{', '.join(unbounded)} cannot be a label, which would have ever new values"
    if rule.kind == "change":
        return "Prometheus would need weeks of its own history to compare with"
    if rule.kind == "budget":
        return "Prometheus knows no calendar days, weeks or months, only windows that end now"
    if source is None:
        return f"{rule.measure} is no number that Prometheus can add up from its counters"
    if rule.by and not source.labelled:
        return f"{rule.measure} has no labels in Prometheus: it is rated after the turn has been counted"
    if rule.percentile is not None and source.buckets is None:
        return f"{rule.measure} has no histogram in Prometheus, which a percentile needs"
    return None


def _alert(rule: Rule) -> dict[str, Any]:
    alert: dict[str, Any] = {"alert": rule.name, "expr": expression(rule)}
    if rule.for_:
        alert["for"] = duration(rule.for_)
    if rule.keep_firing_for:
        alert["keep_firing_for"] = duration(rule.keep_firing_for)
    named = {name: f"{{{{ $labels.{LABELS[name]} }}}}" for name in rule.by if name in LABELS}
    runbook = {} if rule.runbook is None else {"runbook_url": _literal(rule.runbook)}
    own = {name: _literal(value) for name, value in rule.labels.items()}
    labels = {**own, **named, "severity": rule.severity.value}
    return alert | {"labels": labels, "annotations": {"summary": _summary(rule), **runbook}}


def _summary(rule: Rule) -> str:
    """Return what the alert says, with Prometheus' template where a number comes in."""
    side = "above" if rule.sign > 0 else "below"
    group = ", ".join(f"{name} {{{{ $labels.{_label(name)} }}}}" for name in rule.by)
    marks = {"value": "\0value\0", "group": "\0group\0"}  # until what is written out is a literal
    limit = number(rule, rule.limit)
    said = f"{what(rule)} is {marks['value']}, {side} {limit}"
    if rule.text is not None:
        known = {"rule": rule.name, "limit": limit, "window": over(rule), "n": "an unknown number"}
        said = rule.text.format(**known, **marks, text=said)
    return _literal(said).replace(marks["value"], _shown(rule)).replace(marks["group"], group)


def _shown(rule: Rule) -> str:
    """Return the template of the value, with the unit that the limit has."""
    if rule.kind == "burn_rate":
        return '{{ printf "%.1f" $value }}x'
    if rule.statistic == "count" or rule.kind == "absence":
        return '{{ printf "%.0f" $value }} turns'
    if rule.unit == "USD":
        return '${{ if ge $value 1.0 }}{{ printf "%.2f" $value }}{{ else }}{{ printf "%.3g" $value }}{{ end }}'
    if rule.unit == "":
        return '{{ printf "%.0f" $value }}' if rule.statistic == "sum" else "{{ humanizePercentage $value }}"
    return f'{{{{ printf "%.3g" $value }}}} {rule.unit}'


def _literal(text: str) -> str:
    """Return text that Prometheus' template leaves as it is."""
    return text.replace("{{", '{{ "{{" }}')


def expression(rule: Rule) -> str:
    """Return the expression for which Prometheus gives a value where the rule breaches, and nothing elsewhere."""
    value, limit = _value(rule), _number(rule.limit)
    sign = ">" if rule.sign > 0 else "<"
    breach = f"{value} {sign} {limit}"
    if rule.kind == "burn_rate":
        breach = f"{_burn(rule, rule.short_window)} > {limit} and {breach}"
    if rule.recover is not None:
        # Once it fires, it goes on until it is back at the other limit.
        still = f'ALERTS{{alertname="{rule.name}", alertstate="firing"}}'
        by = ", ".join(_label(name) for name in rule.by)
        breach = f"({breach}) or ({value} {sign} {_number(rule.recover)} and on ({by}) {still})"
    alerts_without = rule.no_data == "alert"
    if rule.adds_up or (rule.min_n == 1 and not alerts_without):
        return breach
    n = _increase(rule, rule.window, count=True)
    enough = f"({breach}) and {n} >= {rule.min_n}"
    return f"({enough}) or {n} < {rule.min_n}" if alerts_without else enough


def _value(rule: Rule) -> str:
    source = _SOURCES[rule.measure]
    if rule.kind == "burn_rate":
        return _burn(rule, rule.window)
    if rule.kind == "absence" or rule.statistic == "count":
        return _of_none(rule, _increase(rule, rule.window, count=True))
    if rule.statistic == "sum":
        return _of_none(rule, _increase(rule, rule.window))
    if rule.percentile is not None:
        by = ", ".join(["le", *(_label(name) for name in rule.by)])
        selector = _selector(rule, source.only)
        return (
            f"histogram_quantile({_number(rule.percentile)}, "
            f"sum by ({by}) (increase({source.buckets}{selector}[{duration(rule.window)}])))"
        )
    return f"({_increase(rule, rule.window)} / {_increase(rule, rule.window, count=True)})"


def _of_none(rule: Rule, value: str) -> str:
    """Return a sum that is 0 where the bot is gone, and its series with it; of a group that is gone nobody knows."""
    return value if rule.by or rule.sign > 0 else f"({value} or vector(0))"


def _burn(rule: Rule, window: timedelta | None) -> str:
    window = window or rule.window
    share = f"{_increase(rule, window)} / {_increase(rule, window, count=True)}"
    return f"({share} / {_number(1 - (rule.objective or 0.0))})"


def _increase(rule: Rule, window: timedelta, *, count: bool = False) -> str:
    """Return how much a measure's sum, or its number of turns, grew within a window, for each group."""
    source = _SOURCES[rule.measure]
    by = f"by ({', '.join(_label(name) for name in rule.by)}) " if rule.by else ""
    counter = source.count if count else source.total
    return f"sum {by}(increase({counter}{_selector(rule, source.only)}[{duration(window)}]))"


def _selector(rule: Rule, only: str) -> str:
    # A turn that lacks a column is in none of its groups.
    parts = [*filter(None, [only]), *(f'{_label(name)}!=""' for name in rule.by)]
    return f"{{{', '.join(parts)}}}" if parts else ""


def _label(column: str) -> str:
    return LABELS.get(column, column)


def _number(value: float) -> str:
    return f"{value:.12g}"


def duration(span: timedelta) -> str:
    """Return a duration as Prometheus writes it, to the millisecond.

    Example:
        >>> duration(timedelta(seconds=90)), duration(timedelta(days=3)), duration(timedelta(seconds=0.5))
        ('1m30s', '3d', '500ms')
    """
    rest = round(span.total_seconds() * 1000)
    parts = []
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
