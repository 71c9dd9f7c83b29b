"""Datasets, examples and experiments, through the SDK's own functions."""

from __future__ import annotations

import asyncio
import contextlib
import io

import pytest
from contract.fresh import environment, run
from langsmith.utils import LangSmithConflictError, LangSmithNotFoundError

# The SDK warns its own evaluation of arguments that it passes itself.
pytestmark = pytest.mark.filterwarnings("ignore:The following arguments are no longer used:DeprecationWarning")


@pytest.fixture
def dataset(client, request):
    made = client.create_dataset(request.node.name, description="sums")
    client.create_examples(dataset_id=made.id, examples=[
        {"inputs": {"n": n}, "reference_outputs": {"square": n * n}, "metadata": {"odd": n % 2 == 1},
         "split": ["train"] if n < 4 else ["test"]}
        for n in range(6)
    ])  # fmt: skip
    return made


def test_examples_are_listed_in_order_by_split_and_by_metadata(client, dataset):
    def numbers(**asked):
        return [one.inputs["n"] for one in client.list_examples(dataset_id=dataset.id, **asked)]

    assert numbers() == list(range(6))
    assert numbers(splits=["test"]) == [4, 5]
    assert numbers(metadata={"odd": True}) == [1, 3, 5]
    assert numbers(offset=2, limit=3) == [2, 3, 4]
    assert client.read_dataset(dataset_name=dataset.name).example_count == 6


def test_a_dataset_can_be_read_as_it_was(client, dataset):
    first, second, *_ = client.list_examples(dataset_id=dataset.id)
    before = client.read_dataset(dataset_id=dataset.id).modified_at
    client.update_example(first.id, outputs={"square": "nil"})
    client.delete_example(second.id)
    client.create_examples(dataset_id=dataset.id, examples=[{"inputs": {"n": 9}, "reference_outputs": {"square": 81}}])
    now = [(one.inputs["n"], one.outputs["square"]) for one in client.list_examples(dataset_id=dataset.id)]
    then = [
        (one.inputs["n"], one.outputs["square"]) for one in client.list_examples(dataset_id=dataset.id, as_of=before)
    ]
    assert now == [(0, "nil"), (2, 4), (3, 9), (4, 16), (5, 25), (9, 81)]
    assert then == [(n, n * n) for n in range(6)]
    with pytest.raises(LangSmithNotFoundError):
        client.read_example(second.id)


def test_a_name_is_taken_once_and_free_after_deletion(client, dataset):
    with pytest.raises(LangSmithConflictError):
        client.create_dataset(dataset.name)
    client.delete_dataset(dataset_name=dataset.name)
    assert not client.has_dataset(dataset_name=dataset.name)


def square(inputs):
    return {"square": inputs["n"] ** 2 if inputs["n"] != 3 else 10}


def right(outputs, reference_outputs):
    return outputs["square"] == reference_outputs["square"]


def share(outputs, reference_outputs):
    pairs = zip(outputs, reference_outputs, strict=True)
    return {"key": "share", "score": sum(right(one, other) for one, other in pairs) / len(outputs)}


def quietly(call, *arguments, **options):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return call(*arguments, **options)


def test_an_experiment_keeps_runs_scores_and_the_version_of_its_dataset(client, dataset):
    results = quietly(client.evaluate, square, data=dataset.name, evaluators=[right], summary_evaluators=[share])
    assert len(list(results)) == 6
    client.flush()
    project = client.read_project(project_name=results.experiment_name, include_stats=True)
    assert (project.run_count, project.reference_dataset_id) == (6, dataset.id)
    assert project.feedback_stats["right"]["avg"] == pytest.approx(5 / 6)
    assert project.session_feedback_stats["share"]["avg"] == pytest.approx(5 / 6, abs=1e-4)  # the SDK rounds it
    assert project.metadata["dataset_version"]
    again = quietly(client.evaluate, square, data=dataset.name, experiment_prefix=results.experiment_name)
    assert again.experiment_name != results.experiment_name


def test_an_experiment_can_be_scored_again_later(client, dataset):
    def size(outputs):
        return len(str(outputs["square"]))

    results = quietly(client.evaluate, square, data=dataset.name, evaluators=[right])
    client.flush()
    later = quietly(client.evaluate, results.experiment_name, evaluators=[size])
    assert sorted(row["evaluation_results"]["results"][0].score for row in later) == [1, 1, 1, 2, 2, 2]
    client.flush()
    stats = client.read_project(project_name=results.experiment_name, include_stats=True).feedback_stats
    assert {key: one["n"] for key, one in stats.items()} == {"right": 6, "size": 6}


def test_async_functions_are_evaluated_too_and_repeated(client, dataset):
    async def target(inputs):
        await asyncio.sleep(0)
        return square(inputs)

    async def evaluate():
        results = await client.aevaluate(target, data=dataset.name, evaluators=[right], num_repetitions=2)
        return results.experiment_name, [row async for row in results]

    name, rows = quietly(asyncio.run, evaluate())
    client.flush()
    assert len(rows) == 12
    assert client.read_project(project_name=name, include_stats=True).feedback_stats["right"]["n"] == 12


ALONE = """
import json
from langsmith import Client, evaluate
client = Client()
made = client.create_dataset("alone")
client.create_example(inputs={"n": 2}, outputs={"square": 4}, dataset_id=made.id)
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    results = evaluate(lambda inputs: {"square": 4}, data="alone", client=client,
        evaluators=[lambda outputs, reference_outputs: {"key": "right", "score": outputs == reference_outputs}])
print(json.dumps([row["evaluation_results"]["results"][0].score for row in results]))
"""


def test_a_fresh_process_evaluates_by_its_environment_alone(server):
    assert run(ALONE, environment(server, "alone")) == [True]
