"""LangSmith's other export shapes, made of the runs that REST gives: nothing here knows how they are read."""

import json

from export_writers import langsmith_runs as runs

__all__ = ["dumped", "nested", "payloads", "runs", "v2", "write_bulk", "write_lines"]


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
