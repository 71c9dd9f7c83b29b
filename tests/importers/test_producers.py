"""What real libraries emit, in small: each in the shape it was seen in, against counts that were known."""

import json

import pandas as pd
import pytest

from chatmon import turns as table
from chatmon.importers import open_logs

BEGAN = 1_795_000_000_000_000_000
RATE_LIMITED = "Error code: 429 - Rate limit reached"


def value(said):
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    if isinstance(said, list):
        return {"arrayValue": {"values": [value(one) for one in said]}}
    return {kinds[type(said)]: str(said) if type(said) is int else said}


def pairs(attributes):
    return [{"key": name, "value": value(said)} for name, said in attributes.items()]


def event(name, after=0.0, **attributes):
    named = {key.replace("_", "."): said for key, said in attributes.items()}
    return {"name": name, "timeUnixNano": str(BEGAN + int(after * 1e9)), "attributes": pairs(named)}


def span(number, attributes, *, name="span", parent=None, status=None, events=(), trace=1, seconds=1.0, after=0.0):
    start = BEGAN + int(after * 1e9)
    found = {
        "traceId": f"{trace:032x}", "spanId": f"{number:016x}", "name": name, "attributes": pairs(attributes),
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + int(seconds * 1e9)),
        "status": status or {}, "events": list(events),
    }  # fmt: skip
    return found | ({"parentSpanId": f"{parent:016x}"} if parent else {})


@pytest.fixture
def read(tmp_path):
    """Write spans of one scope, or of several, as a collector does, and read them back: the turns and the report."""

    def read(scope, *spans, resource=None, **scopes):
        scopes = {name.replace("_", "."): found for name, found in scopes.items()} | ({scope: spans} if spans else {})
        envelope = {
            "resource": {"attributes": pairs(resource or {})},
            "scopeSpans": [{"scope": {"name": name}, "spans": list(found)} for name, found in scopes.items()],
        }
        path = tmp_path / "spans.jsonl"
        path.write_text(json.dumps({"resourceSpans": [envelope]}) + "\n", encoding="utf-8")
        with open_logs(path) as logs:
            return table.from_frame(logs.frame()), logs.report

    return read


CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "kitten-1"}
COUNTED = {"gen_ai.usage.input_tokens": 203, "gen_ai.usage.output_tokens": 23}


def test_a_service_s_other_requests_are_no_turns_and_are_named(read):
    health = [span(n, {"http.request.method": "GET"}, name="GET /healthz", trace=n) for n in range(2, 11)]
    chat = [span(21, {"http.request.method": "POST"}, name="POST /chat", trace=20, seconds=4.0)]
    chat.append(span(22, CHAT | COUNTED, parent=21, trace=20))
    turns, report = read("fastapi", *health, *chat)
    assert [(turn.response_time, turn.input_tokens) for turn in turns] == [(4.0, 203)]
    assert report.rejected == {"no turn: nothing in its trace asks a model or says whose it is: GET /healthz": 9}
    assert report.read == report.spans + sum(report.rejected.values())


@pytest.mark.parametrize(
    "said",
    [{"user.id": "u-1"}, {"session.id": "c-1"}, {"gen_ai.operation.name": "invoke_agent"}, {"chatmon.intent": "bill"}],
    ids=["a user", "a conversation", "an agent", "an intent"],
)
def test_a_trace_that_says_whose_it_is_is_a_turn_though_it_asks_no_model(read, said):
    turns, _ = read("app", span(1, said))
    assert len(turns) == 1


@pytest.mark.parametrize(
    ("scope", "attributes"),
    [
        ("opentelemetry.instrumentation.langchain", {
            "traceloop.span.kind": "workflow", "traceloop.entity.input": "SECRET", "gen_ai.task.output": "SECRET"}),
        ("pydantic-ai", {"gen_ai.operation.name": "invoke_agent", "final_result": "SECRET",
                         "pydantic_ai.all_messages": "[SECRET]"}),
        ("ai", {"ai.operationId": "ai.streamText", "ai.prompt": "SECRET", "ai.response.text": "SECRET"}),
        ("mastra", {"gen_ai.operation.name": "invoke_agent", "mastra.agent_run.input": "SECRET"}),
        ("gcp.vertex.agent", {"gen_ai.operation.name": "invoke_agent", "gcp.vertex.agent.llm_request": "SECRET"}),
        ("litellm", CHAT | {"llm.prompts": "SECRET", "metadata": json.dumps({"q": "SECRET"})}),
        ("app", {"user.id": "u-1", "metadata.comment": "SECRET " * 40, "a.name.of.tomorrow": "SECRET"}),
    ],
    ids=["traceloop", "pydantic-ai", "Vercel", "Mastra", "Google", "LiteLLM", "one's own"],
)  # fmt: skip
def test_no_text_comes_along_where_none_was_asked_for(read, scope, attributes):
    turns, _ = read(scope, span(1, attributes))
    assert len(turns) == 1
    assert "SECRET" not in repr(turns)


