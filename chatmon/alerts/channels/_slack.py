"""Slack, through its official client and an incoming webhook."""

from __future__ import annotations

import logging
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.extras import wanted
from chatmon.alerts.channels._message import UndeliveredError, line
from chatmon.alerts.channels.receipt import TIMEOUT, check_url, judge

if TYPE_CHECKING:
    from chatmon.alerts.channels._message import Message

_MOST_LINES: Final = 20
"""Slack takes 50 blocks, and nobody reads 20."""
_LONGEST_TEXT: Final = 2_900
_LONGEST_TITLE: Final = 150
_SILENT = logging.Logger("chatmon.alerts.slack", logging.CRITICAL)
"""For the client, which would log a failure that the outbox logs already, and at level DEBUG the secret address."""


class Slack:
    """Posts messages to a Slack channel.

    Slack has no idempotency key: where an answer is lost, a message may show twice.

    Args:
        url: The incoming webhook's address, which is a secret.
        timeout: Seconds for each step of the request.

    Raises:
        ValueError: The address is not safe.
        MissingPackageError: slack-sdk is missing.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        here = check_url("url", url)
        slack = wanted("slack_sdk.webhook", "alerts", "the Slack channel")
        # The outbox tries again itself, and counts. The client is told whole seconds but takes fractions.
        self._client: Any = slack.WebhookClient(url, timeout=timeout, retry_handlers=[], logger=_SILENT)
        if here:
            self._client.proxy = None  # a proxy that the environment names cannot reach this machine's own addresses

    def send(self, message: Message) -> None:
        """Post a message.

        Raises:
            UndeliveredError: No answer, or not Slack's "ok".
            RefusedError: Slack will not take it.
        """
        try:
            answer = self._client.send(text=escape(message.title), blocks=blocks(message))
        except (OSError, HTTPException, ValueError) as error:
            raise UndeliveredError(f"Slack gave no answer: {type(error).__name__}: {error}") from error
        judge("Slack", answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.body)
        if answer.body != "ok":
            raise UndeliveredError(f"Slack answered {answer.body[:200]!r} where it says 'ok': something else answered")


def blocks(message: Message) -> list[dict[str, Any]]:
    """Return a message as Slack's blocks: a header, and a section for each notification."""
    shown = message.notifications[:_MOST_LINES]
    more = len(message.notifications) - len(shown)
    texts = [line(one) for one in shown] + ([f"and {more} more"] if more else [])
    header = {"type": "plain_text", "text": _cut(message.title, _LONGEST_TITLE), "emoji": False}
    bodies = [{"type": "mrkdwn", "text": _cut(escape(one), _LONGEST_TEXT)} for one in texts]
    return [{"type": "header", "text": header}, *({"type": "section", "text": body} for body in bodies)]


def escape(text: str) -> str:
    """Return a text that Slack shows as it is: no mention, no link, no channel.

    Example:
        >>> escape("<!channel> a & b")
        '&lt;!channel&gt; a &amp; b'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
