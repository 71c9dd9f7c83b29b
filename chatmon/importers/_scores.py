"""Scores of tools, and tables of verdicts and labels, as columns of turns: yes, no, or unknown and counted.

A map says which score is which verdict or label, and what of it is a yes::

    [verdicts.solves]                  # becomes verdict_solves in the attributes of turns
    score = "correctness"              # what the tool calls it
    yes = ["correct"]                  # its words, beside true, yes and pass
    no = ["incorrect"]

    [verdicts.polite]
    score = "politeness"
    at_least = 0.7                     # of a grade: from where on it is a yes; or at_most
    by = "gpt-4.1-mini"                # where the tool does not say
    version = "v3"

    [labels.solves]                    # becomes label_solves
    score = "review"

A table is a CSV with ``turn_id``, ``name``, and ``verdict`` or ``label``, as ``chatmon judge`` and ``chatmon label``
write it.
"""

from __future__ import annotations

import csv
import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon._tools import sql
from chatmon._tools.judged import LABEL, VERDICT, judged_column
from chatmon.importers._spans import UNREAD_SCORES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb

KINDS: Final = {"verdicts": VERDICT, "labels": LABEL}
_KEYS: Final = ("score", "yes", "no", "at_least", "at_most", "by", "version")
_YES: Final = ("true", "yes", "pass", "passed")
_NO: Final = ("false", "no", "fail", "failed")
_CELLS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": None}
_AT_RANDOM: Final = (None, "", "at random")
PEOPLE: Final = ("human", "annotation", "app", "ui")
"""What tools call the source of a score that a person gave."""
MODELS: Final = ("llm", "llm_judge", "ai_judge", "model", "auto_eval", "eval", "code", "online_scoring", "agent")
"""What they call the source of one that a program gave. Any other word, such as api, says nothing of it."""


class NamedScore(NamedTuple):
    """What a map says of one score.

    Attributes:
        column: What it becomes.
        score: What the tool calls it.
        yes: The words that are a yes.
        no: The words that are a no.
        at_least: From where on a grade is a yes.
        at_most: Up to where it is one.
        by: Who gave it; None where the tool is to say.
        version: Of which version of the rubric it is.
        where: What messages call its place in the map.
    """

    column: str
    score: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    at_least: float | None
    at_most: float | None
    by: str | None
    version: str | None
    where: str

    @property
    def is_label(self) -> bool:
        """Whether a person is to have given it."""
        return self.column.startswith(LABEL)


class Judged(NamedTuple):
    """What was made of scores.

    Attributes:
        columns: In how many turns each column says something.
        notes: What an analyst should know.
        warnings: What would make the numbers wrong.
    """

    columns: Mapping[str, int]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


class Wanted(NamedTuple):
    """Which scores are to be read.

    Attributes:
        named: What the maps say.
        tables: The tables of verdicts and labels.
    """

    named: tuple[NamedScore, ...]
    tables: tuple[Path, ...]

    @property
    def names(self) -> frozenset[str]:
        """What tools call the scores that are read."""
        return frozenset(one.score for one in self.named)


