"""What an HTTP answer means for a delivery, the same for every channel that speaks HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from chatmon._tools.retries import retry_after
from chatmon.alerts.channels._message import RefusedError, UndeliveredError

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT: Final = 10.0
"""Seconds for each step of a request: to connect, to send, to wait for the next part of the answer."""
_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


def judge(receiver: str, status: int, headers: Mapping[str, str], said: str) -> None:
    """Return if an answer says that the message has arrived; otherwise raise.

    An answer of 200 with a web page is no receipt: a proxy, a log-in page or a parked domain sends such a thing.

    Args:
        receiver: Whose answer it is; no address, since those of webhooks are secrets.
        status: The HTTP status.
        headers: The answer's headers, with names in lower case.
        said: The answer's text.

    Raises:
        UndeliveredError: It has not arrived, and may if sent again.
        RefusedError: It will not be taken.

    Example:
        >>> judge("the webhook", 204, {}, "")
        >>> judge("the webhook", 503, {"retry-after": "7"}, "busy")
        Traceback (most recent call last):
        chatmon.alerts.channels._message.UndeliveredError: the webhook answered 503: 'busy'
    """
    message = f"{receiver} answered {status}: {said[:200]!r}"
    if 200 <= status < 300:
        if headers.get("content-type", "").startswith("text/html"):
            raise UndeliveredError(f"{message}: a web page is no receipt, something else answered")
        return
    if status in _AGAIN or status >= 500:
        raise UndeliveredError(message, retry_after(headers, datetime.now(UTC)))
    raise RefusedError(f"{message}: check its address and key, then call retry_dead() of the outbox")


def check_url(name: str, url: str) -> bool:
    """Return whether an address is on this machine.

    Raises:
        ValueError: It is neither https nor on this machine.

    Example:
        >>> check_url("url", "https://example.com/hook"), check_url("url", "http://127.0.0.1:8000/hook")
        (False, True)
    """
    parts = urlsplit(url)
    here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise ValueError(f"{name} begins with {url[:8]!r}: give https://, or http:// for 127.0.0.1")
    return here
