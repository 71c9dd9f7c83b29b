"""Tracing by the unmodified SDK and by LangChain's tracer, each way in which runs can reach a server."""

from __future__ import annotations

import pytest
from contract.fresh import environment, run
from contract.stuck import stuck
from waits import PATIENCE

TRACES = """
import json, sys
from langsmith import Client, traceable
@traceable(run_type="llm", metadata={"ls_model_name": "gpt-4.1-mini", "ls_provider": "openai"})
def model(question):
    usage = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
    usage["input_token_details"] = {"cache_read": 400}
    return {"text": "Hello", "usage_metadata": usage}
@traceable(tags=["course"], metadata={"conversation_id": "c1"})
def bot(question):
    return model(question)["text"]
@traceable
def broken(question):
    raise ValueError("no model")
client = Client(CLIENT)
extra = {"langsmith_extra": {"client": client}}
for number in range(5):
    bot(f"question {number}", **extra)
try:
    broken("x", **extra)
except ValueError:
    pass
client.flush()
project = client.read_project(project_name="tracing", include_stats=True)
runs = list(client.list_runs(project_name="tracing"))
roots = [run for run in runs if run.parent_run_id is None]
calls = [run for run in runs if run.run_type == "llm"]
print(json.dumps({
    "runs": len(runs), "roots": len(roots), "tags": sorted({tag for run in roots for tag in run.tags or []}),
    "errors": [run.error.splitlines()[0] for run in runs if run.error], "status": sorted({run.status for run in runs}),
    "tokens": [run.total_tokens for run in calls], "cost": [str(run.total_cost) for run in calls],
    "of_roots": sorted({run.total_tokens or 0 for run in roots}),
    "parents": all(call.parent_run_id in {root.id for root in roots} for call in calls),
    "latency": all(run.latency >= 0 for run in runs), "outputs": calls[0].outputs["text"],
    "project": [project.run_count, project.total_tokens, str(project.total_cost), round(project.error_rate, 3)],
}))
"""
EXPECTED = {
    "runs": 11, "roots": 6, "tags": ["course"], "errors": ["ValueError('no model')"], "status": ["error", "success"],
    "tokens": [1100] * 5, "of_roots": [0, 1100], "parents": True, "latency": True, "outputs": "Hello",
}  # fmt: skip
WITHOUT_MULTIPART = {
    "use_multipart_endpoint": False, "size_limit": 100, "size_limit_bytes": 20_971_520, "scale_up_qsize_trigger": 1000,
    "scale_up_nthreads_limit": 4, "scale_down_nempty_trigger": 4,
}  # fmt: skip
# By hand: 600 fresh at $0.40 a million, 400 cached at $0.10, 100 out at $1.60.
COST = 600 * 0.40e-6 + 400 * 0.10e-6 + 100 * 1.60e-6


@pytest.mark.parametrize(
    ("way", "options", "changes"),
    [
        ("multipart, compressed", "", {}),
        ("multipart, plain", "", {"LANGSMITH_DISABLE_RUN_COMPRESSION": "true"}),
        ("one by one", "auto_batch_tracing=False", {}),
        ("as one document", f"info={{'version': '0.18.0', 'batch_ingest_config': {WITHOUT_MULTIPART}}}", {}),
        ("under /api", "", {"SUFFIX": "/api"}),
        ("under /api/v1", "", {"SUFFIX": "/api/v1"}),
    ],
)  # fmt: skip
def test_every_way_in_gives_the_same_runs(server, client, way, options, changes):
    env = environment(server, "tracing", **changes)
    env["LANGSMITH_ENDPOINT"] += env.pop("SUFFIX", "")
    try:
        found = run(TRACES.replace("CLIENT", options), env)
    finally:
        client.delete_project(project_name="tracing")
    costs, (count, tokens, cost, errors) = found.pop("cost"), found.pop("project")
    assert found == EXPECTED
    assert [float(one) for one in costs] == pytest.approx([COST] * 5, abs=1e-12)
    assert (count, tokens, errors) == (6, 5500, round(1 / 6, 3))
    assert float(cost) == pytest.approx(5 * COST, abs=1e-12)


LANGCHAIN = """
import asyncio, json
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.prompts import ChatPromptTemplate
from langsmith import Client
import langsmith
client = Client()
langsmith.configure(client=client)
chain = ChatPromptTemplate.from_messages([("human", "{question}")]) | FakeListChatModel(responses=["a refund"])
chain.invoke({"question": "money?"}, {"metadata": {"thread_id": "t1"}, "tags": ["lc"], "run_name": "desk"})
for _ in chain.stream({"question": "money?"}):
    pass
asyncio.run(chain.ainvoke({"question": "async?"}))
client.flush()
runs = list(client.list_runs(project_name="langchain"))
named = next(run for run in runs if run.name == "desk")
thread = client.list_runs(project_name="langchain", is_root=True,
    filter='and(in(metadata_key, ["session_id", "conversation_id", "thread_id"]), eq(metadata_value, "t1"))')
print(json.dumps({
    "types": sorted(run.run_type for run in runs), "roots": sum(run.parent_run_id is None for run in runs),
    "first_token": sum(run.first_token_time is not None for run in runs if run.run_type == "llm"),
    "thread": [run.name for run in thread], "tags": named.tags,
    "tree": [child.name for child in client.read_run(named.id, load_child_runs=True).child_runs],
}))
"""


