"""A filter's tree as a condition in SQL on the table ``runs``, with every value a parameter.

Metadata, inputs, outputs and feedback are lists of entries, each with a key and a value. Inside ``and(...)`` a
condition on the value belongs to the condition on the key beside it: both hold of one entry. A condition that says
what is not (``neq``) holds where no entry is so.
"""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from chatmon.lab.services.langsmith._filters import Compare, Condition, Logic, Value
from chatmon.lab.services.langsmith._pairs import KEYS, written
from chatmon.lab.services.langsmith._values import RefusalError, clean, dump, microseconds, parse_object, uuid


class Sql(NamedTuple):
    """A condition in SQL.

    Attributes:
        text: With a ``?`` for each value.
        values: The values.
    """

    text: str
    values: tuple[Any, ...] = ()


_COMPARED: Final = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?")
_IDS: Final = {
    "id": "id", "run_id": "id", "trace_id": "trace_id", "parent_run_id": "parent_id",
    "reference_example_id": "reference_example_id", "reference_example": "reference_example_id",
}  # fmt: skip
_TEXTS: Final = {
    "name": "name", "run_type": "run_type", "status": "status", "thread_id": "thread_id",
    "dotted_order": "dotted_order",
    "error": "(SELECT error FROM payloads WHERE payloads.n = runs.n)",
}  # fmt: skip
_NUMBERS: Final = {
    "total_tokens": "total_tokens", "prompt_tokens": "prompt_tokens", "completion_tokens": "completion_tokens",
    "total_cost": "dollars", "prompt_cost": "CAST(prompt_cost AS REAL)",
    "completion_cost": "CAST(completion_cost AS REAL)", "latency": "latency", "latency_seconds": "latency",
    "first_token_latency": "(first_token_time - start_time) / 1e6",
}  # fmt: skip
_TIMES: Final = {"start_time": "start_time", "end_time": "end_time", "first_token_time": "first_token_time"}
_ENTRIES: Final = {"metadata": "metadata", "input": "input", "output": "output", "feedback": "feedback"}
_NEGATED: Final = {"neq": "eq"}
FIELDS: Final = (
    *_IDS, *_TEXTS, *_NUMBERS, *_TIMES, "is_root", "tags", "metadata", "metadata_key", "metadata_value", "input_key",
    "input_value", "output_key", "output_value", "feedback_key", "feedback_score", "feedback_source",
)  # fmt: skip


def to_sql(condition: Condition) -> Sql:
    """Return a filter as a condition on ``runs``.

    Raises:
        RefusalError: A field is unknown, or a value is not one that the field has.

    Example:
        >>> from chatmon.lab.services.langsmith._filters import parse_filter
        >>> to_sql(parse_filter('and(eq(name, "chat"), gt(latency, "1.5s"))'))
        Sql(text='(name = ? AND latency > ?)', values=('chat', 1.5))
    """
    if isinstance(condition, Compare):
        return _entries([condition]) if _entry_of(condition) else _field(condition)
    if condition.op == "not":
        inner = to_sql(condition.parts[0])
        return Sql(f"NOT coalesce({inner.text}, 0)", inner.values)
    if condition.op == "or":
        return _joined("OR", [to_sql(part) for part in condition.parts])
    found: list[Sql] = []
    groups: list[list[Compare]] = []
    for part in condition.parts:
        kind = _entry_of(part)
        if kind is None or not isinstance(part, Compare):
            found.append(to_sql(part))
            continue
        side = _side(part)
        open_group = next(
            (group for group in groups if _entry_of(group[0]) == kind and side not in map(_side, group)), None
        )
        if open_group is None:
            groups.append([part])
        else:
            open_group.append(part)
    return _joined("AND", found + [_entries(group) for group in groups])


def _joined(word: str, parts: list[Sql]) -> Sql:
    if len(parts) == 1:
        return parts[0]
    return Sql(f"({f' {word} '.join(part.text for part in parts)})", tuple(v for part in parts for v in part.values))


def _entry_of(condition: Condition) -> str | None:
    """Return which list of entries a condition asks about."""
    if isinstance(condition, Logic) or condition.field is None:
        return None
    kind, _, side = condition.field.rpartition("_")
    return kind if kind in _ENTRIES and side in ("key", "value", "score", "source") else None


def _side(condition: Compare) -> str:
    return "key" if str(condition.field).endswith("_key") else str(condition.field).rpartition("_")[2]


