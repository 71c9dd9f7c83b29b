"""Versions, splits, attachments and schemas of datasets, and experiments side by side, by LangSmith's own client."""

from __future__ import annotations

import contextlib
import io
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import requests
from langsmith.evaluation import evaluate_comparative
from langsmith.schemas import AttachmentsOperations, DataType, ExampleCreate, ExampleUpdate
from langsmith.utils import LangSmithConflictError, LangSmithError, LangSmithNotFoundError

pytestmark = [
    pytest.mark.filterwarnings("ignore::langsmith._internal._beta_decorator.LangSmithDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The following arguments are no longer used:DeprecationWarning"),
]
NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.fixture
def dataset(client):
    return client.create_dataset(f"sums-{uuid4()}")


def add(client, dataset, *numbers, **said):
    examples = [{"inputs": {"n": n}, "reference_outputs": {"square": n * n}, **said} for n in numbers]
    return client.create_examples(dataset_id=dataset.id, examples=examples)["example_ids"]


def numbers(client, dataset, **asked):
    return [one.inputs["n"] for one in client.list_examples(dataset_id=dataset.id, **asked)]


def latest(client, dataset):
    return client.read_dataset_version(dataset_id=dataset.id, tag="latest").as_of


def test_a_tag_is_the_dataset_as_it_was_when_it_was_tagged_until_it_is_moved(client, dataset):
    one, two = add(client, dataset, 1, 2)
    first = latest(client, dataset)
    client.update_dataset_tag(dataset_id=dataset.id, as_of=first, tag="prod")
    add(client, dataset, 3)
    client.update_example(one, inputs={"n": 10})
    client.delete_example(two)
    assert numbers(client, dataset) == [10, 3]
    assert numbers(client, dataset, as_of="prod") == numbers(client, dataset, as_of=first) == [1, 2]
    kept = list(client.list_dataset_versions(dataset_id=dataset.id))
    assert [version.tags for version in kept] == [["latest"], [], [], ["prod"]]
    assert [version.as_of for version in kept] == sorted((version.as_of for version in kept), reverse=True)
    assert kept[-1].as_of == first
    client.update_dataset_tag(dataset_id=dataset.id, as_of=kept[1].as_of, tag="prod")
    assert numbers(client, dataset, as_of="prod") == [10, 2, 3]


def test_two_versions_differ_by_what_was_added_changed_and_taken_out(client, dataset):
    changed, gone, same = add(client, dataset, 1, 2, 3)
    before = latest(client, dataset)
    (new,) = add(client, dataset, 4)
    client.update_example(changed, inputs={"n": 5})
    client.delete_example(gone)
    there = client.diff_dataset_versions(dataset.id, from_version=before, to_version="latest")
    back = client.diff_dataset_versions(dataset.id, from_version="latest", to_version=before)
    for found, added, removed in ((there, new, gone), (back, gone, new)):
        sides = (found.examples_added, found.examples_modified, found.examples_removed)
        assert [[str(one) for one in side] for side in sides] == [[added], [changed], [removed]]
    assert same not in str(there)


def test_a_version_that_is_none_is_refused(client, dataset):
    add(client, dataset, 1)
    at = latest(client, dataset)
    with pytest.raises(LangSmithNotFoundError, match="no version of exactly"):
        client.update_dataset_tag(dataset_id=dataset.id, as_of=at + timedelta(microseconds=1), tag="prod")
    with pytest.raises(LangSmithError, match="is always the last one"):
        client.update_dataset_tag(dataset_id=dataset.id, as_of=at, tag="latest")
    with pytest.raises(LangSmithNotFoundError, match="have a version called so"):
        numbers(client, dataset, as_of="staging")
    with pytest.raises(LangSmithNotFoundError, match="as early as"):
        client.read_dataset_version(dataset_id=dataset.id, as_of=at - timedelta(days=1))
    assert client.read_dataset_version(dataset_id=dataset.id, as_of=at + timedelta(days=1)).as_of == at


