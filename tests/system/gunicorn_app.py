"""A bot under gunicorn, made before its workers are forked: each request is a turn in the store of the environment."""

import os
from pathlib import Path

from chatmon.live import ChatMonitor
from chatmon.store import Store

monitor = ChatMonitor()
store = Store(Path(os.environ["BOT_STORE"]))
store.attach(monitor)


def app(environ, start_response):
    """Answer a request with the number of the worker that has it."""
    with monitor.track(environ["PATH_INFO"].strip("/"), "u1", attributes={"worker": os.getpid()}):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(os.getpid()).encode()]
