"""What a form gives away: keys by their prefix, cards and accounts by check digits, addresses of machines by range."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from chatmon.store.privacy._keys import keys_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEM: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:.*?-----END [A-Z ]{0,40}PRIVATE KEY-----|.*)", re.DOTALL
)
_CALLED: Final = re.compile(
    r"(?:pass(?:word|wd|phrase|wort|code)|pwd|kennwort|mot de passe|contraseña|secret|token"
    r"|(?:api|access|secret|private|account|shared)[-_ ]?key)"
    r"[\"']?\s{0,3}(?:=|:|\bis\b|\bist\b|\best\b|\bes\b)\s{0,3}[\"']?(?P<value>[^\s\"'<>\[\]{},;]{6,256})",
    re.IGNORECASE,
)
_WORDS: Final = ("pass", "pwd", "kennwort", "contraseña", "secret", "token", "key")
_SENT: Final = re.compile(r"\b(?:bearer|basic)\s{1,3}(?P<value>[\w.~+/-]{8,4096}=*)", re.IGNORECASE)
_IN_ADDRESS: Final = re.compile(r"://[^\s/:@]{1,64}:(?P<value>[^\s/@\[\]]{1,256})@")
_DIGITS: Final = re.compile(r"(?<![\w.])(?<!\w-)\d(?:[ -]?\d){12,}(?!\w|-\w|\.\d)")
_BRAND: Final = re.compile(
    r"4\d{15}(?:\d{3})?|5[1-5]\d{14}"  # Visa, Mastercard
    r"|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}"  # American Express, Diners, JCB
    r"|(?:5[06-8]|6\d)\d{14,17}"  # Maestro, Discover, UnionPay
)
_CARD_BEGINS: Final = re.compile(r"(?<!\d)[2-6]")
_SHORTEST_CARD: Final = 14
_LONGEST_CARD: Final = 19
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_V4: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)")
_V6: Final = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,8}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{1,4})?(?![\w:])")
_NUMBERED: Final = re.compile(
    r"(?:\bv|version|release|firmware|build|section|chapter|clause|figure|kapitel|abschnitt|§)[\s.:]{0,2}$",
    re.IGNORECASE,
)
"""What comes before four numbers that are no address."""
_BEFORE: Final = 20


def secrets_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where keys, tokens and passwords stand in a text, as start and end.

    Of what only a word before it gives away it wants a digit: "the password is wrong" holds none.

    Example:
        >>> text = "the password is wrong, it is not my password: hunter22"
        >>> [text[start:end] for start, end in secrets_in(text)]
        ['hunter22']
    """
    for found in _PEM.finditer(text) if "-----BEGIN" in text else ():
        yield found.span()
    yield from keys_in(text)
    folded = text.casefold()  # where none of a rule's words is, the rule need not read a text letter by letter
    for words, rule in ((_WORDS, _CALLED), (("bearer", "basic"), _SENT)):
        for found in rule.finditer(text) if any(word in folded for word in words) else ():
            value = found["value"].rstrip(".:?)")
            if any(character.isdigit() for character in value):
                start = found.start("value")
                yield start, start + len(value)
    for found in _IN_ADDRESS.finditer(text) if "://" in text else ():
        yield found.span("value")


def cards_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where numbers of payment cards stand: of a brand's beginning and length, and right by Luhn's rule.

    Example:
        >>> text = "not 4111 1111 1111 1112, but 4111 1111 1111 1111 10/27"
        >>> [text[start:end] for start, end in cards_in(text)]
        ['4111 1111 1111 1111']
    """
    for found in _DIGITS.finditer(text):
        end = found.start()
        while group := _CARD_BEGINS.search(text, end, found.end()):
            start = group.start()
            # One character more than the longest card shows whether its last group of digits has ended.
            length = _card(text[start : min(start + 2 * _LONGEST_CARD, found.end())])
            end = start + (length or 1)
            if length:
                yield start, end


@lru_cache(maxsize=16_384)
def _card(window: str) -> int:
    """Return how long the longest card is that a text begins with and that ends with a group of digits; 0 for none."""
    for end in reversed([group.end() for group in re.finditer(r"\d+", window)]):
        digits = re.sub(r"\D", "", window[:end])
        if _SHORTEST_CARD <= len(digits) <= _LONGEST_CARD and _BRAND.fullmatch(digits) and _right_by_luhn(digits):
            return end
    return 0


def _right_by_luhn(digits: str) -> bool:
    from stdnum import luhn

    return luhn.is_valid(digits)


def ibans_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where account numbers stand (ISO 13616), right in their country's length and check digits.

    Example:
        >>> text = "from BE68 5390 0754 7034 to me, not from BE68 5390 0754 7035"
        >>> [text[start:end] for start, end in ibans_in(text)]
        ['BE68 5390 0754 7034']
    """
    found = _IBAN.search(text)
    while found:
        start = resume = found.start()
        length = _iban(text[start : found.end() + 1])
        if length:
            yield start, start + length
        resume += length or 1
        found = _IBAN.search(text, resume)


@lru_cache(maxsize=16_384)
def _iban(window: str) -> int:
    """Return how long the account number is that a text begins with, by country and check digits; 0 for none."""
    from stdnum import iban

    length = _length_of_iban(window[:2].upper())
    # Words that follow look like more of it.
    places = [place.start() for place in re.finditer(r"[A-Za-z0-9]", window)]
    if not length or length > len(places):
        return 0
    end = places[length - 1] + 1
    ends_here = not window[end : end + 1].isalnum()
    return end if ends_here and iban.is_valid(re.sub(r"[ -]", "", window[:end]), check_country=False) else 0


@cache
def _length_of_iban(country: str) -> int:
    """Return how many letters and digits a country's account numbers have; 0 where it has none."""
    from stdnum import numdb

    _, told = numdb.get("iban").info(f"{country}00")[0]
    return 4 + sum(map(int, re.findall(r"\d+", told["bban"]))) if "bban" in told else 0


def addresses_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where IP addresses stand, of version 4 and 6; not those that every machine has, such as 127.0.0.1.

    Example:
        >>> text = "version 10.0.19.1 at 203.0.113.7, 2001:db8::1 and ::1, 12:30:45"
        >>> [text[start:end] for start, end in addresses_in(text)]
        ['2001:db8::1', '203.0.113.7']
    """
    for mark, rule in ((":", _V6), (".", _V4)):
        for found in rule.finditer(text) if mark in text else ():
            if not _is_somebodys(found[0]):
                continue
            if not _is_numbered(text[max(0, found.start() - _BEFORE) : found.start()]):
                yield found.span()


@lru_cache(maxsize=4096)
def _is_numbered(before: str) -> bool:
    return _NUMBERED.search(before) is not None


@lru_cache(maxsize=4096)
def _is_somebodys(text: str) -> bool:
    if not any(character.isdigit() for character in text):
        return False
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)
