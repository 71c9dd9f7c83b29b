"""A flat table that no known tool writes, CSV, JSON lines or Parquet, read by a map of its columns.

The map is TOML, such as::

    [columns]                # column of turns = column of the file
    timestamp = "ts"
    response_time = { column = "latency_ms", unit = "ms" }
    conversation_id = "chat"

    [constants]              # column of turns = value in every row
    provider = "openai"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chatmon import turns
from chatmon._tools import sql
from chatmon.importers import _records as records
from chatmon.importers import files
from chatmon.importers._dialect import Dialect
from chatmon.importers._records import Rejected
from chatmon.importers._spans import readings, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DERIVED: Final = ("attempts", "usage_details", "usage_source", "price_source", "attributes")
"""Columns of turns that no map fills."""
FILLED: Final = tuple(name for name in turns.COLUMNS if name not in DERIVED)
DURATIONS: Final = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}
UNITS: Final[dict[str, dict[str, float]]] = {
    "response_time": DURATIONS,
    "time_to_first_token": DURATIONS,
    "timestamp": DURATIONS,
    "cost": {"usd": 1, "cents": 100},
    "context_relevance": {"fraction": 1, "percent": 100},
}
"""Units that a column may be in, and how many make one of the turns' own, which is the first."""
READERS: Final = {"int": "whole", "float": "number", "Decimal": "dollars"}
LOOKED_AT: Final = 20
"""Records whose keys are a file's columns, where it has no header."""


def from_map(given: str | Path | Mapping[str, Any], paths: Iterable[Path] = ()) -> Dialect:
    """Return the dialect that a map of columns describes.

    Without a column for ``turn_id`` a row is known by its file and line, without one for ``conversation_id`` each turn
    is a conversation of its own; ``timestamp`` is needed.

    Args:
        given: A TOML file, or the same as a mapping.
        paths: The files to be read with it, which must have its columns.

    Raises:
        ValueError: The map or a file is not so; the message names the file, the key, the value and what is allowed.

    Example:
        >>> from_map({"columns": {"timestamp": "ts", "cost": {"column": "price", "unit": "cents"}}}).columns
        {'ts': 'VARCHAR', 'price': 'VARCHAR'}
    """
    where, document = _document(given)
    strangers = [name for name in document if name not in ("columns", "constants")]
    if strangers:
        raise ValueError(f"{where}: {strangers[0]!r} is no part of a map: it has [columns] and [constants]")
    columns = {name: _column(where, name, value) for name, value in _table(where, document, "columns").items()}
    constants = {name: _constant(where, name, value) for name, value in _table(where, document, "constants").items()}
    twice = sorted(columns.keys() & constants.keys())
    if twice:
        raise ValueError(f"{where}: {twice[0]} is in [columns] and in [constants]: take one")
    if "timestamp" not in columns:
        raise ValueError(
            f"{where}: no timestamp in [columns]: a turn needs one; there are {', '.join(columns) or 'none'}"
        )
    names = tuple(dict.fromkeys(column for column, _ in columns.values()))
    for path in paths:
        _check_file(where, path, columns)
    return Dialect(
        name=f"a table by {where}",
        tool="columns",
        recognise=lambda record: f"has {', '.join(names)}" if any(name in record for name in names) else None,
        columns=dict.fromkeys(names, "VARCHAR"),
        select=_select(columns, constants),
        unpack=None if "turn_id" in columns else _alone,
        parse_csv_json=False,
        assumptions=_assumptions(columns),
    )


