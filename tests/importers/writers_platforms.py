"""Turns as platforms for tracing and programs for chatting export them: a trace with its calls, or a tree of messages.

Opik's, Weave's and Braintrust's shapes are those of the types in opik 2.2, weave 0.54 and braintrust 0.48.
"""

import json
from datetime import timedelta

from importers.conversations import calls_of
from importers.writers_calls import milliseconds


def ends(turn):
    return turn.timestamp + timedelta(seconds=turn.response_time)


def calls(turn):
    """A turn's calls, each with an id, and the seconds to its first token."""
    return [(f"{turn.turn_id}-{number}", call) for number, call in enumerate(calls_of(turn))]


def given(**values):
    return {name: value for name, value in values.items() if value is not None}


def opik_usage(call, number):
    """The three counts of OpenAI, and the provider's own below; Anthropic's names now and then."""
    if call.input_tokens is None:
        return {}
    found = {
        "prompt_tokens": call.input_tokens, "completion_tokens": call.output_tokens,
        "total_tokens": call.input_tokens + call.output_tokens,
    }  # fmt: skip
    own = "original_usage."
    cached = "cache_read_input_tokens" if number % 2 else "prompt_tokens_details.cached_tokens"
    found |= {own + cached: call.cached_tokens, own + "prompt_tokens": call.input_tokens}
    return found | {own + "completion_tokens_details.reasoning_tokens": call.reasoning_tokens}


def opik_spans(turn, number=0):
    common = {"project_id": "p", "trace_id": turn.turn_id}
    failed = {"exception_type": turn.error_type, "message": turn.error_message, "traceback": "..."}
    yield common | {
        "id": f"{turn.turn_id}-root", "parent_span_id": None, "name": "desk", "type": "general",
        "start_time": turn.timestamp.isoformat(), "end_time": ends(turn).isoformat(),
        "usage": opik_usage(turn, number), "error_info": failed if turn.error_type else None,
    }  # fmt: skip
    for key, call in calls(turn):
        failed = {"exception_type": call.error_type, "message": call.error_message, "traceback": "..."}
        yield common | given(
            id=key, parent_span_id=f"{turn.turn_id}-root", name="chat", type="llm", model=call.model,
            provider=call.provider, start_time=call.timestamp.isoformat(), end_time=ends(call).isoformat(),
            usage=opik_usage(call, number), error_info=failed if call.error_type else None,
            total_estimated_cost=None if call.cost is None else float(call.cost),
            ttft=milliseconds(call.time_to_first_token), duration=milliseconds(call.response_time),
        )  # fmt: skip


def opik_trace(turn, number=0):
    scores = [] if turn.user_satisfaction is None else [{"name": "user_satisfaction", "value": turn.user_satisfaction}]
    failed = {"exception_type": turn.error_type, "message": turn.error_message, "traceback": "..."}
    return {
        "id": turn.turn_id, "project_id": "p", "name": "desk", "start_time": turn.timestamp.isoformat(),
        "end_time": ends(turn).isoformat(), "input": {"question": turn.question}, "span_count": 2,
        "thread_id": turn.conversation_id, "usage": opik_usage(turn, number), "tags": None,
        "metadata": {"user_id": turn.user_id, "intent": turn.intent, "prompt_version": turn.prompt_version},
        "total_estimated_cost": None if turn.cost is None else float(turn.cost), "feedback_scores": scores,
        "error_info": failed if turn.error_type else None,
    }  # fmt: skip


def opik_export(turns):
    for number, turn in enumerate(turns):
        yield {"trace": opik_trace(turn, number), "spans": list(opik_spans(turn, number)), "project_name": "desk"}


def opik_pages(turns):
    rows = [row for number, turn in enumerate(turns) for row in (opik_trace(turn, number), *opik_spans(turn, number))]
    for start in range(0, len(rows), 7):
        yield {"page": 1, "size": 7, "total": len(rows), "content": rows[start : start + 7]}


def opik_alone(turns):
    for number, turn in enumerate(turns):
        yield from opik_spans(turn, number)


def opik_traces(turns):
    for number, turn in enumerate(turns):
        yield opik_trace(turn, number)


def weave(turns):
    """Calls of functions: what a call used stands in its summary by model, and again in the one around it."""
    for number, turn in enumerate(turns):
        common = {"project_id": "e/p", "trace_id": turn.turn_id, "thread_id": turn.conversation_id}
        below = calls(turn)
        rolled = {}
        for _, call in below:
            rolled |= weave_usage(call, number)
        said = {"weave": {"client_version": "0.54"}, "user_id": turn.user_id, "intent": turn.intent}
        yield common | {
            "id": f"{turn.turn_id}-root", "parent_id": None, "op_name": "weave:///e/p/op/answer:v1", "attributes": said,
            "started_at": turn.timestamp.isoformat(), "ended_at": ends(turn).isoformat(), "output": "Near.",
            "exception": turn.error_message and f"{turn.error_type}: {turn.error_message}",
            "inputs": {"question": turn.question},
            "summary": {"usage": rolled, "status_counts": {"success": 1}} if rolled else {},
        }  # fmt: skip
        for key, call in below:
            yield common | {
                "id": key, "parent_id": f"{turn.turn_id}-root", "attributes": {"weave": {"kind": "llm"}},
                "op_name": "weave:///e/p/op/openai.chat.completions.create:v2", "output": None,
                "started_at": call.timestamp.isoformat(), "ended_at": ends(call).isoformat(),
                "exception": call.error_message and f"{call.error_type}: {call.error_message}",
                "inputs": {"model": call.model, "messages": []}, "summary": weave_summary(call, number),
            }  # fmt: skip


