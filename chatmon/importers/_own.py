"""Turns as chatmon itself writes them: by ``turns.write_jsonl``, ``turns.write_parquet``, and a store with ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon import turns
from chatmon.importers._dialect import Dialect
from chatmon.importers._spans import RATED, readings, unreadable
from chatmon.importers._traces import KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping

_READERS: Final = {"int": "whole", "float": "number", "Decimal": "dollars"}
_READ: Final = {
    "str": "{0}",
    "int": "{0}_read",
    "float": "{0}_read",
    "Decimal": "{0}_read",
    "bool": "flag({0})",
    "Mapping[str, JSON]": "{0}",
    "Mapping[str, int | str]": "{0}",
}
_NUMBERS: Final = {name: _READERS[kind] for name, kind in turns.KINDS.items() if kind in _READERS}
_ELSEWHERE: Final = ("turn_id", "timestamp", *KEPT)
_SAME: Final = ", ".join(
    f"{_READ[kind].format(name)} AS {name}" for name, kind in turns.KINDS.items() if name not in _ELSEWHERE
)
_KEPT: Final = ", ".join(f"{name} := {_READ[turns.KINDS[name]].format(name)}" for name in KEPT)
_SELECT: Final = f"""
    SELECT _file AS file, _line AS line, turn_id || CASE WHEN rated_at IS NULL THEN '' ELSE '{RATED}' END AS span_id,
        turn_id AS trace_id, CASE WHEN rated_at IS NOT NULL THEN turn_id END AS parent_id,
        CASE WHEN rated_at IS NULL THEN 'llm' ELSE 'score' END AS kind,
        utc(coalesce(rated_at, "timestamp")) AS start_time, {_SAME}, error_type IS NOT NULL AS failed,
        CASE WHEN rated_at IS NULL THEN to_json(struct_pack({_KEPT})) END AS kept, {unreadable(**_NUMBERS)} AS reject
    FROM (SELECT *, {readings(**_NUMBERS)} FROM records)"""


def _recognise(record: Mapping[str, Any]) -> str | None:
    if "turn_id" in record and "rated_at" in record:
        return "has turn_id and rated_at: ratings of turns of chatmon"
    needed = [name for name in turns.REQUIRED if name not in record]
    return None if needed else f"has {', '.join(turns.REQUIRED)}: turns of chatmon"


DIALECTS: Final = (
    Dialect(
        name="chatmon: turns",
        tool="chatmon",
        recognise=_recognise,
        columns={name: "JSON" if kind.startswith("Mapping") else "VARCHAR" for name, kind in turns.KINDS.items()}
        | {"rated_at": "VARCHAR"},
        select=_SELECT,
        assumptions=(
            "times without a zone are UTC, unless tz says otherwise; durations are seconds",
            "input_tokens count cached ones in",
            "of several ratings of a turn the last one counts",
        ),
    ),
)
