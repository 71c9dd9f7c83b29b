"""E-mail, Teams and a hundred others, through Apprise, which is an extra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatmon._tools.extras import wanted
from chatmon.alerts.channels._message import UndeliveredError
from chatmon.alerts.notification import Severity, Status

if TYPE_CHECKING:
    from chatmon.alerts.channels._message import Message


class Apprise:
    """Sends messages to whatever an Apprise address names.

    Apprise says only whether it worked, so every failure is tried again until the outbox gives up, and it knows no
    incidents: a resolution is one more message.

    Args:
        url: Such as ``mailtos://user:password@example.com``; it holds secrets.

    Raises:
        ValueError: Apprise does not know such an address.
        MissingPackageError: apprise is missing.
    """

    def __init__(self, url: str) -> None:
        apprise = wanted("apprise", "alerts", "the Apprise channel")
        self._apprise = apprise.Apprise()
        if not self._apprise.add(url):
            raise ValueError(f"Apprise knows no address that begins with {url.partition(':')[0]!r}")

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            UndeliveredError: Apprise says that it did not work; why is in the log of ``apprise``.
        """
        first = message.notifications[0]
        paged = first.severity is Severity.PAGE and first.status is Status.FIRING
        if not self._apprise.notify(
            title=message.title, body=message.text, notify_type="failure" if paged else "info", body_format="text"
        ):
            raise UndeliveredError("Apprise could not deliver it: the log of 'apprise' says why")
