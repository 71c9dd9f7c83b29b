"""The monitor: every turn recorded once, whatever the threads, tasks, exceptions and clocks do."""

import asyncio
import gc
import threading
import uuid
import weakref
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from moments import MORNING
from waits import PATIENCE

from chatmon import turns
from chatmon.cost import Price, Usage
from chatmon.live.clock import ManualClock
from chatmon.live.monitor import ChatMonitor, UnknownTurnError


def priced_at_a_cent(usage, model, *, provider, at):
    """Price every input token at a cent, except those of a model without a price."""
    del provider
    assert at == MORNING
    if model == "mystery":
        return Price(None, None, "no price")
    return Price(Decimal("0.01") * usage.input_tokens, "x", None)


@pytest.fixture
def priced(clock):
    return ChatMonitor(clock=clock.time_ns, timer=clock.timer, pricer=priced_at_a_cent)


def test_a_turn_has_the_times_of_the_injected_clocks(monitor, clock):
    with monitor.track("c1", "u1") as turn:
        clock.advance(0.25)
        turn.first_token()
        clock.advance(0.5)
        turn.first_token()
    (recorded,) = monitor.turns()
    assert recorded.timestamp == MORNING
    assert (recorded.time_to_first_token, recorded.response_time) == (0.25, 0.75)
    assert (recorded.conversation_id, recorded.user_id) == ("c1", "u1")


def test_response_time_ignores_a_wall_clock_that_steps_back(clock):
    wall = iter([10**18, 10**18 - 10**15])
    monitor = ChatMonitor(clock=lambda: next(wall), timer=clock.timer)
    with monitor.track("c1"):
        clock.advance(2)
    assert monitor.turns()[0].response_time == 2.0


def test_an_exception_in_the_block_is_recorded_and_raised_on(monitor):
    with pytest.raises(TimeoutError, match="after 3 s"), monitor.track("c1"):
        raise TimeoutError("after 3 s")
    (recorded,) = monitor.turns()
    assert (recorded.error_type, recorded.error_message) == ("TimeoutError", "after 3 s")


def test_an_exception_without_readable_text_is_recorded_and_raised_on(monitor):
    class MuteError(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    with pytest.raises(MuteError), monitor.track("c1"):
        raise MuteError
    (recorded,) = monitor.turns()
    assert (recorded.error_type, recorded.error_message) == ("MuteError", "(its text cannot be read: RuntimeError)")


def test_a_handle_is_for_one_turn(monitor):
    turn = monitor.track("c1")
    with turn:
        pass
    with pytest.raises(RuntimeError, match="this turn has begun already"), turn:
        pass
    assert len(monitor.turns()) == 1


def test_attributes_are_the_turn_s_own_whatever_the_caller_does_to_his(monitor):
    plan = {"plan": "basic"}
    with monitor.track("c1", attributes=plan):
        plan["plan"] = object()
    assert monitor.turns()[0].attributes == {"plan": "basic"}


def test_two_monitors_do_not_take_each_other_s_turns(monitor):
    other = ChatMonitor()
    with monitor.track("ours") as ours, other.track("theirs") as theirs:
        assert (monitor.current(), other.current()) == (ours, theirs)


def test_a_cost_without_tokens_reaches_the_window(monitor):
    with monitor.track("c1") as turn:
        turn.set(cost=Decimal("0.5"))
    assert (monitor.window(300).cost, monitor.window(300).unpriced_turns) == (Decimal("0.5"), 0)


@pytest.mark.parametrize("hours", [0, -1, float("nan"), float("inf")])
def test_a_summary_of_no_period_is_refused(monitor, hours):
    with pytest.raises(ValueError, match="is not a period"):
        monitor.summary(hours=hours)


def test_a_cancelled_task_leaves_a_turn_that_says_so(monitor):
    async def main():
        async def hang():
            with monitor.track("c1"):
                await asyncio.sleep(60)

        task = asyncio.create_task(hang())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert [(turn.error_type, turn.finish_reason) for turn in monitor.turns()] == [(None, "cancelled")]


def test_a_bot_that_answers_with_a_fallback_can_record_the_error_itself(monitor):
    with monitor.track("c1") as turn:
        turn.record_error(ConnectionError("reset \ud800"))
    assert monitor.turns()[0].error_message == "reset ?"


def test_turn_ids_are_version_7_uuids_in_the_order_of_time(monitor, clock):
    ids = []
    for _ in range(3):
        with monitor.track("c1") as turn:
            ids.append(turn.turn_id)
        clock.advance(0.0001)
    assert [uuid.UUID(name).version for name in ids] == [7, 7, 7]
    assert {uuid.UUID(name).variant for name in ids} == {uuid.RFC_4122}
    assert ids == sorted(ids)
    assert uuid.UUID(ids[0]).int >> 80 == int(MORNING.timestamp() * 1000)


def test_labels_become_columns_and_own_dimensions_become_attributes(monitor):
    with monitor.track("c1", intent="billing", region="eu", attributes={"plan": "basic"}) as turn:
        turn.set(task_completed=True)
    (recorded,) = monitor.turns()
    assert (recorded.intent, recorded.region, recorded.task_completed) == ("billing", "eu", True)
    assert recorded.attributes == {"plan": "basic"}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.track(""), ValueError, "conversation_id is empty"),
        (lambda m: m.track(7), TypeError, "conversation_id .7. has type int"),
        (lambda m: m.track(None), TypeError, "conversation_id is missing"),
        (lambda m: m.track("c\ud800"), ValueError, "conversation_id has a lone surrogate"),
        (lambda m: m.track("c", 42), TypeError, "user_id .42. has type int"),
        (lambda m: m.track("c", intnet="x"), TypeError, "track.. does not know intnet: labels are attributes, channel"),
        (lambda m: m.track("c", intent=3), TypeError, "intent .3. has type int"),
    ],
)
def test_a_bad_call_of_track_is_refused_before_the_block(monitor, call, error, message):
    with pytest.raises(error, match=message):
        call(monitor)
    assert monitor.turns() == []


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"input_tokens": -5}, r"input_tokens \(-5\) is outside"),
        ({"input_tokens": 10, "cached_tokens": 40}, r"cached_tokens \(40\) cannot exceed input_tokens \(10\)"),
        ({"response_time": 1.0}, "response_time: the monitor measures it"),
        ({"colour": "blue"}, "'colour' is no column of turns"),
    ],
)
def test_a_bad_value_is_refused_at_once_and_the_turn_is_still_recorded(monitor, columns, message):
    with pytest.raises(ValueError, match=message), monitor.track("c1") as turn:
        turn.set(**columns)
    (recorded,) = monitor.turns()
    assert (recorded.error_type, recorded.input_tokens) == ("ValueError", None)


