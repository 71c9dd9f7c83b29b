"""Channels that never leave this process: the log, and the notebook."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from chatmon._tools.shown import escape
from chatmon.alerts.channels._message import line
from chatmon.alerts.notification import Severity, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatmon.alerts.channels._message import Message

logger = logging.getLogger("chatmon.alerts")
_LEVELS: Final = {Severity.PAGE: logging.ERROR, Severity.TICKET: logging.WARNING, Severity.INFO: logging.INFO}


class Log:
    """Writes to the logger ``chatmon.alerts``: errors for pages, warnings for tickets, the rest as information."""

    def send(self, message: Message) -> None:
        """Write one record for each notification."""
        for one in message.notifications:
            level = logging.INFO if one.status is Status.RESOLVED else _LEVELS[one.severity]
            by = "" if message.acknowledged_by is None else f"acknowledged by {message.acknowledged_by}: "
            logger.log(level, "%s%s", by, line(one))


class Notebook:
    """Shows messages below the cell that runs when they come.

    Args:
        show: What to do with an object to show; IPython's ``display`` if not given.
    """

    def __init__(self, show: Callable[[object], object] | None = None) -> None:
        if show is None:
            from IPython.display import display

            show = display
        self._show = show

    def send(self, message: Message) -> None:
        """Show a message."""
        self._show(Card(message))


class Card:
    """A message as a notebook shows it."""

    def __init__(self, message: Message) -> None:
        self.message = message

    def __repr__(self) -> str:
        return f"{self.message.title}\n{self.message.text}"

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{escape(line(one))}</li>" for one in self.message.notifications)
        return f"<p><b>{escape(self.message.title)}</b></p><ul>{lines}</ul>"
