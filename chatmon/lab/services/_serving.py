"""The child's side of a service: it serves on loopback for as long as its parent lives.

One line of JSON on standard input says what to serve, and one line on standard output says at which address. Standard
input stays open after that: its end means that the parent is gone, however it went, and on every operating system.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Serving(NamedTuple):
    """What serves, beside the thread that waits for the end.

    Attributes:
        address: Where it answers.
        by: What serves there, which lives as long as this.
        end: Called when the parent is gone. The process leaves at once otherwise: an orderly end would wait for the
            replies in progress, which nobody is there to read.
    """

    address: str
    by: object
    end: Callable[[], object] = bool


def serve(begin: Callable[[dict[str, Any]], Serving]) -> None:
    """Read the settings, begin to serve, say where, and leave when the parent closes standard input or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt in a notebook is meant for the cell
    signal.signal(signal.SIGTERM, _leave)
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what serves may print: standard output goes to the log with standard error
    settings = json.loads(sys.stdin.buffer.readline())
    served = None
    try:
        served = begin(settings)
        answer = {"address": served.address}
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    report.write(json.dumps(answer) + "\n")
    report.close()
    if served:
        with contextlib.suppress(SystemExit):
            sys.stdin.buffer.read(1)
        served.end()
    os._exit(0 if served else 1)


def _leave(_number: int, _frame: object) -> None:
    """End the wait for the parent's end, where the system asks this process to go."""
    raise SystemExit


def listen(port: int) -> socket.socket:
    """Return a socket that listens at a port of 127.0.0.1; 0 is any free one."""
    return socket.create_server(("127.0.0.1", port), backlog=256)


def in_thread(run: Callable[..., object], **arguments: Any) -> threading.Thread:
    """Return a thread that runs something, and does not keep the process alive."""
    thread = threading.Thread(target=run, kwargs=arguments, daemon=True)
    thread.start()
    return thread
