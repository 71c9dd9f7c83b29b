"""The cells of a table as SQL: what the file says, what of that is something, and what it is read as.

A cell may say nothing in a word, a number in any country's writing, a unit of its own, a grade on another scale. What
cannot be read is NULL, and never a guess.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon import turns
from chatmon._tools import sql
from chatmon.importers._map import ColumnMap, Source
from chatmon.importers._map_options import NUMBERS, SCALES, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator

NULLS: Final = (
    "",
    "\\N",
    "NULL",
    "null",
    "Null",
    "(null)",
    "<null>",
    "None",
    "NaN",
    "nan",
    "n/a",
    "N/A",
    "#N/A",
    "-",
    "--",
)
"""Words that say nothing, in any column."""
NO_NUMBER: Final = ("NA", "na", "?", "none")
"""Words that say nothing where a number is expected: elsewhere NA is a region."""
_SECOND: Final = {
    1.0: ("s", "sec", "secs", "second", "seconds", "sek"), 1e3: ("ms", "msec", "msecs", "millisecond", "milliseconds"),
    1e6: ("us", "µs", "μs", "microseconds"), 1e9: ("ns", "nanoseconds"), 1 / 60: ("min", "mins", "minute", "minutes"),
    1 / 3600: ("h", "hour", "hours"),
}  # fmt: skip
_DOLLAR: Final = {1.0: ("$", "usd", "us$", "dollar", "dollars"), 1e2: ("¢", "ct", "cent", "cents")}
_PART: Final = {1.0: ("fraction",), 1e2: ("%", "percent")}
WRITTEN: Final[dict[str, dict[float, tuple[str, ...]]]] = {
    "response_time": _SECOND, "time_to_first_token": _SECOND, "cost": _DOLLAR, "context_relevance": _PART,
}  # fmt: skip
"""Units as cells write them behind or before the number, and how many make one of the turns' own."""
SYMBOLS: Final = {"EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CHF": "fr.", "BRL": "r$"}
CURRENCIES: Final = (*SYMBOLS, "CNY", "CAD", "AUD", "MXN", "PLN", "NOK", "DKK", "SEK", "CZK", "TRY", "ZAR", "KRW")
PATH: Final = "(SELECT path FROM files WHERE number = _file)"
NO_PART: Final = "not as the map says: "
"""What stands before a text of which the map says nothing: it cannot be read."""
NEVER_BELOW_0: Final = ("response_time", "time_to_first_token", "cost", "input_tokens", "cached_tokens",
                        "cache_write_tokens", "output_tokens", "reasoning_tokens")  # fmt: skip


class Cell(NamedTuple):
    """What is read of a row: a key, the column of turns, its kind there, what it is made of, and that as SQL."""

    key: str
    name: str
    kind: str
    source: Source
    sql: str

    @property
    def is_read(self) -> bool:
        """Whether its text may be of no use: a number, a time, a grade."""
        return self.kind != "str" or bool(self.source.get("pattern"))


def currency_in(text: str) -> str | None:
    """Return the currency, other than the US dollar, that a name or a cell speaks of.

    Example:
        >>> currency_in("kosten_eur"), currency_in("R$ 0,12"), currency_in("cost_usd"), currency_in("europe")
        ('EUR', 'BRL', None, None)
    """
    if "円" in text:
        return "JPY"
    words = set(re.split(r"[^a-z]+", text.lower()))
    named = (code for code in CURRENCIES if code.lower() in words)
    marked = (code for code, mark in SYMBOLS.items() if len(mark) < 3 and mark in text.lower())
    return next(named, None) or ("EUR" if words & {"euro", "euros"} else next(marked, None))


_UNITS_SPOKEN: Final = {
    "ms": ("ms", "msec", "millis", "milli", "millisecond", "milliseconds", "milisegundos", "millisecondes", "ミリ秒"),
    "us": ("us", "µs", "micros"),
    "ns": ("ns", "nanos"),
    "min": ("min", "mins", "minute", "minutes", "minuten", "minutos", "分"),
    "h": ("h", "hr", "hrs", "hour", "hours", "std", "stunden", "horas", "heures", "時間"),
    "s": ("s", "sec", "secs", "second", "seconds", "sek", "sekunden", "segundos", "secondes", "秒"),
}


def unit_in(name: str) -> str | None:
    """Return the unit of time that the name of a column speaks of.

    Example:
        >>> unit_in("latency_ms"), unit_in("First response time (in hrs)"), unit_in("応答時間(秒)"), unit_in("latency")
        ('ms', 'h', 's', None)
    """
    words = set(re.split(r"[\W_]+", name.lower()))
    return next((unit for unit, spoken in _UNITS_SPOKEN.items() if words & set(spoken)), None)


