"""What comes in broken, too large or from strangers is refused with a reason, and nothing is the worse for it."""

from __future__ import annotations

import secrets
from uuid import uuid4

import httpx
import pytest
import zstandard

from chatmon.local.langsmith import bodies, start
from chatmon.local.langsmith.values import dump


@pytest.fixture(scope="module")
def server():
    with start(api_key=f"test-{secrets.token_hex(8)}") as running:
        yield running


@pytest.fixture
def ask(server):
    """A client, after which the server must still serve and must have logged no error of its own."""
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.api_key}, timeout=60) as client:
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


@pytest.mark.parametrize("key", ["", "wrong", "ключ".encode()])
def test_a_wrong_key_is_refused_everywhere_but_at_the_door(server, key):
    with httpx.Client(base_url=server.url, headers={"x-api-key": key}) as stranger:
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
        (dump({"post": [run(id="../../etc/passwd")]}), "is no UUID"),
        (dump({"post": [run(id=None)]}), "is no UUID"),
        (dump({"post": [run(start_time="yesterday")]}), "is no time"),
        (dump({"post": [run(start_time=1e300)]}), "is no time"),
        (dump({"post": [run(start_time="0001-01-01T00:00:00+14:00")]}), "is no time"),
        (dump({"post": [run(start_time=-253_402_300_799_999)]}), "is no time"),
        (dump({"post": [run(end_time="9999-12-31T23:59:59-14:00")]}), "is no time"),
        (dump({"post": [run(start_time=None)]}), "neither start_time nor dotted_order"),
        (dump({"post": [run(end_time="2026-10-04T00:00:00")]}), "ends 86400.0 s before it starts"),
        (dump({"post": [run(inputs=[1])]}), "inputs is list"),
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
        ({"cursor": "é"}, "cursor"), ({"filter": 1}, "not a text"), ({"query": "slow runs"}, "language model"),
        ({"start_time": "x"}, "is no time"), ({"session": ["x"]}, "is no UUID"),
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


def test_a_batch_with_one_bad_run_leaves_nothing_behind(ask):
    good = run()
    answer = ask.post("/runs/batch", json={"post": [good, run(session_id=str(uuid4()))]})
    assert answer.status_code == 404
    assert ask.get(f"/runs/{good['id']}").status_code == 404


def test_what_is_not_spoken_here_says_so(ask):
    answer = ask.post("/annotation-queues", json={})
    assert (answer.status_code, "not part of this server" in answer.json()["detail"]) == (404, True)
