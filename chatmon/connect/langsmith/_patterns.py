"""What a project's turns add up to over some days, and whether one period is worse than another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from chatmon._tools.outcomes import FAILED
from chatmon._tools.shown import escape
from chatmon.analysis.source import frame, query, relation
from chatmon.connect.langsmith._fetching import base_url, fetch_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import pandas as pd
    from langsmith import Client

    from chatmon.analysis import Comparison
    from chatmon.estimates import Estimate
    from chatmon.live.summary import Summary

SHOWN: Final = 5
"""Traces listed of the slowest, and of the costliest."""


@dataclass(frozen=True, slots=True, repr=False)
class Patterns:
    """What a project's turns add up to. A turn is a root run and all below it, so nothing counts twice.

    Attributes:
        summary: Counts, response times, tokens, cost, ratings.
        success_rate: Share of turns whose root run succeeded.
        errors: Failed turns by class, as ``analysis.errors``.
        by_intent: As ``analysis.segments``.
        by_hour: For each hour of the day in UTC: ``hour``, ``turns``, ``error_rate``, ``p95`` (seconds), ``cost``.
        conversations: One row for each, the costliest first: ``conversation_id``, ``turns``, ``tokens``, ``cost``,
            ``errors``.
        slowest: The slowest turns: ``turn_id``, ``timestamp``, ``intent``, ``response_time``, ``cost``, ``url``.
        costliest: The costliest, in the same columns.
    """

    summary: Summary
    success_rate: Estimate
    errors: pd.DataFrame
    by_intent: pd.DataFrame
    by_hour: pd.DataFrame
    conversations: pd.DataFrame
    slowest: pd.DataFrame
    costliest: pd.DataFrame

    def __str__(self) -> str:
        return f"success rate  {self.success_rate.text(digits=3)}\n{self.summary}"

    def _repr_html_(self) -> str:
        tables = [
            f"<h4>{escape(title)}</h4>{table.to_html(index=False, escape=True, render_links=True)}"
            for title, table in (("By intent", self.by_intent), ("Errors", self.errors), ("Slowest", self.slowest))
        ]
        return f"<pre>{escape(str(self))}</pre>{''.join(tables)}"


def analyze_conversation_patterns(
    client: Client, project: str, days: float = 7, *, until: datetime | None = None
) -> Patterns:
    """Return what a project's turns of the last days add up to.

    Args:
        client: From ``connect``.
        project: The project's name.
        days: How far to look back.
        until: From when; now if not given.

    Raises:
        LangSmithNotFoundError: There is no such project.
        ValueError: ``days`` is not above 0, or the project has no turns in them.
    """
    if not days > 0:
        raise ValueError(f"days ({days}) must be above 0")
    end = until or datetime.now(UTC)
    with fetch_turns(client, project, end - timedelta(days=days), until) as logs:
        return patterns(logs.turns, _links(client, project))


def patterns(turns: duckdb.DuckDBPyRelation, link: Callable[[str], str]) -> Patterns:
    """Return what turns add up to.

    Args:
        turns: As ``fetch_turns`` has them.
        link: Returns the address of a turn's trace.
    """
    from chatmon import analysis, estimates

    source = relation(turns)
    number, failed = query(source, f"SELECT count({FAILED}), count(error_type) FROM turns")[0]  # noqa: S608 - our own
    return Patterns(
        summary=analysis.summary(source),
        success_rate=estimates.rate(number - failed, number),
        errors=analysis.errors(source),
        by_intent=analysis.segments(source, "intent"),
        by_hour=frame(source, _BY_HOUR),
        conversations=frame(source, _BY_CONVERSATION),
        slowest=_listed(source, "response_time", link),
        costliest=_listed(source, "cost", link),
    )


def compare_periods(client: Client, project: str, start: datetime, change: datetime, end: datetime) -> Comparison:
    """Return what changed in a project at some moment, and how sure that is: see ``analysis.compare``.

    Args:
        client: From ``connect``.
        project: The project's name.
        start: Where the period before begins, aware.
        change: Where it ends and the other begins: a release, say.
        end: Where that ends.

    Raises:
        LangSmithNotFoundError: There is no such project.
        ValueError: The moments have no time zone or are in no order, or a period has no turns.
    """
    from chatmon import analysis

    with fetch_turns(client, project, start, end) as logs:
        before = analysis.between(logs.turns, start, change)
        return analysis.compare(before, analysis.between(logs.turns, change, end))


_BY_HOUR: Final = f"""SELECT hour(timestamp) AS hour, count(*) AS turns,
    count(error_type) / CAST(nullif(count({FAILED}), 0) AS DOUBLE) AS error_rate,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY response_time) AS p95, sum(cost) AS cost
    FROM turns GROUP BY hour ORDER BY hour"""  # noqa: S608 - our own
_BY_CONVERSATION: Final = """SELECT conversation_id, count(*) AS turns,
    CAST(sum(input_tokens) + sum(output_tokens) AS BIGINT) AS tokens, sum(cost) AS cost, count(error_type) AS errors
    FROM turns GROUP BY conversation_id ORDER BY cost DESC NULLS LAST, conversation_id"""


def _listed(source: duckdb.DuckDBPyRelation, column: str, link: Callable[[str], str]) -> pd.DataFrame:
    found = frame(
        source,
        f"""SELECT turn_id, timestamp, intent, response_time, cost FROM turns WHERE {column} IS NOT NULL
            ORDER BY {column} DESC, turn_id LIMIT {SHOWN}""",  # noqa: S608 - our own names
    )
    return found.assign(url=[link(turn_id) for turn_id in found["turn_id"]])


def _links(client: Client, project: str) -> Callable[[str], str]:
    project_id = str(client.read_project(project_name=project).id)

    def link(turn_id: str) -> str:
        params = {"project_id": project_id, "trace_id": turn_id}
        url = f"{base_url(client)}/api/v2/runs/{turn_id}/url"
        return str(client.request_with_retries("GET", url, params=params).json()["url"])

    return link
