"""A flat table that no known tool writes, CSV, JSON lines or Parquet, read by a map of its columns.

What a map may say is in ``_map``; here it becomes the SELECT of a dialect. A cell that cannot be read is lost, and
counted; its turn is not.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chatmon import turns
from chatmon._tools import sql
from chatmon.importers import _messages as messages
from chatmon.importers._cells import NO_PART, PATH, Cell, cells_of, decimals_of, reader_of, text_of
from chatmon.importers._dialect import Dialect
from chatmon.importers._doubts import doubts
from chatmon.importers._map import ColumnMap, column_map
from chatmon.importers._map_options import FINE, UNITS
from chatmon.importers._sample import Sample, sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

LOOKED_AT: Final = 50_000
"""Rows that are looked at for what can be read in two ways, of all files together."""
AT_LEAST: Final = 20
"""Rows of each file that are."""


def from_map(given: str | Path | Mapping[str, Any], paths: Iterable[Path] = ()) -> Dialect:
    """Return the dialect that a map of columns describes.

    Without a column for ``turn_id`` a row is known by its file and line, without one for ``conversation_id`` each turn
    is a conversation of its own; ``timestamp`` is needed.

    Args:
        given: A TOML file, or the same as a mapping.
        paths: The files to be read with it, which must have its columns.

    Raises:
        ValueError: The map or a file is not so, or what the file says can be read in two ways; the message names the
            file, the key, the value, what is allowed, and what to write.

    Example:
        >>> from_map({"columns": {"timestamp": "ts", "cost": {"column": "price", "unit": "cents"}}}).columns
        {'ts': 'VARCHAR', 'price': 'VARCHAR'}
    """
    found = column_map(given)
    read = found.read()
    looked: list[Sample] = []
    for path in paths:
        left = LOOKED_AT - sum(len(one.rows) for one in looked)
        looked.append(sample(path, found.written(), rows=max(AT_LEAST, left)))
        _check_header(found, looked[-1])
    said = doubts(found, looked)
    return Dialect(
        name=f"a table by {found.name}",
        tool="columns",
        recognise=lambda record: f"has {', '.join(read)}" if any(name in record for name in read) else None,
        columns=dict.fromkeys(read, "VARCHAR"),
        select=_select(found),
        parse_csv_json=False,
        assumptions=_assumptions(found),
        by_line="turn_id" not in found.columns,
        filtered=found.where is not None,
        file=found.written(),
        decimals=decimals_of(found),
        zone=found.columns["timestamp"].get("zone"),
        warnings=said,
        settle=partial(messages.settle, found) if found.messages or found.minutes else None,
    )


def _check_header(found: ColumnMap, one: Sample) -> None:
    if not one.header:
        return  # the import itself will say what is wrong with it
    only = ", ".join(dict.fromkeys(one.header))
    for name, source in (*found.columns.items(), *found.attributes.items()):
        for column in (*source.columns, *filter(None, [source.get("until")])):
            if column not in one.header:
                raise ValueError(f"{found.name}: {name} = {column!r}: {one.file} has no such column, only {only}")
    for column in found.read():
        if column not in one.header:
            raise ValueError(f"{found.name}: {column!r}: {one.file} has no such column, only {only}")
        if one.header.count(column) > 1:
            raise ValueError(f"{found.name}: {one.file} has {one.header.count(column)} columns called {column!r}")


def _select(found: ColumnMap) -> str:
    """Return the SELECT, in steps: what the file says, what of it is something, what that is read as, a span."""
    cells = list(cells_of(found))
    raw = [f"{one.sql} AS {one.key}_raw" for one in cells]
    texts = [f"{text_of(one, found)} AS {one.key}_text" for one in cells]
    reads = [f"{reader_of(one, found)} AS {one.key}_read" for one in cells if one.is_read]
    values = _values(found, cells)
    chosen = ", ".join(f"{value} AS {name}" for name, value in values.items())
    rows = f" WHERE ({found.where}\n)" if found.where else ""
    return f"""
        SELECT _file AS file, _line AS line, {chosen}
        FROM (SELECT {", ".join(["*", *reads])} FROM (SELECT {", ".join(["*", *texts])}
            FROM (SELECT {", ".join(["_file", "_line", *raw])} FROM records{rows})))"""


def _values(found: ColumnMap, cells: Sequence[Cell]) -> dict[str, str]:
    """Return each column of spans that the map fills, in SQL."""
    number = f"{PATH} || ':' || _line"
    id_ = "turn_id_text" if "turn_id" in found.columns else number
    values = {"span_id": id_, "trace_id": id_, "kind": "'llm'", "start_time": "timestamp_read"}
    for name, source in found.columns.items():
        parts = [one for one in cells if one.name == name and not one.key.startswith(("own__", "message__"))]
        read = " + ".join(f"{one.key}_{'read' if one.is_read else 'text'}" for one in parts)
        if source.get("until"):
            values["end_time"] = f"CASE WHEN {read} >= timestamp_read THEN {read} END"
        elif name not in ("turn_id", "timestamp", "time_to_first_token"):
            values[name] = read
    if "time_to_first_token" in found.columns:
        values["first_token_time"] = "later(timestamp_read, time_to_first_token_read)"  # noqa: S105 - SQL
    values |= {name: _constant(name, said) for name, said in found.constants.items()}
    _note_failures(found, values)
    own = [one for one in cells if one.key.startswith("own__")]
    if own:
        pairs = ", ".join(f"{sql.text(one.name)}, {one.key}_{'read' if one.is_read else 'text'}" for one in own)
        values["attributes"] = f"dimensions(json_merge_patch('{{}}', json_object({pairs})))"
    values["lost"] = _lost(cells)
    values["reject"] = (
        "CASE WHEN timestamp_read IS NULL AND timestamp_text IS NOT NULL THEN 'timestamp (' || left(timestamp_text, 40)"
        " || ') is no time that is read: name its format' END"
    )
    return messages.of_rows(found, values) if found.messages else values


def _constant(name: str, said: str) -> str:
    kind = turns.KINDS[name]
    reader = {"int": "whole", "float": "number", "Decimal": "dollars", "bool": "flag"}.get(kind)
    return f"{reader}({sql.text(said)})" if reader else sql.text(said)


def _note_failures(found: ColumnMap, values: dict[str, str]) -> None:
    said = [name for name in ("error_type", "error_message") if name in values]
    if "error_type" in found.columns:
        fine = [*FINE, *(word.lower() for word in found.columns["error_type"].get("ok") or ())]
        word, none = values["error_type"], ", ".join(map(sql.text, fine))
        values["error_type"] = f"CASE WHEN lower({word}) NOT IN ({none}) THEN {word} END"
    if said:
        values["failed"] = f"coalesce({', '.join(values[name] for name in said)}) IS NOT NULL"


def _lost(cells: Sequence[Cell]) -> str:
    """Return the SQL of the cells of a row that say something and cannot be read, each with its column of turns."""
    tried = [
        (one, f"{one.key}_text IS NOT NULL AND {one.key}_read IS NULL")
        for one in cells
        if one.is_read and one.name != "timestamp"
    ]
    if not tried:
        return "NULL"
    found = ", ".join(
        f"CASE WHEN {gone} THEN {{'name': {sql.text(one.name)}, "
        f"'cell': left(replace({one.key}_text, '{NO_PART}', ''), 40)}} END"
        for one, gone in tried
    )
    some = " OR ".join(f"({gone})" for _, gone in tried)
    return f"CASE WHEN {some} THEN list_filter([{found}], lambda one: one IS NOT NULL) END"


def _assumptions(found: ColumnMap) -> tuple[str, ...]:
    columns = found.columns
    time = columns["timestamp"]
    zone = time.get("zone")
    said = [
        f"times without a zone are {zone}, as the map says"
        if zone
        else "times without a zone are UTC, unless tz says otherwise"
    ]
    if not (time.get("unit") or time.get("format")):
        said.append("whole numbers as timestamps are seconds, milliseconds, micro- or nanoseconds by their size")
    for name, source in columns.items():
        if name in UNITS and name != "timestamp" and not source.options.keys() & {"unit", "currency", "until", "range"}:
            said.append(f"{source.said} is in {next(iter(UNITS[name]))}, as the map names no unit: it becomes {name}")
        if source.get("currency"):
            said.append(
                f"{source.said} is in {source.get('currency')}, at {source.get('rate')} US dollars as of "
                f"{source.get('on')}"
            )
    if "input_tokens" in columns and len(columns["input_tokens"].columns) == 1:
        said.append(f"{columns['input_tokens'].said} counts cached tokens in")
    if "turn_id" not in columns:
        said.append("no column of turn_id: a turn is known by its file and line, so no duplicates are found")
    if found.messages:
        said.append(
            "rows are messages: one of a user and the replies to it are a turn, which takes until the first reply"
        )
    if found.minutes:
        said.append(f"a user's next conversation begins once nothing came from them for {found.minutes:g} minutes")
    return tuple(said)
