"""What comes in broken, too large or from strangers is refused with a reason, and nothing is the worse for it."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
import zstandard
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from properties import examples
from waits import PATIENCE

from chatmon.lab.services.langsmith import _bodies as bodies
from chatmon.lab.services.langsmith import start
from chatmon.lab.services.langsmith._api import ROUTES
from chatmon.lab.services.langsmith._values import dump


@pytest.fixture(scope="module")
def server():
    with start(api_key=f"test-{secrets.token_hex(8)}") as running:
        yield running


@pytest.fixture
def ask(server):
    """A client, after which the server must still serve and must have logged no error of its own."""
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=PATIENCE) as client:
        yield client
        assert client.get("/sessions").status_code == 200
    assert "Traceback" not in server.log_path.read_text(encoding="utf-8")


def run(**changes):
    one = str(uuid4())
    return {"id": one, "trace_id": one, "name": "x", "run_type": "chain", "start_time": "2026-10-05T00:00:00"} | changes


def multipart(*parts, end="--\r\n"):
    made = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: application/json\r\n\r\n'.encode()
        + (data if isinstance(data, bytes) else dump(data).encode())
        + b"\r\n"
        for name, data in parts
    )
    return {"content": made + b"--b" + end.encode(), "headers": {"content-type": "multipart/form-data; boundary=b"}}


def post_of(one):
    return multipart((f"post.{one['id']}", one))


def cursor_of(*found):
    return base64.urlsafe_b64encode(dump(found).encode()).decode()


@pytest.mark.parametrize("key", ["", "wrong", "ключ".encode()])
def test_a_wrong_key_is_refused_everywhere_but_at_the_door(server, key):
    with httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=PATIENCE) as stranger:
        assert stranger.get("/info").json()["version"] == "0.18.0"
        for method, path in (("GET", "/sessions"), ("POST", "/runs/batch"), ("POST", "/v2/runs/query"), ("GET", "/")):
            answer = stranger.request(method, path)
            assert answer.status_code == 401
            assert "key" in answer.text


def test_a_page_of_another_site_cannot_use_a_name_of_its_own(server, ask):
    assert ask.get("/info", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "no JSON"),
        (b'{"post": [{"id": "\xff"}]}', "not in UTF-8"),
        ('{"post": []}'.encode("utf-16"), "not in UTF-8"),
        (b"[]", "not a JSON object"),
        (b'{"post": {}}', "not a list of runs"),
        (b'{"post": [1]}', "not a run"),
        (b'{"post": [{"id": NaN}]}', "NaN is no number"),
        (b'{"post":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "no JSON"),
        (b'{"post":' + b"[" * 200 + b"]" * 200 + b"}", "deeper than 200 levels"),
        (b'{"post": [{"id": 1e999}]}', "larger than any number"),
        (dump({"post": [run(id="../../etc/passwd")]}), "is no UUID"),
        (dump({"post": [run(id=None)]}), "is no UUID"),
        (dump({"post": [run(start_time="yesterday")]}), "is no time"),
        (dump({"post": [run(start_time=1e300)]}), "is no time"),
        (dump({"post": [run(start_time="0001-01-01T00:00:00+14:00")]}), "is no time"),
        (dump({"post": [run(start_time=-253_402_300_799_999)]}), "is no time"),
        (dump({"post": [run(end_time="9999-12-31T23:59:59-14:00")]}), "is no time"),
        (dump({"post": [run(start_time=None)]}), "neither start_time nor dotted_order"),
        (dump({"post": [run(tags="x")]}), "tags is str"),
        (dump({"post": [run(session_id=str(uuid4()))]}), "no project"),
        (dump({"post": [run(dotted_order=".".join(["x"] * 300))]}), "deeper than 200 levels"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_batch_of_runs_is_refused_whole_with_the_reason(ask, body, reason):
    answer = ask.post("/runs/batch", content=body)
    assert 400 <= answer.status_code < 500
    assert reason in answer.json()["detail"]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (multipart(("post.x", {})), "is no UUID"),
        (multipart((f"post.{uuid4()}.inputs", {})), "comes before"),
        (multipart(("nonsense.1", {})), "is none of post, patch, feedback, attachment"),
        (multipart((f"post.{uuid4()}", b"{")), "no JSON"),
        (multipart(end=""), "cut off"),
        (post_of(run()) | {"headers": {"content-type": "multipart/form-data"}}, "with a boundary"),
        (post_of(run()) | {"headers": {"content-type": "text/plain"}}, "with a boundary"),
        (multipart(("feedback.1", {"key": "k"})), "is on nothing"),
        (multipart(("feedback.1", {"key": "", "run_id": str(uuid4())})), "it needs a name"),
        (multipart(("feedback.1", {"key": "k", "run_id": str(uuid4()), "score": "5"})), "must be a number"),
        (multipart(("feedback.1", {"key": "k", "run_id": str(uuid4()), "score": 1e308})), "must be a number"),
    ],
)
def test_a_multipart_body_is_refused_with_the_part(ask, sent, reason):
    answer = ask.post("/runs/multipart", **sent)
    assert 400 <= answer.status_code < 500
    assert reason in answer.json()["detail"]


def test_a_body_cut_short_anywhere_is_refused_or_whole(ask):
    sent = post_of(run() | {"inputs": {"question": "x" * 100}})
    for length in range(0, len(sent["content"]) - 4, 7):
        answer = ask.post("/runs/multipart", content=sent["content"][:length], headers=sent["headers"])
        assert 400 <= answer.status_code < 500, length


def zipped(data, **headers):
    return {"content": zstandard.compress(data), "headers": {"content-encoding": "zstd", **headers}}


def test_compressed_bodies_are_read_and_broken_ones_refused(ask):
    sent = post_of(run())
    good = zipped(sent["content"], **sent["headers"])
    assert ask.post("/runs/multipart", **good).status_code == 202
    cut = good | {"content": good["content"][:-9]}
    assert ask.post("/runs/multipart", **cut).status_code in (400, 422)
    answer = ask.post("/runs/multipart", **good | {"content": b"not compressed"})
    assert (answer.status_code, "no zstd" in answer.text) == (400, True)
    gzip = good | {"headers": sent["headers"] | {"content-encoding": "gzip"}}
    assert ask.post("/runs/multipart", **gzip).status_code == 415


def test_a_body_above_the_limit_and_a_zip_bomb_are_refused_with_both_numbers(ask):
    answer = ask.post("/runs/batch", content=b" " * (bodies.LIMIT + 1))
    assert answer.status_code == 413
    assert f"{bodies.LIMIT + 1:,} bytes, {bodies.LIMIT:,} are taken" in answer.json()["detail"]
    bomb = zipped(b" " * (40 * bodies.LIMIT))
    assert len(bomb["content"]) < bodies.LIMIT / 100
    answer = ask.post("/runs/batch", **bomb)
    assert (answer.status_code, "once decompressed" in answer.text) == (413, True)


@pytest.mark.parametrize(
    "path",
    ["/runs/..%2f..%2fetc%2fpasswd", "/runs/1'%20OR%20'1'='1", "/sessions/x", "/datasets/%00", "/examples/-1",
     "/feedback/x", "/v2/runs/x?project_id=y", "/o/x/projects/p/../../../../etc/passwd", "/attachments/..%2f..%2fx"],
)  # fmt: skip
def test_no_id_leads_anywhere_but_to_what_has_it(ask, path):
    assert ask.get(path).status_code in (401, 404, 422)


@pytest.mark.parametrize("text", [
    "foo(1)", "eq(name", 'eq(name, "x"', "eq(name, [1, [2]])", "eq(1, 2)", 'in(name, "x")',
    'eq(nonsense, 1)', 'eq(total_tokens, "many")', 'gt(start_time, "soon")', 'eq(id, "x")', "and()", "(" * 5000,
    "eq(name, " + "[" * 5000, 'eq(name, "' + "x" * 30_000 + '")', 'has(metadata, "no json")', 'eq(name, "\\q")',
    "or(" + ", ".join(["eq(name, 1)"] * 101) + ")", "not(" * 21 + "eq(name, 1)" + ")" * 21,
    f"eq(total_tokens, {'9' * 5000})", f'like(name, "{chr(0x1F600) * 15_000}")',
    "has(metadata, '{" + ", ".join(f'"{n}": 1' for n in range(101)) + "}')",
    'gt(error, true)', 'like(start_time, "2026%")', "eq(name, 'x'); DROP TABLE runs", 'eq(feedback_value, "x")',
])  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused_with_the_reason(ask, text):
    assert ask.post("/runs/batch", json={"post": [run()]}).status_code == 202
    project = ask.get("/sessions").json()[0]["id"]
    answer = ask.post("/runs/query", json={"session": [project], "filter": text})
    assert 400 <= answer.status_code < 500
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"limit": 0}, "limit"), ({"limit": "x"}, "limit"), ({"cursor": "x"}, "cursor"), ({"cursor": "e30="}, "cursor"),
        ({"cursor": "é"}, "cursor"), ({"cursor": cursor_of(2**70, 1)}, "cursor"),
        ({"cursor": cursor_of("1", "2")}, "cursor"), ({"cursor": cursor_of(1)}, "cursor"),
        ({"filter": 1}, "not a text"), ({"query": "slow runs"}, "language model"),
        ({"start_time": "x"}, "is no time"), ({"session": ["x"]}, "is no UUID"), ({"is_root": "yes"}, "neither true"),
        ({"error": 1}, "neither true"),
    ],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused(ask, body, reason):
    ask.post("/runs/batch", json={"post": [run()]})
    project = ask.get("/sessions").json()[0]["id"]
    answer = ask.post("/runs/query", json={"session": [project]} | body)
    assert 400 <= answer.status_code <= 501
    assert reason in answer.json()["detail"]


def test_texts_of_every_kind_come_back_as_they_went_in(ask):
    strange = "\x00 \U0001f600 \ud83d half </script> '; DROP TABLE runs; -- \u202e"
    sent = run(inputs={"q": strange}, outputs={"a": [strange, 1.5, None, True]}, name="é\ud83d")
    assert ask.post("/runs/batch", content=dump({"post": [sent]})).status_code == 202
    found = ask.get(f"/runs/{sent['id']}").json()
    assert (found["inputs"], found["outputs"]) == (sent["inputs"], sent["outputs"])
    assert found["name"] == "é?"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/sessions?metadata=[1]", "not a JSON object"),
        ('/sessions?metadata="x"', "not a JSON object"),
        ("/sessions?metadata={" + ",".join(f'"{n}":1' for n in range(101)) + "}", "has 101 keys, 100 are taken"),
        ("/examples?metadata=[1]", "not a JSON object"),
        ("/sessions?id=x", "is no UUID"),
    ],
)
def test_a_list_asked_for_by_nonsense_is_refused(ask, path, reason):
    answer = ask.get(path)
    assert 400 <= answer.status_code < 500
    assert reason in answer.json()["detail"]


@pytest.mark.parametrize("metadata", ['{"a": 1180591620717411303424}', '{"\\ud800": "\\ud800"}', '{"a": [1, null]}'])
@pytest.mark.parametrize("path", ["/sessions", "/examples"])
def test_metadata_that_nothing_has_finds_nothing(ask, path, metadata):
    answer = ask.get(path, params={"metadata": metadata})
    assert (answer.status_code, answer.json()) == (200, [])


def test_more_ids_than_sqlite_has_parameters_for_are_all_looked_for(ask):
    sent = [run(), run(), run()]
    ask.post("/runs/batch", json={"post": sent})
    wanted = [sent[0]["id"], *(str(UUID(int=n)) for n in range(40_000)), sent[2]["id"]]
    project = ask.get("/sessions", params={"name": "default"}).json()[0]["id"]
    for body in ({"id": wanted}, {"session": [project], "trace": wanted}):
        found = ask.post("/runs/query", json=body).json()["runs"]
        assert {one["id"] for one in found} == {sent[0]["id"], sent[2]["id"]}
    body = {"project_ids": [project, *wanted], "min_start_time": "2026-01-01", "ids": wanted}
    assert len(ask.post("/v2/runs/query", json=body).json()["items"]) == 2


def test_the_deepest_and_the_longest_filter_that_is_taken_is_answered(ask):
    ask.post("/runs/batch", json={"post": [run()]})
    project = ask.get("/sessions", params={"name": "default"}).json()[0]["id"]
    nested = "not(and(eq(metadata_key, 'a'), " * 9 + "eq(name, 'x')" + "))" * 9
    for text in (
        nested,
        "or(" + ", ".join(["eq(feedback_key, 'x')"] * 100) + ")",
        "not(" * 19 + "eq(id, null)" + ")" * 19,
    ):
        body = {"session": [project], "filter": text, "trace_filter": text, "tree_filter": text}
        assert ask.post("/runs/query", json=body).status_code == 200, text


def test_half_a_surrogate_in_feedback_is_kept_as_it_came(ask):
    half = "\ud83d half"
    sent = {"run_id": str(uuid4()), "key": half, "value": half, "comment": half, "feedback_source": {"type": half}}
    answer = ask.post("/feedback", content=dump(sent))
    assert answer.status_code == 200
    found = ask.get(f"/feedback/{answer.json()['id']}").json()
    assert (found["value"], found["comment"]) == (half, half)
    assert ask.get("/feedback", params={"source": "? half"}).json() == [found]


def test_an_id_that_a_dataset_or_a_project_has_is_not_given_twice(ask):
    taken = str(uuid4())
    for path in ("/datasets", "/sessions"):
        statuses = [ask.post(path, json={"id": taken, "name": name}).status_code for name in (f"{path} 1", f"{path} 2")]
        assert statuses == [200, 409]


@pytest.mark.parametrize("amount", ["sNaN", "NaN", "-Infinity", "0e-999999999", "1e-999999999", "x", "1" * 99, [1]])
def test_a_cost_that_is_no_amount_is_unknown_or_nothing(ask, amount):
    said = {"usage_metadata": {"input_tokens": 2**60, "output_tokens": 1, "total_cost": amount}}
    sent = run(run_type="llm", outputs=said)
    assert ask.post("/runs/batch", json={"post": [sent]}).status_code == 202
    found = ask.get(f"/runs/{sent['id']}").json()
    assert (found["prompt_tokens"], found["total_cost"]) == (None, "0" if amount == "0e-999999999" else None)


ODD = st.sampled_from([
    None, True, 0, -1, 2**63, 2**70, -(10**400), 1.5, 1e308, "", "x", "\ud800", "\0", "é" * 300, "y" * 70_000, [], {},
    [[]], {"\ud800": "\ud800"}, [{"id": "x"}], {"metadata": {"ls_model_name": "\ud800", "thread_id": {"a": [1]}}},
    {"usage_metadata": {"input_tokens": -5, "output_tokens": 1e300, "input_token_details": {"\ud800": 3}}},
    {"metadata": [1]}, [{"name": "new_token", "time": []}], "20261005T012429008517Zx.20261005T012429008517Zx",
    "2026-10-05T00:00:00", "9999-12-31T23:59:59", str(UUID(int=7)), [str(UUID(int=7))], "eq(name, 'x')", "LLM",
])  # fmt: skip
NAMES = st.sampled_from([
    "id", "trace_id", "parent_run_id", "session_id", "start_time", "end_time", "name", "run_type", "dotted_order",
    "session_name", "error", "inputs", "outputs", "extra", "serialized", "events", "tags", "session", "query", "filter",
    "trace_filter", "is_root", "id", "trace", "select", "limit", "order", "cursor", "project_ids", "min_start_time",
    "reference_dataset_id", "has_error", "ids", "selects", "page_size", "key", "score", "value", "comment", "run_id",
    "feedback_source", "created_at", "description", "data_type", "metadata", "dataset_id", "split", "source_run_id",
])  # fmt: skip
WHOLE = {"id": str(UUID(int=7)), "start_time": "2026-10-05", "key": "k", "name": "n", "session": [str(UUID(int=7))],
         "project_ids": [str(UUID(int=7))], "run_id": str(UUID(int=7)), "dataset_id": str(UUID(int=7))}  # fmt: skip


@given(
    route=st.sampled_from([(method, path) for method, path, _ in ROUTES if method != "DELETE"]),
    said=st.dictionaries(NAMES, ODD, max_size=4),
    bare=st.one_of(st.none(), ODD),
    asked=st.dictionaries(NAMES, ODD, max_size=2),
)  # fmt: skip
@examples(150, suppress=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_to_an_endpoint_is_answered_or_refused_with_a_reason(ask, route, said, bare, asked):
    method, path = route
    body = WHOLE | said if bare is None else bare
    sent = dump({"post": [body]} if path == "/runs/batch" else [body] if path.endswith("bulk") else body)
    if "multipart" in path or path.startswith("/platform"):
        parts = [(f"{kind}{UUID(int=7)}", sent.encode()) for kind in ("post.", "feedback.")]
        kind = multipart(*parts) if "multipart" in path else multipart((str(UUID(int=7)), sent.encode()))
    else:
        kind = {"content": sent} if method != "GET" else {}
    params = {name: dump(value)[:2000] for name, value in asked.items()}
    answer = ask.request(method, path.replace("{id}", str(UUID(int=7))), params=params, **kind)
    assert answer.status_code < 500 or answer.status_code == 501, answer.text
    if answer.status_code >= 400:
        assert answer.json()["detail"]


DEEP = json.loads('{"k":' * 400 + "1" + "}" * 400)
BAD = {
    "of no project": {"session_id": str(uuid4())},
    "with a list for its extra": {"extra": [1]},
    "with no start": {"start_time": None, "dotted_order": None},
    "with a time that is none": {"start_time": "yesterday"},
}


@pytest.mark.parametrize("what", BAD)
def test_one_bad_run_costs_none_of_the_others_and_the_answer_names_it(ask, what):
    good, bad, after = run(), run(**BAD[what]), run()
    answer = ask.post("/runs/batch", json={"post": [good, bad, after]})
    assert answer.status_code == 202
    assert list(answer.json()["refused"]) == [bad["id"]]
    assert [ask.get(f"/runs/{one['id']}").status_code for one in (good, bad, after)] == [200, 404, 200]
    alone = ask.post("/runs/batch", json={"post": [bad]})
    assert alone.status_code in (404, 422)
    assert alone.json()["detail"] == answer.json()["refused"][bad["id"]]


def test_of_a_multipart_body_a_run_nested_too_deep_is_refused_alone(ask):
    good, deep = run(), run()
    parts = [
        (f"post.{one['id']}", dump(one).encode()) for one in (good, deep)
    ]  # fmt: skip
    parts += [(f"post.{good['id']}.inputs", b'{"a": 1}'), (f"post.{deep['id']}.inputs", json.dumps(DEEP).encode())]
    answer = ask.post("/runs/multipart", **multipart(*parts))
    assert answer.status_code == 202
    assert "nested deeper than 200 levels" in answer.json()["refused"][deep["id"]]
    assert [ask.get(f"/runs/{one['id']}").status_code for one in (good, deep)] == [200, 404]


KEPT = [([1, 2], {"input": [1, 2]}), ("hi", {"input": "hi"}), ({"a": 1}, {"a": 1})]


@pytest.mark.parametrize(("inputs", "kept"), KEPT)
def test_inputs_that_are_a_list_or_a_text_are_kept(ask, inputs, kept):
    sent = run(inputs=inputs)
    assert ask.post("/runs/batch", json={"post": [sent]}).status_code == 202
    assert ask.get(f"/runs/{sent['id']}").json()["inputs"] == kept


@pytest.mark.parametrize(("earlier", "latency"), [(0.000_02, 0.0), (3.0, None)])
def test_a_run_that_ends_before_it_starts_is_stored_and_took_no_time_or_nobody_knows(ask, earlier, latency):
    start = datetime(2026, 10, 5, 9, tzinfo=UTC)
    end = start - timedelta(seconds=earlier)
    sent = run(start_time=start.isoformat(), end_time=end.isoformat())
    assert ask.post("/runs/batch", json={"post": [sent]}).status_code == 202
    found = ask.get(f"/runs/{sent['id']}").json()
    assert found["status"] == "success"
    assert found.get("latency") == latency


def test_execution_order_1_asks_for_roots_and_another_one_is_refused(ask):
    root = run(session_name="order")
    child = run(session_name="order", trace_id=root["id"], parent_run_id=root["id"])
    ask.post("/runs/batch", json={"post": [root, child]})
    project = ask.get("/sessions", params={"name": "order"}).json()[0]["id"]
    found = ask.post("/runs/query", json={"session": [project], "execution_order": 1}).json()["runs"]
    assert [one["id"] for one in found] == [root["id"]]
    assert ask.post("/runs/query", json={"session": [project], "execution_order": 2}).status_code == 501


def test_datasets_are_found_by_their_metadata_and_type(ask):
    ask.post("/datasets", json={"name": "a", "metadata": {"k": "1"}})
    ask.post("/datasets", json={"name": "b", "data_type": "chat"})
    by = lambda **asked: [one["name"] for one in ask.get("/datasets", params=asked).json()]  # noqa: E731
    assert by(metadata='{"k": "1"}') == ["a"]
    assert by(data_type="chat") == ["b"]
    assert by(metadata='{"k": "2"}') == []


def test_what_is_not_spoken_here_says_so(ask):
    answer = ask.post("/charts", json={})
    assert (answer.status_code, "not part of this server" in answer.json()["detail"]) == (404, True)
