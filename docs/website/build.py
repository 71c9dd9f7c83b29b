"""Lay out the pages in a folder like the repository's, so that their links lead on, and let Sphinx build them."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from chatmon._tools.paths import NOTEBOOKS, REPO
from chatmon.lab.course._exercises import lessons as with_exercises
from chatmon.lab.course._exercises import of_lesson
from chatmon.lab.course._lessons import Lesson, lessons
from chatmon.lab.course._notebook import relinked
from website import contents, glossary, lesson_map, lesson_pages, reference

HERE = Path(__file__).parent
TEXTS = ("CONTRIBUTING.md", "data/README.md")
"""Pages beside those in docs/; README.md becomes the first page."""


def build(to: Path) -> int:
    """Write the site and return the exit status of Sphinx.

    Args:
        to: The folder of the pages; what is there goes.
    """
    from sphinx.cmd.build import main as sphinx

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        lay_out(source)
        shutil.rmtree(to, ignore_errors=True)
        quiet = ["--quiet", "--fail-on-warning", "--keep-going", "--jobs=2"]
        status = sphinx([*quiet, "-c", str(HERE), "-d", str(Path(folder) / "doctrees"), str(source), str(to)])
    return int(status)


def lay_out(source: Path) -> None:
    """Write every page of the site, as markdown, notebooks and reStructuredText.

    Args:
        source: The folder to write to.
    """
    course = lessons()
    notebooks = {lesson.stem: read(NOTEBOOKS / f"{lesson.stem}.ipynb") for lesson in course}
    needed = {stem: numbers_in(lesson_pages.needs(notebook)) for stem, notebook in notebooks.items()}
    for lesson in course:
        page = lesson_page(lesson, notebooks[lesson.stem])
        write(source / "notebooks" / f"{lesson.stem}.ipynb", json.dumps(page))
    terms = [(lesson, lesson_pages.boxes(notebooks[lesson.stem])) for lesson in course]
    write(source / "glossary.md", glossary.page(terms))
    for path in [*(REPO / name for name in TEXTS), *sorted((REPO / "docs").rglob("*.md"))]:
        write(source / path.relative_to(REPO), text(path))
    _with_map(source / "docs" / "learner.md", lesson_map.drawn(course, needed))
    _write_first_page(source, [f"{lesson.number}. {lesson.title} <notebooks/{lesson.stem}>" for lesson in course])
    _write_reference(source / "reference")
    _files_beside(source)


def _with_map(page: Path, drawn: str) -> None:
    """Put the map of the lessons above their table."""
    said = page.read_text(encoding="utf-8")
    write(page, said.replace("## Lessons\n", f"## Lessons\n{drawn}\n\n", 1))


def _write_first_page(source: Path, course: list[str]) -> None:
    """Write the README as the first page, with the list of all others."""
    docs = sorted(path.relative_to(REPO).with_suffix("").as_posix() for path in (REPO / "docs").rglob("*.md"))
    lists = contents.lists(course, docs).items()
    trees = [contents.toctree(pages, caption) for caption, pages in lists if pages]
    write(source / "index.md", "\n\n".join([text(REPO / "README.md"), *trees]))


def _write_reference(folder: Path) -> None:
    """Write what the commands and the docstrings say."""
    write(folder / "command_line.md", reference.command_line())
    pages = reference.api_pages()
    for room, page in pages.items():
        write(folder / "api" / f"{room}.rst", page)
    listed = [f"- [{title}]({room}.rst)" for room, title in reference.ROOMS.items()]
    write(folder / "api" / "index.md", "\n".join(["# Python names", "", *listed, "", contents.toctree(list(pages))]))


def lesson_page(lesson: Lesson, notebook: Any) -> Any:
    """Return a lesson's page: the committed notebook with hints, solutions and terms in place."""
    solved = NOTEBOOKS / "solutions" / f"{lesson.stem}.ipynb"
    exercises = of_lesson(lesson.number) if lesson.number in with_exercises() else []
    page = lesson_pages.readable(
        notebook,
        read(solved) if solved.exists() else None,
        {exercise.number: exercise.hints for exercise in exercises},
        head(lesson, notebook),
    )
    for cell in page["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = on_the_site(cell["source"], NOTEBOOKS)
    return page


def head(lesson: Lesson, notebook: Any) -> str:
    """Return what stands below a lesson's title: its number, its minutes and the terms that it brings."""
    linked = [f"[{term}](#box-{lesson_pages.slug(term)})" for term in lesson_pages.boxes(notebook)]
    said = f"Lesson {lesson.number}: {lesson.minutes} minutes. To run it: `make lab`, then `{lesson.stem}.ipynb`."
    return f"{said}\n\n**Terms it brings**: {', '.join(linked)}." if linked else said


def read(path: Path) -> Any:
    """Return a notebook as JSON has it, with each source and text as one string."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
        for output in cell.get("outputs", []):
            if "data" in output:
                output["data"] = {kind: "".join(said) for kind, said in output["data"].items()}
    return notebook


def text(path: Path) -> str:
    """Return a page of the repository as the site has it."""
    return on_the_site(path.read_text(encoding="utf-8"), path.parent)


def on_the_site(markdown: str, folder: Path) -> str:
    """Return markdown whose links to the README lead to the first page.

    Args:
        markdown: A page, or a part of one.
        folder: Where it lies.

    Example:
        >>> on_the_site("[Start](../README.md#start), [card](README.md)", REPO / "data")
        '[Start](../index.md#start), [card](README.md)'
    """

    def moved(link: str) -> str:
        path, hash_, anchor = link.partition("#")
        if (folder / path).resolve() != REPO / "README.md":
            return link
        return f"{path.removesuffix('README.md')}index.md{hash_}{anchor}"

    return relinked(markdown, moved)


def numbers_in(markdown: str) -> list[int]:
    """Return the numbers of the lessons that markdown links to.

    Example:
        >>> numbers_in("[Key terms](01_key_terms.ipynb), and [lesson 9](09_production.ipynb)")
        [1, 9]
    """
    return sorted({int(number) for number in re.findall(r"\]\((\d\d)_\w+\.ipynb\)", markdown)})


def write(path: Path, said: str) -> None:
    """Write a page, and its folder where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(said, encoding="utf-8", newline="\n")


def _files_beside(source: Path) -> None:
    """Bring the files that pages link to and that are no pages, such as pictures and licences."""
    for page in source.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            wanted = (page.parent / target).resolve()
            there = REPO / wanted.relative_to(source.resolve())
            if there.is_file() and not wanted.exists():
                wanted.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(there, wanted)
