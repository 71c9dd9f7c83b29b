"""The course's language model, running on this machine behind an OpenAI-compatible address.

It runs in a process of its own, so that a crash of the model is not one of the notebook, and so that the notebook's
own work does not slow the replies that it measures.
"""

import html
import os
import secrets
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from chatmon._tools.models import course_models
from chatmon.lab.services import _child as child
from chatmon.lab.services import model as model_file
from chatmon.lab.services._llm_front import SLOTS
from chatmon.lab.services._service import Service, shared
from chatmon.lab.services._shared_llm import SharedLLM
from chatmon.lab.services._user_keys import user_key
from chatmon.lab.services.errors import LocalModelError, ModelDamagedError

SHARED: Final = "CHATMON_SHARED_LLM"
"""The environment variable that names a model which runs already, with its key: ``http://KEY@127.0.0.1:PORT``."""


class LLM(Protocol):
    """A running model, whoever started it.

    Attributes:
        base_url: What an OpenAI client takes as ``base_url``.
        api_key: The key that a client sends.
        model: The model's name.
        port: The port on 127.0.0.1.
    """

    base_url: str
    api_key: str
    model: str
    port: int

    @property
    def running(self) -> bool:
        """Whether it is there."""

    def check(self) -> None:
        """Return if it is there to answer; raise a ``LocalModelError`` that says why not."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class LocalLLM(Service):
    """A running model. `start` makes it; ``with`` or `stop` ends it, and so does the end of this process.

    Attributes:
        base_url: What an OpenAI client takes as ``base_url``.
        api_key: The key that the server asks for. It is in memory only.
        model: The model's name.
        port: The port on 127.0.0.1.
        pid: The number of the process that runs the model.
        log_path: Where that process writes what it has to say.
    """

    _MODULE = "chatmon.lab.services._llm_child"
    _CALLED = "the local model"
    _LOG = "llm"
    _IF_MISSING = "run `chatmon doctor`"
    _ERROR = LocalModelError

    def __init__(self, file: Path, port: int | None, threads: int, api_key: str | None, slots: int) -> None:
        model_file.check(file)
        known = course_models().local
        self.model = known.alias if file.name == known.file else file.stem
        self.api_key = api_key or f"local-{secrets.token_urlsafe(24)}"
        self._file = file
        super().__init__(
            {
                "model_path": str(file), "alias": self.model, "port": port,
                "threads": threads, "api_key": self.api_key, "slots": slots,
            }
        )  # fmt: skip
        self.base_url = f"{self.address}/v1"

    def __repr__(self) -> str:
        return f"<LocalLLM {self.model} at {self.base_url}, {self._state()}>"

    def _repr_html_(self) -> str:
        where = html.escape(self.base_url)
        return f"<p><b>{html.escape(self.model)}</b>, {self._state()} at <code>{where}</code></p>"

    def _where(self) -> str:
        return self.base_url

    def _healthy(self) -> bool:
        """Return whether the server answers. That its port is open proves nothing: a dying process closes it late."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _unmade(self, reason: str) -> ModelDamagedError:  # llama.cpp's own reason is in the log
        remedy, end = model_file.remedy(self._file), child.tail(self.log_path)
        return ModelDamagedError(f"llama.cpp cannot load {self._file}: {remedy}. Its log ends:\n{end}")


def start(
    model_path: str | Path | None = None,
    *,
    port: int | None = None,
    threads: int = 1,
    api_key: str | None = None,
    slots: int | None = None,
) -> LLM:
    """Start a local model, or return the one that runs already with these arguments.

    Where no argument is given, ``CHATMON_SHARED_LLM`` may name one that somebody else has started, for a class: then it
    is returned, and outlives the block.

    In ``with`` the model ends with the last block that uses it. As a plain call it stays until `LocalLLM.stop`, or
    until this process ends, even when that is killed.

    Args:
        model_path: A GGUF file; if not given, ``CHATMON_MODEL`` or the course's model.
        port: A port of 127.0.0.1; if not given, any free one.
        threads: Processor threads for the model. More than one slows it down where others need the processor.
        api_key: The key that clients must send; if not given, a random one. `shared_address` has one for each user.
        slots: Replies that are computed at the same time, 4 if not given; more requests wait, users in turns.

    Returns:
        The running model, ready to answer.

    Raises:
        LocalModelError: The shared model does not answer.
        ModelMissingError: There is no model file.
        ModelDamagedError: The file is cut short, or llama.cpp cannot load it.
        PortTakenError: ``port`` is held by another program, or may not be opened.
        ServerCrashedError: The model's process ended while it was loading.

    Example:
        >>> with start() as llm:
        ...     llm.model, llm.running
        ('smollm2-135m', True)
    """
    address = os.environ.get(SHARED)
    if address and (model_path, port, threads, api_key, slots) == (None, None, 1, None, None):
        return SharedLLM(address)
    slots = SLOTS if slots is None else slots
    for name, value in (("threads", threads), ("slots", slots)):
        if value < 1:
            raise ValueError(f"{name} ({value}) must be at least 1")
    file = Path(model_path).expanduser().absolute() if model_path is not None else model_file.path()
    return shared(LocalLLM, file, port, threads, api_key, slots)


def shared_address(user: str, server_key: str, port: int) -> str:
    """Return what a user's ``CHATMON_SHARED_LLM`` is: the model to use, and the user's key of it.

    Args:
        user: The user's name, not empty.
        server_key: The server's own key.
        port: Where it serves on 127.0.0.1.

    Raises:
        ValueError: The name is empty.

    Example:
        >>> shared_address("ada", "secret", 4040).rpartition("@")[2]
        '127.0.0.1:4040'
    """
    return f"http://{user_key(user, server_key)}@127.0.0.1:{port}"