def test_short_dimensions_that_are_known_to_be_such_come_along(read):
    (turn,), _ = read(
        "app", span(1, CHAT | {"metadata.tier": "gold", "metadata.intent": "bill"}), resource={"service.name": "desk"}
    )
    assert turn.intent == "bill"
    assert turn.attributes == {"metadata.tier": "gold", "service.name": "desk"}


FAILED = event("exception", exception_type="openai.RateLimitError", exception_message=RATE_LIMITED)
LANGSMITHS = event(
    "exception",
    exception_type="Exception",
    exception_message=f"OpenAIRateLimitError('{RATE_LIMITED}')Traceback (most recent call last): ...",
)


@pytest.mark.parametrize(
    ("scope", "spans", "error"),
    [
        ("app", [span(1, {}), span(2, CHAT, parent=1, status={"code": 2}, events=[FAILED])], "RateLimitError"),
        ("app", [span(1, {}, status={"code": 0}), span(2, CHAT, parent=1, events=[FAILED])], "RateLimitError"),
        ("app", [span(1, CHAT | {"error.type": "<class 'openai.RateLimitError'>"}, status={"code": 2})],
         "RateLimitError"),
        ("app", [span(1, CHAT, status={"code": 1}, events=[FAILED])], None),
        ("app", [span(1, CHAT)], None),
        ("app", [span(1, CHAT, status={"code": 0})], None),
        ("app", [span(1, {}), span(2, CHAT, parent=1, status={"code": 2}), span(3, CHAT, parent=1)], None),
        ("langsmith", [span(1, CHAT, status={"code": 1}, events=[LANGSMITHS])], "OpenAIRateLimitError"),
        ("langsmith", [span(1, CHAT, status={"code": 1})], None),
        ("openinference.instrumentation.openai_agents", [
            span(1, {"openinference.span.kind": "AGENT"}, status={"code": 1}),
            span(2, {"openinference.span.kind": "LLM"}, parent=1, status={"code": 2, "message": RATE_LIMITED}),
        ], "unknown"),
        ("langfuse-sdk", [span(1, {"langfuse.observation.type": "generation", "langfuse.observation.level": "ERROR"})],
         "unknown"),
    ],
    ids=[
        "a call below an unset root", "an exception and no status", "a class as text", "handled, and OK",
        "unset, left out", "unset, written", "tried again", "LangSmith says OK of what failed", "LangSmith's OK",
        "an agent's root says OK", "Langfuse's level",
    ],
)  # fmt: skip
def test_a_failure_is_what_failed_and_was_not_mended(read, scope, spans, error):
    (turn,), _ = read(scope, *spans)
    assert turn.error_type == error


DETAILS = {"input_token_details": {"cache_read": 512}, "output_token_details": {"reasoning": 20}}
PYTHON_SDK = {
    "prompt_tokens": 607, "completion_tokens": 61, "total_tokens": 668,
    "prompt_tokens_details": {"cached_tokens": 512}, "completion_tokens_details": {"reasoning_tokens": 20},
}  # fmt: skip
JAVASCRIPT_SDK = {"input": 95, "input_cached_tokens": 512, "output": 41, "output_reasoning_tokens": 20, "total": 668}
ALL = {"gen_ai.usage.input_tokens": 607, "gen_ai.usage.output_tokens": 61}


@pytest.mark.parametrize(
    ("scope", "attributes"),
    [
        ("langsmith", CHAT | ALL | {"langsmith.metadata.usage_metadata": json.dumps(DETAILS)}),
        ("langfuse-sdk", {"langfuse.observation.type": "generation",
                          "langfuse.observation.usage_details": json.dumps(PYTHON_SDK)}),
        ("langfuse-sdk", {"langfuse.observation.type": "generation",
                          "langfuse.observation.usage_details": json.dumps(JAVASCRIPT_SDK)}),
        ("ai", CHAT | ALL | {"ai.usage.cachedInputTokens": 512, "ai.usage.reasoningTokens": 20}),
        ("sentry", CHAT | ALL | {"gen_ai.usage.input_tokens.cached": 512, "gen_ai.usage.output_tokens.reasoning": 20}),
        ("otel", CHAT | ALL | {"gen_ai.usage.cache_read.input_tokens": 512, "gen_ai.usage.reasoning_tokens": 20}),
    ],
    ids=["LangSmith", "Langfuse for Python", "Langfuse for JavaScript", "Vercel", "Sentry", "OpenLLMetry"],
)  # fmt: skip
def test_tokens_are_read_wherever_a_library_keeps_them(read, scope, attributes):
    (turn,), _ = read(scope, span(1, attributes))
    assert (turn.input_tokens, turn.cached_tokens, turn.output_tokens, turn.reasoning_tokens) == (607, 512, 61, 20)
    assert turn.attempts == 1


