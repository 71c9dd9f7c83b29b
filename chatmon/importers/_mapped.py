"""A flat table that no known tool writes, CSV, JSON lines or Parquet, read by a map of its columns.

What a map may say is in ``_map``; here it becomes the SELECT of a dialect. A cell that cannot be read is lost, and
counted; its turn is not.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatmon import turns
from chatmon._tools import sql
from chatmon.importers import _messages as messages
from chatmon.importers._dialect import Dialect
from chatmon.importers._doubts import doubts
from chatmon.importers._map import NUMBERS, SCALES, UNITS, ColumnMap, Source, column_map
from chatmon.importers._sample import Sample, sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

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
FINE: Final = ("ok", "okay", "success", "successful", "succeeded", "completed", "complete", "finished", "done", "200",
               "201", "202", "204", "200 ok", "0", "false", "none", "no", "no error", "no_error")  # fmt: skip
"""Words in ``error_type``, in small letters, that say that nothing failed."""
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
PATH: Final = "(SELECT path FROM files WHERE number = _file)"
NO_PART: Final = "not as the map says: "
"""What stands before a text of which the map says nothing: it cannot be read."""
NEVER_BELOW_0: Final = ("response_time", "time_to_first_token", "cost", "input_tokens", "cached_tokens",
                        "cache_write_tokens", "output_tokens", "reasoning_tokens")  # fmt: skip


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
    looked = [sample(path, found.file) for path in paths]
    for one in looked:
        _check_header(found, one)
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
        encoding=found.file.get("encoding"),
        delimiter=found.file.get("delimiter"),
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
    cells = list(_cells(found))
    raw = [f"{one.sql} AS {one.key}_raw" for one in cells]
    texts = [f"{_text(one, found)} AS {one.key}_text" for one in cells]
    reads = [f"{_reader(one, found)} AS {one.key}_read" for one in cells if one.is_read]
    values = _values(found, cells)
    chosen = ", ".join(f"{value} AS {name}" for name, value in values.items())
    rows = f" WHERE ({found.where}\n)" if found.where else ""
    return f"""
        SELECT _file AS file, _line AS line, {chosen}
        FROM (SELECT {", ".join(["*", *reads])} FROM (SELECT {", ".join(["*", *texts])}
            FROM (SELECT {", ".join(["_file", "_line", *raw])} FROM records{rows})))"""


class _Cell(NamedTuple):
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


def _cells(found: ColumnMap) -> Iterator[_Cell]:
    for name, source in found.columns.items():
        kind = turns.KINDS[name]
        if source.get("until"):
            yield _Cell(name, name, "datetime", source, sql.name(source.options["until"]))
        elif len(source.columns) > 1 and kind in NUMBERS:
            for place, column in enumerate(source.columns):
                yield _Cell(f"{name}__{place}", name, kind, source, _said(source, (column,)))
        else:
            yield _Cell(name, name, kind, source, _said(source, source.columns))
    for place, (name, source) in enumerate(found.attributes.items()):
        yield _Cell(f"own__{place}", name, "str", source, _said(source, source.columns))
    for part in ("role", "order", "text", "answers"):
        if part in found.messages:
            yield _Cell(f"message__{part}", part, "str", Source(()), sql.name(found.messages[part]))


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


def _text(one: _Cell, found: ColumnMap) -> str:
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


def _reader(one: _Cell, found: ColumnMap) -> str:
    """Return the SQL of what a text is read as, NULL where it cannot be."""
    text = f"{one.key}_text"
    if one.kind == "datetime":
        return _time(text, found.columns["timestamp"], unit=one.name == "timestamp")
    if one.kind == "bool":
        return f"flag({text})"
    if one.kind == "str":
        return f"CASE WHEN NOT starts_with({text}, '{NO_PART}') THEN {text} END"
    value = _amount(one, text, found)
    if one.name in SCALES:
        return _grade(one, value)
    return f"CASE WHEN {value} >= 0 THEN {value} END" if one.name in NEVER_BELOW_0 else value


def _time(text: str, source: Source, *, unit: bool) -> str:
    layouts = source.get("format")
    if layouts:
        layouts = [layouts] if isinstance(layouts, str) else list(layouts)
        return f"CAST(try_strptime({text}, [{', '.join(map(sql.text, layouts))}]) AS TIMESTAMPTZ)"
    if unit and source.get("unit"):
        return f"later(make_timestamptz(0), number({text}) / {UNITS['timestamp'][source.options['unit']]:.0f})"
    return f"utc({text})"


def _amount(one: _Cell, text: str, found: ColumnMap) -> str:
    """Return the SQL of a number in the turns' own unit, the unit being the map's or what the cell itself says."""
    decimal, thousands = (one.source.get(mark) or found.file.get(mark) for mark in ("decimal", "thousands"))
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


def _scaled(one: _Cell, numeral: str, per: float) -> str:
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


def _grade(one: _Cell, value: str) -> str:
    """Return the SQL of a grade on the turns' own scale, NULL outside of its own."""
    low, high = SCALES[one.name]
    worst, best = one.source.get("range") or (low, high)
    moved = f"({value} - {float(worst)}) * {float(high - low)} / {float(best - worst)} + {float(low)}"
    moved = value if (worst, best) == (low, high) else moved
    return f"CASE WHEN {value} BETWEEN {float(min(worst, best))} AND {float(max(worst, best))} THEN {moved} END"


def _values(found: ColumnMap, cells: Sequence[_Cell]) -> dict[str, str]:
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


def _lost(cells: Sequence[_Cell]) -> str:
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
