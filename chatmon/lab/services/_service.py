"""What the services on loopback have in common: started in a child, found at an address, gone with their parent."""

from __future__ import annotations

import atexit
import html
import os
import weakref
from typing import TYPE_CHECKING, Any, Self

from chatmon.lab.services import _child as child
from chatmon.lab.services.errors import LocalModelError, PortTakenError, ServerCrashedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_started: weakref.WeakSet[Service] = weakref.WeakSet()


class Service:
    """A running service. ``with`` or `stop` ends it, and so does the end of this process, even by SIGKILL.

    Args:
        module: The module that serves. It reads its settings from standard input and answers with its address.
        name: What people call it.
        settings: For the module; the key ``port`` is 0 where any free one will do.

    Attributes:
        address: Where it answers, such as ``http://127.0.0.1:4040``.
        pid: The number of its process.

    Raises:
        PortTakenError: The port cannot be opened.
        LocalModelError: A package that it needs is missing; the message names it.
        ServerCrashedError: Its process ended at once.
    """

    def __init__(self, module: str, name: str, settings: Mapping[str, Any]) -> None:
        port = settings.get("port") or 0
        if not 0 <= port <= 65535:
            raise ValueError(f"port ({port}) must be from 1 to 65535")
        log = child.new_log(name)
        self._process = child.spawn(module, log)
        answer = child.introduce(self._process, {**settings, "port": port})
        if "address" not in answer:
            child.end(self._process)
            raise _why(name, answer, port, f"Its log, {log}, ends:\n{child.tail(log)}")
        self.address = answer["address"]
        self.pid = self._process.pid
        self._name = name
        self._log = log
        self._owner = os.getpid()
        _started.add(self)

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        return self._owner == os.getpid() and self._process.poll() is None

    def check(self) -> None:
        """Return if it runs.

        Raises:
            ServerCrashedError: Its process ended though nobody stopped it.
        """
        if not self.running:
            log = f"Its log, {self._log}, ends:\n{child.tail(self._log)}"
            raise ServerCrashedError(f"the {self._name} service at {self.address} ended: start it again. {log}")

    def stop(self) -> None:
        """End it; a second call does nothing."""
        if self._owner == os.getpid():
            child.end(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.address}, {'running' if self.running else 'stopped'}>"

    def _repr_html_(self) -> str:
        state = "running" if self.running else "stopped"
        address = html.escape(self.address)
        return f'<p><b>{html.escape(self._name)}</b>, {state} at <a href="{address}">{address}</a></p>'


def _why(name: str, answer: Mapping[str, str], port: int, log: str) -> LocalModelError:
    """Return the error that says why a service did not start."""
    if answer.get("error") in ("ImportError", "ModuleNotFoundError"):
        return LocalModelError(f"the {name} service cannot be loaded ({answer['message']}): run `chatmon doctor`")
    if port and (reason := child.unusable(port)):
        return PortTakenError(
            f"port {port} cannot be opened ({reason}): choose another, or leave it out to get a free one"
        )
    return ServerCrashedError(
        f"the {name} service ended while it was starting: {answer.get('message', 'no reason')}. {log}"
    )


@atexit.register
def stop_all() -> None:
    """Stop every service that this process started."""
    for service in list(_started):
        service.stop()


def _forget() -> None:
    """Give up, in a forked copy of this process, the services of the original: its pipe would keep them alive."""
    for service in list(_started):
        child.let_go(service._process)
    _started.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
