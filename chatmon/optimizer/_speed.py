"""How long a reply should take: given its model and its tokens, not its intent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon.analysis.search.by_model import case, fit, weighed

if TYPE_CHECKING:
    from chatmon.analysis.source import Turns

_WORK: Final = ("1.0", "CAST(input_tokens - coalesce(cached_tokens, 0) AS DOUBLE)", "CAST(output_tokens AS DOUBLE)")
"""What takes time: a request as such, each token that has to be read, each token that has to be written."""
_LEAST: Final = 0.05
"""Seconds that any reply takes."""
_ANSWERED: Final = "error_type IS NULL AND response_time > 0 AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL"


def slowness(turns: Turns) -> str:
    """Return the SQL of the logarithm of a turn's response time over what its work usually takes.

    By least squares for each model, relative to what the reply took: long replies do not decide alone. An intent
    whose answers are long is thus not slow, and neither is one that is sent to a slower model.

    Args:
        turns: Any holder of turns.
    """
    return f"CASE WHEN {_ANSWERED} THEN ln(response_time / {_usual(turns)}) END"


def lateness(turns: Turns) -> str:
    """Return the SQL of the seconds that a turn's reply took beyond what its work usually takes.

    They differ by much less than response times, so a change in them is better known.

    Args:
        turns: Any holder of turns.
    """
    return f"CASE WHEN {_ANSWERED} THEN response_time - {_usual(turns)} END"


def _usual(turns: Turns) -> str:
    takes = fit(turns, "response_time", _WORK, _ANSWERED, weight="1 / (response_time * response_time)")
    return f"greatest({case({model: weighed(each, _WORK) for model, each in takes.items()})}, {_LEAST})"
