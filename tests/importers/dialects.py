"""One traffic in the shape of every dialect that JSON lines can hold, by the dialect's name."""

import json
from datetime import timedelta

from importers import (
    writers_calls,
    writers_langfuse,
    writers_langsmith,
    writers_otlp,
    writers_platforms,
    writers_sessions,
)

from chatmon import turns as table

_TOKENS = ("input_tokens", "cached_tokens", "output_tokens")
_TRACED = (*_TOKENS, "reasoning_tokens", "model")
_ASKED = ("timestamp", "response_time", "user_id", "error_type")
TOO_SHORT_FOR_FACTS = {
    "helicone: requests": (),
    "litellm: calls": (*_ASKED, *_TOKENS, "reasoning_tokens", "cost", "time_to_first_token", "model"),
    "openai: batch": (),
    "openai: completion": (),
    "openai: stored completions": (),
    "langfuse: traces without observations": (),
    "openrouter: activity": (
        "timestamp", "response_time", "user_id", *_TOKENS, "reasoning_tokens", "cost", "time_to_first_token", "model",
    ),
    "anthropic: batch": (*_TOKENS, "error_type", "error_message"),
    "bedrock: invocation log": (
        *_ASKED, *_TOKENS, "time_to_first_token", "conversation_id", "region", "intent", "model",
    ),
    "bedrock: events of CloudWatch": (*_ASKED, *_TOKENS, "conversation_id"),
    "claude_code: session": (
        "timestamp", "response_time", *_TOKENS, "error_type", "error_message", "conversation_id",
    ),
    "codex: session": ("timestamp", "response_time", *_TOKENS, "reasoning_tokens", "error_type", "model"),
    "phoenix: API page of traces": ("timestamp", "response_time", "input_tokens", "output_tokens"),
    "opik: export": (
        *_TRACED, *_ASKED, "cost", "time_to_first_token", "conversation_id", "intent", "prompt_version", "attempts",
        "user_satisfaction",
    ),
    "opik: API page": (*_TRACED, *_ASKED, "cost", "conversation_id", "attempts"),
    "opik: spans": (*_TRACED, "timestamp", "response_time", "error_type", "cost", "time_to_first_token", "attempts"),
    "opik: traces": (*_TOKENS, "reasoning_tokens", *_ASKED, "cost", "conversation_id"),
    "weave: API answers": (*_TRACED, *_ASKED, "cost", "conversation_id", "attempts"),
    "weave: calls": (*_TRACED, *_ASKED, "error_message", "cost", "conversation_id", "intent", "attempts"),
    "braintrust: API page": (*_TRACED, "user_id", "cost", "conversation_id", "attempts"),
    "braintrust: spans": (
        *_TRACED, *_ASKED, "cost", "time_to_first_token", "conversation_id", "intent", "attempts", "task_completed",
    ),
    "chatgpt: conversations": ("timestamp", "conversation_id", "model", "turn_id"),
    "open_webui: chats": ("input_tokens", "output_tokens", "conversation_id", "user_id", "error_message", "turn_id"),
    "azure: records": ("timestamp", "response_time", "turn_id"),
    "azure: request log": ("timestamp", "response_time", "model", "turn_id"),
}  # fmt: skip
"""Dialects that carry less than ``conversations.facts`` asks for, and columns of turns that they do carry."""
SESSIONS = (
    "claude_code: session", "codex: session", "chatgpt: conversations", "open_webui: chats", "logfire: records",
    "logfire: answers of its SQL",
)  # fmt: skip
"""Dialects with lines, messages or rows that are known and no part of any turn, which are not counted."""
WHOLE_FILES = {"codex: session": "only its first line says which session a file is"}
"""Dialects whose lines mean nothing in another file, and why."""
WITH_OTHERS = {
    "langsmith: run with children": "langsmith: run with children, langsmith: run",
    "langsmith: feedback": "langsmith: run, langsmith: feedback",
    "langfuse: scores": "langfuse: observations of the blob storage, langfuse: scores",
    "otlp: evaluation lines": "otlp: span lines, otlp: evaluation lines",
    "otlp: envelopes of evaluations": "otlp: envelopes, otlp: envelopes of evaluations",
    "phoenix: annotations": "otlp: span lines, phoenix: annotations",
    "phoenix: API page of annotations": "otlp: pages of Phoenix's API, phoenix: API page of annotations",
}
"""Dialects whose files hold another one too, most records first: a run without its parent has no children either, and
feedback alone is no turn."""
NO_JSON_LINES = {
    "langsmith: bulk Parquet": "is told by being Parquet, whose rows are otherwise those of a run",
    "phoenix: dataframe": "a frame's columns, which Phoenix has no JSON for: its lines are spans of OpenTelemetry",
}
"""Dialects that no JSON line can hold, and why; test_langsmith.py and test_otlp.py write them."""


def helicone(turns):
    for turn in turns:
        end = turn.timestamp + timedelta(seconds=turn.response_time)
        yield {
            "response_id": f"r-{turn.turn_id}", "request_id": turn.turn_id, "provider": "OPENAI", "model": turn.model,
            "request_created_at": turn.timestamp.isoformat(), "response_created_at": end.isoformat(),
            "response_status": 429 if turn.error_type else 200, "delay_ms": turn.response_time * 1000,
            "prompt_tokens": turn.input_tokens and turn.input_tokens - (turn.cached_tokens or 0),
            "completion_tokens": turn.output_tokens,
            "prompt_cache_read_tokens": turn.cached_tokens, "request_user_id": turn.user_id,
            "costUSD": None if turn.cost is None else float(turn.cost),
            "request_properties": {"Helicone-Session-Id": turn.conversation_id, "intent": turn.intent},
        }  # fmt: skip


