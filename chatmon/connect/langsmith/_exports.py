"""An export of runs, put into a project: what was recorded elsewhere can be looked at, filtered and analysed again."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from chatmon.cost.shapes import READ_DETAILS, WRITTEN_DETAILS
from chatmon.importers.files import look, open_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from langsmith import Client

_BATCH: Final = 1000
"""Runs in one request."""
_SENT_FIELDS: Final = (
    "id", "trace_id", "parent_run_id", "name", "run_type", "start_time", "end_time", "error", "inputs", "outputs",
    "extra", "tags", "events",
)  # fmt: skip


def load_export(client: Client, path: Path, project: str) -> int:
    """Send the runs of an export to a project, with their feedback, and return how many runs that were.

    Usage and cost go where LangSmith reads them from, so the server reports what the export states. Of feedback an
    export has only what it adds up to: each key of a run is sent as one score, its mean.

    Args:
        client: From ``connect``; on a hosted service this makes as many traces as the export has.
        path: JSON lines of runs, a parent before its children, as ``runs/query`` gives them; compressed or not.
        project: Where to; it is made if it is not there.

    Raises:
        ValueError: A line is no run, or comes before its parent; the message has the line.
    """
    count = 0
    orders: dict[str, str] = {}
    with open_text(look(path)) as file:
        lines = enumerate(file, start=1)
        while batch := list(islice(lines, _BATCH)):
            parts: list[tuple[str, object]] = []
            for number, line in batch:
                try:
                    run = json.loads(line)
                    parts += _parts(run, orders, project)
                except (KeyError, TypeError, AttributeError, ValueError) as error:
                    raise ValueError(f"{path.name}, line {number} is no run that can be sent: {error!r}") from error
                count += 1
            _send(client, parts)
    return count


def _parts(run: dict[str, Any], orders: dict[str, str], project: str) -> Iterator[tuple[str, object]]:
    """Yield the parts of a request for one run, noting its place in its trace."""
    parent = run.get("parent_run_id")
    stamp = datetime.fromisoformat(run["start_time"]).strftime("%Y%m%dT%H%M%S%fZ")
    orders[run["id"]] = (f"{orders[parent]}." if parent else "") + stamp + run["id"]
    kept = {name: run[name] for name in _SENT_FIELDS if run.get(name) is not None}
    extra = dict(kept.get("extra") or {})
    usage = _usage(run)
    if run["run_type"] == "llm" and usage:
        extra["metadata"] = {**(extra.get("metadata") or {}), "usage_metadata": usage}
    if run["run_type"] == "llm" and run.get("first_token_time") and not kept.get("events"):
        kept["events"] = [{"name": "new_token", "time": run["first_token_time"]}]
    yield f"post.{run['id']}", kept | {"extra": extra, "session_name": project, "dotted_order": orders[run["id"]]}
    for key, stats in (run.get("feedback_stats") or {}).items():
        if stats.get("avg") is not None:
            feedback_id = str(uuid4())
            score = {"id": feedback_id, "run_id": run["id"], "trace_id": run["trace_id"], "key": key}
            yield f"feedback.{feedback_id}", score | {"score": stats["avg"], "feedback_source": {"type": "api"}}


def _usage(run: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "input_tokens": run.get("prompt_tokens"), "output_tokens": run.get("completion_tokens"),
        "total_tokens": run.get("total_tokens"), READ_DETAILS: run.get("prompt_token_details"),
        WRITTEN_DETAILS: run.get("completion_token_details"), "total_cost": run.get("total_cost"),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


def _send(client: Client, parts: Iterable[tuple[str, object]]) -> None:
    boundary = uuid4().hex
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: application/json\r\n\r\n'
        f"{json.dumps(value)}\r\n"
        for name, value in parts
    )
    client.request_with_retries(
        "POST",
        f"{client.api_url.rstrip('/')}/runs/multipart",
        data=f"{body}--{boundary}--\r\n".encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
