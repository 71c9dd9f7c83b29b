"""PagerDuty's Events API v2, through its official client: trigger, acknowledge and resolve under one ``dedup_key``."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.extras import wanted
from chatmon.alerts.channels._message import UndeliveredError
from chatmon.alerts.channels.receipt import TIMEOUT, check_url, judge
from chatmon.alerts.notification import Severity, Status

if TYPE_CHECKING:
    from chatmon.alerts.channels._message import Message
    from chatmon.alerts.notification import Notification

ADDRESS: Final = "https://events.pagerduty.com"
_LONGEST_KEY: Final = 255
_LONGEST_SUMMARY: Final = 1_024
_SEVERITIES: Final = {Severity.PAGE: "critical", Severity.TICKET: "warning", Severity.INFO: "info"}


class PagerDuty:
    """Opens an incident when an alert fires, and closes it when the alert ends.

    The source and the alert's key are the ``dedup_key``: an event sent twice opens nothing twice, and another bot's end
    closes nothing of this one.

    Args:
        routing_key: The integration's key.
        url: The API's base; another one for Europe, or an inbox on this machine.
        source: What is monitored: two bots behind one integration need two.
        timeout: Seconds for each step of the request.

    Raises:
        ValueError: The address is not safe.
        MissingPackageError: pagerduty is missing.
    """

    one_each = True
    """PagerDuty takes one event a request: of a group, what it has is not sent again for the rest."""

    def __init__(
        self, routing_key: str, *, url: str = ADDRESS, source: str = "chatbot", timeout: float = TIMEOUT
    ) -> None:
        self._client = _client(routing_key, url, timeout)
        self._source = source

    def send(self, message: Message) -> None:
        """Send one event for each notification.

        Raises:
            UndeliveredError: No answer, or not PagerDuty's.
            RefusedError: PagerDuty will not take it.
        """
        import pagerduty

        for one in message.notifications:
            try:
                self._send(one, acknowledged=message.acknowledged_by is not None)
            except pagerduty.Error as error:
                reason = error.__cause__ or error
                raise UndeliveredError(f"PagerDuty gave no receipt: {type(reason).__name__}: {reason}") from error

    def _send(self, notification: Notification, *, acknowledged: bool) -> None:
        key = dedup_key(self._source, notification)
        if acknowledged:
            self._client.acknowledge(key)
        elif notification.status is Status.RESOLVED:
            self._client.resolve(key)
        else:
            summary = f"{notification.key.removesuffix('{}')}: {notification.text}"
            link = {"href": notification.runbook, "text": "Runbook"}
            self._client.trigger(
                summary[:_LONGEST_SUMMARY],
                self._source,
                dedup_key=key,
                severity=_SEVERITIES[notification.severity],
                payload={"timestamp": notification.started_at.isoformat()},
                custom_details=notification.to_dict(),
                links=[link] if notification.runbook else None,
            )


def dedup_key(source: str, notification: Notification) -> str:
    """Return what an alert of a bot is known by: two bots behind one integration have the same rules."""
    key = f"{source}: {notification.key}"
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _client(routing_key: str, address: str, seconds: float) -> Any:
    here = check_url("url", address)
    wanted("pagerduty", "alerts", "the PagerDuty channel")
    import pagerduty

    class Client(pagerduty.EventsApiV2Client):
        """The official client, which sends once: the outbox tries again itself, and counts."""

        url = ""  # the library's own takes https only, which an inbox on this machine does not speak
        max_network_attempts = 0
        timeout = seconds  # type: ignore[assignment]  # a fraction will do

        def postprocess(self, response: Any) -> None:
            judge("PagerDuty", response.status_code, dict(response.headers.items()), response.text)

    return Client(routing_key, base_url=address, trust_env=not here)
