"""Langfuse's other export shapes, made of the observations that its blob storage has."""

import csv
import json

from export_writers import langfuse_observations as observations

__all__ = ["camel", "downloads", "observations", "pages", "write_csv"]


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
        yield {
            "trace": {"id": turn.turn_id, "userId": turn.user_id, "sessionId": turn.conversation_id, "scores": []},
            "observations": rows,
        }


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
