"""Both query APIs of the SDK, feedback and projects, against runs that the test made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from langsmith import Langsmith
from langsmith.utils import LangSmithConflictError, LangSmithError, LangSmithNotFoundError

pytestmark = pytest.mark.filterwarnings("ignore::langsmith._internal._beta_decorator.LangSmithDeprecationWarning")
NOW = datetime.now(UTC).replace(microsecond=123456)
LLM = {"ls_model_name": "gpt-4.1-mini", "ls_provider": "openai"}


def ids(number, step=0):
    return str(UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + number * 16 + step))


def trace(number, *, start, seconds, error=None, tokens=0, project, **metadata):
    """One trace: a chain, and in it a retriever and a model call that is streamed."""
    root, stamp = ids(number), start.strftime("%Y%m%dT%H%M%S%fZ")
    end = start + timedelta(seconds=seconds)
    usage = {"input_tokens": tokens, "output_tokens": 10, "total_tokens": tokens + 10}
    common = {"trace_id": root, "session_name": project}
    token = {"name": "new_token", "time": (start + timedelta(seconds=0.25)).isoformat()}
    yield common | {
        "id": root, "name": "desk", "run_type": "chain", "start_time": start, "end_time": end, "error": error,
        "inputs": {"question": f"Where is parcel {number}?"}, "outputs": {"answer": "On its way."},
        "extra": {"metadata": metadata}, "tags": ["even" if number % 2 == 0 else "odd"], "dotted_order": stamp + root,
    }  # fmt: skip
    for step, (name, kind) in enumerate([("search", "retriever"), ("ChatOpenAI", "llm")], start=1):
        yield common | {
            "id": ids(number, step), "parent_run_id": root, "name": name, "run_type": kind, "start_time": start,
            "end_time": end, "inputs": {}, "outputs": {},
            "extra": {"metadata": LLM | {"usage_metadata": usage} if kind == "llm" else {}},
            "events": [token] if kind == "llm" else [],
            "dotted_order": f"{stamp}{root}.{stamp}{ids(number, step)}",
        }  # fmt: skip


@pytest.fixture(scope="module")
def project(client):
    name = "reading"
    runs = [
        run
        for number in range(240)
        for run in trace(
            number, start=NOW - timedelta(hours=number), seconds=1 + number / 100, tokens=100 + number, project=name,
            error="ValueError('x')" if number % 10 == 0 else None, thread_id=f"t{number % 7}",
        )
    ]  # fmt: skip
    client.multipart_ingest(create=runs)
    return client.read_project(project_name=name)


@pytest.fixture(scope="module")
def api(server):
    """The second API in code that is not async; test_tracing has the async one."""
    with Langsmith(base_url=server.url, api_key=server.api_key, max_retries=0) as opened:
        yield opened


def query(api, project, **asked):
    return list(api.runs.query(project_ids=[str(project.id)], **asked))


def test_all_runs_come_once_latest_first_through_either_api(client, api, project):
    first = [str(run.id) for run in client.list_runs(project_id=project.id)]
    second = [run.id for run in query(api, project, min_start_time=NOW - timedelta(days=30), page_size=97)]
    assert len(first) == len(set(first)) == 720
    assert set(first) == set(second)
    for found in (first, second):
        numbers = [(UUID(one).int - UUID(ids(0)).int) // 16 for one in found]
        assert numbers == sorted(numbers)


def test_the_second_api_looks_back_one_day_and_gives_ids_unless_asked(api, project):
    found = query(api, project, is_root=True)
    assert len(found) == 24
    assert {name for run in found for name, value in run.model_dump().items() if value is not None} == {"id"}


def test_the_second_api_gives_the_fields_it_is_asked_for_under_its_own_names(api, project):
    [found] = query(api, project, ids=[ids(0, 2)], selects=[
        "NAME", "RUN_TYPE", "STATUS", "PROJECT_ID", "PARENT_RUN_IDS", "LATENCY_SECONDS", "TOTAL_TOKENS", "METADATA",
        "FIRST_TOKEN_TIME", "START_TIME", "IS_ROOT", "TOTAL_COST",
    ])  # fmt: skip
    assert (found.name, found.run_type, found.status, found.is_root) == ("ChatOpenAI", "LLM", "SUCCESS", False)
    assert (found.project_id, found.parent_run_ids) == (str(project.id), [ids(0)])
    assert (found.latency_seconds, found.total_tokens, found.metadata["ls_provider"]) == (1.0, 110, "openai")
    assert found.first_token_time - found.start_time == timedelta(seconds=0.25)
    assert found.start_time == NOW
    assert found.total_cost == pytest.approx(100 * 0.4e-6 + 10 * 1.6e-6)


def test_usage_of_what_is_above_a_call_is_in_the_first_api_and_in_the_second_on_demand(client, api, project):
    [plain] = query(api, project, ids=[ids(3)], selects=["TOTAL_TOKENS", "TOTAL_COST", "FIRST_TOKEN_TIME"])
    [rolled] = query(api, project, ids=[ids(3)], selects=["TOTAL_TOKENS"], include_subtree_usage=True)
    old = client.read_run(ids(3))
    assert (plain.total_tokens, plain.total_cost, plain.first_token_time) == (None, None, None)
    assert rolled.total_tokens == old.total_tokens == 113
    # The SDK makes the start aware and leaves this one as the service writes it: in UTC, without saying so.
    assert old.first_token_time.replace(tzinfo=UTC) - old.start_time == timedelta(seconds=0.25)


def test_one_run_its_address_and_its_children_can_be_read(client, api, project):
    run = api.runs.retrieve(ids(5), project_id=str(project.id), selects=["NAME", "INPUTS"])
    address = api.runs.get_url(ids(5), project_id=str(project.id), trace_id=ids(5))
    assert (run.name, run.inputs) == ("desk", {"question": "Where is parcel 5?"})
    assert address.url.startswith(client.api_url + "/o/")
    assert client.read_run(ids(5)).url == address.url
    assert [child.name for child in client.read_run(ids(5), load_child_runs=True).child_runs] == [
        "search",
        "ChatOpenAI",
    ]


def test_what_the_service_refuses_is_refused(client, api, project):
    with pytest.raises(LangSmithError, match="Limit exceeds maximum allowed value of 100"):
        list(client.list_runs(project_id=project.id, limit=101))
    with pytest.raises(LangSmithError, match="At least one of session"):
        list(client.list_runs(run_type="llm"))
    with pytest.raises(LangSmithNotFoundError):
        client.read_run(uuid4())
    with pytest.raises(LangSmithNotFoundError):
        client.read_project(project_name="nobody's")
    with pytest.raises(LangSmithConflictError):
        client.create_project("reading")
    with pytest.raises(Exception, match="page_size"):
        query(api, project, page_size=1001)
    with pytest.raises(Exception, match="NONSENSE"):
        query(api, project, selects=["NONSENSE"])


def test_a_naive_time_is_utc(client, project):
    naive = (NOW - timedelta(hours=2)).replace(tzinfo=None)
    assert len(list(client.list_runs(project_id=project.id, is_root=True, start_time=naive))) == 3


@pytest.mark.parametrize("with_trace", [True, False], ids=["queued", "at once"])
def test_feedback_is_listed_added_up_changed_and_deleted(client, project, with_trace):
    run = ids(7 if with_trace else 8)
    for score in (1, 0, 0.5):
        client.create_feedback(
            run, "stars", score=score, comment=f"c{score}", session_id=project.id, trace_id=run if with_trace else None
        )
    client.create_feedback(run, "tone", value="kind", session_id=project.id, trace_id=run if with_trace else None)
    client.flush()
    stats = client.read_run(run).feedback_stats
    assert (stats["stars"]["n"], stats["stars"]["avg"], stats["stars"]["stdev"]) == (3, 0.5, 0.5)
    assert (stats["tone"]["values"], stats["tone"]["avg"]) == ({"kind": 1}, None)
    found = list(client.list_feedback(run_ids=[run], feedback_key=["stars"]))
    assert sorted(one.comment for one in found) == ["c0", "c0.5", "c1"]
    client.update_feedback(found[0].id, score=0.75)
    client.delete_feedback(found[1].id)
    assert client.read_feedback(found[0].id).score == 0.75
    assert client.read_run(run).feedback_stats["stars"]["n"] == 2
    with pytest.raises(LangSmithNotFoundError):
        client.read_feedback(found[1].id)


def test_a_projects_statistics_are_those_of_its_traces(client, project):
    found = client.read_project(project_name="reading", include_stats=True)
    seconds = [1 + number / 100 for number in range(240)]
    assert (found.run_count, found.error_rate) == (240, 0.1)
    assert found.total_tokens == sum(110 + number for number in range(240))
    assert found.latency_p50.total_seconds() == pytest.approx(sum(seconds) / 240)  # evenly spread: median is mean
    assert float(found.total_cost) == pytest.approx(sum((100 + n) * 0.4e-6 + 10 * 1.6e-6 for n in range(240)))
    calls = client.get_run_stats(project_names=["reading"], run_type="llm")
    assert (calls["run_count"], calls["total_tokens"]) == (240, found.total_tokens)
    assert calls["first_token_p50"] == pytest.approx(0.25)


def test_a_project_is_made_changed_listed_and_deleted(client):
    made = client.create_project("by hand", description="one", metadata={"kind": "test"})
    client.update_project(made.id, name="renamed", description="two")
    assert client.read_project(project_id=made.id).description == "two"
    assert [found.name for found in client.list_projects(name_contains="nam")] == ["renamed"]
    assert [found.name for found in client.list_projects(metadata={"kind": "test"})] == ["renamed"]
    client.delete_project(project_name="renamed")
    assert not client.has_project("renamed")


def test_a_run_that_ends_before_it_starts_to_be_known_is_whole_in_the_end(client):
    run, start = ids(5000), NOW
    stamp = start.strftime("%Y%m%dT%H%M%S%fZ")
    common = {"id": run, "trace_id": run, "dotted_order": stamp + run, "session_name": "overtaken"}
    end = {"end_time": start + timedelta(seconds=2), "outputs": {"answer": "late"}, "extra": {"metadata": {"b": 2}}}
    client.multipart_ingest(update=[common | end])
    pending = {
        "name": "desk",
        "run_type": "tool",
        "start_time": start,
        "inputs": {"q": 1},
        "extra": {"metadata": {"a": 1}},
    }
    client.multipart_ingest(create=[common | pending])
    found = client.read_run(run)
    assert (found.name, found.run_type, found.status, found.latency) == ("desk", "tool", "success", 2.0)
    assert (found.inputs, found.outputs) == ({"q": 1}, {"answer": "late"})
    assert (found.metadata["a"], found.metadata["b"]) == (1, 2)
