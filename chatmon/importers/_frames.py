"""Tables that pandas wrote as one JSON document: by column, which is what ``to_json`` does unless told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPLIT: Final = {"columns", "index", "data"}
_TABLE: Final = {"schema", "data"}


def rows_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table that a document holds, or the document, which is a record then.

    Args:
        document: A JSON object; a table has two columns or more, of the same rows.

    Example:
        >>> rows_of({"id": {"0": "a", "1": "b"}, "cost": {"0": 1, "1": 2}})
        [{'id': 'a', 'cost': 1}, {'id': 'b', 'cost': 2}]
        >>> rows_of({"columns": ["id", "cost"], "index": [0], "data": [["a", 1]]})
        [{'id': 'a', 'cost': 1}]
        >>> rows_of({"id": "a", "cost": 1})
        [{'id': 'a', 'cost': 1}]
    """
    if _by_column(document):
        return [{name: column[row] for name, column in document.items()} for row in next(iter(document.values()), {})]
    rows = document.get("data")
    if document.keys() == _SPLIT and isinstance(rows, list):
        return [dict(zip(document["columns"], row, strict=True)) for row in rows]
    if document.keys() == _TABLE and isinstance(rows, list) and _is_schema(document["schema"]):
        return rows
    return [document]


def _by_column(document: Mapping[str, Any]) -> bool:
    columns = document.values()
    if len(document) < 2 or not all(isinstance(column, dict) for column in columns):
        return False
    rows = next(iter(columns)).keys()
    return bool(rows) and all(column.keys() == rows for column in columns)


def _is_schema(schema: Any) -> bool:
    return isinstance(schema, dict) and "pandas_version" in schema
