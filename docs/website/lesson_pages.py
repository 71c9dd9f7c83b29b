"""A lesson as a page to read: its outputs, folded hints and solutions, and links between its terms and the glossary.

Pure functions from notebook to notebook; nothing is run.
"""

from __future__ import annotations

import copy
import re
from html import escape
from typing import Any

TERM = re.compile(r"^> \*\*(?P<term>[^*]+)\*\*", re.MULTILINE)
CHECK = re.compile(r'^check\("(?P<number>[\d.]+)"', re.MULTILINE)
NEED = re.compile(r"^\*\*What you need\*\*: (?P<need>.+?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
Notebook = Any
"""A notebook as JSON has it, its sources as one text each."""


def slug(term: str) -> str:
    """Return a term as the part of an address.

    Example:
        >>> slug("Minimum n"), slug("`for`")
        ('minimum-n', 'for')
    """
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def boxes(notebook: Notebook) -> dict[str, str]:
    r"""Return what a lesson's boxes say of its terms, as markdown.

    Args:
        notebook: A lesson.

    Example:
        >>> boxes({"cells": [{"cell_type": "markdown", "source": "> **Turn**: a message\n> and its reply."}]})
        {'Turn': 'a message and its reply.'}
    """
    found: dict[str, str] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            found |= _terms_in(cell["source"])
    return found


def _terms_in(markdown: str) -> dict[str, str]:
    found: dict[str, str] = {}
    term = None
    for line in markdown.splitlines():
        if begun := TERM.match(line):
            term = begun["term"]
            rest = line[begun.end() :]
            found[term] = rest[1:].strip() if rest.startswith(":") else f"{term}{rest}"
        elif term and line.startswith(">"):
            found[term] += " " + line[1:].strip() if line[1:].strip() else "\n\n"
        else:
            term = None
    return {term: text.strip() for term, text in found.items()}


def readable(lesson: Notebook, solutions: Notebook, hints: dict[str, tuple[str, ...]], head: str) -> Notebook:
    """Return a lesson as its page has it.

    Args:
        lesson: With its outputs.
        solutions: The same lesson solved; None where it has no exercises.
        hints: Of each exercise, by its number.
        head: Markdown that goes below the title: minutes, terms, the way to run it.
    """
    page = copy.deepcopy(lesson)
    answers = _solved(solutions)
    cells = []
    for cell in page["cells"]:
        number = CHECK.search(cell["source"]) if cell["cell_type"] == "code" else None
        if cell["cell_type"] == "markdown":
            cell["source"] = linked_terms(cell["source"])
        elif number and number[1] in answers:
            cell["outputs"] = []
        for output in cell.get("outputs", []):
            _describe(cell, output)
        cells.append(cell)
        if number and number[1] in answers:
            folded = _folded(number[1], hints.get(number[1], ()), *answers[number[1]])
            cells.append({"cell_type": "markdown", "id": f"answer-{slug(number[1])}", "metadata": {}, "source": folded})
    cells[0]["source"] = cells[0]["source"].replace("\n", f"\n\n{head}\n", 1)
    page["cells"] = cells
    return page


def needs(lesson: Notebook) -> str:
    """Return what the head of a lesson says that its reader needs, as markdown on one line."""
    found = NEED.search(lesson["cells"][0]["source"])
    return " ".join(found["need"].split()) if found else ""


def linked_terms(markdown: str) -> str:
    """Return markdown whose boxes can be linked to, and link to the glossary.

    Example:
        >>> print(linked_terms("> **Turn**: a message."))
        > (box-turn)=
        > **[Turn](#term-turn)**: a message.
    """
    return TERM.sub(
        lambda found: f"> (box-{slug(found['term'])})=\n> **[{found['term']}](#term-{slug(found['term'])})**", markdown
    )


def _solved(solutions: Notebook) -> dict[str, tuple[str, str]]:
    """Return of each exercise its solution's code and what the check says to it."""
    found = {}
    code = ""
    for cell in solutions["cells"] if solutions else ():
        if cell["cell_type"] != "code":
            continue
        if "solution" in cell["metadata"].get("tags", []):
            code = cell["source"]
        elif number := CHECK.search(cell["source"]):
            found[number[1]] = (code, _plain(cell).removeprefix(f"Exercise {number[1]}: right. "))
    return found


def _plain(cell: Notebook) -> str:
    texts = [output["data"].get("text/plain", "") for output in cell["outputs"] if "data" in output]
    return " ".join("".join(texts).split())


def _folded(number: str, hints: tuple[str, ...], code: str, said: str) -> str:
    """Return the hints and the solution of an exercise, each folded."""
    parts = [
        f"<details>\n<summary>Hint {place} for exercise {number}</summary>\n\n{_prose(hint)}\n\n</details>"
        for place, hint in enumerate(hints, 1)
    ]
    solved = f"```python\n{code}\n```\n\n{_prose(said)}"
    parts.append(f"<details>\n<summary>Solution of exercise {number}</summary>\n\n{solved}\n\n</details>")
    return "\n\n".join(parts)


def _prose(text: str) -> str:
    """Return text as markdown in which only code in backticks is more than text."""
    kept = re.split(r"(`[^`]+`)", text)
    return "".join(part if part.startswith("`") else _plain_markdown(part) for part in kept)


def _plain_markdown(text: str) -> str:
    return re.sub(r"([\\*_\[\]#$|~])", r"\\\1", escape(text, quote=False)).replace("\n", "<br>\n")


def _describe(cell: Notebook, output: Notebook) -> None:
    """Give a figure the words that stand beside it in the notebook, as its alternative text."""
    data = output.get("data", {})
    if "image/png" in data:
        words = " ".join(data.pop("text/plain", "").split())
        data.pop("text/html", None)
        cell["metadata"]["mystnb"] = {"image": {"alt": words}}
