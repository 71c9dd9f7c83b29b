"""An experiment's result: what to do first, then the numbers it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.shown import escape
from chatmon.experiment._decision import GO_ON, NO_EFFECT, SHIP, STOP, Bounds, Decision
from chatmon.experiment._reading import Look, MetricLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from chatmon.experiment._effects import Effect
    from chatmon.experiment._plan import Experiment
    from chatmon.experiment._validity import Validity

_HEAD: Final = ("variant", "metric", "role", "control", "treatment", "change", "interval", "p", "needed", "reading")


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """What an experiment shows at a look.

    Attributes:
        plan: The experiment.
        look: Number of the planned look; None for any other moment.
        until: Turns before this moment are in it.
        validity: What was found before any result.
        users: Variant to the users that count.
        looks: At each look so far, treatment to metric to its effect, or to why there is none; empty where nothing may
            be shown.
        bounds: The z to pass at each look; empty for another moment.
        decisions: Treatment to what to do with it.
    """

    plan: Experiment
    look: int | None
    until: datetime
    validity: Validity
    users: Mapping[str, int]
    looks: Sequence[Mapping[str, Mapping[str, Effect | str]]]
    bounds: Bounds
    decisions: Mapping[str, Decision]

    @property
    def decision(self) -> Decision:
        """What to do with the experiment as a whole: ship where a variant has won, else go on where one may."""
        if len(self.decisions) == 1 or self.validity.faults:
            return next(iter(self.decisions.values()))
        verdicts = [decision.verdict for decision in self.decisions.values()]
        return Decision(
            next((one for one in (SHIP, GO_ON, STOP) if one in verdicts), NO_EFFECT),
            tuple(f"{name}: {decision}" for name, decision in self.decisions.items()),
            won=any(decision.won for decision in self.decisions.values()),
        )

    def lines(self) -> list[MetricLine]:
        """Return a line for each metric of each treatment; none where no result may be shown."""
        if not self.looks:
            return []
        return Look(self.plan, self.look, self.users, self.bounds, self.decisions).lines(self.looks[-1])

    def rows(self) -> list[dict[str, Any]]:
        """Return ``lines`` as dictionaries."""
        return [line._asdict() for line in self.lines()]

    def to_frame(self) -> pd.DataFrame:
        """Return ``lines`` as a table."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=list(MetricLine._fields))

    def __str__(self) -> str:
        """Return the decision, its reasons, what has to be known, and the table."""
        table = [_HEAD, *(_cells(line) for line in self.lines())]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
        return "\n".join([*self._says(), *(lines if len(table) > 1 else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title, *says = self._says()
        notes = "".join(f"<li>{escape(line)}</li>" for line in says)
        heads = "".join(f'<th scope="col">{escape(text)}</th>' for text in _HEAD)
        cells = "".join(
            f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in _cells(line))}</tr>" for line in self.lines()
        )
        table = f"<table><tr>{heads}</tr>{cells}</table>" if cells else ""
        return f"<p><b>{escape(title)}</b></p><ul>{notes}</ul>{table}"

    def _says(self) -> list[str]:
        """Return the title, the reasons and the notes."""
        when = f"look {self.look} of {self.plan.looks}" if self.look else "an unplanned look"
        seen = sum(self.users.values())
        users = ", ".join(f"{variant} {number:,}" for variant, number in self.users.items())
        few = self.look == self.plan.looks and seen < self.plan.users
        return [
            f"{self.plan.name}, {when} ({self.until:%Y-%m-%d %H:%M}): {self.decision.verdict}",
            *self.decision.reasons,
            f"users: {users} (sample ratio p = {self.validity.sample_ratio_p:.2g})",
            *self.validity.notes,
            *([f"{seen:,} users came, {self.plan.users:,} were planned: less power than planned"] if few else []),
        ]


def _cells(line: MetricLine) -> tuple[str, ...]:
    """Return a line as text."""
    interval = "" if line.low is None or line.high is None else f"{_percent(line.low)} to {_percent(line.high)}"
    return (
        line.variant,
        line.metric,
        line.role,
        "" if line.control is None else f"{line.control:.4g}",
        "" if line.treatment is None else f"{line.treatment:.4g}",
        "" if line.relative is None else _percent(line.relative),
        interval,
        "" if line.p is None else f"{line.p:.3g}",
        "" if line.needed is None else f"{line.needed:.2g}",
        line.reading,
    )


def _percent(share: float) -> str:
    return f"{share:+.1%}" if abs(share) < 10 else "more than 10 times"
