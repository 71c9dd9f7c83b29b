"""Langfuse's other export shapes, made of the observations that its blob storage has."""

import csv
import json

from export_writers import langfuse_observations
from importers.conversations import at_the_desk, calls_of

__all__ = ["camel", "downloads", "legacy", "observations", "pages", "traces_alone", "with_scores", "write_csv"]


def observations(turns, **options):
    """Rows of the blob storage, of traces that begin in another service, or are not all there, as their shapes say."""
    for turn in turns:
        desk, *calls = list(langfuse_observations([at_the_desk(turn)], calls=calls_of, **options))
        web = f"{turn.turn_id[:16]}-web"
        if turn.shape == "elsewhere":
            yield next(langfuse_observations([turn], **options)) | {"id": web, "name": "POST /chat", "metadata": {}}
        if turn.shape == "orphans":
            yield from (call | {"metadata": desk["metadata"]} for call in calls)
        else:
            yield desk | ({"parent_observation_id": web} if turn.shape in ("elsewhere", "lost") else {})
            yield from calls


def camel(turns, **options):
    """The UI's batch export: the same in camel case, with milliseconds that nobody should trust."""
    for row in observations(turns, **options):
        renamed = {}
        for name, value in row.items():
            first, *rest = name.split("_")
            renamed[first + "".join(word.title() for word in rest)] = value
        yield renamed | {"latency": row["latency"] * 1000}


def downloads(turns):
    """One file for a trace: camel case, ISO times, the user and the session on the trace alone."""
    for turn in turns:
        rows = list(camel([turn]))
        for row in rows:
            for name in ("startTime", "endTime"):
                row[name] = row[name].replace(" ", "T") + "Z"
            for name in ("userId", "sessionId", "traceId"):
                row.pop(name)
            for name in [name for name, value in row.items() if value is None]:
                row.pop(name)
        yield {
            "trace": {"id": turn.turn_id, "userId": turn.user_id, "sessionId": turn.conversation_id, "scores": []},
            "observations": rows,
        }


def around(turns):
    """The public API's answer for one trace: the trace, with its observations inside."""
    for document in downloads(turns):
        rows = document["observations"]
        yield document["trace"] | {"timestamp": rows[0]["startTime"], "name": "desk", "observations": rows}


def pages(turns):
    """The public API: fifty observations a page."""
    rows = list(camel(turns, apart=False))
    for start in range(0, len(rows), 50):
        yield {"data": rows[start : start + 50], "meta": {"page": start // 50 + 1}}


def write_csv(rows, path):
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(
            {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()}
            for row in rows
        )


def legacy(turns):
    """The older export: traces, observations without the trace's facts, and scores, as three lists of rows."""
    traces, observations_, scores = [], [], []
    for turn in turns:
        rows = list(observations([turn]))
        for row in rows:
            del row["user_id"], row["session_id"]
            for name in ("user_satisfaction", "task_completed", "context_relevance"):
                row["metadata"].pop(name, None)
        observations_ += rows
        traces.append({
            "id": turn.turn_id, "project_id": "p", "timestamp": rows[0]["start_time"], "name": "desk", "tags": [],
            "user_id": turn.user_id, "session_id": turn.conversation_id, "metadata": {}, "release": "", "version": "",
        })  # fmt: skip
        for name in ("user_satisfaction", "task_completed"):
            value = getattr(turn, name)
            if value is not None:
                scores.append({
                    "id": f"{turn.turn_id}-{name}", "project_id": "p", "timestamp": rows[0]["end_time"],
                    "trace_id": turn.turn_id, "observation_id": None, "name": name, "value": float(value),
                    "data_type": "BOOLEAN" if isinstance(value, bool) else "NUMERIC", "string_value": "",
                })  # fmt: skip
    return {"traces": traces, "observations": observations_, "scores": scores}


def with_scores(turns):
    """Observations without the turns' scores, and after them the scores as rows of their own."""
    for turn in turns:
        found = legacy([turn])
        for row in found["observations"]:
            yield row | {"user_id": turn.user_id, "session_id": turn.conversation_id}
        yield from found["scores"]


def traces_alone(turns):
    """The user interface's export of traces: camel case, a column for each score, no observations."""
    for turn in turns:
        yield {
            "id": turn.turn_id, "timestamp": turn.timestamp.isoformat(), "name": "desk", "userId": turn.user_id,
            "sessionId": turn.conversation_id, "release": None, "version": None, "environment": "default", "tags": [],
            "bookmarked": False, "public": False, "input": "", "output": "", "metadata": {"region": turn.region},
            "user_satisfaction": turn.user_satisfaction, "comments": [],
        }  # fmt: skip
