"""Values on the wire: times, ids and JSON, each refused with a reason where it is none."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn
from uuid import UUID

from chatmon._tools.errors import Error

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False)
# What a datetime can be in UTC. A time that cannot be written again must not come in.
_EARLIEST: Final = (datetime.min.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
_LATEST: Final = (datetime.max.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
_DEEPEST: Final = 200
"""Levels of lists and objects: what comes in must be written again where less of the stack is left."""


class RefusalError(Error):
    """A request that cannot be served.

    Args:
        status: The HTTP status.
        detail: Why, and what to do.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def uuid(value: object, name: str) -> str:
    """Return an id in its usual form.

    Raises:
        RefusalError: It is no UUID.

    Example:
        >>> uuid("00000000-0000-4000-8000-00000000BEEF", "id")
        '00000000-0000-4000-8000-00000000beef'
    """
    if isinstance(value, str) and _UUID.fullmatch(value):
        return value
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise RefusalError(422, f"{name} ({shortened(value)}) is no UUID") from None


def microseconds(value: object, name: str) -> int:
    """Return a time in microseconds since 1970: ISO 8601, in UTC where it names no zone, or epoch milliseconds.

    Raises:
        RefusalError: It is no time.

    Example:
        >>> microseconds("1970-01-01T00:00:01", "start_time"), microseconds("1970-01-01T02:00:01+02:00", "start_time")
        (1000000, 1000000)
    """
    moment: int | None = None
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
            moment = ((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)) - EPOCH) // _MICROSECOND
        except (ValueError, OverflowError):
            moment = None
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LATEST / 1000:
        moment = round(value * 1000)
    if moment is None or not _EARLIEST <= moment <= _LATEST:
        raise RefusalError(422, f"{name} ({shortened(value)}) is no time: send ISO 8601 or epoch milliseconds")
    return moment


def naive(moment: int | None) -> str | None:
    """Return a time as the first API writes it: in UTC, which it does not say."""
    if moment is None:
        return None
    return (EPOCH + moment * _MICROSECOND).isoformat(timespec="microseconds").removesuffix("+00:00")


def aware(moment: int | None) -> str | None:
    """Return a time as the second API writes it (RFC 3339)."""
    return None if moment is None else f"{naive(moment)}Z"


def now() -> int:
    """Return the present time in microseconds since 1970."""
    return (datetime.now(UTC) - EPOCH) // _MICROSECOND


def shortened(value: object, length: int = 80) -> str:
    """Return a value as an error shows it."""
    text = repr(value)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def clean(text: str) -> str:
    """Return text that can be stored: half of a surrogate pair becomes a ``?``."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def parse(body: bytes | str, name: str = "the body") -> Any:
    """Return what JSON says.

    Raises:
        RefusalError: It is none, not in UTF-8, or nested too deep.
    """
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
        found = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise RefusalError(400, f"{name} is not in UTF-8: {error.reason} at byte {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise RefusalError(400, f"{name} is no JSON that can be read: {error}") from None
    if text.count("[") + text.count("{") > _DEEPEST and _too_deep(found):
        raise RefusalError(400, f"{name} is nested deeper than {_DEEPEST} levels")
    return found


def parse_object(body: bytes | str, name: str = "the body") -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        RefusalError: It is none.
    """
    found = parse(body, name)
    if not isinstance(found, dict):
        raise RefusalError(422, f"{name} is {type(found).__name__}, not a JSON object")
    return found


def dump(value: object) -> str:
    """Return a value as compact JSON."""
    return _ENCODER.encode(value)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{shortened(text)} is larger than any number")
    return number


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return any(isinstance(one, dict | list) for one in level)


_DECODER: Final = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)
