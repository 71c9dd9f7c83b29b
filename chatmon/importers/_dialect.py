"""What an importer is: how to recognise one shape of record, and one SELECT that turns such records into spans."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import duckdb

UNLIKE: Final = (AttributeError, LookupError, TypeError, ValueError)
"""What looking at a record raises where a part of it is of another type than in the shape that is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One shape in which a tool exports its records.

    Attributes:
        name: Tool and shape, such as ``langsmith: REST``.
        tool: What ``open_logs(format=...)`` calls it.
        recognise: Says why a record, as read and before ``unpack``, has this shape; None where it has not. For a
            Parquet file it is asked once, with the file's columns (each None) and the key ``__parquet__``.
        columns: The record's keys that ``select`` reads, each as ``VARCHAR``, ``JSON`` or ``STRUCT`` of the two: any
            number may come as text.
        select: A SELECT from ``records`` that names columns of ``spans.SPAN_COLUMNS``.
        unpack: Makes flat records of one, where it is an envelope or holds its children.
        reads: The record's keys that ``unpack`` reads, where it makes columns of other names.
        marks: Keys of other shapes that look like this one: a file in which one of them is filled is of more than one.
        parse_csv_json: Whether cells of a CSV that look like JSON are decoded.
        assumptions: What this shape leaves unsaid and the importer assumes, a sentence each.
        by_line: Whether a row is known by its line alone, having no id.
        filtered: Whether ``select`` leaves rows out that somebody does not want.
        file: What somebody has said of how the files are written: what ``files.look`` takes.
        decimals: Keys whose numbers are read with another mark before decimals than a point: numbers that are no text
            get it.
        zone: Of times that name none, where somebody has said it.
        warnings: What somebody should know before trusting the numbers, a sentence each.
        ends_well: Whether what has ended without a word of an error did not fail, as in OpenTelemetry.
        settle: Makes what ``select`` makes of rows into spans, where a span is several rows; returns how many
            rows were joined to another.
    """

    name: str
    tool: str
    recognise: Callable[[Mapping[str, Any]], str | None]
    columns: Mapping[str, str]
    select: str
    unpack: Callable[[dict[str, Any]], Iterable[dict[str, Any]]] | None = None
    reads: frozenset[str] = frozenset()
    marks: tuple[str, ...] = ()
    parse_csv_json: bool = True
    assumptions: tuple[str, ...] = ()
    by_line: bool = False
    filtered: bool = False
    file: Mapping[str, Any] = field(default_factory=dict)
    decimals: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    warnings: tuple[str, ...] = ()
    ends_well: bool = False
    settle: Callable[[duckdb.DuckDBPyConnection], int] | None = None


def recognise(record: Mapping[str, Any], dialects: Iterable[Dialect]) -> tuple[Dialect, str] | None:
    """Return the first dialect that a record has, and why; None where it has none of them."""
    for dialect in dialects:
        try:
            reason = dialect.recognise(record)
        except UNLIKE:
            continue
        if reason is not None:
            return dialect, reason
    return None
