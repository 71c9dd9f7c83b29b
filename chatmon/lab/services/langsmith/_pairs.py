"""What of a run can be looked for: its metadata, inputs and outputs as pairs of key and value, its tags, its words."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.services.langsmith._values import clean, dump

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEYS: Final = 100
"""Pairs kept of one run and kind; more are not found by filters, as in the hosted service."""
LENGTH: Final = 250
"""Characters of a value that filters compare."""
WORDS: Final = 100_000
"""Characters of a run's inputs, or of its outputs, that are searched."""
_DEEPEST: Final = 20
THREAD: Final = ("session_id", "thread_id", "conversation_id")
"""Keys of the metadata that name a run's conversation."""


def pairs_of(run: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield kind, key and value of what filters find a run by.

    Example:
        >>> list(pairs_of({"extra": {"metadata": {"intent": "billing"}}, "inputs": {"a": {"b": 1}}, "tags": ["x"]}))
        [('metadata', 'intent', 'billing'), ('input', 'a.b', '1'), ('tag', 'x', '')]
    """
    extra = run.get("extra") or {}
    for kind, found in (
        ("metadata", extra.get("metadata")),
        ("input", run.get("inputs")),
        ("output", run.get("outputs")),
    ):
        for key, value in islice(_flat(found, ""), KEYS):
            yield kind, clean(key), written(value)
    for tag in run.get("tags") or []:
        yield "tag", written(tag), ""


def written(value: object) -> str:
    """Return a value as text that filters compare."""
    return clean(value if isinstance(value, str) else dump(value))[:LENGTH]


def thread_of(metadata: Mapping[str, Any]) -> str | None:
    """Return the conversation that a run belongs to."""
    return next((written(metadata[key]) for key in THREAD if metadata.get(key)), None)


def text_of(payload: object, also: str | None) -> str:
    """Return the words of a payload: its strings and numbers, not its keys."""
    found: list[str] = [] if also is None else [also]
    left = WORDS
    waiting = [payload]
    while waiting and left > 0:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed(value.values())
        elif isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            text = clean(str(value))[:left]
            left -= len(text)
            found.append(text)
    return "\n".join(found)


def _flat(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value and depth < _DEEPEST:
        for key, inner in value.items():
            # Usage is in columns of its own.
            if key != "usage_metadata":
                yield from _flat(inner, f"{path}.{key}" if path else str(key), depth + 1)
    elif path and value is not None:
        yield path, value
