"""A real receiver for alerts on this machine: it speaks the protocols of Slack, PagerDuty and signed webhooks.

It runs in a process of its own, keeps what came in memory, and can be told to fail, hang, be busy or lie, so that a
lesson or a test can see what becomes of an alert then.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from urllib.request import ProxyHandler, Request, build_opener

from chatmon.lab.services._service import Service

Behaviour = Literal["ok", "fail", "busy", "hang", "drip", "lie", "hang_up"]
Kind = Literal["webhook", "slack", "pagerduty", "alertmanager"]


@dataclass(frozen=True, slots=True)
class Received:
    """One request that reached the inbox.

    Attributes:
        kind: The protocol it was sent in.
        at: When it came, in UTC.
        status: The HTTP status of the answer; 0 where there was none.
        reason: Why it was refused; None where it was accepted.
        repeated: Whether a message with this id had come before.
        content: The JSON that came; empty where it was refused.
    """

    kind: Kind
    at: datetime
    status: int
    reason: str | None
    repeated: bool
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Incident:
    """What PagerDuty would make of the events with one ``dedup_key``.

    Attributes:
        key: The ``dedup_key``.
        status: What it is now.
        summary: What the last trigger said.
        severity: How bad the last trigger said it is.
        triggers: How often it was triggered since it was opened.
    """

    key: str
    status: Literal["triggered", "acknowledged", "resolved"]
    summary: str
    severity: str
    triggers: int


class Inbox(Service):
    """A running inbox. `start` makes it; ``with`` or `stop` ends it, and so does the end of this process.

    Attributes:
        webhook_url: Where signed webhooks go.
        slack_url: What a Slack client takes for an incoming webhook.
        pagerduty_url: What a PagerDuty Events v2 client takes as its base.
        alertmanager_url: Where an Alertmanager's webhook goes, with ``secret`` as its bearer token.
        secret: What webhooks must be signed with.
        routing_key: The key that PagerDuty events must carry.
        page: What came, for a browser.
        pid: The number of the process.
        log_path: Where that process writes what goes wrong with it; never what came.
    """

    _MODULE = "chatmon.lab.services._inbox_child"
    _CALLED = "the inbox"
    _LOG = "inbox"

    def __init__(self, port: int | None, secret: str | None, routing_key: str | None) -> None:
        self.secret = secret or secrets.token_urlsafe(24)
        self.routing_key = routing_key or secrets.token_hex(16)
        token = secrets.token_urlsafe(16)
        super().__init__({"port": port, "secret": self.secret, "routing_key": self.routing_key, "token": token})
        self.webhook_url = f"{self.address}/webhook"
        self.slack_url = f"{self.address}/services/{token}"
        self.pagerduty_url = self.address
        self.alertmanager_url = f"{self.address}/alertmanager"
        self.page = f"{self.address}/{token}/"
        # A proxy that the environment names cannot reach this machine's own addresses.
        self._opener = build_opener(ProxyHandler({}))

    def requests(self) -> list[Received]:
        """Return all that was sent, in the order it came: accepted, repeated and refused."""
        listed = self._ask("requests")["requests"]
        return [Received(**(one | {"at": datetime.fromisoformat(one["at"])})) for one in listed]

    def messages(self, kind: Kind | None = None) -> list[dict[str, Any]]:
        """Return the content of what was accepted, each message once, of one protocol or of all."""
        return [
            one.content
            for one in self.requests()
            if one.reason is None and not one.repeated and kind in (None, one.kind)
        ]

    def incidents(self) -> list[Incident]:
        """Return the incidents that the PagerDuty events add up to, in the order they were first opened."""
        incidents: dict[str, Incident] = {}
        for event in self.messages("pagerduty"):
            key, action = event["dedup_key"], event["event_action"]
            known = incidents.get(key)
            opened = known is not None and known.status != "resolved"
            if action == "trigger":
                payload = event["payload"]
                triggers = known.triggers + 1 if known is not None and opened else 1
                status = known.status if known is not None and opened else "triggered"
                incidents[key] = Incident(key, status, payload["summary"], payload["severity"], triggers)
            elif known is not None and opened:  # as at PagerDuty: what is not open is neither acknowledged nor resolved
                status = "acknowledged" if action == "acknowledge" else "resolved"
                incidents[key] = Incident(key, status, known.summary, known.severity, known.triggers)
        return list(incidents.values())

    def wait_for(self, count: int, kind: Kind | None = None, *, timeout: float = 10.0) -> list[dict[str, Any]]:
        """Wait until so many messages have been accepted, and return them.

        Raises:
            TimeoutError: They did not come in ``timeout`` seconds.
        """
        until = time.monotonic() + timeout
        while len(found := self.messages(kind)) < count:
            if time.monotonic() >= until:
                raise TimeoutError(f"{len(found)} of {count} messages came within {timeout:g} s; see {self.page}")
            time.sleep(0.05)
        return found

    def behave(
        self, behaviour: Behaviour, *, times: int | None = None, only: Kind | None = None, retry_after: int = 1
    ) -> None:
        """Say how to treat what comes next.

        Args:
            behaviour: ``ok``; ``fail`` answers 500; ``busy`` answers 429; ``hang`` never answers; ``drip`` answers a
                few bytes at a time, without end; ``lie`` answers 200 with a web page and keeps nothing; ``hang_up``
                keeps the message and closes the connection without an answer.
            times: For so many requests, then ``ok`` again; None for all.
            only: For this protocol; None for all.
            retry_after: Seconds that ``busy`` asks to wait.

        Raises:
            ValueError: It knows no such behaviour or protocol.
        """
        for value, allowed in ((behaviour, get_args(Behaviour)), (only or "webhook", get_args(Kind))):
            if value not in allowed:
                raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
        self._ask("behave", {"name": behaviour, "times": times, "only": only, "retry_after": retry_after})

    def clear(self) -> None:
        """Forget what came."""
        self._ask("clear", {})

    def _where(self) -> str:
        return self.page

    def _ask(self, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        with self._opener.open(Request(self.page + what, data), timeout=10) as reply:  # noqa: S310 - our own address
            answer: dict[str, Any] = json.load(reply)
        return answer


def start(*, port: int | None = None, secret: str | None = None, routing_key: str | None = None) -> Inbox:
    """Start an inbox, empty, on 127.0.0.1.

    Args:
        port: Any free one if not given.
        secret: What webhooks must be signed with; a random one if not given.
        routing_key: The key that PagerDuty events must carry; a random one if not given.

    Raises:
        PortTakenError: ``port`` cannot be opened.
        ServerCrashedError: The inbox's process ended at once.

    Example:
        >>> with start() as inbox:
        ...     inbox.messages()
        []
    """
    return Inbox(port, secret, routing_key)
