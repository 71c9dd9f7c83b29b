"""Where alerts go: each channel says a message in the way of one kind of receiver, and knows when it has arrived."""

from chatmon.alerts.channels._apprise import Apprise
from chatmon.alerts.channels._local import Log, Notebook
from chatmon.alerts.channels._message import Channel, Message, RefusedError, UndeliveredError
from chatmon.alerts.channels._pagerduty import PagerDuty
from chatmon.alerts.channels._slack import Slack
from chatmon.alerts.channels._webhook import Webhook
from chatmon.alerts.channels.signature import BadSignatureError, sign, verify

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
