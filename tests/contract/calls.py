"""A call of each method of LangSmith's client that works here, with what must come of it."""

from __future__ import annotations

import asyncio
import contextlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pandas
from langchain_core.prompts import ChatPromptTemplate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from langsmith import Client


def fresh(kind: str = "thing") -> str:
    """Return a name that nothing has yet."""
    return f"{kind}-{uuid4().hex[:12]}"


@dataclass
class World:
    """What a call finds on the server: a project with a run, an experiment, a dataset, a queue, a prompt."""

    client: Client
    folder: Path

    def __post_init__(self) -> None:
        client, self.now = self.client, datetime.now(UTC)
        self.project, self.run = fresh("project"), uuid4()
        client.create_run(
            "desk", {"q": "Where?"}, "chain", id=self.run, project_name=self.project, start_time=self.now,
            trace_id=self.run, dotted_order=f"{self.now:%Y%m%dT%H%M%S%fZ}{self.run}", outputs={"a": "There."},
            end_time=self.now, extra={"metadata": {"thread_id": "t1"}},
        )  # fmt: skip
        self.dataset = client.create_dataset(fresh("dataset"))
        made = client.create_examples(
            dataset_id=self.dataset.id,
            examples=[{"inputs": {"n": n}, "reference_outputs": {"square": n * n}, "split": "train"} for n in (2, 3)],
        )
        self.examples = made["example_ids"]
        self.feedback = client.create_feedback(self.run, "kind", score=1)
        self.token = client.create_presigned_feedback_token(self.run, "kind")
        self.queue = client.create_annotation_queue(name=fresh("queue"))
        client.flush()
        client.add_runs_to_annotation_queue(self.queue.id, run_ids=[self.run])
        client.create_feedback_config("topic", feedback_config=TOPIC)
        self.prompt = fresh("prompt")
        client.push_prompt(self.prompt, object=TEMPLATE)
        self.experiment = self.evaluated().experiment_name
        client.flush()

    def evaluated(self) -> Any:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return self.client.evaluate(square, data=self.dataset.name, evaluators=[right])

    def example(self) -> Any:
        """A new example of its own, for what changes one."""
        return self.client.create_example(inputs={"n": 4}, outputs={"square": 16}, dataset_id=self.dataset.id)

    def new_run(self) -> Any:
        run = uuid4()
        self.client.create_run("new", {}, "chain", id=run, project_name=self.project, start_time=self.now)
        self.client.flush()
        return run

    def version(self) -> Any:
        return self.client.read_dataset_version(dataset_id=self.dataset.id, tag="latest").as_of


def square(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"square": inputs["n"] ** 2}


def right(outputs: dict[str, Any], reference_outputs: dict[str, Any]) -> bool:
    return outputs == reference_outputs


TEMPLATE = ChatPromptTemplate.from_messages([("user", "{question}")])
TOPIC: Any = {
    "type": "categorical",
    "categories": [{"value": 0, "label": "bill"}, {"value": 1, "label": "parcel"}, {"value": 2, "label": "other"}],
}


def then(_: object, value: Any) -> Any:
    """Return what is looked at after a call whose own answer says nothing."""
    return value()


async def collected(found: Any) -> list[Any]:
    return [one async for one in found]


def quiet(call: Callable[[], Any]) -> Any:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return call()


def _run_dict(world: World) -> dict[str, Any]:
    run = uuid4()
    return {
        "id": run, "trace_id": run, "name": "one", "run_type": "chain", "inputs": {}, "session_name": world.project,
        "start_time": world.now, "dotted_order": f"{world.now:%Y%m%dT%H%M%S%fZ}{run}",
    }  # fmt: skip


def _ingested(world: World, send: Callable[[list[Any]], object]) -> Any:
    run = _run_dict(world)
    send([run])
    world.client.flush()
    return world.client.read_run(run["id"]).name == "one"


def _file(world: World) -> str:
    path = world.folder / f"{fresh('rows')}.csv"
    path.write_text("q,a\nWhere?,There.\n", encoding="utf-8")
    return str(path)


def _chosen(world: World) -> Any:
    """The project of an experiment."""
    return world.client.read_project(project_name=world.experiment)


