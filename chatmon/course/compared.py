"""Strict nbval as the course runs it, a plugin of pytest: ``pytest -p chatmon.course.compared --nbval notebooks``.

A lesson is run in a fresh kernel, in UTC, with the local model and no key of a hosted service, and each output is
compared with the committed one. The cells of its solutions notebook follow in the same kernel: they are the lesson's
own, with the exercises solved, so that every cell runs twice and says the same twice. Nothing may depend on being the
first run, because readers run cells twice. A solutions notebook named by itself gets a kernel of its own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from chatmon.course.build import environment

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path


class ComparedNotebook(IPyNbFile):  # type: ignore[misc]  # nbval has no types
    """A notebook whose cells are compared, and then those of its solutions, or its own again where it has none."""

    def collect(self) -> Iterator[IPyNbCell]:
        """Yield the code cells, and what follows them in the same kernel."""
        yield from super().collect()
        solutions = self.path.parent / "solutions" / self.path.name
        if solutions.exists():
            after, what = IPyNbFile.from_parent(self.parent, path=solutions), "solutions"
        elif self.path.parent.name != "solutions":
            after, what = IPyNbFile.from_parent(self.parent, path=self.path), "again"
        else:
            return
        for one in after.collect():
            name = f"{one.name} {what}"
            yield IPyNbCell.from_parent(self, name=name, cell_num=one.cell_num, cell=one.cell, options=one.options)

    def setup(self) -> None:
        """Start the kernel in the environment that the builder gives it, but with hashes of its own."""
        kept = {name: value for name, value in environment().items() if name != "PYTHONHASHSEED"}
        with patch.dict(os.environ, kept | {"CHATMON_LLM": "local"}, clear=True):
            super().setup()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(parent: pytest.Collector) -> Generator[None, list[Any], list[Any]]:
    """Take the place of nbval's own reading of notebooks."""
    collectors = yield
    return [
        ComparedNotebook.from_parent(parent, path=one.path) if isinstance(one, IPyNbFile) else one
        for one in collectors
        if not (isinstance(one, IPyNbFile) and _follows_its_lesson(one.path, parent.session))
    ]


def _follows_its_lesson(path: Path, session: pytest.Session) -> bool:
    """Say whether a notebook is compared with its lesson: solutions are, unless the command line names them."""
    return path.parent.name == "solutions" and (path.parents[1] / path.name).exists() and not session.isinitpath(path)
