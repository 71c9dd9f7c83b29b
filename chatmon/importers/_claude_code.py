"""Claude Code's session files: a line for each message and each block of a reply, in the order they came.

A turn is a prompt and all replies until the next one. A reply's lines repeat its id and what it used, of which the last
line is final; a session that is taken up again has the lines of the one before. Subagents write lines of their own,
marked as a side chain: what they use belongs to the turn that is under way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _plain as plain
from chatmon.importers import _sessions as sessions
from chatmon.importers._anthropic import answer_of
from chatmon.importers._spans import TOKENS
from chatmon.importers.attributes import object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ABOUT: Final = (
    "summary", "system", "file-history-snapshot", "queue-operation", "progress", "attachment", "custom-title",
    "ai-title", "last-prompt", "permission-mode", "mode", "agent-name", "agent-setting", "agent-color", "pr-link",
    "tag",
)  # fmt: skip
"""Types of lines that are about a session and part of no turn."""
NO_PROMPT: Final = ("<local-command-", "<bash-", "<task-notification>", "[Request interrupted")
"""How texts begin that the program puts in the user's place."""
_READ: Final = (
    "type", "uuid", "parentUuid", "isSidechain", "sessionId", "timestamp", "message", "requestId", "isApiErrorMessage",
    "isMeta", "isCompactSummary", "toolUseResult", "error", "costUSD", "version",
)  # fmt: skip


def _of_line(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    message = object_of(line.get("message"))
    if line.get("type") == "assistant":
        yield from _reply(line, message)
    elif line.get("type") == "user" and (prompt := _prompt(line, message)) is not None:
        yield {
            "span_id": line.get("uuid"), "kind": "prompt", "name": line.get("sessionId"),
            "start_time": line.get("timestamp"), "question": prompt,
        }  # fmt: skip


def _reply(line: Mapping[str, Any], message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A line of a reply; the program's own words, which no model said, are none unless they tell of an error."""
    failed = line.get("isApiErrorMessage") is True
    if message.get("model") == "<synthetic>" and not failed:
        return
    text = answer_of(message.get("content"))
    called = (
        {} if failed else plain.counted("anthropic", object_of(message.get("usage"))) | {"model": message.get("model")}
    )
    yield {
        "span_id": (None if failed else message.get("id")) or line.get("requestId") or line.get("uuid"),
        "kind": "llm",
        "name": line.get("sessionId"),
        "start_time": line.get("timestamp"),
        "provider": "anthropic",
        "cost": line.get("costUSD"),
        "failed": failed,
        "error_type": (line.get("error") or "API error") if failed else None,
        "error_message": text if failed else None,
        "finish_reason": message.get("stop_reason"),
        "conversation_id": line.get("sessionId"),
        "attributes": {"version": line.get("version")} if line.get("version") else None,
        "answer": None if failed or line.get("isSidechain") is True else text,
    } | called


def _prompt(line: Mapping[str, Any], message: Mapping[str, Any]) -> str | None:
    """Return what a person asked; None for a tool's result, and for what the program or another agent said."""
    content = message.get("content")
    blocks = content if isinstance(content, list) else []
    told = any(isinstance(one, dict) and one.get("type") == "tool_result" for one in blocks)
    if (
        told
        or "toolUseResult" in line
        or any(line.get(mark) is True for mark in ("isSidechain", "isMeta", "isCompactSummary"))
    ):
        return None
    text = answer_of(content) or ""
    return None if text.startswith(NO_PROMPT) else text


_LAST: Final = ", ".join(
    f"coalesce(arg_max({name}, (start_time, file, line)) OVER reply, {name}) AS {name}"
    for name in (*TOKENS, "usage_details", "finish_reason", "cost")
)
_SELECT: Final = sessions.turns_of(f"""
    SELECT * REPLACE ({_LAST}), name AS session FROM ({plain.SELECT}) WINDOW reply AS (PARTITION BY span_id)""")


def _recognise(record: Mapping[str, Any]) -> str | None:
    kind = record.get("type")
    if kind in ("user", "assistant") and {"sessionId", "uuid", "message"} <= record.keys():
        return "has sessionId, uuid and message"
    about = kind in ABOUT and ({"sessionId", "leafUuid", "snapshot"} & record.keys())
    return "has a session's id, and is about it" if about else None


DIALECTS: Final = (
    plain.dialect(
        "claude_code",
        "session",
        _recognise,
        _of_line,
        _READ,
        (
            "times without a zone are UTC, unless tz says otherwise",
            sessions.ASSUMED,
            "input_tokens leaves out cached tokens, read and written, which are added to the input",
            "a message counts once, with what its last line says was used",
        ),
        select=_SELECT,
    ),
)