CALLS: dict[str, Callable[[World], Any]] = {
    "add_feedback_categories": lambda w: "more" in str(
        w.client.add_feedback_categories("topic", [{"value": 7, "label": "more"}]).feedback_config
    ),
    "add_runs_to_annotation_queue": lambda w: then(
        w.client.add_runs_to_annotation_queue(w.queue.id, run_ids=[w.new_run()]),
        lambda: len(list(w.client.list_runs_from_annotation_queue(w.queue.id))) > 1,
    ),
    "aevaluate": lambda w: quiet(
        lambda: asyncio.run(w.client.aevaluate(_asquare, data=w.dataset.name, evaluators=[right]))
    ).experiment_name,
    "aevaluate_run": lambda w: asyncio.run(w.client.aevaluate_run(w.run, _Graded())).score == 1,
    "agent_exists": lambda w: not w.client.agent_exists(fresh()),
    "aread_project": lambda w: asyncio.run(w.client.aread_project(project_name=w.project)).name == w.project,
    "batch_ingest_runs": lambda w: _ingested(w, lambda runs: w.client.batch_ingest_runs(create=runs)),
    "cleanup": lambda w: then(_spare(w).cleanup(), lambda: True),
    "close": lambda w: then(_spare(w).close(), lambda: True),
    "create_annotation_queue": lambda w: w.client.create_annotation_queue(name=fresh("queue")).id,
    "create_chat_example": lambda w: w.client.create_chat_example(
        [{"type": "human", "data": {"content": "Hi"}}], dataset_id=w.dataset.id
    ).id,
    "create_commit": lambda w: w.client.create_commit(w.prompt, object=TEMPLATE + fresh()),
    "create_comparative_experiment": lambda w: w.client.create_comparative_experiment(
        fresh(), [_chosen(w).id, w.client.read_project(project_name=w.evaluated().experiment_name).id]
    ).experiments_info[1],
    "create_dataset": lambda w: w.client.create_dataset(fresh("dataset")).id,
    "create_example": lambda w: w.example().inputs == {"n": 4},
    "create_example_from_run": lambda w: (
        w.client.create_example_from_run(w.client.read_run(w.run), dataset_id=w.dataset.id).inputs == {"q": "Where?"}
    ),
    "create_examples": lambda w: w.client.create_examples(
        dataset_id=w.dataset.id, examples=[{"inputs": {"n": 9}, "attachments": {"note": ("text/plain", b"nine")}}]
    )["count"],
    "create_feedback": lambda w: w.client.create_feedback(w.run, "kind", score=0.5).id,
    "create_feedback_config": lambda w: w.client.create_feedback_config(fresh("key"), feedback_config=TOPIC).id,
    "create_feedback_from_token": lambda w: then(
        w.client.create_feedback_from_token(w.token.url, score=0.25),
        lambda: [one for one in w.client.list_feedback(run_ids=[w.run]) if one.score == 0.25],
    ),
    "create_llm_example": lambda w: w.client.create_llm_example("Hi", "Hello", dataset_id=w.dataset.id).id,
    "create_presigned_feedback_token": lambda w: w.client.create_presigned_feedback_token(w.run, "kind").url,
    "create_presigned_feedback_tokens": lambda w: (
        len(list(w.client.create_presigned_feedback_tokens(w.run, ["a", "b"]))) == 2
    ),
    "create_project": lambda w: w.client.create_project(fresh("project")).id,
    "create_prompt": lambda w: w.client.create_prompt(fresh("prompt")).id,
    "create_run": lambda w: w.client.read_run(w.new_run()).name == "new",
    "delete_annotation_queue": lambda w: then(
        w.client.delete_annotation_queue(made := w.client.create_annotation_queue(name=fresh()).id),
        lambda: not list(w.client.list_annotation_queues(queue_ids=[made])),
    ),
    "delete_dataset": lambda w: then(
        w.client.delete_dataset(dataset_name=(made := w.client.create_dataset(fresh()).name)),
        lambda: not w.client.has_dataset(dataset_name=made),
    ),
    "delete_example": lambda w: then(w.client.delete_example(made := w.example().id), lambda: _gone(w, made)),
    "delete_examples": lambda w: then(w.client.delete_examples([made := w.example().id]), lambda: _gone(w, made)),
    "delete_feedback": lambda w: then(
        w.client.delete_feedback(made := w.client.create_feedback(w.run, "gone", score=1).id),
        lambda: made not in [one.id for one in w.client.list_feedback(run_ids=[w.run])],
    ),
    "delete_feedback_config": lambda w: then(
        w.client.delete_feedback_config(w.client.create_feedback_config("gone", feedback_config=TOPIC).feedback_key),
        lambda: not list(w.client.list_feedback_configs(feedback_key=["gone"])),
    ),
    "delete_project": lambda w: then(
        w.client.delete_project(project_name=(made := w.client.create_project(fresh()).name)),
        lambda: not w.client.has_project(made),
    ),
    "delete_prompt": lambda w: then(
        w.client.delete_prompt(made := w.client.create_prompt(fresh("prompt")).repo_handle),
        lambda: w.client.get_prompt(made) is None,
    ),
    "delete_run_from_annotation_queue": lambda w: then(
        w.client.add_runs_to_annotation_queue(w.queue.id, run_ids=[made := w.new_run()]),
        lambda: then(
            w.client.delete_run_from_annotation_queue(w.queue.id, run_id=made),
            lambda: made not in [one.id for one in w.client.list_runs_from_annotation_queue(w.queue.id)],
        ),
    ),
    "diff_dataset_versions": lambda w: w.client.diff_dataset_versions(
        w.dataset.id, from_version=w.version(), to_version=then(w.example(), lambda: "latest")
    ).examples_added,
    "evaluate": lambda w: w.evaluated().experiment_name,
    "evaluate_run": lambda w: w.client.evaluate_run(w.run, _Graded()).score == 1,
    "flush": lambda w: then(w.client.flush(), lambda: True),
    "flush_compressed_traces": lambda w: then(w.client.flush_compressed_traces(), lambda: True),
    "get_experiment_results": lambda w: next(
        w.client.get_experiment_results(name=w.experiment)["examples_with_runs"]
    ).runs[0].outputs["square"],
    "get_prompt": lambda w: w.client.get_prompt(w.prompt).num_commits,
    "get_run_from_annotation_queue": lambda w: w.client.get_run_from_annotation_queue(w.queue.id, index=0).id == w.run,
    "get_run_stats": lambda w: w.client.get_run_stats(project_names=[w.project])["run_count"],
    "get_run_url": lambda w: str(w.run) in w.client.get_run_url(run=w.client.read_run(w.run), project_name=w.project),
    "get_test_results": lambda w: len(w.client.get_test_results(project_name=w.experiment)) > 1,
    "has_dataset": lambda w: w.client.has_dataset(dataset_name=w.dataset.name),
    "has_project": lambda w: w.client.has_project(w.project),
    "like_prompt": lambda w: w.client.like_prompt(w.prompt)["likes"] == 1,
    "list_agents": lambda w: not w.client.list_agents().repos,
    "list_annotation_queues": lambda w: list(w.client.list_annotation_queues(name=w.queue.name)),
    "list_dataset_splits": lambda w: "train" in w.client.list_dataset_splits(dataset_id=w.dataset.id),
    "list_dataset_versions": lambda w: (
        next(w.client.list_dataset_versions(dataset_id=w.dataset.id)).tags == ["latest"]
    ),
    "list_datasets": lambda w: list(w.client.list_datasets(dataset_ids=[w.dataset.id])),
    "list_examples": lambda w: not list(
        w.client.list_examples(dataset_id=w.dataset.id, filter='exists(metadata, "x")')
    ),
    "list_feedback": lambda w: list(w.client.list_feedback(run_ids=[w.run])),
    "list_feedback_configs": lambda w: list(w.client.list_feedback_configs(feedback_key=["topic"])),
    "list_presigned_feedback_tokens": lambda w: list(w.client.list_presigned_feedback_tokens(w.run)),
    "list_projects": lambda w: list(w.client.list_projects(name=w.project)),
    "list_prompt_commits": lambda w: list(w.client.list_prompt_commits(w.prompt)),
    "list_prompts": lambda w: w.client.list_prompts(query=w.prompt).repos,
    "list_runs": lambda w: list(w.client.list_runs(project_name=w.project, execution_order=1)),
    "list_runs_from_annotation_queue": lambda w: list(w.client.list_runs_from_annotation_queue(w.queue.id)),
    "list_skills": lambda w: not w.client.list_skills().repos,
    "list_threads": lambda w: w.client.list_threads(project_name=w.project)[0]["thread_id"] == "t1",
    "multipart_ingest": lambda w: _ingested(w, lambda runs: w.client.multipart_ingest(create=runs)),
    "pull_prompt": lambda w: w.client.pull_prompt(w.prompt, skip_cache=True).input_variables,
    "pull_prompt_commit": lambda w: w.client.pull_prompt_commit(w.prompt, skip_cache=True).commit_hash,
    "push_prompt": lambda w: w.client.push_prompt(fresh("prompt"), object=TEMPLATE),
    "read_annotation_queue": lambda w: w.client.read_annotation_queue(w.queue.id).name == w.queue.name,
    "read_dataset": lambda w: w.client.read_dataset(dataset_id=w.dataset.id).example_count,
    "read_dataset_version": lambda w: w.version(),
    "read_example": lambda w: w.client.read_example(w.examples[0]).inputs == {"n": 2},
    "read_feedback": lambda w: w.client.read_feedback(w.feedback.id).score == 1,
    "read_project": lambda w: w.client.read_project(project_name=w.project).name == w.project,
    "read_run": lambda w: w.client.read_run(w.run).outputs == {"a": "There."},
    "read_run_shared_link": lambda w: w.client.read_run_shared_link(w.run) is None,
    "read_thread": lambda w: list(w.client.read_thread(thread_id="t1", project_name=w.project)),
    "remove_feedback_categories": lambda w: (
        [2] not in w.client.remove_feedback_categories("topic", [2]).feedback_config["categories"]
    ),
    "request_with_retries": lambda w: w.client.request_with_retries("GET", "/info").json()["version"],
    "run_is_shared": lambda w: not w.client.run_is_shared(w.run),
    "skill_exists": lambda w: not w.client.skill_exists(fresh()),
    "unlike_prompt": lambda w: w.client.unlike_prompt(w.prompt)["likes"] == 0,
    "unshare_dataset": lambda w: then(w.client.unshare_dataset(w.dataset.id), lambda: True),
    "unshare_run": lambda w: then(w.client.unshare_run(w.run), lambda: True),
    "update_annotation_queue": lambda w: then(
        w.client.update_annotation_queue(w.queue.id, rubric_instructions="Read it."),
        lambda: w.client.read_annotation_queue(w.queue.id).rubric_instructions == "Read it.",
    ),
    "update_dataset_splits": lambda w: then(
        w.client.update_dataset_splits(dataset_id=w.dataset.id, split_name="hard", example_ids=w.examples),
        lambda: len(list(w.client.list_examples(dataset_id=w.dataset.id, splits=["hard"]))) == 2,
    ),
    "update_dataset_tag": lambda w: then(
        w.client.update_dataset_tag(dataset_id=w.dataset.id, as_of=w.version(), tag="prod"),
        lambda: w.client.read_dataset_version(dataset_id=w.dataset.id, tag="prod").tags,
    ),
    "update_example": lambda w: then(
        w.client.update_example(made := w.example().id, inputs={"n": 5}),
        lambda: w.client.read_example(made).inputs == {"n": 5},
    ),
    "update_examples": lambda w: then(
        w.client.update_examples(
            dataset_id=w.dataset.id, updates=[{"id": (made := w.example().id), "outputs": {"s": 1}}]
        ),
        lambda: w.client.read_example(made).outputs == {"s": 1},
    ),
    "update_examples_multipart": lambda w: w.client.update_examples_multipart(
        dataset_id=w.dataset.id, updates=[_update(w)]
    )["count"],
    "update_feedback": lambda w: then(
        w.client.update_feedback(w.feedback.id, comment="so"),
        lambda: w.client.read_feedback(w.feedback.id).comment == "so",
    ),
    "update_feedback_config": lambda w: (
        w.client.update_feedback_config("topic", is_lower_score_better=True).is_lower_score_better
    ),
    "update_project": lambda w: w.client.update_project(_chosen(w).id, description="d").description == "d",
    "update_prompt": lambda w: then(
        w.client.update_prompt(w.prompt, description="d"), lambda: w.client.get_prompt(w.prompt).description == "d"
    ),
    "update_run": lambda w: then(
        (w.client.update_run(w.run, tags=["seen"]), w.client.flush()), lambda: w.client.read_run(w.run).tags == ["seen"]
    ),
    "upload_csv": lambda w: w.client.upload_csv(_file(w), input_keys=["q"], output_keys=["a"], name=fresh()).id,
    "upload_dataframe": lambda w: w.client.upload_dataframe(
        pandas.DataFrame({"q": ["Where?"], "a": ["There."]}), fresh(), input_keys=["q"], output_keys=["a"]
    ).id,
    "upload_examples_multipart": lambda w: w.client.upload_examples_multipart(
        dataset_id=w.dataset.id, uploads=[_upload()]
    )["count"],
}  # fmt: skip
"""Each gives something true."""

