"""What users say of the replies, how few say it, and how sure the mean is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatmon import estimates
from chatmon._tools.outcomes import FAILED
from chatmon.analysis import _units
from chatmon.analysis.source import query, relation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatmon.analysis.source import Turns
    from chatmon.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Ratings and their silence.

    Attributes:
        score: Mean rating, 1 to 5; its interval takes the ratings of one user as alike.
        response_rate: Share of turns that were rated; unknown where none was, as nothing says that any could be.
        distribution: Turns by rating, rounded to a whole number, 1 to 5.
        error_rate_rated: Share of failed turns among the rated ones.
        error_rate_silent: The same among the others: where the two differ, raters are not like everybody.
    """

    score: Estimate
    response_rate: Estimate
    distribution: Mapping[int, int]
    error_rate_rated: Estimate
    error_rate_silent: Estimate


def satisfaction(turns: Turns) -> Satisfaction:
    """Return the mean rating, and how many turns were rated, with intervals that count users.

    A user who rates four turns says one thing, not four: see ``estimates.mean_of`` and ``estimates.rate``.

    Args:
        turns: Any holder of turns.

    Example:
        >>> satisfaction([]).score.text()
        'unknown (n = 0)'
    """
    source = relation(turns)
    counts = dict(
        query(
            source,
            """SELECT CAST(round(user_satisfaction) AS BIGINT) AS rating, count(*) FROM turns
            WHERE user_satisfaction IS NOT NULL GROUP BY 1""",
        )
    )
    score = _units.mean(source, "user_satisfaction")
    failed = f"CASE WHEN user_satisfaction IS {{}} THEN {FAILED} END"
    return Satisfaction(
        score=score,
        response_rate=_units.rate(source, "user_satisfaction IS NOT NULL") if score.n else estimates.rate(0, 0),
        distribution={rating: counts.get(rating, 0) for rating in range(1, 6)},
        error_rate_rated=_units.rate(source, failed.format("NOT NULL")),
        error_rate_silent=_units.rate(source, failed.format("NULL")),
    )