def test_langchains_tracer_leaves_its_whole_tree(server):
    found = run(LANGCHAIN, environment(server, "langchain"))
    assert found == {
        "types": ["chain"] * 3 + ["llm"] * 3 + ["prompt"] * 3,
        "roots": 3,
        "first_token": 1,
        "thread": ["desk"],
        "tags": ["lc"],
        "tree": ["ChatPromptTemplate", "FakeListChatModel"],
    }


EXIT = """
from langsmith import traceable
@traceable
def step(number):
    return number
for number in range(30):
    step(number)
print("0")
"""


def test_runs_of_a_process_that_ends_without_a_flush_arrive(server, client):
    run(EXIT, environment(server, "exit"))
    assert client.read_project(project_name="exit", include_stats=True).run_count == 30


SAMPLED = """
import json
from langsmith import Client, traceable
client = Client()
ids = []
@traceable
def step():
    from langsmith import get_current_run_tree
    ids.append(get_current_run_tree().id)
for _ in range(300):
    step(langsmith_extra={"client": client})
client.flush()
project = client.read_project(project_name="sampled", include_stats=True)
stored = {str(run.id) for run in client.list_runs(project_name="sampled")}
left_out = next(one for one in ids if str(one) not in stored)
client.create_feedback(left_out, "stars", score=1, trace_id=left_out, session_id=project.id)
client.flush()
print(json.dumps([project.run_count, len(list(client.list_feedback(run_ids=[left_out])))]))
"""


def test_sampling_keeps_its_share_and_swallows_feedback_on_the_rest(server):
    kept, feedback = run(SAMPLED, environment(server, "sampled", LANGSMITH_TRACING_SAMPLING_RATE="0.3"))
    assert 50 < kept < 135  # 300 x 0.3 = 90, five standard deviations either way
    assert feedback == 0


ATTACHED = """
import json
from langsmith import Client, traceable
from langsmith.schemas import Attachment
client = Client()
@traceable(dangerously_allow_filesystem=False)
def look(picture: Attachment):
    return "a cat"
look(Attachment(mime_type="image/png", data=b"\\x89PNG\\r\\n--\\x00"), langsmith_extra={"client": client})
client.flush()
run = next(client.list_runs(project_name="attached"))
print(json.dumps([run.attachments["picture"]["reader"].read().hex(), run.outputs["output"]]))
"""


def test_an_attachment_comes_back_byte_for_byte(server):
    assert run(ATTACHED, environment(server, "attached")) == [b"\x89PNG\r\n--\x00".hex(), "a cat"]


DOWN = """
import json, time
from langsmith import Client, traceable
client = Client(timeout_ms=500)
@traceable
def step(number):
    return number
begin = time.perf_counter()
results = [step(number, langsmith_extra={"client": client}) for number in range(30)]
taken = time.perf_counter() - begin
client.flush(timeout=0.5)
print(json.dumps([results == list(range(30)), taken]))
import os; os._exit(0)
"""


def test_a_server_that_is_down_breaks_nothing_and_delays_nothing(server):
    env = environment(server, "down") | {"LANGSMITH_ENDPOINT": "http://127.0.0.1:9"}

    def taken():
        right, seconds = run(DOWN, env)
        assert right
        return seconds

    # The SDK's first call takes most of it, and others on the machine add to it: the first does on an idle one.
    assert any(taken() < 3 for _ in range(5))


SLOW = """
import json, sys, time
from langsmith import Client, traceable
client = Client()
@traceable(client=client)
def step(number):
    return number
results = [step(number) for number in range(30)]
begin = time.perf_counter()
if sys.argv[1] == "flush":
    client.flush(timeout=3)
print(json.dumps([results == list(range(30)), time.perf_counter() - begin]))
"""


@pytest.mark.parametrize("info", [True, False], ids=["says what it is", "says nothing at all"])
def test_a_server_that_never_answers_holds_up_neither_the_calls_nor_a_flush_nor_the_end(info):
    with stuck(None, info=info) as server:
        env = environment(server, "stuck", LANGSMITH_USE_DAEMON="true")
        # Each wait for an answer would be a minute, and is tried again: 30 s is less than any.
        right, flushing = run(SLOW, env, "flush", seconds=30)
        assert right
        assert flushing < 15
        assert bool(server.parts) == info
        assert server.answers == 0


def test_runs_sent_to_a_slow_server_at_the_end_of_a_process_are_waited_for():
    with stuck(2.0) as server:
        right, _ = run(SLOW, environment(server, "slow"), "no flush", seconds=PATIENCE)
        assert right
        posts = {name.partition(".")[2].partition(".")[0] for name in server.parts if name.startswith("post.")}
        assert len(posts) == 30
        assert server.answers >= 1
