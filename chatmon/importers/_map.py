"""What a map of columns may say, in one description: it is checked by it, and editors get a JSON Schema of it.

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

import codecs
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chatmon import turns
from chatmon._tools import sql

if TYPE_CHECKING:
    from collections.abc import Callable

DERIVED: Final = ("attempts", "usage_source", "price_source", "attributes")
"""Columns of turns that no map fills."""
FILLED: Final = tuple(name for name in turns.COLUMNS if name not in DERIVED)
DURATIONS: Final = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9, "min": 1 / 60, "h": 1 / 3600}
UNITS: Final[dict[str, dict[str, float]]] = {
    "response_time": DURATIONS,
    "time_to_first_token": DURATIONS,
    "timestamp": {name: DURATIONS[name] for name in ("s", "ms", "us", "ns")},
    "cost": {"usd": 1, "cents": 100},
    "context_relevance": {"fraction": 1, "percent": 100},
}
"""Units that a column may be in, and how many make one of the turns' own, which is the first."""
SCALES: Final = {"user_satisfaction": (1, 5), "context_relevance": (0, 1)}
"""Columns that are grades on a scale, from the worst to the best."""
NUMBERS: Final = ("int", "float", "Decimal")


class _Kind(NamedTuple):
    said: str
    schema: dict[str, Any]
    fits: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, str) for one in value)


def _is_scale(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_number, value)) and value[0] != value[1]


def _is_values(value: Any) -> bool:
    return (
        isinstance(value, Mapping) and bool(value) and all(isinstance(one, str | int | float) for one in value.values())
    )


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and re.compile(value).groups == 1
    except re.error:
        return False


