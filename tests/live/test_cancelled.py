"""Turns that nobody waits for to their end: no failure, no success, and nothing left behind."""

import asyncio
import gc
import weakref
from datetime import timedelta

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from chatmon import analysis
from chatmon.alerts import replay
from chatmon.alerts.live._engine import AlertEngine
from chatmon.alerts.rules import Rule
from chatmon.live.monitor import ChatMonitor


def leave(monitor, error=GeneratorExit):
    with pytest.raises(error), monitor.track("c1"):
        raise error


def one_failed_one_left(monitor):
    with pytest.raises(OSError, match="reset"), monitor.track("c1", "u1"):
        raise ConnectionError("reset")
    for _ in range(2):
        with monitor.track("c2", "u2"):
            pass
    leave(monitor, asyncio.CancelledError)


def test_a_stream_that_is_dropped_is_cancelled(monitor):
    def pieces():
        with monitor.track("c1"):
            yield "a"
            yield "b"

    stream = pieces()
    next(stream)
    stream.close()
    (turn,) = monitor.turns()
    assert (turn.error_type, turn.error_message, turn.finish_reason) == (None, None, "cancelled")


def test_a_limit_in_time_inside_the_block_is_a_failure(monitor):
    async def main():
        with monitor.track("c1"):
            async with asyncio.timeout(0):
                await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert monitor.turns()[0].error_type == "TimeoutError"


def test_an_interrupted_process_has_not_been_cancelled_by_its_user(monitor):
    leave(monitor, KeyboardInterrupt)
    assert monitor.turns()[0].error_type == "KeyboardInterrupt"


def test_no_rate_of_failures_counts_what_was_cancelled(monitor):
    one_failed_one_left(monitor)
    # One of three failed; the fourth was left.
    live, later = monitor.summary(hours=1), analysis.summary(monitor)
    assert (live.turns, live.error_rate.value, live.error_rate.n) == (4, pytest.approx(1 / 3), 3)
    assert (later.turns, later.error_rate.value, later.error_rate.n) == (4, pytest.approx(1 / 3), 3)
    assert (later.error_rate.low, later.error_rate.high) == (live.error_rate.low, live.error_rate.high)
    window = monitor.window(300)
    assert (window.turns, window.errors, window.cancelled, window.error_rate) == (4, 1, 1, pytest.approx(1 / 3))


def test_segments_leave_it_out_too(monitor):
    for region, error in (("uk", asyncio.CancelledError), ("de", ConnectionError), ("de", asyncio.CancelledError)):
        with pytest.raises(error), monitor.track("c1", region=region):
            raise error
    found = analysis.segments(monitor, "region").set_index("region")
    assert found.loc["de", ["turns", "errors", "error_rate"]].tolist() == [2, 1, 1.0]
    assert found.loc["uk", ["turns", "errors"]].tolist() == [1, 0]
    assert found["error_rate"].isna()["uk"]


def test_only_cancelled_turns_have_no_rate(monitor):
    leave(monitor)
    assert (monitor.window(300).error_rate, monitor.summary().error_rate.value) == (None, None)
    assert analysis.summary(monitor).error_rate.value is None


def test_alerts_leave_it_out_live_and_in_history(monitor, clock):
    rule = Rule(name="errors", measure="error", statistic="rate", window=timedelta(minutes=5), above=0.3)
    said = []
    engine = AlertEngine([rule], said.append, clock=clock.time_ns)
    engine.watch(monitor)
    one_failed_one_left(monitor)  # a third of three is above 30 %, a quarter of four would not be
    clock.advance(60)
    engine.tick()
    assert [(note.rule, note.n) for note in said] == [("errors", 3)]
    told = replay([rule], monitor).notifications
    assert [(note.rule, note.n, note.value) for note in told] == [("errors", 3, said[0].value)]


# --- LangChain


class Slow(BaseChatModel):
    """A model that is never done."""

    @property
    def _llm_type(self):
        return "slow"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        raise NotImplementedError

    async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):
        await asyncio.sleep(60)


