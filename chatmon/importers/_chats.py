"""Chats that people exported from ChatGPT and Open WebUI: each a tree of messages, for a reply can be asked for again.

A turn is a question and one branch of what followed. How long a reply took stands in neither file but where a model on
one's own machine told Open WebUI; what was used is in Open WebUI's newer files only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatmon.importers import _plain as plain
from chatmon.importers._langfuse import number_of
from chatmon.importers.attributes import object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ANSWERS: Final = ("assistant", "tool")
THUMBS: Final = {1: 5, -1: 1}
"""A thumb up and down of Open WebUI, as satisfaction."""


@dataclass(frozen=True, slots=True)
class _Message:
    """A message of a chat, and which one it follows."""

    id: str
    parent: str | None
    role: str
    time: Any
    text: str | None
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Branch:
    """A question, and the messages of one reply to it in their order."""

    question: _Message
    replies: tuple[_Message, ...]
    again: bool

    @property
    def time(self) -> Any:
        """When it was asked; of a reply that was asked for again, when that began."""
        return self.replies[0].time if self.again else self.question.time


def _branches(messages: Mapping[str, _Message]) -> Iterator[_Branch]:
    """Yield each question with each of its replies, the first one first; what nobody answered is none."""
    below: dict[str | None, list[_Message]] = {}
    for message in messages.values():
        below.setdefault(message.parent, []).append(message)
    for question in messages.values():
        if question.role != "user":
            continue
        replies = [_followed(first, below) for first in below.get(question.id, [])]
        answered = [reply for reply in replies if any(one.role == "assistant" for one in reply)]
        for number, reply in enumerate(sorted(answered, key=lambda reply: number_of(reply[0].time) or 0)):
            yield _Branch(question, tuple(reply), again=number > 0)


def _followed(first: _Message, below: Mapping[str | None, list[_Message]]) -> list[_Message]:
    """Return a message and what follows it, up to the next question."""
    found, waiting, seen = list[_Message](), [first], set[str]()
    while waiting:
        message = waiting.pop(0)
        if message.role != "user" and message.id not in seen:
            seen.add(message.id)
            found.append(message)
            waiting += below.get(message.id, [])
    return found


def _of_chatgpt(chat: dict[str, Any]) -> Iterator[dict[str, Any]]:
    messages = {
        key: _Message(
            id=key,
            parent=node.get("parent"),
            role=str(object_of(object_of(node.get("message")).get("author")).get("role")),
            time=object_of(node.get("message")).get("create_time"),
            text=_parts(object_of(object_of(node.get("message")).get("content"))),
            said=object_of(object_of(node.get("message")).get("metadata")),
        )
        for key, node in chat["mapping"].items()
    }
    for branch in _branches(messages):
        last = [one for one in branch.replies if one.role == "assistant"][-1]
        models = [one.said["model_slug"] for one in branch.replies if one.said.get("model_slug")]
        yield {
            "span_id": last.id,
            "kind": "llm",
            "start_time": branch.time if branch.time is not None else chat.get("create_time"),
            "provider": "openai",
            "model": models[-1] if models else chat.get("default_model_slug"),
            "finish_reason": object_of(last.said.get("finish_details")).get("type"),
            "conversation_id": chat.get("conversation_id") or chat.get("id"),
            "question": branch.question.text,
            "answer": last.text,
        }


def _parts(content: Mapping[str, Any]) -> str | None:
    parts = content.get("parts")
    return "\n".join(one for one in parts if isinstance(one, str)) if isinstance(parts, list) else None


def _of_open_webui(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    history = object_of(object_of(record.get("chat")).get("history"))
    messages = {
        key: _Message(
            id=key,
            parent=message.get("parentId"),
            role=str(message.get("role")),
            time=message.get("timestamp"),
            text=message.get("content"),
            said=message,
        )
        for key, message in object_of(history.get("messages")).items()
    }
    for branch in _branches(messages):
        yield _answered(branch, branch.replies[-1]) | {
            "start_time": record.get("created_at") if branch.time is None else branch.time,
            "conversation_id": record.get("id"),
            "user_id": record.get("user_id"),
        }


def _answered(branch: _Branch, reply: _Message) -> dict[str, Any]:
    """What Open WebUI says of a reply: ``usage``, which was called ``info``, is what the model's server gave."""
    used = object_of(reply.said.get("usage")) or object_of(reply.said.get("info"))
    took, error = number_of(used.get("total_duration")), reply.said.get("error")
    grade = number_of(object_of(reply.said.get("annotation")).get("rating"))
    return {
        "span_id": reply.id,
        "kind": "llm",
        "response_time": None if took is None else took / 1e9,
        "model": reply.said.get("model"),
        **plain.counted("open webui", used),
        "failed": bool(error),
        "error_type": "error" if error else None,
        "error_message": object_of(error).get("content") or (error if isinstance(error, str) else None),
        "user_satisfaction": None if grade is None else THUMBS.get(int(grade)),
        "question": branch.question.text,
        "answer": reply.text,
    }


def _chatgpt(record: Mapping[str, Any]) -> str | None:
    nodes = record.get("mapping")
    known = isinstance(nodes, dict) and "create_time" in record and ("current_node" in record or "title" in record)
    return "has mapping and create_time: a conversation of ChatGPT" if known else None


def _open_webui(record: Mapping[str, Any]) -> str | None:
    chat = record.get("chat")
    known = isinstance(chat, dict) and isinstance(chat.get("history"), dict)
    return "has chat.history: a chat of Open WebUI" if known else None


DIALECTS: Final = (
    plain.dialect(
        "chatgpt",
        "conversations",
        _chatgpt,
        _of_chatgpt,
        ("id", "conversation_id", "title", "create_time", "update_time", "mapping", "current_node",
                         "default_model_slug"),
        (
            "times are seconds since 1970; a turn is when its question was asked, a repeated one when its reply began",
            "the file says neither tokens, cached or not, nor cost, nor how long a reply took: they stay unknown",
        ),
    ),
    plain.dialect(
        "open_webui",
        "chats",
        _open_webui,
        _of_open_webui,
        ("id", "user_id", "title", "chat", "updated_at", "created_at"),
        (
            "times are seconds since 1970; a turn is when its question was asked, a repeated one when its reply began",
            "tokens are what the model's server said, cached ones counted in; older files say none",
            "a thumb up is a satisfaction of 5, a thumb down of 1",
        ),
    ),
)  # fmt: skip
