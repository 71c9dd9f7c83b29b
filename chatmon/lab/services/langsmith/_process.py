"""The process that serves: it listens on loopback for as long as its parent lives.

`langsmith.start` starts it as `llm.start` starts the model: settings come as one line on standard input, the address
goes out as one line on standard output, and the end of standard input means that the parent is gone.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uvicorn

_LAST_ANSWERS = 1  # seconds for the requests in progress once the parent is gone


def main() -> None:
    """Serve until the parent closes standard input or dies."""
    # An interrupt in a notebook is meant for the cell, and must not take the server away.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    settings = json.loads(sys.stdin.buffer.readline())
    with ExitStack() as stack:
        folder = settings["db"] or stack.enter_context(tempfile.TemporaryDirectory(prefix="chatmon-langsmith-"))
        path = Path(folder) if settings["db"] else Path(folder) / "langsmith.db"
        try:
            listening = stack.enter_context(_listen(settings["port"]))
            address = "http://{}:{}".format(*listening.getsockname())
            server = _server(path, address, settings["api_key"])
            answer = {"address": address}
        except (ImportError, OSError, RuntimeError) as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        report.write(json.dumps(answer) + "\n")
        report.close()
        if "error" not in answer:
            threading.Thread(target=_leave_with_parent, args=[server], daemon=True).start()
            server.run(sockets=[listening])


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    if os.name == "posix":  # elsewhere the option would let two programs share a port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(256)
    except OSError:
        listening.close()
        raise
    return listening


def _server(path: Path, address: str, api_key: str) -> uvicorn.Server:
    import sqlite3

    import starlette  # noqa: F401 - its absence is told apart from a failure later on
    import uvicorn
    import zstandard  # noqa: F401 - as above

    from chatmon.lab.services.langsmith._app import make_app
    from chatmon.lab.services.langsmith._store import Store

    try:
        app: Any = make_app(Store(path), address, api_key)
    except sqlite3.Error as error:
        raise RuntimeError(f"{path} cannot be used: {error}") from error
    settings = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", server_header=False,
        timeout_keep_alive=30, timeout_graceful_shutdown=_LAST_ANSWERS,
    )  # fmt: skip
    return uvicorn.Server(settings)


def _leave_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read(1)
    server.should_exit = True


if __name__ == "__main__":
    main()