@pytest.mark.parametrize(("cached", "written"), [(60, 5), (6, 500), (0, 0)])
def test_bare_names_of_anthropic_leave_the_cache_out_of_input(read, cached, written):
    bare = {"input_tokens": 30, "output_tokens": 20, "cache_read_tokens": cached, "cache_creation_tokens": written}
    (turn,), _ = read("claude", span(1, {"gen_ai.system": "anthropic", "gen_ai.request.model": "claude-x"} | bare))
    assert (turn.input_tokens, turn.cached_tokens, turn.output_tokens) == (30 + cached + written, cached, 20)
    assert (turn.cache_write_tokens, turn.attempts) == (written, 1)


def test_a_prompt_s_span_is_no_call_and_a_chain_s_tokens_are_its_call_s(read):
    kind, metadata = "langsmith.span.kind", {"langsmith.metadata.thread_id": "c-2", "langsmith.metadata.user_id": "u-2"}
    (turn,), _ = read(
        "langsmith",
        span(1, {"gen_ai.operation.name": "chain", kind: "chain"} | COUNTED | metadata),
        span(2, CHAT | {kind: "prompt"} | metadata, parent=1),
        span(3, CHAT | {kind: "llm"} | COUNTED | metadata, parent=1),
    )
    assert (turn.input_tokens, turn.attempts) == (203, 1)
    assert (turn.conversation_id, turn.user_id) == ("c-2", "u-2")


@pytest.mark.parametrize(
    ("scope", "attributes", "events", "seconds"),
    [
        ("pydantic-ai", {"gen_ai.client.operation.time_to_first_chunk": 0.5}, [], 0.5),
        ("sentry", {"gen_ai.response.time_to_first_token": 0.5}, [], 0.5),
        ("openinference.instrumentation.openai", {}, [event("First Token Stream Event", 0.5)], 0.5),
        ("opentelemetry.instrumentation.openai.v1", {},
         [event("gen_ai.content.completion.chunk", after) for after in (0.6, 0.5, 0.8)], 0.5),
        ("ai", {"ai.response.msToFirstChunk": 400}, [], 0.4),
        ("strands.telemetry", {"gen_ai.server.time_to_first_token": 400}, [], 0.4),
        ("openlit", {"gen_ai.server.time_to_first_token": 0.4, "gen_ai.request.stream": True}, [], 0.4),
        ("openlit", {"gen_ai.server.time_to_first_token": 0.4, "gen_ai.request.stream": False}, [], None),
        ("langfuse-sdk", {"langfuse.observation.completion_start_time": '"2026-11-18T11:06:40.300000Z"'}, [], 0.3),
    ],
    ids=["seconds", "Sentry's name", "an event", "the first of several", "Vercel's milliseconds",
         "Strands' milliseconds", "OpenLIT's seconds", "OpenLIT's whole reply", "Langfuse's time"],
)  # fmt: skip
def test_the_first_token_is_found_in_each_spelling(read, scope, attributes, events, seconds):
    (turn,), _ = read(scope, span(1, CHAT | COUNTED | attributes, events=events))
    assert turn.time_to_first_token == (seconds and pytest.approx(seconds))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gen_ai.response.finish_reasons", ["length"]),
        ("gen_ai.response.finish_reasons", '["length"]'),
        ("llm.finish_reason", "length"),
        ("gen_ai.response.finish_reason", "FinishReason.LENGTH"),
    ],
)
def test_a_finish_reason_is_the_provider_s_word(read, name, said):
    (turn,), _ = read("any", span(1, CHAT | COUNTED | {name: said}))
    assert turn.finish_reason == "length"


def test_a_cost_of_0_is_unknown_where_the_library_writes_0_for_no_price(read):
    cost = {"gen_ai.usage.cost": 0.0}
    (turn,), _ = read("openlit", span(1, CHAT | COUNTED | cost), resource={"telemetry.sdk.name": "openlit"})
    assert (turn.cost, turn.price_source) == (None, None)
    (turn,), _ = read("another", span(1, CHAT | COUNTED | cost))
    assert turn.cost == 0
    (turn,), _ = read("litellm", span(1, CHAT | COUNTED | {"gen_ai.cost.total_cost": 0.0014125}))
    assert str(turn.cost.normalize()) == "0.0014125"


