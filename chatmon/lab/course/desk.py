"""The month of a support desk that two lessons share. Two things go wrong in it, and its readers are to find them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chatmon.turns import Turn

START: Final = datetime(2026, 10, 5, tzinfo=UTC)
DAYS: Final = 29


def month() -> list[Turn]:
    """Return the turns of 29 days, from a Monday to a Monday.

    Example:
        >>> turns = month()
        >>> len(turns), turns[0].timestamp.date().isoformat(), turns[-1].timestamp.date().isoformat()
        (20905, '2026-10-05', '2026-11-02')
    """
    from chatmon import turns
    from chatmon.lab.traffic import Problem, simulate

    monday, slow = START + timedelta(days=28), START + timedelta(days=17)
    problems = [
        Problem(kind="quality_drop", slice={"intent": intent}, start=monday, severity="severe")
        for intent in ("billing", "router")
    ]
    day = timedelta(days=1)
    problems.append(
        Problem(kind="latency_step", slice={"channel": "app"}, start=slow, end=slow + day, severity="severe")
    )
    return turns.from_arrow(simulate(8, start=START, days=DAYS, problems=problems).turns)