_NEVER = str(uuid4())
REFUSED: dict[str, Callable[[World], Any]] = {
    "clone_public_dataset": lambda w: w.client.clone_public_dataset(_NEVER),
    "create_feedback_formula": lambda w: w.client.create_feedback_formula(
        feedback_key="k", aggregation_type="sum", formula_parts=[]
    ),
    "delete_agent": lambda w: w.client.delete_agent("x"),
    "delete_feedback_formula": lambda w: w.client.delete_feedback_formula(_NEVER),
    "delete_skill": lambda w: w.client.delete_skill("x"),
    "generate_insights": lambda w: w.client.generate_insights(
        chat_histories=[[{"role": "user", "content": "Hi"}]], openai_api_key="none"
    ),
    "get_feedback_formula_by_id": lambda w: w.client.get_feedback_formula_by_id(_NEVER),
    "get_insights_report": lambda w: w.client.get_insights_report(id=_NEVER, project_id=_chosen(w).id),
    "list_feedback_formulas": lambda w: list(w.client.list_feedback_formulas()),
    "list_project_issues": lambda w: w.client.list_project_issues(w.project),
    "list_shared_examples": lambda w: list(w.client.list_shared_examples(_NEVER)),
    "list_shared_projects": lambda w: list(w.client.list_shared_projects(dataset_share_token=_NEVER)),
    "list_shared_runs": lambda w: list(w.client.list_shared_runs(_NEVER)),
    "poll_insights": lambda w: w.client.poll_insights(id=_NEVER, project_id=_chosen(w).id, rate=1, timeout=5),
    "pull_agent": lambda w: w.client.pull_agent("x"),
    "pull_skill": lambda w: w.client.pull_skill("x"),
    "push_agent": lambda w: w.client.push_agent("x", files={}),
    "push_skill": lambda w: w.client.push_skill("x", files={}),
    "read_dataset_openai_finetuning": lambda w: w.client.read_dataset_openai_finetuning(dataset_id=w.dataset.id),
    "read_dataset_shared_schema": lambda w: w.client.read_dataset_shared_schema(w.dataset.id),
    "read_shared_dataset": lambda w: w.client.read_shared_dataset(_NEVER),
    "read_shared_run": lambda w: w.client.read_shared_run(_NEVER),
    "share_dataset": lambda w: w.client.share_dataset(w.dataset.id),
    "share_run": lambda w: w.client.share_run(w.run),
    "update_feedback_formula": lambda w: w.client.update_feedback_formula(
        _NEVER, feedback_key="k", aggregation_type="sum", formula_parts=[]
    ),
    "upsert_examples_multipart": lambda w: w.client.upsert_examples_multipart(upserts=[]),
}
"""Each raises an error that says why."""

