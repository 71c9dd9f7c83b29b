"""Names, texts and columns of files as pieces of SQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


def text(value: str) -> str:
    """Return a literal.

    Example:
        >>> text("it's")
        "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def file(path: Path | str) -> str:
    """Return the literal of one file's path for DuckDB's readers, which take ``[1]``, ``*`` and ``?`` as a pattern.

    Example:
        >>> file("logs/export[1].jsonl")
        "'logs/export[[]1].jsonl'"
    """
    return text(as_pattern(path))


def as_pattern(path: Path | str) -> str:
    """Return the pattern that matches one file by its own name."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def name(value: str) -> str:
    """Return a quoted identifier.

    Example:
        >>> name("context.span_id")
        '"context.span_id"'
    """
    return '"' + value.replace('"', '""') + '"'


def declared(columns: Mapping[str, str]) -> str:
    """Return columns with their types as ``read_ndjson`` takes them.

    Example:
        >>> declared({"id": "VARCHAR", "_line": "BIGINT"})
        "{'id': 'VARCHAR', '_line': 'BIGINT'}"
    """
    return "{" + ", ".join(f"{text(column)}: {text(kind)}" for column, kind in columns.items()) + "}"


def refusing(marks: Iterable[str]) -> str:
    """Return a WHERE that stops the query at a row in which one of these JSON columns is filled.

    Example:
        >>> refusing([])
        ''
    """
    filled = " OR ".join(f"CAST({name(mark)} AS VARCHAR) NOT IN ('[]', 'null', '')" for mark in marks)
    stop = "CAST(error('a record of another shape') AS BOOLEAN)"
    return f" WHERE CASE WHEN {filled} THEN {stop} ELSE true END" if filled else ""


def cell(column: str, found: str | None, wanted: str, decimal: str = ".") -> str:
    r"""Return the SQL that reads a Parquet column as a dialect declares it.

    Args:
        column: The column's name.
        found: Its type in the file; None where the file lacks it.
        wanted: Its type in the dialect.
        decimal: What stands before the decimals of a number that becomes text.

    Example:
        >>> cell("usage", "BIGINT", "VARCHAR")
        'CAST("usage" AS VARCHAR)'
        >>> cell("cost", "DOUBLE", "VARCHAR", ",")
        'replace(CAST("cost" AS VARCHAR), \'.\', \',\')'
    """
    quoted = name(column)
    if found is None:
        return f"CAST(NULL AS {wanted})"
    if found.startswith("TIMESTAMP"):
        aware = "TIME ZONE" in found
        utc = f"CAST({quoted} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'" if aware else f"CAST({quoted} AS TIMESTAMP)"
        return f"strftime({utc}, '%Y-%m-%dT%H:%M:%S.%f{'Z' if aware else ''}')"
    as_text = f"CAST({quoted} AS VARCHAR)"
    if decimal != "." and found.startswith(("FLOAT", "DOUBLE", "DECIMAL")):
        return f"replace({as_text}, '.', {text(decimal)})"
    nested = found.startswith(("STRUCT", "MAP", "UNION")) or found.endswith("]")
    as_json = f"to_json({quoted})" if nested else f"CASE WHEN json_valid({as_text}) THEN CAST({as_text} AS JSON) END"
    if wanted == "VARCHAR":
        return f"CAST({as_json} AS VARCHAR)" if nested else as_text
    return as_json if wanted == "JSON" else f"try_cast({as_json} AS {wanted})"


def own_dimension(key: str) -> str:
    r"""Return the SQL of a dimension that turns keep in ``attributes``.

    Example:
        >>> print(own_dimension("team"))
        json_extract_string(attributes, '$."team"')
    """
    return f"json_extract_string(attributes, {text('$.' + name(key).replace(chr(34) * 2, chr(92) + chr(34)))})"


def columns_of(expression: str, what: str) -> list[str]:
    """Return the columns that an expression of SQL reads, once it is known to be one, and to read nothing else.

    Args:
        expression: What stands behind WHERE.
        what: What an error calls it.

    Raises:
        ValueError: It is no expression, or it asks for more than the row.

    Example:
        >>> columns_of("stage = 'prod' AND len(note) > 3", "where")
        ['stage', 'note']
        >>> columns_of("true; DROP TABLE turns", "where")
        Traceback (most recent call last):
        ValueError: where ("true; DROP TABLE turns") is no expression of SQL: it is what stands behind WHERE
    """
    import duckdb

    shown = expression.replace('"', "'")
    with duckdb.connect() as connection:  # by itself too: "a) OR (b" is one in brackets only
        asked = [f"SELECT 1 WHERE {expression}\n", f"SELECT 1 WHERE ({expression}\n)"]
        found = [connection.execute("SELECT json_serialize_sql(?)", [one]).fetchall()[0][0] for one in asked]
    bare, parsed = map(json.loads, found)
    broken = bare["error"] or parsed["error"] or not expression.strip()
    nodes = [] if broken or len(parsed["statements"]) != 1 else list(_nodes(parsed["statements"][0]))
    whole = len(nodes) and nodes[0]["node"].get("where_clause") and not nodes[0]["node"].get("modifiers")
    if not whole:
        raise ValueError(f'{what} ("{shown}") is no expression of SQL: it is what stands behind WHERE')
    if any(node.get("class") in ("SUBQUERY", "WINDOW", "STAR") for node in nodes):
        raise ValueError(f'{what} ("{shown}") asks for more than a row: no SELECT, no window, no *')
    return list(dict.fromkeys(node["column_names"][0] for node in nodes if node.get("class") == "COLUMN_REF"))


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(inner)
