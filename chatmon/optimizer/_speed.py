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


def slowness(turns: Turns) -> str:
    """Return the SQL of the logarithm of a turn's response time over what its work usually takes.

    By least squares for each model, relative to what the reply took: long replies do not decide alone. An intent
    whose answers are long is thus not slow, and neither is one that is sent to a slower model.

    Args:
        turns: Any holder of turns.
    """
    answered = "error_type IS NULL AND response_time > 0 AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL"
    takes = fit(turns, "response_time", _WORK, answered, weight="1 / (response_time * response_time)")
    usual = case({model: weighed(each, _WORK) for model, each in takes.items()})
    return f"CASE WHEN {answered} THEN ln(response_time / greatest({usual}, {_LEAST})) END"
