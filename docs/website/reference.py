"""The reference: every command from its own help, every public name from its docstring."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chatmon._tools.paths import REPO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOMS = {
    "turns": "Turns and numbers with intervals",
    "live": "A bot measured while it runs",
    "importers": "Exports into turns",
    "analysis": "Questions asked of turns",
    "cost": "Cost",
    "quality": "Quality",
    "alerts": "Alerts",
    "experiment": "Prompt experiments",
    "optimizer": "Recommendations",
    "store": "Keeping turns, and erasing them",
    "connect": "Other systems",
    "plots": "Figures",
    "report": "The report",
    "lab": "The lab of the course",
}
"""The rooms of the package in the order in which a reader wants them; what else is at the top is in the first."""


def command_line() -> str:
    """Return the page of the commands, as markdown."""
    parts = ["# Command line", "", "What `chatmon COMMAND --help` says, in one page.", ""]
    for name, command in _commands():
        parts += _said_of(name, command)
    return "\n".join(parts)


def _commands() -> Iterator[tuple[str, Any]]:
    import typer.main

    from chatmon.cli._lab import lab
    from chatmon.cli._logs import app

    if not any(group.name == "serve" for group in app.registered_groups):
        lab("commands").register(app)
    yield from _within("chatmon", typer.main.get_command(app))


def _within(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inside = getattr(command, "commands", {})
    if not inside:
        yield name, command
    for part, one in sorted(inside.items()):
        if not one.hidden:
            yield from _within(f"{name} {part}", one)


def _said_of(name: str, command: Any) -> list[str]:
    params = [param for param in command.params if not getattr(param, "hidden", False)]
    given = [param for param in params if not param.opts[0].startswith("-")]
    usage = " ".join([name, *(_argument(param) for param in given), "[OPTIONS]"])
    rows = [f"| {_names(param)} | {_help(param)} |" for param in params]
    table = ["| argument | meaning |", "|---|---|", *rows, ""] if rows else []
    return [f"## `{name}`", "", _paragraphs(command.help or ""), "", f"    {usage}", "", *table]


def _argument(param: Any) -> str:
    name = param.metavar or param.name.upper()
    return name if param.required else f"[{name}]"


def _names(param: Any) -> str:
    if not param.opts[0].startswith("-"):
        return f"`{param.metavar or param.name.upper()}`"
    value = "" if getattr(param, "is_flag", False) else " " + (param.metavar or param.name.upper())
    longest_first = sorted([*param.opts, *param.secondary_opts], key=len, reverse=True)
    return ", ".join(f"`{one}{value}`" if one == longest_first[0] else f"`{one}`" for one in longest_first)


def _help(param: Any) -> str:
    text = _paragraphs(getattr(param, "help", None) or "").replace("\n", " ").replace("|", "\\|")
    default = getattr(param, "default", None)
    if default in (None, False, True, "", ()) or callable(default):
        return text
    return f"{text} Otherwise `{default}`."


def _paragraphs(text: str) -> str:
    """Return a help text as markdown that shows it as it stands."""
    kept = re.split(r"(`[^`]+`)", text.replace("\b", ""))
    return "".join(part if part.startswith("`") else re.sub(r"([*_<>\[\]$])", r"\\\1", part) for part in kept)


def api_pages() -> dict[str, str]:
    """Return a page of reStructuredText for each room, by its name; Sphinx fills it from the docstrings."""
    seen: set[int] = set()
    return {room: _page(room, title, seen) for room, title in ROOMS.items()}


def _page(room: str, title: str, seen: set[int]) -> str:
    modules = ["turns", "estimates"] if room == "turns" else list(_modules(room))
    parts = [title, "=" * len(title), ""]
    for module in modules:
        if names := [name for name in _own_names(f"chatmon.{module}") if _new(f"chatmon.{module}", name, seen)]:
            parts += _section(f"chatmon.{module}", names)
    return "\n".join(parts)


def _modules(room: str) -> Iterator[str]:
    """Yield the public modules of a room, faces before what stands behind them."""
    folder = REPO / "chatmon"
    for path in sorted(
        [folder / room / "__init__.py", *(folder / room).rglob("*.py")], key=lambda path: (len(path.parts), path)
    ):
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if not any(part.startswith("_") for part in name.split(".")) and "lab.cli" not in name:
            yield name


def _own_names(module: str) -> Sequence[str]:
    """Return what a module gives: its face's names, or what is defined in it."""
    there = import_module(module)
    if "__getattr__" in vars(there):
        return [name for name in dir(there) if not name.startswith("_")]
    if hasattr(there, "__all__"):
        return [name for name in there.__all__ if callable(getattr(there, name))]
    tree = ast.parse(_text(there))
    defined = [
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    return [name for name in defined if not name.startswith("_")]


def _text(module: Any) -> str:
    with open(module.__file__, encoding="utf-8") as file:  # noqa: PTH123 - a module's own file
        return file.read()


def _new(module: str, name: str, seen: set[int]) -> bool:
    known = id(getattr(import_module(module), name))
    new = known not in seen
    seen.add(known)
    return new


def _section(module: str, names: Sequence[str]) -> list[str]:
    there = import_module(module)
    title = f"``{module}``"
    parts = [title, "-" * len(title), "", f".. automodule:: {module}", "   :no-members:", "   :no-index:", ""]
    for name in names:
        kind = "autoclass" if isinstance(getattr(there, name), type) else "autofunction"
        members = ["   :members:"] if kind == "autoclass" else []
        parts += [f".. {kind}:: {module}.{name}", *members, ""]
    return parts
