"""Turns as programs write a session: line after line, and nothing says which prompt a reply is for."""

from datetime import timedelta
from uuid import UUID

from importers.conversations import calls_of
from importers.writers_calls import anthropic_usage


def iso(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def claude_code(turns):
    """Prompts, replies over two lines each, the results of tools between them, and lines that are about the session."""
    for turn in turns:
        end = turn.timestamp + timedelta(seconds=turn.response_time)
        common = {"sessionId": turn.conversation_id, "isSidechain": False, "version": "2.0.1", "userType": "external"}
        asked = {"role": "user", "content": turn.question}
        prompt = {"type": "user", "uuid": turn.turn_id, "parentUuid": None, "timestamp": iso(turn.timestamp)}
        yield common | prompt | {"message": asked}
        yield {"type": "file-history-snapshot", "messageId": turn.turn_id, "snapshot": {}, "isSnapshotUpdate": False}
        calls = list(calls_of(turn))
        for number, call in enumerate(calls):
            last = number == len(calls) - 1 and turn.shape != "late error"
            done = end if last else min(end, call.timestamp + timedelta(seconds=call.response_time))
            yield from (
                common | line for line in _reply(turn, call, number, done - timedelta(milliseconds=0 if last else 2))
            )
        if turn.shape == "late error":
            yield common | _error(turn, turn, 9, end)


def _reply(turn, call, number, done):
    if call.error_type:
        yield _error(turn, call, number, done)
        return
    for block, moment in ((1, done - timedelta(milliseconds=1)), (2, done)):
        usage = anthropic_usage(call, **({"output_tokens": 1} if block == 1 else {}))
        message = {
            "id": f"msg_{turn.turn_id}_{number}", "role": "assistant", "model": call.model, "usage": usage,
            "content": [{"type": "text", "text": "Near."}], "stop_reason": "end_turn" if block == 2 else None,
        }  # fmt: skip
        line = {"type": "assistant", "timestamp": iso(moment), "requestId": f"req_{turn.turn_id}_{number}"}
        yield line | {"uuid": f"{turn.turn_id}-{number}-{block}", "message": message}
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "in stock"}]}
    yield {"type": "user", "uuid": f"{turn.turn_id}-{number}-r", "timestamp": iso(done), "message": result}


def _error(turn, call, number, moment):
    message = {
        "id": f"made-{turn.turn_id}-{number}", "role": "assistant", "model": "<synthetic>", "stop_reason": "stop",
        "content": [{"type": "text", "text": call.error_message}], "usage": {"input_tokens": 0, "output_tokens": 0},
    }  # fmt: skip
    return {
        "type": "assistant", "uuid": f"{turn.turn_id}-{number}-e", "timestamp": iso(moment), "message": message,
        "isApiErrorMessage": True, "error": call.error_type,
    }  # fmt: skip


def codex(turns):
    """Events of sessions, one after another: each count comes with the running total, some twice, some without any."""
    session, total = None, {}
    for number, turn in enumerate(turns):
        if turn.conversation_id != session:
            session, total = turn.conversation_id, {}
            meta = {"id": str(UUID(int=int(session[1:]))), "cwd": "/desk", "model_provider": turn.provider}
            yield _event(turn.timestamp - timedelta(milliseconds=9), "session_meta", meta)
        yield _event(turn.timestamp, "event_msg", {"type": "user_message", "message": turn.question, "kind": "plain"})
        asked = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": turn.question}]}
        yield _event(turn.timestamp + timedelta(microseconds=1), "response_item", asked)
        end = turn.timestamp + timedelta(seconds=turn.response_time)
        for position, call in enumerate(calls_of(turn)):
            begun = call.timestamp + timedelta(microseconds=10 + position)
            yield _event(begun, "turn_context", {"model": call.model, "cwd": "/desk"})
            done = min(end - timedelta(milliseconds=5), call.timestamp + timedelta(seconds=call.response_time))
            yield from _counted(call, done + timedelta(microseconds=position), total, twice=number % 3 == 0)
        if turn.error_type:
            yield _event(end, "event_msg", _failure(turn))
        else:
            yield _event(end, "event_msg", {"type": "task_complete", "last_agent_message": "Near."})


def _counted(call, moment, total, *, twice):
    if call.error_type:
        yield _event(moment, "event_msg", _failure(call))
        return
    used = {
        "input_tokens": call.input_tokens, "cached_input_tokens": call.cached_tokens,
        "output_tokens": call.output_tokens, "reasoning_output_tokens": call.reasoning_tokens,
    }  # fmt: skip
    total |= {name: total.get(name, 0) + count for name, count in used.items()}
    limits = {"type": "token_count", "rate_limits": {"primary": {"used_percent": 7.0}}}
    yield _event(moment - timedelta(milliseconds=2), "event_msg", limits | {"info": None})
    for _ in range(1 + twice):
        info = {"total_token_usage": dict(total), "last_token_usage": used, "model_context_window": 258400}
        yield _event(moment, "event_msg", limits | {"info": info})
        moment += timedelta(milliseconds=1)


def _failure(call):
    return {"type": "error", "message": call.error_message, "codex_error_info": call.error_type}


def _event(moment, kind, payload):
    return {"timestamp": iso(moment), "type": kind, "payload": payload}
