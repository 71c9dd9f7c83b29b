"""``write_report``: turns as one self-contained HTML page that begins with the three things to know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict, Unpack

from chatmon._tools.paths import whole_file
from chatmon.importers.logs import Logs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import duckdb

    from chatmon.analysis.source import Turns

__all__ = ["render", "write_report"]

_TEXTS: Final = ("question", "answer")


class _Options(TypedDict, total=False):
    """What ``render`` takes beside turns."""

    title: str | None
    logo: str | Path | None
    tz: str
    marks: Mapping[datetime, str] | None
    by: Sequence[str]
    content: bool
    made_at: datetime | None
    step: Callable[[str], object]


def write_report(turns: Turns, path: str | Path, **options: Unpack[_Options]) -> None:
    """Write a report on turns as one HTML page that needs nothing else; the same turns give the same bytes.

    The file is there whole or not at all.

    Args:
        turns: Any holder of turns, such as a monitor; of imported logs, the page also says how they were read.
        path: The page to write.
        options: Those of ``render``, such as ``tz="Europe/Berlin"`` or ``by=["team"]``.

    Raises:
        FileNotFoundError: There is no such folder, or no such logo.
        TypeError: There is no such option.
        ValueError: As ``render``.

    Example:
        >>> import tempfile
        >>> from chatmon.live.monitor import ChatMonitor
        >>> monitor = ChatMonitor()
        >>> with monitor.track("c1"):
        ...     pass
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_report(monitor, f"{folder}/report.html", title="Support bot")
        ...     [one.name for one in Path(folder).iterdir()]
        ['report.html']
    """
    with whole_file(Path(path)) as unfinished:
        unfinished.write_text(render(turns, **options), encoding="utf-8", newline="\n")


def render(
    turns: Turns,
    *,
    title: str | None = None,
    logo: str | Path | None = None,
    tz: str = "UTC",
    marks: Mapping[datetime, str] | None = None,
    by: Sequence[str] = (),
    content: bool = True,
    made_at: datetime | None = None,
    step: Callable[[str], object] = str,
) -> str:
    """Return the page that ``write_report`` writes.

    Args:
        turns: Any holder of turns.
        title: What the page is called; without it, its turns and days.
        logo: A picture for its top, which is put into the page.
        tz: The zone of its days and times, such as ``Europe/Berlin``.
        marks: Releases, each an aware moment with its name, that every figure shows; new values of
            ``prompt_version``, ``model`` and ``variant`` are found without being told.
        by: Further dimensions to make tables of: text columns of turns, or keys of their ``attributes``.
        content: Whether to show questions and answers. Advice compares them in any case, so that it is the same.
        made_at: When the page is made, aware; without it, the page is as of the log's end and says so.
        step: Called with what is being done, before each step that takes long.

    Raises:
        ValueError: There are no turns, or no such zone or dimension, or ``made_at`` or a mark has no time zone.
    """
    from chatmon import analysis
    from chatmon.analysis.dashboard import prepare_dashboard_data
    from chatmon.analysis.findings import findings
    from chatmon.analysis.source import zone_of
    from chatmon.optimizer import recommend
    from chatmon.plots.panels import panels
    from chatmon.report._marks import releases
    from chatmon.report._page import page
    from chatmon.report._svg import svg
    from chatmon.report._tables import tables

    if made_at is not None and made_at.tzinfo is None:
        raise ValueError(f"made_at ({made_at}) has no time zone: add tzinfo=datetime.UTC")
    source, zone = analysis.relation(turns), zone_of(tz)
    shown = source if content else _without_texts(source)
    step("adding up")
    summary = analysis.summary(turns)
    if not summary.turns:
        raise ValueError("there are 0 turns: a report needs at least one")
    marked = releases(source, marks or {})
    step("looking for changes in every slice")
    found = findings(source, tz)
    step("looking for what to save")
    advice = recommend(source, tz)
    step("drawing")
    data = prepare_dashboard_data(source, tz)
    figures = [(panel, svg(panel, data, f"figure-{place}", marked)) for place, panel in enumerate(panels(data), 1)]
    step("making tables")
    moment = (made_at or summary.until).astimezone(zone)
    return page(
        source=shown,
        summary=summary,
        found=found,
        advice=advice,
        good=sorted(analysis.quality(source), key=lambda one: one.rate is None),
        figures=figures,
        tables=tables(shown, by, tz),
        marks=marked,
        imported=turns.report if isinstance(turns, Logs) else None,
        made=f"{moment:%Y-%m-%d %H:%M %Z}" + ("" if made_at else ", when the log ends"),
        zone=zone,
        title=title,
        logo=None if logo is None else Path(logo),
    )


def _without_texts(source: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    from chatmon.analysis.source import asked
    from chatmon.turns import COLUMNS

    kept = (name if name not in _TEXTS else f"CAST(NULL AS VARCHAR) AS {name}" for name in COLUMNS)
    return asked(source, f"SELECT {', '.join(kept)} FROM turns")  # noqa: S608 - our own names
