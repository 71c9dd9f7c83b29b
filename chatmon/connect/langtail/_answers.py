"""What Langtail answers, as far as a program needs it; the whole of each answer stays at hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from chatmon.connect.langtail.errors import LangtailError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deployment:
    """A version of a prompt that can be called.

    Attributes:
        prompt: The prompt's name.
        environment: Where: preview, staging or production.
        version: The version; None where the environment alone names it.
        deployed_at: Since when, in UTC.
    """

    prompt: str
    environment: str
    version: str | None
    deployed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A deployed prompt, as its author wrote it.

    Attributes:
        template: Messages with ``role`` and ``content``, in Handlebars.
        arguments: The model's name, temperature and so on.
        defaults: Values of the variables that a call does not give.
        raw: The whole answer.
    """

    template: tuple[Mapping[str, Any], ...]
    arguments: Mapping[str, Any]
    defaults: Mapping[str, str]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to a call.

    Attributes:
        text: What the model wrote; empty where it called a tool instead.
        model: The model that answered; None where the answer does not say.
        usage: Tokens as OpenAI counts them, for ``Usage.from_openai_chat``; None where they were not reported.
        thread_id: The thread that an assistant keeps; None for a prompt.
        raw: The whole answer, a chat completion.
    """

    text: str
    model: str | None
    usage: Mapping[str, Any] | None
    thread_id: str | None
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation that Langtail keeps.

    Attributes:
        id: Its id.
        created_at: When it began, in UTC.
        metadata: What was written beside it.
        raw: The whole answer.
    """

    id: str
    created_at: datetime | None
    metadata: Mapping[str, Any]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a thread.

    Attributes:
        id: Its id.
        thread_id: The thread's.
        role: Who said it.
        text: What was said; empty where it is no text.
        created_at: When, in UTC.
        metadata: What was written beside it, such as a rating.
        raw: The whole answer.
    """

    id: str
    thread_id: str | None
    role: str
    text: str
    created_at: datetime | None
    metadata: Mapping[str, Any]
    raw: Mapping[str, Any]


def deployments(body: Any) -> list[Deployment]:
    """Return the deployments of an answer.

    Example:
        >>> deployments({"deployments": [{"promptSlug": "support", "environment": "production"}]})[0].prompt
        'support'
    """
    return [
        Deployment(one["promptSlug"], one["environment"], _text(one.get("version")), _moment(one.get("deployedAt")))
        for one in _of(body, "deployments")
    ]


def prompt(body: Any) -> Prompt:
    """Return the prompt of an answer."""
    state = _of(body, "state")
    return Prompt(tuple(state.get("template", ())), state.get("args", {}), body.get("chatInput") or {}, body)


def reply(body: Any, headers: Mapping[str, str]) -> Reply:
    """Return the reply of an answer and its headers."""
    choices = _of(body, "choices")
    message = choices[0].get("message") or {} if choices else {}
    text = message.get("content")
    thread = headers.get("x-langtail-thread-id")
    return Reply(text if isinstance(text, str) else "", body.get("model"), body.get("usage"), thread, body)


def thread(body: Any) -> Thread:
    """Return the thread of an answer."""
    return Thread(_of(body, "id"), _moment(body.get("createdAt")), body.get("metadata") or {}, body)


def message(body: Any) -> Message:
    """Return the message of an answer."""
    content = body.get("content") or body.get("message") or {}
    text = content.get("content")
    return Message(
        id=_of(body, "id"),
        thread_id=body.get("threadId"),
        role=content.get("role", ""),
        text=text if isinstance(text, str) else "",
        created_at=_moment(body.get("createdAt")),
        metadata=body.get("metadata") or {},
        raw=body,
    )


def page(body: Any, parse: Callable[[Any], T]) -> list[T]:
    """Return what a page of answers holds."""
    return [parse(one) for one in _of(body, "data")]


def piece(line: str) -> str | None:
    """Return the text of one line of a streamed reply; None where the line holds none.

    Example:
        >>> piece('data: {"choices": [{"delta": {"content": "Hel"}}]}')
        'Hel'
        >>> piece("data: [DONE]") is None
        True
    """
    data = line.removeprefix("data:").strip()
    if not line.startswith("data:") or data == "[DONE]":
        return None
    try:
        chunk = json.loads(data)
    except ValueError as error:
        raise LangtailError(f"a piece of the streamed reply is no JSON: {data[:80]!r}") from error
    if "error" in chunk:
        raise LangtailError(f"the reply broke off: {chunk['error']}")
    choices = chunk.get("choices") or []
    return (choices[0].get("delta") or {}).get("content") or None if choices else None


def _of(body: Any, name: str) -> Any:
    if not isinstance(body, dict) or name not in body:
        raise LangtailError(f"the answer has no {name}: {json.dumps(body)[:200]}")
    return body[name]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise LangtailError(f"the answer has a time that is none: {text!r}") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