def wanted_scores(given: Any) -> Wanted:
    """Return which scores are to be read.

    Args:
        given: A map, as a TOML file or a mapping, a CSV of verdicts or labels, or several of these; None for none.

    Raises:
        ValueError: A map is not so; the message names the file, the key, the value and what is allowed.
        FileNotFoundError: There is no such file.
    """
    several = given if isinstance(given, list | tuple) else [] if given is None else [given]
    named: list[NamedScore] = []
    tables: list[Path] = []
    for one in several:
        if isinstance(one, Mapping):
            named += _named("scores", one)
            continue
        path = Path(one)
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not there: scores take a map in TOML, or a CSV of verdicts or labels")
        if path.suffix.lower() == ".csv":
            tables.append(path)
            continue
        try:
            named += _named(path.name, tomllib.loads(path.read_text(encoding="utf-8-sig")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path.name}: no TOML of scores: {error}; a table of verdicts ends in .csv") from error
    return Wanted(tuple(named), tuple(tables))


def _named(where: str, document: Mapping[str, Any]) -> Iterator[NamedScore]:
    strangers = [key for key in document if key not in KINDS]
    if strangers or not document:
        raise ValueError(
            f"{where}: {strangers[0] if strangers else 'nothing'!r}: it has [verdicts.NAME], [labels.NAME]"
        )
    for kind, prefix in KINDS.items():
        for name, said in document.get(kind, {}).items():
            place = f"{where}: [{kind}.{name}]"
            if not isinstance(said, Mapping):
                raise ValueError(f'{place} is {said!r}: write score = "what the tool calls it" in it')  # noqa: TRY004
            yield _one(place, judged_column(prefix, name), said)


def _one(place: str, column: str, said: Mapping[str, Any]) -> NamedScore:
    strangers = [key for key in said if key not in _KEYS]
    if strangers:
        raise ValueError(f"{place} has no {strangers[0]!r}: it has {', '.join(_KEYS)}")
    for key in ("score", "by", "version"):
        if key in said and not (isinstance(said[key], str) and said[key]):
            raise ValueError(f"{place}: {key} = {said[key]!r} is no text")
    if "score" not in said:
        raise ValueError(f'{place} has no score: write score = "what the tool calls it"')
    yes, no = (_words(place, key, said.get(key, ())) for key in ("yes", "no"))
    both = sorted(set(yes) & set(no))
    if both:
        raise ValueError(f"{place}: {both[0]!r} is in yes and in no: take one")
    ends = [said.get(key) for key in ("at_least", "at_most")]
    for key, end in zip(("at_least", "at_most"), ends, strict=True):
        if end is not None and (isinstance(end, bool) or not isinstance(end, int | float) or not math.isfinite(end)):
            raise ValueError(f"{place}: {key} = {end!r} is no number")
    if None not in ends:
        raise ValueError(f"{place}: at_least = {ends[0]} and at_most = {ends[1]}: a yes has one end, take one")
    least, most = ends
    return NamedScore(column, said["score"], yes, no, least, most, said.get("by"), said.get("version"), place)


def _words(place: str, key: str, given: Any) -> tuple[str, ...]:
    words = [given] if isinstance(given, str) else given
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise ValueError(f'{place}: {key} = {given!r} is no list of words, such as {key} = ["pass"]')
    return tuple(word.strip().lower() for word in words)


def join(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> Judged:
    """Give turns their verdicts and labels, in their attributes.

    A score of the turn comes before those of its calls. Where several of one name are left and not all say the same,
    the turn's is unknown.

    Args:
        connection: Holds ``spans`` and the view ``turns``.
        wanted: Which scores.

    Raises:
        ValueError: Grades are to be read of which nothing says from where on they are a yes, or a table is none.
    """
    if not (wanted.named or wanted.tables):
        return Judged({}, (), ())
    connection.execute("""CREATE TABLE said (turn VARCHAR, "column" VARCHAR, yes BOOLEAN, cell VARCHAR, whose VARCHAR,
        version VARCHAR)""")
    notes, warnings = _of_tools(connection, wanted.named) if wanted.named else ([], [])
    for path in wanted.tables:
        notes += _of_table(connection, path)
    connection.execute("""CREATE TABLE judged AS SELECT turn, "column",
            CASE WHEN bool_and(yes) = bool_or(yes) THEN bool_and(yes) END AS yes,
            string_agg(DISTINCT whose, ', ' ORDER BY whose) AS whose,
            string_agg(DISTINCT version, ', ' ORDER BY version) AS version,
            min(cell) FILTER (yes IS NULL AND cell IS NOT NULL) AS cell, count(DISTINCT yes) > 1 AS torn
        FROM said GROUP BY ALL""")
    told = _told(connection)
    warnings += told
    columns = dict(connection.execute(
        'SELECT "column", count(yes) FILTER (turn IN (SELECT turn_id FROM turns)) FROM judged GROUP BY ALL ORDER BY 1'
    ).fetchall())  # fmt: skip
    _into_attributes(connection)
    found = [f"{column}: known of {number:,} turns" for column, number in columns.items()]
    return Judged(columns, (*found, *notes), tuple(warnings))


def still_unread(note: str, read: Iterable[str]) -> str | None:
    """Return a note on scores that nothing reads without those that a map reads; None where that is all of them."""
    before, after = UNREAD_SCORES
    if not read or before not in note or after not in note:
        return note
    start, _, rest = note.partition(before)
    names, _, end = rest.partition(after)
    left = [name for name in names.split(", ") if name not in read]
    return f"{start}{before}{', '.join(left)}{after}{end}" if left else f"{start}{end}".strip("; ") or None


def _into_attributes(connection: duckdb.DuckDBPyConnection) -> None:
    from chatmon import turns

    connection.execute("""CREATE TABLE judgements AS SELECT turn AS turn_id,
            to_json(map_from_entries(list({'key': key, 'value': value} ORDER BY key))) AS said FROM (
            SELECT turn, "column" AS key, to_json(yes) AS value FROM judged WHERE yes IS NOT NULL
            UNION ALL SELECT turn, "column" || '_by', to_json(whose) FROM judged
                WHERE yes IS NOT NULL AND whose <> ''
            UNION ALL SELECT turn, "column" || '_version', to_json(version) FROM judged
                WHERE yes IS NOT NULL AND version <> '') GROUP BY turn""")
    both = "json_merge_patch(coalesce(one.attributes, '{}'), said)"
    merged = f"CASE WHEN said IS NULL THEN one.attributes ELSE CAST({both} AS VARCHAR) END"
    columns = ", ".join(f"{merged} AS {name}" if name == "attributes" else f"one.{name}" for name in turns.COLUMNS)
    connection.execute("ALTER VIEW turns RENAME TO unjudged")
    connection.execute(
        f"CREATE VIEW turns AS SELECT {columns} FROM unjudged AS one LEFT JOIN judgements USING (turn_id)"
    )


def _told(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return what became unknown, in sentences."""
    rows = connection.execute("""SELECT "column", count(*), count(*) FILTER (yes IS NULL AND torn),
            count(*) FILTER (yes IS NULL AND cell IS NOT NULL), mode(cell) FILTER (yes IS NULL)
        FROM judged GROUP BY ALL ORDER BY 1""").fetchall()
    said = []
    for column, number, torn, unread, cell in rows:
        if torn:
            said.append(
                f"{column}: of {torn:,} of {number:,} turns one score says yes and one says no: they are unknown"
            )
        if unread:
            said.append(
                f"{column}: scores of {unread:,} of {number:,} turns say neither yes nor no and are unknown, such as "
                f'{cell!r}; the map can say yes = ["word"], no = ["word"], or at_least = 0.7'
            )
    return said


_TEXTS: Final = ("name", "number", "word", "source", "by", "span")
_ENTRY: Final = json.dumps([dict.fromkeys(_TEXTS, "VARCHAR") | {"n": "BIGINT"}])


def _of_tools(connection: duckdb.DuckDBPyConnection, named: Sequence[NamedScore]) -> tuple[list[str], list[str]]:
    """Put what tools say into ``said``; return notes and warnings."""
    connection.execute(f"""CREATE TABLE scored AS SELECT trace_id, entry.*, coalesce(subject IN (
                SELECT span_id FROM spans WHERE parent_id IS NULL AND kind IS DISTINCT FROM 'score'), true) AS of_turn
        FROM (SELECT DISTINCT trace_id, entry, coalesce(filled(entry.span), own) AS subject FROM (
            SELECT trace_id, CASE WHEN kind = 'score' THEN parent_id ELSE span_id END AS own,
                unnest(from_json(scores, '{_ENTRY}')) AS entry FROM spans WHERE scores IS NOT NULL))""")
    there = [row[0] for row in connection.execute("SELECT DISTINCT name FROM scored ORDER BY 1").fetchall()]
    notes: list[str] = []
    warnings: list[str] = []
    for one in named:
        if one.score not in there:
            known = f"the logs have {', '.join(map(str, there))}" if there else "the logs have none"
            warnings.append(f"{one.where}: no score is called {one.score!r}: {known}")
            continue
        notes += _of_score(connection, one)
    return notes, warnings


def _of_score(connection: duckdb.DuckDBPyConnection, one: NamedScore) -> list[str]:
    others = MODELS if one.is_label else PEOPLE
    # What a run says of all its feedback is left to the feedback itself, where that is there.
    connection.execute(f"""CREATE OR REPLACE TEMP TABLE mine AS SELECT *,
            coalesce(lower(source) IN {others}, false) AS stranger,
            number("number") AS grade, lower(trim(coalesce(word, CASE WHEN number("number") IS NULL THEN "number" END)))
                AS spoken
        FROM scored AS one WHERE name = {sql.text(one.score)} AND NOT (n IS NOT NULL AND EXISTS (
            SELECT 1 FROM scored AS other WHERE other.trace_id = one.trace_id AND other.name = one.name
                AND other.n IS NULL))""")
    _refuse_grades(connection, one)
    connection.execute(f"""INSERT INTO said SELECT trace_id, {sql.text(one.column)}, {_yes(one)},
            coalesce("word", "number"), {_text(one.by, '"by"')}, {_text(one.version, "NULL")}
        FROM mine WHERE NOT stranger AND (of_turn OR trace_id NOT IN (SELECT trace_id FROM mine
            WHERE of_turn AND NOT stranger)) AND coalesce("word", "number") IS NOT NULL""")
    left = connection.execute("SELECT count(*) FILTER (stranger) FROM mine").fetchall()[0][0]
    if not left:
        return []
    whose, what, way = ("a program", "label", "verdicts") if one.is_label else ("a person", "verdict", "labels")
    return [f"{one.column}: {left:,} scores {one.score!r} are {whose}'s and no {what}: [{way}.NAME] reads them"]


def _yes(one: NamedScore) -> str:
    words = (
        f"CASE WHEN spoken IN {_listed(_YES, one.yes)} THEN true WHEN spoken IN {_listed(_NO, one.no)} THEN false END"
    )
    if one.at_least is not None:
        return f"CASE WHEN grade IS NOT NULL THEN grade >= {one.at_least!r} ELSE {words} END"
    if one.at_most is not None:
        return f"CASE WHEN grade IS NOT NULL THEN grade <= {one.at_most!r} ELSE {words} END"
    return f"CASE WHEN spoken IS NOT NULL THEN {words} WHEN grade = 1 THEN true WHEN grade = 0 THEN false END"


def _listed(usual: tuple[str, ...], own: tuple[str, ...]) -> str:
    return f"({', '.join(map(sql.text, (*usual, *own)))})"


def _text(value: str | None, other: str) -> str:
    return other if value is None else sql.text(value)


def _refuse_grades(connection: duckdb.DuckDBPyConnection, one: NamedScore) -> None:
    """Refuse grades of which nothing says from where on they are a yes: a part of them would be read, and wrongly."""
    if one.at_least is not None or one.at_most is not None:
        return
    count, low, high, number = (
        connection.execute("""SELECT count(*) FILTER (grade NOT IN (0, 1)), min(grade), max(grade),
        count(*) FROM mine WHERE NOT stranger AND spoken IS NULL AND coalesce(n, 1) = 1""").fetchall()[0]
    )
    if count:
        raise ValueError(
            f"{one.where}: {count:,} of {number:,} scores {one.score!r} are neither 0 nor 1, but from {low:g} to "
            f"{high:g}: say from where on they are a yes, such as at_least = {(low + high) / 2:g}, or at_most"
        )


def _of_table(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Put a table's verdicts and labels into ``said``; return notes."""
    rows, left = _rows(path)
    import pyarrow as pa

    names = ("turn", "column", "yes", "cell", "whose", "version")
    types = (pa.string(), pa.string(), pa.bool_(), pa.string(), pa.string(), pa.string())
    columns = [pa.array([row[place] for row in rows], kind) for place, kind in enumerate(types)]
    connection.register("_table", pa.table(columns, names=list(names)))
    connection.execute("INSERT INTO said SELECT * FROM _table")
    missing = connection.execute("SELECT count(*) FROM _table ANTI JOIN turns ON turn = turn_id").fetchall()[0][0]
    connection.unregister("_table")
    notes = [f"{path.name}: {missing:,} of {len(rows):,} rows are of no turn here"] if missing else []
    if left:
        notes.append(f"{path.name}: {left:,} labels of replies that were not drawn at random are left out: no rate is "
                     "to be taken from them")  # fmt: skip
    return notes


def _rows(path: Path) -> tuple[list[tuple[Any, ...]], int]:
    """Return a table's rows as ``said`` has them, and how many labels were not drawn at random."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        read = csv.DictReader(file)
        head = read.fieldnames or ()
        kinds = {kind: prefix for kind, prefix in (("verdict", VERDICT), ("label", LABEL)) if kind in head}
        missing = [name for name in ("turn_id", "name") if name not in head]
        if missing or not kinds:
            lacks = ", ".join(missing) or "verdict or label"
            raise ValueError(
                f"{path.name}: no column {lacks}; it has {', '.join(head) or 'none'}. name says of which rubric a row "
                "is; chatmon judge and chatmon label write such tables"
            )
        rows, left = [], 0
        for row in read:
            for kind, prefix in kinds.items():
                cell = (row[kind] or "").strip()
                if cell.lower() not in _CELLS:
                    raise ValueError(
                        f"{path.name}, line {read.line_num}: {cell!r} is no {kind}: write yes, no or nothing"
                    )
                if kind == "label" and row.get("drawn") not in _AT_RANDOM:
                    left += 1
                elif cell:
                    column = judged_column(prefix, row["name"] or "")
                    rows.append((row["turn_id"], column, _CELLS[cell.lower()], cell, row.get("by"), row.get("version")))
    return rows, left
