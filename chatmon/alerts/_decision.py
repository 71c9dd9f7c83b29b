"""The decision: from a rule, what an alert was, and a value, to what it is now and what to say. Everything calls it.

It knows no clock, no history and no delivery. Between two calls nothing happens: what is due at a moment is decided
when a call has that moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final

from chatmon.alerts.notification import Notification, Status
from chatmon.alerts.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from chatmon.alerts.rules import Rule

FLAPS: Final = 3
"""How often an alert may fire within ``flap_within``; once more is flapping."""


class Phase(StrEnum):
    """Where an alert is."""

    INACTIVE = "inactive"
    PENDING = "pending"
    """It breaches, and not yet for as long as the rule wants."""
    FIRING = "firing"
    RESOLVED = "resolved"
    """It has fired and ended, less than ``flap_within`` ago."""
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class State:
    """One alert: a rule for one group.

    Attributes:
        labels: The group.
        phase: Where it is.
        since: Since when; None where it has never been anywhere else. A firing alert's names it.
        clear_since: While it fires: since when the value has been back; None where it is not.
        notified_at: While it fires: when that was said last.
        said: While it fires: how often.
        fired: When it last began to fire, within ``flap_within``.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    phase: Phase = Phase.INACTIVE
    since: datetime | None = None
    clear_since: datetime | None = None
    notified_at: datetime | None = None
    said: int = 0
    fired: tuple[datetime, ...] = ()

    @property
    def quiet(self) -> bool:
        """Whether only a breach can make it do anything: what came before does not matter."""
        return self.phase not in (Phase.PENDING, Phase.FIRING)

    @property
    def flapping(self) -> bool:
        """Whether it has fired too often lately."""
        return len(self.fired) > FLAPS

    def dated_back(self, by: timedelta) -> State:
        """Return it with all its moments so much earlier."""
        since, clear, notified = (
            None if moment is None else moment - by for moment in (self.since, self.clear_since, self.notified_at)
        )
        fired = tuple(moment - by for moment in self.fired)
        return replace(self, since=since, clear_since=clear, notified_at=notified, fired=fired)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        moments = {name: getattr(self, name) for name in ("since", "clear_since", "notified_at")}
        return {
            "labels": dict(self.labels),
            "phase": self.phase.value,
            **{name: None if moment is None else moment.isoformat() for name, moment in moments.items()},
            "said": self.said,
            "fired": [moment.isoformat() for moment in self.fired],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> State:
        """Return what ``to_dict`` was given.

        Raises:
            KeyError: A part is missing.
            ValueError: A part cannot be read.
        """
        moments = {
            name: None if plain[name] is None else datetime.fromisoformat(plain[name])
            for name in ("since", "clear_since", "notified_at")
        }
        fired = tuple(datetime.fromisoformat(moment) for moment in plain["fired"])
        return cls(labels=plain["labels"], phase=Phase(plain["phase"]), said=plain["said"], fired=fired, **moments)


class _Verdict(Enum):
    BREACH = "too far"
    HELD = "better than the limit, not yet back"
    CLEAR = "back, or never away"
    UNKNOWN = "no data, which changes nothing"


def decide(
    rule: Rule, state: State, value: float | None, n: int, now: datetime, seen: str = ""
) -> tuple[State, Notification | None]:
    """Return what an alert is now, and what to say, if anything.

    Args:
        rule: Whose alert it is.
        state: What it was.
        value: What the rule watches; None where fewer than ``min_n`` turns have it.
        n: Turns behind the value.
        now: The moment; not before the one that ``state`` was decided at.
        seen: The value in words, where its number alone says little.

    Example:
        >>> from chatmon.alerts.rules import Rule
        >>> from datetime import UTC, timedelta
        >>> rule = Rule(name="errors", measure="error", statistic="rate", window=timedelta(hours=1), above=0.05)
        >>> state, said = decide(rule, State(), 0.2, 40, datetime(2026, 10, 5, 9, tzinfo=UTC))
        >>> print(state.phase, "-", said.text)
        firing - errors: rate of failed turns over 1h is 20 %, above 5 % (n 40)
    """
    verdict = _judge(rule, value)
    if state.phase is Phase.FIRING:
        return _while_firing(rule, state, verdict, value, n, now, seen)
    if verdict is _Verdict.BREACH:
        return _breach(rule, state, value, n, now, seen)
    if verdict is _Verdict.UNKNOWN and state.phase is Phase.PENDING:
        return state, None
    ended = state.since if state.phase is Phase.RESOLVED else None
    if ended is not None and now - ended < rule.flap_within:
        return state, None
    phase = Phase.NO_DATA if value is None else Phase.INACTIVE
    return (state if state.phase is phase else replace(state, phase=phase, since=now)), None


def due(rule: Rule, state: State) -> datetime | None:
    """Return when something will happen to an alert even if its value stays as it is; None for never."""
    if state.since is not None and state.phase is Phase.PENDING:
        return state.since + rule.for_
    moments = []
    if state.clear_since is not None:
        moments.append(state.clear_since + _hold(rule, state))
    if state.notified_at is not None and rule.renotify is not None:
        moments.append(state.notified_at + rule.renotify)
    return min(moments, default=None)


def _hold(rule: Rule, state: State) -> timedelta:
    return max(rule.keep_firing_for, rule.flap_within) if state.flapping else rule.keep_firing_for


def _judge(rule: Rule, value: float | None) -> _Verdict:
    if value is None:
        return {"keep": _Verdict.UNKNOWN, "ok": _Verdict.CLEAR, "alert": _Verdict.BREACH}[rule.no_data]
    if rule.breached(value):
        return _Verdict.BREACH
    return _Verdict.CLEAR if rule.recovered(value) else _Verdict.HELD


def _breach(
    rule: Rule, state: State, value: float | None, n: int, now: datetime, seen: str
) -> tuple[State, Notification | None]:
    since = state.since if state.phase is Phase.PENDING and state.since is not None else now
    if now - since < rule.for_:
        return (state if state.phase is Phase.PENDING else replace(state, phase=Phase.PENDING, since=now)), None
    fired = (*(moment for moment in state.fired if now - moment < rule.flap_within), now)
    firing = State(state.labels, Phase.FIRING, now, None, now, 1, fired)
    return firing, _say(rule, firing, Status.FIRING, value, n, now, seen, repeats=0)


def _while_firing(
    rule: Rule, state: State, verdict: _Verdict, value: float | None, n: int, now: datetime, seen: str
) -> tuple[State, Notification | None]:
    if verdict is _Verdict.CLEAR:
        clear_since = state.clear_since or now
        if now - clear_since >= _hold(rule, state):
            said = _say(rule, state, Status.RESOLVED, value, n, now, seen, repeats=state.said)
            return State(state.labels, Phase.RESOLVED, now, fired=state.fired), said
        if state.clear_since is None:
            state = replace(state, clear_since=now)
    elif verdict is not _Verdict.UNKNOWN and state.clear_since is not None:
        state = replace(state, clear_since=None)
    due = rule.renotify is not None and state.notified_at is not None and now - state.notified_at >= rule.renotify
    if not due:
        return state, None
    said = _say(rule, state, Status.FIRING, value, n, now, seen, repeats=state.said)
    return replace(state, notified_at=now, said=state.said + 1), said


def _say(
    rule: Rule, state: State, status: Status, value: float | None, n: int, now: datetime, seen: str, repeats: int
) -> Notification:
    started = state.since or now
    flaps = f"; it flaps: fired {len(state.fired)} times lately, so it stays open longer" if state.flapping else ""
    return Notification(
        rule=rule.name,
        labels={**rule.labels, **state.labels},
        severity=rule.severity,
        status=status,
        started_at=started,
        at=now,
        value=value,
        limit=rule.limit,
        n=n,
        text=sentence(rule, state.labels, status, value, n, now - started, seen) + flaps,
        runbook=rule.runbook,
        repeats=repeats,
    )