def test_a_cancelled_call_leaves_no_turn_behind_in_the_callback(clock):
    monitor = ChatMonitor(capacity=1, clock=clock.time_ns, timer=clock.timer)
    callback = monitor.callback()
    left = []

    async def ask():
        with monitor.track("c1") as turn:
            left.append(weakref.ref(turn))
            await Slow().ainvoke("hello", config={"callbacks": [callback]})

    async def main():
        for _ in range(3):
            task = asyncio.create_task(ask())
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    gc.collect()
    assert [turn.finish_reason for turn in monitor.turns()] == ["cancelled"]
    assert [one() is None for one in left] == [True, True, False]  # the monitor keeps the last one


class Twice(BaseChatModel):
    """A model that gives two answers to one prompt, and says once what they used."""

    @property
    def _llm_type(self):
        return "twice"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        used = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
        answers = [ChatGeneration(message=AIMessage(text, usage_metadata=used)) for text in ("a", "b")]
        return ChatResult(generations=answers, llm_output={"model_name": "gpt-4.1-mini", "model_provider": "openai"})


def test_two_answers_to_one_prompt_have_their_model_and_cost(monitor):
    with monitor.track("c1"):
        Twice().invoke("hello", config={"callbacks": [monitor.callback()]})
    (turn,) = monitor.turns()
    # 1,000 x 0.40 + 100 x 1.60 US dollars a million, once.
    assert (turn.model, turn.provider, turn.input_tokens, str(turn.cost)[:8]) == (
        "gpt-4.1-mini", "openai", 1000, "0.000560"[:8],
    )  # fmt: skip


THINKING = {
    "Anthropic": [
        AIMessageChunk([]),
        AIMessageChunk([{"type": "thinking", "thinking": "so", "index": 0}]),
        AIMessageChunk([{"type": "text", "text": "Yes", "index": 1}]),
    ],
    "DeepSeek": [
        AIMessageChunk(""),
        AIMessageChunk("", additional_kwargs={"reasoning_content": "so"}),
        AIMessageChunk("Yes"),
    ],
    "Responses": [
        AIMessageChunk([{"type": "reasoning", "id": "r1", "summary": [], "index": 0}]),
        AIMessageChunk([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "so", "index": 0}]}]),
        AIMessageChunk([{"type": "text", "text": "Yes", "index": 1}]),
    ],
    "Anthropic, a tool": [
        AIMessageChunk([{"type": "text", "text": "", "index": 0}]),
        AIMessageChunk([{"type": "tool_use", "id": "t1", "name": "look", "input": {}, "index": 0}]),
    ],
    "OpenAI, a tool": [
        AIMessageChunk(""),
        AIMessageChunk("", tool_call_chunks=[{"name": "look", "args": "", "id": "t1", "index": 0}]),
    ],
    "text only": [AIMessageChunk(""), AIMessageChunk("Yes")],
}


class Told(BaseChatModel):
    """A model that streams given pieces, one a second."""

    pieces: list
    advance: object

    @property
    def _llm_type(self):
        return "told"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        raise NotImplementedError

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        for piece in self.pieces:
            self.advance(1)
            yield ChatGenerationChunk(message=piece)


@pytest.mark.parametrize("provider", THINKING)
def test_the_first_token_is_the_same_one_however_a_provider_cuts_its_pieces(monitor, clock, provider):
    with monitor.track("c1") as turn:
        model = Told(pieces=THINKING[provider], advance=clock.advance)
        list(model.stream("hello", config={"callbacks": [monitor.callback()]}))
    assert turn.time_to_first_token == 2


# --- attributes


@pytest.mark.parametrize("way", ["track", "set"])
def test_attributes_that_are_changed_afterwards_change_nothing(monitor, way):
    plan = {"plan": {"name": "basic", "parts": ["a"]}}
    with monitor.track("c1", **({"attributes": plan} if way == "track" else {})) as turn:
        if way == "set":
            turn.set(attributes=plan)
        plan["plan"]["parts"].append(object())
        plan["plan"]["name"] = float("nan")
    assert monitor.turns()[0].attributes == {"plan": {"name": "basic", "parts": ["a"]}}
