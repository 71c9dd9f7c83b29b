"""Turns as tools write them of which one record is one call: what a record may leave out is left out now and then."""

import json
from datetime import timedelta


def ends(turn):
    return turn.timestamp + timedelta(seconds=turn.response_time)


def milliseconds(seconds):
    return None if seconds is None else round(seconds * 1000, 3)


def openrouter(turns):
    """Rows of the CSV: a key of one's own pays the provider itself, and a column is empty where nothing was used."""
    for number, turn in enumerate(turns):
        own = number % 3 == 0 and turn.cost is not None
        yield {
            "generation_id": turn.turn_id, "created_at": f"{turn.timestamp:%Y-%m-%d %H:%M:%S.%f}",
            "cost_total": "0.000001" if own else "" if turn.cost is None else f"{turn.cost:f}",
            "cost_web_search": "0", "cost_cache": "-0.0001", "cost_file_processing": "",
            "byok_usage_inference": f"{float(turn.cost) - 0.000001:.9f}" if own else "0" if number % 2 else "",
            "tokens_prompt": turn.input_tokens, "tokens_completion": turn.output_tokens,
            "tokens_reasoning": turn.reasoning_tokens, "tokens_cached": turn.cached_tokens,
            "model_permaslug": turn.model, "provider_name": "OpenAI", "variant": "standard", "cancelled": "false",
            "streamed": "true" if turn.time_to_first_token else "false", "user": turn.user_id,
            "finish_reason_raw": "", "finish_reason_normalized": "error" if turn.error_type else "stop",
            "generation_time_ms": milliseconds(turn.response_time),
            "time_to_first_token_ms": milliseconds(turn.time_to_first_token) or "",
            "api_key_name": "desk", "app_name": "desk",
        }  # fmt: skip


def anthropic_usage(turn, **more):
    """Anthropic's counts, whose input leaves out the cache; without a cache they may be null, or not there."""
    if turn.input_tokens is None:
        return {"input_tokens": 0, "output_tokens": 0} | more
    written = turn.cache_write_tokens
    found = {"input_tokens": turn.input_tokens - (turn.cached_tokens or 0) - (written or 0)}
    found |= {"cache_read_input_tokens": turn.cached_tokens, "output_tokens": turn.output_tokens}
    return (
        found | ({} if written is None and turn.input_tokens % 2 else {"cache_creation_input_tokens": written}) | more
    )


def anthropic_batch(turns):
    for turn in turns:
        if turn.error_type:
            inner = {"type": turn.error_type, "message": turn.error_message}
            error = {"type": "error", "error": inner, "request_id": turn.turn_id}
            yield {"custom_id": "q", "result": {"type": "errored", "error": error}}
            continue
        message = {
            "id": turn.turn_id, "type": "message", "role": "assistant", "model": turn.model, "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "Near."}], "usage": anthropic_usage(turn),
        }  # fmt: skip
        yield {"custom_id": "q", "result": {"type": "succeeded", "message": message}}


def bedrock(turns):
    """The log's records: of a reply that was streamed the pieces, the last of which says how long it took."""
    for number, turn in enumerate(turns):
        took, first = milliseconds(turn.response_time), milliseconds(turn.time_to_first_token)
        counts = {} if turn.input_tokens is None else {
            "inputTokenCount": turn.input_tokens - (turn.cached_tokens or 0),
            "cacheReadInputTokenCount": turn.cached_tokens,
        }  # fmt: skip
        whole = {"stopReason": "end_turn", "metrics": {"latencyMs": took}, "usage": {"inputTokens": 1}}
        metrics = {"invocationLatency": took, "firstByteLatency": first}
        pieces = [{"type": "message_start"}, {"delta": {}}, {"amazon-bedrock-invocationMetrics": metrics}]
        body = pieces if first else json.dumps(whole) if number % 2 else whole
        record = {
            "schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": turn.timestamp.isoformat(),
            "accountId": "0", "identity": {"arn": "arn:aws:sts::0:assumed-role/desk"}, "region": turn.region,
            "requestId": turn.turn_id, "operation": "InvokeModelWithResponseStream" if first else "Converse",
            "modelId": f"arn:aws:bedrock:eu-west-1:0:inference-profile/{turn.model}" if number % 2 else turn.model,
            "input": {"inputContentType": "application/json", **counts},
            "output": {"outputContentType": "application/json", "outputTokenCount": turn.output_tokens,
                       "outputBodyJson": body},
            "requestMetadata": {"session_id": turn.conversation_id, "user_id": turn.user_id, "intent": turn.intent},
        }  # fmt: skip
        yield record | ({"errorCode": turn.error_type} if turn.error_type else {})


def bedrock_events(turns):
    records = [json.dumps(record) for record in bedrock(turns)]
    for start in range(0, len(records), 5):
        events = [{"message": text, "timestamp": 0, "logStreamName": "l"} for text in records[start : start + 5]]
        yield {"events": events, "searchedLogStreams": []}
