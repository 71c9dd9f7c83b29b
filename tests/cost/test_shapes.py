"""Shapes of usage: bodies by hand for what each counts inside and outside, and one description of them in the house."""

import ast
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon._tools.paths import REPO
from chatmon.cost import Usage
from chatmon.cost.shapes import DETAILS, SHAPES
from chatmon.turns import COLUMNS


def google(**parts):
    return [{"modality": name, "tokenCount": count} for name, count in parts.items()]


READ = [
    # https://docs.x.ai/docs/guides/reasoning: reasoning is counted apart from completion_tokens, and in the total.
    ("xAI's reasoning apart", "openai chat",
     {"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
      "completion_tokens_details": {"reasoning_tokens": 94}},
     {"input_tokens": 32, "output_tokens": 103, "reasoning_tokens": 94}),
    ("and so without a total", "openai chat",
     {"prompt_tokens": 32, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 94}},
     {"input_tokens": 32, "output_tokens": 103, "reasoning_tokens": 94}),
    ("reasoning inside", "openai chat",
     {"prompt_tokens": 32, "completion_tokens": 103, "total_tokens": 135,
      "completion_tokens_details": {"reasoning_tokens": 94}},
     {"input_tokens": 32, "output_tokens": 103, "reasoning_tokens": 94}),
    ("nothing but reasoning", "openai chat",
     {"prompt_tokens": 32, "completion_tokens": 94, "completion_tokens_details": {"reasoning_tokens": 94}},
     {"input_tokens": 32, "output_tokens": 94, "reasoning_tokens": 94}),
    ("thoughts that nobody counts", "openai chat", {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 650},
     {"input_tokens": 100, "output_tokens": 550}),
    ("an embedding", "openai chat", {"prompt_tokens": 8, "total_tokens": 8}, {"input_tokens": 8, "output_tokens": 0}),
    # https://api-docs.deepseek.com/guides/kv_cache
    ("DeepSeek's cache", "openai chat",
     {"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36},
     {"input_tokens": 100, "cached_tokens": 64, "output_tokens": 5}),
    ("Mistral's cache", "openai chat", {"prompt_tokens": 70, "completion_tokens": 5, "num_cached_tokens": 64},
     {"input_tokens": 70, "cached_tokens": 64, "output_tokens": 5}),
    ("vLLM without details", "openai chat", {"prompt_tokens": 7, "completion_tokens": 5, "prompt_tokens_details": None},
     {"input_tokens": 7, "output_tokens": 5}),
    ("sound", "openai chat",
     {"prompt_tokens": 1015, "completion_tokens": 592, "prompt_tokens_details": {"audio_tokens": 1000},
      "completion_tokens_details": {"audio_tokens": 482}},
     {"input_tokens": 1015, "output_tokens": 592, "input_audio_tokens": 1000, "output_audio_tokens": 482}),
    ("a tier", "openai chat", {"prompt_tokens": 1, "completion_tokens": 1, "service_tier": "flex"},
     {"input_tokens": 1, "output_tokens": 1, "service_tier": "flex"}),
    ("the usual tier", "openai responses", {"input_tokens": 1, "output_tokens": 1, "service_tier": "default"},
     {"input_tokens": 1, "output_tokens": 1}),
    # https://docs.claude.com/en/docs/build-with-claude/prompt-caching: input_tokens leaves out what was cached.
    ("Anthropic's hour", "anthropic",
     {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 1000,
      "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600}},
     {"input_tokens": 1030, "cached_tokens": 20, "cache_write_tokens": 1000, "cache_write_1h_tokens": 600,
      "output_tokens": 5}),
    ("thinking", "anthropic",
     {"input_tokens": 10, "output_tokens": 200, "output_tokens_details": {"thinking_tokens": 150}},
     {"input_tokens": 10, "output_tokens": 200, "reasoning_tokens": 150}),
    ("searches", "anthropic",
     {"input_tokens": 10, "output_tokens": 5, "server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 1}},
     {"input_tokens": 10, "output_tokens": 5, "web_searches": 3}),
    ("tier, place and speed", "anthropic",
     {"input_tokens": 1, "output_tokens": 1, "service_tier": "standard", "speed": "fast", "inference_geo": "us"},
     {"input_tokens": 1, "output_tokens": 1, "service_tier": "fast", "inference_geo": "us"}),
    ("compaction", "anthropic",
     {"input_tokens": 180, "output_tokens": 8,
      "iterations": [{"type": "compaction", "input_tokens": 100, "output_tokens": 82},
                     {"type": "message", "input_tokens": 180, "output_tokens": 8}]},
     {"input_tokens": 180, "output_tokens": 8, "model_calls_apart": 82}),
    # https://ai.google.dev/api/generate-content#UsageMetadata: thoughts beside candidates, tools beside the prompt.
    ("Gemini", "google",
     {"promptTokenCount": 100, "toolUsePromptTokenCount": 30, "candidatesTokenCount": 20, "thoughtsTokenCount": 50,
      "cachedContentTokenCount": 60, "totalTokenCount": 200, "trafficType": "ON_DEMAND_FLEX",
      "promptTokensDetails": google(TEXT=20, AUDIO=70, VIDEO=10), "cacheTokensDetails": google(TEXT=10, AUDIO=50)},
     {"input_tokens": 130, "cached_tokens": 60, "output_tokens": 70, "reasoning_tokens": 50, "input_audio_tokens": 70,
      "input_video_tokens": 10, "cached_audio_tokens": 50, "service_tier": "flex"}),
    ("thoughts alone", "google", {"promptTokenCount": 10, "thoughtsTokenCount": 90, "totalTokenCount": 100},
     {"input_tokens": 10, "output_tokens": 90, "reasoning_tokens": 90}),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    ("Bedrock", "bedrock",
     {"inputTokens": 10, "outputTokens": 5, "totalTokens": 315, "cacheReadInputTokens": 100,
      "cacheWriteInputTokens": 200,
      "cacheDetails": [{"ttl": "5m", "inputTokens": 50}, {"ttl": "1h", "inputTokens": 150}]},
     {"input_tokens": 310, "cached_tokens": 100, "cache_write_tokens": 200, "cache_write_1h_tokens": 150,
      "output_tokens": 5}),
    ("Cohere", "cohere",
     {"billed_units": {"input_tokens": 5, "output_tokens": 3}, "tokens": {"input_tokens": 71, "output_tokens": 3}},
     {"input_tokens": 5, "output_tokens": 3}),
    ("LangChain's tier", "langchain",
     {"input_tokens": 100, "output_tokens": 10, "input_token_details": {"flex_cache_read": 40, "flex": 60, "audio": 5}},
     {"input_tokens": 100, "cached_tokens": 40, "output_tokens": 10, "input_audio_tokens": 5, "service_tier": "flex"}),
    ("what LangChain cannot name", "langchain", {"input_tokens": 10, "output_tokens": 300, "total_tokens": 1000},
     {"input_tokens": 10, "output_tokens": 300, "hidden_tokens": 690}),
    ("Helicone", "helicone",
     {"prompt_tokens": 30, "prompt_cache_read_tokens": 6000, "prompt_cache_write_tokens": 100, "completion_tokens": 20,
      "reasoning_tokens": 15, "total_tokens": 65, "prompt_audio_tokens": 7},
     {"input_tokens": 6137, "cached_tokens": 6000, "cache_write_tokens": 100, "output_tokens": 35,
      "reasoning_tokens": 15, "input_audio_tokens": 7}),
    ("Langfuse, sound apart", "langfuse", {"input": 10, "input_audio_tokens": 5, "output": 3, "total": 18},
     {"input_tokens": 15, "input_audio_tokens": 5, "output_tokens": 3}),
    ("MLflow", "mlflow", {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 1},
     {"input_tokens": 9, "cached_tokens": 4, "output_tokens": 1}),
    ("an agent of Claude", "claude agent sdk", {"input_tokens": 9, "cache_read_tokens": 400, "output_tokens": 1},
     {"input_tokens": 409, "cached_tokens": 400, "output_tokens": 1}),
    ("more cached than went in", "opentelemetry",
     {"gen_ai.usage.input_tokens": 9, "gen_ai.usage.cache_read.input_tokens": 400, "gen_ai.usage.output_tokens": 1},
     {"input_tokens": 409, "cached_tokens": 400, "output_tokens": 1}),
    ("LangSmith", "langsmith",
     {"prompt_tokens": 9, "completion_tokens": 2, "prompt_token_details": {"ephemeral_1h_input_tokens": 4}},
     {"input_tokens": 9, "cache_write_tokens": 4, "cache_write_1h_tokens": 4, "output_tokens": 2}),
    ("OpenRouter", "openrouter",
     {"tokens_prompt": 1200, "tokens_cached": 1024, "tokens_completion": 300, "tokens_reasoning": 128},
     {"input_tokens": 1200, "cached_tokens": 1024, "output_tokens": 300, "reasoning_tokens": 128}),
    ("Bedrock's log", "bedrock log",
     {"input": {"inputTokenCount": 40, "cacheReadInputTokenCount": 200, "cacheWriteInputTokenCount": 60},
      "output": {"outputTokenCount": 12}},
     {"input_tokens": 300, "cached_tokens": 200, "cache_write_tokens": 60, "output_tokens": 12}),
    ("Codex", "codex",
     {"input_tokens": 1000, "cached_input_tokens": 250, "output_tokens": 125, "reasoning_output_tokens": 75},
     {"input_tokens": 1000, "cached_tokens": 250, "output_tokens": 125, "reasoning_tokens": 75}),
    ("Opik", "opik",
     {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "original_usage.cache_read_input_tokens": 60,
      "original_usage.input_tokens": 40},
     {"input_tokens": 100, "cached_tokens": 60, "output_tokens": 20}),
    ("Weave, the cache left out", "weave",
     {"requests": 1, "input_tokens": 2, "cache_read_input_tokens": 60, "output_tokens": 20},
     {"input_tokens": 62, "cached_tokens": 60, "output_tokens": 20}),
    ("Braintrust", "braintrust",
     {"start": 1.0, "prompt_tokens": 100, "prompt_cached_tokens": 60, "prompt_cache_creation_5m_tokens": 5,
      "prompt_cache_creation_1h_tokens": 6, "completion_tokens": 20},
     {"input_tokens": 100, "cached_tokens": 60, "cache_write_tokens": 11, "cache_write_1h_tokens": 6,
      "output_tokens": 20}),
    ("Ollama in Open WebUI", "open webui", {"prompt_eval_count": 40, "eval_count": 12, "total_duration": 2500000000},
     {"input_tokens": 40, "output_tokens": 12}),
    ("llama.cpp", "llama.cpp", {"timings": {"cache_n": 5, "prompt_n": 4, "predicted_n": 2}},
     {"input_tokens": 9, "cached_tokens": 5, "output_tokens": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "body", "wanted"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_a_body_says_what_its_shape_means(shape, body, wanted):
    assert Usage.read(shape, body) == Usage(**wanted)


def test_every_shape_has_an_example():
    assert {shape for _, shape, _, _ in READ} == set(SHAPES)


sizes = st.none() | st.integers(0, 5000)


@examples(300)
@given(sizes, sizes, sizes, sizes)
def test_reasoning_is_never_a_reason_to_refuse_a_reply_s_usage(prompt, completion, reasoning, total):
    said = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
    usage = Usage.from_openai_chat(said | {"completion_tokens_details": {"reasoning_tokens": reasoning}})
    assert usage.reasoning_tokens == reasoning
    if completion is not None:
        assert usage.output_tokens >= max(completion, reasoning or 0)


def test_a_turn_s_details_are_those_of_its_usage_and_no_zeros():
    usage = Usage(10, 0, 4, 1, 0, input_audio_tokens=0, cache_write_1h_tokens=0, web_searches=2, service_tier="flex")
    assert usage.details == {"web_searches": 2, "service_tier": "flex", "cache_write_1h_tokens": 0}
    assert Usage(10, 0, 0, 1, 0, cache_write_1h_tokens=0).details == {}


def test_details_add_up_and_two_tiers_are_both_there():
    one, other = Usage(1, 0, 0, 1, 0, web_searches=2, service_tier="flex"), Usage(1, 0, 0, 1, 0, web_searches=1)
    assert (one + other).web_searches == 3
    assert (one + other).service_tier == "flex+standard"
    assert (one + one).service_tier == "flex"
    assert (one + Usage(0, 0, 0, 0, 0)).service_tier == "flex"


def test_a_part_above_its_whole_is_refused_with_both_numbers():
    with pytest.raises(ValueError, match=r"input_audio_tokens \(9\) cannot exceed input_tokens \(8\)"):
        Usage(8, input_audio_tokens=9)
    with pytest.raises(ValueError, match=r"cache_write_1h_tokens \(3\) cannot exceed cache_write_tokens \(2\)"):
        Usage(8, 0, 2, cache_write_1h_tokens=3)


def test_the_page_of_the_docs_is_the_table():
    made = subprocess.run(
        [sys.executable, "-m", "chatmon.cost._shape_table"], capture_output=True, text=True, check=True, cwd=REPO
    )
    assert (REPO / "docs" / "usage.md").read_text(encoding="utf-8") == made.stdout


WORDS = "audio cost image input output reasoning speed timings total total_tokens usage video"
OWN = {*COLUMNS, *DETAILS, *WORDS.split()}
"""Names that are the house's own, or words of many uses."""
RUNS = {"prompt_tokens", "completion_tokens", "prompt_token_details", "completion_token_details"}
"""Columns of LangSmith's runs, which its client and the local server hand on as they are."""
ELSEWHERE = {
    "chatmon/lab/course/_lesson_11.py": "the truth of an exercise in reading Langfuse's counts",
    "chatmon/importers/_langsmith.py": "columns of a run, declared as JSON",
}


def names_in_shapes():
    for shape in SHAPES.values():
        for places in shape.paths.values():
            for place in places:
                for part in place.replace("&", "+").split("+"):
                    yield from (step.partition("[")[0].strip() for step in part.split("/"))
                yield place


def test_no_other_code_reads_a_shape_of_usage():
    known = {name for name in names_in_shapes() if name} - OWN
    found = []
    for path in sorted((REPO / "chatmon").rglob("*.py")):
        where = path.relative_to(REPO).as_posix()
        if where == "chatmon/cost/shapes.py" or where in ELSEWHERE:
            continue
        runs = RUNS if "langsmith" in where or where == "chatmon/importers/_run_usage.py" else set()
        found += [
            (where, node.lineno, node.value)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and node.value in known - runs
        ]
    assert found == []
