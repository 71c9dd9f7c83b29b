"""However a run's parts are cut up and in whatever order they come, the same run is stored in the end."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from properties import examples

from chatmon.lab.services.langsmith import _feedback as feedback
from chatmon.lab.services.langsmith import _ingest as ingest
from chatmon.lab.services.langsmith import _projects as projects
from chatmon.lab.services.langsmith import _queries as queries
from chatmon.lab.services.langsmith._store import RunStore

ROOT, CALL = str(UUID(int=1)), str(UUID(int=2))
STAMP = "20261005T090000000000Z"
SAID = [
    {"id": ROOT, "trace_id": ROOT, "dotted_order": STAMP + ROOT, "name": "desk", "run_type": "chain",
     "start_time": "2026-10-05T09:00:00", "extra": {"metadata": {"a": 1, "thread_id": "t"}, "runtime": {"sdk": "x"}}},
    {"id": ROOT, "trace_id": ROOT, "dotted_order": STAMP + ROOT, "inputs": {"question": "where?"}},
    {"id": ROOT, "trace_id": ROOT, "dotted_order": STAMP + ROOT, "tags": ["x"]},
    {"id": ROOT, "trace_id": ROOT, "dotted_order": STAMP + ROOT, "end_time": "2026-10-05T09:00:02", "error": None,
     "outputs": {"answer": "there"}, "extra": {"metadata": {"b": 2}}},
    {"id": CALL, "trace_id": ROOT, "parent_run_id": ROOT, "dotted_order": f"{STAMP}{ROOT}.{STAMP}{CALL}",
     "name": "model", "run_type": "llm", "start_time": "2026-10-05T09:00:00"},
    {"id": CALL, "trace_id": ROOT, "parent_run_id": ROOT, "dotted_order": f"{STAMP}{ROOT}.{STAMP}{CALL}",
     "end_time": "2026-10-05T09:00:01",
     "extra": {"metadata": {"ls_model_name": "gpt-4.1-mini", "ls_provider": "openai"}},
     "outputs": {"usage_metadata": {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}}},
]  # fmt: skip


def stored(connection):
    rows = connection.execute("SELECT * FROM runs JOIN payloads USING (n) ORDER BY id").fetchall()
    pairs = connection.execute(
        "SELECT id, kind, key, value FROM pairs JOIN runs ON run = n ORDER BY 1, 2, 3"
    ).fetchall()
    texts = connection.execute(
        "SELECT id, texts.rowid % 2, text FROM texts JOIN runs ON texts.rowid / 2 = n ORDER BY 1, 2"
    ).fetchall()
    shown = [{key: row[key] for key in row.keys() if key not in ("n", "extra")} for row in rows]  # noqa: SIM118
    return shown, [tuple(row) for row in pairs], [tuple(row) for row in texts if row["text"]]


@pytest.fixture
def store(tmp_path):
    opened = RunStore(tmp_path / "runs.db")
    yield opened
    opened.reading().close()
    opened.close()


def put(store, batches):
    with store.writing() as connection:
        for table in ("runs", "payloads", "pairs", "texts", "projects"):
            connection.execute(f"DELETE FROM {table}")
    for batch in batches:
        with store.writing() as connection:
            ingest.write(connection, ingest.from_json({"patch": batch}))
    return stored(store.reading())


@given(order=st.permutations(range(len(SAID))), cuts=st.sets(st.integers(1, len(SAID) - 1)))
@examples(40, suppress=[HealthCheck.function_scoped_fixture])
def test_order_and_batches_do_not_matter(store, order, cuts):
    whole = put(store, [SAID])
    ends = [*sorted(cuts), len(SAID)]
    batches = [[SAID[n] for n in order[begin:end]] for begin, end in zip([0, *ends], ends, strict=False)]
    assert put(store, batches) == whole


def test_the_run_is_what_its_parts_say(store):
    (root, call), pairs, texts = put(store, [[one] for one in SAID])
    assert (root["name"], root["status"], root["latency"], root["thread_id"]) == ("desk", "success", 2.0, "t")
    assert (root["total_tokens"], root["own_total_tokens"], call["own_total_tokens"]) == (110, None, 110)
    assert root["total_cost"] == call["own_total_cost"] == "0.0000560"  # 100 at $0.40, 10 at $1.60 a million
    assert (ROOT, "metadata", "a", "1") in pairs
    assert (ROOT, "metadata", "b", "2") in pairs
    assert (ROOT, 0, "desk\nwhere?") in texts


def test_null_never_takes_back_what_was_said(store):
    nothing = dict.fromkeys(("name", "inputs", "outputs", "error", "end_time", "tags", "extra", "events"))
    assert put(store, [SAID, [SAID[0] | nothing]]) == put(store, [SAID])


def found(store, **asked):
    rows, _ = queries.page(store.reading(), queries.from_v1({"session": PROJECTS, **asked}))
    return [row["id"] for row in rows]


PROJECTS = [str(UUID(int=10)), str(UUID(int=11))]
ROOT_RUN, CALL_RUN = SAID[0], SAID[4]


@pytest.fixture
def projected(store):
    with store.writing() as connection:
        for number, project in enumerate(PROJECTS):
            projects.create(connection, {"id": project, "name": f"p{number}"}, upsert=False)
    return store


def write(store, *runs):
    for run in runs:
        with store.writing() as connection:
            ingest.write(connection, ingest.from_json({"post": [run]}))


@pytest.mark.parametrize("order", [(ROOT_RUN, CALL_RUN), (CALL_RUN, ROOT_RUN)])
def test_runs_of_a_trace_that_come_in_one_by_one_are_one_trace_to_a_filter(projected, order):
    write(projected, *(run | {"session_name": "p0"} for run in order))
    assert found(projected, filter='eq(run_type, "llm")', trace_filter='eq(name, "desk")') == [CALL]
    assert found(projected, is_root=True, tree_filter='eq(name, "model")') == [ROOT]


def test_a_patch_that_does_not_name_its_trace_joins_it_with_its_post(projected):
    write(projected, {"id": CALL, "start_time": "2026-10-05T09:00:00", "session_name": "p0"})
    write(projected, *(run | {"session_name": "p0"} for run in (ROOT_RUN, CALL_RUN)))
    assert found(projected, filter='eq(run_type, "llm")', trace_filter='eq(name, "desk")') == [CALL]


def test_a_trace_of_two_projects_stays_one_when_one_of_them_goes(projected):
    late = {"id": str(UUID(int=3)), "trace_id": ROOT, "parent_run_id": CALL, "start_time": "2026-10-05T09:00:01"}
    other = {"id": str(UUID(int=4)), "start_time": "2026-10-05T08:00:00", "session_name": "p1"}
    write(projected, ROOT_RUN | {"session_name": "p0"}, CALL_RUN | {"session_name": "p1"}, other)
    with projected.writing() as connection:
        projects.delete(connection, PROJECTS[0])
    write(projected, late | {"session_name": "p1"})
    assert found(projected, tree_filter='eq(name, "model")') == [late["id"], CALL]
    with projected.writing() as connection:
        projects.delete(connection, PROJECTS[1])
        assert connection.execute("SELECT count(*) FROM traces").fetchone()[0] == 0


def test_feedback_that_came_before_its_run_is_found_by_a_filter(projected):
    with projected.writing() as connection:
        feedback.write(connection, [{"run_id": ROOT, "key": "stars", "score": 4}])
    write(projected, ROOT_RUN | {"session_name": "p0"})
    assert found(projected, filter='and(eq(feedback_key, "stars"), gt(feedback_score, 3))') == [ROOT]
    with projected.writing() as connection:
        feedback.write(connection, [{"run_id": ROOT, "key": "tone", "score": 1}])
    assert found(projected, filter='eq(feedback_key, "tone")') == [ROOT]
    assert found(projected, filter='neq(feedback_key, "tone")') == []
