"""A rule: what to watch, over which window, how far is too far, and what to say. `rules_file` reads them from TOML."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import timedelta
from string import Formatter
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from chatmon._tools.errors import Error
from chatmon.alerts._judged import complaint, is_judged
from chatmon.alerts._measures import RULE_MEASURES, measure_of
from chatmon.alerts.notification import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind: TypeAlias = Literal["threshold", "burn_rate", "change", "budget", "absence"]
NoData: TypeAlias = Literal["keep", "ok", "alert"]

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "threshold": ("measure", "statistic", "window"),
    "burn_rate": ("measure", "window", "short_window", "objective"),
    "change": ("measure", "statistic", "window", "weeks"),
    "budget": ("measure", "period"),
    "absence": ("measure", "window"),
}
"""Each kind of rule, and the keys that say what it looks at."""
STATISTICS: Final = ("mean", "rate", "sum", "count")
"""Besides percentiles, such as ``p95``."""
GROUPS: Final = (
    "region", "channel", "intent", "model", "provider", "prompt_version", "variant", "experiment", "conversation_id",
    "user_id",
)  # fmt: skip
"""The columns that a rule can look at value by value."""
UNBOUNDED: Final = frozenset({"conversation_id", "user_id"})
"""Those of them that have ever new values."""
NO_DATA: Final = ("keep", "ok", "alert")
PERIODS: Final = ("day", "week", "month")
DURATIONS: Final = ("window", "short_window", "for_", "keep_firing_for", "renotify", "flap_within")
TEXT_FIELDS: Final = ("rule", "group", "value", "limit", "n", "window", "text")
_ZERO: Final = timedelta(0)
_LONGEST_DURATION: Final = timedelta(days=90)
_PERCENTILE: Final = re.compile(r"p\d{1,2}(\.\d+)?")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class RuleError(Error, ValueError):
    """A rule cannot be what it says; the message has the file, the rule, the key, the value and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What to watch, and when to say so.

    Attributes:
        name: Unique among the rules.
        kind: ``threshold``: a statistic of a window against a limit. ``burn_rate``: how many times faster than allowed
            the error budget burns, over a long and a short window. ``change``: how unlike windows around the same time
            of past weeks, as a robust z. ``budget``: dollars spent in a calendar day, week or month. ``absence``: too
            few turns.
        measure: One of ``_measures.RULE_MEASURES``; ``budget`` is of ``cost`` or ``unpriced``, ``absence`` of
            ``turns``.
        statistic: ``mean``, ``rate`` (the share of turns for which a yes-or-no measure is yes), ``sum``, ``count`` (of
            turns whose measure is known), or a percentile such as ``p95``, within 1 %.
        window: How far back the statistic looks.
        above: It breaches where the value is above this.
        below: It breaches where the value is below this; a rule has one of the two.
        recover: It ends where the value is back at this or better; None for the limit itself.
        by: Columns; each combination of their values is an alert of its own. A turn that lacks one of them is left out.
        min_n: Turns with a known value below which a mean, rate, percentile, burn rate or change is not judged: that is
            no data. A sum and a count of nothing are 0.
        for_: How long it must breach before it fires.
        keep_firing_for: How long it must have recovered before it is resolved.
        no_data: What no data means: ``keep`` things as they are, ``ok``, or ``alert``.
        severity: How soon a person should look.
        labels: The rule's own labels, for routing.
        text: What to say, with any of ``TEXT_FIELDS`` in braces; None for the sentence of its kind.
        runbook: Where it says what to do.
        renotify: How often to say again that it still fires; None for never.
        flap_within: An alert that fires a fourth time within so long is flapping: it stays open until it has been quiet
            for so long.
        short_window: Of a burn rate: must burn as fast, so that the alert ends soon after the burning does.
        objective: Of a burn rate: the share of turns that should be good, such as 0.99.
        weeks: Of a change: how many past weeks to compare with.
        period: Of a budget: ``day``, ``week`` or ``month``, in UTC.
        agreement: Of a verdict: how often the judge and labels met in each way (``both_yes``, ``wrong_yes``,
            ``wrong_no``, ``both_no``), by which its errors are taken out of its rate; it breaches where the whole 95 %
            interval is too far.

    Raises:
        RuleError: A value is impossible; the message has the key, the value and what is allowed.

    Example:
        >>> Rule(name="slow", measure="response_time", statistic="p95", window=timedelta(minutes=15), above=-1)
        Traceback (most recent call last):
        chatmon.alerts.rules.RuleError: rule 'slow', key 'above': -1 is not above 0, as all that is measured is
    """

    name: str
    kind: Kind = "threshold"
    measure: str = ""
    statistic: str = "mean"
    window: timedelta = _ZERO
    above: float | None = None
    below: float | None = None
    recover: float | None = None
    by: tuple[str, ...] = ()
    min_n: int = 1
    for_: timedelta = _ZERO
    keep_firing_for: timedelta = _ZERO
    no_data: NoData = "keep"
    severity: Severity = Severity.TICKET
    labels: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    runbook: str | None = None
    renotify: timedelta | None = None
    flap_within: timedelta = timedelta(hours=6)
    short_window: timedelta | None = None
    objective: float | None = None
    weeks: int = 4
    period: str | None = None
    agreement: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        if self.kind in ("budget", "absence") and not self.measure:
            object.__setattr__(self, "measure", "cost" if self.kind == "budget" else "turns")
        for key, wrong, allowed in _complaints(self):
            raise RuleError(f"rule {self.name!r}, key {toml_key(key)!r}: {wrong!r} is not {allowed}")

    @property
    def limit(self) -> float:
        """The one of ``above`` and ``below`` that is given."""
        return cast("float", self.below if self.above is None else self.above)

    @property
    def sign(self) -> int:
        """1 where more is worse, -1 where less is."""
        return -1 if self.above is None else 1

    @property
    def unit(self) -> str:
        """Of what it measures; empty for a share or a count."""
        return measure_of(self.measure).unit

    def breached(self, value: float) -> bool:
        """Say whether a value is too far."""
        return self.sign * value > self.sign * self.limit

    def recovered(self, value: float) -> bool:
        """Say whether a value is back where an alert may end."""
        back = self.limit if self.recover is None else self.recover
        return self.sign * value <= self.sign * back

    @property
    def adds_up(self) -> bool:
        """Whether the value of no turns is 0 rather than unknown."""
        return self.kind in ("budget", "absence") or (self.kind == "threshold" and self.statistic in ("sum", "count"))

    @property
    def percentile(self) -> float | None:
        """The percentile as a share, such as 0.95; None where the statistic is another."""
        if self.kind not in ("threshold", "change") or not _PERCENTILE.fullmatch(self.statistic):
            return None
        return float(self.statistic[1:]) / 100


def _complaints(rule: Rule) -> list[tuple[str, Any, str]]:  # one line a key: what is wrong, and what is allowed
    found: list[tuple[str, Any, str]] = []

    def hold(key: str, right: bool, allowed: str) -> None:
        if not right:
            found.append((key, getattr(rule, key), allowed))

    hold("name", isinstance(rule.name, str) and bool(_NAME.fullmatch(rule.name)),
         "a name: a letter, then letters, digits, _ and -")  # fmt: skip
    hold("kind", isinstance(rule.kind, str) and rule.kind in KINDS, f"one of {', '.join(KINDS)}")
    hold(
        "measure",
        isinstance(rule.measure, str) and (rule.measure in RULE_MEASURES or is_judged(rule.measure)),
        f"one of {', '.join(RULE_MEASURES)}, or verdict_NAME",
    )
    hold("statistic", isinstance(rule.statistic, str), "text")
    if found:
        return found
    measure, percentile = measure_of(rule.measure), rule.percentile
    hold("statistic", rule.statistic in STATISTICS or percentile is not None,
         f"one of {', '.join(STATISTICS)}, or a percentile such as p95")  # fmt: skip
    yes_no = ", ".join(name for name, one in RULE_MEASURES.items() if one.yes_no)
    hold("statistic", rule.statistic != "rate" or measure.yes_no, f"for {rule.measure}: a rate is of one of {yes_no}")
    hold("statistic", percentile is None or not measure.yes_no, f"for {rule.measure}, which is yes or no: use rate")
    hold("statistic", rule.kind != "change" or percentile is None, "for a change: use mean, rate, sum or count")
    hold("statistic", percentile is None or percentile > 0, "above p0")
    for key in DURATIONS:
        value = getattr(rule, key)
        if value is not None:
            right = isinstance(value, timedelta) and _ZERO <= value <= _LONGEST_DURATION
            hold(key, right, 'a duration from 0 to 90 days, such as "5m", "1h", "3d"')
    if found:
        return found
    hold("window", rule.kind == "budget" or rule.window > _ZERO, 'a window, such as "15m"')
    _hold_limits(rule, hold)
    known = isinstance(rule.by, tuple) and all(isinstance(name, str) and name in GROUPS for name in rule.by)
    hold("by", known, f"some of {', '.join(GROUPS)}")
    if not known:
        return found
    hold("by", rule.kind != "change" or not UNBOUNDED & set(rule.by),
         "for a change: a conversation or a user has no past weeks")  # fmt: skip
    hold("min_n", _whole(rule.min_n) and rule.min_n >= 1, "a whole number from 1")
    hold("min_n", rule.min_n == 1 or not rule.adds_up, "1, for what is a number without turns, too: 0")
    hold("no_data", rule.no_data in NO_DATA, f"one of {', '.join(NO_DATA)}")
    hold("severity", isinstance(rule.severity, Severity), f"one of {', '.join(Severity)}")
    hold("labels", all(isinstance(one, str) for pair in rule.labels.items() for one in pair), "text by name")
    hold("labels", not set(rule.labels) & {*rule.by, "rule", "severity"}, "free of rule, severity and the names in by")
    hold("runbook", rule.runbook is None or (isinstance(rule.runbook, str) and bool(rule.runbook)), "a link")
    hold("text", rule.text is None or _template(rule.text), f"text with any of {', '.join(TEXT_FIELDS)} in braces")
    hold("renotify", rule.renotify is None or rule.renotify > _ZERO, 'a duration above 0, such as "4h"')
    _hold_kind(rule, hold)
    _hold_judged(rule, hold)
    return found


def _hold_limits(rule: Rule, hold: Any) -> None:
    given = [key for key in ("above", "below") if getattr(rule, key) is not None]
    hold("above", len(given) == 1, f"alone: give one of above and below (below is {rule.below!r})")
    for key in (*given, "recover"):
        value = getattr(rule, key)
        number = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        hold(key, number and (value is None or math.isfinite(value)), "a number")
    if len(given) != 1 or not all(isinstance(getattr(rule, key), int | float) for key in given):
        return
    hold(given[0], rule.limit >= 0 or rule.kind == "change", "above 0, as all that is measured is")
    share = rule.kind == "threshold" and rule.statistic in ("rate", "mean") and measure_of(rule.measure).yes_no
    hold(given[0], not share or rule.limit <= 1, "a share between 0 and 1: 5 % is 0.05")
    if rule.recover is not None:
        hold("recover", rule.sign * rule.recover <= rule.sign * rule.limit,
             f"on the good side of {given[0]} ({rule.limit:g})")  # fmt: skip


def _hold_kind(rule: Rule, hold: Any) -> None:
    burn = rule.kind == "burn_rate"
    objective = rule.objective
    fits = objective is not None and isinstance(objective, float) and 0 < objective < 1
    hold("objective", fits if burn else objective is None, "a share of good turns between 0 and 1, for burn_rate only")
    short = rule.short_window
    fits = short is not None and _ZERO < short < rule.window
    hold("short_window", fits if burn else short is None, "a duration below the window, for burn_rate only")
    hold("measure", not burn or measure_of(rule.measure).yes_no, "yes or no, which a burn rate needs")
    hold("above", not burn or rule.above is not None, "given: a burn rate is too high, never too low")
    hold("weeks", _whole(rule.weeks) and 1 <= rule.weeks <= 12, "a whole number of weeks from 1 to 12")
    hold("window", rule.kind != "change" or rule.window <= timedelta(days=2), "at most 2 days for a change")
    budget = rule.kind == "budget"
    hold(
        "period",
        rule.period in PERIODS if budget else rule.period is None,
        f"one of {', '.join(PERIODS)}, for budget only",
    )
    hold("measure", not budget or rule.measure in ("cost", "unpriced"), "cost, which a budget is of, or unpriced")
    hold("above", not budget or rule.above is not None, "given: a budget is overspent, never underspent")
    absence = rule.kind == "absence"
    hold("measure", not absence or rule.measure == "turns", "turns, which are absent")
    hold("below", not absence or rule.below is not None, "given: turns are absent below some number")


def _hold_judged(rule: Rule, hold: Any) -> None:
    if not is_judged(rule.measure):
        hold("agreement", rule.agreement is None, "given for a verdict_NAME only")
        return
    hold("kind", rule.kind == "threshold", "threshold, which a verdict needs")
    hold("statistic", rule.statistic == "rate", "rate, which a verdict needs")
    wrong = complaint(rule.agreement or {})
    hold("agreement", not wrong, wrong)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _template(text: object) -> bool:
    try:
        if not isinstance(text, str):
            return False
        text.format(**dict.fromkeys(TEXT_FIELDS, "x"))
        return all(name is None or name in TEXT_FIELDS for _, name, _, _ in Formatter().parse(text))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return False


def check_names(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules, if each has a name of its own.

    Raises:
        RuleError: Two have one name.
    """
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise RuleError(f"rule {name!r}, key 'name': {names.count(name)} rules have it, and each needs its own")
    return list(rules)


def toml_key(key: str) -> str:
    """Return how a file spells a key: ``for`` for ``for_``, which Python keeps for itself."""
    return key.removesuffix("_")
