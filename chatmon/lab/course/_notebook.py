"""What a lesson's source turns into: pure functions from notebook to notebook, without running anything."""

from __future__ import annotations

import hashlib
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chatmon._tools.errors import Error
from chatmon.lab.course._lessons import filled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

nbformat: Any = import_module("nbformat")
"""Imported this way because its functions carry no annotations."""

Notebook = Any
"""A ``nbformat.NotebookNode`` of version 4."""

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
BANNER = (
    "> **This is the solutions notebook of [{title}](../{name}.ipynb).** Every exercise is solved in a folded cell: "
    "click it to see the code. Try the lesson first."
)
LINK = re.compile(r"(?P<code>```.*?```|`[^`\n]+`)|(?P<before>\]\(|(?:href|src)=\")(?P<path>[^)\s\"]+)", re.DOTALL)
AMOUNT = re.compile(
    r"(?P<kept>^[ >]*(?P<fence>```|~~~).*?(?:^[ >]*(?P=fence)|\Z)"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)(?P=ticks)(?!`)"
    r"|<!--.*?-->)"
    r"|(?<!\\)\\\$(?:\d[\d,.]*\d|\d)?",
    re.DOTALL | re.MULTILINE,
)
"""Kept are blocks of code, code in a line, comments. What is found beside them is an escaped dollar with its digits."""
COLOUR = re.compile(r"\x1b\[[\d;]*m")
"""The colours that IPython gives to a traceback."""
ELSEWHERE = re.compile(r"[a-zA-Z][\w+.-]*:|#|/")


class SourceError(Error, ValueError):
    """A source that cannot become a lesson; the message names the file and the cell."""


def read_source(path: Path) -> Notebook:
    """Read a lesson's source, with stable cell ids and no metadata but the cells' tags.

    Raises:
        SourceError: A stub is not followed at once by its solution, a solution has no stub, or what stands in double
            brackets means nothing.
    """
    import jupytext

    read = jupytext.read(path, fmt="py:percent")
    cells = []
    for cell in read.cells:
        new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        text = cell.source if cell.cell_type == "code" else _prose(cell.source, path)
        cells.append(new(text, metadata={"tags": tags(cell)} if tags(cell) else {}))
    for position, cell in enumerate(cells):
        following = tags(cells[position + 1]) if position + 1 < len(cells) else []
        if ("stub" in tags(cell)) != ("solution" in following):
            raise SourceError(f"{path.name}: a stub and its solution must be neighbours, see the cell\n{cell.source}")
    return _numbered(nbformat.v4.new_notebook(cells=cells, metadata=METADATA))


def _prose(markdown: str, path: Path) -> str:
    try:
        return amounts_apart(filled(markdown, path.stem, path.parents[1]))
    except LookupError as error:
        raise SourceError(error.args[0]) from None


def tags(cell: Notebook) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.metadata.get("tags", []))


def lesson_of(source: Notebook) -> Notebook:
    """Return the lesson of a source: the cells without the solutions."""
    return _with_cells(source, [cell for cell in source.cells if "solution" not in tags(cell)])


def solutions_of(source: Notebook, name: str) -> Notebook | None:
    """Return the solutions notebook of a source, or None where there is nothing to solve.

    Solutions take the place of their stubs, folded; relative links climb out of ``solutions/``.
    """
    if not any("solution" in tags(cell) for cell in source.cells):
        return None
    title = re.search(r"^# (.+)", source.cells[0].source, re.MULTILINE)
    banner = BANNER.format(title=title[1] if title else name, name=name)
    notebook = _with_cells(source, [nbformat.v4.new_markdown_cell(banner), *source.cells])
    notebook.cells = [cell for cell in notebook.cells if "stub" not in tags(cell)]
    for cell in notebook.cells[1:]:
        if "solution" in tags(cell):
            cell.metadata["jupyter"] = {"source_hidden": True}
        elif cell.cell_type == "markdown":
            cell.source = climb(cell.source)
    return _numbered(notebook)


def climb(markdown: str) -> str:
    """Return markdown whose relative links work from one folder further down; code is left alone.

    Example:
        >>> climb("[terms](01_key_terms.ipynb), [web](https://a.b), `[x](y)`, [down](#quiz)")
        '[terms](../01_key_terms.ipynb), [web](https://a.b), `[x](y)`, [down](#quiz)'
    """
    return relinked(markdown, lambda path: f"../{path}")


def relinked(markdown: str, move: Callable[[str], str]) -> str:
    """Return markdown with its relative links moved; code is left alone.

    Args:
        markdown: The text.
        move: From where a link leads to where it is to lead.

    Example:
        >>> relinked("[web](https://a.b), [data](data/a.csv)", lambda path: f"../{path}")
        '[web](https://a.b), [data](../data/a.csv)'
    """

    def moved(match: re.Match[str]) -> str:
        if match["code"] or ELSEWHERE.match(match["path"]):
            return match[0]
        return f"{match['before']}{move(match['path'])}"

    return LINK.sub(moved, markdown)


def amounts_apart(markdown: str) -> str:
    r"""Return markdown with each amount of money in an element of its own; code and comments are left alone.

    JupyterLab and nbconvert take the backslash off before MathJax looks for formulas, so that what stands between two
    amounts would be set as one. MathJax does not look across elements. The backslash stays for those who look for
    formulas earlier, such as VS Code.

    Example:
        >>> amounts_apart(r"\$7.29 or \$5.99, `\$HOME`")
        '<span>\\$7.29</span> or <span>\\$5.99</span>, `\\$HOME`'
    """
    return AMOUNT.sub(lambda found: found["kept"] or f"<span>{found[0]}</span>", markdown)


def drift(expected: Notebook, committed: Notebook) -> list[str]:
    """Return how a committed notebook differs from its source, cell by cell; outputs are not looked at."""
    complaints = []
    if len(expected.cells) != len(committed.cells):
        complaints.append(f"{len(committed.cells)} cells where the source has {len(expected.cells)}")
    for position, (want, have) in enumerate(zip(expected.cells, committed.cells, strict=False), 1):
        for part in ("cell_type", "source", "metadata", "id"):
            if want[part] != have[part]:
                complaints.append(f"cell {position}: {part} is {have[part]!r} where the source has {want[part]!r}")
                break
    if committed.metadata != expected.metadata:
        complaints.append(f"the notebook's metadata is {dict(committed.metadata)}")
    return complaints


def tidy(notebook: Notebook) -> Notebook:
    """Remove from an executed notebook what differs from run to run: versions, paths, how output came in pieces."""
    notebook.metadata = _with_cells(notebook, []).metadata
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        merged: list[Any] = []
        for output in cell.outputs:
            same = merged and output.output_type == "stream" == merged[-1].output_type
            if same and output.name == merged[-1].name:
                merged[-1].text += output.text
            else:
                merged.append(output)
            if output.output_type == "error":
                output.traceback = _own_frames(output.traceback)
        cell.outputs = merged
        cell.metadata.pop("execution", None)
    return notebook


def _own_frames(traceback: list[str]) -> list[str]:
    """Keep of a traceback its head, the frames in the notebook's own cells, and the message: no path of a machine."""
    own = [part for part in traceback[1:-1] if not COLOUR.sub("", part).lstrip().startswith("File ")]
    return [*traceback[:1], *own, *traceback[-1:]] if len(traceback) > 1 else traceback


def _with_cells(notebook: Notebook, cells: list[Any]) -> Notebook:
    return nbformat.v4.new_notebook(cells=[nbformat.from_dict(cell) for cell in cells], metadata=METADATA)


def cell_id(kind: str, source: str) -> str:
    """Return the id that a cell's content gives it; where a notebook has the same cell again, a number is added."""
    return hashlib.sha256(f"{kind}\n{source}".encode()).hexdigest()[:12]


def _numbered(notebook: Notebook) -> Notebook:
    """Give each cell an id made of its content, so that an edit elsewhere leaves it alone."""
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        digest = cell_id(cell.cell_type, cell.source)
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    notebook.nbformat_minor = 5
    return notebook
