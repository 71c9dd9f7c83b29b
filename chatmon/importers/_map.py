"""A map of columns, checked.

The map is TOML, or the same as keywords in Python::

    where = "stage = 'production'"                    # SQL over the file's columns

    [file]                                            # how the file is written
    decimal = ","

    [columns]                                         # column of turns = column of the file
    timestamp = { column = "ts", format = "%d.%m.%Y %H:%M", zone = "Europe/Berlin" }
    response_time = { column = "latency_ms", unit = "ms" }
    user_satisfaction = { column = "thumb", values = { up = 5, down = 1 } }

    [constants]                                       # column of turns = value in every row
    provider = "openai"

    [attributes]                                      # a dimension of one's own = column of the file
    team = "team"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chatmon._tools import sql
from chatmon.importers._map_options import FILE, FILLED, MESSAGES, OPTIONS, SESSIONS, UNITS, WRITTEN, Kind, options_of

_PARTS: Final = ("where", "file", "columns", "constants", "attributes", "messages", "sessions")
_NEEDED: Final = ("column", "columns", "file", "until")


@dataclass(frozen=True, slots=True)
class Source:
    """What a column of turns is made of: the options of the map, each with the column's own meaning."""

    columns: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """Return an option, None where the map does not say."""
        return self.options.get(name)

    @property
    def said(self) -> str:
        """What the file calls it."""
        return " and ".join(self.columns) or self.options.get("until") or "the file's path"


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A map of columns that has been checked.

    Attributes:
        name: What messages call it.
        columns: Column of turns to what it is made of.
        constants: Column of turns to its value in every row.
        attributes: Dimension of one's own to what it is made of.
        where: Which rows count, as SQL over the file's columns.
        file: How the file is written.
        messages: What makes turns of rows that are messages.
        minutes: How long nothing comes from a user before the next conversation begins; None where a column says it.
    """

    name: str
    columns: Mapping[str, Source]
    constants: Mapping[str, str]
    attributes: Mapping[str, Source]
    where: str | None
    file: Mapping[str, Any]
    messages: Mapping[str, Any]
    minutes: float | None

    def written(self) -> dict[str, Any]:
        """Return what the map says of how the file is made, as ``files.look`` takes it."""
        return {key: value for key, value in self.file.items() if key in WRITTEN}

    def read(self) -> tuple[str, ...]:
        """Return the file's columns that the map reads."""
        sources = [*self.columns.values(), *self.attributes.values()]
        found = [column for one in sources for column in (*one.columns, one.get("until")) if column]
        found += [self.messages[key] for key in ("role", "order", "text", "answers") if key in self.messages]
        found += sql.columns_of(self.where, f"{self.name}: where") if self.where else []
        return tuple(dict.fromkeys(found))


def column_map(given: str | Path | Mapping[str, Any]) -> ColumnMap:
    """Return a map that has been checked.

    Args:
        given: A TOML file, or the same as a mapping.

    Raises:
        ValueError: It is not so; the message names the file, the key, the value and what is allowed.
    """
    where, document = _document(given)
    strangers = [name for name in document if name not in _PARTS]
    if strangers:
        raise ValueError(f"{where}: {strangers[0]!r} is no part of a map: it has {', '.join(_shown(_PARTS))}")
    columns = {name: _source(where, name, value) for name, value in _table(where, document, "columns").items()}
    constants = {name: _constant(where, name, value) for name, value in _table(where, document, "constants").items()}
    own = _mapping(where, document, "attributes")
    attributes = {name: _source(where, name, value, own=True) for name, value in own.items()}
    twice = sorted(columns.keys() & constants.keys())
    if twice:
        raise ValueError(f"{where}: {twice[0]} is in [columns] and in [constants]: take one")
    if "timestamp" not in columns:
        raise ValueError(
            f"{where}: no timestamp in [columns]: a turn needs one; there are {', '.join(columns) or 'none'}"
        )
    rows = document.get("where")
    if rows is not None and not isinstance(rows, str):
        raise ValueError(f"{where}: where = {rows!r}: it is SQL over the file's columns, such as \"stage = 'prod'\"")
    found = ColumnMap(
        where,
        columns,
        constants,
        attributes,
        rows,
        _checked(where, document, "file", FILE),
        _checked(where, document, "messages", MESSAGES),
        _checked(where, document, "sessions", SESSIONS).get("minutes"),
    )
    _check_together(found, document)
    return found


