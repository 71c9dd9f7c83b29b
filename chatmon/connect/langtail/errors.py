"""What can go wrong between a program and Langtail, each with a message that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatmon._tools.errors import Error

if TYPE_CHECKING:
    import httpx


class LangtailError(Error, RuntimeError):
    """A call to Langtail failed; every error of this package is one of these.

    Attributes:
        response: The service's answer; None where there was none.
    """

    response: httpx.Response | None = None


class KeyMissingError(LangtailError):
    """There is no key, so nothing was sent."""


class RefusedError(LangtailError):
    """The service understood the call and refused it: the same call will be refused again.

    Attributes:
        status_code: The HTTP status, 400 to 499 but for 429.
        detail: What the service said.
    """

    def __init__(self, message: str, status_code: int, detail: str) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.detail = detail


class UnavailableError(LangtailError):
    """The service could not be reached, was too busy, or failed; later the same call may succeed.

    Attributes:
        status_code: The HTTP status, 429 or 500 to 599; None where there was no answer.
    """

    def __init__(self, message: str, status_code: int | None = None) -> None:
        super().__init__(message)
        self.status_code = status_code


def of_response(response: httpx.Response, attempts: int) -> LangtailError:
    """Return the error of a bad answer, whose body must have been read.

    Prompts say ``{"error": "text"}``, threads ``{"error": {"message": "text"}}``.
    """
    status, detail = response.status_code, _detail(response)
    what = f"{response.request.method} {response.request.url.path}"
    if status == 429 or status >= 500:
        times = "once" if attempts == 1 else f"{attempts} times"
        error: LangtailError = UnavailableError(f"{what}: {status} {detail} (asked {times}): try again later", status)
        error.response = response
        return error
    advice = {
        401: "check LANGTAIL_API_KEY",
        403: "check that the key belongs to this project",
        404: "check the names of prompt, environment and version, or the id",
    }.get(status, "the call itself must change")
    error = RefusedError(f"{what}: {status} {detail}: {advice}", status, detail)
    error.response = response
    return error


def _detail(response: httpx.Response) -> str:
    try:
        body: Any = response.json()
    except ValueError:
        return response.text[:200] or response.reason_phrase
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        error = error.get("message", error)
    return str(error)
