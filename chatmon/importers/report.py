"""What an import did: every file's dialect and why, what was assumed, and what was left out with its reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from chatmon._tools.shown import as_html, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatmon.importers._records import Rejected


@dataclass(frozen=True, slots=True)
class FileReport:
    """What was found in one file.

    Attributes:
        file: Its name.
        dialect: Its dialects, most records first.
        why: What gave the first of them away.
        read: Records met, enveloped ones each, and lines that hold none.
    """

    file: str
    dialect: str
    why: str
    read: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    ``read`` is the sum of ``spans``, ``feedback``, ``halves``, ``duplicates``, ``rejected`` and ``filtered``.

    Attributes:
        files: What was found in each file.
        left_alone: Files of a folder that are no logs, by their names.
        assumptions: What the exports leave unsaid, a sentence each, with the number of rows where it is by row.
        read: Records met: runs, spans, observations, scores, and lines or files that hold none.
        spans: Those that are part of a turn.
        feedback: Those that are feedback on one.
        halves: Second halves of a span that is written as two records, joined to their first.
        duplicates: Records dropped because another one had their id.
        turns: Turns made.
        rejected: How many records were rejected, by reason without its numbers.
        examples: The first of each reason in each file, with its line and how many more there are.
        missing: Columns of turns that no turn has a value in.
        cannot: Analyses that therefore will not run, with the columns they need.
        notes: What an analyst should know before trusting the numbers.
        warnings: What would make the numbers wrong, or has lost more than 1 % of rows or cells, a sentence each.
        broken: Files of which the rest was not read, nobody knows how much, each with its folder and why.
        lost: How many cells could not be read and count as unknown, by column of turns; their turns are there.
        filtered: Records that the map's ``where`` left out.
        left_out: Turns that the caller did not want.
        says_failures: Whether the files say of any turn that it failed or did not.
    """

    files: tuple[FileReport, ...]
    left_alone: tuple[str, ...]
    assumptions: tuple[str, ...]
    read: int
    spans: int
    feedback: int
    halves: int
    duplicates: int
    turns: int
    rejected: Mapping[str, int]
    examples: tuple[Rejected, ...]
    missing: tuple[str, ...]
    cannot: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=(), repr=False)
    broken: Mapping[str, str] = field(default_factory=dict, repr=False)
    lost: Mapping[str, int] = field(default_factory=dict, repr=False)
    filtered: int = field(default=0, repr=False)
    left_out: int = field(default=0, repr=False)
    says_failures: bool = field(default=True, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as nested plain dicts."""
        return asdict(self)

    def rows(self) -> list[tuple[str, str]]:
        """Return the report as pairs of a name and a text, in reading order."""
        rejected = sum(self.rejected.values())
        rows = [("warning", text) for text in self.warnings]
        rows += [(file.file, f"{file.dialect} ({file.why}): {file.read:,} records") for file in self.files]
        others = {"of feedback": self.feedback, "second halves joined": self.halves, "filtered out": self.filtered}
        more = "".join(f", {count:,} {name}" for name, count in others.items() if count)
        dropped = f"{self.duplicates:,} duplicates dropped, {rejected:,} rejected"
        rows.append(("records", f"{self.read:,} read: {self.spans:,} in turns{more}, {dropped}"))
        unwanted = f", {self.left_out:,} more left out, as you said" if self.left_out else ""
        rows.append(("turns", f"{self.turns:,}{unwanted}"))
        rows += [
            ("unknown", f"{number:,} cells of {name} that could not be read") for name, number in self.lost.items()
        ]
        rows += [("assumed", text) for text in self.assumptions]
        rows += [("note", text) for text in self.notes]
        rows += [(f"rejected {number:,} times", reason) for reason, number in self.rejected.items()]
        rows += [("rejected", f"{at(one)}: {one.reason}") for one in self.examples]
        rows += [("left alone", name) for name in self.left_alone]
        rows += [("cannot run", f"{name}: no {' or '.join(columns)}") for name, columns in self.cannot.items()]
        return rows

    def __str__(self) -> str:
        return as_text(self.rows())

    def _repr_html_(self) -> str:
        return as_html("What was imported, and what was not.", self.rows())


def at(rejected: Rejected) -> str:
    """Return where a rejected record stands."""
    return rejected.file if rejected.line is None else f"{rejected.file}, line {rejected.line}"
