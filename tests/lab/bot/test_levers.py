"""A lever tried: the same messages on both sides, and sums that compare like with like."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from moments import MORNING

from chatmon.cost import Usage, price
from chatmon.lab.bot.chat import ChatConfig, ProductionChatbot
from chatmon.lab.bot.levers import Asked, Trial, messages, monitor_at_prices_of, try_lever
from chatmon.turns import Turn

DUE = "When is my bill due?"
TALK = [
    Asked("c1", "ada", "How can I reset my password?"),
    Asked("c2", "ben", DUE),
    Asked("c1", "ada", "How do I change my email address?"),
    Asked("c1", "ada", DUE),
]


def turn(number: int, **columns: Any) -> Turn:
    moment = MORNING + timedelta(minutes=number)
    return Turn(
        **{"turn_id": f"t{number}", "conversation_id": "c1", "timestamp": moment, "response_time": 1.0} | columns
    )


def test_the_messages_of_a_log_come_in_order_of_time_without_those_that_were_not_captured() -> None:
    log = [turn(2, question="later", user_id="u"), turn(1, question="first"), turn(3)]
    assert messages(log) == [Asked("c1", None, "first"), Asked("c1", "u", "later")]
    with pytest.raises(ValueError, match="no turn has its question: record them with"):
        messages([turn(3)])


def test_a_monitor_charges_what_another_model_would_have_cost() -> None:
    monitor, usage = monitor_at_prices_of("gpt-4.1-mini"), Usage(1_000_000, 0, 0, 0, 0)
    with monitor.track("c1", "ada", model="tiny") as live:
        live.add_usage(usage, model="tiny")
        live.set(question=DUE)
    (one,) = monitor.turns()
    assert (one.model, one.question) == ("tiny", DUE)
    assert one.cost == price(usage, "gpt-4.1-mini", at=one.timestamp).amount > 0


def test_no_messages_are_refused_before_a_model_is_started() -> None:
    with pytest.raises(ValueError, match="0 messages"):
        try_lever([], ProductionChatbot)


def test_the_sums_are_over_the_messages_that_both_sides_answered() -> None:
    known = {"input_tokens": 100, "cached_tokens": 40, "output_tokens": 10, "task_completed": True}
    trial = Trial(
        off=(turn(1, **known), turn(2, **known | {"output_tokens": 30}), turn(3, **known), turn(4)),
        on=(turn(1, **known | {"finish_reason": "cache", "input_tokens": 0, "cached_tokens": 0, "output_tokens": 0}),
            turn(2, **known | {"task_completed": False, "response_time": 0.25}),
            turn(3, **known, error_type="E"), turn(4, **known)),
    )  # fmt: skip
    frame = trial.to_frame()
    assert frame.loc["off"].to_dict() == {
        "compared": 2, "from_cache": 0, "completed": 2,
        "input_tokens": 200, "cached_tokens": 80, "output_tokens": 40, "response_time": 2.0,
    }  # fmt: skip
    assert frame.loc["on"].to_dict() == {
        "compared": 2, "from_cache": 1, "completed": 1,
        "input_tokens": 100, "cached_tokens": 40, "output_tokens": 10, "response_time": 1.25,
    }  # fmt: skip
    saved = frame.loc["saved"]
    assert saved[["input_tokens", "cached_tokens", "output_tokens", "response_time"]].tolist() == [100, 40, 30, 0.75]


def test_a_sum_with_an_unknown_number_is_unknown() -> None:
    frame = Trial((turn(1, input_tokens=5, output_tokens=1),), (turn(1, input_tokens=5, output_tokens=1),)).to_frame()
    assert frame["cached_tokens"].isna().all()
    assert frame["completed"].isna().all()
    assert frame.loc["saved", "input_tokens"] == 0


@pytest.fixture(scope="session")
def shared() -> ChatConfig:
    """The model that all of this process share, which ends with the process."""
    return ChatConfig.local()


def test_a_trial_asks_both_sides_the_same_and_each_has_a_model_that_has_seen_nothing(shared: ChatConfig) -> None:
    used: list[ChatConfig] = []

    def make(config: ChatConfig) -> ProductionChatbot:
        used.append(config)
        return ProductionChatbot(config)

    trial = try_lever(TALK, make, make)
    assert len({shared.base_url, *(config.base_url for config in used)}) == 3
    assert used[0] == replace(used[1], base_url=used[0].base_url, api_key=used[0].api_key)
    for side in (trial.off, trial.on):
        assert [(one.conversation_id, one.user_id) for one in side] == [one[:2] for one in TALK]
        assert side[0].cached_tokens == 0
    columns = ("input_tokens", "cached_tokens", "output_tokens", "finish_reason", "intent", "task_completed")
    pairs = zip(trial.off, trial.on, strict=True)
    assert all(getattr(off, name) == getattr(on, name) for off, on in pairs for name in columns)


def test_a_note_that_stands_last_lets_the_model_read_the_conversation_from_its_cache() -> None:
    def asking(version: str) -> Any:
        return lambda config: ProductionChatbot(replace(config, prompt_version=version, max_tokens=20))

    trial = try_lever(TALK, asking("v1-note-last"), asking("v1"))
    shares = [
        [(one.cached_tokens or 0) / (one.input_tokens or 1) for one in side[2:]] for side in (trial.off, trial.on)
    ]
    assert max(shares[0]) < 0.5 < min(shares[1])
