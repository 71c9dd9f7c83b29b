"""What the LangChain callback counts: kept replies, calls told twice, and what is billed besides tokens of text."""

from decimal import Decimal

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from chatmon.cost import Usage
from chatmon.live.monitor import ChatMonitor

USED = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}


class Said(BaseChatModel):
    """A model that answers with one message."""

    message: AIMessage = AIMessage(
        "hi", usage_metadata=USED, response_metadata={"model_name": "gpt-4.1-mini", "model_provider": "openai"}
    )

    @property
    def _llm_type(self):
        return "said"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        return ChatResult(generations=[ChatGeneration(message=self.message)])


@pytest.fixture
def monitor():
    return ChatMonitor()


def asked(monitor, model, times=1):
    with monitor.track("c1"):
        for _ in range(times):
            model.invoke("hello", config={"callbacks": [monitor.callback()]})
    return monitor.turns()[-1]


def test_a_reply_out_of_langchain_s_cache_costs_nothing_and_is_marked(monitor):
    model = Said(cache=InMemoryCache())
    first, second = asked(monitor, model), asked(monitor, model)
    # gpt-4.1-mini: 1,000 x 0.40 + 100 x 1.60 US dollars a million.
    assert (first.cost, first.input_tokens, first.finish_reason) == (Decimal("0.00056"), 1000, None)
    assert (second.cost, second.input_tokens, second.output_tokens, second.finish_reason) == (0, 0, 0, "cache")
    assert second.price_source == "a reply kept from an earlier call: no request was made"
    assert second.model == "gpt-4.1-mini"


def test_a_kept_reply_adds_nothing_to_the_turn_of_another_call(monitor):
    turn = asked(monitor, Said(cache=InMemoryCache()), times=2)
    assert (turn.cost, turn.input_tokens) == (Decimal("0.00056"), 1000)
    assert turn.price_source.startswith("genai-prices")


def test_a_call_that_two_callbacks_report_counts_once(monitor):
    with monitor.track("c1"):
        model = Said(callbacks=[monitor.callback()])
        model.invoke("hello", config={"callbacks": [monitor.callback()]})
    (turn,) = monitor.turns()
    assert (turn.input_tokens, turn.cost, dict(monitor.rejected)) == (1000, Decimal("0.00056"), {})


def test_two_calls_with_one_callback_count_twice(monitor):
    turn = asked(monitor, Said(), times=2)
    assert (turn.input_tokens, turn.cost) == (2000, Decimal("0.00112"))


def test_the_tier_of_the_reply_is_kept_and_priced(monitor):
    metadata = {"model_name": "gpt-4.1-mini", "model_provider": "openai", "service_tier": "scale"}
    turn = asked(monitor, Said(message=AIMessage("hi", usage_metadata=USED, response_metadata=metadata)))
    assert (turn.usage_details, turn.cost, turn.input_tokens) == ({"service_tier": "scale"}, None, 1000)


def test_searches_that_only_the_provider_s_own_body_counts_are_paid(monitor):
    own = {"input_tokens": 1000, "output_tokens": 100, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0,
           "server_tool_use": {"web_search_requests": 3}}  # fmt: skip
    metadata = {"model_name": "claude-sonnet-4-5", "model_provider": "anthropic", "usage": own}
    turn = asked(monitor, Said(message=AIMessage("hi", usage_metadata=USED, response_metadata=metadata)))
    # 1,000 x 3 + 100 x 15 US dollars a million, and 3 searches at 10 a thousand.
    assert (turn.usage_details, turn.cost) == ({"web_searches": 3}, Decimal("0.0345"))


def test_reasoning_above_the_completion_is_no_error_of_the_turn(monitor):
    used = {"input_tokens": 32, "output_tokens": 9, "total_tokens": 135, "output_token_details": {"reasoning": 94}}
    metadata = {"model_name": "grok-4", "model_provider": "xai"}
    turn = asked(monitor, Said(message=AIMessage("hi", usage_metadata=used, response_metadata=metadata)))
    assert (turn.error_type, turn.output_tokens, turn.reasoning_tokens) == (None, 103, 94)


def test_what_one_call_leaves_out_is_said_of_the_turn(monitor):
    with monitor.track("c1") as turn:
        turn.add_usage(Usage(10, 0, 0, 1, 0, hidden_tokens=5), model="gpt-4.1-mini")
        turn.add_usage(Usage(10, 0, 0, 1, 0), model="gpt-4.1-mini")
    assert "lower bound: 5 tokens of the total" in monitor.turns()[0].price_source
