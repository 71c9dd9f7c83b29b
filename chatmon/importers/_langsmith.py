"""LangSmith's exports: the REST and v2 APIs, runs dumped by the SDK, the SDK's own payload, and the bulk Parquet.

Facts that decide the numbers: ``session_id`` is the project and no conversation; times without a zone are UTC; a
parent run repeats its children's tokens and cost; ``prompt_tokens`` counts cached tokens in. The JavaScript client has
a run's place in its trace for the microseconds of its start, and ends in whole milliseconds: of a run that ends within
the millisecond it starts in, both are the same moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers._dialect import Dialect
from chatmon.importers._run_usage import READERS as COUNTS
from chatmon.importers._run_usage import with_usage
from chatmon.importers._spans import SCORED, readings, unread_scores, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

COLUMNS: Final = dict.fromkeys(
    (
        "id", "run_type", "start_time", "end_time", "first_token_time", "error", "status", "parent_run_id", "trace_id",
        *COUNTS, "total_cost", "thread_id",
    ),
    "VARCHAR",
) | {
    "extra": "STRUCT(metadata JSON, invocation_params JSON)",
    "inputs": "STRUCT(question VARCHAR, input VARCHAR, messages JSON)",
    "outputs": "STRUCT(answer VARCHAR, output VARCHAR, usage_metadata JSON)",
    "feedback_stats": "JSON",
    "total_tokens": "VARCHAR",
    "prompt_token_details": "JSON",
    "completion_token_details": "JSON",
}  # fmt: skip

_METADATA: Final = (
    "thread_id", "conversation_id", "session_id", "user_id", "ls_model_name", "ls_provider", "intent",
    "prompt_version", "variant", "experiment", "region", "channel", "context_relevance", "user_satisfaction",
    "task_completed", "usage_metadata",
)  # fmt: skip
"""Keys of a run's metadata that have a column of their own."""
_FEEDBACK: Final = ["$.user_satisfaction.avg", "$.task_completed.avg", "$.context_relevance.avg"]
_READERS: Final = COUNTS | {"total_cost": "dollars"}


def _at(name: str) -> str:
    """Return the SQL of one key of a run's metadata, out of the list that one pass over it gives."""
    return f"m[{_METADATA.index(name) + 1}]"


_FREE: Final = ", ".join(
    f"{_at(name)} AS {name}"
    for name in ("user_id", "intent", "prompt_version", "variant", "experiment", "region", "channel")
)
_RUNS: Final = f"""
    SELECT *, {readings(**_READERS)}, json_extract_string(extra.metadata, {list(_METADATA)}) AS m,
        json_extract_string(feedback_stats, {_FEEDBACK}) AS f,
        CASE WHEN filled(parent_run_id) IS NULL AND len(json_keys(feedback_stats)) > list_count(f) THEN
            list_filter(json_keys(feedback_stats), lambda key: key NOT IN {SCORED}) END AS strangers,
        utc(start_time) AS begun, utc(end_time) AS ended, CASE WHEN prompt_token_details IS NULL THEN
            coalesce(outputs.usage_metadata, try_cast({_at("usage_metadata")} AS JSON)) END AS said
    FROM records"""
_SELECT: Final = f"""
    SELECT _file AS file, _line AS line, id AS span_id, coalesce(filled(trace_id), id) AS trace_id,
        filled(parent_run_id) AS parent_id, nullif(run_type, 'patch') AS kind,
        begun AS start_time, CASE WHEN ended < begun AND ended >= date_trunc('milliseconds', begun) THEN begun
            ELSE ended END AS end_time,
        utc(first_token_time) AS first_token_time, {_at("ls_provider")} AS provider,
        coalesce({_at("ls_model_name")}, extra.invocation_params->>'$.model', extra.invocation_params->>'$.model_name')
            AS model,
        input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, usage_details,
        total_cost_read AS cost,
        CASE WHEN filled(error) IS NOT NULL THEN true ELSE lower(status) = 'error' END AS failed,
        CASE WHEN filled(error) IS NOT NULL THEN
            coalesce(nullif(regexp_extract(error, '^[A-Za-z_.]*?([A-Za-z_]+)\\(', 1), ''), 'unknown') END AS error_type,
        filled(error) AS error_message,
        coalesce({_at("thread_id")}, filled(thread_id), {_at("conversation_id")}, {_at("session_id")})
            AS conversation_id, {_FREE},
        coalesce(number(f[1]), number({_at("user_satisfaction")})) AS user_satisfaction,
        coalesce(number(f[2]) >= 0.5, flag({_at("task_completed")})) AS task_completed,
        coalesce(number(f[3]), number({_at("context_relevance")})) AS context_relevance,
        CASE WHEN filled(parent_run_id) IS NULL THEN dimensions(extra.metadata) END AS attributes,
        to_json(list_transform(map_entries(CAST(feedback_stats AS MAP(VARCHAR, JSON))), lambda one: {{
            'name': one.key, 'number': one.value->>'$.avg', 'n': one.value->>'$.n',
            'word': list_aggregate(list_sort(json_keys(one.value, '$.values')), 'string_agg', ' and ')}})) AS scores,
        CASE WHEN len(strangers) > 0 THEN {unread_scores("list_sort(strangers).list_aggregate('string_agg', ', ')")} END
            AS note,
        CASE WHEN parent_run_id IS NULL THEN
            coalesce(inputs.question, inputs.input, inputs.messages->>'$[#-1].content') END AS question,
        CASE WHEN parent_run_id IS NULL THEN coalesce(outputs.answer, outputs.output) END AS answer,
        CASE WHEN run_type IS NULL THEN 'no run_type: not a run of LangSmith' ELSE {unreadable(**_READERS)} END
            AS reject
    FROM ({with_usage(_RUNS)})"""
