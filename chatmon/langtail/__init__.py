"""Langtail's real API: prompts as versions, deployed to environments; calls of them; threads of messages.

The same client talks to the hosted service with a key and to ``chatmon.local.langtail`` without one. Langtail has no
endpoint for experiments: those are ``chatmon.experiment``, with a prompt version for each variant.
"""

from chatmon.langtail.answers import Deployment, Message, Prompt, Reply, Thread
from chatmon.langtail.async_client import AsyncLangtailClient
from chatmon.langtail.client import LangtailClient
from chatmon.langtail.errors import KeyMissingError, LangtailError, RefusedError, UnavailableError
from chatmon.langtail.templates import render

__all__ = [
    "AsyncLangtailClient",
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