def _entries(group: list[Compare]) -> Sql:
    """Return what holds where one entry meets all conditions of a group, or where none does."""
    key = next((one for one in group if _side(one) == "key"), None)
    if key is not None and key.op in _NEGATED and len(group) > 1:
        return _joined("AND", [_entries([one]) for one in group])
    kind = str(_entry_of(group[0]))
    absent = len(group) == 1 and group[0].op in _NEGATED
    conditions = [_of_entry(kind, Compare(_NEGATED[one.op], one.field, one.value) if absent else one) for one in group]
    met = _joined("AND", conditions)
    if kind == "feedback":
        text, values = f"n {{}}IN (SELECT run FROM feedback WHERE {met.text} AND run IS NOT NULL)", met.values
    else:
        text, values = f"n {{}}IN (SELECT run FROM pairs WHERE kind = ? AND {met.text})", (kind, *met.values)
    return Sql(text.format("NOT " if absent else ""), values)


def _of_entry(kind: str, one: Compare) -> Sql:
    side = _side(one)
    if kind == "feedback" and side == "value":
        raise RefusalError(
            400, "feedback_value cannot be compared: take feedback_key, feedback_score or feedback_source"
        )
    if kind != "feedback" and side in ("score", "source"):
        raise RefusalError(400, f"{one.field} is no field: take {kind}_key or {kind}_value")
    if side == "score":
        return _number("score", one)
    value = one.value
    if one.op in ("gt", "gte", "lt", "lte") and isinstance(value, int | float):
        return _number("CAST(value AS REAL)", one)
    texts = [written(item) for item in value] if isinstance(value, list) else written(value)
    return _text(side, Compare(one.op, one.field, texts))  # type: ignore[arg-type]  # a list of texts is a value


def _field(one: Compare) -> Sql:
    name = one.field
    if one.op == "search":
        return _search(one)
    if name in ("tags", "metadata"):
        return _has(one)
    if one.op == "exists":
        if one.value is not None:
            raise RefusalError(400, f"exists({name}, ...) takes no second value: only metadata has keys")
        return Sql(f"{_column(name)} IS NOT NULL")
    if name == "is_root":
        return _boolean("(parent_id IS NULL)", one)
    if name == "error" and one.op in ("eq", "neq") and (one.value is None or isinstance(one.value, bool)):
        failed = one.value is True
        return Sql("status = 'error'" if failed == (one.op == "eq") else "status <> 'error'")
    if one.value is None:
        if one.op not in ("eq", "neq"):
            raise RefusalError(400, f"{one.op}({name}, null) has no meaning: take eq or neq")
        return Sql(f"{_column(name)} IS {'' if one.op == 'eq' else 'NOT '}NULL")
    if name in _NUMBERS:
        return _number(_NUMBERS[name], one, seconds="latency" in name)
    if name in _TIMES:
        return _compared(_TIMES[name], one, lambda value: microseconds(value, f"{name} in the filter"))
    if name in _IDS:
        return _compared(_IDS[name], one, lambda value: uuid(value, f"{name} in the filter"))
    found = _text(_column(name), one)
    if name == "error" and one.op != "neq":
        # Only runs that failed have one: the others' payloads are not read.
        return Sql(f"(status = 'error' AND {found.text})", found.values)
    return found


def _column(name: str | None) -> str:
    for known in (_IDS, _TEXTS, _NUMBERS, _TIMES):
        if name in known:
            return known[name]
    raise RefusalError(400, f"{name!r} is no field of runs that filters know: take one of {', '.join(FIELDS)}")


def _text(column: str, one: Compare) -> Sql:
    if one.op == "like":
        return Sql(f"{column} LIKE ?", (clean(str(one.value)),))
    if isinstance(one.value, int | float) and not isinstance(one.value, bool):
        one = Compare(one.op, one.field, str(one.value))
    if not isinstance(one.value, str | list):
        raise RefusalError(400, f"{one.field} is text: compare it with a text, not {one.value!r}")
    return _compared(column, one, lambda value: clean(str(value)))


def _number(column: str, one: Compare, *, seconds: bool = False) -> Sql:
    def number(value: Value) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63:
            return value
        found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None or (found[2] and not seconds):
            raise RefusalError(400, f"{one.field} is a number: {value!r} is none")
        return float(found[1]) * _SECONDS[found[2] or "s"]

    return _compared(column, one, number)


def _compared(column: str, one: Compare, convert: Any) -> Sql:
    if one.op == "in":
        values = [convert(item) for item in one.value] if isinstance(one.value, list) else []
        return Sql(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))
    if one.op == "neq":
        return Sql(f"{column} IS NOT ?", (convert(one.value),))
    if one.op not in _COMPARED:
        raise RefusalError(400, f"{one.op} cannot be asked of {one.field}: take {', '.join((*_COMPARED, 'neq', 'in'))}")
    return Sql(f"{column} {_COMPARED[one.op]} ?", (convert(one.value),))