def _is_encoding(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(codecs.lookup(value).name)
    except LookupError:
        return False


def _is_zone(value: Any) -> bool:
    try:
        return bool(ZoneInfo(value).key)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return False


def _is_rate(value: Any) -> bool:
    try:
        return isinstance(value, str | int | float) and Decimal(str(value)) > 0
    except InvalidOperation:
        return False


_LIST: Final = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_TEXT: Final = _Kind("a text", {"type": "string", "minLength": 1}, lambda value: isinstance(value, str) and bool(value))
_TEXTS: Final = _Kind("a list of texts", _LIST, _is_texts)
_FORMAT: Final = _Kind("a text or a list of texts", {"anyOf": [_TEXT.schema, _LIST]},
                       lambda value: _TEXT.fits(value) or _is_texts(value))  # fmt: skip
_PATTERN: Final = _Kind("a regular expression with one group", _TEXT.schema, _is_pattern)
_SCALE: Final = _Kind("two numbers, the worst and the best", {
    "type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}, _is_scale)  # fmt: skip
_VALUES: Final = _Kind("a table of words, such as { up = 5, down = 1 }", {
    "type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}, "minProperties": 1,
}, _is_values)  # fmt: skip
_ZONE: Final = _Kind("a time zone, such as Europe/Berlin", _TEXT.schema, _is_zone)
_RATE: Final = _Kind("US dollars for one of the currency", {"type": ["number", "string"]}, _is_rate)
_DAY: Final = _Kind("a date", {}, lambda value: isinstance(value, date))
_CHARACTER: Final = _Kind("one character", {"type": "string", "minLength": 1, "maxLength": 1},
                          lambda value: isinstance(value, str) and len(value) == 1)  # fmt: skip
_ENCODING: Final = _Kind("an encoding, such as cp1252", _TEXT.schema, _is_encoding)
_POSITIVE: Final = _Kind("a number above 0", {"type": "number", "exclusiveMinimum": 0},
                         lambda value: _is_number(value) and value > 0)  # fmt: skip

_OPTIONS: Final[dict[str, tuple[_Kind, str]]] = {
    "column": (_TEXT, "the file's column"),
    "columns": (_TEXTS, "several of the file's columns: numbers are added up, texts joined"),
    "join": (_TEXT, "what stands between joined texts; a blank if not given"),
    "path": (_TEXT, "where in the column's JSON or struct, such as usage.total"),
    "pattern": (_PATTERN, "which part of the text: the group of a regular expression"),
    "file": (_PATTERN, "which part of the file's path, before what the column says"),
    "values": (_VALUES, "what the file's words mean"),
    "null": (_TEXTS, "words that say nothing, in place of the usual ones"),
    "decimal": (_CHARACTER, "what stands before decimals"),
    "thousands": (_CHARACTER, "what stands between thousands"),
    "unit": (_TEXT, "the unit"),
    "currency": (_TEXT, "the currency, if it is not the US dollar: with rate and on"),
    "rate": (_RATE, "US dollars for one of the currency"),
    "on": (_DAY, "the day of the rate"),
    "range": (_SCALE, "the scale, from the worst to the best grade"),
    "ok": (_TEXTS, "words that say that nothing failed, besides the usual ones"),
    "format": (_FORMAT, "how a time is written, such as %d.%m.%Y %H:%M"),
    "zone": (_ZONE, "the zone of times that name none"),
    "until": (_TEXT, "the column of the time at which the reply was there"),
}
_FILE: Final = {"encoding": _ENCODING, "delimiter": _CHARACTER, "decimal": _CHARACTER, "thousands": _CHARACTER,
                "null": _TEXTS}  # fmt: skip
_MESSAGES: Final = {"role": _TEXT, "order": _TEXT, "text": _TEXT, "answers": _TEXT, "user": _TEXTS, "assistant": _TEXTS}
_SESSIONS: Final = {"minutes": _POSITIVE}
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
        _checked(where, document, "file", _FILE),
        _checked(where, document, "messages", _MESSAGES),
        _checked(where, document, "sessions", _SESSIONS).get("minutes"),
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


def _checked(where: str, document: Mapping[str, Any], part: str, kinds: Mapping[str, _Kind]) -> dict[str, Any]:
    table = _mapping(where, document, part)
    for key, value in table.items():
        if key not in kinds:
            raise ValueError(f"{where}: {key} = {value!r} in [{part}]: a key is one of {', '.join(kinds)}")
        if not kinds[key].fits(value):
            raise ValueError(f"{where}: {key} = {value!r} in [{part}]: it is {kinds[key].said}")
    return dict(table)


def options_of(name: str, *, own: bool = False) -> tuple[str, ...]:
    """Return the options that a column of turns may have."""
    kind = "str" if own else turns.KINDS[name]
    chosen = ["column", "columns", "path", "pattern", "file", "values", "null"]
    chosen += ["decimal", "thousands"] if kind in NUMBERS else []
    chosen += ["join"] if kind in ("str", "datetime") else []
    chosen += ["unit"] if name in UNITS and not own else []
    more = {"cost": ["currency", "rate", "on"], "error_type": ["ok"], "timestamp": ["format", "zone"],
            "response_time": ["until"], **{scaled: ["range"] for scaled in SCALES}}  # fmt: skip
    return (*chosen, *([] if own else more.get(name, [])))


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
        if not _OPTIONS[key][0].fits(said):
            raise ValueError(f"{where}: {name} = {value!r}: {key} is {_OPTIONS[key][0].said}")
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


def map_schema() -> dict[str, Any]:
    """Return the JSON Schema of a map of columns, for editors of TOML.

    Example:
        >>> map_schema()["required"]
        ['columns']
    """

    def table(properties: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        return {"type": "object", "properties": dict(properties), "additionalProperties": False, **more}

    def source(name: str, *, own: bool = False) -> dict[str, Any]:
        options = {
            key: {**_OPTIONS[key][0].schema, "description": _OPTIONS[key][1]} for key in options_of(name, own=own)
        }
        if "unit" in options:
            options["unit"]["enum"] = list(UNITS[name])
        return {"anyOf": [{"type": "string"}, table(options, minProperties=1)]}

    def part(kinds: Mapping[str, _Kind]) -> dict[str, Any]:
        return table({key: kind.schema for key, kind in kinds.items()})

    constants = {
        name: {"type": ["string", "number", "boolean"]} for name in FILLED if name not in ("timestamp", "turn_id")
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A map of columns for chatmon",
        **table(
            {
                "where": {"type": "string", "description": "which rows count, as SQL over the file's columns"},
                "file": part(_FILE),
                "columns": table({name: source(name) for name in FILLED}, required=["timestamp"]),
                "constants": table(constants),
                "attributes": {"type": "object", "additionalProperties": source("intent", own=True)},
                "messages": part(_MESSAGES) | {"required": ["role"]},
                "sessions": part(_SESSIONS) | {"required": ["minutes"]},
            },
            required=["columns"],
        ),
    }
