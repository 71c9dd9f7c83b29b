"""Which notebooks there are, and what belongs to each."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from chatmon._tools.paths import NOTEBOOKS
from chatmon.lab.course import _exercises as exercises
from chatmon.lab.course._notebook import read_source

LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
SOLUTIONS = sorted((NOTEBOOKS / "solutions").glob("[0-9][0-9]_*.ipynb"))
SOURCES = sorted((NOTEBOOKS / "source").glob("[0-9][0-9]_*.py"))
IGNORED = tomllib.loads(Path(__file__).with_name("ignored_outputs.toml").read_text(encoding="utf-8"))


@cache
def read(path: Path) -> Any:
    """Return a committed notebook."""
    return nbformat.read(path, as_version=4)


def source_of(path: Path) -> Any:
    """Return the source of a lesson or of a solutions notebook."""
    return read_source(NOTEBOOKS / "source" / f"{path.stem}.py")


def number_of(path: Path) -> int:
    """Return the number of the lesson that a notebook belongs to."""
    return int(path.stem[:2])


def numbers_known(lesson: int) -> list[str]:
    """Return the exercises that the checkers know for a lesson."""
    return [e.number for e in exercises.of_lesson(lesson)] if lesson in exercises.lessons() else []
