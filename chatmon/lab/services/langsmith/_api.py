"""The endpoints that LangSmith's clients call, each a few lines from a call to an answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith import _bodies as bodies
from chatmon.lab.services.langsmith import _configs as configs
from chatmon.lab.services.langsmith import _examples_api as examples_api
from chatmon.lab.services.langsmith import _feedback as feedback
from chatmon.lab.services.langsmith import _ingest as ingest
from chatmon.lab.services.langsmith import _projects as projects
from chatmon.lab.services.langsmith import _prompts as prompts
from chatmon.lab.services.langsmith import _queries as queries
from chatmon.lab.services.langsmith import _queues_api as queues_api
from chatmon.lab.services.langsmith import _shapes as shapes
from chatmon.lab.services.langsmith import _spans as spans
from chatmon.lab.services.langsmith._call import ApiAnswer, ApiCall, answered
from chatmon.lab.services.langsmith._conditions import Sql
from chatmon.lab.services.langsmith._stats import of_project, stats
from chatmon.lab.services.langsmith._store import TENANT
from chatmon.lab.services.langsmith._values import RefusalError, aware, uuid

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

logger = logging.getLogger("chatmon.lab.services.langsmith")

VERSION: Final = "0.18.0"
"""What clients are told: the least version of the service that has all that is spoken here."""
_INFO: Final = {
    "version": VERSION,
    "batch_ingest_config": {
        "use_multipart_endpoint": True, "size_limit": 100, "size_limit_bytes": bodies.ANNOUNCED,
        "scale_up_qsize_trigger": 1000, "scale_up_nthreads_limit": 16, "scale_down_nempty_trigger": 4,
    },
    "instance_flags": {
        "zstd_compression_enabled": True, "dataset_examples_multipart_enabled": True,
        "examples_multipart_enabled": False, "ch_query_enabled": True, "sdb_query_enabled": True,
    },
}  # fmt: skip
_ATTACHMENT: Final = """
    SELECT data FROM attachments WHERE secret = :secret
    UNION ALL SELECT data FROM example_attachments WHERE secret = :secret"""
_RUN: Final = "SELECT * FROM runs WHERE id = ?"


def open_info(call: ApiCall) -> ApiAnswer:
    """Say what this server is; the one question that needs no key."""
    return answered(_INFO)


def ingest_multipart(call: ApiCall) -> ApiAnswer:
    """Take runs, feedback and attachments."""
    return _ingest(call, ingest.from_parts(bodies.parts(call.body, call.content_type)))


def ingest_batch(call: ApiCall) -> ApiAnswer:
    """Take runs as one JSON document."""
    return _ingest(call, ingest.from_json(call.object()))


def ingest_spans(call: ApiCall) -> ApiAnswer:
    """Take spans of OpenTelemetry as runs."""
    batch = spans.batch_of(spans.request(call.body, call.content_type), call.project)
    with call.store.writing() as connection:
        spans.join(connection, batch)
        ingest.write(connection, batch)
    _warn(batch)
    return spans.answer(batch, call.content_type)


def create_run(call: ApiCall) -> ApiAnswer:
    """Take one run."""
    return _ingest(call, ingest.from_json({"post": [call.object()]}))


def update_run(call: ApiCall) -> ApiAnswer:
    """Take what is new about one run."""
    return _ingest(call, ingest.from_json({"patch": [call.object() | {"id": call.id()}]}), 200)


def _ingest(call: ApiCall, batch: ingest.RunBatch, status: int = 202) -> ApiAnswer:
    with call.store.writing() as connection:
        ingest.write(connection, batch)
        if batch.refused and not batch.feedback and not batch.runs.keys() - batch.refused.keys():
            raise next(iter(batch.refused.values()))
        feedback.write(connection, batch.feedback)
    refused = _warn(batch)
    said = {"message": "Runs batch ingested"} | ({"refused": refused} if refused else {})
    return answered(said, status)


def _warn(batch: ingest.RunBatch) -> dict[str, Any]:
    """Return why runs of a request were refused, by run, and say so in the log."""
    refused = {run: error.detail for run, error in batch.refused.items()}
    for run, reason in refused.items():
        logger.warning("run %s was refused, the others of its request are stored: %s", run, reason)
    return refused


def query_runs(call: ApiCall) -> ApiAnswer:
    """Answer a question for runs in the first API."""
    body, connection = call.object(), call.store.reading()
    rows, cursor = queries.page(connection, queries.from_v1(body))
    runs = shapes.v1(connection, rows, call.addresses, body.get("select"))
    return ApiAnswer(f'{{"runs":[{",".join(runs)}],"cursors":{{"next":{_quoted(cursor)}}}}}')


def query_runs_v2(call: ApiCall) -> ApiAnswer:
    """Answer a question for runs in the second API."""
    body, connection = call.object(), call.store.reading()
    rows, cursor = queries.page(connection, queries.from_v2(body, connection))
    rolled_up = body.get("include_subtree_usage") is True
    runs = shapes.v2(connection, rows, call.addresses, body.get("selects"), rolled_up=rolled_up)
    return ApiAnswer(f'{{"items":[{",".join(runs)}],"next_cursor":{_quoted(cursor)}}}')


def read_run(call: ApiCall) -> ApiAnswer:
    """Give one run in the first API."""
    connection = call.store.reading()
    return ApiAnswer(shapes.v1(connection, [_run(connection, call.id())], call.addresses)[0])


def read_run_v2(call: ApiCall) -> ApiAnswer:
    """Give one run of a project in the second API."""
    connection = call.store.reading()
    row = _run_of_project(connection, call)
    return ApiAnswer(shapes.v2(connection, [row], call.addresses, call.values("selects") or None, rolled_up=False)[0])


def run_url(call: ApiCall) -> ApiAnswer:
    """Give the address of a run's page."""
    row = _run_of_project(call.store.reading(), call)
    return answered(
        {
            "url": call.addresses.base
            + call.addresses.run_path(str(call.value("project_id")), row["id"], row["trace_id"])
        }
    )


