"""A class's diagnoses, graded: a row for each, and a page of what the class found hard."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatmon.lab.incident._answers import WHAT
from chatmon.lab.incident._class_key import same_name
from chatmon.lab.incident._diagnosis import FILE, DiagnosisError, StudentDiagnosis, read
from chatmon.lab.incident._hints import taken
from chatmon.lab.incident._planted import incident
from chatmon.lab.incident._points import MOST, Grade, ProblemPoints, grade

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinja2 import Template

    from chatmon.lab.incident._class_key import ClassKey

HARD: Final = 0.5
"""The share of points below which a part was hard for a class."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A diagnosis, and what came of it.

    Attributes:
        file: Where it lies.
        student: Whose it is; None where it could not be read.
        grade: What it earned; None where it was not graded.
        refused: Why it was not graded; empty where it was.
        hints: How many hints were taken.
    """

    file: Path
    student: str | None
    grade: Grade | None
    refused: str = ""
    hints: int = 0


def found(path: Path) -> list[Path]:
    """Return the diagnoses at a path: a file, a student's folder, or a folder of such files or folders.

    Raises:
        DiagnosisError: There is none.
    """
    if path.is_file():
        return [path]
    if (path / FILE).is_file():
        return [path / FILE]
    files = sorted({*path.glob("*.toml"), *path.glob(f"*/{FILE}")})
    if not files:
        raise DiagnosisError(f"no diagnosis at {path}: it wants {FILE}, or folders of students that hold one")
    return files


def graded(file: Path, key: ClassKey) -> Graded:
    """Grade a diagnosis by the class key; what cannot be graded says why, and is no 0.

    Args:
        file: The diagnosis.
        key: The class's.
    """
    try:
        diagnosis = read(file)
    except DiagnosisError as error:
        return Graded(file, None, None, str(error))
    student = diagnosis.whose.student
    if diagnosis.seal != diagnosis.whose.seal(key):
        return Graded(
            file, student, None,
            f"{file}: its seal is not that of {student} in this class: another class key, or [incident] was changed",
        )  # fmt: skip
    return Graded(file, student, points_of(diagnosis, key), hints=taken(file.parent))


def points_of(diagnosis: StudentDiagnosis, key: ClassKey) -> Grade:
    """Return what a diagnosis earns, against the incident that follows from the key."""
    made = incident(key, diagnosis.whose)
    return grade(diagnosis.claims, made.truth, made.turns)


def twice(rows: Sequence[Graded]) -> list[str]:
    """Return a sentence for each student of whom there is more than one diagnosis: one of them may be a copy."""
    files: dict[str, list[Path]] = {}
    for row in rows:
        if row.student is not None:
            files.setdefault(same_name(row.student), []).append(row.file)
    return [
        f"{len(paths)} diagnoses are of {name}: {', '.join(map(str, paths))}"
        for name, paths in files.items()
        if len(paths) > 1
    ]


def table(rows: Sequence[Graded]) -> str:
    """Return a class as CSV: a row for each diagnosis, with its mark and the share of each part.

    Example:
        >>> print(table([Graded(Path("ada.toml"), "Ada", None, "no TOML")]).splitlines()[1])
        Ada,ada.toml,,,,,,,,,,,0,no TOML
    """
    lines = [["student", "file", "mark", *MOST, "problems", "false_claims", "hints", "not_graded"]]
    for row in rows:
        shares = [""] * (len(MOST) + 3)
        if row.grade:
            parts = (f"{row.grade.part(name):.3f}" for name in MOST)
            shares = [f"{row.grade.mark:.1f}", *parts, str(len(row.grade.problems)), str(row.grade.false)]
        lines.append([row.student or "", row.file.as_posix(), *shares, str(row.hints), row.refused])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[_no_formula(cell) for cell in line] for line in lines])
    return text.getvalue()


def _no_formula(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def page(rows: Sequence[Graded]) -> str:
    """Return a page about a class: its marks, what it found hard, and what it took for what.

    Args:
        rows: What ``graded`` returned, one or more.
    """
    done = [row for row in rows if row.grade is not None]
    return _template().render(
        rows=rows,
        done=len(done),
        refused=[row.refused for row in rows if row.refused],
        twice=twice(rows),
        marks=sorted(row.grade.mark for row in done if row.grade),
        parts=_parts(done),
        kinds=_kinds(done),
        mistaken=_mistaken(done),
        hard=HARD,
    )


def _parts(rows: Sequence[Graded]) -> list[tuple[str, float]]:
    """Return the share of each part's points that the class earned, the hardest first."""
    grades = [row.grade for row in rows if row.grade]
    shares = [(name, sum(one.part(name) for one in grades) / len(grades)) for name in MOST] if grades else []
    return sorted(shares, key=lambda one: one[1])


def _kinds(rows: Sequence[Graded]) -> list[tuple[str, str, int, int, float]]:
    """Return of each kind: what it is, how many had it, how many named it, and its mean points; the hardest first."""
    of: dict[str, list[tuple[bool, float]]] = {}
    for one in _problems(rows):
        named = one.claim is not None and one.claim.what == one.plant.problem.kind
        of.setdefault(one.plant.problem.kind, []).append((named, one.points))
    lines = [
        (kind, WHAT[kind], len(told), sum(named for named, _ in told), sum(points for _, points in told) / len(told))
        for kind, told in of.items()
    ]
    return sorted(lines, key=lambda line: line[-1])


def _mistaken(rows: Sequence[Graded]) -> list[tuple[str, str, int]]:
    """Return what was said where something else was, and how often; the most frequent first."""
    pairs = Counter(
        (one.claim.what, one.plant.problem.kind)
        for one in _problems(rows)
        if one.claim is not None and one.claim.what not in (None, one.plant.problem.kind)
    )
    return [(str(said), true, times) for (said, true), times in pairs.most_common()]


def _problems(rows: Sequence[Graded]) -> Iterator[ProblemPoints]:
    return (one for row in rows if row.grade for one in row.grade.problems)


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return pages.get_template("class.html.jinja")
