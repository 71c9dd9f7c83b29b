"""Runs out of LangSmith, as the same turns that an export of them would give.

They are read from the API's own pages and handed to the importer, so there is one place that knows what a run means.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langsmith import Client

    from chatmon.importers import Logs

LONGEST_TURN: Final = timedelta(days=1)
"""How long after its question the last call of a turn may start."""
_FIELDS: Final = (
    "id", "name", "run_type", "status", "start_time", "end_time", "first_token_time", "error", "extra", "trace_id",
    "prompt_tokens", "completion_tokens", "total_cost", "prompt_token_details", "completion_token_details",
    "feedback_stats",
)  # fmt: skip
_V1: Final = (*_FIELDS, "parent_run_id", "session_id", "dotted_order")
_V2: Final = (*_FIELDS, "parent_run_ids", "project_id", "metadata")
_CONTENT: Final = ("inputs", "outputs")


def fetch_turns(
    client: Client, project: str, since: datetime, until: datetime | None = None, *, content: bool = False
) -> Logs:
    """Return a project's turns, from one moment on and before another, as ``open_logs`` returns those of an export.

    It asks the second API, and where a service does not have that, the first.

    Args:
        client: From ``connect``.
        project: The project's name.
        since: The first moment, aware.
        until: The first moment that is out, aware; None up to now.
        content: Whether to fetch the texts of questions and answers.

    Raises:
        LangSmithNotFoundError: There is no such project: nothing was traced to it, or not yet flushed.
        ValueError: A moment has no time zone, ``until`` is not after ``since``, or no run is between them.
    """
    from chatmon.importers import open_logs

    _check(since, until)
    project_id = str(client.read_project(project_name=project).id)
    with tempfile.TemporaryDirectory(prefix="chatmon-runs-") as folder:
        path = Path(folder) / "runs.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for run in _of_turns(client, project_id, since, until, content):
                file.write(json.dumps(run) + "\n")
        if not path.stat().st_size:
            raise ValueError(
                f"project {project!r} has no turns from {since} to {until or 'now'}: look in a wider window"
            )
        return open_logs(path, "langsmith", content=content)


def base_url(client: Client) -> str:
    """Return where the second API of a client's service begins.

    Example:
        >>> from types import SimpleNamespace
        >>> base_url(SimpleNamespace(api_url="https://langsmith.example/api/v1"))
        'https://langsmith.example'
    """
    return client.api_url.rstrip("/").removesuffix("/v1").removesuffix("/api")


def _of_turns(
    client: Client, project_id: str, since: datetime, until: datetime | None, content: bool
) -> Iterator[dict[str, Any]]:
    """Yield the roots in a window, and all that belongs to them, also what started after its end."""
    traces = set()
    for run in _runs(client, project_id, since, until, content, is_root=True):
        traces.add(run["trace_id"])
        yield run
    end = None if until is None else until + LONGEST_TURN
    for run in _runs(client, project_id, since, end, content, is_root=False):
        if run["trace_id"] in traces:
            yield run


def _runs(
    client: Client, project_id: str, since: datetime, until: datetime | None, content: bool, *, is_root: bool
) -> Iterator[dict[str, Any]]:
    from langsmith.utils import LangSmithNotFoundError

    fields = (*_V2, *(_CONTENT if content else ()))
    body: dict[str, Any] = {
        "project_ids": [project_id], "is_root": is_root, "min_start_time": _text(since), "page_size": 1000,
        "selects": [name.upper() for name in fields],
    }  # fmt: skip
    if until is not None:
        body["max_start_time"] = _text(until - timedelta(microseconds=1))
    try:
        yield from _pages(client, f"{base_url(client)}/api/v2/runs/query", body, "items")
    except LangSmithNotFoundError:
        fields = (*_V1, *(_CONTENT if content else ()))
        old = {"session": [project_id], "is_root": is_root, "start_time": _text(since), "limit": 100, "select": fields}
        if until is not None:
            old["filter"] = f'lt(start_time, "{_text(until)}")'
        yield from _pages(client, f"{client.api_url.rstrip('/')}/runs/query", old, "runs")


def _pages(client: Client, url: str, body: dict[str, Any], items: str) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        asked = body if cursor is None else body | {"cursor": cursor}
        # Straight from the wire: the SDK's own iterators make an object of every run, which takes ten times as long.
        page = client.request_with_retries("POST", url, data=json.dumps(asked)).json()
        yield from page[items]
        cursor = page.get("next_cursor") or (page.get("cursors") or {}).get("next")
        if not cursor:
            return


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _check(since: datetime, until: datetime | None) -> None:
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"{name} ({moment}) has no time zone, and LangSmith takes it for UTC: say which it is")
    if until is not None and until <= since:
        raise ValueError(f"until ({until}) is not after since ({since})")
