"""LangSmith's export shapes, written from its documentation: nothing here knows how they are read."""

import json
from datetime import timedelta
from uuid import UUID

PROJECT = "00000000-0000-4000-8000-00000000beef"


def runs(turns, *, feedback=True):
    """A root chain and its model calls for each turn, as REST gives them; the root repeats its children's usage."""
    for turn in turns:
        end = turn.timestamp + timedelta(seconds=turn.response_time)
        details = {
            "prompt_token_details": None if turn.cached_tokens is None else {"cache_read": turn.cached_tokens},
            "completion_token_details": None if turn.reasoning_tokens is None else {"reasoning": turn.reasoning_tokens},
        }
        usage = {
            "prompt_tokens": turn.input_tokens, "completion_tokens": turn.output_tokens,
            "total_tokens": None if turn.input_tokens is None else turn.input_tokens + turn.output_tokens,
            "total_cost": None if turn.cost is None else f"{turn.cost:f}",
        }  # fmt: skip
        stats = {
            name: {"n": 1, "avg": float(value)}
            for name, value in [
                ("user_satisfaction", turn.user_satisfaction),
                ("task_completed", turn.task_completed),
            ]
            if value is not None
        }
        first = None
        if turn.time_to_first_token is not None:
            first = naive(turn.timestamp + timedelta(seconds=turn.time_to_first_token))
        common = {"session_id": PROJECT, "trace_id": turn.turn_id, "tags": ["production"]}
        yield {
            **common, **usage, **details, "id": turn.turn_id, "name": "support", "run_type": "chain",
            "parent_run_id": None, "start_time": naive(turn.timestamp), "end_time": naive(end),
            "first_token_time": first, "error": turn.error_message, "status": "error" if turn.error_type else "success",
            "trace_tier": "shortlived",
            "dotted_order": f"{turn.timestamp:%Y%m%dT%H%M%S%f}Z{turn.turn_id}",
            "inputs": {"question": "Where is my parcel?"}, "outputs": None if turn.error_type else {"answer": "Near."},
            "feedback_stats": stats if feedback else None,
            "extra": {"metadata": {
                "thread_id": turn.conversation_id, "user_id": turn.user_id, "intent": turn.intent,
                "prompt_version": turn.prompt_version, "region": turn.region,
            }},
        }  # fmt: skip
        for attempt in range(1, turn.attempts + 1):
            last = attempt == turn.attempts
            failed = turn.error_type is not None or not last
            nothing = dict.fromkeys([*usage, *details])
            yield {
                **common, **(nothing if failed else usage | details), "run_type": "llm", "name": "ChatOpenAI",
                "id": str(UUID(int=(UUID(turn.turn_id).int + attempt) % 2**128)), "parent_run_id": turn.turn_id,
                "start_time": naive(turn.timestamp), "end_time": naive(end),
                "first_token_time": first if last else None,
                "error": "RateLimitError('429')" if failed else None, "status": "error" if failed else "success",
                "extra": {"metadata": {"ls_model_name": turn.model, "ls_provider": turn.provider}},
                "inputs": {}, "outputs": {}, "feedback_stats": None,
            }  # fmt: skip


def naive(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def write_lines(records, path, *, end="\n", start=""):
    path.write_text(start + "".join(json.dumps(record) + end for record in records), encoding="utf-8", newline="")


def nested(turns):
    """``run.model_dump_json()``: Z on start and end, children inside their parent."""
    roots = {}
    for run in runs(turns):
        for name in ("start_time", "end_time"):
            run[name] += "Z"
        if run["parent_run_id"] is None:
            roots[run["id"]] = run | {"child_runs": []}
        else:
            roots[run["parent_run_id"]]["child_runs"].append(run | {"child_runs": None})
    return list(roots.values())


def dumped(turns):
    """``json.dumps(run.dict(), default=str)``: a space in times, costs as text."""
    for run in runs(turns):
        run.pop("trace_tier", None)
        yield run | {name: run[name] and run[name].replace("T", " ") for name in ("start_time", "end_time")}


def v2(turns):
    """The v2 API: project_id, details in raw, metadata at the top, the parent at the end of parent_run_ids."""
    for run in runs(turns):
        run["project_id"] = run.pop("session_id")
        run["metadata"] = run.pop("extra")["metadata"]
        parent = run.pop("parent_run_id")
        run |= {"parent_run_ids": [parent] if parent else [], "status": run["status"].upper(), "is_root": not parent}
        for name in ("prompt_token_details", "completion_token_details"):
            run[name] = run[name] and {"raw": run[name]}
        yield run


def payloads(turns):
    """What the SDK sends: the start in post, the end in patch, times in epoch milliseconds or text."""
    for run in runs(turns):
        start = {
            name: run[name] for name in ("id", "trace_id", "parent_run_id", "run_type", "name", "extra", "start_time")
        }
        usage = {
            "input_tokens": run["prompt_tokens"], "output_tokens": run["completion_tokens"],
            "input_token_details": run["prompt_token_details"] or {},
            "output_token_details": run["completion_token_details"] or {},
        }  # fmt: skip
        rest = {
            name: run[name]
            for name in ("id", "end_time", "error", "feedback_stats", "status", "total_cost", "trace_id")
        }
        outputs = {} if run["prompt_tokens"] is None else {"usage_metadata": usage}
        yield {"post": [start], "patch": []}
        yield {"post": [], "patch": [rest | {"outputs": outputs}]}


def write_bulk(turns, path):
    """The bulk export: JSON as text, no token details; the usage stands in outputs."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = []
    for run in runs(turns):
        usage = {"input_tokens": run["prompt_tokens"], "output_tokens": run["completion_tokens"]}
        usage |= {"input_token_details": run.pop("prompt_token_details") or {}}
        usage |= {"output_token_details": run.pop("completion_token_details") or {}}
        run["outputs"] = {"usage_metadata": usage}
        rows.append(
            {
                name: json.dumps(value) if isinstance(value, dict) else value
                for name, value in run.items()
                if name != "tags"
            }
        )
    names = list(dict.fromkeys(name for row in rows for name in row))
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path)
