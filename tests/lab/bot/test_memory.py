import threading
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waits import PATIENCE

from chatmon.lab.bot._memory import ConversationMemory, estimate_tokens, new_conversation_id


def test_the_oldest_exchanges_are_dropped_first() -> None:
    memory = ConversationMemory(budget=40)
    for number in range(10):
        memory.add("c", "x" * 30, f"{number}" * 29)
    assert [replied[0] for _, replied in memory.history("c")] == ["8", "9"]


def test_an_exchange_over_the_whole_budget_is_not_remembered() -> None:
    memory = ConversationMemory(budget=10)
    memory.add("c", "short", "yes")
    memory.add("c", "x" * 31, "no")
    assert memory.history("c") == []


@given(st.integers(0, 60), st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=8))
def test_what_is_remembered_is_the_end_of_the_conversation_within_the_budget(
    budget: int, exchanges: list[tuple[str, str]]
) -> None:
    memory = ConversationMemory(budget)
    for asked, replied in exchanges:
        memory.add("c", asked, replied)
    kept = memory.history("c")
    assert kept == exchanges[len(exchanges) - len(kept) :]
    assert sum(estimate_tokens(text) for exchange in kept for text in exchange) <= budget


@given(
    st.integers(0, 5), st.integers(0, 60), st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8)
)
def test_a_window_keeps_at_most_so_many_exchanges_and_what_is_not_kept_is_counted(
    window: int, budget: int, exchanges: list[tuple[str, str]]
) -> None:
    memory, unlimited = ConversationMemory(budget, exchanges=window), ConversationMemory(budget)
    for asked, replied in exchanges:
        memory.add("c", asked, replied)
        unlimited.add("c", asked, replied)
    kept = memory.history("c")
    assert kept == unlimited.history("c")[max(0, len(unlimited.history("c")) - window) :]
    assert len(kept) + memory.dropped("c") == len(exchanges)


def test_a_conversation_that_is_forgotten_as_a_whole_starts_anew() -> None:
    memory = ConversationMemory(budget=100, capacity=1, exchanges=1)
    for conversation in ("a", "a", "b", "a"):
        memory.add(conversation, "1", "2")
    assert [memory.dropped(conversation) for conversation in ("a", "b", "never seen")] == [0, 0, 0]


def test_conversations_do_not_mix_and_the_longest_silent_is_forgotten() -> None:
    memory = ConversationMemory(budget=100, capacity=2)
    memory.add("a", "1", "2")
    memory.add("b", "3", "4")
    memory.add("a", "5", "6")
    memory.add("c", "7", "8")
    assert memory.history("a") == [("1", "2"), ("5", "6")]
    assert memory.history("b") == []
    assert memory.history("c") == [("7", "8")]


def test_a_history_that_was_handed_out_does_not_change() -> None:
    memory = ConversationMemory(budget=100)
    memory.add("a", "1", "2")
    history = memory.history("a")
    history.clear()
    assert memory.history("a") == [("1", "2")]


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abc", 1), ("abcd", 2), ("é", 1), ("🎉", 2)])
def test_tokens_are_estimated_as_a_third_of_the_bytes_rounded_up(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


def test_conversation_ids_are_unique_across_threads_and_sort_by_time() -> None:
    ids: list[str] = []
    threads = [threading.Thread(target=lambda: ids.extend(new_conversation_id() for _ in range(500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(set(ids)) == 2_000
    numbers = [UUID(one) for one in ids]
    assert {(number.version, number.variant) for number in numbers} == {(7, "specified in RFC 4122")}
    assert abs((UUID(new_conversation_id()).int >> 80) - (max(numbers).int >> 80)) < 10_000
