"""Strict nbval as the course runs it, a plugin of pytest: ``pytest -p chatmon.lab.course.compared --nbval notebooks``.

A lesson is run in a fresh kernel, in UTC, with the local model and no key of a hosted service, and each output is
compared with the committed one. The cells of its solutions notebook follow in the same kernel: they are the lesson's
own, with the exercises solved, so that every cell runs twice and says the same twice. Nothing may depend on being the
first run, because readers run cells twice. A solutions notebook named by itself gets a kernel of its own.

Each solution also takes every name of the lesson that it does not need itself for something of its own, as an answer
may: what follows its check has to say the same all the same. Of pictures, the descriptions are compared.
"""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from chatmon.lab.course._notebook import tags
from chatmon.lab.course._scope import set_in
from chatmon.lab.course.build import environment

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

PICTURE = r"data:image/png;base64,[\w+/=]+"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class ComparedNotebook(IPyNbFile):  # type: ignore[misc]  # nbval has no types
    """A notebook whose cells are compared, and then those of its solutions, or its own again where it has none."""

    def collect(self) -> Iterator[IPyNbCell]:
        """Yield the code cells, and what follows them in the same kernel."""
        yield from _taking_names(super().collect())
        solutions = self.path.parent / "solutions" / self.path.name
        if solutions.exists():
            after, what = IPyNbFile.from_parent(self.parent, path=solutions), "solutions"
        elif self.path.parent.name != "solutions":
            after, what = IPyNbFile.from_parent(self.parent, path=self.path), "again"
        else:
            return
        for one in _taking_names(after.collect()):
            name = f"{one.name} {what}"
            yield IPyNbCell.from_parent(self, name=name, cell_num=one.cell_num, cell=one.cell, options=one.options)

    def setup(self) -> None:
        """Start the kernel in the environment that the builder gives it, but with hashes of its own."""
        kept = {name: value for name, value in environment().items() if name != "PYTHONHASHSEED"}
        with patch.dict(os.environ, kept | {"CHATMON_LLM": "local"}, clear=True):
            super().setup()
        self.sanitize_patterns[PICTURE] = "a picture"


def _taking_names(cells: Iterator[IPyNbCell]) -> Iterator[IPyNbCell]:
    """Yield cells, with the solutions among them followed by an assignment to the names that came before."""
    before: list[str] = []
    for one in cells:
        code = one.cell.source
        if "solution" in tags(one.cell):
            one.cell.source += "".join(f"\n{name} = None" for name in sorted(_names_to_take(code, before)))
        before.append(code)
        yield one


def _names_to_take(solution: str, before: Sequence[str]) -> set[str]:
    r"""Return the names that a lesson has set and a solution can do without.

    Args:
        solution: The code of the solution.
        before: The code of the cells before it.

    Example:
        >>> cells = ["limit = 3", "def over(x):\n    return x > limit", "hour = 14"]
        >>> _names_to_take("answer = over(5)", cells)
        {'hour'}
    """
    trees = [ast.parse(code) for code in before]
    needed: set[str] = set()
    known = _names(ast.parse(solution))
    while known - needed:
        needed |= known
        made = (node for tree in trees for node in ast.walk(tree) if isinstance(node, DEFINITIONS))
        known = {name for node in made if node.name in needed for name in _names(node)}
    return {name for code in before for name in set_in(code)} - needed


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


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
