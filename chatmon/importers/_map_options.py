"""What a column of a map may say: one description, by which a map is checked and editors get their JSON Schema."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chatmon import turns

if TYPE_CHECKING:
    from collections.abc import Callable

DERIVED: Final = ("attempts", "usage_details", "usage_source", "price_source", "attributes")
"""Columns of turns that no map fills."""
FILLED: Final = tuple(name for name in turns.COLUMNS if name not in DERIVED)
DURATIONS: Final = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9, "min": 1 / 60, "h": 1 / 3600}
UNITS: Final[dict[str, dict[str, float]]] = {
    "response_time": DURATIONS,
    "time_to_first_token": DURATIONS,
    "timestamp": {**{name: DURATIONS[name] for name in ("s", "ms", "us", "ns")}, "days": 1 / 86400},
    "cost": {"usd": 1, "cents": 100},
    "context_relevance": {"fraction": 1, "percent": 100},
}
"""Units that a column may be in, and how many make one of the turns' own, which is the first."""
SCALES: Final = {"user_satisfaction": (1, 5), "context_relevance": (0, 1)}
"""Columns that are grades on a scale, from the worst to the best."""
NUMBERS: Final = ("int", "float", "Decimal")
FINE: Final = ("ok", "okay", "success", "successful", "succeeded", "completed", "complete", "finished", "done", "200",
               "201", "202", "204", "200 ok", "0", "false", "none", "no", "no error", "no_error")  # fmt: skip
"""Words in ``error_type``, in small letters, that say that nothing failed."""


class Kind(NamedTuple):
    """What a value is: in words, as JSON Schema has it, and as a test."""

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
_TEXT: Final = Kind("a text", {"type": "string", "minLength": 1}, lambda value: isinstance(value, str) and bool(value))
_TEXTS: Final = Kind("a list of texts", _LIST, _is_texts)
_FORMAT: Final = Kind("a text or a list of texts", {"anyOf": [_TEXT.schema, _LIST]},
                       lambda value: _TEXT.fits(value) or _is_texts(value))  # fmt: skip
_PATTERN: Final = Kind("a regular expression with one group", _TEXT.schema, _is_pattern)
_SCALE: Final = Kind("two numbers, the worst and the best", {
    "type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}, _is_scale)  # fmt: skip
_VALUES: Final = Kind("a table of words, such as { up = 5, down = 1 }", {
    "type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}, "minProperties": 1,
}, _is_values)  # fmt: skip
_ZONE: Final = Kind("a time zone, such as Europe/Berlin", _TEXT.schema, _is_zone)
_RATE: Final = Kind("US dollars for one of the currency", {"type": ["number", "string"]}, _is_rate)
_DAY: Final = Kind("a date", {}, lambda value: isinstance(value, date))
_CHARACTER: Final = Kind("one character", {"type": "string", "minLength": 1, "maxLength": 1},
                          lambda value: isinstance(value, str) and len(value) == 1)  # fmt: skip
_ENCODING: Final = Kind("an encoding, such as cp1252", _TEXT.schema, _is_encoding)
_POSITIVE: Final = Kind("a number above 0", {"type": "number", "exclusiveMinimum": 0},
                         lambda value: _is_number(value) and value > 0)  # fmt: skip

OPTIONS: Final[dict[str, tuple[Kind, str]]] = {
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
_ROW: Final = Kind("the number of a line or row, from 1", {"type": "integer", "minimum": 1},
                    lambda value: type(value) is int and value >= 1)  # fmt: skip
WRITTEN: Final = {"encoding": _ENCODING, "delimiter": _CHARACTER, "header": _ROW, "sheet": _TEXT}
"""What a file is made of: ``files.look`` takes these."""
FILE: Final = {**WRITTEN, "decimal": _CHARACTER, "thousands": _CHARACTER, "null": _TEXTS}
MESSAGES: Final = {"role": _TEXT, "order": _TEXT, "text": _TEXT, "answers": _TEXT, "user": _TEXTS, "assistant": _TEXTS}
SESSIONS: Final = {"minutes": _POSITIVE}


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


def map_schema() -> dict[str, Any]:
    """Return the JSON Schema of a map of columns, for editors of TOML.

    Example:
        >>> map_schema()["required"]
        ['columns']
    """

    def table(properties: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        return {"type": "object", "properties": dict(properties), "additionalProperties": False, **more}

    def source(name: str, *, own: bool = False) -> dict[str, Any]:
        options = {key: {**OPTIONS[key][0].schema, "description": OPTIONS[key][1]} for key in options_of(name, own=own)}
        if "unit" in options:
            options["unit"]["enum"] = list(UNITS[name])
        return {"anyOf": [{"type": "string"}, table(options, minProperties=1)]}

    def part(kinds: Mapping[str, Kind]) -> dict[str, Any]:
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
                "file": part(FILE),
                "columns": table({name: source(name) for name in FILLED}, required=["timestamp"]),
                "constants": table(constants),
                "attributes": {"type": "object", "additionalProperties": source("intent", own=True)},
                "messages": part(MESSAGES) | {"required": ["role"]},
                "sessions": part(SESSIONS) | {"required": ["minutes"]},
            },
            required=["columns"],
        ),
    }
