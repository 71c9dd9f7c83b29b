"""LangSmith's other export shapes, made of the runs that REST gives: nothing here knows how they are read."""

import json
from uuid import UUID

from export_writers import langsmith_runs
from importers.conversations import at_the_desk, calls_of

__all__ = ["dumped", "nested", "pages", "payloads", "runs", "v2", "with_feedback", "write_bulk", "write_lines"]


def write_lines(records, path, *, end="\n", start=""):
    path.write_text(start + "".join(json.dumps(record) + end for record in records), encoding="utf-8", newline="")


def runs(turns, **options):
    """REST's runs of turns, whose traces begin in another project, or are not all there, as their shapes say."""
    for turn in turns:
        desk, *calls = list(langsmith_runs([at_the_desk(turn)], calls=calls_of, **options))
        below = str(UUID(int=UUID(turn.turn_id).int ^ 2**100))
        if turn.shape == "elsewhere":
            root = next(langsmith_runs([turn], **options))
            yield root | {"session_id": "web", "name": "POST /chat", "extra": {"metadata": {}}, "feedback_stats": None}
        if turn.shape == "orphans":
            for call in calls:
                call["extra"]["metadata"] |= desk["extra"]["metadata"]
                yield call | {"feedback_stats": desk["feedback_stats"]}
        elif turn.shape in ("elsewhere", "lost"):
            yield desk | {"id": below, "parent_run_id": turn.turn_id}
            yield from (call | {"parent_run_id": below} for call in calls)
        else:
            yield from (desk, *calls)


def nested(turns):
    """``run.model_dump_json()``: Z on start and end, children inside their parent."""
    given = {run["id"]: run | {"child_runs": None} for run in runs(turns)}
    tops = []
    for run in given.values():
        for name in ("start_time", "end_time"):
            run[name] += "Z"
        parent = given.get(run["parent_run_id"])
        if parent:
            parent["child_runs"] = [*(parent["child_runs"] or []), run]
        else:
            tops.append(run)
    return tops


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
        above = list(dict.fromkeys((run["trace_id"], parent))) if parent else []
        run |= {"parent_run_ids": above, "status": run["status"].upper(), "is_root": not parent}
        for name in ("prompt_token_details", "completion_token_details"):
            run[name] = run[name] and {"raw": run[name]}
        yield known(run)


def pages(turns):
    """REST's ``/runs/query``: a hundred runs a page."""
    found = list(runs(turns))
    for start in range(0, len(found), 100):
        yield {"runs": found[start : start + 100], "cursors": {"next": None}}


def with_feedback(turns):
    """Runs without their feedback's means, and after them every score as REST lists it."""
    yield from runs(turns, feedback=False)
    for turn in turns:
        for name in ("user_satisfaction", "task_completed"):
            value = getattr(turn, name)
            if value is not None:
                yield {
                    "id": f"{turn.turn_id}-{name}", "created_at": "2026-10-05T12:00:00.000000", "run_id": turn.turn_id,
                    "trace_id": turn.turn_id, "key": name, "score": float(value), "value": None, "comment": None,
                }  # fmt: skip


def known(run):
    """Leave out what is null."""
    return {name: value for name, value in run.items() if value is not None}


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
        yield {"post": [known(start)], "patch": []}
        yield {"post": [], "patch": [known(rest) | {"outputs": outputs}]}


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
