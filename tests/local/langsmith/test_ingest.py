"""However a run's parts are cut up and in whatever order they come, the same run is stored in the end."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatmon.local.langsmith import ingest
from chatmon.local.langsmith.store import Store

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
    opened = Store(tmp_path / "runs.db")
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
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
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
