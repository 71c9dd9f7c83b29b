"""What kinds of errors turns ended in: nine classes, told from the names and codes that clients and services use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon._tools.outcomes import FAILED
from chatmon.analysis.source import frame

if TYPE_CHECKING:
    import pandas as pd

    from chatmon.analysis.source import Turns

_SIGNS: Final = {
    "content filter": ("content_filter", "contentfilter", "content policy", "responsibleai", "safety"),
    "context length": ("context_length", "context length", "maximum context", "contextwindow", "too many tokens"),
    "rate limit": ("ratelimit", "rate_limit", "rate limit", "too many requests", "429", "quota"),
    "authentication": (
        "authentication", "unauthorized", "permissiondenied", "permission_denied", "api key", "401", "403",
    ),
    "timeout": ("timeout", "timed out", "deadline", "408", "504"),
    "tool": ("tool", "functioncall"),
    "server": (
        "internalserver", "server_error", "overloaded", "serviceunavailable", "apiconnection", "connecterror",
        "bad gateway", "500", "502", "503", "529",
    ),
    "bad request": ("badrequest", "bad_request", "invalid_request", "validation", "unprocessable", "400", "404", "422"),
}  # fmt: skip
ERROR_CLASSES: Final = (*_SIGNS, "unknown")
"""The classes, in the order in which they are asked: the more telling signs come first."""


def error_class() -> str:
    """Return the SQL expression that names a failed turn's class; NULL for a turn that did not fail."""
    text = "lower(error_type || ' ' || coalesce(error_message, '') || ' ' || coalesce(finish_reason, ''))"
    cases = [
        f"WHEN {' OR '.join(f'{text} LIKE {_pattern(sign)}' for sign in signs)} THEN '{name}'"
        for name, signs in _SIGNS.items()
    ]
    return f"CASE WHEN error_type IS NULL THEN NULL {' '.join(cases)} ELSE 'unknown' END"


def errors(turns: Turns) -> pd.DataFrame:
    """Return how many turns failed in each class, with their share of the turns that say, the most frequent first.

    Args:
        turns: Any holder of turns.

    Returns:
        Columns ``error_class``, ``turns``, ``share`` (0 to 1), ``example`` (one error type).

    Example:
        >>> errors([]).columns.tolist()
        ['error_class', 'turns', 'share', 'example']
    """
    return frame(
        turns,
        f"""SELECT error_class, count(*) AS turns, count(*) / CAST(max(number) AS DOUBLE) AS share,
            min(error_type) AS example
        FROM (SELECT {error_class()} AS error_class, error_type, count({FAILED}) OVER () AS number
            FROM turns) AS classed
        WHERE error_class IS NOT NULL GROUP BY error_class ORDER BY turns DESC, error_class""",  # noqa: S608 - our own
    )


def _pattern(sign: str) -> str:
    return f"'%{sign}%'"
