"""The child's side of a service: an ASGI application on loopback, for as long as the parent lives."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def serve(application: Callable[[dict[str, Any]], Any]) -> None:
    """Read the settings, serve what ``application`` makes of them, and leave when standard input ends.

    Args:
        application: Takes the settings and returns an ASGI application.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt in a notebook is meant for the cell
    settings = json.loads(sys.stdin.buffer.readline())
    try:
        import uvicorn

        made = application(settings)
        listening = socket.create_server(("127.0.0.1", settings["port"]), backlog=256)
    except (ImportError, OSError, ValueError) as error:
        _say({"error": type(error).__name__, "message": str(error)})
        os._exit(1)
    server = uvicorn.Server(uvicorn.Config(made, log_level="warning", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    _say({"address": f"http://127.0.0.1:{listening.getsockname()[1]}"})
    sys.stdin.buffer.read(1)
    os._exit(0)  # at once: an orderly end would wait for replies that nobody is there to read


def _say(answer: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
