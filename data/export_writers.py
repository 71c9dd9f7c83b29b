"""Turns as the exports of three tools, written from the tools' own documentation with nothing but the standard library.

Nothing here knows how ``chatmon`` reads them, so that reading them back compares two things. In each tool a turn is a
trace: a root for the message, and below it its model calls, which are one for each attempt unless one says otherwise.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from chatmon.turns import Turn

PROJECT = "00000000-0000-4000-8000-00000000beef"
DIMENSIONS = ("intent", "prompt_version", "region", "channel")
TOKENS = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
SCORES = ("user_satisfaction", "task_completed", "context_relevance")

Record = dict[str, Any]


def naive(moment: datetime) -> str:
    """Return a time in UTC without saying so, as LangSmith does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def attempts_of(turn: Turn) -> Iterator[Turn]:
    """Yield a turn's model calls, each written as a turn: those before the last failed, and used no tokens."""
    attempts = turn.attempts or 1
    for _ in range(1, attempts):
        yield _failed(turn)
    yield replace(turn, error_type=_error_type(turn), error_message=_error(turn)) if turn.error_type else turn


def langsmith_runs(
    turns: Iterable[Turn], *, feedback: bool = True, calls: Callable[[Turn], Iterable[Turn]] = attempts_of
) -> Iterator[Record]:
    """Yield LangSmith's runs as its API gives them; a root repeats its children's tokens and cost.

    Args:
        turns: What to export.
        feedback: Whether to write the feedback on the root.
        calls: What the model calls of a turn are, each written as a turn.
    """
    for turn in turns:
        scores = {name: {"n": 1, "avg": float(value)} for name, value in _scores(turn).items()}
        common = {"session_id": PROJECT, "trace_id": turn.turn_id, "tags": ["production"]}
        yield {
            **common, **_usage_of_run(turn), "id": turn.turn_id, "name": "support", "run_type": "chain",
            "parent_run_id": None, **_times_of_run(turn), "error": turn.error_message and _error(turn),
            "status": "error" if turn.error_type else "success", "trace_tier": "shortlived",
            "dotted_order": f"{turn.timestamp:%Y%m%dT%H%M%S%f}Z{turn.turn_id}",
            "inputs": {} if turn.question is None else {"question": turn.question},
            "outputs": None if turn.answer is None else {"answer": turn.answer},
            "feedback_stats": scores if feedback else None,
            "extra": {"metadata": {"thread_id": turn.conversation_id, "user_id": turn.user_id} | _dimensions(turn)},
        }  # fmt: skip
        for number, call in enumerate(calls(turn), start=1):
            yield {
                **common, **_usage_of_run(call), "run_type": "llm", "name": "ChatOpenAI",
                "id": str(UUID(int=(UUID(turn.turn_id).int + number) % 2**128)), "parent_run_id": turn.turn_id,
                **_times_of_run(call), "error": call.error_message, "status": "error" if call.error_type else "success",
                "extra": {"metadata": {"ls_model_name": call.model, "ls_provider": call.provider}},
                "inputs": {}, "outputs": {}, "feedback_stats": None,
            }  # fmt: skip


def _usage_of_run(turn: Turn) -> Record:
    return {
        "prompt_tokens": turn.input_tokens, "completion_tokens": turn.output_tokens,
        "total_tokens": None if turn.input_tokens is None else turn.input_tokens + (turn.output_tokens or 0),
        "total_cost": None if turn.cost is None else f"{turn.cost:f}",
        "prompt_token_details": None if turn.cached_tokens is None else {"cache_read": turn.cached_tokens},
        "completion_token_details": None if turn.reasoning_tokens is None else {"reasoning": turn.reasoning_tokens},
    }  # fmt: skip


def _times_of_run(turn: Turn) -> Record:
    first, end = _after(turn, turn.time_to_first_token), _after(turn, turn.response_time)
    return {
        "start_time": naive(turn.timestamp), "end_time": end and naive(end),
        "first_token_time": first and naive(first),
    }  # fmt: skip


