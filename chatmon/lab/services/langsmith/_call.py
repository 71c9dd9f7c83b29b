"""What a handler gets and gives: a call with all that was sent, and an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith._store import TENANT
from chatmon.lab.services.langsmith._values import RefusalError, dump, parse, parse_object, uuid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatmon.lab.services.langsmith._store import RunStore

_LARGEST_PAGE: Final = 100  # items of a page that is asked for by offset


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where things of this server are found.

    Attributes:
        base: The server, without a slash at its end.
    """

    base: str

    def project_path(self, project_id: str) -> str:
        """Return the path of a project's page."""
        return f"/o/{TENANT}/projects/p/{project_id}"

    def run_path(self, project_id: str, run_id: str, trace_id: str) -> str:
        """Return the path of the page that shows a run in its trace."""
        return f"{self.project_path(project_id)}/r/{run_id}?trace_id={trace_id}&poll=true"

    def dataset_path(self, dataset_id: str) -> str:
        """Return the path of the page with a dataset's experiments."""
        return f"/o/{TENANT}/datasets/{dataset_id}"

    def attachment(self, secret: str) -> str:
        """Return the address of an attachment, which only who was told it can know."""
        return f"{self.base}/attachments/{secret}"


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What a handler gives.

    Attributes:
        body: Text or bytes.
        status: The HTTP status.
        mime_type: Its type.
        headers: Further headers.
    """

    body: str | bytes
    status: int = 200
    mime_type: str = "application/json"
    headers: Mapping[str, str] | None = None


def answered(value: object, status: int = 200) -> ApiAnswer:
    """Return an answer in JSON."""
    return ApiAnswer(dump(value), status)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """What a handler gets.

    Attributes:
        store: The data.
        addresses: Where this server is found.
        path: What the path names.
        query: Names and values after the ``?``.
        body: The body, decompressed.
        content_type: Its type.
        project: The project that a header names, as OpenTelemetry's exporters are told to send it.
    """

    store: RunStore
    addresses: Addresses
    path: Mapping[str, Any]
    query: Sequence[tuple[str, str]]
    body: bytes
    content_type: str
    project: str | None = None

    def id(self, name: str = "id") -> str:
        """Return an id in the path.

        Raises:
            RefusalError: It is no UUID.
        """
        return uuid(self.path[name], name)

    def object(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object."""
        return parse_object(self.body)

    def objects(self) -> list[dict[str, Any]]:
        """Return the body, which must be a list of JSON objects."""
        found = parse(self.body)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise RefusalError(422, "the body is no list of JSON objects")
        return found

    def value(self, name: str) -> str | None:
        """Return what a name after the ``?`` says last; None where it is not there."""
        return next((value for key, value in reversed(self.query) if key == name), None)

    def values(self, name: str) -> list[str]:
        """Return all that a name after the ``?`` says."""
        return [value for key, value in self.query if key == name]

    def flag(self, name: str) -> bool:
        """Return whether a name after the ``?`` says true."""
        return (self.value(name) or "").lower() in ("true", "1")

    def window(self) -> tuple[int, int]:
        """Return the limit and the offset of a page.

        Raises:
            RefusalError: They are no whole numbers, or the limit is above 100.
        """
        numbers = []
        for name, otherwise in (("limit", _LARGEST_PAGE), ("offset", 0)):
            text = self.value(name)
            number = (
                otherwise if text is None else int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
            )
            if number < 0:
                raise RefusalError(422, f"{name} ({text!r}) is no whole number from 0")
            numbers.append(number)
        if numbers[0] > _LARGEST_PAGE:
            raise RefusalError(
                400, f"limit ({numbers[0]}) exceeds the maximum of {_LARGEST_PAGE}: ask for the next page with offset"
            )
        return numbers[0], numbers[1]
