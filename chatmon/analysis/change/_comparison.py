"""A comparison of two periods: what changed, by which parts and where, to read or to work on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatmon._tools.shown import as_html, as_text
from chatmon.analysis.change.clustered import ALPHA

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    import pandas as pd

    from chatmon.analysis.change.clustered import Difference

UNLIKE_WEEKS: Final = 0.1
"""Difference in the share of turns at weekends from which on two periods are not alike."""


@dataclass(frozen=True, slots=True)
class Period:
    """One of the two periods.

    Attributes:
        first: Start of its first turn, UTC.
        last: Start of its last turn, UTC.
        turns: How many turns it has.
        conversations: How many conversations they belong to.
        weekend: Share of its turns that came on a Saturday or Sunday (UTC).
    """

    first: datetime
    last: datetime
    turns: int
    conversations: int
    weekend: float

    def __str__(self) -> str:
        when = f"{self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC"
        return f"{when}: {self.turns:,} turns in {self.conversations:,} conversations"


@dataclass(frozen=True, slots=True)
class Segment:
    """One value of a dimension.

    Attributes:
        value: The value; None where it is unknown.
        turns_before: Its turns in the first period whose measure is known.
        turns_after: The same in the second.
        before: Their mean; None without any.
        after: The same in the second.
        difference: Of the means; None where a period has too few turns of it.
        mix: What it adds to the split's ``mix``: its share moved, against the mean of all.
        rate: What it adds to the split's ``rate``: its own mean moved.
    """

    value: str | None
    turns_before: int
    turns_after: int
    before: float | None
    after: float | None
    difference: Difference | None
    mix: Decimal
    rate: Decimal

    @property
    def changed(self) -> bool:
        """Whether its mean changed by more than chance."""
        return self.difference is not None and self.difference.changed


@dataclass(frozen=True, slots=True)
class DimensionSplit:
    """The change of a total in three parts that add up to it, by one dimension, and what mix and rate do to the mean.

    Attributes:
        by: The dimension.
        volume: By more turns or fewer.
        mix: By turns having moved between its segments.
        rate: By turns of the same segment having changed.
        mix_of_mean: What ``mix`` makes of the mean, with its interval.
        rate_of_mean: What ``rate`` makes of the mean: the two add up to the mean's change.
        segments: The dimension's values; their ``mix`` and ``rate`` add up to the split's.
    """

    by: str
    volume: Decimal
    mix: Decimal
    rate: Decimal
    mix_of_mean: Difference
    rate_of_mean: Difference
    segments: tuple[Segment, ...]

    def __getitem__(self, value: str | None) -> Segment:
        """Return one of its segments."""
        for segment in self.segments:
            if segment.value == value:
                return segment
        raise KeyError(f"{self.by} has no {value!r}: take from {[segment.value for segment in self.segments]}")


@dataclass(frozen=True, slots=True)
class Change:
    """One measure in both periods.

    Attributes:
        measure: ``turns`` or one of ``_compare.COMPARED_MEASURES``.
        unit: Of its mean.
        before: Its mean over turns (of ``turns``, over whole days) in the first period; None where it is unknown.
        after: The same in the second.
        turns_before: Turns in the first period whose value is known.
        turns_after: The same in the second.
        total_before: What they add up to, exactly.
        total_after: The same in the second.
        difference: Of the means; None where there is too little to tell.
        splits: Its parts by each dimension.
    """

    measure: str
    unit: str
    before: float | None
    after: float | None
    turns_before: int
    turns_after: int
    total_before: Decimal | None
    total_after: Decimal | None
    difference: Difference | None
    splits: tuple[DimensionSplit, ...]

    @property
    def changed(self) -> bool:
        """Whether its mean changed by more than chance, among everything that was looked at."""
        return self.difference is not None and self.difference.changed

    def by(self, name: str) -> DimensionSplit:
        """Return its split by one dimension.

        Raises:
            KeyError: It was not split by that.
        """
        for split in self.splits:
            if split.by == name:
                return split
        raise KeyError(f"{self.measure} is not split by {name!r}: take from {[split.by for split in self.splits]}")


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """What changed from one period to another.

    Attributes:
        before: The first period.
        after: The second.
        changes: Each measure, ``turns`` first.
        looked_at: Means, parts and segments whose p is corrected for each other.
    """

    before: Period
    after: Period
    changes: tuple[Change, ...]
    looked_at: int

    def __getitem__(self, measure: str) -> Change:
        """Return one measure's change."""
        for change in self.changes:
            if change.measure == measure:
                return change
        raise KeyError(f"{measure!r} is not compared: take from {[change.measure for change in self.changes]}")

    @property
    def alike(self) -> bool:
        """Whether weekends make up about as much of both periods; where not, a change may be the week's."""
        return abs(self.before.weekend - self.after.weekend) < UNLIKE_WEEKS

    def claims(self) -> list[tuple[str, str, str | None, Difference]]:
        """Return all that changed by more than chance: measure, what of it, of which segment, by how much.

        What is ``mean``, or ``mix``, ``rate`` or ``segment`` with the dimension's name after ``by``.
        """
        found: list[tuple[str, str, str | None, Difference | None]] = []
        for change in self.changes:
            found.append((change.measure, "mean", None, change.difference))
            for split in change.splits:
                found.append((change.measure, f"mix by {split.by}", None, split.mix_of_mean))
                found.append((change.measure, f"rate by {split.by}", None, split.rate_of_mean))
                found += [(change.measure, f"segment by {split.by}", s.value, s.difference) for s in split.segments]
        return [(measure, what, value, one) for measure, what, value, one in found if one is not None and one.changed]

    def rows(self) -> list[tuple[str, str]]:
        """Return what changed as pairs of a name and a text, in reading order."""
        rows = [("before", str(self.before)), ("after", str(self.after))]
        for change in self.changes:
            rows.append((change.measure, _text_of(change)))
            for split in change.splits:
                moved = [
                    f"{name} {_signed(one.value)}"
                    for name, one in (("mix", split.mix_of_mean), ("rate", split.rate_of_mean))
                    if one.changed
                ]
                if moved:
                    rows.append((f"  by {split.by}", f"{', '.join(moved)} {change.unit}"))
                rows += [
                    (
                        f"  {split.by} {segment.value}",
                        _moved(segment.before, segment.after, change.unit, segment.difference),
                    )
                    for segment in split.segments
                    if segment.changed
                ]
        if not self.alike:
            shares = f"{self.before.weekend:.0%} and {self.after.weekend:.0%}"
            rows.append(("but", f"{shares} of the turns came at weekends: the changes may be the week's"))
        rows.append(("how sure", f"changed: p < {ALPHA} after correction for all {self.looked_at} things looked at"))
        return rows

    def __str__(self) -> str:
        return as_text(self.rows())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html("What changed. Intervals are 95 %.", self.rows())

    def frame(self) -> pd.DataFrame:
        """Return one row for each measure: its means, their difference and whether it changed."""
        import pandas as pd

        return pd.DataFrame(
            {
                "measure": change.measure,
                "unit": change.unit,
                "before": change.before,
                "after": change.after,
                **_columns(change.difference),
                "turns_before": change.turns_before,
                "turns_after": change.turns_after,
                "total_before": change.total_before,
                "total_after": change.total_after,
            }
            for change in self.changes
        )

    def splits(self) -> pd.DataFrame:
        """Return one row for each measure, dimension and part: its amount of the total, and of the mean."""
        import pandas as pd

        return pd.DataFrame(
            {"measure": change.measure, "by": split.by, "part": part, "amount": amount, **_columns(of_mean)}
            for change in self.changes
            for split in change.splits
            for part, amount, of_mean in (
                ("volume", split.volume, None),
                ("mix", split.mix, split.mix_of_mean),
                ("rate", split.rate, split.rate_of_mean),
            )
        )

    def segments(self) -> pd.DataFrame:
        """Return one row for each measure, dimension and segment."""
        import pandas as pd

        return pd.DataFrame(
            {
                "measure": change.measure,
                "by": split.by,
                "value": segment.value,
                "before": segment.before,
                "after": segment.after,
                **_columns(segment.difference),
                "turns_before": segment.turns_before,
                "turns_after": segment.turns_after,
                "mix": segment.mix,
                "rate": segment.rate,
            }
            for change in self.changes
            for split in change.splits
            for segment in split.segments
        )


