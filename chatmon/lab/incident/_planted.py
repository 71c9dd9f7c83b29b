"""What goes wrong for one student: kinds, slices, times and sizes, all of them from the class key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from chatmon.lab.incident._class_key import Chances, ClassKey, ClassKeyError, same_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatmon.lab.traffic import Problem, Simulation

FIRST_DAY: Final = datetime(2026, 8, 3, tzinfo=UTC)
STARTS: Final = 140
"""How many days a log may start on: two students' days seldom meet."""
LEAST_DAYS: Final = 10
QUIET: Final = timedelta(days=4)
"""Days before anything goes wrong: what is usual has to be seen before it."""
TURNS_PER_DAY: Final = (1400, 2200)
LASTS: Final = (timedelta(hours=30), timedelta(hours=84))
BURST: Final = (timedelta(hours=2), timedelta(hours=5))
WHERE_ALSO: Final[dict[str, tuple[Mapping[str, str], ...]]] = {
    "channel": ({"region": "uk"}, {"region": "france"}, {"region": "germany"}),
    "region": ({"channel": "web"}, {"channel": "app"}),
    "prompt_version": ({"region": "uk"}, {"region": "france"}, {"region": "germany"}),
    "intent": ({"channel": "web"}, {"channel": "app"}),
}
"""By the dimension of a kind's own slice, what may narrow it."""
NEVER_NARROWED: Final = ("error_burst", "price_change")
"""A burst of hours in less than a region is too few turns; a provider's price knows no region."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """Whose incident it is, and how large: with the class key, all of it follows from these.

    Attributes:
        student: The name, as it was given.
        problems: How many things go wrong.
        days: How long the log is.

    Raises:
        ClassKeyError: The name is empty, the log too short, or the number of problems impossible.
    """

    student: str
    problems: int
    days: int

    def __post_init__(self) -> None:
        same_name(self.student)
        most = len(_kinds())
        if not 1 <= self.problems <= most:
            raise ClassKeyError(f"problems ({self.problems}) is not between 1 and {most}, the kinds there are")
        if self.days < LEAST_DAYS:
            raise ClassKeyError(f"days ({self.days}) is less than {LEAST_DAYS}: what is usual has to be seen first")

    @property
    def named(self) -> tuple[object, ...]:
        """What the class key's digests are asked for."""
        return "incident", same_name(self.student), self.problems, self.days

    def seal(self, key: ClassKey) -> str:
        """Return the mark by which a diagnosis shows that it is of this incident and of this class."""
        return key.digest("seal", *self.named).hex()[:16]


def incident(key: ClassKey, whose: Assigned) -> Simulation:
    """Return a student's traffic and the truth about it.

    Args:
        key: The class's.
        whose: The student, and how large the incident is.

    Example:
        >>> made = incident(ClassKey(bytes(32)), Assigned("Ada", problems=1, days=10))
        >>> len(made.truth.plants), made.truth.days
        (1, 10)
    """
    from chatmon.lab.traffic import simulate

    chances = Chances(key, whose.named)
    start = FIRST_DAY + timedelta(days=chances.one(range(STARTS), "start"))
    order = sorted(_kinds(), key=lambda kind: chances.uniform("kind", kind))
    problems = [_problem(chances, kind, start, whose.days) for kind in order[: whose.problems]]
    # All of the digest: a shorter seed could be found by trying.
    seed = int.from_bytes(key.digest(*whose.named, "seed"), "big")
    size = chances.between(*TURNS_PER_DAY, "turns per day")
    return simulate(seed, start=start, days=whose.days, problems=problems, turns_per_day=size)


def _kinds() -> list[str]:
    from chatmon.lab.traffic import KINDS

    return [kind for kind in KINDS if kind != "mix_shift"]


def _problem(chances: Chances, kind: str, start: datetime, days: int) -> Problem:
    from chatmon.lab.traffic import KINDS, Problem

    shortest, longest = BURST if kind == "error_burst" else LASTS
    hour = timedelta(hours=1)
    lasts = round(chances.between(shortest / hour, longest / hour, kind, "lasts")) * hour
    last_start = timedelta(days=days) - lasts
    begins = start + round(chances.between(QUIET / hour, last_start / hour, kind, "begins")) * hour
    if kind == "error_burst":
        begins = begins.replace(hour=9 + int(chances.uniform(kind, "hour") * 7))
    where = chances.one(KINDS[kind].slices, kind, "where")
    return Problem(
        kind=kind,
        slice={**where, **_also(chances, kind, where)},
        start=begins,
        end=begins + lasts,
        severity="severe" if kind == "error_burst" else chances.one(("middle", "severe"), kind, "severity"),
    )


def _also(chances: Chances, kind: str, where: Mapping[str, str]) -> Mapping[str, str]:
    """Return what narrows a slice: nothing for every third one."""
    (dimension,) = where
    if kind in NEVER_NARROWED or chances.uniform(kind, "narrowed") < 1 / 3:
        return {}
    return chances.one(WHERE_ALSO[dimension], kind, "also")
