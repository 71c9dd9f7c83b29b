"""What must be made anew in a process that was forked: a lock that another thread held is held there for ever."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """What has something to make anew."""

    def forked(self) -> None:
        """Make it anew: called in the child, before anything else runs there."""


def renew_after_fork(one: Forked) -> None:
    """Have an object's ``forked`` called in every process that is forked from this one, for as long as it lives."""
    _ALL.add(one)


_ALL: weakref.WeakSet[Forked] = weakref.WeakSet()


def _after_fork() -> None:
    for one in list(_ALL):
        one.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
