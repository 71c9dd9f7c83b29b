"""Turns in InfluxDB's line protocol: a point a turn.

Tags, which InfluxDB indexes, are the columns that Prometheus has as labels, and the error's type; ids and numbers are
fields; texts and ``attributes`` are not exported. InfluxDB has no decimals: a cost is the nearest float.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from chatmon.connect.exporters._history import in_order, nanoseconds, text_file
from chatmon.connect.prometheus.metrics import BY, LABELS
from chatmon.turns import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal
    from pathlib import Path

    from chatmon.analysis.source import Turns
    from chatmon.turns import Turn

MEASUREMENT: Final = "chatmon_turn"
TAGS: Final = tuple(sorted((*LABELS, *BY, "error_type")))
IDS: Final = ("turn_id", "conversation_id", "user_id")
FIELDS: Final = (*IDS, *(name for name, kind in KINDS.items() if kind in ("int", "float", "Decimal", "bool")))
_IN_TAG: Final = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ ", "\r": r"\ "})
_IN_TEXT: Final = str.maketrans({'"': r"\"", "\\": r"\\"})


def write_influx(turns: Turns, path: Path) -> int:
    """Write turns as line protocol, to be posted to ``/write?precision=ns``, and return how many.

    Args:
        turns: Any holder of turns.
        path: The file.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    written = 0
    with text_file(path) as file:
        for line in lines(in_order(turns)):
            file.write(line + "\n")
            written += 1
    return written


def lines(turns: Iterable[Turn]) -> Iterator[str]:
    r"""Yield the line of each turn.

    InfluxDB keeps the last of the points of one moment with the same tags. So a turn's point is put at a moment that
    its id says, within what its timestamp leaves open: a microsecond, or the millisecond or second of a log that
    tells no more. Exports of several hosts do not replace each other's points, and the same turn is the same point.

    Args:
        turns: In order of time.

    Example:
        >>> from datetime import UTC, datetime
        >>> from chatmon.turns import Turn
        >>> turn = Turn(turn_id="t1", conversation_id="c1", timestamp=datetime(2026, 10, 5, tzinfo=UTC), region="a b")
        >>> for line in lines([turn, turn]):
        ...     print(line)
        chatmon_turn,region=a\ b turn_id="t1",conversation_id="c1" 1791158400092508457
        chatmon_turn,region=a\ b turn_id="t1",conversation_id="c1" 1791158400092508458
    """
    begun, taken = -1, set[int]()
    for turn in turns:
        if begun != (begun := nanoseconds(turn.timestamp)):
            taken.clear()
        at = begun + _within(turn.turn_id, begun)
        while at in taken:
            at += 1
        taken.add(at)
        tags = [f",{name}={in_tag(value)}" for name in TAGS if (value := getattr(turn, name))]
        fields = [f"{name}={_in_field(name, value)}" for name in FIELDS if (value := getattr(turn, name)) is not None]
        yield f"{MEASUREMENT}{''.join(tags)} {','.join(fields)} {at}"


def _within(turn_id: str, moment: int) -> int:
    """Return how many nanoseconds after a moment a turn's point is: fewer than what the moment is a multiple of."""
    left_open = next(size for size in (10**9, 10**6, 10**3) if moment % size == 0)
    return int.from_bytes(blake2b(turn_id.encode("utf-8", "replace"), digest_size=8).digest()) % left_open


def in_tag(value: str) -> str:
    r"""Return a tag's value as line protocol writes it.

    It has no way to write a line break, for which a space stands, nor a backslash at the end, which a space follows.

    Example:
        >>> print(in_tag("a, b=c"))
        a\,\ b\=c
    """
    return (value + " " if value.endswith("\\") else value).translate(_IN_TAG)


def _in_field(name: str, value: str | bool | float | Decimal) -> str:
    if isinstance(value, str):
        return f'"{value.translate(_IN_TEXT)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value}i" if KINDS[name] == "int" else repr(float(value))