def test_no_tokens_in_and_none_out_are_a_stream_that_nobody_counted(read):
    (turn,), _ = read("logfire", span(1, CHAT | {"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}))
    assert (turn.input_tokens, turn.output_tokens, turn.usage_source) == (None, None, None)


def test_a_conversation_that_was_scrubbed_is_unknown(read):
    scrubbed = CHAT | COUNTED | {"session.id": "[Scrubbed due to 'session']"}
    turns, report = read("logfire", span(1, scrubbed), span(2, scrubbed, trace=2))
    assert len({turn.conversation_id for turn in turns}) == 2
    assert any("scrubbing" in text for text in report.assumptions)


@pytest.mark.parametrize(
    "odd",
    [
        {"ai.response.msToFirstChunk": "soon"},
        {"langfuse.observation.cost_details": '{"input": "free"}'},
        {"langfuse.observation.usage_details": '{"prompt_tokens": "many", "prompt_tokens_details": {"x": []}}'},
        {"langsmith.metadata.usage_metadata": '{"input_token_details": "none"}'},
        {"metadata": "[1, 2"},
    ],
    ids=["a duration", "costs", "counts", "details", "metadata"],
)  # fmt: skip
def test_a_value_that_is_none_is_unknown_and_costs_no_other_span_anything(read, odd):
    turns, report = read("any", span(1, CHAT | odd), span(2, CHAT | COUNTED, trace=2))
    assert sorted(turn.input_tokens or 0 for turn in turns) == [0, 203]
    assert not report.rejected


def test_an_event_that_is_none_is_passed_over(read):
    (turn,), _ = read("any", span(1, CHAT | COUNTED, events=["restarted", FAILED]))
    assert turn.error_type == "RateLimitError"


def test_nested_counts_are_parts_of_what_they_stand_under_though_there_is_no_total(read):
    usage = {name: count for name, count in PYTHON_SDK.items() if name != "total_tokens"}
    kind = {"langfuse.observation.type": "generation"}
    (turn,), _ = read("langfuse-sdk", span(1, kind | {"langfuse.observation.usage_details": json.dumps(usage)}))
    assert (turn.input_tokens, turn.cached_tokens, turn.output_tokens) == (607, 512, 61)


def test_what_had_to_be_assumed_of_counts_is_said(read):
    usage = {"input": 95, "input_cached_tokens": 512, "output": 41}
    kind = {"langfuse.observation.type": "generation"}
    _, report = read("langfuse-sdk", span(1, kind | {"langfuse.observation.usage_details": json.dumps(usage)}))
    assert any("without a total" in text for text in report.assumptions)


@pytest.mark.parametrize("content", [False, True])
def test_whether_texts_are_read_does_not_change_what_is_a_turn(tmp_path, content):
    spans = [span(1, {"input.value": "Where is it?"}), span(2, {"http.route": "/"}, trace=2)]
    envelope = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    (tmp_path / "x.jsonl").write_text(json.dumps(envelope) + "\n", encoding="utf-8")
    with open_logs(tmp_path / "x.jsonl", content=content) as logs:
        assert (logs.report.turns, sum(logs.report.rejected.values())) == (1, 1)


CONSOLE = {
    "name": "chat", "context": {"trace_id": f"0x{1:032x}", "span_id": f"0x{1:016x}"}, "parent_id": None,
    "start_time": "2026-11-18T11:00:00Z", "end_time": "2026-11-18T11:00:01Z", "status": {"status_code": "UNSET"},
    "attributes": CHAT,
    "events": [{"name": "exception", "timestamp": "2026-11-18T11:00:01Z",
                "attributes": {"exception.type": "openai.RateLimitError"}}],
}  # fmt: skip
JAVASCRIPT = {
    "name": "chat", "traceId": f"{1:032x}", "id": f"{1:016x}", "startTime": [1_795_000_000, 0],
    "endTime": [1_795_000_001, 0], "status": {"code": 1}, "instrumentationScope": {"name": "langsmith"},
    "attributes": CHAT,
    "events": [{"name": "exception", "time": [1_795_000_001, 0],
                "attributes": {"exception.type": "openai.RateLimitError"}}],
}  # fmt: skip


@pytest.mark.parametrize("record", [CONSOLE, JAVASCRIPT], ids=["console", "JavaScript"])
def test_what_went_wrong_is_found_in_the_other_layouts_too(tmp_path, record):
    (tmp_path / "x.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    with open_logs(tmp_path / "x.jsonl") as logs:
        (turn,) = table.from_frame(logs.frame())
    assert turn.error_type == "RateLimitError"


def test_what_went_wrong_is_found_in_phoenix_s_dataframe(tmp_path):
    row = {
        "context.trace_id": f"{1:032x}", "context.span_id": f"{1:016x}", "parent_id": None, "name": "chat",
        "span_kind": "LLM", "start_time": "2026-11-18T11:00:00Z", "end_time": "2026-11-18T11:00:01Z",
        "status_code": "UNSET", "status_message": "", "attributes.llm.model_name": "kitten-1",
        "events": CONSOLE["events"],
    }  # fmt: skip
    pd.DataFrame([row]).to_parquet(tmp_path / "x.parquet")
    with open_logs(tmp_path / "x.parquet") as logs:
        (turn,) = table.from_frame(logs.frame())
    assert turn.error_type == "RateLimitError"


def tokens_of(turn):
    return turn.input_tokens, turn.cached_tokens, turn.output_tokens, turn.attempts


LOGFIRE = "logfire.openai"
REQUEST = CHAT | {"logfire.span_type": "span", "request_data": '{"stream": true}'}
CACHED = {"gen_ai.usage.cache_read.input_tokens": 64}
LOG = CHAT | COUNTED | CACHED | {"logfire.span_type": "log", "gen_ai.response.finish_reasons": '["stop"]'}


def test_what_a_log_says_a_stream_used_is_its_request_s(read):
    (turn,), report = read(
        LOGFIRE,
        span(1, {"logfire.span_type": "span", "user.id": "u-1"}, seconds=1.5),
        span(2, REQUEST, parent=1, after=0.001, seconds=0.029),
        span(3, LOG | {"duration": 1.4}, parent=1, after=1.43, seconds=0),
    )
    assert tokens_of(turn) == (203, 64, 23, 1)
    assert (turn.response_time, turn.finish_reason) == (1.5, "stop")
    assert not report.rejected


def test_streams_at_the_same_time_have_each_its_own_log(read):
    usage = {"gen_ai.usage.input_tokens": 700, "gen_ai.usage.output_tokens": 70}
    (turn,), _ = read(
        LOGFIRE,
        span(1, {"user.id": "u-1"}, seconds=3.0),
        span(2, REQUEST, parent=1, after=0.0, seconds=0.1),
        span(3, REQUEST | {"gen_ai.request.model": "kitten-2"}, parent=1, after=0.5, seconds=0.1),
        span(4, LOG | usage | {"duration": 0.4}, parent=1, after=1.0, seconds=0),
        span(5, LOG | {"duration": 2.4}, parent=1, after=2.5, seconds=0),
    )
    assert tokens_of(turn) == (903, 128, 93, 2)


def test_a_stream_in_no_other_span_is_one_turn_with_its_log(read):
    (turn,), _ = read(
        LOGFIRE, span(2, REQUEST, seconds=0.1), span(3, LOG | {"duration": 1.4}, trace=2, after=1.5, seconds=0)
    )
    assert tokens_of(turn) == (203, 64, 23, 1)
    assert turn.response_time == 1.5


@pytest.mark.parametrize(
    ("spans", "counted", "seconds"),
    [
        ([span(2, REQUEST, seconds=0.1)], (None, None, None, 1), 0.1),
        ([span(3, LOG | {"duration": 1.4}, after=1.5, seconds=0)], (203, 64, 23, 1), 1.4),
    ],
    ids=["a request without a log", "a log without a request"],
)
def test_half_of_a_stream_is_a_call_too(read, spans, counted, seconds):
    (turn,), _ = read(LOGFIRE, *spans)
    assert tokens_of(turn) == counted
    assert turn.response_time == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("scope", "first", "cached"),
    [
        ("pydantic-ai", {}, 64),
        ("logfire.openai", {}, 64),
        ("opentelemetry.instrumentation.openai.v1", {}, None),
        ("pydantic-ai", {"gen_ai.usage.cache_read.input_tokens": 6}, 70),
    ],
    ids=["left out where 0", "Logfire leaves out too", "another library", "written"],
)
def test_a_count_that_a_library_leaves_out_where_it_is_0_is_0_beside_one_that_it_wrote(read, scope, first, cached):
    (turn,), _ = read(
        scope,
        span(1, {"gen_ai.operation.name": "invoke_agent"}),
        span(2, CHAT | COUNTED | first, parent=1),
        span(3, CHAT | COUNTED | CACHED, parent=1),
    )
    assert (turn.input_tokens, turn.cached_tokens, turn.reasoning_tokens) == (406, cached, None)


def test_a_count_that_no_call_of_a_turn_has_is_unknown(read):
    turns, _ = read("pydantic-ai", span(2, CHAT | COUNTED), span(3, CHAT | COUNTED | CACHED, trace=2))
    assert sorted(turn.cached_tokens or -1 for turn in turns) == [-1, 64]


OTHERS_WORDS = {"openinference.span.kind": "LLM", "llm.token_count.prompt": 203, "llm.token_count.completion": 23}


def test_a_call_that_two_instrumentations_tell_of_side_by_side_counts_once(read):
    (turn,), report = read(
        "app",
        span(1, {"openinference.span.kind": "CHAIN"}, seconds=3.0),
        span(2, OTHERS_WORDS | {"llm.model_name": "kitten-1"}, name="ChatOpenAI", parent=1, after=0.1, seconds=2.8),
        span(3, CHAT | COUNTED | {"gen_ai.response.model": "kitten-1-2026-11-01"}, name="chat kitten-1", parent=1,
             after=0.2, seconds=2.6),
    )  # fmt: skip
    assert tokens_of(turn) == (203, None, 23, 1)
    assert turn.model == "kitten-1-2026-11-01"
    assert any("counted once (1 rows)" in text for text in report.assumptions)


@pytest.mark.parametrize(
    ("scopes", "turns"),
    [
        ({"a": [span(1, {"session.id": "c-1"}, seconds=3.0), span(2, CHAT | COUNTED, parent=1, after=0.1, seconds=2)],
          "b": [span(3, OTHERS_WORDS, trace=2, after=0.2, seconds=1.8)]}, 1),
        ({"a": [span(2, CHAT | COUNTED, after=0.1, seconds=2)],
          "b": [span(3, OTHERS_WORDS, trace=2, after=0.2, seconds=1.8)]}, 1),
        ({"a": [span(2, CHAT | COUNTED, seconds=2), span(3, OTHERS_WORDS, trace=2, after=0.2, seconds=1.8)]}, 2),
        ({"a": [span(2, CHAT | COUNTED, seconds=2)], "b": [span(3, OTHERS_WORDS, trace=2, after=0.2, seconds=2)]}, 2),
        ({"a": [span(2, CHAT | COUNTED, seconds=2)],
          "b": [span(3, OTHERS_WORDS | {"llm.token_count.completion": 24}, trace=2, seconds=1.8)]}, 2),
        ({"a": [span(2, CHAT | COUNTED, seconds=2)],
          "b": [span(3, OTHERS_WORDS | {"llm.model_name": "lion-1"}, trace=2, seconds=1.8)]}, 2),
        ({"a": [span(2, CHAT | COUNTED | {"user.id": "u-1"}, seconds=2)],
          "b": [span(3, OTHERS_WORDS | {"user.id": "u-2"}, trace=2, seconds=1.8)]}, 2),
    ],
    ids=["in a chain and alone", "both alone", "one library", "not inside", "other tokens", "another model",
         "another user"],
)  # fmt: skip
def test_a_call_that_two_instrumentations_tell_of_in_two_traces_is_one_turn(read, scopes, turns):
    found, report = read("", **scopes)
    assert (len(found), sum(turn.input_tokens for turn in found)) == (turns, turns * 203)
    assert report.read == report.spans


def test_equal_calls_of_one_turn_at_the_same_time_are_two(read):
    (turn,), _ = read(
        "app", span(1, {}), span(2, CHAT | COUNTED, parent=1), span(3, CHAT | COUNTED, parent=1, after=0.1, seconds=0.5)
    )
    assert tokens_of(turn) == (406, None, 46, 2)


def test_where_the_innermost_call_says_no_tokens_the_one_around_it_does(read):
    (turn,), _ = read(
        "app",
        span(1, {}, seconds=3.0),
        span(2, CHAT | COUNTED | CACHED, parent=1, seconds=3.0),
        span(3, CHAT, parent=2, status={"code": 2}, seconds=0.5),
        span(4, CHAT, parent=2, after=0.6, seconds=2.0),
    )
    assert tokens_of(turn) == (203, 64, 23, 2)
    assert turn.error_type is None


EMBEDDED = {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "vector-1", "gen_ai.usage.cost": 0.5}


def test_embeddings_are_billed_apart_and_not_lost(read):
    (turn,), report = read(
        "app",
        span(1, {"session.id": "c-1"}),
        span(2, EMBEDDED | {"gen_ai.usage.input_tokens": 1000}, parent=1),
        span(3, CHAT | COUNTED | {"gen_ai.usage.cost": 0.25}, parent=1),
    )
    assert (turn.input_tokens, float(turn.cost), turn.model, turn.attempts) == (203, 0.25, "kitten-1", 1)
    assert any("no turn's tokens and cost: 1, 1,000 input tokens, $0.5" in note for note in report.notes)


@pytest.mark.parametrize(
    "said",
    [{"gen_ai.operation.name": "execute_tool"}, {"openinference.span.kind": "RETRIEVER"}, EMBEDDED,
     {"openinference.span.kind": "UNKNOWN"}],
    ids=["a tool", "a retriever", "an embedding", "nobody knows"],
)  # fmt: skip
def test_tools_and_retrievers_alone_are_no_turn_and_are_named(read, said):
    turns, report = read("app", span(1, said, name="nightly"), span(2, CHAT | COUNTED, trace=2))
    assert [turn.input_tokens for turn in turns] == [203]
    assert report.rejected == {"no turn: nothing in its trace asks a model or says whose it is: nightly": 1}


def test_the_first_token_of_mastra_is_a_time(read):
    told = {"mastra.completion_start_time": "2026-11-18T11:06:40.500Z"}
    (turn,), _ = read("@mastra/otel-exporter", span(1, CHAT | COUNTED | told))
    assert turn.time_to_first_token == pytest.approx(0.5)


@pytest.mark.parametrize(("provider", "output"), [("openai", 997), ("gcp.vertex_ai", 1637), (None, 1637)])
def test_reasoning_that_google_s_adk_adds_to_what_counts_it_already_counts_once(read, provider, output):
    counts = {"gen_ai.usage.input_tokens": 90, "gen_ai.usage.output_tokens": 1637}
    said = {"gen_ai.operation.name": "generate_content", "gen_ai.usage.reasoning.output_tokens": 640} | counts
    said |= {"gen_ai.provider.name": provider} if provider else {}
    (turn,), report = read("gcp.vertex.agent", span(1, said))
    assert (turn.output_tokens, turn.reasoning_tokens) == (output, 640)
    assert ("counted once" in str(report)) == (output == 997)


USAGE_OF_A_CALL = "{'prompt_tokens': 203, 'completion_tokens': 23, 'prompt_tokens_details': {'cached_tokens': 64}}"
USAGE_OF_ANOTHER = "{'prompt_tokens': 40, 'completion_tokens': 5, 'prompt_tokens_details': {'cached_tokens': 8}}"
USAGE_OF_AN_EMBEDDING = "{'prompt_tokens': 17, 'total_tokens': 17}"


def request(number, usage, after, parent=1, **more):
    """LiteLLM's span of one request to a provider."""
    said = {"llm.openai.model": f"kitten-{number}"} | ({"llm.openai.usage": usage} if usage else {}) | more
    return span(number, said, name="raw_gen_ai_request", parent=parent, after=after, seconds=0.5)


LAST = CHAT | {"gen_ai.usage.input_tokens": 40, "gen_ai.usage.output_tokens": 5, "gen_ai.cost.total_cost": 0.25}


def test_calls_of_litellm_that_share_a_span_are_each_counted(read):
    around = [span(1, LAST | {"llm.user": "u-1"}, name="turn", seconds=3.0)]
    requests = [request(2, USAGE_OF_A_CALL, 0.5), request(3, USAGE_OF_ANOTHER, 1.5)]
    (turn,), report = read("", app=around, litellm=requests)
    assert tokens_of(turn) == (243, 72, 28, 2)
    assert (turn.model, turn.user_id, turn.cost, report.rejected) == ("kitten-3", "u-1", None, {})


def test_a_call_of_litellm_alone_in_a_span_is_told_by_the_span(read):
    (turn,), _ = read("", app=[span(1, LAST)], litellm=[request(2, USAGE_OF_ANOTHER, 0.1)])
    assert (turn.input_tokens, turn.output_tokens, turn.attempts, float(turn.cost)) == (40, 5, 1, 0.25)
    assert turn.model == "kitten-1"


def test_a_request_of_litellm_is_the_call_where_the_span_around_it_is_not_there(read):
    (turn,), _ = read("litellm", request(2, USAGE_OF_A_CALL, 0.1, parent=9))
    assert (*tokens_of(turn), turn.model) == (203, 64, 23, 1, "kitten-2")


def test_what_litellm_embeds_beside_a_call_is_no_part_of_its_tokens(read):
    requests = [
        request(2, USAGE_OF_AN_EMBEDDING, 0.1),
        request(3, None, 0.7, **{"llm.openai.messages": "[]", "llm.openai.stream": True}),
    ]
    (turn,), report = read("", app=[span(1, LAST, seconds=3.0)], litellm=requests)
    assert (turn.input_tokens, turn.output_tokens, turn.attempts, float(turn.cost)) == (40, 5, 1, 0.25)
    assert any("no turn's tokens and cost: 1, 17 input tokens" in note for note in report.notes)


def test_a_span_that_litellm_only_embeds_in_is_no_turn(read):
    embedded = {"gen_ai.operation.name": "aembedding", "gen_ai.usage.input_tokens": 17, "gen_ai.request.model": "v-1"}
    requests = [request(2, USAGE_OF_AN_EMBEDDING, 0.1), request(3, USAGE_OF_AN_EMBEDDING, 0.7)]
    turns, report = read("", app=[span(1, embedded), span(9, CHAT | COUNTED, trace=2)], litellm=requests)
    assert [turn.input_tokens for turn in turns] == [203]
    assert any("no turn's tokens and cost: 2, 34 input tokens" in note for note in report.notes)


OPENLIT = "openlit.instrumentation.openai"
UNSTATED = {"gen_ai.request.stream": True}


@pytest.mark.parametrize(
    ("scope", "said", "source"),
    [
        (OPENLIT, COUNTED | UNSTATED, "estimated"),
        (OPENLIT, COUNTED | UNSTATED | {"gen_ai.usage.cache_read.input_tokens": 0}, "reported"),
        ("@traceloop/instrumentation-openai", COUNTED | UNSTATED, "estimated"),
        ("@traceloop/instrumentation-openai", COUNTED, "reported"),
        ("litellm", COUNTED | UNSTATED | {"metadata.usage_object": "{'prompt_tokens_details': None}"}, "estimated"),
        ("litellm", COUNTED | UNSTATED | {"metadata.usage_object": USAGE_OF_A_CALL}, "reported"),
        ("litellm", COUNTED | {"metadata.usage_object": "{'prompt_tokens_details': None}"}, "reported"),
        ("another", COUNTED | UNSTATED, "reported"),
        (OPENLIT, {}, None),
    ],
)
def test_tokens_that_a_library_counts_itself_are_estimated(read, scope, said, source):
    (turn,), report = read(scope, span(1, CHAT | said))
    assert turn.usage_source == source
    assert any("itself counts" in text for text in report.assumptions) == (source == "estimated")


def test_a_turn_is_estimated_where_one_of_its_calls_is(read):
    (turn,), _ = read(
        "", app=[span(1, {}, seconds=3.0), span(2, CHAT | COUNTED, parent=1)],
        **{OPENLIT.replace(".", "_"): [span(3, CHAT | COUNTED | UNSTATED, parent=1, after=1.5)]},
    )  # fmt: skip
    assert (turn.input_tokens, turn.usage_source) == (406, "estimated")


def test_a_stream_s_log_without_counts_is_no_second_call(read):
    log = {"logfire.span_type": "log", "duration": 1.4, "gen_ai.response.finish_reasons": '["stop"]'}
    (turn,), _ = read(
        LOGFIRE, span(1, {"user.id": "u-1"}, seconds=1.5), span(2, REQUEST, parent=1, seconds=0.03),
        span(3, CHAT | log, parent=1, after=1.43, seconds=0),
    )  # fmt: skip
    assert (*tokens_of(turn), turn.finish_reason) == (None, None, None, 1, "stop")


@pytest.mark.parametrize(("name", "attempts"), [("OpenAI.embeddings", 1), ("OpenAI.models", 1), ("OpenAI.chat", 2)])
def test_a_method_of_a_client_that_is_no_chat_is_no_call_though_langfuse_calls_it_a_generation(read, name, attempts):
    kind = {"langfuse.observation.type": "generation"}
    usage = {"langfuse.observation.usage_details": '{"input": 203, "output": 23, "total": 226}'}
    (turn,), _ = read(
        "langfuse-sdk", span(1, {"session.id": "c-1"}), span(2, kind, name=name, parent=1),
        span(3, kind | usage, name="OpenAI.chat", parent=1),
    )  # fmt: skip
    assert (turn.attempts, turn.input_tokens) == (attempts, 203 if attempts == 1 else None)


def test_costs_of_parts_are_added_up_to_the_last_digit(read):
    kind = {
        "langfuse.observation.type": "generation",
        "langfuse.observation.cost_details": '{"input": 0.1, "output": 0.2}',
    }
    (turn,), _ = read("langfuse-sdk", span(1, kind | COUNTED))
    assert str(turn.cost.normalize()) == "0.3"


@pytest.mark.parametrize("said", ["stop", '"stop"'])
def test_a_finish_reason_may_stand_on_an_event_or_in_metadata(read, said):
    choice = event("gen_ai.choice") | {"attributes": pairs({"finish_reason": said})}
    (turn,), _ = read("any", span(1, CHAT | COUNTED, events=[choice]))
    assert turn.finish_reason == "stop"
    (turn,), _ = read("any", span(1, CHAT | COUNTED | {"langfuse.observation.metadata.finish_reason": said}))
    assert turn.finish_reason == "stop"


@pytest.mark.parametrize(
    ("operation", "attempts"),
    [("aresponses", 1), ("anthropic_messages", 1), ("converse", 1), ("invoke_agent", None), ("chain", None)],
)
def test_a_span_that_says_an_output_asked_a_model_whatever_it_calls_that(read, operation, attempts):
    (turn,), _ = read("any", span(1, COUNTED | {"gen_ai.operation.name": operation}))
    assert (turn.input_tokens, turn.output_tokens, turn.attempts) == (203, 23, attempts)


def test_a_request_of_litellm_to_the_other_interface_is_no_embedding(read):
    usage = "{'input_tokens': 203, 'input_tokens_details': {'cached_tokens': 64}, 'output_tokens': 23}"
    requests = [request(2, usage, 0.5), request(3, USAGE_OF_ANOTHER, 1.5)]
    (turn,), _ = read("", app=[span(1, LAST, seconds=3.0)], litellm=requests)
    assert tokens_of(turn) == (243, 72, 28, 2)


def test_an_agent_that_is_only_made_is_no_turn(read):
    made = {"gen_ai.operation.name": "create_agent", "gen_ai.agent.name": "helper"}
    asked = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
    turns, report = read("autogen", span(1, made, name="create_agent helper"), span(2, asked, trace=2))
    assert (len(turns), sum(report.rejected.values())) == (1, 1)


def test_what_a_call_around_others_says_is_the_last_one_s_that_did_not_fail(read):
    (turn,), _ = read(
        "app",
        span(1, {}, seconds=3.0),
        span(2, CHAT | COUNTED | CACHED, parent=1, seconds=3.0),
        span(3, CHAT, parent=2, seconds=0.5),
        span(4, CHAT, parent=2, after=0.6, seconds=2.0, status={"code": 2}),
    )
    assert tokens_of(turn) == (203, 64, 23, 2)
    assert turn.error_type is None


def test_where_nothing_is_embedded_no_note_says_so(read):
    _, report = read("any", span(1, CHAT | COUNTED))
    assert not [note for note in report.notes if "embeddings" in note]


@pytest.mark.parametrize("status", [{}, {"code": 0}, {"code": "STATUS_CODE_UNSET"}])
def test_calls_that_ended_without_a_status_or_an_error_did_not_fail(read, status):
    turns, report = read("any", span(1, CHAT | COUNTED, status=status), span(2, CHAT, trace=2, status=status))
    assert [turn.failed for turn in turns] == [False, False]
    assert not [note for note in report.notes if "fail" in note]
