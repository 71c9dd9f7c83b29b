"""Values as Python shows them, read back: what pandas' ``to_csv`` leaves of a column of dicts.

Such a cell is no JSON: it has single quotes, ``None``, and calls such as ``Decimal('0.1')``. It is read as data; no
part of it is ever run.
"""

from __future__ import annotations

import ast
import re
from datetime import datetime
from typing import Any, Final

NAMES: Final = {"nan": None, "inf": None, "NaT": None}
UNREADABLE: Final = (ValueError, TypeError, SyntaxError, RecursionError, MemoryError)


def value_of(text: str) -> Any:
    """Return the value that a text shows, as JSON could have it.

    Raises:
        ValueError: The text shows no value, or one of a kind that is not known.

    Example:
        >>> value_of("{'a': None, 'b': [Decimal('0.1'), datetime.datetime(2026, 3, 2, 9, 0)]}")
        {'a': None, 'b': ['0.1', '2026-03-02T09:00:00']}
    """
    try:
        return _value(ast.parse(text, mode="eval").body)
    except UNREADABLE as error:
        raise ValueError(f"no value of Python: {error}") from error


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool | None):
        return node.value
    if isinstance(node, ast.Dict):
        return {str(_value(_known(key))): _value(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return [_value(one) for one in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.Name) and node.id in NAMES:
        return NAMES[node.id]
    if isinstance(node, ast.Call):
        return _made(node)
    raise ValueError(f"{type(node).__name__} is no value")


def _known(key: ast.expr | None) -> ast.expr:
    if key is None:
        raise ValueError("a dict in a dict")
    return key


def _made(call: ast.Call) -> Any:
    """Return what a call stands for: a time in ISO's writing, a number or an id as text."""
    name = ast.unparse(call.func).rpartition(".")[2]
    if name == "datetime":
        zone = "".join(_zone(ast.unparse(keyword.value)) for keyword in call.keywords if keyword.arg == "tzinfo")
        return datetime(*[_value(part) for part in call.args]).isoformat() + zone  # noqa: DTZ001 - a zone is added
    if name in ("Decimal", "UUID", "Timestamp") and len(call.args) == 1:
        return str(_value(call.args[0]))
    raise ValueError(f"{name}(...) is no value")


def _zone(shown: str) -> str:
    if not re.search(r"utc|\(0\)", shown, re.IGNORECASE):
        raise ValueError(f"{shown} is no zone that is read")
    return "Z"
