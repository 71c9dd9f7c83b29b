"""``diagnosis.toml``: what a student says went wrong, its template, and how it is read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.errors import Error
from chatmon.lab.incident._answers import DO, EXPERIMENT, RULED_OUT, WHAT
from chatmon.lab.incident._class_key import ClassKeyError
from chatmon.lab.incident._planted import Assigned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE: Final = "diagnosis.toml"
AMOUNTS: Final[dict[str, str]] = {
    "usd": "US dollars",
    "seconds": "seconds that users waited",
    "failures": "failed turns",
    "unhelped": "conversations whose last reply did not complete the task",
}
"""What a problem costs, by the name in a diagnosis."""
_FIELDS: Final = {"what", "where", "from", "to", *AMOUNTS, "do", "experiment", "ruled_out"}
_ONE_OF: Final = {"what": WHAT, "do": DO, "experiment": EXPERIMENT}

Interval = tuple[Decimal, Decimal]


class DiagnosisError(Error):
    """A diagnosis cannot be read, or is not whole; the message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that went wrong, as a student says it; what was left empty is None.

    Attributes:
        what: One of the kinds in ``WHAT``.
        where: Dimension to value; empty for everywhere.
        start: From when, aware.
        end: Until when, excluded.
        amounts: By the names in ``AMOUNTS``: the least and the most that it cost.
        do: One of ``DO``.
        experiment: One of ``EXPERIMENT``.
        ruled_out: Of ``RULED_OUT``.
    """

    what: str | None = None
    where: Mapping[str, str] | None = None
    start: datetime | None = None
    end: datetime | None = None
    amounts: Mapping[str, Interval] = field(default_factory=dict)
    do: str | None = None
    experiment: str | None = None
    ruled_out: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """What was left empty, by its name in the file."""
        said: dict[str, object] = {"what": self.what, "where": self.where, "from": self.start, "to": self.end}
        said |= {name: self.amounts.get(name) for name in AMOUNTS}
        said |= {"do": self.do, "experiment": self.experiment, "ruled_out": self.ruled_out or None}
        return [name for name, value in said.items() if value is None]


@dataclass(frozen=True, slots=True)
class StudentDiagnosis:
    """What a student handed in.

    Attributes:
        whose: The student's incident, as the file states it.
        seal: The mark that it bears.
        claims: What went wrong; problems that were left wholly empty are not there.
    """

    whose: Assigned
    seal: str
    claims: tuple[Claim, ...]

    @property
    def missing(self) -> list[str]:
        """What a whole diagnosis would have besides, such as ``problem 2: from``."""
        found = [f"problem {n}: {name}" for n, claim in enumerate(self.claims, 1) for name in claim.missing]
        absent = range(len(self.claims) + 1, self.whose.problems + 1)
        return [*found, *(f"problem {n}: all of it" for n in absent)]


def template(whose: Assigned, seal: str) -> str:
    """Return the file that a student fills in.

    Example:
        >>> whose = Assigned("Ada", problems=2, days=14)
        >>> parse(template(whose, "ab12")).missing
        ['problem 1: all of it', 'problem 2: all of it']
    """
    listed = "\n".join(
        "\n".join([f"# {name}, {intro}:", *(f"#   {word:18} {says}" for word, says in words.items())])
        for name, intro, words in (
            ("what", "one of", WHAT),
            ("do", "what to do; one of", DO),
            ("experiment", "which one would prove that this helps; one of", EXPERIMENT),
            ("ruled_out", "what looks like this problem and is not; at best one of", RULED_OUT),
        )
    )
    amounts = "\n".join(f"#   {name:18} {says}" for name, says in AMOUNTS.items())
    return (
        f"""\
# The diagnosis of an incident. The log beside it, turns.parquet, holds {whose.days} days of a support desk.
# In it went wrong: {whose.problems}. Say of each what, where, from when to when, what it cost, and what to do.
# Leave empty what you do not know. A problem that is not there takes marks away.
#
# where, such as {{ region = "uk" }} or {{ intent = "billing", channel = "app" }}: dimensions are intent, region,
# channel, prompt_version and model. Everywhere is {{ everywhere = true }}.
# from, to, such as 2026-10-14T09:00:00Z, in UTC.
# What it cost, over all of its time, more than the same time without it: the least and the most, such as [1.5, 2.5].
# The narrower an interval that holds the truth, the more it is worth.
{amounts}
{listed}

