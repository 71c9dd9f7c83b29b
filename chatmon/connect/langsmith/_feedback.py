"""Feedback on traced turns, given the way that goes on working: with the project named, so that nothing is searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatmon.quality import check_satisfaction

if TYPE_CHECKING:
    from uuid import UUID

    from langsmith import Client


def feedback(
    client: Client,
    project: str,
    turn_id: str | UUID,
    score: float | bool,
    *,
    key: str = "user_satisfaction",
    comment: str | None = None,
) -> None:
    """Give feedback on a turn: queue it, to be sent in the background with the runs.

    A turn that sampling left out gets none, and nobody is told: it is not in LangSmith.

    Args:
        client: From ``connect``.
        project: The project that the turn was traced to; its first run must have arrived.
        turn_id: The turn's id, which is that of its root run.
        score: What the user said; 1 to 5 for ``user_satisfaction``.
        key: What it is about.
        comment: In the user's words.

    Raises:
        LangSmithNotFoundError: There is no such project: nothing was traced to it, or not yet flushed.
        ValueError: The score is none that ``key`` takes.
    """
    if key == "user_satisfaction":
        check_satisfaction(score)
    client.create_feedback(
        turn_id,
        key,
        score=score,
        comment=comment,
        trace_id=turn_id,
        session_id=client.read_project(project_name=project).id,
    )
