"""What a recommendation is: what, where, how much it would save, how that is known, the risk, and how to test it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon._tools.shown import escape
from chatmon.estimates import CONFIDENCE
from chatmon.optimizer.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    import pandas as pd

    from chatmon.optimizer.kinds import Kind

MONTH: Final = 30
"""Days of a month."""
UNITS: Final = {"usd": "USD", "seconds": "s of waiting", "errors": "failed turns", "unhelped": "unhelped conversations"}
"""What can be saved. A conversation is unhelped if its last reply did not complete the task."""
_NAMES: Final = {"usd": "money", "seconds": "waiting", "errors": "failures", "unhelped": "conversations"}
HIGH: Final = 0.05
MEDIUM: Final = 0.01
"""Shares of what all turns cost, wait, fail or leave unhelped, from which on a saving is of that priority."""


class Amount(NamedTuple):
    """An estimate with its 95 % interval.

    Attributes:
        value: The estimate; positive where something is saved.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @classmethod
    def around(cls, value: float, error: float) -> Amount:
        """Return an estimate with its standard error as an interval."""
        from scipy.special import ndtri

        reach = float(ndtri((1 + CONFIDENCE) / 2)) * error
        return cls(value, value - reach, value + reach)

    def times(self, factor: float) -> Amount:
        """Return the amount multiplied by a positive number."""
        return Amount(self.value * factor, self.low * factor, self.high * factor)

    def ahead(self, share: float) -> Amount:
        """Return what to expect of new traffic: the same times its size, with an interval that it falls in by itself.

        The interval of an estimate shrinks with the traffic it is scaled to; what so much traffic really saves does
        not. Of the error e, new traffic of a share s has s·e from the estimate and √s·e from its own chance, which
        are independent.

        Args:
            share: Size of the new traffic, relative to that of the estimate, such as its turns by the log's.

        Raises:
            ValueError: The share is not above 0.

        Example:
            >>> value, low, high = Amount(4.0, 2.0, 6.0).ahead(0.25)
            >>> value, round(high - value, 2)
            (1.0, 1.12)
        """
        if not share > 0:
            raise ValueError(f"share ({share}) must be above 0: it is the new traffic's size, relative to the log's")
        wider = (share**2 + share) ** 0.5
        value = self.value * share
        return Amount(value, value - (self.value - self.low) * wider, value + (self.high - self.value) * wider)

    def text(self, unit: str) -> str:
        """Return the amount with its interval and unit.

        Example:
            >>> Amount(3.49, 3.1, 3.9).text("usd"), Amount(1299, 1100, 1500).text("seconds")
            ('$3.49 (3.10 to 3.90)', '1,299 s of waiting (1,100 to 1,500)')
        """
        form = ",.2f" if unit == "usd" else ",.0f"
        value, low, high = (format(one, form).replace("-", "−") for one in self)
        return f"${value} ({low} to {high})" if unit == "usd" else f"{value} {UNITS[unit]} ({low} to {high})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One thing to do.

    Attributes:
        kind: One of ``kinds.KINDS``.
        title: What is wrong or could be better, as a sentence with its numbers.
        slice: Dimension to value; empty for all turns.
        start: From when it shows, in the zone that was asked for.
        end: Until when, excluded.
        ongoing: Whether the log ends with it.
        evidence: Pairs of a name and a text: numbers with intervals and n.
        query: A SELECT over ``turns`` that shows it again.
        saving: What the same traffic would have needed less in that time, by unit of ``UNITS``; estimated on other
            turns than those it was found in.
        monthly: The same for 30 days: as it goes on where it is ongoing, else if it came back as often.
        confidence: How sure it is, in words.
        weight: The largest share that the saving has in what all turns cost, wait, fail or leave unhelped.
    """

    kind: str
    title: str
    slice: Mapping[str, str]
    start: datetime
    end: datetime
    ongoing: bool
    evidence: tuple[tuple[str, str], ...]
    query: str
    saving: Mapping[str, Amount]
    monthly: Mapping[str, Amount]
    confidence: str
    weight: float

    @property
    def where(self) -> str:
        """The slice in words."""
        return ", ".join(f"{name} {value}" for name, value in self.slice.items()) or "all turns"

    @property
    def priority(self) -> str:
        """``high``, ``medium`` or ``low``, by ``weight``."""
        return "high" if self.weight >= HIGH else "medium" if self.weight >= MEDIUM else "low"

    @property
    def action(self) -> str:
        """What to do."""
        return _kind(self.kind).action

    @property
    def risk(self) -> str:
        """What could go wrong with it."""
        return _kind(self.kind).risk

    @property
    def verify(self) -> str:
        """How to test that it saves what it should; ``optimizer.plan`` says on how many users."""
        kind = _kind(self.kind)
        guards = ", ".join(kind.guardrails)
        return f"an experiment on {kind.metric}, with {guards} as guardrails"

    def rows(self) -> list[tuple[str, str]]:
        """Return the recommendation as pairs of a name and a text, in reading order."""
        until = "the log's end" if self.ongoing else f"{self.end:%Y-%m-%d %H:%M}"
        zones = "/".join(dict.fromkeys(f"{moment:%Z}" for moment in (self.start, self.end)))
        return [
            ("recommendation", f"[{self.priority}] {self.title}"),
            ("do", self.action),
            *((f"saves {_NAMES[unit]}",
               f"{amount.text(unit)} in the log, {self.monthly[unit].text(unit)} a month")
              for unit, amount in self.saving.items()),
            ("where", self.where),
            ("when", f"{self.start:%Y-%m-%d %H:%M} to {until}, {zones}"),
            *self.evidence,
            ("how sure", self.confidence),
            ("risk", self.risk),
            ("verify by", self.verify),
            ("query", self.query),
        ]  # fmt: skip

    def __str__(self) -> str:
        return "\n".join(f"{name}: {text}" for name, text in self.rows())

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(name)}: {escape(text)}</li>" for name, text in self.rows()[1:])
        return f"<p><strong>{escape(self.rows()[0][1])}</strong></p><ul>{items}</ul>"


@dataclass(frozen=True, slots=True)
class Recommendations:
    """What to do about a log, the weightiest first, and what could not be looked for.

    Attributes:
        found: The recommendations.
        turns: Turns that were looked at.
        days: Days that they cover.
        unable: Finder to why it could not run: columns that the log lacks, or turns that are too few.
    """

    found: tuple[Recommendation, ...]
    turns: int
    days: float
    unable: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, place: int) -> Recommendation:
        return self.found[place]

    def of(self, kind: str) -> list[Recommendation]:
        """Return the recommendations of one kind.

        Raises:
            ValueError: There is no such kind.
        """
        _kind(kind)
        return [one for one in self.found if one.kind == kind]

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each recommendation: what, where, when, and the monthly savings by unit."""
        import pandas as pd

        rows = [
            {"priority": one.priority, "kind": one.kind, "where": one.where, "start": one.start, "end": one.end}
            | {unit: one.monthly[unit].value if unit in one.monthly else None for unit in UNITS}
            for one in self.found
        ]
        frame = pd.DataFrame(rows, columns=["priority", "kind", "where", "start", "end", *UNITS])
        return frame.astype(dict.fromkeys(UNITS, float))

    def rows(self) -> list[tuple[str, str]]:
        """Return a line for each recommendation, and one for each finder that could not run."""
        said = f"{self.turns:,} turns over {self.days:.1f} days"
        head = f"{len(self.found)} from {said}" if self.found else f"none: nothing to save shows in {said}"
        return [
            ("recommendations", head),
            *((f"{place}. {one.priority}", one.title) for place, one in enumerate(self.found, 1)),
            *((f"not looked for: {name}", why) for name, why in self.unable.items()),
        ]

    def __str__(self) -> str:
        return "\n".join(f"{name}: {text}" for name, text in self.rows())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<p>{escape(name)}: {escape(text)}</p>" for name, text in self.rows() if name[0].isalpha())
        return head + "".join(one._repr_html_() for one in self.found)


def monthly(saving: Mapping[str, Amount], days: float) -> dict[str, Amount]:
    """Return what a saving of so many days comes to in a month.

    Example:
        >>> monthly({"usd": Amount(2.0, 1.0, 3.0)}, 15)["usd"].value
        4.0
    """
    return {unit: amount.times(MONTH / max(days, 1 / 24)) for unit, amount in saving.items()}


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise ValueError(f"no kind of recommendation {name!r}: there are {', '.join(KINDS)}")
    return KINDS[name]