def is_serial_day(text: str) -> bool:
    """Whether a text is a day, with its time as a fraction, as spreadsheets count them: one of 2000 to 2099.

    Example:
        >>> is_serial_day("46272.375"), is_serial_day("1788777000"), is_serial_day("2026-09-07")
        (True, False, False)
    """
    return bool(re.fullmatch(r"\d{5}([.,]\d+)?", text)) and 36526 <= int(text[:5]) < 73051


def cells_of(found: ColumnMap) -> Iterator[Cell]:
    for name, source in found.columns.items():
        kind = turns.KINDS[name]
        if source.get("until"):
            yield Cell(name, name, "datetime", source, sql.name(source.options["until"]))
        elif len(source.columns) > 1 and kind in NUMBERS:
            for place, column in enumerate(source.columns):
                yield Cell(f"{name}__{place}", name, kind, source, _said(source, (column,)))
        else:
            yield Cell(name, name, kind, source, _said(source, source.columns))
    for place, (name, source) in enumerate(found.attributes.items()):
        yield Cell(f"own__{place}", name, "str", source, _said(source, source.columns))
    for part in ("role", "order", "text", "answers"):
        if part in found.messages:
            yield Cell(f"message__{part}", part, "str", Source(()), sql.name(found.messages[part]))


def _said(source: Source, columns: tuple[str, ...]) -> str:
    """Return the SQL of what the file says: of its path, then of its columns."""
    said = [f"CAST({sql.name(column)} AS VARCHAR)" for column in columns]
    if source.get("path"):
        steps = "".join(f"[{one}]" if one.isdigit() else f'."{one}"' for one in source.options["path"].split("."))
        said = [
            f"CASE WHEN json_valid({one}) THEN json_extract_string(CAST({one} AS JSON), {sql.text('$' + steps)}) END"
            for one in said
        ]
    if source.get("pattern"):
        said = [_part_of(one, source.options["pattern"]) for one in said]
    if source.get("file"):
        said.insert(0, _part_of(PATH, source.options["file"]))
    return f" || {sql.text(source.get('join') or ' ')} || ".join(said)


def _part_of(text: str, pattern: str) -> str:
    """Return the SQL of a part of a text; of a text that has no such part, what cannot be read."""
    found = f"regexp_extract({text}, {sql.text(pattern)}, 1)"
    return f"CASE WHEN {found} <> '' THEN {found} WHEN trim({text}) <> '' THEN '{NO_PART}' || {text} END"


def text_of(one: Cell, found: ColumnMap) -> str:
    """Return the SQL of what the file says, NULL where that is nothing, and as the map's values have it."""
    said = one.source.get("null") or found.file.get("null") or (NULLS if one.kind == "str" else (*NULLS, *NO_NUMBER))
    raw = f"trim({one.key}_raw)"
    none = ", ".join(sql.text(word) for word in dict.fromkeys(("", *said)))
    text = f"CASE WHEN {raw} NOT IN ({none}) THEN {raw} END"
    values = one.source.get("values")
    if not values:
        return text
    cases = " ".join(f"WHEN {sql.text(word.lower())} THEN {sql.text(_word(value))}" for word, value in values.items())
    other = raw if one.kind == "str" else f"'{NO_PART}' || {raw}"
    word = f"lower({raw})" if one.kind == "str" else f"regexp_replace(lower({raw}), '^([+-]?[0-9]+)[.]0+$', '\\1')"
    return f"CASE {word} {cases} ELSE CASE WHEN {raw} NOT IN ({none}) THEN {other} END END"


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def reader_of(one: Cell, found: ColumnMap) -> str:
    """Return the SQL of what a text is read as, NULL where it cannot be."""
    text = f"{one.key}_text"
    if one.kind == "datetime":
        return _time(one, text, found)
    if one.kind == "bool":
        return f"flag({text})"
    if one.kind == "str":
        return f"CASE WHEN NOT starts_with({text}, '{NO_PART}') THEN {text} END"
    value = _amount(one, text, found)
    if one.name in SCALES:
        return _grade(one, value)
    return f"CASE WHEN {value} >= 0 THEN {value} END" if one.name in NEVER_BELOW_0 else value


def _time(one: Cell, text: str, found: ColumnMap) -> str:
    """Return the SQL of a moment; one that the file itself has as a date comes as ISO 8601 and needs no format."""
    source = found.columns["timestamp"]
    layouts, unit = source.get("format"), source.get("unit")
    if layouts:
        layouts = [layouts] if isinstance(layouts, str) else list(layouts)
        read = f"CAST(try_strptime({text}, [{', '.join(map(sql.text, layouts))}]) AS TIMESTAMPTZ)"
        return f"CASE WHEN {text} LIKE '____-__-__T%' THEN coalesce({read}, utc({text})) ELSE {read} END"
    if unit and one.name == "timestamp":
        number = f"number({_numeral(text, *_marks(source, found))})"
        if unit == "days":
            return f"CAST(later(TIMESTAMP '1899-12-30', round({number} * 86400, 3)) AS TIMESTAMPTZ)"
        return f"later(make_timestamptz(0), {number} / {UNITS['timestamp'][unit]:.0f})"
    return f"utc({text})"


