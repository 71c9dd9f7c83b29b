"""Turns as arrays, for adding up: the same arrays whether they come from a chat or from a table.

A turn counts when it ended: its timestamp and its response time. A live bot cannot know of it sooner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from chatmon._tools.judged import is_yes, yes_no
from chatmon._tools.outcomes import FAILED
from chatmon._tools.outcomes import failed as did_fail
from chatmon.alerts._judged import is_judged, mark_of
from chatmon.alerts._measures import MICRO, measure_of
from chatmon.live.turn import MEASURED, LiveTurn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chatmon.alerts._measures import Floats, Ints
    from chatmon.alerts.rules import Rule
    from chatmon.analysis.source import Turns
    from chatmon.turns import Turn

    _Texts = tuple[Ints, Sequence[str]]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
DAY: Final = 86_400 * MICRO
"""A day in microseconds."""
_MADE: Final = ("failed", "first_error")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some turns.

    Attributes:
        ends: When each ended, in microseconds since 1970.
        numbers: Numbers by name, NaN where unknown.
        texts: By column: the place of each turn's value among the values, -1 where unknown, and the values.
        units: The mark of whose each is; 0 where no measure asks for it.
    """

    ends: Ints
    numbers: Mapping[str, Floats]
    texts: Mapping[str, tuple[Ints, Sequence[str]]]
    units: Ints


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that some rules read.

    Attributes:
        numbers: Those that measures are made of.
        texts: Those that rules group by.
    """

    numbers: tuple[str, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> Columns:
        """Return what these rules read."""
        rules = list(rules)
        numbers = {name for rule in rules for name in measure_of(rule.measure).columns} - set(_MADE)
        return cls(tuple(sorted(numbers)), tuple(sorted({name for rule in rules for name in rule.by})))

    @property
    def judged(self) -> bool:
        """Whether a measure is a judge's word, of which it matters whose each turn is."""
        return any(map(is_judged, self.numbers))


def of_turns(turns: Sequence[Turn | LiveTurn], columns: Columns, failed_lately: dict[str, int]) -> Batch:
    """Return turns as arrays.

    Args:
        turns: In the order in which they ended.
        columns: What is needed of them.
        failed_lately: When each conversation failed last; kept up to date from batch to batch.
    """
    known = [turn.columns if isinstance(turn, LiveTurn) else _fields(turn, columns) for turn in turns]

    def column(name: str) -> list[Any]:
        if is_judged(name):
            return [is_yes((fields.get("attributes") or {}).get(name)) for fields in known]
        if name in MEASURED:
            return [getattr(turn, name) for turn in turns]
        return [fields.get(name) for fields in known]

    started = np.array([_started(turn) for turn in turns], dtype=np.int64)
    lasted = np.array(column("response_time"), dtype=np.float64)
    ends = started + np.rint(np.where(np.isnan(lasted), 0.0, lasted) * MICRO).astype(np.int64)
    numbers = {name: np.array(column(name), dtype=np.float64) for name in columns.numbers}
    failed = np.array([_failed(turn) for turn in turns], dtype=np.float64)
    first = _first_errors(ends, failed, lambda row: turns[row].conversation_id, failed_lately)
    texts = {name: _encoded(column(name)) for name in columns.texts}
    users = [turn.user_id for turn in turns] if columns.judged else []
    units = _units(_encoded(users), _encoded([turn.conversation_id for turn in turns]), judged=columns.judged)
    return Batch(ends, {**numbers, "failed": failed, "first_error": first}, texts, units)


def of_table(turns: Turns, columns: Columns) -> Batch:
    """Return any holder of turns as arrays, in the order in which they ended."""
    import pyarrow.compute as pc

    from chatmon.analysis.source import MICROSECONDS, asked

    names = dict.fromkeys(("conversation_id", *(("user_id",) if columns.judged else ()), *columns.texts))
    said = {name: f"({yes_no(name)})" if is_judged(name) else name for name in columns.numbers}
    numbers = ", ".join(f"CAST({value} AS DOUBLE) AS n_{name}" for name, value in said.items())
    found = asked(
        turns,
        f"""SELECT {MICROSECONDS}(timestamp) AS started, coalesce(response_time, 0) AS lasted,
            CAST({FAILED} AS DOUBLE) AS failed{", " if numbers else ""}{numbers}, {", ".join(names)} FROM turns""",  # noqa: S608 - our own names
    ).to_arrow_table()
    ends = found["started"].to_numpy() + np.rint(found["lasted"].to_numpy() * MICRO).astype(np.int64)
    order = np.argsort(ends, kind="stable")
    ends = ends[order]
    values = {
        name: found[f"n_{name}"].to_numpy(zero_copy_only=False).astype(np.float64)[order] for name in columns.numbers
    }
    failed = found["failed"].to_numpy(zero_copy_only=False).astype(np.float64)[order]
    texts = {}
    for name in names:
        coded = found[name].combine_chunks().dictionary_encode()
        codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)[order]
        texts[name] = (codes, coded.dictionary.to_pylist())
    conversations, known = texts["conversation_id"]
    units = _units(texts.get("user_id"), texts["conversation_id"], judged=columns.judged)
    first = _first_errors(ends, failed, lambda row: known[conversations[row]], {})
    return Batch(
        ends, {**values, "failed": failed, "first_error": first}, {name: texts[name] for name in columns.texts}, units
    )


def _failed(turn: Turn | LiveTurn) -> bool | None:
    if not isinstance(turn, LiveTurn):
        return turn.failed
    columns = turn.columns
    return did_fail(columns.get("error_type"), columns.get("finish_reason"), columns.get("attributes"))


def _started(turn: Turn | LiveTurn) -> int:
    """Return when a turn started, in microseconds since 1970."""
    if isinstance(turn, LiveTurn):
        return turn.started_ns // 1_000
    return (turn.timestamp - EPOCH) // _MICROSECOND


def _fields(turn: Turn, columns: Columns) -> dict[str, Any]:
    own = [name for name in (*columns.numbers, *columns.texts) if not is_judged(name)]
    return {"attributes": turn.attributes} | {name: getattr(turn, name) for name in own}


def _encoded(values: list[str | None]) -> tuple[Ints, list[str]]:
    known = [value for value in dict.fromkeys(values) if value is not None]
    places: dict[str | None, int] = {value: place for place, value in enumerate(known)}
    places[None] = -1
    return np.array([places[value] for value in values], dtype=np.int64), known


def _units(users: _Texts | None, conversations: _Texts, *, judged: bool) -> Ints:
    """Return the mark of each turn's user, or of its conversation where the user is unknown."""
    codes, known = conversations
    if not judged or users is None:
        return np.zeros(len(codes), dtype=np.int64)
    of_users, of_conversations = (
        np.array([*(mark_of(f"{kind}{one}") for one in names), 0], dtype=np.int64)
        for kind, names in (("u", users[1]), ("c", known))
    )
    return np.where(users[0] < 0, of_conversations[codes], of_users[users[0]])


def _first_errors(ends: Ints, failed: Floats, conversation_of: Any, failed_lately: dict[str, int]) -> Floats:
    """Return 1 for the turns that failed and whose conversation had not failed for a day; NaN where nothing says."""
    first = np.where(np.isnan(failed), np.nan, 0.0)
    for row in np.flatnonzero(failed == 1).tolist():
        conversation, end = conversation_of(row), int(ends[row])
        first[row] = end - failed_lately.get(conversation, end - DAY) >= DAY
        failed_lately[conversation] = end
    return first