def _boolean(expression: str, one: Compare) -> Sql:
    if one.op not in ("eq", "neq") or not isinstance(one.value, bool | int):
        raise RefusalError(400, f"{one.field} is true or false: take eq({one.field}, true)")
    return Sql(expression if bool(one.value) == (one.op == "eq") else f"NOT {expression}")


def _has(one: Compare) -> Sql:
    if one.op == "exists" and one.field == "metadata" and isinstance(one.value, str):
        return Sql("n IN (SELECT run FROM pairs WHERE kind = 'metadata' AND key = ?)", (clean(one.value),))
    if one.op not in ("has", "eq", "in"):
        raise RefusalError(400, f"{one.op} cannot be asked of {one.field}: take has({one.field}, ...)")
    if one.field == "tags":
        tags = one.value if isinstance(one.value, list) else [one.value]
        marks = ", ".join("?" * len(tags))
        found = f"n IN (SELECT run FROM pairs WHERE kind = 'tag' AND key IN ({marks}))"
        return Sql(found, tuple(written(tag) for tag in tags))
    pairs = [(clean(key), written(value)) for key, value in _wanted(str(one.value), "what has(metadata, ...) asks for")]
    each = [
        Sql("n IN (SELECT run FROM pairs WHERE kind = 'metadata' AND key = ? AND value = ?)", pair) for pair in pairs
    ]
    return _joined("AND", each or [Sql("1")])


def in_document(metadata: str, column: str) -> list[Sql]:
    """Return the conditions that a column with JSON has all of some metadata.

    Args:
        metadata: A JSON object.
        column: The column's name.

    Raises:
        RefusalError: It is no object, or has too many keys.
    """
    held = f"EXISTS (SELECT 1 FROM json_each({column}, '$.metadata') WHERE key = ? AND value = ?)"
    return [Sql(held, (clean(key), _in_json(value))) for key, value in _wanted(metadata, "metadata")]


def on_metadata(condition: Condition, column: str) -> Sql:
    """Return a filter as a condition on a column with JSON, whose metadata is all that it can ask for.

    Raises:
        RefusalError: It asks for anything else.
    """
    if isinstance(condition, Logic):
        parts = [on_metadata(part, column) for part in condition.parts]
        joined = _joined(condition.op.upper(), parts) if condition.op != "not" else parts[0]
        return Sql(f"NOT {joined.text}", joined.values) if condition.op == "not" else joined
    if condition.field == "metadata" and condition.op == "has":
        return _joined("AND", in_document(str(condition.value), column) or [Sql("1")])
    if condition.field == "metadata" and condition.op == "exists" and isinstance(condition.value, str):
        found = f"EXISTS (SELECT 1 FROM json_each({column}, '$.metadata') WHERE key = ?)"
        return Sql(found, (clean(condition.value),))
    raise RefusalError(
        400, f"{condition.op}({condition.field}, ...) cannot be asked of examples: take has(metadata, ...) or "
        'exists(metadata, "key")'
    )  # fmt: skip


def _in_json(value: object) -> str | int | float:
    if isinstance(value, str):
        return clean(value)
    return value if isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63) else dump(value)


def _wanted(text: str, name: str) -> list[tuple[str, object]]:
    wanted = parse_object(text, name)
    if len(wanted) > KEYS:
        raise RefusalError(400, f"{name} has {len(wanted)} keys, {KEYS} are taken")
    return list(wanted.items())


def _search(one: Compare) -> Sql:
    """Words that follow each other, the last one perhaps unfinished, without regard to case."""
    text = clean(str(one.value))
    if one.field in ("name", "error"):
        within = f"instr(lower({_column(one.field)}), ?) > 0"
        return Sql(within if one.field == "name" else f"(status = 'error' AND {within})", (text.lower(),))
    if one.field not in (None, "inputs", "outputs"):
        raise RefusalError(400, f"search looks in inputs, outputs, name or error, not in {one.field}")
    phrase = '"' + text.replace('"', " ").replace("\0", " ") + '"'
    if not any(character.isalnum() for character in text):
        return Sql("0")
    where = {None: "", "inputs": " AND rowid % 2 = 0", "outputs": " AND rowid % 2 = 1"}[one.field]
    return Sql(f"n IN (SELECT rowid / 2 FROM texts WHERE texts MATCH ?{where})", (f"{phrase} *",))
