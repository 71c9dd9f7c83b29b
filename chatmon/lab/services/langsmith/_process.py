"""The process that serves a local LangSmith; ``langsmith.start`` starts it."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatmon.lab.services._serving import Serving, in_thread, listen, serve

if TYPE_CHECKING:
    import uvicorn

_LAST_ANSWERS = 1  # seconds for the requests in progress once the parent is gone


def begin(settings: dict[str, Any]) -> Serving:
    """Serve from the file that the settings name, or from one that goes with the server."""
    folder = None if settings["db"] else tempfile.TemporaryDirectory(prefix="chatmon-langsmith-")
    path = Path(settings["db"]) if folder is None else Path(folder.name) / "langsmith.db"
    try:
        listening = listen(settings["port"])
        address = "http://{}:{}".format(*listening.getsockname())
        server = _server(path, address, settings["api_key"])
    except BaseException:
        if folder is not None:
            folder.cleanup()
        raise
    thread = in_thread(server.run, sockets=[listening])

    def end() -> None:
        server.should_exit = True
        thread.join()
        if folder is not None:
            folder.cleanup()

    return Serving(address, server, end)


def _server(path: Path, address: str, api_key: str) -> uvicorn.Server:
    import starlette  # noqa: F401 - its absence is told apart from a failure later on
    import uvicorn
    import zstandard  # noqa: F401 - as above

    from chatmon.lab.services.langsmith._app import make_app
    from chatmon.lab.services.langsmith._store import RunStore

    try:
        app: Any = make_app(RunStore(path), address, api_key)
    except sqlite3.Error as error:
        raise RuntimeError(f"{path} cannot be used: {error}") from error
    settings = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", server_header=False,
        timeout_keep_alive=30, timeout_graceful_shutdown=_LAST_ANSWERS,
    )  # fmt: skip
    return uvicorn.Server(settings)


if __name__ == "__main__":
    serve(begin)
