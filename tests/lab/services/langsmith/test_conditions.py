"""Filters in SQL against the same filters asked of plain Python objects, for runs and filters at random."""

from __future__ import annotations

import operator
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from properties import examples

from chatmon.lab.services.langsmith import _ingest as ingest
from chatmon.lab.services.langsmith import _queries as queries
from chatmon.lab.services.langsmith._conditions import to_sql
from chatmon.lab.services.langsmith._filters import Compare, Logic, parse_filter
from chatmon.lab.services.langsmith._store import RunStore
from chatmon.lab.services.langsmith._values import RefusalError

KEYS, VALUES, TAGS, NAMES = ("a", "b"), ("x", "y"), ("red", "blue"), ("chat", "search")
OPS = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}

runs = st.fixed_dictionaries({
    "name": st.sampled_from(NAMES),
    "seconds": st.one_of(st.none(), st.integers(0, 4)),
    "error": st.booleans(),
    "tags": st.lists(st.sampled_from(TAGS), unique=True),
    "metadata": st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)),
})  # fmt: skip
simple = st.one_of(
    st.builds(lambda op, name: Compare(op, "name", name), st.sampled_from(["eq", "neq"]), st.sampled_from(NAMES)),
    st.builds(lambda op, n: Compare(op, "latency", n), st.sampled_from(list(OPS)), st.integers(0, 4)),
    st.builds(lambda tag: Compare("has", "tags", tag), st.sampled_from(TAGS)),
    st.builds(lambda op, failed: Compare(op, "error", failed), st.sampled_from(["eq", "neq"]), st.booleans()),
    st.builds(lambda op, key: Compare(op, "metadata_key", key), st.sampled_from(["eq", "neq"]), st.sampled_from(KEYS)),
    st.builds(lambda names: Compare("in", "name", names), st.lists(st.sampled_from(NAMES), max_size=2)),
)
filters = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(
            lambda op, parts: Logic(op, tuple(parts)),
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda part: Logic("not", (part,)), inner),
    ),
    max_leaves=6,
)


def meets(run, condition):
    """What the filter means, of one run, without SQL."""
    if isinstance(condition, Logic):
        each = [meets(run, part) for part in condition.parts]
        return {"and": all(each), "or": any(each), "not": not each[0]}[condition.op]
    if condition.field == "tags":
        return condition.value in run["tags"]
    if condition.field == "metadata_key":
        return (condition.value in run["metadata"]) == (condition.op == "eq")
    found = {"name": run["name"], "latency": run["seconds"], "error": run["error"]}[condition.field]
    if condition.op == "in":
        return found in condition.value
    # A run that has not ended has no latency, which is above nothing and below nothing.
    return condition.op == "neq" if found is None else OPS[condition.op](found, condition.value)


def numbered(number, run):
    return {
        "id": str(UUID(int=number + 1)), "trace_id": str(UUID(int=number + 1)), "name": run["name"],
        "run_type": "chain",
        "start_time": 0, "end_time": run["seconds"] and 1000 * run["seconds"], "error": "x" if run["error"] else None,
        "tags": run["tags"], "extra": {"metadata": run["metadata"]},
    }  # fmt: skip


@pytest.fixture
def store(tmp_path):
    opened = RunStore(tmp_path / "runs.db")
    yield opened
    opened.reading().close()
    opened.close()


PENDING = {"name": "chat", "seconds": None, "error": False, "tags": [], "metadata": {}}


@example(given_runs=[PENDING], condition=Logic("not", (Compare("gt", "latency", 1),)))
@given(given_runs=st.lists(runs, min_size=1, max_size=8), condition=filters)
@examples(60, suppress=[HealthCheck.function_scoped_fixture])
def test_a_filter_finds_what_it_means(store, given_runs, condition):
    batch = ingest.from_json({"post": [numbered(number, run) for number, run in enumerate(given_runs)]})
    with store.writing() as connection:
        for table in ("runs", "payloads", "pairs", "texts"):
            connection.execute(f"DELETE FROM {table}")
        ingest.write(connection, batch)
    rows, _ = queries.page(store.reading(), queries.RunQuery((to_sql(condition),)))
    assert {UUID(row["id"]).int - 1 for row in rows} == {n for n, run in enumerate(given_runs) if meets(run, condition)}


@given(sizes=st.lists(st.integers(1, 7), min_size=1, max_size=3), ties=st.integers(1, 5), ascending=st.booleans())
@examples(15, suppress=[HealthCheck.function_scoped_fixture])
def test_pages_of_any_size_hold_every_run_once_and_in_order(store, sizes, ties, ascending):
    posts = [numbered(number, {"name": "x", "seconds": 9, "error": False, "tags": [], "metadata": {}})
             | {"start_time": number // ties} for number in range(20)]  # fmt: skip
    with store.writing() as connection:
        for table in ("runs", "payloads", "pairs", "texts"):
            connection.execute(f"DELETE FROM {table}")
        ingest.write(connection, ingest.from_json({"post": posts}))
    seen, after, turn = [], None, 0
    while True:
        query = queries.RunQuery((), sizes[turn % len(sizes)], ascending, queries._cursor(after))
        rows, after = queries.page(store.reading(), query)
        seen += [(row["start_time"], row["n"]) for row in rows]
        turn += 1
        if after is None:
            break
    assert len(seen) == 20
    assert seen == sorted(set(seen), reverse=not ascending)


@pytest.mark.parametrize("name", ["nonsense", "start", "feedback_value", "latency; DROP TABLE runs"])
def test_an_unknown_field_is_refused(name):
    with pytest.raises(RefusalError):
        to_sql(parse_filter(f"eq({name}, 1)"))
