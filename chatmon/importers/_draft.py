"""A draft of a map of columns: what each column of an unknown table probably is, and what could not be told."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import available_timezones

from chatmon.importers import _workbook as workbook
from chatmon.importers import files
from chatmon.importers._cells import CURRENCIES, NO_NUMBER, NULLS, currency_in, is_serial_day, unit_in
from chatmon.importers._doubts import ERROR
from chatmon.importers._map_options import FINE
from chatmon.importers._messages import ASSISTANTS, USERS
from chatmon.importers._sample import sample
from chatmon.importers._workbook import TOP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from chatmon.importers._sample import Sample

NAMES: Final = {
    "turn_id": "(turn|message|msg|request|req|row|log|event|call|run|trace)?_?(id|uuid|nr|no) id identifiant",
    "timestamp": (
        "ts time(stamp)? date(time)? when at zeit datum zeitpunkt uhrzeit fecha hora data data_hora heure 日時 "
        ".*_(at|ts|time|date|timestamp) created.* .*_(created|started)_.* start.* begin.* began"
    ),
    "conversation_id": (
        "(chat|conv(ersation)?|conversa|session|sessao|sesion|thread|ticket|case|dialog(ue)?|gespr.ch|unterhaltung|vorgang)"
        "_?(id|nr|no|key|name)? 会話_?id"
    ),
    "user_id": (
        "(user|requester|customer|client|visitor|account|contact|kunde|nutzer|usuario|utilisateur|cliente|author|who)"
        "_?(id|nr|no|key|name)? ユーザー_?id"
    ),
    "model": "model(_?(name|id))? modell modelo mod.le engine llm モデル",
    "provider": "provider vendor anbieter",
    "response_time": (
        ".*(latenc|duration|elapsed|response_?time|reply_?time|took|dauer|antwortzeit|dur.e|runtime|応答時間).* "
        ".*(tempo|tiempo|temps|d.lai)_(de_)?(resposta|respuesta|r.ponse).* "
        ".*(seconds|secs?|sek|millis|_ms).* ms sec t"
    ),
    "time_to_first_token": ".*(ttft|first_?token|first_?byte|first_?ms).*",
    "input_tokens": (
        ".*(prompt|input|in)_?(tok(en)?s?) tok(en)?s?_?(in|prompt|input) pt prompt_?tok.* input_?tok.* 入力トークン"
    ),
    "cached_tokens": ".*cach.*tok.* tok.*cach.* cached",
    "output_tokens": (
        ".*(completion|output|out)_?(tok(en)?s?) tok(en)?s?_?(out|completion|output) ct completion_?tok.* "
        "output_?tok.* 出力トークン"
    ),
    "cost": ".*(cost|price|spend|usd|dollar|cents?|kosten|preis|precio|custo|co.t|costo|eur|費用).*",
    "error_type": ".*(error|status|exception|fail|outcome|fehler|estado).*",
    "user_satisfaction": (
        ".*(csat|rating|rated|satisf|score|stars?|thumbs?|feedback|avalia|califica|grade|note|nota|daumen|sterne|bewertung|zufrieden|nps|満足度).*"
    ),
    "task_completed": ".*(resolved|solved|completed|success|done|gel.st|erledigt|resuelt|resolvid|r.solu|解決).*",
    "intent": (
        "(.*_)?intent topic(_?name)? category subject thema kategorie anliegen tema assunto motif reason カテゴリ"
    ),
    "prompt_version": "prompt_?v(ersion)? version template",
    "variant": "variant arm ab bucket",
    "region": "region country land pais geo locale language lang",
    "channel": "channel kanal canal source platform medium",
    "finish_reason": "finish_?reason stop_?reason",
    "question": "question prompt user_?(message|text|input) frage query",
    "answer": "answer reply response bot_?(message|text) completion antwort",
}
"""What a column is called, in small letters, in the tables that people have: patterns with blanks between them."""
WANTS: Final = {
    "timestamp": ("time", "epoch"),
    "response_time": ("number", "duration"),
    "time_to_first_token": ("number", "duration"),
    **dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens"), ("number",)),
    "cost": ("number", "money"),
    "user_satisfaction": ("number", "words", "flag"),
    "task_completed": ("flag", "words"),
    "error_type": ("words", "number", "text", "flag"),
    "question": ("text", "words"),
    "answer": ("text", "words"),
}
"""The kinds of column that a column of turns can be; any, where it is not named."""
YES, NO = (
    ("true", "yes", "ja", "oui", "sim", "sí", "si", "はい"),
    ("false", "no", "nein", "non", "não", "nao", "いいえ"),
)
"""Words for yes and for no."""
_DAY: Final = r"\d{1,2}\.\d{1,2}\.\d{4}"
LAYOUTS: Final = (
    ("%d.%m.%Y %H:%M:%S", rf"{_DAY} \d{{1,2}}:\d\d:\d\d"),
    ("%d.%m.%Y %H:%M", rf"{_DAY} \d{{1,2}}:\d\d"),
    ("%d.%m.%Y", _DAY),
)
SLASHED: Final = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})( \d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?)?")
ISO: Final = re.compile(r"\d{4}[-/]\d\d[-/]\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?)?")
NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
GROUPED: Final = re.compile(r"[+-]?\d{1,3}([.,' \u00a0\u202f]\d{3})*([.,]\d+)?|[+-]?\d+[.,]\d+")
_CODE: Final = "|".join(("USD", *CURRENCIES))
MONEY: Final = re.compile(rf"(R\$|US\$|[$€£¥₹]|{_CODE}) ?[\d.,]+|[\d.,]+ ?([$€£円]|{_CODE}|ct|cents?)", re.IGNORECASE)
DURATION: Final = re.compile(r"[\d.,]+ ?(ms|s|sec|sek|min)|\d+:\d\d:\d\d", re.IGNORECASE)


ZONE: Final = re.compile(r"[A-Z]\w+/[A-Z]\w+")
LOOKED_AT: Final = 2**20
"""Bytes by which a file's encoding, and the line that names its columns, are told."""
DATE_CELL: Final = re.compile(r"\d{4}-\d\d-\d\dT.*")
"""A moment that the file has as one, where others may be texts."""


