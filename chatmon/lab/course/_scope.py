"""An answer may use any name: after its check, the lesson's names mean again what the lesson gave them.

Somebody who writes ``hour = 14`` in an answer, where the lesson has its turns of an hour in ``hour``, would break every
later cell that reads it. So the names are noted before each cell, and when an answer has been checked, those that its
cell gave another meaning get their old one back.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

Names = dict[str, Any]
Run = tuple[Names, set[str]]
"""Of a cell that ran: what each name meant before, and the names that it sets."""


def attach() -> None:
    """Begin to note names, in a notebook; elsewhere there are no cells, and nothing happens."""
    if "IPython" not in sys.modules:  # no kernel, then
        return
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        scope = Scope(shell.user_ns)
        shell.events.register("pre_run_cell", lambda info: scope.before(info.raw_cell))
        shell.events.register("post_run_cell", lambda result: scope.after())


class Scope:
    """What the names of a notebook meant before the cells that ran since the last check.

    Args:
        names: The notebook's names, which are put right in place.

    Example:
        >>> names = {"hour": "turns of an hour"}
        >>> scope = Scope(names)
        >>> for cell in ("hour = 14; answer = 2 * hour", "check('1.1', answer)"):
        ...     scope.before(cell)
        ...     exec(cell, {"check": print}, names)
        ...     scope.after()
        1.1 28
        >>> names
        {'hour': 'turns of an hour', 'answer': 28}
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._runs: list[Run] = []
        self._owed: Names = {}

    def before(self, code: str) -> None:
        """Note what the names mean, before a cell runs; before a check, see what is owed to the lesson."""
        given = checked(code)
        if given is None:
            self._runs.append((dict(self._names), set_in(code)))
            return
        self._owed = overwritten(self._runs, given)
        self._runs.clear()
        for name in {"check", "hint"} & self._owed.keys():  # the check itself is one of the lesson's names
            self._names[name] = self._owed[name]

    def after(self) -> None:
        """Give the lesson's names their meaning back, after the check: until then the answer may need its own."""
        self._names.update(self._owed)
        self._owed = {}


def overwritten(runs: Iterable[Run], given: set[str]) -> Names:
    """Return what the lesson's names meant that an answer's cells gave another meaning.

    An answer's cells are those that set what was given to the check, and what ran between the last of them and the
    check. Any other cell may set a name for good.

    Args:
        runs: The cells that ran since the last check.
        given: The names given to the check.

    Example:
        >>> overwritten([({"a": 1, "b": 2}, {"a", "answer"}), ({"a": 5, "b": 2}, {"b"})], {"answer"})
        {'a': 1, 'b': 2}
    """
    runs = list(runs)
    last = max((place for place, (_, names) in enumerate(runs) if names & given), default=len(runs))
    owed: Names = {}
    for place, (meant, names) in enumerate(runs):
        answering = names & given or place > last
        for name in names - given:
            if not answering:
                owed.pop(name, None)
            elif name in meant:
                owed.setdefault(name, meant[name])
    return owed


def checked(code: str) -> set[str] | None:
    """Return the names that a cell gives to ``check``, or None where it checks nothing.

    Example:
        >>> sorted(checked("check('1.4', set(answer))")), checked("hint('1.4')")
        (['answer', 'set'], None)
    """
    calls = [
        node
        for node in ast.walk(_parsed(code))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check"
    ]
    if not calls:
        return None
    inside = (node for call in calls for argument in call.args for node in ast.walk(argument))
    return {node.id for node in inside if isinstance(node, ast.Name)}


def set_in(code: str) -> set[str]:
    """Return the names that a cell sets, those inside of its functions included.

    Example:
        >>> sorted(set_in("import os.path as p; a, (b, c) = 1, (2, 3); d = [e for e in range(a)]"))
        ['a', 'b', 'c', 'd', 'e', 'p']
    """
    found = set()
    for node in ast.walk(_parsed(code)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except SyntaxError:  # it will not run as Python either, or is a command of IPython's
        return ast.Module([], [])
