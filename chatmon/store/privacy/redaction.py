"""Texts with what identifies people, or lets into accounts, replaced by its kind.

What has a form is found: e-mail addresses, telephone numbers, cards, IBANs, IP addresses, keys and passwords. Names,
streets, and what is told in words are not: for these give a function of your own, ``str`` to ``str``, wherever a
redactor is taken, such as one around Presidio's ``AnonymizerEngine``.
"""

from __future__ import annotations

import re
import time
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from chatmon._tools.extras import wanted
from chatmon.store.privacy._identifiers import addresses_in, cards_in, ibans_in, secrets_in
from chatmon.store.privacy._phones import phones_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Redactor: TypeAlias = Callable[[str], str]

_EMAIL: Final = re.compile(
    r"\w[\w.+%&'-]{0,63}@(?:\w(?:[\w-]{0,61}\w)?\.){1,10}(?:[^\W\d_]{2,63}|xn--[\w-]{2,59})(?![\w-]|\.\w)"
)
_AROUND: Final = re.compile(
    r"(?P<before>.*[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])?[^@]+@.*?\.[a-zA-Z]{2,}(?=[^\x00-\u3039]|$)"
)
"""An address between letters of Japanese, Chinese or Korean, which have no space before it or after it."""
_ENOUGH: Final = re.compile(r"[\d@:_=-]")
"""Without one of these a text holds nothing that is looked for."""
_DIGIT: Final = re.compile(r"\d")

_AT_ONCE: Final = 4_096
"""Characters that are read at once: what the densest text of this length takes is 3 ms."""
_LOOKED_AHEAD: Final = 256
"""Characters, with white space between them, after the beginning of something that show it for what it is."""
_LOOKED_BACK: Final = 256
"""Characters before it that say what it is."""
_LONGEST_WORD: Final = 65_536
_SPACE: Final = re.compile(r"\s")

_UNSEEN: Final = frozenset({"Mn", "Me", "Cf"})
"""Combining marks, and what only steers how text is shown, such as the direction of writing."""


class Found(NamedTuple):
    """Something to redact.

    Attributes:
        kind: ``key``, ``email``, ``iban``, ``card``, ``ip`` or ``phone``.
        start: Where it begins in the text.
        end: Where it ends.
    """

    kind: str
    start: int
    end: int


def need_packages() -> None:
    """Return if redaction has what it needs, so that whoever is made to redact can say so at once.

    Raises:
        MissingPackageError: The packages of the extra ``privacy`` are missing.
    """
    for package in ("phonenumbers", "stdnum"):
        wanted(package, "privacy", "redaction")


def find(text: str) -> list[Found]:
    """Return what would be redacted in a text, in its order.

    Args:
        text: Any text.

    Raises:
        MissingPackageError: The packages of the extra ``privacy`` are missing.

    Example:
        >>> find("I am ada@example.org")
        [Found(kind='email', start=5, end=20)]
    """
    if len(text) <= _AT_ONCE:
        return _find(text)
    found: list[Found] = []
    begins = known = 0  # where the piece begins, and up to where all is found
    size = _AT_ONCE
    while True:
        end = _cut_after(text, known + size)
        sure = end if end == len(text) else end - _LOOKED_AHEAD
        here = [_moved(one, begins) for one in _find(text[begins:end]) if known <= begins + one.start < sure]
        if sure < end and here and here[-1].end == end:  # it may go on
            size *= 8
            continue
        found += here
        if sure == end:
            return found
        known = max(sure, found[-1].end if found else 0)
        begins, size = _cut_before(text, known - _LOOKED_BACK), _AT_ONCE
        time.sleep(0)  # a rule holds the interpreter while it reads: other threads come in between


def _cut_after(text: str, place: int) -> int:
    """Return where a text may be cut, at a place or soon after it: at white space, if there is some."""
    space = _SPACE.search(text, place, place + _LONGEST_WORD)
    return min(place if space is None else space.start(), len(text))


def _cut_before(text: str, place: int) -> int:
    """Return where a text may be cut, at a place or soon before it."""
    if place <= 0:
        return 0
    begins = max(0, place - _LONGEST_WORD)
    words = text[begins:place].rsplit(None, 1)
    return place - len(words[-1]) if len(words) > 1 and not text[place - 1].isspace() else place


def _moved(one: Found, by: int) -> Found:
    return Found(one.kind, one.start + by, one.end + by)


def _find(text: str) -> list[Found]:
    if not _ENOUGH.search(text) and text.isascii():
        return []
    shown, places = plain(text)
    taken: list[Found] = []
    covered = bytearray(len(shown))
    has_digit = _DIGIT.search(shown) is not None
    for kind, rule in _RULES if has_digit else _WITHOUT_DIGITS:
        for start, end in rule(shown):
            if not any(covered[start:end]):  # what an earlier rule found is no part of something else
                covered[start:end] = b"\1" * (end - start)
                taken.append(Found(kind, places[start], places[end]))
    return sorted(taken, key=lambda one: one.start)


def redact(text: str) -> str:
    """Return a text with what identifies people, or lets into accounts, replaced by its kind.

    It takes any text, and what it returns it leaves as it is.

    Args:
        text: Any text.

    Raises:
        MissingPackageError: The packages of the extra ``privacy`` are missing.

    Example:
        >>> redact("I am ada@example.org, my card is 4111 1111 1111 1111, ring +49 30 1234567")
        'I am [email], my card is [card], ring [phone]'
    """
    while found := find(text):
        pieces, end = [], 0
        for one in found:
            pieces += [text[end : one.start], f"[{one.kind}]"]
            end = one.end
        text = "".join([*pieces, text[end:]])
    return text


def plain(text: str) -> tuple[str, Sequence[int]]:
    """Return a text as rules can read it, and for each character, and for the end, where it stands in the text given.

    The digits of any script become ASCII digits, and what is not seen goes.

    Args:
        text: Any text, lone surrogates included.

    Example:
        >>> plain("٤２\u200b‐7")
        ('42-7', [0, 1, 3, 4, 5])
    """
    if text.isascii():
        return text, range(len(text) + 1)
    shown_as = {character: _plain(character) for character in set(text)}
    if all(shown_as.values()):  # each stays where it is
        changed = {ord(one): shown for one, shown in shown_as.items() if shown != one}
        return text.translate(changed) if changed else text, range(len(text) + 1)
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        shown = shown_as[character]
        if shown:
            characters.append(shown)
            places.append(place)
    return "".join(characters), [*places, len(text)]


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """Return how a rule reads a character: as one character, or as nothing."""
    if character.isascii():
        return character
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


def _emails_in(text: str) -> Iterator[tuple[int, int]]:
    if "@" in text:
        for found in _EMAIL.finditer(text):
            around = None if found[0].isascii() else _AROUND.match(found[0])
            if around is None:
                yield found.span()
            else:
                yield found.start() + len(around["before"] or ""), found.start() + around.end()


_RULES: Final = (
    ("key", secrets_in),
    ("email", _emails_in),
    ("iban", ibans_in),
    ("card", cards_in),
    ("ip", addresses_in),
    ("phone", phones_in),
)
"""The surest first."""
_WITHOUT_DIGITS: Final = _RULES[:2]
"""What a text may hold that has no digit."""
