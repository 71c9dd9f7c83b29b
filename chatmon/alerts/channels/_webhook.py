"""A signed webhook: JSON that proves who sent it, and when."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from chatmon._tools.extras import wanted
from chatmon.alerts.channels._message import UndeliveredError
from chatmon.alerts.channels.receipt import TIMEOUT, check_url, judge
from chatmon.alerts.channels.signature import sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatmon.alerts.channels._message import Message


class Webhook:
    """Posts messages as JSON to an address of yours, signed; `chatmon.alerts.channels.verify` is for the other end.

    The header ``Idempotency-Key`` and ``id`` in the body are the same for every attempt, so that the receiver can drop
    what it has. Redirects are not followed: they would carry the message to somebody else.

    Args:
        url: Where to; https, or http on this machine.
        secret: What sender and receiver share, 16 characters at least.
        timeout: Seconds for each step of the request.
        clock: Seconds since 1970.

    Raises:
        ValueError: The address is not safe, or the secret is too short.
        MissingPackageError: httpx is missing.
    """

    def __init__(
        self, url: str, secret: str, *, timeout: float = TIMEOUT, clock: Callable[[], float] = time.time
    ) -> None:
        here = check_url("url", url)
        if len(secret) < 16:
            raise ValueError(f"the secret has {len(secret)} characters, give at least 16: secrets.token_urlsafe(24)")
        httpx = wanted("httpx", "alerts", "the webhook channel")
        self._url = url
        self._secret = secret
        self._clock = clock
        # A proxy that the environment names cannot reach this machine's own addresses.
        self._client = httpx.Client(timeout=timeout, trust_env=not here, headers={"Connection": "close"})
        self._errors = (httpx.HTTPError, httpx.InvalidURL)

    def send(self, message: Message) -> None:
        """Post a message, signed with the present time.

        Raises:
            UndeliveredError: No answer, or one that promises nothing.
            RefusedError: The receiver will not take it.
        """
        body = json.dumps(message.to_dict(), ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.id}
        try:
            answer = self._client.post(
                self._url, content=body, headers=headers | sign(self._secret, body, int(self._clock()))
            )
        except self._errors as error:
            raise UndeliveredError(f"the webhook gave no answer: {type(error).__name__}: {error}") from error
        judge("the webhook", answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.text)
