"""Many texts looked for at once: the time grows with what is searched and not with how many they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_WIDEST: Final = 8
"""Bytes of a window: as many as a number holds."""
_PIECE: Final = 1 << 20
_BITS: Final = 20
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)


class Needles:
    """Texts to look for, as bytes.

    Of each, one window of up to eight bytes is chosen, one that few of the others have: where a content has none of
    these windows, it has none of the texts.

    Args:
        texts: What to look for; none of it is empty.

    Example:
        >>> sorted(Needles([b"conversation-12", b"conversation-17"]).found_in(b"of conversation-17 and conversation-1"))
        [(3, b'conversation-17')]
    """

    def __init__(self, texts: Iterable[bytes]) -> None:
        all_of_them = set(texts)
        self._width = min(_WIDEST, *map(len, all_of_them)) if all_of_them else _WIDEST
        known = Counter(window for text in all_of_them for _, window in self._windows_of(text))
        self._by_window: defaultdict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
        for text in all_of_them:
            place, window = min(self._windows_of(text), key=lambda one: known[one[1]])
            self._by_window[window].append((place, text))
        self._may_be = np.zeros(1 << _BITS, dtype=bool)
        if self._by_window:
            self._may_be[self._hashes(b"".join(self._by_window))[:: self._width]] = True

    def found_in(self, content: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield each text that is in a content, with its place, wherever it is: texts may overlap."""
        if not self._by_window:
            return
        for begins in range(0, len(content), _PIECE):
            hashes = self._hashes(content[begins : begins + _PIECE + self._width - 1])
            for at in np.flatnonzero(self._may_be[hashes]).tolist():
                place = begins + at
                for within, text in self._by_window.get(content[place : place + self._width], ()):
                    if place >= within and content.startswith(text, place - within):
                        yield place - within, text

    def _windows_of(self, text: bytes) -> list[tuple[int, bytes]]:
        """Return windows that cover a text, with their places in it."""
        last = len(text) - self._width
        return [(place, text[place : place + self._width]) for place in (*range(0, last, self._width), last)]

    def _hashes(self, content: bytes) -> NDArray[np.uint64]:
        """Return a number below 2^20 for the window at each place."""
        signs = np.frombuffer(content, dtype=np.uint8)
        places = max(0, len(signs) - self._width + 1)
        windows = np.zeros(places, dtype=np.uint64)
        for at in range(self._width):
            windows <<= np.uint64(8)
            windows |= signs[at : at + places]
        windows *= _SPREAD
        windows >>= np.uint64(64 - _BITS)
        return windows
