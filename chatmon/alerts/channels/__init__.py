"""Where alerts go: each channel says a message in the way of one kind of receiver, and knows when it has arrived."""

from chatmon.alerts.channels.apprise import Apprise
from chatmon.alerts.channels.local import Log, Notebook
from chatmon.alerts.channels.message import Channel, Message, RefusedError, UndeliveredError
from chatmon.alerts.channels.pagerduty import PagerDuty
from chatmon.alerts.channels.signature import BadSignatureError, sign, verify
from chatmon.alerts.channels.slack import Slack
from chatmon.alerts.channels.webhook import Webhook

__all__ = [
    "Apprise",
    "BadSignatureError",
    "Channel",
    "Log",
    "Message",
    "Notebook",
    "PagerDuty",
    "RefusedError",
    "Slack",
    "UndeliveredError",
    "Webhook",
    "sign",
    "verify",
]
