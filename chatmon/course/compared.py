"""Strict nbval as the course runs it, a plugin of pytest: ``pytest -p chatmon.course.compared --nbval notebooks``.

Every notebook is run in a fresh kernel, in UTC, with the local model and no key of a hosted service, and each output is
compared with the committed one. A lesson's cells are then run again in the same kernel and compared again: nothing in
it may depend on being the first run, because readers run cells twice.
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


class ComparedNotebook(IPyNbFile):  # type: ignore[misc]  # nbval has no types
    """A notebook whose cells are compared: those of a lesson twice, those of a solutions notebook once."""

    def collect(self) -> Iterator[IPyNbCell]:
        """Yield the code cells, and those of a lesson again."""
        cells = list(super().collect())
        yield from cells
        if self.path.parent.name == "solutions":
            return
        for cell in cells:
            how = {"cell_num": cell.cell_num, "cell": cell.cell, "options": cell.options}
            yield IPyNbCell.from_parent(self, name=f"{cell.name} again", **how)

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
        ComparedNotebook.from_parent(parent, path=one.path) if isinstance(one, IPyNbFile) else one for one in collectors
    ]