def langfuse_observations(
    turns: Iterable[Turn], *, apart: bool = True, calls: Callable[[Turn], Iterable[Turn]] = attempts_of
) -> Iterator[Record]:
    """Yield Langfuse's observations as its export to blob storage has them.

    Args:
        turns: What to export.
        apart: Whether cached and reasoning tokens are counted beside the others, as
            Langfuse's own SDK does, or in them.
        calls: What the model calls of a turn are, each written as a turn.
    """
    for turn in turns:
        yield _of_observation(turn) | {
            "id": turn.turn_id[:16], "parent_observation_id": "", "type": "SPAN", "name": "desk",
            "metadata": _dimensions(turn) | _scores(turn), "level": "ERROR" if turn.error_type else "DEFAULT",
            "status_message": _error(turn) if turn.error_type else "", "provided_model_name": "", "usage_details": {},
            "total_cost": None, "completion_start_time": None,
            "input": turn.question or "", "output": turn.answer or "",
        }  # fmt: skip
        for number, call in enumerate(calls(turn), start=1):
            first = _after(call, call.time_to_first_token)
            yield _of_observation(call) | {
                "id": f"{turn.turn_id[:16]}-{number}", "parent_observation_id": turn.turn_id[:16],
                "type": "GENERATION", "name": "chat", "metadata": {},
                "level": "ERROR" if call.error_type else "DEFAULT",
                "status_message": call.error_message or "", "provided_model_name": call.model,
                "usage_details": _counts(call, apart=apart), "input": "", "output": "",
                "completion_start_time": first and _spaced(first),
                "total_cost": None if call.cost is None else float(call.cost),
            }  # fmt: skip


def _of_observation(turn: Turn) -> Record:
    end = _after(turn, turn.response_time)
    return {
        "trace_id": turn.turn_id, "start_time": _spaced(turn.timestamp), "end_time": end and _spaced(end),
        "user_id": turn.user_id, "session_id": turn.conversation_id, "latency": turn.response_time,
    }  # fmt: skip


def _counts(turn: Turn, *, apart: bool) -> Record:
    if turn.input_tokens is None:
        return {}
    cached, reasoning, output = turn.cached_tokens or 0, turn.reasoning_tokens or 0, turn.output_tokens or 0
    return {
        "input": turn.input_tokens - (cached if apart else 0), "input_cached_tokens": cached,
        "output": output - (reasoning if apart else 0), "output_reasoning": reasoning,
        "total": turn.input_tokens + output,
    }  # fmt: skip


Span = tuple[str, str, "str | None", int, int, str, Record]


def otlp_spans(turns: Iterable[Turn], *, calls: Callable[[Turn], Iterable[Turn]] = attempts_of) -> Iterator[Span]:
    """Yield OpenTelemetry spans: trace, span, parent, start and end in nanoseconds, error, attributes.

    The agent's span repeats the usage, as some libraries have it.
    """
    for turn in turns:
        trace = UUID(turn.turn_id).hex
        root = {
            "gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": turn.conversation_id,
            "user.id": turn.user_id, "error.type": turn.error_type, "input.value": turn.question,
        }  # fmt: skip
        root |= {f"chatmon.{name}": value for name, value in (_dimensions(turn) | _scores(turn)).items()}
        error = _error(turn) if turn.error_type else ""
        yield trace, trace[:16], None, *_nanoseconds(turn), error, root | _usage(turn)
        for number, call in enumerate(calls(turn), start=1):
            said = {
                "gen_ai.operation.name": "chat", "gen_ai.provider.name": call.provider,
                "gen_ai.response.model": call.model, "error.type": call.error_type,
            }  # fmt: skip
            span = f"{(int(trace[:16], 16) + number) % 2**64:016x}"
            yield trace, span, trace[:16], *_nanoseconds(call), call.error_message or "", said | _usage(call)


