"""The reader's own copies of the lessons, in ``work/``: without outputs, never overwritten, brought up to date.

The lessons in ``notebooks/`` stay as they are, with their outputs, for readers and for the tests. A copy knows which
lesson it was made from by a digest in its metadata; a cell that the reader has not touched is known by its id, which
is made of its content.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatmon._tools.paths import NOTEBOOKS, WORK, whole_file
from chatmon.lab.course._lessons import Lesson, lessons
from chatmon.lab.course._notebook import Notebook, cell_id, nbformat, relinked, tags

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CHECKS = re.compile(r"^check\(\s*[\"'](?P<number>[\d.]+)[\"']", re.MULTILINE)
MADE = re.compile(r"[0-9a-f]{12}(-\d+)?")
"""How the ids look that the builder gives; JupyterLab's are longer, VS Code's shorter."""
BEFORE = "before"
"""The folder for copies that were replaced."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A lesson and the reader's copy of it.

    Attributes:
        lesson: Which one.
        made_from: The lesson's notebook.
        path: The copy, which may not be there.
    """

    lesson: Lesson
    made_from: Path
    path: Path

    @property
    def lags(self) -> bool:
        """Whether the lesson is another one than the copy was made from."""
        return self.path.exists() and _origin(_read(self.path)) != digest(_read(self.made_from))


def copies(work: Path = WORK, notebooks: Path = NOTEBOOKS, *, names: Sequence[str] = ()) -> list[Copy]:
    """Return every lesson with the copy it has or may have.

    Args:
        work: The folder of the copies.
        notebooks: The folder of the lessons.
        names: Which lessons, by number or by the beginning of their file's name; all when none is given.

    Raises:
        ValueError: A name fits no lesson; the message lists the lessons.
        FileNotFoundError: There are no lessons here: the package was installed without its clone.
    """
    known = lessons(notebooks)
    if not known:
        raise FileNotFoundError(f"no lessons in {notebooks}: run from a clone of the course")
    chosen = {lesson.number: lesson for lesson in known}
    if names:
        chosen = {lesson.number: lesson for name in names for lesson in [_named(name, known)]}
    return [
        Copy(lesson, notebooks / f"{lesson.stem}.ipynb", work / f"{lesson.stem}.ipynb")
        for _, lesson in sorted(chosen.items())
    ]


def _named(name: str, known: Sequence[Lesson]) -> Lesson:
    for lesson in known:
        if (name.isdecimal() and int(name) == lesson.number) or lesson.stem.startswith(name.removesuffix(".ipynb")):
            return lesson
    raise ValueError(f"no lesson {name!r}: there are {', '.join(lesson.stem for lesson in known)}")


def add_missing(copies: Sequence[Copy]) -> list[Path]:
    """Make the copies that are not there, and return where they are; one that is there stays as it is."""
    missing = [copy for copy in copies if not copy.path.exists()]
    for copy in missing:
        _write(unsolved(_read(copy.made_from)), copy.path)
    return [copy.path for copy in missing]


def reset(copy: Copy) -> Path | None:
    """Make a copy anew, and return where the old one is kept, or None where there was none."""
    kept = _set_aside(copy.path)
    _write(unsolved(_read(copy.made_from)), copy.path)
    return kept


def update(copy: Copy) -> Path | None:
    """Bring a copy up to its lesson, with the reader's answers and cells in it; return where the old one is kept.

    A copy that is up to date stays untouched, and None is returned.
    """
    if not copy.lags:
        return None
    new = updated(_read(copy.path), _read(copy.made_from))
    kept = _set_aside(copy.path)
    _write(new, copy.path)
    return kept


def unsolved(lesson: Notebook) -> Notebook:
    """Return what a reader begins with: the lesson without outputs, its links as they lead from ``work/``."""
    cells = [nbformat.from_dict(cell) for cell in lesson.cells]
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.source = relinked(cell.source, _from_work)
    made = nbformat.v4.new_notebook(cells=cells, metadata=dict(lesson.metadata) | {"chatmon": digest(lesson)})
    made.nbformat_minor = 5
    return made


def _from_work(path: str) -> str:
    """Return where a lesson's relative link leads from the folder of copies: other lessons have copies there too."""
    return path if path.startswith("../") or re.match(r"\d\d_\w+\.ipynb", path) else f"../notebooks/{path}"


