"""The answer key of simulated traffic: what was planted, where and when, and exactly what mending it saves."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from chatmon.lab.traffic._problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping


class Saving(NamedTuple):
    """What the traffic with a problem has more than the same traffic without it; a negative number is a loss.

    Attributes:
        usd: US dollars, exactly.
        seconds: Seconds that users waited.
        errors: Failed turns.
        abandoned: Conversations whose last reply did not complete the task.
    """

    usd: Decimal
    seconds: float
    errors: int
    abandoned: int

    def __str__(self) -> str:
        return f"${self.usd:.2f}, {self.seconds:,.0f} s, {self.errors} errors, {self.abandoned} abandoned conversations"


@dataclass(frozen=True, slots=True)
class Plant:
    """A problem as it came about.

    Attributes:
        problem: What was planted.
        start: When it began.
        end: When it ended.
        turns: Turns of its slice in that time.
        saving: What mending it saves, all other problems left as they are.
    """

    problem: Problem
    start: datetime
    end: datetime
    turns: int
    saving: Saving

    def __str__(self) -> str:
        where = ", ".join(f"{name} {value}" for name, value in self.problem.slice.items()) or "everywhere"
        when = f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M}"
        return f"{self.problem.kind} ({self.problem.severity}), {where}, {when}: {self.problem.says}. {self.saving}"


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth about simulated traffic.

    Attributes:
        seed: The traffic's.
        start: When it starts.
        days: How long it goes on.
        turns_per_day: About how many turns a day was asked for.
        turns: How many there are in all.
        plants: What was planted.
        saving: What mending all of it together saves: problems that meet do not simply add up.
        decoys: What looks like each kind of problem and is not, and is in all traffic.
    """

    seed: int
    start: datetime
    days: int
    turns_per_day: float
    turns: int
    plants: tuple[Plant, ...]
    saving: Saving
    decoys: Mapping[str, str]

    def __str__(self) -> str:
        planted = [str(plant) for plant in self.plants] or ["nothing is planted: every finding is a false one"]
        return "\n".join([f"{self.turns:,} turns over {self.days} days, seed {self.seed}", *planted])

    def to_json(self) -> str:
        """Return the truth as JSON text: money as text, times in ISO 8601."""

        def plain(value: Any) -> Any:
            if isinstance(value, datetime):
                return value.isoformat()
            if isinstance(value, Decimal):
                return f"{value:f}"
            raise TypeError(f"{value!r} has no place in JSON")

        whole = asdict(self)
        for plant in whole["plants"]:
            plant["saving"] = plant["saving"]._asdict()
            plant["problem"] |= {"slice": dict(plant["problem"]["slice"])}
        whole["saving"] = self.saving._asdict()
        return json.dumps(whole, indent=2, default=plain) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Truth:
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: It is no truth; the message says what is missing.
        """
        try:
            whole = json.loads(text)
            plants = tuple(
                Plant(_problem(one["problem"]), _moment(one["start"]), _moment(one["end"]), one["turns"],
                      _saving(one["saving"]))
                for one in whole["plants"]
            )  # fmt: skip
            return cls(
                whole["seed"], _moment(whole["start"]), whole["days"], whole["turns_per_day"], whole["turns"], plants,
                _saving(whole["saving"]), whole["decoys"],
            )  # fmt: skip
        except json.JSONDecodeError as error:
            raise ValueError(f"no truth of simulated traffic: it is no JSON ({error})") from None
        except (KeyError, TypeError) as error:
            raise ValueError(f"no truth of simulated traffic: {error} is missing or of the wrong kind") from error


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _saving(values: dict[str, Any]) -> Saving:
    return Saving(Decimal(values["usd"]), values["seconds"], values["errors"], values["abandoned"])


def _problem(values: dict[str, Any]) -> Problem:
    start, end = (None if values[name] is None else _moment(values[name]) for name in ("start", "end"))
    return Problem(kind=values["kind"], slice=values["slice"], start=start, end=end, severity=values["severity"])
