"""Conversations: how long they are, how they end, and how many are given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from chatmon import estimates
from chatmon._tools.shown import as_text
from chatmon._tools.units import Units
from chatmon.analysis.source import MICROSECONDS, frame

if TYPE_CHECKING:
    import pandas as pd

    from chatmon.analysis.source import Turns
    from chatmon.estimates import Estimate

IDLE: Final = timedelta(minutes=30)
RESOLVED: Final = "CASE WHEN task_completed IS NOT NULL THEN task_completed AND error_type IS NULL END"
"""Of a conversation's last turn, whether it resolved the conversation, as SQL: a failed turn helped nobody, whatever
else it says. NULL where the turn does not say whether the task was completed, also where it failed: were failures
counted that say nothing more, all conversations whose end is known would be abandoned ones.
"""


@dataclass(frozen=True, slots=True)
class Conversations:
    """Conversations and what they come to.

    Attributes:
        frame: One row for each: ``conversation_id``, ``user_id``, ``start`` (UTC), ``turns``, ``duration`` (seconds
            from the first request to the last reply), ``cost`` (US dollars; NA where a turn's is unknown), ``tokens``,
            ``errors``, ``resolved`` and ``abandoned`` (True, False, or NA where the last turn has no
            ``task_completed``).
        length: Turns of a conversation, on average.
        duration: Seconds of a conversation, the median.
        abandonment: Share that was abandoned, of those that are over and say how they ended.
        resolution: Share that was resolved, of the same.
        open: Conversations that may go on: their last turn is too near the end of the log.
        unknown: Conversations that are over and do not say how they ended.
        definition: What abandoned and resolved mean, in a sentence each.
    """

    frame: pd.DataFrame
    length: Estimate
    duration: Estimate
    abandonment: Estimate
    resolution: Estimate
    open: int
    unknown: int
    definition: str

    def rows(self) -> list[tuple[str, str]]:
        """Return what they come to as pairs of a name and a text, in reading order."""
        return [
            ("conversations", f"{len(self.frame):,}, of which {self.open:,} may go on"),
            ("length", self.length.text("turns")),
            ("duration", self.duration.text("s", 0)),
            ("abandoned", self.abandonment.text(digits=3)),
            ("resolved", self.resolution.text(digits=3)),
            *(
                [("unknown", f"how {self.unknown:,} of the {self.length.n:,} that are over ended")]
                if self.unknown
                else []
            ),
            ("where", self.definition),
        ]

    def __str__(self) -> str:
        return as_text(self.rows())


def conversations(turns: Turns, idle: timedelta = IDLE) -> Conversations:
    """Return the conversations of turns, how they ended, and how sure that is.

    Args:
        turns: Any holder of turns.
        idle: How long nothing must have followed for a conversation to be over.

    Raises:
        ValueError: ``idle`` is not positive.

    Example:
        >>> conversations([]).abandonment.value is None
        True
    """
    if idle <= timedelta(0):
        raise ValueError(f"idle ({idle}) is not positive: half an hour is timedelta(minutes=30)")
    seconds = idle.total_seconds()
    found = frame(
        turns,
        f"""WITH placed AS (
            SELECT *, row_number() OVER (PARTITION BY conversation_id ORDER BY timestamp DESC, turn_id DESC) AS place,
                {MICROSECONDS}(timestamp) / 1e6 AS began, {MICROSECONDS}(max(timestamp) OVER ()) / 1e6 AS log_end
            FROM turns)
        SELECT conversation_id, min(user_id) AS user_id, min(timestamp) AS start, count(*) AS turns,
            max(began + coalesce(response_time, 0)) - min(began) AS duration,
            CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost,
            CAST(sum(input_tokens) + sum(output_tokens) AS BIGINT) AS tokens, count(error_type) AS errors,
            max(began + coalesce(response_time, 0)) > max(log_end) - {seconds} AS may_go_on,
            bool_or({RESOLVED}) FILTER (WHERE place = 1) AS resolved
        FROM placed GROUP BY conversation_id ORDER BY start, conversation_id""",  # noqa: S608 - our own
    )
    found["abandoned"] = ~found["resolved"]
    open_ = found.pop("may_go_on").fillna(False).astype(bool)
    over = found[~open_]

    whose = over["user_id"].fillna(over["conversation_id"])  # of a user who is not known, each one is of somebody else

    def share(name: str) -> Estimate:
        known = over[name].dropna()
        units = (
            Units.of(known.astype(float).tolist(), float(known.mean()), whose[known.index].tolist())
            if len(known)
            else None
        )
        return estimates.rate(int(known.sum()), len(known), units)

    minutes = f"{seconds / 60:g} minutes"
    return Conversations(
        frame=found,
        length=estimates.mean(over["turns"].astype(float).tolist(), whose.tolist()),
        duration=estimates.percentile(over["duration"].tolist(), 0.5, whose.tolist()),
        abandonment=share("abandoned"),
        resolution=share("resolved"),
        open=int(open_.sum()),
        unknown=int(over["resolved"].isna().sum()),
        definition=f"resolved: the last turn completed the task; abandoned: it failed or did not, and nothing followed "
        f"within {minutes}; unknown: the last turn has no task_completed; left out: conversations that end less than "
        f"{minutes} before the log does",
    )
