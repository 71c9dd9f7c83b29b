"""What runs add up to: counts, percentiles, tokens and cost of a project, or of any question."""

# ruff: noqa: S608 - SQL made of our own names; every value is a parameter

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith._conditions import Sql
from chatmon.lab.services.langsmith._feedback import COLUMNS, summed
from chatmon.lab.services.langsmith._queries import all_of
from chatmon.lab.services.langsmith._values import naive

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_SUMMED: Final = (
    "total_tokens", "prompt_tokens", "completion_tokens", "total_cost", "prompt_cost", "completion_cost",
)  # fmt: skip


def stats(connection: sqlite3.Connection, where: Sequence[Sql]) -> dict[str, Any]:
    """Return what the runs that meet some conditions add up to.

    A root stands for all runs below it, so roots alone are summed with their subtrees; where others are among the runs
    asked for, each counts its own usage.

    Args:
        connection: The database.
        where: Conditions on ``runs``.
    """
    chosen, values = all_of(where), [value for part in where for value in part.values]
    sums = ", ".join(
        f"sum({own}{name}) AS {own}{name}" if name.endswith("tokens") else f"decimal_sum({own}{name}) AS {own}{name}"
        for own in ("", "own_")
        for name in _SUMMED
    )
    counted = connection.execute(
        f"""SELECT count(*) AS run_count, count(parent_id) AS below, max(start_time) AS last_run,
            avg(status = 'error') AS error_rate, {sums} FROM runs WHERE {chosen}""",
        values,
    ).fetchone()
    found: dict[str, Any] = {"run_count": counted["run_count"], "error_rate": counted["error_rate"]}
    found |= {name: counted[f"own_{name}" if counted["below"] else name] for name in _SUMMED}
    found["last_run_start_time"] = naive(counted["last_run"])
    for name, expression in (("latency", "latency"), ("first_token", "(first_token_time - start_time) / 1e6")):
        rows = connection.execute(f"SELECT {expression} AS seconds FROM runs WHERE {chosen}", values)
        seconds = sorted(row["seconds"] for row in rows if row["seconds"] is not None)
        found |= {f"{name}_p50": percentile(seconds, 0.5), f"{name}_p99": percentile(seconds, 0.99)}
    scored = connection.execute(
        f"""SELECT {COLUMNS} FROM feedback WHERE run_id IN (SELECT id FROM runs WHERE {chosen})
            ORDER BY created_at""",
        values,
    )
    return found | {"feedback_stats": summed(scored)}


def of_project(connection: sqlite3.Connection, project: sqlite3.Row) -> dict[str, Any]:
    """Return a project's statistics: those of its roots, which stand for their traces."""
    found = stats(connection, [Sql("project = ?", (project["n"],)), Sql("parent_id IS NULL")])
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM feedback WHERE project_id = ? AND run_id IS NULL ORDER BY created_at",
        [project["id"]],
    )
    return found | {"session_feedback_stats": summed(rows), "run_facets": []}


def percentile(ordered: Sequence[float], q: float) -> float | None:
    """Return a percentile of ordered values, between two of them where it falls there; None of nothing.

    Example:
        >>> percentile([1.0, 2.0, 4.0], 0.5), percentile([1.0, 2.0], 0.5), percentile([], 0.5)
        (2.0, 1.5, None)
    """
    if not ordered:
        return None
    place = (len(ordered) - 1) * q
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
