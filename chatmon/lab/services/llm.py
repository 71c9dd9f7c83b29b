"""The course's language model, running on this machine behind an OpenAI-compatible address.

It runs in a process of its own, so that a crash of the model is not one of the notebook, and so that the notebook's
own work does not slow the replies that it measures.
"""

import atexit
import contextlib
import html
import os
import secrets
import subprocess
import threading
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self
from urllib.parse import urlsplit

from chatmon._tools.models import course_models
from chatmon.lab.services import _child as child
from chatmon.lab.services import model as model_file
from chatmon.lab.services.errors import LocalModelError, ModelDamagedError, PortTakenError, ServerCrashedError

_LOAD_LIMIT = 120.0  # seconds; the course's model needs one, a large one under CHATMON_MODEL many
_Key = tuple[Path, int | None, int, str | None]
_running: dict[_Key, "LocalLLM"] = {}
_lock = threading.RLock()


class LocalLLM:
    """A running model. `start` makes it; ``with`` or `stop` ends it, and so does the end of this process.

    Attributes:
        base_url: What an OpenAI client takes as ``base_url``.
        api_key: The key that the server asks for. It is in memory only.
        model: The model's name.
        port: The port on 127.0.0.1.
        pid: The number of the process that runs the model.
        log_path: Where that process writes what it has to say.
    """

    def __init__(self, process: child.Process, address: str, api_key: str, model: str, log: Path) -> None:
        self.base_url = f"{address}/v1"
        self.api_key = api_key
        self.model = model
        self.port = int(urlsplit(address).port or 0)
        self.pid = process.pid
        self.log_path = log
        self._process = process
        self._owner = os.getpid()
        self._starts = 0
        self._entered = 0
        self._stopped = False

    def check(self) -> None:
        """Return if the model is there to answer; otherwise say why not. For a client that lost a connection.

        Raises:
            ServerCrashedError: Its process ended though nobody stopped it.
            LocalModelError: It was stopped.
        """
        if self._stopped:
            raise LocalModelError(f"the local model at {self.base_url} was stopped: call start() again")
        if self.running and _healthy(self.port):
            return
        raise _crash(self._process, self.log_path, "while it was running")

    @property
    def running(self) -> bool:
        """Whether the process that runs the model is alive."""
        if self._owner != os.getpid():  # a forked copy cannot ask about a process that is not its child
            return not self._stopped and child.answers(self.port)
        return not self._stopped and self._process.poll() is None

    def stop(self) -> None:
        """End the model's process, at once and for all who use it; a second call does nothing."""
        with _lock:
            for key in [key for key, value in _running.items() if value is self]:
                del _running[key]
            # A forked copy knows the server but does not own it.
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
        state = "running" if self.running else "stopped"
        return f"<LocalLLM {self.model} at {self.base_url}, {state}>"

    def _repr_html_(self) -> str:
        state = "running" if self.running else "stopped"
        return f"<p><b>{html.escape(self.model)}</b>, {state} at <code>{html.escape(self.base_url)}</code></p>"


def start(
    model_path: str | Path | None = None, *, port: int | None = None, threads: int = 1, api_key: str | None = None
) -> LocalLLM:
    """Start the local model, or return the one that runs already with these arguments.

    In ``with`` the model ends with the last block that uses it. As a plain call it stays until `LocalLLM.stop`, or
    until this process ends, even when that is killed.

    Args:
        model_path: A GGUF file; if not given, ``CHATMON_MODEL`` or the course's model.
        port: A port of 127.0.0.1; if not given, any free one.
        threads: Processor threads for the model. More than one slows it down where others need the processor.
        api_key: The key that clients must send; if not given, a random one.

    Returns:
        The running model, ready to answer.

    Raises:
        ModelMissingError: There is no model file.
        ModelDamagedError: The file is cut short, or llama.cpp cannot load it.
        PortTakenError: ``port`` is held by another program, or may not be opened.
        ServerCrashedError: The model's process ended while it was loading.

    Example:
        >>> with start() as llm:
        ...     llm.model, llm.running
        ('smollm2-135m', True)
    """
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"port ({port}) must be from 1 to 65535")
    if threads < 1:
        raise ValueError(f"threads ({threads}) must be at least 1")
    file = Path(model_path).expanduser().absolute() if model_path is not None else model_file.path()
    key = (file, port, threads, api_key)
    with _lock:
        found = _running.get(key)
        if found is None or _gone(found):
            model_file.check(file)
            if found is not None:
                child.let_go(found._process)
            found = _running[key] = _launch(file, port, threads, api_key or f"local-{secrets.token_urlsafe(24)}")
        found._starts += 1
        return found


def _launch(file: Path, port: int | None, threads: int, api_key: str) -> LocalLLM:
    known = course_models().local
    alias = known.alias if file.name == known.file else file.stem
    log = child.new_log("llm")
    process = child.spawn("chatmon.lab.services._llm_child", log)
    # A model that never gets ready is ended, which ends the wait for its first line.
    limit = threading.Timer(_LOAD_LIMIT, process.kill)
    limit.daemon = True
    limit.start()
    try:
        answer = child.introduce(
            process,
            {"model_path": str(file), "alias": alias, "port": port or 0, "threads": threads, "api_key": api_key},
        )
        if "address" in answer:
            return LocalLLM(process, answer["address"], api_key, alias, log)
        _refuse(answer, process, file, port, log)
    except BaseException:
        child.end(process)
        raise
    finally:
        limit.cancel()


def _refuse(answer: dict[str, str], process: child.Process, file: Path, port: int | None, log: Path) -> NoReturn:
    """Raise the error that says why the model did not start."""
    if answer.get("error") in ("ImportError", "ModuleNotFoundError"):
        raise LocalModelError(f"the model's server cannot be loaded ({answer['message']}): run `chatmon doctor`")
    if port is not None and (reason := child.unusable(port)):
        raise PortTakenError(
            f"port {port} cannot be opened ({reason}): choose another, or leave it out to get a free one"
        )
    if "error" in answer:
        raise ModelDamagedError(
            f"llama.cpp cannot load {file}: {model_file.remedy(file)}. Its log ends:\n{child.tail(log)}"
        )
    raise _crash(process, log, "while it was loading")


def _gone(llm: LocalLLM) -> bool:
    """Return whether a model has ended, giving one that is about to the time to do so."""
    if llm.running and not _healthy(llm.port):
        with contextlib.suppress(subprocess.TimeoutExpired):
            llm._process.wait(1)
    return not llm.running


def _healthy(port: int) -> bool:
    """Return whether the server answers. That its port is open proves nothing: a dying process closes it late."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _crash(process: child.Process, log: Path, when: str) -> ServerCrashedError:
    # A process may close its port and its pipes a moment before it counts as ended.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1)
    code = process.returncode
    how = "does not answer" if code is None else f"ended with status {code}"
    return ServerCrashedError(
        f"the local model (process {process.pid}) {how} {when}. Call start() again for a new one; if it happens again, "
        f"run `chatmon doctor`. Its log, {log}, ends:\n{child.tail(log)}"
    )


@atexit.register
def stop_all() -> None:
    """Stop every local model that this process started."""
    with _lock:
        for llm in list(_running.values()):
            llm.stop()


def _forget() -> None:
    """Give up, in a forked copy of this process, the models that belong to the original.

    A copy that held on to the pipes would keep the model alive after the death of its owner.
    """
    global _lock  # noqa: PLW0603 - a lock that another thread held at the fork would never be released
    _lock = threading.RLock()
    for llm in _running.values():
        child.let_go(llm._process)
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