def test_values_set_at_different_times_are_checked_against_each_other(monitor):
    with monitor.track("c1") as turn:
        turn.set(cached_tokens=40)
        with pytest.raises(ValueError, match=r"cached_tokens \(40\) cannot exceed input_tokens \(10\)"):
            turn.set(input_tokens=10)
    assert monitor.turns()[0].cached_tokens == 40


def test_content_is_kept_only_where_it_was_asked_for(clock):
    for capture, kept in [(False, None), (True, "my password is hunter2")]:
        monitor = ChatMonitor(clock=clock.time_ns, timer=clock.timer, capture_content=capture)
        with monitor.track("c1") as turn:
            turn.set(question="my password is hunter2", answer="Oh dear.")
        assert monitor.turns()[0].question == kept


def test_usage_of_several_calls_in_one_turn_adds_up(priced):
    with priced.track("c1") as turn:
        turn.add_usage(Usage(input_tokens=100, cached_tokens=20, output_tokens=5), model="m", provider="p")
        turn.add_usage(Usage(input_tokens=50, cached_tokens=0, output_tokens=7), model="m", finish_reason="stop")
    (recorded,) = priced.turns()
    assert (recorded.input_tokens, recorded.cached_tokens, recorded.output_tokens) == (150, 20, 12)
    assert (recorded.cost, recorded.price_source, recorded.usage_source) == (Decimal("1.50"), "x", "reported")
    assert (recorded.model, recorded.provider, recorded.finish_reason) == ("m", "p", "stop")


@pytest.mark.parametrize("models", [("mystery", "m", "m"), ("m", "mystery", "m"), ("m", "m", "mystery")])
def test_one_call_without_a_price_leaves_the_turn_s_cost_unknown(priced, models):
    with priced.track("c1") as turn:
        for model in models:
            turn.add_usage(Usage(input_tokens=100, output_tokens=5), model=model)
    (recorded,) = priced.turns()
    assert (recorded.cost, recorded.price_source, recorded.input_tokens) == (None, None, 300)


