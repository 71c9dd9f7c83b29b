"""The process that serves Langtail's API, started by ``chatmon.lab.services.langtail.start``."""

from __future__ import annotations

from typing import Any

from chatmon.lab.services._serving import Serving, in_thread, listen, serve
from chatmon.lab.services.langtail._app import application


def begin(settings: dict[str, Any]) -> Serving:
    """Serve what the settings ask for."""
    import uvicorn

    made = application(settings)
    listening = listen(settings["port"])
    server = uvicorn.Server(uvicorn.Config(made, log_level="warning", access_log=False, lifespan="off"))
    in_thread(server.run, sockets=[listening])
    return Serving("http://{}:{}".format(*listening.getsockname()), server)


if __name__ == "__main__":
    serve(begin)
