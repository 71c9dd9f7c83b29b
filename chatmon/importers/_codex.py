"""Codex's session files: events of a session, of which some say what the calls since the last one used.

A turn is a prompt and what follows until the next one. The same count may be written twice; the running total, which
comes with each, tells. A session that was forked begins with the counts of the one it came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _plain as plain
from chatmon.importers import _sessions as sessions
from chatmon.importers.attributes import object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TYPES: Final = ("session_meta", "turn_context", "response_item", "event_msg", "compacted", "world_state")
REPEATED: Final = "a forked session repeats what the one before it used"


def _of_line(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    payload = object_of(line.get("payload"))
    event = payload.get("type") if line.get("type") == "event_msg" else line.get("type")
    made = _SPANS.get(str(event))
    found = None if made is None else made(payload)
    if found is not None:
        yield {"span_id": line.get("timestamp"), "start_time": line.get("timestamp"), "kind": "log"} | found


def _session(payload: Mapping[str, Any]) -> dict[str, Any]:
    source = object_of(payload.get("source"))
    forked = bool(payload.get("forked_from_id")) or "thread_spawn" in object_of(source.get("subagent"))
    return {
        "conversation_id": payload.get("id") or payload.get("session_id"),
        "provider": payload.get("model_provider"),
        "variant": "forked" if forked else None,
        "kind": sessions.ASIDE,
    }


def _end(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _context(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": sessions.ASIDE, "model": payload.get("model")}


def _prompt(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "prompt", "question": payload.get("message")}


def _answer(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"answer": payload.get("message")}


def _count(payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the calls since the last event used; an event without counts tells of limits only."""
    info = object_of(payload.get("info"))
    used, total = object_of(info.get("last_token_usage")), object_of(info.get("total_token_usage"))
    if not used and not total:
        return None
    place = "-".join(str(count) for count in plain.counted("codex", total).values())
    return plain.counted("codex", used) | {"kind": "llm", "failed": False} | ({"span_id": place} if total else {})


def _error(payload: Mapping[str, Any]) -> dict[str, Any]:
    kind = payload.get("codex_error_info")
    return {
        "kind": "llm", "failed": True, "error_message": payload.get("message"),
        "error_type": kind if isinstance(kind, str) else next(iter(object_of(kind)), "error"),
    }  # fmt: skip


_SPANS: Final = {
    "session_meta": _session, "turn_context": _context, "user_message": _prompt, "agent_message": _answer,
    "token_count": _count, "error": _error, "task_complete": _end,
}  # fmt: skip
"""What each kind of event says; others say nothing that a turn has."""
_SO_FAR: Final = "IGNORE NULLS) OVER (PARTITION BY file ORDER BY start_time, line ROWS UNBOUNDED PRECEDING)"
_SELECT: Final = sessions.turns_of(f"""
    SELECT * EXCLUDE (maker, of_model, forked, began) REPLACE (session || '-' || kind || '-' || span_id AS span_id,
        CASE WHEN kind = 'llm' THEN session END AS conversation_id,
        CASE WHEN kind = 'llm' THEN of_model END AS model,
        CASE WHEN kind = 'llm' THEN coalesce(lower(maker), 'openai') END AS provider,
        NULL AS variant,
        CASE WHEN reject IS NULL AND forked AND kind = 'llm' AND seconds_between(began, start_time) < 1
            THEN '{REPEATED}' ELSE reject END AS reject)
    FROM (SELECT *, last_value(model {_SO_FAR} AS of_model, last_value(provider {_SO_FAR} AS maker,
            coalesce(CASE WHEN NOT coalesce(bool_or(variant = 'forked') OVER whole, false)
                THEN last_value(conversation_id {_SO_FAR} END, arg_min(conversation_id, (start_time, line)) OVER whole,
                'file ' || (SELECT name FROM files WHERE number = file)) AS session,
            min(CASE WHEN conversation_id IS NOT NULL THEN start_time END) OVER whole AS began,
            coalesce(bool_or(variant = 'forked') OVER whole, false) AS forked
        FROM ({plain.SELECT}) WINDOW whole AS (PARTITION BY file))""")


def _recognise(record: Mapping[str, Any]) -> str | None:
    known = record.get("type") in _TYPES and "timestamp" in record and isinstance(record.get("payload"), dict)
    return f"has timestamp and payload, type is {record['type']}" if known else None


DIALECTS: Final = (
    plain.dialect(
        "codex",
        "session",
        _recognise,
        _of_line,
        ("timestamp", "type", "payload", "ordinal"),
        (
            "times without a zone are UTC, unless tz says otherwise",
            "what follows a session_meta in a file is its session",
            sessions.ASSUMED,
            "input_tokens counts cached tokens in, output_tokens those of reasoning",
        ),
        select=_SELECT,
    ),
)
