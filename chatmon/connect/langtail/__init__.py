"""Langtail's real API: prompts as versions, deployed to environments; calls of them; threads of messages.

The same client talks to the hosted service with a key, and without one to a server on this machine. Langtail has no
endpoint for experiments: those are ``chatmon.experiment``, with a prompt version for each variant.
"""

from chatmon.connect.langtail._answers import Deployment, Message, Prompt, Reply, Thread
from chatmon.connect.langtail._client import LangtailClient
from chatmon.connect.langtail._templates import render
from chatmon.connect.langtail.errors import KeyMissingError, LangtailError, RefusedError, UnavailableError

__all__ = [
    "Deployment",
    "KeyMissingError",
    "LangtailClient",
    "LangtailError",
    "Message",
    "Prompt",
    "RefusedError",
    "Reply",
    "Thread",
    "UnavailableError",
    "render",
]
