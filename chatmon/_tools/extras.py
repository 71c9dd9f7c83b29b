"""Packages that only some uses need: asked for when an object is made, with the command that brings them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chatmon._tools.errors import Error


class MissingPackageError(Error, ModuleNotFoundError):
    """A package of an extra is not installed; the message has the command that installs it."""


def wanted(module: str, extra: str, what: str) -> Any:
    """Return a module of a package that an extra brings.

    Args:
        module: Its name.
        extra: The extra.
        what: Who needs it, as the subject of a sentence.

    Raises:
        MissingPackageError: It is not installed.

    Example:
        >>> wanted("no_such_package", "alerts", "Slack")
        Traceback (most recent call last):
        chatmon._tools.extras.MissingPackageError: Slack needs no_such_package: pip install 'chatmon[alerts]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        name = (error.name or module).split(".")[0]
        raise MissingPackageError(f"{what} needs {name}: pip install 'chatmon[{extra}]'", name=name) from error