def litellm(turns):
    for turn in turns:
        end = turn.timestamp + timedelta(seconds=turn.response_time)
        first = turn.timestamp + timedelta(seconds=turn.time_to_first_token or turn.response_time)
        usage = {
            "prompt_tokens_details": {
                "cached_tokens": turn.cached_tokens, "cache_creation_tokens": turn.cache_write_tokens,
            },
            "completion_tokens_details": {"reasoning_tokens": turn.reasoning_tokens},
        }  # fmt: skip
        failure = {"error_class": turn.error_type, "error_message": turn.error_message} if turn.error_type else None
        yield {
            "request_id": turn.turn_id, "session_id": turn.conversation_id, "call_type": "acompletion",
            "cache_hit": "False", "startTime": f"{turn.timestamp:%Y-%m-%d %H:%M:%S.%f}",
            "endTime": f"{end:%Y-%m-%d %H:%M:%S.%f}", "completionStartTime": f"{first:%Y-%m-%d %H:%M:%S.%f}",
            "model": turn.model, "end_user": turn.user_id, "custom_llm_provider": turn.provider,
            "spend": None if turn.cost is None else float(turn.cost), "prompt_tokens": turn.input_tokens,
            "completion_tokens": turn.output_tokens, "status": "failure" if turn.error_type else "success",
            "metadata": json.dumps({"usage_object": usage, "error_information": failure}),
        }  # fmt: skip


def completions(turns):
    for turn in turns:
        usage = {"prompt_tokens": turn.input_tokens or 0, "completion_tokens": turn.output_tokens or 0}
        yield {
            "id": turn.turn_id, "object": "chat.completion", "created": int(turn.timestamp.timestamp()),
            "model": turn.model, "usage": usage | {"prompt_tokens_details": {"cached_tokens": turn.cached_tokens}},
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Near."}}],
        }  # fmt: skip


def batch(turns):
    for body in completions(turns):
        response = {"status_code": 200, "request_id": "r", "body": body}
        yield {"id": f"batch-{body['id']}", "custom_id": "a", "response": response, "error": None}


def stored(turns):
    rows = list(completions(turns))
    for start in range(0, len(rows), 5):
        yield {"object": "list", "data": rows[start : start + 5], "has_more": start + 5 < len(rows)}


def own(turns):
    for turn in turns:
        row = {name: getattr(turn, name) for name in table.COLUMNS if getattr(turn, name) is not None}
        row |= {"timestamp": turn.timestamp.isoformat(), "attributes": dict(turn.attributes)}
        yield row | ({} if turn.cost is None else {"cost": str(turn.cost)})


WRITERS = {
    "langsmith: run": writers_langsmith.runs,
    "langsmith: v2 run": writers_langsmith.v2,
    "langsmith: run with children": writers_langsmith.nested,
    "langsmith: SDK payload": writers_langsmith.payloads,
    "langsmith: API page": writers_langsmith.pages,
    "langsmith: feedback": writers_langsmith.with_feedback,
    "langfuse: observations of the blob storage": writers_langfuse.observations,
    "langfuse: observations of the UI or API": writers_langfuse.camel,
    "langfuse: trace download": writers_langfuse.downloads,
    "langfuse: API trace": writers_langfuse.around,
    "langfuse: API page": writers_langfuse.pages,
    "langfuse: traces without observations": writers_langfuse.traces_alone,
    "langfuse: scores": writers_langfuse.with_scores,
    "otlp: envelopes": writers_otlp.envelopes,
    "otlp: console or Phoenix spans": writers_otlp.console,
    "otlp: JavaScript spans": writers_otlp.javascript,
    "otlp: pages of Phoenix's API": writers_otlp.pages,
    "otlp: span lines": writers_otlp.lines,
    "otlp: Jaeger": writers_otlp.jaeger,
    "otlp: evaluation lines": writers_otlp.evaluated,
    "otlp: envelopes of evaluations": writers_otlp.evaluated_envelopes,
    "phoenix: annotations": writers_otlp.annotated,
    "phoenix: API page of annotations": writers_otlp.annotated_pages,
    "mlflow: traces": writers_otlp.mlflow,
    "mlflow: rows of search_traces": writers_otlp.mlflow_rows,
    "helicone: requests": helicone,
    "litellm: calls": litellm,
    "openai: batch": batch,
    "openai: completion": completions,
    "openai: stored completions": stored,
    "openrouter: activity": writers_calls.openrouter,
    "anthropic: batch": writers_calls.anthropic_batch,
    "bedrock: invocation log": writers_calls.bedrock,
    "bedrock: events of CloudWatch": writers_calls.bedrock_events,
    "claude_code: session": writers_sessions.claude_code,
    "codex: session": writers_sessions.codex,
    "logfire: answers of its SQL": writers_otlp.logfire_answers,
    "logfire: records": writers_otlp.logfire,
    "sentry: transactions": writers_otlp.sentry,
    "phoenix: API page of traces": writers_platforms.phoenix_traces,
    "opik: export": writers_platforms.opik_export,
    "opik: API page": writers_platforms.opik_pages,
    "opik: spans": writers_platforms.opik_alone,
    "opik: traces": writers_platforms.opik_traces,
    "weave: API answers": writers_platforms.weave_answers,
    "weave: calls": writers_platforms.weave,
    "braintrust: API page": writers_platforms.braintrust_pages,
    "braintrust: spans": writers_platforms.braintrust,
    "chatgpt: conversations": writers_platforms.chatgpt,
    "open_webui: chats": writers_platforms.open_webui,
    "azure: records": writers_platforms.azure_pages,
    "azure: request log": writers_platforms.azure,
    "chatmon: turns": own,
}
