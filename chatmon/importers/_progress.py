"""How far an import has come, shown on a terminal once it takes longer than a moment."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

MOMENT: Final = 2.0
"""Seconds after which progress is shown."""


@contextmanager
def progress(connection: duckdb.DuckDBPyConnection, steps: int) -> Iterator[Callable[[str], None]]:
    """Yield a function to call with what is read next; inside one large file the bar shows how much of it is done.

    Where there is no terminal it shows nothing.

    Args:
        connection: The connection whose query's own progress is shown.
        steps: How often it will be called.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.text import Text

    class OfTheFile(ProgressColumn):
        def render(self, task: Task) -> Text:
            done = connection.query_progress()
            return Text(f"{done:3.0f} % of the file" if done >= 0 else "")

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        OfTheFile(),
        console=console,
        transient=True,
    )
    task = bar.add_task("reading", total=steps)
    begun = 0

    def reading(name: str) -> None:
        nonlocal begun
        bar.update(task, completed=begun, description=f"reading {name}")
        begun += 1

    timer = threading.Timer(MOMENT, bar.start)
    timer.daemon = True
    if console.is_terminal and not console.is_jupyter:
        # DuckDB's own bar stays hidden; in a notebook it wants a package that is not there.
        connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
        timer.start()
    try:
        yield reading
    finally:
        timer.cancel()
        if bar.live.is_started:  # else it prints an empty line where there is no terminal
            bar.stop()