class _Column(NamedTuple):
    name: str
    kind: str
    cells: Sequence[str]
    words: Counter[str]
    written: Sequence[str]


def draft_map(paths: str | Path | Iterable[str | Path]) -> str:
    """Return a draft of a map of the columns of a table: TOML to be checked by whoever knows the table.

    Args:
        paths: As for ``open_logs``; the first file that has columns is looked at.

    Returns:
        The draft; empty where no file is a table.

    Raises:
        FileNotFoundError: Nothing is there.
    """
    chosen, _ = files.expand(paths)
    found = ((read, said) for path in chosen for read, said in [_looked(path)] if read.header and read.rows)
    one, written = next(found, (None, []))
    if one is None:
        return ""
    columns = [_column(name, one) for name in dict.fromkeys(one.header)]
    role = next((column.name for column in columns if _is_role(column)), None)
    matched = _matched([column for column in columns if column.name != role])
    lines = [f"# A draft for {one.file}, from its first {len(one.rows):,} rows: check each line."]
    lines += _of_file(columns, written)
    lines += ["", "[columns]  # column of turns = column of the file"]
    lines += [_line(name, column) for name, column in matched.items()]
    if "timestamp" not in matched:
        lines.append("# timestamp = ...  # needed: no column looks like the time of a turn")
    rest = [column for column in columns if column.name != role and column not in matched.values()]
    told = [column for column in rest if column.kind in ("words", "flag")]
    if told:
        lines += ["", "[attributes]  # dimensions of your own = column of the file"]
        lines += [f"{_key(column.name)} = {_text(column.name)}  # {_shown(column)}" for column in told]
    if role is not None:
        lines += [
            "",
            "[messages]  # rows are messages: one of a user and the replies to it are a turn",
            f"role = {_text(role)}",
        ]
    unknown = [column for column in rest if column not in told]
    if unknown:
        lines += ["", "# Not told what these are; they are left out unless a line above names them:"]
        lines += [f"#   {column.name}: {_shown(column)}" for column in unknown]
    return "\n".join(lines) + "\n"


def _column(name: str, one: Sample) -> _Column:
    nothing = {*NULLS, *NO_NUMBER}
    cells = [cell for cell in one.cells(name) if cell not in nothing]
    written = [cell for row in one.written if (cell := row.get(name)) and cell not in nothing]
    return _Column(name, _kind(cells), cells, Counter(cells), written)


