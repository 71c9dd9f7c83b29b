"""What the inbox answers to each protocol: pure functions from a request to a reply, as the real services give them."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chatmon.alerts.channels.signature import BadSignatureError, verify

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

EVENT_ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
_LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class ProtocolReply:
    """What a service says to one request.

    Attributes:
        status: The HTTP status.
        body: Text, or what becomes JSON.
        content: The JSON that came, where it was accepted.
        id: What the sender calls this message, where the protocol has a name for it.
        reason: Why it was refused; None where it was accepted.
    """

    status: int
    body: str | dict[str, Any]
    content: dict[str, Any] = field(default_factory=dict)
    id: str | None = None
    reason: str | None = None


def webhook(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> ProtocolReply:
    """Answer to a message signed as `chatmon.alerts.channels.Webhook` signs it."""
    try:
        content = verify(secret, headers, body, now=now)
    except BadSignatureError as error:
        return ProtocolReply(HTTPStatus.UNAUTHORIZED, {"error": str(error)}, reason=str(error))
    return ProtocolReply(HTTPStatus.OK, {"status": "received"}, content, id=content["id"])


def slack(body: bytes) -> ProtocolReply:
    """Answer as an incoming webhook of Slack."""
    try:
        content = _json(body)
    except ValueError:
        return ProtocolReply(HTTPStatus.BAD_REQUEST, "invalid_payload", reason="invalid_payload")
    if not content.get("text") and not content.get("blocks") and not content.get("attachments"):
        return ProtocolReply(HTTPStatus.BAD_REQUEST, "no_text", reason="no_text")
    if len(content.get("blocks") or []) > 50:
        return ProtocolReply(HTTPStatus.BAD_REQUEST, "invalid_blocks", reason="invalid_blocks")
    return ProtocolReply(HTTPStatus.OK, "ok", content)


def pagerduty(body: bytes, routing_key: str) -> ProtocolReply:
    """Answer as PagerDuty's Events API v2."""
    try:
        content = _json(body)
    except ValueError as error:
        errors = [str(error)]
    else:
        errors = _event_errors(content, routing_key)
    if errors:
        said = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
        return ProtocolReply(HTTPStatus.BAD_REQUEST, said, reason="; ".join(errors))
    said = {"status": "success", "message": "Event processed", "dedup_key": content["dedup_key"]}
    return ProtocolReply(HTTPStatus.ACCEPTED, said, content)


def alertmanager(body: bytes, headers: Mapping[str, str], secret: str) -> ProtocolReply:
    """Answer to the webhook of an Alertmanager that sends the secret as a bearer token."""
    if not hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {secret}".encode()):
        return ProtocolReply(HTTPStatus.UNAUTHORIZED, "", reason="the bearer token is not the secret")
    try:
        content = _json(body)
    except ValueError as error:
        return ProtocolReply(HTTPStatus.BAD_REQUEST, str(error), reason=str(error))
    return ProtocolReply(HTTPStatus.OK, "", content)


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ValueError("the body is no JSON object")  # noqa: TRY004 - it came from outside: the value is what is wrong
    return content


def _event_errors(event: dict[str, Any], routing_key: str) -> list[str]:
    errors = []
    action, key = event.get("event_action"), event.get("dedup_key")
    if event.get("routing_key") != routing_key:
        errors.append("'routing_key' is not the key of this service")
    if action not in EVENT_ACTIONS:
        errors.append(f"'event_action' must be one of {', '.join(EVENT_ACTIONS)}")
    if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY:
        errors.append(f"'dedup_key' must be a text of 1 to {_LONGEST_KEY} characters")
    if action == "trigger":
        payload = event.get("payload")
        payload = payload if isinstance(payload, dict) else {}
        errors += [f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not payload.get(name)]
        if payload.get("severity") not in SEVERITIES:
            errors.append(f"'payload.severity' must be one of {', '.join(SEVERITIES)}")
    return errors
