"""Start and stop a local LangSmith, in a process of its own, from a notebook or a program."""

from __future__ import annotations

import html
import secrets
from pathlib import Path

from chatmon.lab.services._service import Service, shared


class LocalLangSmith(Service):
    """A running server. `start` makes it; ``with`` or `stop` ends it, and so does the end of this process.

    Attributes:
        url: What a client takes as ``api_url`` and as ``web_url``.
        api_key: The key that the server asks for. It is in memory only.
        port: The port on 127.0.0.1.
        pid: The number of the process that serves.
        log_path: Where that process writes what it has to say.
    """

    _MODULE = "chatmon.lab.services.langsmith._process"
    _CALLED = "the local LangSmith"
    _LOG = "langsmith"

    def __init__(self, db: Path | None, port: int | None, api_key: str | None) -> None:
        self.api_key = api_key or f"local-{secrets.token_urlsafe(24)}"
        super().__init__({"db": db and str(db), "port": port, "api_key": self.api_key})
        self.url = self.address

    @property
    def page(self) -> str:
        """The address of the page to look at, which lets in whoever has it."""
        return f"{self.url}/?key={self.api_key}"

    def _repr_html_(self) -> str:
        page = html.escape(self.page)
        return f'<p><b>LangSmith</b>, local, {self._state()}: <a href="{page}">look at the traces</a></p>'


def start(*, db: str | Path | None = None, port: int | None = None, api_key: str | None = None) -> LocalLangSmith:
    """Start a local LangSmith, or return the one that runs already with these arguments.

    In ``with`` it ends with the last block that uses it. As a plain call it stays until `LocalLangSmith.stop`, or until
    this process ends, even when that is killed.

    Args:
        db: The file to keep what is traced in; if not given, it goes with the server.
        port: A port of 127.0.0.1; if not given, any free one.
        api_key: The key that clients must send; if not given, a random one.

    Returns:
        The running server, ready to answer.

    Raises:
        LocalServerError: It cannot be started; the message says what to do.
        PortTakenError: ``port`` is held by another program, or may not be opened.

    Example:
        >>> with start() as server:
        ...     server.running, server.url.startswith("http://127.0.0.1:")
        (True, True)
    """
    file = None if db is None else Path(db).expanduser().absolute()
    return shared(LocalLangSmith, file, port, api_key)
