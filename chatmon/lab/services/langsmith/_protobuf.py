"""OTLP's requests in protobuf, as the same in JSON: the few kinds of messages that a trace is made of.

The format is https://protobuf.dev/programming-guides/encoding, the numbers are those of opentelemetry-proto 1.x, which
never change. Protobuf's own package would be a dependency for eight messages.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith._values import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_DEEPEST: Final = 100
"""Messages inside of each other, as protobuf's own readers take them."""
_MESSAGES: Final[dict[str, dict[int, tuple[str, str]]]] = {
    "request": {1: ("resourceSpans", "[resource spans]")},
    "resource spans": {1: ("resource", "resource"), 2: ("scopeSpans", "[scope spans]")},
    "resource": {1: ("attributes", "[pair]")},
    "scope spans": {1: ("scope", "scope"), 2: ("spans", "[span]")},
    "scope": {1: ("name", "text"), 2: ("version", "text")},
    "span": {
        1: ("traceId", "id"), 2: ("spanId", "id"), 4: ("parentSpanId", "id"), 5: ("name", "text"), 6: ("kind", "whole"),
        7: ("startTimeUnixNano", "fixed"), 8: ("endTimeUnixNano", "fixed"), 9: ("attributes", "[pair]"),
        11: ("events", "[event]"), 15: ("status", "status"),
    },
    "event": {1: ("timeUnixNano", "fixed"), 2: ("name", "text"), 3: ("attributes", "[pair]")},
    "status": {2: ("message", "text"), 3: ("code", "whole")},
    "pair": {1: ("key", "text"), 2: ("value", "value")},
    "value": {
        1: ("stringValue", "text"), 2: ("boolValue", "flag"), 3: ("intValue", "whole"), 4: ("doubleValue", "double"),
        5: ("arrayValue", "list"), 6: ("kvlistValue", "map"), 7: ("bytesValue", "id"),
    },
    "list": {1: ("values", "[value]")},
    "map": {1: ("values", "[pair]")},
}  # fmt: skip
"""Each message's fields by their numbers: the name in JSON, and the kind; in brackets where there may be many."""


def read(body: bytes, message: str = "request") -> dict[str, Any]:
    r"""Return a message as OTLP has it in JSON.

    Args:
        body: The bytes.
        message: Which, of those that a trace is made of.

    Raises:
        RefusalError: They are none.

    Example:
        >>> read(b"\x0a\x01k\x12\x02\x18\x05", "pair")
        {'key': 'k', 'value': {'intValue': 5}}
    """
    try:
        return _read(memoryview(body), message, _DEEPEST)
    except (IndexError, UnicodeDecodeError, struct.error) as error:
        raise RefusalError(400, f"the body is no OTLP in protobuf: {error}") from None


def written(field: int, value: int | bytes) -> bytes:
    r"""Return one field of a message.

    Example:
        >>> written(1, 300), written(2, b"no")
        (b'\x08\xac\x02', b'\x12\x02no')
    """
    if isinstance(value, int):
        return _as_varint(field << 3 | _VARINT) + _as_varint(value)
    return _as_varint(field << 3 | _BYTES) + _as_varint(len(value)) + value


def _read(body: memoryview, message: str, deeper: int) -> dict[str, Any]:
    if not deeper:
        raise RefusalError(400, f"the body is nested deeper than {_DEEPEST} messages")
    fields = _MESSAGES[message]
    found: dict[str, Any] = {}
    for number, raw in _fields(body):
        name, kind = fields.get(number, ("", ""))
        if kind.startswith("["):
            found.setdefault(name, []).append(_read(_bytes(raw), kind[1:-1], deeper - 1))
        elif kind in _MESSAGES:
            found[name] = {**found.get(name, {}), **_read(_bytes(raw), kind, deeper - 1)}
        elif kind:
            found[name] = _SCALARS[kind](raw)
    return found


def _fields(body: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    place, end = 0, len(body)
    while place < end:
        tag, place = _varint(body, place)
        wire = tag & 7
        if wire == _VARINT:
            number, place = _varint(body, place)
            yield tag >> 3, number
            continue
        if wire == _BYTES:
            length, place = _varint(body, place)
        else:
            length = {_EIGHT: 8, _FOUR: 4}.get(wire, end)
        if length > end - place or wire not in (_EIGHT, _BYTES, _FOUR):
            raise IndexError(f"{length} bytes of field {tag >> 3} at byte {place} of {end}")
        yield tag >> 3, body[place : place + length]
        place += length


def _varint(body: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = body[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
    raise IndexError(f"a number at byte {place} is longer than 64 bits")


def _as_varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _bytes(raw: memoryview | int) -> memoryview:
    if isinstance(raw, int):
        raise IndexError(f"a number ({raw}) where bytes belong")
    return raw


def _signed(raw: Any) -> int:
    if not isinstance(raw, int):
        raise IndexError("bytes where a number belongs")
    return raw - 2**64 if raw >= 2**63 else raw


_SCALARS: Final[dict[str, Callable[[Any], Any]]] = {
    "text": lambda raw: str(_bytes(raw), "utf-8"),
    "id": lambda raw: _bytes(raw).hex(),
    "whole": _signed,
    "flag": lambda raw: bool(_signed(raw)),
    "fixed": lambda raw: struct.unpack("<Q", _bytes(raw))[0],
    "double": lambda raw: struct.unpack("<d", _bytes(raw))[0],
}
