"""The ways in which files and programs write one name: what a search for it has to know."""

from __future__ import annotations

import base64
import html
import json
import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be")
_LEAST_BASE64: Final = 8
"""Signs of base64 from which they are no chance."""


def written(name: str) -> set[bytes]:
    """Return the ways in which a name is written, whether in capitals or not.

    As it is, within JSON, in JSON of ASCII only, within CSV, in an address, as entities of HTML; composed or not (NFC,
    NFD), in UTF-8 and UTF-16.

    Args:
        name: The name.

    Example:
        >>> written("ada@example.org") >= {b"ada@example.org", b"ada%40example.org"}
        True
    """
    return {way.encode(code, "surrogatepass") for way in set(_texts(name)) for code in _CODINGS}


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


def in_base64(name: str) -> set[bytes]:
    """Return the signs that stand for a name in base64, wherever it begins in what was encoded.

    Those that depend on what is beside it are left out, and what is so short that it may be chance.

    Example:
        >>> encoded = base64.b64encode(b"to ada@example.org.")
        >>> any(way in encoded for way in in_base64("ada@example.org"))
        True
    """
    found = set()
    for text in {name, unicodedata.normalize("NFC", name)}:
        raw = text.encode("utf-8", "surrogatepass")
        for before in range(3):
            whole = base64.b64encode(b"\0" * before + raw)
            fixed = whole[(0, 2, 3)[before] : (before + len(raw)) * 4 // 3]
            if len(fixed) >= _LEAST_BASE64:
                found |= {fixed, fixed.replace(b"+", b"-").replace(b"/", b"_")}
    return found