def test_examples_are_put_into_splits_and_taken_out(client, dataset):
    ids = add(client, dataset, 1, 2, 3, split=["train"])
    before = latest(client, dataset)
    client.update_dataset_splits(dataset_id=dataset.id, split_name="hard", example_ids=ids[:2])
    client.update_dataset_splits(dataset_id=dataset.id, split_name="train", example_ids=ids[:1], remove=True)
    assert client.list_dataset_splits(dataset_id=dataset.id) == ["hard", "train"]
    assert client.list_dataset_splits(dataset_id=dataset.id, as_of=before) == ["train"]
    assert (numbers(client, dataset, splits=["hard"]), numbers(client, dataset, splits=["train"])) == ([1, 2], [2, 3])


def test_attachments_stay_are_renamed_or_replaced_and_an_earlier_version_keeps_its_own(client, dataset):
    example = ExampleCreate(inputs={}, attachments={"a.txt": ("text/plain", b"A"), "b": ("image/png", b"B\r\n--B")})
    client.create_examples(dataset_id=dataset.id, examples=[example])
    before = latest(client, dataset)
    (one,) = client.list_examples(dataset_id=dataset.id)
    assert not one.attachments

    def held(**asked):
        found = client.read_example(one.id, **asked).attachments
        return {name: (said["mime_type"], said["reader"].read()) for name, said in found.items()}

    def change(**changes):
        client.update_examples(dataset_id=dataset.id, updates=[ExampleUpdate(id=one.id, **changes)])

    whole = {"a.txt": ("text/plain", b"A"), "b": ("image/png", b"B\r\n--B")}
    assert held() == whole
    change(inputs={"n": 1})
    assert held() == whole
    change(attachments_operations=AttachmentsOperations(rename={"b": "c"}), attachments={"d": ("text/csv", b"D")})
    assert held() == {"c": ("image/png", b"B\r\n--B"), "d": ("text/csv", b"D")}
    change(attachments={"e": ("text/plain", b"E")})
    assert held() == {"e": ("text/plain", b"E")}
    assert held(as_of=before) == whole
    with pytest.raises(LangSmithError, match="there is no attachment"):
        change(attachments_operations=AttachmentsOperations(retain=["nothing"]))
    (listed,) = client.list_examples(dataset_id=dataset.id, include_attachments=True)
    assert listed.attachments["e"]["reader"].read() == b"E"


def test_what_is_deleted_for_good_is_in_no_version_and_at_no_address(client, server, dataset):
    made = ExampleCreate(inputs={"n": 1}, attachments={"a": ("text/plain", b"A")})
    (kept,) = add(client, dataset, 2)
    (gone,) = client.create_examples(dataset_id=dataset.id, examples=[made])["example_ids"]
    version = latest(client, dataset)
    address = client.read_example(gone).attachments["a"]["presigned_url"]
    assert httpx.get(address).content == b"A"
    client.delete_examples([gone], hard_delete=True)
    assert (numbers(client, dataset, as_of=version), httpx.get(address).status_code) == ([2], 404)
    with pytest.raises(requests.HTTPError, match="404"):
        client.delete_examples([kept, gone], hard_delete=True)
    assert numbers(client, dataset) == [2]


def test_a_schema_is_held_to_every_example_that_comes_or_changes(client):
    square = {"type": "object", "properties": {"square": {"type": "integer"}}}
    made = client.create_dataset(f"strict-{uuid4()}", inputs_schema=NUMBER, outputs_schema=square)
    assert (made.inputs_schema, made.outputs_schema) == (NUMBER, square)
    (one,) = add(client, made, 3)
    with pytest.raises(LangSmithError, match="is not of type"):
        client.create_example(inputs={"n": "many"}, dataset_id=made.id)
    with pytest.raises(LangSmithError, match="is a required property"):
        client.update_example(one, inputs={"m": 1})
    with pytest.raises(LangSmithError, match="outputs of example"):
        client.update_examples(dataset_id=made.id, updates=[{"id": one, "outputs": {"square": "nine"}}])
    client.create_example(inputs={"n": 4}, dataset_id=made.id)
    assert numbers(client, made) == [3, 4]


