"""Hints to a diagnosis: how to look, and never what there is to find. They cost nothing, and are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatmon.lab.incident._diagnosis import FILE
from chatmon.lab.incident._folder import FolderError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

TAKEN: Final = "hints.txt"
HINTS: Final = (
    "The first four days are quiet in every log. Sum them up first: what is usual is what you compare with.",
    (
        "Draw each measure by the hour before you look for a cause: cost a turn, the time of a reply, the share of "
        "failures, the share of completed tasks, input tokens, the share of cached tokens."
    ),
    (
        "A measure that moved has a place: split the days before and after by intent, region, channel, prompt version "
        "and model, one after the other. Where one value moved and its sisters did not, you have the slice; then "
        "split that again."
    ),
    (
        "A window has two ends. Search for the hours in which the slice differs most from what it was, not for the "
        "first hour that looks bad."
    ),
    (
        "What a problem cost is a difference: the slice in the window, less the same number of turns as they were "
        "before. State it with an interval that you believe."
    ),
    (
        "Every log has things that look like problems and are in it from the first day to the last: a user who always "
        "fails, a slow intent, dear weekends. What does not begin is not an incident."
    ),
    (
        "Waiting has three causes that look alike in a mean: everything slower, a few requests that queue, requests "
        "that are sent again. Look at the whole distribution, and at failures beside it."
    ),
)


def hint(folder: Path, now: datetime) -> str:
    """Return the next hint, and count it in the folder: ``hints.txt`` has a line for each.

    Args:
        folder: The student's.
        now: When it is asked for.

    Raises:
        FolderError: It is no student's folder.
    """
    if not (folder / FILE).exists():
        raise FolderError(f"no diagnosis.toml in {folder}: name the folder of your incident")
    nth = taken(folder)
    if nth >= len(HINTS):
        return f"You have had all {len(HINTS)} hints, and none of them cost anything."
    with (folder / TAKEN).open("a", encoding="utf-8") as file:
        file.write(f"{now:%Y-%m-%dT%H:%M:%SZ} hint {nth + 1}\n")
    return f"Hint {nth + 1} of {len(HINTS)}: {HINTS[nth]}"


def taken(folder: Path) -> int:
    """Return how many hints were taken."""
    file = folder / TAKEN
    return len(file.read_text(encoding="utf-8", errors="replace").splitlines()) if file.exists() else 0
