"""Every form of the filter language in LangSmith's documentation, asked through both of the SDK's query APIs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from langsmith import Langsmith

pytestmark = pytest.mark.filterwarnings("ignore::langsmith._internal._beta_decorator.LangSmithDeprecationWarning")
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
# Name, type, seconds, tokens, error, tags, metadata, inputs, outputs, feedback. Run 1 is run 0's child.
RUNS = [
    ("extractor", "chain", 1.0, 0, None, ["experimental"], {"conversation_id": "c1", "tier": "gold"},
     {"question": "image classification of cats"}, {"answer": "yes"}, [("user_score", 1), ("star_rating", 3)]),
    ("ChatOpenAI", "llm", 0.5, 6000, None, ["beta"], {"ls_model_name": "x"}, {"a": {"b": "deep"}}, {}, []),
    ("extractor", "chain", 2.5, 0, "TimeoutError('slow')", ["beta", "2aa1cf4"], {"session_id": "c1", "user_id": "u7"},
     {"question": "Where's my \"parcel\"?"}, {}, [("user_score", 0), ("star_rating", 5), ("Correctness", 0)]),
    ("answerer", "tool", 7.0, 0, None, [], {"thread_id": "c2", "conversation_id": "c1"}, {"question": "a substring"},
     {"answer": "nothing"}, [("Correctness", 1)]),
    ("answerer", "chain", None, 0, None, ["experimental", "beta"], {"tier": "silver", "environment": "production"}, {},
     {}, []),
]  # fmt: skip


def run_id(number):
    return str(UUID(int=0x0190_0000_0000_7000_9000_0000_0000_0000 + number))


@pytest.fixture(scope="module")
def project(client):
    runs, feedback = [], []
    for number, (name, kind, seconds, tokens, error, tags, metadata, inputs, outputs, scores) in enumerate(RUNS):
        start = START + timedelta(minutes=number)
        stamp = start.strftime("%Y%m%dT%H%M%S%fZ")
        parent = run_id(0) if number == 1 else None
        order = f"{START:%Y%m%dT%H%M%S%fZ}{parent}." if parent else ""
        used = (
            {"usage_metadata": {"input_tokens": tokens, "output_tokens": 0, "total_tokens": tokens}} if tokens else {}
        )
        runs.append({
            "id": run_id(number), "trace_id": parent or run_id(number), "parent_run_id": parent, "name": name,
            "run_type": kind, "start_time": start, "end_time": seconds and start + timedelta(seconds=seconds),
            "error": error, "tags": tags, "extra": {"metadata": metadata | used}, "inputs": inputs, "outputs": outputs,
            "session_name": "filters", "dotted_order": f"{order}{stamp}{run_id(number)}",
        })  # fmt: skip
        feedback += [(number, key, score) for key, score in scores]
    client.multipart_ingest(create=runs)
    found = client.read_project(project_name="filters")
    for number, key, score in feedback:
        client.create_feedback(run_id(number), key, score=score, trace_id=run_id(number), session_id=found.id)
    client.flush()
    return found


@pytest.fixture(scope="module")
def api(server):
    with Langsmith(base_url=server.url, api_key=server.api_key, max_retries=0) as opened:
        yield opened


IN_THREAD = "eq(metadata_key, 'thread_id'), eq(metadata_value, 'c2')"
DISLIKED = 'eq(feedback_key, "user_score"), eq(feedback_score, 0)'
INCORRECT = 'eq(feedback_key, "Correctness"), eq(feedback_score, 0.0)'
FORMS = [
    ('eq(name, "extractor")', [0, 2]),
    ('neq(name, "extractor")', [1, 3, 4]),
    ('eq(run_type, "llm")', [1]),
    ('eq(status, "pending")', [4]),
    (f'eq(id, "{run_id(3)}")', [3]),
    (f'eq(trace_id, "{run_id(0)}")', [0, 1]),
    (f'eq(parent_run_id, "{run_id(0)}")', [1]),
    ('gt(latency, "5s")', [3]),
    ('gt(latency, 2)', [2, 3]),
    ('lt(latency, "1000ms")', [1]),
    ('lte(latency, "1s")', [0, 1]),
    ('neq(error, null)', [2]),
    ('eq(error, null)', [0, 1, 3, 4]),
    ('eq(error, true)', [2]),
    ('exists(error)', [2]),
    ('like(error, "Timeout%")', [2]),
    ('search(error, "slow")', [2]),
    ('gt(start_time, "2026-11-02T09:02:00Z")', [3, 4]),
    ('gte(start_time, "2026-11-02T10:02:00+01:00")', [2, 3, 4]),
    ('lt(start_time, "2026-11-02T09:01:00")', [0]),
    ('gt(end_time, "2026-11-02T09:02:00")', [2, 3]),
    ('eq(end_time, null)', [4]),
    ('gt(total_tokens, 5000)', [0, 1]),
    ('in(total_tokens, [6000, 1])', [0, 1]),
    ('eq(is_root, true)', [0, 2, 3, 4]),
    ('eq(is_root, false)', [1]),
    ('has(tags, "2aa1cf4")', [2]),
    ('not(has(tags, "beta"))', [0, 3]),
    ('in(name, ["answerer", "ChatOpenAI"])', [1, 3, 4]),
    ('like(name, "%chat%")', [1]),
    ('and(or(has(tags, "experimental"), has(tags, "beta")), gt(latency, 2))', [2]),
    ("and(or(has(tags, 'experimental'), has(tags, 'beta')), gt(latency, 2))", [2]),
    ('search("substring")', [3]),
    ('search("image classification")', [0]),
    ('search("classification image")', []),
    ('search("IMAGE class")', [0]),
    ('search("Where\'s my \\"parcel\\"?")', [2]),
    ('search("deep")', [1]),
    ('search(outputs, "nothing")', [3]),
    ('search(inputs, "nothing")', []),
    ("eq(metadata_key, 'user_id')", [2]),
    ("and(eq(metadata_key, 'user_id'), eq(metadata_value, 'u7'))", [2]),
    ("and(eq(metadata_key, 'tier'), eq(metadata_value, 'c1'))", []),
    ("and(neq(metadata_key, 'conversation_id'))", [1, 2, 4]),
    ("and(eq(metadata_key, 'tier'), neq(metadata_value, 'gold'))", [4]),
    ("and(neq(metadata_key, 'conversation_id'), neq(metadata_value, 'c1'))", [1, 4]),
    ("and(neq(metadata_key, 'conversation_id'), eq(metadata_value, 'c1'))", [2]),
    ('and(in(metadata_key, ["session_id","conversation_id","thread_id"]), eq(metadata_value, "c1"))', [0, 2, 3]),
    ("and(eq(name, 'extractor'), eq(metadata_key, 'conversation_id'), eq(metadata_value, 'c1'))", [0]),
    (f"and({IN_THREAD}, eq(metadata_key, 'conversation_id'), eq(metadata_value, 'c1'))", [3]),
    ('has(metadata, \'{"tier": "gold", "conversation_id": "c1"}\')', [0]),
    ('eq(thread_id, "c2")', [3]),
    ("and(eq(input_key, 'a.b'), eq(input_value, 'deep'))", [1]),
    ("and(eq(output_key, 'answer'), neq(output_value, 'yes'))", [3]),
    ('eq(feedback_key, "user_score")', [0, 2]),
    ('and(eq(feedback_key, "user_score"), eq(feedback_score, 1))', [0]),
    ('and(eq(feedback_key, "star_rating"), gt(feedback_score, 4))', [2]),
    ('and(eq(feedback_key, "user_score"), gt(feedback_score, 2))', []),
    (f'and({DISLIKED}, eq(feedback_key, "star_rating"), eq(feedback_score, 5))', [2]),
    ('neq(feedback_key, "user_score")', [1, 3, 4]),
    (f'and(gt(start_time, "2023-07-15T12:34:56Z"), or(neq(error, null), and({INCORRECT})))', [2]),
    ('and(eq(run_type, "llm"), gt(latency, 5)) or eq(status, "error")', [2]),
    ('eq(run_type, "chain") and eq(name, "extractor") or eq(run_type, "llm")', [0, 1, 2]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FORMS, ids=[text for text, _ in FORMS])
def test_a_filter_finds_its_runs_through_both_apis(client, api, project, text, expected):
    wanted = [run_id(number) for number in reversed(expected)]
    assert [str(run.id) for run in client.list_runs(project_id=project.id, filter=text)] == wanted
    found = api.runs.query(project_ids=[str(project.id)], min_start_time=START - timedelta(days=1), filter=text)
    assert [run.id for run in found] == wanted


def test_filters_reach_the_root_and_the_whole_trace(client, project):
    def numbers(**asked):
        found = client.list_runs(project_id=project.id, **asked)
        return [UUID(str(run.id)).int - UUID(run_id(0)).int for run in found]

    liked = 'and(eq(feedback_key, "user_score"), eq(feedback_score, 1))'
    assert numbers(filter='eq(run_type, "llm")', trace_filter=liked) == [1]
    assert numbers(is_root=True, tree_filter='eq(name, "ChatOpenAI")') == [0]
    assert numbers(trace_filter='eq(name, "ChatOpenAI")') == []
    assert numbers(filter='eq(name, "extractor")', trace_filter=liked, tree_filter='has(tags, "beta")') == [0]


def test_arguments_narrow_without_a_filter(client, project):
    def names(**asked):
        return [run.name for run in client.list_runs(project_id=project.id, **asked)]

    assert names(run_type="llm") == names(parent_run_id=run_id(0)) == ["ChatOpenAI"]
    assert names(error=True) == ["extractor"]
    assert names(trace_id=run_id(0)) == ["ChatOpenAI", "extractor"]
    assert names(start_time=START + timedelta(minutes=3)) == ["answerer", "answerer"]
    assert [run.name for run in client.list_runs(run_ids=[run_id(1)])] == ["ChatOpenAI"]
