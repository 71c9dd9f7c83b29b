"""Write langsmith_methods.md: what each method of LangSmith's client does here, from its own signatures and a table.

python docs/make_langsmith_methods.py [--check]
"""

from __future__ import annotations

import inspect
import sys
import tomllib
from pathlib import Path
from typing import Any

import langsmith
from made_page import write_or_check

FOLDER = Path(__file__).parent
PAGE = FOLDER / "langsmith_methods.md"
HEAD = """# What LangSmith's client does at the local LangSmith

`chatmon serve langsmith` serves LangSmith's own client. This page is made from the signatures of langsmith {version}
and `langsmith_methods.toml`: `make docs` writes it, and a test calls every method of it.

A method *works*, as it does at the hosted service, or is *refused* with an error that says why. None does something
else without a word. {works} of {all} methods of `Client` work.

| method | takes | here |
|---|---|---|"""
RESOURCES = """
## The newer half, which is awaited

What is not in this table answers with an error, 404, that says that it is not part of this server.

| part | works |
|---|---|"""


def methods() -> dict[str, list[str]]:
    """Return the public methods of the client, each with the names of its arguments."""
    found = {}
    for name, value in inspect.getmembers(langsmith.Client, callable):
        if not name.startswith("_"):
            found[name] = [one for one in inspect.signature(value).parameters if one != "self"]
    return found


def page() -> str:
    """Return the page as text."""
    said = tomllib.loads((FOLDER / "langsmith_methods.toml").read_text(encoding="utf-8"))
    known = methods()
    lines = [HEAD.format(version=langsmith.__version__, works=len(known) - len(said["refused"]), all=len(known))]
    lines += [f"| `{name}` | {', '.join(arguments)} | {here(name, said)} |" for name, arguments in known.items()]
    lines.append(RESOURCES)
    parts = sorted(said["resources"].items())
    lines += [f"| `client.{part}` | {', '.join(f'`{name}`' for name in names)} |" for part, names in parts]
    return "\n".join([*lines, ""])


def here(name: str, said: dict[str, Any]) -> str:
    """Return what a method does here."""
    if name in said["refused"]:
        return f"refused: {said['refused'][name]}"
    return f"works; {said['noted'][name]}" if name in said["noted"] else "works"


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page()))