RESOURCES: dict[str, Callable[[World, Any], Any]] = {
    "annotation_queues.annotation_queues": lambda w, at: at(name=fresh("queue")),
    "annotation_queues.delete": lambda w, at: at(str(w.client.create_annotation_queue(name=fresh()).id)),
    "annotation_queues.items.create": lambda w, at: at(
        str(w.queue.id), items=[{"item_type": "RUN", "run_id": str(w.run)}]
    ),
    "annotation_queues.items.delete_all": lambda w, at: at(str(w.queue.id), item_ids=[_queued(w)]),
    "annotation_queues.items.list": lambda w, at: at(str(w.queue.id), status="needs_my_review"),
    "annotation_queues.items.retrieve_count": lambda w, at: at(str(w.queue.id), status="needs_my_review"),
    "annotation_queues.retrieve": lambda w, at: at(str(w.queue.id)),
    "annotation_queues.retrieve_annotation_queues": lambda w, at: at(),
    "annotation_queues.retrieve_run": lambda w, at: at(0, queue_id=str(w.queue.id)),
    "annotation_queues.retrieve_size": lambda w, at: at(str(w.queue.id)),
    "annotation_queues.retrieve_total_size": lambda w, at: at(str(w.queue.id)),
    "annotation_queues.runs.create": lambda w, at: at(str(w.queue.id), body=[str(w.run)]),
    "annotation_queues.runs.create_by_key": lambda w, at: at(
        str(w.queue.id),
        body=[{"run_id": str(w.run), "session_id": _NEVER, "start_time": w.now.isoformat()}],
    ),
    "annotation_queues.runs.delete_all": lambda w, at: at(str(w.queue.id), run_ids=[_queued(w)]),
    "annotation_queues.runs.delete_queue": lambda w, at: at(_queued(w), queue_id=str(w.queue.id)),
    "annotation_queues.runs.list": lambda w, at: at(str(w.queue.id)),
    "annotation_queues.update": lambda w, at: at(str(w.queue.id), name=fresh("queue")),
    "datasets.examples.update_metadata": lambda w, at: at(
        str(w.dataset.id), example_ids=w.examples, operations=[{"key": "k", "operation": "SET", "value": 1}]
    ),
    "datasets.experiment_runs.query": lambda w, at: at(str(w.dataset.id), experiment_ids=[str(_chosen(w).id)]),
    "runs.get_url": lambda w, at: at(
        str(w.run), project_id=_project(w), start_time=w.now.isoformat(), trace_id=str(w.run)
    ),
    "runs.query": lambda w, at: at(project_ids=[_project(w)]),
    "runs.query_v2": lambda w, at: at(project_ids=[_project(w)]),
    "runs.retrieve": lambda w, at: at(str(w.run), project_id=_project(w), start_time=w.now.isoformat()),
    "runs.retrieve_v2": lambda w, at: at(str(w.run), project_id=_project(w), start_time=w.now.isoformat()),
    "runs.streaming.query_v2": lambda w, at: at(project_ids=[_project(w)]),
    "runs.streaming.query_v2_items": lambda w, at: at(project_ids=[_project(w)]),
    "sessions.create": lambda w, at: at(name=fresh("project")),
    "sessions.delete": lambda w, at: at(str(w.client.create_project(fresh("project")).id)),
    "sessions.retrieve": lambda w, at: at(_project(w)),
    "sessions.update": lambda w, at: at(_project(w), description="d"),
    "traces.list_runs": lambda w, at: at(str(w.run), project_id=_project(w)),
}
"""Each is called and awaited, or gone through."""