def _marks(source: Source, found: ColumnMap) -> tuple[str | None, str | None]:
    """Return what stands before decimals, and between thousands, where the map says either."""
    return tuple(source.get(mark) or found.file.get(mark) for mark in ("decimal", "thousands"))  # type: ignore[return-value]


def decimals_of(found: ColumnMap) -> dict[str, str]:
    """Return the columns of the file whose numbers have another mark before their decimals than a point."""
    marks = {
        column: decimal or ("," if thousands == "." else ".")
        for name, source in found.columns.items()
        if turns.KINDS[name] in NUMBERS or source.get("unit")
        for column in source.columns
        for decimal, thousands in [_marks(source, found)]
    }
    return {column: mark for column, mark in marks.items() if mark != "."}


def _amount(one: Cell, text: str, found: ColumnMap) -> str:
    """Return the SQL of a number in the turns' own unit, the unit being the map's or what the cell itself says."""
    decimal, thousands = _marks(one.source, found)
    per = UNITS.get(one.name, {}).get(one.source.get("unit") or "", 1.0)
    plain = _scaled(one, _numeral(text, decimal, thousands), per)
    written = dict(WRITTEN.get(one.name, {1.0: ("tokens", "tok")} if one.kind == "int" else {}))
    currency = one.source.get("currency")
    if currency:
        written = {1.0: (currency.lower(), SYMBOLS.get(currency.upper(), currency.lower()))}
    if not written:
        return plain
    number = _numeral(f"regexp_extract(t, '{_WITH_UNIT}', 2)", decimal, thousands)
    word = f"lower(trim(regexp_extract(t, '{_WITH_UNIT}', 1) || regexp_extract(t, '{_WITH_UNIT}', 3)))"
    cases = " ".join(f"WHEN {word} IN ({', '.join(map(sql.text, words))}) THEN {_scaled(one, number, of)}"
                     for of, words in written.items())  # fmt: skip
    if written is _SECOND or one.name in ("response_time", "time_to_first_token"):
        cases += f" WHEN regexp_full_match(t, '{_CLOCK}') THEN epoch(try_cast(t AS INTERVAL))"
    other = f"list_transform([{text}], lambda t: CASE {cases} END)[1]"
    return f"coalesce({plain}, {other})"


_WITH_UNIT: Final = r"^([^0-9+.\-]*)([+\-]?[0-9.][0-9.,'' ]*?) *([^0-9]*)$"
_CLOCK: Final = r"\d+:\d\d:\d\d(\.\d+)?"


def _scaled(one: Cell, numeral: str, per: float) -> str:
    """Return the SQL of a numeral that counts so many of a unit to one of the turns' own: money exactly."""
    if one.kind == "int":
        return f"whole({numeral})"
    if one.kind == "Decimal":
        rate = one.source.get("rate")
        if rate is not None:
            return f"try_cast(CAST({numeral} AS DECIMAL(20,9)) * CAST('{rate}' AS DECIMAL(18,9)) AS DECIMAL(38,18))"
        return f"dollars({numeral} || 'e-2')" if per == 100 else f"dollars({numeral})"
    if per == 1:
        return f"number({numeral})"
    return f"number({numeral}) / {per:.0f}" if per > 1 else f"number({numeral}) * {1 / per:.0f}"


def _numeral(text: str, decimal: str | None, thousands: str | None) -> str:
    """Return the SQL of a number with a decimal point and nothing between thousands; else NULL."""
    if decimal is None and thousands is None:
        return text
    point = decimal or ("," if thousands == "." else ".")
    whole = rf"(\d{{1,3}}({_escaped(thousands)}\d{{3}})+|\d+)" if thousands else r"\d+"
    shape = sql.text(rf"[+-]?{whole}({_escaped(point)}\d+)?")
    bare = f"replace({text}, {sql.text(thousands)}, '')" if thousands else text
    return f"CASE WHEN regexp_full_match({text}, {shape}) THEN replace({bare}, {sql.text(point)}, '.') END"


def _escaped(mark: str | None) -> str:
    return f"[{mark}]"


def _grade(one: Cell, value: str) -> str:
    """Return the SQL of a grade on the turns' own scale, NULL outside of its own."""
    low, high = SCALES[one.name]
    worst, best = one.source.get("range") or (low, high)
    moved = f"({value} - {float(worst)}) * {float(high - low)} / {float(best - worst)} + {float(low)}"
    moved = value if (worst, best) == (low, high) else moved
    return f"CASE WHEN {value} BETWEEN {float(min(worst, best))} AND {float(max(worst, best))} THEN {moved} END"