_FEEDBACK_SELECT: Final = f"""
    SELECT _file AS file, _line AS line, 'feedback-' || id AS span_id, filled(trace_id) AS trace_id,
        filled(run_id) AS parent_id, 'score' AS kind,
        CASE WHEN key = 'user_satisfaction' THEN number(score) END AS user_satisfaction,
        CASE WHEN key = 'context_relevance' THEN number(score) END AS context_relevance,
        CASE WHEN key = 'task_completed' THEN coalesce(flag(score), number(score) >= 0.5, flag("value")) END
            AS task_completed,
        to_json([{{'name': key, 'number': score, 'word': "value", 'source': feedback_source->>'$.type'}}]) AS scores,
        CASE WHEN key NOT IN {SCORED} THEN {unread_scores("key")} END AS note
    FROM records"""


def _with_children(run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a run and, nested in it, its children."""
    waiting = [run]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            waiting += current.pop("child_runs", None) or []
        yield current


def _of_page(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for run in page.get("runs") or page.get("data") or []:
        yield from (_from_v2(run) if "project_id" in run else _with_children(run))


def _from_v2(run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The v2 API wraps details in ``raw``, keeps metadata at the top, and names the parent last of all its parents."""
    parents = run.get("parent_run_ids") or []
    for side in ("prompt_token_details", "completion_token_details"):
        details = run.get(side)
        if isinstance(details, dict) and isinstance(details.get("raw"), dict):
            run[side] = details["raw"]
    extra = run.get("extra")
    if isinstance(run.get("metadata"), dict):
        run["extra"] = {**(extra if isinstance(extra, dict) else {}), "metadata": run["metadata"]}
    run["run_type"] = str(run.get("run_type") or "").lower() or None
    run.setdefault("parent_run_id", parents[-1] if parents else None)
    yield from _with_children(run)


def _of_payload(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The SDK posts a run's start and patches its end; the two are one span with one id.

    A patch without an id is known by its place in the trace: the last part of it ends in the run's id, the first in the
    trace's.
    """
    for run in [*(payload.get("post") or []), *(payload.get("patch") or [])]:
        places = str(run.get("dotted_order") or "").split(".")
        for name, place in (("id", places[-1]), ("trace_id", places[0])):
            if not run.get(name) and "Z" in place:
                run[name] = place.partition("Z")[2]
        times = [event.get("time") for event in run.get("events") or [] if event.get("name") == "new_token"]
        if times:
            run.setdefault("first_token_time", times[0])
        run.setdefault("run_type", "patch")
        yield run


def _is_run(record: Mapping[str, Any]) -> bool:
    return "run_type" in record and "id" in record and ("start_time" in record or "trace_id" in record)


def _v2(record: Mapping[str, Any]) -> str | None:
    if _is_run(record) and "project_id" in record and "session_id" not in record:
        return "has run_type and project_id in place of session_id"
    return None


def _nested(record: Mapping[str, Any]) -> str | None:
    return "has run_type and child_runs" if _is_run(record) and record.get("child_runs") else None


def _plain(record: Mapping[str, Any]) -> str | None:
    if not _is_run(record) or record.get("__parquet__"):
        return None
    space = " " in str(record.get("start_time") or "")
    return "has run_type, times with a space: run.dict()" if space else "has run_type, session_id and dotted_order"


def _bulk(record: Mapping[str, Any]) -> str | None:
    return "Parquet with run_type and trace_id" if record.get("__parquet__") and _is_run(record) else None


def _payload(record: Mapping[str, Any]) -> str | None:
    found = [side for side in ("post", "patch") if isinstance(record.get(side), list)]
    return f"has {' and '.join(found)}: what the SDK sends" if found else None


def _page(record: Mapping[str, Any]) -> str | None:
    for name in ("runs", "data"):
        first: Iterable[Any] = record.get(name) or []
        if isinstance(first, list) and first and isinstance(first[0], dict) and _is_run(first[0]):
            return f"a page of the API: {name} holds runs"
    return None


def _feedback(record: Mapping[str, Any]) -> str | None:
    known = "run_id" in record and "key" in record and ("score" in record or "value" in record)
    return "has run_id, key and score: feedback" if known else None


def _dialect(shape: str, recognise: Any, unpack: Any = None, marks: tuple[str, ...] = ()) -> Dialect:
    return Dialect(
        name=f"langsmith: {shape}",
        tool="langsmith",
        recognise=recognise,
        columns=COLUMNS,
        select=_SELECT,
        unpack=unpack,
        marks=marks,
        assumptions=(
            "times without a zone are UTC, which LangSmith writes, unless tz says otherwise",
            "whole numbers as times are seconds, milliseconds, micro- or nanoseconds since 1970, by their size",
            "prompt_tokens counts cached tokens in",
        ),
    )


DIALECTS: Final[tuple[Dialect, ...]] = (
    _dialect("SDK payload", _payload, _of_payload),
    _dialect("API page", _page, _of_page),
    _dialect("v2 run", _v2, _from_v2),
    _dialect("run with children", _nested, _with_children),
    _dialect("bulk Parquet", _bulk),
    _dialect("run", _plain, marks=("child_runs", "project_id")),
    Dialect(
        name="langsmith: feedback",
        tool="langsmith",
        recognise=_feedback,
        columns=dict.fromkeys(("id", "run_id", "trace_id", "key", "score", "value"), "VARCHAR")
        | {"feedback_source": "JSON"},
        select=_FEEDBACK_SELECT,
        marks=("run_type",),
        assumptions=("several scores of one turn under one key are averaged, as LangSmith's feedback_stats are",),
    ),
)
