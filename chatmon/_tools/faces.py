"""A package's face whose names are imported when they are first asked for, so that the package costs nothing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazy(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package (PEP 562).

    Args:
        package: Its name.
        places: The module of each name that it gives.

    Example:
        >>> get, names = lazy("chatmon", {"Turn": "chatmon.turns"})
        >>> get("Turn").__module__, names()
        ('chatmon.turns', ['Turn'])
    """

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(places[name]), name)

    return get, lambda: sorted(places)