[incident]  # leave this as it is: it says whose the log is
student = {_quoted(whose.student)}
problems = {whose.problems}
days = {whose.days}
seal = "{seal}"
"""
        + _EMPTY * whose.problems
    )


_EMPTY: Final = """
[[problem]]
what = ""
where = {}
from = ""
to = ""
usd = []
seconds = []
failures = []
unhelped = []
do = ""
experiment = ""
ruled_out = []
"""


def _quoted(text: str) -> str:
    """Return a text as TOML writes it: JSON's escapes are TOML's, too."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def read(path: Path) -> StudentDiagnosis:
    """Read a diagnosis.

    Args:
        path: The file, or its folder.

    Raises:
        DiagnosisError: It is missing or cannot be read; the message says where.
    """
    file = path / FILE if path.is_dir() else path
    try:
        return parse(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DiagnosisError(f"no diagnosis at {file}") from None
    except UnicodeDecodeError as error:
        raise DiagnosisError(f"{file} is no text in UTF-8: {error}") from None
    except DiagnosisError as error:
        raise DiagnosisError(f"{file}: {error}") from None


def parse(text: str) -> StudentDiagnosis:
    """Read the text of a diagnosis.

    Raises:
        DiagnosisError: It is no diagnosis; the message says which problem and which line of it.

    Example:
        >>> parse("[incident]")
        Traceback (most recent call last):
        chatmon.lab.incident._diagnosis.DiagnosisError: [incident] lacks student, problems, days, seal: copy it anew
    """
    try:
        whole = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DiagnosisError(f"it is no TOML: {error}") from None
    _refuse_others(whole, {"incident", "problem"}, "the file")
    problems = whole.get("problem", [])
    if not isinstance(problems, list) or not all(isinstance(one, dict) for one in problems):
        raise DiagnosisError("each problem begins with the line [[problem]], in two pairs of brackets")
    claims = [_claim(one, f"problem {n}") for n, one in enumerate(problems, 1)]
    whose, seal = _incident(whole.get("incident", {}))
    return StudentDiagnosis(whose, seal, tuple(one for one in claims if one != Claim()))


def _incident(said: Any) -> tuple[Assigned, str]:
    wanted: dict[str, type] = {"student": str, "problems": int, "days": int, "seal": str}
    missing = [name for name, kind in wanted.items() if not isinstance(said, dict) or type(said.get(name)) is not kind]
    if missing:
        raise DiagnosisError(f"[incident] lacks {', '.join(missing)}: copy it anew")
    try:
        return Assigned(said["student"], said["problems"], said["days"]), said["seal"]
    except ClassKeyError as error:
        raise DiagnosisError(f"[incident]: {error}") from None


def _claim(said: dict[str, Any], at: str) -> Claim:
    _refuse_others(said, _FIELDS, at)
    start, end = (_moment(said.get(name, ""), f"{at}: {name}") for name in ("from", "to"))
    if start is not None and end is not None and end <= start:
        raise DiagnosisError(f"{at}: to ({end}) is not after from ({start})")
    return Claim(
        **{name: _word(said.get(name, ""), words, f"{at}: {name}") for name, words in _ONE_OF.items()},
        where=_where(said.get("where", {}), f"{at}: where"),
        start=start,
        end=end,
        amounts={
            name: interval
            for name in AMOUNTS
            if (interval := _interval(said.get(name, []), f"{at}: {name}")) is not None
        },
        ruled_out=_words(said.get("ruled_out", []), f"{at}: ruled_out"),
    )


def _refuse_others(said: dict[str, Any], known: set[str], at: str) -> None:
    if others := sorted(set(said) - known):
        raise DiagnosisError(
            f"{at} has {', '.join(others)}, which nobody reads: it may have {', '.join(sorted(known))}"
        )


def _word(said: Any, words: Mapping[str, str], at: str) -> str | None:
    if said == "":
        return None
    if not isinstance(said, str) or said not in words:
        raise DiagnosisError(f"{at} is {said!r}: it is one of {', '.join(words)}")
    return said


def _words(said: Any, at: str) -> tuple[str, ...]:
    listed = said if isinstance(said, list) else [said]
    return tuple(dict.fromkeys(word for one in listed if (word := _word(one, RULED_OUT, at)) is not None))


def _where(said: Any, at: str) -> Mapping[str, str] | None:
    if not isinstance(said, dict):
        raise DiagnosisError(f'{at} is {said!r}: write {{ region = "uk" }}, or {{ everywhere = true }}')
    if said == {"everywhere": True}:
        return {}
    for name, value in said.items():
        if not isinstance(value, str):
            raise DiagnosisError(f'{at}: {name} is {value!r}: write one value in quotes, such as region = "uk"')
    return said or None


def _moment(said: Any, at: str) -> datetime | None:
    if said == "":
        return None
    if isinstance(said, str):
        try:
            said = datetime.fromisoformat(said)
        except ValueError:
            raise DiagnosisError(f"{at} is {said!r}: write 2026-10-14T09:00:00Z") from None
    if isinstance(said, date) and not isinstance(said, datetime):
        said = datetime.combine(said, time())
    if not isinstance(said, datetime):
        raise DiagnosisError(f"{at} is {said!r}: write 2026-10-14T09:00:00Z")
    try:
        return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    except OverflowError:
        raise DiagnosisError(f"{at} is {said}: no calendar goes there") from None


def _interval(said: Any, at: str) -> Interval | None:
    if said == []:
        return None
    numbers = said if isinstance(said, list) else []
    ends = [Decimal(one) for one in numbers if isinstance(one, Decimal) or type(one) is int]
    if len(ends) != 2 or len(numbers) != 2 or not all(one.is_finite() for one in ends):
        raise DiagnosisError(f"{at} is {_plain(said)}: write the least and the most, such as [1.5, 2.5]")
    low, high = ends
    if low > high:
        raise DiagnosisError(f"{at} is [{low}, {high}]: the least comes first")
    return low, high


def _plain(said: Any) -> str:
    return f"[{', '.join(map(str, said))}]" if isinstance(said, list) else repr(said)
