"""An experiment's result: what to do first, then the numbers it rests on."""

from __future__ import annotations

import math
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
            f"users: {users} (sample ratio p = {self.validity.sample_ratio_p:.2g}, {self._could_see()})",
            *self.validity.notes,
            *self._caveats(),
            *([f"{seen:,} users came, {self.plan.users:,} were planned: less power than planned"] if few else []),
        ]

    def _could_see(self) -> str:
        loss = self.validity.visible_loss
        if loss is None:
            return "which sees no loss at so few"
        return f"which sees a loss of {loss:.0%} of a variant four times in five"

    def _caveats(self) -> list[str]:
        """Return what the numbers of the last look are not, where they are not what they seem."""
        found = [one for own in self.looks[-1:] for one in own.values()]
        effects = [effect for one in found for effect in one.values() if not isinstance(effect, str)]
        said = []
        if any(effect.saved for effect in effects):
            said.append("adj.: the value is less what the days before the experiment explain (CUPED)")
        few = [effect for effect in effects if math.isfinite(effect.freedom)]
        if few:
            least = min(few, key=lambda effect: min(effect.effective))
            control, treatment = least.effective
            said.append(
                f"few users have most of the turns: for {least.metric} those of {self.plan.control} count as "
                f"{control:.0f}, those of {least.variant} as {treatment:.0f}; intervals are wider for it"
            )
        if self.look is not None and self.look < self.plan.looks and any(one.won for one in self.decisions.values()):
            said.append("a win at an early look shows, on average, more than there is")
        return said


def _cells(line: MetricLine) -> tuple[str, ...]:
    """Return a line as text."""
    high = "no end" if line.high is None else _percent(line.high)
    interval = "" if line.low is None else f"{_percent(line.low)} to {high}"
    adjusted = " adj." if line.saved else ""
    return (
        line.variant,
        line.metric,
        line.role,
        "" if line.control is None else f"{line.control:.4g}{adjusted}",
        "" if line.treatment is None else f"{line.treatment:.4g}{adjusted}",
        "" if line.relative is None else _percent(line.relative),
        interval,
        "" if line.p is None else f"{line.p:.3g}",
        "" if line.needed is None else f"{line.needed:.2g}",
        line.reading,
    )


def _percent(share: float) -> str:
    return f"{share:+.1%}" if abs(share) < 10 else "more than 10 times"
