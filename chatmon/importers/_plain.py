"""Records that a dialect has taken apart itself: each says what a span's columns hold, as text, and is read as that.

For tools of which one record is one call, or whose records Python has to walk through: what is left to SQL is to read
times, numbers and amounts, and to reject what is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.cost.shapes import SHAPES
from chatmon.importers._dialect import Dialect
from chatmon.importers._langfuse import number_of, whole_of
from chatmon.importers._spans import SCORED, SPAN_COLUMNS, TOKENS, readings, unread_scores, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_KINDS: Final = {"BIGINT": "whole", "DOUBLE": "number", "DECIMAL(38,18)": "dollars"}
_READERS: Final = {name: _KINDS[kind] for name, kind in SPAN_COLUMNS.items() if kind in _KINDS and name != "line"}
COUNTED: Final = {name: reader for name, reader in _READERS.items() if reader != "number"}
"""Columns of tokens and cost: what is no number in one of them rejects the row."""
_READ: Final = {
    "TIMESTAMPTZ": "utc({0})", "BOOLEAN": "flag({0})", "JSON": "{0}", "VARCHAR": "filled({0})",
} | dict.fromkeys(_KINDS, "{0}_read")  # fmt: skip
COLUMNS: Final = {
    name: "JSON" if kind == "JSON" else "VARCHAR"
    for name, kind in SPAN_COLUMNS.items()
    if name not in ("file", "line", "lost", "kept")
} | {"first_token_after": "VARCHAR", "strangers": "VARCHAR"}
"""What a record may say: a span's columns, the seconds until the first token where no time says it, and names of scores
that are not read."""
_ELSEWHERE: Final = ("file", "line", "trace_id", "first_token_time", "attributes", "note", "reject", "lost", "kept")
_SAME: Final = ", ".join(
    f"{_READ[kind].format(name)} AS {name}" for name, kind in SPAN_COLUMNS.items() if name not in _ELSEWHERE
)
SELECT: Final = f"""
    SELECT _file AS file, _line AS line, {_SAME},
        coalesce(filled(trace_id), CASE WHEN kind IS DISTINCT FROM 'score' THEN filled(span_id) END) AS trace_id,
        dimensions(attributes) AS attributes,
        coalesce(utc(first_token_time), later(utc(start_time), number(first_token_after))) AS first_token_time,
        filled(concat_ws('; ', filled(note), {unread_scores("filled(strangers)")})) AS note,
        coalesce(filled(reject), {unreadable(**COUNTED)}) AS reject
    FROM (SELECT *, {readings(**_READERS)} FROM records)"""
"""A record is a trace of its own where it names none."""


def dialect(
    tool: str,
    shape: str,
    recognise: Callable[[Mapping[str, Any]], str | None],
    unpack: Callable[[dict[str, Any]], Iterator[dict[str, Any]]],
    reads: Iterable[str],
    assumptions: tuple[str, ...],
    select: str = SELECT,
) -> Dialect:
    """Return the dialect of records that are taken apart so.

    Args:
        tool: Who writes them.
        shape: What they are, such as ``API page``.
        recognise: Says what gives such a record away; None for another one.
        unpack: Takes a record apart into rows of ``COLUMNS``.
        reads: The keys that are read.
        assumptions: What the tool leaves unsaid.
        select: What makes spans of the rows, where one row does not say all of its span.
    """
    return Dialect(
        name=f"{tool}: {shape}", tool=tool, recognise=recognise, columns=COLUMNS, select=select, unpack=unpack,
        reads=frozenset(reads), assumptions=assumptions,
    )  # fmt: skip


def counted(shape: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body says was used, by the columns that it fills.

    Args:
        shape: How the body is written, by its name in ``cost.shapes``.
        body: The usage, or what holds it.

    Example:
        >>> {unit: count for unit, count in counted("codex", {"input_tokens": 9}).items() if count is not None}
        {'input_tokens': 9}
    """
    used = SHAPES[shape].counts(body, whole_of)
    return {name: used.pop(name, None) for name in TOKENS} | {"usage_details": used or None}


def scores_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores that turns have a column for, and the names of the others.

    A task is completed from 0.5 on, or by a word: one that says neither yes nor no leaves it unknown.

    Example:
        >>> scores_of({"task_completed": 1.0, "tone": 0.5})
        {'task_completed': True, 'strangers': 'tone'}
    """
    found = {name: given[name] for name in SCORED if name in given}
    if (grade := number_of(found.get("task_completed"))) is not None:
        found["task_completed"] = grade >= 0.5
    return found | {"strangers": ", ".join(sorted(name for name in map(str, given) if name not in SCORED)) or None}


def seconds(milliseconds: Any) -> float | None:
    """Return milliseconds, also as text, in seconds; None for what is no number.

    Example:
        >>> seconds("250"), seconds(None)
        (0.25, None)
    """
    number = number_of(milliseconds)
    return None if number is None else number / 1000
