"""What an import has to say for itself: its report, put together from the counts and the tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatmon import turns
from chatmon._tools.outcomes import FAILED
from chatmon.importers._records import Rejected
from chatmon.importers._scores import still_unread
from chatmon.importers._spans import SAME_ID
from chatmon.importers.report import FileReport, ImportReport
from chatmon.turns import NEEDED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from chatmon.importers._calls import Apart
    from chatmon.importers._reader import FileRecords, Reader
    from chatmon.importers._scores import Judged

MUCH: Final = 0.01
"""The share of rows or cells lost that is said first."""
ENCODING: Final = '; a map of the columns can name another encoding: [file] encoding = "cp1252"'
WAYS: Final = dict.fromkeys(
    ("int", "float", "Decimal"),
    '; a map can say decimal = ",", thousands = ".", unit, range, values = { word = number } or null = ["word"]',
) | {"bool": "; a map can say values = { word = true }"}
FAILURES: Final = {"failures": ("error_type",)}
"""What is asked of the files, beside ``turns.NEEDED``: that no turn failed is one thing, that none says so another."""
EXAMPLES: Final = 20
"""Reasons of a file to reject records that the report shows, each with the first line it was met on."""
KEYS: Final = 12
"""Keys that nothing reads which the report names."""


def report_of(
    connection: duckdb.DuckDBPyConnection,
    reader: Reader,
    found: Sequence[FileRecords],
    others: Sequence[Path],
    apart: Apart,
    *,
    duplicates: int,
    halves: int,
    zone: str | None,
    content: bool,
    left_out: int,
    priced: Sequence[str],
    judged: Judged,
    read_scores: Collection[str],
) -> ImportReport:
    """Return the report of an import.

    Args:
        connection: Holds ``spans``, ``turns`` and ``rejects``.
        reader: What read the files.
        found: What it found in each.
        others: Files of the folders that were left alone.
        apart: What calls of other kinds used.
        duplicates: Records dropped because another one had their id.
        halves: Second halves of spans, joined to their first.
        zone: The zone of times that name none, where the caller said it.
        content: Whether texts were read.
        left_out: Turns that the caller did not want.
        priced: What was priced here, a sentence each.
        judged: What was made of scores.
        read_scores: The names of scores that a map reads.
    """
    rows, feedback = connection.execute("SELECT count(*), count(*) FILTER (kind = 'score') FROM spans").fetchall()[0]
    filled, alone = _filled(connection)
    made = filled.pop("turn_id")
    lost = _lost_cells(connection)
    says_failures = bool(connection.execute(f"SELECT count({FAILED}) FROM turns").fetchall()[0][0])
    missing = tuple(name for name, count in filled.items() if not count)
    examples = connection.execute(
        """SELECT file, min(line), reason || CASE WHEN count(*) > 1 THEN ' (and ' || (count(*) - 1) ||
            ' more in this file)' ELSE '' END FROM rejects GROUP BY file, reason ORDER BY file, min(line) LIMIT ?""",
        [EXAMPLES],
    ).fetchall()
    assumptions = list(dict.fromkeys(text for dialect in reader.used.values() for text in dialect.assumptions))
    if zone is not None:
        assumptions.append(f"times without a zone are read as {zone}, as you said")
    return ImportReport(
        files=tuple(_of_file(one) for one in found),
        left_alone=tuple(path.name for path in others),
        assumptions=tuple(assumptions + _notes_of_rows(connection, read_scores)),
        read=sum(one.dialects.total() + one.rejected for one in found),
        spans=rows - feedback,
        feedback=feedback,
        halves=halves,
        duplicates=duplicates,
        turns=made,
        rejected=dict(reader.rejected.most_common()),
        examples=tuple(Rejected(*row) for row in examples),
        missing=missing,
        cannot={
            name: columns
            for name, columns in {**({} if says_failures else FAILURES), **NEEDED}.items()
            if made and all(column in missing for column in columns)
        },
        broken=reader.broken,
        warnings=(
            *(f"the rest of {file} is missing from every number: {why}" for file, why in reader.broken.items()),
            *_losses(reader, made, filled, lost, undecoded=any("not UTF-8" in row[2] for row in examples)),
            *_same_ids(connection),
            *(text for dialect in reader.used.values() for text in dialect.warnings),
            *judged.warnings,
        ),
        lost={name: one.count for name, one in lost.items()},
        filtered=reader.filtered,
        left_out=left_out,
        says_failures=says_failures,
        notes=(*priced, *judged.notes, *_notes(made, alone, filled, content=content), *_apart(apart), *_unread(reader)),
    )


@dataclass(frozen=True, slots=True)
class _Lost:
    count: int
    example: str


def _lost_cells(connection: duckdb.DuckDBPyConnection) -> dict[str, _Lost]:
    """Return the cells that could not be read, by column of turns, each with the most frequent one."""
    if not connection.execute("SELECT count(lost) FROM spans").fetchall()[0][0]:
        return {}
    rows = connection.execute("""SELECT cell.name, count(*), mode(cell.cell)
        FROM (SELECT unnest(lost) AS cell FROM spans) GROUP BY 1 ORDER BY 2 DESC, 1""").fetchall()
    return {name: _Lost(count, example) for name, count, example in rows}


def _losses(
    reader: Reader, made: int, filled: Mapping[str, int], lost: Mapping[str, _Lost], *, undecoded: bool
) -> list[str]:
    """Say what was lost in reading, where it is more than one in a hundred."""
    reasons = Counter({reason: count for reason, count in reader.rejected.items() if not reason.startswith("no turn")})
    rejected, said = reasons.total(), []
    if rejected > MUCH * (made + rejected):
        ((most, count),) = reasons.most_common(1)
        said.append(
            f"{rejected:,} of {made + rejected:,} records were left out ({rejected / (made + rejected):.0%}), "
            f"{count:,} of them because: {most}{ENCODING if undecoded else ''}"
        )
    for name, one in lost.items():
        known = filled.get(name, made - one.count) + one.count
        if one.count > MUCH * known:
            way = "" if one.example.strip("-0123456789.") == "" else WAYS.get(turns.KINDS.get(name, "str"), "")
            said.append(
                f"{name}: {one.count:,} of {known:,} cells could not be read and count as unknown, such as "
                f"{one.example!r}{way}"
            )
    return said


def _of_file(found: FileRecords) -> FileReport:
    names = ", ".join(name for name, count in found.dialects.most_common() if count)
    return FileReport(
        found.file, names or "none", found.why or "nothing known", found.dialects.total() + found.rejected
    )


def _filled(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, int], int]:
    """Return in how many turns each column says something, and how many turns are a conversation of their own."""
    names = [name for name in turns.COLUMNS if name != "attributes"]
    counts = ", ".join(f"count({name})" for name in names)
    alone, *filled = connection.execute(
        f"SELECT count(*) FILTER (conversation_id = turn_id), {counts} FROM turns"
    ).fetchall()[0]
    return dict(zip(names, filled, strict=True)), alone


def _notes_of_rows(connection: duckdb.DuckDBPyConnection, read_scores: Collection[str]) -> list[str]:
    rows = connection.execute(
        "SELECT note, count(*) FROM spans WHERE note IS NOT NULL GROUP BY note ORDER BY note"
    ).fetchall()
    left = [(still_unread(note, read_scores), count) for note, count in rows if note != SAME_ID]
    return [f"{note} ({count:,} rows)" for note, count in left if note]


def _same_ids(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("SELECT count(*) FROM spans WHERE contains(note, ?)", [SAME_ID]).fetchall()[0][0]
    return [f"{rows:,} {SAME_ID}"] if rows else []


def _notes(made: int, alone: int, filled: dict[str, int], *, content: bool) -> list[str]:
    said = []
    if made and alone == made:
        said.append("no conversation ids: each turn counts as a conversation of its own")
    if made and 0 < filled["cost"] < made:
        said.append(f"{made - filled['cost']:,} of {made:,} turns state no cost: sums of cost are lower bounds")
    if made and 0 < filled["input_tokens"] < made:
        said.append(f"{made - filled['input_tokens']:,} of {made:,} turns state no input tokens")
    if not content:
        said.append("texts of questions and answers were not read: content=True reads them")
    return said


def _apart(apart: Apart) -> list[str]:
    if not apart.calls:
        return []
    tokens = "input tokens unknown" if apart.tokens is None else f"{apart.tokens:,} input tokens"
    cost = "cost unknown" if apart.cost is None else f"${apart.cost.normalize():f}"
    return [
        f"calls of embeddings, rerankers and the like, in no turn's tokens and cost: {apart.calls:,}, {tokens}, {cost}"
    ]


def _unread(reader: Reader) -> list[str]:
    said = [
        f"{tool}: {count:,} cells of {name} hold no object, so nothing in them was read: write the file as JSON lines"
        for (tool, name), count in reader.lost.most_common()
    ]
    for tool, looked in reader.looked.items():
        counts = [(key, count) for (owner, key), count in reader.unread.most_common() if owner == tool]
        named = ", ".join(f"{key} ({count:,})" for key, count in counts[:KEYS])
        more = f" and {len(counts) - KEYS} more" if len(counts) > KEYS else ""
        if counts:
            said.append(f"{tool}: keys that nothing reads, in {looked:,} records looked at: {named}{more}")
    return said
