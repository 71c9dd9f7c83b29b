"""The local service answers the real requests, refuses the wrong ones, and replies by the real model."""

import json
from pathlib import Path

import httpx
import pytest
from openai import OpenAI
from waits import PATIENCE

from chatmon.connect.langtail import LangtailClient, RefusedError, UnavailableError, render
from chatmon.lab.bot import _prompts as prompts
from chatmon.lab.services import langtail, llm
from chatmon.lab.services.langtail import PROMPTS
from chatmon.lab.services.langtail import _folder as folder
from chatmon.lab.services.langtail._store import ThreadStore

WIRE = [
    json.loads(line)
    for line in (Path(__file__).parents[3] / "connect" / "langtail" / "langtail_wire.jsonl")
    .read_text("utf-8")
    .splitlines()
]
FACT = {"question": "When is my bill due?", "note": "Bills are due on the 5th of each month."}


@pytest.fixture(scope="module")
def model():
    with llm.start() as running:
        yield running


@pytest.fixture(scope="module")
def service(model, tmp_path_factory):
    with langtail.start(model, db=tmp_path_factory.mktemp("langtail") / "langtail.db") as running:
        yield running


@pytest.fixture
def client(service):
    with LangtailClient(service.api_key, base_url=service.base_url) as made:
        yield made


def send(service, method, path, **options):
    headers = {"x-api-key": service.api_key} | options.pop("headers", {})
    return httpx.request(method, service.base_url + path, headers=headers, timeout=PATIENCE, **options)


def test_every_recorded_request_finds_its_route(service, client):
    """With names that are here in place of the recorded ones, and short replies; what is not here has no such name."""
    thread = client.create_thread().id
    message = client.add_message(thread, {"role": "user", "content": "hi"}).id
    here = {"thread_1": thread, "m1": message, "t0": thread, "?v=abc": "?v=v1", "?v=3": "?v=v3", "/ws/proj/": "/a/b/"}
    for recorded in WIRE:
        path = recorded["path"]
        for name, ours in here.items():
            path = path.replace(name, ours)
        body = recorded["body"] and {
            **recorded["body"],
            **({"threadId": thread} if "threadId" in recorded["body"] else {}),
            **({"max_tokens": 4} if not path.startswith("/v2/") else {}),
        }
        headers = {
            name: value.replace(" k", f" {service.api_key}") if name == "authorization" else value
            for name, value in recorded["headers"].items()
            if name.startswith(("x-langtail", "authorization"))
        }
        answer = send(service, recorded["method"], path, json=body, headers=headers)
        assert answer.status_code == (404 if "missing" in path else 200), (recorded["path"], answer.text)


def test_a_prompt_says_what_the_bots_own_prompt_says(client):
    for version in ("v1", "v2"):
        state = client.get("support", "preview", version)
        rendered = [(message["role"], render(message["content"], FACT)) for message in state.template]
        roles = {"system": "system", "human": "user", "ai": "assistant"}
        own = prompts.prompt(version).messages(FACT["question"], FACT["note"])
        assert rendered == [(roles[role], text) for role, text in own]


def test_a_reply_comes_from_the_model_and_says_its_tokens(client, model):
    replies = [client.invoke("support", "preview", version, variables=FACT) for version in ("v2", "v3")]
    assert all("5th of each month" in reply.text for reply in replies)
    assert {reply.model for reply in replies} == {model.model}
    assert replies[0].usage["prompt_tokens"] > replies[1].usage["prompt_tokens"] > 100


def test_in_pieces_the_reply_is_the_same(client):
    whole = client.invoke("support", variables=FACT).text
    with client.stream("support", variables=FACT) as pieces:
        collected = list(pieces)
    assert len(collected) > 3
    assert "".join(collected) == whole