def weave_usage(call, number):
    if call.input_tokens is None:
        return {}
    if number % 2:
        found = {
            "input_tokens": call.input_tokens, "output_tokens": call.output_tokens,
            "input_tokens_details": {"cached_tokens": call.cached_tokens},
            "output_tokens_details": {"reasoning_tokens": call.reasoning_tokens},
        }  # fmt: skip
    else:
        found = {
            "prompt_tokens": call.input_tokens, "completion_tokens": call.output_tokens,
            "prompt_tokens_details": {"cached_tokens": call.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": call.reasoning_tokens},
        }  # fmt: skip
    return {call.model: {"requests": 1} | found}


def weave_summary(call, number):
    usage = weave_usage(call, number)
    if not usage:
        return {"status_counts": {"error": 1}}
    costs = {"prompt_tokens_total_cost": float(call.cost) / 4, "completion_tokens_total_cost": float(call.cost) * 3 / 4}
    return {"usage": usage, "weave": {"status": "success", "costs": {call.model: costs | {"requests": 1}}}}


def weave_answers(turns):
    rows = list(weave(turns))
    for start in range(0, len(rows), 6):
        yield {"calls": rows[start : start + 6]}


def braintrust(turns):
    """Rows of a project's logs, with a judge's call below each turn, which is not the bot's."""
    for number, turn in enumerate(turns):
        common = {"project_id": "p", "root_span_id": turn.turn_id, "_xact_id": "1", "tags": None}
        said = {"session_id": turn.conversation_id, "user_id": turn.user_id, "intent": turn.intent, "tier": "gold"}
        done = None if turn.task_completed is None else {"task_completed": float(turn.task_completed)}
        yield common | {
            "id": f"{turn.turn_id}-r", "span_id": turn.turn_id, "span_parents": None, "is_root": True,
            "created": turn.timestamp.isoformat(), "span_attributes": {"name": "desk", "type": "task"},
            "metrics": {"start": turn.timestamp.timestamp(), "end": ends(turn).timestamp()}, "metadata": said,
            "input": turn.question, "scores": done, "error": turn.error_message,
        }  # fmt: skip
        for key, call in calls(turn):
            yield common | braintrust_call(turn, key, call, number)
        judged = {"start": turn.timestamp.timestamp(), "prompt_tokens": 900, "completion_tokens": 9, "tokens": 909}
        yield common | {
            "id": f"{turn.turn_id}-j", "span_id": f"{turn.turn_id}-judge", "span_parents": [turn.turn_id],
            "span_attributes": {"name": "judge", "type": "llm", "purpose": "scorer"}, "metrics": judged,
            "created": turn.timestamp.isoformat(), "metadata": {"model": "judge-1"},
        }  # fmt: skip


def braintrust_call(turn, key, call, number):
    metrics = given(
        start=call.timestamp.timestamp(), end=ends(call).timestamp(), prompt_tokens=call.input_tokens,
        completion_tokens=call.output_tokens, prompt_cached_tokens=call.cached_tokens,
        completion_reasoning_tokens=call.reasoning_tokens, time_to_first_token=call.time_to_first_token,
        estimated_cost=None if call.cost is None else float(call.cost),
    )  # fmt: skip
    error = {"message": call.error_message} if number % 2 else call.error_message
    return {
        "id": key, "span_id": key, "span_parents": [turn.turn_id], "created": call.timestamp.isoformat(),
        "span_attributes": {"name": "chat", "type": "llm"}, "metrics": metrics,
        "metadata": {"model": call.model, "provider": call.provider}, "error": error if call.error_type else None,
    }  # fmt: skip


def braintrust_pages(turns):
    rows = list(braintrust(turns))
    for start in range(0, len(rows), 8):
        yield {"events" if start % 16 else "data": rows[start : start + 8], "cursor": None}


def in_chats(turns):
    """The turns of each conversation, in their order."""
    chats = {}
    for turn in turns:
        chats.setdefault(turn.conversation_id, []).append(turn)
    return chats


def chatgpt(turns):
    """Conversations: below each question a hidden thought, a tool's output, and the reply that people see."""
    for name, chat in in_chats(turns).items():
        above, nodes = "root", {"root": {"id": "root", "message": None, "parent": None, "children": []}}
        for turn in chat:
            for role, kind, after in (
                ("user", "text", 0), ("assistant", "thoughts", 1), ("tool", "text", 2), ("assistant", "text", 3)
            ):  # fmt: skip
                key = turn.turn_id if (role, kind) == ("assistant", "text") else f"{turn.turn_id}-{role}-{kind}"
                nodes[above]["children"].append(key)
                message = {
                    "id": key, "author": {"role": role}, "create_time": turn.timestamp.timestamp() + after,
                    "content": {"content_type": kind, "parts": ["Near."]}, "status": "finished_successfully",
                    "metadata": {"model_slug": turn.model} if role == "assistant" else {},
                }  # fmt: skip
                nodes[key] = {"id": key, "message": message, "parent": above, "children": []}
                above = key
        yield {
            "title": "Parcel", "create_time": chat[0].timestamp.timestamp(), "update_time": None, "mapping": nodes,
            "current_node": above, "conversation_id": name, "id": name, "default_model_slug": "auto",
        }  # fmt: skip


def open_webui(turns):
    """Chats: what was used is as OpenAI says it, as Ollama does, in an older file's ``info``, or not there."""
    for name, chat in in_chats(turns).items():
        above, messages = None, {}
        for number, turn in enumerate(chat):
            asked = f"{turn.turn_id}-q"
            messages[asked] = {
                "id": asked, "parentId": above, "childrenIds": [turn.turn_id], "role": "user",
                "content": turn.question, "timestamp": int(turn.timestamp.timestamp()), "models": [turn.model],
            }  # fmt: skip
            messages[turn.turn_id] = open_webui_reply(turn, asked, number)
            above = turn.turn_id
        history = {"messages": messages, "currentId": above}
        yield {
            "id": name, "user_id": chat[0].user_id, "title": "Parcel", "updated_at": 1, "created_at": 1,
            "chat": {"title": "Parcel", "models": [chat[0].model], "history": history, "messages": []},
        }  # fmt: skip


def open_webui_reply(turn, asked, number):
    own = {"prompt_eval_count": turn.input_tokens, "eval_count": turn.output_tokens, "total_duration": 2_500_000_000}
    usage = {
        "prompt_tokens": turn.input_tokens, "completion_tokens": turn.output_tokens,
        "prompt_tokens_details": {"cached_tokens": turn.cached_tokens},
    }  # fmt: skip
    told = {} if turn.input_tokens is None else [{"usage": usage}, {"info": own}, {"usage": own}][number % 3]
    grade = {5.0: 1, 1.0: -1}.get(turn.user_satisfaction)
    return {
        "id": turn.turn_id, "parentId": asked, "childrenIds": [], "role": "assistant", "content": "Near.",
        "model": turn.model, "timestamp": int(turn.timestamp.timestamp()), "done": True,
    } | told | given(
        error={"content": turn.error_message} if turn.error_type else None, annotation=grade and {"rating": grade}
    )  # fmt: skip


def azure(turns):
    for number, turn in enumerate(turns):
        said = {
            "apiName": "Azure OpenAI API version 2024-02-15-preview", "requestLength": 1, "responseLength": 2,
            "modelDeploymentName": "desk", "modelName": turn.model, "streamType": "Non-Streaming",
        }  # fmt: skip
        yield {
            "Tenant": "eastus", "category": "RequestResponse", "correlationId": turn.turn_id, "location": "eastus",
            "durationMs": milliseconds(turn.response_time), "event": "ShoeboxCallResult",
            "operationName": "ChatCompletions_Create", "properties": json.dumps(said) if number % 2 else said,
            "resultSignature": "429" if turn.error_type else "200", "time": ends(turn).isoformat(),
        }  # fmt: skip


def azure_pages(turns):
    rows = list(azure(turns))
    for start in range(0, len(rows), 5):
        yield {"records": rows[start : start + 5]}


def phoenix_traces(turns):
    """Pages of traces: each with the tokens of all its calls, and its spans, which say no tokens."""
    rows = []
    for turn in turns:
        root = {"span_id": f"{turn.turn_id}-r", "parent_id": None, "name": "desk", "span_kind": "CHAIN"}
        root |= {"start_time": turn.timestamp.isoformat(), "end_time": ends(turn).isoformat()}
        spans = [root | {"status_code": "ERROR" if turn.error_type else "OK"}]
        for key, call in calls(turn):
            times = {"start_time": call.timestamp.isoformat(), "end_time": ends(call).isoformat()}
            status = "ERROR" if call.error_type else "OK"
            asked = {"span_id": key, "parent_id": root["span_id"], "name": "chat", "span_kind": "LLM"}
            spans.append(asked | times | {"status_code": status})
        rows.append(
            {"id": "x", "trace_id": turn.turn_id, "project_id": "p", "spans": spans}
            | {"start_time": turn.timestamp.isoformat(), "end_time": ends(turn).isoformat()}
            | given(token_count_prompt=turn.input_tokens, token_count_completion=turn.output_tokens)
        )
    for start in range(0, len(rows), 4):
        yield {"data": rows[start : start + 4], "next_cursor": None}
