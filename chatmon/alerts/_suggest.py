"""Rules for one's own bot: limits learned from half of a log of which nobody knows the truth, tried on the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chatmon._tools.outcomes import FAILED
from chatmon.alerts import History, replay
from chatmon.alerts.notification import Severity
from chatmon.alerts.rules import Rule, toml_key
from chatmon.analysis.source import MICROSECONDS, between, instant, query, relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import duckdb

    from chatmon.alerts._replay import Firing, Replay
    from chatmon.analysis.source import Turns

_FEWEST_DAYS: Final = 4
"""Days below which a log does not tell a busy day from a bad one."""
_BUSY: Final = 20
"""Turns of a busy window from which on a percentile, a mean or a rate of it is worth a look."""
_WINDOWS: Final = tuple(timedelta(minutes=one) for one in (15, 60, 240, 1440))
"""The windows that are tried."""
_QUIETS: Final = tuple(timedelta(minutes=one) for one in (15, 30, 60, 120, 240, 480, 720, 1440, 2880))
"""The silences that may be told."""
_STEPS: Final = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.3, 2.6, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0)
"""The limits of a magnitude: what a person would write."""
_UNITS: Final = {86_400: "d", 3600: "h", 60: "m", 1: "s"}
_MARGIN: Final = 2
"""Steps from the strictest limit that was borne, for a part as long again goes further every other time."""
_CAUGHT: Final = 0.4
"""The share of failures that is to be heard in a busy window."""
_POWER: Final = 0.8
"""With which probability it is to be heard."""
_PERCENTILES: Final = (0.95, 0.9, 0.8, 0.7, 0.5)
_ABOVE: Final = 8
"""Turns that lie above a percentile in a usual window: one of fewer is what a few turns make it."""
_LOOKS: Final = 10
"""Looks at a window that is moved on by a minute, in as many that have nothing in common."""
_LONGER: Final = 1.5
"""Times the longest silence before a silence is one to ring for."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Suggestion(NamedTuple):
    """A rule, and what it would have said.

    Attributes:
        rule: The rule.
        learned: Its alerts in the part of the log that its limit was learned from, without those of ``changes``.
        changes: Those at times in which the log itself shows that something was wrong.
        then: Its alerts in the rest, which its limit was not learned from.
    """

    rule: Rule
    learned: int
    changes: int
    then: int


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Rules for a bot.

    Attributes:
        found: The rules with what they would have said.
        unable: Rule to why there is none.
        start: When the log begins.
        split: What began before was learned from, what began from then on was not.
        end: When the log ends.
    """

    found: Sequence[Suggestion]
    unable: Mapping[str, str]
    start: datetime
    split: datetime
    end: datetime

    @property
    def rules(self) -> list[Rule]:
        """The rules alone."""
        return [one.rule for one in self.found]

    def __str__(self) -> str:
        learned, then = (part / timedelta(days=1) for part in (self.split - self.start, self.end - self.split))
        lines = [f"Limits learned from {learned:.0f} days, tried on the {then:.0f} days after them."]
        lines += [f"{one.rule.name:<18} {_said(one)}" for one in self.found]
        lines += [f"{name:<18} none: {why}" for name, why in self.unable.items()]
        lines.append(
            f"No alert in {learned:.0f} days is what a rule that cries wolf {21 / learned:.1f} times a week would show "
            "in 1 of 20 such logs. What went wrong in them and should have rung, only you know."
        )
        return "\n".join(lines)

    def to_toml(self) -> str:
        """Return the rules as a file that ``load_rules`` reads."""
        days = f"{self.start:%Y-%m-%d} to {self.split:%Y-%m-%d}"
        head = f"# Limits learned from the log of {days}, and tried on what came until {self.end:%Y-%m-%d}.\n"
        return head + "".join(f"\n# {_said(one)}\n{_toml(one.rule)}" for one in self.found)


def suggest(turns: Turns, *, most_per_week: float = 0.2) -> Suggestions:
    """Return rules whose limits a log's first half tells, with what they would have said in its second.

    Nobody has to know what was wrong in it: each alert counts as a false one, but those at times that ``scan`` finds to
    be unlike the rest. A limit is what the half just bears, and a step more. A window is as short as the traffic
    allows, and a rate is judged from as many turns on as make chance exceed the limit no more often than is borne.

    Args:
        turns: Any holder of turns.
        most_per_week: Alerts of a rule that can be borne, a week.

    Raises:
        ValueError: The log is shorter than four days, or ``most_per_week`` is not above 0.

    Example:
        >>> suggest([])
        Traceback (most recent call last):
        ValueError: the log spans 0.0 days: at least 4 are needed, to tell a busy day from a bad one
    """
    if not most_per_week > 0:
        raise ValueError(f"most_per_week ({most_per_week}) must be above 0: no limit is never exceeded")
    source = relation(turns)
    start, end = _ends(source)
    if (end - start) / timedelta(days=1) < _FEWEST_DAYS:
        raise ValueError(
            f"the log spans {(end - start) / timedelta(days=1):.1f} days: at least {_FEWEST_DAYS} are needed, to tell "
            "a busy day from a bad one"
        )
    split = start + (end - start) / 2
    learning, rest = _Part(between(source, end=split), most_per_week), between(source, start=split)
    found: list[Suggestion] = []
    unable: dict[str, str] = {}
    for name, learn in _LEARN.items():
        rule = learn(learning, name)
        if isinstance(rule, str):
            unable[name] = rule
        else:
            usual, changes = learning.told_apart(replay([rule], learning.turns))
            found.append(Suggestion(rule, len(usual), len(changes), len(replay([rule], rest).firings)))
    return Suggestions(found, unable, start, split, end)


def _ends(source: duckdb.DuckDBPyRelation) -> tuple[datetime, datetime]:
    found = query(source, f"SELECT {MICROSECONDS}(min(timestamp)), {MICROSECONDS}(max(timestamp)) FROM turns")[0]  # noqa: S608 - our own name
    start, end = (instant(one) for one in found)
    return (_EPOCH, _EPOCH) if start is None or end is None else (start, end)


class _Part:
    """The turns that limits are learned from."""

    def __init__(self, turns: duckdb.DuckDBPyRelation, most_per_week: float) -> None:
        from chatmon.analysis.search.cells import MIX
        from chatmon.analysis.search.scan import scan

        self.turns, self.most_per_week = turns, most_per_week
        start, end = _ends(turns)
        self.most = math.floor(most_per_week * ((end - start) / timedelta(days=7)))
        # What came and went is no part of how things usually are; what came and stayed is.
        self.changes = [(one.start, one.end) for one in scan(turns).shifts if not one.ongoing and one.measure != MIX]

    def one(self, sql: str) -> float | None:
        value = query(self.turns, f"SELECT {sql} FROM turns")[0][0]  # noqa: S608 - our own expressions
        return None if value is None else float(value)

    def an_hour(self, value: str) -> float:
        """Return what a sum over turns is in a busy hour: the one that three of four are below."""
        found = query(
            self.turns,
            f"""SELECT percentile_cont(0.75) WITHIN GROUP (ORDER BY n) FROM (SELECT CAST(sum({value}) AS DOUBLE) AS n
            FROM turns GROUP BY date_trunc('hour', timestamp)) AS hours""",  # noqa: S608 - our own expressions
        )[0][0]
        return float(found or 0)

    def windows(self, known: str, busy: int = _BUSY) -> list[tuple[timedelta, int]]:
        """Return the windows that have enough turns in busy hours, the shortest first, and how many that is."""
        an_hour = self.an_hour(f"CASE WHEN {known} IS NOT NULL THEN 1 ELSE 0 END")
        sizes = ((window, round(an_hour * (window / timedelta(hours=1)))) for window in _WINDOWS)
        return [(window, size) for window, size in sizes if size >= busy]

    def told_apart(self, said: Replay) -> tuple[list[Firing], list[Firing]]:
        """Return alerts without those at times of changes, and these."""
        window = max((rule.window for rule in said.rules), default=timedelta(0))
        parts: tuple[list[Firing], list[Firing]] = [], []
        for one in said.firings:
            parts[any(start <= one.start <= end + window for start, end in self.changes)].append(one)
        return parts

    def bears(self, rules: Sequence[Rule]) -> Rule | None:
        """Return, of rules from the loosest to the strictest, the last before one says too much, less a step."""
        history = History(rules[:1], self.turns) if rules else None
        place = 0
        while history and place < len(rules) and len(self.told_apart(history.replay([rules[place]]))[0]) <= self.most:
            place += 1
        return rules[max(0, place - 1 - _MARGIN)] if place else None


def _slow(part: _Part, name: str) -> Rule | str:
    windows, most = part.windows("response_time"), part.one("max(response_time)")
    if not windows or not most:
        return _too_few("response_time")
    window, size = windows[0]
    share = next(one for one in _PERCENTILES if one == _PERCENTILES[-1] or size * (1 - one) >= _ABOVE)
    usual = part.one(f"percentile_cont({share}) WITHIN GROUP (ORDER BY response_time)") or 0.0
    rules = [
        Rule(
            name=name, measure="response_time", statistic=f"p{100 * share:.0f}", window=window, above=limit,
            recover=_between(usual, limit), min_n=size // 2,
            keep_firing_for=timedelta(minutes=10), severity=Severity.PAGE,
        )
        for limit in _steps(usual, most)
    ]  # fmt: skip
    return part.bears(rules) or _never(name)


def _failing(part: _Part, name: str) -> Rule | str:
    from scipy.stats import binom

    windows = part.windows(FAILED)
    rules = [rule for window, size in windows if (rule := _of_rate(part, name, window, size)) is not None]
    sharp = (
        rule
        for rule, (_, size) in zip(rules, windows, strict=False)
        if binom.sf(math.floor(rule.limit * size), size, _CAUGHT) >= _POWER
    )
    return next(sharp, rules[-1] if rules else None) or (_never(name) if windows else _too_few("error_type"))


def _of_rate(part: _Part, name: str, window: timedelta, size: int) -> Rule | None:
    from scipy.stats import binom

    usual = part.one(f"avg(CAST({FAILED} AS DOUBLE))") or 0.0
    chance = part.most_per_week * (window / timedelta(days=7)) / _LOOKS
    many = np.arange(1, size + 1)
    rules = []
    for limit in _steps(max(usual, 0.002), 0.9):
        # The fewest turns from which on chance alone does not exceed the limit more often than is borne.
        over = np.asarray(binom.sf(np.floor(limit * many), many, usual))
        sure = many[np.maximum.accumulate(over[::-1])[::-1] <= chance]
        if not len(sure):
            break
        rules.append(
            Rule(
                name=name, measure="error", statistic="rate", window=window, above=limit,
                recover=_between(usual, limit), min_n=int(sure[0]), keep_firing_for=timedelta(minutes=10),
                severity=Severity.PAGE,
            )
        )  # fmt: skip
    return part.bears(rules)


def _unhappy(part: _Part, name: str) -> Rule | str:
    windows, usual = part.windows("user_satisfaction"), part.one("avg(user_satisfaction)")
    if not windows or usual is None:
        return _too_few("user_satisfaction")
    window, size = windows[0]
    rules = [
        Rule(name=name, measure="satisfaction", statistic="mean", window=window, below=one / 10,
             recover=_between(usual, one / 10), min_n=size // 2)
        for one in range(11, math.floor(10 * usual))
    ]  # fmt: skip
    return part.bears(rules) or _never(name)


def _spending(part: _Part, name: str) -> Rule | str:
    usual, most = part.an_hour("cost"), part.one("CAST(sum(cost) AS DOUBLE)")
    if not usual or not most:
        return _too_few("cost")
    rules = [
        Rule(name=name, measure="cost", statistic="sum", window=timedelta(hours=1), above=limit)
        for limit in _steps(usual, most)
    ]
    return part.bears(rules) or _never(name)


def _silent(part: _Part, name: str) -> Rule | str:
    gaps = (
        f"SELECT {MICROSECONDS}(timestamp) - lag({MICROSECONDS}(timestamp)) OVER (ORDER BY timestamp) AS gap FROM turns"  # noqa: S608 - our own name
    )
    longest = float(query(part.turns, f"SELECT coalesce(max(gap), 0) FROM ({gaps}) AS gaps")[0][0]) / 1e6  # noqa: S608
    for window in _QUIETS:
        if window / timedelta(seconds=1) >= _LONGER * longest:
            return Rule(name=name, kind="absence", window=window, below=1, severity=Severity.PAGE)
    return f"nobody writes for {longest / 3600:,.0f} hours at times: silence tells nothing"


_LEARN: Final[dict[str, Callable[[_Part, str], Rule | str]]] = {
    "slow-replies": _slow, "failures": _failing, "low-ratings": _unhappy, "spending": _spending, "silence": _silent,
}  # fmt: skip


def _too_few(column: str) -> str:
    return f"fewer than {_BUSY} turns with {column} even on a busy day"


def _never(name: str) -> str:
    return f"any limit of {name} that traffic of this size can judge would ring too often"


def _steps(usual: float, most: float) -> list[float]:
    """Return limits from the first that nothing exceeds down to what is usual."""
    ladder = [float(f"{step}e{power}") for power in range(-6, 7) for step in _STEPS]
    high = next((place for place, one in enumerate(ladder) if one >= most), len(ladder) - 1)
    return [one for one in reversed(ladder[: high + 1]) if one > usual]


def _between(usual: float, limit: float) -> float:
    return float(f"{(usual + limit) / 2:.2g}")


def _said(one: Suggestion) -> str:
    rule = one.rule
    side = "below" if rule.sign < 0 else "above"
    what = "fewer turns than" if rule.kind == "absence" else f"{rule.statistic} of {rule.measure} {side}"
    many = f", of at least {rule.min_n} turns" if rule.min_n > 1 else ""
    alerts = f"{one.learned} alert{'s' * (one.learned != 1)} where learned"
    if one.changes:
        alerts += f" besides {one.changes} when something had changed"
    return f"{what} {rule.limit:g} in {_duration(rule.window)}{many}: {alerts}, {one.then} after"


def _duration(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    size, unit = next((size, unit) for size, unit in _UNITS.items() if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _toml(rule: Rule) -> str:
    keys = (
        f"{toml_key(one.name)} = {_value(getattr(rule, one.name))}\n"
        for one in fields(Rule)
        if one.name == "name" or getattr(rule, one.name) not in (one.default, {})
    )
    return f"[[rule]]\n{''.join(keys)}"


def _value(value: object) -> str:
    return (
        f"{value:g}"
        if isinstance(value, float | int)
        else f'"{_duration(value)}"'
        if isinstance(value, timedelta)
        else f'"{value}"'
    )
