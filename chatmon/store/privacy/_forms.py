"""The ways in which files and programs write one name: what a search for it has to know."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD: Final = b"[0-9A-Za-z_-]"
_CODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be")
_LEAST_BASE64: Final = 8
"""Signs of base64 from which they are no chance."""


def ways_of(name: str, *, whole_word: bool) -> list[re.Pattern[bytes]]:
    """Return the patterns of a name in bytes.

    As it is, within JSON, in JSON of ASCII only, within CSV, in an address, as entities of HTML; composed or not (NFC,
    NFD), in capitals or not, in UTF-8 and UTF-16; and in base64, wherever it begins in what was encoded.

    Args:
        name: The name.
        whole_word: Whether it is found only where no letter or digit is beside it.

    Example:
        >>> ways = ways_of("ada@example.org", whole_word=False)
        >>> written = (b"ADA@example.org", b"ada%40example.org", base64.b64encode(b"to ada@example.org."), b"bob")
        >>> [any(way.search(one) for way in ways) for one in written]
        [True, True, True, False]
    """
    raw = sorted({way.encode(code, "surrogatepass") for way in set(_texts(name)) for code in _CODINGS})
    around = (b"(?<!%b)" % _WORD, b"(?!%b)" % _WORD) if whole_word else (b"", b"")
    joined = b"|".join(map(re.escape, raw))
    found = [re.compile(b"%b(?:%b)%b" % (around[0], joined, around[1]), re.IGNORECASE)]
    encoded = sorted(set(_base64(name)))
    return [*found, re.compile(b"|".join(map(re.escape, encoded)))] if encoded and not whole_word else found


def _texts(name: str) -> Iterator[str]:
    for text in {name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))}:
        yield text
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield text.replace('"', '""')
        yield quote(text, safe="", errors="replace")
        yield quote_plus(text, errors="replace")
        yield html.escape(text)
        yield text.encode("ascii", "xmlcharrefreplace").decode()


def _base64(name: str) -> Iterator[bytes]:
    """Yield the signs that stand for a name in base64, without those that depend on what is beside it."""
    for text in {name, unicodedata.normalize("NFC", name)}:
        raw = text.encode("utf-8", "surrogatepass")
        for before in range(3):
            whole = base64.b64encode(b"\0" * before + raw)
            fixed = whole[(0, 2, 3)[before] : (before + len(raw)) * 4 // 3]
            if len(fixed) >= _LEAST_BASE64:
                yield fixed
                yield fixed.replace(b"+", b"-").replace(b"/", b"_")
