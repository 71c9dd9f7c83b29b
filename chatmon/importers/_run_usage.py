"""What a run of LangSmith used, as SQL made from the shapes of usage: files of a million runs are not read one by one.

A run has its counts in columns and in the details beside them; where it has no details, its message's usage says more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon.cost.shapes import DETAILS, SHAPES, TEXTS
from chatmon.importers._spans import TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS: Final = (*TOKENS, "total_tokens", "cache_write_5m_tokens", *DETAILS)


def _places(shape: str, below: str = "") -> dict[str, list[str]]:
    """Return the places of each unit of a shape, those below a key without it."""
    found = {unit: [name for name in SHAPES[shape].names(unit) if name.startswith(below)] for unit in _UNITS}
    return {unit: [name.removeprefix(below) for name in names] for unit, names in found.items() if names}


def _paths(places: Mapping[str, list[str]]) -> list[str]:
    return ["$." + name.replace("/", ".") for names in places.values() for name in names]


def _values(places: Mapping[str, list[str]], values: str) -> dict[str, str]:
    """Return the SQL of each unit, out of the list that one pass over ``_paths`` gives."""
    found, at = {}, 0
    for unit, names in places.items():
        said = ", ".join(f"{values}[{at + number}]" for number, _ in enumerate(names, start=1))
        found[unit] = f"coalesce({said})" if unit in TEXTS else f"whole(coalesce({said}))"
        at += len(names)
    return found


_MESSAGE: Final = _places("langchain")
_ASKED, _ANSWERED = (_places("langsmith", f"{side}_token_details/") for side in ("prompt", "completion"))
_COLUMNS: Final = {
    unit: SHAPES["langsmith"].names(unit)[0] for unit in ("input_tokens", "output_tokens", "total_tokens")
}
READERS: Final = {_COLUMNS["input_tokens"]: "whole", _COLUMNS["output_tokens"]: "whole"}
"""The columns of a run with its counts, and the macro that each is read with."""
_SOURCES: Final = (
    {unit: f"whole({name})" for unit, name in _COLUMNS.items()},
    _values(_ASKED, "asked"),
    _values(_ANSWERED, "answered"),
    _values(_MESSAGE, "message"),
)
_SAID: Final = {
    unit: f"coalesce({', '.join(said)})" for unit in _UNITS if (said := [one[unit] for one in _SOURCES if unit in one])
}
_SHORT, _LONG = _SAID["cache_write_5m_tokens"], _SAID["cache_write_1h_tokens"]
_KNOWN: Final = {unit: f"nullif({unit}_said, 0)" for unit in DETAILS if unit in _SAID and unit not in TEXTS} | {
    "cache_write_1h_tokens": "CASE WHEN lifetimes > 0 THEN cache_write_1h_tokens_said END"
}
"""The SQL of each detail that is known; of cache writes, that none lasts an hour is one."""
_TIER: Final = " ".join(
    f"""WHEN contains(concat(CAST(prompt_token_details AS VARCHAR), CAST(completion_token_details AS VARCHAR),
        CAST(said AS VARCHAR)), '"{tier}') THEN '{tier}'"""
    for tier in SHAPES["langchain"].tier_prefixes
)


def with_usage(runs: str) -> str:
    """Return the SQL of runs with the columns of spans that say what each used.

    Args:
        runs: A SELECT with the run's own columns and ``said``, the JSON of what its message says it used.
    """
    return f"""
        SELECT *, input_tokens_said AS input_tokens, cached_tokens_said AS cached_tokens,
            CASE WHEN lifetimes IS NULL THEN cache_write_tokens_said
                ELSE greatest(coalesce(cache_write_tokens_said, 0), lifetimes) END AS cache_write_tokens,
            output_tokens_said + CASE WHEN reasoning_tokens_said > output_tokens_said
                OR total_tokens_said = input_tokens_said + output_tokens_said + reasoning_tokens_said
                THEN reasoning_tokens_said ELSE 0 END AS output_tokens, reasoning_tokens_said AS reasoning_tokens,
            CASE WHEN coalesce({", ".join(_KNOWN.values())}) IS NOT NULL OR tier IS NOT NULL THEN
                json_merge_patch('{{}}', to_json({{{", ".join(f"'{unit}': {told}" for unit, told in _KNOWN.items())},
                    'service_tier': tier}})) END AS usage_details
        FROM (SELECT *, {", ".join(f"{told} AS {unit}_said" for unit, told in _SAID.items())},
                CASE {_TIER} END AS tier, CASE WHEN coalesce({_SHORT}, {_LONG}) IS NOT NULL
                    THEN coalesce({_SHORT}, 0) + coalesce({_LONG}, 0) END AS lifetimes
            FROM (SELECT *, json_extract_string(said, {_paths(_MESSAGE)}) AS message,
                    json_extract_string(prompt_token_details, {_paths(_ASKED)}) AS asked,
                    json_extract_string(completion_token_details, {_paths(_ANSWERED)}) AS answered
                FROM ({runs})))"""
