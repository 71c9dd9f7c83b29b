"""Sign a webhook, and check the signature of one that came: HMAC-SHA256 over the time and the body."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.errors import Error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SIGNATURE: Final = "X-Chatmon-Signature"
TIMESTAMP: Final = "X-Chatmon-Timestamp"
MOST_SECONDS_APART: Final = 300
"""A message whose time is further than this from the receiver's own is refused: it may be an old one, sent again."""


class BadSignatureError(Error, ValueError):
    """A message does not prove that it comes from the holder of the secret, and now."""


def sign(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Return the headers that prove who sent a body, and when.

    Args:
        secret: What sender and receiver share.
        body: The bytes to send.
        timestamp: Whole seconds since 1970.

    Example:
        >>> sign("s3cret", b"{}", 1_800_000_000)["X-Chatmon-Timestamp"]
        '1800000000'
    """
    return {SIGNATURE: f"v1={_digest(secret, str(timestamp), body)}", TIMESTAMP: str(timestamp)}


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> dict[str, Any]:
    """Return the content of a signed message, or raise. For a receiver of your own.

    A message is sent again, signed anew, until its receipt is certain, and somebody else may send a copy within five
    minutes: keep the ``id`` of what you have dealt with, and to one that you have answer 200 and do nothing.

    Args:
        secret: What sender and receiver share.
        headers: The request's headers, in any case.
        body: The request's body, byte for byte as it came.
        now: The receiver's time.

    Returns:
        The message: its ``id`` and its ``notifications``, and who ``acknowledged_by``.

    Raises:
        BadSignatureError: It is not signed with the secret, or not within five minutes of ``now``.

    Example:
        >>> from datetime import UTC, datetime
        >>> body = b'{"id": "a1", "notifications": []}'
        >>> verify("s3cret", sign("s3cret", body, 1_800_000_000), body, now=datetime.fromtimestamp(1_800_000_060, UTC))
        {'id': 'a1', 'notifications': []}
    """
    lower = {name.lower(): value for name, value in headers.items()}
    signature, timestamp = lower.get(SIGNATURE.lower()), lower.get(TIMESTAMP.lower(), "")
    if signature is None:
        raise BadSignatureError(f"the header {SIGNATURE} is missing")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignatureError(f"the header {TIMESTAMP} ({timestamp[:40]!r}) is no number of seconds since 1970")
    if not hmac.compare_digest(signature.encode(), f"v1={_digest(secret, timestamp, body)}".encode()):
        raise BadSignatureError(f"{SIGNATURE} does not fit the body and the secret")
    apart = abs(now.timestamp() - int(timestamp))
    if apart > MOST_SECONDS_APART:
        raise BadSignatureError(
            f"{TIMESTAMP} is {apart:.0f} s from the receiver's time, at most {MOST_SECONDS_APART} s are allowed: "
            "it is an old message, or one of the two clocks is wrong"
        )
    content: dict[str, Any] = json.loads(body)
    return content


def _digest(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
