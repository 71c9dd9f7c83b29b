"""What can go wrong between the chatbot and its model, and whether to try again."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from chatmon._tools.errors import Error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

FIRST_BACKOFF: Final = 0.5
LONGEST_WAIT: Final = 8.0
"""Seconds. A user in a chat does not wait longer: what asks for more gets the fallback at once."""


class ModelError(Error, RuntimeError):
    """The model did not give a usable reply."""


class BrokenReplyError(ModelError):
    """What the service sent is no complete reply: cut off, empty, or not in the protocol."""


class ConnectionLostError(ModelError):
    """The service cannot be reached, or hung up."""


class ReplyTimeoutError(ModelError, TimeoutError):
    """The reply was not complete in time."""


def seconds_until_retry(
    error: Exception,
    attempt: int,
    *,
    now: datetime,
    random: Callable[[], float],
    first: float = FIRST_BACKOFF,
    longest: float = LONGEST_WAIT,
) -> float | None:
    """Return how long to wait before the next request, or None where another request would be wrong.

    Only a refusal (429) and a failure of the service (5xx) are tried again. Not so a time-out or a lost connection: the
    request may have been answered and charged, and the user has waited long enough. The wait is random between 0 and a
    limit that doubles with every attempt ("full jitter", M. Brooker, *Exponential Backoff And Jitter*, 2015), so that
    clients that failed together do not come back together; a ``Retry-After`` is the least.

    Args:
        error: What the last request raised.
        attempt: Its number, from 1.
        now: The present time, for a ``Retry-After`` that is a date.
        random: Returns a number from 0 to below 1.
        first: The limit after the first request, in seconds.
        longest: The longest wait, in seconds: a service that asks for more is not asked again.

    Example:
        >>> from datetime import UTC, datetime
        >>> failed = type("ServiceError", (Exception,), {"status_code": 503})()
        >>> [seconds_until_retry(failed, n, now=datetime.now(UTC), random=lambda: 0.5) for n in (1, 2, 3)]
        [0.25, 0.5, 1.0]
        >>> failed.status_code = 401
        >>> seconds_until_retry(failed, 1, now=datetime.now(UTC), random=lambda: 0.5) is None
        True
    """
    status = getattr(error, "status_code", None)
    if not isinstance(status, int) or not (status == 429 or 500 <= status <= 599):
        return None
    asked = retry_after(getattr(getattr(error, "response", None), "headers", {}), now)
    if asked > longest:
        return None
    return max(asked, random() * min(longest, first * 2.0 ** (attempt - 1)))


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds that an answer asks to wait, as a number or a date (RFC 9110, 10.2.3).

    Args:
        headers: The answer's headers, with names in lower case.
        now: The present time.

    Returns:
        The seconds; 0 where it does not ask, or not understandably.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (moment - now).total_seconds()) if moment.tzinfo else 0.0