def digest(lesson: Notebook) -> str:
    """Return what a lesson's copies are known by: it changes with any cell."""
    return hashlib.sha256("\n".join(f"{cell.id} {tags(cell)}" for cell in lesson.cells).encode()).hexdigest()[:16]


def _origin(copy: Notebook) -> str:
    return str(copy.metadata.get("chatmon", ""))


def answers(notebook: Notebook) -> dict[str, Notebook]:
    """Return the cell of each exercise's answer, by the exercise's number: the one marked, before its check."""
    found, stub = {}, None
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if "stub" in tags(cell):
            stub = cell
        elif stub is not None and (check := CHECKS.search(cell.source)):
            found[check["number"]], stub = stub, None
    return found


def updated(copy: Notebook, lesson: Notebook) -> Notebook:
    """Return a lesson as it is now with what a reader has put into a copy: answers, edits, and cells of their own.

    What was run and is the same keeps its output. An edited cell that the lesson no longer has stays as the reader's.

    Args:
        copy: The reader's notebook.
        lesson: The lesson's, as it is now.
    """
    new = unsolved(lesson)
    given = {number: cell for number, cell in answers(copy).items() if number in answers(new)}
    place = {id(cell): ("answer", number) for number, cell in given.items()}
    there = {cell.id: cell for cell in new.cells}
    added: dict[tuple[str, str], list[Notebook]] = {}
    anchor = ("cell", "")
    for cell in copy.cells:
        if id(cell) in place:
            anchor = place[id(cell)]
        elif cell.id in there and "stub" not in tags(cell):
            anchor = ("cell", cell.id)
            if cell.source != there[cell.id].source and not _untouched(cell):
                there[cell.id].source = cell.source
            if cell.cell_type == "code" and cell.source == there[cell.id].source:
                there[cell.id].outputs, there[cell.id].execution_count = cell.outputs, cell.execution_count
        elif not _untouched(cell):
            added.setdefault(anchor, []).append(_own(cell))
    cells = list(added.get(("cell", ""), []))
    numbers = {id(cell): number for number, cell in answers(new).items()}
    for cell in new.cells:
        number = numbers.get(id(cell))
        if number in given:
            old = given[number]
            cell.source, cell.outputs, cell.execution_count = old.source, old.outputs, old.execution_count
        cells += [cell, *added.get(("answer", number) if number else ("cell", cell.id), [])]
    new.cells = cells
    return new


def _untouched(cell: Notebook) -> bool:
    """Say whether a cell is as the builder made it, of whatever version of the lesson; its links may be moved."""
    if not MADE.fullmatch(cell.id):
        return False
    source = (
        cell.source if cell.cell_type == "code" else relinked(cell.source, lambda p: p.removeprefix("../notebooks/"))
    )
    return bool(cell.id.partition("-")[0] == cell_id(cell.cell_type, source)) or "stub" in tags(cell)


def _own(cell: Notebook) -> Notebook:
    """Return a cell as one of the reader's, which no later version of the lesson takes for its own."""
    own = nbformat.from_dict(cell)
    if MADE.fullmatch(own.id):
        own.id = f"own-{own.id}"
    return own


def _read(path: Path) -> Notebook:
    return nbformat.read(path, as_version=4)


def _write(notebook: Notebook, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as unfinished:
        unfinished.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8", newline="\n")


def _set_aside(path: Path) -> Path | None:
    """Keep a copy that will be replaced, under the first name that is free, and return it."""
    if not path.exists():
        return None
    folder = path.parent / BEFORE
    folder.mkdir(exist_ok=True)
    number = 1
    while (kept := folder / f"{path.stem}_{number}.ipynb").exists():
        number += 1
    with whole_file(kept) as unfinished:
        unfinished.write_bytes(path.read_bytes())
    return kept
