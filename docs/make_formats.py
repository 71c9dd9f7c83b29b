"""Write formats.md: what is read of each tool's files, from formats.toml, the dialects and the table of aliases.

python docs/make_formats.py [--check]
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from made_page import write_or_check

from chatmon import turns
from chatmon.importers import ALL
from chatmon.importers.names import ALIASES

FOLDER = Path(__file__).parent
PAGE = FOLDER / "formats.md"
WAYS = ("read", "converted", "assumed")
HEAD = """# What is read of each tool's files

`open_logs` and `chatmon inspect` know these formats by their content. This page is made from `formats.toml`, the
importers and their table of names: `make docs` writes it.

A column of turns is *read* as the file has it, *converted* from what it says, or *assumed* where the file leaves its
meaning open; any other column is not there and stays unknown. Texts, `question` and `answer`, are read with
`content=True` only. A flat table that is not here is read with a map of its columns (`--columns`).

Where no conversation is known, each turn is one of its own. `usage_source` and `price_source` say that a count or a
cost is the export's.
"""
NOT_READ = """## Not read

Usage and cost reports of providers (OpenAI, Anthropic, OpenRouter's daily activity) hold sums and no turns. Ratings
of a ChatGPT export (`message_feedback.json`), the events that `codex exec --json` and `claude --output-format
stream-json` print, and logs of CloudTrail are refused with the keys that they have.
"""


def page() -> str:
    """Return the page as text."""
    formats = tomllib.loads((FOLDER / "formats.toml").read_text(encoding="utf-8"))
    parts = [HEAD, *(section(tool, formats[tool]) for tool in sorted(formats)), NOT_READ, recorded(), names()]
    return "\n".join(parts)


def section(tool: str, said: dict[str, Any]) -> str:
    """Return what is said of one tool: its shapes, its columns, and what is assumed of it."""
    dialects = [dialect for dialect in ALL if dialect.tool == tool]
    shapes = ", ".join(dialect.name.partition(": ")[2] for dialect in dialects)
    rows = [(column, way, said[way][column]) for column in turns.COLUMNS for way in WAYS if column in said.get(way, {})]
    found = {column for column, _, _ in rows}
    missing = ", ".join(column for column in turns.COLUMNS if column not in found)
    sentences = dict.fromkeys(text for dialect in dialects for text in dialect.assumptions)
    lines = [
        f"## {said['title']}",
        "",
        f'`format="{tool}"`: {shapes}. Known from {said["known"]}.',
        "",
        "| column | how | from |",
        "|---|---|---|",
        *(f"| {column} | {way} | {source} |" for column, way, source in rows),
        "",
        f"Not there: {missing or 'nothing'}.",
        "",
        *(f"- {text}" for text in sentences),
        "",
    ]
    return "\n".join(lines)


def recorded() -> str:
    """Return the table of the libraries whose spans are recorded and read in the tests."""
    libraries = tomllib.loads((FOLDER.parent / "tests" / "producers" / "libraries.toml").read_text(encoding="utf-8"))
    rows = [
        f"| {name} | {', '.join(said['requires'])} | {said.get('note', '')} |"
        for name, said in sorted(libraries.items())
    ]
    head = [
        "## Libraries that were recorded",
        "",
        "`make producers` runs these against a server whose counts are known; `make test` reads what they emitted.",
        "",
    ]
    return "\n".join([*head, "| library | versions | to know |", "|---|---|---|", *rows, ""])


def names() -> str:
    """Return the table of the names of attributes on spans."""
    rows = [f"| {alias.column} | `{alias.attribute}` | {alias.convention} | {alias.since or ''} |" for alias in ALIASES]
    head = ["## Names on spans", "", "Of several names of a column that a span has, the first one here counts.", ""]
    return "\n".join([*head, "| column | attribute | who calls it so | since |", "|---|---|---|---|", *rows, ""])


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page()))
