"""The problems that can be planted in traffic: what each does, how badly, to which turns, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chatmon._tools.models import course_models
from chatmon.lab.traffic._desk import DIMENSIONS
from chatmon.lab.traffic._draws import Draws

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatmon.lab.traffic._draws import Floats

SEVERITIES: Final = ("mild", "middle", "severe")


class ProblemKind(NamedTuple):
    """A kind of problem.

    Attributes:
        says: What happens to the turns it strikes; ``{effect}`` is the number of its severity.
        effects: That number for each severity.
        neutral: The number of turns it does not strike.
        lasts: How long it goes on where nothing is said; None until the end.
        slices: Where it may strike where nothing is said: dimension to values.
        decoy: What looks like it and is not, in all traffic.
    """

    says: str
    effects: tuple[float, float, float]
    neutral: float
    lasts: timedelta | None
    slices: tuple[Mapping[str, str], ...]
    decoy: str


_MODELS: Final = course_models().desk
EASY: Final[tuple[Mapping[str, str], ...]] = ({"intent": "account"}, {"intent": "billing"}, {"intent": "moving"})
PLACES: Final[tuple[Mapping[str, str], ...]] = ({"region": "uk"}, {"region": "france"}, {"region": "germany"})
ROUTES: Final[tuple[Mapping[str, str], ...]] = ({"channel": "app"}, {"intent": "billing"}, {"intent": "connection"})

KINDS: Final[dict[str, ProblemKind]] = {
    "latency_step": ProblemKind(
        "the model takes {effect} times as long", (1.25, 1.6, 2.2), 1.0, None, (*PLACES, *ROUTES),
        "installation is slow because its answers are long",
    ),
    "retry_storm": ProblemKind(
        "a share {effect} of requests time out at the client, which repeats each 3 to 8 times within a minute; every "
        "repeat is answered and charged", (0.02, 0.05, 0.12), 0.0, timedelta(days=2),
        ({"channel": "app"}, {"region": "germany"}),
        "people ask the same question again hours later, and mean it",
    ),
    "prompt_bloat": ProblemKind(
        "{effect} tokens of boilerplate stand in every prompt, to no use", (250.0, 700.0, 1800.0), 0.0, None,
        ({"prompt_version": "v3"},),
        "router has a long context that its answers need",
    ),
    "uncached_prefix": ProblemKind(
        "a share {effect} of requests miss the cache, because the prompt begins differently each time",
        (0.5, 0.8, 1.0), 0.0, None, ({"prompt_version": "v3"}, {"channel": "app"}),
        "ireland is too quiet for its prefixes to stay in the cache",
    ),
    "overpowered_model": ProblemKind(
        "a share {effect} of conversations go to the strong model, which is no better at them", (0.3, 0.6, 1.0), 0.0,
        None, EASY,
        "plans looks as easy, and the usual model is worse at it",
    ),
    "error_burst": ProblemKind(
        "requests fail {effect} times as often", (15.0, 40.0, 90.0), 1.0, timedelta(minutes=60), PLACES,
        "one user's broken client fails every time",
    ),
    "abandonment": ProblemKind(
        "one request in four waits {effect} seconds in a queue, and people leave", (3.0, 7.0, 15.0), 0.0,
        timedelta(days=4), ({"channel": "app"}, {"region": "france"}),
        "contact ends after one turn because it is answered",
    ),
    "quality_drop": ProblemKind(
        "the odds of a completed task are {effect} times what they were, and nothing fails", (0.6, 0.35, 0.15), 1.0,
        None, ({"intent": "router"}, {"intent": "billing"}, {"prompt_version": "v3"}),
        "cancellation is rated badly however well it is answered",
    ),
    "price_change": ProblemKind(
        "a token costs {effect} times as much", (1.1, 1.25, 1.5), 1.0, None,
        ({"model": _MODELS.strong}, {"model": _MODELS.reasoning}),
        "at weekends more people ask what is dear to answer",
    ),
    "mix_shift": ProblemKind(
        "this intent is asked for {effect} times as often, and nothing else changes", (1.5, 2.5, 4.0), 1.0, None,
        ({"intent": "installation"}, {"intent": "router"}),
        "at weekends the mix differs from working days",
    ),
}  # fmt: skip
"""Every kind of problem by its name. ``mix_shift`` is no problem of the bot: what it costs cannot be saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem to plant.

    Attributes:
        kind: One of ``KINDS``.
        start: From when, aware; None from the beginning of the traffic.
        end: Until when, excluded; None until its kind's usual duration is over, or the traffic is.
        slice: Dimension to value: the turns it strikes; empty for all of them.
        severity: ``mild``, ``middle`` or ``severe``.

    Raises:
        ValueError: The kind, a dimension, a value, the severity or the window is impossible.

    Example:
        >>> Problem(kind="latency_step", slice={"region": "mars"})
        Traceback (most recent call last):
        ValueError: region 'mars' is unknown: it is one of uk, france, germany, ireland
    """

    kind: str
    slice: Mapping[str, str] = field(default_factory=dict)
    start: datetime | None = None
    end: datetime | None = None
    severity: str = "middle"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"problem {self.kind!r} is unknown: it is one of {', '.join(KINDS)}")
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity {self.severity!r} is unknown: it is one of {', '.join(SEVERITIES)}")
        for name, value in self.slice.items():
            if name not in DIMENSIONS:
                raise ValueError(f"dimension {name!r} is unknown: it is one of {', '.join(DIMENSIONS)}")
            if value not in DIMENSIONS[name]:
                raise ValueError(f"{name} {value!r} is unknown: it is one of {', '.join(DIMENSIONS[name])}")
        for name in ("start", "end"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"{name} ({moment}) has no time zone: say which, such as datetime.UTC")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"end ({self.end}) is not after start ({self.start})")

    @property
    def effect(self) -> float:
        """The number of its severity."""
        return KINDS[self.kind].effects[SEVERITIES.index(self.severity)]

    @property
    def says(self) -> str:
        """What happens to the turns it strikes."""
        return KINDS[self.kind].says.format(effect=f"{self.effect:g}")

    def window(self, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        """Return when it goes on in traffic of this period, both ends inside it.

        Raises:
            ValueError: It does not go on in that period at all.
        """
        begins = max(start, self.start or start)
        lasts = KINDS[self.kind].lasts
        stops = self.end or (begins + lasts if lasts else end)
        if begins >= end or stops <= start:
            raise ValueError(f"{self.kind} ({begins} to {stops}) is outside the traffic ({start} to {end})")
        return begins, min(stops, end)

    @classmethod
    def parse(cls, text: str) -> Problem:
        """Read a problem from one word: ``kind[:dimension=value,...][:severity][@start[/end]]``.

        Args:
            text: Such as ``latency_step:region=france:severe@2026-10-14/2026-10-16T12:00``; times are UTC.

        Raises:
            ValueError: It is none; the message has the part and the way out.

        Example:
            >>> Problem.parse("prompt_bloat:prompt_version=v3:mild@2026-10-12").severity
            'mild'
        """
        what, _, when = text.partition("@")
        kind, *parts = what.split(":")
        slice_, severity = {}, "middle"
        for part in filter(None, parts):
            if "=" in part:
                pairs = [pair.partition("=") for pair in part.split(",")]
                strangers = [name for name, equals, _ in pairs if not equals]
                if strangers:
                    raise ValueError(f"{strangers[0]!r} in {part!r} is no dimension=value, such as region=france")
                slice_ = {name: value for name, _, value in pairs}
            else:
                severity = part
        start, _, end = when.partition("/")
        return cls(kind=kind, slice=slice_, severity=severity, start=_moment(start), end=_moment(end))


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time: write 2026-10-14 or 2026-10-14T12:00, in UTC") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def surprise(seed: int, number: int, *, start: datetime, days: int, severity: str = "middle") -> list[Problem]:
    """Return problems of different kinds that the seed picks: an incident for each student, from a student's number.

    Args:
        seed: Any whole number.
        number: How many, at most one of each kind.
        start: When the traffic starts.
        days: How long it goes on; the problems begin in its second half.
        severity: Of all of them.

    Example:
        >>> [p.kind for p in surprise(4, 2, start=datetime(2026, 10, 5, tzinfo=UTC), days=14)]
        ['error_burst', 'price_change']
    """
    names = [name for name in KINDS if name != "mix_shift"]
    if not 1 <= number <= len(names):
        raise ValueError(f"number ({number}) is not between 1 and {len(names)}, the kinds there are")
    draws, keys = Draws(seed), np.arange(len(names), dtype=np.uint64)
    order = np.argsort(draws.uniform("surprise", keys))[:number]
    places, hours = draws.uniform("surprise slice", keys), draws.uniform("surprise hour", keys)
    found = []
    for at in order:
        kind = KINDS[names[at]]
        day = days // 2 + int(hours[at] * max(1, days - days // 2) * 0.6)
        begins = start + timedelta(days=day, hours=8 + int(hours[at] * 97) % 10)
        chosen = kind.slices[int(places[at] * len(kind.slices))]
        found.append(Problem(kind=names[at], slice=chosen, start=begins, severity=severity))
    return found


@dataclass(frozen=True, slots=True)
class Effects:
    """What the planted problems do to turns.

    Attributes:
        problems: Those that are planted.
        start: When the traffic starts.
        end: When it ends.
    """

    problems: Sequence[Problem]
    start: datetime
    end: datetime

    def of(self, kind: str, dimensions: Mapping[str, Sequence[str] | np.ndarray], seconds: Floats) -> Floats:
        """Return the effect on each turn; where two problems of a kind meet, the worse one counts.

        Args:
            kind: One of ``KINDS``.
            dimensions: Values by dimension, one for each turn; a problem of another dimension does not strike.
            seconds: When each turn starts, in seconds from ``start``.
        """
        neutral = KINDS[kind].neutral
        effect = np.full(len(seconds), neutral)
        for problem in self.problems:
            if problem.kind != kind:
                continue
            begins, stops = ((moment - self.start).total_seconds() for moment in problem.window(self.start, self.end))
            struck = (seconds >= begins) & (seconds < stops)
            for name, value in problem.slice.items():
                struck &= np.asarray(dimensions[name]) == value
            worse = struck & (np.abs(problem.effect - neutral) > np.abs(effect - neutral))
            effect = np.where(worse, problem.effect, effect)
        return effect