def test_nested_turns_are_separate_and_the_inner_one_is_current(monitor):
    assert monitor.current() is None
    with monitor.track("outer") as outer:
        with monitor.track("inner") as inner:
            assert monitor.current() is inner
        assert monitor.current() is outer
    assert monitor.current() is None
    assert [turn.conversation_id for turn in monitor.turns()] == ["inner", "outer"]


def test_turns_that_end_in_another_order_than_they_began_leave_none_current(monitor):
    def piece(name):
        with monitor.track(name):
            yield

    first, second = piece("first"), piece("second")
    next(first), next(second)
    first.close(), second.close()
    assert monitor.current() is None
    assert [turn.finish_reason for turn in monitor.turns()] == ["cancelled", "cancelled"]


def test_a_turn_that_ended_elsewhere_is_not_held_by_those_after_it(monitor):
    def elsewhere(turn):
        turn.__exit__(None, None, None)

    dropped = monitor.track("dropped")
    dropped.__enter__()
    thread = threading.Thread(target=elsewhere, args=(dropped,))
    thread.start()
    thread.join(PATIENCE)
    assert monitor.current() is None
    with monitor.track("next") as turn:
        assert turn.outer is None


def test_ten_thousand_concurrent_tasks_are_each_recorded_once():
    monitor = ChatMonitor(pricer=lambda usage, *_, **__: Price(Decimal(usage.input_tokens) / 10**6, "x", None))

    async def one(number):
        with monitor.track(f"c{number % 100}", f"u{number}") as turn:
            await asyncio.sleep(0)
            assert monitor.current() is turn
            turn.add_usage(Usage(input_tokens=number, output_tokens=1), model="m")
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(*(one(number) for number in range(10_000)))

    asyncio.run(main())
    recorded = monitor.turns()
    exact = sum(range(10_000))
    assert sorted(turn.input_tokens for turn in recorded) == list(range(10_000))
    assert len({turn.turn_id for turn in recorded}) == 10_000
    assert sum(turn.cost for turn in recorded) == Decimal(exact) / 10**6
    stats = monitor.window(300)
    assert (stats.turns, stats.input_tokens, stats.output_tokens) == (10_000, exact, 10_000)
    assert stats.cost == Decimal(exact) / 10**6
    assert monitor.evicted == 0


def test_eight_threads_of_ten_thousand_turns_lose_none():
    monitor = ChatMonitor(capacity=1_000)
    start = threading.Barrier(8)

    def work(thread):
        start.wait(PATIENCE)
        for number in range(10_000):
            with monitor.track(f"c{thread}", f"u{thread}") as turn:
                turn.set(input_tokens=number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    stats = monitor.window(3600)
    assert (stats.turns, stats.input_tokens) == (80_000, 8 * sum(range(10_000)))
    assert (len(monitor.turns()), monitor.evicted) == (1_000, 79_000)
    assert len({turn.turn_id for turn in monitor.turns()}) == 1_000


def test_the_buffer_keeps_the_newest_and_counts_what_it_evicts(clock):
    monitor = ChatMonitor(capacity=3, clock=clock.time_ns, timer=clock.timer)
    for number in range(5):
        with monitor.track(f"c{number}"):
            pass
    assert [turn.conversation_id for turn in monitor.turns()] == ["c2", "c3", "c4"]
    assert monitor.evicted == 2
    assert "evicted turns" in str(monitor.summary())


def test_finished_turns_are_not_kept_alive_by_each_other():
    monitor = ChatMonitor(capacity=1)
    with monitor.track("outer"), monitor.track("inner"):
        pass
    for _ in range(3):
        with monitor.track("c"):
            pass
    gc.collect()
    alive = [thing for thing in gc.get_objects() if type(thing).__name__ == "LiveTurn" and thing.monitor is monitor]
    assert len(alive) == 1


def test_a_rating_that_comes_later_reaches_its_turn_and_may_be_changed(monitor):
    ids = []
    for _ in range(3):
        with monitor.track("c1") as turn:
            ids.append(turn.turn_id)
    monitor.rate(ids[1], 2)
    monitor.rate(ids[1], 4)
    assert [turn.user_satisfaction for turn in monitor.turns()] == [None, 4.0, None]


@pytest.mark.parametrize("turn_id", ["nonsense", "", None, 7, str(uuid.UUID(int=7))])
def test_a_rating_of_an_unknown_turn_says_what_is_kept(monitor, turn_id):
    with pytest.raises(UnknownTurnError, match=r"among the newest 0 \(0 evicted, capacity 10000\)"):
        monitor.rate(turn_id, 3)


def test_a_rating_outside_one_to_five_is_refused(monitor):
    with monitor.track("c1") as turn:
        pass
    with pytest.raises(ValueError, match=r"user_satisfaction \(6\) is outside 1 to 5"):
        monitor.rate(turn.turn_id, 6)


def test_the_summary_counts_only_the_period_asked_for(monitor, clock):
    for conversation in ("old", "new", "new"):
        with monitor.track(conversation, "u1"):
            clock.advance(1)
        clock.advance(3600)
    summary = monitor.summary(hours=2.5)
    assert (summary.turns, summary.conversations, summary.users) == (2, 1, 1)
    assert summary.until - summary.since == timedelta(hours=2.5)
    assert summary.response_time.median.value == 1.0


def test_the_frame_has_the_columns_of_turns(monitor):
    with monitor.track("c1"):
        pass
    assert list(monitor.to_frame().columns) == list(turns.COLUMNS)


def test_the_library_sets_up_no_logging(monitor, caplog):
    import logging

    before = list(logging.getLogger().handlers)
    monitor.reject("usage: nonsense")
    assert logging.getLogger().handlers == before
    assert "rejected: usage: nonsense" in caplog.text
    assert monitor.summary().rejected == {"usage: nonsense": 1}


def replying(**message) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(content="Good morning to you", **message)] * 5))


