"""How good rules are, where the truth is known: what they catch, how soon, and how often they cry wolf."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from chatmon.alerts import Firing, Replay
    from chatmon.alerts.rules import Rule
    from chatmon.lab.traffic import Plant, Truth

SEES: Final[dict[str, tuple[str, ...]]] = {
    "error": ("error_burst", "retry_storm"),
    "first_error": ("error_burst", "retry_storm"),
    "incomplete": ("quality_drop", "error_burst", "retry_storm"),
    "response_time": ("latency_step", "abandonment", "retry_storm", "overpowered_model"),
    "time_to_first_token": ("latency_step", "abandonment", "uncached_prefix", "overpowered_model"),
    "satisfaction": ("quality_drop", "latency_step", "abandonment", "error_burst", "retry_storm"),
    "relevance": ("quality_drop",),
    "tokens": ("prompt_bloat",),
    "input_tokens": ("prompt_bloat",),
    "output_tokens": (),
    "cached_share": ("uncached_prefix", "prompt_bloat"),
    "unpriced": (),
    "cost": ("prompt_bloat", "uncached_prefix", "overpowered_model", "price_change", "retry_storm"),
    "price": ("price_change",),
    "turns": ("retry_storm", "mix_shift"),
}
"""Which planted problems change each measure: an alert on another measure is a false one, whatever happens to go on."""


@dataclass(frozen=True, slots=True)
class Incident:
    """A planted problem, and who saw it.

    Attributes:
        plant: The problem.
        seen_by: The first alert that was right about it, before it was over; None where none was.
    """

    plant: Plant
    seen_by: Firing | None

    @property
    def delay(self) -> timedelta | None:
        """From its beginning to the alert; None where it was missed."""
        return None if self.seen_by is None else self.seen_by.start - self.plant.start


@dataclass(frozen=True, slots=True)
class Score:
    """How good some rules were.

    Attributes:
        incidents: The planted problems that rules of these kinds can see.
        unseen: Those that no rule looks at.
        right: Alerts about a planted problem.
        wrong: The others.
        length: How long the history is.
        firing: How long alerts were open, added up.
    """

    incidents: Sequence[Incident]
    unseen: Sequence[Plant]
    right: Sequence[Firing]
    wrong: Sequence[Firing]
    length: timedelta
    firing: timedelta

    @property
    def caught(self) -> list[Incident]:
        """The incidents that were seen."""
        return [incident for incident in self.incidents if incident.seen_by is not None]

    @property
    def recall(self) -> float | None:
        """The share of the incidents that was caught; None without incidents."""
        return len(self.caught) / len(self.incidents) if self.incidents else None

    @property
    def precision(self) -> float | None:
        """The share of the alerts that was right; None without alerts."""
        alerts = len(self.right) + len(self.wrong)
        return len(self.right) / alerts if alerts else None

    @property
    def false_per_week(self) -> float:
        """False alarms a week."""
        return len(self.wrong) / (self.length / timedelta(days=7))

    @property
    def delay(self) -> timedelta | None:
        """The median delay of what was caught; None where nothing was."""
        delays = [incident.delay for incident in self.caught if incident.delay is not None]
        return timedelta(seconds=median(delay.total_seconds() for delay in delays)) if delays else None

    def __str__(self) -> str:
        parts = [f"{len(self.caught)} of {len(self.incidents)} incidents caught"]
        if self.delay is not None:
            parts.append(f"half of them within {self.delay.total_seconds() / 3600:.1f} h")
        parts.append(f"{len(self.wrong)} false alarms, {self.false_per_week:.2f} a week")
        if self.precision is not None:
            parts.append(f"precision {self.precision:.2f}")
        parts.append(f"{self.firing.total_seconds() / 60:,.0f} minutes firing")
        return "; ".join(parts)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each incident, and one for each false alarm."""
        import pandas as pd

        rows = [
            {
                "what": incident.plant.problem.kind,
                "where": _where(incident.plant.problem.slice),
                "from": incident.plant.start,
                "alert": None if incident.seen_by is None else incident.seen_by.rule,
                "delay": incident.delay,
            }
            for incident in self.incidents
        ]
        rows += [
            {"what": "(false alarm)", "where": _where(one.labels), "from": one.start, "alert": one.rule, "delay": None}
            for one in self.wrong
        ]
        return pd.DataFrame(rows, columns=["what", "where", "from", "alert", "delay"])


def score(replay: Replay, truth: Truth, start: datetime | None = None, end: datetime | None = None) -> Score:
    """Return how good rules were on a history whose truth is known.

    An alert is right where a planted problem changes what its rule measures, its labels do not exclude the problem's
    slice, and it began while the problem went on, or within the rule's window after that. It catches the problem only
    if it began before that was over. All other alerts are false alarms.

    Args:
        replay: What the rules said.
        truth: Of the same turns.
        start: Only what began from then on counts; None for the beginning.
        end: Only what began before then counts; None for the end.
    """
    rules = {rule.name: rule for rule in replay.rules}
    start, end = start or replay.start, end or replay.end
    firings = [one for one in replay.firings if start <= one.start < end]
    incidents, unseen = [], []
    for plant in truth.plants:
        if not start <= plant.start < end:
            continue
        if not any(plant.problem.kind in SEES[rule.measure] for rule in replay.rules):
            unseen.append(plant)
            continue
        seers = [one for one in firings if _about(one, rules[one.rule], plant) and one.start < plant.end]
        incidents.append(Incident(plant, min(seers, key=lambda one: one.start, default=None)))
    right = [one for one in firings if any(_about(one, rules[one.rule], plant) for plant in truth.plants)]
    wrong = [one for one in firings if one not in right]
    firing = sum(((one.end or replay.end) - one.start for one in firings), timedelta(0))
    return Score(incidents, unseen, right, wrong, end - start, firing)


def _about(firing: Firing, rule: Rule, plant: Plant) -> bool:
    return (
        plant.problem.kind in SEES[rule.measure]
        and plant.start <= firing.start < plant.end + rule.window
        and all(firing.labels.get(name, value) == value for name, value in plant.problem.slice.items())
    )


def _where(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in labels.items())