class _Graded:
    """An evaluator in the form that the client takes one."""

    def evaluate_run(self, run: Any, example: Any = None, evaluator_run_id: Any = None) -> Any:
        from langsmith.evaluation import EvaluationResult

        return EvaluationResult(key="graded", score=1)

    async def aevaluate_run(self, run: Any, example: Any = None, evaluator_run_id: Any = None) -> Any:
        return self.evaluate_run(run)


async def _asquare(inputs: dict[str, Any]) -> dict[str, Any]:
    return square(inputs)


def _spare(world: World) -> Client:
    return type(world.client)(api_url=world.client.api_url, api_key=world.client.api_key)


def _gone(world: World, example: Any) -> bool:
    return example not in [one.id for one in world.client.list_examples(dataset_id=world.dataset.id)]


def _update(world: World) -> Any:
    from langsmith.schemas import ExampleUpdate

    return ExampleUpdate(id=world.example().id, inputs={"n": 6})


def _upload() -> Any:
    from langsmith.schemas import ExampleCreate

    return ExampleCreate(inputs={"n": 7})


def _queued(world: World) -> str:
    run = world.new_run()
    world.client.add_runs_to_annotation_queue(world.queue.id, run_ids=[run])
    return str(run)


def _project(world: World) -> str:
    return str(world.client.read_project(project_name=world.project).id)


def resources(client: Any) -> dict[str, Any]:
    """Return the methods of the client's newer half by their names after the client's own."""
    found: dict[str, Any] = {}
    waiting = [(name, getattr(client, name)) for name in PARTS]
    while waiting:
        path, part = waiting.pop()
        for name in dir(type(part)):
            if not name.startswith(("_", "with_")):
                value = getattr(part, name)
                inner = type(value).__module__.startswith("langsmith.resources")
                (waiting.append if inner else lambda pair: found.update([pair]))((f"{path}.{name}", value))
    return dict(sorted(found.items()))


PARTS = (
    "agents", "annotation_queues", "datasets", "evaluators", "public", "runs", "sandboxes", "sessions", "threads",
    "traces",
)  # fmt: skip