@pytest.mark.parametrize("with_usage", [False, True])
def test_the_proxy_streams_as_openai_does_and_keeps_the_usage_whether_asked_or_not(service, with_usage):
    asked = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5, "temperature": 0, "seed": 1}
    with OpenAI(base_url=f"{service.base_url}/v1", api_key=service.api_key) as own:
        options = {"stream_options": {"include_usage": True}} if with_usage else {}
        chunks = list(own.chat.completions.create(model="m", stream=True, **asked, **options))
        whole = own.chat.completions.create(model="m", **asked)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert any(chunk.usage is not None for chunk in chunks) is with_usage
    assert all(chunk.choices for chunk in chunks) is not with_usage
    newest = sorted(send(service, "GET", "/logs").json()["data"], key=lambda one: one["n"])[-2:]
    assert {one["reply"]["usage"]["completion_tokens"] for one in newest} == {whole.usage.completion_tokens}


def test_the_bridge_to_vercels_sdk_is_answered(service):
    body = {
        "parallel_tool_calls": True,
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "hi"}],
        "stream": False,
    }
    assert send(service, "POST", "/project-prompt/support/production", json=body).status_code == 200


def test_in_pieces_a_call_that_the_model_refuses_is_refused_too(client):
    with pytest.raises(RefusedError, match=r"the model refuses: 400.*temperature"):
        client.invoke("support", temperature="hot")
    with (
        pytest.raises(RefusedError, match=r"the model refuses: 400.*temperature"),
        client.stream("support", temperature="hot"),
    ):
        pass


def test_production_is_what_is_deployed_there(client):
    deployed = {(one.prompt, one.environment): one.version for one in client.deployments()}
    assert client.get("support").raw == client.get("support", "preview", deployed["support", "production"]).raw


def test_an_assistant_goes_on_with_its_thread(client):
    first = client.invoke("helper", messages="My router is red.")
    again = client.invoke("helper", messages="What colour?", thread_id=first.thread_id)
    assert again.thread_id == first.thread_id
    said = client.messages(first.thread_id)
    assert [message.role for message in said] == ["user", "assistant"] * 2
    assert [said[0].text, said[1].text] == ["My router is red.", first.text]
    assert again.usage["prompt_tokens"] > first.usage["prompt_tokens"]


def test_calls_are_logged_with_their_metadata_unless_they_ask_not_to_be(service, client):
    client.invoke("support", variables=FACT, metadata={"variant": "kept"})
    client.invoke("support", variables=FACT, metadata={"variant": "not kept"}, record=False)
    variants = [log["metadata"].get("variant") for log in send(service, "GET", "/logs").json()["data"]]
    assert "kept" in variants
    assert "not kept" not in variants


def test_pages_of_threads_and_messages_hold_each_once(client):
    thread = client.create_thread({"a": 1}).id
    names = [client.add_message(thread, {"role": "user", "content": str(number)}).id for number in range(5)]
    found, after = [], None
    while page := client.messages(thread, 2, after):
        found += [message.id for message in page]
        after = page[-1].id
    assert found == names
    assert [message.id for message in client.messages(thread, order="desc")] == names[::-1]
    assert client.threads(1)[0].id == thread


