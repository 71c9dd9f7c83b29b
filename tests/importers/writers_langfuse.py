"""Langfuse's export shapes, written from its documentation of export fields."""

import csv
import json
from datetime import timedelta


def observations(turns, *, apart=True):
    """A root span and its generations for each turn, as the blob storage has them.

    ``apart``: cache is counted beside input, not in it.
    """
    for turn in turns:
        end = turn.timestamp + timedelta(seconds=turn.response_time)
        usage = {}
        if turn.input_tokens is not None:
            usage = {
                "input": turn.input_tokens - (turn.cached_tokens if apart else 0),
                "input_cached_tokens": turn.cached_tokens,
                "output": turn.output_tokens - (turn.reasoning_tokens if apart else 0),
                "output_reasoning": turn.reasoning_tokens, "total": turn.input_tokens + turn.output_tokens,
            }  # fmt: skip
        metadata = {"intent": turn.intent, "prompt_version": turn.prompt_version, "region": turn.region}
        metadata |= {"user_satisfaction": turn.user_satisfaction, "task_completed": turn.task_completed}
        common = {
            "trace_id": turn.turn_id, "start_time": f"{turn.timestamp:%Y-%m-%d %H:%M:%S.%f}",
            "end_time": f"{end:%Y-%m-%d %H:%M:%S.%f}", "user_id": turn.user_id, "session_id": turn.conversation_id,
            "latency": turn.response_time,
        }  # fmt: skip
        yield common | {
            "id": turn.turn_id[:16], "parent_observation_id": "", "type": "SPAN", "name": "desk", "metadata": metadata,
            "level": "ERROR" if turn.error_type else "DEFAULT", "status_message": turn.error_message or "",
            "provided_model_name": "", "usage_details": {}, "total_cost": None, "input": "Where?", "output": "Near.",
        }  # fmt: skip
        for attempt in range(1, turn.attempts + 1):
            failed = bool(turn.error_type) or attempt < turn.attempts
            yield common | {
                "id": f"{turn.turn_id[:16]}-{attempt}", "parent_observation_id": turn.turn_id[:16],
                "type": "GENERATION", "name": "chat", "metadata": {}, "level": "ERROR" if failed else "DEFAULT",
                "status_message": "RateLimitError('429')" if failed else "", "provided_model_name": turn.model,
                "usage_details": {} if failed else usage, "input": "", "output": "",
                "total_cost": None if failed or turn.cost is None else float(turn.cost),
            }  # fmt: skip


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
