"""What the services on loopback have in common: started in a child, found at an address, gone with their parent."""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import threading
import weakref
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar
from urllib.parse import urlsplit

from chatmon.lab.services import _child as child
from chatmon.lab.services.errors import LocalModelError, LocalServerError, PortTakenError, ServerCrashedError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from types import TracebackType

_START_LIMIT = 120.0  # seconds; the course's model needs one, a large one under CHATMON_MODEL many
_started: weakref.WeakSet[Service] = weakref.WeakSet()
_shared: dict[tuple[Hashable, ...], Any] = {}
_lock = threading.RLock()
Started = TypeVar("Started", bound="Service")


class Service:
    """A running service. ``with`` or `stop` ends it, and so does the end of this process, even by SIGKILL.

    Args:
        settings: For the module that serves; ``port`` is None where any free one will do.

    Attributes:
        address: Where it answers, such as ``http://127.0.0.1:4040``.
        port: The port on 127.0.0.1.
        pid: The number of its process.
        log_path: Where that process writes what it has to say.

    Raises:
        PortTakenError: The port cannot be opened.
        LocalModelError: It cannot start; the message says why.
        ServerCrashedError: Its process ended at once.
    """

    _MODULE: ClassVar[str]
    """The module that serves. It reads its settings from standard input and answers with its address."""
    _CALLED: ClassVar[str]
    """What people call it, such as "the local model"."""
    _LOG: ClassVar[str]
    """What its logs' names begin with."""
    _IF_MISSING: ClassVar[str] = 'install its packages with `pip install "chatmon[services]"`'
    """What to do where a package that it needs is missing."""
    _ERROR: ClassVar[type[LocalModelError]] = LocalServerError
    """What is raised where it was stopped or cannot start; turns that fail by it record its name."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        port = settings["port"]
        if port is not None and not 1 <= port <= 65535:
            raise ValueError(f"port ({port}) must be from 1 to 65535")
        self.log_path = child.new_log(self._LOG)
        self._process = child.spawn(self._MODULE, self.log_path)
        self.pid = self._process.pid
        self._owner = os.getpid()
        self._starts = 1
        self._entered = 0
        self._stopped = False
        # One that never gets ready is ended, which ends the wait for its first line.
        limit = threading.Timer(_START_LIMIT, self._process.kill)
        limit.daemon = True
        limit.start()
        try:
            answer = child.introduce(self._process, {**settings, "port": port or 0})
            if "address" not in answer:
                self._refuse(answer, port)
        except BaseException:
            child.end(self._process)
            raise
        finally:
            limit.cancel()
        self.address = answer["address"]
        self.port = int(urlsplit(self.address).port or 0)
        _started.add(self)

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        if self._owner != os.getpid():  # a forked copy cannot ask about a process that is not its child
            return not self._stopped and child.answers(self.port)
        return not self._stopped and self._process.poll() is None

    def check(self) -> None:
        """Return if it is there to answer; otherwise say why not.

        Raises:
            ServerCrashedError: Its process ended though nobody stopped it.
            LocalModelError: It was stopped.
        """
        if self._stopped:
            raise self._ERROR(f"{self._CALLED} at {self._where()} was stopped: call start() again")
        if not (self.running and self._healthy()):
            raise self._crash("while it was running")

    def stop(self) -> None:
        """End it, at once and for all who use it; a second call does nothing."""
        with _lock:
            for key in [key for key, value in _shared.items() if value is self]:
                del _shared[key]
            # A forked copy knows the service but does not own it.
            if not self._stopped and self._owner == os.getpid():
                child.end(self._process)
            self._stopped = True

    def __enter__(self) -> Self:
        self.check()
        with _lock:
            self._entered += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _lock:
            self._entered -= 1
            self._starts -= 1
            if self._starts <= 0 and self._entered <= 0:
                self.stop()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self._where()}, {self._state()}>"

    def _state(self) -> str:
        return "running" if self.running else "stopped"

    def _where(self) -> str:
        """Return the address to show."""
        return self.address

    def _healthy(self) -> bool:
        """Return whether it answers, where its process is alive."""
        return True

    def _ended(self) -> bool:
        """Return whether it has ended, giving one that is about to the time to do so."""
        if self.running and not self._healthy():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
        return not self.running

    def _refuse(self, answer: Mapping[str, str], port: int | None) -> NoReturn:
        """Raise the error that says why it did not start."""
        if answer.get("error") in ("ImportError", "ModuleNotFoundError"):
            raise self._ERROR(f"{self._CALLED} cannot be loaded ({answer['message']}): {self._IF_MISSING}")
        if port is not None and (reason := child.unusable(port)):
            raise PortTakenError(
                f"port {port} cannot be opened ({reason}): choose another, or leave it out to get a free one"
            )
        if "error" in answer:
            raise self._unmade(answer["message"])
        raise self._crash("while it was starting")

    def _unmade(self, reason: str) -> LocalModelError:
        """Return the error of a service that its process could not make, which says why."""
        return self._ERROR(f"{self._CALLED} cannot start: {reason}")

    def _crash(self, when: str) -> ServerCrashedError:
        # A process may close its port and its pipes a moment before it counts as ended.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = self._process.returncode
        how = "does not answer" if code is None else f"ended with status {code}"
        return ServerCrashedError(
            f"{self._CALLED} (process {self.pid}) {how} {when}. Call start() again for a new one; if it happens again, "
            f"run `chatmon doctor`. Its log, {self.log_path}, ends:\n{child.tail(self.log_path)}"
        )


def shared(kind: type[Started], *arguments: Hashable) -> Started:
    """Start a service, or return the one of that kind that runs already with these arguments.

    In ``with`` it ends with the last block that uses it.
    """
    key = (kind, *arguments)
    with _lock:
        found: Started | None = _shared.get(key)
        if found is not None and not found._ended():
            found._starts += 1
            return found
        if found is not None:
            child.let_go(found._process)
        made = _shared[key] = kind(*arguments)  # type: ignore[arg-type]  # those of its own __init__
        return made


@atexit.register
def stop_all() -> None:
    """Stop every service that this process started."""
    for service in list(_started):
        service.stop()


def _forget() -> None:
    """Give up, in a forked copy of this process, the services of the original: its pipe would keep them alive."""
    global _lock  # noqa: PLW0603 - a lock that another thread held at the fork would never be released
    _lock = threading.RLock()
    for service in list(_started):
        child.let_go(service._process)
    _started.clear()
    _shared.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