def test_a_schema_that_is_none_or_lies_elsewhere_is_refused(client, server):
    with pytest.raises(LangSmithError, match="no JSON Schema"):
        client.create_dataset(f"bad-{uuid4()}", inputs_schema={"type": "objct"})
    far = client.create_dataset(f"far-{uuid4()}", inputs_schema={"$ref": f"{server.url}/info"})
    with pytest.raises(LangSmithError, match="which it does not have"):
        client.create_example(inputs={"n": 1}, dataset_id=far.id)


def test_datasets_are_found_by_metadata_and_kind_and_what_cannot_be_kept_is_refused(client):
    mark = str(uuid4())
    chat = client.create_dataset(f"chat-{mark}", data_type=DataType.chat, metadata={"mark": mark, "team": "desk"})
    other = client.create_dataset(f"kv-{mark}", metadata={"mark": mark})

    def found(**asked):
        return {one.id for one in client.list_datasets(**asked)}

    assert found(metadata={"mark": mark}) == {chat.id, other.id}
    assert (
        found(metadata={"mark": mark, "team": "desk"}) == found(metadata={"mark": mark}, data_type="chat") == {chat.id}
    )
    assert found(metadata={"mark": "another"}) == set()
    with pytest.raises(LangSmithError, match="transformations: examples are kept as they come"):
        client.create_dataset(
            f"t-{mark}", transformations=[{"path": ["inputs"], "transformation_type": "remove_extra_fields"}]
        )
    with pytest.raises(LangSmithError, match="tag_value_ids"):
        client.create_dataset(f"t-{mark}", tag_value_ids=[uuid4()])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('exists(metadata, "kind")', [1, 2]),
        ('has(metadata, \'{"kind": "a"}\')', [1]),
        ('not(exists(metadata, "kind"))', [3]),
        ('or(has("metadata", \'{"kind": "b"}\'), not(exists(metadata, "kind")))', [2, 3]),
        ('and(exists(metadata, "kind"), not(has(metadata, \'{"kind": "a"}\')))', [2]),
    ],
)
def test_examples_are_found_by_a_filter_on_their_metadata(client, dataset, text, expected):
    add(client, dataset, 1, metadata={"kind": "a"})
    add(client, dataset, 2, metadata={"kind": "b"})
    add(client, dataset, 3)
    assert numbers(client, dataset, filter=text) == expected


def test_a_filter_that_examples_do_not_know_is_refused(client, dataset):
    with pytest.raises(LangSmithError, match="cannot be asked of examples"):
        numbers(client, dataset, filter='eq(name, "x")')


def test_fields_of_examples_are_those_asked_for(client, dataset):
    add(client, dataset, 2)
    (lean,) = client.list_examples(dataset_id=dataset.id, select=["outputs"], exclude_default_fields=True)
    assert (lean.outputs, lean.inputs, lean.metadata) == ({"square": 4}, None, None)
    (usual,) = client.list_examples(dataset_id=dataset.id, select=["metadata"])
    assert (usual.inputs, usual.outputs) == ({"n": 2}, None)
    with pytest.raises(LangSmithError, match="nonsense is none of"):
        list(client.list_examples(dataset_id=dataset.id, select=["nonsense"]))


def test_examples_of_another_dataset_are_not_changed_by_the_way(client, dataset):
    other = client.create_dataset(f"other-{uuid4()}")
    mine, theirs = add(client, dataset, 1), add(client, other, 2)
    updates = [{"id": mine[0], "inputs": {"n": 7}}, {"id": theirs[0], "inputs": {"n": 8}}]
    with pytest.raises(LangSmithConflictError):
        client.update_examples(dataset_id=dataset.id, updates=updates)
    assert (numbers(client, dataset), numbers(client, other)) == ([1], [2])


def experiment(client, dataset, target):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        made = client.evaluate(target, data=dataset.name, evaluators=[right])
    client.flush()
    return made.experiment_name


def right(outputs, reference_outputs):
    return outputs == reference_outputs