def _kind(cells: Sequence[str]) -> str:
    if not cells:
        return "empty"
    if all(map(ISO.fullmatch, cells)) or _layout(cells) or all(map(SLASHED.fullmatch, _texts(cells))):
        return "time"
    if {cell.lower() for cell in cells} <= {*YES, *NO}:
        return "flag"
    if all(map(NUMBER.fullmatch, cells)):
        big = [float(cell) for cell in cells]
        return "epoch" if min(big) > 1e9 and max(big) < 1e19 and max(big) < 2 * min(big) else "number"
    if all(map(GROUPED.fullmatch, cells)):
        return "number"
    if all(MONEY.fullmatch(cell) or GROUPED.fullmatch(cell) for cell in cells):
        return "money"
    if all(DURATION.fullmatch(cell) or GROUPED.fullmatch(cell) for cell in cells):
        return "duration"
    different = len(set(cells))
    return "words" if different <= 20 and (different <= 3 or different <= 0.5 * len(cells)) else "text"


def _texts(cells: Sequence[str]) -> list[str]:
    return [cell for cell in cells if not DATE_CELL.fullmatch(cell)]


def _layout(cells: Sequence[str]) -> str | None:
    cells = _texts(cells)
    if not cells:
        return None
    return next((layout for layout, shape in LAYOUTS if all(re.fullmatch(shape, cell) for cell in cells)), None)


def _is_role(column: _Column) -> bool:
    words = {word.lower() for word in column.words}
    return bool(words & set(USERS) and words & set(ASSISTANTS))


def _matched(columns: Sequence[_Column]) -> dict[str, _Column]:
    """Return the column that each column of turns probably is: the one whose name says so, of a kind that it can be."""
    found: dict[str, _Column] = {}
    for target, shapes in NAMES.items():
        for column in columns:
            kinds = WANTS.get(target, ("words", "text", "number", "epoch", "flag"))
            fits = column.kind in kinds or (target == "timestamp" and _is_serial(column))
            fits = fits and (target != "error_type" or column.kind != "words" or _speaks_of_errors(column))
            if fits and column.cells and column not in found.values() and _is_called(column, shapes):
                found[target] = column
                break
    times = [column for column in columns if column.kind == "time"]
    if "timestamp" not in found and times:
        found["timestamp"] = times[0]
    return found


def _is_serial(column: _Column) -> bool:
    return bool(column.cells) and all(map(is_serial_day, column.cells))


def _speaks_of_errors(column: _Column) -> bool:
    return any(ERROR.search(word) or word.lower() in FINE for word in column.words)


def _is_called(column: _Column, shapes: str) -> bool:
    name = re.sub(r"[^\w]+", "_", column.name.lower()).strip("_")
    return bool(re.fullmatch(shapes.replace(" ", "|"), name))


def _looked(path: Path) -> tuple[Sample, list[str]]:
    """Return a table's first rows, and what a map has to say for them to be read."""
    if files.look(path).kind == "workbook":
        return _of_fullest_sheet(path)
    header = _header_line(path)
    said = {} if header is None else {"header": header}
    lines = [] if header is None else [f"header = {header}  # the lines before name no columns"]
    found = sample(path, said)
    other = _encoding(path)
    if other is None or (decoded := sample(path, {**said, "encoding": other})).rows == found.rows or not decoded.text:
        return found, lines
    return decoded, [*lines, f'encoding = "{other}"  # it is not UTF-8']


def _encoding(path: Path) -> str | None:
    """Return the encoding that a text is taken for where it is not UTF-8: with kana it is Japanese."""
    with files.open_text(files.look(path)) as text:
        start = text.read(LOOKED_AT)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        kana = re.search("[\u3041-\u30ff]", start.decode("cp932", errors="replace"))
        return "cp932" if kana else "cp1252"
    return None