def trace_runs(call: ApiCall) -> ApiAnswer:
    """Give all runs of a trace in the second API."""
    connection = call.store.reading()
    project = projects.read(connection, str(call.value("project_id")))
    where = (Sql("trace_id = ?", (call.id(),)), Sql("project = ?", (project["n"],)))
    rows, _ = queries.page(connection, queries.RunQuery(where, queries.MOST_V2, ascending=True))
    runs = shapes.v2(connection, rows, call.addresses, call.values("selects") or None, rolled_up=False)
    return ApiAnswer(f'{{"items":[{",".join(runs)}]}}')


def run_stats(call: ApiCall) -> ApiAnswer:
    """Give what the runs that a question asks for add up to."""
    return answered(stats(call.store.reading(), queries.where_v1(call.object())))


def create_feedback(call: ApiCall) -> ApiAnswer:
    """Take one feedback."""
    with call.store.writing() as connection:
        return answered(feedback.write(connection, [call.object()])[0])


def list_feedback(call: ApiCall) -> ApiAnswer:
    """Give a page of feedback."""
    limit, offset = call.window()
    found = feedback.found(
        call.store.reading(), runs=call.values("run"), keys=call.values("key"), sources=call.values("source"),
        projects=call.values("session"), limit=limit, offset=offset,
    )  # fmt: skip
    return ApiAnswer(f"[{','.join(found)}]")


def read_feedback(call: ApiCall) -> ApiAnswer:
    """Give one feedback."""
    return answered(feedback.read(call.store.reading(), call.id()))


def update_feedback(call: ApiCall) -> ApiAnswer:
    """Change one feedback."""
    with call.store.writing() as connection:
        return answered(feedback.update(connection, call.id(), call.object()))


def delete_feedback(call: ApiCall) -> ApiAnswer:
    """Delete one feedback."""
    with call.store.writing() as connection:
        feedback.delete(connection, call.id())
    return answered({})


def create_token(call: ApiCall) -> ApiAnswer:
    """Give an address at which whoever has it may give feedback on a run, without the key."""
    several = call.body.lstrip().startswith(b"[")
    with call.store.writing() as connection:
        made = [feedback.token(connection, one) for one in (call.objects() if several else [call.object()])]
    shown = [_token(call, *one) for one in made]
    return answered(shown if several else shown[0])