def larger(runs, example):
    """Prefer the larger answer, which is the wrong one of the two below."""
    first, second = (run.outputs["square"] for run in runs)
    return {"key": "larger", "scores": {runs[0].id: int(first > second), runs[1].id: int(second > first)}}


@pytest.fixture
def two(client, dataset):
    add(client, dataset, 2, 3, 5)
    good = experiment(client, dataset, lambda inputs: {"square": inputs["n"] ** 2})
    return good, experiment(client, dataset, lambda inputs: {"square": inputs["n"] ** 3})


def test_two_experiments_are_compared_run_by_run(client, dataset, two):
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()):
        results = evaluate_comparative(two, [larger], client=client)
    client.flush()
    assert len(list(results)) == 3
    made = results.comparative_experiment
    assert sorted(one["name"] for one in made.experiments_info) == sorted(two)
    assert str(made.id) in said.getvalue()
    for name, score in zip(two, (0, 1), strict=True):
        project = client.read_project(project_name=name, include_stats=True)
        assert (project.feedback_stats["larger"]["avg"], project.feedback_stats["larger"]["n"]) == (score, 3)


def test_an_experiment_s_examples_come_with_its_runs_as_they_were(client, dataset, two):
    first = next(client.list_examples(dataset_id=dataset.id))
    client.update_example(first.id, inputs={"n": 100})
    project = client.read_project(project_name=two[1])
    found = client.get_experiment_results(name=two[1])
    rows = [(one.inputs["n"], [run.outputs["square"] for run in one.runs]) for one in found["examples_with_runs"]]
    assert rows == [(2, [8]), (3, [27]), (5, [125])]
    assert (found["run_stats"]["run_count"], found["feedback_stats"]["right"]["avg"]) == (3, 0)
    asked = {project.id: ['gt(latency, "1h")']}
    assert list(client.get_experiment_results(name=two[1], filters=asked)["examples_with_runs"]) == []
    assert len(list(client.get_experiment_results(name=two[1], limit=2)["examples_with_runs"])) == 2


def test_experiments_over_different_datasets_are_not_compared(client, dataset, two):
    other = client.create_dataset(f"other-{uuid4()}")
    add(client, other, 1)
    ids = [client.read_project(project_name=name).id for name in (two[0], experiment(client, other, lambda inputs: {}))]
    with pytest.raises(LangSmithError, match="is no experiment over dataset"):
        client.create_comparative_experiment("both", ids)


def test_a_queue_has_each_run_once_in_the_order_in_which_they_came(client):
    project, runs = f"queued-{uuid4()}", [uuid4() for _ in range(3)]
    for number, run in enumerate(runs):
        client.create_run(f"run {number}", {"n": number}, "chain", id=run, project_name=project)
    client.flush()
    queue = client.create_annotation_queue(name="look", rubric_instructions="Is it right?")
    client.add_runs_to_annotation_queue(queue.id, run_ids=[runs[1], runs[0]])
    client.add_runs_to_annotation_queue(queue.id, run_ids=[runs[2], runs[1]])
    assert [one.name for one in client.list_runs_from_annotation_queue(queue.id)] == ["run 1", "run 0", "run 2"]
    assert client.get_run_from_annotation_queue(queue.id, index=1).inputs == {"n": 0}
    with pytest.raises(LangSmithNotFoundError, match="no run"):
        client.add_runs_to_annotation_queue(queue.id, run_ids=[uuid4()])
    assert not list(client.list_runs_from_annotation_queue(queue.id, status="completed"))
    client.delete_run_from_annotation_queue(queue.id, run_id=runs[0])
    with pytest.raises(LangSmithNotFoundError, match="has no run at 2"):
        client.get_run_from_annotation_queue(queue.id, index=2)
    client.delete_project(project_name=project)
    assert not list(client.list_runs_from_annotation_queue(queue.id))
    client.update_annotation_queue(queue.id, name="seen")
    after = client.read_annotation_queue(queue.id)
    assert (after.name, after.rubric_instructions) == ("seen", "Is it right?")
