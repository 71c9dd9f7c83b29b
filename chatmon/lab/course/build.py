"""Make the notebooks of the course from their text sources: ``python -m chatmon.lab.course.build [NAMES] [--check]``.

``source/NN_name.py`` (jupytext's percent format) becomes ``NN_name.ipynb``, with the stubs of its exercises, and, where
it has exercises, ``solutions/NN_name.ipynb``, with their solutions. Both are executed where they will be read.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from chatmon._tools.errors import Error
from chatmon._tools.paths import NOTEBOOKS
from chatmon.lab.course._notebook import (
    COLOUR,
    Notebook,
    SourceError,
    drift,
    lesson_of,
    nbformat,
    read_source,
    solutions_of,
    tidy,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CELL_TIMEOUT = 300
"""Seconds after which a cell is given up."""
KEYS = ("OPENAI_", "LANGSMITH_", "LANGCHAIN_", "LANGTAIL_", "OLLAMA_", "ANTHROPIC_")
"""What the environment variables of hosted services begin with: a committed output never depends on one."""


class CellFailedError(Error, RuntimeError):
    """A cell failed while its notebook was executed; the message names both and shows the cell."""


def execute(notebook: Notebook, folder: Path, name: str) -> Notebook:
    """Run a notebook from top to bottom in a fresh kernel whose working directory is ``folder``.

    Args:
        notebook: What to run; it is changed in place.
        folder: Where it will be read.
        name: What to call it in an error.

    Raises:
        CellFailedError: A cell raised an error without the tag ``raises-exception``, took too long, or was interrupted.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    running: dict[str, Any] = {}
    client.on_cell_execute = lambda cell, cell_index: running.update(cell=cell, position=cell_index + 1)
    try:
        client.execute(env=environment(), stderr=subprocess.DEVNULL)
    except (CellExecutionError, CellTimeoutError, DeadKernelError, KeyboardInterrupt) as error:
        where = f"{name}: cell {running.get('position', 0)}"
        code = running["cell"].source if running else "(before the first cell)"
        ended = isinstance(error, (DeadKernelError, KeyboardInterrupt))
        reason = "interrupted, or its kernel died" if ended else COLOUR.sub("", str(error).strip().splitlines()[-1])
        raise CellFailedError(f"{where} failed: {reason}\n{code}") from error
    return tidy(notebook)


def environment() -> dict[str, str]:
    """Return the kernel's environment: UTC, a fixed hash seed, figures inline, and no key of a hosted service."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(KEYS)}
    inline = "module://matplotlib_inline.backend_inline"
    return kept | {"TZ": "UTC", "PYTHONHASHSEED": "0", "MPLBACKEND": inline}


def write(notebook: Notebook, path: Path) -> None:
    """Write a notebook at once or not at all, with sorted keys."""
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sources(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Return the sources whose name begins with one of ``names``, or all.

    Raises:
        SourceError: A name fits no source.
    """
    found = sorted((folder / "source").glob("[0-9][0-9]_*.py"))
    for name in names:
        if not any(path.stem.startswith(name) for path in found):
            raise SourceError(f"no lesson {name!r}: there are {', '.join(path.stem for path in found) or 'none'}")
    return [path for path in found if not names or path.stem.startswith(tuple(names))]


def targets(path: Path, folder: Path) -> dict[Path, Notebook]:
    """Return what a source makes, not executed: the lesson and, where it has exercises, its solutions."""
    source = read_source(path)
    solved = solutions_of(source, path.stem)
    lesson = {folder / f"{path.stem}.ipynb": lesson_of(source)}
    return lesson | ({folder / "solutions" / f"{path.stem}.ipynb": solved} if solved else {})


def check_committed(path: Path, folder: Path) -> list[str]:
    """Return how the committed notebooks of a source differ from it, each complaint with the notebook's name."""
    complaints = []
    made = targets(path, folder)
    for target, expected in made.items():
        if target.exists():
            found = drift(expected, nbformat.read(target, as_version=4))
        else:
            found = ["missing: run `make notebooks`"]
        complaints += [f"{target.relative_to(folder)}: {complaint}" for complaint in found]
    unsolved = folder / "solutions" / f"{path.stem}.ipynb"
    if unsolved.exists() and unsolved not in made:
        complaints.append(f"{unsolved.relative_to(folder)}: its source has no exercise to solve")
    return complaints


def main(arguments: Sequence[str] | None = None, *, out: TextIO | None = None) -> int:
    """Build, or with ``--check`` compare, the notebooks; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m chatmon.lab.course.build", description=(__doc__ or "").split(":")[0]
    )
    parser.add_argument("names", nargs="*", help="lessons to build, such as 03; all when none is given")
    parser.add_argument("--check", action="store_true", help="only say where the notebooks differ from their sources")
    parser.add_argument("--folder", default=NOTEBOOKS, type=type(NOTEBOOKS), help="where the lessons lie")
    chosen = parser.parse_args(arguments)
    say = _Say(out or sys.stdout)
    try:
        paths = sources(chosen.folder, chosen.names)
        if chosen.check:
            return say.complaints([line for path in paths for line in check_committed(path, chosen.folder)])
        for path in paths:
            for target, notebook in targets(path, chosen.folder).items():
                _make(notebook, target, str(target.relative_to(chosen.folder)), say)
    except (SourceError, CellFailedError) as error:
        return say.complaints(["", str(error)])
    except KeyboardInterrupt:
        return say.complaints(["", "stopped; notebooks that were not finished are as they were"])
    return 0


def _make(notebook: Notebook, target: Path, name: str, say: _Say) -> None:
    say.text(f"{name} ... ")
    started = time.monotonic()
    target.parent.mkdir(exist_ok=True)
    write(execute(notebook, target.parent, name), target)
    say.text(f"{time.monotonic() - started:.1f} s\n")


class _Say:
    """Where progress goes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def text(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    def complaints(self, lines: list[str]) -> int:
        self.text("".join(f"{line}\n" for line in lines))
        return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