def list_tokens(call: ApiCall) -> ApiAnswer:
    """Give a page of a run's addresses for feedback."""
    limit, offset = call.window()
    select = "SELECT id, expires_at FROM feedback_tokens WHERE run_id = ? ORDER BY rowid LIMIT ? OFFSET ?"
    rows = call.store.reading().execute(select, [uuid(call.value("run_id"), "run_id"), limit, offset])
    return answered([_token(call, row["id"], row["expires_at"]) for row in rows])


def open_token(call: ApiCall) -> ApiAnswer:
    """Take feedback at such an address."""
    given = call.object() if call.body else dict(call.query)
    with call.store.writing() as connection:
        feedback.write_by_token(connection, call.id(), given)
    return answered({})


def _token(call: ApiCall, token: str, expires_at: int) -> dict[str, Any]:
    url = f"{call.addresses.base}/feedback/tokens/{token}"
    return {"id": token, "url": url, "expires_at": aware(expires_at)}


def create_config(call: ApiCall) -> ApiAnswer:
    """Say what a feedback key means."""
    with call.store.writing() as connection:
        return answered(configs.create(connection, call.object()))


def list_configs(call: ApiCall) -> ApiAnswer:
    """Give a page of what is said of feedback keys; nothing that was deleted is kept, and none is enforced."""
    limit, offset = call.window()
    if call.flag("is_enforced"):
        return answered([])
    found = configs.found(
        call.store.reading(), keys=call.values("key"), contains=call.value("name_contains"), limit=limit, offset=offset
    )
    return answered(found)


def update_config(call: ApiCall) -> ApiAnswer:
    """Change what is said of a feedback key."""
    with call.store.writing() as connection:
        return answered(configs.update(connection, call.object()))


def delete_config(call: ApiCall) -> ApiAnswer:
    """Say nothing more of a feedback key."""
    by_id = call.value("id")
    with call.store.writing() as connection:
        configs.delete(connection, "key" if by_id is None else "id", by_id or call.value("feedback_key") or "")
    return answered({})


def not_shared(call: ApiCall) -> ApiAnswer:
    """Say that something has no public address, or has none any more."""
    return answered(None)


def _refused(reason: str) -> Callable[[ApiCall], ApiAnswer]:
    """Return an endpoint for what this server does not do, which says why, also to who has no key."""

    def open_refusal(call: ApiCall) -> ApiAnswer:
        raise RefusalError(501, f"{reason}: this is a LangSmith on one machine")

    return open_refusal


def create_project(call: ApiCall) -> ApiAnswer:
    """Make a project."""
    with call.store.writing() as connection:
        return answered(projects.shown(projects.create(connection, call.object(), upsert=call.flag("upsert"))))


def list_projects(call: ApiCall) -> ApiAnswer:
    """Give a page of projects."""
    limit, offset = call.window()
    names = ("name", "name_contains", "reference_free", "metadata")
    wanted: dict[str, Any] = {name: call.value(name) for name in names}
    wanted |= {name: call.values(name) for name in ("id", "reference_dataset")}
    connection = call.store.reading()
    return answered([_project(call, connection, row) for row in projects.found(connection, wanted, limit, offset)])


def read_project(call: ApiCall) -> ApiAnswer:
    """Give one project."""
    connection = call.store.reading()
    return answered(_project(call, connection, projects.read(connection, call.id())))


def update_project(call: ApiCall) -> ApiAnswer:
    """Change a project."""
    with call.store.writing() as connection:
        return answered(projects.shown(projects.update(connection, call.id(), call.object())))


def delete_project(call: ApiCall) -> ApiAnswer:
    """Delete a project and its runs."""
    with call.store.writing() as connection:
        projects.delete(connection, call.id())
    return answered({})


