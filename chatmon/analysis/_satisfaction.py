"""What users say of the replies, how few say it, and how sure the mean is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatmon import estimates
from chatmon._tools.outcomes import FAILED
from chatmon.analysis.source import query, relation
from chatmon.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatmon.analysis.source import Turns


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Ratings and their silence.

    Attributes:
        score: Mean rating, 1 to 5; its interval takes the ratings of one conversation as alike.
        response_rate: Share of turns that were rated.
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
    """Return the mean rating with an interval that is honest about conversations, and how many turns were rated.

    The interval is that of a ratio of sums over conversations (Cochran, Sampling Techniques, 3rd ed., 1977, section
    6.3): a user who rates four turns of one conversation says one thing, not four.

    Args:
        turns: Any holder of turns.

    Example:
        >>> satisfaction([]).score.text()
        'unknown (n = 0)'
    """
    source = relation(turns)
    groups = query(
        source,
        """SELECT count(user_satisfaction), sum(user_satisfaction) FROM turns
        WHERE user_satisfaction IS NOT NULL GROUP BY conversation_id""",
    )
    counts = dict(
        query(
            source,
            """SELECT CAST(round(user_satisfaction) AS BIGINT) AS rating, count(*) FROM turns
            WHERE user_satisfaction IS NOT NULL GROUP BY 1""",
        )
    )
    rated, rated_failed, silent, silent_failed, rated_known, silent_known = query(
        source,
        f"""SELECT count(user_satisfaction), count(error_type) FILTER (WHERE user_satisfaction IS NOT NULL),
            count(*) - count(user_satisfaction), count(error_type) FILTER (WHERE user_satisfaction IS NULL),
            count({FAILED}) FILTER (WHERE user_satisfaction IS NOT NULL),
            count({FAILED}) FILTER (WHERE user_satisfaction IS NULL)
        FROM turns""",  # noqa: S608 - our own
    )[0]
    return Satisfaction(
        score=_mean_of_clusters(groups),
        response_rate=estimates.rate(rated, rated + silent),
        distribution={rating: counts.get(rating, 0) for rating in range(1, 6)},
        error_rate_rated=estimates.rate(rated_failed, rated_known),
        error_rate_silent=estimates.rate(silent_failed, silent_known),
    )


def _mean_of_clusters(groups: list[tuple[int, float]]) -> Estimate:
    """Return a mean over values that come in groups, from each group's number and sum."""
    number, clusters = sum(count for count, _ in groups), len(groups)
    if not number:
        return Estimate(None, None, None, 0)
    centre = math.fsum(total for _, total in groups) / number
    if clusters < 2:
        return Estimate(centre, None, None, number)
    from scipy.special import stdtrit

    squares = math.fsum((total - centre * count) ** 2 for count, total in groups)
    error = math.sqrt(squares * clusters / (clusters - 1)) / number
    half = float(stdtrit(clusters - 1, (1 + estimates.CONFIDENCE) / 2)) * error
    return Estimate(centre, centre - half, centre + half, number)
