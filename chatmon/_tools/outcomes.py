"""How a turn ended: answered, failed, cancelled by whoever asked, or in a way that nothing tells.

A rate of failures leaves out what neither failed nor succeeded, above and below its line. The times of cancelled turns
stay: who leaves after 30 s has waited 30 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

CANCELLED: Final = "cancelled"
"""The finish reason of a turn that was cancelled."""
CANCELLATIONS: Final = ("CancelledError", "Cancelled", "GeneratorExit", "GreenletExit")
"""What asyncio, trio, a generator and gevent raise in code that is told to stop; none of them is an ``Exception``."""


def is_cancellation(error: BaseException) -> bool:
    """Return whether an exception is how a task or a generator is told to stop.

    Example:
        >>> import asyncio
        >>> is_cancellation(asyncio.CancelledError()), is_cancellation(TimeoutError())
        (True, False)
    """
    return not isinstance(error, Exception) and any(kind.__name__ in CANCELLATIONS for kind in type(error).__mro__)


FAILED: Final = f"""CASE WHEN error_type IS NOT NULL THEN true
    WHEN finish_reason = '{CANCELLED}' OR attributes LIKE '%"failed":null%' THEN NULL ELSE false END"""
"""The SQL of ``failed``, in words that Spark has too."""


def failed(error_type: str | None, finish_reason: str | None, attributes: Mapping[str, Any] | None) -> bool | None:
    """Return whether a turn failed; None where it was cancelled, and where its export says nothing of failures.

    Example:
        >>> failed("TimeoutError", None, {}), failed(None, "stop", {})
        (True, False)
        >>> failed(None, "cancelled", {}), failed(None, None, {"failed": None})
        (None, None)
    """
    if error_type is not None:
        return True
    silent = finish_reason == CANCELLED or (bool(attributes) and (attributes or {}).get("failed", False) is None)
    return None if silent else False