def _document(given: str | Path | Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if isinstance(given, Mapping):
        return "columns", given
    path = Path(given)
    try:
        return path.name, tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from error


def _table(where: str, document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise ValueError(f"{where}: {name} ({table!r}) is no table of columns of turns")  # noqa: TRY004 - a file's fault
    strangers = [key for key in table if key not in FILLED]
    if strangers:
        raise ValueError(
            f"{where}: {strangers[0]} = {table[strangers[0]]!r} in [{name}]: a key is one of {', '.join(FILLED)}"
        )
    return table


def _column(where: str, name: str, value: Any) -> tuple[str, str | None]:
    """Return the file's column and its unit, None where it has none or the map does not say."""
    if isinstance(value, str):
        return value, None
    if not isinstance(value, Mapping) or not isinstance(value.get("column"), str) or value.keys() - {"column", "unit"}:
        raise ValueError(f"{where}: {name} = {value!r}: it is a column's name, or {{ column = ..., unit = ... }}")
    unit = value.get("unit")
    allowed = UNITS.get(name, {})
    if unit is not None and unit not in allowed:
        raise ValueError(f"{where}: {name} = {value!r}: unit is one of {', '.join(allowed) or 'none: leave it out'}")
    return value["column"], unit


def _constant(where: str, name: str, value: Any) -> str:
    if name in ("timestamp", "turn_id"):
        raise ValueError(f"{where}: {name} = {value!r} in [constants]: it differs from turn to turn")
    if not isinstance(value, str | int | float):
        raise ValueError(f"{where}: {name} = {value!r}: a constant is a text, a number or true or false")  # noqa: TRY004
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_file(where: str, path: Path, columns: Mapping[str, tuple[str, str | None]]) -> None:
    header = _header(path)
    for name, (column, _) in columns.items():
        if header and column not in header:
            raise ValueError(f"{where}: {name} = {column!r}: {path.name} has no such column, only {', '.join(header)}")


def _header(path: Path) -> list[str]:
    """Return a file's columns, or those of its first records; none where nothing can be read."""
    try:
        file = files.look(path)
        if file.kind == "parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            try:
                return list(pq.read_schema(path).names)
            except pa.ArrowException:
                return []
        header: dict[str, None] = {}
        for number, one in enumerate(records.read(file)):
            if number == LOOKED_AT:
                break
            if not isinstance(one, Rejected):
                header.update(dict.fromkeys(one[1]))
        return list(header)
    except OSError:
        return []  # the import itself will say what is wrong with it


def _alone(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield row


def _select(columns: Mapping[str, tuple[str, str | None]], constants: Mapping[str, str]) -> str:
    """Return the SELECT, from the file's columns renamed to those of turns."""
    renamed = [f"{sql.name(column)} AS {name}" for name, (column, _) in columns.items()]
    renamed += [f"{sql.text(value)} AS {name}" for name, value in constants.items()]
    kinds = {name: turns.KINDS[name] for name in (*columns, *constants)}
    readers = {name: READERS[kind] for name, kind in kinds.items() if kind in READERS}
    units = {name: UNITS[name][unit] for name, (_, unit) in columns.items() if unit and name in UNITS}

    def value(name: str) -> str:
        if name in readers:
            return f"{name}_read / {units[name]:.0f}" if units.get(name, 1) != 1 else f"{name}_read"
        return f"flag({name})" if kinds[name] == "bool" else f"filled({name})"

    first = value("time_to_first_token") if "time_to_first_token" in kinds else None
    unit = columns["timestamp"][1]
    start = f'later(make_timestamptz(0), number("timestamp") / {DURATIONS[unit]:.0f})' if unit else 'utc("timestamp")'
    number = "(SELECT path FROM files WHERE number = _file) || ':' || _line"
    known = value("turn_id") if "turn_id" in kinds else number
    plain = [name for name in kinds if name not in ("turn_id", "timestamp", "time_to_first_token")]
    chosen = [f"{value(name)} AS {name}" for name in plain]
    chosen += [f"later({start}, {first}) AS first_token_time"] if first else []
    said = [f"filled({name})" for name in ("error_type", "error_message") if name in kinds]
    chosen += [f"coalesce({', '.join(said)}) IS NOT NULL AS failed"] if said else []
    read = [readings(**readers), f"{unreadable(**readers)} AS reject"] if readers else []
    inner = ", ".join(["*", *(read[:1])])
    outer = ", ".join([*chosen, *(read[1:])])
    return f"""
        SELECT _file AS file, _line AS line, {known} AS span_id, {known} AS trace_id, 'llm' AS kind,
            {start} AS start_time, {outer}
        FROM (SELECT {inner} FROM (SELECT _file, _line, {", ".join(renamed)} FROM records))"""


def _assumptions(columns: Mapping[str, tuple[str, str | None]]) -> tuple[str, ...]:
    said = ["times without a zone are UTC, unless tz says otherwise"]
    if columns["timestamp"][1] is None:
        said.append("whole numbers as timestamps are seconds, milliseconds, micro- or nanoseconds by their size")
    for name, (column, unit) in columns.items():
        if name in UNITS and name != "timestamp" and unit is None:
            said.append(f"{column} is in {next(iter(UNITS[name]))}, as the map names no unit: it becomes {name}")
    if "input_tokens" in columns:
        said.append(f"{columns['input_tokens'][0]} counts cached tokens in")
    if "turn_id" not in columns:
        said.append("no column of turn_id: a turn is known by its file and line, so no duplicates are found")
    return tuple(said)
