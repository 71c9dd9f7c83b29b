"""The plan of an experiment, written down before the first turn: what is compared, by what, and until when."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chatmon.experiment._metrics import metric
from chatmon.experiment.assignment import pick, position

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A plan. The unit is the user: who has seen a variant keeps it.

    Attributes:
        name: What turns carry as ``experiment``; it also decides who sees what.
        hypothesis: What is expected, and why.
        variants: Variant to its weight, the control first.
        primary: The one metric that decides.
        effect: The smallest relative change of it worth having, such as 0.05: towards better, whichever that is.
        users: How many are needed in all variants together: see ``size``.
        start: When it begins, with a time zone.
        days: How long it lasts.
        looks: How often the results are looked at to decide, evenly over the days.
        secondaries: Metrics that say more about a variant that has won.
        guardrails: Metric to the relative change for the worse that is still acceptable, such as 0.1.
        absolute: Guardrail to the change for the worse, in its own unit, that is acceptable too, such as 0.005 of
            an error rate: of a share that is nearly nothing, no relative margin can be shown to hold.
        alpha: The chance of a false win over all looks and variants.
        power: The chance of finding ``effect`` where it is so.
        pre_days: Days before the start whose turns make the comparison sharper (CUPED).
        most_turns: Users with more turns than this are no people, and are left out.
        layer: Experiments of one layer share its users out between them; None where any user may be in it.
        part: Which part of the layer's users is in it, from and to, between 0 and 1.
        saved_at: When it was written down; None where it was not.

    Raises:
        ValueError: Something does not fit; the message names it.

    Example:
        >>> plan = Experiment(
        ...     name="short-prompt", hypothesis="A shorter prompt answers as well.",
        ...     variants={"control": 1, "short": 1}, primary="task_completion", effect=0.05,
        ...     users=2000, start=datetime(2026, 10, 5, tzinfo=UTC), days=7, looks=7, guardrails={"error_rate": 0.5},
        ... )
        >>> plan.assign("u1"), plan.labels("u1")
        ('short', {'experiment': 'short-prompt', 'variant': 'short'})
    """

    name: str
    hypothesis: str
    variants: Mapping[str, float]
    primary: str
    effect: float
    users: int
    start: datetime
    days: int
    looks: int
    secondaries: Sequence[str] = ()
    guardrails: Mapping[str, float] = field(default_factory=dict)
    absolute: Mapping[str, float] = field(default_factory=dict)
    alpha: float = 0.05
    power: float = 0.8
    pre_days: int = 14
    most_turns: int = 1000
    layer: str | None = None
    part: tuple[float, float] = (0.0, 1.0)
    saved_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.name or not self.hypothesis:
            raise ValueError("name and hypothesis are needed: say what is tried, and what is expected of it")
        weights = self.variants.values()
        if len(self.variants) < 2 or not all(self.variants) or not all(0 < weight < math.inf for weight in weights):
            raise ValueError(f"variants ({dict(self.variants)}) need two or more names, each with a positive weight")
        for name, time_ in (("start", self.start), ("saved_at", self.saved_at)):
            if time_ is not None and time_.tzinfo is None:
                raise ValueError(f"{name} ({time_}) has no time zone: add tzinfo=datetime.UTC")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "secondaries", tuple(self.secondaries))
        object.__setattr__(self, "part", tuple(self.part))
        for name in (self.primary, *self.secondaries, *self.guardrails):
            metric(name)
        if len({self.primary, *self.secondaries}) <= len(self.secondaries):
            raise ValueError(f"the primary {self.primary} and the secondaries {self.secondaries} name one twice")
        for name in ("effect", "alpha", "power"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} ({getattr(self, name)}) must lie between 0 and 1: 5 % is 0.05")
        for name in ("users", "days", "looks", "most_turns"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} ({getattr(self, name)}) must be positive")
        if self.pre_days < 0 or not all(0 < margin < math.inf for margin in self.guardrails.values()):
            raise ValueError(
                f"pre_days ({self.pre_days}) cannot be negative, and margins ({dict(self.guardrails)}) must be positive"
            )
        if set(self.absolute) - set(self.guardrails) or not all(0 < most < math.inf for most in self.absolute.values()):
            raise ValueError(
                f"absolute ({dict(self.absolute)}) takes positive margins of guardrails ({', '.join(self.guardrails)})"
            )
        if len(self.part) != 2 or not 0 <= self.part[0] < self.part[1] <= 1:
            raise ValueError(f"part ({self.part}) must be two numbers that rise between 0 and 1: half is (0, 0.5)")
        if self.layer is None and self.part != (0, 1):
            raise ValueError(f"part ({self.part}) takes a layer, whose users are shared out: name it")

    @property
    def control(self) -> str:
        """The variant that the others are compared with."""
        return next(iter(self.variants))

    @property
    def treatments(self) -> list[str]:
        """The variants that are tried."""
        return list(self.variants)[1:]

    @property
    def end(self) -> datetime:
        """When it ends."""
        return self.start + timedelta(days=self.days)

    def look_time(self, look: int) -> datetime:
        """Return when a planned look is; the first is 1.

        Raises:
            ValueError: There is no such look.
        """
        if not 1 <= look <= self.looks:
            raise ValueError(f"look ({look}) is none of the planned ones: 1 to {self.looks}")
        return self.start + timedelta(days=self.days) * look / self.looks

    def planned_users(self, treatment: str) -> float:
        """Return how many users are planned for a treatment and the control together."""
        share = (self.variants[self.control] + self.variants[treatment]) / sum(self.variants.values())
        return self.users * share

    def assign(self, user_id: str) -> str | None:
        """Return the user's variant, the same every time; None where the user is not in the experiment.

        Args:
            user_id: The user, under the name that stays the same.
        """
        if self.layer is not None and not self.part[0] <= position(f"layer {self.layer}", user_id) < self.part[1]:
            return None
        return pick(self.variants, position(f"experiment {self.name}", user_id))

    def labels(self, user_id: str) -> dict[str, str]:
        """Return what a turn has to carry where its reply comes from the user's variant; empty for the others.

        These are the log of exposures: ``monitor.track(conversation_id, user_id, **plan.labels(user_id))``.
        """
        variant = self.assign(user_id)
        return {} if variant is None else {"experiment": self.name, "variant": variant}

    def save(self, path: Path, *, clock: Callable[[], int] = time.time_ns) -> Experiment:
        """Write the plan to a new JSON file, and return it with the time at which it was saved.

        Args:
            path: Of a file that does not exist: a plan that changes afterwards is none.
            clock: Wall clock, nanoseconds since 1970 in UTC.

        Raises:
            FileExistsError: The file exists.
        """
        saved = replace(self, saved_at=datetime.fromtimestamp(clock() // 10**9, UTC))
        row = asdict(saved)
        for name in ("start", "saved_at"):
            row[name] = row[name].isoformat()
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(row, indent=2, ensure_ascii=False) + "\n")
        except FileExistsError:
            raise FileExistsError(
                f"{path} has a plan already: a plan is not changed, a new one has a new name"
            ) from None
        return saved


def load(path: Path) -> Experiment:
    """Read a plan that ``Experiment.save`` wrote.

    Raises:
        ValueError: The file holds no plan; the message has its name and the reason.
    """
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        for name in ("start", "saved_at"):
            row[name] = None if row.get(name) is None else datetime.fromisoformat(row[name])
        return Experiment(**row)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} is no plan: {error}") from error
