"""Usage: one record from six shapes, each with a body worked by hand."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatmon.cost import Usage

# One call: 1,000 tokens in, 600 of them from the cache and 100 written to it; 80 tokens out, 30 of them reasoning.
CALL = Usage(1000, 600, 100, 80, 30)
OPENAI_CHAT = {
    "prompt_tokens": 1000,
    "completion_tokens": 80,
    "total_tokens": 1080,
    "prompt_tokens_details": {"cached_tokens": 600, "cache_write_tokens": 100, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 30, "audio_tokens": 0},
}
OPENAI_RESPONSES = {
    "input_tokens": 1000,
    "input_tokens_details": {"cached_tokens": 600, "cache_write_tokens": 100},
    "output_tokens": 80,
    "output_tokens_details": {"reasoning_tokens": 30},
    "total_tokens": 1080,
}
ANTHROPIC = {
    "input_tokens": 300,  # 1,000 less 600 read and 100 written
    "cache_read_input_tokens": 600,
    "cache_creation_input_tokens": 100,
    "output_tokens": 80,
}
LANGCHAIN = {
    "input_tokens": 1000,
    "output_tokens": 80,
    "total_tokens": 1080,
    "input_token_details": {"cache_read": 600, "cache_creation": 100},
    "output_token_details": {"reasoning": 30},
}
OTEL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.cache_read.input_tokens": 600,
    "gen_ai.usage.cache_creation.input_tokens": 100,
    "gen_ai.usage.output_tokens": 80,
    "gen_ai.usage.reasoning.output_tokens": 30,
}
LLAMA_CPP = {
    "object": "chat.completion",
    "usage": {
        "prompt_tokens": 1000,
        "completion_tokens": 80,
        "total_tokens": 1080,
        "prompt_tokens_details": {"cached_tokens": 600},
    },
    "timings": {"cache_n": 600, "prompt_n": 400, "predicted_n": 80, "predicted_ms": 512.0},
}
SHAPES = {
    "openai chat": (Usage.from_openai_chat, OPENAI_CHAT, ()),
    "openai responses": (Usage.from_openai_responses, OPENAI_RESPONSES, ()),
    "anthropic": (Usage.from_anthropic, ANTHROPIC, ("reasoning_tokens",)),
    "langchain": (Usage.from_langchain, LANGCHAIN, ()),
    "otel": (Usage.from_otel, OTEL, ()),
    "llama.cpp": (Usage.from_llama_cpp, LLAMA_CPP, ("cache_write_tokens", "reasoning_tokens")),
}
NAMES = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")


@pytest.mark.parametrize("shape", SHAPES)
def test_the_six_shapes_of_one_call_are_one_usage_but_for_what_a_shape_cannot_say(shape):
    convert, body, silent = SHAPES[shape]
    expected = {name: None if name in silent else getattr(CALL, name) for name in NAMES}
    assert convert(body) == Usage(**expected)


def test_a_call_without_writes_or_reasoning_is_the_same_usage_from_all_six_shapes():
    plain = {"prompt_tokens": 1000, "completion_tokens": 80, "prompt_tokens_details": {"cached_tokens": 600}}
    bodies = [
        Usage.from_openai_chat(plain),
        Usage.from_openai_responses(
            {"input_tokens": 1000, "input_tokens_details": {"cached_tokens": 600}, "output_tokens": 80}
        ),
        Usage.from_anthropic(
            {
                "input_tokens": 400,
                "cache_read_input_tokens": 600,
                "cache_creation_input_tokens": None,
                "output_tokens": 80,
            }
        ),
        Usage.from_langchain({"input_tokens": 1000, "output_tokens": 80, "input_token_details": {"cache_read": 600}}),
        Usage.from_otel(
            {
                "gen_ai.usage.prompt_tokens": 1000,
                "gen_ai.usage.completion_tokens": 80,
                "gen_ai.usage.cache_read_input_tokens": 600,
            }
        ),
        Usage.from_llama_cpp({"usage": plain}),
    ]
    assert set(bodies) == {Usage(1000, 600, None, 80, None)}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_empty_body_says_nothing_rather_than_zero(shape):
    assert SHAPES[shape][0]({}) == Usage(None, None, None, None, None)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_body_that_is_no_mapping_is_refused(shape):
    with pytest.raises(TypeError, match="usage has type list, not a mapping"):
        SHAPES[shape][0]([("input_tokens", 3)])


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "otel"])
def test_a_body_of_another_shape_is_refused_with_its_keys(shape):
    with pytest.raises(ValueError, match="among id, tokens: is this the right shape"):
        SHAPES[shape][0]({"id": "x", "tokens": 3})


def test_details_that_are_null_are_unknown_and_details_that_are_no_mapping_are_refused():
    assert Usage.from_openai_chat({"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": None}) == Usage(
        5, None, None, 1, None
    )
    with pytest.raises(TypeError, match="prompt_tokens_details has type int"):
        Usage.from_openai_chat({"prompt_tokens": 5, "prompt_tokens_details": 3})


@pytest.mark.parametrize("tier", [None, "priority", "flex"])
def test_langchain_s_service_tiers_name_the_same_tokens_and_the_tier(tier):
    prefix = f"{tier}_" if tier else ""
    read = {f"{prefix}cache_read": 600, f"{prefix}cache_creation": 100}
    body = {**LANGCHAIN, "input_token_details": read, "output_token_details": {f"{prefix}reasoning": 30}}
    assert Usage.from_langchain(body) == replace(CALL, service_tier=tier)


@pytest.mark.parametrize("together", [0, 100, None])
def test_langchain_s_cache_writes_by_lifetime_count_once(together):
    details = {"cache_read": 600, "ephemeral_5m_input_tokens": 70, "ephemeral_1h_input_tokens": 30}
    if together is not None:
        details["cache_creation"] = together
    assert Usage.from_langchain({**LANGCHAIN, "input_token_details": details}).cache_write_tokens == 100


def test_llama_cpp_s_timings_alone_are_enough():
    assert Usage.from_llama_cpp({"timings": LLAMA_CPP["timings"]}) == Usage(1000, 600, None, 80, None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (-1, ValueError, r"\(-1\)"),
        (math.nan, TypeError, r"\(nan\) has type float"),
        (3.0, TypeError, r"\(3.0\) has type float"),
        (True, TypeError, r"\(True\) has type bool"),
        ("3", TypeError, r"\('3'\) has type str"),
    ],
)
def test_an_impossible_count_is_refused_with_its_name(name, value, error, message):
    with pytest.raises(error, match=f"{name} {message}"):
        Usage(**{name: value})


def test_a_negative_count_in_an_anthropic_body_is_refused_before_it_is_added():
    with pytest.raises(ValueError, match=r"cached_tokens \(-5\)"):
        Usage.from_anthropic({"input_tokens": 10, "cache_read_input_tokens": -5, "output_tokens": 1})


def test_parts_larger_than_their_whole_are_refused_with_both_numbers():
    with pytest.raises(ValueError, match=r"cached_tokens \(40\) cannot exceed input_tokens \(10\)"):
        Usage(input_tokens=10, cached_tokens=40)
    with pytest.raises(
        ValueError, match=r"cached_tokens \(6\) \+ cache_write_tokens \(5\) cannot exceed input_tokens \(10\)"
    ):
        Usage(input_tokens=10, cached_tokens=6, cache_write_tokens=5)
    with pytest.raises(ValueError, match=r"reasoning_tokens \(9\) cannot exceed output_tokens \(8\)"):
        Usage(output_tokens=8, reasoning_tokens=9)


def test_a_sum_with_an_unknown_part_is_unknown():
    assert Usage(10, None, 0, 5, None) + Usage(20, 8, 1, None, None) == Usage(30, None, 1, None, None)


known = st.tuples(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9)).map(
    lambda n: Usage(n[0] + n[1], n[0], 0, n[2] + n[3], n[2])
)


@given(known, known, known)
def test_addition_is_associative_and_has_a_zero(a, b, c):
    assert (a + b) + c == a + (b + c)
    assert a + Usage(0, 0, 0, 0, 0) == a
    assert sum([a, b], Usage(0, 0, 0, 0, 0)).input_tokens == a.input_tokens + b.input_tokens


def test_a_usage_is_not_added_to_a_number():
    with pytest.raises(TypeError, match="unsupported operand"):
        Usage(1) + 1


@pytest.mark.parametrize("cache", [{}, {"cache_read_input_tokens": None}, {"cache_creation_input_tokens": None}])
def test_an_anthropic_body_without_cache_counts_its_input_as_it_stands(cache):
    assert Usage.from_anthropic({"input_tokens": 30, "output_tokens": 2, **cache}) == Usage(30, None, None, 2, None)


@pytest.mark.parametrize(
    ("convert", "body", "error", "message"),
    [
        (
            Usage.from_anthropic,
            {"input_tokens": -5, "cache_read_input_tokens": 10, "output_tokens": 1},
            ValueError,
            r"input_tokens \(-5\)",
        ),
        (
            Usage.from_anthropic,
            {"input_tokens": 5, "cache_read_input_tokens": "3", "output_tokens": 1},
            TypeError,
            r"cached_tokens \('3'\)",
        ),
        (Usage.from_llama_cpp, {"timings": {"cache_n": "3", "prompt_n": 5}}, TypeError, r"cached_tokens \('3'\)"),
        (Usage.from_llama_cpp, {"timings": {"cache_n": 10, "prompt_n": -5}}, ValueError, r"input_tokens \(-5\)"),
    ],
)
def test_a_count_that_is_added_to_another_is_refused_by_its_own_number(convert, body, error, message):
    with pytest.raises(error, match=message):
        convert(body)


@pytest.mark.parametrize("half", ["cache_n", "prompt_n"])
def test_half_of_llama_cpp_s_input_is_not_all_of_it(half):
    assert Usage.from_llama_cpp({"timings": {half: 5}}).input_tokens is None


def test_llama_cpp_s_usage_goes_before_its_timings():
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 0}}
    timings = {"cache_n": 3, "prompt_n": 99, "predicted_n": 9}
    assert Usage.from_llama_cpp({"usage": usage, "timings": timings}) == Usage(10, 0, None, 2, None)


def test_langchain_s_own_conversions_give_the_same_usage():
    from langchain_openai.chat_models.base import _create_usage_metadata, _create_usage_metadata_responses

    assert Usage.from_langchain(_create_usage_metadata(OPENAI_CHAT)) == CALL
    assert Usage.from_langchain(_create_usage_metadata_responses(OPENAI_RESPONSES)) == CALL


def test_genai_prices_extracts_the_same_tokens():
    from genai_prices import extract_usage

    cases = (
        ("openai", "chat", "gpt-4.1", OPENAI_CHAT, Usage.from_openai_chat),
        ("openai", "responses", "gpt-4.1", OPENAI_RESPONSES, Usage.from_openai_responses),
        ("anthropic", "default", "claude-sonnet-4-5", ANTHROPIC, Usage.from_anthropic),
    )
    for provider, flavor, model, body, convert in cases:
        found = extract_usage({"model": model, "usage": body}, provider_id=provider, api_flavor=flavor).usage
        mine = convert(body)
        assert (mine.input_tokens, mine.cached_tokens) == (found.input_tokens, found.cache_read_tokens), flavor
        assert mine.output_tokens == found.output_tokens, flavor
