"""Text as rules can read it: the digits of any script as ASCII digits, and nothing that is not seen."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

_UNSEEN: Final = frozenset({"Mn", "Me", "Cf"})
"""Combining marks, and what only steers how text is shown, such as the direction of writing."""


def plain(text: str) -> tuple[str, list[int]]:
    """Return a text in plain characters, and for each of them, and for the end, where it stands in the text given.

    Args:
        text: Any text, lone surrogates included.

    Example:
        >>> plain("٤２\u200b‐7")
        ('42-7', [0, 1, 3, 4, 5])
    """
    if text.isascii():
        return text, list(range(len(text) + 1))
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        shown = character if character.isascii() else _plain(character)
        if shown:
            characters.append(shown)
            places.append(place)
    return "".join(characters), [*places, len(text)]


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category in _UNSEEN:
        return ""
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category == "Pd" or character == "−":
        return "-"
    if category == "Zs":
        return " "
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 and folded.isascii() else character