def _project(call: ApiCall, connection: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    return projects.shown(row) | (of_project(connection, row) if call.flag("include_stats") else {})


def open_attachment(call: ApiCall) -> ApiAnswer:
    """Give an attachment to who knows its address; as a file, never as a page."""
    row = call.store.reading().execute(_ATTACHMENT, {"secret": call.path["secret"]}).fetchone()
    if row is None:
        raise RefusalError(404, "no attachment at this address")
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return ApiAnswer(row["data"], 200, "application/octet-stream", headers)


def settings(call: ApiCall) -> ApiAnswer:
    """Say which workspace this is."""
    return answered({"id": str(TENANT), "display_name": "local", "created_at": aware(0), "tenant_handle": None})


def _run(connection: sqlite3.Connection, run_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(_RUN, [run_id]).fetchone()
    if row is None:
        raise RefusalError(404, f"no run {run_id}")
    return row


def _run_of_project(connection: sqlite3.Connection, call: ApiCall) -> sqlite3.Row:
    if call.value("project_id") is None:
        raise RefusalError(422, "project_id is missing: a run is found by it")
    row = _run(connection, call.id())
    if row["project"] != projects.read(connection, str(call.value("project_id")))["n"]:
        raise RefusalError(404, f"no run {row['id']} in project {call.value('project_id')}")
    return row


def _quoted(text: str | None) -> str:
    return "null" if text is None else f'"{text}"'


_NOBODY: Final = "nothing is shared, as nobody else sees it"
_MODEL: Final = "insights and issues need a language model"
_FILES: Final = "agents and skills are folders of files, which are not kept here: push a prompt"

ROUTES: Final[tuple[tuple[str, str, Callable[[ApiCall], ApiAnswer]], ...]] = (
    ("GET", "/info", open_info),
    ("GET", "/settings", settings),
    ("POST", "/runs/multipart", ingest_multipart),
    ("POST", "/runs/batch", ingest_batch),
    ("POST", "/otel/v1/traces", ingest_spans),
    ("POST", "/traces", ingest_spans),  # where the endpoint is this server itself, without its path
    ("POST", "/runs", create_run),
    ("POST", "/runs/query", query_runs),
    ("POST", "/runs/stats", run_stats),
    ("GET", "/runs/{id}", read_run),
    ("PATCH", "/runs/{id}", update_run),
    ("POST", "/v2/runs/query", query_runs_v2),
    ("GET", "/v2/runs/{id}", read_run_v2),
    ("GET", "/v2/runs/{id}/url", run_url),
    ("GET", "/v2/traces/{id}/runs", trace_runs),
    ("POST", "/feedback", create_feedback),
    ("GET", "/feedback", list_feedback),
    ("POST", "/feedback/tokens", create_token),
    ("GET", "/feedback/tokens", list_tokens),
    ("GET", "/feedback/tokens/{id}", open_token),
    ("POST", "/feedback/tokens/{id}", open_token),
    ("GET", "/feedback/{id}", read_feedback),
    ("PATCH", "/feedback/{id}", update_feedback),
    ("DELETE", "/feedback/{id}", delete_feedback),
    ("POST", "/feedback-configs", create_config),
    ("GET", "/feedback-configs", list_configs),
    ("PATCH", "/feedback-configs", update_config),
    ("DELETE", "/feedback-configs", delete_config),
    ("POST", "/annotation-queues", queues_api.create_queue),
    ("GET", "/annotation-queues", queues_api.list_queues),
    ("GET", "/annotation-queues/{id}", queues_api.read_queue),
    ("PATCH", "/annotation-queues/{id}", queues_api.update_queue),
    ("DELETE", "/annotation-queues/{id}", queues_api.delete_queue),
    ("POST", "/annotation-queues/{id}/runs", queues_api.add_runs),
    ("POST", "/annotation-queues/{id}/runs/by-key", queues_api.add_runs),
    ("POST", "/annotation-queues/{id}/runs/delete", queues_api.delete_items),
    ("GET", "/annotation-queues/{id}/runs", queues_api.list_runs),
    ("DELETE", "/annotation-queues/{id}/runs/{run}", queues_api.delete_run),
    ("GET", "/annotation-queues/{id}/run/{index}", queues_api.read_run),
    ("GET", "/annotation-queues/{id}/size", queues_api.count_runs),
    ("GET", "/annotation-queues/{id}/total_size", queues_api.count_runs),
    ("POST", "/platform/annotation-queues/{id}/items", queues_api.add_items),
    ("GET", "/platform/annotation-queues/{id}/items", queues_api.list_items),
    ("POST", "/platform/annotation-queues/{id}/items/delete", queues_api.delete_items),
    ("GET", "/platform/annotation-queues/{id}/items/count", queues_api.count_runs),
    ("POST", "/sessions", create_project),
    ("GET", "/sessions", list_projects),
    ("GET", "/sessions/{id}", read_project),
    ("PATCH", "/sessions/{id}", update_project),
    ("DELETE", "/sessions/{id}", delete_project),
    ("POST", "/datasets", examples_api.create_dataset),
    ("GET", "/datasets", examples_api.list_datasets),
    ("POST", "/datasets/upload", examples_api.upload_csv),
    ("POST", "/datasets/comparative", examples_api.create_comparison),
    ("GET", "/datasets/{id}", examples_api.read_dataset),
    ("DELETE", "/datasets/{id}", examples_api.delete_dataset),
    ("GET", "/datasets/{id}/versions", examples_api.list_versions),
    ("GET", "/datasets/{id}/versions/diff", examples_api.diff_versions),
    ("GET", "/datasets/{id}/version", examples_api.read_version),
    ("PUT", "/datasets/{id}/tags", examples_api.tag_version),
    ("GET", "/datasets/{id}/splits", examples_api.list_splits),
    ("PUT", "/datasets/{id}/splits", examples_api.update_splits),
    ("POST", "/datasets/{id}/runs", examples_api.examples_with_runs),
    ("POST", "/v2/datasets/{id}/experiment-runs", examples_api.query_experiment_runs),
    ("POST", "/platform/datasets/examples/delete", examples_api.erase_examples),
    ("PATCH", "/platform/datasets/{id}/examples/metadata", examples_api.change_metadata),
    ("POST", "/platform/datasets/{id}/examples", examples_api.upload_examples),
    ("PATCH", "/platform/datasets/{id}/examples", examples_api.patch_examples),
    ("POST", "/examples/bulk", examples_api.create_examples),
    ("PATCH", "/examples/bulk", examples_api.update_examples),
    ("DELETE", "/examples", examples_api.delete_examples),
    ("POST", "/examples", examples_api.create_example),
    ("GET", "/examples", examples_api.list_examples),
    ("GET", "/examples/{id}", examples_api.read_example),
    ("PATCH", "/examples/{id}", examples_api.update_example),
    ("DELETE", "/examples/{id}", examples_api.delete_example),
    ("GET", "/attachments/{secret}", open_attachment),
    ("POST", "/repos/", prompts.create_prompt),
    ("GET", "/repos/", prompts.list_prompts),
    ("GET", "/repos/{owner}/{name}", prompts.read_prompt),
    ("PATCH", "/repos/{owner}/{name}", prompts.update_prompt),
    ("DELETE", "/repos/{owner}/{name}", prompts.delete_prompt),
    ("POST", "/repos/{owner}/{name}/tags", prompts.tag_commit),
    ("POST", "/likes/{owner}/{name}", prompts.like_prompt),
    ("POST", "/commits/{owner}/{name}", prompts.create_commit),
    ("GET", "/commits/{owner}/{name}", prompts.list_commits),
    ("GET", "/commits/{owner}/{name}/{commit}", prompts.read_commit),
    ("GET", "/runs/{id}/share", not_shared),
    ("DELETE", "/runs/{id}/share", not_shared),
    ("PUT", "/runs/{id}/share", _refused(_NOBODY)),
    ("DELETE", "/datasets/{id}/share", not_shared),
    ("GET", "/datasets/{id}/share", _refused(_NOBODY)),
    ("PUT", "/datasets/{id}/share", _refused(_NOBODY)),
    ("GET", "/datasets/{id}/openai_ft", _refused("examples are not turned into OpenAI's format of fine-tuning")),
    *(
        (method, f"/platform/hub/repos/{{owner}}/{{name}}/directories{tail}", _refused(_FILES))
        for method in ("GET", "POST", "DELETE")
        for tail in ("", "/commits")
    ),
    *((method, "/public/{path:path}", _refused(_NOBODY)) for method in ("GET", "POST")),
    *(
        (method, f"/sessions/{{id}}/insights{tail}", _refused(_MODEL))
        for method in ("GET", "POST")
        for tail in ("", "/{job}")
    ),
    ("GET", "/platform/issues", _refused(_MODEL)),
    ("GET", "/workspaces/current/secrets", _refused(_MODEL)),
    ("POST", "/workspaces/current/secrets", _refused(_MODEL)),
)
"""Method, path and handler; a handler whose name begins with ``open_`` needs no key."""
