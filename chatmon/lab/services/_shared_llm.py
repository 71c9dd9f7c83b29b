"""A model that somebody else has started on this machine, for a class: found by an address with a user's key in it."""

import json
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Self
from urllib.parse import urlsplit

from chatmon.lab.services.errors import LocalModelError


class SharedLLM:
    """A model on this machine that somebody else has started, for many: `start` finds it, and nothing here ends it.

    Attributes:
        base_url: What an OpenAI client takes as ``base_url``.
        api_key: The key that its user sends.
        model: The model's name.
        port: The port on 127.0.0.1.

    Raises:
        ValueError: The address is not as in ``CHATMON_SHARED_LLM``.
        LocalModelError: Nothing answers there, or not with that key.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        key, _, _ = parts.netloc.rpartition("@")
        if parts.scheme != "http" or parts.hostname != "127.0.0.1" or not (key and parts.port):
            raise ValueError(
                "CHATMON_SHARED_LLM is not of the form http://KEY@127.0.0.1:PORT: unset it for a model of your own"
            )
        self.api_key, self.port = key, parts.port
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self.model = self._name()

    @property
    def running(self) -> bool:
        """Whether it answers."""
        try:
            self.check()
        except LocalModelError:
            return False
        return True

    def check(self) -> None:
        """Return if it is there to answer; otherwise say why not.

        Raises:
            LocalModelError: Nothing answers, or not with that key.
        """
        self._name()

    def _name(self) -> str:
        """Return what the server calls its model."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {self.api_key}"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status == HTTPStatus.OK:
                return str(json.loads(said)["data"][0]["id"])
            reason = f"status {answer.status}"
        except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
            reason = f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        raise LocalModelError(
            f"the shared model at {self.base_url} does not answer ({reason}): ask who runs it to look at "
            f"`chatmon serve llm`, or unset CHATMON_SHARED_LLM for a model of your own"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it running: others use it."""

    def __repr__(self) -> str:
        return f"<SharedLLM {self.model} at {self.base_url}>"