def _check_together(found: ColumnMap, document: Mapping[str, Any]) -> None:
    if found.where is not None:
        sql.columns_of(found.where, f"{found.name}: where")
    if "messages" in document and "role" not in found.messages:
        raise ValueError(f"{found.name}: [messages] has no role: name the column that says who wrote")
    if "messages" in document and "conversation_id" not in found.columns:
        raise ValueError(f"{found.name}: [messages] needs a conversation_id in [columns]: what is whose answer")
    if "sessions" not in document:
        return
    if "user_id" not in found.columns or found.minutes is None:
        raise ValueError(f"{found.name}: [sessions] needs minutes, and a user_id in [columns]")
    if "conversation_id" in found.columns:
        raise ValueError(f"{found.name}: conversation_id is in [columns]: leave out [sessions], or that column")


def _shown(parts: tuple[str, ...]) -> list[str]:
    return [part if part == "where" else f"[{part}]" for part in parts]


def _document(given: str | Path | Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if isinstance(given, Mapping):
        return "columns", given
    path = Path(given)
    try:
        return path.name, tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from error


def _mapping(where: str, document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise ValueError(f"{where}: {name} ({table!r}) is no table of columns of turns")  # noqa: TRY004 - a file's fault
    return table


def _table(where: str, document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = _mapping(where, document, name)
    strangers = [key for key in table if key not in FILLED]
    if strangers:
        raise ValueError(
            f"{where}: {strangers[0]} = {table[strangers[0]]!r} in [{name}]: a key is one of {', '.join(FILLED)}; "
            "a dimension of your own stands in [attributes]"
        )
    return table


def _checked(where: str, document: Mapping[str, Any], part: str, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    table = _mapping(where, document, part)
    for key, value in table.items():
        if key not in kinds:
            raise ValueError(f"{where}: {key} = {value!r} in [{part}]: a key is one of {', '.join(kinds)}")
        if not kinds[key].fits(value):
            raise ValueError(f"{where}: {key} = {value!r} in [{part}]: it is {kinds[key].said}")
    return dict(table)


def _source(where: str, name: str, value: Any, *, own: bool = False) -> Source:
    """Return what a column of turns is made of."""
    if isinstance(value, str) and value:
        return Source((value,))
    allowed = options_of(name, own=own)
    if not isinstance(value, Mapping) or not value.keys() & set(_NEEDED):
        raise ValueError(
            f"{where}: {name} = {value!r}: it is a column's name, or {{ column = ..., {', '.join(allowed[2:])} = ... }}"
        )
    for key, said in value.items():
        if key == "unit" and said not in UNITS.get(name, {}):
            units = ", ".join(UNITS.get(name, {})) or "none: leave it out"
            raise ValueError(
                f"{where}: {name} = {value!r}: unit is one of {units}{_CURRENCY if name == 'cost' else ''}"
            )
        if key not in allowed:
            raise ValueError(f"{where}: {name} = {value!r}: {key} is none of its options, {', '.join(allowed)}")
        if not OPTIONS[key][0].fits(said):
            raise ValueError(f"{where}: {name} = {value!r}: {key} is {OPTIONS[key][0].said}")
    if len(value.keys() & {"column", "columns", "until"}) > 1:
        raise ValueError(f"{where}: {name} = {value!r}: take one of column, columns and until")
    if value.keys() & {"currency", "rate", "on"} and not {"currency", "rate", "on"} <= value.keys():
        raise ValueError(f"{where}: {name} = {value!r}: another currency needs all of {_CURRENCY[2:]}")
    columns = (value["column"],) if "column" in value else tuple(value.get("columns", ()))
    return Source(columns, dict(value))


_CURRENCY: Final = '; currency = "EUR", rate = 1.08, on = 2026-09-01, or kept as it is in [attributes]'


def _constant(where: str, name: str, value: Any) -> str:
    if name in ("timestamp", "turn_id"):
        raise ValueError(f"{where}: {name} = {value!r} in [constants]: it differs from turn to turn")
    if not isinstance(value, str | int | float):
        raise ValueError(f"{where}: {name} = {value!r}: a constant is a text, a number or true or false")  # noqa: TRY004
    return str(value).lower() if isinstance(value, bool) else str(value)
