"""What LangSmith's Python client does, whichever release; one line of JSON says what came back."""

import json
import sys
import warnings
from contextlib import suppress
from uuid import uuid4

from langsmith import Client, traceable
from langsmith.evaluation import evaluate

warnings.simplefilter("ignore")
client = Client()
said = {}


@traceable(run_type="llm", metadata={"ls_model_name": "gpt-4.1-mini", "ls_provider": "openai"})
def model(question):
    return {"answer": "soon", "usage_metadata": {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}}


@traceable(tags=["desk"], metadata={"thread_id": "t1"})
def desk(question):
    return model(question)


@traceable
def failing():
    raise TypeError("no order")


extra = {"client": client, "project_name": "traced"}
for number in range(20):
    desk(str(number), langsmith_extra=extra)
with suppress(TypeError):
    failing(langsmith_extra=extra)
client.flush()
runs = list(client.list_runs(project_name="traced"))
roots = [run for run in runs if run.parent_run_id is None]
said["runs"] = [len(runs), len(roots), sum(run.error is not None for run in runs)]
root = next(run for run in roots if run.name == "desk")
said["root"] = [root.total_tokens, float(root.total_cost), root.tags, root.inputs["question"].isdigit()]
client.create_feedback(root.id, "correct", score=1, comment="yes")
client.flush()
said["feedback"] = [[one.key, one.score, one.comment] for one in client.list_feedback(run_ids=[root.id])]
name = f"questions {uuid4()}"
dataset = client.create_dataset(name, description="d")
client.create_examples(
    dataset_id=dataset.id, examples=[{"inputs": {"q": n}, "outputs": {"a": n % 2}} for n in range(4)]
)
said["examples"] = sorted([one.inputs["q"], one.outputs["a"]] for one in client.list_examples(dataset_name=name))


def right(run, example):
    return {"key": "right", "score": int(run.outputs["a"] == example.outputs["a"])}


results = evaluate(lambda inputs: {"a": 1}, data=name, evaluators=[right], client=client, experiment_prefix="all ones")
rows = list(results)
client.flush()
said["evaluated"] = sorted(row["evaluation_results"]["results"][0].score for row in rows)
project = client.read_project(project_name=results.experiment_name, include_stats=True)
said["project"] = [project.run_count, str(project.reference_dataset_id) == str(dataset.id)]
client.delete_dataset(dataset_id=dataset.id)
said["deleted"] = client.has_dataset(dataset_name=name)
sys.stdout.write(json.dumps(said) + "\n")