def test_metadata_is_added_to_and_what_is_deleted_is_gone(service, client):
    thread = client.create_thread({"a": 1}).id
    message = client.add_message(thread, {"role": "user", "content": "x"}, {"b": 2}).id
    for path, rating in ((f"/v2/threads/{thread}", 5), (f"/v2/threads/{thread}/messages/{message}", 4)):
        assert send(service, "POST", path, json={"metadata": {"rating": rating}}).status_code == 200
    assert client.thread(thread).metadata == {"a": 1, "rating": 5}
    assert client.message(thread, message).metadata == {"b": 2, "rating": 4}
    client.delete_message(thread, message)
    client.delete_thread(thread)
    for call in (lambda: client.message(thread, message), lambda: client.thread(thread)):
        with pytest.raises(RefusedError, match="404"):
            call()


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "says"),
    [
        ("GET", "/list-deployments", {"headers": {"x-api-key": "wrong"}}, 401, "Unauthorized"),
        ("GET", "/project-prompt/missing/production", {}, 404, "Prompt deployment not found"),
        ("GET", "/project-prompt/support/nowhere", {}, 404, "Environment nowhere not found"),
        ("GET", "/project-prompt/support/preview", {}, 400, "needs a version"),
        ("GET", "/project-prompt/..%2F..%2Fdata/production", {}, 404, "not found"),
        ("GET", "/project-prompt/support/preview?v=..%2F..%2Fknowledge_base", {}, 404, "not found"),
        ("POST", "/project-prompt/support/production", {"json": {"promt": 1}}, 400, "unknown in the body: promt"),
        ("POST", "/project-prompt/support/production", {"json": {"variables": {"n": 3}}}, 400, "values are text"),
        ("POST", "/project-prompt/support/production", {"json": {"messages": ["hi"]}}, 400, "messages must be"),
        ("POST", "/project-prompt/support/production", {"json": {"template": "Hi."}}, 400, "template must be"),
        ("POST", "/project-prompt/support/production", {"json": {"stream": "no"}}, 400, "stream must be"),
        ("POST", "/project-prompt/helper/production", {"json": {"threadId": [1]}}, 400, "threadId text"),
        ("POST", "/project-prompt/support/production", {"content": b"{not json"}, 400, "no JSON"),
        ("POST", "/project-prompt/support/production", {"content": b"\xff\xfe"}, 400, "no JSON"),
        ("POST", "/project-prompt/support/production", {"content": b"[" * 100_000}, 400, "no JSON"),
        ("POST", "/project-prompt/support/production", {"content": b" " * (4 * 2**20 + 1)}, 413, "4,194,304 bytes"),
        ("POST", "/project-prompt/helper/production", {"json": {"threadId": "x", "messages": []}}, 404, "Thread x"),
        ("GET", "/v2/threads?limit=101", {}, 400, "from 1 to 100"),
        ("GET", "/v2/threads/none", {}, 404, "Thread none not found"),
        ("POST", "/v2/threads", {"json": {"metadata": 7}}, 400, "metadata must be an object"),
    ],
)
def test_a_wrong_call_is_refused_with_the_reason(service, method, path, options, status, says):
    answer = send(service, method, path, **options)
    error = answer.json()["error"]
    assert answer.status_code == status
    assert says in (error["message"] if path.startswith("/v2/") else error)


def test_threads_outlive_the_service(model, tmp_path):
    kept = tmp_path / "kept.db"
    with langtail.start(model, db=kept) as first, LangtailClient(first.api_key, base_url=first.base_url) as client:
        thread = client.create_thread({"user_id": "u1"}).id
    with langtail.start(model, db=kept) as second, LangtailClient(second.api_key, base_url=second.base_url) as client:
        assert client.thread(thread).metadata == {"user_id": "u1"}


def test_without_its_model_a_call_says_so_and_the_rest_goes_on(tmp_path):
    with llm.start() as model:
        service = langtail.start(model)
    with service, LangtailClient(service.api_key, base_url=service.base_url, attempts=1) as client:
        model.stop()
        with pytest.raises(UnavailableError, match="the model does not answer"):
            client.invoke("support", variables=FACT)
        assert client.deployments()
    assert not service.running


def test_a_missing_folder_is_refused(model, tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder of prompts"):
        langtail.start(model, tmp_path / "none")


def test_what_a_call_says_wins_over_the_prompt_and_minus_one_is_no_limit():
    state = {"state": {"args": {"temperature": 0.5, "max_tokens": -1, "stop": [], "jsonmode": True}, "template": []}}
    body = folder.openai_body(state, {"temperature": 1, "messages": [{"role": "user"}]}, [{"role": "system"}], "m")
    assert body == {
        "temperature": 1, "response_format": {"type": "json_object"}, "model": "m", "stream": False,
        "messages": [{"role": "system"}, {"role": "user"}],
    }  # fmt: skip


def test_a_stored_page_after_an_unknown_id_is_empty():
    assert ThreadStore(None).threads(5, "unknown") == []


def test_every_deployed_version_is_there():
    for one in folder.listed(PROMPTS):
        assert folder.find(PROMPTS, one["promptSlug"], one["environment"], None).version == one["version"]


def test_a_template_in_the_call_takes_the_place_of_the_prompts():
    state = {"state": {"template": [{"role": "system", "content": "Long."}]}}
    call = {"template": [{"role": "system", "content": "Hi, {{name}}."}], "variables": {"name": "Ann"}}
    asked = folder.openai_body(state, call, [], "a-model")
    assert asked["messages"] == [{"role": "system", "content": "Hi, Ann."}]
