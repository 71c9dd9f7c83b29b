"""``write_report``: turns as one self-contained HTML page that begins with the three things to know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chatmon._tools.paths import whole_file
from chatmon.importers.logs import Logs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chatmon.analysis.source import Turns

__all__ = ["render", "write_report"]


def write_report(
    turns: Turns, path: str | Path, *, made_at: datetime | None = None, step: Callable[[str], object] = str
) -> None:
    """Write a report on turns as one HTML page that needs nothing else; the same turns give the same bytes.

    The file is there whole or not at all.

    Args:
        turns: Any holder of turns, such as a monitor; of imported logs, the page also says how they were read.
        path: The page to write.
        made_at: When the page is made, aware; without it, the page is as of the log's end and says so.
        step: Called with what is being done, before each step that takes long.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: There are no turns, or ``made_at`` has no time zone.

    Example:
        >>> import tempfile
        >>> from chatmon.live.monitor import ChatMonitor
        >>> monitor = ChatMonitor()
        >>> with monitor.track("c1"):
        ...     pass
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_report(monitor, f"{folder}/report.html")
        ...     [one.name for one in Path(folder).iterdir()]
        ['report.html']
    """
    with whole_file(Path(path)) as unfinished:
        unfinished.write_text(render(turns, made_at=made_at, step=step), encoding="utf-8", newline="\n")


def render(turns: Turns, *, made_at: datetime | None = None, step: Callable[[str], object] = str) -> str:
    """Return the page that ``write_report`` writes.

    Args:
        turns: Any holder of turns.
        made_at: As in ``write_report``.
        step: As in ``write_report``.

    Raises:
        ValueError: As ``write_report``.
    """
    from chatmon import analysis
    from chatmon.analysis.dashboard import prepare_dashboard_data
    from chatmon.analysis.findings import findings
    from chatmon.optimizer import recommend
    from chatmon.plots.panels import panels
    from chatmon.report._page import page
    from chatmon.report._svg import svg
    from chatmon.report._tables import tables

    if made_at is not None and made_at.tzinfo is None:
        raise ValueError(f"made_at ({made_at}) has no time zone: add tzinfo=datetime.UTC")
    source = analysis.relation(turns)
    step("adding up")
    summary = analysis.summary(source)
    if not summary.turns:
        raise ValueError("there are 0 turns: a report needs at least one")
    step("looking for changes in every slice")
    found = findings(source)
    step("looking for what to save")
    advice = recommend(source)
    step("drawing")
    data = prepare_dashboard_data(source)
    figures = [(panel, svg(panel, data, f"figure-{place}")) for place, panel in enumerate(panels(data), 1)]
    step("making tables")
    return page(
        summary=summary,
        found=found,
        advice=advice,
        figures=figures,
        tables=tables(source),
        imported=turns.report if isinstance(turns, Logs) else None,
        made_at=made_at or summary.until,
        at_logs_end=made_at is None,
    )
