"""Which conversations show a change best: the query that finds a few to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon.analysis.search.cells import MIX, SCAN_MEASURES

if TYPE_CHECKING:
    from chatmon.analysis.search.scan import Shift

READ: Final = 5
"""Conversations to read."""


def examples_of(shift: Shift, where: str, window: str) -> str:
    """Return a SELECT over ``turns`` of the conversations in which a shift is largest, with the turn that shows it.

    Args:
        shift: What changed.
        where: The SQL of whether a turn is in its slice; empty where all are.
        window: The SQL of whether a turn is in its window.
    """
    order, side = ("max", "DESC") if shift.effects[_effect(shift)].change > 0 else ("min", "ASC")
    value = _value(shift.measure)
    first = f"row({value}, turn_id)"  # of turns that show it alike, one and the same wherever it is asked
    inside = " AND ".join(one for one in (where, window, f"{value} IS NOT NULL") if one)
    return (
        f"SELECT conversation_id, count(*) AS turns, {order}({value}) AS value, "  # noqa: S608 - our own names
        f"{order}_by(question, {first}) AS question, {order}_by(answer, {first}) AS answer FROM turns "
        f"WHERE {inside} GROUP BY conversation_id ORDER BY value {side}, conversation_id LIMIT {READ}"
    )


def _effect(shift: Shift) -> str:
    return "errors" if shift.measure == "repeats" else shift.measure


def _value(measure: str) -> str:
    """Return the SQL of what is read of a turn: of shares, 1 or 0."""
    if measure == MIX:
        return "1"
    if measure == "slow":
        return "CASE WHEN error_type IS NULL THEN response_time END"
    if measure == "price":
        return "CAST(cost AS DOUBLE) / nullif(input_tokens + output_tokens, 0)"
    return SCAN_MEASURES[measure].shown or SCAN_MEASURES[measure].sql