def _columns(difference: Difference | None) -> dict[str, float | bool | None]:
    if difference is None:
        return dict.fromkeys(("difference", "low", "high", "p", "corrected"), None) | {"changed": False}
    value, low, high, p, corrected = difference
    return {
        "difference": value,
        "low": low,
        "high": high,
        "p": p,
        "corrected": corrected,
        "changed": difference.changed,
    }


def _text_of(change: Change) -> str:
    if change.before is None or change.after is None:
        return "unknown in one of the periods"
    return _moved(change.before, change.after, change.unit, change.difference)


def _moved(before: float | None, after: float | None, unit: str, difference: Difference | None) -> str:
    text = f"{_number(before)} to {_number(after)} {unit}"
    if difference is None or difference.low is None or difference.high is None:
        return f"{text}: too little to tell"
    interval = f"{_signed(difference.value)} ({_signed(difference.low)} to {_signed(difference.high)})"
    verdict = f"changed, p = {difference.corrected:.2g}" if difference.changed else "could be chance"
    return f"{text}: {interval}, {verdict}"


def _number(value: float | None) -> str:
    """Return a number with four digits that count."""
    if value is None:
        return "none"
    value = float(f"{value:.3e}")  # rounded first: 0.99999 has its digits where 1 has them
    places = 3 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:,.{max(0, min(places, 12))}f}"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{_number(value)}"
