"""Files that tell a session line by line, and say of no line to which prompt it belongs: the order says it."""

from __future__ import annotations

from typing import Final

ASIDE: Final = "unknown"
"""The kind of a row that says something of a session, and is no part of a reply."""
ASSUMED: Final = (
    "a turn is a prompt with all that follows until the next one; it took the seconds from the prompt to the last "
    "reply, the time that tools and permissions took among them"
)
"""What every such file leaves unsaid."""
_LAST: Final = ("failed", "error_type", "error_message", "answer")
"""Columns that a turn has from the last row that says them."""


def turns_of(rows: str) -> str:
    """Return SQL that makes a trace of each prompt and what follows it, until the next prompt of its session.

    Args:
        rows: SQL with a span's columns and ``session``; a row of the kind ``prompt`` begins a turn.
    """
    last = ", ".join(
        f"CASE WHEN kind = 'prompt' THEN arg_max({name}, (answered, line)) OVER turn "
        f"WHEN prompt IS NULL OR '{name}' <> 'answer' THEN {name} END AS {name}"
        for name in _LAST
    )
    return f"""
    SELECT * EXCLUDE (prompt, session, answered) REPLACE (
        coalesce(prompt, 'session ' || session || ' before a prompt', span_id) AS trace_id,
        CASE WHEN kind <> 'prompt' THEN prompt END AS parent_id,
        NULL AS name,
        CASE WHEN kind = 'prompt' THEN max(answered) OVER turn ELSE end_time END AS end_time, {last})
    FROM (SELECT *, CASE WHEN kind NOT IN ('prompt', '{ASIDE}') THEN start_time END AS answered,
            coalesce(last_value(CASE WHEN kind = 'prompt' THEN span_id END IGNORE NULLS) OVER (PARTITION BY session
                    ORDER BY start_time, line, kind = 'prompt' DESC, file ROWS UNBOUNDED PRECEDING),
                CASE WHEN kind = '{ASIDE}' THEN min(CASE WHEN kind = 'prompt' THEN span_id END)
                    OVER (PARTITION BY session) END) AS prompt
        FROM ({rows})) WINDOW turn AS (PARTITION BY session, prompt)"""