def _nanoseconds(turn: Turn) -> tuple[int, int]:
    start = int(turn.timestamp.timestamp()) * 10**9 + turn.timestamp.microsecond * 1000
    return start, start + round((turn.response_time or 0) * 1e6) * 1000


def _usage(turn: Turn) -> Record:
    return {
        "gen_ai.usage.input_tokens": turn.input_tokens, "gen_ai.usage.output_tokens": turn.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": turn.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": turn.reasoning_tokens,
        "gen_ai.usage.cost": None if turn.cost is None else float(turn.cost),
        "gen_ai.response.time_to_first_chunk": turn.time_to_first_token,
    }  # fmt: skip


def otlp_envelopes(
    turns: Iterable[Turn],
    *,
    batch: int = 1,
    identify: Callable[[str], str] = str,
    code: tuple[int | str, int | str] = (0, 2),
    whole: Callable[[int], int | str] = str,
    spans_of: Callable[[Iterable[Turn]], Iterable[Span]] = otlp_spans,
) -> Iterator[Record]:
    """Yield OTLP JSON, one envelope for each batch of spans, as the collector's file exporter writes it.

    Args:
        turns: What to export.
        batch: Spans in an envelope.
        identify: How ids are written.
        code: The codes of a good and a failed span's status.
        whole: How whole numbers are written.
        spans_of: Makes the spans of the turns.
    """
    spans: list[Record] = []
    for trace, span, parent, start, end, error, attributes in spans_of(turns):
        pairs = [_attribute(name, value, whole) for name, value in attributes.items() if value is not None]
        spans.append({
            "traceId": identify(trace), "spanId": identify(span), "parentSpanId": identify(parent) if parent else "",
            "name": "x", "startTimeUnixNano": str(start), "endTimeUnixNano": str(end), "attributes": pairs,
            "status": {"code": code[bool(error)], "message": error},
        })  # fmt: skip
        if len(spans) == batch:
            yield _envelope(spans, whole)
            spans = []
    if spans:
        yield _envelope(spans, whole)


def write_lines(records: Iterable[Record], path: Path) -> None:
    """Write JSON lines, gzipped where the name says so; the same records give the same bytes."""
    lines = "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records).encode()
    path.write_bytes(gzip.compress(lines, compresslevel=9, mtime=0) if path.suffix == ".gz" else lines)


def _after(turn: Turn, seconds: float | None) -> datetime | None:
    return None if seconds is None else turn.timestamp + timedelta(seconds=seconds)


def _spaced(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def _dimensions(turn: Turn) -> Record:
    return {name: getattr(turn, name) for name in DIMENSIONS if getattr(turn, name) is not None}


def _scores(turn: Turn) -> Record:
    return {name: getattr(turn, name) for name in SCORES if getattr(turn, name) is not None}


def _failed(turn: Turn) -> Turn:
    nothing = dict.fromkeys(("time_to_first_token", "usage_source", "price_source", "cost", *TOKENS))
    return replace(turn, error_type=_error_type(turn), error_message=_error(turn), **nothing)


def _error_type(turn: Turn) -> str:
    """Return the error of a failed call; an attempt before a good one met the rate limit."""
    return turn.error_type or "RateLimitError"


def _error(turn: Turn) -> str:
    message = turn.error_message or "429"
    return message if message.startswith(_error_type(turn)) else f"{_error_type(turn)}({message!r})"


def _attribute(name: str, value: float | str, whole: Callable[[int], int | str]) -> Record:
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return {"key": name, "value": {kinds[type(value)]: whole(value) if type(value) is int else value}}


def _envelope(spans: list[Record], whole: Callable[[int], int | str]) -> Record:
    resource = {"attributes": [_attribute("service.name", "desk", whole)]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {}, "spans": spans}]}]}
