"""Checks of single values, by the kind of column they are for: each error names the column and the value."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

COST_PLACES: Final = 18
"""Decimal places of money: a billionth of a cent is 11, so a single token at the lowest price is exact."""
COST_LIMIT: Final = Decimal(10) ** (38 - COST_PLACES)
COUNT_LIMIT: Final = 2**63
RANGES: Final[dict[str, tuple[float, float]]] = {"context_relevance": (0.0, 1.0), "user_satisfaction": (1.0, 5.0)}
NEVER_EMPTY: Final = ("turn_id", "conversation_id")


def check_value(kind: str, name: str, value: object) -> None:
    """Check one value that is not ``None``.

    Args:
        kind: The column's type as ``Turn`` annotates it.
        name: The column.
        value: The value.

    Raises:
        TypeError: It has the wrong type.
        ValueError: It is impossible.

    Example:
        >>> check_value("int", "input_tokens", -1)
        Traceback (most recent call last):
        ValueError: input_tokens (-1) is outside 0 to 9223372036854775807; an unknown count is None
    """
    _CHECKS[kind](name, value)


def as_json(value: object) -> str:
    """Return JSON in one line that UTF-8 can hold, refusing what JSON has no word for."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text.encode("utf-8")
    return text


def _text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} ({value!r}) has type {type(value).__name__}, not text")
    if not value and name in NEVER_EMPTY:
        raise ValueError(f"{name} is empty")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} has a lone surrogate at {error.start}: it cannot be written as UTF-8") from None


def _count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} ({value!r}) has type {type(value).__name__}, not a whole number")
    if not 0 <= value < COUNT_LIMIT:
        raise ValueError(f"{name} ({value}) is outside 0 to {COUNT_LIMIT - 1}; an unknown count is None")


def _number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} ({value!r}) has type {type(value).__name__}, not a number")
    if not math.isfinite(value):
        raise ValueError(f"{name} ({value}) is not finite; an unknown number is None")
    low, high = RANGES.get(name, (0.0, math.inf))
    if value < low and high == math.inf:
        raise ValueError(f"{name} ({value}) is negative")
    if not low <= value <= high:
        raise ValueError(f"{name} ({value}) is outside {low:g} to {high:g}")


def _money(name: str, value: object) -> None:
    if not isinstance(value, Decimal):
        raise TypeError(
            f"{name} ({value!r}) has type {type(value).__name__}: money is Decimal, such as Decimal('0.0021')"
        )
    if not value.is_finite() or not 0 <= value < COST_LIMIT:
        raise ValueError(f"{name} ({value}) is not a finite amount from 0 to below {COST_LIMIT:.0e}")
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > COST_PLACES:
        raise ValueError(f"{name} ({value}) has {-exponent} decimal places, {COST_PLACES} are kept: quantize it")


def _time(name: str, value: object) -> None:
    if not isinstance(value, datetime):
        raise TypeError(f"{name} ({value!r}) has type {type(value).__name__}, not a datetime")
    if value.tzinfo is None:
        raise ValueError(f"{name} ({value}) has no time zone: say which, such as value.replace(tzinfo=datetime.UTC)")


def _flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{name} ({value!r}) has type {type(value).__name__}, not True or False")


def _attributes(name: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} ({value!r}) has type {type(value).__name__}, not a mapping")
    try:
        same = json.loads(as_json(value)) == dict(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} cannot be written as JSON: {error}") from None
    if not same:
        raise ValueError(f"{name} would change on its way through JSON: use text keys, lists for tuples")


def _details(name: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} ({value!r}) has type {type(value).__name__}, not a mapping")
    for key, part in value.items():
        _text(f"a key of {name}", key)
        if isinstance(part, str):
            _text(f"{name}[{key!r}]", part)
        else:
            _count(f"{name}[{key!r}]", part)


_CHECKS: Final[dict[str, Callable[[str, object], None]]] = {
    "str": _text,
    "int": _count,
    "float": _number,
    "Decimal": _money,
    "datetime": _time,
    "bool": _flag,
    "Mapping[str, JSON]": _attributes,
    "Mapping[str, int | str]": _details,
}
