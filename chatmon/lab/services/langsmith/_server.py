"""Start and stop a local LangSmith, in a process of its own, from a notebook or a program."""

from __future__ import annotations

import atexit
import html
import os
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

from chatmon.lab.services import _child as child
from chatmon.lab.services.errors import LocalServerError, PortTakenError, ServerCrashedError

if TYPE_CHECKING:
    from types import TracebackType

_Key = tuple[Path | None, int | None, str | None]
_running: dict[_Key, LocalLangSmith] = {}
_lock = threading.RLock()


class LocalLangSmith:
    """A running server. `start` makes it; ``with`` or `stop` ends it, and so does the end of this process.

    Attributes:
        url: What a client takes as ``api_url`` and as ``web_url``.
        api_key: The key that the server asks for. It is in memory only.
        pid: The number of the process that serves.
        log_path: Where that process writes what it has to say.
    """

    def __init__(self, process: child.Process, url: str, api_key: str, log: Path) -> None:
        self.url = url
        self.api_key = api_key
        self.pid = process.pid
        self.log_path = log
        self._process = process
        self._owner = os.getpid()
        self._starts = 0
        self._stopped = False

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self.url.rpartition(":")[2])

    @property
    def page(self) -> str:
        """The address of the page to look at, which lets in whoever has it."""
        return f"{self.url}/?key={self.api_key}"

    @property
    def running(self) -> bool:
        """Whether the process that serves is alive."""
        if self._owner != os.getpid():  # a forked copy cannot ask about a process that is not its child
            return not self._stopped and child.answers(self.port)
        return not self._stopped and self._process.poll() is None

    def check(self) -> None:
        """Return if the server is there to answer; otherwise say why not.

        Raises:
            ServerCrashedError: Its process ended though nobody stopped it.
            LocalServerError: It was stopped.
        """
        if self._stopped:
            raise LocalServerError(f"the local LangSmith at {self.url} was stopped: call start() again")
        if not self.running:
            raise ServerCrashedError(
                f"the local LangSmith (process {self.pid}) ended with status {self._process.returncode}. Call start() "
                f"again for a new one. Its log, {self.log_path}, ends:\n{child.tail(self.log_path)}"
            )

    def stop(self) -> None:
        """End the server, for all who use it; a second call does nothing."""
        with _lock:
            for key in [key for key, value in _running.items() if value is self]:
                del _running[key]
            # A forked copy knows the server but does not own it.
            if not self._stopped and self._owner == os.getpid():
                child.end(self._process)
            self._stopped = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _lock:
            self._starts -= 1
            if self._starts <= 0:
                self.stop()

    def __repr__(self) -> str:
        return f"<LocalLangSmith at {self.url}, {'running' if self.running else 'stopped'}>"

    def _repr_html_(self) -> str:
        state = "running" if self.running else "stopped"
        return f'<p><b>LangSmith</b>, local, {state}: <a href="{html.escape(self.page)}">look at the traces</a></p>'


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
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"port ({port}) must be from 1 to 65535")
    file = None if db is None else Path(db).expanduser().absolute()
    key = (file, port, api_key)
    with _lock:
        found = _running.get(key)
        if found is None or not found.running:
            if found is not None:
                child.let_go(found._process)
            found = _running[key] = _launch(file, port, api_key or f"local-{secrets.token_urlsafe(24)}")
        found._starts += 1
        return found


def _launch(db: Path | None, port: int | None, api_key: str) -> LocalLangSmith:
    log = child.new_log("langsmith")
    process = child.spawn("chatmon.lab.services.langsmith._process", log)
    try:
        answer = child.introduce(process, {"db": db and str(db), "port": port or 0, "api_key": api_key})
        if "address" in answer:
            return LocalLangSmith(process, answer["address"], api_key, log)
        _refuse(answer, port, log)
    except BaseException:
        child.end(process)
        raise


def _refuse(answer: dict[str, str], port: int | None, log: Path) -> NoReturn:
    """Raise the error that says why the server did not start."""
    if answer.get("error") in ("ImportError", "ModuleNotFoundError"):
        raise LocalServerError(
            f"the local LangSmith cannot be loaded ({answer['message']}): "
            'install its packages with `pip install "chatmon[services]"`'
        )
    if port is not None and (reason := child.unusable(port)):
        raise PortTakenError(
            f"port {port} cannot be opened ({reason}): choose another, or leave it out to get a free one"
        )
    if "error" in answer:
        raise LocalServerError(f"the local LangSmith cannot start: {answer['message']}")
    raise ServerCrashedError(
        f"the local LangSmith ended while it was starting. Its log, {log}, ends:\n{child.tail(log)}"
    )


@atexit.register
def stop_all() -> None:
    """Stop every local LangSmith that this process started."""
    with _lock:
        for server in list(_running.values()):
            server.stop()


def _forget() -> None:
    """Give up, in a forked copy of this process, the servers that belong to the original."""
    global _lock  # noqa: PLW0603 - a lock that another thread held at the fork would never be released
    _lock = threading.RLock()
    for server in _running.values():
        child.let_go(server._process)
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