USAGE = {"input_tokens": 12, "output_tokens": 4, "total_tokens": 16, "input_token_details": {"cache_read": 8}}
NAMED = {"model_name": "m-1", "finish_reason": "stop"}


def test_the_callback_fills_tokens_model_and_finish_reason(priced):
    model = replying(usage_metadata=USAGE, response_metadata=NAMED)
    config = {"callbacks": [priced.callback()]}
    with priced.track("sync"):
        model.invoke("Hello", config=config)
    with priced.track("async"):
        asyncio.run(model.ainvoke("Hello", config=config))
    for turn in priced.turns():
        assert (turn.input_tokens, turn.cached_tokens, turn.output_tokens) == (12, 8, 4)
        assert (turn.model, turn.finish_reason, turn.cost) == ("m-1", "stop", Decimal("0.12"))
        assert turn.time_to_first_token is None


def test_the_callback_marks_the_first_token_of_a_stream(monitor, clock):
    with monitor.track("c1"):
        for _ in replying().stream("Hello", config={"callbacks": [monitor.callback()]}):
            clock.advance(0.5)
    (turn,) = monitor.turns()
    assert turn.time_to_first_token == 0.0
    assert turn.response_time >= 0.5
    assert turn.input_tokens is None


def test_usage_that_cannot_be_true_is_rejected_counted_and_the_turn_recorded(monitor):
    model = replying(usage_metadata=USAGE | {"input_tokens": 3}, response_metadata=NAMED)
    with monitor.track("c1"):
        model.invoke("Hello", config={"callbacks": [monitor.callback()]})
    (turn,) = monitor.turns()
    assert (turn.input_tokens, turn.model) == (None, "m-1")
    (reason,) = monitor.rejected
    assert "cached_tokens (8)" in reason
    assert "input_tokens (3)" in reason


def test_a_model_call_outside_any_turn_is_counted(monitor):
    replying().invoke("Hello", config={"callbacks": [monitor.callback()]})
    assert monitor.rejected == {"model call outside track(): its tokens belong to no turn": 1}


def test_a_monitor_keeps_at_least_one_turn():
    with pytest.raises(ValueError, match=r"capacity \(0\)"):
        ChatMonitor(capacity=0)


def test_a_manual_clock_refuses_to_go_back_or_to_be_naive():
    with pytest.raises(ValueError, match=r"seconds \(-1\)"):
        ManualClock(MORNING).advance(-1)
    with pytest.raises(ValueError, match="has no time zone"):
        ManualClock(MORNING.replace(tzinfo=None))


def test_chats_that_overlap_in_one_thread_do_not_hold_on_to_each_other():
    monitor, open_chats, kept = ChatMonitor(capacity=1), deque(), []
    for number in range(50):
        chat = monitor.track(f"c{number}")
        chat.__enter__()
        kept.append(weakref.ref(chat))
        open_chats.append(chat)
        if len(open_chats) > 3:
            open_chats.popleft().__exit__(None, None, None)
    del chat
    gc.collect()
    assert sum(one() is not None for one in kept) == 4, "three that are open, and the one that is kept"
    while open_chats:
        open_chats.pop().__exit__(None, None, None)
    assert monitor.current() is None
