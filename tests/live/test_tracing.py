"""The chatbot's spans, read back through the SDK from a local LangSmith: with a model that fails as it is told."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from contract.stuck import stuck
from faulty_server import faulty_server
from langsmith import Client, traceable, tracing_context
from waits import PATIENCE, until

from chatmon.connect.langsmith import fetch_turns
from chatmon.connect.langsmith._connection import masking
from chatmon.lab.bot._knowledge import KnowledgeBase
from chatmon.lab.bot.chat import FALLBACK_TEXT, ChatConfig, EmptyMessageError, ProductionChatbot
from chatmon.lab.services.langsmith import start

pytestmark = pytest.mark.filterwarnings("ignore::langsmith._internal._beta_decorator.LangSmithDeprecationWarning")
QUESTION = "How long does a refund take?"
BUSY = ("status", 429, {"retry-after": "0"})


@pytest.fixture(scope="module")
def langsmith_server():
    with start(api_key=f"test-{secrets.token_hex(8)}") as running:
        yield running


@pytest.fixture(scope="module")
def knowledge():
    return KnowledgeBase.load()


@pytest.fixture
def model():
    with faulty_server() as running:
        yield running


async def no_wait(seconds):
    return None


@pytest.fixture
def bot(model, knowledge):
    config = ChatConfig(base_url=model.base_url, api_key="k", model="faulty-1", provider="faulty", timeout=PATIENCE)
    return ProductionChatbot(config, knowledge=knowledge, sleep=lambda seconds: None, async_sleep=no_wait)


@pytest.fixture
def content():
    return False


@pytest.fixture
def client(langsmith_server, content):
    opened = Client(api_url=langsmith_server.url, api_key=langsmith_server.api_key, **masking(content=content))
    yield opened
    opened.cleanup()


@pytest.fixture
def traced(client, request):
    with tracing_context(enabled=True, client=client, project_name=request.node.name):
        yield request.node.name


def tree(client, project):
    """The runs of a project, each under its parent, as name and status."""
    client.flush()
    runs = sorted(client.list_runs(project_name=project), key=lambda run: run.dotted_order)
    return [(f"{'  ' * run.dotted_order.count('.')}{run.name}", run.status) for run in runs]


def asked(bot, way, text=QUESTION):
    if way == "sync":
        return bot.process_user_message_sync(text, "ada")
    return asyncio.run(bot.process_user_message(text, "ada"))


START = [("retrieval", "success"), ("prompt", "success")]


def under_root(*runs, status="success"):
    return [("support desk", status), *((f"  {name}", state) for name, state in [*START, *runs])]


@pytest.mark.parametrize("way", ["sync", "async"])
def test_a_turn_is_a_trace_of_what_it_did(bot, client, traced, way):
    reply = asked(bot, way)
    assert tree(client, traced) == under_root(("attempt 1", "success"), ("  chatmon", "success"))
    root = client.read_run(reply.turn_id)
    assert root.metadata["thread_id"] == root.metadata["gen_ai.conversation.id"] == reply.conversation_id
    named = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "faulty",
        "gen_ai.request.model": "faulty-1",
    }
    assert {name: root.metadata[name] for name in named} == named
    assert (root.metadata["intent"], root.metadata["prompt_version"], root.total_tokens) == ("billing", "v2", 26)


@pytest.mark.parametrize("way", ["sync", "async"])
def test_retries_and_waits_are_spans_and_a_turn_that_was_saved_succeeded(bot, client, traced, model, way):
    model.script = [BUSY, "good"]
    asked(bot, way)
    assert tree(client, traced) == under_root(
        ("attempt 1", "error"), ("  chatmon", "error"), ("wait before retry", "success"),
        ("attempt 2", "success"), ("  chatmon", "success"),
    )  # fmt: skip


@pytest.mark.parametrize("way", ["sync", "async"])
def test_a_fallback_is_a_span_and_the_turn_failed(bot, client, traced, model, way):
    model.script = ["hang_up"]
    reply = asked(bot, way)
    assert reply.text == FALLBACK_TEXT
    assert tree(client, traced) == under_root(
        ("attempt 1", "error"), ("  chatmon", "error"), ("fallback", "success"), status="error"
    )
    assert client.read_run(reply.turn_id).error.startswith("ConnectionLostError(")


def test_a_message_that_is_none_is_a_trace_that_failed(bot, client, traced):
    with pytest.raises(EmptyMessageError):
        asked(bot, "sync", "")
    assert tree(client, traced) == [("support desk", "error")]


def test_a_reply_that_is_left_early_is_no_failure_of_the_turn(bot, client, traced):
    for _ in bot.stream(QUESTION, "ada"):
        break
    found = tree(client, traced)
    assert found[0] == ("support desk", "success")
    assert ("  attempt 1", "success") in found


def test_between_two_pieces_the_readers_own_calls_are_not_in_the_trace(bot, client, traced):
    @traceable(name="reader")
    def read(piece):
        return len(piece)

    for piece in bot.stream(QUESTION, "ada"):
        read(piece)
    found = tree(client, traced)
    assert ("reader", "success") in found
    assert not [name for name, _ in found if name.endswith(" reader")]


def test_a_turn_inside_another_trace_is_part_of_it(bot, client, traced):
    @traceable(name="page")
    def page():
        return asked(bot, "sync").text

    page()
    assert tree(client, traced)[:2] == [("page", "success"), ("  support desk", "success")]


def test_texts_stay_here_unless_asked_for(bot, client, traced):
    asked(bot, "sync", f"{QUESTION} I am ada@example.org")
    tree(client, traced)
    sent = " ".join(run.model_dump_json() for run in client.list_runs(project_name=traced))
    assert "refund" not in sent
    assert "ada@example.org" not in sent


@pytest.mark.parametrize("content", [True])
def test_texts_that_are_asked_for_are_masked(bot, client, traced):
    reply = asked(bot, "sync", f"{QUESTION} I am ada@example.org")
    tree(client, traced)
    root = client.read_run(reply.turn_id)
    assert root.inputs == {"question": f"{QUESTION} I am [email]"}
    assert root.outputs == {"answer": reply.text}
    sent = " ".join(run.model_dump_json() for run in client.list_runs(project_name=traced))
    assert "ada@example.org" not in sent


def test_the_turns_fetched_are_those_that_the_monitor_kept(bot, client, traced, model):
    model.script = [BUSY, "good", "hang_up"]
    first = asked(bot, "sync")
    asked(bot, "sync")
    client.flush()
    kept = {turn.turn_id: turn for turn in bot.monitor.turns()}
    with fetch_turns(client, traced, datetime.now(UTC) - timedelta(hours=1)) as logs:
        found = logs.frame().set_index("turn_id")
    assert set(found.index) == set(kept)
    for turn_id, turn in kept.items():
        row = found.loc[turn_id]
        assert row["conversation_id"] == turn.conversation_id
        assert (row["attempts"], row["prompt_version"], row["intent"]) == (turn.attempts, "v2", "billing")
        assert row["response_time"] == pytest.approx(turn.response_time, abs=0.05)
    saved = found.loc[first.turn_id]
    assert (saved["input_tokens"], saved["output_tokens"]) == (20, 6)
    assert found["error_type"].dropna().tolist() == ["ConnectionLostError"]


def test_without_tracing_nothing_is_sent(bot, client):
    with tracing_context(enabled=False, client=client, project_name="silent"):
        asked(bot, "sync")
    client.flush()
    assert not client.has_project("silent")


def test_a_langsmith_that_is_down_leaves_the_reply_as_it_was(bot):
    down = Client(api_url="http://127.0.0.1:9", api_key="k", timeout_ms=200)
    with tracing_context(enabled=True, client=down, project_name="down"):
        assert asked(bot, "sync").status == "success"
    down.cleanup(timeout=0.1)


@pytest.mark.parametrize("way", ["sync", "async"])
def test_the_reply_is_there_before_a_slow_langsmith_has_answered_anything(bot, way):
    with stuck(None) as server:
        slow = Client(api_url=server.url, api_key="k", **masking(content=False))
        with tracing_context(enabled=True, client=slow, project_name="slow"):
            assert asked(bot, way).status == "success"
            assert asked(bot, way).status == "success"
        until(lambda: server.parts)
        assert server.answers == 0
    slow.cleanup(timeout=5)
