"""What the truth about simulated traffic says of alerts and of advice, for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from chatmon.alerts import Replay
    from chatmon.lab.traffic import Truth
    from chatmon.lab.truth import advice, alerts
    from chatmon.optimizer import Recommendations


def read(path: Path) -> Truth:
    """Return the answer key in a file."""
    from chatmon.lab.traffic import Truth

    return Truth.from_json(path.read_text(encoding="utf-8", errors="replace"))


def of_alerts(said: Replay, truth: Truth) -> alerts.Score:
    """Return how good alerts are."""
    from chatmon.lab.truth.alerts import score

    return score(said, truth)


def of_advice(found: Recommendations, truth: Truth) -> advice.Score:
    """Return how good advice is."""
    from chatmon.lab.truth.advice import score

    return score(found, truth)


def drawn(said: Replay, truth: Truth | None) -> Figure:
    """Return the timeline of a replay."""
    from chatmon.lab.truth.timeline import drawn as figure

    return figure(said, truth)[0]