def _header_line(path: Path) -> int | None:
    """Return the line of a CSV that names the columns, where it is not the first; None where it is, or none does."""
    file = files.look(path)
    if file.kind not in ("jsonl", "csv") or file.before:
        return None
    with files.open_text(file) as text:
        lines = text.read(LOOKED_AT).decode("utf-8", errors="replace").splitlines()
    counts = [
        [len(next(csv.reader([line], delimiter=mark), [])) for line in lines[: TOP + 2]] for mark in files.DELIMITERS
    ]
    cells = max(counts, key=lambda one: sorted(one)[len(one) // 2])
    for place, count in enumerate(cells[:-2]):
        if count > max([1, *cells[:place]]) and count == cells[place + 1] == cells[place + 2]:
            return place + 1 if place else None
    return None


def _of_fullest_sheet(path: Path) -> tuple[Sample, list[str]]:
    try:
        sheets = workbook.sheets(path)
    except ValueError:
        return sample(path), []
    if len(sheets) < 2:
        return sample(path), []
    fullest = max(sheets, key=lambda name: sheets[name])
    others = ", ".join(f"{name} ({rows:,} rows)" for name, rows in sheets.items() if name != fullest)
    return sample(path, {"sheet": fullest}), [f"sheet = {_text(fullest)}  # not {_plain(others)}"]


def _of_file(columns: Sequence[_Column], said: list[str]) -> list[str]:
    """Return how the file is written, as far as its cells show it, after what is known of it."""
    numbers = [cell for column in columns if column.kind in ("number", "money", "duration") for cell in column.written]
    comma = any(re.search(r"\d,\d{1,2}(\D|$)|\d,\d{4,}|(^|\D)0,", cell) for cell in numbers)
    point = any(re.search(r"\d\.\d{1,2}(\D|$)|\d\.\d{4,}|(^|\D)0\.", cell) for cell in numbers)
    grouped = next(
        (found for cell in numbers if (found := re.search(r"[1-9]\d{0,2}([., \u00a0\u202f])\d{3}(\D|$)", cell))), None
    )
    if comma != point:
        said += ['decimal = ","'] if comma else []
        if grouped and grouped[1] != ("," if comma else "."):
            said.append(f"thousands = {json.dumps(grouped[1])}")
    elif grouped and grouped[1] not in ".,":
        said.append(f"thousands = {json.dumps(grouped[1])}")
    elif grouped:
        mark = grouped[1]
        said += [
            f'# thousands = "{mark}"  # {grouped[0].strip()} can be read in two ways: take this line',
            f'# decimal = "{mark}"  # or this one',
        ]
    return ["", "[file]", *said] if said else []


def _line(target: str, column: _Column) -> str:
    """Return a line of the map; of a time whose day and month cannot be told apart, both that it may be."""
    options, doubt = _options(target, column)
    if any("%?" in one for one in options):
        ways = [[one.replace("%?", first, 1).replace("%?", second, 1) for one in options]
                for first, second in (("%d", "%m"), ("%m", "%d"))]  # fmt: skip
        lines = [f"# {target} = {{ {', '.join([f'column = {_text(column.name)}', *way])} }}" for way in ways]
        shown = f"{_shown(column)}; {doubt}" if doubt else _shown(column)
        return f"{lines[0]}  # day first: take this line\n{lines[1]}  # month first: or this one; {shown}"
    said = ", ".join([f"column = {_text(column.name)}", *options])
    value = f"{{ {said} }}" if options else _text(column.name)
    return f"{target} = {value}  # {_shown(column)}{'; ' + doubt if doubt else ''}"


def _options(target: str, column: _Column) -> tuple[list[str], str]:
    """Return what more to say of a column, and what could not be told."""
    if target == "timestamp":
        return _of_time(column)
    if target in ("response_time", "time_to_first_token"):
        return _of_duration(column)
    if target == "cost":
        return _of_money(column)
    if target == "user_satisfaction":
        return _of_grades(column)
    if target == "error_type":
        fine = {word.lower() for word in FINE}
        most = next((word for word, _ in column.words.most_common(1)), "")
        if most.lower() in fine or not most:
            return [], ""
        return [], f"if a word says that nothing failed, add ok = [{_text(most)}]"
    if target == "task_completed" and column.kind == "flag":
        if {word.lower() for word in column.words} <= {"true", "false", "yes", "no"}:
            return [], ""
        meant = ", ".join(f"{_key(word)} = {str(word.lower() in YES).lower()}" for word in column.words)
        return [f"values = {{ {meant} }}"], ""
    if target == "task_completed" and column.kind == "words":
        words = ", ".join(f"{_key(word)} = ..." for word, _ in column.words.most_common(3))
        return [], f"say which word is what: values = {{ {words} }}, true or false each"
    return [], "counts cached tokens in?" if target == "input_tokens" else ""


def _of_time(column: _Column) -> tuple[list[str], str]:
    if column.kind == "epoch":
        return [], ""
    naive = not re.search(r"(Z|UTC|[+-]\d\d:?\d\d)$", column.cells[0]) or _layout(column.cells)
    zone, doubt = (
        [],
        'times name no zone: add zone = "Europe/Berlin", or what it is, else they are UTC' if naive else "",
    )
    if naive and (named := ZONE.search(column.name)) and named[0] in available_timezones():
        zone, doubt = [f'zone = "{named[0]}"'], ""
    if _is_serial(column):
        return ['unit = "days"', *zone], doubt
    layout = _layout(column.cells)
    if layout:
        return [f'format = "{layout}"', *zone], doubt
    slashed = [found for cell in column.cells if (found := SLASHED.fullmatch(cell))]
    if slashed:
        clock = (" %I:%M" if slashed[0][7] else " %H:%M") + (":%S" if slashed[0][6] else "") if slashed[0][5] else ""
        clock += " %p" if slashed[0][7] else ""
        days = max(int(one[1]) for one in slashed) > 12
        months = max(int(one[3]) for one in slashed) > 12
        order = "%d/%m/%Y" if days else "%m/%d/%Y" if months else "%?/%?/%Y"
        return [f'format = "{order.replace("/", slashed[0][2])}{clock}"', *zone], doubt
    return zone, doubt


def _of_money(column: _Column) -> tuple[list[str], str]:
    if re.search(r"cent", column.name.lower()):
        return ['unit = "cents"'], ""
    other = currency_in(column.name) or next((found for cell in column.cells if (found := currency_in(cell))), None)
    if other:
        return [], f'in {other}? add currency = "{other}", rate = ..., on = ..., or move the line to [attributes]'
    return [], "" if "usd" in column.name.lower() or "$" in column.cells[0] else "US dollars?"


def _of_duration(column: _Column) -> tuple[list[str], str]:
    said = unit_in(column.name)
    if said or column.kind == "duration":
        return [f'unit = "{said or "s"}"'], ""
    numbers = sorted(float(cell) for cell in column.cells if NUMBER.fullmatch(cell))
    if numbers and numbers[len(numbers) // 2] > 100:
        return ['unit = "ms"'], "by their size; s?"
    return ['unit = "s"'], "by their size; ms?"


def _of_grades(column: _Column) -> tuple[list[str], str]:
    numbers = {float(cell) for cell in column.cells if NUMBER.fullmatch(cell)}
    if column.kind != "number":
        words = ", ".join(f"{_key(word)} = ..." for word, _ in column.words.most_common(5))
        return [], f"give each word its grade, 1 to 5, or name it in null = [...]: values = {{ {words} }}"
    if numbers <= {-1.0, 0.0, 1.0}:
        low = "-1" if -1.0 in numbers else "0"
        return [f'values = {{ "1" = 5, "{low}" = 1 }}'], "thumbs?"
    if min(numbers) < 1 or max(numbers) > 5:
        return [f"range = [{min(*numbers, 1):g}, {max(numbers):g}]"], "the worst and the best grade there is?"
    return [], "1 the worst, 5 the best?"


def _shown(column: _Column) -> str:
    if column.kind == "empty":
        return "empty"
    if column.kind in ("number", "epoch") and all(map(NUMBER.fullmatch, column.cells)):
        numbers = [float(cell) for cell in column.cells]
        return f"numbers, {min(numbers):.10g} to {max(numbers):.10g}"
    if column.kind in ("words", "flag"):
        named = ", ".join(f"{word[:30]} ({count:,})" for word, count in column.words.most_common(4))
        return _plain(named + (", ..." if len(column.words) > 4 else ""))
    what = {"time": "times", "text": "texts", "money": "money", "duration": "durations"}.get(column.kind, "numbers")
    return _plain(f"{what}, such as {column.cells[0][:40]}")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)
